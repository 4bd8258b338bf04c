"""A result as the sheets of an Excel workbook: answer, reasons, clinical statements, inputs, and what columns mean."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from pamrx.bundle.file_prediction import PredictedFiles
from pamrx.clinical import clinical_statements
from pamrx.explanation.reasons import reason_table
from pamrx.outputs import PathLike
from pamrx.prediction.schema import REASONS, RESULT, Column
from pamrx.readers.text.files import plain_file
from pamrx.workbook import check_rows

ANSWER, REASON, STATEMENTS, INPUTS, NOTES = "answer", "reasons", "statements", "inputs", "notes"

_REASON_COLUMNS = (
    Column("direction", "text", "", False, "`for` or `against` sensitivity"),
    Column("rank", "integer", "", False, "1 weighs most in its direction"),
    Column("reason", "text", "", False, "what the tumour has or lacks, in words"),
    Column("effect", "number", "ln units", False, "what it adds to ln_ic50; negative is towards sensitive"),
    Column("feature", "text", "", False, "its name in the model"),
    Column("block", "text", "", False, "kind of data that it is read from"),
    Column("value", "number", "", False, "its value in the sample"),
)
_STATEMENT_COLUMNS = (
    Column("alteration", "text", "", True, "what was found in the tumour"),
    Column("tumour_type", "text", "", False, "tumour types that the evidence is of"),
    Column("tumour_type_match", "text", "", False, "whether that is this tumour's: this, any, other or unknown"),
    Column("direction", "text", "", False, "sensitive, resistant, or none for no effect"),
    Column("level", "text", "", False, "strength of the evidence, from approved to preclinical"),
    Column("effect", "text", "", True, "what was measured, as published"),
    Column("citation_status", "text", "", False, "how the source was checked, on date_checked"),
    Column("model", "text", "", True, "whether the prediction agrees, or did not learn the alteration"),
    Column("shift", "number", "ln units", True, "what the gene's features add to ln_ic50"),
    Column("lines", "integer", "", True, "training lines with the alteration"),
)


def check_sizes(path: PathLike, predictions: int, reasons: int) -> None:
    """Refuse a result that Excel cannot hold, before the reasons are computed.

    Parameters
    ----------
    predictions : rows of the answer.
    reasons : of each prediction in each direction.

    Raises
    ------
    UsageError
        As `pamrx.workbook.check_rows`.
    """
    check_rows(path, ANSWER, predictions)
    check_rows(path, REASON, 2 * reasons * predictions)


def result_sheets(
    found: PredictedFiles, table: pd.DataFrame, reasons: pd.DataFrame, files: Mapping[str, Path], version: str
) -> dict[str, pd.DataFrame]:
    """The sheets of a result, for `pamrx.workbook.write_workbook`.

    Parameters
    ----------
    found : what was read and predicted.
    table : the answer as it is to be written: the predictions, with columns of reasons or without.
    reasons : from `pamrx.explanation.contributions.top_contributions`.
    files : that were read, by kind.
    version : of pamrx.

    Returns
    -------
    dict of DataFrame
        answer; reasons (as `reason_table`); statements (as `clinical_statements`); inputs (kind, file, bytes, sha256,
        note: a row per file, then one per note on what was read); notes (sheet, name, unit, meaning).
    """
    return {
        ANSWER: table,
        REASON: reason_table(reasons),
        STATEMENTS: clinical_statements(found.profiles, found.bundle),
        INPUTS: _inputs(files, (*found.notes, *found.drug_notes)),
        NOTES: _notes(found, table, version),
    }


def _inputs(files: Mapping[str, Path], notes: tuple[str, ...]) -> pd.DataFrame:
    rows = [row for kind, path in files.items() for row in _files_of(kind, path)]
    rows += [("note", "", None, "", note) for note in notes]
    table = pd.DataFrame(rows, columns=["kind", "file", "bytes", "sha256", "note"])
    return table.astype({"bytes": "Int64"})


def _files_of(kind: str, path: Path) -> list[tuple[str, str, int | None, str, str]]:
    """A file by its digest, or each file of a folder; a pipe was read once and cannot be read again."""
    file = path if path.exists() else plain_file(path)
    if file.is_dir():
        return [row for one in sorted(file.iterdir()) if one.is_file() for row in _files_of(kind, one)]
    if not file.exists():
        return [(kind, str(path), None, "", "named in pamrx's own list")]
    if not file.is_file():
        return [(kind, str(path), None, "", "a pipe: no digest")]
    with file.open("rb") as stream:
        return [(kind, str(path), file.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest(), "")]


def _notes(found: PredictedFiles, table: pd.DataFrame, version: str) -> pd.DataFrame:
    manifest = found.bundle.manifest
    rows = [
        ("", "pamrx", "", f"version {version}; research software, not a medical device"),
        ("", "bundle", "", str(manifest.get("name", "unnamed"))),
        ("", "fingerprint", "", str(manifest.get("fingerprint", "not saved yet"))),
        ("", "date", "", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
    ]
    answer = [column for column in (*RESULT, *REASONS) if column.name in table]
    for sheet, columns in ((ANSWER, answer), (REASON, _REASON_COLUMNS), (STATEMENTS, _STATEMENT_COLUMNS)):
        rows += [(sheet, column.name, column.unit, column.meaning) for column in columns]
    return pd.DataFrame(rows, columns=["sheet", "name", "unit", "meaning"])
