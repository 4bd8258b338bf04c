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
tissues.json         the reference lines by tissue, and their mean transcripts (`pamrx.bundle.tissue_files`)
MODEL_CARD.md        for a person
```
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pamrx.bundle.contents import CARD, GENERAL, MANIFEST, read_contents, sha256
from pamrx.bundle.feature_state import read_builder
from pamrx.bundle.lab_file import read_offsets, reference_digest
from pamrx.bundle.manifest import FORMAT, KNOWLEDGE, read_manifest, written_manifest
from pamrx.bundle.model_files import read_model, write_json, write_model, write_parquet
from pamrx.bundle.reference_files import check_assays, read_reference, read_regression
from pamrx.bundle.refusal import boundary
from pamrx.bundle.swap import draft_of, standing
from pamrx.bundle.tissue_files import TISSUES, read_tissues, tissue_state
from pamrx.bundle.uncertainty_files import STATE, read_uncertainty, state_of
from pamrx.display import as_html, as_text, first_few
from pamrx.errors import BundleError, InputError, StoreError
from pamrx.features import FeatureBuilder
from pamrx.knowledge import FIRST
from pamrx.model.drug_specific import SpecificResponse
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.intervals import COVERAGE
from pamrx.prediction.laboratory import LabOffsets, learn_offsets
from pamrx.prediction.platform_shift import shift_notes
from pamrx.prediction.predictions import chosen_assays, predict
from pamrx.prediction.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pamrx.prediction.applicability import Applicability, Panel
    from pamrx.prediction.intervals import Intervals
    from pamrx.prediction.tissues import TissueReference
    from pamrx.profiles import Profiles

RELEASED = "pamrx-gdsc"
REFERENCE, SPECIFIC_REFERENCE = "reference", "specific_reference"


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
    tissues : TissueReference or None
        The reference lines by tissue; None likewise, and in a bundle that was trained before they were kept.

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
    tissues: TissueReference | None = None

    def predict(
        self, profiles: Profiles, drugs: Sequence[str] | None = None, coverage: float = COVERAGE
    ) -> pd.DataFrame:
        """Predict with this bundle; see `pamrx.predict`, which explains parameters, columns and errors."""
        return predict(self, profiles, drugs, coverage)

    def learn_offsets(self, profiles: Profiles) -> LabOffsets:
        """Learn what a laboratory's expression differs by from the reference lines.

        Parameters
        ----------
        profiles : Profiles
            20 samples or more of the laboratory with expression and a tissue.

        Returns
        -------
        LabOffsets
            For `calibrated`; `pamrx calibrate` writes it to a file.

        Raises
        ------
        InputError
            For too few samples with expression and a tissue of the reference lines.
        BundleError
            If the bundle does not hold the reference lines by tissue.
        """
        panel, tissues, reference = self._reference_lines()
        features = self.builder.with_offsets({}).transform(profiles)
        return learn_offsets(features, profiles.samples["tissue"], panel, tissues, reference)

    def calibrated(self, lab: LabOffsets | str | os.PathLike[str]) -> Bundle:
        """The same bundle for samples of one laboratory, whose offsets it takes off the expression of each.

        Parameters
        ----------
        lab : LabOffsets or path
            From `learn_offsets`, or the file that `pamrx calibrate` wrote.

        Raises
        ------
        InputError
            If it is no such file, or was made with another trained model.
        BundleError
            If the bundle does not hold the reference lines by tissue.

        Examples
        --------
        >>> import pamrx
        >>> bundle = pamrx.load_bundle().calibrated("lab.json")  # doctest: +SKIP
        """
        if not isinstance(lab, LabOffsets):
            lab = self.read_offsets(lab)
        reference = self.reference_digest
        if lab.reference != reference:
            raise InputError(
                f"the offsets lead to other reference lines ({lab.reference[:12]}) than this bundle's "
                f"({reference[:12]}); learn them anew with this bundle"
            )
        return replace(self, builder=self.builder.with_offsets(lab.offsets))

    def read_offsets(self, path: str | os.PathLike[str]) -> LabOffsets:
        """The offsets in a file that `pamrx calibrate` wrote with this bundle; errors as `calibrated`."""
        return read_offsets(path, self.builder.universe_, self.reference_digest)

    def platform_notes(self, profiles: Profiles, features: pd.DataFrame, table: pd.DataFrame) -> list[str]:
        """At most one sentence on expression that comes from another platform than the reference lines'.

        Parameters
        ----------
        profiles : n samples.
        features, table : their features and predictions by this bundle.
        """
        if self.applicability is None or self.tissues is None:
            return []
        tissue = profiles.samples["tissue"]
        return shift_notes(features, table, tissue, self.applicability.panel, self.reference, self.tissues)

    @property
    def reference_digest(self) -> str:
        """SHA-256 of the reference lines that a laboratory's offsets lead to.

        Raises
        ------
        BundleError
            If the bundle does not hold the reference lines by tissue.
        """
        return self._reference_lines()[2]

    def _reference_lines(self) -> tuple[Panel, TissueReference, str]:
        if self.applicability is None or self.tissues is None:
            raise BundleError(
                "this bundle does not hold its reference lines by tissue, which calibrating needs; train it again, or "
                "use the released one"
            )
        panel = self.applicability.panel
        return panel, self.tissues, reference_digest(self.builder.universe_, panel, self.tissues)

    def __repr__(self) -> str:
        facts = self._facts()
        drugs, lines = len(chosen_assays(self.model.assays_)), facts["trained on"]
        pearson = self.manifest.get("evaluation", {}).get("lco_pearson")
        accuracy = facts["accuracy"] if pearson is None else f"mean r {pearson:.3f}"
        what = f"{drugs} drugs, {lines}, {accuracy}, fingerprint {facts['fingerprint']}"
        return as_text(f"Bundle {facts['name']}: {what}", {})

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
    with draft_of(target_of(folder)) as draft:
        _write_parts(bundle, draft, card)
        digests = {file.name: sha256(file.read_bytes()) for file in sorted(draft.iterdir())}
        facts = {**bundle.manifest, KNOWLEDGE: bundle.builder.knowledge_version}
        manifest = written_manifest(facts, digests)
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return manifest


def target_of(folder: str | os.PathLike[str]) -> Path:
    """The folder that a bundle is written to: of a link, the one that it leads to.

    Raises
    ------
    StoreError
        If it is a file, or holds files that are no bundle.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and not target.is_dir():
        raise StoreError(f"{target}: is a file; expected an empty or a new folder, or a bundle to replace; name one")
    if target.exists() and not (target / MANIFEST).is_file() and any(target.iterdir()):
        raise StoreError(f"{target}: holds other files and no bundle; name an empty or a new folder")
    return target


def load_bundle(folder: str | os.PathLike[str] | None = None) -> Bundle:
    """Load a trained model from a bundle folder.

    No code is loaded: a bundle is LightGBM text, JSON and Parquet. Each file is compared with its SHA-256, and whatever
    stands in it is checked before it is used, so that a bundle from a stranger ends in one line at worst.

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
        If the folder is not a bundle, a file is missing, has another SHA-256 than the manifest says or is larger than
        `pamrx.bundle.contents` allows, the format is not that of this version, or a tree, a table or a number is not
        what `pamrx train` writes.

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
    path = released_bundle() if folder is None else standing(Path(folder))
    with boundary(path, f"a bundle of format {FORMAT}"):
        manifest = read_manifest(path)
        return _read_parts(path, manifest, read_contents(path, manifest["files"]))


def released_bundle() -> Path:
    """The folder of the released bundle: inside the installed package, or `models/` of a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "bundles" / RELEASED, package.parents[1] / "models" / RELEASED):
        found = standing(folder)
        if (found / MANIFEST).is_file():
            return found
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


def _read_parts(folder: Path, manifest: dict[str, Any], contents: dict[str, bytes]) -> Bundle:
    builder = read_builder(contents["features.json"], folder / "features.json", manifest.get(KNOWLEDGE, FIRST))
    model = read_model(contents, folder, builder.feature_names_)
    assays = model.assays_
    check_assays(assays, folder / "model.json")
    reference = read_reference(contents, folder, REFERENCE, assays)
    specific, compared = None, None
    if "regression.parquet" in contents:
        general = read_model(contents, folder, builder.feature_names_, GENERAL)
        specific = SpecificResponse(general, read_regression(contents, folder, assays, general.assays_))
        compared = read_reference(contents, folder, SPECIFIC_REFERENCE, assays)
    uncertainty: tuple[Intervals | None, Applicability | None] = None, None
    tissues = None
    if f"{STATE}.json" in contents:
        intervals, limits = read_uncertainty(contents, folder, model.features_, assays)
        uncertainty = intervals, limits
        if TISSUES in contents:
            components, lines = len(limits.panel.components), reference.lines.index
            tissues = read_tissues(contents[TISSUES], folder, components, lines)
    return Bundle(builder, model, reference, manifest, *uncertainty, specific, compared, tissues)


def _write_uncertainty(bundle: Bundle, folder: Path) -> None:
    if bundle.intervals is None or bundle.applicability is None:
        return
    content, tables = state_of(bundle.intervals, bundle.applicability)
    write_json(folder / f"{STATE}.json", content)
    for name, table in tables.items():
        write_parquet(folder / f"{name}.parquet", table)
    if bundle.tissues is not None:
        write_json(folder / TISSUES, tissue_state(bundle.tissues))
