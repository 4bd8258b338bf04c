"""Path-dependent SHAP values of small regression trees, looked up instead of computed for each row.

What a tree says of a row depends on the outcomes of its splits alone, and a tree of 7 leaves has 6 of them: for each of
the 64 outcomes the SHAP values are computed once, and a row then costs one comparison per split. The values are
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

from pamrx.display import short_repr
from pamrx.model.trees import Splits, Tree, plain_trees


@short_repr
@dataclass(frozen=True)
class ShapTables:
    """SHAP values of all trees of some boosters, `t` in number, of at most `k` splits each.

    Attributes
    ----------
    splits : of the trees.
    values : (t, 2**k, k) SHAP values for each outcome of the splits, for the features in the order of `sums`.
    sums : (n_features * n_boosters, t * k), adds the values of one feature in all trees of one booster.
    """

    splits: Splits
    values: np.ndarray
    sums: sparse.csr_matrix

    @classmethod
    def of(cls, boosters: Sequence[lgb.Booster], n_features: int) -> ShapTables | None:
        """Compute the tables; None for trees that `plain_trees` does not give."""
        per_booster = plain_trees(boosters)
        if per_booster is None:
            return None
        trees = [(place, tree) for place, own in enumerate(per_booster) for tree in own]
        splits = Splits.of([tree for _, tree in trees])
        k, t = splits.place.shape
        target = np.full((t, k), -1)
        leaves: dict[int, list[_Leaf]] = {}
        for row, (place, tree) in enumerate(trees):
            distinct = sorted(set(tree.feature.tolist()))
            target[row, : len(distinct)] = np.array(distinct, dtype=int) * len(boosters) + place
            for leaf in _leaves(tree, row, distinct):
                leaves.setdefault(len(leaf.share), []).append(leaf)
        values = np.zeros((t, 1 << k, k))
        for alike in leaves.values():
            _add(values, alike)
        used = np.flatnonzero(target.ravel() >= 0)
        shape = (n_features * len(boosters), t * k)
        sums = sparse.csr_matrix((np.ones(len(used)), (target.ravel()[used], used)), shape=shape)
        return cls(splits, values, sums)

    def contributions(self, values: np.ndarray, n_boosters: int) -> np.ndarray:
        """(n, n_features, n_boosters) SHAP values for (n, n_features) rows; NaN is missing."""
        out = np.empty((len(values), self.sums.shape[0]))
        trees = np.arange(len(self.values))
        for rows, outcome in self.splits.outcomes(values, np.arange(values.shape[1])):
            found = self.values[trees, outcome.T]
            out[rows] = (self.sums @ found.reshape(len(found), -1).T).T
        return out.reshape(len(values), -1, n_boosters)


def _leaves(tree: Tree, row: int, distinct: list[int]) -> Iterator[_Leaf]:
    """Each leaf below a split, with what its path asks of each of the tree's features."""
    inner, counts = tree.counts
    waiting: list[tuple[int, dict[int, tuple[int, int, float]]]] = [(0, {})] if len(tree.feature) else []
    while waiting:
        node, path = waiting.pop()
        slot = distinct.index(tree.feature[node])
        asked, ways, share = path.get(slot, (0, 0, 1.0))
        for side, child in enumerate(tree.children[:, node].tolist()):
            count = counts[~child] if child < 0 else inner[child]
            here = (asked | 1 << node, ways | (side == 0) << node, share * float(count / inner[node]))
            longer = {**path, slot: here}
            if child >= 0:
                waiting.append((child, longer))
            else:
                masks, left, shares = zip(*longer.values(), strict=True)
                yield _Leaf(row, float(tree.leaf_value[~child]), list(longer), masks, left, shares)


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
