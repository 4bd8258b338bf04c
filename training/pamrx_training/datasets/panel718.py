"""Calls of 718 clinical-panel genes in cell lines: any non-synonymous mutation, amplification, deep deletion.

Source: DepMap calls as published by Park, Nature Cancer 2024 (nest_vnn). Passengers are among the mutations, so they
are another kind of label than GDSC's driver flags and are never merged with those. The files are local ones: no
address gives them in this layout.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pamrx.errors import InputError, UsageError

from pamrx_training.datasets.cache import (
    Ledger,
    cache_folder,
    content_sha256,
    current_record,
    interruptible,
    read_record,
    read_source,
    write_source,
)
from pamrx_training.datasets.names import alias_table, ccle_line_key

log = logging.getLogger(__name__)

SOURCE = "panel718"
LAYOUT = 1
KINDS = ("mutation", "amplification", "deletion")
ID = "CCLE_ID"


def fetch_panel718(
    cache: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Bring the calls into the cache as tidy Parquet. Does nothing where they are there already and unchanged.

    Parameters
    ----------
    cache
        The cache folder (see `cache_folder`).
    data_dir
        A folder that holds `panel718_{mutation,amplification,deletion}.csv.gz`, itself or in its folder `depmap`.

    Returns
    -------
    dict
        The record, as written to `<cache>/panel718.json`.

    Raises
    ------
    UsageError
        In one line, if a file is not there or is no table of 0 and 1.
    """
    folder = cache_folder(cache, make=True)
    basis = {"layout": LAYOUT, "aliases": content_sha256(alias_table())}
    if record := current_record(folder, SOURCE, basis):
        log.info(f"{SOURCE}: already in {folder} and unchanged; nothing to do")
        return record
    if data_dir is None:
        names = ", ".join(_file(kind) for kind in KINDS)
        raise UsageError(f"{SOURCE}: cannot be downloaded; put {names} in a folder and name it with --data-dir")
    with interruptible(SOURCE):
        ledger = Ledger()
        contents = {kind: _read(Path(data_dir), kind) for kind in KINDS}
        tables = {kind: tidy_calls(content, _file(kind)) for kind, content in contents.items()}
        _check_alike(tables)
        ledger.keep("cell lines", len(tables["mutation"]))
        ledger.keep("genes", tables["mutation"].shape[1] - 1)
        found = [
            {"file": _file(kind), "sha256": hashlib.sha256(content).hexdigest()} for kind, content in contents.items()
        ]
        record = write_source(folder, SOURCE, tables, {"basis": basis, "sources": found, **ledger.record()})
    for line in ledger.lines():
        log.info(f"{SOURCE}: {line}")
    log.info(f"{SOURCE}: written to {folder / SOURCE}")
    return record


def load_panel718(cache: str | os.PathLike[str] | None = None) -> dict[str, pd.DataFrame] | None:
    """Each of `KINDS` to lines x genes of 0 and 1 (int8), index cell_line; None if never fetched.

    Raises
    ------
    PamrxError
        If a table is missing or was changed since it was written.
    """
    folder = cache_folder(cache)
    if read_record(folder, SOURCE) is None:
        return None
    tables, _ = read_source(folder, SOURCE, list(KINDS))
    return {kind: table.set_index("cell_line") for kind, table in tables.items()}


def tidy_calls(content: bytes, name: str) -> pd.DataFrame:
    """A CSV of CCLE ids x genes as column cell_line (canonical key), then one int8 column per gene (sorted).

    Raises
    ------
    InputError
        If it is no such table, names a line or gene twice, or holds another value than 0 and 1.
    """
    try:
        table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: cannot be read as CSV ({str(error).splitlines()[0]})") from None
    if not len(table.columns) or table.columns[0] != ID:
        raise InputError(f"{name}: begins with the column '{table.columns[0]}', expected {ID}")
    keys = table[ID].map(ccle_line_key)
    if keys.duplicated().any():
        raise InputError(f"{name}: cell line {table.loc[keys.duplicated(), ID].iloc[0]} stands twice, expected once")
    values = table.drop(columns=ID)
    bad = ~values.isin(["0", "1"]).to_numpy()
    if bad.any():
        row, column = np.argwhere(bad)[0]
        where = f"{name}, {table[ID].iloc[row]}, {values.columns[column]}"
        raise InputError(f"{where}: found '{values.iloc[row, column]}', expected 0 or 1")
    calls = values.astype(np.int8).set_axis(pd.Index(keys, name="cell_line"))
    return calls.sort_index().sort_index(axis=1).copy().reset_index()  # copied, since parsing left it in pieces


def _check_alike(tables: dict[str, pd.DataFrame]) -> None:
    first = tables["mutation"]
    for kind, table in tables.items():
        if list(table.columns) != list(first.columns) or not table["cell_line"].equals(first["cell_line"]):
            raise InputError(f"{_file(kind)}: its lines or genes differ from those of {_file('mutation')}")


def _read(data_dir: Path, kind: str) -> bytes:
    name = _file(kind)
    plain = name.removesuffix(".gz")
    tried = [place / one for place in (data_dir, data_dir / "depmap") for one in (name, plain)]
    path = next((path for path in tried if path.is_file()), None)
    if path is None:
        raise InputError(f"{data_dir}: holds no {name} or {plain}, nor does its folder depmap")
    content = path.read_bytes()
    try:
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{path}: is no whole gzip file; get it again") from None


def _file(kind: str) -> str:
    return f"panel718_{kind}.csv.gz"
