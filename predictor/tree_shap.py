"""Path-dependent SHAP values of small regression trees, looked up instead of computed for each row.

What a tree says of a row depends on the outcomes of its splits alone, and a tree of 7 leaves has 6 of them: for each of
the 64 outcomes the SHAP values are worked out once, and a row then costs one comparison per split. The values are
those of TreeSHAP (Lundberg, Nature Machine Intelligence 2020, algorithm 1), which LightGBM's `pred_contrib` computes
row by row; per outcome tables are the idea of FastTreeSHAP v2 (Yang, arXiv 2109.09847).

In a leaf, a feature of the path either lets the row through (1) or not (0), and where it is not known a share r of the
training rows goes through. The leaf's value times a product over its features is then the game of which the Shapley
values are taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import factorial

import lightgbm as lgb
import numpy as np
from scipy import sparse

MOST_SPLITS = 8
"""Trees with more splits would need larger tables than are worth keeping."""

ROWS_AT_ONCE = 64

CATEGORICAL, DEFAULT_LEFT, MISSING_SHIFT, MISSING_ZERO, MISSING_NAN = 1, 2, 2, 1, 2
"""Bits of `decision_type` in LightGBM's text of a model (`include/LightGBM/tree.h`)."""


@dataclass(frozen=True)
class TreeTables:
    """All trees of some boosters, `t` in number, of at most `k` splits each.

    Attributes
    ----------
    feature, threshold : (t, k) of each split; the row goes left up to the threshold.
    missing_left : (t, k) whether a missing value goes left.
    values : (t, 2**k, k) SHAP values for each outcome of the splits (bit i is set where split i goes left), for the
        features in the order of `sums`.
    sums : (n_features * n_boosters, t * k), adds the values of one feature in all trees of one booster.
    """

    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    values: np.ndarray
    sums: sparse.csr_matrix

    @classmethod
    def of(cls, boosters: Sequence[lgb.Booster], n_features: int) -> TreeTables | None:
        """Work out the tables; None where a tree has more than `MOST_SPLITS` splits, or one that is no threshold."""
        trees = [(place, tree) for place, booster in enumerate(boosters) for tree in _trees(booster.model_to_string())]
        k = max((len(tree.feature) for _, tree in trees), default=0)
        if not 0 < k <= MOST_SPLITS or any(tree.odd for _, tree in trees):
            return None
        t = len(trees)
        feature, threshold = np.zeros((t, k), dtype=np.intp), np.full((t, k), np.inf)
        missing_left, target = np.ones((t, k), dtype=bool), np.full((t, k), -1)
        leaves: dict[int, list[_Leaf]] = {}
        for row, (place, tree) in enumerate(trees):
            splits, distinct = len(tree.feature), sorted(set(tree.feature.tolist()))
            feature[row, :splits], threshold[row, :splits] = tree.feature, tree.threshold
            missing_left[row, :splits] = tree.missing_left
            target[row, : len(distinct)] = np.array(distinct, dtype=int) * len(boosters) + place
            for leaf in tree.leaves(row, distinct):
                leaves.setdefault(len(leaf.share), []).append(leaf)
        values = np.zeros((t, 1 << k, k))
        for alike in leaves.values():
            _add(values, alike)
        used = np.flatnonzero(target.ravel() >= 0)
        shape = (n_features * len(boosters), t * k)
        sums = sparse.csr_matrix((np.ones(len(used)), (target.ravel()[used], used)), shape=shape)
        return cls(feature, threshold, missing_left, values, sums)

    def contributions(self, values: np.ndarray, n_boosters: int) -> np.ndarray:
        """(n, n_features, n_boosters) SHAP values for (n, n_features) rows; NaN is missing."""
        out = np.empty((len(values), self.sums.shape[0]))
        t, k = self.feature.shape
        bits, trees = 1 << np.arange(k), np.arange(t)
        for start in range(0, len(values), ROWS_AT_ONCE):
            some = np.take(values[start : start + ROWS_AT_ONCE], self.feature.ravel(), axis=1).reshape(-1, t, k)
            left = (some <= self.threshold) | (np.isnan(some) & self.missing_left)
            found = self.values[trees, left @ bits]
            out[start : start + ROWS_AT_ONCE] = (self.sums @ found.reshape(len(found), t * k).T).T
        return out.reshape(len(values), -1, n_boosters)


