"""Cells of a gene column that are not one symbol as it is written: several symbols, other case, hyphens.

`name_genes` names labels that are symbols, aliases or ids as they stand. What it does not know is tried here as people
write genes in tables of variants: `PTEN;KLLN` (a variant that lies in both), `pten`, `Pik3ca`, `c-Met`, `K-Ras`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

import pandas as pd

from pamrx.display import short_repr
from pamrx.identifiers.gene_ids import MAPPED, OWN, UNKNOWN, name_gene, name_genes
from pamrx.knowledge import table

SPELLED = "symbol in other case or with other signs"
PARTED = "one of several symbols in a cell"

_BETWEEN = re.compile(r"[;,/|&\s]+")
_TRANSCRIPT_TAIL = re.compile(r"_ENST\d{11}(\.\d+)?$")  # COSMIC's genes beside their main transcript
_OTHER_GENE = re.compile(r"-(AS|IT|OT|DT|IN)\d*$|P\d*$", re.IGNORECASE)  # antisense, divergent, pseudogene
_ODD = re.compile(r"[^A-Z0-9]")  # what other spellings and several symbols show by
_LETTERS = re.compile(r"[^A-Za-z0-9]+")


@short_repr
@dataclass(frozen=True)
class GeneCells:
    """`names`: one row per label as `name_genes` gives it (of several symbols the first name); `symbols`: label -> the
    names of all its genes that are known, or the label itself."""

    names: pd.DataFrame
    symbols: dict[str, tuple[str, ...]]


def name_gene_cells(labels: Iterable[str], known: Collection[str] = (), *, entrez: bool = False) -> GeneCells:
    """The names that pamrx writes for the genes of each cell; parameters as `name_genes`.

    Of a cell of several symbols the genes of the axis count, else all that are known. Each label is named by itself, so
    that a sample reads alike alone and among others; whether all are mouse genes is for who reads a whole file to ask.
    """
    given = list(labels)
    names = name_genes(given, known, entrez=entrez, guarded=False)
    symbols: dict[str, tuple[str, ...]] = {}
    for label, name in zip(names["given"], names["name"], strict=True):
        symbols[label] = (name,)
    lost = (names["how"] == UNKNOWN) & names["given"].map(lambda label: bool(_ODD.search(label)))
    for place in names.index[lost]:
        label = str(names.at[place, "given"])
        found, how = _parted(label, known)
        if not found:
            found, how = _respelled(label, known), SPELLED
        if found:
            symbols[label] = found
            names.loc[place, ["name", "how"]] = (found[0], how)
    return GeneCells(names, symbols)


def like_axis_genes(labels: Iterable[str]) -> list[str]:
    """Those of labels without a known gene that look like a gene of the axis: `PTEN.1`, `AKT`, `PIK3CA_mut`."""
    return [label for label in dict.fromkeys(labels) if _is_like(label)]


@cache
def axis_genes() -> frozenset[str]:
    """Symbols, own and current, of the genes that have a place on the axis or known hotspots."""
    genes = table("genes")
    hot = set(table("hotspots")["gene"])
    chosen = genes[(genes["level"] != "") | genes["gene"].isin(list(hot))]
    return frozenset(name for name in {*chosen["gene"], *chosen["current_symbol"]} if name)


def _parted(label: str, known: Collection[str]) -> tuple[tuple[str, ...], str]:
    label = _TRANSCRIPT_TAIL.sub("", label)
    parts = [part for part in _BETWEEN.split(label) if part]
    found = [name_gene(part, known) for part in parts]
    sure = dict.fromkeys(name for name, how in found if how in (OWN, *MAPPED))
    of_axis = tuple(name for name in sure if name in axis_genes())
    return of_axis or tuple(sure), PARTED


def _respelled(label: str, known: Collection[str]) -> tuple[str, ...]:
    upper = label.upper()
    plain = _LETTERS.sub("", upper)
    tries = [upper, plain]
    if re.match(r"[CNV][-_ ]", upper):  # c-Met, v-Raf: the cellular and the viral form of a gene
        tries.append(plain[1:])
    for spelling in dict.fromkeys(tries):
        name, how = name_gene(spelling, known)
        if spelling != label and len(spelling) > 1 and how in (OWN, *MAPPED):
            return (name,)
    return ()


def _is_like(label: str) -> bool:
    upper = label.upper()
    genes = axis_genes()
    if not upper or _OTHER_GENE.search(upper):
        return False
    if any(part in genes for part in _LETTERS.split(upper) if len(part) > 2):
        return True
    return upper in _families()


@cache
def _families() -> frozenset[str]:
    """Names of families of at least two genes of the axis: AKT, TSC, RAS."""
    stems = Counter(stem for gene in axis_genes() for stem in {gene[1:], gene[:-1] if gene[-1:].isdigit() else ""})
    return frozenset(stem for stem, count in stems.items() if count > 1 and len(stem) > 2)
