"""A trained model on disk: LightGBM text, JSON and Parquet, with the SHA-256 of every file. Never code, never a pickle.

```
manifest.json        what it is, how it was trained, the files and their SHA-256, the fingerprint over all of it
features.json        the state of the FeatureBuilder
model.json           names, base values and loadings
linear_<k>.parquet   the linear part of view k: feature, centre, scale, one coefficient per assay
boosted_<kk>.txt     LightGBM text of response component kk
importance.parquet   training mean |contribution| per feature and assay
reference.parquet    out-of-fold predictions of the reference lines, per assay
uncertainty.json, scales.parquet, scores.parquet, panel.parquet
                     intervals and applicability (`predictor.uncertainty_files`)
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
import numpy as np
import pandas as pd

from predictor.boosted import BoostedComponents
from predictor.errors import PamrxError
from predictor.features import FeatureBuilder
from predictor.model import LinearView, SensitivityModel
from predictor.uncertainty import COVERAGE
from predictor.uncertainty_files import STATE, TABLES, from_state, state_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from predictor.applicability import Applicability
    from predictor.profiles import Profiles
    from predictor.uncertainty import Intervals

FORMAT = 1
RELEASED = "pamrx-gdsc"
MANIFEST = "manifest.json"
_FILE_NAME = re.compile(r"[A-Za-z0-9_]+\.(json|parquet|txt|md)")


@dataclass(frozen=True)
class Bundle:
    """A trained model with its builder and reference.

    Attributes
    ----------
    builder, model : fitted.
    reference : (n_lines, n_assays) out-of-fold predictions of ln IC50 for the reference lines.
    manifest : what it was trained on, and how.
    intervals, applicability : of predictions; None in a bundle that was saved without.
    """

    builder: FeatureBuilder
    model: SensitivityModel
    reference: pd.DataFrame
    manifest: dict[str, Any]
    intervals: Intervals | None = None
    applicability: Applicability | None = None

    def predict(
        self, profiles: Profiles, drugs: Sequence[str] | None = None, coverage: float = COVERAGE
    ) -> pd.DataFrame:
        """One row per sample and drug; the columns are those of `predictor.predictions.COLUMNS`.

        Raises
        ------
        PamrxError
            For a drug that is unknown or that no screen holds.
        """
        from predictor.predictions import predict

        return predict(self, profiles, drugs, coverage)


def save_bundle(bundle: Bundle, folder: str | os.PathLike[str], card: str) -> dict[str, Any]:
    """Write the bundle to `folder`, replacing what is there only once all is written. Returns the manifest."""
    target = Path(folder)
    if target.exists() and not (target / MANIFEST).is_file() and any(target.iterdir()):
        raise PamrxError(f"{target}: holds other files and no bundle; name an empty or a new folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write_parts(bundle, draft, card)
        files = {file.name: _sha256(file) for file in sorted(draft.iterdir())}
        manifest = {"format": FORMAT, **bundle.manifest, "files": files}
        manifest["fingerprint"] = _fingerprint(manifest)
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        draft.chmod(0o755)
        _swap(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def load_bundle(folder: str | os.PathLike[str] | None = None) -> Bundle:
    """Load a bundle folder, or the released one.

    Raises
    ------
    PamrxError
        If the folder is no bundle, a file is missing, or its SHA-256 is not the manifest's.
    """
    path = released_bundle() if folder is None else Path(folder)
    manifest = read_manifest(path)
    for name, expected in manifest["files"].items():
        file = path / name
        if not _FILE_NAME.fullmatch(name):
            raise PamrxError(f"{path / MANIFEST}: '{name}' is no name for a file of a bundle; the manifest was changed")
        if not file.is_file():
            raise PamrxError(f"{file}: missing; the bundle is incomplete, copy or train it again")
        if _sha256(file) != expected:
            raise PamrxError(
                f"{file}: its SHA-256 is not the one in {MANIFEST}; the bundle was changed or cut short, "
                "copy or train it again"
            )
    try:
        return _read_parts(path, manifest)
    except (KeyError, ValueError, OSError, lgb.basic.LightGBMError) as error:
        raise PamrxError(f"{path}: does not hold what a bundle of format {FORMAT} holds ({error})") from None


def read_manifest(path: Path) -> dict[str, Any]:
    """The checked manifest of a bundle folder."""
    if not path.is_dir():
        raise PamrxError(f"{path}: no such folder; expected a bundle, as `pamrx train` writes it")
    file = path / MANIFEST
    if not file.is_file():
        raise PamrxError(f"{path}: no {MANIFEST} in it; expected a bundle, as `pamrx train` writes it")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        version, files, told = manifest["format"], manifest["files"], manifest["fingerprint"]
        dict(files)
    except (ValueError, KeyError, TypeError):
        raise PamrxError(
            f"{file}: not a whole manifest; the bundle was changed or cut short, copy or train it again"
        ) from None
    if version != FORMAT:
        raise PamrxError(f"{file}: bundle format {version}, expected {FORMAT}; use the version of pamrx that wrote it")
    if told != _fingerprint(manifest):
        raise PamrxError(
            f"{file}: its fingerprint does not fit its content; the bundle was changed, copy or train it again"
        )
    return manifest


def released_bundle() -> Path:
    """The folder of the released bundle: inside the installed package, or `models/` of a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "bundles" / RELEASED, package.parent / "models" / RELEASED):
        if (folder / MANIFEST).is_file():
            return folder
    raise PamrxError("no released bundle in this installation; run `make train`, or name one with --bundle")


