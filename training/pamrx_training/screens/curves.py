"""One row per sample and drug: ln IC50, AUC, GR metrics, and how far the curve can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError

from pamrx_training.screens.logistic import LEAST_SCALE, Fit, Vector, fit_logistic
from pamrx_training.screens.normalise import Normalised

FEWEST_DOSES = 4
"""Different doses that a curve of four parameters needs."""

UPPER, LOWER = (0.8, 1.2), (0.0, 1.0)
"""Bounds of the asymptotes of viability: the control is 1 by definition, but for its noise."""

LOW_Z_PRIME, HIGH_DRIFT, HIGH_RESIDUAL = 0.5, 0.2, 0.15
"""Beyond which a curve is flagged."""

COLUMNS = [
    "sample_id", "drug", "ln_ic50", "ln_ic50_se", "auc", "upper", "lower", "slope", "ln_ec50",
    "ln_gr50", "gr_max", "gr_inf", "gr_aoc", "doublings",
    "min_dose_um", "max_dose_um", "n_doses", "n_wells", "n_plates",
    "residual_sd", "replicate_sd", "p_flat", "z_prime", "control_drift", "extrapolated", "flags",
]  # fmt: skip


@short_repr
@dataclass(frozen=True)
class Curve:
    """The fit of one sample and drug.

    Attributes
    ----------
    sample_id, drug : what it is of.
    points : its wells (dose_um, viability, gr, plate).
    fit : of viability.
    gr_fit : of GR; None without day-0 values.
    row : the values of `COLUMNS`.
    """

    sample_id: str
    drug: str
    points: pd.DataFrame
    fit: Fit
    gr_fit: Fit | None
    row: dict[str, object]


@short_repr
@dataclass(frozen=True)
class FittedScreen:
    """All curves of a screen; `left_out` says of each curve that could not be fitted why."""

    curves: list[Curve]
    left_out: list[str] = field(default_factory=list)

    def table(self) -> pd.DataFrame:
        """One row per curve, `COLUMNS`, sorted by drug and sample: what training takes."""
        frame = pd.DataFrame([curve.row for curve in self.curves], columns=COLUMNS)
        return frame.sort_values(["drug", "sample_id"], ignore_index=True)


def fit_screen(normalised: Normalised) -> FittedScreen:
    """Fit each sample and drug; wells of all plates and replicates are the points of one curve.

    Raises
    ------
    InputError
        If no curve has enough doses.
    """
    curves, left_out = [], []
    for (sample, drug), points in normalised.wells.groupby(["sample_id", "drug"], sort=True):
        doses = points["dose_um"].nunique()
        if doses < FEWEST_DOSES or len(points) <= FEWEST_DOSES:
            left_out.append(f"{sample}, {drug}: {doses} doses in {len(points)} wells")
            continue
        curves.append(fit_curve(str(sample), str(drug), points, normalised.plates))
    if not curves:
        raise InputError(
            f"no curve can be fitted: a curve needs {FEWEST_DOSES} doses and {FEWEST_DOSES + 1} wells; found "
            f"{'; '.join(left_out[:3])}"
        )
    return FittedScreen(curves, left_out)


def fit_curve(sample: str, drug: str, points: pd.DataFrame, plates: pd.DataFrame) -> Curve:
    """Fit one sample and drug; see `Curve`.

    `ln_ic50` is the ln of the dose (uM) where the fitted viability is one half. Where the curve does not come down to
    that, or not inside the tested doses, it is extrapolated by a curve from 1 to 0, as GDSC's are, and flagged.
    """
    x, y = np.log(points["dose_um"].to_numpy(dtype=float)), points["viability"].to_numpy(dtype=float)
    spread = _replicate_sd(points)
    fit = fit_logistic(x, y, UPPER, LOWER, max(LEAST_SCALE, 0.0 if math.isnan(spread) else 2.0 * spread))
    low, high = float(x.min()), float(x.max())
    middle, where = fit.curve.crossing(0.5), "no"
    error = fit.error_of_crossing(0.5)
    if not low <= middle <= high:
        middle, error = fit_logistic(x, y, (1.0, 1.0), (0.0, 0.0)).curve.middle, float("nan")
        # A curve that stays above one half has its IC50 beyond the doses, whatever the curve from 1 to 0 says.
        above = fit.curve(np.array([high]))[0] > 0.5
        middle, where = (max(middle, high), "above") if above else (min(middle, low), "below")
    growth, gr_fit = _growth(points, x)
    own = plates[plates["plate"].isin(points["plate"]) & (plates["sample_id"] == sample)]
    row: dict[str, object] = {
        "sample_id": sample,
        "drug": drug,
        "ln_ic50": middle,
        "ln_ic50_se": error,
        "auc": min(max(fit.curve.mean(low, high), 0.0), 1.0),
        "upper": fit.curve.upper,
        "lower": fit.curve.lower,
        "slope": fit.curve.slope,
        "ln_ec50": fit.curve.middle,
        **growth,
        "min_dose_um": float(points["dose_um"].min()),
        "max_dose_um": float(points["dose_um"].max()),
        "n_doses": points["dose_um"].nunique(),
        "n_wells": len(points),
        "n_plates": points["plate"].nunique(),
        "residual_sd": fit.residual_sd,
        "replicate_sd": spread,
        "p_flat": fit.p_flat,
        "z_prime": float(own["z_prime"].min()),
        "control_drift": float(own["control_drift"].max()),
        "extrapolated": where,
    }
    row["flags"] = "; ".join(_flags(row, points, fit))
    return Curve(sample, drug, points.reset_index(drop=True), fit, gr_fit, row)


def gr_metrics(doses: Vector, gr: Vector) -> tuple[dict[str, float], Fit]:
    """GR50, GRmax, GRinf and GR_AOC of GR values over doses (uM).

    As Hafner, Nature Methods 2016 and its authors' code have them: the curve begins at 1 and ends between -1 and 1;
    GRmax is the lower of the mean values at the two highest doses; GR_AOC the mean of 1 - GR over log dose.

    Returns
    -------
    metrics : ln_gr50 (ln uM; inf where GR stays above one half), gr_max, gr_inf, gr_aoc.
    fit : the fitted curve.
    """
    fit = fit_logistic(np.log(doses), gr, (1.0, 1.0), (-1.0, 1.0))
    means = pd.Series(gr).groupby(doses).mean().sort_index()
    at = np.log(means.index.to_numpy(dtype=float))
    area = float(np.trapezoid(1.0 - means.to_numpy(), at)) / float(np.ptp(at))
    metrics = {
        "ln_gr50": fit.curve.crossing(0.5),
        "gr_max": float(means.iloc[-2:].min()),
        "gr_inf": fit.curve.lower,
        "gr_aoc": area,
    }
    return metrics, fit


def _growth(points: pd.DataFrame, x: Vector) -> tuple[dict[str, float], Fit | None]:
    empty = dict.fromkeys(("ln_gr50", "gr_max", "gr_inf", "gr_aoc"), float("nan"))
    doublings = float(points["doublings"].mean())
    known = points["gr"].notna().to_numpy()
    if points.loc[known, "dose_um"].nunique() < FEWEST_DOSES:
        return {**empty, "doublings": doublings}, None
    metrics, fit = gr_metrics(np.exp(x[known]), points["gr"].to_numpy(dtype=float)[known])
    if math.isinf(metrics["ln_gr50"]):  # a table holds no infinity: the flag says so
        metrics["ln_gr50"] = float("nan")
    return {**metrics, "doublings": doublings}, fit


def _replicate_sd(points: pd.DataFrame) -> float:
    """Standard deviation of wells of one dose, over all doses together; NaN where no dose has two wells."""
    groups = points.groupby("dose_um")["viability"]
    degrees = int((groups.size() - 1).sum())
    squares = float((groups.var(ddof=1).fillna(0.0) * (groups.size() - 1)).sum())
    return math.sqrt(squares / degrees) if degrees else float("nan")


def _flags(row: dict[str, object], points: pd.DataFrame, fit: Fit) -> list[str]:
    """What speaks against a curve, in words; empty where nothing does."""
    means = points.groupby("dose_um")["viability"].mean()

    def number(name: str) -> float:
        return float(str(row[name]))

    found = {
        f"IC50 {row['extrapolated']} the tested doses": row["extrapolated"] != "no",
        "flat": fit.p_flat > 0.05,
        "rising": float(means.iloc[-1]) > float(means.iloc[0]) + 0.2,
        "no upper plateau": float(means.iloc[0]) < UPPER[0] - 0.1,
        "scatter": fit.residual_sd > HIGH_RESIDUAL,
        "single wells": math.isnan(number("replicate_sd")),
        "low Z'": number("z_prime") < LOW_Z_PRIME,
        "control drift": number("control_drift") > HIGH_DRIFT,
        "control did not double": number("doublings") < 1.0,
        "GR50 not reached": not math.isnan(number("gr_inf")) and math.isnan(number("ln_gr50")),
    }
    return [flag for flag, holds in found.items() if holds]
