"""Memory that a process keeps for its next part instead of giving it back to the system."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of `mallopt` (`malloc.h` of the GNU C library)."""

KEPT = 1 << 30
"""Bytes at the end of the heap that may be free before they are given back."""

USUAL_TRIM, USUAL_MMAPS = 128 * 1024, 65536
"""What the library begins with (`mallopt(3)`); the first may be told by the variable of `TRIM_VARIABLE`."""

TRIM_VARIABLE = "MALLOC_TRIM_THRESHOLD_"


def keep_freed_memory() -> None:
    """Let the GNU C library keep what is freed; elsewhere nothing is done.

    Each part needs arrays as large as those of the part before. The library hands large ones back when they are freed,
    and the system then clears and maps the same memory anew, page by page: a tenth of the time of scoring. The most
    memory that is ever needed is the same.
    """
    library = _gnu()
    if library is not None:
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, KEPT)


def give_back_freed_memory() -> None:
    """Undo that, in a process that goes on with other work: what is free goes back to the system, now and later."""
    library = _gnu()
    if library is not None:
        told = os.environ.get(TRIM_VARIABLE, "")
        library.mallopt(M_MMAP_MAX, USUAL_MMAPS)
        library.mallopt(M_TRIM_THRESHOLD, int(told) if told.isdecimal() else USUAL_TRIM)
        library.malloc_trim(0)


def _gnu() -> Any | None:
    """The GNU C library, where the process runs on it."""
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.CDLL("libc.so.6")
        library.mallopt, library.malloc_trim  # noqa: B018  asked for: another library may lack them
    except (OSError, AttributeError):
        return None
    return library
