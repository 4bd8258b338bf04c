"""Expression as within-sample normal scores, so that array and sequencing speak the same language.

A gene's score depends on its rank among the genes of the training universe inside the same sample, and on nothing
else: genes that the training data never held change nothing, and neither does any other sample.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pamrx.features.presence import distinct_presence
from pamrx.profiles import Profiles

MIN_UNIVERSE_SHARE = 0.5
"""Under this share of the universe a sample's ranks are not comparable with the training's: it counts as unmeasured.

A targeted panel is enriched for a few programmes, so that ranks inside it say where a gene stands among those, not
in the transcriptome. Half is a choice, not a measurement.
"""

VALUES_AT_ONCE = 1 << 16
"""Values ranked at a time, of as many samples as that makes."""

LARGEST_KEY = float((1 << 31) - 64)
"""Of the whole numbers that values are spread over; a little below what 31 bits hold, for rounding."""


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Van der Waerden scores of each row: Phi^-1((rank - 1/2) / n), ties at their mean rank, NaN kept.

    Parameters
    ----------
    values : (n_samples, n_genes), any monotone scale.

    Returns
    -------
    (n_samples, n_genes) float64; each row standard normal but for ties. Beside it, a few rows of memory.
    """
    scores = np.empty(values.shape)
    for rows in _blocks(values.shape):
        _fill_scores(np.ascontiguousarray(values[rows], dtype=float), scores[rows])
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
    columns = pd.Index(universe)
    if matrix is None or not len(universe) or not len(matrix.columns):
        return pd.DataFrame(np.nan, index=samples, columns=columns)
    scores = np.empty((len(matrix), len(universe)))
    place = matrix.columns.get_indexer(columns)
    lacking = np.flatnonzero(place < 0)
    for rows in _blocks(scores.shape):
        # `take` lays rows out one after the other, an index in brackets does not.
        values = np.take(matrix.iloc[rows].to_numpy(dtype=float), place, axis=1)
        values[:, lacking] = np.nan
        _fill_scores(values, scores[rows], MIN_UNIVERSE_SHARE)
    return pd.DataFrame(scores, index=samples, columns=columns, copy=False)


def weighted_mean(values: np.ndarray, weights: np.ndarray, least: float) -> np.ndarray:
    """(n,) sum of weight x value over sum of |weight|, over the values that are known; NaN under the share `least`.

    Sums run along each row alone, so that no other row can change the digits: the rows of `values` must lie one after
    the other in memory.
    """
    found: np.ndarray = (values * weights).sum(axis=1) / np.abs(weights).sum()
    some = np.flatnonzero(np.isnan(found))
    if len(some):
        known = ~np.isnan(values[some])
        total = np.where(known, values[some] * weights, 0.0).sum(axis=1)
        size = np.where(known, np.abs(weights), 0.0).sum(axis=1)
        enough = (known.mean(axis=1) >= least) & (size > 0)
        found[some] = np.divide(total, size, out=np.full(len(some), np.nan), where=enough)
    return found


def transcripts(profiles: Profiles, long_noncoding: Collection[str]) -> pd.DataFrame | None:
    """Expression together with the lncRNAs of the ncRNA table, which share its scale.

    Where both tables hold a lncRNA, the expression table is used. lncRNAs without an expression profile of the same
    sample stay, but cannot be ranked: the sample then holds too little of the universe.
    """
    if profiles.ncrna is None:
        return profiles.expression
    columns = [name for name in profiles.ncrna.columns.tolist() if name in long_noncoding]
    if profiles.expression is None:
        return profiles.ncrna[columns] if columns else None
    new = [name for name in columns if name not in profiles.expression.columns]
    return pd.concat([profiles.expression, profiles.ncrna[new]], axis=1) if new else profiles.expression


def _blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows that are ranked together: they stay in the processor's cache."""
    at_once = max(1, VALUES_AT_ONCE // max(1, shape[1]))
    return (slice(start, start + at_once) for start in range(0, shape[0], at_once))


def _fill_scores(values: np.ndarray, out: np.ndarray, least: float = 0.0) -> None:
    """Write the normal scores of a few rows to `out`; NaN for a row of which less than the share `least` is known."""
    out[:] = np.nan
    present, which = distinct_presence(values)
    for number, pattern in enumerate(present):
        columns = np.flatnonzero(pattern)
        if len(columns) == values.shape[1] and len(present) == 1:
            out[:] = _by_rank(values, _quantiles(len(columns)))
        elif len(columns) and len(columns) >= least * values.shape[1]:
            rows = np.flatnonzero(which == number)
            known = np.take(values[rows], columns, axis=1)
            out[np.ix_(rows, columns)] = _by_rank(known, _quantiles(len(columns)))


@lru_cache(maxsize=64)
def _quantiles(count: int) -> np.ndarray:
    """Of the ranks 1, 1.5, 2 ... of so many values: a mean rank is half a whole number."""
    return np.asarray(ndtri((np.arange(2, 2 * count + 1) / 2 - 0.5) / count))


def _by_rank(values: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """(n, count) the quantile of each value's mean rank in its row; `quantiles` holds those of rank 1, 1.5, 2 ...

    Ranks are counted in whole numbers, so that the order in which a sort leaves equal values does not matter, and the
    fastest will do.
    """
    n, count = values.shape
    order, ascending = _ascending(values)
    by_place = np.tile(quantiles[::2], n)
    same = ascending[1:] == ascending[:-1]
    same[count - 1 :: count] = False  # the first of one row and the last of another
    again = np.flatnonzero(same) + 1  # equal to the one before
    if len(again):
        begins = np.append(True, np.diff(again) > 1)
        first, last = again[begins] - 1, again[np.append(begins[1:], True)]
        # First and last rank of equal values, summed, are twice their mean rank.
        shared = quantiles[first + last - 2 * (first - first % count)]
        by_place[first], by_place[again] = shared, shared[np.cumsum(begins) - 1]
    scores = np.empty(n * count)
    scores[order] = by_place
    return scores.reshape(n, count)


def _ascending(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places in the flattened (n, count) values, each row's after another's, by ascending value; and those values.

    Values are spread over whole numbers of 31 bits, which NumPy sorts by counting, 16 bits at a time: two thirds of
    the time of a sort by comparison. That is left for rows in which two values lie too near each other, or one is
    infinite.
    """
    low = values.min(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        span = values.max(axis=1, keepdims=True) - low
        step = np.where((span > 0) & (span < np.inf), LARGEST_KEY / span, 0.0)
        spread = values - low
        spread *= step
        keys = spread.astype(np.int32)
    begins = np.arange(0, values.size, values.shape[1])[:, None]
    order = np.argsort(keys.astype(np.uint16), axis=1, kind="stable")  # by the lower 16 bits
    order += begins
    by_lower = order.ravel()
    higher = (keys >> 16).astype(np.uint16).ravel()[by_lower]
    order = np.argsort(higher.reshape(keys.shape), axis=1, kind="stable")
    order += begins
    found = by_lower[order.ravel()]
    ascending = values.ravel()[found]
    wrong = ~(ascending[1:] >= ascending[:-1])
    wrong[values.shape[1] - 1 :: values.shape[1]] = False
    for row in np.unique(np.flatnonzero(wrong) // values.shape[1]):
        one = slice(begins[row, 0], begins[row, 0] + values.shape[1])
        found[one] = begins[row, 0] + np.argsort(values[row])
        ascending[one] = values.ravel()[found[one]]
    return found, ascending
