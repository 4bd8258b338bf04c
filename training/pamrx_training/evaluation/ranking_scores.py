"""Orders of drugs from out-of-fold predictions: what the model says, and what knows less than it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pamrx.identifiers.assay import AssayId
from pamrx.knowledge.concentrations import max_concentration
from pamrx.knowledge.drug_status import status
from pamrx.prediction.missing_data import NOTHING
from pamrx.prediction.predictions import chosen_assays
from pamrx.prediction.reference import percentiles_among

from pamrx_training.evaluation.baselines import tissue_drug_mean
from pamrx_training.evaluation.ranking import ALL, CLINICAL, PLAIN, SPECIFIC, Question
from pamrx_training.fitting.cross_validation import OutOfFold

PERCENTILE, EXPECTED_Z, DRUG_MEAN = "percentile", "expected_z", "drug_mean"
TISSUE_TABLE, SPECIFIC_TISSUE_TABLE = "tissue_table", "specific_tissue_table"
SPECIFIC_PERCENTILE = "specific_percentile"
CHANCE, VIABILITY_CHANCE, MEAN_CHANCE = "chance", "viability_chance", "mean_chance"

BASELINES = (PERCENTILE, EXPECTED_Z, TISSUE_TABLE, SPECIFIC_TISSUE_TABLE, DRUG_MEAN)

GATE = {PLAIN: (PERCENTILE, TISSUE_TABLE), SPECIFIC: (PERCENTILE, SPECIFIC_TISSUE_TABLE)}
"""What an order must beat, by truth: a tissue table is held against the response that it is a table of."""

TOOL = "preclinical"
"""Status of a drug that was never given to a person (`pamrx.knowledge.drug_status`)."""


def question_of(found: OutOfFold, tissue: pd.Series) -> Question:
    """Everything that `pamrx_training.evaluation.ranking.draw` needs, of one assay per drug: its newest screen.

    Parameters
    ----------
    tissue : tissue by line.
    """
    assays = chosen_assays(list(map(str, found.predicted.columns)))
    truths = {PLAIN: _by_drug(found.measured, assays)}
    if found.specific_measured is not None:
        truths[SPECIFIC] = _by_drug(found.specific_measured, assays)
    drugs = [assay.drug for assay in assays]
    tools = frozenset(drug for drug in drugs if status(drug) == TOOL)
    clinical = [drug for drug in drugs if drug not in tools]
    groups = {name: held for name, held in ((CLINICAL, clinical), (ALL, drugs)) if held and (tools or name == CLINICAL)}
    return Question(truths, scores_of(found, tissue, assays), groups, beyond_range(truths[PLAIN], assays), tools)


def scores_of(found: OutOfFold, tissue: pd.Series, assays: Sequence[AssayId]) -> dict[str, pd.DataFrame]:
    """By name, (n_lines, n_drugs) orders of drugs, higher being more sensitive; columns are drugs.

    `percentile` is today's order, `expected_z` the predicted response in standard deviations of the drug's training
    lines, `drug_mean` puts the drug with the lowest mean ln IC50 first. Chances are among them where `found` has them.

    Parameters
    ----------
    tissue : tissue by line.
    assays : one of each drug.
    """
    nothing = found.masked.predictions.get(NOTHING)
    predicted, measured = _by_drug(found.predicted, assays), _by_drug(found.measured, assays)
    mean = _of_training_lines(measured, found.folds, "mean")
    scores = {
        PERCENTILE: _percentiles(found.predicted, nothing, assays),
        EXPECTED_Z: (mean - predicted) / _of_training_lines(measured, found.folds, "std"),
        TISSUE_TABLE: tissue_table(measured, tissue, found.folds),
        # One order for every line: the mean of its own fold alone would tell folds apart.
        DRUG_MEAN: pd.DataFrame([-mean.mean()] * len(mean), mean.index, mean.columns),
    }
    if found.specific is not None and found.specific_measured is not None:
        specific = _by_drug(found.specific_measured, assays)
        scores[SPECIFIC_TISSUE_TABLE] = tissue_table(specific, tissue, found.folds)
        scores[SPECIFIC_PERCENTILE] = _percentiles(found.specific, found.masked.specific.get(NOTHING), assays)
    return scores | _chances(found, assays)


def tissue_table(measured: pd.DataFrame, tissue: pd.Series, folds: pd.Series) -> pd.DataFrame:
    """(n_lines, n_drugs) what a table of tissues says: minus the mean z of the training lines of the line's tissue.

    The mean is shrunk towards 0, the mean of all lines, as `tissue_drug_mean` does it.

    Parameters
    ----------
    measured : (n_lines, n_drugs), NaN where not measured.
    tissue, folds : by line; the training lines of a fold are those of all others.
    """
    out = []
    of_line = folds.reindex(measured.index)
    for fold in pd.unique(of_line):
        train = measured[(of_line != fold).to_numpy()]
        z = (train - train.mean()) / train.std().where(lambda value: value > 0)
        out.append(-tissue_drug_mean(z, tissue, measured.index[of_line == fold]))
    return pd.concat(out).reindex(measured.index)


def beyond_range(measured: pd.DataFrame, assays: Sequence[AssayId]) -> pd.DataFrame:
    """(n_lines, n_drugs) 1 where the measured IC50 is above the highest concentration tested, else 0.

    NaN where it was not measured, or no highest concentration is known.
    """
    limit = np.log(highest_tested(assays))
    known = measured.notna() & ~np.isnan(limit)
    out: pd.DataFrame = (measured > limit).astype(float).where(known)
    return out


def highest_tested(assays: Sequence[AssayId]) -> np.ndarray:
    """(n_assays,) highest concentration tested, in micromolar; NaN where none is known."""
    found = [max_concentration(assay.drug, assay.screen) for assay in assays]
    return np.array([np.nan if one is None else one for one in found], dtype=float)


def _by_drug(frame: pd.DataFrame, assays: Sequence[AssayId]) -> pd.DataFrame:
    drugs = pd.Index([assay.drug for assay in assays])
    return frame[[str(assay) for assay in assays]].set_axis(drugs, axis=1)


def _percentiles(predicted: pd.DataFrame, nothing: pd.DataFrame | None, assays: Sequence[AssayId]) -> pd.DataFrame:
    """Percentiles among all lines, each less what its fold's model says of a profile without data, as in a bundle."""
    moved = predicted if nothing is None else predicted - nothing.reindex(predicted.index)
    moved = _by_drug(moved, assays)
    return pd.DataFrame(percentiles_among(moved, moved), moved.index, moved.columns)


def _of_training_lines(measured: pd.DataFrame, folds: pd.Series, what: str) -> pd.DataFrame:
    """(n_lines, n_drugs) the drug's mean or std over the lines of all folds but the line's own."""
    of_line = folds.reindex(measured.index)
    known = {fold: measured[(of_line != fold).to_numpy()].agg(what) for fold in pd.unique(of_line)}
    return pd.DataFrame([known[fold] for fold in of_line], index=measured.index)


def _chances(found: OutOfFold, assays: Sequence[AssayId]) -> dict[str, pd.DataFrame]:
    """The chances that the predictions have, and the mean of both."""
    frames = {name: getattr(found, name, None) for name in (CHANCE, VIABILITY_CHANCE)}
    out = {name: _by_drug(frame, assays) for name, frame in frames.items() if isinstance(frame, pd.DataFrame)}
    return out | ({MEAN_CHANCE: (out[CHANCE] + out[VIABILITY_CHANCE]) / 2} if len(out) == 2 else {})
