"""The lines that the library logs while it works, for a person at a terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class _ToStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(record.getMessage(), err=True)


@contextmanager
def log_on_stderr() -> Iterator[None]:
    """Print what pamrx logs, from level INFO, on stderr as bare lines."""
    logger, handler = logging.getLogger("pamrx"), _ToStderr()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
