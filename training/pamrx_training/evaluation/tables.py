"""Evaluation as a table on the terminal."""

from __future__ import annotations

import math

import pandas as pd
from pamrx.console.console import PlainConsole
from rich.console import Console
from rich.table import Table

from pamrx_training.evaluation.evaluate import COMPARED, Evaluation


def print_evaluation(evaluation: Evaluation, console: Console | None = None) -> None:
    """Metrics per assay beside the baselines, then the means with their intervals over lines."""
    console = console or PlainConsole()
    if not console.is_terminal:
        console = PlainConsole(width=150)
    console.print(_assays(evaluation))
    console.print(_means(evaluation.summary))


def _assays(evaluation: Evaluation) -> Table:
    table = Table(title="Out of fold, per assay (ln IC50; r is Pearson's)", header_style="bold", box=None)
    table.add_column("assay", no_wrap=True)
    columns = ["lines", "r", "Spearman", "RMSE", "r within tissue", "r within tissue, fold"]
    columns += [
        "r specific",
        "share of ceiling, series",
        "share of ceiling, screen",
        "r ridge",
        "r tissue mean",
        "RMSE ridge",
        "RMSE tissue",
        "RMSE drug mean",
    ]
    for name in columns:
        table.add_column(name, justify="right")
    for assay, row in evaluation.per_assay.iterrows():
        values = [row["pearson"], row["spearman"], row["rmse"], row["within_tissue_pearson"]]
        values += [
            row["within_tissue_fold_pearson"],
            row.get("specific_pearson", math.nan),
            *shares_by_source(row),
            row["ridge_pearson"],
            row["tissue_drug_mean_pearson"],
        ]
        values += [row[f"{name}_rmse"] for name in ("ridge", "tissue_drug_mean", "drug_mean")]
        table.add_row(str(assay), f"{row['n']:.0f}", *[_number(value) for value in values])
    return table


def shares_by_source(row: pd.Series) -> tuple[float, float]:
    """Share of the ceiling in a row per assay: from repeated series, and from the other screen; NaN where it is not."""
    share, series = row["share_of_ceiling"], row["ceiling_within_screen"] == 1
    return (share, math.nan) if series else (math.nan, share)


def shares_told(summary: dict[str, float]) -> str:
    """The mean shares of the noise ceiling in a sentence, by where it comes from; empty where there is none."""
    told = []
    for name, words in (("series", "repeated series"), ("screen", "the other screen, a low estimate")):
        n = summary.get(f"lco_assays_with_ceiling_{name}", 0.0)
        if n:
            told.append(f"{summary[f'lco_share_of_ceiling_{name}']:.2f} by {words} ({n:.0f} assays)")
    if not told:
        return ""
    above = summary.get("lco_shares_of_ceiling_above_one", 0.0)
    beyond = f"; above 1 in {above:.0f} of them, where the ceiling is estimated too low" if above else ""
    return f"Mean share of the noise ceiling: {', '.join(told)}{beyond}."


def within_told(summary: dict[str, float]) -> str:
    """Both correlations within tissue, with the ridge's: centred per tissue and fold, and the older per tissue."""
    new, old = "within_tissue_fold_pearson", "within_tissue_pearson"
    return (
        f"within tissue {summary[f'lco_{new}']:.3f} centred per tissue and fold (ridge "
        f"{summary[f'lco_ridge_{new}']:.3f}), {summary[f'lco_{old}']:.3f} centred per tissue alone, a number that is "
        f"biased down (ridge {summary[f'lco_ridge_{old}']:.3f})"
    )


def top_told(summary: dict[str, float]) -> str:
    """How the top predictions hold, in a sentence."""
    return (
        f"Top twentieth of each assay's predictions: RMSE {summary['lco_top_rmse']:.3f}, measured less predicted "
        f"{summary['lco_top_bias']:+.3f}, {summary['lco_top_sensitive']:.0%} truly in the most sensitive fifth."
    )


def _specific(summary: dict[str, float]) -> str:
    if "lco_specific_pearson" not in summary:
        return ""
    key = "lco_specific_pearson"
    inside, plain = summary["lco_specific_within_tissue_fold_pearson"], summary["lco_specific_plain_pearson"]
    return (
        f"Response without general sensitivity: Pearson {summary[key]:.3f} ({summary[f'{key}_low']:.3f} to "
        f"{summary[f'{key}_high']:.3f}), within tissue and fold {inside:.3f}; tissue mean "
        f"{summary[f'{key}_tissue_drug_mean']:.3f}, plain prediction {plain:.3f}. "
    )


def _number(value: float) -> str:
    """Two decimals; a dash where there is none, as the ceiling of an assay that was measured once."""
    return "-" if math.isnan(value) else f"{value:.2f}"


def _means(summary: dict[str, float]) -> Table:
    title = f"Mean over {summary['n_assays']:.0f} assays, {summary['n_lines']:.0f} lines, in {summary['seconds']:.0f} s"
    table = Table(title=title, header_style="bold", box=None)
    table.add_column("model")
    for name in ("Pearson", "95 % interval over lines", "pamrx minus it (paired interval)"):
        table.add_column(name, justify="right")
    for name in COMPARED:
        key = "lco_pearson" if name == COMPARED[0] else f"lco_pearson_{name}"
        between = f"{summary[f'{key}_low']:.3f} to {summary[f'{key}_high']:.3f}"
        minus = f"lco_pearson_minus_{name}"
        difference = (
            f"{summary[minus]:+.3f} ({summary[f'{minus}_low']:+.3f} to {summary[f'{minus}_high']:+.3f})"
            if minus in summary
            else ""
        )
        table.add_row(name.replace("_", " "), f"{summary[key]:.3f}", between, difference)
    table.caption = (
        f"pamrx: mean Spearman {summary['lco_spearman']:.3f}, RMSE {summary['lco_rmse']:.3f} "
        f"(drug mean {summary['lco_rmse_drug_mean']:.3f}), Pearson {within_told(summary)}. "
        f"{top_told(summary)} {shares_told(summary)} "
        f"{_specific(summary)}"
        "The drug mean orders nothing; its correlation lies below 0 because a fold's own lines are not in its mean."
    )
    return table
