"""What separates the columns of a text table: decided by its first lines together, not by its ending alone."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from pamrx.display import short_repr
from pamrx.errors import InputError

NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "vertical bar", " ": "space"}
_READ = ("\t", ",", ";")
_TITLES = 4  # lines that may stand above a header
BY_ENDING = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".maf": "\t", ".gct": "\t"}


@short_repr
@dataclass(frozen=True)
class TextColumns:
    """`corner_left_out`: each row has one field more than the header, as R writes it; `notes`: where the ending says
    another delimiter."""

    delimiter: str
    corner_left_out: bool
    notes: list[str]


def find_columns(file: str, ending: str, lines: Sequence[str]) -> TextColumns:
    """How the columns of a table are separated.

    Parameters
    ----------
    file : for messages.
    ending : in lower case, without `.gz`.
    lines : the header and the first rows.

    Raises
    ------
    PamrxError
        If commas and semicolons both fit every line, or none of tabs, commas and semicolons separates the header.
    """
    by_ending = BY_ENDING.get(ending)
    widths = {delimiter: _widths(lines, delimiter) for delimiter in _READ}
    several = [delimiter for delimiter in _READ if widths[delimiter][0] > 1]
    even = [delimiter for delimiter in several if _is_even(widths[delimiter])]
    if not several:
        # R leaves the corner out, so that the header of one sample has no delimiter.
        even = [delimiter for delimiter in _READ if set(widths[delimiter][1:]) == {2}]
        if len(even) != 1:
            raise InputError(_one_column(file, lines[0]))
    if even == [",", ";"]:
        raise InputError(
            f"{file}: commas and semicolons both separate all its first lines evenly, into {widths[','][0]} and "
            f"{widths[';'][0]} columns; save it with tabs between the columns (.tsv)"
        )
    if even:
        found = even[0]  # a tab first, since none stands inside a cell
    elif by_ending in several:
        found = by_ending
    else:
        found = max(several, key=lambda delimiter: _evenness(widths[delimiter]))
    notes = []
    if by_ending not in (None, found):
        notes.append(f"{file}: {NAMES[found]}s found between columns although it ends in {ending}: read so")
    header, *rows = widths[found]
    return TextColumns(found, set(rows) == {header + 1}, notes)


def count_titles(lines: Sequence[str]) -> int:
    """How many of the first lines are titles: they hold one cell or none, and even lines of three columns or
    more follow. (One cell above two columns is a header of one sample, of which R leaves out the corner.)"""
    for start in range(min(_TITLES, len(lines) - 2) + 1):
        for delimiter in _READ:
            widths = _widths(lines[start:], delimiter)
            least = 3 if start else 2
            if widths[0] >= least and _is_even(widths) and _cells(lines[start], delimiter) > 1:
                titles = lines[:start]
                if all(_cells(line, delimiter) < 2 and _cells(line, "\t") < 2 for line in titles):
                    return start
    return 0


def is_header_of(comment: str, row: str) -> bool:
    """Whether a comment line is the header of the row below it, such as `#miRNA` of miRDeep2: it has as many fields,
    and there are numbers in the row only."""
    for delimiter in _READ:
        names, cells = _fields(comment, delimiter), _fields(row, delimiter)
        if 1 < len(names) == len(cells) and any(map(_is_number, cells)) and not any(map(_is_number, names)):
            return True
    return False


def split(line: str, delimiter: str) -> list[str]:
    """The fields of one line, without spaces around them; quotes are honoured."""
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter))]


def _fields(line: str, delimiter: str) -> list[str]:
    """The fields of one line. A quoted field that goes on in the next line makes its line uneven."""
    try:
        return split(line, delimiter)
    except csv.Error:
        return line.split(delimiter)


def _widths(lines: Sequence[str], delimiter: str) -> list[int]:
    return [len(_fields(line, delimiter)) for line in lines]


def _cells(line: str, delimiter: str) -> int:
    """The number of fields that hold something."""
    return sum(map(bool, _fields(line, delimiter)))


def _is_even(widths: list[int]) -> bool:
    header, rows = widths[0], set(widths[1:])
    return len(rows) <= 1 and rows <= {header, header + 1}


def _evenness(widths: list[int]) -> tuple[float, int]:
    header, rows = widths[0], widths[1:]
    return sum(width in (header, header + 1) for width in rows) / max(1, len(rows)), header


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _one_column(file: str, header: str) -> str:
    counts = {delimiter: header.count(delimiter) for delimiter in NAMES if delimiter not in _READ}
    found = max(counts, key=lambda delimiter: counts[delimiter])
    shown = header if len(header) <= 60 else header[:57] + "..."
    if not counts[found]:
        return (
            f"{file}: header: one column, '{shown}'; expected at least two, separated by tabs (.tsv) or commas (.csv)"
        )
    return (
        f"{file}: header: wrong delimiter: found {NAMES[found]} in '{shown}', expected tab, comma or semicolon; save "
        "it with tabs (.tsv) or commas (.csv)"
    )
