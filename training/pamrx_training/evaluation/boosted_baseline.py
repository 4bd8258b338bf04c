"""A plain LightGBM for each assay alone: what the hybrid must beat beside the ridge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from pamrx_training.fitting.cohort import Cohort

ROUNDS, PATIENCE = 300, 20
LIGHTGBM = {
    "objective": "regression",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.1,
    "max_bin": 63,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}

VALIDATION_SHARE = 0.1
"""Of the training donors, as in drevalpy's own experiment."""

ENOUGH_TO_STOP = 10
"""With fewer held-out lines the rounds are a tenth of `ROUNDS`: a stop would be a coin's."""


def assay_lightgbm(
    features: pd.DataFrame, train: pd.DataFrame, test_features: pd.DataFrame, held_out: np.ndarray, seed: int
) -> pd.DataFrame:
    """A booster per assay on all features; rounds chosen on the held-out lines, then fitted again on all.

    Parameters
    ----------
    features, train : (n_train, n_features) and (n_train, n_assays) ln IC50, NaN where not measured.
    held_out : (n_train,) mask of the training lines on which the rounds are chosen.

    Returns
    -------
    DataFrame
        (n_test, n_assays) ln IC50.
    """
    values = test_features.to_numpy(dtype=np.float32)
    models = _models(features, train, held_out, seed)
    out = {assay: np.asarray(model.predict(values, num_threads=1)) for assay, model in models}
    return pd.DataFrame(out, index=test_features.index)


def boosted_importance(
    features: pd.DataFrame, responses: pd.DataFrame, held_out: np.ndarray, seed: int
) -> pd.DataFrame:
    """(n_features, n_assays) mean |SHAP value| of `assay_lightgbm` fitted on these lines, ln units."""
    values, out = features.to_numpy(dtype=np.float32), {}
    for assay, model in _models(features, responses, held_out, seed):
        shap = np.asarray(model.predict(values, pred_contrib=True, num_threads=1))
        out[assay] = np.abs(shap[:, :-1]).mean(axis=0)
    return pd.DataFrame(out, index=features.columns)


def validation_lines(cohort: Cohort, train: list[str], seed: int = 42) -> set[str]:
    """The training lines on which hyper-parameters are judged: a tenth of the donors, whole donors."""
    donor = cohort.cell_lines.loc[train, "donor"]
    donors = np.unique(donor.to_numpy(dtype=str))
    chosen = np.random.default_rng(seed).permutation(donors)[: max(1, round(VALIDATION_SHARE * len(donors)))]
    return set(donor.index[donor.isin(chosen)])


def _models(
    features: pd.DataFrame, train: pd.DataFrame, held_out: np.ndarray, seed: int
) -> Iterator[tuple[str, lgb.Booster]]:
    settings: dict[str, Any] = LIGHTGBM | {"seed": seed}
    # Binned once for all assays: binning thousands of features takes longer than a fit.
    binned = lgb.Dataset(features.to_numpy(dtype=np.float32), params=settings, free_raw_data=False).construct()
    for assay in train.columns:
        y = train[assay].to_numpy()
        yield str(assay), _boosted(binned, y, ~np.isnan(y) & ~held_out, ~np.isnan(y) & held_out, settings)


def _boosted(
    binned: lgb.Dataset, y: np.ndarray, train: np.ndarray, held_out: np.ndarray, settings: dict[str, Any]
) -> lgb.Booster:
    def rows(chosen: np.ndarray) -> lgb.Dataset:
        places = np.flatnonzero(chosen)
        return binned.subset(places.tolist(), params=settings).construct().set_label(y[places])

    rounds = ROUNDS // 10
    if held_out.sum() >= ENOUGH_TO_STOP:
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        rounds = lgb.train(settings, rows(train), ROUNDS, valid_sets=[rows(held_out)], callbacks=[stop]).best_iteration
    return lgb.train(settings, rows(train | held_out), max(rounds, 1))
