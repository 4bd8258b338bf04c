"""What is settled of the shards of a Parquet data set before anything is scored: whether they fit together, and on
which scales their levels are, over all samples. Of a shard the footer and the sample names are read, and its levels
only where the footer does not settle their scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pamrx.cohort import chunks
from pamrx.cohort.memory import check_fits
from pamrx.cohort.parquet_memory import memory_of
from pamrx.cohort.parquet_rows import Layout, batches_of, matrix_of, names_of, opened, pieces
from pamrx.cohort.parquet_schema import ID, check_schema, has_mutations, labels_of
from pamrx.cohort.scales import Scales
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.columns import CALLS_OF, MATRICES, Columns
from pamrx.identifiers.copy_number import check_copy_number_unit
from pamrx.identifiers.unit_statistics import LOG2_AT_MOST, Statistics
from pamrx.identifiers.units import Decision, check_unit
from pamrx.profiles.normalise import decide, gather, scales_shown, statistics, with_values
from pamrx.readers.boundary import boundary
from pamrx.readers.parquet_file import EXPECTED
from pamrx.readers.parquet_footer import check_bounds

UNIT, LISTED, DRIVERS = b"expression_unit", b"mutations_listed", b"drivers"
NUMBERS = frozenset({"INT32", "INT64", "FLOAT", "DOUBLE"})
"""Types of which the bounds are asked for; of the others Arrow looks at no length at all."""

NAMES_AT_ONCE = 1 << 16
SMALLER = "Parquet files of about 10,000 samples in row groups of 1,000 need less"


@short_repr
@dataclass
class Shards:
    """What all shards looked at so far have in common, and where each is read.

    Attributes
    ----------
    columns : of the first shard.
    pieces : by shard, the row ranges read in one go.
    memory : bytes that reading the largest shard takes beyond what any does.
    allowed : bytes that a process may take, beside `held` by what goes with the cohort; None for any.
    """

    folder: Path
    known: frozenset[str]
    unit_given: str | None = None
    copy_number_unit: str | None = None
    allowed: int | None = None
    held: int = 0
    columns: list[str] = field(default_factory=list)
    blocks: dict[str, Columns] = field(default_factory=dict)
    has_mutations: bool = False
    drivers_only: bool = False
    unit: str | None = None
    pieces: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    memory: int = 0
    scales: Scales = field(default_factory=Scales)
    found: dict[str, dict[str, Statistics]] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _names: dict[str, np.ndarray] = field(default_factory=dict)

    def look(self, shard: str) -> None:
        """Take up one more shard.

        Raises
        ------
        PamrxError
            No Parquet file, empty, without names, a column twice; columns or a unit that the others do not have; more
            than the memory that is allowed.
        """
        with boundary(self.folder / shard, EXPECTED):
            self._look(shard)

    def _look(self, shard: str) -> None:
        path = self.folder / shard
        file = opened(path)
        schema = file.schema_arrow
        if not file.metadata.num_rows:
            raise InputError(f"{path}: no sample in it; expected at least one, or take the file away")
        check_schema(path, schema)
        self.memory = max(self.memory, memory_of(file))
        if self.allowed is not None:
            check_fits(self.allowed, self.memory + self.held, f"{path} is why; {SMALLER}")
        unit = self.unit_given or _unit(schema)
        check_unit(unit)
        drivers = (schema.metadata or {}).get(LISTED) == DRIVERS
        if self.columns:
            self._check_alike(shard, schema, unit, drivers)
        else:
            self.columns, self.unit = list(schema.names), unit
            labels = labels_of(path, schema)
            self.blocks = {kind: Columns.of(kind, labels[kind], self.known) for kind in MATRICES if kind in labels}
            self.has_mutations = has_mutations(path, schema)
            self.drivers_only = drivers and self.has_mutations
        self._add_statistics(shard, file, unit)
        self._names[shard] = self._hashes(shard, file)
        self.pieces[shard] = pieces(file)

    @property
    def hashes(self) -> np.ndarray:
        """64-bit hashes of all names."""
        return np.concatenate([np.empty(0, dtype=np.uint64), *self._names.values()])

    def check_names(self) -> None:
        """Every name once over all shards. They are kept as 64-bit hashes: a million take eight megabytes.

        Raises
        ------
        PamrxError
            For a name that stands twice, with its places.
        """
        repeated = _repeated(self.hashes)
        if not len(repeated):
            return
        places: dict[str, list[str]] = {}
        for shard, hashes in self._names.items():
            if np.isin(hashes, repeated).any():
                with boundary(self.folder / shard, EXPECTED):
                    for start, names in _names_in(opened(self.folder / shard)):
                        self._take_places(places, shard, start, names, repeated)
        self._refuse_twice(places)

    def _take_places(
        self, places: dict[str, list[str]], shard: str, start: int, names: list[str], repeated: np.ndarray
    ) -> None:
        """Note where those names of some rows stand whose hashes are `repeated`."""
        known = [(row, name) for row, name in enumerate(names, start=start + 1) if name]
        hashes = hashes_of([name for _, name in known])
        for (row, name), again in zip(known, np.isin(hashes, repeated), strict=True):
            if again:
                places.setdefault(name, []).append(f"{shard} row {row}")

    def _hashes(self, shard: str, file: pq.ParquetFile) -> np.ndarray:
        """64-bit hashes of all names of a shard; names that stand twice within one batch end the reading at once."""
        found = [np.empty(0, dtype=np.uint64)]
        for start, names in _names_in(file):
            own = hashes_of(names)
            if len(repeated := _repeated(own)):
                places: dict[str, list[str]] = {}
                self._take_places(places, shard, start, names, repeated)
                self._refuse_twice(places)
            found.append(own)
        return np.concatenate(found)

    def _refuse_twice(self, places: dict[str, list[str]]) -> None:
        for name, where in places.items():
            if len(where) > 1:
                shown = name if len(name) <= 60 else f"{name[:60]}..."
                raise InputError(
                    f"{self.folder}: sample {shown} stands in {' and in '.join(where[:3])}; expected each sample once"
                )

    def _check_alike(self, shard: str, schema: pa.Schema, unit: str | None, drivers: bool) -> None:
        first, names, found = next(iter(self.pieces)), set(self.columns), set(schema.names)
        for one, other, missing in ((shard, first, names - found), (first, shard, found - names)):
            if missing:
                many = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
                raise InputError(
                    f"{self.folder / one}: no column {min(missing)}{many}, which {other} has; expected the same "
                    "columns in every shard (null where not measured)"
                )
        if unit != self.unit:
            raise InputError(
                f"{self.folder / shard}: expression in {unit or 'no stated unit'}, but {first} has "
                f"{self.unit or 'no stated unit'}; expected one unit in every shard"
            )
        if self.has_mutations and drivers != self.drivers_only:
            raise InputError(f"{self.folder}: some shards list drivers only and others do not; expected all alike")

    def settle(self) -> None:
        """The scale of each group of columns, from all samples of all shards.

        Raises
        ------
        PamrxError
            If it cannot be settled.
        """
        for kind, found in self.found.items():
            decisions = decide(
                self.blocks[kind], with_values(found), f"{self.folder.name}: {kind}", unit=self.unit,
                copy_number_unit=self.copy_number_unit,
            )  # fmt: skip
            self.decisions |= decisions
            self.notes += [decision.note for decision in decisions.values()]

    def _add_statistics(self, shard: str, file: pq.ParquetFile, unit: str | None) -> None:
        bounds = column_bounds(self.folder / shard, file)
        for kind, columns in self.blocks.items():
            found = statistics(columns)
            if not _from_footer(found, columns, bounds, unit, file.metadata.num_rows):
                names = [f"{kind}.{name}" for name in columns.given]
                for batch in batches_of(file, [ID, *names], chunks.CHUNK_SIZE):
                    table = pa.Table.from_batches([batch])
                    values = matrix_of(table, columns, Layout.of(table.schema))
                    gather(found, columns, values, names_of(table.column(ID)))
            where = f"{self.folder / shard}: {kind}"
            shown = scales_shown(columns, with_values(found), where, unit, self.copy_number_unit)
            self.scales.agree(f"{self.folder / shard}", shard, shown)
            merged = self.found.setdefault(kind, {})
            for group, one in found.items():
                merged.setdefault(group, Statistics(one.columns, one.copy_number)).include(one)


def look_at(
    folder: Path,
    shards: Sequence[str],
    known: frozenset[str],
    unit: str | None = None,
    copy_number_unit: str | None = None,
    allowed: int | None = None,
    held: int = 0,
) -> Shards:
    """Look at every shard; `allowed` and `held` are as in `Shards`.

    Raises
    ------
    PamrxError
        As `Shards.look`, `Shards.check_names` and `Shards.settle`.
    """
    check_copy_number_unit(copy_number_unit)
    found = Shards(folder, known, unit, copy_number_unit, allowed, held)
    for shard in shards:
        found.look(shard)
    found.check_names()
    found.settle()
    return found


def column_bounds(path: Path, file: pq.ParquetFile) -> dict[str, tuple[float, float]]:
    """Smallest and largest value of each column by the footer, of those for which every row group has both.

    Raises
    ------
    InputError
        If a row group states another type of a column than the schema, or a bound that is too short for a number:
        Arrow ends the process where it is then asked for the bounds.
    """
    check_bounds(path)
    bounds: dict[str, tuple[float, float]] = {}
    incomplete: set[str] = set()
    types = [file.schema.column(place).physical_type for place in range(len(file.schema))]
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group)
        for place in range(rows.num_columns):
            column = rows.column(place)
            if column.physical_type != types[place]:
                raise InputError(
                    f"{path}: row group {group + 1}, column {column.path_in_schema[:60]}: type "
                    f"{column.physical_type} found, {types[place]} expected from the schema; the file is damaged: make "
                    "or copy it again"
                )
            if types[place] not in NUMBERS:
                continue
            name, told = column.path_in_schema, column.statistics
            if told is None or not told.has_min_max:
                if told is None or told.null_count != rows.num_rows:
                    incomplete.add(name)
                continue
            if isinstance(told.min, (int, float)) and not isinstance(told.min, bool):
                low, high = bounds.get(name, (np.inf, -np.inf))
                bounds[name] = (min(low, float(told.min)), max(high, float(told.max)))
    return {name: found for name, found in bounds.items() if name not in incomplete}


def _from_footer(
    found: dict[str, Statistics],
    columns: Columns,
    bounds: dict[str, tuple[float, float]],
    unit: str | None,
    samples: int,
) -> bool:
    """Whether the bounds of the columns settle the scale, so that no cell need be read: levels of 0 to 30 are log2."""
    if columns.kind in CALLS_OF or unit == "counts":
        return False
    own = [bounds.get(f"{columns.kind}.{name}") for name in columns.given]
    if any(one is None or one[0] < 0 or not one[1] <= LOG2_AT_MOST for one in own):
        return False
    known = np.array(own, dtype=float)
    for group, mask in columns.groups().items():
        found[group].within(float(known[mask, 0].min()), float(known[mask, 1].max()), samples)
    return True


def hashes_of(names: Sequence[str]) -> np.ndarray:
    """64-bit hashes of the names that are not empty."""
    known = np.array([name for name in names if name], dtype=object)
    return pd.util.hash_array(known, categorize=False) if len(known) else np.empty(0, dtype=np.uint64)


def _names_in(file: pq.ParquetFile) -> Iterator[tuple[int, list[str]]]:
    """The names of all samples a batch at a time, with the number of rows before it."""
    start = 0
    for batch in batches_of(file, [ID], NAMES_AT_ONCE):
        yield start, names_of(batch.column(0))
        start += batch.num_rows


def _repeated(hashes: np.ndarray) -> np.ndarray:
    found, counts = np.unique(hashes, return_counts=True)
    repeated: np.ndarray = found[counts > 1]
    return repeated


def _unit(schema: pa.Schema) -> str | None:
    word = (schema.metadata or {}).get(UNIT)
    return None if word is None else word.decode("utf-8", "replace")
