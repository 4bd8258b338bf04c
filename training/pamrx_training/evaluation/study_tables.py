"""A study of candidates, and two runs side by side, as tables on the terminal."""

from __future__ import annotations

import math

import pandas as pd
from pamrx.explanation.contributions import readable
from rich.console import Console
from rich.table import Table

from pamrx_training.evaluation.candidates import CANDIDATES, HYBRID
from pamrx_training.evaluation.comparison import PEARSON, RMSE, Comparison, Logged
from pamrx_training.evaluation.evidence_tables import difference, number, wide
from pamrx_training.evaluation.study import Study

FEATURES_SHOWN = 15


def print_study(done: Study, console: Console | None = None) -> None:
    """Each candidate's mean Pearson, and how it differs from the hybrid."""
    found = done.found
    assays, lines = found.per_assay["assay"].nunique(), found.oof["cell_line"].nunique()
    title = f"{len(CANDIDATES)} candidates: mean over {assays} assays, {lines} lines, out of fold; r is Pearson's"
    table = Table(title=title, header_style="bold", box=None)
    table.add_column("candidate", no_wrap=True)
    heads = ["r", f"minus {HYBRID} (95 %)", "r within tissue", f"minus {HYBRID} (95 %)", "seconds"]
    for head in heads:
        table.add_column(head, justify="right")
    for name, row in found.table.iterrows():
        cells = [number(row["pearson"], ".3f"), difference(row, "difference")]
        cells += [number(row["within_tissue"], ".3f"), difference(row, "within_difference")]
        table.add_row(str(name), *cells, number(done.seconds.get(str(name), math.nan), ".0f"))
    table.caption = (
        "Leave-cell-line-out, the same folds for all. Intervals: paired bootstrap over lines. Seconds: of all folds, "
        "when they were fitted; a dash where the fits are those of another command."
    )
    wide(console).print(table)


def print_comparison(found: Comparison, a: Logged, b: Logged, console: Console | None = None) -> None:
    """Differences of run B from run A: the means, each assay, and the features whose weight changed most."""
    console = wide(console)
    console.print(f"A: {a.name} ({a.run_id})")
    console.print(f"B: {b.name} ({b.run_id})")
    console.print(
        f"compared on the {found.n_lines} lines and {found.n_assays} assays that both runs predicted out of fold "
        f"(either has {found.of_lines} and {found.of_assays})"
    )
    for note in found.notes:
        console.print(f"note: {note}")
    console.print(_assay_table(found.assays))
    if len(found.metrics):
        console.print(_metric_table(found.metrics))
    if found.features is None:
        lacking = [name for name, run in (("A", a), ("B", b)) if run.importance is None] or ["a run"]
        console.print(
            f"no features compared: {' and '.join(lacking)} logged no importance of features for these assays"
        )
    elif not found.features["difference"].any():
        console.print("no feature's importance changed")
    else:
        console.print(_feature_table(found.features))


def _assay_table(assays: pd.DataFrame) -> Table:
    table = Table(title="B minus A, out of fold (95 % paired bootstrap over lines)", header_style="bold", box=None)
    table.add_column("assay", no_wrap=True)
    for head in ("lines", "r A", "r B", "r: B minus A", "RMSE A", "RMSE B", "RMSE: B minus A"):
        table.add_column(head, justify="right")
    by_metric = {name: part.set_index("assay") for name, part in assays.groupby("metric")}
    pearson, rmse = by_metric[PEARSON], by_metric[RMSE]
    order = pearson.drop(index="mean", errors="ignore").sort_values("difference", ascending=False).index
    for name in [*(["mean"] if "mean" in pearson.index else []), *order]:
        cells = [f"{pearson.loc[name, 'n']:.0f}"]
        for part in (pearson, rmse):
            row = part.loc[name]
            cells += [number(row["a"], ".3f"), number(row["b"], ".3f"), _change(row)]
        table.add_row(str(name), *cells, style="bold" if name == "mean" else None, end_section=name == "mean")
    table.caption = (
        "The mean is over assays of at least 20 lines, like every mean here. A higher r, a lower RMSE is better."
    )
    return table


def _metric_table(metrics: pd.DataFrame) -> Table:
    table = Table(title="Means as each run logged them, over all that it has", header_style="bold", box=None)
    table.add_column("metric", no_wrap=True)
    for head in ("A", "B", "B minus A"):
        table.add_column(head, justify="right")
    for name, row in metrics.iterrows():
        table.add_row(str(name), *[f"{row[key]:.4g}" for key in ("a", "b")], f"{row['difference']:+.4g}")
    return table


def _feature_table(features: pd.DataFrame) -> Table:
    shown = features[features["difference"] != 0].head(FEATURES_SHOWN)
    table = Table(title="Features whose importance changed most", header_style="bold", box=None)
    table.add_column("feature", no_wrap=True)
    table.add_column("block")
    for head in ("A, %", "B, %", "B minus A"):
        table.add_column(head, justify="right")
    for name, row in shown.iterrows():
        cells = [f"{row['a']:.2f}", f"{row['b']:.2f}", f"{row['difference']:+.2f}"]
        table.add_row(readable(str(name)), str(row["block"]), *cells)
    table.caption = (
        f"{len(shown)} of {len(features)} features. Importance: mean |contribution| in % of the sum over all features, "
        "averaged over the shared assays."
    )
    return table


def _change(row: pd.Series) -> str:
    if math.isnan(row["low"]):
        return number(row["difference"], "+.3f")
    return f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"
