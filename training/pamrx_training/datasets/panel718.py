"""Calls of 718 clinical-panel genes in cell lines: any non-synonymous mutation, amplification, deep deletion.

Source: DepMap calls as published by Park, Nature Cancer 2024, in the repository nest_vnn (MIT licence). Passengers are
among the mutations, so they are another kind of label than GDSC's driver flags and are never merged with those.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pamrx.errors import InputError

from pamrx_training.datasets.archives import MEGABYTE, gunzip
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
from pamrx_training.datasets.downloads import RemoteFile, download
from pamrx_training.datasets.names import alias_table, ccle_line_key

log = logging.getLogger(__name__)

SOURCE = "panel718"
LAYOUT = 1
KINDS = ("mutation", "amplification", "deletion")
ID = "CCLE_ID"

URL = "https://raw.githubusercontent.com/idekerlab/nest_vnn/ef1b739d91cf9c91b40fb8ee4f739737cc4d0210/sample"
URL_VARIABLE = "PAMRX_PANEL718_URL"
PUBLISHED = {
    "cell2mutation.txt": "9c22ba675f6c4c2ea2665b4132dabf92ef23571ed2b3abef77f2b5cf3af41293",
    "cell2cnamplification.txt": "9391e6d69cc043567617a8c8f0c8dd37429a5ccae5b4cacbad2bb65dabade02d",
    "cell2cndeletion.txt": "ca103884933461d0ba1a9fb0f786cbd5b51f4c25b67c29b59a713f5eb2ace659",
    "cell2ind.txt": "af812a6508c7976f345c1792220eb17824d1b887c87157c05fedc5d7b74b6367",
    "gene2ind.txt": "8af9dfbceee51a9576785ea6425b35578339249e4b4105841fb49657b92e52c9",
}
"""Files of that commit and their SHA-256: the calls in the order of `KINDS`, the lines and the genes."""

_LIMIT = 50 * MEGABYTE


def fetch_panel718(
    cache: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    url: str | None = None,
    *,
    published: Mapping[str, str] = PUBLISHED,
) -> dict[str, Any]:
    """Bring the calls into the cache as tidy Parquet. Does nothing where they are there already and unchanged.

    Parameters
    ----------
    cache
        The cache folder (see `cache_folder`).
    data_dir
        A folder that holds `panel718_{mutation,amplification,deletion}.csv.gz`, itself or in its folder `depmap`, or
        the files of `PUBLISHED`, itself or in its folder `sample`.
    url
        The folder to download from without `data_dir`; by default the variable PAMRX_PANEL718_URL, else the commit of
        the repository nest_vnn.
    published
        File names and SHA-256, as `PUBLISHED`.

    Returns
    -------
    dict
        The record, as written to `<cache>/panel718.json`.

    Raises
    ------
    PamrxError
        In one line, if a file is not to be had, was changed on its way, or is no table of 0 and 1.
    """
    folder = cache_folder(cache, make=True)
    basis = {"layout": LAYOUT, "aliases": content_sha256(alias_table())}
    if record := current_record(folder, SOURCE, basis):
        log.info(f"{SOURCE}: already in {folder} and unchanged; nothing to do")
        return record
    with interruptible(SOURCE):
        ledger = Ledger()
        if data_dir is None:
            files = _download(folder, url or os.environ.get(URL_VARIABLE) or URL, published)
        else:
            files = _local(Path(data_dir), published)
        contents = _joined(files) if set(files) == set(published) else files
        tables = {kind: tidy_calls(contents[_file(kind)], _file(kind)) for kind in KINDS}
        _check_alike(tables)
        ledger.keep("cell lines", len(tables["mutation"]))
        ledger.keep("genes", tables["mutation"].shape[1] - 1)
        found = [{"file": name, "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()]
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


def _download(folder: Path, url: str, published: Mapping[str, str]) -> dict[str, bytes]:
    return {
        name: download(RemoteFile(SOURCE, name, f"{url.rstrip('/')}/{name}", sha256, _LIMIT), folder)
        for name, sha256 in published.items()
    }


def _joined(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The published files as one table per kind: lines and genes are named in files of their own, by position."""
    *calls, lines, genes = files
    names = {name: [row.split("\t")[-1] for row in files[name].decode().splitlines()] for name in (lines, genes)}
    joined = {}
    for kind, name in zip(KINDS, calls, strict=True):
        rows = files[name].decode().splitlines()
        if len(rows) != len(names[lines]):
            raise InputError(f"{name}: holds {len(rows)} lines, but {lines} names {len(names[lines])}")
        pairs = zip(names[lines], rows, strict=True)
        table = [",".join([ID, *names[genes]]), *(f"{line},{row}" for line, row in pairs)]
        joined[_file(kind)] = "\n".join(table).encode()
    return joined


def _local(data_dir: Path, published: Mapping[str, str]) -> dict[str, bytes]:
    """The tables of the folder, one per kind, or else the published files, which are joined as if downloaded."""
    tables = {_file(kind): _find(data_dir, _file(kind), "depmap") for kind in KINDS}
    sources = {name: _find(data_dir, name, "sample") for name in published}
    chosen = sources if None in tables.values() and None not in sources.values() else tables
    for name, path in chosen.items():
        if path is None:
            raise InputError(
                f"{data_dir}: holds no {name} or {name.removesuffix('.gz')}, nor does its folder depmap; put the three "
                f"tables there, or {', '.join(published)} of {URL}, or leave out --data-dir to download these"
            )
    return {name: _content(path) for name, path in chosen.items() if path is not None}


def _find(data_dir: Path, name: str, inner: str) -> Path | None:
    tried = [place / one for place in (data_dir, data_dir / inner) for one in (name, name.removesuffix(".gz"))]
    return next((path for path in tried if path.is_file()), None)


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return gunzip(content, str(path), _LIMIT) if path.suffix == ".gz" else content


def _file(kind: str) -> str:
    return f"panel718_{kind}.csv.gz"
