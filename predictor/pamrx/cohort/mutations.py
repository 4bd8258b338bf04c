"""Mutations of a cohort: the nested column of a Parquet data set, or a MAF beside it, of the samples of a chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pamrx.cohort.fingerprints import fingerprint
from pamrx.cohort.memory import bytes_of_maf
from pamrx.display import short_repr
from pamrx.profiles.assemble import with_names
from pamrx.profiles.profiles import MUTATION_COLUMNS
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.mutations.rows import settle
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.text.files import plain_file

FIELDS = ("gene", "variant_classification", "hgvsp", "driver")
NEEDED = FIELDS[:2]


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
    nested = column.combine_chunks()
    sequenced = np.asarray(nested.is_valid())
    owner = np.asarray(pc.list_parent_indices(nested))
    values = pc.list_flatten(nested)
    raw = pd.DataFrame({"sample_id": np.asarray(ids, dtype=object)[owner]}, columns=["sample_id"], dtype=object)
    for name in FIELDS[:3]:
        raw[name] = _texts(values, name)
    raw["driver"] = _drivers(values)
    has_changes = values.type.get_field_index("hgvsp") >= 0
    rows = settle(raw, known, entrez=False, changes=has_changes).rows
    found = tuple(str(name) for name, known_of in zip(ids, sequenced, strict=True) if known_of)
    return Mutations(rows[list(MUTATION_COLUMNS)], found, ())


def _texts(values: pa.StructArray, name: str) -> np.ndarray:
    if values.type.get_field_index(name) < 0:
        return np.full(len(values), "", dtype=object)
    column = pc.cast(pc.struct_field(values, name), pa.string())
    return np.asarray(pc.fill_null(column, "").to_numpy(zero_copy_only=False), dtype=object)


def _drivers(values: pa.StructArray) -> pd.Series:
    if values.type.get_field_index("driver") < 0:
        return pd.Series(pd.NA, index=pd.RangeIndex(len(values)), dtype="boolean")
    column = pc.cast(pc.struct_field(values, "driver"), pa.bool_())
    return pd.Series(column.to_pandas().to_numpy(dtype=object), dtype="object").astype("boolean")
