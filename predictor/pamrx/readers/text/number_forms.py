"""Numbers as spreadsheets of many countries write them: decimal commas, and marks between thousands.

A column read as text is one of numbers if most of its cells are numbers in such a form. Which form it is, is decided
once for the whole table; where two readings fit, none is chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pamrx.errors import InputError

_MOSTLY = 0.8  # share of a column's cells that are numbers, if it is one of numbers
_SPACES = " '’\u00a0\u202f"  # between thousands; none of them ever stands before decimals
_SIGN, _EXPONENT = r"\s*[-+]?", r"([eE][-+]?\d+)?\s*"
_PLAIN = _SIGN + r"(\d+\.?\d*|\.\d+)" + _EXPONENT
_COMMA = _SIGN + r"\d*,\d+" + _EXPONENT  # 7,25
_POINT = _SIGN + r"\d*\.\d+" + _EXPONENT  # 7.25
_EITHER = _SIGN + r"[1-9]\d{0,2},\d{3}\s*"  # 1,234
_POINT_EITHER = _SIGN + r"[1-9]\d{0,2}\.\d{3}\s*"  # 1.234
_COMMA_GROUPS = _SIGN + r"[1-9]\d{0,2}(,\d{3}\.\d+|(,\d{3}){2,}(\.\d*)?)\s*"  # 1,234.5 and 12,345,678
_POINT_GROUPS = _SIGN + r"[1-9]\d{0,2}(\.\d{3},\d+|(\.\d{3}){2,}(,\d*)?)\s*"  # 1.234,5 and 12.345.678
_SPACE_GROUPS = _SIGN + rf"[1-9]\d{{0,2}}([{_SPACES}]\d{{3}})+\s*"  # 1 234
_SPACES_COMMA, _SPACES_POINT = (_SPACE_GROUPS.removesuffix(r"\s*") + rf"{mark}\d+\s*" for mark in (",", r"\."))


def _any_of(*forms: str) -> str:
    return f"(?:{'|'.join(f'({form})' for form in forms)})"


_ODD = _any_of(_COMMA, _COMMA_GROUPS, _POINT_GROUPS, _SPACE_GROUPS, _SPACES_COMMA, _SPACES_POINT)
_NUMBER = _any_of(_PLAIN, _ODD)


def read_forms(
    file: str, header: list[str], frame: pd.DataFrame, text: list[int], decimal_comma: bool
) -> tuple[pd.DataFrame, list[str]]:
    """The table with its columns of numbers numeric, and a note on the form in which they stood.

    Parameters
    ----------
    frame : columns by position; the first names the rows.
    text : positions of the columns read as text that may hold numbers.
    decimal_comma : whether a comma may stand before decimals (not where it separates the columns).

    Raises
    ------
    PamrxError
        If decimal commas and decimal points are mixed, or `1,234` may be read either way.
    """
    cells = _Cells(frame, text)
    if not cells.places:
        return frame, []
    comma, either, groups = cells.first(_COMMA, _EITHER), cells.first(_EITHER), cells.first(_COMMA_GROUPS)
    point_either, point_groups = cells.first(_POINT_EITHER), cells.first(_POINT_GROUPS)
    point = cells.first(_any_of(_POINT, _SPACES_POINT), _POINT_EITHER) or _first_decimal(frame)
    settled = point_groups or cells.first(_SPACES_COMMA)
    if comma and not (decimal_comma or settled):
        return frame, []  # the matrix names the first such cell, and says what it expects
    european = comma or settled
    if european:
        clash = groups or point or (None if point_groups else point_either)
        if clash and not groups and cells.beside_plain:
            return frame, []  # single cells among others: the matrix names the first, or sets its sample aside
        if clash:
            raise InputError(
                f"{file}: {_shown(european, header, frame)} has a decimal comma, {_shown(clash, header, frame)} a "
                "decimal point; expected one of them in all cells"
            )
    elif either and not (groups or point or point_either):
        number = either[2]
        raise InputError(
            f"{file}: {_shown(either, header, frame)} is {number.replace(',', '')} if commas stand between thousands, "
            f"{number.replace(',', '.')} if they stand before decimals, and no other cell settles it; save the file "
            "with a point before decimals and nothing between thousands"
        )
    form = "commas" if either or groups else "spaces or apostrophes"
    form = "decimal commas" if european else f"{form} between thousands"
    example = european or groups or either or cells.first(_any_of(_SPACE_GROUPS, _SPACES_POINT))
    note = f"{file}: numbers with {form} read" + (f", such as '{example[2]}'" if example else "")
    return cells.converted(frame, bool(european)), [note]


_Found = tuple[int, int, str]
"""Row, column and text of a cell."""


class _Cells:
    """The cells of those text columns that hold numbers in an odd form, one column after the other.

    As an Arrow array, whose regular expressions are ten times as fast as Python's.
    """

    def __init__(self, frame: pd.DataFrame, text: list[int]) -> None:
        self._height = len(frame)
        self.places: list[int] = []
        self.beside_plain = False
        """Whether each of the columns holds plain numbers too."""
        if not text:
            return
        cells = _flat(frame, text)
        odd = _matching(cells, _ODD).reshape(len(text), self._height)
        if not odd.any():
            return
        numbers = _matching(cells, _NUMBER).reshape(odd.shape).sum(axis=1)
        present = cells.is_valid().to_numpy(zero_copy_only=False).reshape(odd.shape).sum(axis=1)
        mostly = odd.any(axis=1) & (numbers >= _MOSTLY * present)
        self.places = [place for place, is_number in zip(text, mostly, strict=True) if is_number]
        if not self.places:
            return
        self._cells = _flat(frame, self.places)
        plain = _matching(self._cells, _PLAIN).reshape(len(self.places), self._height)
        self.beside_plain = bool(plain.any(axis=1).all())

    def first(self, form: str, other: str = "") -> _Found | None:
        """The first cell of one form that is not of the other."""
        hits = _matching(self._cells, form)
        if other and hits.any():
            hits = hits & ~_matching(self._cells, other)
        if not hits.any():
            return None
        position = int(hits.argmax())
        column, row = divmod(position, self._height)
        return row, self.places[column], str(self._cells[position]).strip()

    def converted(self, frame: pd.DataFrame, european: bool) -> pd.DataFrame:
        """The table with these cells as numbers; a column with a word among them keeps it, and stays text."""
        numbers = _matching(self._cells, _NUMBER)
        whole = (numbers | ~self._cells.is_valid().to_numpy(zero_copy_only=False)).reshape(-1, self._height)
        plain = pc.replace_substring_regex(self._cells, rf"[{_SPACES}{'.' if european else ','}]", "")
        plain = pc.utf8_trim_whitespace(pc.replace_substring(plain, ",", "."))
        plain = pc.if_else(pa.array(numbers), plain, self._cells)
        columns = {int(place): frame[place] for place in frame.columns}
        for number, place in enumerate(self.places):
            cells = plain.slice(number * self._height, self._height).to_numpy(zero_copy_only=False)
            columns[place] = pd.Series(cells.astype(np.float64) if whole[number].all() else cells, index=frame.index)
        return pd.DataFrame(columns)


def _flat(frame: pd.DataFrame, places: list[int]) -> Any:
    """The cells of some columns, one after the other, as one Arrow array."""
    return pa.concat_arrays([pa.array(frame[place], pa.large_string(), from_pandas=True) for place in places])


def _matching(cells: Any, form: str) -> np.ndarray:
    found: np.ndarray = pc.match_substring_regex(cells, f"^(?:{form})$").fill_null(False).to_numpy(zero_copy_only=False)
    return found


def _first_decimal(frame: pd.DataFrame) -> _Found | None:
    """The first number with decimals in a column that was read as numbers."""
    for place in frame.columns:
        if pd.api.types.is_float_dtype(frame[place].dtype):
            values = frame[place].to_numpy(dtype=np.float64)
            hits = np.isfinite(values) & (values % 1 != 0)
            if hits.any():
                row = int(hits.argmax())
                return row, int(place), str(values[row])
    return None


def _shown(found: _Found, header: list[str], frame: pd.DataFrame) -> str:
    row, column, text = found
    return f"row {frame[0].iloc[row]}, column {header[column] or column + 1}: '{text}'"
