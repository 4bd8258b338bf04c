"""Measures of an order of drugs inside a tumour, and of tumours for a drug, on plain matrices.

A score is higher for what is to be tried first. Where it ties, each measure is its mean over the orders that the tie
allows, so that a constant score gets what chance gives.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from pamrx_training.evaluation.metrics import SENSITIVE

TOP_LINES = 0.1
"""Share of a drug's lines, the first by the score, that are looked at for enrichment."""

TOP_DRUGS = 3

AUC, TOP_TENTH = "auc", "top_tenth"

BLOCK = 128
"""Draws at once: their sums over the lines stay in a processor's cache."""


def share_of_lines(measured: pd.DataFrame) -> pd.DataFrame:
    """Rank of each (line, drug) response among its drug's lines, in shares: 1/n is the most sensitive; NaN stays."""
    return measured.rank() / measured.notna().sum()


def sensitive(measured: pd.DataFrame, share: float = SENSITIVE) -> pd.DataFrame:
    """1 where a response lies in its drug's most sensitive `share` of lines, else 0; NaN where not measured."""
    return (share_of_lines(measured) <= share + 1e-12).astype(float).where(measured.notna())


def first_picks(score: np.ndarray) -> np.ndarray:
    """(n_lines, n_drugs) chance of each drug to be its line's first pick: 1, or a part of 1 among ties.

    NaN in `score` is never picked; a line without any score picks none.
    """
    filled = np.where(np.isnan(score), -np.inf, score)
    top = (filled == filled.max(axis=1, keepdims=True)) & np.isfinite(filled)
    weights: np.ndarray = top / np.maximum(top.sum(axis=1, keepdims=True), 1)
    return weights


def top_share(score: np.ndarray, hits: np.ndarray, k: int = TOP_DRUGS) -> np.ndarray:
    """(n_lines,) share of hits among each line's `k` first drugs, or among those it has where they are fewer.

    `score` and `hits` are (n_lines, n_drugs), NaN in the same cells.
    """
    filled = np.where(np.isnan(score), -np.inf, score)
    wanted = np.minimum(k, np.isfinite(filled).sum(axis=1))
    last = np.take_along_axis(-np.sort(-filled, axis=1), np.maximum(wanted - 1, 0)[:, None], axis=1)
    above, tied = filled > last, (filled == last) & np.isfinite(filled)
    left = (wanted - above.sum(axis=1)) / np.maximum(tied.sum(axis=1), 1)
    found = ((above + tied * left[:, None]) * np.nan_to_num(hits)).sum(axis=1)
    return ratio(found, wanted)


def rho_in_line(score: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """(n_lines,) Spearman's correlation of a score with low ranks among the line's drugs.

    A constant score has 0. NaN for a line of fewer than 3 drugs, or whose ranks are all alike. Both are
    (n_lines, n_drugs), NaN in the same cells.
    """
    a = pd.DataFrame(-score).rank(axis=1).to_numpy()
    b = pd.DataFrame(rank).rank(axis=1).to_numpy()
    known = ~np.isnan(a) & ~np.isnan(b)
    n = known.sum(axis=1)
    middle = ((n + 1) / 2)[:, None]
    a, b = (np.where(known, one - middle, 0.0) for one in (a, b))
    # Random orders of tied scores have the mean ranks as their expectation, each with the variance of untied ranks.
    spread = np.sqrt(n * (n**2 - 1.0) / 12 * (b**2).sum(axis=1))
    return ratio((a * b).sum(axis=1), np.where(n >= 3, spread, 0.0))


def across_lines(
    score: pd.DataFrame, truths: Mapping[str, pd.DataFrame], counts: np.ndarray
) -> dict[tuple[str, str], np.ndarray]:
    """ROC AUC of each drug, and the share of hits among its first `TOP_LINES`, under each row of counts.

    Parameters
    ----------
    score : (n_lines, n_drugs).
    truths : by name, (n_lines, n_drugs) hits, NaN in the same cells; cells where they or the score are take no part.
    counts : (draws, n_lines) how often each line is drawn.

    Returns
    -------
    (truth, `AUC` or `TOP_TENTH`) -> (draws, n_drugs); NaN where a draw holds no hit of the drug, or nothing else.
    """
    blocks = [np.ascontiguousarray(part.T) for part in np.array_split(counts, math.ceil(len(counts) / BLOCK))]
    out = {
        (truth, measure): np.full((len(counts), score.shape[1]), np.nan)
        for truth in truths
        for measure in (AUC, TOP_TENTH)
    }
    values, marks = score.to_numpy(dtype=float), {name: hits.to_numpy(dtype=float) for name, hits in truths.items()}
    known = ~np.isnan(values) & ~np.isnan(next(iter(marks.values())))
    for column in range(values.shape[1]):
        rows = np.flatnonzero(known[:, column])
        rows = rows[np.argsort(-values[rows, column], kind="stable")]
        order = -values[rows, column]
        start = 0
        for block in blocks:
            weight = block[rows]
            drawn = slice(start, start + weight.shape[1])
            start = drawn.stop
            sums = _summed(weight)
            for truth, mark in marks.items():
                found = _of_drug(order, mark[rows, column] > 0, weight, sums)
                out[truth, AUC][drawn, column], out[truth, TOP_TENTH][drawn, column] = found
    return out


def _of_drug(order: np.ndarray, hit: np.ndarray, weight: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUC and share of hits at the top for each draw, from the lines of one drug in a rising `order`.

    `weight` is (n_lines, draws), `sums` its sums over the lines before each. Only hits are looked at one by one.
    """
    of_hits = order[hit]
    before, upto = sums[np.searchsorted(order, of_hits)], sums[np.searchsorted(order, of_hits, side="right")]
    hits = weight[hit]
    hit_sums = _summed(hits)
    hits_passed = (
        hit_sums[np.searchsorted(of_hits, of_hits)] + hit_sums[np.searchsorted(of_hits, of_hits, side="right")]
    )
    others = sums[-1] - hit_sums[-1]
    below = others - (before + upto - hits_passed) / 2
    won = np.einsum("ld,ld->d", hits, below, dtype=float)
    wanted = TOP_LINES * sums[-1]
    taken = np.clip((wanted - before) / np.maximum(upto - before, 1.0), 0.0, 1.0)
    found = np.einsum("ld,ld->d", hits, taken, dtype=float)
    pairs = hit_sums[-1].astype(float) * others
    return ratio(won, pairs), ratio(found, np.where(pairs > 0, wanted, 0.0))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part over whole; NaN where the whole is not above 0."""
    out = np.full(len(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def _summed(weight: np.ndarray) -> np.ndarray:
    """(n + 1, draws) sums over the rows before each, the last of all rows."""
    sums = np.zeros((len(weight) + 1, weight.shape[1]), dtype=weight.dtype)
    np.cumsum(weight, axis=0, out=sums[1:])
    return sums
