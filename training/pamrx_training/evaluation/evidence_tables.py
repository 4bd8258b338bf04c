"""Ablation, known biology, ranking and protocols as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pamrx.console.console import PlainConsole
from rich.console import Console
from rich.table import Table

from pamrx_training.evaluation.ablation import Ablation
from pamrx_training.evaluation.biology import MIN_ALTERED, Biology
from pamrx_training.evaluation.laboratories import Elsewhere
from pamrx_training.evaluation.protocols import Options, Result
from pamrx_training.evaluation.ranked import Ranked
from pamrx_training.evaluation.ranking_tables import print_ranking
from pamrx_training.evaluation.relations import ALL_CALLS
from pamrx_training.evaluation.relations import DIRECTIONS as KNOWN
from pamrx_training.evaluation.repeats import Repeated
from pamrx_training.evaluation.screens import DIRECTIONS, Transfer


def print_result(found: Result, options: Options, splits: Sequence[tuple[int, pd.Series]]) -> None:
    """The result of `pamrx_training.evaluation.protocols.run_protocol` on the terminal."""
    lines, repeats = len(splits[0][1]), len(splits)
    match found:
        case Ablation():
            print_ablation(found, lines, repeats)
        case Biology():
            print_biology(found, options.protocol, lines)
        case Transfer():
            print_transfer(found)
        case Elsewhere():
            print_elsewhere(found, options.protocol)
        case Ranked():
            print_ranking(found)
        case Repeated():
            print_repeats(found, options.protocol)


def print_ablation(found: Ablation, lines: int, repeats: int, console: Console | None = None) -> None:
    """Mean Pearson of each variant, and what it loses against all blocks."""
    assays = found.per_assay["assay"].nunique()
    title = f"Ablation: mean over {assays} assays, {lines} lines, out of fold{_again(repeats)}; r is Pearson's"
    table = Table(title=title, header_style="bold", box=None)
    table.add_column("blocks", no_wrap=True)
    heads = ["r", "minus all blocks (95 %)", "r within tissue", "minus all blocks (95 %)"]
    for head in heads + (["sd over splits"] if repeats > 1 else []):
        table.add_column(head, justify="right")
    for name, row in found.table.iterrows():
        cells = [f"{row['pearson']:.3f}", difference(row, "difference")]
        cells += [f"{row['within_tissue']:.3f}", difference(row, "within_difference")]
        table.add_row(str(name), *cells, *([f"{row['spread']:.3f}"] if repeats > 1 else []))
    table.caption = (
        "Intervals: paired bootstrap over lines. Without the transcriptome, tme and programme take its weight in the "
        "linear part."
    )
    wide(console).print(table)


def print_biology(found: Biology, protocol: str, lines: int, console: Console | None = None) -> None:
    """Each known relation: its effect in measurements and in predictions, and whether they agree."""
    shown = found.relations
    title = f"Known biology, {protocol}, {lines} lines, out of fold: {len(shown)} relations"
    table = Table(title=title, header_style="bold", box=None)
    table.add_column("relation")
    for head in ("lines", "measured (95 %)", "predicted", "own scale (95 %)"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("verdict")
    for direction in KNOWN:
        part = shown[shown["direction"] == direction]
        if len(part):
            table.add_row(f"known: {direction}" if direction != "none" else "known: none in these data", style="bold")
        for _, row in part.iterrows():
            name = row["relation"] + ("*" if row["calls"] == ALL_CALLS else "")
            cells = [effect(row, "measured"), number(row["predicted"], "+.2f"), effect(row, "predicted_scaled")]
            table.add_row(name, f"{row['altered']:.0f}", *cells, row["agreement"])
        table.add_section()
    table.caption = (
        "Effect: mean of altered less other lines after each lost its tissue's mean, over assays; negative is more "
        "sensitive. Lines: altered ones. Measured and predicted in sd of the measurements; own scale: predicted, in sd "
        "of the predictions, which are shrunk. Intervals: bootstrap over lines. Shown: data and predictions show what "
        "is known. Missed: the data alone. Invented: data show nothing, and the prediction on its own scale is larger, "
        f"their difference clear of 0. Inconclusive: under {MIN_ALTERED} altered lines. One interval in 20 leaves out "
        "0 by chance. Unexpected: the data show another direction. *: all calls of panel718, not drivers alone."
    )
    wide(console).print(table)


def print_transfer(found: Transfer, console: Console | None = None) -> None:
    """Leave-screen-out per drug, both directions, then the means with their intervals."""
    mean = found.table.drop(columns="repeat").groupby(["trained_on", "tested_on", "drug"], as_index=False).mean()
    repeats = found.table["repeat"].nunique()
    table = Table(
        title="Leave-screen-out, unseen lines; r is Pearson's" + _again(repeats), header_style="bold", box=None
    )
    table.add_column("drug", no_wrap=True)
    heads = [
        "trained on",
        "tested on",
        "lines",
        "r",
        "Spearman",
        "r within tissue",
        "r own screen",
        "screens agree (r)",
    ]
    for head in heads:
        table.add_column(head, justify="right")
    columns = ["pearson", "spearman", "within_tissue_pearson", "own_screen_pearson", "screens_agree"]
    for direction in DIRECTIONS:
        part = mean[(mean["trained_on"] == direction[0]) & (mean["tested_on"] == direction[1])]
        for _, row in part.sort_values("pearson", ascending=False).iterrows():
            table.add_row(row["drug"], *direction, f"{row['n']:.0f}", *[number(row[name]) for name in columns])
        low, high = found.intervals[direction]
        over = [number(part[name].mean(), ".3f") for name in columns]
        over[0] = f"{over[0]} ({low:.3f} to {high:.3f})"
        table.add_row(f"mean of {len(part)}", *direction, "", *over, end_section=True, style="bold")
    table.caption = (
        "r: predictions in the screen trained on against measurements of the other. Own screen: the same predictions "
        "against the screen trained on. Screens agree: the two measurements, no model. Interval: bootstrap over lines."
    )
    wide(console).print(table)


def print_elsewhere(found: Elsewhere, name: str, console: Console | None = None) -> None:
    """A laboratory's drugs one by one, then the means."""
    console = wide(console)
    repeats = found.table["repeat"].nunique()
    shown = found.table.groupby(["measure", "drug", "lines", "profile"], sort=False)[
        ["n", "pearson", "spearman"]
    ].mean()
    columns = list(dict.fromkeys(zip(found.table["lines"], found.table["profile"], strict=True)))
    columns.sort(key=lambda column: (column[1] == "measured in GDSC", column[0] != "held out"))
    table = Table(title=f"{name}: Pearson's r per drug (lines)" + _again(repeats), header_style="bold", box=None)
    for head in ["measure", "drug", *(_head(*column) for column in columns)]:
        table.add_column(head, justify="left" if head in ("measure", "drug") else "right")
    wide_table = pd.DataFrame(shown.unstack(["lines", "profile"]))
    for (measure, drug), row in zip(wide_table.index.tolist(), wide_table.to_dict("records"), strict=True):
        cells = [f"{number(row['pearson', *column])} ({row['n', *column]:.0f})" for column in columns]
        table.add_row(measure, drug, *cells)
    console.print(table)
    means = Table(title=f"{name}: mean over drugs", header_style="bold", box=None)
    heads = ["measure", "lines and profile", "drugs", "lines", "r (95 % over lines)", "Spearman"]
    for place, head in enumerate(heads + (["sd over splits"] if repeats > 1 else [])):
        means.add_column(head, justify="left" if place < 2 else "right")
    for (measure, lines, profile), mean in zip(found.means.index.tolist(), found.means.to_dict("records"), strict=True):
        cells = [f"{mean['n_drugs']:.0f}", f"{mean['n_lines']:.0f}"]
        cells += [f"{mean['pearson']:.3f} ({mean['low']:.3f} to {mean['high']:.3f})", number(mean["spearman"], ".3f")]
        cells += [number(mean["spread"], ".3f")] if repeats > 1 else []
        means.add_row(measure, _head(lines, profile), *cells)
    means.caption = (
        "All: the model was trained on all GDSC lines, most of these among them. Held out: it saw neither the line nor "
        "its donor. Measured in GDSC: no model, GDSC's own measurement of the shared lines."
    )
    console.print(means)


