"""Whether a claimed probability is the share that is seen: tenths, recalibration and a test, with lines as units.

Cells of one line are not independent: a line that one drug harms, others harm too. So intervals and the test draw whole
lines. A test with independent cells stands beside it, as the narrowest that perfect calibration could be held to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from scipy.special import expit, logit

from pamrx_training.evaluation.metrics import interval, resampled

BINS = 10
TOP = 0.01
CLIP = 1e-4
"""Claims nearer to 0 or 1 count as this near in the recalibration, whose log odds have no end."""

Z95 = 1.959964

TENTH_COLUMNS = ("claimed", "observed", "low", "high", "n")


@short_repr
@dataclass(frozen=True)
class Recalibration:
    """Logistic regression of what happened on the log odds of the claim: 1 and 0 where the claim is calibrated.

    Attributes
    ----------
    slope, intercept : each with low and high end of its 95 % interval over lines.
    """

    slope: tuple[float, float, float]
    intercept: tuple[float, float, float]

    @property
    def holds(self) -> bool:
        """Whether the intervals hold 1 and 0."""
        return self.slope[1] <= 1 <= self.slope[2] and self.intercept[1] <= 0 <= self.intercept[2]


@short_repr
@dataclass(frozen=True)
class Deviation:
    """The largest difference between seen and claimed over the equal-count tenths.

    Attributes
    ----------
    largest : seen less claimed in the tenth (`tenth`, from 1, of the lowest claims) where they differ most.
    p_lines, p_cells : share of simulations under perfect calibration that deviate as much, lines or single cells being
        independent.
    """

    largest: float
    tenth: int
    p_lines: float
    p_cells: float


def tenths(chance: pd.DataFrame, happened: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Claimed and observed shares in bins of as many cells each.

    Parameters
    ----------
    chance, happened : (n_lines, n_drugs) probability, and 1 or 0; cells where either is NaN take no part.

    Returns
    -------
    DataFrame
        Index bin, from 1 for the lowest claims: `TENTH_COLUMNS`, low and high being the 95 % Wilson interval of the
        observed share.
    """
    claimed, seen, _ = _cells(chance, happened)
    place = _bins(claimed, bins)
    rows = [_share(claimed[place == number], seen[place == number]) for number in range(bins)]
    return pd.DataFrame(rows, columns=list(TENTH_COLUMNS), index=pd.RangeIndex(1, bins + 1, name="bin"))


def top_claims(chance: pd.DataFrame, happened: pd.DataFrame, share: float = TOP) -> pd.Series:
    """Claimed and observed share among the cells with the highest claims: `TENTH_COLUMNS`, as in `tenths`."""
    claimed, seen, _ = _cells(chance, happened)
    first = np.argsort(-claimed, kind="stable")[: math.ceil(share * len(claimed))]
    return pd.Series(_share(claimed[first], seen[first]), index=list(TENTH_COLUMNS))


def recalibration(chance: pd.DataFrame, happened: pd.DataFrame, draws: int = 1000, seed: int = 0) -> Recalibration:
    """Slope and intercept with intervals over redrawn lines.

    Each draw takes one Newton step from the estimate of all lines, which differs from a refit by less than a tenth of
    the interval's width where lines are many. NaN where all cells happened, or none.
    """
    claimed, seen, line = _cells(chance, happened)
    if len(seen) < 3 or seen.min() == seen.max() or np.ptp(claimed) == 0:
        unknown = (math.nan, math.nan, math.nan)
        return Recalibration(unknown, unknown)
    x = logit(np.clip(claimed, CLIP, 1 - CLIP))
    beta = _logistic(x, seen)
    fitted = expit(beta[0] + beta[1] * x)
    left, weight = seen - fitted, fitted * (1 - fitted)
    n = len(chance)
    parts = [np.bincount(line, one, n) for one in (left, left * x, weight, weight * x, weight * x * x)]
    sums = resampled(n, draws, seed) @ np.stack(parts, axis=1)
    determinant = np.maximum(sums[:, 2] * sums[:, 4] - sums[:, 3] ** 2, 1e-12)
    intercept = beta[0] + (sums[:, 4] * sums[:, 0] - sums[:, 3] * sums[:, 1]) / determinant
    slope = beta[1] + (sums[:, 2] * sums[:, 1] - sums[:, 3] * sums[:, 0]) / determinant
    return Recalibration((float(beta[1]), *interval(slope)), (float(beta[0]), *interval(intercept)))


def largest_deviation(
    chance: pd.DataFrame, happened: pd.DataFrame, draws: int = 1000, seed: int = 0, bins: int = BINS
) -> Deviation:
    """The largest deviation over the tenths, tested against simulation under perfect calibration."""
    claimed, seen, line = _cells(chance, happened)
    place = _bins(claimed, bins)
    n = len(chance)
    size = np.bincount(place, minlength=bins)
    off = np.bincount(place, seen - claimed, bins) / np.maximum(size, 1)
    worst = int(np.abs(off).argmax())
    cell = line * bins + place
    of_line = [np.bincount(cell, one, n * bins).reshape(n, bins) for one in (seen - claimed, np.ones(len(seen)))]
    counts = resampled(n, draws, seed)
    drawn = (counts @ of_line[0]) / np.maximum(counts @ of_line[1], 1.0)
    # What redrawing lines adds to the deviation is what chance adds where there is none.
    by_lines = np.abs(drawn - off).max(axis=1)
    by_cells = _simulated(claimed, place, size, draws, seed)
    return Deviation(float(off[worst]), worst + 1, _p(by_lines, off), _p(by_cells, off))


