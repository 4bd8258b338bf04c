"""Cells of CSV that a spreadsheet would run as a formula, marked as text with an apostrophe, and unmarked again."""

from __future__ import annotations

import re

MARK = "'"

_BLANK = r"[\s\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff]*"
_NUMBER = r"-(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$"
_OPTION = r"--[a-z]+(?:-[a-z]+)*$"  # as tables of pamrx name one; nothing that a spreadsheet could run
_FORMULA = re.compile(rf"(?P<marks>'*){_BLANK}(?:[=+@＝＋＠]|(?!{_NUMBER}|{_OPTION})[-－](?=.))", re.DOTALL)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet may run the cell: `=`, `+`, `@` or `-` first, full-width forms and blanks before included.

    A negative number, a single dash and an option such as `--samples` are none; a cell that was marked already is one.
    """
    return _FORMULA.match(cell) is not None


def marked(cell: str) -> str:
    """The cell as CSV holds it; `unmarked` gives it back whatever it was."""
    return MARK + cell if is_formula(cell) else cell


def unmarked(cell: str) -> str:
    """A cell of CSV without the apostrophe that `marked` put before it."""
    found = _FORMULA.match(cell)
    return cell[len(MARK) :] if found is not None and found["marks"] else cell
