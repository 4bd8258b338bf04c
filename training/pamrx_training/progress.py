"""Progress of long work: a bar with the remaining time on a terminal, lines of the log elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

log = logging.getLogger(__name__)


def track(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Pass `items` on and show how many of `total` are done; `what` names one of them."""
    if sys.stderr.isatty():
        from pamrx.console.console import PlainConsole
        from rich.progress import track as bar

        yield from bar(items, description=f"{what}s", total=total, console=PlainConsole(stderr=True))
        return
    started = time.perf_counter()
    for count, item in enumerate(items, start=1):
        yield item
        elapsed = time.perf_counter() - started
        left = elapsed / count * (total - count)
        log.info("%s %d of %d: %.0f s, about %.0f s left", what, count, total, elapsed, left)