@dataclass(frozen=True)
class _Tree:
    """One tree as LightGBM writes it; a child below 0 is the leaf `~child`."""

    feature: np.ndarray
    threshold: np.ndarray
    kind: np.ndarray
    children: np.ndarray
    leaf_value: np.ndarray
    counts: tuple[np.ndarray, np.ndarray]

    @property
    def odd(self) -> bool:
        return bool(((self.kind & CATEGORICAL) | (self._missing == MISSING_ZERO)).any())

    @property
    def missing_left(self) -> np.ndarray:
        """Where missing values have no way of their own, they go as zero does."""
        own_way = (self.kind & DEFAULT_LEFT).astype(bool)
        return np.where(self._missing == MISSING_NAN, own_way, self.threshold >= 0)

    @property
    def _missing(self) -> np.ndarray:
        return (self.kind >> MISSING_SHIFT) & 3

    def leaves(self, row: int, distinct: list[int]) -> Iterator[_Leaf]:
        """Each leaf below a split, with what its path asks of each of the tree's features."""
        inner, counts = self.counts
        waiting: list[tuple[int, dict[int, tuple[int, int, float]]]] = [(0, {})] if len(self.feature) else []
        while waiting:
            node, path = waiting.pop()
            slot = distinct.index(self.feature[node])
            asked, ways, share = path.get(slot, (0, 0, 1.0))
            for side, child in enumerate(self.children[:, node].tolist()):
                count = counts[~child] if child < 0 else inner[child]
                told = (asked | 1 << node, ways | (side == 0) << node, share * float(count / inner[node]))
                longer = {**path, slot: told}
                if child >= 0:
                    waiting.append((child, longer))
                else:
                    masks, left, shares = zip(*longer.values(), strict=True)
                    yield _Leaf(row, float(self.leaf_value[~child]), list(longer), masks, left, shares)


@dataclass(frozen=True)
class _Leaf:
    """A leaf of tree `tree`: for each feature of its path (`slots`) the splits that ask for it, as bits, those of them
    that the way to the leaf takes to the left, and the share of the training rows that take this way."""

    tree: int
    value: float
    slots: list[int]
    masks: tuple[int, ...]
    left: tuple[int, ...]
    share: tuple[float, ...]


def _add(values: np.ndarray, leaves: Sequence[_Leaf]) -> None:
    """Add to the tables (t, 2**k, k) what leaves of as many features give."""
    d = len(leaves[0].slots)
    masks, left = np.array([leaf.masks for leaf in leaves]), np.array([leaf.left for leaf in leaves])
    found = _shapley(np.array([leaf.share for leaf in leaves]))
    found *= np.array([leaf.value for leaf in leaves])[:, None, None]
    outcomes = np.arange(values.shape[1])[:, None]
    passing = ((outcomes & masks[:, None]) == left[:, None]) @ (1 << np.arange(d))
    trees, slots = np.array([leaf.tree for leaf in leaves]), np.array([leaf.slots for leaf in leaves])
    np.add.at(
        values, (trees[:, None, None], outcomes, slots[:, None]), np.take_along_axis(found, passing[..., None], axis=1)
    )


def _shapley(share: np.ndarray) -> np.ndarray:
    """(n, 2**d, d) Shapley values of n games of d features, whatever features let the row through (bit i: feature i).

    A set of features is worth 1 if all of them let the row through and 0 otherwise, times `share` of the others.

    Parameters
    ----------
    share : (n, d).
    """
    n, d = share.shape
    passes = ((np.arange(1 << d)[:, None] >> np.arange(d)) & 1).astype(float)
    weights = np.array([factorial(size) * factorial(d - size - 1) / factorial(d) for size in range(d)])
    out = np.empty((n, 1 << d, d))
    for own in range(d):
        # Coefficient s: the sum over all sets of s other features of the product of what each of the others gives.
        sums = np.zeros((n, 1 << d, d))
        sums[..., 0] = 1.0
        for other in range(d):
            if other != own:
                part = share[:, None, other]
                sums[..., 1:] = sums[..., 1:] * part[..., None] + sums[..., :-1] * passes[:, other, None]
                sums[..., 0] *= part
        out[..., own] = (passes[:, own] - share[:, None, own]) * (sums @ weights)
    return out


def _trees(text: str) -> list[_Tree]:
    """The trees of a model in LightGBM's text form."""
    trees = []
    for block in text.partition("\nend of trees")[0].split("\nTree=")[1:]:
        held = dict(line.split("=", 1) for line in block.splitlines()[1:] if "=" in line)

        def numbers(name: str, kind: type, held: dict[str, str] = held) -> np.ndarray:
            return np.array(held.get(name, "").split(), dtype=kind)

        trees.append(
            _Tree(
                numbers("split_feature", int),
                numbers("threshold", float),
                numbers("decision_type", int),
                np.stack([numbers("left_child", int), numbers("right_child", int)]),
                numbers("leaf_value", float),
                (numbers("internal_count", int), numbers("leaf_count", int)),
            )
        )
    return trees
