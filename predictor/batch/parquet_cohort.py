"""A Parquet data set, one file or a folder of them, with samples in rows.

Columns: `sample_id`; where known `tissue`, `sample_type`, `msi`; levels as `expression.<gene>`, `ncrna.<name>` and
`copy_number.<gene>` (`segments.<gene>` for broad segments that name a gene); mutations as the nested column
`mutations`, a list of {gene, variant_classification, hgvsp, driver} per sample, null where the sample was not sequenced
and empty where nothing was found.

Metadata of the schema: `expression_unit`, a word of `units.UNITS`; `mutations_listed`, `drivers` where no others are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from predictor.batch.assembled import assembled
from predictor.batch.files import fingerprint
from predictor.batch.levels import MATRICES, Block, check_unit, scale_note, told_scale
from predictor.batch.mutations import NEEDED, Beside, is_nested, rows_of
from predictor.batch.parts import PART_SIZE, Part, Read
from predictor.errors import PamrxError, did_you_mean
from predictor.profiles.genes import default_genes
from predictor.profiles.profiles import SAMPLE_COLUMNS

ID, MUTATIONS = "sample_id", "mutations"
UNIT, LISTED, DRIVERS = b"expression_unit", b"mutations_listed", b"drivers"
HEAD_ROWS = 64
"""Rows of a shard from which its scales are told."""

WHOLE_GROUP = 200_000_000
"""Bytes of a row group that are read in one go."""

COLUMNS_AT_ONCE = 64
"""Columns turned into rows at a time: they fit in the processor's cache."""


@dataclass(frozen=True)
class ParquetCohort:
    """Opened shards that fit together."""

    folder: Path
    shards: tuple[str, ...]
    files: dict[str, str]
    blocks: dict[str, Block]
    scales: dict[str, str]
    has_mutations: bool
    drivers_only: bool
    assessed: frozenset[str] | None
    known: frozenset[str]
    beside: Beside | None
    told: tuple[str, ...]

    def tasks(self) -> list[list[Part]]:
        """One run of parts per row group, or per several small ones together: that is what is read in order."""
        runs, number = [], 0
        for shard in self.shards:
            for start, stop in _pieces(self.folder / shard):
                run = []
                for first in range(start, stop, PART_SIZE):
                    run.append(Part(number, shard, first, min(first + PART_SIZE, stop)))
                    number += 1
                runs.append(run)
        return runs

    def read(self, task: Sequence[Part]) -> Iterator[tuple[Part, Read]]:
        for part, table in _tables(self.folder, task, self._columns):
            yield part, self._part(part, table)

    @cached_property
    def _columns(self) -> list[str]:
        levels = [f"{kind}.{name}" for kind, block in self.blocks.items() for name in block.given]
        there = set(pq.read_schema(self.folder / self.shards[0]).names)
        words = [name for name in SAMPLE_COLUMNS if name in there]
        return [ID, *words, *([MUTATIONS] if self.has_mutations else []), *levels]

    def _part(self, part: Part, table: pa.Table) -> Read:
        values = {kind: _matrix(table, block) for kind, block in self.blocks.items()}
        words = {name: table.column(name).to_pylist() for name in SAMPLE_COLUMNS if name in table.column_names}

        def mutations(good: np.ndarray, ids: list[str]) -> tuple[pd.DataFrame | None, np.ndarray]:
            if self.beside is not None:
                return self.beside.of(ids)
            if not self.has_mutations:
                return None, np.zeros(len(ids), dtype=bool)
            return rows_of(table.column(MUTATIONS).filter(pa.array(good)), ids, self.known)

        return assembled(
            part, _names(table.column(ID)), words, values, self.blocks, self.scales, mutations, self.assessed,
            self.drivers_only,
        )  # fmt: skip


