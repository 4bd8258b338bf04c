"""Columns of `obs` and `var` of an AnnData file: text, nullable text, numbers or categories."""

from __future__ import annotations

from typing import Any

import numpy as np

from pamrx.errors import InputError
from pamrx.readers.matrices import hdf5

_DEEP = 2  # categories of a column may be nullable text, and no further groups


def index_name(axis: Any) -> str:
    """The name of the column with the names of `obs` or `var`."""
    return str(hdf5.attribute(axis, "_index", "_index"))


def index(axis: Any) -> list[Any]:
    """The names in `obs` or `var`.

    Raises
    ------
    InputError
        If there are none, or no names; as `column`.
    """
    name = index_name(axis)
    if not hdf5.has(axis, name):
        raise InputError(
            f"{hdf5.place(axis)}: no column '{hdf5.shown(name)}', which its attribute _index says holds the "
            "names; expected "
            "an AnnData file; write it again with anndata"
        )
    return column(hdf5.part(axis, name), slice(None))


def encoding(node: Any) -> str:
    """The word by which the writer marked how a part is stored."""
    word = str(hdf5.attribute(node, "encoding-type", ""))
    if hdf5.is_group(node) and word not in ("csr_matrix", "csc_matrix"):
        # Before anndata 0.7 sparse matrices were marked otherwise.
        older = str(hdf5.attribute(node, "h5sparse_format", ""))
        return {"csr": "csr_matrix", "csc": "csc_matrix"}.get(older, word)
    return word


def column(node: Any, rows: slice, depth: int = 0) -> list[Any]:
    """Some values of a column: text, numbers, or None where missing.

    Raises
    ------
    InputError
        For cells of another type, a text that is too long, or a category that is not there.
    """
    if not hdf5.is_group(node):
        if hdf5.is_text(node):
            return hdf5.texts(node, rows)
        cells = hdf5.numbers(node, rows)
        if cells.ndim != 1:
            raise InputError(f"{hdf5.place(node)}: {cells.ndim} axes, expected one")
        return list(cells.tolist())
    if depth >= _DEEP:
        raise InputError(f"{hdf5.place(node)}: a group, expected the words of a column; write it again with anndata")
    if hdf5.has(node, "codes"):
        return _categories(node, rows, depth)
    values = column(hdf5.part(node, "values"), rows, depth + 1)
    mask = hdf5.numbers(hdf5.part(node, "mask"), rows)
    if mask.shape != (len(values),):
        raise InputError(f"{hdf5.place(node)}: {len(values)} values and a mask of {mask.size}; the file is damaged")
    return [None if missing else value for value, missing in zip(values, mask, strict=True)]


def words_of(node: Any) -> list[Any] | None:
    """All cells of a column that holds text; None for one of numbers, or of a kind that holds none."""
    if hdf5.is_group(node):
        if not (hdf5.has(node, "codes") or hdf5.has(node, "values")):
            return None
        held = hdf5.part(node, "categories" if hdf5.has(node, "codes") else "values")
        if not hdf5.is_group(held) and not hdf5.is_text(held):
            return None
    elif not hdf5.is_text(node):
        return None
    return column(node, slice(None))


def _categories(node: Any, rows: slice, depth: int) -> list[Any]:
    words = [*column(hdf5.part(node, "categories"), slice(None), depth + 1), None]
    codes = hdf5.numbers(hdf5.part(node, "codes"), rows)
    if codes.ndim != 1 or codes.dtype.kind not in "iu":
        raise InputError(f"{hdf5.place(node)}: codes of type {codes.dtype}, expected whole numbers in one axis")
    wrong = np.flatnonzero((codes < -1) | (codes >= len(words) - 1))
    if wrong.size:
        row = (rows.start or 0) + int(wrong[0]) + 1
        raise InputError(
            f"{hdf5.place(node)}: row {row:,}: code {codes[wrong[0]]} found, a code without its category; "
            "expected -1 to "
            f"{len(words) - 2}; the file is damaged"
        )
    return [words[code] for code in codes]
