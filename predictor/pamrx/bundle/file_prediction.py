"""Predict from files: what `pamrx predict` does between its options and its output, for other callers too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pamrx.bundle.bundle import Bundle, load_bundle
from pamrx.display import short_repr
from pamrx.features.unused import genes_without_feature, unused_measurements
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.genes import default_genes
from pamrx.knowledge.drugs import proxy_note, resolve_all
from pamrx.prediction.intervals import COVERAGE, check_coverage
from pamrx.prediction.predictions import chosen_assays, predictions_from
from pamrx.profiles import Profiles, profiles_by_hand, read_profiles, read_study
from pamrx.readers.tables import ALTERATIONS


@short_repr
@dataclass(frozen=True)
class ByHand:
    """One tumour named by hand, in place of files: `PIK3CA:H1047R`, `PTEN:deletion`, and its tissue."""

    alterations: Sequence[str] = ()
    tissue: str | None = None


STUDY = "study"
"""The kind of a cBioPortal study folder among the files; it brings all others."""


@short_repr
@dataclass(frozen=True)
class PredictedFiles:
    """Profiles read from files, their features and their predictions.

    Attributes
    ----------
    bundle : the trained model.
    profiles : n samples.
    features : (n, n_features).
    assays : that were predicted, one per drug.
    table : the predictions; the columns of `pamrx.prediction.schema.RESULT`.
    notes : what reading did with the files, and which measurements could not be used.
    drug_notes : which drugs asked for are in no screen, and which answer for them.
    """

    bundle: Bundle
    profiles: Profiles
    features: pd.DataFrame
    assays: list[AssayId]
    table: pd.DataFrame
    notes: tuple[str, ...]
    drug_notes: tuple[str, ...]


def predict_files(
    files: Mapping[str, Path],
    bundle_folder: Path | None = None,
    drugs: Sequence[str] | None = None,
    coverage: float = COVERAGE,
    expression_unit: str | None = None,
    copy_number_unit: str | None = None,
    unknown_panel: str | None = None,
    calibration: Path | None = None,
    by_hand: ByHand | None = None,
) -> PredictedFiles:
    """Read profiles from files, or one named by hand, and predict them.

    Parameters
    ----------
    files : path by kind: `study`, or arguments of `pamrx.read_profiles` that take a path.
    bundle_folder : a trained model; by default the released one.
    drugs : names, by default all drugs.
    coverage : share of measurements inside the prediction intervals.
    expression_unit, copy_number_unit : by default detected from the values.
    unknown_panel : as in `pamrx.read_study`.
    calibration : file of the laboratory's offsets, as `pamrx calibrate` writes it.
    by_hand : one tumour, in place of files.

    Raises
    ------
    PamrxError
        For a bundle, a file, a drug or a coverage that cannot be used.
    """
    check_coverage(coverage)
    bundle = load_bundle(bundle_folder)
    if calibration is not None:
        bundle = bundle.calibrated(calibration)
    # Before the long reading.
    assays = chosen_assays(bundle.model.assays_, drugs)
    if by_hand is None:
        profiles = read_files(files, bundle, expression_unit, copy_number_unit, unknown_panel)
    else:
        profiles = read_by_hand(by_hand.alterations, by_hand.tissue, bundle)
    features = bundle.builder.transform(profiles)
    table = predictions_from(bundle, features, drugs, coverage)
    notes = (
        *profiles.notes,
        *unused_measurements(bundle.builder, profiles, features),
        *(genes_without_feature(bundle.builder, profiles, features) if by_hand or ALTERATIONS in files else ()),
        *bundle.platform_notes(profiles, features, table),
    )
    return PredictedFiles(bundle, profiles, features, assays, table, notes, _proxy_notes(drugs))


def _proxy_notes(drugs: Sequence[str] | None) -> tuple[str, ...]:
    """One line for each drug asked for that no screen holds."""
    return () if drugs is None else tuple(proxy_note(drug) for drug in resolve_all(drugs) if not drug.screened)


def read_by_hand(alterations: Sequence[str] | pd.DataFrame, tissue: str | None, bundle: Bundle) -> Profiles:
    """The profiles of alterations that are named one by one; parameters and errors as `profiles_by_hand`."""
    return profiles_by_hand(alterations, tissue, default_genes() | set(bundle.builder.universe_))


def read_files(
    files: Mapping[str, Any],
    bundle: Bundle,
    expression_unit: str | None = None,
    copy_number_unit: str | None = None,
    unknown_panel: str | None = None,
) -> Profiles:
    """The profiles in files, or in tables in memory; parameters and errors as `predict_files`."""
    known_genes = default_genes() | set(bundle.builder.universe_)
    if STUDY in files:
        return read_study(
            files[STUDY], known_genes=known_genes, copy_number_unit=copy_number_unit, unknown_panel=unknown_panel
        )
    return read_profiles(
        mutations=files.get("mutations"),
        panel=files.get("panel"),
        expression=files.get("expression"),
        ncrna=files.get("ncrna"),
        copy_number=files.get("copy_number"),
        samples=files.get("samples"),
        alterations=files.get(ALTERATIONS),
        known_genes=known_genes,
        expression_unit=expression_unit,
        copy_number_unit=copy_number_unit,
    )
