"""Small regression trees of LightGBM as arrays: the prediction for a row depends on the outcomes of their splits alone.

A tree of 7 leaves has 6 splits, and so 64 outcomes: its value for each is computed once (`TreeTables`, and
`pamrx.model.tree_shap` for SHAP values), and a row then costs one comparison per distinct split. Trees of one model ask
many of the same splits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import lightgbm as lgb
import numpy as np

from pamrx.display import short_repr

MOST_SPLITS = 8
"""Trees with more splits would need larger tables than are worth keeping; an outcome fits one byte."""

ROWS_AT_ONCE = 128
SPLITS_AT_ONCE = 512
"""Rows and splits compared at a time: they fit in the processor's cache."""

CATEGORICAL, DEFAULT_LEFT, MISSING_SHIFT, MISSING_ZERO, MISSING_NAN = 1, 2, 2, 1, 2
"""Bits of `decision_type` in LightGBM's text of a model (`include/LightGBM/tree.h`)."""


@short_repr
@dataclass(frozen=True)
class Tree:
    """One tree as LightGBM writes it.

    Attributes
    ----------
    feature, threshold : (splits,); a row goes left up to the threshold.
    kind : (splits,) LightGBM's `decision_type`.
    children : (2, splits) left and right, a split or, below 0, the leaf `~child`.
    leaf_value : (leaves,).
    counts : training rows at each split, and in each leaf.
    """

    feature: np.ndarray
    threshold: np.ndarray
    kind: np.ndarray
    children: np.ndarray
    leaf_value: np.ndarray
    counts: tuple[np.ndarray, np.ndarray]

    @property
    def odd(self) -> bool:
        """Whether a split is not a plain threshold."""
        return bool(((self.kind & CATEGORICAL) | (self._missing == MISSING_ZERO)).any())

    @property
    def missing_left(self) -> np.ndarray:
        """(splits,) whether a missing value goes left; without a way of its own, it goes as zero does."""
        own_way = (self.kind & DEFAULT_LEFT).astype(bool)
        return np.where(self._missing == MISSING_NAN, own_way, self.threshold >= 0)

    @property
    def _missing(self) -> np.ndarray:
        return (self.kind >> MISSING_SHIFT) & 3


