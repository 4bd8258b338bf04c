"""The console that tables are printed on."""

from __future__ import annotations

from rich.console import Console

PLAIN_WIDTH = 150
"""Columns when the output is not a terminal (a file, a log)."""


def table_console() -> Console:
    """As wide as the terminal, or `PLAIN_WIDTH` where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)
