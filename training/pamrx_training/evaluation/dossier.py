"""Sections of a model card beside the headline: other protocols, ablation, other laboratories, peers; as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.display import short_repr

from pamrx_training.datasets.gcsi import load_gcsi
from pamrx_training.datasets.nci60 import load_nci60
from pamrx_training.evaluation.ablation import ablate
from pamrx_training.evaluation.biology import biology
from pamrx_training.evaluation.evidence_tables import difference, effect, number
from pamrx_training.evaluation.laboratories import elsewhere
from pamrx_training.evaluation.relations import DRIVERS
from pamrx_training.evaluation.repeats import evaluate_repeats
from pamrx_training.evaluation.screens import DIRECTIONS, across_screens
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import leave_cell_line_out, leave_tissue_out

PEERS_FOLDER, PEERS_TEXT = "peers", "peers.md"
"""In the data cache: the table that `benchmarks/peers.py` writes."""


@short_repr
@dataclass(frozen=True)
class Section:
    """A part of the card: a title, a sentence on how it was measured, a table (none where `how` says it all)."""

    title: str
    how: str
    table: pd.DataFrame | None = None

    def text(self) -> str:
        table = "" if self.table is None else f"\n\n{markdown(self.table)}"
        return f"### {self.title}\n\n{self.how}{table}"


def dossier(cohort: Cohort, context: RunContext, data_dir: Path | None = None) -> list[Section]:
    """Every protocol of `pamrx evaluate` on these lines; laboratories where `data_dir` holds them.

    Finished fits are read from the store of `context`, so that a run that was stopped goes on. Peers are told where
    `benchmarks/peers.py` has left its table in the data cache.
    """
    seed, store = context.seed, context.store
    lines = [(seed, leave_cell_line_out(cohort, seed=seed))]
    tissues = [(seed, leave_tissue_out(cohort, seed=seed))]
    n = len(cohort.lines)
    found = [
        Section(
            "What each block adds",
            f"Five-fold leave-cell-line-out, {n} lines, seed {seed}; differences are paired, 95 % over lines. Blocks "
            "overlap: a block that can be missed beside the others may still hold much (`alone`).",
            ablation_table(ablate(cohort, lines, "both", context).table),
        ),
        Section(
            "Tissues that the model never saw",
            f"Five-fold leave-tissue-out, {n} lines, seed {seed}.",
            unseen_tissues(evaluate_repeats(cohort, tissues, context).summaries),
        ),
        Section(
            "The other screen",
            "Trained on one screen, compared with the other screen's measurements of the same drugs on unseen lines.",
            other_screen(cohort, lines, context),
        ),
    ]
    known = biology(cohort, lines[0], context).relations
    how = (
        "Tissue-centred effect of an alteration, measured and predicted out of fold, in standard deviations of either "
        "side (docs/evidence.md says how it is judged). *: all calls of a gene panel, not drivers alone."
    )
    found.append(Section("Known biology", how, known_biology(known)))
    for name in ("nci60", "gcsi"):
        if data_dir is not None and (data_dir / name).is_dir():
            laboratory = load_gcsi(data_dir) if name == "gcsi" else load_nci60(data_dir, cohort.cell_lines["tissue"])
            means = elsewhere(cohort, laboratory, [seed], context).means
            how = "Held out: the model saw neither line nor donor. All: it was trained on GDSC's data of most lines."
            found.append(Section(f"Another laboratory: {name}", how, other_laboratory(means)))
    peers = None if store is None else store.folder.parent / PEERS_FOLDER / PEERS_TEXT
    if peers is not None and peers.is_file():
        found.append(Section("Beside other models", peers.read_text(encoding="utf-8").strip()))
    return found


def ablation_table(table: pd.DataFrame) -> pd.DataFrame:
    """Columns of text from `Ablation.table`."""
    return pd.DataFrame(
        {
            "blocks": list(map(str, table.index)),
            "Pearson": table["pearson"].map("{:.3f}".format).to_numpy(),
            "minus all blocks": [difference(row, "difference") for _, row in table.iterrows()],
            "within tissue": table["within_tissue"].map("{:.3f}".format).to_numpy(),
            "minus all blocks ": [difference(row, "within_difference") for _, row in table.iterrows()],
        }
    )


def known_biology(relations: pd.DataFrame) -> pd.DataFrame:
    """Columns of text from `Biology.relations`."""
    rows = []
    for _, row in relations.iterrows():
        star = "" if row["calls"] == DRIVERS else "*"
        told = [effect(row, side) for side in ("measured", "predicted_scaled")]
        rows.append((row["relation"] + star, row["direction"], f"{row['altered']:.0f}", *told, row["agreement"]))
    return pd.DataFrame(rows, columns=["relation", "known", "lines", "measured", "predicted", "verdict"])


def unseen_tissues(summaries: pd.DataFrame) -> pd.DataFrame:
    """Columns of text from `Repeated.summaries` of one split."""
    rows, summary = [], summaries.iloc[0]
    for name, key in (("pamrx", "lco_pearson"), ("ridge per assay", "lco_pearson_ridge")):
        within = "lco_within_tissue_pearson" if name == "pamrx" else "lco_ridge_within_tissue_pearson"
        between = f"{summary[f'{key}_low']:.3f} to {summary[f'{key}_high']:.3f}"
        rows.append((name, f"{summary[key]:.3f}", between, f"{summary[within]:.3f}"))
    return pd.DataFrame(rows, columns=["model", "Pearson", "95 % over lines", "within tissue"])


def other_screen(
    cohort: Cohort,
    folds: Sequence[tuple[int, pd.Series]],
    context: RunContext,
) -> pd.DataFrame:
    """Means over drugs of `pamrx_training.evaluation.screens`, both directions."""
    found = across_screens(cohort, folds, context)
    rows = []
    for direction in DIRECTIONS:
        part = found.table[(found.table["trained_on"] == direction[0]) & (found.table["tested_on"] == direction[1])]
        low, high = found.intervals[direction]
        mean = part[["pearson", "within_tissue_pearson", "own_screen_pearson", "screens_agree"]].mean()
        told = [f"{mean['pearson']:.3f} ({low:.3f} to {high:.3f})", *[number(value, ".3f") for value in mean.iloc[1:]]]
        rows.append((*direction, f"{part['drug'].nunique()}", *told))
    heads = ["trained on", "tested on", "drugs", "Pearson (95 %)", "within tissue", "own screen", "screens agree"]
    return pd.DataFrame(rows, columns=heads)


def other_laboratory(means: pd.DataFrame) -> pd.DataFrame:
    """Columns of text from `Elsewhere.means`."""
    rows = []
    for (measure, lines, profile), mean in zip(means.index.tolist(), means.to_dict("records"), strict=True):
        told = f"{mean['pearson']:.3f} ({mean['low']:.3f} to {mean['high']:.3f})"
        rows.append((measure, lines, profile, f"{mean['n_drugs']:.0f}", f"{mean['n_lines']:.0f}", told))
    return pd.DataFrame(rows, columns=["measure", "lines", "profile", "drugs", "lines ", "Pearson (95 %)"])


def markdown(table: pd.DataFrame) -> str:
    """A table of text as Markdown."""
    rows = [[str(name).strip() for name in table.columns], ["---"] * table.shape[1], *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)
