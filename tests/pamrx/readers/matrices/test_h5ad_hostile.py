"""AnnData files from strangers: links, sizes, types and damage, each refused in one line before much is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pamrx.cohort.h5ad_cohort import open_h5ad
from pamrx.errors import InputError, PamrxError
from pamrx.readers.matrices import h5ad_matrix, hdf5
from pamrx.readers.matrices.matrix import read_matrix
from scipy import sparse

from tests.pamrx.readers.matrices.test_h5ad import KNOWN, LEVELS, put_text, values_of, write

h5py = pytest.importorskip("h5py")

Change = Callable[[Any], None]


def refused(path: Path, *parts: str) -> str:
    with pytest.raises(InputError) as caught:
        read_matrix(path, KNOWN)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message) < 500
    for part in parts:
        assert part in message
    return message


def changed(tmp_path: Path, change: Change, x: Any = LEVELS) -> Path:
    path = write(tmp_path / "x.h5ad", x)
    with h5py.File(path, "a") as root:
        change(root)
    return path


def replaced(name: str, make: Callable[[Any, str], object]) -> Change:
    def change(root: Any) -> None:
        del root[name]
        made = make(root, name)
        if made is not None:
            root[name] = made

    return change


def _virtual(root: Any, name: str) -> None:
    layout = h5py.VirtualLayout((2, 2), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "X", (2, 2))
    root.create_virtual_dataset(name, layout)


def _outside(root: Any, name: str) -> None:
    root.create_dataset(name, (2, 2), "f8", external=[("raw.bin", 0, 32)])


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda root, name: h5py.ExternalLink("other.h5", "/X"), "X: a link to another file (other.h5)"),
        (lambda root, name: h5py.SoftLink("/obs"), "X: a soft link, which is not followed"),
        (lambda root, name: h5py.SoftLink("/X"), "X: a soft link, which is not followed"),
        (_virtual, "X: its cells are in other files, which are not opened"),
        (_outside, "X: its cells are in other files, which are not opened"),
    ],
)
def test_nothing_outside_the_file_is_read(tmp_path: Path, make: Any, found: str) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["X"] = LEVELS
    refused(changed(tmp_path, replaced("X", make)), found, "copy the data into the file")


def test_advice_copy_the_data_into_the_file(tmp_path: Path) -> None:
    path = changed(tmp_path, replaced("X", lambda root, name: h5py.SoftLink("/Y")))
    with h5py.File(path, "a") as root:
        root["Y"] = LEVELS
    refused(path, "copy the data into the file")
    with h5py.File(path, "a") as root:
        held = root["X"][()]
        del root["X"]
        root["X"] = held
    assert values_of(path).loc["S1", "PTEN"] == 3.0


@pytest.mark.parametrize(
    ("name", "make", "found"),
    [
        ("X", lambda root, name: np.zeros((2, 2), "c16"), "X: cells of type complex128, expected numbers"),
        ("X", lambda root, name: np.zeros((2, 2), [("a", "f8")]), "expected numbers"),
        ("X", lambda root, name: np.zeros((2, 2, 1)), "X has 3 axes"),
        ("X", lambda root, name: 1.0, "X has 0 axes"),
        ("obs/_index", lambda root, name: None, "obs: no column '_index', which its attribute _index says"),
        ("obs/_index", lambda root, name: np.zeros((2, 2)), "obs/_index: 2 axes, expected one"),
        ("obs/_index", lambda root, name: np.array([b"\xff", b"a"]), "obs/_index: row 1: text that is not UTF-8"),
        ("obs/_index", lambda root, name: np.array([b"a", b"b" * 5000]), "texts of 5,000 bytes"),
    ],
)
def test_odd_types_are_named_with_their_place(tmp_path: Path, name: str, make: Any, found: str) -> None:
    refused(changed(tmp_path, replaced(name, make)), found)


def test_references_are_no_names(tmp_path: Path) -> None:
    def change(root: Any) -> None:
        del root["obs/_index"]
        root["obs"].create_dataset("_index", data=np.array([root.ref] * 2, dtype=h5py.ref_dtype))

    refused(changed(tmp_path, change), "obs/_index: cells of type object, expected numbers")


def test_a_group_in_itself_ends(tmp_path: Path) -> None:
    def change(root: Any) -> None:
        root["obs/tissue"] = root["obs"]
        root["obs/categories"] = root["obs"]
        root["obs/codes"] = np.zeros(2, int)

    path = changed(tmp_path, change)
    with pytest.raises(InputError, match="a group, expected the words of a column"):
        open_h5ad(path)


def test_sizes_are_judged_before_anything_is_read(tmp_path: Path) -> None:
    def huge(root: Any, name: str) -> None:
        root.create_dataset(name, (10**12, 10**6), "f8", chunks=(1000, 1000))

    refused(changed(tmp_path, replaced("X", huge)), "declares 1,000,000,000,000 x 1,000,000 cells", "200 times")

    def many(root: Any, name: str) -> None:
        root.create_dataset(name, (10**9,), h5py.string_dtype(), chunks=(1000,))

    refused(changed(tmp_path, replaced("obs/_index", many)), "obs/_index: declares 1,000,000,000 cells")


def test_more_cells_than_can_be_read_whole_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pamrx.readers.matrices.h5ad.MAX_CELLS", 3)
    refused(write(tmp_path / "x.h5ad"), "X has 2 x 2 cells, more than is read whole", "pamrx score")
    open_h5ad(write(tmp_path / "y.h5ad"))  # the advice


def test_a_long_name_is_cut_in_the_message(tmp_path: Path) -> None:
    message = refused(write(tmp_path / "x.h5ad", samples=("S1", "y" * 5_000)), "row 2: a text of 5,000 characters")
    assert "yyy" not in message


def test_a_large_attribute_is_not_read(tmp_path: Path) -> None:
    def change(root: Any) -> None:
        root["var"].attrs["_index"] = np.zeros(7_000)

    refused(changed(tmp_path, change), "var: its attribute _index is larger than 4,096 bytes")


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_matrix], ids=["csr", "csc"])
@pytest.mark.parametrize(
    ("part", "cells", "found"),
    [
        ("indices", [0, -1, 1], "an index lies outside the matrix"),
        ("indices", [0, 9, 1], "an index lies outside the matrix"),
        ("indices", [0.0, 1.0, 1.0], "expected whole numbers"),
        ("indices", [0, 1], "expected as many of both"),
        ("indptr", [0, 3, 1], "indptr does not rise from 0 to the end"),
        ("indptr", [-1, 1, 3], "indptr does not rise from 0 to the end"),
        ("indptr", [0, 3], "indptr has the shape (2,), expected 3"),
        ("data", [1.0], "expected as many of both"),
    ],
)
def test_parts_of_a_sparse_matrix_fit_together(tmp_path: Path, form: Any, part: str, cells: Any, found: str) -> None:
    path = changed(tmp_path, replaced(f"X/{part}", lambda root, name: np.array(cells)), form(LEVELS))
    refused(path, found)
    with pytest.raises(InputError, match="X"):
        open_h5ad(path)


def test_cells_stored_in_parts_are_added_up_by_rows_as_by_columns(tmp_path: Path) -> None:
    parts = (np.array([1.0, 2.0, 2.0]), np.array([0, 0, 1]), np.array([0, 2, 3]))
    for form in (sparse.csr_matrix, sparse.csc_matrix):
        path = write(tmp_path / f"{form.__name__}.h5ad", form(parts, shape=(2, 2)))
        assert values_of(path).loc["S1", "PTEN"] == 3.0


def test_a_code_without_its_category_is_named_by_row(tmp_path: Path) -> None:
    def change(root: Any) -> None:
        put_text(root["obs"], "tissue", ["breast", "lung"], "categorical")
        root["obs/tissue/codes"][:] = [0, 99]

    with pytest.raises(InputError, match=r"obs/tissue: row 2: code 99 found, a code without its category; .* -1 to 1"):
        open_h5ad(changed(tmp_path, change))


def test_samples_without_a_name_are_set_aside_or_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5ad", np.vstack([LEVELS, LEVELS]), samples=("S1", "", "", "S2"))
    refused(path, "obs_names: row 2 is empty")
    cohort = open_h5ad(path)
    [(_, read)] = cohort.read(cohort.tasks()[0])
    assert list(read.rejected["row"]) == [2, 3]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.h5ad")
    with pytest.raises(PamrxError, match="is a pipe or device; expected an AnnData file; save it as a regular file"):
        open_h5ad(tmp_path / "x.h5ad")


def test_a_matrix_by_columns_beyond_the_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.h5ad", sparse.csc_matrix(LEVELS))
    monkeypatch.setattr("pamrx.cohort.h5ad_cohort.BYTES_PER_STORED", 10**9)
    with pytest.raises(PamrxError, match="--memory 2000MB: expected 3900MB"):
        open_h5ad(path, memory=2_000_000_000)


def test_wide_rows_are_read_in_slices_with_the_same_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pamrx.readers.matrices.h5ad_matrix.CELLS_AT_ONCE", 2)
    assert values_of(write(tmp_path / "x.h5ad")).to_numpy().tolist() == LEVELS.tolist()


def test_texts_are_read_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "AT_ONCE", 1)
    assert list(values_of(write(tmp_path / "x.h5ad")).index) == ["S1", "S2"]


def test_samples_without_values_are_refused_by_their_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h5ad_matrix, "FREE_SAMPLES", 10)
    names = [f"S{place}" for place in range(300)]
    values = np.zeros((300, 2))
    values[5] = 1.5
    path = write(tmp_path / "x.h5ad", sparse.csr_matrix(values), samples=names)
    with pytest.raises(InputError, match=r"300 samples in .* bytes and 2 stored values: most samples have no value"):
        open_h5ad(path)
    path = write(tmp_path / "d.h5ad", np.ones((300, 2)), samples=names)
    monkeypatch.setattr(h5ad_matrix, "BYTES_PER_SAMPLE", 1_000)
    refused(path, "300 samples in", "leave those out")


def test_advice_to_leave_out_empty_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h5ad_matrix, "FREE_SAMPLES", 10)
    values = sparse.csr_matrix(np.ones((30, 2)) * 1.5)
    open_h5ad(write(tmp_path / "x.h5ad", values, samples=[f"S{place}" for place in range(30)]))
