"""Excel workbooks: typed cells, text that is never run, whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from pamrx import workbook
from pamrx.errors import StoreError, UsageError
from pamrx.tables import check_tables
from pamrx.workbook import write_workbook

HOSTILE = ["=1+1", "=HYPERLINK(1)", "+a", "@SUM(A1)", "-x", "'=1", "#N/A", "http://a.b", "TRUE", "1e5", "="]


def sheet_of(path: Path, name: str = "answer") -> Worksheet:
    sheet = openpyxl.load_workbook(path)[name]
    assert isinstance(sheet, Worksheet)
    return sheet


@pytest.mark.parametrize("kind", ["object", "str", "category"])
def test_text_is_never_run(tmp_path: Path, kind: str) -> None:
    frame = pd.DataFrame({"=head": pd.Series(HOSTILE, dtype=kind)})
    write_workbook({"answer": frame}, tmp_path / "r.xlsx")
    cells = [row[0] for row in sheet_of(tmp_path / "r.xlsx").iter_rows()]
    assert [cell.value for cell in cells] == ["=head", *HOSTILE]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    read = pd.read_excel(tmp_path / "r.xlsx", dtype=str, keep_default_na=False)
    assert list(read["=head"]) == HOSTILE


def test_cells_have_types_and_what_is_missing_is_empty(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "number": [-1.25, np.nan],
            "whole": pd.Series([3, pd.NA], dtype="Int64"),
            "yes": pd.Series([True, pd.NA], dtype="boolean"),
            "flag": ["", "missing"],
            "far": [np.inf, -np.inf],
        }
    ).set_axis([7, 9])
    write_workbook({"answer": frame}, tmp_path / "r.xlsx")
    sheet = sheet_of(tmp_path / "r.xlsx")
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [-1.25, 3, True, None, "inf"],
        [None, None, None, "missing", "-inf"],
    ]
    assert [cell.data_type for cell in sheet[2]] == ["n", "n", "b", "n", "s"]


def test_the_header_is_bold_stays_in_sight_and_filters(tmp_path: Path) -> None:
    frame = pd.DataFrame({"drug": ["x" * 200, "Alpelisib"], "n": [1.123456789012, 2.0]})
    write_workbook({"answer": frame, "empty": frame.iloc[:0]}, tmp_path / "r.xlsx")
    for name, rows in (("answer", 3), ("empty", 1)):
        sheet = sheet_of(tmp_path / "r.xlsx", name)
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == f"A1:B{rows}"
        assert all(cell.font.bold for cell in sheet[1])
    widths = sheet_of(tmp_path / "r.xlsx").column_dimensions
    assert (widths["A"].width, widths["B"].width) == (60, 8)


def test_what_xml_cannot_hold_is_written_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a\x1b": pd.Series(["\x1b[2J", "caf\udce9", "=\x00"], dtype=object)})
    write_workbook({"answer": frame}, tmp_path / "r.xlsx")
    cells = [row[0].value for row in sheet_of(tmp_path / "r.xlsx").iter_rows()]
    assert cells == ["a\\x1b", "\\x1b[2J", "caf\\udce9", "=\\x00"]


def test_a_table_too_long_for_excel_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 2)
    with pytest.raises(UsageError) as caught:
        write_workbook({"answer": pd.DataFrame({"n": [1, 2, 3]})}, tmp_path / "r.xlsx")
    assert str(caught.value) == (
        f"{tmp_path / 'r.xlsx'}: sheet answer would have up to 3 rows, more than the 2 of a sheet in Excel; name a "
        "file that ends in .parquet or .csv, or choose fewer --drugs or samples"
    )
    assert list(tmp_path.iterdir()) == []


def test_it_is_written_whole_with_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [1]})
    (tmp_path / "plain").touch()
    write_workbook({"answer": frame}, tmp_path / "r.xlsx")
    assert stat.S_IMODE((tmp_path / "r.xlsx").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    with pytest.raises(StoreError, match="does not exist"):
        write_workbook({"answer": frame}, tmp_path / "gone" / "r.xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain", "r.xlsx"]


def test_only_the_output_that_may_be_a_workbook_is_one(tmp_path: Path) -> None:
    check_tables({"the predictions": tmp_path / "r.XLSX"}, workbook="the predictions")
    with pytest.raises(UsageError) as caught:
        check_tables({"the predictions": None, "--explain": tmp_path / "r.xlsx"}, workbook="the predictions")
    assert str(caught.value) == (
        f"{tmp_path / 'r.xlsx'}: only `pamrx predict -o` writes an Excel workbook; expected one of .csv, .parquet, "
        ".json; Excel opens .csv"
    )
    with pytest.raises(UsageError, match=r"unknown ending '.xls'; expected one of .csv, .parquet, .json, .xlsx$"):
        check_tables({"the predictions": tmp_path / "r.xls"}, workbook="the predictions")
    given = tmp_path / "in.xlsx"
    given.touch()
    with pytest.raises(UsageError, match="is an input"):
        check_tables({"the predictions": given}, [f"{given}::Sheet1"], workbook="the predictions")
