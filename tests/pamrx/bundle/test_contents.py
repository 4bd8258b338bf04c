"""Which files of a bundle are read, and how: what is not listed never is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pamrx.bundle import contents
from pamrx.bundle.contents import (
    MANIFEST,
    OPTIONAL,
    REQUIRED,
    SPECIFIC,
    UNCERTAINTY,
    check_names,
    read_contents,
    sha256,
)
from pamrx.errors import BundleError

TREES = {"boosted_00.txt", "boosted_01.txt", "general_boosted_00.txt"}
ALL = sorted(REQUIRED | SPECIFIC | UNCERTAINTY | OPTIONAL | TREES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "bundle"
    made.mkdir()
    for name in (*ALL, MANIFEST):
        (made / name).write_text(name)
    return made


def digests(folder: Path) -> dict[str, str]:
    return {name: sha256((folder / name).read_bytes()) for name in ALL}


def refused(folder: Path, names: list[str]) -> str:
    with pytest.raises(BundleError) as error:
        check_names(folder, names)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_bundle_with_all_parts_or_only_those_that_it_needs_is_read(folder: Path) -> None:
    check_names(folder, ALL)
    (folder / "README.txt").write_text("a note of its owner, which nothing reads")
    assert set(read_contents(folder, digests(folder))) == set(ALL)
    for name in SPECIFIC | UNCERTAINTY | OPTIONAL | {"general_boosted_00.txt"}:
        (folder / name).unlink()
    check_names(folder, [name for name in ALL if (folder / name).exists()])


@pytest.mark.parametrize("name", ALL)
def test_a_file_taken_out_of_the_manifest_is_refused(folder: Path, name: str) -> None:
    assert name in refused(folder, [other for other in ALL if other != name])


@pytest.mark.parametrize("name", sorted(set(ALL) - OPTIONAL - {"boosted_01.txt"}))
def test_a_file_taken_out_of_both_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert "is not among its files" in refused(folder, [other for other in ALL if other != name])


@pytest.mark.parametrize(
    "name",
    ["../a.json", "/etc/passwd", "a.json", "boosted_1.txt", "boosted_00.txt\n", "linear_4.parquet", "", ".", "é"],
)
def test_a_name_that_no_bundle_has_is_refused(folder: Path, name: str) -> None:
    assert "is no name for a file of a bundle" in refused(folder, [*ALL, name])


def test_links_pipes_and_folders_are_no_files_of_a_bundle(folder: Path) -> None:
    known = digests(folder)
    file = folder / "model.json"
    makers: tuple[Callable[[], object], ...] = (
        lambda: file.symlink_to(folder / "features.json"),
        lambda: file.symlink_to("nowhere"),
        lambda: os.mkfifo(file),
        lambda: file.mkdir(),
    )
    for make in makers:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
        make()
        with pytest.raises(BundleError, match=r"model\.json: .*expected a file"):
            read_contents(folder, known)


def test_advice_copying_what_links_lead_to_gives_a_bundle(folder: Path, tmp_path: Path) -> None:
    known = digests(folder)
    (folder / "model.json").rename(tmp_path / "elsewhere")
    (folder / "model.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="copy the bundle with `cp -rL FOLDER NEW` and name the copy"):
        read_contents(folder, known)
    copied = Path(shutil.copytree(folder, tmp_path / "new", symlinks=False))
    assert set(read_contents(copied, known)) == set(ALL)


def test_files_above_the_bounds_are_refused_unread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "model.json").open("wb") as opened:
        opened.truncate(contents.MAX_FILE + 1)
    with pytest.raises(BundleError, match=r"model\.json: 30,000,001 bytes; expected at most 30,000,000"):
        read_contents(folder, dict.fromkeys(["model.json"], "0" * 64))
    (folder / "model.json").write_text("model.json")
    monkeypatch.setattr(contents, "MAX_BUNDLE", 100)
    with pytest.raises(BundleError, match="expected at most"):
        read_contents(folder, digests(folder))
