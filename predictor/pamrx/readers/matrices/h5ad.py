"""AnnData files (`.h5ad`), read with h5py by the encodings that their writers note: whole, or some rows at a time.

Dense arrays and sparse matrices by rows (CSR) or columns (CSC), `.raw` and layers; columns of `obs` and `var` as text,
nullable text, numbers or categories, as anndata 0.7 to 0.13 write them
(https://anndata.readthedocs.io/en/latest/fileformat-prose.html).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pamrx.errors import InputError, PamrxError, did_you_mean
from pamrx.identifiers.genes import clean_labels, recognised, unrecognised_message
from pamrx.identifiers.vocabulary import SAID, translate
from pamrx.readers.sample_table import undescribed
from pamrx.readers.text.files import LAYER, PathLike, check_file

RAW = "raw"
"""`FILE.h5ad::raw` names the matrix of `.raw`, which has genes of its own."""

_PEEK = 100  # rows by which counts are told from logarithms


def is_h5ad(file: Path) -> bool:
    """Whether the file's ending says AnnData."""
    return file.suffix.lower() == ".h5ad"


def read_annotations(path: PathLike, known: Collection[str]) -> tuple[pd.DataFrame | None, list[str]]:
    """What `obs` says of the samples: tissue, sample_type, msi, sequenced, as `read_samples` gives them.

    Its words are those of the file's author, so that one outside the vocabulary is unknown and no error.

    Returns
    -------
    The table, None where `obs` has none of these columns; and one sentence for each column with unknown words.

    Raises
    ------
    PamrxError
        As `opened`.
    """
    with opened(path, known) as data:
        table = undescribed(data.samples)
        columns = {name: data.annotation(name, slice(None)) for name in table.columns}
        source = f"{data.file}: obs"
    present = {name: cells for name, cells in columns.items() if cells is not None}
    if not present:
        return None, []
    notes = [f"{source}: {len(table)} samples described: {', '.join(present)}"]
    for name, cells in present.items():
        words, unknown = translate(name, cells)
        table[name] = words
        if unknown:
            first = str(cells[next(iter(unknown))])
            notes.append(f"{source}: no {name} known by {len(unknown)} cells, such as '{first}': left unknown")
    table["sequenced"] = [SAID.get(word) for word in table["sequenced"]]
    return table.astype(object), notes


def read_h5ad(path: PathLike, known: Collection[str], notes: list[str]) -> pd.DataFrame:
    """Samples (`obs_names`) x labels of genes (`var_names`, or the column of `var` that names most genes), float64.

    Parameters
    ----------
    path : `FILE.h5ad` for X, or for the only layer where there is no X; `FILE.h5ad::LAYER` for one of several, and
        `FILE.h5ad::raw` for the matrix of `.raw`.
    known : symbols by which gene names are recognised.
    notes : gets what was read.

    Raises
    ------
    PamrxError
        As `opened`, and if a value is +Inf; -Inf is left to the unit.
    """
    with opened(path, known) as data:
        labels = data.labels
        values = data.rows(0, len(data.samples), data.places)
        if np.isposinf(values).any():
            row, place = np.argwhere(np.isposinf(values))[0]
            raise InputError(
                f"{data.file}: {data.part}, sample {data.samples[row]}, gene {labels[place]}: found an infinite value"
            )
        notes.append(data.note)
        return pd.DataFrame(values, pd.Index(data.samples, dtype=object), pd.Index(labels, dtype=object))


@contextmanager
def opened(path: PathLike, known: Collection[str]) -> Iterator[H5ad]:
    """An AnnData file while the context is open.

    Raises
    ------
    PamrxError
        If h5py is not installed, the file is damaged, is not AnnData or has no such layer, no gene is recognised, or a
        sample is repeated or missing.
    """
    file = check_file(path)
    wanted = LAYER.search(str(path))
    try:
        import h5py
    except ModuleNotFoundError:
        raise InputError(f"{file}: reading .h5ad needs the package 'h5py'; run: pip install 'pamrx[anndata]'") from None
    try:
        with h5py.File(file, "r") as root:
            yield H5ad(file, root, known, wanted[2] if wanted else None)
    except PamrxError:
        raise
    except (OSError, KeyError, ValueError, TypeError, IndexError, RuntimeError, AttributeError) as error:
        # h5py raises any of these for a file that is damaged, or whose parts are not what its attributes say.
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise InputError(f"{file}: not an AnnData file, or a damaged one ({reason})") from None


