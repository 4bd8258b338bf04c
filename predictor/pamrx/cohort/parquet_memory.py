"""What reading a Parquet shard takes in memory, told from its footer before anything of it is read."""

from __future__ import annotations

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pamrx.cohort import parquet_rows
from pamrx.cohort.chunks import CHUNK_SIZE
from pamrx.cohort.parquet_rows import PAGE, largest_group
from pamrx.cohort.parquet_schema import MUTATIONS
from pamrx.readers.parquet_file import text_paths

FREE_ROWS, PER_ROW = 10_000_000, 24
"""Samples of a shard from which on each counts: its name as a hash, twice while they are compared, and its maximum."""

FREE_TEXT, TEXT_TWICE = 100_000_000, 2
"""Bytes of the texts of a column in one row group from which on they count: as they are unpacked, and as words."""

FREE_MUTATIONS, PER_MUTATION = 1_000_000, 150
"""Mutations of a part from which on each counts: measured at ten million in one sample."""

COUNTED = 50_000_000
"""Mutations of a row group up to which those of each part are counted; of more, all may be of one sample."""


def memory_of(file: pq.ParquetFile) -> int:
    """Bytes that reading a shard takes beyond those of a row group of `WHOLE_GROUP`: its footer, and its pages.

    What no clean shard has counts too: texts or mutations of one row group that may all belong to one sample.
    """
    told = file.metadata
    largest = largest_group(told)
    pages = min(largest, told.num_columns * PAGE) if largest > parquet_rows.WHOLE_GROUP else 0
    footer = told.num_row_groups * told.num_columns * parquet_rows.FOOTER_BYTES
    rows = max(0, told.num_rows - FREE_ROWS) * PER_ROW
    return int(footer + pages + rows + _texts(file) + _mutations(file))


def _texts(file: pq.ParquetFile) -> int:
    """Of the column with the most text in a row group, as a page, or its dictionary, may hold all of it."""
    places = _places(file, text_paths(file))
    told = file.metadata
    sizes = [
        told.row_group(group).column(place).total_uncompressed_size
        for group in range(told.num_row_groups)
        for place in places
    ]
    return TEXT_TWICE * max(0, max(sizes, default=0) - FREE_TEXT)


def _mutations(file: pq.ParquetFile) -> int:
    """Of the part with the most mutations; a row group says only how many it has in all."""
    told, paths = file.metadata, _paths(file)
    leaves = [place for place, path in enumerate(paths) if path.startswith(f"{MUTATIONS}.")]
    if not leaves:
        return 0
    most = 0
    for group in range(told.num_row_groups):
        there = told.row_group(group).column(leaves[0]).num_values
        if there > FREE_MUTATIONS:
            most = max(most, there if there > COUNTED else _most_of_a_part(file, group, paths[leaves[-1]]))
    return PER_MUTATION * max(0, most - FREE_MUTATIONS)


def _most_of_a_part(file: pq.ParquetFile, group: int, leaf: str) -> int:
    """Mutations in the two neighbouring batches of a row group that have the most: parts need not begin with it."""
    most = before = 0
    for batch in file.iter_batches(CHUNK_SIZE, row_groups=[group], columns=[leaf], use_threads=False):
        here = int(pc.sum(pc.list_value_length(batch.column(0))).as_py() or 0)
        most, before = max(most, before + here), here
    return most


def _places(file: pq.ParquetFile, paths: list[str]) -> list[int]:
    wanted = set(paths)
    return [place for place, path in enumerate(_paths(file)) if path in wanted]


def _paths(file: pq.ParquetFile) -> list[str]:
    return [file.schema.column(place).path for place in range(len(file.schema))]
