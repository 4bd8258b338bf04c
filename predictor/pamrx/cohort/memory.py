"""What a process holds of a cohort as long as it runs, beside the part that it scores: told before it is read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from pamrx.errors import UsageError
from pamrx.readers.text.files import Head, is_parquet, open_bytes

PER_PROCESS = 900_000_000
"""Bytes that a process needs at its height, with all features: measured in `benchmarks/batch.py`."""

PER_ROW = 400
"""Bytes that a row of a MAF takes at the height of reading: 310 to 360 measured over one and three million rows, and
more where names of samples are long."""

PER_CELL = 50
"""Bytes that a level in a text matrix takes at the height of reading, once in text, several times as a number: 40
measured at 1,000 samples x 20,000 genes, 49 at 10,000."""

KEPT_PER_CELL = 16
"""Of these, bytes that stay while the next matrix is read."""

_CHUNK = 1 << 20


def bytes_of_maf(file: Path) -> int:
    """What the rows of a MAF take in memory."""
    return PER_ROW * _rows(file)


def bytes_of_matrices(files: Iterable[Path]) -> int:
    """What matrices take, genes in rows or in columns, read one after the other."""
    cells = [
        _rows(file) * (len(pq.read_schema(file)) if is_parquet(file) else len(Head(file).header)) for file in files
    ]
    return KEPT_PER_CELL * sum(cells) + (PER_CELL - KEPT_PER_CELL) * max(cells, default=0)


def check_fits(memory: int, held: int, advice: str = "") -> None:
    """Whether one process fits into `memory` together with the bytes `held` of its cohort.

    Raises
    ------
    PamrxError
        If not; `advice`, on what can be done where there is anything held, ends the message.
    """
    if memory < PER_PROCESS + held:
        raise UsageError(
            f"--memory {memory / 1e6:.0f}MB: expected {(PER_PROCESS + held) / 1e6:.0f}MB or more, which one process "
            f"needs here{f'; {advice}' if held else ''}"
        )


def _rows(file: Path) -> int:
    """Lines of a text file, or rows of a Parquet file."""
    if is_parquet(file):
        return int(pq.read_metadata(file).num_rows)
    with open_bytes(file) as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b""))
