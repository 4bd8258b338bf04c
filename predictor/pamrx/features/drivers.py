"""Which mutations count as drivers.

The training alterations are driver-filtered gene flags (Iorio, Cell 2016), so a user's unfiltered variants must pass
a like filter before they may set the same flag:

1. the file's own word (`cbp_driver`), where it gives one;
2. a row of `knowledge/hotspots.csv`: exact change, then residue, then range; a row marked passenger or uncertain
   keeps the flag unset. A range is of one kind of change (missense, in-frame deletion or insertion, truncation, splice)
   and holds a change that overlaps it;
3. a truncating variant of a tumour suppressor (`knowledge/genes.csv`, role tumour_suppressor or both);
4. otherwise no driver: a missense change without evidence is not one.

Both tables are staged (`pamrx.knowledge`): every function takes the version to go by, a bundle's or the newest.

A range of missense changes stands for a domain of which the training counts nearly all: of the lines with a
non-synonymous call in TP53, 93 % carry the training's flag (`benchmarks/drivers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pandas as pd

from pamrx.identifiers.protein_change import substitutions
from pamrx.knowledge import NEWEST, table

TRUNCATING = frozenset(
    {"Frame_Shift_Del", "Frame_Shift_Ins", "Nonsense_Mutation", "Splice_Site", "Translation_Start_Site"}
    | {"Start_Codon_SNP", "Start_Codon_Del", "Start_Codon_Ins"}  # Oncotator's words for the loss of the start
)
SILENT = frozenset(
    {"Silent", "Splice_Region", "RNA", "lincRNA", "Intron", "IGR", "3'UTR", "5'UTR", "3'Flank", "5'Flank"}
)
PASSENGERS_APART = 2
"""The first version of the tables by which a listed passenger is no change of its gene."""

IN_FRAME = {"In_Frame_Del": "deletion", "In_Frame_Ins": "insertion"}
_UNTOLD = frozenset({"", "Unknown", "Targeted_Region"})
# `H1047R`, `E746_A750del`, and as Oncotator and ANNOVAR write it `44_45del`, `600_600D>DSSD`, `VK600_601E`.
_CHANGE = re.compile(r"^(?:p\.)?([A-Z*]*)(\d{1,9})(?:_[A-Z*]?(\d{1,9}))?(.*)$")
_MISSENSE = re.compile(r"([A-Z])\d+(?!\1)[A-Z]")  # a silent `T125T` is none
_WRITTEN = {
    "missense": _MISSENSE,
    "deletion": re.compile(r"[A-Z]*\d+(_[A-Z]?\d+)?del"),
    "insertion": re.compile(r"[A-Z]*\d+(_[A-Z]?\d+)?(ins[A-WYZ]+|dup)"),
}
_STOP = re.compile(r".*(fs.*|[^t]\*)")  # not the extension of a lost stop, `*404Yext*12`
_UNCHANGED = re.compile(r"([A-Z*])\d+(\1|=)")
_SPAN = re.compile(r"^(\d+)-(\d+) (?:in-frame )?(\w+)$")


def driver_calls(mutations: pd.DataFrame, version: int = NEWEST) -> pd.Series:
    """True where a mutation counts as a driver.

    Parameters
    ----------
    mutations : the long table of `Profiles.mutations`: gene (training symbol), variant_classification, hgvsp, driver.
    version : of the knowledge tables.

    Returns
    -------
    bool per row, same index.
    """
    called = _per_distinct(mutations, partial(_by_rule, version=version)).astype(bool)
    annotated = mutations["driver"].notna()
    called[annotated] = mutations.loc[annotated, "driver"].astype(bool)
    return called


def non_synonymous(mutations: pd.DataFrame, version: int = NEWEST) -> pd.Series:
    """True where a mutation changes the protein or a splice site, driver or not; parameters as `driver_calls`.

    From version 2 of the tables on, a change that they list as a passenger is left out: it moves no prediction.
    """
    return _per_distinct(mutations, partial(_changes_protein, version=version)).astype(bool)


def ambiguous_changes(mutations: pd.DataFrame, version: int = NEWEST) -> pd.Series:
    """True where the protein change is not given and decides: missense or in-frame, in a gene that has hotspots."""
    known = mutations["gene"].isin(list(_hotspots(version))) & mutations["driver"].isna()
    by_change = mutations["variant_classification"].isin(["Missense_Mutation", *IN_FRAME])
    return known & by_change & (mutations["hgvsp"].fillna("") == "")


def variant_classes(mutations: pd.DataFrame, version: int = NEWEST) -> pd.Series:
    """What each mutation does to its gene, from consequence and protein change; parameters as `driver_calls`.

    Returns
    -------
    One word per row, same index: activating (a hotspot that the table says activates), truncating (frame shift, stop,
    splice site, lost start), damaging (a change that the table says loses function), other. A change that the file
    itself calls a driver, without saying more, is damaging in a tumour suppressor and activating in an
    oncogene.
    """
    words = _per_distinct(mutations, partial(_class_of, version=version))
    driver = mutations["driver"].fillna(False).astype(bool) & (words == "other")
    role = mutations["gene"].map(_roles(version))
    words = words.mask(driver & (role == "tumour_suppressor"), "damaging")
    return words.mask(driver & (role == "oncogene"), "activating")


@cache
def training_symbol(version: int = NEWEST) -> dict[str, str]:
    """Current Hugo symbol to the symbol that the training alterations use (KMT2D to MLL2)."""
    genes = table("genes", version)
    renamed = genes[(genes["current_symbol"] != "") & (genes["current_symbol"] != genes["gene"])]
    return dict(zip(renamed["current_symbol"], renamed["gene"], strict=True))


def _per_distinct(mutations: pd.DataFrame, rule: Callable[[str, str, str], object]) -> pd.Series:
    """`rule(gene, variant_classification, hgvsp)` of each row, computed once for each distinct mutation."""
    parts = [pd.factorize(mutations[name].fillna("")) for name in ("gene", "variant_classification", "hgvsp")]
    code = np.zeros(len(mutations), dtype=np.int64)
    for codes, words in parts:
        code = code * len(words) + codes
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    keys = zip(*(words.to_numpy(dtype=object)[codes[first]] for codes, words in parts), strict=True)
    values = np.array([rule(*key) for key in keys], dtype=object)
    return pd.Series(values[which], index=mutations.index, dtype=object)


def _changes_protein(gene: str, variant_classification: str, hgvsp: str, version: int) -> bool:
    text = hgvsp.removeprefix("p.")
    if variant_classification in SILENT or _UNCHANGED.fullmatch(text):
        return False
    kinds = _kinds(variant_classification, text)
    return version < PASSENGERS_APART or _hotspot_effect(gene, text, kinds, version) != "passenger"


def _class_of(gene: str, variant_classification: str, hgvsp: str, version: int) -> str:
    text = hgvsp.removeprefix("p.")
    kinds = _kinds(variant_classification, text)
    effect = _hotspot_effect(gene, text, kinds, version)
    if effect == "activating":
        return "activating"
    if "truncation" in kinds:
        return "truncating"
    return "damaging" if effect == "loss" else "other"


def _by_rule(gene: str, variant_classification: str, hgvsp: str, version: int) -> bool:
    text = hgvsp.removeprefix("p.")
    kinds = _kinds(variant_classification, text)
    effect = _hotspot_effect(gene, text, kinds, version)
    if effect:
        return effect in ("activating", "loss")
    return "truncation" in kinds and gene in _suppressors(version)


def _kinds(variant_classification: str, text: str) -> tuple[str, ...]:
    """What kinds of change it is, as ranges name them; the class decides, the text only where no class is given."""
    if variant_classification in TRUNCATING:
        # Some annotators call a change truncating, or one at a splice site, and write one that keeps the frame.
        written = [kind for kind, pattern in _WRITTEN.items() if pattern.fullmatch(text)]
        return ("splice" if variant_classification == "Splice_Site" else "", "truncation", *written)
    if variant_classification in IN_FRAME:
        return (IN_FRAME[variant_classification],)
    if _MISSENSE.fullmatch(text):
        return ("missense",)
    return ("truncation",) if variant_classification in _UNTOLD and _STOP.fullmatch(text) else ()


def _hotspot_effect(gene: str, text: str, kinds: tuple[str, ...], version: int) -> str:
    change = _CHANGE.match(text)
    if not change or gene not in _hotspots(version):
        return ""
    exact, residues, spans = _hotspots(version)[gene]
    if effect := exact.get(text):
        return effect
    if "missense" in kinds and (effect := residues.get(text[:-1])):
        return effect
    # Neighbouring residues replaced together: E545_Q546delinsKK holds E545K.
    effects = [exact.get(one) or residues.get(one[:-1], "") for one in substitutions(text)]
    if told := next((effect for effect in effects if effect in ("activating", "loss")), ""):
        return told
    first, last = int(change[2]), int(change[3] or change[2])
    for start, end, kind, effect in spans:
        if kind in kinds and first <= end and start <= last:
            return effect
    return ""


@cache
def _hotspots(version: int) -> dict[str, tuple[dict[str, str], dict[str, str], list[tuple[int, int, str, str]]]]:
    """gene -> (exact changes, residues, ranges), each with its effect."""
    found: dict[str, tuple[dict[str, str], dict[str, str], list[tuple[int, int, str, str]]]] = {}
    for row in table("hotspots", version).itertuples():
        exact, residues, spans = found.setdefault(str(row.gene), ({}, {}, []))
        if row.match == "exact":
            exact[str(row.residue_change)] = str(row.effect)
        elif row.match == "residue":
            residues[str(row.residue_change)] = str(row.effect)
        elif span := _SPAN.match(str(row.residue_change)):
            spans.append((int(span[1]), int(span[2]), span[3], str(row.effect)))
    return found


@cache
def _roles(version: int) -> dict[str, str]:
    genes = table("genes", version)
    return dict(zip(genes["gene"], genes["role"], strict=True))


@cache
def _suppressors(version: int) -> frozenset[str]:
    genes = table("genes", version)
    return frozenset(genes.loc[genes["role"].isin(["tumour_suppressor", "both"]), "gene"])
