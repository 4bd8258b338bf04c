"""Alterations named one by one, by hand or as rows of sample_id, gene, alteration; what is not named is unknown.

Each row becomes a mutation, or a gene that was looked at and found without one, or a call of copy number. Only the
genes that are named for their mutations count as assessed, and only those named for their copy number have a call.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import InputError, nearest
from pamrx.identifiers.alteration_words import Meaning, meaning_of
from pamrx.identifiers.gene_cells import axis_genes, name_gene_cells
from pamrx.identifiers.gene_ids import AMBIGUOUS, UNKNOWN
from pamrx.identifiers.vocabulary import EMPTY, translate
from pamrx.readers.boundary import boundary
from pamrx.readers.mutations.columns import ALTERATION_COLUMNS
from pamrx.readers.mutations.rows import clean, settle
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.sample_table import undescribed
from pamrx.readers.text.files import PathLike, check_file, check_labels
from pamrx.readers.text.raw_table import read_text_cells

BY_HAND = "alterations"
"""What messages call alterations that stand in no file."""

SAMPLE = "tumour"
"""The name of the one tumour whose alterations are given without a table."""

_LIKENESS = 0.75  # PTN is like PTEN, KRSA like KRAS
_SHOWN, _CLOSE_SHOWN = 8, 4
_OTHER_SIGN = re.compile(r"\s*[\s=_-]\s*")


@short_repr
@dataclass(frozen=True)
class Alterations:
    """What is said of some tumours.

    Attributes
    ----------
    samples : every tumour that is named, in order of appearance.
    mutations : one row per mutation; None where no mutation and no wild type is named.
    assessed : sample -> the genes of which it is known whether a driver was found.
    listed : sample -> those of which it is known whether anything was.
    calls : samples x genes, -2 to 2, NaN where nothing is said; None where no copy number is named.
    notes : what was read, one sentence each.
    """

    samples: tuple[str, ...]
    mutations: Mutations | None
    assessed: Mapping[str, frozenset[str]]
    listed: Mapping[str, frozenset[str]]
    calls: pd.DataFrame | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """One row: its place in messages, its sample, the gene under pamrx's name, and what is said of it."""

    place: str
    sample: str
    gene: str
    meaning: Meaning


def read_alterations(path: PathLike, known: Collection[str]) -> Alterations:
    """Read a table of sample_id, gene, alteration: text, workbook or Parquet.

    Raises
    ------
    PamrxError
        As `alterations_from_cells`; an unreadable file.
    """
    opened: list[str] = []
    with boundary(path, "a table of sample_id, gene, alteration"):
        file = check_file(path)
        found = alterations_from_cells(str(file), read_text_cells(file, opened), known)
    return replace(found, notes=(*opened, *found.notes))


def cells_by_hand(texts: Sequence[str]) -> pd.DataFrame:
    """`GENE:ALTERATION` of one tumour, such as `PIK3CA:H1047R`, as the table that `read_alterations` reads.

    Raises
    ------
    InputError
        For a text that is not a gene and an alteration with a colon between.
    """
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{BY_HAND}: expected a list of texts such as PIK3CA:H1047R, or a table of "
                         f"{', '.join(ALTERATION_COLUMNS)}")  # fmt: skip
    pairs = [_pair(text) for text in texts]
    return pd.DataFrame([(SAMPLE, *pair) for pair in pairs], columns=list(ALTERATION_COLUMNS), dtype=object)


def described_by_hand(samples: Sequence[str], tissue: str | None) -> pd.DataFrame:
    """The table of samples of which nothing but the tissue is known, or not even that.

    Raises
    ------
    InputError
        For a word that is no tissue.
    """
    words, unknown = translate("tissue", [tissue or ""])
    for wrong in unknown.values():
        told = wrong.removeprefix("column tissue: ").replace("leave it empty where none fits", "leave it out if none")
        raise InputError(f"tissue: {told}")
    table = undescribed(list(samples))
    table["tissue"] = pd.Series([words[0]] * len(table), index=table.index, dtype=object)
    return table


