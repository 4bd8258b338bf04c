"""Parquet from strangers: one column of names and columns of single-precision numbers, and nothing else.

What the file says of pandas or of Arrow's extension types is never used: the columns are taken as Parquet stores them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pamrx.bundle.refusal import boundary, refusal, shown
from pamrx.bundle.strict_json import LARGEST, check_labels
from pamrx.display import short_repr

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 200_000, 2_000, 10_000_000
"""Of one table; the largest of the released bundle has 6,875 rows of 68 columns."""

MOST_GROUPS, MOST_UNPACKED = 1_000, 100_000_000
"""Row groups and unpacked bytes of one table; the largest of the released bundle has one of 2.8 MB."""

NAME = "name"
_TABLE = "a table of names and numbers as `pamrx train` writes it"


@short_repr
@dataclass(frozen=True)
class Table:
    """What a table of a bundle holds.

    Attributes
    ----------
    index, columns : names of the rows and of the columns of numbers, each once.
    numbers : (columns, rows) single precision.
    """

    index: list[str]
    columns: list[str]
    numbers: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """(rows, columns) double precision, column after column in memory."""
        return self.numbers.T.astype(float)

    def frame(self) -> pd.DataFrame:
        """The same in single precision, index `name`."""
        index = pd.Index(self.index, name=NAME, dtype="str")
        return pd.DataFrame(self.numbers.T, index=index, columns=self.columns, copy=False)


def read_table(
    data: bytes,
    file: object,
    *,
    columns: Sequence[str] | None = None,
    rows: Sequence[str] | None = None,
    missing: bool = False,
    least: float = -LARGEST,
) -> Table:
    """A table of a bundle.

    Parameters
    ----------
    data : the bytes of the Parquet file.
    file : in messages.
    columns, rows : names that it must have, in this order; without, any names.
    missing : whether a cell may be empty.
    least : no number is below it.

    Raises
    ------
    BundleError
        If it is anything else, or larger than `MOST_ROWS`, `MOST_COLUMNS` or `MOST_CELLS`.
    """
    with boundary(file, _TABLE):
        opened = pq.ParquetFile(pa.BufferReader(data), read_dictionary=[NAME])
        names = _checked_schema(opened, file)
        table = opened.read(use_pandas_metadata=False)
        index = _index(table.column(0), file)
        numbers = np.empty((len(names), len(index)), dtype=np.float32)
        for place, column in enumerate(table.columns[1:]):
            if column.null_count and not missing:
                raise refusal(file, f"{column.null_count} empty cells in column {shown(names[place])}", "numbers")
            numbers[place] = column.to_numpy()
    found = Table(index, names, numbers)
    _check_order(names, columns, file, "columns")
    _check_order(index, rows, file, "rows")
    _check_numbers(found, missing, least, file)
    return found


def _checked_schema(opened: pq.ParquetFile, file: object) -> list[str]:
    """The names of the columns of numbers."""
    found = opened.metadata
    size = found.num_rows, found.num_columns
    if not (size[0] <= MOST_ROWS and 2 <= size[1] <= MOST_COLUMNS and size[0] * size[1] <= MOST_CELLS):
        raise refusal(
            file,
            f"{size[0]:,} rows of {size[1]:,} columns",
            f"at most {MOST_ROWS:,} rows, 2 to {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells",
        )
    if found.num_row_groups > MOST_GROUPS:
        raise refusal(file, f"{found.num_row_groups:,} row groups", f"at most {MOST_GROUPS:,}")
    unpacked = sum(found.row_group(number).total_byte_size for number in range(found.num_row_groups))
    if not 0 <= unpacked <= MOST_UNPACKED:
        raise refusal(file, f"{unpacked:,} bytes when unpacked", f"at most {MOST_UNPACKED:,}")
    kinds = [opened.schema.column(place) for place in range(size[1])]
    types = list(opened.schema_arrow.types)
    if len(types) != size[1] or any(kind.max_repetition_level or kind.max_definition_level > 1 for kind in kinds):
        raise refusal(file, "columns of lists or records", "a flat table")
    names = [kind.path for kind in kinds]
    check_labels(names, file, "the header")
    empty = size[0] == 0
    if names[0] != NAME or not ((kinds[0].physical_type == "BYTE_ARRAY" and _is_text(types[0])) or empty):
        raise refusal(file, f"first column {shown(names[0])} of type {kinds[0].physical_type}", f"{NAME}, of text")
    for name, kind, arrow in zip(names[1:], kinds[1:], types[1:], strict=True):
        if kind.physical_type != "FLOAT" or arrow != pa.float32():
            raise refusal(file, f"column {shown(name)} of type {shown(str(arrow))}", "numbers in single precision")
    return names[1:]


def _is_text(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))


def _index(column: pa.ChunkedArray, file: object) -> list[str]:
    """The names of the rows, of which each stands once."""
    if column.null_count:
        raise refusal(file, f"{column.null_count} rows without a name", "a name for each row")
    index: list[str] = []
    for chunk in column.chunks if len(column) else ():
        # As a dictionary, a long name that a million rows repeat is held once.
        known = chunk.dictionary
        if known.nbytes > MOST_CELLS:
            raise refusal(file, f"{known.nbytes:,} bytes of names", f"at most {MOST_CELLS:,}")
        index += known.to_numpy(zero_copy_only=False)[chunk.indices.to_numpy()].tolist()
    check_labels(index, file, NAME)
    return index


def _check_order(found: list[str], expected: Sequence[str] | None, file: object, what: str) -> None:
    if expected is None or found == (wanted := list(expected)):
        return
    if len(found) != len(wanted):
        raise refusal(file, f"{len(found):,} {what}", f"{len(wanted):,} {what}")
    at = next(place for place, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1])
    raise refusal(file, f"{shown(found[at])} among the {what}", f"{shown(wanted[at])} at place {at + 1}")


def _check_numbers(table: Table, missing: bool, least: float, file: object) -> None:
    """Compare the extremes, which NaN and infinities reach too; look for the cell only where they are wrong."""
    numbers = table.numbers
    if not numbers.size:
        return
    extremes = (np.fmin, np.fmax) if missing else (np.minimum, np.maximum)
    low, high = (extreme.reduce(numbers, axis=None) for extreme in extremes)
    if (low >= least and high <= LARGEST) or (missing and np.isnan(low)):
        return
    fits = (numbers >= least) & (numbers <= LARGEST) | (np.isnan(numbers) & missing)
    column, row = np.argwhere(~fits)[0]
    raise refusal(
        file,
        f"{numbers[column, row]:g} in row {shown(table.index[row])}, column {shown(table.columns[column])}",
        f"numbers from {least:g} to {LARGEST:g}",
    )
