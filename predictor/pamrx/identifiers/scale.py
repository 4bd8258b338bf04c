"""Which scale a matrix of expression is on: told by its values, said aloud, and brought to log2."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from pamrx.errors import PamrxError

Scale = Literal["auto", "linear", "log2"]

# No log2 expression reaches 50 (2**50 copies), and any whole profile in counts, TPM, FPKM or microarray intensity does.
LINEAR_ABOVE = 50.0
# log10(TPM + 1) and twice-logged values end near here; log2(TPM + 1) of a whole profile goes beyond 10.
LOW_MAXIMUM = 5.5
_WHOLE_PROFILE = 1000


def to_log2(frame: pd.DataFrame, what: str, scale: Scale = "auto") -> tuple[pd.DataFrame, str]:
    """Bring a samples x genes matrix to a log2-like scale.

    Non-negative values that go beyond 50 are linear and become log2(x + 1). All others are taken as they are: already
    logarithms, or standardised where some are negative.

    Parameters
    ----------
    frame : samples x genes, float64, NaN where missing.
    what : the file (and part of it), for messages.
    scale : "linear" or "log2" overrides the guess.

    Returns
    -------
    The matrix and one sentence on what was found and done.

    Raises
    ------
    PamrxError
        If no value is present, or negative values and values beyond 50 stand together: neither scale has both.
    """
    if scale not in ("auto", "linear", "log2"):
        raise PamrxError(f"expression scale '{scale}' found; expected one of auto, linear, log2")
    values = frame.to_numpy()
    present = values[np.isfinite(values)]
    if not present.size:
        raise PamrxError(f"{what}: holds no number at all; expected numbers")
    low, high = float(present.min()), float(present.max())
    spread = f"{what}: values {low:.4g} to {high:.4g}"
    if low < 0 and (scale == "linear" or (high > LINEAR_ABOVE and scale == "auto")):
        row, column = np.argwhere(values == low)[0]
        raise PamrxError(
            f"{spread}: {low:.4g} at sample {frame.index[row]}, gene {frame.columns[column]} is below zero on a linear "
            "scale; expected non-negative linear values, or log2 values (none above 50)"
        )
    if scale == "linear" or (scale == "auto" and high > LINEAR_ABOVE):
        counts = " (whole numbers: raw counts, library size is not corrected)" if np.all(present % 1 == 0) else ""
        logged = pd.DataFrame(np.log2(values + 1.0), index=frame.index, columns=frame.columns)
        return logged, f"{spread}: read as linear{counts} and turned into log2(x + 1)"
    if low < 0:
        return frame, f"{spread}: read as log2 or standardised values, left as they are"
    odd = ""
    if high < LOW_MAXIMUM and frame.shape[1] >= _WHOLE_PROFILE:
        odd = "; the maximum is low for log2: was it taken to log10, or logged twice?"
    return frame, f"{spread}: read as log2, left as they are{odd}"
