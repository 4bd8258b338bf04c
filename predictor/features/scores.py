"""Expression as within-sample normal scores, so that array and sequencing speak the same language.

A gene's score depends on its rank among the genes of the training universe inside the same sample, and on nothing
else: genes that the training data never held change nothing, and neither does any other sample.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import rankdata

from predictor.profiles import Profiles

MIN_UNIVERSE_SHARE = 0.5
"""Under this share of the universe a sample's ranks are not comparable with the training's: it counts as unmeasured.

A targeted panel is enriched for a few programmes, so that ranks inside it say where a gene stands among those, not
in the transcriptome. Half is a choice, not a measurement.
"""


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Van der Waerden scores of each row: Phi^-1((rank - 1/2) / n), ties at their mean rank, NaN kept.

    Parameters
    ----------
    values : (n_samples, n_genes), any monotone scale.

    Returns
    -------
    (n_samples, n_genes) float64; each row standard normal but for ties.
    """
    scores = np.full(values.shape, np.nan)
    measured = ~np.isnan(values)
    whole = measured.all(axis=1)
    if whole.any() and values.shape[1]:
        scores[whole] = ndtri((rankdata(values[whole], axis=1) - 0.5) / values.shape[1])
    for row in np.flatnonzero(~whole & measured.any(axis=1)):
        known = measured[row]
        scores[row, known] = ndtri((rankdata(values[row, known]) - 0.5) / known.sum())
    return scores


def universe_of(matrix: pd.DataFrame) -> tuple[str, ...]:
    """The columns that at least half of the measured samples hold, in alphabetical order."""
    measured = matrix.notna()
    rows = measured.any(axis=1)
    if not rows.any():
        return ()
    share = measured[rows].mean(axis=0)
    return tuple(sorted(share.index[share >= MIN_UNIVERSE_SHARE]))


def scores_in(matrix: pd.DataFrame | None, universe: Sequence[str], samples: pd.Index) -> pd.DataFrame:
    """Normal scores of `matrix` inside `universe`; all NaN for a sample that holds too little of it.

    Returns
    -------
    (samples, universe) float64.
    """
    if matrix is None or not len(universe):
        return pd.DataFrame(np.nan, index=samples, columns=list(universe))
    values = matrix.reindex(columns=list(universe)).to_numpy(dtype=float, copy=True)
    too_few = (~np.isnan(values)).mean(axis=1) < MIN_UNIVERSE_SHARE
    values[too_few] = np.nan
    return pd.DataFrame(normal_scores(values), index=samples, columns=list(universe))


def transcripts(profiles: Profiles, long_noncoding: Collection[str]) -> pd.DataFrame | None:
    """Expression together with the lncRNAs of the ncRNA table, which share its scale.

    Where both tables hold a lncRNA, the expression table is used. lncRNAs without an expression profile of the same
    sample stay, but cannot be ranked: the sample then holds too little of the universe.
    """
    if profiles.ncrna is None:
        return profiles.expression
    columns = [name for name in profiles.ncrna.columns if name in long_noncoding]
    if profiles.expression is None:
        return profiles.ncrna[columns] if columns else None
    new = [name for name in columns if name not in profiles.expression.columns]
    return pd.concat([profiles.expression, profiles.ncrna[new]], axis=1) if new else profiles.expression