def calibration_table(
    chances: Mapping[str, pd.DataFrame], happened: pd.DataFrame, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Calibration of each group of cells.

    Parameters
    ----------
    chances : by name of the group, (n_lines, n_drugs) claims; NaN outside the group. Groups may be drugs, tissues, or
        the same cells as claimed from other evidence.
    happened : (n_lines, n_drugs) 1 or 0; NaN where not measured.

    Returns
    -------
    DataFrame
        Index group: n (cells), claimed, observed, top_claimed, top_observed, top_n (the highest `TOP` of claims),
        slope and intercept with `_low` and `_high`, recalibration_holds, largest, tenth, p_lines, p_cells (`Deviation`)
        and p_holm (p_lines, corrected over the groups).
    """
    rows = {}
    for name, chance in chances.items():
        claimed, seen, _ = _cells(chance, happened)
        if not len(seen):
            continue
        top, found = top_claims(chance, happened), recalibration(chance, happened, draws, seed)
        deviation = largest_deviation(chance, happened, draws, seed)
        row: dict[str, object] = {"n": len(seen), "claimed": claimed.mean(), "observed": seen.mean()}
        row |= {"top_claimed": top["claimed"], "top_observed": top["observed"], "top_n": int(top["n"])}
        for what, values in (("slope", found.slope), ("intercept", found.intercept)):
            row |= dict(zip((what, f"{what}_low", f"{what}_high"), values, strict=True))
        row |= {"recalibration_holds": found.holds, **vars(deviation)}
        rows[name] = row
    table = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="group"))
    return table.assign(p_holm=holm(table["p_lines"])) if len(table) else table


def holm(p: pd.Series) -> pd.Series:
    """P values corrected for their number by Holm's step-down method."""
    order = p.sort_values(kind="stable")
    scaled = order * np.arange(len(order), 0, -1)
    return scaled.cummax().clip(upper=1.0).reindex(p.index)


def wilson(hits: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval of a share."""
    if n <= 0:
        return math.nan, math.nan
    share, wide = hits / n, z * z / n
    middle = (share + wide / 2) / (1 + wide)
    half = z * math.sqrt(share * (1 - share) / n + wide / (4 * n)) / (1 + wide)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _share(claimed: np.ndarray, seen: np.ndarray) -> list[float]:
    n = len(seen)
    if not n:
        return [math.nan] * 4 + [0.0]
    return [float(claimed.mean()), float(seen.mean()), *wilson(float(seen.sum()), n), float(n)]


def _cells(chance: pd.DataFrame, happened: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Claim, outcome and place of the line, of every cell that has both."""
    claimed, seen = chance.to_numpy(dtype=float), happened.to_numpy(dtype=float)
    line, drug = np.nonzero(~np.isnan(claimed) & ~np.isnan(seen))
    return claimed[line, drug], seen[line, drug], line


def _bins(claimed: np.ndarray, bins: int) -> np.ndarray:
    """Equal-count bin of each cell, from 0; ties are parted by their place."""
    place = np.empty(len(claimed), dtype=int)
    place[np.argsort(claimed, kind="stable")] = np.arange(len(claimed)) * bins // max(len(claimed), 1)
    return place


def _logistic(x: np.ndarray, y: np.ndarray, steps: int = 50) -> np.ndarray:
    """(intercept, slope) of the logistic regression of `y` on `x`, by Newton's method."""
    beta = np.array([0.0, 1.0])
    design = np.stack([np.ones_like(x), x], axis=1)
    for _ in range(steps):
        fitted = expit(design @ beta)
        curvature = (design * (fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), design.T @ (y - fitted))
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    return beta


def _simulated(claimed: np.ndarray, place: np.ndarray, size: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """(draws,) largest deviation where each cell happens by its claim, alone."""
    order = np.argsort(place, kind="stable")
    sorted_claims = claimed[order].astype(np.float32)
    used = np.flatnonzero(size)
    starts = (np.cumsum(size) - size)[used]
    expected = np.add.reduceat(claimed[order], starts) / size[used]
    random = np.random.default_rng(seed)
    out = np.empty(draws)
    for row in range(draws):
        happened = random.random(len(claimed), dtype=np.float32) < sorted_claims
        out[row] = np.abs(np.add.reduceat(happened.astype(np.int32), starts) / size[used] - expected).max()
    return out


def _p(simulated: np.ndarray, off: np.ndarray) -> float:
    return float((1 + (simulated >= np.abs(off).max()).sum()) / (1 + len(simulated)))
