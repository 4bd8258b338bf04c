"""A table of cells with a header, from text, Parquet or records; what its axes mean is not yet known."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pamrx.errors import InputError, PamrxError
from pamrx.identifiers.quantities import name_key
from pamrx.readers.boundary import MAX_CELL, boundary
from pamrx.readers.parquet_file import EXPECTED, check_whole
from pamrx.readers.text.files import SHORTER, Head, check_labels, csv_trouble, is_parquet, open_bytes, parquet_columns
from pamrx.readers.text.memory import PER_CELL, most_text
from pamrx.readers.text.number_forms import read_forms

MAX_SMALL = 10_000
"""Columns of a table that is read as text: the clinical tables of large studies have about a thousand."""

_UNNAMED = re.compile(r"Unnamed: \d+")  # what pandas calls a column without a name
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d{1,9})")  # as pandas says it
# From pandas 3.1 every number is read exactly, and asking for it is deprecated.
_EXACT: dict[str, Any] = (
    {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
)
# Columns that name samples, in lower case, letters and digits only.
_ID_COLUMNS = frozenset(
    {
        "sampleid",
        "sample",
        "tumorsamplebarcode",
        "modelid",
        "depmapid",
        "cellline",
        "celllinename",
        "caseid",
        "patientid",
    }
)


class RawTable:
    """Columns by position, since names may repeat. Columns of numbers are numeric, all others text.

    `gct` holds the numbers of a GCT file's size line (see `Head`), None of any other table; `notes` say how the file
    was opened, where that is not plain: its encoding, delimiter, sheet, form of numbers.
    """

    def __init__(
        self,
        header: list[str],
        frame: pd.DataFrame,
        gct: tuple[int, ...] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.header = header
        self.gct = gct
        self.notes = tuple(notes)
        self._frame = frame
        kinds = pd.api.types
        self._text = [not kinds.is_numeric_dtype(dtype) or kinds.is_bool_dtype(dtype) for dtype in frame.dtypes]

    def __len__(self) -> int:
        return len(self._frame)

    def column(self, position: int) -> pd.Series:
        """The cells of one column, NaN where empty."""
        return self._frame.iloc[:, position]

    def is_text(self, position: int) -> bool:
        """Whether some cell of the column is not a number."""
        return self._text[position]

    def block(self, positions: list[int]) -> np.ndarray | None:
        """Several columns at once as float64, shape (rows, columns); None where one of them holds text."""
        if any(self._text[position] for position in positions):
            return None
        return self._frame.iloc[:, positions].to_numpy(dtype=np.float64, na_value=np.nan)

    def head(self, positions: list[int], rows: int) -> np.ndarray:
        """The first rows of several columns of numbers as float64, shape (rows, columns)."""
        return self._frame.iloc[:rows, positions].to_numpy(dtype=np.float64, na_value=np.nan)

    def filled(self, positions: list[int]) -> set[int]:
        """Those of some columns in which any cell holds something."""
        some = self._frame.iloc[:, positions].notna().to_numpy()
        return {position for place, position in enumerate(positions) if some[:, place].any()}

    def top(self, rows: int) -> np.ndarray:
        """The cells of the first rows as objects, shape (rows, columns), NaN where empty."""
        cells: np.ndarray = self._frame.iloc[:rows].to_numpy(dtype=object)
        return cells

    def numeric(self, position: int) -> np.ndarray:
        """The column as float64; NaN where it is empty or no number."""
        series = self.column(position)
        if pd.api.types.is_bool_dtype(series.dtype):
            return np.full(len(series), np.nan)
        if isinstance(series.dtype, pd.StringDtype):  # an array takes a third of the time, for columns of few rows
            cells = series.array.to_numpy(dtype=object, na_value=np.nan)
            return np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)
        return pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)

    def has_number(self, position: int) -> bool:
        """Whether some cell of the column is a number."""
        return bool(np.isfinite(self.numeric(position)).any())

    @cached_property
    def keys(self) -> list[str]:
        """The columns' names in lower case, letters and digits only."""
        return [name_key(name) for name in self.header]


def read_raw_table(file: Path) -> RawTable:
    """Read a table whole. Numbers are read as given (round trip); ids, in the first column and in those named for
    samples, stay text.

    Raises
    ------
    PamrxError
        If it cannot be read, has one column, no row, or a row with more or fewer fields than the header; as
        `read_forms`.
    """
    return _from_parquet(file) if is_parquet(file) else _from_text(file)


