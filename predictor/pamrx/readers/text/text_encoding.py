"""Text in any encoding that programs write tables in, as UTF-8 with LF line ends: chunk by chunk, never the whole file.

Plain UTF-8 passes through untouched, so that an ordinary file is not read more slowly.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from pamrx.errors import InputError
from pamrx.readers.boundary import MAX_LINE

_CHUNK, _BUFFER = 1 << 17, 1 << 16  # measured: larger ones are slower, since each is new memory
_LF = 10
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MOST_BLANK = 1 << 20  # characters of blank lines in a row
_PROBE = 32  # bytes at the start by which UTF-16 without a byte order mark is told


class TextStream(io.BufferedReader):
    """The bytes of a text file as UTF-8 with LF line ends.

    Lines that are not UTF-8 are read as Windows-1252 (as Latin-1 where that leaves a byte undefined). A CR that stands
    alone is kept, since it may lie inside a quoted field, but where the first lines end so.

    Parameters
    ----------
    source : the bytes of the file, unpacked.
    name : of the file, for messages.
    expected : what can be read, for the message about a binary file.
    told : notes that are known before the first byte is read.
    """

    def __init__(self, source: BinaryIO, name: str, expected: str, told: Sequence[str] = ()) -> None:
        self._text, self._told = _CleanText(source, name, expected), told
        super().__init__(self._text, _BUFFER)

    @property
    def notes(self) -> list[str]:
        """What is odd about the encoding of that part of the file that has been read, one sentence each."""
        return [*self._told, *self._text.notes()]

    @property
    def size(self) -> int:
        """Bytes of text that have been read."""
        return self._text.size


class _CleanText(io.RawIOBase):
    def __init__(self, source: BinaryIO, name: str, expected: str) -> None:
        self._source, self._name, self._expected = source, name, expected
        self._started = self._ended = False
        self._ready = memoryview(b"")
        self._utf16: codecs.IncrementalDecoder | None = None
        self._held_cr = b""  # at the end of a chunk, since LF may follow
        self._cr_ends: bool | None = None  # not known before the first line end
        self._held_line: list[bytes] = []  # begun in one chunk and ended in a later one
        self._lines = self._blank = self.size = 0
        self._length = 0  # of the line that is not ended yet
        self._first_other = 0  # number of the first line that is not UTF-8

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def notes(self) -> list[str]:
        told = []
        if self._utf16 is not None:
            told.append(f"{self._name}: UTF-16 text (Excel's 'Unicode text'), read so")
        if self._cr_ends:
            told.append(f"{self._name}: lines end in CR alone, as on old Macs: read so")
        if self._first_other:
            told.append(
                f"{self._name}: not UTF-8 from line {self._first_other} on: lines that are not are read as Windows-1252"
            )
        return told

    def _next(self) -> bytes:
        chunk = self._source.read(_CHUNK)
        self._ended = not chunk
        if not self._started:
            self._started = True
            chunk = self._without_mark(chunk)
        if self._utf16 is not None:
            chunk = self._utf16.decode(chunk, final=self._ended).encode()
        if b"\0" in chunk:
            raise InputError(f"{self._name}: is not a text file; expected {self._expected}")
        chunk = self._with_lf(chunk)
        self.size += len(chunk)
        self._check_bounds(chunk)
        return self._as_utf8(chunk)

    def _check_bounds(self, chunk: bytes) -> None:
        """Whether lines end, and hold something: nothing larger is ever collected."""
        last = chunk.rfind(b"\n")
        self._length = self._length + len(chunk) if last < 0 else len(chunk) - last - 1
        if self._length > MAX_LINE:
            raise InputError(
                f"{self._name}: line {self._lines + 1} has more than {MAX_LINE:,} characters; expected lines that end "
                "in LF or CRLF: write a matrix of that many samples with the genes in columns, or as several files"
            )
        self._blank = self._blank + len(chunk) if not chunk.lstrip(b"\n ") else 0
        if self._blank > _MOST_BLANK:
            raise InputError(
                f"{self._name}: more than {_MOST_BLANK:,} blank characters in a row, before line {self._lines + 1:,}; "
                "delete the blank lines"
            )

    def _without_mark(self, start: bytes) -> bytes:
        encoding = _UTF16.get(start[:2])
        if encoding is None:
            even, odd = start[:_PROBE:2], start[1:_PROBE:2]
            if odd and not any(odd) and all(even):
                encoding = "utf-16-le"
            elif odd and not any(even) and all(odd):
                encoding = "utf-16-be"
        if encoding is not None:
            self._utf16 = codecs.getincrementaldecoder(encoding)()
        return start[2:] if start[:2] in _UTF16 else start.removeprefix(_UTF8_BOM)

    def _with_lf(self, chunk: bytes) -> bytes:
        if self._held_cr:
            chunk, self._held_cr = self._held_cr + chunk, b""
        if b"\r" in chunk:
            if chunk.endswith(b"\r") and not self._ended:
                chunk, self._held_cr = chunk[:-1], b"\r"
            chunk = chunk.replace(b"\r\n", b"\n")
        if self._cr_ends is None and (b"\n" in chunk or b"\r" in chunk):
            self._cr_ends = chunk.count(b"\r") > chunk.count(b"\n")
        return chunk.replace(b"\r", b"\n") if self._cr_ends else chunk

    def _as_utf8(self, chunk: bytes) -> bytes:
        if self._held_line or not chunk.isascii():
            # Whole lines only: a character may be cut by the end of the chunk.
            end = len(chunk) if self._ended else chunk.rfind(b"\n") + 1
            if not end and not self._ended:
                self._held_line.append(chunk)
                return b""
            held, self._held_line = self._held_line, [chunk[end:]] if end < len(chunk) else []
            chunk = b"".join([*held, chunk[:end]])
            try:
                chunk.decode()
            except UnicodeDecodeError:
                chunk = self._repaired(chunk)
        self._lines += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == _LF))  # faster than `count`
        return chunk

    def _repaired(self, chunk: bytes) -> bytes:
        lines = chunk.split(b"\n")
        for place, line in enumerate(lines):
            try:
                line.decode()
            except UnicodeDecodeError:
                self._first_other = self._first_other or self._lines + place + 1
                lines[place] = _windows(line).encode()
        return b"\n".join(lines)


def _windows(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")
