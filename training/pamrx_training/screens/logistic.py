"""The logistic curve of a response over ln dose, fitted within bounds by a robust loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pamrx.display import short_repr
from scipy.optimize import least_squares
from scipy.stats import f as f_distribution

Vector = NDArray[np.float64]

SLOPES = (0.1, 5.0)
"""Bounds of the Hill slope, as the code of the GR metrics has them."""

BEYOND = math.log(100.0)
"""How far beyond the tested doses, in ln, a midpoint may lie; likewise."""

PARAMETERS = ("upper", "lower", "middle", "slope")

LEAST_SCALE = 0.1
"""Residuals below this count by their squares, above it nearly by their size."""


@short_repr
@dataclass(frozen=True)
class Logistic:
    """lower + (upper - lower) / (1 + exp(slope (x - middle))), x the ln of a dose.

    Attributes
    ----------
    upper, lower, middle, slope : middle is the ln of the dose halfway between the asymptotes.
    """

    upper: float
    lower: float
    middle: float
    slope: float

    def __call__(self, x: Vector) -> Vector:
        z = np.clip(self.slope * (x - self.middle), -500.0, 500.0)
        return np.asarray(self.lower + (self.upper - self.lower) / (1.0 + np.exp(z)), dtype=float)

    def crossing(self, level: float) -> float:
        """The x where the curve takes this level; inf where it stays above, -inf where it stays below."""
        if level <= self.lower:
            return math.inf
        if level >= self.upper:
            return -math.inf
        return self.middle + math.log((self.upper - level) / (level - self.lower)) / self.slope

    def mean(self, low: float, high: float) -> float:
        """Mean between two x, in closed form."""

        def integral(x: float) -> float:
            z = self.slope * (x - self.middle)
            return -float(np.logaddexp(0.0, -z)) / self.slope  # of 1 / (1 + exp(z)), but for a constant

        return self.lower + (self.upper - self.lower) * (integral(high) - integral(low)) / (high - low)


@short_repr
@dataclass(frozen=True)
class Fit:
    """A fitted curve.

    Attributes
    ----------
    curve : the fitted curve.
    covariance : (4, 4) of `PARAMETERS`; 0 for what is fixed.
    residual_sd : of the points about the curve.
    p_flat : of an F test against a horizontal line: large where the curve says no more than its mean.
    at_bound : names of those of `PARAMETERS` that were fitted and ended at a bound.
    """

    curve: Logistic
    covariance: Vector
    residual_sd: float
    p_flat: float
    at_bound: tuple[str, ...]

    def error_of_crossing(self, level: float) -> float:
        """Standard error of `Logistic.crossing`, by the delta method; NaN where it cannot be told."""
        curve = self.curve
        if not (curve.lower < level < curve.upper) or set(self.at_bound) & {"middle", "slope"}:
            return float("nan")
        odds = math.log((curve.upper - level) / (level - curve.lower))
        slopes = {
            "upper": 1.0 / (curve.slope * (curve.upper - level)),
            "lower": 1.0 / (curve.slope * (level - curve.lower)),
            "middle": 1.0,
            "slope": -odds / curve.slope**2,
        }
        gradient = np.array([slopes[name] for name in PARAMETERS])
        variance = float(gradient @ self.covariance @ gradient)
        return math.sqrt(variance) if variance >= 0 else float("nan")


def fit_logistic(
    x: Vector, y: Vector, upper: tuple[float, float], lower: tuple[float, float], scale: float = LEAST_SCALE
) -> Fit:
    """Fit the curve to points, each well a point, from several starts. The curve never rises.

    Parameters
    ----------
    x, y : (n,) ln dose and response, n larger than the number of free parameters.
    upper, lower : bounds of the asymptotes; one of equal bounds is fixed there. Where it is not, the lower asymptote
        lies anywhere from its lower bound to the upper asymptote.
    scale : residuals well above it count by their size and not by their squares (soft_l1).
    """
    # The second of the four says how far the lower asymptote lies from its bound to the upper one.
    lows = np.array([upper[0], 0.0, float(x.min()) - BEYOND, SLOPES[0]])
    highs = np.array([upper[1], float(lower[1] > lower[0]), float(x.max()) + BEYOND, SLOPES[1]])
    free = highs > lows

    def whole(parameters: Vector) -> Vector:
        every = lows.copy()
        every[free] = parameters
        return every

    def residuals(parameters: Vector) -> Vector:
        return _curve(whole(parameters), lower[0])(x) - y

    def jacobian(parameters: Vector) -> Vector:
        return _jacobian(whole(parameters), lower[0], x)[:, free]

    best = None
    for start in _starts(x, y, lower[0]):
        first = np.clip(start, lows + 1e-3 * (highs - lows), highs - 1e-3 * (highs - lows))[free]
        found = least_squares(
            residuals,
            first,
            jacobian,
            (lows[free], highs[free]),
            loss="soft_l1",
            f_scale=scale,
            max_nfev=100,
            ftol=1e-7,
        )
        if best is None or found.cost < best.cost:
            best = found
    assert best is not None
    parameters = whole(best.x)
    left = residuals(best.x)
    variance = float(left @ left) / max(len(x) - int(free.sum()), 1)
    room = 1e-3 * (highs - lows)
    touched = free & ((parameters - lows <= room) | (highs - parameters <= room))
    covariance = _covariance(_jacobian(parameters, lower[0], x), free, _chain(parameters, lower[0])) * variance
    at_bound = tuple(name for name, at in zip(PARAMETERS, touched, strict=True) if at)
    return Fit(
        _curve(parameters, lower[0]), covariance, math.sqrt(variance), _p_flat(left, y, int(free.sum())), at_bound
    )


def _curve(parameters: Vector, lowest: float) -> Logistic:
    upper, part, middle, slope = map(float, parameters)
    return Logistic(upper, lowest + part * (upper - lowest), middle, slope)


def _jacobian(parameters: Vector, lowest: float, x: Vector) -> Vector:
    """(n, 4) derivatives of the curve by the parameters."""
    upper, part, middle, slope = map(float, parameters)
    share = 1.0 / (1.0 + np.exp(np.clip(slope * (x - middle), -500.0, 500.0)))
    span, steep = (1.0 - part) * (upper - lowest), share * (1.0 - share)
    columns = [
        part + (1.0 - part) * share,
        (upper - lowest) * (1.0 - share),
        span * steep * slope,
        -span * steep * (x - middle),
    ]
    return np.column_stack(columns)


def _chain(parameters: Vector, lowest: float) -> Vector:
    """(4, 4) derivatives of upper, lower, middle and slope by the parameters."""
    upper, part, _, _ = map(float, parameters)
    chain = np.eye(4)
    chain[1, :2] = part, upper - lowest
    return chain


def _starts(x: Vector, y: Vector, lowest: float) -> list[Vector]:
    order = np.argsort(x)
    ends = max(len(x) // 5, 1)
    top, bottom = float(np.median(y[order[:ends]])), float(np.median(y[order[-ends:]]))
    part = (bottom - lowest) / (top - lowest) if top > lowest else 0.5
    return [np.array([top, part, float(np.quantile(x, place)), 1.0]) for place in (0.4, 0.8)]


def _covariance(jacobian: Vector, free: NDArray[np.bool_], chain: Vector) -> Vector:
    """Of upper, lower, middle and slope, for a variance of 1. An asymptote at its bound counts as unknown all the same:
    taken for known it would make the IC50 look surer than it is."""
    covariance = np.zeros((4, 4))
    places = np.flatnonzero(free)
    if len(places):
        own = jacobian[:, places]
        covariance[np.ix_(places, places)] = np.linalg.pinv(own.T @ own)
    return np.asarray(chain @ covariance @ chain.T)


def _p_flat(left: Vector, y: Vector, n_free: int) -> float:
    """p of an F test of the curve against the mean."""
    flat, curved = float(np.sum((y - y.mean()) ** 2)), float(left @ left)
    first, second = n_free - 1, len(y) - n_free
    if second < 1 or curved <= 0:
        return 0.0 if flat > curved else 1.0
    return float(f_distribution.sf(max(flat - curved, 0.0) / first / (curved / second), first, second))
