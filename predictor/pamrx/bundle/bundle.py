"""A trained model on disk: LightGBM text, JSON and Parquet, with the SHA-256 of every file. Never code, never a pickle.

```
manifest.json        what it is, how it was trained, the files and their SHA-256, the fingerprint over all of it
features.json        the state of the FeatureBuilder
model.json           names, base values and loadings
linear_<k>.parquet   the linear part of view k: feature, centre, scale, one coefficient per assay
boosted_<kk>.txt     LightGBM text of response component kk
importance.parquet   training mean |contribution| per feature and assay
general_*            the same of the model of general sensitivity, per screen; regression.parquet: ln IC50 on it
reference.parquet    out-of-fold predictions of the reference lines, per assay; reference_partial.parquet: their
                     quantiles under each pattern of evidence
specific_reference.parquet, specific_reference_partial.parquet
                     the same of the specific response
uncertainty.json, scales.parquet, scores.parquet, panel.parquet
                     intervals and applicability (`pamrx.bundle.uncertainty_files`)
MODEL_CARD.md        for a person
```
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import pandas as pd

from pamrx.bundle.model_files import read_json, read_model, read_parquet, write_json, write_model, write_parquet
from pamrx.bundle.uncertainty_files import STATE, TABLES, from_state, state_of
from pamrx.display import as_html, as_text, first_few
from pamrx.errors import BundleError, StoreError
from pamrx.features import FeatureBuilder
from pamrx.knowledge import FIRST, NEWEST
from pamrx.model.drug_specific import Regression, SpecificResponse
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.intervals import COVERAGE
from pamrx.prediction.predictions import chosen_assays, predict
from pamrx.prediction.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pamrx.prediction.applicability import Applicability
    from pamrx.prediction.intervals import Intervals
    from pamrx.profiles import Profiles

FORMAT = 2
CARD = "MODEL_CARD.md"
RELEASED = "pamrx-gdsc"
MANIFEST = "manifest.json"
KNOWLEDGE = "knowledge_version"
"""The entry of the manifest on the knowledge tables that the features are read from; a bundle without has the first."""

REFERENCE, SPECIFIC_REFERENCE, GENERAL = "reference", "specific_reference", "general_"
_FILE_NAME = re.compile(r"[A-Za-z0-9_]+\.(json|parquet|txt|md)")


@dataclass(frozen=True, repr=False)
class Bundle:
    """A trained model with all that a prediction needs; from `load_bundle`.

    Attributes
    ----------
    builder : FeatureBuilder
        Fitted: profiles to features.
    model : SensitivityModel
        Fitted: features to ln IC50 (micromolar) of each assay.
    reference : Reference
        Out-of-fold predictions of ln IC50 for the reference lines.
    manifest : dict
        What it was trained on, and how; with its evaluation and fingerprint.
    intervals : Intervals or None
        For the bounds of predictions; None in a bundle that was saved without.
    applicability : Applicability or None
        Limits of the distance from the training data; None likewise.
    specific, specific_reference : SpecificResponse, Reference or None
        The response without general sensitivity, and its reference; None likewise.

    Examples
    --------
    >>> import pamrx
    >>> bundle = pamrx.load_bundle()
    >>> len(bundle.model.features_) == bundle.model.n_features_in_
    True
    """

    builder: FeatureBuilder
    model: SensitivityModel
    reference: Reference
    manifest: dict[str, Any]
    intervals: Intervals | None = None
    applicability: Applicability | None = None
    specific: SpecificResponse | None = None
    specific_reference: Reference | None = None

    def predict(
        self, profiles: Profiles, drugs: Sequence[str] | None = None, coverage: float = COVERAGE
    ) -> pd.DataFrame:
        """Predict with this bundle; see `pamrx.predict`, which explains parameters, columns and errors."""
        return predict(self, profiles, drugs, coverage)

    def __repr__(self) -> str:
        return as_text("Bundle", self._facts())

    def _repr_html_(self) -> str:
        return as_html("Bundle", self._facts())

    def _facts(self) -> dict[str, str]:
        """What it is and how well it predicts, for a person."""
        drugs = chosen_assays(self.model.assays_)
        pearson = self.manifest.get("evaluation", {}).get("lco_pearson")
        parts = {"intervals": self.intervals, "applicability": self.applicability, "specific response": self.specific}
        return {
            "name": str(self.manifest.get("name", "unnamed")),
            "drugs": f"{len(drugs)}, in {len(self.model.assays_)} assays: {first_few([assay.drug for assay in drugs])}",
            "features": f"{len(self.model.features_):,} in {len(self.builder.blocks)} blocks",
            "trained on": f"{len(self.manifest.get('trained_lines', ())):,} cell lines",
            "accuracy": "not evaluated" if pearson is None else f"mean Pearson r per assay {pearson:.3f}, out of fold",
            "also holds": ", ".join(name for name, part in parts.items() if part is not None) or "nothing more",
            "fingerprint": str(self.manifest.get("fingerprint", "not saved yet"))[:12],
        }


def save_bundle(bundle: Bundle, folder: str | os.PathLike[str], card: str) -> dict[str, Any]:
    """Write the bundle to `folder`, replacing an older one only once all is written. Returns the manifest."""
    target = Path(folder)
    if target.exists() and not (target / MANIFEST).is_file() and any(target.iterdir()):
        raise StoreError(f"{target}: holds other files and no bundle; name an empty or a new folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write_parts(bundle, draft, card)
        files = {file.name: _sha256(file) for file in sorted(draft.iterdir())}
        version = bundle.builder.knowledge_version
        manifest = {"format": FORMAT, **bundle.manifest, KNOWLEDGE: version, "files": files}
        manifest["fingerprint"] = _fingerprint(manifest)
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        draft.chmod(0o755)
        _swap(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def load_bundle(folder: str | os.PathLike[str] | None = None) -> Bundle:
    """Load a trained model from a bundle folder.

    No code is loaded: a bundle is LightGBM text, JSON and Parquet, and each file is checked against its SHA-256.

    Parameters
    ----------
    folder : str or path, optional
        A folder that `pamrx train` wrote. Default: the released bundle of this installation.

    Returns
    -------
    Bundle
        Ready to predict.

    Raises
    ------
    BundleError
        If the folder is not a bundle, a file is missing or has another SHA-256 than the manifest says, or the format
        is not that of this version.

    References
    ----------
    The released bundle is trained on GDSC (Yang, Nucleic Acids Research 2013; Iorio, Cell 2016, PMID 27397505); its
    `MODEL_CARD.md` says how well it predicts.

    Examples
    --------
    >>> import pamrx
    >>> bundle = pamrx.load_bundle()
    >>> bundle.manifest["name"]
    'pamrx-gdsc'
    """
    path = released_bundle() if folder is None else Path(folder)
    manifest = read_manifest(path)
    for name, expected in manifest["files"].items():
        file = path / name
        if not _FILE_NAME.fullmatch(name):
            raise BundleError(
                f"{path / MANIFEST}: '{name}' is no name for a file of a bundle; the manifest was changed"
            )
        if not file.is_file():
            raise BundleError(f"{file}: missing; the bundle is incomplete, copy or train it again")
        if _sha256(file) != expected:
            raise BundleError(
                f"{file}: its SHA-256 is not the one in {MANIFEST}; the bundle was changed or cut short, "
                "copy or train it again"
            )
    try:
        return _read_parts(path, manifest)
    except (KeyError, ValueError, OSError, lgb.basic.LightGBMError) as error:
        raise BundleError(f"{path}: does not hold what a bundle of format {FORMAT} holds ({error})") from None


def read_manifest(path: Path) -> dict[str, Any]:
    """The checked manifest of a bundle folder."""
    if not path.is_dir():
        raise BundleError(f"{path}: no such folder; expected a bundle, as `pamrx train` writes it")
    file = path / MANIFEST
    if not file.is_file():
        raise BundleError(f"{path}: no {MANIFEST} in it; expected a bundle, as `pamrx train` writes it")
    try:
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        version, files, recorded = manifest["format"], manifest["files"], manifest["fingerprint"]
        dict(files)
    except (ValueError, KeyError, TypeError):
        raise BundleError(
            f"{file}: not a whole manifest; the bundle was changed or cut short, copy or train it again"
        ) from None
    if version != FORMAT:
        raise BundleError(f"{file}: bundle format {version}, expected {FORMAT}; use the version of pamrx that wrote it")
    if recorded != _fingerprint(manifest):
        raise BundleError(
            f"{file}: its fingerprint does not fit its content; the bundle was changed, copy or train it again"
        )
    return manifest


def released_bundle() -> Path:
    """The folder of the released bundle: inside the installed package, or `models/` of a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "bundles" / RELEASED, package.parents[1] / "models" / RELEASED):
        if (folder / MANIFEST).is_file():
            return folder
    raise BundleError("no released bundle in this installation; run `make train`, or name one with --bundle")


