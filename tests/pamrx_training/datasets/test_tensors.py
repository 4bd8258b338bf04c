"""A pickle of tensors gives up its numbers, and nothing in it can run."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets.tensors import read_lists, read_tensors, read_texts


def text(word: str) -> bytes:
    return pickle.SHORT_BINUNICODE + bytes([len(word.encode())]) + word.encode()


def storage(values: list[float]) -> bytes:
    return b"header pickles" + struct.pack("<q", len(values)) + np.asarray(values, dtype="<f4").tobytes()


def tensor(content: bytes, size: int, stride: int = 1) -> bytes:
    """The opcodes that the stored dictionary uses for one tensor."""
    held = pickle.BINBYTES + struct.pack("<I", len(content)) + content + pickle.TUPLE1
    parts = b"ctorch.storage\n_load_from_bytes\n" + held + pickle.REDUCE + pickle.BININT1 + b"\x00"
    parts += pickle.BININT2 + struct.pack("<H", size) + pickle.TUPLE1
    parts += pickle.BININT1 + bytes([stride]) + pickle.TUPLE1
    parts += pickle.NEWFALSE + b"ccollections\nOrderedDict\n" + pickle.EMPTY_TUPLE + pickle.REDUCE
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + parts + pickle.TUPLE + pickle.REDUCE


def dictionary(**values: bytes) -> bytes:
    items = b"".join(text(key) + value for key, value in values.items())
    return pickle.PROTO + b"\x04" + pickle.EMPTY_DICT + pickle.MARK + items + pickle.SETITEMS + pickle.STOP


def test_values_come_out_as_they_were_stored() -> None:
    found = read_tensors(
        dictionary(MCF7=tensor(storage([1.5, -2.0]), 2), A549=tensor(storage([0.25, 8.0]), 2)), "f.pkl"
    )
    assert {line: values.tolist() for line, values in found.items()} == {"MCF7": [1.5, -2.0], "A549": [0.25, 8.0]}
    assert found["MCF7"].dtype == np.float32


@pytest.mark.parametrize(
    ("size", "stride", "content"),
    [(3, 1, storage([1.0, 2.0])), (2, 2, storage([1.0, 2.0])), (2, 1, b"short"), (0, 1, storage([]))],
)
def test_a_tensor_of_another_layout_is_refused(size: Any, stride: Any, content: Any) -> None:
    with pytest.raises(PamrxError, match=r"f\.pkl, MCF7"):
        read_tensors(dictionary(MCF7=tensor(content, size, stride)), "f.pkl")


class Harm:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    "harm", [Harm(os.system, "touch {}"), Harm(eval, "open({!r}, 'w')"), Harm(getattr, os, "name")]
)
@pytest.mark.parametrize("read", [read_tensors, read_lists, read_texts])
def test_a_pickle_that_calls_anything_else_is_refused_and_runs_nothing(tmp_path: Path, harm: Any, read: Any) -> None:
    mark = tmp_path / "ran"
    function, arguments = harm.call
    if isinstance(arguments[0], str):
        arguments = (arguments[0].format(str(mark)),)
    harmful = pickle.dumps({"MCF7": Harm(function, *(a for a in arguments if isinstance(a, str)))})
    with pytest.raises(PamrxError, match="nothing in it was run"):
        read(harmful, "f.pkl")
    assert not mark.exists()


@pytest.mark.parametrize(
    "content", [b"", b"garbage", pickle.dumps({"A": [1]})[:-3], pickle.dumps([1]), pickle.dumps({})]
)
def test_damaged_or_other_content_is_one_clear_line(content: Any) -> None:
    with pytest.raises(PamrxError, match=r"f\.pkl"):
        read_lists(content, "f.pkl")


def test_lists_hold_whole_numbers_only() -> None:
    assert read_lists(pickle.dumps({"A": [-1, 0, 1]}), "f.pkl") == {"A": [-1, 0, 1]}
    for wrong in ({"A": [0.5]}, {"A": [True]}, {"A": "text"}):
        with pytest.raises(PamrxError, match="whole numbers"):
            read_lists(pickle.dumps(wrong), "f.pkl")
    with pytest.raises(PamrxError, match="one tensor per cell line"):
        read_tensors(pickle.dumps({"A": [1]}), "f.pkl")


def test_texts_are_text_only() -> None:
    assert read_texts(pickle.dumps({"Alpelisib": "CC1=C"}), "f.pkl") == {"Alpelisib": "CC1=C"}
    with pytest.raises(PamrxError, match="expected text"):
        read_texts(pickle.dumps({"Alpelisib": 3}), "f.pkl")
