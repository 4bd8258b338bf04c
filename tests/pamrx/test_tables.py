"""Writing a table: whole or not at all, and CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import logging
from pathlib import Path

import pandas as pd
import pytest
from pamrx.errors import StoreError
from pamrx.outputs import whole_file
from pamrx.readers.sample_table import read_samples
from pamrx.tables import write_csv, write_table

HOSTILE = ["=1+1", "+a", "@SUM(A1)", "-x", "-2+3+cmd|' /C calc'!A0", "＝1", "'=1", "''+a", 'a"b', "a,b", "-1", "[bold]"]


def test_an_error_inside_a_file_being_written_keeps_its_own_message(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught, whole_file(tmp_path / "out.csv"):
        raise StoreError("mlflow.db: is locked")
    assert str(caught.value) == "mlflow.db: is locked"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["object", "str", "category"])
def test_hostile_names_come_back_from_csv_as_they_were(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    frame = pd.DataFrame({"sample_id": pd.Series(HOSTILE, dtype=kind), "tissue": "breast"})
    write_table(frame, tmp_path / "s.csv")
    assert caplog.messages == [
        f"{tmp_path / 's.csv'}: column sample_id: an apostrophe was put before 8 of its cells, which a spreadsheet "
        "would run as a formula; Parquet and JSON hold them unchanged"
    ]
    with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as stream:
        cells = [row[0] for row in csv.reader(stream)][1:]
    assert not any(cell[0] in "=+@＝" or cell.startswith("-x") for cell in cells)
    assert '"\'=1+1","breast"' in (tmp_path / "s.csv").read_text(encoding="utf-8")
    assert list(read_samples(tmp_path / "s.csv")[0].index) == HOSTILE


def test_parquet_and_json_hold_the_names_unchanged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.DataFrame({"sample_id": HOSTILE})
    write_table(frame, tmp_path / "s.parquet")
    write_table(frame, tmp_path / "s.json")
    assert list(pd.read_parquet(tmp_path / "s.parquet")["sample_id"]) == HOSTILE
    assert list(pd.read_json(tmp_path / "s.json", dtype=False)["sample_id"]) == HOSTILE
    assert caplog.messages == []
    # A Parquet table of samples has names as they are: an apostrophe there is part of one.
    assert list(read_samples(tmp_path / "s.parquet")[0].index) == HOSTILE


def test_numbers_stay_numbers_beside_a_formula(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["=1"], "ln_ic50": [-1.5], "count": [-2], "known": [None]})
    write_csv(frame, tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == '"name","ln_ic50","count","known"\n"\'=1",-1.5,-2,""\n'


def test_a_clean_table_is_written_as_ever(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.DataFrame({"name": ["S1", "a,b"], "ln_ic50": [-1.5, 2.0]}, index=pd.Index([3, 4]))
    write_csv(frame, tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == 'name,ln_ic50\nS1,-1.5\n"a,b",2.0\n'
    write_csv(frame, tmp_path / "i.csv", "%.3g", index=True)
    assert (tmp_path / "i.csv").read_text() == ',name,ln_ic50\n3,S1,-1.5\n4,"a,b",2\n'
    assert caplog.messages == []


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
def test_a_name_that_is_no_unicode_is_written_out(tmp_path: Path, ending: str) -> None:
    write_table(pd.DataFrame({"file": pd.Series(["caf\udce9.csv"], dtype=object), "n": [1]}), tmp_path / f"o{ending}")
    assert b"caf\\" in (tmp_path / f"o{ending}").read_bytes()


def test_a_warning_shows_the_column_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pamrx.cli.logs import log_on_stderr

    with log_on_stderr(logging.WARNING):
        write_csv(pd.DataFrame({"a\x1b[2J\nb": ["=1"]}), tmp_path / "s.csv")
    assert "column a\\x1b[2J\\nb: an apostrophe was put before 1 of its cells" in capsys.readouterr().err
