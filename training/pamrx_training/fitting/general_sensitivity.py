"""General sensitivity: how a line answers the drugs of a screen that have nothing to do with the axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pamrx.identifiers.assay import AssayId

from pamrx_training.datasets import assay_matrix

MIN_DRUGS = 20
"""A line with fewer drugs outside the axis in a screen has no general sensitivity there (3 of 1,881 in GDSC)."""


def general_sensitivity(outside: pd.DataFrame, train_lines: Sequence[str], lines: Sequence[str]) -> pd.DataFrame:
    """Mean z of a line's ln IC50 over a screen's drugs outside the axis; positive is resistant to drugs in general.

    Parameters
    ----------
    outside : rows of responses to drugs outside the axis (cell_line, assay, range, ln_ic50).
    train_lines : whose mean and standard deviation of each drug make z.
    lines : of the result.

    Returns
    -------
    DataFrame
        (n_lines, n_screens), columns the screens in which training lines have enough drugs; NaN under `MIN_DRUGS`.
    """
    values = assay_matrix(outside, train_lines).reindex(list(lines))
    train = values.loc[list(train_lines)]
    spread = train.std()
    z = (values - train.mean()) / spread.where(spread > 0)
    screen = np.array([AssayId.parse(name).screen for name in z.columns], dtype=object)
    out = {}
    for name in sorted(set(screen)):
        own = z.loc[:, screen == name]
        mean = own.mean(axis=1).where(own.notna().sum(axis=1) >= MIN_DRUGS)
        if mean[list(train_lines)].std() > 0:
            out[name] = mean
    return pd.DataFrame(out, index=values.index)
