"""A user's own measurements beside the predictions, as tables of at most 80 columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from pamrx.console.console import PlainConsole
from rich.console import Console
from rich.table import Table

from pamrx_training.evaluation.own_measurements import FEW, NO_ORDER, OwnJudgement

WIDTH = 80
WORDS = {
    "coverage": "Share of measurements inside the 90 % interval",
    "bias": "Measured less predicted ln IC50, mean",
    "calibration_slope": "slope of what happened on its log odds (calibrated: 1)",
    "calibration_intercept": "intercept of it (calibrated: 0)",
}


def print_own(found: OwnJudgement, console: Console | None = None) -> None:
    """Notes, each drug, the order inside a sample, and what holds over all cells."""
    console = console or PlainConsole()
    if not console.is_terminal:
        console = PlainConsole(width=WIDTH)
    for note in found.notes:
        console.print(note)
    console.print()
    console.print(_drugs(found.table))
    orders = found.table[found.table["level"] == "order"]
    console.print()
    if (orders["note"] == FEW).all():
        console.print(f"Order of drugs inside a sample: {FEW}; it needs 10 samples of 3 drugs.")
    else:
        console.print(_orders(orders))
    for row in found.table[found.table["level"] == "all"].to_dict("records"):
        name = "" if row["name"] == "ln IC50" else f"{row['name'].replace('_', ' ')}: "
        console.print(f"{name}{WORDS[row['measure']]}: {_interval(row)}")


def _drugs(table: pd.DataFrame) -> Table:
    part = table[table["level"] == "drug"]
    out = Table(title="Each drug, 95 % intervals", header_style="bold", box=None, title_justify="left")
    out.add_column("drug")
    for head in ("samples", "r", "rho", "ROC AUC of the fifth"):
        out.add_column(head, justify="right", no_wrap=head != "samples")
    order = part[part["measure"] == "spearman"].sort_values("value", ascending=False, kind="stable")["name"]
    for drug in order:
        rows = {row["measure"]: row for row in part[part["name"] == drug].to_dict("records")}
        rho = rows["spearman"]["value"]
        cells = [_interval(rows["pearson"]), "-" if math.isnan(rho) else f"{rho:.2f}", _interval(rows["auc"])]
        out.add_row(drug, f"{rows['pearson']['n']:.0f}", *cells)
    return out


def _orders(part: pd.DataFrame) -> Table:
    title = "Order of drugs inside a sample"
    out = Table(title=title, header_style="bold", box=None, title_justify="left")
    out.add_column("order")
    for head in ("measure", "value", "more than by chance (95 %)"):
        out.add_column(head, justify="left" if head == "measure" else "right", no_wrap=True)
    for row in part[part["against"] == ""].to_dict("records"):
        if row["name"].startswith(NO_ORDER):
            continue
        less = part[(part["name"] == row["name"]) & (part["measure"] == row["measure"]) & (part["against"] != "")]
        told = _interval(less.iloc[0].to_dict(), "+.3f") if len(less) else "-"
        value = FEW if math.isnan(row["value"]) else f"{row['value']:.3f}"
        out.add_row(row["name"], row["measure"].replace("_", " "), value, told)
    out.caption = (
        "Clinical: approved drugs and those in trials. First pick, top three: share truly in the most sensitive "
        "fifth of these samples. rho: with the measured ranks."
    )
    out.caption_justify = "left"
    return out


def _interval(row: Mapping[Any, Any], form: str = ".2f") -> str:
    if math.isnan(row["value"]):
        return FEW
    value, low, high = (format(row[name], form) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"
