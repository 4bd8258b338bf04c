"""AnnData files (`.h5ad`), read with h5py by the encodings that their writers note: whole, or some rows at a time.

Dense arrays and sparse matrices by rows (CSR) or columns (CSC), `.raw` and layers; columns of `obs` and `var` as text,
nullable text, numbers or categories, as anndata 0.7 to 0.13 write them
(https://anndata.readthedocs.io/en/latest/fileformat-prose.html).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pamrx.display import first_few
from pamrx.errors import InputError, did_you_mean
from pamrx.identifiers.genes import clean_labels, recognised, unrecognised_message
from pamrx.identifiers.vocabulary import SAID, translate
from pamrx.readers.boundary import FREE_UNPACKED, MAX_RATIO, boundary
from pamrx.readers.matrices import hdf5
from pamrx.readers.matrices.h5ad_columns import column, encoding, index, index_name, words_of
from pamrx.readers.matrices.h5ad_matrix import check_matrix, check_samples, rows_at_once, rows_of, shape_of, stored
from pamrx.readers.matrices.hdf5_heap import check_heaps
from pamrx.readers.parquet_file import MAX_CELLS, demand_regular
from pamrx.readers.sample_table import undescribed
from pamrx.readers.text.files import LAYER, PathLike, check_file, plain_file

RAW = "raw"
"""`FILE.h5ad::raw` names the matrix of `.raw`, which has genes of its own."""

EXPECTED = "an AnnData file"
MAX_GENES = 2_000_000
"""Columns of a matrix; the peaks of chromatin in a file of many assays are about a million."""

_PEEK = 100  # rows by which counts are told from logarithms
_CHUNK_CACHE = 32_000_000  # bytes: names are read a few at a time from chunks of that size at most


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
        data.check_whole()
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
    demand_regular(plain_file(path), EXPECTED)
    file = check_file(path)
    wanted = LAYER.search(str(path))
    try:
        import h5py
    except ModuleNotFoundError:
        raise InputError(f"{file}: reading .h5ad needs the package 'h5py'; run: pip install 'pamrx[anndata]'") from None
    # Of a file that is damaged, or whose parts are not what its attributes say, h5py raises errors of many kinds.
    check_heaps(file)
    with boundary(file, EXPECTED), _root(file, h5py) as root:
        yield H5ad(file, root, known, wanted[2] if wanted else None)


def _root(file: Path, h5py: Any) -> Any:
    try:
        return h5py.File(file, "r", rdcc_nbytes=_CHUNK_CACHE)
    except OSError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise InputError(
            f"{file}: not an AnnData file, or a damaged one ({reason}); get the file anew, or write it again with "
            "anndata"
        ) from None


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
            if not hdf5.has(root, name):
                raise InputError(f"{file}: no {name} in it; expected an AnnData file with X, obs and var")
            if not hdf5.is_group(hdf5.part(root, name)):
                raise InputError(
                    f"{file}: {name} is stored as anndata before 0.7 did; read and write it again with a newer anndata"
                )
        self.file, self._root, self._known = file, root, known
        self._matrix, self.part = _matrix_of(file, root, layer)
        check_samples(file, self._matrix)
        self.samples = [name.strip() for name in _texts(index(hdf5.part(root, "obs")))]
        self._check_samples()
        self._var = hdf5.part(hdf5.part(root, RAW) if self.part == RAW else root, "var")
        self.width = len(index(self._var))
        shape = shape_of(self._matrix)
        if len(shape) != 2:
            raise InputError(f"{file}: {self.part} has {len(shape)} axes, expected samples x genes")
        if shape != (len(self.samples), self.width):
            raise InputError(
                f"{file}: {self.part} is {shape[0]} x {shape[1]}, expected {len(self.samples)} samples x {self.width} "
                "genes as in obs and var; the file may be damaged"
            )
        if self.width > MAX_GENES:
            raise InputError(f"{file}: {self.part} has {self.width:,} columns; expected at most {MAX_GENES:,} genes")
        check_matrix(self._matrix)

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
        return hdf5.has(self._root, RAW) and hdf5.has(hdf5.part(self._root, RAW), "X")

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
        return rows_of(self.file, self._matrix, start, stop, places, self.width)

    def at_once(self, most: int) -> int:
        """How many rows, `most` or less, are looked at together."""
        return min(most, rows_at_once(self.width))

    def annotation(self, name: str, rows: slice) -> list[Any] | None:
        """Some cells of a column of `obs`, None where there is no such column."""
        obs = hdf5.part(self._root, "obs")
        if not hdf5.has(obs, name):
            return None
        cells, expected = column(hdf5.part(obs, name), rows), len(self.samples[rows])
        if len(cells) != expected:
            raise InputError(
                f"{self.file}: obs/{name} has {len(cells):,} cells for {expected:,} samples; the file is damaged"
            )
        return cells

    @property
    def size_by_columns(self) -> int:
        """Stored values of a matrix by columns (CSC), which is read whole; 0 of any other."""
        return stored(self._matrix) if encoding(self._matrix) == "csc_matrix" else 0

    def check_whole(self) -> None:
        """Whether the matrix may be read whole.

        Raises
        ------
        InputError
            If it has more cells than that, or far more than the file can hold; for a sample without a name.
        """
        rows, cells = len(self.samples), len(self.samples) * self.width
        if cells > MAX_CELLS or 8 * cells > max(FREE_UNPACKED, MAX_RATIO * self.file.stat().st_size):
            raise InputError(
                f"{self.file}: {self.part} has {rows:,} x {self.width:,} cells, more than is read whole; expected "
                "at most "
                f"{MAX_CELLS:,}, and less than {MAX_RATIO} times the size of the file; score it as a cohort (`pamrx "
                "score`), or give fewer samples"
            )
        if "" in self.samples:
            row = self.samples.index("") + 1
            raise InputError(f"{self.file}: obs_names: row {row:,} is empty; expected a name for each sample")

    def _logarithms(self) -> str:
        """Which logarithms X or `.raw` holds by the mark that `scanpy.pp.log1p` leaves, unless it holds counts."""
        if self.part not in ("X", RAW) or not hdf5.has(self._root, "uns"):
            return ""
        uns = hdf5.part(self._root, "uns")
        if not hdf5.is_group(uns) or not hdf5.has(uns, "log1p"):
            return ""
        if not (self.rows(0, min(len(self.samples), _PEEK), range(self.width)) % 1).any():
            return ""
        mark = hdf5.part(uns, "log1p")
        base = hdf5.part(mark, "base") if hdf5.is_group(mark) and hdf5.has(mark, "base") else None
        kind = "natural logarithms"
        if base is not None and encoding(base) != "null" and not hdf5.is_group(base) and base.shape == ():
            kind = f"logarithms to base {float(base[()]):g}"
        return f", {kind} by uns['log1p'] (genes rank alike in any base)"

    def _check_samples(self) -> None:
        if not self.samples:
            raise InputError(f"{self.file}: no sample in it; expected at least one")
        named = [name for name in self.samples if name]
        if len(set(named)) < len(named):
            twice = min(name for name, count in Counter(named).items() if count > 1)
            raise InputError(
                f"{self.file}: sample {hdf5.shown(twice)} stands more than once in obs_names; expected each sample once"
            )


def _matrix_of(file: Path, root: Any, layer: str | None) -> tuple[Any, str]:
    layers = _layers(root)
    if layer is not None:
        if layer in layers:
            return hdf5.part(hdf5.part(root, "layers"), layer), f"layer {layer}"
        if layer == RAW and hdf5.has(root, RAW):
            return hdf5.part(hdf5.part(root, RAW), "X"), RAW
        there = f"the layers are {first_few(layers, 10)}" if layers else "there is none"
        raise InputError(f"{file}: no layer '{layer}'; {there}{did_you_mean(layer, layers)}")
    if hdf5.has(root, "X"):
        whole = hdf5.part(root, "X")
        if encoding(whole) != "null":
            return whole, "X"
    if len(layers) != 1:
        named = f"name one of {first_few(layers, 10)} as {file.name}::LAYER" if layers else "expected X or a layer"
        raise InputError(f"{file}: X is empty; {named}")
    return hdf5.part(hdf5.part(root, "layers"), layers[0]), f"layer {hdf5.shown(layers[0])} (X is empty)"


def _layers(root: Any) -> list[str]:
    return hdf5.names_in(hdf5.part(root, "layers")) if hdf5.has(root, "layers") else []


def _labels(file: Path, var: Any, samples: list[str], known: Collection[str]) -> tuple[list[str], str]:
    choices = {"var_names": clean_labels(_texts(index(var)))}
    size = len(choices["var_names"])
    for name in hdf5.names_in(var):
        if name == index_name(var):
            continue
        words = words_of(hdf5.part(var, name))
        if words and any(isinstance(cell, str) for cell in words):
            if len(words) != size:
                raise InputError(
                    f"{file}: var['{hdf5.shown(name)}'] has {len(words):,} cells, expected {size:,} as there are "
                    "genes; the "
                    "file is damaged"
                )
            choices[f"var['{hdf5.shown(name)}']"] = clean_labels(words)
    hits = {name: len(recognised(labels, known)) for name, labels in choices.items()}
    best = max(hits, key=lambda name: hits[name])  # the first of equals: var_names
    if hits[best]:
        return choices[best], best
    turned = recognised(clean_labels(samples), known)
    advice = "; obs_names hold genes: transpose it (adata.T), AnnData keeps samples in obs" if turned else ""
    raise InputError(f"{file}: var_names: {unrecognised_message(choices['var_names'], known, False)}{advice}")


def _texts(values: list[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in values]
