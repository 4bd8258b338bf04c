"""What a path may name: files that can be opened again and again, and what a shell hands over in their place."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pamrx.errors import InputError
from pamrx.identifiers.genes import default_genes
from pamrx.readers.gene_panel import read_panel
from pamrx.readers.matrices.matrix import read_matrix
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.sample_table import read_samples
from pamrx.readers.text import given_files
from pamrx.readers.text.files import check_file
from pamrx.readers.text.given_files import entries

LONG = "a" * 300


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (f"{LONG}.tsv", r"cannot be read \(File name too long\); check the path"),
        ("circle", r"cannot be read \(Too many levels of symbolic links\)"),
        ("dangling", r"no such file \(a link to what is not there\)"),
        ("pipe", "is a pipe; expected a file, .*save its content as a file"),
        ("socket", "is a socket; expected a file"),
        ("folder", "is a folder; name a file"),
        ("a\0b", "no path of a file"),
        ("folder/x/y", "no such file"),
    ],
)
def test_what_is_no_file_is_one_line(tmp_path: Path, name: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    Path("circle").symlink_to("circle")
    Path("dangling").symlink_to("nowhere")
    os.mkfifo("pipe")
    Path("folder").mkdir()
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
        for read in (
            read_mutations,
            read_samples,
            lambda path: read_panel(path, frozenset()),
            lambda path: read_matrix(path, frozenset(), "expression"),
        ):
            with pytest.raises(InputError, match=why):
                read(name)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_devices_are_refused(device: str) -> None:
    with pytest.raises(InputError, match="is a device; expected a file"):
        check_file(device)


def test_files_and_folders_without_the_right_to_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.maf").write_text("x")

    def refused(*_args: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(InputError, match=r"m\.maf: cannot be read \(Permission denied\)"):
        check_file(tmp_path / "m.maf")
    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\); ask for the right to read it"):
        entries(tmp_path)
    monkeypatch.setattr(Path, "stat", refused)
    with pytest.raises(InputError, match="ask for the right to read it"):
        check_file(tmp_path / "m.maf")


@pytest.fixture
def piped() -> Iterator[Path]:
    """A pipe as a shell hands it over, its writer gone."""
    if sys.platform != "linux":
        pytest.skip("pipes are kept on Linux only")
    reading, writing = os.pipe()
    os.write(writing, b"gene\tS1\tS2\nPTEN\t1\t2\nAKT1\t2\t3\n")
    os.close(writing)
    yield Path(f"/dev/fd/{reading}")
    os.close(reading)


def test_what_a_shell_hands_over_is_read(piped: Path) -> None:
    matrix = read_matrix(piped, default_genes(), "expression")
    assert list(matrix.values.index) == ["S1", "S2"]
    assert read_matrix(piped, default_genes(), "expression").values.equals(matrix.values)  # as often as one likes


def test_advice_to_save_a_long_pipe_works(piped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_files, "MAX_PIPED", 10)
    with pytest.raises(InputError, match="save them as a file first"):
        check_file(piped)
    (tmp_path / "e.tsv").write_text("gene\tS1\nPTEN\t1\n")
    assert check_file(tmp_path / "e.tsv") == tmp_path / "e.tsv"
