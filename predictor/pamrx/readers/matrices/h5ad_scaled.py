"""Scaled X of an AnnData file: found, and left for `.raw`.

`scanpy.pp.scale` gives each gene mean 0 over the samples, after which a sample's genes can no longer be compared. What
it was made of is kept in `.raw` by the usual workflow, or in a layer.
"""

from __future__ import annotations

from collections.abc import Collection

from pamrx.errors import InputError
from pamrx.identifiers.unit_statistics import Statistics
from pamrx.readers.matrices.h5ad import RAW, H5ad, opened
from pamrx.readers.text.files import LAYER, PathLike

ROWS_AT_ONCE = 1000


def unscaled(path: PathLike, known: Collection[str], unit: str | None = None) -> tuple[PathLike, list[str]]:
    """What to read of an AnnData file for expression: as it was named, or `FILE.h5ad::raw` where X is scaled.

    Only X that holds values below zero is read for it.

    Parameters
    ----------
    path, known : as `pamrx.readers.matrices.h5ad.opened` takes them; a layer that is named is read as it is.
    unit : of the expression, where it is stated; z-scores are read as they are.

    Returns
    -------
    The path to read, and one sentence where it is another.

    Raises
    ------
    PamrxError
        As `opened`; if X is scaled and there is no `.raw` that is not.
    """
    if LAYER.search(str(path)) or unit == "zscore":
        return path, []
    with opened(path, known) as data:
        if data.part != "X" or not is_scaled(data):
            return path, []
        file, raw, layers = data.file, data.has_raw, data.layers
    if raw:
        other = f"{path}::{RAW}"
        with opened(other, known) as data:
            if not is_scaled(data):
                return other, [f"{file}: X is scaled (mean 0 per gene): .raw is read in its place"]
    named = f"name a layer of counts or logarithms as {file.name}::LAYER (there are {', '.join(layers)})"
    raise InputError(
        f"{file}: X is scaled (mean 0 per gene), which hides how the genes of a sample compare; "
        f"{named if layers else 'give a file of counts or logarithms'}, or say --expression-unit zscore (in Python "
        "expression_unit) to take X as it is"
    )


def is_scaled(data: H5ad) -> bool:
    """Whether most columns of the matrix have mean 0 over the samples, by all of its rows; of a few samples, all."""
    places = range(data.width)  # which of them are genes, it takes long to tell
    found = Statistics(data.width)
    step = data.at_once(ROWS_AT_ONCE)
    for start in range(0, len(data.samples), step):
        stop = min(start + step, len(data.samples))
        found.add(data.rows(start, stop, places), data.samples[start:stop])
        if found.low >= 0:  # scaled values are below zero in about half of the cells
            return False
    return found.centred or found.zscores or found.perhaps_zscores
