"""Standard output that can no longer be written ends no work and raises nothing."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pamrx.console.console import PlainConsole
from pamrx.console.streams import guarded_streams


@pytest.fixture
def pipe_without_reader() -> Iterator[io.TextIOWrapper]:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    yield stream
    stream.close()


def test_a_reader_that_has_left_is_remembered_and_not_raised(
    pipe_without_reader: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", pipe_without_reader)
    with guarded_streams() as (out, _):
        PlainConsole().print("from rich")
        typer.echo("from typer")
        print("from Python", flush=True)
        assert out.reader_left
    assert sys.stdout is pipe_without_reader
    pipe_without_reader.flush()  # as Python does at its end


def test_a_full_disk_is_remembered_and_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with guarded_streams() as (out, _):
            print("x" * 100_000)
            PlainConsole().print("y")
        assert out.failure is not None
        assert not out.reader_left


def test_control_characters_are_written_out_but_for_those_of_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    with guarded_streams():
        print("a\x1b[31m\nb\r")
        print("\x07", file=sys.stderr)
        PlainConsole(force_terminal=True, color_system="standard").print("c\x1b", style="bold")
    told = capsys.readouterr()
    assert told.out == "a\\x1b[31m\nb\\r\n\x1b[1mc\\x1b\x1b[0m\n"
    assert told.err == "\\x07\n"


def test_an_ascii_terminal_gets_plain_characters_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    with guarded_streams():
        typer.echo("· 3 µM – Größe")
        PlainConsole(width=80).print("→ …")
    stream.flush()
    assert raw.getvalue() == b"- 3 uM - Gr\\xf6\\xdfe\n-> ...\n"
    assert stream.errors == "strict"


def test_a_closed_stream_takes_all_and_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with guarded_streams() as (out, _):
        print("x")
        PlainConsole().print("y")
    assert out.failure is None
