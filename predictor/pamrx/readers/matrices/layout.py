"""What a table of levels or copy number is: decided here once, from header, shape and values together.

Three layouts are read: genes in rows (one column per sample, or one sample's table with one column per quantity), genes
in columns (one row per sample), and long (one row per gene and sample). All else is refused, with what settles it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.gene_ids import are_entrez
from pamrx.identifiers.gene_labels import cut_note, in_capitals
from pamrx.identifiers.genes import clean_labels, recognised, unrecognised_message
from pamrx.identifiers.quantities import few, is_no_gene, quantity_of
from pamrx.identifiers.unit_statistics import LINEAR_ABOVE
from pamrx.readers.matrices.annotation_columns import LABEL_COLUMNS, is_annotation, is_words
from pamrx.readers.matrices.foreign_tables import refuse_foreign, transcripts_message
from pamrx.readers.matrices.header_rows import body_of, texts
from pamrx.readers.matrices.long_layout import long_columns
from pamrx.readers.matrices.quantity_columns import Columns, chosen_columns
from pamrx.readers.matrices.sample_columns import (
    check_label_column,
    default_entries,
    id_column,
    plain_names,
    refuse_profiles,
)
from pamrx.readers.text.files import check_labels
from pamrx.readers.text.raw_table import RawTable

ROWS, COLUMNS, LONG = "rows", "columns", "long"


@short_repr
@dataclass(frozen=True)
class Layout:
    """Where a table holds what.

    Attributes
    ----------
    table : the rows with levels (see `body_of`).
    kind : ROWS, COLUMNS or LONG.
    values : the columns of levels (LONG: one).
    names : what each of `values` is: a sample (ROWS) or a gene's label (COLUMNS); empty for LONG.
    others : what each row is: a gene's label (ROWS, LONG) or a sample (COLUMNS).
    samples : of LONG, the sample of each row; else empty.
    kept : mask of the rows that are read; None for all.
    summed : whether rows of one gene (its transcripts) are added up.
    entrez : whether labels that are numbers are Entrez ids.
    holds_copies : whether the columns' own names say that they hold copy number.
    """

    table: RawTable
    kind: str
    values: tuple[int, ...]
    names: tuple[str, ...]
    others: tuple[str, ...]
    samples: tuple[str, ...] = ()
    kept: np.ndarray | None = None
    summed: bool = False
    entrez: bool = False
    holds_copies: bool = False


def decide_layout(source: str, table: RawTable, known: Collection[str], kind: str | None, notes: list[str]) -> Layout:
    """Decide what a table is; `notes` gets one sentence on each thing that was left out or read in a special way.

    Parameters
    ----------
    source : what messages call the table; the name of a file may name its only sample.
    known : symbols by which genes are recognised.
    kind : "expression", "ncrna", "copy_number" or "segments": which quantities are looked for; None for any.

    Raises
    ------
    PamrxError
        For a table that holds no levels of genes, or where it is not clear which column or row holds what.
    """
    noncoding = kind == "ncrna"
    refuse_foreign(source, table)
    body = body_of(source, table, known, noncoding)
    notes += body.notes
    table = body.table
    axes = _axes(source, table, known, noncoding, notes)
    if axes.in_columns:
        return _genes_in_columns(source, axes, known, noncoding, notes)
    assert axes.column is not None
    long = long_columns(source, table, axes.column, axes.labels, known, kind, notes)
    if long is not None:
        return Layout(
            table,
            LONG,
            (long.value,),
            (),
            long.labels,
            long.samples,
            kept=long.kept,
            entrez=axes.entrez,
            holds_copies=long.copies,
        )
    return _genes_in_rows(source, axes, body.words, known, kind, notes)


@short_repr
@dataclass(frozen=True)
class _Axes:
    """The axis of the genes: header or column `column`, with the labels of the other of both as well."""

    table: RawTable
    in_columns: bool
    column: int | None
    header: tuple[str, ...]
    labels: tuple[str, ...]
    entrez: bool


def _axes(source: str, table: RawTable, known: Collection[str], noncoding: bool, notes: list[str]) -> _Axes:
    header = clean_labels(table.header)
    in_header = len(recognised(header[1:], known, noncoding))
    column, in_rows = _label_column(table, known, noncoding)
    raw = [] if column is None else texts(table, column)
    labels = clean_labels(raw)
    plain = (header, labels)
    entrez = False
    if not noncoding and max(in_header, in_rows) * 10 < max(len(header), len(labels)):
        capitals, upper = in_capitals(header[1:], known), in_capitals(labels, known)
        if capitals or upper:
            notes.append(f"{source}: genes are written in small letters and read in capitals")
        if capitals:
            header = [header[0], *capitals]
            in_header = len(recognised(capitals, known))
        elif upper:
            labels, in_rows = upper, len(recognised(upper, known))
    if not in_header and not in_rows:
        in_header = int(are_entrez(header[1:]))
        column, raw, labels = _entrez_column(table, column, raw, labels)
        plain = (header, labels)
        in_rows = int(not in_header and are_entrez([label for label in labels if label], _heading(table, column)))
        entrez = bool(in_header or in_rows)
    if not in_header and not in_rows:
        if len(header) > len(labels) + 1 or not any(labels):
            labels = header[1:]  # the longer side is the likelier one for genes
        raise InputError(f"{source}: {transcripts_message(labels) or unrecognised_message(labels, known, noncoding)}")
    if in_header == in_rows:
        raise InputError(
            f"{source}: rows and columns are both named for genes; expected genes on one side, samples on the other"
        )
    in_columns = in_header > in_rows or column is None
    check_labels(source, header if in_columns else labels, "gene")
    if not in_columns:
        check_label_column(source, table, column or 0)
    cut = cut_note(table.header, plain[0]) if in_columns else cut_note(raw, plain[1])
    if cut:
        notes.append(f"{source}: {cut}")
    if not in_columns and recognised([header[column or 0]], known, noncoding):
        raise InputError(
            f"{source}: line 1: gene {header[column or 0]} found where the header belongs; expected a first line of "
            "sample names (samples are never matched by position)"
        )
    return _Axes(table, in_columns, column, tuple(header), tuple(labels), entrez)


def _label_column(table: RawTable, known: Collection[str], noncoding: bool) -> tuple[int | None, int]:
    """The leading text column with most recognised genes, and how many it has (0 where there is none)."""
    best: tuple[int | None, int] = (None, -1)
    for column in range(min(LABEL_COLUMNS, len(table.header))):
        if column and not table.is_text(column):
            continue
        count = len(recognised(clean_labels(table.column(column)), known, noncoding))
        if count > best[1]:
            best = (column, count)
    return best


def _entrez_column(
    table: RawTable, column: int | None, raw: list[str], labels: list[str]
) -> tuple[int | None, list[str], list[str]]:
    """The column that is headed as one of Entrez ids, with its cells; else the column of labels found so far."""
    for place in range(min(LABEL_COLUMNS, len(table.header))):
        found = texts(table, place) if "entrez" in table.keys[place] else []
        if any(text.isdigit() for text in found):
            return place, found, clean_labels(found)
    return column, raw, labels


def _heading(table: RawTable, column: int | None) -> str:
    return "" if column is None else table.header[column]


def _genes_in_rows(
    source: str, axes: _Axes, words: Sequence[str], known: Collection[str], kind: str | None, notes: list[str]
) -> Layout:
    table, label_column = axes.table, axes.column or 0
    taken = _sample_columns(source, table, label_column, words, kind, notes)
    names = plain_names(source, list(taken.names), notes)
    _refuse_numbers(source, names)
    kept = _genes_only(source, axes.labels, known, kind == "ncrna", notes)
    labels = axes.labels if kept is None else tuple(np.array(axes.labels, dtype=object)[kept])
    return Layout(
        table,
        ROWS,
        taken.places,
        tuple(names),
        labels,
        kept=kept,
        summed=_adds_up(source, table, label_column, labels, taken, notes),
        entrez=axes.entrez,
        holds_copies=taken.copies,
    )


def _sample_columns(
    source: str, table: RawTable, label_column: int, words: Sequence[str], kind: str | None, notes: list[str]
) -> Columns:
    """The columns of samples: neither before the genes, nor annotation by name, nor words, nor a side quantity."""
    first = 1 + table.gct[2] if table.gct is not None and len(table.gct) == 4 else 0
    every = range(len(table.header))
    described = {c for c in every if c <= label_column or c < first or is_annotation(table, c)}
    nameless = table.filled([c for c in every if not table.header[c]])
    rest = [c for c in every if c not in described and (table.header[c] or c in nameless)]
    worded = {c for c in rest if not words[c] and is_words(table, c)}
    shapes = {_shape(table.header[c]) for c in rest if c not in worded}
    odd = {c for c in worded if _is_named_as(table.header[c], shapes)}
    taken = chosen_columns(source, table, [c for c in rest if c not in worded or c in odd], words, kind, notes)
    _refuse_words(source, table, sorted(worded), taken)
    skipped = [table.header[c] for c in sorted((described | worded) - odd - {label_column})]
    if skipped:
        notes.append(f"{source}: annotation columns skipped: {few(skipped)}")
    return taken


def _adds_up(
    source: str, table: RawTable, label_column: int, labels: Sequence[str], taken: Columns, notes: list[str]
) -> bool:
    """Whether rows of one gene are its transcripts, whose levels are added up."""
    if len(set(labels)) == len(labels):
        return False
    if not _by_transcript(table, label_column):
        if taken.one_sample:
            _refuse_several(source, table, labels)
        return False
    if "log" in taken.word.lower() or not _is_linear(table, taken):
        raise InputError(
            f"{source}: rows are transcripts, and their levels are logarithms, which do not add up; expected one "
            "row per gene: add up the plain levels of each gene's transcripts first"
        )
    notes.append(f"{source}: rows of one gene are its transcripts or isoforms, and are added up")
    return True


def _refuse_numbers(source: str, names: Sequence[str]) -> None:
    """Refuse columns that a program has numbered from 0: they name nobody."""
    if len(names) > 1 and all(name == str(place) for place, name in enumerate(names)):
        raise InputError(
            f"{source}: the columns of samples are only numbered ({', '.join(names[:3])}): samples are never matched "
            "by position; expected their names in the first line"
        )


def _refuse_several(source: str, table: RawTable, labels: Sequence[str]) -> None:
    """Refuse one sample's table in which genes stand in several rows, and no id (of a probe) tells these apart."""
    if len(set(labels)) * 2 > len(labels):
        return
    for column in range(len(table.header)):
        if table.is_text(column) and table.column(column).nunique() == len(table):
            return
    raise InputError(
        f"{source}: genes stand in several rows, such as {labels[0]}, and no column tells whether these are samples or "
        "parts of a gene; expected one row per gene, or a column sample_id"
    )


