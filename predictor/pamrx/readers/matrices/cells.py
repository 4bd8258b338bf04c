"""Cells of a table as numbers, each checked, and the names of its samples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from pamrx.errors import InputError
from pamrx.readers.text.raw_table import RawTable

_SHOWN = 40  # characters of a cell in a message
DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")


def numbers(
    file: str,
    grid: RawTable,
    columns: Sequence[int],
    rows: Sequence[str],
    names: Sequence[str],
    genes_in_rows: bool,
    spoilt: dict[str, str] | None,
    kept: np.ndarray | None = None,
) -> np.ndarray:
    """The cells of some columns as float64, shape (rows kept, columns).

    Parameters
    ----------
    rows, names : what the rows that are kept, and the columns, are called.
    kept : mask of the rows that are read; None for all.
    spoilt : gets what is wrong with the first wrong cell of each sample; the cell is then missing.

    Raises
    ------
    PamrxError
        Without `spoilt`, for the first cell that is no number or +Inf, naming its place.
    """
    block = grid.block(list(columns))
    if block is not None:
        block = block if kept is None else block[kept]
        if not _infinite(block).any():
            return block
    values = np.empty((len(rows), len(columns)))
    for position, column in enumerate(columns):
        series, numeric = grid.column(column), grid.numeric(column)
        if kept is not None:
            series, numeric = series[kept], numeric[kept]
        wrong = wrong_cells(series, numeric)
        for row in np.flatnonzero(wrong):
            gene, sample = (rows[int(row)], names[position]) if genes_in_rows else (names[position], rows[int(row)])
            place = f"row {gene}, column {sample}" if genes_in_rows else f"row {sample}, column {gene}"
            more = f" (and {int(wrong.sum()) - 1} more in that column)" if wrong.sum() > 1 and spoilt is None else ""
            why = f"{file}: {place}: {no_number(series.iloc[row], more)}"
            if spoilt is None:
                raise InputError(why)
            spoilt.setdefault(sample, why)
        values[:, position] = np.where(wrong, np.nan, numeric)
    return values


def wrong_cells(cells: pd.Series, values: np.ndarray) -> np.ndarray:
    """Mask of cells that hold something, and no number that is read; `values` are the same as float64."""
    wrong: np.ndarray = _infinite(values) | (np.isnan(values) & cells.notna().to_numpy())
    return wrong


def _infinite(values: np.ndarray) -> np.ndarray:
    """+Inf only: -Inf is the log2 ratio of a gene of which no copy is left, and is left to the unit."""
    infinite: np.ndarray = np.isposinf(values)
    return infinite


def no_number(cell: object, more: str = "") -> str:
    """What is wrong with a cell that holds no finite number: what was found, what was expected."""
    infinite = False
    with suppress(ValueError):
        infinite = bool(np.isinf(float(str(cell))))
    text = str(cell)
    value = "an infinite value" if infinite else f"'{text if len(text) <= _SHOWN else text[:_SHOWN] + ' ...'}'"
    point = " with a point for decimals" if DECIMAL_COMMA.fullmatch(text) else ""
    return f"found {value}{more}, expected a finite number{point} or an empty cell"


def check_samples(file: str, names: Sequence[str], axis: str, places: Sequence[int]) -> None:
    """Whether each sample has a name of its own; `axis` is "row" or "column", `places` their numbers from 1.

    Raises
    ------
    PamrxError
        For a sample without a name, or one that stands twice.
    """
    for name, place in zip(names, places, strict=True):
        if not name:
            raise InputError(f"{file}: {axis} {place} has no sample name; expected one (never matched by position)")
    counts = Counter(names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        where = [str(place) for name, place in zip(names, places, strict=True) if name == twice[0]]
        more = f" ({len(twice)} samples are repeated)" if len(twice) > 1 else ""
        raise InputError(
            f"{file}: sample {twice[0]} stands in {axis}s {' and '.join(where[:3])}{more}; expected each sample once"
        )
