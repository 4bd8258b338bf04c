"""The console that tables are printed on."""

from __future__ import annotations

from rich.table import Table

from pamrx.console.console import PlainConsole

PLAIN_WIDTH = 150
"""Columns when the output is not a terminal (a file, a log)."""


def table_console() -> PlainConsole:
    """As wide as the terminal, or `PLAIN_WIDTH` where there is none."""
    console = PlainConsole()
    return console if console.is_terminal else PlainConsole(width=PLAIN_WIDTH)


def plain_table(*columns: str, header: bool = True) -> Table:
    """A table without lines, whose first column is never broken."""
    table = Table(box=None, header_style="bold", pad_edge=False, show_header=header)
    for place, name in enumerate(columns):
        table.add_column(name, no_wrap=place == 0)
    return table
