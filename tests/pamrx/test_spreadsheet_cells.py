"""What a spreadsheet would run, and that its mark is undone exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamrx.spreadsheet_cells import is_formula, marked, unmarked


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "@SUM(A1)", "-x", "-2+3+cmd|' /C calc'!A0", "\t=1", "\r=1", " =1", "\n-a", "＝1", "＋1", "－1",
     "＠a", "\ufeff=1", "--1", "'=1", "''=1"],
)  # fmt: skip
def test_formulas_are_marked(cell: str) -> None:
    assert is_formula(cell)
    assert marked(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["", "S1", "-1", "-1.5e-3", "-.5", "-", "1-2", "a=b", "'quoted'", "p.R130*", "5'UTR", "--copy-number"]
)
def test_other_cells_are_left(cell: str) -> None:
    assert not is_formula(cell)
    assert marked(cell) == cell


@pytest.mark.medium
@given(st.text("'=+@- \t\r\n1a.,;\"\\é\N{NO-BREAK SPACE}\N{FULLWIDTH EQUALS SIGN}\N{SNOWMAN}\x00\x7f", max_size=8))
def test_a_mark_is_undone_exactly(cell: str) -> None:
    assert unmarked(marked(cell)) == cell


def test_a_mark_before_any_character_is_undone() -> None:
    for code in (*range(0x3100), 0xD800, 0xFEFF, 0xFF1D, 0x1F48A, 0x10FFFF):
        for cell in (chr(code), f"{chr(code)}=1", f"={chr(code)}"):
            assert unmarked(marked(cell)) == cell


def test_long_cells_take_no_time() -> None:
    for cell in ("-" + "1" * 200_000 + "x", " " * 200_000, "'" * 200_000, "-1" + " " * 200_000 + "x"):
        assert unmarked(marked(cell)) == cell
