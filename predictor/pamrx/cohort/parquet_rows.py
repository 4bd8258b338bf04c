"""Rows of a Parquet shard, read a part at a time, as names and matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pamrx.cohort.chunks import CHUNK_SIZE, Chunk
from pamrx.display import short_repr
from pamrx.identifiers.columns import Columns

WHOLE_GROUP = 200_000_000
"""Bytes of a row group that are read in one go."""

PAGE = 1 << 20
"""Bytes of a column that must be unpacked together, as Parquet's writers set them by default."""

FOOTER_BYTES = 1100
"""Bytes that Arrow holds for each column of each row group once it has read a footer: measured, 1,060."""

ROWS_AT_ONCE, COLUMNS_AT_ONCE = 64, 256
"""Rows and columns turned round at a time: they fit in the processor's cache."""


def opened(file: Path) -> pq.ParquetFile:
    """A shard, kept open from one row group to the next: its footer tells of every column of every row group.

    Raises
    ------
    pyarrow.ArrowException, OSError
        If it is no Parquet file.
    """
    now = file.stat()
    return _opened(file, now.st_size, now.st_mtime_ns)


@lru_cache(maxsize=1)
def _opened(file: Path, _size: int, _changed: int) -> pq.ParquetFile:
    told = pq.read_metadata(file)
    largest = _largest_group(told)
    # A buffer of no size is a whole column of the row group read at once.
    return pq.ParquetFile(file, metadata=told, pre_buffer=False, buffer_size=0 if largest <= WHOLE_GROUP else 1 << 14)


def memory_of(file: pq.ParquetFile) -> int:
    """Bytes that reading a shard takes beyond those of a row group of `WHOLE_GROUP`: its footer, and its pages."""
    told = file.metadata
    largest = _largest_group(told)
    pages = min(largest, told.num_columns * PAGE) if largest > WHOLE_GROUP else 0
    return int(told.num_row_groups * told.num_columns * FOOTER_BYTES + pages)


def _largest_group(told: pq.FileMetaData) -> int:
    """Bytes of a shard's largest row group, unpacked."""
    return max((told.row_group(place).total_byte_size for place in range(told.num_row_groups)), default=0)


def pieces(file: pq.ParquetFile) -> tuple[tuple[int, int], ...]:
    """Row ranges that are read in one go: a row group, or several of them while they make one part at most."""
    sizes = [file.metadata.row_group(place).num_rows for place in range(file.metadata.num_row_groups)]
    found: list[tuple[int, int]] = []
    start = 0
    for size in sizes:
        if found and found[-1][1] - found[-1][0] + size <= CHUNK_SIZE:
            found[-1] = (found[-1][0], start + size)
        elif size:
            found.append((start, start + size))
        start += size
    return tuple(found)


def tables_of(file: Path, task: Sequence[Chunk], columns: Sequence[str]) -> Iterator[tuple[Chunk, pa.Table]]:
    """The rows of each part of one run, read once from its first row on."""
    shard = opened(file)
    groups, before, start = [], 0, None
    for place in range(shard.metadata.num_row_groups):
        size = shard.metadata.row_group(place).num_rows
        if before < task[-1].stop and before + size > task[0].start:
            groups.append(place)
            start = before if start is None else start
        before += size
    batches = shard.iter_batches(CHUNK_SIZE, row_groups=groups, columns=columns, use_threads=False)
    held = _Rows(batches, start or 0)
    for part in task:
        yield part, held.take(part.start, part.stop)


@short_repr
@dataclass(frozen=True)
class Layout:
    """How tables hold columns, told once for all tables that are alike: to ask each of thousands takes long.

    Attributes
    ----------
    places : where each column stands.
    other : the columns that are no floating numbers of 32 or 64 bits.
    """

    places: Mapping[str, int]
    other: frozenset[str]

    @classmethod
    def of(cls, schema: pa.Schema) -> Layout:
        plain = (pa.float32(), pa.float64())
        other = frozenset(name for name, kind in zip(schema.names, schema.types, strict=True) if kind not in plain)
        return cls({name: place for place, name in enumerate(schema.names)}, other)


def layout_of(file: Path, table: pa.Table) -> Layout:
    """Of a table that `tables_of` gives; its columns need not stand as in the file, nor as they were asked for."""
    now = file.stat()
    return _layout(file, now.st_size, now.st_mtime_ns, tuple(table.column_names))


@lru_cache(maxsize=1)
def _layout(file: Path, _size: int, _changed: int, names: tuple[str, ...]) -> Layout:
    schema = opened(file).schema_arrow
    return Layout.of(pa.schema([schema.field(name) for name in names]))


def names_of(column: pa.ChunkedArray) -> list[str]:
    """The sample names, empty where there is none."""
    return ["" if name is None else str(name).strip() for name in column.to_pylist()]


def matrix_of(table: pa.Table, block: Columns, layout: Layout) -> np.ndarray:
    """(n, columns) float64, NaN for null; row after row, as ranks are taken."""
    names = [f"{block.kind}.{name}" for name in block.given]
    table = table.select([layout.places[name] for name in names])
    if not layout.other.isdisjoint(names):
        table = table.cast(pa.schema([(name, pa.float64()) for name in names]))
    values = np.empty((table.num_rows, len(names)))
    start = 0
    for batch in table.to_batches():
        given = batch.to_tensor(null_to_nan=True, row_major=False).to_numpy()
        held = values[start : start + len(given)]
        for row in range(0, len(given), ROWS_AT_ONCE):
            for column in range(0, len(names), COLUMNS_AT_ONCE):
                some = slice(row, row + ROWS_AT_ONCE), slice(column, column + COLUMNS_AT_ONCE)
                held[some] = given[some]
        start += len(given)
    return values


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
