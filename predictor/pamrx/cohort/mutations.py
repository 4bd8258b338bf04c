"""Mutations of a cohort: the nested column of a Parquet data set, or a MAF beside it, as the rows of a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pamrx.cohort.fingerprints import fingerprint
from pamrx.cohort.memory import bytes_of_maf
from pamrx.identifiers.gene_ids import name_genes
from pamrx.identifiers.genes import clean_labels
from pamrx.identifiers.protein_change import short_protein_change
from pamrx.profiles.profiles import MUTATION_COLUMNS
from pamrx.readers.maf import CLASSIFICATIONS, read_mutations

FIELDS = ("gene", "variant_classification", "hgvsp", "driver")
NEEDED = FIELDS[:2]
_CLASSES = {word.lower(): word for word in CLASSIFICATIONS}


@dataclass(frozen=True)
class Beside:
    """A MAF beside a cohort, read once by each process that needs it. Samples are found by the very same name.

    A sample that the MAF does not name counts as not sequenced.
    """

    path: Path
    known: frozenset[str]

    @property
    def files(self) -> dict[str, str]:
        return {self.path.name: fingerprint(self.path)}

    @property
    def memory(self) -> int:
        """Bytes that the rows take in each process, told from the length of the file."""
        return bytes_of_maf(self.path)

    @property
    def drivers_only(self) -> bool:
        """Whether every mutation is marked as driver, so that no others are listed."""
        drivers = _indexed(self.path, self.known)[0]["driver"]
        return len(drivers) > 0 and bool(drivers.fillna(False).all())

    def of(self, ids: Sequence[str]) -> tuple[pd.DataFrame, np.ndarray]:
        """The rows of some samples as `Profiles.mutations` has them, and which of the samples were sequenced."""
        rows, bounds, named = _indexed(self.path, self.known)
        chosen = [np.arange(*bounds[name]) for name in ids if name in bounds]
        places = np.concatenate(chosen) if chosen else np.empty(0, dtype=int)
        return rows.iloc[places].reset_index(drop=True), np.array([name in named for name in ids], dtype=bool)


@lru_cache(maxsize=1)
def _indexed(path: Path, known: frozenset[str]) -> tuple[pd.DataFrame, dict[str, tuple[int, int]], frozenset[str]]:
    """Rows sorted by sample, where each sample's begin and end, and all samples that the file names."""
    maf = read_mutations(path, known)
    rows = maf.rows.sort_values("sample_id", kind="stable", ignore_index=True)
    names, starts = np.unique(rows["sample_id"].to_numpy(dtype=str), return_index=True)
    ends = [*starts[1:], len(rows)]
    bounds = {str(name): (int(a), int(b)) for name, a, b in zip(names, starts, ends, strict=True)}
    return rows, bounds, frozenset(maf.samples)


def is_nested(kind: pa.DataType) -> bool:
    """Whether a column is a list of structs."""
    return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and pa.types.is_struct(kind.value_type)


def rows_of(column: pa.ChunkedArray, ids: Sequence[str], known: frozenset[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """The mutations of n samples as `Profiles.mutations` has them, and which samples were sequenced (not null)."""
    nested = column.combine_chunks()
    sequenced = np.asarray(nested.is_valid())
    owner = np.asarray(pc.list_parent_indices(nested))
    values = pc.list_flatten(nested)
    texts = {name: _texts(values, name) for name in FIELDS[:3]}
    rows = pd.DataFrame({"sample_id": np.asarray(ids, dtype=object)[owner]}, columns=["sample_id"], dtype=object)
    symbols = _symbols(known)
    rows["gene"] = _mapped(texts["gene"], symbols)
    rows["variant_classification"] = _mapped(
        texts["variant_classification"], lambda words: [_CLASSES.get(word.strip().lower(), word) for word in words]
    )
    rows["hgvsp"] = _mapped(texts["hgvsp"], lambda words: [short_protein_change(word) for word in words])
    rows["driver"] = _drivers(values)
    named = ~rows["gene"].isin(["", "Unknown", "unknown"])
    return rows.loc[named, list(MUTATION_COLUMNS)].reset_index(drop=True), sequenced


def _symbols(known: frozenset[str]) -> Callable[[list[str]], list[str]]:
    def named(labels: list[str]) -> list[str]:
        clean = clean_labels(labels)
        table = name_genes([label for label in dict.fromkeys(clean) if label], known, entrez=False, guarded=False)
        names = dict(zip(table["given"], table["name"], strict=True))
        return [str(names.get(label, label)) for label in clean]

    return named


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


def _mapped(values: np.ndarray, change: Callable[[list[str]], list[str]]) -> np.ndarray:
    """Each distinct text changed once."""
    codes, distinct = pd.factorize(values)
    changed = np.array(change([str(value) for value in distinct]), dtype=object)
    return changed[codes] if len(distinct) else np.empty(0, dtype=object)