class H5ad:
    """An open AnnData file.

    Attributes
    ----------
    file : its path.
    part : which matrix is read, such as `X` or `layer tpm`.
    samples : names in `obs`.
    width : columns of the matrix.
    """

    def __init__(self, file: Path, root: Any, known: Collection[str], layer: str | None) -> None:
        for name in ("obs", "var"):
            if name not in root:
                raise InputError(f"{file}: no {name} in it; expected an AnnData file with X, obs and var")
            if not hasattr(root[name], "keys"):
                raise InputError(
                    f"{file}: {name} is stored as anndata before 0.7 did; read and write it again with a newer anndata"
                )
        self.file, self._root, self._known = file, root, known
        self._matrix, self.part = _matrix_of(file, root, layer)
        self.samples = [name.strip() for name in _texts(_index(root["obs"]))]
        self._check_samples()
        self._var = root[RAW]["var"] if self.part == RAW else root["var"]
        self.width = len(_index(self._var))
        shape = _shape(self._matrix)
        if shape != (len(self.samples), self.width):
            raise InputError(
                f"{file}: {self.part} is {shape[0]} x {shape[1]}, expected {len(self.samples)} samples x {self.width} "
                "genes as in obs and var; the file may be damaged"
            )

    @cached_property
    def _genes(self) -> tuple[list[str], str]:
        # Telling which column of `var` names genes takes longer than reading the rows of a chunk, which need not know.
        return _labels(self.file, self._var, self.samples, self._known)

    @property
    def note(self) -> str:
        """One sentence on what is read."""
        return f"{self.file}: AnnData, {self.part}, genes by {self._genes[1]}{self._logarithms()}"

    @property
    def layers(self) -> list[str]:
        """Names of the layers."""
        return _layers(self._root)

    @property
    def has_raw(self) -> bool:
        """Whether there is a matrix in `.raw`."""
        return RAW in self._root and "X" in self._root[RAW]

    @property
    def places(self) -> list[int]:
        """The columns of the matrix whose genes have a label."""
        return [place for place, label in enumerate(self._genes[0]) if label]

    @property
    def labels(self) -> list[str]:
        """Clean labels of the genes at `places`."""
        return [label for label in self._genes[0] if label]

    def rows(self, start: int, stop: int, places: Sequence[int]) -> np.ndarray:
        """(stop - start, len(places)) float64: the columns at `places` of some rows of the matrix."""
        values = _rows(self.file, self._matrix, start, stop, self.width)
        return values if list(places) == list(range(self.width)) else values[:, list(places)]

    def annotation(self, name: str, rows: slice) -> list[Any] | None:
        """Some cells of a column of `obs`, None where there is no such column."""
        return _column(self._root["obs"][name], rows) if name in self._root["obs"] else None

    @property
    def size_by_columns(self) -> int:
        """Stored values of a matrix by columns (CSC), which is read whole; 0 of any other."""
        return int(self._matrix["data"].shape[0]) if _encoding(self._matrix) == "csc_matrix" else 0

    def _logarithms(self) -> str:
        """Which logarithms X or `.raw` holds by the mark that `scanpy.pp.log1p` leaves, unless it holds counts."""
        if self.part not in ("X", RAW) or "uns" not in self._root or "log1p" not in self._root["uns"]:
            return ""
        if not (_rows(self.file, self._matrix, 0, min(len(self.samples), _PEEK), self.width) % 1).any():
            return ""
        mark = self._root["uns"]["log1p"]
        base = mark["base"] if hasattr(mark, "keys") and "base" in mark else None
        kind = "natural logarithms"
        if base is not None and _encoding(base) != "null" and base.shape == ():
            kind = f"logarithms to base {float(base[()]):g}"
        return f", {kind} by uns['log1p'] (genes rank alike in any base)"

    def _check_samples(self) -> None:
        if not self.samples:
            raise InputError(f"{self.file}: no sample in it; expected at least one")
        unique, counts = np.unique(self.samples, return_counts=True)
        if (counts > 1).any():
            raise InputError(
                f"{self.file}: sample {unique[counts > 1][0]} stands more than once in obs_names; expected each sample "
                "once"
            )


def _matrix_of(file: Path, root: Any, layer: str | None) -> tuple[Any, str]:
    layers = _layers(root)
    if layer is not None:
        if layer in layers:
            return root["layers"][layer], f"layer {layer}"
        if layer == RAW and RAW in root:
            return root[RAW]["X"], RAW
        there = f"the layers are {', '.join(layers)}" if layers else "there is none"
        raise InputError(f"{file}: no layer '{layer}'; {there}{did_you_mean(layer, layers)}")
    if "X" in root and _encoding(root["X"]) != "null":
        return root["X"], "X"
    if len(layers) != 1:
        named = f"name one of {', '.join(layers)} as {file.name}::LAYER" if layers else "expected X or a layer"
        raise InputError(f"{file}: X is empty; {named}")
    return root["layers"][layers[0]], f"layer {layers[0]} (X is empty)"


