"""The console that tables are printed on."""

from __future__ import annotations

from pamrx.console.console import PlainConsole

PLAIN_WIDTH = 150
"""Columns when the output is not a terminal (a file, a log)."""


def table_console() -> PlainConsole:
    """As wide as the terminal, or `PLAIN_WIDTH` where there is none."""
    console = PlainConsole()
    return console if console.is_terminal else PlainConsole(width=PLAIN_WIDTH)
