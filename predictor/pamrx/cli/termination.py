"""A command that is asked to end (SIGTERM, SIGHUP) ends as by an exception, so that unfinished files are taken away."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What a scheduler, `kill` or a closed terminal sends; Windows has the first alone."""


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Raise `SystemExit` with 128 plus its number where one of `SIGNALS` comes; the second ends the process.

    A signal that is ignored, as under `nohup`, or that the caller handles, stays so. A forked process is not concerned:
    it has nothing of this one's to take away.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers belong to the main thread
        return
    owner = os.getpid()

    def end(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        if os.getpid() != owner:
            os.kill(os.getpid(), number)
            return
        raise SystemExit(128 + number)

    taken = [number for number in SIGNALS if signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
