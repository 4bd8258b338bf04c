"""A sheet of an Excel workbook as tab-separated text, which the readers of text then take like any other file.

Line n of the text is row n of the sheet: rows that are left out become empty lines. openpyxl is imported only where a
workbook is read.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from pamrx.display import short_repr
from pamrx.errors import InputError, did_you_mean
from pamrx.readers.boundary import MAX_CELL, boundary
from pamrx.readers.text.workbook_parts import SAVE, check_parts

ENDINGS = (".xlsx", ".xlsm")
EXPECTED, MEND = "an Excel workbook", "open it in Excel and save it again"
MAX_CELLS = 2_000_000
"""A sheet with more cells is refused."""

_SHEET = re.compile(r"(\.xls[xm])::(.+)$", re.IGNORECASE)
_MAX_ROWS = 1 << 20  # of Excel itself
_SPARSE = 3  # rows are scanned up to that many times MAX_CELLS, empty cells included


@short_repr
@dataclass(frozen=True)
class Sheet:
    """`text`: UTF-8, tab-separated; `notes`: which sheet it is and what was left out, one sentence each."""

    text: bytes
    notes: tuple[str, ...]


def split_sheet(path: str | Path) -> tuple[Path, str | None]:
    """The file of `FILE.xlsx::SHEET`, and the sheet; None where none is named."""
    text = str(path)
    found = _SHEET.search(text)
    return (Path(text[: found.end(1)]), found[2]) if found else (Path(text), None)


def is_workbook(path: str | Path) -> bool:
    """Whether the ending says Excel workbook, with or without a sheet named after it."""
    return split_sheet(path)[0].suffix.lower() in ENDINGS


def looks_like_workbook(file: Path) -> bool:
    """Whether the content is a workbook, whatever the file's name."""
    try:
        with zipfile.ZipFile(file) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except Exception:  # zipfile raises errors of many kinds for damaged archives
        return False


def sheet_of(path: Path) -> Sheet:
    """A sheet of the workbook at `FILE.xlsx` (its only one that holds anything) or `FILE.xlsx::SHEET`.

    Numbers are written so that they read back exactly, dates as 2024-03-01, booleans as TRUE and FALSE; `#N/A` is an
    empty cell.

    Raises
    ------
    PamrxError
        If the workbook is damaged or too large, has no such sheet, only empty ones, or several and none is named; for
        a cell with an error, or with a formula that was never calculated.
    """
    file, wanted = split_sheet(path)
    now = file.stat()
    return _sheet(path, file, wanted, now.st_mtime_ns, now.st_size)


@lru_cache(maxsize=4)  # a file is opened several times on its way: to tell what it is, for its header, for its cells
def _sheet(path: Path, file: Path, wanted: str | None, _changed: int, _size: int) -> Sheet:
    with boundary(path, EXPECTED, MEND):
        formulas = check_parts(path, file)
    with _opened(path, file, data_only=True) as book:
        name = _chosen(path, file, book, wanted)
        rows, blank = _rows(path, book[name], formulas)
    while rows and not rows[-1]:
        rows.pop()
    if blank:
        with _opened(path, file, data_only=False) as book:
            _check_calculated(path, book[name], blank)
    return _laid_out(path, name, rows)


@contextmanager
def _opened(path: Path, file: Path, data_only: bool) -> Iterator[Any]:
    import openpyxl

    # openpyxl has no errors of its own for damaged files: any kind may come.
    with boundary(path, EXPECTED, MEND), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and validations, which are not read
        book = openpyxl.load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _chosen(path: Path, file: Path, book: Any, wanted: str | None) -> str:
    names = [sheet.title for sheet in book.worksheets]
    if wanted is not None:
        if wanted not in names:
            raise InputError(f"{path}: no sheet '{wanted}'; found {', '.join(names)}{did_you_mean(wanted, names)}")
        return wanted
    left = iter(range(MAX_CELLS))  # cells of all sheets that are looked at
    filled = [sheet.title for sheet in book.worksheets if _is_filled(sheet, left)]
    if not filled:
        raise InputError(f"{path}: all sheets of the workbook are empty")
    if len(filled) > 1:
        raise InputError(
            f"{path}: {len(filled)} sheets hold data ({', '.join(filled)}); name one, as '{file.name}::{filled[0]}' or "
            f"--sheet '{filled[0]}'"
        )
    return str(filled[0])


