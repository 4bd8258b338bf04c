"""Mutations that look like those of a targeted panel although none is named: then all other genes count as wild type.

An exome of few mutations has few genes, too, but most of them mutated in one tumour only: 193 exomes of acute
myeloid leukaemia (TCGA-LAML, few mutations per tumour) have 1,611 mutated genes, and 64 % of the genes mutated in a
tumour are mutated in no other; in 30 of them, 80 %. In a panel the same genes come again: in 30 tumours of TCGA-ACC and
-LAML cut to the genes of MSK-IMPACT 18 to 48 %, in 60 17 to 34 %.
"""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from pamrx.identifiers.gene_ids import name_genes
from pamrx.knowledge.panels import Panel, all_panels, find_panel
from pamrx.readers.mutations.table import Mutations

_LEAST_SAMPLES = 10
_MOST_GENES = 1700  # the largest targeted panel of cBioPortal's datahub has 1,651
_ALONE = 0.5  # share of mutated genes of a sample that are mutated in no other, from which on it is an exome
_INSIDE = 0.97  # share of the mutated genes that a panel holds, where it is likely the one; symbols change
_FEW_GENES = 10  # too few to tell panels apart
_UNSEEN = 5  # a panel has up to so many times the genes that are estimated to be ever mutated
_IMPACT = re.compile(r"P-\d+-T\d+-IM(\d)")
_IMPACT_PANELS = {"3": "msk-impact-341", "5": "msk-impact-410", "6": "msk-impact-468", "7": "msk-impact-505"}


def likely_panel_notes(mutations: Mutations, source: str, study: bool = False) -> list[str]:
    """A note on mutations without a panel that look like a panel's; none where they do not.

    Parameters
    ----------
    source : what messages call the file.
    study : whether the file belongs to a study folder, whose meta file names the panel.
    """
    rows = mutations.rows
    if rows.empty or mutations.drivers_only or rows["gene"].nunique() > _MOST_GENES:
        return []
    hits = rows[["sample_id", "gene"]].astype(str).drop_duplicates()
    counts = hits["gene"].value_counts()
    if named := _by_sample_names(mutations.samples, set(counts.index)):
        sample, panel = named
        return [
            f"{source}: its samples are named as MSK-IMPACT names them (such as {sample}: {panel.name}), yet no panel "
            f"is named: genes outside it count as wild type; {_advice(panel, study)}"
        ]
    samples = hits["sample_id"].nunique()
    if samples < _LEAST_SAMPLES:
        return []
    inside = {panel: len(_genes(panel) & set(counts.index)) for panel in all_panels()}
    likely = _likely(counts, inside)
    alone = (counts == 1).sum() / len(hits)
    if likely is None and alone > _ALONE:
        return []
    near = likely or max(inside, key=lambda panel: (inside[panel], -len(panel.genes)))
    told = ""
    if len(counts) >= _FEW_GENES and inside[near] > len(counts) / 2:
        told = f" (nearest: {near.name}, {inside[near]} of {len(counts)} genes inside)"
    genes = f"{len(counts)} gene{'s' if len(counts) > 1 else ''}"
    return [
        f"{source}: mutations in only {genes} over {samples} samples: looks like a targeted panel{told}, yet no panel "
        f"is named: genes outside it count as wild type; {_advice(likely, study)}"
    ]


def _likely(counts: pd.Series, inside: dict[Panel, int]) -> Panel | None:
    """The smallest panel that holds the mutated genes, unless it has far more than can be among them (Chao's estimate
    of how many there are, from those seen once and twice)."""
    if len(counts) < _FEW_GENES:
        return None
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    expected = len(counts) + once * (once - 1) / (2 * (twice + 1))
    fits = [
        panel
        for panel, held in inside.items()
        if held >= _INSIDE * len(counts) and len(panel.genes) <= _UNSEEN * expected
    ]
    return min(fits, key=lambda panel: len(panel.genes), default=None)


def _by_sample_names(samples: tuple[str, ...], genes: set[str]) -> tuple[str, Panel] | None:
    """The smallest MSK-IMPACT panel that the samples' names tell, and a sample of it; only where all names tell one."""
    found = [_IMPACT.fullmatch(name) for name in samples]
    panels = [(find_panel(_IMPACT_PANELS.get(match[1], "")), match[0]) for match in found if match]
    known = [(panel, name) for panel, name in panels if panel is not None]
    if not samples or len(known) < len(samples):
        return None
    panel, name = min(known, key=lambda one: len(one[0].genes))
    return (name, panel) if len(genes & _genes(panel)) >= len(genes) / 2 else None


@cache
def _genes(panel: Panel) -> frozenset[str]:
    """Its genes by the names that pamrx writes."""
    return frozenset(name_genes(list(panel.genes), entrez=False, guarded=False)["name"])


def _advice(panel: Panel | None, study: bool) -> str:
    if study:
        name = panel.name if panel else "NAME"
        file = "" if panel else " and put its genes in the folder as data_gene_panel_NAME.txt"
        line = f"`gene_panel: {name}`"
        return f"if only its genes were tested, add the line {line} to the meta_mutations.txt of the study{file}"
    if panel:
        return f"if only its genes were tested, use --panel {panel.name}"
    return "if only some genes were tested, give them with --panel: a panel's name, or a file of symbols, one per line"
