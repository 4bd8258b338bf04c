"""AnnData (`.h5ad`) as an expression matrix, through the `anndata` library, which is imported only here."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pamrx.errors import PamrxError, did_you_mean
from pamrx.identifiers.genes import clean_labels, recognised, unrecognised_message
from pamrx.readers.files import LAYER, PathLike, check_file

if TYPE_CHECKING:
    from anndata import AnnData


def is_anndata(file: Path) -> bool:
    """Whether the file's ending says AnnData."""
    return file.suffix.lower() == ".h5ad"


def read_anndata(path: PathLike, known: Collection[str], notes: list[str]) -> pd.DataFrame:
    """Samples (`obs_names`) x labels of genes (`var_names`, or the column of `var` that names most genes), float64.

    Parameters
    ----------
    path : `FILE.h5ad` for X, or for the only layer where there is no X; `FILE.h5ad::LAYER` for one of several.
    known : symbols by which gene names are recognised.
    notes : what was read is added here.

    Raises
    ------
    PamrxError
        If the library is missing, the file is damaged or holds no such layer, no gene is recognised, a sample is
        repeated, or a value is infinite.
    """
    file = check_file(path)
    wanted = LAYER.search(str(path))
    data = _open(file)
    cells, part = _cells(file, data, wanted[2] if wanted else None)
    samples = [str(name) for name in data.obs_names]
    labels, column = _labels(file, data, known)
    if len(set(samples)) < len(samples):
        repeated = data.obs_names[data.obs_names.duplicated()][0]
        raise PamrxError(f"{file}: sample {repeated} stands more than once in obs_names; expected each sample once")
    values = np.asarray(cells.toarray() if hasattr(cells, "toarray") else cells, dtype=np.float64)
    if np.isinf(values).any():
        row, place = np.argwhere(np.isinf(values))[0]
        raise PamrxError(f"{file}: {part}, sample {samples[row]}, gene {labels[place]}: found an infinite value")
    notes.append(f"{file}: AnnData, {part}, genes by {column}")
    named = np.array([bool(label) for label in labels])
    frame = pd.DataFrame(values, index=pd.Index(samples, dtype=object), columns=pd.Index(labels, dtype=object))
    return frame.loc[:, named]


def _open(file: Path) -> AnnData:
    try:
        import anndata
    except (ImportError, AttributeError):  # an anndata older than the installed pandas ends in either
        raise PamrxError(f"{file}: {_missing(sys.version_info[:2])}") from None
    try:
        return anndata.read_h5ad(file)
    except Exception as error:  # h5py and anndata raise a dozen kinds for a file that is not what it says
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PamrxError(f"{file}: not an AnnData file, or a damaged one ({reason})") from None


def _missing(python: tuple[int, int]) -> str:
    """What to do without a library that can be imported. The first anndata for pandas 3 needs Python 3.12."""
    if python < (3, 12):
        return (
            f"reading .h5ad needs anndata 0.13 or newer, which needs Python 3.12 or newer, and this is Python "
            f"{python[0]}.{python[1]}; use a newer Python, or save the matrix as TSV, CSV or Parquet"
        )
    return "reading .h5ad needs the package 'anndata', 0.13 or newer; run: pip install 'pamrx[anndata]'"


def _cells(file: Path, data: AnnData, layer: str | None):  # type: ignore[no-untyped-def]  # an array, dense or sparse
    layers = list(data.layers)
    if layer is not None:
        if layer not in layers:
            there = f"the layers are {', '.join(layers)}" if layers else "there is none"
            raise PamrxError(f"{file}: no layer '{layer}'; {there}{did_you_mean(layer, layers)}")
        return data.layers[layer], f"layer {layer}"
    if data.X is not None:
        return data.X, "X"
    if len(layers) != 1:
        named = f"name one of {', '.join(layers)} as {file.name}::LAYER" if layers else "expected X or a layer"
        raise PamrxError(f"{file}: X is empty; {named}")
    return data.layers[layers[0]], f"layer {layers[0]} (X is empty)"


def _labels(file: Path, data: AnnData, known: Collection[str]) -> tuple[list[str], str]:
    choices = {"var_names": clean_labels(data.var_names)}
    for column in data.var.columns:
        if data.var[column].map(lambda cell: isinstance(cell, str)).any():
            choices[f"var['{column}']"] = clean_labels(data.var[column])
    hits = {name: len(recognised(labels, known)) for name, labels in choices.items()}
    best = max(hits, key=lambda name: hits[name])  # the first of equals: var_names
    if hits[best]:
        return choices[best], best
    turned = recognised(clean_labels(data.obs_names), known)
    advice = "; obs_names hold genes: transpose it (adata.T), AnnData keeps samples in obs" if turned else ""
    raise PamrxError(f"{file}: var_names: {unrecognised_message(choices['var_names'], known, False)}{advice}")
