"""Calibration of made-up claims whose truth is known, against scipy and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx_training.evaluation.probability_calibration import (
    calibration_table,
    holm,
    largest_deviation,
    recalibration,
    tenths,
    top_claims,
    wilson,
)
from scipy.special import expit, logit
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression

pytestmark = pytest.mark.medium


def made(n: int = 300, drugs: int = 10, seed: int = 0, together: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calibrated claims and outcomes; `together` shares of the drugs' luck is the line's own."""
    random = np.random.default_rng(seed)
    chance = pd.DataFrame(random.beta(1.2, 4.0, (n, drugs)))
    own, of_line = random.random((n, drugs)), random.random((n, 1))
    luck = np.where(random.random((n, drugs)) < together, of_line, own)
    return chance, (pd.DataFrame(luck) < chance).astype(float)


def test_tenths_hold_as_many_cells_each_and_their_means() -> None:
    chance, happened = made()
    chance.iloc[:5] = np.nan
    happened.iloc[-5:, 0] = np.nan
    table = tenths(chance, happened)
    known = (chance.notna() & happened.notna()).to_numpy()
    assert table["n"].sum() == known.sum()
    assert table["n"].max() - table["n"].min() <= 1
    claims = np.sort(chance.to_numpy()[known])
    assert table["claimed"].iloc[0] == pytest.approx(claims[: int(table["n"].iloc[0])].mean())
    assert table["claimed"].is_monotonic_increasing
    assert ((table["observed"] - table["claimed"]).abs() < 0.1).all()
    assert (table["low"] <= table["observed"]).all()
    assert (table["observed"] <= table["high"]).all()


def test_wilsons_interval_is_scipys() -> None:
    for hits, n in ((0, 10), (3, 17), (50, 50)):
        expected = binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert np.isnan(wilson(0, 0)).all()


def test_the_top_is_looked_at_alone() -> None:
    chance, happened = made()
    top = top_claims(chance, happened, 0.01)
    assert top["n"] == 30
    assert top["claimed"] == pytest.approx(np.sort(chance.to_numpy().ravel())[-30:].mean())


def test_calibrated_claims_have_slope_one_and_intercept_zero() -> None:
    found = recalibration(*made(1000))
    assert found.holds
    assert found.slope[0] == pytest.approx(1.0, abs=0.1)
    assert found.intercept[0] == pytest.approx(0.0, abs=0.15)


@pytest.mark.parametrize(("stretch", "shift"), [(1.6, 0.0), (1.0, 0.7), (0.6, 0.0)])
def test_what_was_done_to_the_claims_is_found(stretch: Any, shift: Any) -> None:
    chance, happened = made(1000, seed=1)
    claimed = pd.DataFrame(expit(stretch * logit(chance.clip(1e-3, 1 - 1e-3)) + shift))
    found = recalibration(claimed, happened)
    assert not found.holds
    assert found.slope[0] == pytest.approx(1 / stretch, abs=0.1)
    assert found.intercept[0] == pytest.approx(-shift / stretch, abs=0.15)


def test_the_estimate_is_that_of_scikit_learn_and_draws_are_near_refits() -> None:
    chance, happened = made(200, 6, seed=2, together=0.5)
    x = logit(chance.to_numpy().clip(1e-4, 1 - 1e-4))
    y = happened.to_numpy()

    def fitted(lines: np.ndarray) -> tuple[float, float]:
        model = LogisticRegression(C=np.inf, tol=1e-8).fit(x[lines].reshape(-1, 1), y[lines].ravel())
        return float(model.coef_[0, 0]), float(model.intercept_[0])

    found = recalibration(chance, happened, draws=400, seed=3)
    assert (found.slope[0], found.intercept[0]) == pytest.approx(fitted(np.arange(200)), abs=1e-3)
    random = np.random.default_rng(4)
    refits = [fitted(random.integers(200, size=200))[0] for _ in range(60)]
    spread = found.slope[2] - found.slope[1]
    assert spread == pytest.approx(3.92 * np.std(refits), rel=0.3)


def test_what_cannot_be_regressed_is_unknown() -> None:
    chance, happened = made(30, 2)
    assert np.isnan(recalibration(chance, happened * 0).slope).all()
    assert not recalibration(chance * 0 + 0.2, happened).holds


def test_a_deviation_is_found_and_calibration_is_not_doubted() -> None:
    chance, happened = made(600, 10, seed=5)
    fine = largest_deviation(chance, happened, 200)
    assert min(fine.p_lines, fine.p_cells) > 0.02
    wrong = largest_deviation(chance.where(chance < 0.5, chance + 0.15).clip(upper=1), happened, 200)
    assert max(wrong.p_lines, wrong.p_cells) < 0.01
    assert wrong.tenth == 10
    assert wrong.largest < -0.05


def test_lines_as_units_keep_the_level_where_cells_of_a_line_go_together() -> None:
    """Perfect calibration with a shared fate per line: independent cells doubt it far too often, lines do not."""
    found = [largest_deviation(*made(250, 20, seed, together=0.9), draws=200, seed=seed) for seed in range(60)]
    assert np.mean([one.p_lines < 0.05 for one in found]) < 0.15
    assert np.mean([one.p_cells < 0.05 for one in found]) > 0.15


def test_holm_is_the_step_down_method() -> None:
    p = pd.Series({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.5})
    assert holm(p).to_dict() == pytest.approx({"b": 0.04, "c": 0.09, "a": 0.09, "d": 0.5})
    assert holm(pd.Series({"x": 0.7, "y": 0.9})).max() <= 1.0


def test_each_group_has_a_row_and_the_correction_is_over_the_groups() -> None:
    chance, happened = made(300, 8, seed=6)
    half = chance.copy()
    half.iloc[150:] = np.nan
    groups = {"all": chance, "first half": half, "bold": expit(2 * logit(chance)), "empty": chance * np.nan}
    table = calibration_table(groups, happened, draws=100)
    assert list(table.index) == ["all", "first half", "bold"]
    assert table.loc["first half", "n"] == 150 * 8
    assert table.loc["all", "recalibration_holds"]
    assert not table.loc["bold", "recalibration_holds"]
    assert table["p_holm"].to_dict() == pytest.approx(holm(table["p_lines"]).to_dict())
    assert (table["slope_low"] < table["slope"]).all()
    assert table.loc["all", "top_n"] == 24
