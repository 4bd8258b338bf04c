"""Numbers with decimal commas and with marks between thousands."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx.errors import PamrxError
from pamrx.profiles import read_profiles
from pamrx.readers.text.raw_table import read_raw_table

GENES = ("PIK3CA", "PTEN", "AKT1")


def table(folder: Path, cells: list[str], name: str = "x.tsv") -> Path:
    """One sample's cells, and a second's of whole numbers."""
    mark = {".tsv": "\t", ".csv": ","}[name[-4:]]
    rows = [["gene", "S1", "S2"], *([f"G{place}", f'"{cell}"', "3"] for place, cell in enumerate(cells))]
    (folder / name).write_text("".join(mark.join(row) + "\n" for row in rows))
    return folder / name


@pytest.mark.parametrize(
    ("cells", "expected", "form"),
    [
        (["7,25", "8", "-0,5", "1,2e3"], [7.25, 8, -0.5, 1200], "decimal commas"),
        (["1,234", "0,123"], [1.234, 0.123], "decimal commas"),
        (["1.234,5", "12.345.678", "7,25", "1.234"], [1234.5, 12345678, 7.25, 1234], "decimal commas"),
        (["1 234,567", "7"], [1234.567, 7], "decimal commas"),
        (["1\u00a0234\u202f567,8", "7,5"], [1234567.8, 7.5], "decimal commas"),
        (["1,234", "12,345,678", "17"], [1234, 12345678, 17], "commas between thousands"),
        (["1,234", "1,234.5"], [1234, 1234.5], "commas between thousands"),
        (["1,234", "267.10"], [1234, 267.1], "commas between thousands"),
        (["1'234.5", "7"], [1234.5, 7], "spaces or apostrophes between thousands"),
        (["1 234", "12 345 678"], [1234, 12345678], "spaces or apostrophes between thousands"),
    ],
)
def test_one_form_throughout(tmp_path: Path, cells: list[str], expected: list[float], form: str) -> None:
    read = read_raw_table(table(tmp_path, cells))
    assert read.numeric(1).tolist() == expected
    assert [note for note in read.notes if f"numbers with {form} read, such as" in note]


def test_an_exact_number_stays_exact(tmp_path: Path) -> None:
    assert read_raw_table(table(tmp_path, ["0,1234567890123456", "5,1"])).numeric(1)[0] == 0.1234567890123456


def test_thousands_in_a_comma_separated_file(tmp_path: Path) -> None:
    assert read_raw_table(table(tmp_path, ["1,698.75", "1,157"], "x.csv")).numeric(1).tolist() == [1698.75, 1157]


def test_another_sample_settles_what_one_leaves_open(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("gene\tS1\tS2\nPIK3CA\t1,234\t7.5\nPTEN\t2,345\t2\n")
    assert read_raw_table(tmp_path / "x.tsv").numeric(1).tolist() == [1234, 2345]


@pytest.mark.parametrize("name", ["x.tsv", "x.csv"])
def test_one_thousand_or_three_decimals_is_refused(tmp_path: Path, name: str) -> None:
    expected = r"row G0, column S1: '1,234' is 1234 if commas stand between thousands, 1\.234 if they stand before"
    with pytest.raises(PamrxError, match=expected):
        read_raw_table(table(tmp_path, ["1,234", "17"], name))


def test_advice_to_save_with_a_point_and_no_thousands(tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="save the file with a point before decimals and nothing between thousands"):
        read_raw_table(table(tmp_path, ["1,234"]))
    assert read_raw_table(table(tmp_path, ["1234"])).numeric(1).tolist() == [1234]
    assert read_raw_table(table(tmp_path, ["1.234"])).numeric(1).tolist() == [1.234]


@pytest.mark.parametrize(
    ("one", "other"), [("7,25", "8.5"), ("7,25", "1,234.5"), ("1.234,5", "1,234.5"), ("7,25", "1.234")]
)
def test_points_and_commas_mixed_are_refused(tmp_path: Path, one: str, other: str) -> None:
    rows = [["gene", "S1", "S2"], ["PIK3CA", one, other], ["PTEN", one, other]]
    (tmp_path / "x.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    with pytest.raises(PamrxError, match=f"row PIK3CA, column S1: '{one}' .*, row PIK3CA, column S2: '{other}'"):
        read_raw_table(tmp_path / "x.tsv")


def test_one_cell_with_a_comma_among_points_is_named(tmp_path: Path) -> None:
    path = table(tmp_path, ["7.5", "8,5", "2.5"])
    path.write_text(path.read_text().replace("G0", "PIK3CA"))
    with pytest.raises(PamrxError, match="row G1, column S1: found '8,5', expected a finite number with a point"):
        read_profiles(expression=path, known_genes=GENES)


def test_words_and_positions_are_no_numbers(tmp_path: Path) -> None:
    text = (
        "gene\texons\tnote\tS1\nPIK3CA\t10,20,30\tkinase 1,5\t7.5\nPTEN\t10,25\tfirst, last\t2.5\nAKT1\t1,2,3,\t\t1.5\n"
    )
    (tmp_path / "x.tsv").write_text(text)
    read = read_raw_table(tmp_path / "x.tsv")
    assert read.column(1).tolist() == ["10,20,30", "10,25", "1,2,3,"]
    assert read.numeric(3).tolist() == [7.5, 2.5, 1.5]
    assert read.notes == ()


def test_a_word_among_decimal_commas_is_named(tmp_path: Path) -> None:
    path = table(tmp_path, ["7,5", "8,5", "2,5", "9,5", "1,5", "high"])
    path.write_text(path.read_text().replace("G0", "PIK3CA"))
    with pytest.raises(PamrxError, match="row G5, column S1: found 'high', expected a finite number"):
        read_profiles(expression=path, known_genes=GENES)
