"""Whether a text that is read whole fits into memory, told before it is read or as it is unpacked."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from pamrx.errors import InputError

PER_CELL = 40
"""Bytes that a cell of a matrix takes at least at the height of reading (measured: 40 to 50)."""

PER_ROW = 300
"""Bytes that a row of mutations takes at least (measured: 310 to 360)."""

_ADVICE = (
    "read it where there is more, or let `pamrx score` read it in parts: a folder of files with some of the samples "
    "each, expression-01.tsv, expression-02.tsv, or a Parquet data set"
)


def available() -> int | None:
    """Bytes that this process may still take: of the machine, of its control group, of its own limit; None where the
    system does not say."""
    found = [one for one in (_of_machine(), _of_group(), _of_process()) if one is not None]
    return min(found, default=None)


def most_text(per_row: int, row_size: float) -> float:
    """How many bytes of text fit, where a row of `row_size` characters takes `per_row` bytes; infinite where that is
    not known."""
    free = available()
    return float("inf") if free is None else free * row_size / max(1, per_row)


def check_size(file: Path, size: int, most: float) -> None:
    """Whether so many bytes of text fit.

    Raises
    ------
    InputError
        If not.
    """
    if size > most:
        free = available() or 0
        raise InputError(
            f"{file}: {size / 1e6:,.0f} MB of text or more take about {free / 1e6 * size / most:,.0f} MB of memory, "
            f"and {free / 1e6:,.0f} MB are available; {_ADVICE}"
        )


def _of_machine() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").split("\n"):
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _of_group() -> int | None:
    folder = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):
        most = (folder / "memory.max").read_text(encoding="ascii").strip()
        if most.isdecimal():
            return max(0, int(most) - int((folder / "memory.current").read_text(encoding="ascii")))
    return None


def _of_process() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    if most == resource.RLIM_INFINITY:
        return None
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return max(0, most - pages * resource.getpagesize())
    return None
