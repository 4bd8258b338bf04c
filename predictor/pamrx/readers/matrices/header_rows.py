"""Where the levels of a table begin: below a second header line, below rows that describe samples, or at line 1.

Firehose writes the quantity of each column below the samples' names, the Cell Model Passports the model's name and the
data set, GCT 1.3 any number of rows such as age; htseq-count and STAR write no header at all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.genes import clean_labels, recognised
from pamrx.identifiers.quantities import few, is_special_row, name_key, quantity_of
from pamrx.readers.text.raw_table import RawTable

GENE_HEADINGS = frozenset(
    {"geneid", "gene", "genesymbol", "symbol", "hugosymbol", "genename", "mirnaid", "id", "name", "compositeelementref",
     "ensembl", "ensemblid", "ensemblgeneid", "probe", "probeid", "mirna", "databaseid"}
)  # fmt: skip
"""Headings of a column of genes, by `name_key`."""

_SAMPLE_HEADINGS = frozenset({"patientid", "sampleid", "sample", "modelid", "samplename", "caseid"})
_LOOKED_AT, _MOST_ROWS, _BELOW, _COLUMNS = 30, 15, 10, 300
_STAR = ("gene_id", "unstranded", "stranded_first", "stranded_second")


@short_repr
@dataclass(frozen=True)
class Body:
    """A table without the rows that hold no levels.

    Attributes
    ----------
    table : the rest; columns that are numbers from here on are numeric.
    words : what a line below the header says that each column holds (`normalized_count`), "" where it says nothing.
    notes : what was left out, one sentence each.
    """

    table: RawTable
    words: tuple[str, ...]
    notes: tuple[str, ...] = ()


def body_of(source: str, table: RawTable, known: Collection[str], noncoding: bool) -> Body:
    """Find where the levels begin.

    Raises
    ------
    PamrxError
        If no row is left.
    """
    nothing = ("",) * len(table.header)
    if table.gct is not None and len(table.gct) == 4 and len(table.header) == 1 + table.gct[1] + table.gct[2]:
        count = table.gct[3]
        if count >= len(table):
            raise InputError(f"{source}: line 2 tells of {count} rows about samples, and no row of levels follows them")
        return _cut(source, table, count, nothing)
    headless = _without_header(table, known, noncoding)
    if headless is not None:
        return Body(headless, ("",) * len(headless.header), (f"{source}: no header line: the first line is data",))
    return _cut(source, table, *_described(table, known, noncoding))


def _cut(source: str, table: RawTable, count: int, words: tuple[str, ...]) -> Body:
    if not count:
        return Body(table, words)
    labels = [label for label in texts(table, 0)[:count] if label]
    told = f"{source}: {count} rows below the header describe the columns and are no genes: {few(labels)}"
    return Body(_retyped(table, count), words, (told,))


def texts(table: RawTable, column: int) -> list[str]:
    """The cells of a column as text, "" where empty; whole numbers without a point."""
    cells = table.column(column)
    if table.is_text(column):
        return ["" if pd.isna(cell) else str(cell).strip() for cell in cells]
    numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    return ["" if np.isnan(n) else str(int(n)) if n % 1 == 0 else repr(float(n)) for n in numbers]


def _without_header(table: RawTable, known: Collection[str], noncoding: bool) -> RawTable | None:
    """The table with its first line as data, where that is a gene and its number, or STAR's counts; else None."""
    first = table.header
    if len(first) == 2:
        gene = is_special_row(first[0]) or bool(recognised(clean_labels(first[:1]), known, noncoding))
        header = ["gene", "value"]
    elif len(first) == 4:
        gene, header = is_special_row(first[0]) and first[0].lower() == "n_unmapped", list(_STAR)
    else:
        return None
    if not gene or any(_number(cell) is None for cell in first[1:]):
        return None
    columns = {}
    for place in range(len(first)):
        cells = table.column(place)
        top = first[0] if place == 0 else _number(first[place])
        columns[place] = pd.concat([pd.Series([top], dtype=object), cells.astype(object)], ignore_index=True)
        if place and not table.is_text(place):
            columns[place] = columns[place].astype(float)
    return RawTable(header, pd.DataFrame(columns))


def _described(table: RawTable, known: Collection[str], noncoding: bool) -> tuple[int, tuple[str, ...]]:
    """How many leading rows describe the columns, and which quantity they name of each."""
    nothing = ("",) * len(table.header)
    width = min(len(table.header), _COLUMNS)
    if not any(table.is_text(column) for column in range(1, width)) or len(table) < 2:
        return 0, nothing
    cells = table.top(_LOOKED_AT)[:, :width]
    filled = ~pd.isna(cells)
    number = np.vectorize(lambda cell: _number(cell) is not None, otypes=[bool])(cells) & filled
    count, of_samples = 0, np.zeros(width, dtype=bool)
    for row in range(min(_MOST_ROWS, len(cells) - 1)):
        below = slice(row + 1, row + 1 + _BELOW)
        numeric = (number[below] | ~filled[below]).all(axis=0) & number[below].any(axis=0)
        numeric[0] = False
        if not numeric.any() or number[row, numeric].any():
            continue
        if recognised(clean_labels(cells[row, ~numeric][:12]), known, noncoding):
            break
        label = "" if pd.isna(cells[row, 0]) else str(cells[row, 0]).strip()
        heading = name_key(label) in GENE_HEADINGS | _SAMPLE_HEADINGS
        if heading or (filled[row, numeric].any() and not (numeric.sum() == 1 and label.isupper())):
            count, of_samples = row + 1, numeric
    if not count:
        return 0, nothing
    return count, _quantities(table, count, of_samples)


def _quantities(table: RawTable, count: int, of_samples: np.ndarray) -> tuple[str, ...]:
    for row in table.top(count)[::-1]:
        words = ["" if empty else str(cell) for cell, empty in zip(row, pd.isna(row), strict=True)]
        told = [word for word, sample in zip(words, of_samples, strict=False) if sample]
        if told and all(quantity_of(word) is not None for word in told):
            return tuple("" if place == 0 else word for place, word in enumerate(words))
    return ("",) * len(table.header)


def _retyped(table: RawTable, count: int) -> RawTable:
    """The rows from `count` on, with columns of numbers numeric, read exactly.

    Columns are taken as arrays: of tens of thousands of samples, a `Series` of each would take most of the time.
    """
    columns: dict[int, pd.Series | np.ndarray] = {}
    for place in range(len(table.header)):
        cells = table.column(place).array[count:]
        if place and table.is_text(place):
            given = cells.to_numpy(dtype=object)
            numbers = pd.to_numeric(given, errors="coerce")
            if np.count_nonzero(np.isnan(numbers)) == np.count_nonzero(pd.isna(given)):
                cells = numbers.astype(float)
        columns[place] = cells
    return RawTable(list(table.header), pd.DataFrame(columns), table.gct)


def _number(cell: object) -> float | None:
    text = str(cell)
    if isinstance(cell, bool) or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None