def _write_parts(bundle: Bundle, folder: Path, card: str) -> None:
    write_json(folder / "features.json", bundle.builder.state())
    write_model(bundle.model, folder)
    for name, reference in ((REFERENCE, bundle.reference), (SPECIFIC_REFERENCE, bundle.specific_reference)):
        if reference is not None:
            write_parquet(folder / f"{name}.parquet", reference.lines)
            if reference.partial is not None:
                write_parquet(folder / f"{name}_partial.parquet", reference.partial)
    if bundle.specific is not None:
        write_model(bundle.specific.general, folder, GENERAL)
        fitted = bundle.specific.regression
        table = pd.DataFrame({"intercept": fitted.intercept, "slope": fitted.slope})
        write_parquet(folder / "regression.parquet", table)
    _write_uncertainty(bundle, folder)
    (folder / CARD).write_text(card, encoding="utf-8")


def _read_parts(folder: Path, manifest: dict[str, Any]) -> Bundle:
    state = read_json(folder / "features.json")
    builder = FeatureBuilder.from_state({**state, KNOWLEDGE: _knowledge_version(folder, manifest)})
    names = manifest["files"]
    model = read_model(folder, names)
    specific, compared = None, None
    if "regression.parquet" in names:
        table = read_parquet(folder / "regression.parquet").loc[model.assays_].astype(float)
        specific = SpecificResponse(read_model(folder, names, GENERAL), Regression(table["intercept"], table["slope"]))
        compared = _read_reference(folder, names, SPECIFIC_REFERENCE, model.assays_)
    reference = _read_reference(folder, names, REFERENCE, model.assays_)
    return Bundle(builder, model, reference, manifest, *_read_uncertainty(folder, manifest), specific, compared)


