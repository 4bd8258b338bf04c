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
from pamrx.cohort.parquet_schema import ID, MUTATIONS
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.columns import Columns
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.boundary import MAX_LABEL, boundary
from pamrx.readers.parquet_file import EXPECTED, open_parquet_file, text_paths, texts_of

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

    Names, words and mutations are read as codes into their distinct words.

    Raises
    ------
    InputError
        If it is no Parquet file, or a damaged one.
    """
    with boundary(file, EXPECTED):
        now = file.stat()
        return _opened(file, now.st_size, now.st_mtime_ns)


@lru_cache(maxsize=1)
def _opened(file: Path, _size: int, _changed: int) -> pq.ParquetFile:
    first = open_parquet_file(file)
    largest = largest_group(first.metadata)
    # A buffer of no size is a whole column of the row group read at once.
    buffer_size = 0 if largest <= WHOLE_GROUP else 1 << 14
    words = text_paths(first, (ID, *SAMPLE_COLUMNS, MUTATIONS))
    return open_parquet_file(file, buffer_size=buffer_size, words=words, metadata=first.metadata)


def largest_group(told: pq.FileMetaData) -> int:
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
    """The rows of each part of one run, read once from its first row on.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with boundary(file, EXPECTED):
        yield from _tables_of(file, task, columns)


def _tables_of(file: Path, task: Sequence[Chunk], columns: Sequence[str]) -> Iterator[tuple[Chunk, pa.Table]]:
    shard = opened(file)
    groups, before, start = [], 0, None
    for place in range(shard.metadata.num_row_groups):
        size = shard.metadata.row_group(place).num_rows
        if before < task[-1].stop and before + size > task[0].start:
            groups.append(place)
            start = before if start is None else start
        before += size
    batches = batches_of(shard, columns, CHUNK_SIZE, groups)
    held = _Rows(file, batches, start or 0)
    for part in task:
        yield part, held.take(part.start, part.stop)


def batches_of(
    shard: pq.ParquetFile, columns: Sequence[str], size: int, groups: Sequence[int] | None = None
) -> Iterator[pa.RecordBatch]:
    """Batches of at most `size` rows, each of one row group: words of two are not joined, which Arrow cannot do
    inside mutations."""
    for group in range(shard.num_row_groups) if groups is None else groups:
        yield from shard.iter_batches(size, row_groups=[group], columns=columns, use_threads=False)


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
    """The sample names, empty where there is none, or none that a sample can bear (see `spoilt_texts`)."""
    return ["" if name is None else _usable(name) for name in texts_of(column)]


def _usable(name: object) -> str:
    return "" if isinstance(name, bytes) or len(text := str(name).strip()) > MAX_LABEL else text


def matrix_of(table: pa.Table, block: Columns, layout: Layout) -> np.ndarray:
    """(n, columns) float64, NaN for null; row after row, as ranks are taken."""
    names = [f"{block.kind}.{name}" for name in block.given]
    table = table.select([layout.places[name] for name in names])
    if not layout.other.isdisjoint(names):
        # Whole numbers beyond 2**53 become the nearest that there is, and are no level in any unit.
        table = table.cast(pa.schema([(name, pa.float64()) for name in names]), safe=False)
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

    def __init__(self, file: Path, batches: Iterator[pa.RecordBatch], start: int) -> None:
        self._file, self._batches, self._start = file, batches, start
        self._held: list[pa.RecordBatch] = []
        self._length = 0

    def take(self, start: int, stop: int) -> pa.Table:
        while self._start + self._length < stop:
            batch = next(self._batches, None)
            if batch is None:
                raise InputError(
                    f"{self._file}: ends before row {stop:,}, which its footer says is there; copy it again"
                )
            self._held.append(batch)
            self._length += batch.num_rows
            while self._held and self._start + self._held[0].num_rows <= start:
                self._start += self._held[0].num_rows
                self._length -= self._held.pop(0).num_rows
        return pa.Table.from_batches(self._held).slice(start - self._start, stop - start)
