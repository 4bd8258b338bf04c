"""An AnnData file on disk: cells or samples in rows of X, read a part at a time with h5py."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pamrx.cohort.assembled import assembled
from pamrx.cohort.chunks import Part, Read, in_runs
from pamrx.cohort.fingerprints import fingerprint
from pamrx.cohort.levels import HEAD_ROWS, LOG_SCALE, Block, check_unit, scale_note, told_scale
from pamrx.cohort.mutations import Beside
from pamrx.errors import PamrxError
from pamrx.identifiers.genes import clean_labels, default_genes, recognised, unrecognised_message
from pamrx.profiles.profiles import SAMPLE_COLUMNS

if TYPE_CHECKING:
    import h5py

KIND = "expression"


@dataclass(frozen=True)
class H5adCohort:
    """An opened file; X dense or as rows of a sparse matrix (CSR)."""

    path: Path
    files: dict[str, str]
    size: int
    block: Block
    columns: tuple[int, ...]
    scales: dict[str, str]
    beside: Beside | None
    assessed: frozenset[str] | None
    told: tuple[str, ...]
    memory: int = 0

    def narrowed(self, genes: Mapping[str, Collection[str]]) -> H5adCohort:
        places = self.block.places_of(genes.get(KIND))
        return replace(self, block=self.block.at(places), columns=tuple(self.columns[place] for place in places))

    def tasks(self) -> list[list[Part]]:
        whole = in_runs([(self.path.name, 0, self.size)])
        return [[part] for part in whole[0]]

    def read(self, task: Sequence[Part]) -> Iterator[tuple[Part, Read]]:
        with _opened(self.path) as file:
            for part in task:
                yield part, self._part(file, part)

    def _part(self, file: h5py.File, part: Part) -> Read:
        rows = slice(part.start, part.stop)
        values = _rows(file["X"], part.start, part.stop, self.path)[:, list(self.columns)]
        obs = file["obs"]
        words = {name: _column(obs[name], rows) for name in SAMPLE_COLUMNS if name in obs}

        def mutations(good: np.ndarray, ids: list[str]) -> tuple[Any, np.ndarray]:
            return self.beside.of(ids) if self.beside else (None, np.zeros(len(ids), dtype=bool))

        ids = [str(name).strip() for name in _index(obs)[rows]]
        drivers_only = self.beside is not None and self.beside.drivers_only
        return assembled(
            part, ids, words, {KIND: values}, {KIND: self.block}, self.scales, mutations, self.assessed, drivers_only
        )


def open_h5ad(
    path: Path, unit: str | None = None, beside: Beside | None = None, assessed: frozenset[str] | None = None
) -> H5adCohort:
    """Look at the axes of a file and at the head of its X.

    Raises
    ------
    PamrxError
        If h5py is missing, the file is none or damaged, X is not there or stored by columns, no gene is known, or a
        name stands twice.
    """
    check_unit(unit)
    with _opened(path) as file:
        for name in ("X", "obs", "var"):
            if name not in file:
                raise PamrxError(f"{path}: no {name} in it; expected an AnnData file with X, obs and var")
        names = [str(name).strip() for name in _index(file["obs"])[:]]
        if not names:
            raise PamrxError(f"{path}: no sample in it; expected at least one")
        unique, counts = np.unique(names, return_counts=True)
        if (counts > 1).any():
            raise PamrxError(f"{path}: sample {unique[counts > 1][0]} stands more than once in obs; expected each once")
        labels = _labels(path, file["var"])
        head = _rows(file["X"], 0, min(HEAD_ROWS, len(names)), path)
    block = Block.of(KIND, labels, default_genes())
    columns = tuple(place for place, label in enumerate(clean_labels(labels)) if label)
    scale = told_scale(KIND, head[:, list(columns)], unit) or LOG_SCALE
    note = scale_note(KIND, scale, unit)
    files = {path.name: fingerprint(path)} | (beside.files if beside else {})
    return H5adCohort(
        path,
        files,
        len(names),
        block,
        columns,
        {KIND: scale},
        beside,
        assessed,
        (note,),
        beside.memory if beside else 0,
    )


def _opened(path: Path) -> h5py.File:
    try:
        import h5py
    except ModuleNotFoundError:
        raise PamrxError(f"{path}: reading .h5ad needs the package 'h5py'; run: pip install 'pamrx[anndata]'") from None
    try:
        return h5py.File(path, "r")
    except OSError as error:
        reason = str(error).splitlines()[0][:120]
        raise PamrxError(f"{path}: not an AnnData file, or a damaged one ({reason})") from None


def _index(axis: Any) -> Any:
    return axis[_text(axis.attrs.get("_index", "_index"))].asstr()


def _labels(path: Path, var: Any) -> list[str]:
    """The names of the genes, or the column of var that names more that are known."""
    known = default_genes()
    choices = [list(_index(var)[:])]
    for name in var:
        if name != _text(var.attrs.get("_index", "_index")):
            column = _column(var[name], slice(None))
            if column and all(isinstance(word, str) for word in column):
                choices.append(column)
    best = max(choices, key=lambda labels: len(recognised(clean_labels(labels), known)))
    if not recognised(clean_labels(best), known):
        raise PamrxError(f"{path}: var: {unrecognised_message(clean_labels(choices[0]), known, False)}")
    return [str(label) for label in best]


def _column(node: Any, rows: slice) -> list[Any]:
    """Some values of a column of obs or var: text, numbers, or categories."""
    if hasattr(node, "keys"):
        if "codes" not in node:
            return []
        words = [*_texts(node["categories"][:]), None]
        return [words[code] for code in node["codes"][rows]]
    return _texts(node[rows])


def _texts(values: Any) -> list[Any]:
    return [_text(value) if isinstance(value, (bytes, str)) else value for value in values]


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _rows(node: Any, start: int, stop: int, path: Path) -> np.ndarray:
    """(stop - start, genes) float64 of X."""
    if not hasattr(node, "keys"):
        return np.asarray(node[start:stop], dtype=np.float64)
    if _text(node.attrs.get("encoding-type", "csr_matrix")) != "csr_matrix":
        raise PamrxError(
            f"{path}: X is stored by columns (CSC); expected rows: adata.X = adata.X.tocsr(), and save again"
        )
    pointers = np.asarray(node["indptr"][start : stop + 1])
    first, last = int(pointers[0]), int(pointers[-1])
    out = np.zeros((stop - start, int(node.attrs["shape"][1])))
    row = np.repeat(np.arange(stop - start), np.diff(pointers))
    out[row, np.asarray(node["indices"][first:last])] = node["data"][first:last]
    return out
