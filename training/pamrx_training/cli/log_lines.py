"""Lines of the library's log on the terminal."""

from __future__ import annotations

import logging

import typer
from pamrx.visible_text import visible


class _Lines(logging.Handler):
    """Prints each message as a line on stdout."""

    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(line_of(record))


_LINES = _Lines()


def line_of(record: logging.LogRecord) -> str:
    """The message, after `warning: ` where it is one."""
    message = visible(record.getMessage())
    return f"warning: {message}" if record.levelno >= logging.WARNING else message


def show_log() -> None:
    """Print what the library logs from now on; calling it again changes nothing."""
    logger = logging.getLogger("pamrx_training")
    logger.setLevel(logging.INFO)
    logger.addHandler(_LINES)