@short_repr
@dataclass(frozen=True)
class Splits:
    """The distinct splits of some trees.

    Attributes
    ----------
    feature, threshold : (u,) of each; those where a missing value goes left come last.
    first_missing_left : how many come before them.
    place : (k, t) which of them is split i of each of t trees; any, where a tree has fewer.
    """

    feature: np.ndarray
    threshold: np.ndarray
    first_missing_left: int
    place: np.ndarray

    @classmethod
    def of(cls, trees: Sequence[Tree]) -> Splits:
        asked = [
            list(zip(tree.missing_left.tolist(), tree.feature.tolist(), tree.threshold.tolist(), strict=True))
            for tree in trees
        ]
        distinct = {split: n for n, split in enumerate(sorted({split for splits in asked for split in splits}))}
        place = np.zeros((max(map(len, asked)), len(trees)), dtype=np.intp)
        for column, splits in enumerate(asked):
            place[: len(splits), column] = [distinct[split] for split in splits]
        left, feature, threshold = zip(*distinct, strict=True)
        return cls(np.array(feature), np.array(threshold), len(distinct) - sum(left), place)

    def outcomes(self, values: np.ndarray, places: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Some rows of (n, columns) values after the other, with their (t, rows) outcomes; NaN is missing.

        `places` is the column of each feature.
        """
        u = len(self.feature)
        for start in range(0, len(values), ROWS_AT_ONCE):
            columns = np.ascontiguousarray(np.take(values[start : start + ROWS_AT_ONCE], places, axis=1).T)
            left = np.empty((u, columns.shape[1]), dtype=bool)
            # A comparison with NaN is false: so it goes right in the first, and left in what is turned round.
            for compare, begin, end in (
                (np.less_equal, 0, self.first_missing_left),
                (np.greater, self.first_missing_left, u),
            ):
                for some in range(begin, end, SPLITS_AT_ONCE):
                    part = slice(some, min(some + SPLITS_AT_ONCE, end))
                    compare(columns[self.feature[part]], self.threshold[part, None], out=left[part])
            np.logical_not(left[self.first_missing_left :], out=left[self.first_missing_left :])
            bits = left.view(np.uint8)
            outcome = bits[self.place[0]]
            for split, place in enumerate(self.place[1:], 1):
                outcome |= bits[place] << split
            yield slice(start, start + columns.shape[1]), outcome


@short_repr
@dataclass(frozen=True)
class TreeTables:
    """What each tree of some boosters predicts for each outcome of its splits.

    Attributes
    ----------
    splits : of all trees, those of one booster after those of another.
    values : (t, 2**k) the value of the leaf.
    bounds : (n_boosters + 1,) where the trees of each booster begin.
    """

    splits: Splits
    values: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, boosters: Sequence[lgb.Booster]) -> TreeTables | None:
        """Compute the tables; None for trees that `plain_trees` does not give."""
        per_booster = plain_trees(boosters)
        if per_booster is None:
            return None
        trees = [tree for own in per_booster for tree in own]
        splits = Splits.of(trees)
        leaves = _leaves(trees, len(splits.place))
        values = np.stack([tree.leaf_value[leaf] for tree, leaf in zip(trees, leaves, strict=True)])
        return cls(splits, values, np.cumsum([0, *map(len, per_booster)]))

    def predict(self, values: np.ndarray, places: np.ndarray) -> np.ndarray:
        """(n, n_boosters) for (n, columns) rows that hold each feature at its place: LightGBM's, to the last bit."""
        out = np.empty((len(values), len(self.bounds) - 1))
        flat = self.values.ravel()
        begins = (np.arange(len(self.values)) * self.values.shape[1])[:, None]
        for rows, outcome in self.splits.outcomes(values, places):
            found = flat[outcome + begins]
            for booster, (first, end) in enumerate(pairwise(self.bounds)):
                # One tree after the other, as LightGBM adds them; a plain sum may go another way.
                out[rows, booster] = np.add.accumulate(found[first:end], axis=0)[-1]
        return out


def plain_trees(boosters: Sequence[lgb.Booster]) -> list[list[Tree]] | None:
    """The trees of each booster; None where one has more than `MOST_SPLITS` splits or a split that is no threshold,
    where a booster has no tree, or where none splits."""
    per_booster = [_trees(booster.model_to_string()) for booster in boosters]
    k = max((len(tree.feature) for trees in per_booster for tree in trees), default=0)
    odd = any(tree.odd for trees in per_booster for tree in trees)
    return per_booster if 0 < k <= MOST_SPLITS and not odd and all(per_booster) else None


def _leaves(trees: Sequence[Tree], k: int) -> np.ndarray:
    """(t, 2**k) the leaf that a row comes to for each outcome of the at most `k` splits of a tree."""
    children = np.full((len(trees), 2, k), ~0)
    node = np.zeros((len(trees), 1 << k), dtype=int)
    for row, tree in enumerate(trees):
        children[row, :, : len(tree.feature)] = tree.children
        if not len(tree.feature):
            node[row] = ~0
    outcomes, place = np.arange(1 << k), np.arange(len(trees))[:, None]
    for _ in range(k):
        split = np.maximum(node, 0)
        to_right = 1 - (outcomes >> split & 1)
        node = np.where(node >= 0, children[place, to_right, split], node)
    return ~node


def _trees(text: str) -> list[Tree]:
    """The trees of a model in LightGBM's text form."""
    trees = []
    for block in text.partition("\nend of trees")[0].split("\nTree=")[1:]:
        fields = dict(line.split("=", 1) for line in block.splitlines()[1:] if "=" in line)

        def numbers(name: str, kind: type, fields: dict[str, str] = fields) -> np.ndarray:
            return np.array(fields.get(name, "").split(), dtype=kind)

        trees.append(
            Tree(
                numbers("split_feature", int),
                numbers("threshold", float),
                numbers("decision_type", int),
                np.stack([numbers("left_child", int), numbers("right_child", int)]),
                numbers("leaf_value", float),
                (numbers("internal_count", int), numbers("leaf_count", int)),
            )
        )
    return trees