def _scanned(sheet: Any) -> Iterator[Any]:
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    return islice(sheet.iter_rows(), _MAX_ROWS)


def _is_filled(sheet: Any, left: Iterator[int]) -> bool:
    cells = (value for row in _scanned(sheet) for value in (None, *(cell.value for cell in row)))  # a row counts, too
    return any(value is not None and str(value).strip() for _, value in zip(left, cells, strict=False))


def _rows(path: Path, sheet: Any, formulas: bool) -> tuple[list[list[str]], set[str]]:
    """The cells as text, rows of any length; and, where there may be `formulas`, where those without a value stand."""
    rows: list[list[str]] = []
    blank: set[str] = set()
    filled = empty = scanned = 0
    for row in _scanned(sheet):
        texts = []
        for cell in row:
            if cell.value is not None:
                texts.append(_text(path, cell))
                filled += 1
                continue
            texts.append("")
            if cell.data_type == "n" and hasattr(cell, "row"):
                empty += 1
                if formulas:
                    blank.add(cell.coordinate)
        while texts and not texts[-1]:
            texts.pop()
        rows.append(texts)
        scanned += len(row) + 1
        if 2 * empty > MAX_CELLS:  # each takes twice as long as one that is not stored
            raise InputError(
                f"{path}: sheet {sheet.title} has more than {MAX_CELLS // 2:,} formatted empty cells; {SAVE}"
            )
        if filled > MAX_CELLS or scanned > _SPARSE * MAX_CELLS:
            raise InputError(f"{path}: sheet {sheet.title} has more than {MAX_CELLS:,} cells; {SAVE}")
    return rows, blank


def _text(path: Path, cell: Any) -> str:
    value = cell.value
    if type(value) is float and not value.is_integer():
        return repr(value)
    if cell.data_type == "e":
        if value == "#N/A":
            return ""
        raise InputError(
            f"{path}: cell {cell.coordinate}: error {value} found, expected a value; mend or empty the cell"
        )
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return (value.date() if not (value.hour or value.minute or value.second) else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    if len(text) > MAX_CELL:
        raise InputError(
            f"{path}: cell {cell.coordinate}: a text of {len(text):,} characters ('{text[:40]}...'), expected at most "
            f"{MAX_CELL:,}; shorten the cell"
        )
    # Tabs and line breaks would end the cell, and a quotation mark might begin one.
    return " ".join(text.replace('"', "'").split())


def _check_calculated(path: Path, sheet: Any, blank: set[str]) -> None:
    for row in _scanned(sheet):
        for cell in row:
            if cell.data_type == "f" and cell.coordinate in blank:
                raise InputError(
                    f"{path}: cell {cell.coordinate}: a formula without its value found; open the workbook in Excel or "
                    "LibreOffice and save it again, so that its formulas are calculated"
                )


def _laid_out(path: Path, name: str, rows: list[list[str]]) -> Sheet:
    """The rows as text, without the titles above the table and the empty columns before it."""
    titles = _titles(rows)
    table = rows[len(titles) :]
    left = min((next(place for place, text in enumerate(row) if text) for row in table if row), default=0)
    width = max((len(row) for row in table), default=0)
    lines = [""] * len(titles)
    lines += ["\t".join(row[left:] + [""] * (width - len(row))) if row else "" for row in table]
    told = f"{path}: sheet {name} read"
    named = [text for row in titles for text in row if text]
    if named:
        shown = named[0] if len(named[0]) <= 40 else named[0][:37] + "..."
        told += f" from row {len(titles) + 1} on, below a title ('{shown}')"
    elif titles:
        told += f" from row {len(titles) + 1} on, below empty rows"
    if left:
        told += f", without {left} empty column{'s' if left > 1 else ''} at its left"
    return Sheet("\n".join([*lines, ""]).encode(), (told,))


def _titles(rows: list[list[str]]) -> list[list[str]]:
    """The rows above the header: empty ones, and titles, which are the only cell of their row and stand above the first
    column of the table. Where no row has several cells, the first is the header."""
    counts = [sum(map(bool, row)) for row in rows]
    header = next((place for place, count in enumerate(counts) if count > 1), None)
    if header is None:
        header = next((place for place, count in enumerate(counts) if count), 0)
    else:
        first = next(place for place, text in enumerate(rows[header]) if text)
        while header and counts[header - 1] == 1 and len(rows[header - 1]) - 1 > first:
            header -= 1  # stands above another column: the header of one sample, of which R leaves out the corner
    return rows[:header]