def alterations_from_cells(source: str, cells: pd.DataFrame, known: Collection[str]) -> Alterations:
    """The same from cells in memory, all text and empty where missing; `source` names them in messages.

    Raises
    ------
    PamrxError
        A column is missing; an empty cell; a gene that is a misspelt one; an alteration that says nothing known; two
        rows that contradict each other.
    """
    columns, notes = _columns(source, cells)
    rows = [[str(cell).strip() for cell in cells.iloc[:, place]] for place in columns]
    if not rows[0]:
        raise InputError(f"{source}: no alteration; expected rows of {', '.join(ALTERATION_COLUMNS)}")
    for name, column in zip(ALTERATION_COLUMNS, rows, strict=True):
        check_labels(source, column, f"column {name}")
    said, told = _said(source, rows, known)
    _check_contradictions(said)
    samples = tuple(dict.fromkeys(one.sample for one in said))
    mutations = [one for one in said if one.meaning.call is None]
    read = _mutations(mutations, known) if mutations else None
    assessed = _genes_of(one for one in mutations if not one.meaning.is_open)
    notes = [_summary(source, said, samples), *told, *_open_notes(source, mutations), *notes]
    return Alterations(
        samples,
        read,
        {sample: assessed.get(sample, frozenset()) for sample in samples},
        _genes_of(mutations),
        _calls([one for one in said if one.meaning.call is not None], samples),
        tuple(notes),
    )


def _pair(text: str) -> tuple[str, str]:
    gene, sign, alteration = (part.strip() for part in text.partition(":"))
    if sign and gene and alteration and not ("," in alteration and ":" in alteration.partition(",")[2]):
        return gene, alteration
    hint = ""
    if not sign and len(parts := _OTHER_SIGN.split(text.strip(), maxsplit=1)) == 2 and all(parts):
        hint = f"; did you mean {parts[0]}:{parts[1]}?"
    elif sign and "," in text:
        hint = "; give each alteration by itself: " + " and ".join(part.strip() for part in text.split(","))
    raise InputError(
        f"alteration '{text}': expected a gene and its alteration with a colon between, such as PIK3CA:H1047R or "
        f"PTEN:deletion{hint}"
    )


def _columns(source: str, cells: pd.DataFrame) -> tuple[list[int], list[str]]:
    """The places of the three columns; a note on those that are not used."""
    lower = ["".join(sign for sign in str(name).lower() if sign.isalnum()) for name in cells.columns]
    keys = {name.replace("_", ""): name for name in ALTERATION_COLUMNS}
    for key, name in keys.items():
        if lower.count(key) > 1:
            raise InputError(f"{source}: header: column {name} stands {lower.count(key)} times; expected once")
        if key not in lower:
            close = nearest(name, [str(column) for column in cells.columns])
            raise InputError(
                f"{source}: header: no column {name}; found {', '.join(map(str, cells.columns[:5]))}; expected "
                f"{', '.join(ALTERATION_COLUMNS)}{f'; rename {close} to {name}' if close else ''}"
            )
    spare = [str(name) for name, key in zip(cells.columns, lower, strict=True) if key not in keys]
    notes = [f"{source}: columns not used: {', '.join(spare[:_SHOWN])}"] if spare else []
    return [lower.index(key) for key in keys], notes


def _said(source: str, columns: Sequence[list[str]], known: Collection[str]) -> tuple[list[_Said], list[str]]:
    """Each row understood, and a note on genes that pamrx knows nothing of or under another name."""
    samples, labels, texts = columns
    genes = name_gene_cells(dict.fromkeys(clean(label) for label in labels), known)
    how = dict(zip(genes.names["given"], genes.names["how"], strict=True))
    said: list[_Said] = []
    for number, (sample, label, text) in enumerate(zip(samples, labels, texts, strict=True), start=1):
        place = "" if source == BY_HAND else f"{source}: row {number}: "
        for name, cell in zip(ALTERATION_COLUMNS, (sample, label, text), strict=True):
            if cell.lower() in EMPTY:
                found = f"found '{cell}'" if cell else "empty"
                raise InputError(f"{place or source + ': '}column {name}: {found}; expected {_EXPECTED[name]}")
        place += f"alteration {label}:{text}"
        named = genes.symbols[clean(label)]
        _check_gene(place, label, named, how[clean(label)])
        try:
            said.append(_Said(place, sample, named[0], meaning_of(text)))
        except InputError as error:
            raise InputError(f"{place}: {error}") from None
    renamed = {label: genes.symbols[clean(label)][0] for label in labels if how[clean(label)] != UNKNOWN}
    other = [f"{label} -> {gene}" for label, gene in renamed.items() if label != gene]
    return said, [f"{source}: genes under their Hugo symbols: {', '.join(other[:_SHOWN])}"] if other else []


