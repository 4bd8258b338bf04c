"""Coverage and width of intervals on lines that served neither the model nor its calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pamrx.prediction.intervals import COVERAGE, Intervals
from pamrx.prediction.missing_data import pattern_from

from pamrx_training.evaluation.metrics import TOP
from pamrx_training.fitting.calibration import fit_intervals, own_patterns, under
from pamrx_training.fitting.masked_predictions import MaskedPredictions, restricted

MIN_TISSUE_LINES = 20
"""Coverage of a smaller tissue says nothing."""

REPORTED = {
    "complete": None,
    "no miRNA": "transcripts+mutation+copy_number+tissue",
    "no tissue": "transcripts+mutation+copy_number+mirna",
    "expression + mutations": "transcripts+mutation",
    "expression only": "transcripts",
    "60 % of genes": "part_transcripts",
    "mutations + copy number, tissue": "mutation+copy_number+tissue",
    "mutations, tissue": "mutation+tissue",
    "mutations + copy number": "mutation+copy_number",
    "mutations only": "mutation",
    "nothing": "none",
}
"""The patterns of which coverage is reported, by the words for them; None is each line's own."""


def cross_coverage(
    masked: MaskedPredictions, coverage: float = COVERAGE, reported: Sequence[str] = tuple(REPORTED), seed: int = 0
) -> pd.DataFrame:
    """Calibrate on all folds but one, look at that one: coverage and width of every measured response.

    Returns
    -------
    DataFrame
        evidence (of `REPORTED`), cell_line, assay, covered, width, width_assay (the constant width per assay with the
        same nominal coverage), covered_assay, width_constant, covered_constant (one constant for all assays), top (the
        prediction is among the most sensitive `TOP` of the assay's predictions from this evidence in its fold).
    """
    out = []
    for fold in pd.unique(masked.fold):
        rest = masked.fold.index[masked.fold != fold]
        calibration = restricted(masked, list(rest), [name for name in pd.unique(masked.fold) if name != fold])
        test = restricted(masked, list(masked.fold.index[masked.fold == fold]), [fold])
        out.append(coverage_of(fit_intervals(calibration, seed), calibration, test, coverage, reported))
    return pd.concat(out, ignore_index=True)


def coverage_of(
    intervals: Intervals,
    calibration: MaskedPredictions,
    test: MaskedPredictions,
    coverage: float = COVERAGE,
    reported: Sequence[str] = tuple(REPORTED),
) -> pd.DataFrame:
    """The rows of `cross_coverage` for one set of test lines; `calibration` serves the constant widths."""
    out = []
    for words in reported:
        names, before = _patterns_for(words, test), _patterns_for(words, calibration)
        predicted, traits, error = under(test, names)
        _, _, known = under(calibration, before)
        found = [pattern_from(name) for name in names]
        frame = pd.DataFrame(predicted, index=test.measured.index, columns=test.measured.columns)
        lower, upper = intervals.bounds(frame, traits, found, coverage)
        half = (upper - lower).to_numpy() / 2
        by_assay = np.array([_rank(column, coverage) for column in known.T])
        constant = _rank(known.ravel(), coverage)
        row, column = np.nonzero(~np.isnan(error))
        top = (frame.rank() <= np.ceil(TOP * frame.notna().sum())).to_numpy()
        out.append(
            pd.DataFrame(
                {
                    "evidence": words,
                    "cell_line": test.measured.index.to_numpy()[row],
                    "assay": test.measured.columns.to_numpy()[column],
                    "covered": error[row, column] <= half[row, column],
                    "width": 2 * half[row, column],
                    "top": top[row, column],
                    "covered_assay": error[row, column] <= by_assay[column],
                    "width_assay": 2 * by_assay[column],
                    "covered_constant": error[row, column] <= constant,
                    "width_constant": 2 * constant,
                    "error": error[row, column],
                }
            )
        )
    return pd.concat(out, ignore_index=True)


def coverage_table(found: pd.DataFrame, tissue: pd.Series) -> pd.DataFrame:
    """One row per kind of evidence from the rows of `cross_coverage`.

    Returns
    -------
    DataFrame
        coverage, coverage_top (of top predictions, those that people read first), assay_coverage_top (what constant
        widths per assay cover of them), lowest_drug (coverage of the assay with the least), lowest_tissue (of those
        with at least `MIN_TISSUE_LINES` lines), width (mean, ln units), against_assay and against_constant (width
        relative to the constant ones), assay_lowest_tissue and constant_lowest_drug (what they leave to the worst off).
    """
    rows = {}
    lines = tissue.value_counts()
    large = set(lines.index[lines >= MIN_TISSUE_LINES])
    for words, part in found.groupby("evidence", sort=False):
        where = part["cell_line"].map(tissue)
        seen = where.isin(large)
        rows[words] = {
            "coverage": part["covered"].mean(),
            "coverage_top": part.loc[part["top"], "covered"].mean(),
            "assay_coverage_top": part.loc[part["top"], "covered_assay"].mean(),
            "lowest_drug": part.groupby("assay")["covered"].mean().min(),
            "lowest_tissue": part[seen].groupby(where[seen])["covered"].mean().min(),
            "width": part["width"].mean(),
            "against_assay": part["width"].mean() / part["width_assay"].mean(),
            "against_constant": part["width"].mean() / part["width_constant"].mean(),
            "assay_lowest_tissue": part[seen].groupby(where[seen])["covered_assay"].mean().min(),
            "constant_lowest_drug": part.groupby("assay")["covered_constant"].mean().min(),
        }
    return pd.DataFrame(rows).T


def coverage_metrics(table: pd.DataFrame) -> dict[str, float]:
    """The table as metrics: `interval_coverage.complete`, `interval_width.no_tissue`, ..."""
    out = {}
    for words, row in table.iterrows():
        key = "_".join("".join(c if c.isalnum() else " " for c in str(words)).split())
        for name in (
            "coverage",
            "coverage_top",
            "assay_coverage_top",
            "lowest_drug",
            "lowest_tissue",
            "width",
            "against_assay",
            "against_constant",
        ):
            out[f"interval_{name}.{key}"] = float(row[name])
    return out


def _rank(errors: np.ndarray, coverage: float) -> float:
    """Half of the constant width with this coverage: the conformal rank of the errors."""
    from crepes import ConformalRegressor

    known = errors[~np.isnan(errors)]
    found = ConformalRegressor().fit(known).predict_int(np.zeros(1), confidence=coverage)
    return float(found[0, 1])


def _patterns_for(words: str, masked: MaskedPredictions) -> list[str]:
    name = REPORTED[words]
    return own_patterns(masked) if name is None else [name] * len(masked.measured)