def _write_parts(bundle: Bundle, folder: Path, card: str) -> None:
    model = bundle.model
    _write_json(folder / "features.json", bundle.builder.state())
    described = {
        "features": model.features_,
        "assays": model.assays_,
        "base": model.base_.tolist(),
        "boosted_features": model.boosted_.features,
        "boosted_loadings": model.boosted_loadings_.tolist(),
        "views": [sorted(view.without) for view in model.views_],
        "seed": model.seed,
    }
    _write_json(folder / "model.json", described)
    for number, view in enumerate(model.views_):
        columns = {"centre": view.centre, "scale": view.scale}
        columns |= dict(zip(model.assays_, view.coefficients.T, strict=True))
        _write_parquet(folder / f"linear_{number}.parquet", pd.DataFrame(columns, index=view.features))
    for number, booster in enumerate(model.boosted_.boosters):
        (folder / f"boosted_{number:02d}.txt").write_text(booster.model_to_string(), encoding="utf-8")
    importance = pd.DataFrame(model.importance_, index=model.features_, columns=model.assays_)
    _write_parquet(folder / "importance.parquet", importance)
    _write_parquet(folder / "reference.parquet", bundle.reference)
    _write_uncertainty(bundle, folder)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def _read_parts(folder: Path, manifest: dict[str, Any]) -> Bundle:
    builder = FeatureBuilder.from_state(_read_json(folder / "features.json"))
    described = _read_json(folder / "model.json")
    model = SensitivityModel(seed=described["seed"])
    model.features_, model.assays_ = described["features"], described["assays"]
    model.base_ = np.array(described["base"])
    model.boosted_loadings_ = np.array(described["boosted_loadings"])
    model.views_ = []
    for number, without in enumerate(described["views"]):
        table = _read_parquet(folder / f"linear_{number}.parquet")
        values = table.to_numpy(dtype=float)
        model.views_.append(
            LinearView(frozenset(without), list(table.index), values[:, 0], values[:, 1], values[:, 2:])
        )
    texts = sorted(name for name in manifest["files"] if name.startswith("boosted_"))
    boosters = [lgb.Booster(model_str=(folder / name).read_text(encoding="utf-8")) for name in texts]
    model.boosted_ = BoostedComponents(described["boosted_features"], boosters)
    model.importance_ = _read_parquet(folder / "importance.parquet")[model.assays_].to_numpy(dtype=float)
    reference = _read_parquet(folder / "reference.parquet")[model.assays_].astype(float)
    return Bundle(builder, model, reference, manifest, *_read_uncertainty(folder, manifest))


def _write_uncertainty(bundle: Bundle, folder: Path) -> None:
    if bundle.intervals is None or bundle.applicability is None:
        return
    content, tables = state_of(bundle.intervals, bundle.applicability)
    _write_json(folder / f"{STATE}.json", content)
    for name, table in tables.items():
        _write_parquet(folder / f"{name}.parquet", table)


def _read_uncertainty(folder: Path, manifest: dict[str, Any]) -> tuple[Intervals | None, Applicability | None]:
    if f"{STATE}.json" not in manifest["files"]:
        return None, None
    tables = {name: _read_parquet(folder / f"{name}.parquet") for name in TABLES}
    return from_state(_read_json(folder / f"{STATE}.json"), tables)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def _read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _write_parquet(path: Path, frame: pd.DataFrame) -> None:
    frame.astype(np.float32).rename_axis(index="name", columns=None).reset_index().to_parquet(
        path, compression="zstd", index=False
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path).set_index("name")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _fingerprint(manifest: dict[str, Any]) -> str:
    told = {key: value for key, value in manifest.items() if key != "fingerprint"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _swap(draft: Path, target: Path) -> None:
    """Put `draft` in the place of `target`; the old bundle stays until the new one is there."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)
