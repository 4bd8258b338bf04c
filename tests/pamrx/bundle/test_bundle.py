"""A bundle on disk: it comes back as it was, and any change to it is told in one line."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pamrx.bundle.bundle import MANIFEST, load_bundle, released_bundle, save_bundle
from pamrx.bundle.contents import sha256
from pamrx.bundle.manifest import fingerprint
from pamrx.errors import PamrxError

CARD = "# a card\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(released_bundle(), tmp_path / "bundle"))


def one_line(error: pytest.ExceptionInfo[PamrxError], *parts: str) -> None:
    text = str(error.value)
    assert "\n" not in text
    for part in parts:
        assert part in text


@pytest.mark.medium
def test_a_saved_bundle_predicts_to_the_last_digit_what_it_did(bundle: Any, examples: Any, tmp_path: Path) -> None:
    manifest = {key: value for key, value in bundle.manifest.items() if key not in ("format", "files", "fingerprint")}
    first = replace(bundle, manifest=manifest)
    saved = save_bundle(first, tmp_path / "again", CARD)
    again = load_bundle(tmp_path / "again")
    a, b = bundle.predict(examples), again.predict(examples)
    assert a.equals(b)
    x = bundle.builder.transform(examples)
    assert np.array_equal(bundle.model.contributions(x.iloc[:2]), again.model.contributions(x.iloc[:2]))
    changed = {name for name in saved["files"] if saved["files"][name] != bundle.manifest["files"].get(name)}
    assert changed == {"MODEL_CARD.md"}


def test_a_bundle_holds_text_json_and_parquet_only_and_is_small() -> None:
    files = list(released_bundle().iterdir())
    assert {file.suffix for file in files} == {".txt", ".json", ".parquet", ".md"}
    assert sum(file.stat().st_size for file in files) < 25e6
    assert set(json.loads((released_bundle() / MANIFEST).read_text())["files"]) == {file.name for file in files} - {
        MANIFEST
    }


def test_the_example_lines_had_no_part_in_the_released_bundle(bundle: Any) -> None:
    from pamrx_training.release.examples import EXAMPLE_LINES

    assert not set(EXAMPLE_LINES) & set(bundle.manifest["trained_lines"])
    assert set(EXAMPLE_LINES) <= set(bundle.manifest["held_out_lines"])
    assert not set(EXAMPLE_LINES) & set(bundle.reference.lines.index)


@pytest.mark.parametrize(
    "name", ["features.json", "model.json", "linear_0.parquet", "boosted_03.txt", "reference.parquet"]
)
def test_one_changed_byte_is_noticed(copy: Any, name: Any) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(PamrxError) as error:
        load_bundle(copy)
    one_line(error, name, "SHA-256")


@pytest.mark.parametrize("name", ["features.json", "linear_1.parquet", "boosted_00.txt"])
def test_a_file_cut_short_is_noticed(copy: Any, name: Any) -> None:
    (copy / name).write_bytes((copy / name).read_bytes()[:-10])
    with pytest.raises(PamrxError) as error:
        load_bundle(copy)
    one_line(error, name, "cut short")


def test_a_missing_file_is_named(copy: Any) -> None:
    (copy / "boosted_05.txt").unlink()
    with pytest.raises(PamrxError) as error:
        load_bundle(copy)
    one_line(error, "boosted_05.txt", "missing")


def test_a_manifest_cut_short_or_changed_is_noticed(copy: Any) -> None:
    text = (copy / MANIFEST).read_text()
    (copy / MANIFEST).write_text(text[: len(text) // 2])
    with pytest.raises(PamrxError) as error:
        load_bundle(copy)
    one_line(error, MANIFEST, "not a whole manifest")
    (copy / MANIFEST).write_text(text.replace('"seed": 7', '"seed": 8'))
    with pytest.raises(PamrxError) as error:
        load_bundle(copy)
    one_line(error, MANIFEST, "fingerprint")


def sealed(folder: Path, **changes: bytes | None) -> None:
    """Change files (None: remove), and make the hashes and the fingerprint of the bundle anew, as a stranger would."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name, content in changes.items():
        if content is None:
            manifest["files"].pop(name)
        else:
            (folder / name).write_bytes(content)
            manifest["files"][name] = sha256(content)
    manifest["fingerprint"] = fingerprint(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_a_manifest_cannot_lead_outside_its_folder(copy: Any, tmp_path: Path) -> None:
    sealed(copy, **{"../secret.json": b"{}"})
    with pytest.raises(PamrxError) as error:
        load_bundle(copy)
    one_line(error, "secret.json", "is no name for a file of a bundle")


def test_a_file_taken_out_of_the_manifest_is_not_read(copy: Any) -> None:
    sealed(copy, **{"reference_partial.parquet": None})
    with pytest.raises(PamrxError) as error:
        load_bundle(copy)
    one_line(error, "reference_partial.parquet: not among the files of manifest.json")


@pytest.mark.medium
@pytest.mark.parametrize(
    ("found", "put", "said"),
    [
        ("left_child=-1 ", "left_child=1000000 ", "left_child 1000000 of split 0 found"),
        ("split_feature=1650 ", "split_feature=-5   ", "split_feature"),
    ],
)
@pytest.mark.parametrize("lengths", [True, False])
def test_trees_that_would_corrupt_memory_are_refused_before_lightgbm_reads_them(
    copy: Any, found: str, put: str, said: str, lengths: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightgbm.Booster", None)
    text = (copy / "boosted_00.txt").read_text()
    assert found in text
    line = next(line for line in text.split("\n") if line.startswith("tree_sizes="))
    first = int(line[len("tree_sizes=") :].split(" ")[0]) + len(put) - len(found)
    rest = line.partition(" ")[2]
    text = text.replace(line, f"tree_sizes={first} {rest}") if lengths else text.replace(f"{line}\n", "")
    sealed(copy, **{"boosted_00.txt": text.replace(found, put, 1).encode()})
    with pytest.raises(PamrxError) as error:
        load_bundle(copy)
    one_line(error, "boosted_00.txt", said if lengths else "expected", "get the bundle anew, or train it again")


@pytest.mark.medium
def test_a_bundle_whose_writer_was_killed_is_read_from_its_backup(copy: Any, tmp_path: Path) -> None:
    copy.rename(tmp_path / ".bundle.old")
    assert load_bundle(copy).manifest["name"] == "pamrx-gdsc"


def test_no_folder_and_an_empty_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(PamrxError) as error:
        load_bundle(tmp_path / "nothing")
    one_line(error, "no such folder")
    with pytest.raises(PamrxError) as error:
        load_bundle(tmp_path)
    one_line(error, MANIFEST)


def test_saving_never_overwrites_a_folder_that_is_no_bundle(bundle: Any, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(PamrxError) as error:
        save_bundle(bundle, tmp_path, CARD)
    one_line(error, "no bundle")
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_saving_to_a_file_is_refused(bundle: Any, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(PamrxError) as error:
        save_bundle(bundle, tmp_path / "thesis.txt", CARD)
    one_line(error, "is a file; expected an empty or a new folder")


@pytest.mark.medium
def test_a_failed_save_leaves_the_old_bundle(bundle: Any, copy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    before = load_bundle(copy).manifest["fingerprint"]
    monkeypatch.setattr("pamrx.bundle.bundle.write_parquet", fail)
    with pytest.raises(OSError, match="disk full"):
        save_bundle(bundle, copy, CARD)
    assert load_bundle(copy).manifest["fingerprint"] == before
    assert [file.name for file in copy.parent.iterdir()] == ["bundle"]
