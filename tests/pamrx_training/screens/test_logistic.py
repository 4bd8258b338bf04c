"""The curve itself: closed forms, known parameters, and another way to the same fit."""

from __future__ import annotations

import numpy as np
import pytest
from pamrx_training.screens.logistic import Logistic, fit_logistic
from scipy.integrate import quad
from scipy.optimize import curve_fit

from tests.pamrx_training.screens.plate_data import DOSES, viability

pytestmark = pytest.mark.medium

VIABILITY = ((0.8, 1.2), (0.0, 1.0))


def points(seed: int, noise: float, **curve: float) -> tuple[np.ndarray, np.ndarray]:
    """ln dose and viability of eight doses in three wells each."""
    dose = np.repeat(DOSES, 3)
    draw = np.random.default_rng(seed)
    return np.log(dose), viability(dose, **curve) + noise * draw.standard_normal(len(dose))


def test_the_mean_and_the_crossing_are_those_of_the_curve() -> None:
    curve = Logistic(1.05, 0.2, -1.0, 1.4)
    area, _ = quad(lambda x: float(curve(np.array([x]))[0]), -5.0, 2.0)
    assert curve.mean(-5.0, 2.0) == pytest.approx(area / 7.0, abs=1e-9)
    assert curve(np.array([curve.crossing(0.5)]))[0] == pytest.approx(0.5)
    assert curve.crossing(0.1) == np.inf
    assert curve.crossing(1.1) == -np.inf


def test_without_noise_the_parameters_come_back() -> None:
    x, y = points(0, 0.0, ic50=0.3, slope=1.3, lower=0.15, upper=0.97)
    curve = fit_logistic(x, y, *VIABILITY).curve
    assert (curve.upper, curve.lower, curve.middle, curve.slope) == pytest.approx(
        (0.97, 0.15, np.log(0.3), 1.3), abs=1e-3
    )


def test_the_stated_error_holds_on_simulated_curves() -> None:
    """Of 40 curves, nine tenths of the true IC50 lie within two standard errors, and on average they are met."""
    off = []
    for seed in range(40):
        fit = fit_logistic(*points(seed, 0.05, ic50=0.3, slope=1.3), *VIABILITY)
        off.append((fit.curve.crossing(0.5) - np.log(0.3)) / fit.error_of_crossing(0.5))
    assert np.mean(np.abs(off) < 2) >= 0.85
    assert abs(np.mean(off)) < 0.3
    assert 0.6 < np.std(off) < 1.5


@pytest.mark.parametrize("seed", range(4))
def test_another_parametrisation_by_least_squares_gives_the_same_curve(seed: int) -> None:
    """`scipy.optimize.curve_fit` on log10 dose and log10 EC50, without bounds and without a robust loss."""
    x, y = points(seed, 0.02, ic50=0.5, slope=1.2, lower=0.1)

    def other(log10_dose: np.ndarray, top: float, bottom: float, log10_ec50: float, hill: float) -> np.ndarray:
        return np.asarray(top - (top - bottom) * 10 ** (hill * (log10_dose - log10_ec50)) / (
            1 + 10 ** (hill * (log10_dose - log10_ec50))
        ))  # fmt: skip

    found, _ = curve_fit(other, x / np.log(10), y, p0=(1.0, 0.0, 0.0, 1.0))
    curve = fit_logistic(x, y, *VIABILITY, scale=10.0).curve  # so large a scale makes the loss quadratic
    ours = (curve.upper, curve.lower, curve.middle / np.log(10), curve.slope)
    assert ours == pytest.approx(tuple(found), abs=0.01)


def test_an_outlier_moves_a_robust_fit_less_than_least_squares() -> None:
    x, y = points(3, 0.03, ic50=0.3)
    clean = fit_logistic(x, y, *VIABILITY).curve.crossing(0.5)
    y[-9] += 1.2
    robust, squares = (fit_logistic(x, y, *VIABILITY, scale=scale).curve.crossing(0.5) for scale in (0.1, 10.0))
    assert abs(robust - clean) < 0.15 < abs(squares - clean)


def test_a_curve_never_rises_and_a_flat_one_is_told() -> None:
    x, y = points(5, 0.03, ic50=1e7)
    fit = fit_logistic(x, y, *VIABILITY)
    assert fit.curve.lower <= fit.curve.upper
    assert fit.p_flat > 0.05
    x, y = points(5, 0.03, ic50=0.3)
    rising = fit_logistic(x, y[::-1], *VIABILITY).curve
    assert rising.lower <= rising.upper
    assert fit_logistic(x, y, *VIABILITY).p_flat < 1e-6
