"""Heaps of an HDF5 file, looked at before the library opens it: one that leads nowhere keeps the library in a loop.

Texts of any length stand in collections of objects, each with its size; the last object, of index 0, is what is left
free (HDF5 File Format Specification 3.0, III.E, disk format level 1E: global heap). The library walks from object to
object by their sizes. Where a free object has size 0 it never ends.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from pamrx.errors import InputError

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
"""The signature with the only version and the three reserved zeros that follow: hardly met by chance in other data."""

_OBJECT = struct.Struct("<HHIQ")
"""Index, references, reserved, size of what follows; that of the free object counts this header."""

_ALIGNMENT = 8


def check_heaps(file: Path) -> None:
    """Refuse a file with a collection whose objects lead in a circle or out of it.

    Raises
    ------
    InputError
        With the place of the collection in the file.
    """
    with file.open("rb") as opened:
        if not opened.seek(0, 2):
            return
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            place = content.find(_SIGNATURE)
            while place >= 0:
                if not _leads_on(content, place):
                    raise InputError(
                        f"{file}: the heap of texts at byte {place:,} is damaged; expected a whole HDF5 file; get the "
                        "file anew, or write it again"
                    )
                place = content.find(_SIGNATURE, place + len(_SIGNATURE))


def _leads_on(content: mmap.mmap, place: int) -> bool:
    """Whether no object of the collection at `place` keeps a reader where it is, or throws it out."""
    start = place + len(_SIGNATURE)
    if start + 8 > len(content):
        return False
    end = place + int.from_bytes(content[start : start + 8], "little")
    at = start + 8
    while at + _OBJECT.size <= min(end, len(content)):
        index, _, _, size = _OBJECT.unpack_from(content, at)
        if index == 0 or size > end - place:
            return bool(0 < size <= end - place)
        at += _OBJECT.size + -(-size // _ALIGNMENT) * _ALIGNMENT
    return True
