"""miRNA of cell lines (NanoString), as the CCLE portal publishes it: one GCT file.

Source: Ghandi, Nature 2019 (CCLE). The values are linear normalised counts; they come out as log2(x + 1). Human
probes only: the panel also carries viral ones, which are background in most lines.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
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

SOURCE = "ccle-mirna"
LAYOUT = 1
FILE = "CCLE_miRNA_20181103.gct"
URL = f"https://data.broadinstitute.org/ccle/{FILE}"
URL_VARIABLE = "PAMRX_CCLE_MIRNA_URL"
SHA256 = "d56fec78aaa9cbd0b2363e1cf0ea12d5c40d163c5552830795f342a7fa2d2108"
"""Of the unpacked file; a `.gz` of it is unpacked before it is checked, since its own bytes depend on the packer."""

_LIMIT = 50 * MEGABYTE


def fetch_ccle_mirna(
    cache: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    url: str | None = None,
    *,
    sha256: str = SHA256,
) -> dict[str, Any]:
    """Bring the CCLE miRNA into the cache as tidy Parquet. Does nothing where it is there already and unchanged.

    Parameters
    ----------
    cache
        The cache folder (see `cache_folder`).
    data_dir
        A folder that holds the portal's file, plain or gzipped, itself or in its folder `ccle`. A local file whose
        SHA-256 is not the published one is read, and that is said.
    url
        Where to download from without `data_dir`; by default the variable PAMRX_CCLE_MIRNA_URL, else the portal.
        An address ending in `.gz` is taken for gzip.
    sha256
        Of the unpacked file.

    Returns
    -------
    dict
        The record, as written to `<cache>/ccle-mirna.json`.

    Raises
    ------
    PamrxError
        In one line, if the file is not to be had, was changed on its way, or is no GCT 1.2 table of numbers.
    """
    folder = cache_folder(cache, make=True)
    basis = {"layout": LAYOUT, "aliases": content_sha256(alias_table())}
    if record := current_record(folder, SOURCE, basis):
        log.info(f"{SOURCE}: already in {folder} and unchanged; nothing to do")
        return record
    with interruptible(SOURCE):
        if data_dir is not None:
            content = _local(Path(data_dir), sha256)
        else:
            address = url or os.environ.get(URL_VARIABLE) or URL
            content = download(RemoteFile(SOURCE, FILE, address, sha256, _LIMIT), folder)
        ledger = Ledger()
        table = tidy_mirna(content, ledger)
        found = {"file": FILE, "sha256": hashlib.sha256(content).hexdigest()}
        record = write_source(folder, SOURCE, {"mirna": table}, {"basis": basis, "sources": [found], **ledger.record()})
    for line in ledger.lines():
        log.info(f"{SOURCE}: {line}")
    log.info(f"{SOURCE}: written to {folder / SOURCE}")
    return record


def load_ccle_mirna(cache: str | os.PathLike[str] | None = None) -> pd.DataFrame | None:
    """Lines x miRNA (names as the panel gives them), log2(x + 1), float32, index cell_line; None if never fetched.

    Raises
    ------
    PamrxError
        If the table is missing or was changed since it was written.
    """
    folder = cache_folder(cache)
    if read_record(folder, SOURCE) is None:
        return None
    tables, _ = read_source(folder, SOURCE, ["mirna"])
    return tables["mirna"].set_index("cell_line")


def tidy_mirna(content: bytes, ledger: Ledger) -> pd.DataFrame:
    """The GCT file as column cell_line, then one float32 column log2(x + 1) per human miRNA (sorted).

    Raises
    ------
    InputError
        If the file is no GCT 1.2, is not as large as it says, or holds a value that is no count.
    """
    names, lines, values = _read_gct(content)
    human = np.array([name.startswith("hsa-") for name in names])
    ledger.drop(int((~human).sum()), "probes", "viral miRNA")
    keys = [ccle_line_key(line) for line in lines]
    matrix = pd.DataFrame(np.log2(values[human].T + 1).astype(np.float32), index=pd.Index(keys, name="cell_line"))
    matrix.columns = pd.Index([name for name, keep in zip(names, human, strict=True) if keep])
    for what, labels in (("cell line", matrix.index), ("miRNA", matrix.columns)):
        if not labels.is_unique:
            raise InputError(f"{FILE}: {what} {labels[labels.duplicated()][0]} stands twice, expected once")
    ledger.keep("cell lines with miRNA", matrix.shape[0])
    ledger.keep("human miRNA probes, as log2(x + 1)", matrix.shape[1])
    return matrix.sort_index().sort_index(axis=1).reset_index()


def _read_gct(content: bytes) -> tuple[list[str], list[str], np.ndarray]:
    """Row descriptions, column names and values (rows x columns) of a GCT 1.2 file."""
    head = content[:200].decode("utf-8", errors="replace").splitlines()
    if len(head) < 3 or head[0].strip() != "#1.2":
        raise InputError(f"{FILE}: begins with '{head[0][:40] if head else ''}', expected '#1.2' (a GCT 1.2 file)")
    try:
        rows, columns = (int(part) for part in head[1].split()[:2])
        table = pd.read_csv(io.BytesIO(content), sep="\t", skiprows=2, keep_default_na=False, dtype=str)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{FILE}: cannot be read as a GCT table ({error})") from None
    if list(table.columns[:2]) != ["Name", "Description"]:
        raise InputError(f"{FILE}, row 3: begins with {', '.join(table.columns[:2])}; expected Name, Description")
    found = (len(table), table.shape[1] - 2)
    if found != (rows, columns):
        raise InputError(
            f"{FILE}: holds {found[0]} rows x {found[1]} lines, but says {rows} x {columns}; it is cut off"
        )
    values = table.iloc[:, 2:].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        where = f"{FILE}, {table['Description'].iloc[row]}, {table.columns[column + 2]}"
        raise InputError(f"{where}: found '{table.iloc[row, column + 2]}', expected a count of zero or more")
    return table["Description"].tolist(), list(table.columns[2:]), values


def _local(data_dir: Path, sha256: str) -> bytes:
    tried = [place / name for place in (data_dir, data_dir / "ccle") for name in (FILE, f"{FILE}.gz")]
    path = next((path for path in tried if path.is_file()), None)
    if path is None:
        raise InputError(
            f"{data_dir}: holds no {FILE} or {FILE}.gz, nor does its folder ccle; put the portal's file there,"
            " or leave out --data-dir to download it"
        )
    content = _unpacked(path)
    found = hashlib.sha256(content).hexdigest()
    same = "SHA-256 as published" if found == sha256 else f"SHA-256 {found[:12]}… is not the published {sha256[:12]}…"
    log.info(f"{SOURCE}: reading {path} ({same})")
    return content


def _unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    return gunzip(content, FILE + ".gz", _LIMIT) if path.suffix == ".gz" else content
