"""How much of the measured response lies inside the range of concentrations that was tested.

An IC50 above the highest concentration is not measured but extrapolated along the fitted curve.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pamrx.identifiers.assay import AssayId
from pamrx.knowledge.concentrations import max_concentration

from pamrx_training.evaluation.metrics import SENSITIVE

COLUMNS = ("max_um", "extrapolated", "sensitive_inside")


def extrapolation(measured: pd.DataFrame) -> pd.DataFrame:
    """Share of each assay's measurements beyond the tested range, and of its most sensitive fifth inside.

    Parameters
    ----------
    measured : one row per line and assay: assay, measured (ln IC50, micromolar).

    Returns
    -------
    DataFrame
        Index assay, `COLUMNS`: highest concentration in micromolar, share of measurements above it, and share of the
        most sensitive fifth at or below it. NaN where no highest concentration is known.
    """
    rows = {}
    for assay, ln_ic50 in measured.groupby("assay")["measured"]:
        parsed = AssayId.parse(str(assay))
        highest = max_concentration(parsed.drug, parsed.screen)
        if highest is None:
            rows[str(assay)] = [np.nan] * len(COLUMNS)
            continue
        beyond = ln_ic50 > np.log(highest)
        sensitive = ln_ic50 <= ln_ic50.quantile(SENSITIVE)
        rows[str(assay)] = [highest, float(beyond.mean()), float((~beyond)[sensitive].mean())]
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS), dtype=float).rename_axis("assay")
