"""Rows of a Parquet shard, read a part at a time, as names and matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from predictor.batch.levels import Block
from predictor.batch.parts import PART_SIZE, Part

WHOLE_GROUP = 200_000_000
"""Bytes of a row group that are read in one go."""

PAGE = 1 << 20
"""Bytes of a column that must be unpacked together, as Parquet's writers set them by default."""

CHUNK = 1100
"""Bytes that Arrow holds for each column of each row group once it has read a footer: measured, 1,060."""

COLUMNS_AT_ONCE = 64
"""Columns turned into rows at a time: they fit in the processor's cache."""


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
    return int(told.num_row_groups * told.num_columns * CHUNK + pages)


def _largest_group(told: pq.FileMetaData) -> int:
    """Bytes of a shard's largest row group, unpacked."""
    return max((told.row_group(place).total_byte_size for place in range(told.num_row_groups)), default=0)


def pieces(file: pq.ParquetFile) -> tuple[tuple[int, int], ...]:
    """Row ranges that are read in one go: a row group, or several of them while they make one part at most."""
    sizes = [file.metadata.row_group(place).num_rows for place in range(file.metadata.num_row_groups)]
    found: list[tuple[int, int]] = []
    start = 0
    for size in sizes:
        if found and found[-1][1] - found[-1][0] + size <= PART_SIZE:
            found[-1] = (found[-1][0], start + size)
        elif size:
            found.append((start, start + size))
        start += size
    return tuple(found)


def tables_of(file: Path, task: Sequence[Part], columns: list[str]) -> Iterator[tuple[Part, pa.Table]]:
    """The rows of each part of one run, read once from its first row on."""
    shard = opened(file)
    groups, before, start = [], 0, None
    for place in range(shard.metadata.num_row_groups):
        size = shard.metadata.row_group(place).num_rows
        if before < task[-1].stop and before + size > task[0].start:
            groups.append(place)
            start = before if start is None else start
        before += size
    batches = shard.iter_batches(PART_SIZE, row_groups=groups, columns=columns, use_threads=False)
    held = _Rows(batches, start or 0)
    for part in task:
        yield part, held.take(part.start, part.stop).select(columns)


def names_of(column: pa.ChunkedArray) -> list[str]:
    """The sample names, empty where there is none."""
    return ["" if name is None else str(name).strip() for name in column.to_pylist()]


def matrix_of(table: pa.Table, block: Block) -> np.ndarray:
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
