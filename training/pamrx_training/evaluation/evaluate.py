"""Evaluation on lines that the fitted model never saw: out-of-fold predictions, metrics, baselines, intervals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from joblib import Parallel, delayed
from pamrx.features import FeatureBuilder
from pamrx.model.drug_specific import SpecificResponse
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.applicability import Panel
from threadpoolctl import threadpool_limits

from pamrx_training.evaluation import baselines
from pamrx_training.evaluation.ceiling import ceilings, with_ceiling
from pamrx_training.evaluation.metrics import bootstrap_mean_pearson, interval, mean_pearson, per_assay, within_tissue
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.held_out import HeldOut, held_out, together
from pamrx_training.fitting.splits import sides
from pamrx_training.progress import track

MODEL = "pamrx"
COMPARED = (MODEL, "drug_mean", "tissue_drug_mean", "ridge")
"""The model and the baselines that stand beside it, by the names used in tables and metrics."""

SPECIFIC = "specific"
"""The response without the line's general sensitivity (`pamrx.model.drug_specific`)."""


@dataclass(frozen=True)
class Evaluation:
    """What one evaluation found.

    Attributes
    ----------
    oof : one row per line and assay: cell_line, assay, drug, fold, measured, predicted (ln IC50, micromolar).
    per_assay : index assay: n, pearson, spearman, rmse, within_tissue_pearson, `<baseline>_pearson` and
        `<baseline>_rmse` of each baseline, and, where the assay was measured more than once, ceiling, ceiling_low,
        ceiling_high, ceiling_within_screen and share_of_ceiling (see `ceiling`); where drugs outside the axis
        are known, specific_pearson and specific_within_tissue_pearson of the specific response, and
        specific_plain_pearson of the plain prediction against it.
    summary : the same as means over assays, with 95 % bootstrap intervals over lines.
    held : the test lines under every pattern of evidence, what intervals are calibrated on.
    predicted : (n_lines, n_assays) out-of-fold predictions for every line, measured or not.
    specific : the same of the specific response, where drugs outside the axis are known.
    """

    oof: pd.DataFrame
    per_assay: pd.DataFrame
    summary: dict[str, float]
    held: HeldOut
    predicted: pd.DataFrame
    specific: pd.DataFrame | None = None


def evaluate(
    cohort: Cohort,
    folds: pd.Series,
    seed: int = 0,
    jobs: int = 2,
    draws: int = 1000,
    report: Callable[[str], None] = print,
) -> Evaluation:
    """Fit on all folds but one, predict that one, and compare with the baselines on the same folds.

    Parameters
    ----------
    folds : fold by line; lines outside it take no part.
    jobs : processes; the results do not depend on it.
    draws : bootstrap draws over lines.
    """
    started = time.perf_counter()
    names = sorted(folds.unique())
    runs = Parallel(n_jobs=min(jobs, len(names)), return_as="generator")(
        delayed(run_fold_masked)(cohort, folds, name, seed) for name in names
    )
    parts: dict[str, list[pd.DataFrame]] = {}
    held = []
    for run, seen in track(runs, len(names), "fold", report):
        held.append(seen)
        for name, frame in run.items():
            parts.setdefault(name, []).append(frame)
    lines = [line for line in cohort.lines if line in folds.index]
    frames = {name: pd.concat(part).reindex(lines) for name, part in parts.items()}
    measured = frames.pop("measured")
    tissue = cohort.cell_lines.loc[lines, "tissue"]
    table = with_ceiling(_table(measured, frames, tissue), ceilings(cohort.responses))
    summary = _summary(measured, frames, table, draws)
    if SPECIFIC in frames:
        table = table.join(_specific_table(frames, tissue))
        summary |= _specific_summary(frames, table, draws)
    summary["seconds"] = time.perf_counter() - started
    oof = out_of_fold(measured, frames[MODEL], folds, cohort)
    return Evaluation(oof, table, summary, together(held), frames[MODEL], frames.get(SPECIFIC))


def run_fold(cohort: Cohort, folds: pd.Series, fold: object, seed: int) -> dict[str, pd.DataFrame]:
    """Measured values and every method's predictions for the test lines of one fold, each (n_test, n_assays).

    ln IC50 only; `run_fold_masked` also models the specific response.
    """
    return run_fold_masked(cohort, folds, fold, seed, masked=False)[0]


