"""The ranking of drugs as tables of at most 80 columns."""

from __future__ import annotations

import math

import pandas as pd
from pamrx.console.console import PlainConsole
from rich.console import Console
from rich.table import Table

from pamrx_training.evaluation.ranked import Ranked, judged_on_both
from pamrx_training.evaluation.ranking import ACROSS, ALL, BEYOND, CLINICAL, COMMONEST, PLAIN, SPECIFIC, TOOLS, WITHIN
from pamrx_training.evaluation.ranking_scores import BASELINES, GATE

WIDTH = 80

HEADS = {
    "first_pick": "first pick",
    "top_three": "top three",
    "rho": "rho",
    "auc": "ROC AUC",
    "top_tenth": "top tenth",
    BEYOND: "beyond range",
    TOOLS: "tool compounds",
    COMMONEST: "three commonest",
}
GROUPS = {CLINICAL: "approved and in trials", ALL: "with tool compounds"}
TRUTHS = {PLAIN: "ln IC50", SPECIFIC: "drug-specific response"}


def print_ranking(found: Ranked, console: Console | None = None) -> None:
    """Each order of drugs by group of drugs and truth, what it adds to the baselines, and whether it passes."""
    console = console or PlainConsole()
    if not console.is_terminal:
        console = PlainConsole(width=WIDTH)
    groups = list(dict.fromkeys(found.table["drugs"]))
    tables = [_measures(found.table, group, truth) for group in groups for truth in found.truths]
    tables += [_differences(found.table, groups[0], truth, other) for truth in found.truths for other in GATE[truth]]
    tables += [_picks(found.table, group) for group in groups]
    seeds = " and ".join(map(str, found.seeds))
    console.print(
        f"Order of drugs inside a tumour, and of tumours for a drug, out of fold (seed {seeds}). "
        f"{lines_judged(found)} lines have {found.fewest} or more of {found.n_drugs} drugs measured."
    )
    for table in tables:
        console.print()
        console.print(table)
    console.print()
    for line in verdict(found):
        console.print(line)


def lines_judged(found: Ranked) -> int:
    """How many lines an order inside a tumour was judged on."""
    return int(found.table.loc[found.table["measure"] == "first_pick", "n"].max())


def verdict(found: Ranked) -> list[str]:
    """A sentence, then one for each order that is no baseline: whether it beats them, and where that is least clear."""
    missing = "" if judged_on_both(found) else " (no drug-specific response: judged on ln IC50 alone)"
    out = [f"Better than percentile and tissue table in top three and rho, lower limit above 0{missing}?"]
    for score, row in found.verdicts.iterrows():
        word = "yes" if row["passes"] else "no"
        out.append(
            f"{named(str(score))}: {word}. Least clear: {HEADS[row['measure']]} on {TRUTHS[row['truth']]}, minus "
            f"{named(row['against'])}: {with_interval(row)}"
        )
    return out


def _measures(table: pd.DataFrame, group: str, truth: str) -> Table:
    part = table[(table["drugs"] == group) & (table["truth"] == truth) & (table["against"] == "")]
    wide = part.pivot(index="score", columns="measure", values="value")
    shown = [name for name in (*WITHIN, *ACROSS) if name in wide.columns]
    out = Table(
        title=f"{drugs_named(group)}; truth: {TRUTHS[truth]}", header_style="bold", box=None, title_justify="left"
    )
    out.add_column("order", no_wrap=True)
    for name in shown:
        out.add_column(HEADS[name], justify="right")
    for score in dict.fromkeys(part["score"]):
        out.add_row(named(score), *[numbered(value) for value in wide.loc[score, shown].to_numpy(dtype=float)])
    if "first_pick" in shown:
        rows = part[part["measure"] == "first_pick"]
        widest = (rows["high"] - rows["low"]).max() / 2
        out.caption = (
            "First pick, top three: share truly in the most sensitive fifth of lines. Top tenth: of the lines that "
            f"come first for a drug. 95 % limits of a first pick: up to {widest:.3f} to either side."
        )
        out.caption_justify = "left"
    return out


def _differences(table: pd.DataFrame, group: str, truth: str, other: str) -> Table:
    part = table[(table["drugs"] == group) & (table["truth"] == truth) & (table["against"] == other)]
    title = f"Minus {named(other)}; truth: {TRUTHS[truth]}"
    out = Table(title=title, header_style="bold", box=None, title_justify="left")
    out.add_column("order", no_wrap=True)
    measures = [name for name in ("top_three", "rho") if name in set(part["measure"])]
    for name in measures:
        out.add_column(f"{HEADS[name]} (95 %)", justify="right", no_wrap=True)
    for score in dict.fromkeys(part["score"]):
        if score in BASELINES:
            continue
        rows = part[part["score"] == score].set_index("measure")
        out.add_row(named(score), *[with_interval(rows.loc[name]) for name in measures])
    return out


def _picks(table: pd.DataFrame, group: str) -> Table:
    part = table[(table["drugs"] == group) & (table["truth"] == PLAIN) & (table["against"] == "")]
    wide = part.pivot(index="score", columns="measure", values="value")
    shown = [name for name in (BEYOND, TOOLS, COMMONEST) if name in wide.columns]
    out = Table(title=f"First picks. {drugs_named(group)}", header_style="bold", box=None, title_justify="left")
    out.add_column("order", no_wrap=True)
    for name in shown:
        out.add_column(HEADS[name], justify="right")
    for score in dict.fromkeys(part["score"]):
        out.add_row(named(score), *[f"{value:.0%}" for value in wide.loc[score, shown].to_numpy(dtype=float)])
    out.caption = (
        "Beyond range: measured IC50 above the highest concentration tested. Three commonest: lines whose first pick "
        "is one of the three drugs picked most often."
    )
    out.caption_justify = "left"
    return out


def drugs_named(group: str) -> str:
    return f"Drugs {GROUPS.get(group, group)}"


def named(score: str) -> str:
    return score.replace("_", " ")


def numbered(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def with_interval(row: pd.Series) -> str:
    return f"{row['value']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"
