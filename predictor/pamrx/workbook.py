"""Tables as the sheets of one Excel workbook: typed cells, text that is never run, a header that stays in sight."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pamrx.errors import UsageError
from pamrx.outputs import PathLike, whole_file
from pamrx.spreadsheet_cells import is_formula
from pamrx.tables import encodable

if TYPE_CHECKING:
    import pandas as pd

MAX_ROWS = 1_048_575
"""Rows of a sheet below its header: Excel has 2**20 in all."""

_NARROW, _WIDE, _LOOKED_AT = 8, 60, 1000  # width of a column in characters, and the rows that it is chosen by
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot hold
_MAX_TEXT = 32_767  # characters of a cell in Excel


def check_rows(path: PathLike, sheet: str, rows: int) -> None:
    """Refuse a sheet of more rows than Excel opens.

    Raises
    ------
    UsageError
        In one line, with what to do in its place.
    """
    if rows > MAX_ROWS:
        raise UsageError(
            f"{path}: sheet {sheet} would have up to {rows:,} rows, more than the {MAX_ROWS:,} of a sheet in Excel; "
            "name a file that ends in .parquet or .csv, or choose fewer --drugs or samples"
        )


def write_workbook(sheets: Mapping[str, pd.DataFrame], path: PathLike) -> None:
    """Write each table as a sheet of one workbook (`.xlsx`); whole or not at all.

    Numbers are numeric cells (16 significant digits, the most that the writer gives), true and false are booleans, all
    else is text, also where it looks like a formula or a link; what is missing, and empty text, is an empty cell. The
    header is bold and stays in sight, and each column has a filter.

    Parameters
    ----------
    sheets : tables by the names of their sheets, 31 characters at most.

    Raises
    ------
    UsageError
        For a table of more than `MAX_ROWS` rows.
    StoreError
        If the file cannot be written.
    """
    from openpyxl import Workbook

    for name, frame in sheets.items():
        check_rows(path, name, len(frame))
    with whole_file(path) as temporary:
        book = Workbook(write_only=True)
        for name, frame in sheets.items():
            _add_sheet(book.create_sheet(name), frame)
        book.save(temporary)


def _add_sheet(sheet: Any, frame: pd.DataFrame) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    columns = [_cells(frame.iloc[:, place]) for place in range(frame.shape[1])]
    titles = [str(name) for name in frame.columns]
    letters = [get_column_letter(place + 1) for place in range(len(titles))]
    # A write-only sheet takes these before its first row.
    sheet.freeze_panes = "A2"
    for letter, title, cells in zip(letters, titles, columns, strict=True):
        sheet.column_dimensions[letter].width = _width(title, cells)
    if letters:
        sheet.auto_filter.ref = f"A1:{letters[-1]}{len(frame) + 1}"
    header = [_text_cell(sheet, title) for title in titles]
    for cell in header:
        cell.font = Font(bold=True)
    sheet.append(header)
    for row in zip(*columns, strict=True):
        sheet.append([_text_cell(sheet, cell) if _is_special(cell) else cell for cell in row])


def _cells(column: pd.Series) -> list[Any]:
    """The cells as Python's own values, None where nothing is to stand."""
    return list(map(_cell, column.astype(object), column.isna()))


def _cell(value: Any, missing: bool) -> Any:
    if missing or value == "":
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # Excel has no infinite number
    if isinstance(value, (bool, int, float)):
        return value
    return _plain(str(value))


def _plain(text: str) -> str:
    r"""Text that XML can hold: control characters and halves of surrogate pairs are written out, as `\x1b`."""
    text = str(encodable(text))
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)[:_MAX_TEXT]


def _is_special(cell: Any) -> bool:
    """Whether it is text that openpyxl or a spreadsheet would take for a formula (`=1+1`) or an error (`#N/A`)."""
    return isinstance(cell, str) and (cell.startswith("#") or is_formula(cell))


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, _plain(text))
    cell.data_type = "s"
    if is_formula(text):
        cell.quotePrefix = True  # so that it stays text when a person edits the cell
    return cell


def _width(title: str, cells: list[Any]) -> float:
    """Wide enough for the title with its filter's button, and for most cells."""
    longest = max(map(len, _shown(cells)), default=0)
    return float(min(max(len(title) + 3, longest + 1, _NARROW), _WIDE))


def _shown(cells: list[Any]) -> Iterator[str]:
    """The first cells as a spreadsheet shows them: numbers shortened to their column."""
    for cell in cells[:_LOOKED_AT]:
        if cell is not None:
            yield f"{cell:.6g}" if isinstance(cell, float) else str(cell)
