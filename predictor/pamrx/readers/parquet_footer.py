"""Whether the bounds of columns in a Parquet footer are as long as their types: Arrow ends the process where not.

Arrow's C++ raises an error while it decodes a bound that is too short, at a place from which none can reach Python. So
the footer, a struct of Thrift's compact protocol, is walked here first. Nothing is taken from it but lengths.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pamrx.errors import InputError
from pamrx.readers.boundary import boundary

_TAIL = 8
"""Bytes at the end of a file: the length of the footer, and a word."""

_INT32, _BINARY, _LIST, _STRUCT = 5, 8, 9, 12
"""Types of the protocol that are looked into."""

_WHOLE = (5, 6, 4)
"""Types of whole numbers, 32 bits first."""

_WIDTHS = {1: 4, 2: 8, 4: 4, 5: 8}
"""Bytes of a bound of INT32, INT64, FLOAT and DOUBLE, by their numbers in the footer."""

Handlers = Mapping[int, Callable[[int], int]]
"""By `_key` of a field and its type: from the place where its value begins to the one where it ends."""


def check_bounds(file: Path) -> None:
    """Refuse a file in which a row group states a bound of a column of numbers that is shorter than a number.

    Raises
    ------
    InputError
        For the first such bound, and for a footer that is damaged.
    """
    with boundary(file, "a Parquet file", "the file is damaged: make or copy it again"):
        with file.open("rb") as stream:
            end = stream.seek(-_TAIL, os.SEEK_END)
            length = int.from_bytes(stream.read(4), "little")
            stream.seek(end - length)
            footer = _Footer(stream.read(length))
        footer.walk()
        if footer.short is not None:
            group, column = footer.short
            raise InputError(
                f"{file}: row group {group}, column {column}: a bound shorter than a number in its statistics; "
                "the file is damaged: make or copy it again"
            )


def _key(field: int, kind: int) -> int:
    return field << 4 | kind


class _Footer:
    """A walk through the statistics of all columns; names of methods and numbers of fields as in `parquet.thrift`.

    Attributes
    ----------
    short : number of the row group and of the column of the first bound that is too short; None where there is none.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.short: tuple[int, int] | None = None
        self._group = self._column = self._type = 0
        self._lengths: list[int] = []
        self._chunk = {_key(3, _STRUCT): self._meta_data}
        self._meta = {_key(1, _INT32): self._physical_type, _key(12, _STRUCT): self._statistics}
        self._bounds = {_key(field, _BINARY): self._bound for field in (1, 2, 5, 6)}  # max, min, max_value, min_value

    def walk(self) -> None:
        """Look at all row groups."""
        self._struct(0, {_key(4, _LIST): self._row_groups})

    def _row_groups(self, at: int) -> int:
        count, at = self._count(at)
        for self._group in range(1, count + 1):
            at = self._struct(at, {_key(1, _LIST): self._columns})
        return at

    def _columns(self, at: int) -> int:
        count, at = self._count(at)
        for self._column in range(1, count + 1):
            at = self._struct(at, self._chunk)
        return at

    def _meta_data(self, at: int) -> int:
        self._type, self._lengths = -1, []
        at = self._struct(at, self._meta)
        if self.short is None and min(self._lengths, default=8) < _WIDTHS.get(self._type, 0):
            self.short = self._group, self._column
        return at

    def _physical_type(self, at: int) -> int:
        number, at = self._varint(at)
        self._type = number >> 1  # zigzag, and not negative
        return at

    def _statistics(self, at: int) -> int:
        return self._struct(at, self._bounds)

    def _bound(self, at: int) -> int:
        length, at = self._varint(at)
        self._lengths.append(length)
        return at + length

    def _struct(self, at: int, handlers: Handlers) -> int:
        data, field = self._data, 0
        while head := data[at]:
            at += 1
            kind = head & 15
            if head >> 4:
                field += head >> 4
            else:
                number, at = self._varint(at)
                field = number >> 1
            handler = handlers.get(field << 4 | kind)
            if handler is not None:
                at = handler(at)
            elif kind in _WHOLE:  # most fields are
                while data[at] > 127:
                    at += 1
                at += 1
            else:
                at = self._skip(at, kind)
        return at + 1

    def _skip(self, at: int, kind: int) -> int:
        """The end of a value of a type."""
        data = self._data
        if kind in _WHOLE:
            while data[at] > 127:
                at += 1
            return at + 1
        if kind in (1, 2):  # true and false, which the head of a field says
            return at
        if kind == 3:
            return at + 1
        if kind == 7:
            return at + 8
        if kind == _BINARY:
            length, at = self._varint(at)
            return at + length
        if kind in (_LIST, 10):
            inner = data[at] & 15
            count, at = self._count(at)
            for _ in range(count):
                at = at + 1 if inner in (1, 2) else self._skip(at, inner)
            return at
        if kind == _STRUCT:
            return self._struct(at, {})
        raise ValueError(f"type {kind} in the footer")  # a map, which no footer has, or none

    def _count(self, at: int) -> tuple[int, int]:
        """How many entries a list has, and where they begin."""
        short = self._data[at] >> 4
        return (short, at + 1) if short < 15 else self._varint(at + 1)

    def _varint(self, at: int) -> tuple[int, int]:
        data = self._data
        value, shift = data[at] & 127, 7
        while data[at] > 127:
            at += 1
            value |= (data[at] & 127) << shift
            shift += 7
        return value, at + 1
