"""Memory that a process keeps for its next part instead of giving it back to the system."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of `mallopt` (`malloc.h` of the GNU C library)."""

KEPT = 1 << 30
"""Bytes at the end of the heap that may be free before they are given back."""


def keep_freed_memory() -> None:
    """Let the GNU C library keep what is freed; elsewhere nothing is done.

    Each part needs arrays as large as those of the part before. The library hands large ones back when they are freed,
    and the system then clears and maps the same memory anew, page by page: a tenth of the time of scoring. The most
    memory that is ever needed is the same.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, KEPT)
