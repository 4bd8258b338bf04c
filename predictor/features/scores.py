"""Expression as within-sample normal scores, so that array and sequencing speak the same language.

A gene's score depends on its rank among the genes of the training universe inside the same sample, and on nothing
else: genes that the training data never held change nothing, and neither does any other sample.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from predictor.profiles import Profiles

MIN_UNIVERSE_SHARE = 0.5
"""Under this share of the universe a sample's ranks are not comparable with the training's: it counts as unmeasured.

A targeted panel is enriched for a few programmes, so that ranks inside it say where a gene stands among those, not
in the transcriptome. Half is a choice, not a measurement.
"""

BLOCK_ROWS = 32
"""Samples gathered at a time: enough to spread the cost of a call, few enough to stay in the processor's cache."""


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Van der Waerden scores of each row: Phi^-1((rank - 1/2) / n), ties at their mean rank, NaN kept.

    Parameters
    ----------
    values : (n_samples, n_genes), any monotone scale.

    Returns
    -------
    (n_samples, n_genes) float64; each row standard normal but for ties. Beside it, a few rows of memory.
    """
    scores = np.full(values.shape, np.nan)
    quantiles: dict[int, np.ndarray] = {}
    for row, score in zip(values, scores, strict=True):
        known = ~np.isnan(row)
        count = int(np.count_nonzero(known))
        if not count:
            continue
        if count not in quantiles:
            # A mean rank is half a whole number, so that all quantiles of rows with this many values are these.
            quantiles[count] = ndtri((np.arange(2, 2 * count + 1) / 2 - 0.5) / count)
        if count == len(row):
            score[:] = _by_rank(row, quantiles[count])
        else:
            score[known] = _by_rank(row[known], quantiles[count])
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
        # `take` lays rows out one after the other, an index in brackets does not.
        values = np.take(matrix.iloc[block].to_numpy(dtype=float), place, axis=1)
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


def _by_rank(values: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """The quantile of each value's mean rank; `quantiles` holds those of rank 1, 1.5, 2 ... of so many values.

    Ranks are counted in whole numbers, so that the order in which a sort leaves equal values does not matter, and the
    fastest will do.
    """
    order = _ascending(values)
    ascending = values[order]
    by_place = quantiles[::2].copy()
    again = np.flatnonzero(ascending[1:] == ascending[:-1]) + 1  # equal to the one before
    if len(again):
        begins = np.append(True, np.diff(again) > 1)
        first, last = again[begins] - 1, again[np.append(begins[1:], True)]
        # First and last rank of equal values, summed, are twice their mean rank.
        shared = quantiles[first + last]
        by_place[first], by_place[again] = shared, shared[np.cumsum(begins) - 1]
    scores = np.empty(len(values))
    scores[order] = by_place
    return scores


def _ascending(values: np.ndarray) -> np.ndarray:
    """The order of ascending values; those that single precision holds by their bits, in a third of the time.

    The bits of a float, with all of them turned for a negative one and the sign for another, ascend with the value;
    NumPy sorts whole numbers of 16 bits by counting.
    """
    single = values.astype(np.float32)
    if not np.array_equal(single, values):
        return np.argsort(values)
    bits = single.view(np.uint32)
    keys = bits ^ ((single.view(np.int32) >> 31).view(np.uint32) | np.uint32(1 << 31))
    order = np.argsort((keys & np.uint32(0xFFFF)).astype(np.uint16), kind="stable")
    high = (keys >> np.uint32(16)).astype(np.uint16)
    return order[np.argsort(high[order], kind="stable")]
