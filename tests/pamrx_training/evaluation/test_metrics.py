"""Metrics against scipy, scikit-learn and loops that do the same the long way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx_training.evaluation.metrics import (
    bootstrap_mean_pearson,
    bootstrap_within,
    correlation,
    interval,
    mean_pearson,
    per_assay,
    tissue_and_fold,
    top_predictions,
    within_tissue,
)
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import root_mean_squared_error


def made_up(n: int = 60, assays: int = 4, seed: int = 0, missing: float = 0.2) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(seed)
    predicted = pd.DataFrame(random.normal(size=(n, assays)), columns=list("ABCDEFGH")[:assays])
    measured = predicted + random.normal(size=predicted.shape) + np.arange(assays)
    return measured.mask(random.random(measured.shape) < missing), predicted


@pytest.mark.medium
@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_each_assay_is_judged_on_its_measured_lines(seed: Any) -> None:
    measured, predicted = made_up(seed=seed)
    found = per_assay(measured, predicted)
    for assay in measured:
        known = measured[assay].notna()
        y, p = measured.loc[known, assay], predicted.loc[known, assay]
        assert found.at[assay, "n"] == known.sum()
        assert found.at[assay, "pearson"] == pytest.approx(pearsonr(y, p).statistic, abs=1e-12)
        assert found.at[assay, "spearman"] == pytest.approx(spearmanr(y, p).statistic, abs=1e-12)
        assert found.at[assay, "rmse"] == pytest.approx(root_mean_squared_error(y, p), abs=1e-12)


def test_ties_are_ranked_in_the_middle() -> None:
    measured, predicted = pd.DataFrame({"A": [1.0, 2, 2, 5, 5, 9]}), pd.DataFrame({"A": [0.0, 0, 1, 1, 3, 2]})
    expected = spearmanr(measured["A"], predicted["A"]).statistic
    assert per_assay(measured, predicted).at["A", "spearman"] == pytest.approx(expected)


def test_a_constant_prediction_orders_nothing() -> None:
    y = np.random.default_rng(0).normal(size=50)
    assert correlation(y, np.full(50, 0.1)) == 0.0
    assert correlation(y, np.full(50, 1e6 / 3)) == 0.0
    assert per_assay(pd.DataFrame({"A": y}), pd.DataFrame({"A": np.full(50, 0.1)})).at["A", "spearman"] == 0.0


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_the_scale_of_either_side_is_irrelevant(scale: Any) -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=40), random.normal(size=40)
    assert correlation(a * scale, b * scale + 3) == pytest.approx(pearsonr(a, b).statistic, abs=1e-9)


def test_too_few_lines_have_no_correlation() -> None:
    assert np.isnan(correlation(np.array([1.0, 2.0]), np.array([2.0, 1.0])))
    empty = per_assay(pd.DataFrame({"A": [np.nan, np.nan]}), pd.DataFrame({"A": [1.0, 2.0]}))
    assert empty.at["A", "n"] == 0
    assert empty[["pearson", "spearman", "rmse"]].isna().all(axis=None)


def test_within_tissue_takes_out_the_means_of_the_measured_lines() -> None:
    measured, predicted = made_up(seed=3)
    tissue = pd.Series(np.random.default_rng(3).choice(["skin", "breast", "bone"], len(measured)))
    measured += tissue.map({"skin": 0, "breast": 5, "bone": -5}).to_numpy()[:, None]
    found = within_tissue(measured, predicted, tissue)
    for assay in measured:
        known = measured[assay].notna().to_numpy()
        y, p, t = measured[assay].to_numpy()[known], predicted[assay].to_numpy()[known], tissue[known].to_numpy()
        for name in np.unique(t):
            y[t == name] -= y[t == name].mean()
            p[t == name] -= p[t == name].mean()
        assert found[assay] == pytest.approx(pearsonr(y, p).statistic, abs=1e-9)


def test_knowing_the_tissue_alone_is_worth_nothing_within_tissue() -> None:
    measured, _ = made_up(seed=4)
    tissue = pd.Series(np.random.default_rng(4).choice(["skin", "breast"], len(measured)))
    lineage = pd.DataFrame(
        np.tile(tissue.map({"skin": 0.1, "breast": 2.3}).to_numpy()[:, None], 4), columns=list("ABCD")
    )
    assert (within_tissue(measured, lineage, tissue) == 0).all()


def test_assays_with_few_lines_stay_out_of_the_mean() -> None:
    table = pd.DataFrame({"n": [100, 20, 19], "pearson": [0.4, 0.2, 0.9]})
    assert mean_pearson(table) == pytest.approx(0.3)


def test_bootstrap_is_the_mean_over_redrawn_lines() -> None:
    measured, predicted = made_up(n=40, assays=3, seed=5)
    other = predicted.sample(frac=1, random_state=0).reset_index(drop=True)
    measured.loc[15:, "C"] = np.nan  # too few lines to count
    draws = bootstrap_mean_pearson(measured, [predicted, other], draws=25, seed=9)
    assert draws.shape == (25, 2)
    random = np.random.default_rng(9)
    counts = random.multinomial(40, np.full(40, 1 / 40), size=25)
    for row, count in enumerate(counts):
        lines = np.repeat(np.arange(40), count)
        for place, frame in enumerate((predicted, other)):
            by_assay = []
            for assay in ("A", "B"):
                y, p = measured[assay].to_numpy()[lines], frame[assay].to_numpy()[lines]
                known = ~np.isnan(y)
                by_assay.append(pearsonr(y[known], p[known]).statistic)
            assert draws[row, place] == pytest.approx(np.mean(by_assay), abs=1e-9)


def test_bootstrap_is_centred_on_the_estimate_and_repeats_with_its_seed() -> None:
    measured, predicted = made_up(n=200, seed=6)
    draws = bootstrap_mean_pearson(measured, [predicted], draws=500, seed=1)
    low, high = interval(draws[:, 0])
    assert low < mean_pearson(per_assay(measured, predicted)) < high
    assert high - low < 0.2
    assert np.array_equal(draws, bootstrap_mean_pearson(measured, [predicted], draws=500, seed=1))
    assert not np.array_equal(draws, bootstrap_mean_pearson(measured, [predicted], draws=500, seed=2))


def test_bootstrap_of_a_constant_is_zero() -> None:
    measured, predicted = made_up(seed=7)
    flat = predicted * 0 + 0.1
    assert (bootstrap_mean_pearson(measured, [flat], draws=20) == 0).all()


def test_the_interval_leaves_a_like_tail_on_either_side() -> None:
    assert interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))
    assert interval(np.arange(1001.0), 0.5) == pytest.approx((250.0, 750.0))


def training_means(measured: pd.DataFrame, tissue: pd.Series, folds: pd.Series) -> pd.DataFrame:
    """For each line the mean of its tissue over the other folds: all that a table of tissues knows."""
    out = measured * np.nan
    for fold in folds.unique():
        mean = measured[folds != fold].groupby(tissue[folds != fold]).mean()
        out[folds == fold] = mean.loc[tissue[folds == fold]].to_numpy()
    return out


def test_a_table_of_tissues_scores_zero_per_tissue_and_fold_and_below_it_per_tissue() -> None:
    random = np.random.default_rng(8)
    tissue = pd.Series(random.choice(["skin", "breast", "bone"], 300))
    measured = pd.DataFrame(random.normal(size=(300, 5)), columns=list("ABCDE"))
    measured = measured.add(tissue.map({"skin": 0, "breast": 3, "bone": -3}), axis=0).mask(
        random.random((300, 5)) < 0.1
    )
    folds = pd.Series(random.permutation(300) % 5)
    table = training_means(measured, tissue, folds)
    newer = within_tissue(measured, table, tissue_and_fold(tissue, folds))
    older = within_tissue(measured, table, tissue)
    assert newer.abs().max() < 1e-9
    assert (older < -0.1).all()
    assert (per_assay(measured, table)["pearson"] > 0.8).all()


def test_a_group_is_a_tissue_in_a_fold_whatever_the_order_of_the_folds() -> None:
    tissue = pd.Series({"a": "skin", "b": "skin", "c": "bone"})
    found = tissue_and_fold(tissue, pd.Series({"c": 0, "b": 1, "a": 0}))
    assert found.nunique() == 3
    assert list(found.index) == ["a", "b", "c"]
    assert tissue_and_fold(tissue, pd.Series({"a": 2, "b": 2, "c": 2})).nunique() == 2


def test_top_predictions_are_those_up_to_the_fifth_percentile() -> None:
    predicted = pd.DataFrame({"A": np.arange(100.0)})
    measured = predicted + 1.0
    measured.loc[0, "A"] = np.nan
    measured.loc[1, "A"] = 90.5
    found = top_predictions(measured, predicted).loc["A"]
    assert found["top_n"] == 4
    assert found["top_bias"] == pytest.approx((89.5 + 3) / 4)
    assert found["top_rmse"] == pytest.approx(np.sqrt((89.5**2 + 3) / 4))
    assert found["top_sensitive"] == pytest.approx(3 / 4)


def test_draws_within_groups_surround_the_correlation_within_them_and_are_paired() -> None:
    measured, predicted = made_up(n=200, seed=9)
    tissue = pd.Series(np.random.default_rng(9).choice(["skin", "breast"], 200))
    groups = tissue_and_fold(tissue, pd.Series(np.arange(200) % 5))
    draws = bootstrap_within(measured, [predicted, predicted * 2 + 1], groups, draws=200)
    low, high = interval(draws[:, 0])
    assert low < within_tissue(measured, predicted, groups).mean() < high
    assert draws[:, 0] == pytest.approx(draws[:, 1])
