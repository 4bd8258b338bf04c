"""Bytes of a file, unpacked where it is gzip; a stream with far more bytes or lines than its size is refused."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from pamrx.errors import InputError
from pamrx.readers.boundary import FREE_LINES, FREE_UNPACKED, MAX_LINES_PER_BYTE, MAX_RATIO
from pamrx.readers.text.memory import check_size

GZIP = b"\x1f\x8b"
_LF = 10


@contextmanager
def unpacked(file: Path, most: float) -> Iterator[BinaryIO]:
    """The bytes of a file, `most` at most; whether it is gzip is told by its start, not by its ending.

    Raises
    ------
    InputError
        If there are more. While it is read: once more than `FREE_UNPACKED` bytes came out, and more than `MAX_RATIO`
        times those packed; so with lines, by `FREE_LINES` and `MAX_LINES_PER_BYTE`.
    """
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if stream.peek(2)[:2] != GZIP:
            check_size(file, size, most)
            yield stream
            return
        with gzip.open(stream) as plain:
            yield cast(BinaryIO, _Measured(cast(BinaryIO, plain), file, size, most))


class _Measured(io.RawIOBase):
    """What comes out of a gzip stream, counted."""

    def __init__(self, source: BinaryIO, file: Path, packed: int, most: float) -> None:
        self._source, self._file, self._packed, self._most = source, file, packed, most
        self._count = self._lines = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(size)
        self._count += len(part)
        if self._count > max(FREE_UNPACKED, MAX_RATIO * self._packed):
            raise InputError(
                f"{self._file}: {self._packed / 1e6:.3g} MB of gzip unpack to more than {self._count / 1e6:,.0f} MB: "
                f"more than {MAX_RATIO} times as much, which no table of measurements does; if it is one, unpack it "
                "(gunzip) and give the plain file"
            )
        self._lines += int(np.count_nonzero(np.frombuffer(part, np.uint8) == _LF))
        if self._lines > max(FREE_LINES, MAX_LINES_PER_BYTE * self._packed):
            raise InputError(
                f"{self._file}: {self._packed / 1e6:.3g} MB of gzip unpack to more than {self._lines:,} lines, which "
                "only lines that repeat each other do; delete the repeated lines; if they are right, unpack the file "
                "(gunzip) and give the plain one"
            )
        check_size(self._file, self._count, self._most)
        return part

    def readinto(self, buffer: Any) -> int:
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)
