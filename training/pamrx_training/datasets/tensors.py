"""Numbers out of a pickle of tensors, without unpickling it: nothing in the file can run.

The distribution stores expression as a pickled dictionary, cell line -> one-dimensional float32 tensor. A pickle may
name any function to be called on load. Here only three names are known, and each is answered with a function of ours
that does nothing but hold bytes; every other name ends the reading.

Layout of a stored tensor (torch's "legacy" serialisation inside one bytes object): a few header pickles, which are
not opened, then the element count as little-endian int64, then the elements as little-endian float32. The element
count is known from the tensor's size, so the values are the last 4 x n bytes and the count stands right before them.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
from pamrx.errors import InputError


def read_tensors(content: bytes, name: str) -> dict[str, np.ndarray]:
    """A pickled dictionary of one-dimensional float32 tensors as arrays.

    Parameters
    ----------
    content
        The bytes of the pickle.
    name
        What to call the file in a message.

    Returns
    -------
    dict
        Key -> float32 array, shape (n,).

    Raises
    ------
    InputError
        If the pickle names any function beside the tensor rebuild, or a value is not such a tensor.
    """
    loaded = _load(content, name)
    if not all(isinstance(value, _Tensor) for value in loaded.values()):
        raise InputError(f"{name}: expected one tensor per cell line, found another kind of value")
    return {key: value.array(f"{name}, {key}") for key, value in loaded.items()}


def read_lists(content: bytes, name: str) -> dict[str, list[int]]:
    """A pickled dictionary of lists of small whole numbers, read by the same restricted reader.

    Raises
    ------
    InputError
        If the pickle names a function, or a value is not a list of whole numbers.
    """
    loaded = _load(content, name)
    for key, value in loaded.items():
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise InputError(f"{name}, {key}: expected a list of whole numbers, found another kind of value")
    return loaded


def read_texts(content: bytes, name: str) -> dict[str, str]:
    """A pickled dictionary of texts, read by the same restricted reader.

    Raises
    ------
    InputError
        If the pickle names a function, or a value is not text.
    """
    loaded = _load(content, name)
    for key, value in loaded.items():
        if not isinstance(value, str):
            raise InputError(f"{name}, {key}: expected text, found another kind of value")
    return loaded


@dataclass(frozen=True)
class _Storage:
    content: bytes


@dataclass(frozen=True)
class _Tensor:
    storage: Any
    offset: Any
    size: Any
    stride: Any

    def array(self, where: str) -> np.ndarray:
        plain = isinstance(self.storage, _Storage) and isinstance(self.size, tuple) and len(self.size) == 1
        if not plain or self.offset != 0 or self.stride != (1,):
            raise InputError(f"{where}: expected a plain one-dimensional tensor, found another layout")
        content, (count,) = self.storage.content, self.size
        tail = 4 * count if isinstance(count, int) and count > 0 else len(content)
        head = content[: len(content) - tail] if tail < len(content) else b""
        if len(head) < 8 or int.from_bytes(head[-8:], "little") != count:
            raise InputError(f"{where}: the tensor does not hold its {count} values of four bytes")
        return np.frombuffer(content[-tail:], dtype="<f4").astype(np.float32)


def _hold_bytes(content: Any) -> _Storage:
    if not isinstance(content, bytes):
        raise pickle.UnpicklingError("a tensor's storage is not a string of bytes")
    return _Storage(content)


def _hold_tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, size, stride)


def _no_hooks() -> None:
    """Stands for the empty `OrderedDict()` of a tensor's hooks, which carries nothing."""


_ALLOWED = {
    ("torch._utils", "_rebuild_tensor_v2"): _hold_tensor,
    ("torch.storage", "_load_from_bytes"): _hold_bytes,
    ("collections", "OrderedDict"): _no_hooks,
}


class _TensorUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not read") from None

    def persistent_load(self, pid: Any) -> Any:  # noqa: ARG002
        raise pickle.UnpicklingError("it refers to data outside the file")


def _load(content: bytes, name: str) -> dict[str, Any]:
    try:
        loaded = _TensorUnpickler(io.BytesIO(content)).load()
    except RecursionError:
        raise InputError(f"{name}: nested too deeply; not the expected table") from None
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise InputError(f"{name}: not the expected table of numbers ({error}); nothing in it was run") from None
    if not isinstance(loaded, dict) or not loaded or not all(isinstance(key, str) for key in loaded):
        raise InputError(f"{name}: expected a table of cell lines, found another kind of content")
    return loaded
