"""`pamrx predict -o result.xlsx` and `--reasons`, on two of the example lines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from pamrx import Bundle, Profiles, UsageError
from pamrx.bundle.file_prediction import PredictedFiles
from pamrx.cli import predict_files
from pamrx.cli.predict_files import PredictOptions
from pamrx.prediction.predictions import chosen_assays
from pamrx.prediction.schema import COLUMNS
from pamrx.report import result_workbook
from pamrx.report.result_workbook import check_sizes
from typer.testing import CliRunner

DRUGS = ["Alpelisib", "Capivasertib"]
NOTES = ("e.csv: 2 samples x 5 genes", "=odd")


@pytest.fixture
def found(bundle: Bundle, examples: Profiles) -> PredictedFiles:
    profiles = examples.subset(["MCF-7", "A549"])
    features, assays = bundle.builder.transform(profiles), chosen_assays(bundle.model.assays_, DRUGS)
    return PredictedFiles(bundle, profiles, features, assays, bundle.predict(profiles, DRUGS), NOTES, ())


@pytest.fixture
def write(found: PredictedFiles, tmp_path: Path) -> Mapping[str, Path]:
    """The result in each form, with reasons in the workbook and one of the tables."""
    files = {"samples": tmp_path / "s.csv", "panel": Path("msk-impact-468")}
    files["samples"].write_text("sample_id\nA\n")
    made = {}
    for name, reasons in (("plain.csv", False), ("why.csv", True), ("r.xlsx", False)):
        options = PredictOptions(files=files, output=tmp_path / name, reasons=reasons)
        predict_files._write(found, files, options)
        made[name] = tmp_path / name
    return made


@pytest.mark.medium
def test_the_workbook_holds_the_numbers_of_the_table_and_what_belongs_to_it(
    write: Mapping[str, Path], found: PredictedFiles
) -> None:
    sheets = pd.read_excel(write["r.xlsx"], sheet_name=None)
    assert list(sheets) == ["answer", "reasons", "statements", "inputs", "notes"]
    plain = pd.read_csv(write["plain.csv"])
    pd.testing.assert_frame_equal(sheets["answer"], plain, check_dtype=False, rtol=1e-15, atol=0)
    assert list(plain.columns) == list(COLUMNS)

    reasons = sheets["reasons"]
    assert set(reasons["direction"]) == {"for", "against"}
    assert ((reasons["effect"] < 0) == (reasons["direction"] == "for")).all()
    assert reasons.groupby(["sample_id", "drug", "direction"]).size().max() == 3
    assert {"PIK3CA"} <= set(sheets["statements"]["gene"])

    inputs = sheets["inputs"]
    digest = hashlib.sha256(b"sample_id\nA\n").hexdigest()
    assert list(inputs["sha256"].fillna("")) == [digest, "", "", ""]
    assert list(inputs["note"].fillna("")) == ["", "named in pamrx's own list", *NOTES]
    notes = sheets["notes"].set_index("name")["meaning"]
    assert notes["fingerprint"] == found.bundle.manifest["fingerprint"]
    answer = sheets["notes"].query("sheet == 'answer'")
    assert list(answer["name"]) == list(COLUMNS)


@pytest.mark.medium
def test_reasons_are_columns_on_request(write: Mapping[str, Path]) -> None:
    plain, told = pd.read_csv(write["plain.csv"]), pd.read_csv(write["why.csv"])
    assert list(told.columns) == [*plain.columns, "reasons_for", "reasons_against"]
    pd.testing.assert_frame_equal(told[plain.columns], plain)
    parts = told["reasons_for"].dropna().str.split("; ")
    assert all(re.fullmatch(r".+ \(-\d\.\d\d\)", part) for row in parts for part in row)
    assert parts.map(len).max() == 3


def test_a_result_that_excel_cannot_hold_is_refused_and_the_advice_can_be_followed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"r.xlsx: sheet reasons would have up to 1,200,000 rows, more than the "):
        check_sizes(tmp_path / "r.xlsx", 200_000, 3)
    with pytest.raises(UsageError, match="sheet answer"):
        check_sizes(tmp_path / "r.xlsx", 2_000_000, 3)
    check_sizes(tmp_path / "r.xlsx", 100_000, 3)


def test_a_folder_is_listed_by_its_files_and_a_sheet_by_its_workbook(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "m.xlsx"):
        (tmp_path / name).write_text(name)
    listed = result_workbook._inputs({"study": tmp_path, "mutations": Path(f"{tmp_path / 'm.xlsx'}::one")}, ())
    assert [Path(file).name for file in listed["file"]] == ["a.txt", "b.txt", "m.xlsx", "m.xlsx::one"]
    assert list(listed["bytes"]) == [5, 5, 6, 6]
    assert listed["sha256"].iloc[2] == listed["sha256"].iloc[3] == hashlib.sha256(b"m.xlsx").hexdigest()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "--example", "--reasons"], "--reasons goes with -o FILE"),
        (["predict", "--example", "--explain", "e.xlsx"], "only `pamrx predict -o` writes an Excel workbook"),
        (["score", "c.parquet", "-o", "r.xlsx"], "a cohort is not written as an Excel workbook; name a folder"),
    ],
)
def test_advice_on_workbooks_and_reasons_is_one_line(arguments: list[str], message: str) -> None:
    from pamrx.cli.main import app

    done = CliRunner().invoke(app, arguments)
    assert message in str(done.exception)