def _is_linear(table: RawTable, taken: Columns) -> bool:
    """Whether levels can be added up: a quantity by name, or values beyond those of logarithms."""
    if taken.word:
        return True
    values = np.concatenate([table.numeric(place) for place in taken.places])
    return bool(np.nanmax(values, initial=0.0) > LINEAR_ABOVE and np.nanmin(values, initial=0.0) >= 0)


def _is_named_as(name: str, shapes: Collection[str]) -> bool:
    """Whether a column is named as those of samples are (S1, S2; TCGA-..): then words in it are an error."""
    return _shape(name) in shapes and any(character.isdigit() for character in name)


def _shape(name: str) -> str:
    return re.sub(r"[A-Za-z]+", "A", re.sub(r"\d+", "0", name))


def _refuse_words(source: str, table: RawTable, worded: list[int], taken: Columns) -> None:
    """A table whose columns are mostly words is none of levels, whatever stands in one column of it."""
    if taken.places and not (len(taken.places) == 1 and is_words(table, taken.places[0])):
        return
    if not worded:
        raise InputError(f"{source}: no sample column beside the gene names; expected one column of numbers per sample")
    first = str(table.column(worded[0]).dropna().iloc[0]) if table.column(worded[0]).notna().any() else ""
    raise InputError(
        f"{source}: no matrix of levels: {len(worded)} of {len(worded) + len(taken.places)} columns hold words, such "
        f"as '{first[:30]}' in {table.header[worded[0]]}; expected one column of numbers per sample"
    )


