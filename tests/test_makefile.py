"""`make compare`, with a program in place of pamrx that says what it was asked to do."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """`make compare` with an environment that is made already."""
    programs = tmp_path / "venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "pamrx").write_text('#!/bin/sh\necho "asked: $*"\n')
    (programs / "pamrx").chmod(0o755)
    for made in (programs / "python", programs.parent / ".demo", programs.parent / ".dev"):
        made.touch()
    return ["make", "--no-print-directory", "-C", str(ROOT), "compare", f"VENV={tmp_path / 'venv'}", "DATA_DIR="]


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("CI", "MAKEFLAGS", "MAKELEVEL")} | more


def asked(printed: str) -> list[str]:
    return [line.strip().removeprefix("asked: ") for line in printed.splitlines() if line.startswith("asked: ")]


FETCHED = ["data fetch gdsc", "data fetch ccle-mirna", "data fetch panel718"]


def at_a_terminal(command: list[str], **more: str) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(**more))
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 4096):
            parts.append(part)
    except OSError:  # how a terminal says that nobody writes to it any more
        pass
    finally:
        os.close(ours)
    assert process.wait(60) == 0, b"".join(parts)
    return b"".join(parts).decode()


def test_compare_fetches_studies_and_opens_the_ui_at_a_terminal(command: list[str]) -> None:
    assert asked(at_a_terminal(command)) == [*FETCHED, "study", "ui"]


def test_compare_only_says_how_to_open_the_ui_where_nobody_looks(command: list[str]) -> None:
    told = subprocess.run(
        command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True
    )
    assert asked(told.stdout) == [*FETCHED, "study"]
    assert told.stdout.splitlines()[-1].startswith("to see the candidates side by side: ")
    assert told.stdout.splitlines()[-1].endswith("/bin/pamrx ui")
    assert asked(at_a_terminal(command, CI="true")) == [*FETCHED, "study"]
