"""The lines that the library logs while it works, for a person at a terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from pamrx.visible_text import visible


class _ToStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(visible(record.getMessage()), err=True)


_HANDLER = _ToStderr()


@contextmanager
def log_on_stderr(lowest: int = logging.INFO) -> Iterator[None]:
    """Print what pamrx logs, from level `lowest`, on stderr as bare lines."""
    logger = logging.getLogger("pamrx")
    level, had = logger.level, _HANDLER in logger.handlers
    logger.addHandler(_HANDLER)
    logger.setLevel(lowest)
    try:
        yield
    finally:
        logger.setLevel(level)
        if not had:
            logger.removeHandler(_HANDLER)
