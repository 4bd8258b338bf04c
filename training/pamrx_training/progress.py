"""Progress of long work: a bar with the remaining time on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, what: str, report: Callable[[str], None]) -> Iterator[Item]:
    """Pass `items` on, telling how many of `total` are done; `what` names one of them."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        yield from bar(items, description=f"{what}s", total=total, console=Console(stderr=True))
        return
    started = time.perf_counter()
    for count, item in enumerate(items, start=1):
        yield item
        elapsed = time.perf_counter() - started
        left = elapsed / count * (total - count)
        report(f"{what} {count} of {total}: {elapsed:.0f} s, about {left:.0f} s left")
