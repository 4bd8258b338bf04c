"""Which mutations count as drivers.

The training alterations are driver-filtered gene flags (Iorio, Cell 2016), so a user's unfiltered variants must pass
a like filter before they may set the same flag:

1. the file's own word (`cbp_driver`), where it gives one;
2. a row of `knowledge/hotspots.csv`: exact change, then residue, then range; a row marked passenger or uncertain
   keeps the flag unset;
3. a truncating variant of a tumour suppressor (`knowledge/genes.csv`, role tumour_suppressor or both);
4. otherwise no driver: a missense change without evidence is not one.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd

from predictor.knowledge import table

TRUNCATING = frozenset(
    {"Frame_Shift_Del", "Frame_Shift_Ins", "Nonsense_Mutation", "Splice_Site", "Translation_Start_Site"}
)
IN_FRAME = {"In_Frame_Del": "deletion", "In_Frame_Ins": "insertion"}
_CHANGE = re.compile(r"^(?:p\.)?([A-Z*])(\d+)(.*)$")
_SPAN = re.compile(r"^(\d+)-(\d+) (?:in-frame )?(\w+)$")


def driver_calls(mutations: pd.DataFrame) -> pd.Series:
    """True where a mutation counts as a driver.

    Parameters
    ----------
    mutations : the long table of `Profiles.mutations`: gene (training symbol), variant_classification, hgvsp, driver.

    Returns
    -------
    bool per row, same index.
    """
    keys = pd.MultiIndex.from_frame(mutations[["gene", "variant_classification", "hgvsp"]].fillna(""))
    codes, distinct = keys.factorize()
    by_rule = np.fromiter((_by_rule(*key) for key in distinct), dtype=bool, count=len(distinct))
    called = pd.Series(by_rule[codes], index=mutations.index)
    told = mutations["driver"].notna()
    called[told] = mutations.loc[told, "driver"].astype(bool)
    return called


@cache
def training_symbol() -> dict[str, str]:
    """Current Hugo symbol to the symbol that the training alterations use (KMT2D to MLL2)."""
    genes = table("genes")
    renamed = genes[(genes["current_symbol"] != "") & (genes["current_symbol"] != genes["gene"])]
    return dict(zip(renamed["current_symbol"], renamed["gene"], strict=True))


def _by_rule(gene: str, variant_classification: str, hgvsp: str) -> bool:
    effect = _hotspot_effect(gene, variant_classification, hgvsp)
    if effect:
        return effect in ("activating", "loss")
    return variant_classification in TRUNCATING and gene in _suppressors()


def _hotspot_effect(gene: str, variant_classification: str, hgvsp: str) -> str:
    change = _CHANGE.match(hgvsp)
    if not change or gene not in _hotspots():
        return ""
    reference, position, rest = change[1], int(change[2]), change[3]
    exact, residues, spans = _hotspots()[gene]
    if effect := exact.get(f"{reference}{position}{rest}"):
        return effect
    missense = re.fullmatch(r"[A-Z]", rest) is not None
    if missense and (effect := residues.get(f"{reference}{position}")):
        return effect
    kind = "missense" if missense else IN_FRAME.get(variant_classification, "")
    for first, last, wanted, effect in spans:
        if kind == wanted and first <= position <= last:
            return effect
    return ""


@cache
def _hotspots() -> dict[str, tuple[dict[str, str], dict[str, str], list[tuple[int, int, str, str]]]]:
    """gene -> (exact changes, residues, ranges), each with its effect."""
    found: dict[str, tuple[dict[str, str], dict[str, str], list[tuple[int, int, str, str]]]] = {}
    for row in table("hotspots").itertuples():
        exact, residues, spans = found.setdefault(str(row.gene), ({}, {}, []))
        if row.match == "exact":
            exact[str(row.residue_change)] = str(row.effect)
        elif row.match == "residue":
            residues[str(row.residue_change)] = str(row.effect)
        elif span := _SPAN.match(str(row.residue_change)):
            spans.append((int(span[1]), int(span[2]), span[3], str(row.effect)))
    return found


@cache
def _suppressors() -> frozenset[str]:
    genes = table("genes")
    return frozenset(genes.loc[genes["role"].isin(["tumour_suppressor", "both"]), "gene"])
