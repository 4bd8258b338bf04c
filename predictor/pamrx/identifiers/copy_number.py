"""Copy number per gene: GISTIC calls kept, log2 ratios turned into calls."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pamrx.errors import PamrxError
from pamrx.readers.files import Head, PathLike, check_file, is_parquet
from pamrx.readers.h5ad import is_anndata

# A log2 ratio at or below the first bound is call -2, at or below the second -1, and so on; above the last it is 2.
# The bounds are the defaults of CNVkit `call` (Talevich, PLoS Comput Biol 2016, doi 10.1371/journal.pcbi.1004873;
# `-t=-1.1,-0.25,0.2,0.7`), whose absolute copies 0, 1, 2, 3 and 4 or more are written here as -2, -1, 0, 1, 2.
LOG2_BOUNDS = (-1.1, -0.25, 0.2, 0.7)
CALLS = (-2.0, -1.0, 0.0, 1.0, 2.0)
_ENOUGH = 20  # values from which their centre can be judged
SEGMENT = "segment"
"""Heading of the gene column of a table of recurrent segments, each by the name of a gene in it."""


def names_segments(path: PathLike) -> bool:
    """Whether a copy-number table says, by its first heading `segment`, that its calls are of broad segments.

    Such a call tells that the segment which the gene names is gained (2) or lost (-2), and nothing of the gene alone.
    """
    file = check_file(path)
    return not is_anndata(file) and not is_parquet(file) and Head(file).header[0].strip().lower() == SEGMENT


def to_calls(frame: pd.DataFrame, what: str) -> tuple[pd.DataFrame, str]:
    """Bring a samples x genes matrix to GISTIC-like calls -2, -1, 0, 1, 2 (float64, NaN where missing).

    Whole numbers within -2..2 are kept. Where some value is not whole, all are taken as log2 ratios (0 = diploid) and
    cut at `LOG2_BOUNDS`.

    Returns
    -------
    The calls and one sentence on what was found and done.

    Raises
    ------
    PamrxError
        If no value is present, whole numbers leave -2..2 (absolute copies), or values that are not whole lie around 1
        or 2 rather than 0 (ratios or copies).
    """
    values = frame.to_numpy()
    present = values[np.isfinite(values)]
    if not present.size:
        raise PamrxError(f"{what}: holds no number at all; expected GISTIC calls -2..2 or log2 ratios")
    low, high = float(present.min()), float(present.max())
    if np.all(present % 1 == 0):
        if low < CALLS[0] or high > CALLS[-1]:
            value = high if high > CALLS[-1] else low
            row, column = np.argwhere(values == value)[0]
            raise PamrxError(
                f"{what}: sample {frame.index[row]}, gene {frame.columns[column]}: found {value:g}, expected a GISTIC "
                "call -2..2 or a log2 ratio (absolute copies c become log2(c / ploidy))"
            )
        return frame, f"{what}: GISTIC calls {low:g} to {high:g}, kept"
    middle = float(np.median(present))
    if present.size >= _ENOUGH and low >= 0 and middle > 0.5:
        raise PamrxError(
            f"{what}: values {low:.4g} to {high:.4g} around {middle:.3g}: found ratios or copies, expected GISTIC "
            "calls -2..2 or log2 ratios around 0 (a ratio r becomes log2(r), copies c log2(c / ploidy))"
        )
    calls = np.take(CALLS, np.searchsorted(LOG2_BOUNDS, values, side="left").clip(0, 4))
    calls[np.isnan(values)] = np.nan
    bounds = ", ".join(f"{bound:g}" for bound in LOG2_BOUNDS)
    changed = pd.DataFrame(calls, index=frame.index, columns=frame.columns)
    return (
        changed,
        f"{what}: log2 ratios {low:.3g} to {high:.3g}, turned into calls -2..2 at {bounds} (CNVkit's bounds)",
    )
