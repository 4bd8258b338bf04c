"""Heaps of HDF5 files: what the library writes is let through, what keeps it in a loop is found first."""

from __future__ import annotations

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest
from pamrx.errors import InputError
from pamrx.readers.matrices.hdf5_heap import check_heaps

FREE = struct.Struct("<HHIQ")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as root:
        root.attrs["encoding-type"] = "anndata"
        root.create_dataset("names", data=[f"gene number {number}" for number in range(500)], dtype=h5py.string_dtype())
        root.create_dataset("numbers", data=np.arange(1000))
        root["numbers"].attrs["of"] = ["a", "b"]
    return path


def objects(content: bytes) -> list[tuple[int, int, int]]:
    """Place, index and size of every object of the first collection."""
    place = content.find(b"GCOL")
    at, end = place + 16, place + int.from_bytes(content[place + 8 : place + 16], "little")
    found = []
    while at + FREE.size <= end:
        index, _, _, size = FREE.unpack_from(content, at)
        found.append((at, index, size))
        if index == 0:
            break
        at += FREE.size + -(-size // 8) * 8
    return found


def changed(file: Path, at: int, value: int) -> None:
    content = bytearray(file.read_bytes())
    struct.pack_into("<Q", content, at + 8, value)
    file.write_bytes(content)


def test_what_the_library_writes_is_let_through(file: Path) -> None:
    check_heaps(file)
    file.write_bytes(b"")
    check_heaps(file)


def test_a_free_object_of_no_size_is_found(file: Path) -> None:
    at = next(at for at, index, _ in objects(file.read_bytes()) if index == 0)
    changed(file, at, 0)
    with pytest.raises(InputError, match=r"x\.h5: the heap of texts at byte [\d,]+ is damaged") as error:
        check_heaps(file)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [2**64 - 16, 2**64 - 8, 2**40])
def test_an_object_larger_than_its_collection_is_found(file: Path, size: int) -> None:
    changed(file, objects(file.read_bytes())[1][0], size)
    with pytest.raises(InputError, match="heap of texts"):
        check_heaps(file)


def test_the_word_in_other_data_is_no_heap(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as root:
        root["text"] = np.frombuffer(b"GCOL" * 50, dtype="u1")
    check_heaps(path)
