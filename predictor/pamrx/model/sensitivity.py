"""The drug-response model: a linear and a boosted part over shared response components, whose contributions add up.

prediction = base + sum over features of (linear contribution + boosted contribution), for every assay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import RegressorTags, Tags
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.features.presence import Presence, distinct_presence
from pamrx.features.regulation import is_proxy
from pamrx.identifiers.feature_name import FeatureName
from pamrx.model.batch_invariant import RowProducts, adjoin, columns_at
from pamrx.model.boosted import BoostedComponents, source_of
from pamrx.model.linear import BlockRidge, standardise, usable
from pamrx.model.response_space import ResponseSpace

BLOCK_WEIGHTS = {
    "transcriptome": 1.0,
    "ncrna": 0.1,
    "mutation": 0.1,
    "copy_number": 0.05,
    "tme": 0.05,
    "programme": 0.05,
    "tissue": 0.03,
}
"""Prior variance of each block in the linear part."""

N_BOOSTED = 12
"""Leading response components that get trees; the rest are mostly noise."""

BOOSTED_SHARE = 0.3
"""Weight of the trees against the linear part, in those components."""

ROWS_AT_ONCE = 64
"""Profiles worked on at once: few enough that intermediate arrays stay small."""


@short_repr
@dataclass(frozen=True)
class LinearView:
    """The linear part for profiles that lack the sources `without`; coefficients are per assay, in ln units."""

    without: frozenset[str]
    features: list[str]
    centre: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray

    def standardised(self, values: np.ndarray) -> np.ndarray:
        return standardise(values, self.centre, self.scale)

    def predict(self, values: np.ndarray, rows: np.ndarray, places: np.ndarray) -> np.ndarray:
        """(len(rows), n_assays) linear part for some rows of (n, all features), where its features are at `places`."""
        together = len(rows) == len(values)

        def fill(some: slice, out: np.ndarray) -> None:
            np.subtract(columns_at(values[some if together else rows[some]], places), self.centre, out=out)
            np.divide(out, self._usable, out=out)
            np.copyto(out, 0.0, where=np.isnan(out))

        return self._products.filled(len(rows), fill)

    @cached_property
    def _usable(self) -> np.ndarray:
        return usable(self.scale)

    @cached_property
    def _products(self) -> RowProducts:
        return RowProducts(self.coefficients)


VIEWS: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset({"tissue"}),
    frozenset({"transcripts"}),
    frozenset({"transcripts", "tissue"}),
)
"""Sources whose lack changes the linear part: one fitted with expression leans on it and has little to say without."""


class SensitivityModel(BaseEstimator):
    """Predict ln IC50 (micromolar) of every assay from features.

    A scikit-learn estimator of many outputs: parameters are only stored, what is learned ends in an underscore, and
    `clone`, `get_params` and `set_params` work. It wants tables with named columns, and takes NaN on both sides.

    Parameters
    ----------
    block_weights : dict of float, default `BLOCK_WEIGHTS`
        Prior variance of each block in the linear part.
    n_boosted : int, default `N_BOOSTED`
        Leading response components that get trees.
    boosted_share : float, default `BOOSTED_SHARE`
        Weight of the trees in them, 0 to 1.
    seed : int, default 0
        Of folds, masks and trees.

    Attributes
    ----------
    features_ : (n_features,) names that it was fitted on, in order.
    feature_names_in_, n_features_in_ : the same as an array, and their number, as scikit-learn names them.
    assays_ : (n_assays,) names.
    base_ : (n_assays,) ln IC50 from which contributions count; near the mean of the training lines.
    importance_ : (n_features, n_assays), mean |contribution| over the training lines.
    """

    def __init__(
        self,
        block_weights: dict[str, float] | None = None,
        n_boosted: int = N_BOOSTED,
        boosted_share: float = BOOSTED_SHARE,
        seed: int = 0,
    ) -> None:
        self.block_weights = block_weights
        self.n_boosted = n_boosted
        self.boosted_share = boosted_share
        self.seed = seed

    def fit(self, features: pd.DataFrame, responses: pd.DataFrame) -> SensitivityModel:
        """Fit on (n_lines, n_features) features and (n_lines, n_assays) ln IC50, NaN allowed in both; returns itself.

        Raises
        ------
        InputError
            If rows do not match or an assay has too few measured lines.
        """
        if not features.index.equals(responses.index):
            raise InputError("model: the lines of features and responses differ; expected the same, in one order")
        # One thread: with more, the last digits of a decomposition depend on the machine.
        with threadpool_limits(1):
            space, components = ResponseSpace.fit(responses)
            share = np.zeros(components.shape[1])
            share[: self.n_boosted] = self.boosted_share
            self.assays_ = space.assays
            self.features_ = list(features.columns)
            filled, self.views_ = self._fit_views(features, components @ space.loadings, responses, space, share)
            self.boosted_ = BoostedComponents.fit(features, components[:, : self.n_boosted], self.seed)
            self.boosted_loadings_ = _single(space.to_assays(np.diag(share))[: self.n_boosted])
            linear_base = _without_share(filled.mean(axis=0), space, share)
            self.base_ = space.mean + linear_base + self.boosted_.base @ self.boosted_loadings_
            self.importance_ = self._mean_absolute_contributions(features)
        return self

    @property
    def feature_names_in_(self) -> np.ndarray:
        return np.asarray(self.features_, dtype=object)

    @property
    def n_features_in_(self) -> int:
        return len(self.features_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        tags.input_tags.allow_nan = True
        tags.target_tags.required, tags.target_tags.multi_output, tags.target_tags.single_output = True, True, False
        return tags

    def ordered(self, features: pd.DataFrame) -> pd.DataFrame:
        """The features that it was fitted on, in their order.

        Raises
        ------
        InputError
            If one is not among the columns.
        NotFittedError
            Before `fit`, as every method that predicts.
        """
        check_is_fitted(self, "features_")
        if features.columns.tolist() == self.features_:
            return features
        given = set(features.columns)
        missing = [name for name in self.features_ if name not in given]
        if missing:
            raise InputError(
                f"model: feature {missing[0]} is not among the columns; build them with the bundle's builder"
            )
        return features[self.features_]

    def predict(self, features: pd.DataFrame, presence: Presence | None = None) -> pd.DataFrame:
        """(n, n_assays) ln IC50 in micromolar; `presence` of the features, where it is known already."""
        values, presence = self._values(features), self._presence(features, presence)
        boosted = self.boosted_.predict(values, self._boosted_places())
        out = self.base_ + RowProducts(self.boosted_loadings_)(boosted - self.boosted_.base)
        for view, rows in self._by_view(presence):
            places = self._places(view.features)
            out[rows] += view.predict(values, rows, places)
        return pd.DataFrame(out, index=features.index, columns=self.assays_)

    def contributions(self, features: pd.DataFrame, assays: Sequence[str] | None = None) -> np.ndarray:
        """(n, n_features, n_assays) in ln units; with `base_` they sum to the prediction.

        A feature's contribution is its linear term plus its SHAP value in the trees. Memory grows with the product
        of all three sizes: ask in batches, or for some assays.
        """
        check_is_fitted(self, "features_")
        columns = [self.assays_.index(assay) for assay in (self.assays_ if assays is None else assays)]
        return self._contributions(self._values(features), np.arange(len(self.features_)), columns)

    def evidence(self, features: pd.DataFrame, presence: Presence | None = None) -> pd.DataFrame:
        """(n, n_assays): training mean |contribution| of the features present, as a share of that of all, 0 to 1.

        Proxies have no weight: a complete profile has none of them, and a substitute is not evidence. `presence` is as
        in `predict`.
        """
        check_is_fitted(self, "features_")
        present, which = self._presence(features, presence)
        importance = np.where(_proxies(tuple(self.features_))[:, None], 0.0, self.importance_)
        total = importance.sum(axis=0)
        share = RowProducts(importance)(present) / np.where(total > 0, total, 1.0)
        return pd.DataFrame(np.clip(share, 0.0, 1.0)[which], index=features.index, columns=self.assays_)

    def _contributions(self, values: np.ndarray, wanted: np.ndarray, columns: slice | list[int]) -> np.ndarray:
        """(n, len(wanted), n_columns) for the features at the places `wanted` and the assays at `columns`."""
        treed = self._boosted_places()
        loadings = self.boosted_loadings_[:, columns]
        position = np.full(len(self.features_), -1)
        position[wanted] = np.arange(len(wanted))
        out = np.zeros((len(values), len(wanted), loadings.shape[1]))
        shap = self.boosted_.contributions(np.take(values, treed, axis=1))
        shown = position[treed] >= 0
        out[:, position[treed][shown], :] = (shap if shown.all() else shap[:, shown, :]) @ loadings
        for view, rows in self._by_view(distinct_presence(values)):
            places = self._places(view.features)
            shown = position[places] >= 0
            scaled = view.standardised(columns_at(values if len(rows) == len(values) else values[rows], places))
            if not shown.all():
                scaled = scaled[:, shown]
            terms = scaled[:, :, None] * view.coefficients[shown][None, :, columns]
            target = position[places][shown]
            if len(rows) == len(values) and adjoin(target):
                out[:, target[0] : target[0] + len(target)] += terms
            else:
                out[np.ix_(rows, target)] += terms
        return out

    def _fit_views(
        self,
        features: pd.DataFrame,
        guess: np.ndarray,
        responses: pd.DataFrame,
        space: ResponseSpace,
        share: np.ndarray,
    ) -> tuple[np.ndarray, list[LinearView]]:
        """The standardised responses with gaps filled, as the view of all sources fills them, and every view."""
        weights = BLOCK_WEIGHTS if self.block_weights is None else self.block_weights
        filled, missing = guess, responses.isna().to_numpy()
        views: list[LinearView] = []
        for without in VIEWS:
            names = [
                name
                for name in features.columns
                if source_of(name) not in without and FeatureName.parse(name).block in weights
            ]
            ridge = BlockRidge.fit(features[names], filled, weights, None if views else missing)
            filled = ridge.responses
            coefficients = _single(_without_share(ridge.coefficients, space, share))
            views.append(LinearView(without, names, _single(ridge.centre), _single(ridge.scale), coefficients))
        return filled, views

    def _mean_absolute_contributions(self, features: pd.DataFrame) -> np.ndarray:
        """(n_features, n_assays). Only features that trees use need their contributions line by line."""
        values, treed = self._values(features), self._boosted_places()
        total = np.zeros((len(self.features_), len(self.assays_)))
        in_trees = np.zeros((len(treed), len(self.assays_)))
        for view, rows in self._by_view(distinct_presence(values)):
            places = self._places(view.features)
            scaled = view.standardised(np.take(values[rows], places, axis=1))
            total[places] += np.abs(scaled).sum(axis=0)[:, None] * np.abs(view.coefficients)
        for start in range(0, len(values), ROWS_AT_ONCE):
            part = values[start : start + ROWS_AT_ONCE]
            in_trees += np.abs(self._contributions(part, treed, slice(None))).sum(axis=0)
        total[treed] = in_trees
        return _single(total / len(values))

    def _values(self, features: pd.DataFrame) -> np.ndarray:
        return self.ordered(features).to_numpy(dtype=float)

    def _presence(self, features: pd.DataFrame, presence: Presence | None = None) -> Presence:
        """Of the features in the model's order, which may not be that of a `presence` that is known."""
        if presence is not None and features.columns.tolist() == self.features_:
            return presence
        return distinct_presence(self._values(features))

    def _by_view(self, presence: Presence) -> list[tuple[LinearView, np.ndarray]]:
        """Each view with the rows that it serves: those that lack just its sources."""
        sources = _sources(tuple(self.features_))
        has = {source: presence.present[:, sources == source].any(axis=1) for source in ("transcripts", "tissue")}
        served = []
        for view in self.views_:
            fits = np.ones(len(presence.present), dtype=bool)
            for source, present in has.items():
                fits &= ~present if source in view.without else present
            rows = np.flatnonzero(fits[presence.which])
            if len(rows):
                served.append((view, rows))
        return served

    def _places(self, names: Sequence[str]) -> np.ndarray:
        return _places(tuple(self.features_), tuple(names))

    def _boosted_places(self) -> np.ndarray:
        return self._places(self.boosted_.features)


def _without_share(standardised: np.ndarray, space: ResponseSpace, share: np.ndarray) -> np.ndarray:
    """(..., n_assays) in standard deviations, less the trees' share of each component, in ln units."""
    along = (standardised @ space.loadings.T) * share
    result: np.ndarray = (standardised - along @ space.loadings) * space.sd
    return result


def _single(values: np.ndarray) -> np.ndarray:
    """Rounded to single precision, as the bundle stores it, so that a reloaded model gives the same digits."""
    return values.astype(np.float32).astype(np.float64)


@lru_cache(maxsize=4)
def _sources(features: tuple[str, ...]) -> np.ndarray:
    return np.array([source_of(name) for name in features])


@lru_cache(maxsize=4)
def _proxies(features: tuple[str, ...]) -> np.ndarray:
    return np.array([is_proxy(name) for name in features], dtype=bool)


@lru_cache(maxsize=16)
def _places(features: tuple[str, ...], names: tuple[str, ...]) -> np.ndarray:
    """Where the names stand among the features."""
    place = {name: column for column, name in enumerate(features)}
    return np.array([place[name] for name in names], dtype=int)
