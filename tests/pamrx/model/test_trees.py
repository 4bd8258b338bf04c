"""Predictions and SHAP values from tables: LightGBM's own numbers, whatever is missing."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.model.boosted import MANY_ROWS
from pamrx.model.tree_shap import ShapTables
from pamrx.model.trees import MOST_SPLITS, TreeTables


def boosters(values: np.ndarray, n: int = 3, **settings: object) -> list[lgb.Booster]:
    random = np.random.default_rng(1)
    told = {"num_leaves": 7, "min_data_in_leaf": 5, "verbosity": -1, "num_threads": 1, "seed": 1, **settings}
    known = np.nan_to_num(values)
    found = []
    for place in range(n):
        response = known[:, place] * known[:, place + 1] + known[:, 0] + random.normal(0, 0.3, len(values))
        found.append(lgb.train(told, lgb.Dataset(values, response), 30))
    return found


def theirs(trees: list[lgb.Booster], values: np.ndarray) -> np.ndarray:
    return np.stack([booster.predict(values, pred_contrib=True)[:, :-1] for booster in trees], axis=-1)


def data(missing: float, n: int = 400) -> np.ndarray:
    random = np.random.default_rng(0)
    values = random.normal(size=(n, 8)).round(1)
    values[random.random(values.shape) < missing] = np.nan
    return values


@pytest.mark.medium
@pytest.mark.parametrize("in_training", [0.0, 0.3])
@pytest.mark.parametrize("in_rows", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("leaves", [2, 4, 7, MOST_SPLITS + 1])
def test_the_values_are_those_of_lightgbm(in_training: float, in_rows: float, leaves: int) -> None:
    trees, rows = boosters(data(in_training), num_leaves=leaves), data(in_rows, 150)
    tables = ShapTables.of(trees, rows.shape[1])
    assert tables is not None
    found = tables.contributions(rows, len(trees))
    np.testing.assert_allclose(found, theirs(trees, rows), rtol=0, atol=1e-12)
    assert np.abs(found).max() > 0.01


@pytest.mark.parametrize("in_rows", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("leaves", [2, 7, MOST_SPLITS + 1])
def test_predictions_are_those_of_lightgbm_to_the_last_bit(in_rows: float, leaves: int) -> None:
    trees, rows = boosters(data(0.3), num_leaves=leaves), data(in_rows, 300)
    tables = TreeTables.of(trees)
    assert tables is not None
    everything = np.arange(rows.shape[1])
    expected = np.column_stack([booster.predict(rows) for booster in trees])
    assert np.array_equal(tables.predict(rows, everything), expected)
    assert np.array_equal(tables.predict(rows[:1], everything), expected[:1])


@pytest.mark.medium
def test_many_rows_are_predicted_as_few_are(bundle: Bundle) -> None:
    trees = bundle.model.boosted_
    random = np.random.default_rng(3)
    rows = random.normal(size=(MANY_ROWS, len(trees.features)))
    rows[random.random(rows.shape) < 0.2] = np.nan
    places = random.permutation(len(trees.features))
    few = np.concatenate([trees.predict(rows[:10], places), trees.predict(rows[10:], places)])
    assert np.array_equal(trees.predict(rows, places), few)


def test_a_feature_that_a_path_asks_for_twice_counts_once() -> None:
    values = np.linspace(-2, 2, 400)[:, None] * np.ones((1, 4))
    response = np.sin(3 * values[:, 0])
    tree = lgb.train(
        {"num_leaves": 7, "min_data_in_leaf": 5, "verbosity": -1, "feature_fraction": 0.3},
        lgb.Dataset(values, response),
    )
    tables = ShapTables.of([tree], 4)
    assert tables is not None
    np.testing.assert_allclose(tables.contributions(values, 1), theirs([tree], values), rtol=0, atol=1e-12)


def test_a_row_alone_has_the_same_bits() -> None:
    trees, rows = boosters(data(0.2)), data(0.2, 130)
    tables = ShapTables.of(trees, rows.shape[1])
    assert tables is not None
    alone = np.concatenate([tables.contributions(rows[place : place + 1], 3) for place in range(len(rows))])
    assert np.array_equal(alone, tables.contributions(rows, 3))


def test_trees_that_never_split_say_nothing() -> None:
    values = data(0.0)
    flat = lgb.train({"verbosity": -1}, lgb.Dataset(values, np.ones(len(values))), 3)
    trees = [flat, *boosters(values, 1)]
    tables = ShapTables.of(trees, values.shape[1])
    assert tables is not None
    np.testing.assert_allclose(tables.contributions(values, 2), theirs(trees, values), rtol=0, atol=1e-12)
    assert ShapTables.of([flat], values.shape[1]) is None


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [({"num_leaves": MOST_SPLITS + 2}, "auto"), ({"zero_as_missing": True}, "auto"), ({"num_leaves": 7}, [0])],
)
def test_other_trees_are_left_to_lightgbm(settings: dict[str, object], kinds: str | list[int]) -> None:
    values = np.abs(data(0.0)).round()
    response = (values[:, 0] == 1) * 2.0 + values[:, 1] * values[:, 2]
    told = {"min_data_in_leaf": 5, "verbosity": -1, "min_data_per_group": 5, "cat_smooth": 1}
    tree = lgb.train({**told, **settings}, lgb.Dataset(values, response, categorical_feature=kinds), 20)
    assert ShapTables.of([tree], values.shape[1]) is None


@pytest.mark.medium
def test_the_released_trees_are_small_enough(bundle: Bundle) -> None:
    trees = bundle.model.boosted_
    tables = ShapTables.of(trees.boosters, len(trees.features))
    assert tables is not None
    random = np.random.default_rng(2)
    rows = random.normal(size=(20, len(trees.features)))
    rows[random.random(rows.shape) < 0.2] = np.nan
    found = tables.contributions(rows, len(trees.boosters))
    np.testing.assert_allclose(found, theirs(trees.boosters, rows), rtol=0, atol=1e-9)
