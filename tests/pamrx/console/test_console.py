"""Tables and lines on a terminal: texts from files are shown as text."""

from __future__ import annotations

import io

import pytest
from pamrx.cli.console import table_console
from pamrx.console.console import PlainConsole
from rich.table import Table
from rich.text import Text

HOSTILE = ("[bold]", "[/x]", "[link=http://a.b]c[/link]", ":smile:", "S\x1b[31m1", "a\nb\rc\td", "\u202eabc", "\x9b2J")


def shown(*printed: object, terminal: bool = False) -> str:
    target = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", target)
        console = PlainConsole(width=200, force_terminal=terminal, color_system="standard" if terminal else None)
        console.print(*printed)
    return target.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_taken_for_markup_or_steers_the_terminal(text: str) -> None:
    written_out = text.encode("unicode_escape").decode()
    assert shown(text) == f"{written_out}\n"
    table = Table(box=None, title=text, caption=text)
    table.add_column(text)
    table.add_row(text)
    printed = shown(table)
    assert printed.count(written_out) == 4
    assert all(one.isprintable() or one == "\n" for one in printed)


def test_a_styled_text_is_clean_and_keeps_its_styles() -> None:
    # rich itself leaves out a carriage return of a `Text`.
    assert shown(Text.assemble(("S\x1b[2J1", "bold"), " x\u202e")) == "S\\x1b[2J1 x\\u202e\n"
    assert shown(Text.assemble(("S\x1b[2J1", "bold"), " x"), terminal=True) == "\x1b[1mS\\x1b[2J1\x1b[0m x\n"


def test_a_cell_with_control_characters_loses_none_of_its_letters() -> None:
    table = Table(box=None)
    table.add_column("name")
    table.add_row("\x1b\x1b\x1b\x1bTP53")
    assert "\\x1b\\x1b\\x1b\\x1bTP53" in shown(table)


def test_the_console_of_tables_follows_the_stream_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    table_console().print("[red]x")
    assert capsys.readouterr().out == "[red]x\n"
