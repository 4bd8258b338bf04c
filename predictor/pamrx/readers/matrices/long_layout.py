"""Long tables, one row per gene and sample: recognised, their three columns found, and turned into a matrix."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.genes import clean_labels, recognised
from pamrx.identifiers.quantities import COPY, LEVEL, OTHER, few, is_no_gene, quantity_of
from pamrx.readers.matrices.annotation_columns import LABEL_COLUMNS, is_annotation, is_words
from pamrx.readers.matrices.cells import no_number, wrong_cells
from pamrx.readers.matrices.header_rows import texts
from pamrx.readers.matrices.quantity_columns import fits_kind, option_of_others
from pamrx.readers.matrices.sample_columns import check_label_column, default_entries, refuse_profiles, sample_keys
from pamrx.readers.text.raw_table import RawTable

_FILLED, _FEW_VALUES = 0.5, 3


@short_repr
@dataclass(frozen=True)
class LongColumns:
    """The column of levels of a long table, gene and sample of each row that is kept, and the mask of those.

    `copies` is whether the column's name says that it holds copy number.
    """

    value: int
    labels: tuple[str, ...]
    samples: tuple[str, ...]
    kept: np.ndarray
    copies: bool


def long_columns(
    source: str,
    table: RawTable,
    column: int,
    labels: Sequence[str],
    known: Collection[str],
    kind: str | None,
    notes: list[str],
) -> LongColumns | None:
    """Whether a table whose genes stand in `column` is long, and where its samples and levels are; None if not.

    It is where another column names samples by its heading, or where words of another column vary with each gene.

    Raises
    ------
    PamrxError
        Where it is long, and no column or several could be that of the levels.
    """
    repeated = len(set(labels)) < len(labels)
    numeric = [
        c for c in range(len(table.header)) if c != column and not is_words(table, c) and not is_annotation(table, c)
    ]
    named = [c for c in sample_keys(table) if c != column and (is_words(table, c) or repeated)]
    sample = named[0] if named else _varying_with(table, column, labels, known, numeric)
    if sample is None:
        return None
    numeric = [c for c in numeric if c not in named and c != sample]
    plain = [c for c in numeric if quantity_of(table.header[c]) is None and not is_no_gene(table.header[c])]
    levels = {c: q for c in numeric if (q := quantity_of(table.header[c])) is not None and q.family != OTHER}
    if not levels and not plain:
        return None
    if not repeated and (plain or not levels):
        return None
    fitting = {c: q for c, q in levels.items() if fits_kind(q, kind)}
    if any(q.family == LEVEL for q in fitting.values()):
        fitting = {c: q for c, q in fitting.items() if q.family != COPY}
    value = _value_column(source, table, plain, {c: q.rank for c, q in fitting.items()}, kind)
    samples = texts(table, sample)
    column, labels = _unique_labels(table, column, list(labels), sample, samples, known, kind == "ncrna")
    for place in (column, sample, value):
        check_label_column(source, table, place)
    chosen = default_entries(source, table, notes)
    kept = _rows_of_genes(source, labels, samples, known, kind == "ncrna", notes)
    kept = kept if chosen is None else kept & chosen
    names = tuple(name for name, one in zip(samples, kept, strict=True) if one)
    refuse_profiles(source, list(dict.fromkeys(names)))
    left = few([table.header[c] for c in range(len(table.header)) if c not in (column, sample, value)])
    notes.append(
        f"{source}: a long table, one row per gene and sample: genes in column {table.header[column]}, samples in "
        f"{table.header[sample]}, levels in {table.header[value]}" + (f"; left out: {left}" if left else "")
    )
    genes = tuple(label for label, one in zip(labels, kept, strict=True) if one)
    return LongColumns(value, genes, names, kept, value in levels and levels[value].family == COPY)


def _rows_of_genes(
    source: str,
    labels: Sequence[str],
    samples: Sequence[str],
    known: Collection[str],
    noncoding: bool,
    notes: list[str],
) -> np.ndarray:
    """Mask of the rows that name a sample and what can be a gene."""
    odd = {label for label in set(labels) if not label or is_no_gene(label)}
    odd -= set(recognised(list(odd), known, noncoding))
    kept = np.array([bool(name) and label not in odd for label, name in zip(labels, samples, strict=True)])
    if not kept.all():
        notes.append(f"{source}: {int((~kept).sum())} rows without a gene or a sample's name left out")
    return kept


def pivoted(
    source: str,
    table: RawTable,
    value: int,
    labels: Sequence[str],
    samples: Sequence[str],
    kept: np.ndarray,
    spoilt: dict[str, str] | None,
) -> pd.DataFrame:
    """The rows that are kept as samples x labels, NaN where a sample has no row for a gene.

    Raises
    ------
    PamrxError
        For two values of one gene in one sample, and without `spoilt` for a level that is no number.
    """
    cells, values = table.column(value)[kept], table.numeric(value)[kept]
    rows = np.flatnonzero(kept) + 1
    wrong = wrong_cells(cells, values)
    for place in map(int, np.flatnonzero(wrong)):
        why = f"{source}: row {rows[place]} (gene {labels[place]}, sample {samples[place]}), column " + (
            f"{table.header[value]}: {no_number(cells.iloc[place])}"
        )
        if spoilt is None:
            raise InputError(why)
        spoilt.setdefault(samples[place], why)
    values = np.where(wrong, np.nan, values)
    of_sample, names = pd.factorize(np.array(samples, dtype=object))
    of_gene, genes = pd.factorize(np.array(labels, dtype=object))
    cell = of_sample.astype(np.int64) * len(genes) + of_gene
    _refuse_contradictions(source, table, cell, values, labels, samples, rows)
    matrix = np.full(len(names) * len(genes), np.nan)
    known = ~np.isnan(values)
    matrix[cell[known]] = values[known]
    return pd.DataFrame(
        matrix.reshape(len(names), len(genes)),
        index=pd.Index(names, dtype=object),
        columns=pd.Index(genes, dtype=object),
    )


def _refuse_contradictions(
    source: str,
    table: RawTable,
    cell: np.ndarray,
    values: np.ndarray,
    labels: Sequence[str],
    samples: Sequence[str],
    rows: np.ndarray,
) -> None:
    order = np.argsort(cell, kind="stable")
    order = order[~np.isnan(values[order])]
    same = (cell[order][1:] == cell[order][:-1]) & (values[order][1:] != values[order][:-1])
    if not same.any():
        return
    place = int(np.flatnonzero(same)[0])
    one, two = int(order[place]), int(order[place + 1])
    differ = [
        name
        for column, name in enumerate(table.header)
        if table.is_text(column)
        and table.column(column).iloc[rows[one] - 1] != table.column(column).iloc[rows[two] - 1]
        and pd.notna(table.column(column).iloc[rows[two] - 1])
    ]
    advice = f"keep the rows of one {differ[0]}" if differ else "keep one of them"
    raise InputError(
        f"{source}: gene {labels[one]} of sample {samples[one]} stands in rows {rows[one]} and {rows[two]} with the "
        f"values {values[one]:g} and {values[two]:g}; expected one value: {advice}"
    )


def _varying_with(
    table: RawTable, column: int, labels: Sequence[str], known: Collection[str], numeric: Sequence[int]
) -> int | None:
    """A column of words that, with the gene, tells every row from the others: a sample, whatever it is called."""
    genes = len(set(labels))
    if genes * 2 > len(labels) or not 0 < len(numeric) <= _FEW_VALUES:
        return None
    for place in range(len(table.header)):
        if place == column or not is_words(table, place):
            continue
        words = texts(table, place)
        distinct = len(set(words))
        if not 2 <= distinct <= len(labels) / (_FILLED * genes) or len(set(zip(labels, words, strict=True))) < len(
            labels
        ):
            continue
        if len(recognised(clean_labels(sorted(set(words))), known)) <= distinct / 2:
            return place
    return None


def _value_column(source: str, table: RawTable, plain: list[int], levels: dict[int, float], kind: str | None) -> int:
    best = [c for c, rank in levels.items() if rank == min(levels.values())]
    if not levels:
        best = plain
    if len(best) == 1:
        return best[0]
    if not best:
        raise InputError(f"{source}: {option_of_others(table, kind)}")
    found = few([table.header[c] for c in best])
    raise InputError(
        f"{source}: a long table (one row per gene and sample) in which several columns could hold the level: {found}; "
        "keep one of them"
    )


def _unique_labels(
    table: RawTable,
    column: int,
    labels: list[str],
    sample: int,
    samples: list[str],
    known: Collection[str],
    noncoding: bool,
) -> tuple[int, list[str]]:
    """The column of genes in which a sample names each but once, if there is one (an id beside symbols that repeat)."""
    if _all_differ(labels, samples):
        return column, labels
    found = len(recognised(labels, known, noncoding))
    for place in range(min(LABEL_COLUMNS, len(table.header))):
        if place in (column, sample) or not table.is_text(place):
            continue
        others = clean_labels(texts(table, place))
        if len(recognised(others, known, noncoding)) > found / 2 and _all_differ(others, samples):
            return place, others
    return column, labels


def _all_differ(labels: Sequence[str], samples: Sequence[str]) -> bool:
    return len(set(zip(labels, samples, strict=True))) == len(labels)
