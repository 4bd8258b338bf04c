"""Parts of an HDF5 file from a stranger: taken only where they lie in the file itself and are as large as they say.

Links to other files, storage outside and virtual datasets would read whatever the file's author names. A file of a
kilobyte may declare a trillion cells, all of them the fill value; and an attribute or text may be of any length.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pamrx.errors import InputError
from pamrx.readers.boundary import FREE_UNPACKED, MAX_LABEL, MAX_RATIO

AT_ONCE = 256
"""Texts that are read at a time, since each may be as long as the file."""

MAX_ATTRIBUTE = 4_096
"""Bytes of an attribute: a name, a word or a shape."""

MAX_MEMBERS = 100_000
"""Parts of a group: columns of obs or var, or layers."""

_NUMBERS = "biuf"


def is_group(node: Any) -> bool:
    """Whether a part holds other parts."""
    return hasattr(node, "keys")


def has(group: Any, name: str) -> bool:
    """Whether a group has a part of that name, be it a link that leads nowhere."""
    return bool(group.get(name, getlink=True) is not None)


def names_in(group: Any) -> list[str]:
    """The names of the parts of a group.

    Raises
    ------
    InputError
        If there are more than any file has.
    """
    if len(group) > MAX_MEMBERS:
        raise InputError(f"{place(group)}: {len(group):,} parts, expected at most {MAX_MEMBERS:,}")
    return list(group)


def part(group: Any, name: str) -> Any:
    """A part of a group: another group, or a dataset that the file itself holds.

    Raises
    ------
    InputError
        If there is none; for a link, storage outside the file or a virtual dataset; for more cells than the file can
        hold.
    """
    import h5py

    where = f"{place(group)}: {shown(name)}" if group.name == "/" else f"{place(group)}/{shown(name)}"
    if not is_group(group):
        raise InputError(f"{place(group)}: an array, expected a group with {shown(name)}; write it again with anndata")
    link = group.get(name, getlink=True)
    if link is None:
        raise InputError(f"{where}: is missing; expected an AnnData file; write it again with anndata")
    if not isinstance(link, h5py.HardLink):
        what = f"a link to another file ({shown(str(link.filename))})" if hasattr(link, "filename") else "a soft link"
        raise InputError(
            f"{where}: {what}, which is not followed; copy the data into the file (read and write it again)"
        )
    node = group[name]
    if isinstance(node, h5py.Group):
        return node
    if not isinstance(node, h5py.Dataset):
        raise InputError(f"{where}: a named type, expected data; write it again with anndata")
    if node.is_virtual or node.external:
        raise InputError(
            f"{where}: its cells are in other files, which are not opened; copy the data into the file (read and "
            "write it "
            "again)"
        )
    _check_size(where, node)
    return node


def attribute(node: Any, name: str, default: Any = None) -> Any:
    """An attribute: a word as text, or a few numbers.

    Raises
    ------
    InputError
        If it is anything else, or too large to be that.
    """
    if name not in node.attrs:
        return default
    held = node.attrs.get_id(name)
    kind = held.dtype
    if held.get_storage_size() > MAX_ATTRIBUTE or int(np.prod(held.shape or (), dtype=object)) > 16:
        raise InputError(f"{place(node)}: its attribute {name} is larger than {MAX_ATTRIBUTE:,} bytes; expected a word")
    if kind.kind == "O" and _text_kind(kind) is None:
        raise InputError(f"{place(node)}: its attribute {name} is a reference; expected a word or numbers")
    value = node.attrs[name]
    if isinstance(value, (bytes, str)):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if len(text) > MAX_LABEL:
            raise InputError(
                f"{place(node)}: its attribute {name} has {len(text):,} characters; expected at most {MAX_LABEL:,}"
            )
        return text
    if np.asarray(value).dtype.kind not in _NUMBERS:
        raise InputError(f"{place(node)}: its attribute {name} holds {kind}; expected a word or numbers")
    return value


def is_text(dataset: Any) -> bool:
    """Whether the cells of a dataset are text, of fixed or of any length."""
    return dataset.dtype.kind == "S" or _text_kind(dataset.dtype) is not None


def numbers(dataset: Any, rows: slice) -> np.ndarray:
    """Some rows of a dataset of numbers.

    Raises
    ------
    InputError
        If it does not hold numbers.
    """
    if is_group(dataset) or dataset.dtype.kind not in _NUMBERS:
        found = "a group" if is_group(dataset) else f"cells of type {shown(str(dataset.dtype))}"
        raise InputError(f"{place(dataset)}: {found}, expected numbers; write it again with anndata")
    return np.asarray(dataset[rows])


def texts(dataset: Any, rows: slice) -> list[str]:
    """Some texts of a dataset with one axis, each a name or a word.

    Raises
    ------
    InputError
        For one that is too long, or no UTF-8.
    """
    if len(dataset.shape) != 1:
        raise InputError(f"{place(dataset)}: {len(dataset.shape)} axes, expected one")
    if dataset.dtype.kind == "S" and dataset.dtype.itemsize > 4 * MAX_LABEL:
        raise InputError(
            f"{place(dataset)}: texts of {dataset.dtype.itemsize:,} bytes, expected at most {MAX_LABEL:,} characters"
        )
    start, stop, _ = rows.indices(dataset.shape[0])
    out: list[str] = []
    for first in range(start, stop, AT_ONCE):
        for row, cell in enumerate(dataset[first : min(first + AT_ONCE, stop)].tolist(), start=first):
            if len(cell) > MAX_LABEL:
                raise InputError(
                    f"{place(dataset)}: row {row + 1:,}: a text of {len(cell):,} characters, expected at most "
                    f"{MAX_LABEL:,}"
                )
            try:
                out.append(cell.decode("utf-8") if isinstance(cell, bytes) else str(cell))
            except UnicodeDecodeError:
                raise InputError(
                    f"{place(dataset)}: row {row + 1:,}: text that is not UTF-8; write it again with anndata"
                ) from None
    return out


def place(node: Any) -> str:
    """The file of a part, and where it stands in it, for messages."""
    name = (node.name or "a part without a name").lstrip("/")
    return f"{node.file.filename}: {shown(name)}" if name else str(node.file.filename)


def shown(text: str) -> str:
    """A name cut to what a line can show."""
    return text if len(text) <= 60 else f"{text[:60]}..."


def _text_kind(kind: np.dtype) -> Any:
    import h5py

    return h5py.check_string_dtype(kind)


def _check_size(where: str, node: Any) -> None:
    """Whether the cells declared can be in the file, packed as they may be."""
    if node.shape is None:
        return
    cells = int(np.prod(node.shape, dtype=object))
    size = cells * node.dtype.itemsize
    if size > FREE_UNPACKED and size > MAX_RATIO * Path(str(node.file.filename)).stat().st_size:
        raise InputError(
            f"{where}: declares {' x '.join(f'{n:,}' for n in node.shape)} cells, more than {MAX_RATIO} times the "
            "size of "
            "the file; expected cells that are stored; get the file anew, or write it again with anndata"
        )