def run_fold_masked(
    cohort: Cohort, folds: pd.Series, fold: object, seed: int, masked: bool = True
) -> tuple[dict[str, pd.DataFrame], HeldOut | None]:
    """`run_fold`, and with `masked` the specific response and both predictions under every pattern of evidence.

    Features, response alignment, scaling, selection and penalties are all learned on the training lines.
    """
    train, test = sides(cohort, folds, fold)
    builder = FeatureBuilder().fit(cohort.profiles.subset(train))
    features = builder.transform(cohort.profiles.subset(train))
    test_features = builder.transform(cohort.profiles.subset(test))
    responses = cohort.response_matrix(train)
    known, donors = responses.loc[train], cohort.cell_lines.loc[train, "donor"]
    model = SensitivityModel(seed=seed).fit(features, known, donors.to_numpy(dtype=str))
    tissue = cohort.cell_lines["tissue"]
    with threadpool_limits(1):
        ridge = baselines.assay_ridge(features, known, test_features, seed)
    frames = {
        "measured": responses.loc[test],
        MODEL: model.predict(test_features),
        "drug_mean": baselines.drug_mean(known, test_features.index),
        "tissue_drug_mean": baselines.tissue_drug_mean(known, tissue, test_features.index),
        "ridge": ridge,
    }
    if not masked:
        return frames, None
    specific, general = None, cohort.general_sensitivity(train)
    if general.shape[1]:
        specific = SpecificResponse.fit(features, known, general.loc[train], donors.to_numpy(dtype=str), seed)
        frames["specific_measured"] = specific.regression.rest(responses.loc[test], general.loc[test])
        frames[SPECIFIC] = specific.predict(test_features, frames[MODEL])
        rest = specific.regression.rest(known, general.loc[train])
        frames["specific_tissue_drug_mean"] = baselines.tissue_drug_mean(rest, tissue, test_features.index)
    panel, profiles = Panel.fit(features), cohort.profiles.subset(test)
    return frames, held_out(builder, model, panel, profiles, responses.loc[test], fold, seed, specific)


def out_of_fold(measured: pd.DataFrame, predicted: pd.DataFrame, folds: pd.Series, cohort: Cohort) -> pd.DataFrame:
    """Matrices of lines by assays as the rows of `Evaluation.oof`."""
    long = _long(measured, "measured").dropna(subset="measured")
    long = long.merge(_long(predicted, "predicted"), on=["cell_line", "assay"], validate="one_to_one")
    drug = cohort.responses.drop_duplicates("assay").set_index("assay")["drug"]
    long["drug"], long["fold"] = long["assay"].map(drug), long["cell_line"].map(folds)
    return long[["cell_line", "assay", "drug", "fold", "measured", "predicted"]].reset_index(drop=True)


def _table(measured: pd.DataFrame, frames: dict[str, pd.DataFrame], tissue: pd.Series) -> pd.DataFrame:
    table = per_assay(measured, frames[MODEL])
    table["within_tissue_pearson"] = within_tissue(measured, frames[MODEL], tissue)
    for name in COMPARED[1:]:
        other = per_assay(measured, frames[name])
        table[f"{name}_pearson"], table[f"{name}_rmse"] = other["pearson"], other["rmse"]
        if name == "ridge":
            table["ridge_within_tissue_pearson"] = within_tissue(measured, frames[name], tissue)
    return table


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
    for column in ("spearman", "rmse", "within_tissue_pearson", "ridge_within_tissue_pearson", "share_of_ceiling"):
        out[f"lco_{column}"] = float(table[column].mean())
    return out


def _specific_table(frames: dict[str, pd.DataFrame], tissue: pd.Series) -> pd.DataFrame:
    measured = frames["specific_measured"]
    return pd.DataFrame(
        {
            "specific_pearson": per_assay(measured, frames[SPECIFIC])["pearson"],
            "specific_within_tissue_pearson": within_tissue(measured, frames[SPECIFIC], tissue),
            "specific_plain_pearson": per_assay(measured, frames[MODEL])["pearson"],
        }
    )


def _specific_summary(frames: dict[str, pd.DataFrame], table: pd.DataFrame, draws: int) -> dict[str, float]:
    measured, sides_ = frames["specific_measured"], [frames[SPECIFIC], frames["specific_tissue_drug_mean"]]
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