def _layers(root: Any) -> list[str]:
    return list(root["layers"]) if "layers" in root else []


def _labels(file: Path, var: Any, samples: list[str], known: Collection[str]) -> tuple[list[str], str]:
    choices = {"var_names": clean_labels(_texts(_index(var)))}
    for name in var:
        if name == _index_name(var):
            continue
        column = _column(var[name], slice(None))
        if column and any(isinstance(cell, str) for cell in column):
            choices[f"var['{name}']"] = clean_labels(column)
    hits = {name: len(recognised(labels, known)) for name, labels in choices.items()}
    best = max(hits, key=lambda name: hits[name])  # the first of equals: var_names
    if hits[best]:
        return choices[best], best
    turned = recognised(clean_labels(samples), known)
    advice = "; obs_names hold genes: transpose it (adata.T), AnnData keeps samples in obs" if turned else ""
    raise InputError(f"{file}: var_names: {unrecognised_message(choices['var_names'], known, False)}{advice}")


def _index_name(axis: Any) -> str:
    return _text(axis.attrs.get("_index", "_index"))


def _index(axis: Any) -> list[Any]:
    return _column(axis[_index_name(axis)], slice(None))


def _encoding(node: Any) -> str:
    word = _text(node.attrs.get("encoding-type", ""))
    if hasattr(node, "keys") and word not in ("csr_matrix", "csc_matrix"):
        # Before anndata 0.7 sparse matrices were marked otherwise.
        return {"csr": "csr_matrix", "csc": "csc_matrix"}.get(_text(node.attrs.get("h5sparse_format", "")), word)
    return word


def _shape(node: Any) -> tuple[int, ...]:
    if not hasattr(node, "keys"):
        return tuple(node.shape)
    return tuple(int(size) for size in node.attrs.get("shape", node.attrs.get("h5sparse_shape")))


def _column(node: Any, rows: slice) -> list[Any]:
    """Some values of a column of obs or var: text, numbers, or None where missing."""
    if not hasattr(node, "keys"):
        return _plain(node[rows])
    if "codes" in node:
        words = [*_column(node["categories"], slice(None)), None]
        codes = np.asarray(node["codes"][rows])
        if codes.size and not -1 <= codes.min() <= codes.max() < len(words) - 1:
            raise InputError(
                f"{node.file.filename}: column {node.name}: a code without its category; the file is damaged"
            )
        return [words[code] for code in codes]
    values, mask = _plain(node["values"][rows]), node["mask"][rows]
    return [None if missing else value for value, missing in zip(values, mask, strict=True)]


def _plain(values: Any) -> list[Any]:
    return [_text(value) if isinstance(value, (bytes, str)) else value for value in np.asarray(values).tolist()]


def _texts(values: list[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _rows(file: Path, node: Any, start: int, stop: int, width: int) -> np.ndarray:
    """(stop - start, width) float64 of a matrix."""
    if not hasattr(node, "keys"):
        return np.asarray(node[start:stop], dtype=np.float64)
    if _encoding(node) == "csc_matrix":
        now = file.stat()
        result: np.ndarray = _by_rows(file, node.name, now.st_mtime_ns, now.st_size)[start:stop].toarray()
        return result
    if _encoding(node) != "csr_matrix":
        raise InputError(f"{file}: {node.name} is stored as '{_encoding(node)}'; expected an array, CSR or CSC")
    pointers = np.asarray(node["indptr"][start : stop + 1])
    first, last = int(pointers[0]), int(pointers[-1])
    columns = np.asarray(node["indices"][first:last])
    sizes = np.diff(pointers)
    if (
        (sizes < 0).any()
        or len(columns) != last - first
        or (columns.size and not 0 <= columns.min() <= columns.max() < width)
    ):
        raise InputError(f"{file}: {node.name}: an index lies outside the matrix; the file is damaged")
    out = np.zeros((stop - start, width))
    out[np.repeat(np.arange(stop - start), sizes), columns] = node["data"][first:last]
    return out


@lru_cache(maxsize=1)
def _by_rows(file: Path, name: str, _changed: int, _size: int) -> Any:
    """A matrix stored by columns, as scipy's CSR: read once, since rows of it are spread over the whole file."""
    import h5py
    from scipy import sparse

    with h5py.File(file, "r") as root:
        node = root[name]
        parts = (np.asarray(node[part][:]) for part in ("data", "indices", "indptr"))
        matrix = sparse.csc_matrix(tuple(parts), shape=_shape(node), dtype=np.float64)
    matrix.check_format(full_check=True)
    return matrix.tocsr()