def open_parquet(
    path: Path,
    files: Sequence[Path],
    unit: str | None = None,
    assessed: frozenset[str] | None = None,
    beside: Beside | None = None,
) -> ParquetCohort:
    """Look at every shard, and at nothing of it but its footer, its head and its sample names.

    Raises
    ------
    PamrxError
        A shard that is no Parquet file, empty, or lacks columns of the others; another unit in another shard; a name
        that stands twice.
    """
    folder = path if path.is_dir() else path.parent
    shards = tuple(file.relative_to(folder).as_posix() for file in files)
    schemas = {shard: _schema(folder / shard) for shard in shards}
    _check_alike(folder, schemas)
    first = schemas[shards[0]]
    known = default_genes()
    blocks = _blocks(folder / shards[0], first, known)
    has_mutations = _check_mutations(folder / shards[0], first)
    if has_mutations and beside is not None:
        raise PamrxError(f"{beside.path}: the cohort holds mutations of its own; expected one of the two")
    if not blocks and not has_mutations and beside is None:
        raise PamrxError(
            f"{folder / shards[0]}: no column of data; expected mutations, or expression.GENE, ncrna.NAME, "
            "copy_number.GENE"
        )
    units = {shard: check_unit(unit or _unit(schema)) for shard, schema in schemas.items()}
    scales = _scales(folder, shards, blocks, units)
    _check_ids(folder, shards)
    listed = {(schema.metadata or {}).get(LISTED) for schema in schemas.values()} if has_mutations else {None}
    if len(listed) > 1:
        raise PamrxError(f"{folder}: some shards list drivers only and others do not; expected all alike")
    drivers_only = listed == {DRIVERS}
    notes = [scale_note(group, scale, units[shards[0]]) for group, scale in scales.items()]
    unused = [name for name in first.names if name not in (ID, MUTATIONS, *SAMPLE_COLUMNS) and not _kind(name)]
    if unused:
        hint = did_you_mean(unused[0], SAMPLE_COLUMNS)
        notes.append(f"{len(unused)} columns are not used, such as {unused[0]}{hint}")
    return ParquetCohort(
        folder,
        shards,
        {shard: fingerprint(folder / shard) for shard in shards} | (beside.files if beside else {}),
        blocks,
        scales,
        has_mutations,
        drivers_only,
        assessed,
        known,
        beside,
        tuple(notes),
    )


def _schema(file: Path) -> pa.Schema:
    try:
        with pq.ParquetFile(file) as opened:
            rows, schema = opened.metadata.num_rows, opened.schema_arrow
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0][:120]
        raise PamrxError(f"{file}: not a Parquet file, or a damaged one ({reason}); make or copy it again") from None
    if not rows:
        raise PamrxError(f"{file}: no sample in it; expected at least one, or take the file away")
    if ID not in schema.names:
        raise PamrxError(f"{file}: no column {ID}; found {', '.join(schema.names[:4])}{did_you_mean(ID, schema.names)}")
    return schema


def _check_alike(folder: Path, schemas: dict[str, pa.Schema]) -> None:
    first, *others = schemas
    names = set(schemas[first].names)
    for shard in others:
        found = set(schemas[shard].names)
        for one, other, missing in ((shard, first, names - found), (first, shard, found - names)):
            if missing:
                many = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
                raise PamrxError(
                    f"{folder / one}: no column {min(missing)}{many}, which {other} has; expected the same columns in "
                    "every shard (null where not measured)"
                )


def _kind(column: str) -> str | None:
    kind, point, name = column.partition(".")
    return kind if point and name and kind in MATRICES else None


def _blocks(file: Path, schema: pa.Schema, known: frozenset[str]) -> dict[str, Block]:
    labels: dict[str, list[str]] = {}
    for field in schema:
        kind = _kind(field.name)
        if kind is None:
            continue
        if not (pa.types.is_floating(field.type) or pa.types.is_integer(field.type) or pa.types.is_null(field.type)):
            raise PamrxError(f"{file}: column {field.name}: holds {field.type}, expected numbers")
        labels.setdefault(kind, []).append(field.name.partition(".")[2])
    return {kind: Block.of(kind, labels[kind], known) for kind in MATRICES if kind in labels}


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


def _scales(
    folder: Path, shards: Sequence[str], blocks: dict[str, Block], units: dict[str, str | None]
) -> dict[str, str]:
    """The scale of each group of columns: that of the first shard that tells it, and of every other."""
    scales: dict[str, tuple[str, str]] = {}
    if len(set(units.values())) > 1:
        one, other = shards[0], next(shard for shard in shards if units[shard] != units[shards[0]])
        raise PamrxError(
            f"{folder / other}: expression in {units[other] or 'no stated unit'}, but {one} has "
            f"{units[one] or 'no stated unit'}; expected one unit in every shard"
        )
    for shard in shards:
        columns = [f"{kind}.{name}" for kind, block in blocks.items() for name in block.given]
        with pq.ParquetFile(folder / shard, pre_buffer=False) as opened:
            head = next(opened.iter_batches(HEAD_ROWS, columns=columns), None)
        if head is None:
            continue
        table = pa.Table.from_batches([head])
        for kind, block in blocks.items():
            values = _matrix(table, block)
            for group, mask in block.groups().items():
                scale = told_scale(kind, values[:, mask], units[shard])
                if scale is None:
                    continue
                before, where = scales.setdefault(group, (scale, shard))
                if before != scale:
                    raise PamrxError(
                        f"{folder / shard}: {group} looks like {scale}, but in {where} like {before}; expected one "
                        "unit in every shard"
                    )
    return {group: scale for group, (scale, _) in scales.items()}