def _knowledge_version(folder: Path, manifest: dict[str, Any]) -> int:
    """The version of the knowledge tables that the bundle was trained with, one that this installation has."""
    version = manifest.get(KNOWLEDGE, FIRST)
    if isinstance(version, bool) or not isinstance(version, int) or not FIRST <= version <= NEWEST:
        raise BundleError(
            f"{folder / MANIFEST}: trained with version {version!r:.20} of the knowledge tables, and this installation "
            f"has {FIRST} to {NEWEST}; use the version of pamrx that wrote the bundle, or a newer one"
        )
    return version


def _read_reference(folder: Path, names: Collection[str], name: str, assays: list[str]) -> Reference:
    lines = read_parquet(folder / f"{name}.parquet")[assays].astype(float)
    partial = f"{name}_partial.parquet"
    return Reference(lines, read_parquet(folder / partial)[assays] if partial in names else None)


def _write_uncertainty(bundle: Bundle, folder: Path) -> None:
    if bundle.intervals is None or bundle.applicability is None:
        return
    content, tables = state_of(bundle.intervals, bundle.applicability)
    write_json(folder / f"{STATE}.json", content)
    for name, table in tables.items():
        write_parquet(folder / f"{name}.parquet", table)


def _read_uncertainty(folder: Path, manifest: dict[str, Any]) -> tuple[Intervals | None, Applicability | None]:
    if f"{STATE}.json" not in manifest["files"]:
        return None, None
    tables = {name: read_parquet(folder / f"{name}.parquet") for name in TABLES}
    return from_state(read_json(folder / f"{STATE}.json"), tables)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _fingerprint(manifest: dict[str, Any]) -> str:
    """Over all but the card: that says what was measured of the model, which may be more or less for the same model."""
    content = {key: value for key, value in manifest.items() if key != "fingerprint"}
    content["files"] = {name: digest for name, digest in manifest["files"].items() if name != CARD}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _swap(draft: Path, target: Path) -> None:
    """Put `draft` in the place of `target`; the old bundle stays until the new one is there."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)
