"""The page of smallest files: each of its files is what it says, and each of its commands runs as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from pamrx.profiles import read_profiles
from pamrx.profiles.check import check_file_kinds

from tests.commands import pamrx

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "smallest_files.md").read_text()
FILES = dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^\$ pamrx (.*)$", PAGE, flags=re.MULTILINE)
WITH_FILES = [command for command in COMMANDS if "--alteration " not in command]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_shows_a_file_of_each_kind() -> None:
    assert {word for command in COMMANDS for word in command.split() if word.startswith("--")} == {
        "--alteration", "--tissue", "--alterations", "--mutations", "--panel", "--expression", "--ncrna",
        "--copy-number", "--samples",
    }  # fmt: skip
    assert set(FILES) == {word for command in COMMANDS for word in command.split() if "." in word}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", WITH_FILES)
def test_each_file_is_recognised_as_what_its_command_says_and_read(command: str) -> None:
    words = shlex.split(command)[1:]
    given = dict(zip(words[::2], words[1::2], strict=True))
    assert [found.option for found in check_file_kinds(given.values())] == list(given)
    named = {option.removeprefix("--").replace("-", "_"): file for option, file in given.items()}
    assert "T1" in read_profiles(**named).samples.index


@pytest.mark.medium
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_runs(command: str) -> None:
    run = pamrx(*shlex.split(command), "--drugs", "Alpelisib")
    assert run.returncode == 0, run.stderr
    assert "Alpelisib" in run.stdout
