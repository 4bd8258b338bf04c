"""Files to be written: what is refused before any work, whole files, and their permissions."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pamrx.errors import StoreError, UsageError
from pamrx.outputs import check_folder, check_outputs, check_writable, draft_folder, whole_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    before = os.umask(0o022)
    yield lambda mask: (os.umask(mask), None)[1]
    os.umask(before)


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the working directory, with inputs `s.csv`, `e.h5ad`, `b.xlsx`, and a study."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study" / "case_lists").mkdir(parents=True)
    for name in ("s.csv", "e.h5ad", "b.xlsx", "study/data_mutations.txt"):
        (tmp_path / name).write_text("precious")
    return tmp_path


@pytest.mark.parametrize(
    ("output", "read"),
    [
        ("s.csv", "s.csv"),
        ("./s.csv", "s.csv"),
        ("study/../s.csv", "s.csv"),
        ("s.csv", "link.csv"),
        ("link.csv", "s.csv"),
        ("hard.csv", "s.csv"),
        ("elsewhere/s.csv", "s.csv"),
        ("e.h5ad", "e.h5ad::counts"),
        ("b.xlsx", "b.xlsx::Sheet 1"),
        ("study/data_mutations.txt", "study"),
        ("study/new.csv", "study"),
        ("study/case_lists/new.csv", "study"),
        ("elsewhere/study/new.csv", "study"),
        ("linked.csv", "study"),
        ("new.csv", "."),
    ],
)
def test_an_output_that_is_an_input_is_refused(given: Path, output: str, read: str) -> None:
    (given / "link.csv").symlink_to("s.csv")
    os.link(given / "s.csv", given / "hard.csv")
    (given / "elsewhere").symlink_to(given, target_is_directory=True)
    os.link(given / "study" / "data_mutations.txt", given / "linked.csv")
    with pytest.raises(UsageError, match="an input"):
        check_outputs({"--explain": output}, [None, "no-such-panel", read])


def test_an_output_beside_its_inputs_is_fine(given: Path) -> None:
    check_outputs(
        {"a": "out.csv", "b": None, "c": given / "out.json"}, ["s.csv", "e.h5ad::X", "study", "msk-impact-468", ""]
    )


@pytest.mark.parametrize(("one", "other"), [("o.csv", "./o.csv"), ("o.csv", "to_o.csv"), ("s.csv", "hard.csv")])
def test_two_outputs_that_are_one_file_are_refused(given: Path, one: str, other: str) -> None:
    (given / "to_o.csv").symlink_to("o.csv")
    os.link(given / "s.csv", given / "hard.csv")
    with pytest.raises(UsageError, match="named for both -o and --evidence; name two files"):
        check_outputs({"-o": one, "--evidence": other})


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("study", "is a folder"),
        ("no/o.csv", "does not exist; make it first"),
        ("s.csv/o.csv", "s.csv is a file, not a folder"),
        ("n" * 300, "too long for this file system"),
        ("n" * 300 + "/o.csv", "too long for this file system"),
        ("o\0.csv", "null"),
        ("pipe.csv", "a device or a pipe"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_line(given: Path, output: str, why: str) -> None:
    os.mkfifo(given / "pipe.csv")
    with pytest.raises(StoreError, match=why) as caught:
        check_writable(output)
    assert len(str(caught.value)) < 300


def test_advice_for_a_missing_folder_is_right(given: Path) -> None:
    with pytest.raises(StoreError, match="make it first"):
        check_writable("no/o.csv")
    Path("no").mkdir()
    check_writable("no/o.csv")


def test_read_only_files_and_folders_are_refused(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def access(path: object, wanted: int) -> bool:  # for root everything may be written
        return Path(str(path)).name != "locked"

    (given / "locked").mkdir()
    monkeypatch.setattr(os, "access", access)
    with pytest.raises(StoreError, match="permission denied"):
        check_writable("locked/o.csv")
    with pytest.raises(StoreError, match="permission denied"):
        check_folder("locked")
    (given / "study" / "locked").write_text("old")
    with pytest.raises(StoreError, match="is read-only"):
        check_writable("study/locked")


@pytest.mark.parametrize(
    ("output", "kind", "why"),
    [
        ("s.csv", StoreError, "is a file; name a folder"),
        ("s.csv/out", StoreError, "is a file, not a folder"),
        ("no/out", StoreError, "does not exist"),
        ("n" * 300, StoreError, "too long"),
        ("study", UsageError, "is an input"),
        ("study/out", UsageError, "lies in study, an input"),
        (".", UsageError, "holds study, an input"),
    ],
)
def test_a_folder_that_cannot_take_a_run_is_refused(given: Path, output: str, kind: type, why: str) -> None:
    with pytest.raises(kind, match=why):
        check_folder(output, ["study"])
    check_folder("out", ["study"])
    assert not Path("out").exists()


def test_a_new_file_has_what_the_umask_leaves_and_an_old_one_keeps_its_mode(
    tmp_path: Path, umask: Callable[[int], None]
) -> None:
    old = tmp_path / "old.csv"
    old.write_text("old")
    old.chmod(0o604)
    for mask, expected in ((0o022, 0o644), (0o077, 0o600), (0o002, 0o664)):
        umask(mask)
        new = tmp_path / f"{mask:o}.csv"
        for path in (new, old):
            with whole_file(path) as temporary:
                temporary.write_text("new")
        assert (mode(new), mode(old)) == (expected, 0o604)
        assert mode(draft_folder(tmp_path / "bundle")) == 0o777 & ~mask


def test_a_full_disk_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("old")
    told = pytest.raises(StoreError, match=r"o\.csv: could not be written \(No space left on device\)$")
    with told, whole_file(tmp_path / "o.csv") as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "whatever a library says")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"o.csv": "old"}


def test_space_that_is_found_lacking_at_the_end_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"), whole_file(tmp_path / "o.csv") as temporary:
        temporary.write_text("all")
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_and_what_it_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "o.csv").symlink_to("store/real.csv")
    with whole_file(tmp_path / "o.csv") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "o.csv").is_symlink()
    assert (tmp_path / "store" / "real.csv").read_text() == "new"


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".csv")
    with whole_file(path) as temporary:
        temporary.write_text("new")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
