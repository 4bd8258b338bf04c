"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

_log = logging.getLogger(__name__)

EVERY_SECONDS = 30.0


class Progress:
    """Counts samples; says their rate and what time is left, in a bar or in the log."""

    def __init__(self, total: int, before: int) -> None:
        self._total, self._done, self._before = total, before, before
        self._bar: Any = None

    def __enter__(self) -> Progress:
        self._started = self._told = time.monotonic()
        if sys.stderr.isatty():
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            from pamrx.console.console import PlainConsole

            self._bar = Bar(
                TextColumn("scoring"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]} samples/s"),
                TimeRemainingColumn(),
                console=PlainConsole(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task("scoring", total=self._total, completed=self._done, rate="-")
        return self

    def advance(self, samples: int) -> None:
        """`samples` more are finished."""
        self._done += samples
        rate = (self._done - self._before) / max(time.monotonic() - self._started, 1e-9)
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, rate=f"{rate:,.0f}")
        elif time.monotonic() - self._told >= EVERY_SECONDS:
            self._told = time.monotonic()
            left = (self._total - self._done) / max(rate, 1e-9)
            done, total = f"{self._done:,}", f"{self._total:,}"
            _log.info("%s of %s samples, %s a second, about %s s left", done, total, f"{rate:,.0f}", f"{left:,.0f}")

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