_EXPECTED = {
    "sample_id": "a sample name", "gene": "a Hugo symbol such as PIK3CA",
    "alteration": "a protein change such as H1047R, or a word such as deletion",
}  # fmt: skip


def _check_gene(place: str, label: str, named: tuple[str, ...], how: str) -> None:
    if how == AMBIGUOUS or len(named) > 1:
        raise InputError(f"{place}: {label} is a name of several genes; expected one Hugo symbol, such as PIK3CA")
    if how == UNKNOWN and (close := _closest(label)):
        raise InputError(
            f"{place}: gene {label} is not among those that pamrx knows; did you mean {' or '.join(close)}? (if none, "
            "leave it out: no feature is made of it)"
        )


def _closest(label: str) -> list[str]:
    """The genes of the axis that a label is most like, in the order of the alphabet; none if it is like no one."""
    likeness = {
        gene: difflib.SequenceMatcher(None, label.upper(), gene).ratio()
        for gene in sorted(axis_genes())
        if abs(len(gene) - len(label)) < len(label)
    }
    best = max(likeness.values(), default=0.0)
    return [gene for gene, ratio in likeness.items() if ratio == best >= _LIKENESS][:_CLOSE_SHOWN]


def _check_contradictions(said: Sequence[_Said]) -> None:
    """Whether no gene of a sample is said to be mutated and wild type, or to have two copy numbers."""
    calls: dict[tuple[str, str], _Said] = {}
    mutated: dict[tuple[str, str], _Said] = {}
    for one in said:
        key, store = (one.sample, one.gene), mutated if one.meaning.call is None else calls
        before = store.setdefault(key, one)
        if (before.meaning.call, before.meaning.mutated) != (one.meaning.call, one.meaning.mutated):
            raise InputError(
                f"{one.place}: contradicts {before.place.rpartition('alteration ')[2]} of the same tumour; leave one "
                "of them out"
            )


def _mutations(said: Sequence[_Said], known: Collection[str]) -> Mutations:
    found = [one for one in said if one.meaning.mutated]
    raw = pd.DataFrame(
        {
            "sample_id": [one.sample for one in found],
            "gene": [one.gene for one in found],
            "variant_classification": [one.meaning.consequence for one in found],
            "hgvsp": [one.meaning.change for one in found],
        },
        dtype=object,
    )
    raw["driver"] = pd.array([one.meaning.driver for one in found], dtype="boolean")
    rows = settle(raw, {*known, *(one.gene for one in said)}, entrez=False).rows
    return Mutations(rows, tuple(dict.fromkeys(one.sample for one in said)), ())


def _calls(said: Sequence[_Said], samples: Sequence[str]) -> pd.DataFrame | None:
    if not said:
        return None
    genes = list(dict.fromkeys(one.gene for one in said))
    index = pd.Index(list(samples), name="sample_id", dtype=object)
    calls = pd.DataFrame(np.nan, index=index, columns=pd.Index(genes, dtype=object))
    for one in said:
        calls.at[one.sample, one.gene] = one.meaning.call
    return calls


def _genes_of(said: Iterable[_Said]) -> dict[str, frozenset[str]]:
    genes: dict[str, set[str]] = {}
    for one in said:
        genes.setdefault(one.sample, set()).add(one.gene)
    return {sample: frozenset(names) for sample, names in genes.items()}


def _summary(source: str, said: Sequence[_Said], samples: Sequence[str]) -> str:
    """What is known after reading, in one sentence."""
    parts = []
    for what, chosen in (
        ("mutations", [one.gene for one in said if one.meaning.call is None]),
        ("copy number", [one.gene for one in said if one.meaning.call is not None]),
    ):
        if genes := list(dict.fromkeys(chosen)):
            more = f" and {len(genes) - _SHOWN} more" if len(genes) > _SHOWN else ""
            parts.append(f"{what} of {', '.join(genes[:_SHOWN])}{more}")
    tumours = f"{len(samples)} tumour{'' if len(samples) == 1 else 's'}"
    return f"{source}: {tumours}, {' and '.join(parts)}; everything that is not named is unknown"


def _open_notes(source: str, said: Sequence[_Said]) -> list[str]:
    """What is said of mutations without their change."""
    left = list(dict.fromkeys(one.gene for one in said if one.meaning.is_open))
    if not left:
        return []
    return [
        f"{source}: {', '.join(left[:_SHOWN])} mutated, change not given: whether that is a driver is unknown; write "
        f"the protein change, truncating, or {left[0]}:driver if it is one"
    ]
