"""Parquet from strangers: one column of names and columns of single-precision numbers, and nothing else.

What the file says of pandas or of Arrow's extension types is never used: the columns are taken as Parquet stores them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pamrx.bundle.refusal import boundary, refusal, shown
from pamrx.bundle.strict_json import LARGEST, check_labels

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 200_000, 2_000, 10_000_000
"""Of one table; the largest of the released bundle has 6,875 rows of 68 columns."""

NAME = "name"
_TABLE = "a table of names and numbers as `pamrx train` writes it"


def read_table(
    data: bytes,
    file: object,
    *,
    columns: Sequence[str] | None = None,
    rows: Sequence[str] | None = None,
    missing: bool = False,
    least: float = -LARGEST,
) -> pd.DataFrame:
    """A table of a bundle, index `name`, single precision.

    Parameters
    ----------
    data : the bytes of the Parquet file.
    file : in messages.
    columns, rows : names that it must have, in this order; without, any names, each once.
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
        values = np.empty((len(names), len(index)), dtype=np.float32)
        for place in range(len(names)):
            column = table.column(place + 1)
            if column.null_count and not missing:
                raise refusal(file, f"{column.null_count} empty cells in column {shown(names[place])}", "numbers")
            values[place] = column.to_numpy()
    _check_order(names, columns, file, "columns")
    _check_order(index, rows, file, "rows")
    _check_numbers(values, names, index, missing, least, file)
    return pd.DataFrame(values.T, index=pd.Index(index, name=NAME, dtype="str"), columns=names, copy=False)


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
    if found.num_row_groups > 1 + size[0]:
        raise refusal(file, f"{found.num_row_groups:,} row groups", "one")
    kinds = [opened.schema.column(place) for place in range(size[1])]
    types = list(opened.schema_arrow.types)
    if len(types) != size[1] or any(kind.max_repetition_level or kind.max_definition_level > 1 for kind in kinds):
        raise refusal(file, "columns of lists or records", "a flat table")
    names = [kind.path for kind in kinds]
    check_labels(names, file, "the header")
    empty = size[0] == 0
    if names[0] != NAME or not (kinds[0].physical_type == "BYTE_ARRAY" and _is_text(types[0]) or empty):
        raise refusal(file, f"first column {shown(names[0])} of type {shown(str(types[0]))}", f"{NAME}, of text")
    for name, kind, arrow in zip(names[1:], kinds[1:], types[1:], strict=True):
        if kind.physical_type != "FLOAT" or arrow != pa.float32():
            raise refusal(file, f"column {shown(name)} of type {shown(str(arrow))}", "numbers in single precision")
    return names[1:]


def _is_text(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))


def _index(column: pa.ChunkedArray, file: object) -> list[str]:
    if not len(column):
        return []
    # As a dictionary, a long name that a million rows repeat is held once.
    known = [value for chunk in column.chunks for value in chunk.dictionary.to_pylist()]
    if sum(map(len, known)) > MOST_CELLS:
        raise refusal(file, "names that are too long", f"{MOST_CELLS:,} characters in all")
    check_labels(list(dict.fromkeys(known)), file, NAME)
    found = column.to_pylist()
    check_labels(found, file, NAME)
    return found


def _check_order(found: list[str], expected: Sequence[str] | None, file: object, what: str) -> None:
    if expected is None or found == (wanted := list(expected)):
        return
    if len(found) != len(wanted):
        raise refusal(file, f"{len(found):,} {what}", f"{len(wanted):,} {what}")
    at = next(place for place, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1])
    raise refusal(file, f"{shown(found[at])} among the {what}", f"{shown(wanted[at])} at place {at + 1}")


def _check_numbers(
    values: np.ndarray, names: list[str], index: list[str], missing: bool, least: float, file: object
) -> None:
    """Compare extremes, which NaN and infinities reach too; only where they are wrong look for the cell."""
    if not values.size:
        return
    with np.errstate(invalid="ignore"):
        low, high = (np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)) if missing else (values.min(), values.max())
    if (low >= least and high <= LARGEST) or (missing and np.isnan(low)):
        return
    fits = (values >= least) & (values <= LARGEST) | (np.isnan(values) & missing)
    column, row = np.argwhere(~fits)[0]
    raise refusal(
        file,
        f"{values[column, row]:g} in row {shown(index[row])}, column {shown(names[column])}",
        f"numbers from {least:g} to {LARGEST:g}",
    )
