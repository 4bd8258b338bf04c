"""The matrix of an AnnData file, some rows of it at a time: dense, sparse by rows (CSR) or by columns (CSC)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pamrx.errors import InputError
from pamrx.readers.matrices import hdf5
from pamrx.readers.matrices.h5ad_columns import encoding

CELLS_AT_ONCE = 60_000_000
"""Cells that are unpacked at a time: a thousand rows of the widest matrix of genes."""

FREE_SAMPLES, BYTES_PER_SAMPLE = 100_000, 12
"""Samples above which a file has so many bytes for each at least: a barcode packs to 4, a measured value to 1 or more,
and a cell of a single-cell file has hundreds of values."""

_SPARSE = ("csr_matrix", "csc_matrix")


def shape_of(node: Any) -> tuple[int, ...]:
    """Rows and columns that a matrix declares.

    Raises
    ------
    InputError
        If it declares none.
    """
    if not hdf5.is_group(node):
        return tuple(node.shape or ())
    given = hdf5.attribute(node, "shape", hdf5.attribute(node, "h5sparse_shape"))
    sizes = np.asarray([] if given is None or isinstance(given, str) else given)
    if sizes.shape != (2,) or sizes.dtype.kind not in "iu":
        raise InputError(
            f"{hdf5.place(node)}: its attribute shape is not two whole numbers; write it again with anndata"
        )
    return tuple(int(size) for size in sizes)


def check_matrix(node: Any) -> None:
    """Whether the parts of a matrix fit together, as far as their sizes tell.

    Raises
    ------
    InputError
        If not; or for a matrix that is stored in another way.
    """
    if not hdf5.is_group(node):
        hdf5.numbers(node, slice(0, 0))
        return
    form = encoding(node)
    if form not in _SPARSE:
        raise InputError(f"{hdf5.place(node)}: is stored as '{hdf5.shown(form)}'; expected an array, CSR or CSC")
    major = shape_of(node)[0 if form == "csr_matrix" else 1]
    sizes = {name: hdf5.part(node, name).shape for name in ("data", "indices", "indptr")}
    if sizes["indptr"] != (major + 1,):
        raise InputError(
            f"{hdf5.place(node)}: indptr has the shape {sizes['indptr']}, expected {major + 1:,} for the shape "
            "declared; "
            "the file is damaged"
        )
    if sizes["data"] != sizes["indices"] or len(sizes["data"]) != 1:
        raise InputError(
            f"{hdf5.place(node)}: {sizes['data']} values and {sizes['indices']} indices; expected as many of "
            "both; the file "
            "is damaged"
        )


def check_samples(file: Path, node: Any) -> None:
    """Whether samples may hold anything, before the name of any is read.

    Raises
    ------
    InputError
        For more than `FREE_SAMPLES`, if the file is too small for them, or a sparse matrix has fewer values than they.
    """
    samples, size = (shape_of(node) or (0,))[0], file.stat().st_size
    if samples <= FREE_SAMPLES:
        return
    if size < BYTES_PER_SAMPLE * samples or (encoding(node) in _SPARSE and stored(node) < samples):
        values = f" and {stored(node):,} stored values" if encoding(node) in _SPARSE else ""
        raise InputError(
            f"{file}: {samples:,} samples in {size:,} bytes{values}: most samples have no value; leave those out "
            "(adata[adata.X.getnnz(axis=1) > 0]) and write the file again"
        )


def stored(node: Any) -> int:
    """Stored values of a sparse matrix; 0 of any other."""
    return int(hdf5.part(node, "data").shape[0]) if hdf5.is_group(node) else 0


def rows_of(file: Path, node: Any, start: int, stop: int, places: Sequence[int], width: int) -> np.ndarray:
    """(stop - start, len(places)) float64: the columns at `places` of some rows of a matrix of `width` columns.

    Raises
    ------
    InputError
        If the parts of a sparse matrix do not fit together.
    """
    step = rows_at_once(width)
    if stop - start <= step:
        return _some(file, node, start, stop, places, width)
    out = np.empty((stop - start, len(places)))
    for first in range(start, stop, step):
        last = min(first + step, stop)
        out[first - start : last - start] = _some(file, node, first, last, places, width)
    return out


def rows_at_once(width: int) -> int:
    """How many rows of so many columns are unpacked at a time."""
    return max(1, CELLS_AT_ONCE // max(1, width))


def _some(file: Path, node: Any, start: int, stop: int, places: Sequence[int], width: int) -> np.ndarray:
    if not hdf5.is_group(node):
        values = hdf5.numbers(node, slice(start, stop)).astype(np.float64, copy=False)
    elif encoding(node) == "csc_matrix":
        now = file.stat()
        values = _by_rows(file, node.name, now.st_mtime_ns, now.st_size)[start:stop].toarray()
    else:
        values = _from_csr(node, start, stop, width)
    whole = len(places) == width and list(places) == list(range(width))
    return values if whole else values[:, list(places)]


def _from_csr(node: Any, start: int, stop: int, width: int) -> np.ndarray:
    pointers = _whole(hdf5.part(node, "indptr"), slice(start, stop + 1))
    sizes = np.diff(pointers)
    indices = hdf5.part(node, "indices")
    wrong = (sizes < 0) | (sizes > width) | (pointers[:-1] < 0) | (pointers[1:] > indices.shape[0])
    if wrong.any():
        row = start + int(np.argmax(wrong)) + 1
        raise InputError(
            f"{hdf5.place(node)}: row {row:,}: indptr does not rise from 0 to the end; the file is damaged"
        )
    first, last = int(pointers[0]), int(pointers[-1])
    columns = _whole(indices, slice(first, last))
    owners = np.repeat(np.arange(stop - start), sizes)
    outside = (columns < 0) | (columns >= width)
    if outside.any():
        place = int(np.argmax(outside))
        raise InputError(
            f"{hdf5.place(node)}: row {start + int(owners[place]) + 1:,}: an index lies outside the matrix (found "
            f"{columns[place]}, expected 0 to {width - 1}); the file is damaged"
        )
    out = np.zeros((stop - start, width))
    data = hdf5.numbers(hdf5.part(node, "data"), slice(first, last))
    if ((np.diff(columns) <= 0) & (np.diff(owners) == 0)).any():
        np.add.at(out, (owners, columns), data)  # a cell may be stored in several parts, whose sum it is
    else:
        out[owners, columns] = data
    return out


def _whole(dataset: Any, rows: slice) -> np.ndarray:
    found = hdf5.numbers(dataset, rows)
    if found.dtype.kind not in "iu":
        raise InputError(f"{hdf5.place(dataset)}: cells of type {found.dtype}, expected whole numbers")
    return found.astype(np.int64)


@lru_cache(maxsize=1)
def _by_rows(file: Path, name: str, _changed: int, _size: int) -> Any:
    """A matrix stored by columns, as scipy's CSR: read once, since rows of it are spread over the whole file."""
    import h5py
    from scipy import sparse

    with h5py.File(file, "r") as root:
        node = root
        for step in name.strip("/").split("/"):
            node = hdf5.part(node, step)
        indptr, indices = (_whole(hdf5.part(node, part), slice(None)) for part in ("indptr", "indices"))
        rows, columns = shape_of(node)
        if indptr[0] != 0 or indptr[-1] != len(indices) or (np.diff(indptr) < 0).any():
            raise InputError(f"{hdf5.place(node)}: indptr does not rise from 0 to the end; the file is damaged")
        if len(indices) and not 0 <= indices.min() <= indices.max() < rows:
            raise InputError(f"{hdf5.place(node)}: an index lies outside the matrix; the file is damaged")
        data = hdf5.numbers(hdf5.part(node, "data"), slice(None)).astype(np.float64, copy=False)
        matrix = sparse.csc_matrix((data, indices, indptr), shape=(rows, columns))
    return matrix.tocsr()