def print_repeats(found: Repeated, protocol: str, console: Console | None = None) -> None:
    """Mean, standard deviation and range over the splits of each number."""
    table = Table(title=f"{protocol}: {len(found.summaries)} splits", header_style="bold", box=None)
    for place, head in enumerate(("number", "mean", "sd", "lowest", "highest")):
        table.add_column(head, justify="left" if place == 0 else "right")
    for key, values in found.summaries.items():
        name = str(key)
        if name.endswith(("_low", "_high")) or name in ("n_lines", "n_assays", "seconds"):
            continue
        shown = [values.mean(), values.std(), values.min(), values.max()]
        label = name.removeprefix("lco_").replace("_", " ")
        table.add_row(label, *[number(value, ".3f") for value in shown])
    low, high = found.summaries["lco_pearson_low"].min(), found.summaries["lco_pearson_high"].max()
    seeds = ", ".join(map(str, found.summaries.index))
    table.caption = f"Seeds {seeds}. Widest 95 % interval over lines of Pearson: {low:.3f} to {high:.3f}."
    wide(console).print(table)


def _head(lines: str, profile: str) -> str:
    return profile if profile == "measured in GDSC" else f"{lines}, {profile} profile"


def _again(repeats: int) -> str:
    return f", mean of {repeats} splits" if repeats > 1 else ""


def difference(row: pd.Series, name: str) -> str:
    """`-0.012 (-0.020 to -0.004)`; empty for the variant that others are measured against."""
    if row[name] == 0 and row[f"{name}_low"] == 0:
        return ""
    return f"{row[name]:+.3f} ({row[f'{name}_low']:+.3f} to {row[f'{name}_high']:+.3f})"


def effect(row: pd.Series, name: str) -> str:
    """`-0.63 (-0.85 to -0.41)`; a dash where there is none."""
    if np.isnan(row[name]):
        return "-"
    return f"{row[name]:+.2f} ({row[f'{name}_low']:+.2f} to {row[f'{name}_high']:+.2f})"


def number(value: float, form: str = ".2f") -> str:
    """The number, or a dash where there is none."""
    return "-" if value is None or np.isnan(value) else format(value, form)


def wide(console: Console | None = None) -> Console:
    """A console that does not fold tables where the output is no terminal."""
    console = console or PlainConsole()
    return console if console.is_terminal else PlainConsole(width=140)
