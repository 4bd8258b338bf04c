"""Metrics of out-of-fold predictions beside the baselines on the same folds, with intervals over lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr

from pamrx_training.evaluation.baselines import baseline_predictions
from pamrx_training.evaluation.ceiling import ceilings, screen_agreement, shares_of_ceiling, with_ceiling
from pamrx_training.evaluation.metrics import (
    bootstrap_mean_pearson,
    interval,
    mean_pearson,
    per_assay,
    tissue_and_fold,
    top_predictions,
    within_tissue,
)
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.cross_validation import OutOfFold, cross_validate
from pamrx_training.fitting.run_context import RunContext

MODEL = "pamrx"
COMPARED = (MODEL, "drug_mean", "tissue_drug_mean", "ridge")
"""The model and the baselines that stand beside it, by the names used in tables and metrics."""

MEANS = (
    "spearman", "rmse", "within_tissue_pearson", "within_tissue_fold_pearson", "ridge_within_tissue_pearson",
    "ridge_within_tissue_fold_pearson", "share_of_ceiling", "top_rmse", "top_bias", "top_sensitive",
)  # fmt: skip
"""Columns of the table per assay whose means stand in the summary."""

SPECIFIC = "specific"
"""The drug-specific response (`pamrx.model.drug_specific`)."""


@short_repr
@dataclass(frozen=True)
class Evaluation:
    """Metrics of one cross-validation.

    Attributes
    ----------
    oof : one row per line and assay: cell_line, assay, drug, fold, measured, predicted (ln IC50, micromolar); as far as
        the predictions have them, specific_measured and specific_predicted, chance and viability_chance.
    per_assay : index assay: n, pearson, spearman, rmse, within_tissue_pearson (centred per tissue: the older number,
        biased down), within_tissue_fold_pearson (centred per tissue and fold), both of the ridge too,
        `<baseline>_pearson` and `<baseline>_rmse` of each baseline, the columns of `metrics.top_predictions`, and,
        where the assay was measured more than once, ceiling, ceiling_low, ceiling_high, ceiling_within_screen and
        share_of_ceiling (see `ceiling`); where drugs outside the axis are known, specific_pearson and
        specific_within_tissue(_fold)_pearson of the drug-specific response, and specific_plain_pearson of the plain
        prediction against it.
    summary : the same as means over assays, with 95 % bootstrap intervals over lines; shares of the ceiling apart
        (`ceiling.shares_of_ceiling`); screens_agree, the mean over drugs of the correlation of two screens; and seconds
        of the fits.
    predictions : that were judged, of every line, measured or not.
    """

    oof: pd.DataFrame
    per_assay: pd.DataFrame
    summary: dict[str, float]
    predictions: OutOfFold


def evaluate(cohort: Cohort, folds: pd.Series, context: RunContext = RunContext(), draws: int = 1000) -> Evaluation:
    """Cross-validate the model and the baselines, and judge both.

    Parameters
    ----------
    folds : fold by line; lines outside it take no part.
    draws : bootstrap draws over lines.
    """
    return judge(cohort, cross_validate(cohort, folds, context, baseline_predictions), draws)


def judge(cohort: Cohort, found: OutOfFold, draws: int = 1000) -> Evaluation:
    """Metrics of out-of-fold predictions, and of the baselines among their `others`."""
    frames = {MODEL: found.predicted, **found.others}
    tissue = cohort.cell_lines.loc[found.measured.index, "tissue"]
    inside = tissue_and_fold(tissue, found.folds)
    table = with_ceiling(_table(found.measured, frames, tissue, inside), ceilings(cohort.responses))
    summary = _summary(found.measured, frames, table, draws)
    summary["screens_agree"] = float(screen_agreement(cohort.responses).mean())
    if found.specific is not None:
        table = table.join(_specific_table(found, tissue, inside))
        summary |= _specific_summary(found, table, draws)
    summary["seconds"] = found.seconds
    oof = with_heads(oof_table(found.measured, found.predicted, found.folds, cohort), found)
    return Evaluation(oof, table, summary, found)


def oof_table(measured: pd.DataFrame, predicted: pd.DataFrame, folds: pd.Series, cohort: Cohort) -> pd.DataFrame:
    """Matrices of lines by assays as the rows of `Evaluation.oof`."""
    long = _long(measured, "measured").dropna(subset="measured")
    long = long.merge(_long(predicted, "predicted"), on=["cell_line", "assay"], validate="one_to_one")
    drug = cohort.responses.drop_duplicates("assay").set_index("assay")["drug"]
    long["drug"], long["fold"] = long["assay"].map(drug), long["cell_line"].map(folds)
    return long[["cell_line", "assay", "drug", "fold", "measured", "predicted"]].reset_index(drop=True)


def with_heads(oof: pd.DataFrame, found: OutOfFold) -> pd.DataFrame:
    """The rows of `oof_table` with what else was predicted and measured of each, as far as it was."""
    frames = {"specific_measured": found.specific_measured, "specific_predicted": found.specific}
    frames |= {name: getattr(found, name, None) for name in ("chance", "viability_chance")}
    rows, out = found.measured.index.get_indexer(pd.Index(oof["cell_line"])), oof.copy()
    for name, frame in frames.items():
        if frame is not None:
            columns = frame.columns.get_indexer(pd.Index(oof["assay"]))
            values = frame.loc[found.measured.index].to_numpy(dtype=float)
            out[name] = np.where(columns >= 0, values[rows, columns], np.nan)
    return out


def _table(
    measured: pd.DataFrame, frames: dict[str, pd.DataFrame], tissue: pd.Series, inside: pd.Series
) -> pd.DataFrame:
    table = per_assay(measured, frames[MODEL])
    table["within_tissue_pearson"] = within_tissue(measured, frames[MODEL], tissue)
    table["within_tissue_fold_pearson"] = within_tissue(measured, frames[MODEL], inside)
    for name in COMPARED[1:]:
        other = per_assay(measured, frames[name])
        table[f"{name}_pearson"], table[f"{name}_rmse"] = other["pearson"], other["rmse"]
        if name == "ridge":
            table["ridge_within_tissue_pearson"] = within_tissue(measured, frames[name], tissue)
            table["ridge_within_tissue_fold_pearson"] = within_tissue(measured, frames[name], inside)
    return table.join(top_predictions(measured, frames[MODEL]))


def _summary(
    measured: pd.DataFrame, frames: dict[str, pd.DataFrame], table: pd.DataFrame, draws: int
) -> dict[str, float]:
    out = {"n_lines": float(len(measured)), "n_assays": float(measured.shape[1])}
    resampled = bootstrap_mean_pearson(measured, [frames[name] for name in COMPARED], draws)
    for place, name in enumerate(COMPARED):
        key = "lco_pearson" if name == MODEL else f"lco_pearson_{name}"
        out[key] = mean_pearson(per_assay(measured, frames[name]))
        out[f"{key}_low"], out[f"{key}_high"] = interval(resampled[:, place])
        if name != MODEL:
            difference = f"lco_pearson_minus_{name}"
            out[difference] = out["lco_pearson"] - out[key]
            out[f"{difference}_low"], out[f"{difference}_high"] = interval(resampled[:, 0] - resampled[:, place])
            out[f"lco_rmse_{name}"] = float(table[f"{name}_rmse"].mean())
    for column in MEANS:
        out[f"lco_{column}"] = float(table[column].mean())
    return out | {f"lco_{name}": value for name, value in shares_of_ceiling(table).items()}


def _specific_table(found: OutOfFold, tissue: pd.Series, inside: pd.Series) -> pd.DataFrame:
    measured, specific = found.specific_measured, found.specific
    assert measured is not None
    assert specific is not None
    return pd.DataFrame(
        {
            "specific_pearson": per_assay(measured, specific)["pearson"],
            "specific_within_tissue_pearson": within_tissue(measured, specific, tissue),
            "specific_within_tissue_fold_pearson": within_tissue(measured, specific, inside),
            "specific_plain_pearson": per_assay(measured, found.predicted)["pearson"],
        }
    )


def _specific_summary(found: OutOfFold, table: pd.DataFrame, draws: int) -> dict[str, float]:
    measured, specific = found.specific_measured, found.specific
    assert measured is not None
    assert specific is not None
    sides_ = [specific, found.others["specific_tissue_drug_mean"]]
    resampled = bootstrap_mean_pearson(measured, sides_, draws)
    out = {f"lco_{column}": float(table[column].mean()) for column in table.columns if column.startswith(SPECIFIC)}
    for place, key in enumerate(("lco_specific_pearson", "lco_specific_pearson_tissue_drug_mean")):
        out[key] = mean_pearson(per_assay(measured, sides_[place]))
        out[f"{key}_low"], out[f"{key}_high"] = interval(resampled[:, place])
    return out


def _long(matrix: pd.DataFrame, value: str) -> pd.DataFrame:
    """(n_lines, n_assays) to rows of cell_line, assay and the value."""
    by_line = matrix.rename_axis(index="cell_line", columns=None).reset_index()
    return by_line.melt(id_vars="cell_line", var_name="assay", value_name=value)