def read_text_cells(file: Path, notes: list[str]) -> pd.DataFrame:
    """Read a small table whole, every cell as the text that stands there, empty cells as `""`.

    `notes` gets how the file was opened, where that is not plain.

    Raises
    ------
    PamrxError
        As `read_raw_table`.
    """
    if is_parquet(file):
        grid = _from_parquet(file)
        cells = {place: grid.column(place).map(_id_text) for place in range(len(grid.header))}
        frame = pd.DataFrame(cells)
        return frame.set_axis(grid.header, axis=1)
    head = Head(file)
    if len(head.header) > MAX_SMALL:
        raise InputError(
            f"{file}: header: {len(head.header):,} columns, more than a table of samples has; expected at most "
            f"{MAX_SMALL:,}: leave out those that are not used"
        )
    wrong = _ragged(file, head, len(head.header))
    if wrong:
        raise wrong
    try:
        with open_bytes(file, most_text(PER_CELL * len(head.header), head.row_size)) as stream:
            frame = pd.read_csv(
                stream,
                sep=head.delimiter,
                header=None,
                names=list(range(len(head.header))),
                skiprows=head.skipped + 1,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8",
            ).set_axis(head.header, axis=1)
    except pd.errors.ParserError as error:
        raise _trouble(file, head, error) from None
    _check_cells(file, head.header, frame.set_axis(range(frame.shape[1]), axis=1), list(range(frame.shape[1])))
    notes += [*stream.notes, *head.notes]
    return frame


def table_from_frame(source: str, frame: pd.DataFrame) -> RawTable:
    """The same from a frame in memory; `source` names it in messages.

    Columns of text are read as those of a file are, so that both give the same numbers.

    Raises
    ------
    PamrxError
        For a frame without rows or columns, a name that is too long, and as `read_forms`.
    """
    if frame.empty:
        raise InputError(f"{source}: no rows or no columns")
    header = ["" if name is None or _UNNAMED.fullmatch(str(name)) else str(name).strip() for name in frame.columns]
    frame, ids = frame.set_axis(range(frame.shape[1]), axis=1).reset_index(drop=True), _ids(header)
    for place in ids:
        cells = frame[place].astype(object).map(_id_text).str.strip()
        check_labels(source, cells, f"column {header[place] or place + 1}")
        frame[place] = cells.astype("str").replace("", None)
    kinds = pd.api.types
    words = [
        place
        for place, dtype in enumerate(frame.dtypes)
        if place not in ids and (not kinds.is_numeric_dtype(dtype) or kinds.is_bool_dtype(dtype))
    ]
    if not words:
        return RawTable(header, frame)
    stream = io.StringIO(frame[words].to_csv(index=False, header=False))
    read = pd.read_csv(
        stream, header=None, names=words, na_values=["-"], low_memory=False, skip_blank_lines=False, **_EXACT
    )
    parts = [frame.drop(columns=words), _with_large_numbers(read)]
    frame = pd.concat(parts, axis=1)[list(range(len(header)))]
    text = [place for place in words if pd.api.types.is_string_dtype(frame[place].dtype)]
    frame, told = read_forms(source, header, frame, text, True)
    return RawTable(header, frame, notes=told)


def _from_parquet(file: Path) -> RawTable:
    parquet_columns(file)
    check_whole(file)
    with boundary(file, EXPECTED):
        frame = pd.read_parquet(file)
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    if frame.empty:
        raise InputError(f"{file}: no rows or no columns")
    header = ["" if name is None else str(name).strip() for name in frame.columns]
    frame = frame.set_axis(range(frame.shape[1]), axis=1)
    for place in _ids(header):
        if pd.api.types.is_numeric_dtype(frame[place].dtype):
            frame[place] = frame[place].map(_id_text).astype("str").replace("", None)
    return RawTable(header, frame)


