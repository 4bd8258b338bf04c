"""Evaluation as a table on the terminal."""

from __future__ import annotations

import math

from pamrx.console.console import PlainConsole
from rich.console import Console
from rich.table import Table

from pamrx_training.evaluation.evaluate import COMPARED, Evaluation


def print_evaluation(evaluation: Evaluation, console: Console | None = None) -> None:
    """Metrics per assay beside the baselines, then the means with their intervals over lines."""
    console = console or PlainConsole()
    if not console.is_terminal:
        console = PlainConsole(width=130)
    console.print(_assays(evaluation))
    console.print(_means(evaluation.summary))


def _assays(evaluation: Evaluation) -> Table:
    table = Table(title="Out of fold, per assay (ln IC50; r is Pearson's)", header_style="bold", box=None)
    table.add_column("assay", no_wrap=True)
    columns = ["lines", "r", "Spearman", "RMSE", "r within tissue"]
    columns += [
        "r specific",
        "share of ceiling",
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
            row.get("specific_pearson", math.nan),
            row["share_of_ceiling"],
            row["ridge_pearson"],
            row["tissue_drug_mean_pearson"],
        ]
        values += [row[f"{name}_rmse"] for name in ("ridge", "tissue_drug_mean", "drug_mean")]
        table.add_row(str(assay), f"{row['n']:.0f}", *[_number(value) for value in values])
    return table


def _share(share: float) -> str:
    return "" if math.isnan(share) else f"Mean share of the noise ceiling, where it is known: {share:.2f}. "


def _specific(summary: dict[str, float]) -> str:
    if "lco_specific_pearson" not in summary:
        return ""
    key = "lco_specific_pearson"
    inside, plain = summary["lco_specific_within_tissue_pearson"], summary["lco_specific_plain_pearson"]
    return (
        f"Response without general sensitivity: Pearson {summary[key]:.3f} ({summary[f'{key}_low']:.3f} to "
        f"{summary[f'{key}_high']:.3f}), within tissue {inside:.3f}; tissue mean "
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
        f"(drug mean {summary['lco_rmse_drug_mean']:.3f}), Pearson within tissue "
        f"{summary['lco_within_tissue_pearson']:.3f} (ridge {summary['lco_ridge_within_tissue_pearson']:.3f}). "
        f"{_share(summary['lco_share_of_ceiling'])}"
        f"{_specific(summary)}"
        "The drug mean orders nothing; its correlation lies below 0 because a fold's own lines are not in its mean."
    )
    return table
