"""What other laboratories' screens have in common once read: tidy responses, and profiles where they have any."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError, UsageError, did_you_mean
from pamrx.profiles import Profiles

COLUMNS = ["cell_line", "drug", "measure", "value", "sensitivity"]


@short_repr
@dataclass(frozen=True)
class Laboratory:
    """Another laboratory's screen of drugs of the axis.

    Attributes
    ----------
    name : as on the command line.
    responses : one row per line, drug and measure: cell_line (canonical key), drug (canonical name), measure, value
        (as published), sensitivity (the same, its sign turned where lower values mean more sensitive).
    profiles : the laboratory's own profiles, or None where it has none and GDSC's profile of a line is used.
    fingerprint : SHA-256 over the files read.
    dropped : what was left out, in words.
    """

    name: str
    responses: pd.DataFrame
    profiles: Profiles | None
    fingerprint: str
    dropped: tuple[str, ...] = ()

    def matrix(self, measure: str) -> pd.DataFrame:
        """(n_lines, n_drugs) sensitivity, higher is more sensitive; NaN where not measured."""
        rows = self.responses[self.responses["measure"] == measure]
        return rows.pivot(index="cell_line", columns="drug", values="sensitivity")


def local_file(data_dir: str | os.PathLike[str] | None, name: str) -> Path:
    """A portal's file in the folder of local files.

    Raises
    ------
    PamrxError
        If no folder was named, or it does not hold the file.
    """
    if data_dir is None:
        raise UsageError(f"{name}: needs a folder of local files; name it with --data-dir")
    path = Path(data_dir) / name
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected --data-dir to hold {name}")
    return path


def read_columns(path: Path, columns: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """These columns of a CSV file, text but for `numbers`.

    Raises
    ------
    InputError
        If the file is no table, lacks a column, or holds no number where one belongs.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise InputError(f"{path}: not a CSV table; expected the columns {', '.join(columns)}") from None
    for column in columns:
        if column not in table.columns:
            hint = did_you_mean(column, table.columns)
            raise InputError(f"{path}: no column '{column}'; found {', '.join(table.columns[:8])}{hint}")
    table = table[list(columns)].copy()
    for column in numbers:
        values = pd.to_numeric(table[column], errors="coerce")
        bad = values.isna() & (table[column] != "")
        if bad.any():
            row = int(bad.to_numpy().argmax())
            raise InputError(
                f"{path}, row {row + 2}, {column}: found '{table[column].iloc[row]}', expected a number or nothing"
            )
        table[column] = values.astype(float)
    return table


def files_fingerprint(*paths: Path) -> str:
    """SHA-256 over the content of files, in order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