def _from_text(file: Path) -> RawTable:
    head = Head(file)
    header, ids = head.header, _ids(head.header)
    most = most_text(PER_CELL * len(header), head.row_size)
    try:
        with open_bytes(file, most) as stream:
            frame = pd.read_csv(
                stream,
                sep=head.delimiter,
                header=None,
                names=list(range(len(header))),
                skiprows=head.skipped + 1,
                dtype=dict.fromkeys(ids, str),
                na_values=["-"],  # CellMiner's mark for a gap
                low_memory=False,
                encoding="utf-8",
                **_EXACT,
            )
    except pd.errors.ParserError as error:
        raise _ragged(file, head, len(header)) or _trouble(file, head, error) from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{file}: a header and no row below it") from None
    # A line cut short reads as empty cells at its end: only then is every line counted.
    if not isinstance(frame.index, pd.RangeIndex) or frame.iloc[:, -1].isna().any():
        wrong = _ragged(file, head, len(header))
        if wrong:
            raise wrong
    frame[0] = frame[0].str.strip()
    for place in ids:
        check_labels(str(file), frame[place].dropna(), f"column {header[place] or place + 1}")
    frame = _with_large_numbers(frame)
    text = [
        place for place, dtype in enumerate(frame.dtypes) if pd.api.types.is_string_dtype(dtype) and place not in ids
    ]
    if stream.size > MAX_CELL:
        _check_cells(file, header, frame, text)
    frame, told = read_forms(str(file), header, frame, text, head.delimiter != ",")
    return RawTable(header, frame, head.gct, [*stream.notes, *head.notes, *told])


def _with_large_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers beyond 64 bits, which pandas reads as Python's, as float64: inf where they are beyond that too."""
    for place, kind in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(kind) and not frame[place].map(lambda cell: isinstance(cell, str)).any():
            frame[place] = frame[place].map(_float).astype(np.float64)
    return frame


def _float(cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError:
        return float("inf") if cell > 0 else float("-inf")


def _check_cells(file: Path, header: list[str], frame: pd.DataFrame, text: list[int]) -> None:
    for place in text:
        longest = pc.max(pc.utf8_length(pa.array(frame[place], pa.large_string(), from_pandas=True))).as_py()
        if (longest or 0) > MAX_CELL:
            row = int((frame[place].str.len() > MAX_CELL).to_numpy().argmax())
            raise InputError(
                f"{file}: row {frame[0].iloc[row]}, column {header[place] or place + 1}: a cell of more than "
                f"{MAX_CELL:,} characters; {SHORTER}"
            )


def _trouble(file: Path, head: Head, error: Exception) -> InputError:
    """What is wrong with a table that pandas cannot take apart."""
    found = _OPEN_QUOTE.search(str(error))
    if found:
        return InputError(
            f"{file}: line {head.skipped + 1 + int(found[1])}: a quotation mark opens and does not close; expected "
            "closed quotes, or none"
        )
    return InputError(f"{file}: cannot be read as a table ({error})")


def _ids(header: list[str]) -> list[int]:
    """Positions of the columns whose cells are names, also where they look like numbers."""
    return [
        place
        for place, name in enumerate(header)
        if not place or "".join(filter(str.isalnum, name.lower())) in _ID_COLUMNS
    ]


def _id_text(value: Any) -> str:
    """A cell as a name: of a whole number, which a table with gaps stores as a float, without a decimal point."""
    if pd.isna(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _ragged(file: Path, head: Head, width: int) -> PamrxError | None:
    with open_bytes(file) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        for _ in range(head.skipped + 1):
            text.readline()
        reader = csv.reader(text, delimiter=head.delimiter)
        try:
            return _uneven(file, head, width, reader)
        except csv.Error as error:
            return InputError(f"{file}: line {head.skipped + 1 + reader.line_num}: {csv_trouble(error)}")


def _uneven(file: Path, head: Head, width: int, reader: Any) -> PamrxError | None:
    """The first row that is longer or shorter than the header."""
    for fields in reader:
        if fields and any(fields) and len(fields) != width:
            line = head.skipped + 1 + reader.line_num
            if any("\n" in field for field in fields):
                return InputError(
                    f"{file}: line {line}: a quotation mark opens in a field and does not close; expected "
                    "closed quotes, or none"
                )
            advice = "the file may be cut short" if len(fields) < width else "a delimiter too many?"
            return InputError(
                f"{file}: line {line} ({fields[0][:40]}): {len(fields)} fields found, {width} expected from the "
                f"header; {advice}"
            )
    return None
