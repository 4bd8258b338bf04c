"""Excel workbooks: every kind of input from a sheet, and every workbook that cannot be read in one line."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from pamrx.cli.main import app
from pamrx.cli.sheet_option import with_sheet
from pamrx.errors import PamrxError
from pamrx.profiles import read_profiles
from pamrx.profiles.check import check_file_kinds
from pamrx.readers.gene_panel import read_panel
from pamrx.readers.matrices.matrix import read_matrix
from pamrx.readers.text import workbook, workbook_parts
from pamrx.readers.text.files import check_file
from pamrx.readers.text.raw_table import read_raw_table
from typer.testing import CliRunner

GENES = ("PIK3CA", "PTEN", "AKT1")
MATRIX: list[list[Any]] = [
    ["gene", "S1", "S2"],
    ["PIK3CA", 7.1, 7.123456789012345],
    ["PTEN", 6, None],
    ["AKT1", 1.5, 2.5],
]
MAF = [
    ["Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short"],
    ["PIK3CA", "S1", "Missense_Mutation", "p.H1047R"],
]


def book(folder: Path, name: str = "x.xlsx", **sheets: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(folder / name)
    return folder / name


def fails(path: Path, *parts: str) -> None:
    with pytest.raises(PamrxError) as caught:
        read_profiles(expression=path, known_genes=GENES)
    message = str(caught.value)
    assert message.startswith(str(path))
    for part in parts:
        assert part in message


@pytest.mark.parametrize("name", ["x.xlsx", pytest.param("x.XLSM", marks=pytest.mark.medium)])
def test_every_kind_of_input(tmp_path: Path, name: str) -> None:
    files = {
        "expression": book(tmp_path, f"e{name}", Sheet1=MATRIX, Sheet2=[]),
        "mutations": book(tmp_path, f"m{name}", Sheet1=MAF),
        "copy_number": book(tmp_path, f"c{name}", Sheet1=[["gene", "S1", "S2"], ["PTEN", -2, 0]]),
        "samples": book(tmp_path, f"s{name}", A=[["sample_id", "tissue"], ["S1", "breast"], ["S2", "lung"]]),
        "panel": book(tmp_path, f"p{name}", Genes=[["PIK3CA"], ["PTEN"]]),
    }
    read = read_profiles(**files, known_genes=GENES)
    assert read.expression.loc["S2", "PIK3CA"] == 7.123456789012345
    assert np.isnan(read.expression.loc["S2", "PTEN"])
    assert read.mutations["hgvsp"].tolist() == ["p.H1047R"]
    assert read.copy_number.loc["S1", "PTEN"] == -2
    assert read.samples["tissue"].tolist() == ["breast", "lung"]
    for kind, path in files.items():
        title = {"samples": "A", "panel": "Genes"}.get(kind, "Sheet1")
        assert f"{path}: sheet {title} read" in read.notes


def test_a_sheet_is_named(tmp_path: Path) -> None:
    path = book(tmp_path, **{"Raw data": MATRIX, "Calls": [["gene", "S1"], ["PTEN", -2]]})
    assert read_matrix(f"{path}::Calls", GENES).values.shape == (1, 1)
    assert read_matrix(f"{path}::Raw data", GENES).values.shape == (2, 3)
    assert [found.kind for found in check_file_kinds([f"{path}::Raw data", path])] == ["expression matrix", "not read"]
    with pytest.raises(
        PamrxError, match=r"x\.xlsx::Call: no sheet 'Call'; found Raw data, Calls; did you mean Calls\?"
    ):
        read_matrix(f"{path}::Call", GENES)


def test_advice_on_several_sheets(tmp_path: Path) -> None:
    path = book(tmp_path, Notes=[["made by hand"]], Data=MATRIX)
    with pytest.raises(PamrxError, match=r"2 sheets hold data \(Notes, Data\); name one, as 'x.xlsx::Notes' or --sh"):
        read_matrix(path, GENES)
    assert read_matrix(f"{path}::Data", GENES).genes_in == "rows"
    assert with_sheet({"expression": path}, "Data") == {"expression": Path(f"{path}::Data")}


def test_the_option_names_the_sheet_of_bare_workbooks_only(tmp_path: Path) -> None:
    files = {"a": Path("a.xlsx"), "b": Path("b.xlsm::Own"), "c": Path("c.tsv")}
    assert with_sheet(files, "Data") == {**files, "a": Path("a.xlsx::Data")}
    assert with_sheet(files, None) == files
    with pytest.raises(PamrxError, match="--sheet Data: goes with an Excel workbook"):
        with_sheet({"c": Path("c.tsv")}, "Data")


def test_cells_as_text(tmp_path: Path) -> None:
    rows = [
        ["sample_id", "tissue", "note"],
        ["007", "breast", True],
        [7, "lung", date(2024, 3, 1)],
        [8.0, "skin", 'two\nlines\tand "quotes"'],
        [" 9 ", None, "#N/A"],
    ]
    path = book(tmp_path, Sheet1=rows)
    assert read_profiles(samples=path).samples.index.tolist() == ["007", "7", "8", "9"]
    text = workbook.sheet_of(path).text.decode().splitlines()
    assert [line.split("\t")[2] for line in text] == ["note", "TRUE", "2024-03-01", "two lines and 'quotes'", ""]


def test_ids_in_another_column_stay_text(tmp_path: Path) -> None:
    rows = [["", "sample_id", "PIK3CA"], [0, "007", 1.5], [1, 8, 2.5]]
    grid = read_raw_table(book(tmp_path, Sheet1=rows))
    assert grid.column(1).tolist() == ["007", "8"]
    frame = pd.DataFrame({"row": [0, 1, 2], "sample_id": [7, None, 8], "PIK3CA": [1.5, 2.5, 3.5]})
    frame.to_parquet(tmp_path / "x.parquet")
    assert read_raw_table(tmp_path / "x.parquet").column(1).isna().tolist() == [False, True, False]
    assert read_raw_table(tmp_path / "x.parquet").column(1).dropna().tolist() == ["7", "8"]


def test_ids_of_a_samples_table_in_parquet(tmp_path: Path) -> None:
    pd.DataFrame({"tissue": ["lung", "skin"], "sample_id": [7, 8]}).to_parquet(tmp_path / "s.parquet")
    assert read_profiles(samples=tmp_path / "s.parquet").samples.index.tolist() == ["7", "8"]


def test_dates_among_the_genes_are_told(tmp_path: Path) -> None:
    rows = [*MATRIX, [datetime(2024, 3, 1), 1, 2]]
    notes = read_matrix(book(tmp_path, Sheet1=rows), GENES).notes
    assert any("1 gene names look like dates made by a spreadsheet, such as 2024-03-01" in note for note in notes)


def test_titles_and_empty_edges_are_skipped_and_said(tmp_path: Path) -> None:
    title = "Table S3. Expression of all tumours of the second cohort"
    rows = [[], [None, title], [None, "(log2 TPM)"], [], *([None, *row] for row in MATRIX)]
    path = book(tmp_path, Sheet1=rows)
    matrix = read_matrix(path, GENES)
    assert matrix.values.loc["S1", "PIK3CA"] == 7.1
    told = "below a title ('Table S3. Expression of all tumours o...'), without 1 empty column at its left"
    assert f"{path}: sheet Sheet1 read from row 5 on, {told}" in matrix.notes


def test_a_header_of_one_sample_is_no_title(tmp_path: Path) -> None:
    path = book(tmp_path, Sheet1=[[None, "S1"], ["PIK3CA", 7.1], ["PTEN", 6.5]])
    assert read_matrix(path, GENES).values.loc["S1"].tolist() == [7.1, 6.5]


def test_rows_are_counted_as_in_the_sheet(tmp_path: Path) -> None:
    assert workbook.sheet_of(book(tmp_path, Sheet1=[["title"], [], *MATRIX])).text.startswith(b"\n\ngene\tS1\tS2\n")


def test_a_panel_of_one_column_has_no_title(tmp_path: Path) -> None:
    path = book(tmp_path, Sheet1=[["Hugo_Symbol"], ["PIK3CA"], ["PTEN"]])
    assert read_panel(path, GENES)[0] == {"PIK3CA", "PTEN"}


def test_decimal_commas_stored_as_text(tmp_path: Path) -> None:
    path = book(tmp_path, Sheet1=[["gene", "S1"], ["PIK3CA", "7,25"], ["PTEN", 6]])
    assert read_matrix(path, GENES).values.loc["S1"].tolist() == [7.25, 6]


@pytest.mark.parametrize("error", ["#REF!", "#VALUE!", "#DIV/0!", "#NAME?"])
def test_errors_are_named_by_cell(tmp_path: Path, error: str) -> None:
    path = book(tmp_path, Sheet1=[*MATRIX, ["TP53", 1, error]])
    fails(path, f"cell C5: error {error} found, expected a value; mend or empty the cell")


def test_advice_to_empty_a_cell_with_an_error(tmp_path: Path) -> None:
    assert read_matrix(book(tmp_path, Sheet1=[*MATRIX, ["TP53", 1, None]]), GENES).values.shape == (2, 4)


def test_a_formula_without_its_value_is_named(tmp_path: Path) -> None:
    path = book(tmp_path, Sheet1=[*MATRIX, ["TP53", 1, "=B2+B3"]])
    fails(path, "cell C5: a formula without its value found", "save it again")


def test_formulas_with_their_values(tmp_path: Path) -> None:
    """Also where the value is the empty text; openpyxl writes formulas without values, which Excel adds."""
    path = book(tmp_path, Sheet1=[*MATRIX, ["TP53", "=B2+B3", '=IF(B2>0,"","x")']])
    cells = {b'<c r="B5"': b'<c r="B5"', b"<f>B2+B3</f><v />": b"<f>B2+B3</f><v>13.1</v>"}
    _edit(path, "xl/worksheets/sheet1.xml", {**cells, b'<c r="C5">': b'<c r="C5" t="str">'})
    values = read_matrix(path, GENES).values
    assert values["TP53"].isna().tolist() == [False, True]
    assert values.loc["S1", "TP53"] == 13.1


def _edit(path: Path, part: str, changes: dict[bytes, bytes]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    for old, new in changes.items():
        assert old in parts[part], parts[part]
        parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_a_wrong_size_in_the_file_hides_no_cells(tmp_path: Path) -> None:
    path = book(tmp_path, Sheet1=MATRIX)
    _edit(path, "xl/worksheets/sheet1.xml", {b'<dimension ref="A1:C4"': b'<dimension ref="A1"'})
    assert read_matrix(path, GENES).values.shape == (2, 3)


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path, Sheet1=MATRIX)
    monkeypatch.setattr(workbook, "MAX_CELLS", 10)
    fails(path, "sheet Sheet1 has more than 10 cells; save the sheet as tab-separated text (.tsv)")
    monkeypatch.setattr(workbook_parts, "MAX_PART", 500)
    fails(path, "MB large when unpacked, more than", "save the sheet as tab-separated text (.tsv)")


def test_a_row_number_beyond_all_sheets_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_MAX_ROWS", 1000)
    path = book(tmp_path, Sheet1=MATRIX)
    _edit(path, "xl/worksheets/sheet1.xml", {b'r="4"': b'r="999999999"', b'r="A4"': b'r="A999999999"'})
    assert read_matrix(path, GENES).values.shape == (2, 2)


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("x.xlsx", b"gene\tS1\nPIK3CA\t1\n", "is not an Excel workbook, whatever its name; rename it"),
        ("x.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a workbook with a password, or an old one (.xls)"),
        ("x.xlsx", gzip.compress(b"PK\x03\x04", mtime=0), "packed by gzip is not read; unpack it first"),
        ("x.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "save it as .xlsx or as tab-separated text"),
        ("x.ods", b"PK\x03\x04", "save it as .xlsx or as tab-separated text"),
        ("x.numbers", b"PK\x03\x04", "save it as .xlsx or as tab-separated text"),
    ],
)
def test_other_files(tmp_path: Path, name: str, content: bytes, part: str) -> None:
    (tmp_path / name).write_bytes(content)
    fails(tmp_path / name, part)


def test_a_zip_archive_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("x.tsv", "gene\tS1\n")
    fails(tmp_path / "x.xlsx", "is not an Excel workbook")


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", [b"", b"<", b"<a/>", b"\0\xff"])
def test_damaged_workbooks_are_one_line(tmp_path: Path, part: str, content: bytes) -> None:
    path = book(tmp_path, Sheet1=MATRIX)
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, old in parts.items():
            archive.writestr(name, content if name == part else old)
    fails(path)


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.tsv", "x.xls"])
def test_advice_to_rename_a_workbook(tmp_path: Path, name: str) -> None:
    path = book(tmp_path, Sheet1=MATRIX).rename(tmp_path / name)
    fails(path, "is an Excel workbook, whatever its name; rename it to end in .xlsx")
    renamed = path.rename(tmp_path / "y.xlsx")
    assert read_matrix(renamed, GENES).values.shape == (2, 3)


def test_advice_to_rename_what_is_no_workbook(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_text("gene\tS1\nPIK3CA\t1.5\n")
    fails(tmp_path / "x.xlsx", "rename it to its true ending")
    assert read_matrix((tmp_path / "x.xlsx").rename(tmp_path / "x.tsv"), GENES).values.shape == (1, 1)


def test_a_missing_workbook_is_named_without_its_sheet(tmp_path: Path) -> None:
    book(tmp_path, "tumours.xlsx", Sheet1=MATRIX)
    with pytest.raises(PamrxError, match=r"tumors\.xlsx: no such file; did you mean tumours\.xlsx\?"):
        check_file(tmp_path / "tumors.xlsx::Sheet1")


@pytest.mark.medium
def test_the_option_of_the_commands(tmp_path: Path) -> None:
    path = str(book(tmp_path, Notes=[["made by hand"]], Data=MATRIX))
    shown = CliRunner().invoke(app, ["check", path, "--sheet", "Data"])
    assert shown.exit_code == 0
    assert f"{path}::Data: expression matrix" in shown.output
    assert CliRunner().invoke(app, ["check", path]).exit_code != 0
    for command in (["check", "x.tsv"], ["predict", "--expression", "x.tsv"]):
        refused = CliRunner().invoke(app, [*command, "--sheet", "Data"])
        assert "goes with an Excel workbook" in str(refused.exception)


@pytest.mark.medium
def test_a_small_workbook_that_unpacks_to_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path, Sheet1=MATRIX)
    _edit(path, "xl/worksheets/sheet1.xml", {b"</sheetData>": b"<row/>" * 50_000 + b"</sheetData>"})
    assert read_matrix(path, GENES).values.shape == (2, 3)
    monkeypatch.setattr(workbook_parts, "FREE_UNPACKED", 100_000)
    path.touch()
    workbook._sheet.cache_clear()
    fails(path, "xl/worksheets/sheet1.xml unpacks from 0.0 MB to 0 MB, more than 200 times its size", "(.tsv)")


def test_a_document_type_is_refused_in_any_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-16"):
        path = book(tmp_path, Sheet1=MATRIX)
        with zipfile.ZipFile(path) as archive:
            parts = {info.filename: archive.read(info) for info in archive.infolist()}
        sheet = parts["xl/worksheets/sheet1.xml"].decode()
        head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY a "aaaa">]>'
        parts["xl/worksheets/sheet1.xml"] = (head + sheet[sheet.index("<worksheet") :]).encode(encoding)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        fails(path, "sheet1.xml defines a document type (DTD), which no workbook has")


def test_a_long_cell_is_named_and_cut(tmp_path: Path) -> None:
    path = book(tmp_path, Sheet1=MATRIX)
    _edit(path, "xl/worksheets/sheet1.xml", {b"PTEN": b"P" * 200_000})
    with pytest.raises(PamrxError, match=r"cell A3: a text of 200,000 characters \('P{40}\.\.\.'\), expected at most"):
        read_matrix(path, GENES)


def test_too_many_shared_texts_or_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path, Sheet1=MATRIX)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", b"<sst>" + b"<si/>" * 50 + b"</sst>")
    monkeypatch.setattr(workbook_parts, "MAX_TEXTS", 10)
    fails(path, "more than 10 texts in the workbook")
    monkeypatch.setattr(workbook_parts, "MAX_PARTS", 3)
    fails(path, "parts in the workbook, expected at most 3")


def test_empty_rows_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_parts, "MAX_ROWS", 100)
    path = book(tmp_path, Sheet1=MATRIX)
    _edit(
        path,
        "xl/worksheets/sheet1.xml",
        {b"</sheetData>": b'<row r="9" ht="15"/><row  r="10"/>' * 60 + b"</sheetData>"},
    )
    fails(path, "more than 100 rows in a sheet", "delete the empty rows below the table, or save the sheet as")


def test_advice_to_delete_empty_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_parts, "MAX_ROWS", len(MATRIX))
    assert read_matrix(book(tmp_path, Sheet1=MATRIX), GENES).values.shape == (2, 3)


def test_elements_are_counted_across_blocks_and_with_prefixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_parts, "_AT_ONCE", 7)
    monkeypatch.setattr(workbook_parts, "MAX_ROWS", 9)
    path = book(tmp_path, Sheet1=MATRIX)
    _edit(path, "xl/worksheets/sheet1.xml", {b"</sheetData>": b"<x:row/>" * 5 + b"<rowBreaks/></sheetData>"})
    assert workbook_parts.check_parts(path, path) is False
    _edit(path, "xl/worksheets/sheet1.xml", {b"<rowBreaks/>": b"<row/>"})
    fails(path, "more than 9 rows in a sheet")


def test_empty_cells_take_no_second_reading_without_formulas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path, Sheet1=MATRIX)
    _edit(path, "xl/worksheets/sheet1.xml", {b"</sheetData>": b'<row r="9"><c r="XFD9"/></row></sheetData>'})
    monkeypatch.setattr(workbook, "_check_calculated", None)
    assert read_matrix(path, GENES).values.shape == (2, 3)


def test_formatted_empty_cells_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path, Sheet1=MATRIX)
    cells = b"".join(b'<c r="%c9"/>' % letter for letter in b"ABCDEFGHIJKLMNOP")
    _edit(path, "xl/worksheets/sheet1.xml", {b"</sheetData>": b'<row r="9">' + cells + b"</row></sheetData>"})
    monkeypatch.setattr(workbook, "MAX_CELLS", 30)
    fails(path, "sheet Sheet1 has more than 15 formatted empty cells; save the sheet as tab-separated text")