def _check_ids(folder: Path, shards: Sequence[str]) -> None:
    """Every name once over all shards. Kept as 64-bit hashes: a million names take eight megabytes."""
    hashes, sizes = [], []
    for shard in shards:
        names = pq.read_table(folder / shard, columns=[ID]).column(ID)
        known = np.array([name for name in _names(names) if name], dtype=object)
        hashes.append(pd.util.hash_array(known, categorize=False) if len(known) else np.empty(0, dtype=np.uint64))
        sizes.append(len(known))
    every = np.concatenate(hashes) if hashes else np.empty(0, dtype=np.uint64)
    found, counts = np.unique(every, return_counts=True)
    repeated = found[counts > 1]
    if not len(repeated):
        return
    places: dict[str, list[str]] = {}
    for shard, part in zip(shards, hashes, strict=True):
        if np.isin(part, repeated).any():
            for row, name in enumerate(_names(pq.read_table(folder / shard, columns=[ID]).column(ID)), start=1):
                if name:
                    places.setdefault(name, []).append(f"{shard} row {row}")
    for name, where in places.items():
        if len(where) > 1:
            raise PamrxError(
                f"{folder}: sample {name} stands in {' and in '.join(where[:3])}; expected each sample once"
            )


def _names(column: pa.ChunkedArray) -> list[str]:
    return ["" if name is None else str(name).strip() for name in column.to_pylist()]


def _pieces(file: Path) -> list[tuple[int, int]]:
    """Row ranges that are read in one go: a row group, or several of them while they make one part at most."""
    with pq.ParquetFile(file) as opened:
        sizes = [opened.metadata.row_group(place).num_rows for place in range(opened.metadata.num_row_groups)]
    pieces: list[tuple[int, int]] = []
    start = 0
    for size in sizes:
        if pieces and pieces[-1][1] - pieces[-1][0] + size <= PART_SIZE:
            pieces[-1] = (pieces[-1][0], start + size)
        elif size:
            pieces.append((start, start + size))
        start += size
    return pieces


def _tables(folder: Path, task: Sequence[Part], columns: list[str]) -> Iterator[tuple[Part, pa.Table]]:
    """The rows of each part of one run, read once from its first row on."""
    opened = _opened(folder / task[0].shard)
    groups, before, start = [], 0, None
    for place in range(opened.metadata.num_row_groups):
        size = opened.metadata.row_group(place).num_rows
        if before < task[-1].stop and before + size > task[0].start:
            groups.append(place)
            start = before if start is None else start
        before += size
    batches = opened.iter_batches(PART_SIZE, row_groups=groups, columns=columns, use_threads=False)
    held = _Rows(batches, start or 0)
    for part in task:
        yield part, held.take(part.start, part.stop).select(columns)


@lru_cache(maxsize=1)
def _opened(file: Path) -> pq.ParquetFile:
    """A shard, kept open from one row group to the next: its footer tells of every column of every row group."""
    told = pq.read_metadata(file)
    largest = max(told.row_group(place).total_byte_size for place in range(told.num_row_groups))
    # A buffer of no size is a whole column of the row group read at once.
    return pq.ParquetFile(file, metadata=told, pre_buffer=False, buffer_size=0 if largest <= WHOLE_GROUP else 1 << 14)


class _Rows:
    """Batches as one table of which slices are taken in order."""

    def __init__(self, batches: Iterator[pa.RecordBatch], start: int) -> None:
        self._batches, self._start = batches, start
        self._held: list[pa.RecordBatch] = []
        self._length = 0

    def take(self, start: int, stop: int) -> pa.Table:
        while self._start + self._length < stop:
            batch = next(self._batches)
            self._held.append(batch)
            self._length += batch.num_rows
            while self._held and self._start + self._held[0].num_rows <= start:
                self._start += self._held[0].num_rows
                self._length -= self._held.pop(0).num_rows
        return pa.Table.from_batches(self._held).slice(start - self._start, stop - start)


def _matrix(table: pa.Table, block: Block) -> np.ndarray:
    """(n, columns) float64, NaN for null; row after row, as ranks are taken."""
    values = np.empty((table.num_rows, len(block.given)))
    some = np.empty((table.num_rows, COLUMNS_AT_ONCE), order="F")
    for start in range(0, len(block.given), COLUMNS_AT_ONCE):
        names = block.given[start : start + COLUMNS_AT_ONCE]
        for place, name in enumerate(names):
            column = table.column(f"{block.kind}.{name}")
            if not pa.types.is_floating(column.type):
                column = column.cast(pa.float64())
            some[:, place] = column.to_numpy()
        values[:, start : start + len(names)] = some[:, : len(names)]
    return values
