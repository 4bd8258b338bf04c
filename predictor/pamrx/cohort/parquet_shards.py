"""What the shards of a Parquet data set tell before anything is scored: whether they fit together, and on which scales
their levels are. Of a shard only the footer, the head and the sample names are read, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pamrx.cohort.levels import HEAD_ROWS, MATRICES, Block, Scales, check_unit
from pamrx.cohort.mutations import NEEDED, is_nested
from pamrx.cohort.parquet_rows import Layout, matrix_of, memory_of, names_of, opened, pieces
from pamrx.errors import PamrxError, did_you_mean

ID, MUTATIONS = "sample_id", "mutations"
UNIT, LISTED, DRIVERS = b"expression_unit", b"mutations_listed", b"drivers"


@dataclass
class Shards:
    """What all shards looked at so far have in common, and where each is read.

    Attributes
    ----------
    columns : of the first shard.
    pieces : by shard, the row ranges read in one go.
    memory : bytes that reading the largest shard takes beyond what any does.
    """

    folder: Path
    known: frozenset[str]
    unit_given: str | None = None
    columns: list[str] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)
    has_mutations: bool = False
    drivers_only: bool = False
    unit: str | None = None
    pieces: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    memory: int = 0
    scales: Scales = field(default_factory=Scales)
    _names: dict[str, np.ndarray] = field(default_factory=dict)

    def look(self, shard: str) -> None:
        """Take up one more shard.

        Raises
        ------
        PamrxError
            No Parquet file, empty, without names, a column twice; columns or a unit that the others do not have.
        """
        path = self.folder / shard
        file = _file(path)
        schema = file.schema_arrow
        _check_once(path, schema)
        unit = check_unit(self.unit_given or _unit(schema))
        drivers = (schema.metadata or {}).get(LISTED) == DRIVERS
        if self.columns:
            self._check_alike(shard, schema, unit, drivers)
        else:
            self.columns, self.unit = list(schema.names), unit
            labels = _labels(path, schema)
            self.blocks = {kind: Block.of(kind, labels[kind], self.known) for kind in MATRICES if kind in labels}
            self.has_mutations = _check_mutations(path, schema)
            self.drivers_only = drivers and self.has_mutations
        self._tell_scales(shard, file, unit)
        self._names[shard] = _hashes(names_of(file.read([ID], use_threads=False).column(ID)))
        self.pieces[shard] = pieces(file)
        self.memory = max(self.memory, memory_of(file))

    def check_names(self) -> None:
        """Every name once over all shards. They are kept as 64-bit hashes: a million take eight megabytes.

        Raises
        ------
        PamrxError
            For a name that stands twice, with its places.
        """
        every = np.concatenate([np.empty(0, dtype=np.uint64), *self._names.values()])
        found, counts = np.unique(every, return_counts=True)
        repeated = found[counts > 1]
        if not len(repeated):
            return
        places: dict[str, list[str]] = {}
        for shard, hashes in self._names.items():
            if np.isin(hashes, repeated).any():
                column = opened(self.folder / shard).read([ID], use_threads=False).column(ID)
                for row, name in enumerate(names_of(column), start=1):
                    if name:
                        places.setdefault(name, []).append(f"{shard} row {row}")
        for name, where in places.items():
            if len(where) > 1:
                raise PamrxError(
                    f"{self.folder}: sample {name} stands in {' and in '.join(where[:3])}; expected each sample once"
                )

    def _check_alike(self, shard: str, schema: pa.Schema, unit: str | None, drivers: bool) -> None:
        first, names, found = next(iter(self.pieces)), set(self.columns), set(schema.names)
        for one, other, missing in ((shard, first, names - found), (first, shard, found - names)):
            if missing:
                many = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
                raise PamrxError(
                    f"{self.folder / one}: no column {min(missing)}{many}, which {other} has; expected the same "
                    "columns in every shard (null where not measured)"
                )
        _labels(self.folder / shard, schema)
        _check_mutations(self.folder / shard, schema)
        if unit != self.unit:
            raise PamrxError(
                f"{self.folder / shard}: expression in {unit or 'no stated unit'}, but {first} has "
                f"{self.unit or 'no stated unit'}; expected one unit in every shard"
            )
        if self.has_mutations and drivers != self.drivers_only:
            raise PamrxError(f"{self.folder}: some shards list drivers only and others do not; expected all alike")

    def _tell_scales(self, shard: str, file: pq.ParquetFile, unit: str | None) -> None:
        blocks = [block.some() for block in self.blocks.values()]
        columns = [f"{block.kind}.{name}" for block in blocks for name in block.given]
        head = next(file.iter_batches(HEAD_ROWS, columns=columns, use_threads=False), None)
        if head is not None:
            table = pa.Table.from_batches([head])
            layout = Layout.of(table.schema)
            for block in blocks:
                self.scales.tell(f"{self.folder / shard}", shard, block, matrix_of(table, block, layout), unit)


def look_at(folder: Path, shards: Sequence[str], known: frozenset[str], unit: str | None) -> Shards:
    """Look at every shard.

    Raises
    ------
    PamrxError
        As `Shards.look` and `Shards.check_names`.
    """
    found = Shards(folder, known, unit)
    for shard in shards:
        found.look(shard)
    found.check_names()
    return found


def kind_of(column: str) -> str | None:
    """The matrix that a column belongs to: `expression.PTEN` to `expression`; None for any other."""
    kind, point, name = column.partition(".")
    return kind if point and name and kind in MATRICES else None


def _file(path: Path) -> pq.ParquetFile:
    try:
        file = opened(path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0][:120]
        raise PamrxError(f"{path}: not a Parquet file, or a damaged one ({reason}); make or copy it again") from None
    if not file.metadata.num_rows:
        raise PamrxError(f"{path}: no sample in it; expected at least one, or take the file away")
    names = file.schema_arrow.names
    if ID not in names:
        raise PamrxError(f"{path}: no column {ID}; found {', '.join(names[:4])}{did_you_mean(ID, names)}")
    return file


def _hashes(names: list[str]) -> np.ndarray:
    known = np.array([name for name in names if name], dtype=object)
    return pd.util.hash_array(known, categorize=False) if len(known) else np.empty(0, dtype=np.uint64)


def _check_once(file: Path, schema: pa.Schema) -> None:
    repeated = [name for name, count in Counter(schema.names).items() if count > 1]
    if repeated:
        raise PamrxError(f"{file}: column {repeated[0]} stands more than once; expected each column once")


def _labels(file: Path, schema: pa.Schema) -> dict[str, list[str]]:
    """The columns of each matrix, without its name before them; all must hold numbers."""
    labels: dict[str, list[str]] = {}
    for column in schema:
        kind = kind_of(column.name)
        if kind is None:
            continue
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
            raise PamrxError(f"{file}: column {column.name}: holds {column.type}, expected numbers")
        labels.setdefault(kind, []).append(column.name.partition(".")[2])
    return labels


def _check_mutations(file: Path, schema: pa.Schema) -> bool:
    if MUTATIONS not in schema.names:
        return False
    kind = schema.field(MUTATIONS).type
    if not is_nested(kind):
        raise PamrxError(f"{file}: column {MUTATIONS}: holds {kind}, expected a list of {{{', '.join(NEEDED)}, hgvsp}}")
    for name in NEEDED:
        if kind.value_type.get_field_index(name) < 0:
            found = ", ".join(field.name for field in kind.value_type)
            raise PamrxError(f"{file}: column {MUTATIONS}: no field {name}; found {found}")
    return True


def _unit(schema: pa.Schema) -> str | None:
    word = (schema.metadata or {}).get(UNIT)
    return None if word is None else word.decode("utf-8", "replace")
