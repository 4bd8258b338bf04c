"""One change listed more than once: by several callers, for several transcripts, for several aliquots."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from pamrx.identifiers.consequences import severity
from pamrx.identifiers.protein_change import consequence_of
from pamrx.knowledge import table
from pamrx.readers.mutations.columns import ALT, CANONICAL, CHROMOSOME, REF, START

_SHOWN = 3


def without_repeats(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows of one source without those that list a change again, and what is said of them.

    A change is one where sample, gene, consequence and protein change are one, and, where positions and alleles are
    given, where sample, gene, position and allele are. Of several transcripts the row that is marked canonical stands,
    else one whose change is a known hotspot, else the most severe, else the first.
    """
    group = _codes(rows, ["sample_id", "gene"])
    again = _repeats(group)
    if not again.any():
        return rows, []
    places = np.flatnonzero(again)
    some, group = rows.iloc[places], group[places]
    dropped = np.zeros(len(some), dtype=bool)
    said = _combined(group, _codes(some, ["variant_classification", "hgvsp", "driver"]))
    placed = {CHROMOSOME, START, ALT} <= set(rows.columns)
    at = (some[START].astype(object).fillna("") != "").to_numpy() if placed else np.zeros(len(some), dtype=bool)
    dropped |= pd.Series(said).duplicated().to_numpy() & (some["hgvsp"] != "").to_numpy() & ~at
    if placed:
        dropped |= _other_transcripts(some, group, at)
    notes = []
    if dropped.any():
        notes.append(
            f"{int(dropped.sum())} rows list a change of their sample again (caller or transcript): counted once"
        )
    if not placed:
        notes += _alike(some[~dropped])
    gone = np.zeros(len(rows), dtype=bool)
    gone[places[dropped]] = True
    return rows[~gone], notes


@cache
def hot_genes() -> frozenset[str]:
    """Genes with known hotspots."""
    return frozenset(table("hotspots")["gene"])


def is_hotspot(gene: str, change: str) -> bool:
    """Whether a change, or its residue, stands in the table of hotspots: then it is numbered as everyone numbers it."""
    text = change.removeprefix("p.")
    return (gene, text) in _hotspots() or (gene, text[:-1]) in _hotspots()


@cache
def _hotspots() -> frozenset[tuple[str, str]]:
    spots = table("hotspots")
    return frozenset(zip(spots["gene"], spots["residue_change"], strict=True))


def _other_transcripts(rows: pd.DataFrame, group: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """Which rows, of those whose position is given, list a position and allele that a better row of the gene lists."""
    key = _combined(group, _codes(rows, [CHROMOSOME, START, *([REF] if REF in rows else []), ALT]))
    again = np.zeros(len(rows), dtype=bool)
    again[np.flatnonzero(placed)] = _repeats(key[placed])
    chosen = rows[again]
    if chosen.empty:
        return again
    order = pd.DataFrame(
        {
            "key": key[again],
            "driver": ~chosen["driver"].fillna(False).to_numpy(dtype=bool),
            "canonical": (chosen[CANONICAL].astype(object) != "YES").to_numpy() if CANONICAL in chosen else True,
            "known": [not is_hotspot(g, c) for g, c in zip(chosen["gene"], chosen["hgvsp"], strict=True)],
            "severity": [severity(str(word)) for word in chosen["variant_classification"]],
            "place": np.flatnonzero(again),
        }
    ).sort_values(["key", "driver", "canonical", "known", "severity", "place"])
    again[order.loc[~order["key"].duplicated(), "place"]] = False
    return again


def _alike(rows: pd.DataFrame) -> list[str]:
    """What is said of changes that only differ in the number of the residue, in genes where a second hit counts."""
    brakes = table("genes").query("effect_on_axis == 'brake'")["gene"]
    rows = rows[rows["gene"].isin(list(brakes)) & (rows["hgvsp"] != "")]
    if rows.empty:
        return []
    letters = rows["hgvsp"].astype(str).str.replace(r"\d+", "#", regex=True)
    rows = rows[
        letters.map(lambda text: consequence_of(text.replace("#", "9")) in ("Missense_Mutation", "Nonsense_Mutation"))
    ]
    pairs: dict[tuple[str, str, str], list[str]] = {}
    for sample, gene, letter, change in zip(
        rows["sample_id"], rows["gene"], letters[rows.index], rows["hgvsp"], strict=True
    ):
        pairs.setdefault((str(sample), str(gene), str(letter)), []).append(str(change))
    told = {key: changes for key, changes in pairs.items() if len(changes) > 1}
    if not told:
        return []
    shown = [f"{gene} of {sample}: {', '.join(changes)}" for (sample, gene, _), changes in list(told.items())[:_SHOWN]]
    more = "; ..." if len(told) > _SHOWN else ""
    return [
        f"{len(told)} times a sample has changes of one gene that differ in the residue's number only "
        f"({'; '.join(shown)}{more}): taken as several mutations; if they are one on several transcripts, keep one row "
        f"of each, or add the columns {CHROMOSOME}, {START} and {ALT}"
    ]


def _codes(rows: pd.DataFrame, names: list[str]) -> np.ndarray:
    codes = np.zeros(len(rows), dtype=np.int64)
    for name in names:
        codes = _combined(codes, pd.factorize(rows[name])[0].astype(np.int64))
    return codes


def _combined(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A number for each distinct pair."""
    codes: np.ndarray = pd.factorize(one * (other.max(initial=0) + 2) + other + 1)[0].astype(np.int64)
    return codes


def _repeats(codes: np.ndarray) -> np.ndarray:
    again: np.ndarray = pd.Series(codes).duplicated(keep=False).to_numpy()
    return again
