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

BLOCK_ROWS = 32
"""Samples ranked at a time: enough to spread the cost of a call, few enough to stay in the processor's cache."""


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Van der Waerden scores of each row: Phi^-1((rank - 1/2) / n), ties at their mean rank, NaN kept.

    Parameters
    ----------
    values : (n_samples, n_genes), any monotone scale.

    Returns
    -------
    (n_samples, n_genes) float64; each row standard normal but for ties. Beside it, little more than
    `BLOCK_ROWS` rows of memory.
    """
    scores = np.full(values.shape, np.nan)
    counts = np.array([np.count_nonzero(~np.isnan(row)) for row in values], dtype=np.intp)
    for count in np.unique(counts[counts > 0]):
        # A mean rank is half a whole number, so that all quantiles of rows with this many values are these.
        quantiles = ndtri((np.arange(2, 2 * count + 1) / 2 - 0.5) / count)
        rows = np.flatnonzero(counts == count)
        for start in range(0, len(rows), BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            scores[block] = _looked_up(values[block], int(count), quantiles)
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
    if matrix is None or not len(universe) or not len(matrix.columns):
        return pd.DataFrame(np.nan, index=samples, columns=list(universe))
    scores = np.empty((len(matrix), len(universe)))
    place = matrix.columns.get_indexer(pd.Index(universe))
    lacking = np.flatnonzero(place < 0)
    for start in range(0, len(matrix), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        values = matrix.iloc[block].to_numpy(dtype=float)[:, place]
        values[:, lacking] = np.nan
        values[(~np.isnan(values)).mean(axis=1) < MIN_UNIVERSE_SHARE] = np.nan
        scores[block] = normal_scores(values)
    return pd.DataFrame(scores, index=samples, columns=list(universe), copy=False)


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


def _looked_up(values: np.ndarray, count: int, quantiles: np.ndarray) -> np.ndarray:
    """The quantile of each value's rank in its row, where every row holds `count` values beside its NaN."""
    if count == values.shape[1]:
        return quantiles[_place(values)]
    scores = np.full(values.shape, np.nan)
    known = ~np.isnan(values)
    scores[known] = quantiles[_place(values[known].reshape(-1, count))].ravel()
    return scores


def _place(values: np.ndarray) -> np.ndarray:
    """Twice the mean rank, less 2: 0 for the lowest of a row without ties."""
    return (2 * rankdata(values, axis=1)).astype(np.intp) - 2
