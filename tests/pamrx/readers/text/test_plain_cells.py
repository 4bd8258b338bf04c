"""Cells as text with decimal points, whatever country the spreadsheet was of."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx.errors import InputError
from pamrx.readers.text.plain_cells import read_plain_cells


def test_decimal_commas_become_points_and_other_cells_stay(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id;value;code\nS,1;0,25;007\nS2;;008\nS3;1;009\n")
    notes: list[str] = []
    cells = read_plain_cells(path, notes)
    assert cells.values.tolist() == [["S,1", "0.25", "007"], ["S2", "", "008"], ["S3", "1.0", "009"]]
    assert any("numbers with decimal commas read, such as '0,25'" in note for note in notes)


def test_plain_numbers_are_left_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,value\nS,1.50\nT,2e-3\n")
    assert read_plain_cells(path, []).values.tolist() == [["S", "1.50"], ["T", "2e-3"]]


def test_what_may_be_read_either_way_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("id\tvalue\nS\t1,234\nT\t5,678\n")
    with pytest.raises(InputError, match="no other cell settles it"):
        read_plain_cells(path, [])
