"""The boosted part: one LightGBM regressor for each of the leading response components.

Trees see every named feature of the small blocks and, of the transcriptome, the genes most correlated with the
components in the training lines. Copies of the training lines with whole blocks masked teach them what to make of a
profile that lacks a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import lightgbm as lgb
import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.features.brakes import LOST, LOW, TWO_HIT
from pamrx.identifiers.feature_name import FeatureName, in_block
from pamrx.model.tree_shap import ShapTables
from pamrx.model.trees import TreeTables

GENES_PER_COMPONENT = 60
MASKED_COPIES = 2
MASKED_WEIGHT = 0.25
"""Of a masked copy, against 1 of the line itself: the complete profile stays the main case."""

MASK_CHANCE = {"transcripts": 0.6, "mutation": 0.3, "copy_number": 0.3, "mirna": 0.3, "tissue": 0.3}
"""How often a masked copy lacks each source of data."""

MANY_ROWS = 256
"""From so many rows on, predictions are looked up in tables, which take a tenth of a second to make."""

ROUNDS = 150
PARAMETERS = {
    "objective": "regression",
    "learning_rate": 0.06,
    "max_bin": 63,
    "num_leaves": 7,
    "min_data_in_leaf": 15,
    "feature_fraction": 0.15,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    # The text of a model must not depend on the machine's load or number of cores.
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}

_OF_MIRNA = ("hsa-mir-", "hsa-miR-", "hsa-let-", "load_")


@short_repr
@dataclass(frozen=True)
class BoostedComponents:
    """Fitted regressors for the first `len(boosters)` response components, over `features`."""

    features: list[str]
    boosters: list[lgb.Booster]

    @classmethod
    def fit(cls, features: pd.DataFrame, components: np.ndarray, seed: int) -> BoostedComponents:
        """Fit on (n_lines, n_features) features, NaN allowed, and (n_lines, n_boosted) components."""
        names = select_features(features, components)
        values = features[names].to_numpy(dtype=float)
        stacked, weight = _with_masked_copies(values, names, np.random.default_rng(seed))
        parameters = {**PARAMETERS, "seed": seed}
        data = lgb.Dataset(
            stacked, weight=weight, feature_name=names, params=parameters, free_raw_data=False
        ).construct()
        boosters = []
        for component in components.T:
            data.set_label(np.tile(component, MASKED_COPIES + 1))
            boosters.append(lgb.train(parameters, data, num_boost_round=ROUNDS))
        return cls(names, boosters)

    @cached_property
    def base(self) -> np.ndarray:
        """(n_boosted,) components of a profile that holds nothing, from which contributions count."""
        nothing = np.full((1, len(self.features)), np.nan)
        return np.array([self._run(booster, nothing, pred_contrib=True)[0, -1] for booster in self.boosters])

    def predict(self, values: np.ndarray, places: np.ndarray) -> np.ndarray:
        """(n, n_boosted) components for (n, columns) values; `places` is the column of each of `features`."""
        if len(places) != len(self.features):
            raise ValueError(f"expected {len(self.features)} features, found {len(places)}")
        if len(values) >= MANY_ROWS and self._tables is not None:
            return self._tables.predict(values, places)
        own = np.take(values, places, axis=1)
        return np.column_stack([self._run(booster, own) for booster in self.boosters])

    def contributions(self, values: np.ndarray) -> np.ndarray:
        """(n, n_features, n_boosted) path-dependent SHAP values; with `base` they sum to the prediction."""
        if self._shap_tables is not None:
            return self._shap_tables.contributions(self._checked(values), len(self.boosters))
        shap = [self._run(booster, values, pred_contrib=True)[:, :-1] for booster in self.boosters]
        return np.stack(shap, axis=-1)

    @cached_property
    def _tables(self) -> TreeTables | None:
        return TreeTables.of(self.boosters)

    @cached_property
    def _shap_tables(self) -> ShapTables | None:
        return ShapTables.of(self.boosters, len(self.features))

    def _run(self, booster: lgb.Booster, values: np.ndarray, pred_contrib: bool = False) -> np.ndarray:
        return np.asarray(booster.predict(self._checked(values), pred_contrib=pred_contrib, num_threads=1))

    def _checked(self, values: np.ndarray) -> np.ndarray:
        # Trees take columns by position and mispredict in silence where they are permuted.
        if values.shape[1] != len(self.features):
            raise ValueError(f"expected {len(self.features)} features, found {values.shape[1]}")
        return values


def select_features(features: pd.DataFrame, components: np.ndarray) -> list[str]:
    """All features outside the transcriptome, and the genes best correlated with each component, in column order."""
    genes = in_block(features.columns, "transcriptome")
    chosen = set(features.columns) - set(genes)
    if genes:
        # Column after column: the last digits of sums down a column depend on how it lies in memory.
        values = np.asfortranarray(features[genes].to_numpy(dtype=float))
        known = ~np.isnan(values).all(axis=1)
        values = np.nan_to_num(_scaled(values[known]))
        correlation = np.abs(values.T @ _scaled(components[known]))
        for column in correlation.T:
            best = np.argsort(-column, kind="stable")[:GENES_PER_COMPONENT]
            chosen.update(genes[place] for place in best)
    return [name for name in features.columns if name in chosen]


@cache
def source_of(feature: str) -> str:
    """The kind of input file that a feature comes from: transcripts, mutation, copy_number, mirna or tissue.

    A feature that needs two of them names both: `mutation+copy_number`.
    """
    parsed = FeatureName.parse(feature)
    if parsed.block == "mutation":
        if parsed.name.endswith((TWO_HIT, LOST)):
            return "mutation+copy_number"
        return "transcripts" if parsed.name.endswith(LOW) else "mutation"
    if parsed.block == "ncrna":
        return "mirna" if parsed.name.startswith(_OF_MIRNA) else "transcripts"
    return "transcripts" if parsed.block in ("tme", "programme", "transcriptome") else parsed.block


def _scaled(values: np.ndarray) -> np.ndarray:
    centred = values - np.nanmean(values, axis=0)
    spread = np.nanstd(values, axis=0)
    result: np.ndarray = centred / np.where(spread > 0, spread, np.inf)
    return result


def _with_masked_copies(
    values: np.ndarray, names: Sequence[str], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    sources = [source_of(name).split("+") for name in names]
    copies = [values]
    for _ in range(MASKED_COPIES):
        masked = values.copy()
        for source, chance in MASK_CHANCE.items():
            rows = random.random(len(values)) < chance
            masked[np.ix_(rows, np.array([source in needed for needed in sources]))] = np.nan
        copies.append(masked)
    weight = np.full(len(values) * len(copies), MASKED_WEIGHT)
    weight[: len(values)] = 1.0
    return np.vstack(copies), weight
