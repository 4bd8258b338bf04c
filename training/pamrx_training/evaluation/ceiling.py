"""The noise ceiling: how well any predictor could do, given how well repeated measurements agree.

A measurement is taken as a true value and independent noise. The reliability R is the share of the measurements'
variance that is true; a perfect predictor of the true value correlates sqrt(R) with the measurement (Spearman, American
Journal of Psychology 1904). R is estimated in one of two ways:

series   the assay was run in two or more series inside one screen. Their correlation r is the reliability of one
         series; an assay's value is a line's mean over its k series, whose noise variance is 1/k of that of one:
         R = r / (r + mean over lines of (1 - r) / k).
screen   the other screen holds the drug too, and R = r between the screens. This takes both screens to be equally
         reliable, and all that a screen measures in its own way to be noise: a model of the one screen may learn that
         too, so this ceiling is a low estimate, and a share of it may exceed 1.

Both take noise to be independent between repeats. Series of one screen share plates, media and analysis, so that the
first way is a high estimate. Neither says how much of the true value the profile could ever tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from pamrx.identifiers.assay import AssayId

from pamrx_training.datasets import assay_matrix
from pamrx_training.evaluation.metrics import interval

MIN_LINES = 30
"""Fewer lines measured twice say too little."""

COLUMNS = ["ceiling", "ceiling_low", "ceiling_high", "ceiling_r", "ceiling_lines", "ceiling_within_screen"]


def ceilings(responses: pd.DataFrame, draws: int = 500, seed: int = 0) -> pd.DataFrame:
    """The ceiling of each assay that was measured more than once.

    Parameters
    ----------
    responses : raw measurements: cell_line, assay, drug, screen, range, ln_ic50.
    draws : bootstrap draws over lines.

    Returns
    -------
    DataFrame
        Index assay; ceiling with its 95 % interval (ceiling_low, ceiling_high), ceiling_r (the correlation it
        comes from), ceiling_lines (measured twice), ceiling_within_screen (1 series, 0 other screen). Series go first
        where an assay has both. An assay whose repeats do not agree at all (r <= 0) has no ceiling but its r.
    """
    random = np.random.default_rng(seed)
    rows = {}
    # Nothing here reaches a model, so that series may be aligned on all lines.
    means = assay_matrix(responses, responses["cell_line"].unique())
    by_assay = {str(name): part for name, part in responses.groupby("assay")}
    for assay, part in by_assay.items():
        series = part.pivot(index="cell_line", columns="range", values="ln_ic50")
        found = _from_series(series, draws, random)
        if found is None:
            drug = AssayId.parse(assay).drug
            others = [name for name in by_assay if AssayId.parse(name).drug == drug and name != assay]
            found = _from_screens(means, assay, others, draws, random)
        if found is not None:
            rows[assay] = found
    return pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).rename_axis(index="assay")


def with_ceiling(per_assay: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns of `ceilings` and share_of_ceiling = pearson / ceiling; NaN where unknown."""
    table = per_assay.join(found[["ceiling", "ceiling_low", "ceiling_high", "ceiling_within_screen"]])
    table["share_of_ceiling"] = table["pearson"] / table["ceiling"]
    return table


def shares_of_ceiling(table: pd.DataFrame) -> dict[str, float]:
    """Means of share_of_ceiling by where the ceiling comes from, with the number of assays, and how many exceed 1.

    The two are no one scale: series of one screen share their plates and give a high ceiling, another screen a low.

    Parameters
    ----------
    table : of `with_ceiling`.
    """
    out = {}
    for name, within in (("series", 1.0), ("screen", 0.0)):
        share = table.loc[table["ceiling_within_screen"] == within, "share_of_ceiling"].dropna()
        out[f"share_of_ceiling_{name}"] = float(share.mean()) if len(share) else float("nan")
        out[f"assays_with_ceiling_{name}"] = float(len(share))
    return out | {"shares_of_ceiling_above_one": float((table["share_of_ceiling"] > 1).sum())}


def screen_agreement(responses: pd.DataFrame) -> pd.Series:
    """Pearson of two screens' measurements of each drug that more than one holds, over the lines of both.

    The number behind every sentence on how well the screens agree. Repeated series are aligned on all lines, since no
    model is involved. Index drug; drugs with too few shared lines are left out.
    """
    means = assay_matrix(responses, responses["cell_line"].unique())
    by_drug: dict[str, list[str]] = {}
    for name in map(str, means.columns):
        by_drug.setdefault(AssayId.parse(name).drug, []).append(name)
    found = {
        drug: _mean_correlation(means[names].to_numpy(dtype=float), MIN_LINES)
        for drug, names in by_drug.items()
        if len(names) > 1
    }
    return pd.Series(found, dtype=float).rename_axis(index="drug").dropna()


def _from_series(series: pd.DataFrame, draws: int, random: np.random.Generator) -> list[float] | None:
    """From (n_lines, n_series) measurements; None if no two series share enough lines."""
    values = series.to_numpy(dtype=float)
    twice = (~np.isnan(values)).sum(axis=1) >= 2
    if twice.sum() < MIN_LINES:
        return None

    def reliability(chosen: np.ndarray) -> tuple[float, float]:
        held = values[chosen]
        r = _mean_correlation(held)
        if not r > 0:
            return r, np.nan
        k = (~np.isnan(held)).sum(axis=1)
        return r, r / (r + float(np.mean((1 - r) / k)))

    return _ceiling(reliability, len(values), int(twice.sum()), True, draws, random)


def _from_screens(
    means: pd.DataFrame, assay: str, others: Sequence[str], draws: int, random: np.random.Generator
) -> list[float] | None:
    """From the means of repeated series in each screen; None if no other screen shares enough lines."""
    for other in others:
        both = means[[assay, other]].dropna().to_numpy(dtype=float)
        if len(both) >= MIN_LINES:
            return _ceiling(_agreement(both), len(both), len(both), False, draws, random)
    return None


def _agreement(both: np.ndarray) -> Callable[[np.ndarray], tuple[float, float]]:
    def reliability(chosen: np.ndarray) -> tuple[float, float]:
        r = _mean_correlation(both[chosen])
        return r, r if r > 0 else np.nan

    return reliability


def _ceiling(
    reliability: Callable[[np.ndarray], tuple[float, float]],
    lines: int,
    repeated: int,
    within_screen: bool,
    draws: int,
    random: np.random.Generator,
) -> list[float]:
    """The row of one assay; a draw whose r is not above 0 counts as a ceiling of 0."""
    r, whole = reliability(np.arange(lines))
    drawn = [reliability(random.integers(lines, size=lines))[1] for _ in range(draws)]
    low, high = interval(np.sqrt(np.nan_to_num(drawn)))
    return [float(np.sqrt(whole)), low, high, r, float(repeated), float(within_screen)]


def _mean_correlation(values: np.ndarray, fewest: int = MIN_LINES // 2) -> float:
    """Mean Pearson over the pairs of columns that share enough rows, weighted by their rows; NaN if none does."""
    total, weight = 0.0, 0
    for one in range(values.shape[1]):
        for other in range(one + 1, values.shape[1]):
            both = ~np.isnan(values[:, one]) & ~np.isnan(values[:, other])
            n = int(both.sum())
            if n >= fewest:
                total += n * float(np.corrcoef(values[both, one], values[both, other])[0, 1])
                weight += n
    return total / weight if weight else float("nan")
