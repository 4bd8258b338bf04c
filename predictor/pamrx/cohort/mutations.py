"""Mutations of a cohort: the nested column of a Parquet data set, or a MAF beside it, of the samples of a chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pamrx.cohort.fingerprints import fingerprint
from pamrx.cohort.memory import bytes_of_maf
from pamrx.display import short_repr
from pamrx.profiles.assemble import with_names
from pamrx.profiles.profiles import MUTATION_COLUMNS
from pamrx.readers.boundary import MAX_CELL, MAX_LABEL
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.mutations.rows import settle
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.parquet_file import is_text, texts_of
from pamrx.readers.text.files import plain_file

FIELDS = ("gene", "variant_classification", "hgvsp", "driver")
NEEDED = FIELDS[:2]
_SAID = {"true": True, "1": True, "false": False, "0": False}


@short_repr
@dataclass(frozen=True)
class Beside:
    """A MAF beside a cohort, read once by each process that needs it.

    Attributes
    ----------
    names : name in the MAF -> name in the cohort, where barcodes were cut (see `harmonise`); empty where none were.
        Samples are found by the very same name then; one that the MAF does not name counts as not sequenced.
    """

    path: Path
    known: frozenset[str]
    names: tuple[tuple[str, str], ...] = ()

    @property
    def files(self) -> dict[str, str]:
        return {self.path.name: fingerprint(plain_file(self.path))}

    @property
    def memory(self) -> int:
        """Estimated bytes that the rows take in each process, from the length of the file."""
        return bytes_of_maf(self.path)

    @property
    def whole(self) -> Mutations:
        """All of it, under the names of the MAF."""
        return _whole(self.path, self.known)

    @property
    def samples(self) -> list[str]:
        """All samples that the MAF names, as the cohort names them."""
        return list(_indexed(self.path, self.known, self.names)[2])

    @property
    def drivers_only(self) -> bool:
        """Whether the whole MAF lists drivers only."""
        return self.whole.drivers_only

    def of(self, ids: Sequence[str]) -> Mutations:
        """The mutations of some samples."""
        rows, bounds, named = _indexed(self.path, self.known, self.names)
        chosen = [np.arange(*bounds[name]) for name in ids if name in bounds]
        places = np.concatenate(chosen) if chosen else np.empty(0, dtype=int)
        return Mutations(rows.iloc[places].reset_index(drop=True), tuple(name for name in ids if name in named), ())


@lru_cache(maxsize=1)
def _whole(path: Path, known: frozenset[str]) -> Mutations:
    return read_mutations(path, known)


@lru_cache(maxsize=1)
def _indexed(
    path: Path, known: frozenset[str], names: tuple[tuple[str, str], ...]
) -> tuple[pd.DataFrame, dict[str, tuple[int, int]], dict[str, None]]:
    """Rows sorted by sample, where each sample's begin and end, and all samples that the file names, in order."""
    maf = _whole(path, known)
    if names:
        maf = with_names(maf, dict(names))
    rows = maf.rows.sort_values("sample_id", kind="stable", ignore_index=True)
    distinct, starts = np.unique(rows["sample_id"].to_numpy(dtype=str), return_index=True)
    ends = [*starts[1:], len(rows)]
    bounds = {str(name): (int(a), int(b)) for name, a, b in zip(distinct, starts, ends, strict=True)}
    return rows, bounds, dict.fromkeys(maf.samples)


def is_nested(kind: pa.DataType) -> bool:
    """Whether a column is a list of structs."""
    return bool((pa.types.is_list(kind) or pa.types.is_large_list(kind)) and pa.types.is_struct(kind.value_type))


def rows_of(column: pa.ChunkedArray, ids: Sequence[str], known: frozenset[str]) -> Mutations:
    """The mutations of n samples of a nested column; those that are not null were sequenced."""
    sequenced = np.asarray(column.is_valid())
    owner = _owners(column)
    raw = pd.DataFrame({"sample_id": np.asarray(ids, dtype=object)[owner]}, columns=["sample_id"], dtype=object)
    for name in FIELDS[:3]:
        cells = _cells(column, name)
        raw[name] = np.array(["" if cell is None else cell for cell in cells], dtype=object)
    raw["driver"] = _drivers(column)
    has_changes = _has(column, "hgvsp")
    rows = settle(raw, known, entrez=False, changes=has_changes).rows
    found = tuple(str(name) for name, known_of in zip(ids, sequenced, strict=True) if known_of)
    return Mutations(rows[list(MUTATION_COLUMNS)], found, ())


def spoilt_mutations(column: pa.ChunkedArray) -> dict[int, str]:
    """Row of each sample with a mutation that cannot be read, and what is wrong with the first."""
    owner, wrong = _owners(column), {}
    for name, most in (("gene", MAX_LABEL), ("variant_classification", MAX_LABEL), ("hgvsp", MAX_CELL)):
        for place, cell in _present(_cells(column, name)):
            if isinstance(cell, bytes):
                wrong[place] = f"{name}: found text that is not UTF-8, expected text"
            elif len(cell) > most:
                wrong[place] = f"{name}: found {len(cell):,} characters, expected at most {most:,}"
    if is_text(_field(column, "driver")):
        for place, cell in _present(_cells(column, "driver")):
            if _said(cell) is None:
                wrong[place] = f"driver: found {str(cell)[:40]!r}, expected true or false"
    return {int(owner[place]): f"mutations.{why}" for place, why in sorted(wrong.items(), reverse=True)}


def _present(cells: np.ndarray) -> Iterator[tuple[int, Any]]:
    """The places of all cells that hold something, and the cell."""
    return ((place, cell) for place, cell in enumerate(cells) if cell is not None)


def _owners(column: pa.ChunkedArray) -> np.ndarray:
    """The sample's row of each mutation."""
    parts, before = [np.empty(0, dtype=np.int64)], 0
    for chunk in column.chunks:
        parts.append(np.asarray(pc.list_parent_indices(chunk)).astype(np.int64) + before)
        before += len(chunk)
    return np.concatenate(parts)


def _has(column: pa.ChunkedArray, name: str) -> bool:
    return bool(column.type.value_type.get_field_index(name) >= 0)


def _field(column: pa.ChunkedArray, name: str) -> pa.DataType:
    return column.type.value_type.field(name).type if _has(column, name) else pa.null()


def _cells(column: pa.ChunkedArray, name: str) -> np.ndarray:
    """The cells of a field, one object for each distinct word; None where there is none."""
    values = [pc.list_flatten(chunk) for chunk in column.chunks]
    if not _has(column, name):
        return np.full(sum(map(len, values)), None, dtype=object)
    parts = [np.empty(0, dtype=object), *(texts_of(pc.struct_field(chunk, name)) for chunk in values)]
    return np.concatenate(parts)


def _drivers(column: pa.ChunkedArray) -> pd.Series:
    cells = _cells(column, "driver")
    if is_text(_field(column, "driver")):
        cells = np.array([None if cell is None else _said(cell) for cell in cells], dtype=object)
    said = np.array([pd.NA if cell is None else bool(cell) for cell in cells], dtype=object)
    return pd.Series(said, index=pd.RangeIndex(len(said)), dtype="object").astype("boolean")


def _said(cell: str | bytes) -> bool | None:
    """What a text says of a driver; None for none of the words that are known."""
    return _SAID.get(cell.strip().lower()) if isinstance(cell, str) else None