def _by_transcript(table: RawTable, label_column: int) -> bool:
    keys = {key for column, key in enumerate(table.keys) if column != label_column}
    if transcripts_message(texts(table, label_column)):  # GENCODE's ids name the gene as well
        return True
    return bool(
        keys
        & {
            "transcriptid",
            "targetid",
            "isoformcoords",
            "isoformid",
            "trackingid",
            "txid",
            "tx",
            "transcript",
            "tname",
            "tid",
        }
    )


def _genes_only(
    source: str, labels: Sequence[str], known: Collection[str], noncoding: bool, notes: list[str]
) -> np.ndarray | None:
    """Mask of rows that are genes; None where all are. Labels of no gene that pamrx knows stay."""
    odd = {label for label in set(labels) if is_no_gene(label)}
    odd -= set(recognised(list(odd), known, noncoding))
    if not odd:
        return None
    kept = np.array([label not in odd for label in labels])
    told = few(list(dict.fromkeys(label for label in labels if label in odd)))
    notes.append(f"{source}: {int((~kept).sum())} rows left out that are no genes: {told}")
    return kept


def _genes_in_columns(source: str, axes: _Axes, known: Collection[str], noncoding: bool, notes: list[str]) -> Layout:
    table, header = axes.table, list(axes.header)
    found = set(recognised(header, known, noncoding))
    genes = frozenset(place for place, label in enumerate(header) if label in found)
    ids = id_column(source, table, genes)
    if header[ids] in found and not axes.entrez:
        raise InputError(
            f"{source}: column 1: gene {header[ids]} found where sample names belong; "
            "expected a first column sample_id (samples are never matched by position)"
        )
    kept = default_entries(source, table, notes)
    check_label_column(source, table, ids)
    names = texts(table, ids)
    if kept is not None:
        names = [name for name, one in zip(names, kept, strict=True) if one]
    refuse_profiles(source, names)
    if ids and table.header[ids]:
        notes.append(f"{source}: samples named by the column {table.header[ids]}")
    values, skipped, clinical = [], [], []
    for column, label in enumerate(header):
        name = table.header[column]
        if (column in (0, ids) and column not in genes) or (not label and table.column(column).isna().all()):
            if column != ids and label:
                skipped.append(name)
        elif column in genes:
            values.append(column)
        elif is_annotation(table, column) or is_words(table, column):
            skipped.append(name)
        elif is_no_gene(name) or quantity_of(name) is not None:
            clinical.append(name)
        else:
            values.append(column)
    if skipped:
        notes.append(f"{source}: annotation columns skipped: {few(skipped)}")
    if clinical:
        notes.append(f"{source}: columns left out that are no genes: {few(clinical)}")
    labels = tuple(header[column] for column in values)
    return Layout(table, COLUMNS, tuple(values), labels, tuple(names), kept=kept, entrez=axes.entrez)
