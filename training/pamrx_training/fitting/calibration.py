"""Fit intervals and limits of applicability on out-of-fold predictions (see `pamrx.prediction`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pamrx.identifiers.feature_name import in_block
from pamrx.prediction.applicability import CONSTANT, Applicability, Panel
from pamrx.prediction.intervals import (
    EASIEST,
    FAMILIES,
    HARDEST,
    PREDICTED,
    Difficulty,
    Intervals,
    covariates,
    family_of,
)
from pamrx.prediction.missing_data import all_patterns, narrower, pattern_from, pattern_name
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

from pamrx_training.fitting.masked_predictions import MaskedPredictions, traits_under

PENALTY = 0.05
"""Of the ridge regression of difficulty, per row."""

TISSUE_WEIGHT = 1.5
LARGEST = 5.0
"""Relative errors above this count as this much, so that a single failed assay does not make a tissue difficult."""

FEWEST = 30
"""Lines from which a pattern's own scale is taken; under it the median over assays of its ratio to the complete."""

BIOLOGY_QUANTILE = 0.99


def fit_intervals(masked: MaskedPredictions, seed: int = 0) -> Intervals:
    """Calibrate on held-out lines: scales per pattern, difficulty, and scaled errors (`pamrx.prediction.intervals`)."""
    errors = {name: (masked.measured - frame).abs() for name, frame in masked.predictions.items()}
    mean = masked.measured.mean().to_numpy(dtype=float)
    sd = masked.measured.std().to_numpy(dtype=float)
    names = list(errors)
    own = own_patterns(masked)
    assigned = assigned_patterns(masked, own, seed)
    scale = _scales({name: frame.to_numpy() for name, frame in errors.items()}, own)
    relative, grid, fold = [], [], []
    columns = [*PREDICTED, "platform", "depth", *in_block(masked.traits["whole"].columns, "tissue")]
    for family in FAMILIES:
        predicted, traits, error = under(masked, assigned[family])
        scales = np.stack([scale[names.index(name)] if name else np.full(len(sd), np.nan) for name in assigned[family]])
        relative.append(np.minimum(error / scales, LARGEST))
        found = covariates(predicted, traits, mean, sd, columns)
        grid.append(np.stack([np.broadcast_to(values, error.shape) for values in found], axis=-1))
        fold.append(masked.fold.to_numpy())
    crossed, difficulty = _difficulty(np.stack(relative), np.stack(grid), np.stack(fold)[0], mean, sd, columns)
    shares = {}
    for name, frame in masked.predictions.items():
        size = difficulty(np.ascontiguousarray(frame.to_numpy(dtype=float)), traits_under(masked, name))
        shares[name] = errors[name].to_numpy() / size
    scale = _scales(shares, own)
    table = pd.DataFrame(scale.astype(np.float32), index=names, columns=masked.measured.columns)
    scores = []
    for place, family in enumerate(FAMILIES):
        _, _, error = under(masked, assigned[family])
        scales = np.stack([scale[names.index(name)] if name else np.full(len(sd), np.nan) for name in assigned[family]])
        rows = [f"{family}.{line}" for line in masked.measured.index]
        scores.append(pd.DataFrame(error / (scales * crossed[place]), index=rows, columns=masked.measured.columns))
    return Intervals(list(masked.measured.columns), table, difficulty, pd.concat(scores).astype(np.float32))


def fit_applicability(masked: MaskedPredictions, panel: Panel) -> Applicability:
    """Limits of the three distances from held-out lines; `panel` is of the lines that the model was fitted on."""
    traits = masked.traits["whole"]
    platform = max(_crossing(masked.disturbed), float(traits["platform"].quantile(BIOLOGY_QUANTILE)))
    return Applicability(panel, platform, float(traits["depth"].quantile(BIOLOGY_QUANTILE)), _skills(masked))


def usual_deviation(masked: MaskedPredictions) -> float:
    """What 99 % of held-out lines stay below in `platform` (`pamrx.prediction.tissues`)."""
    return round(float(masked.traits["whole"]["platform"].quantile(BIOLOGY_QUANTILE)), 4)


def own_patterns(masked: MaskedPredictions) -> list[str]:
    """The richest pattern of each line: that of its profile as it is."""
    order = [pattern_name(pattern) for pattern in all_patterns()]
    known = np.stack([masked.predictions[name].notna().any(axis=1).to_numpy() for name in order])
    return [order[place] for place in known.argmax(axis=0)]


def under(masked: MaskedPredictions, names: Sequence[str]) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Predictions, traits and absolute errors, each line under its pattern of `names`."""
    predicted = np.full(masked.measured.shape, np.nan)
    traits = pd.DataFrame(np.nan, index=masked.measured.index, columns=masked.traits["whole"].columns)
    at = np.array(names, dtype=object)
    for name in set(names) - {""}:
        rows = np.flatnonzero(at == name)
        predicted[rows] = masked.predictions[name].to_numpy()[rows]
        traits.iloc[rows] = traits_under(masked, name).to_numpy()[rows]
    return predicted, traits, np.abs(masked.measured.to_numpy() - predicted)


def assigned_patterns(masked: MaskedPredictions, own: Sequence[str], seed: int) -> dict[str, list[str]]:
    """By family one pattern per line, among those that the line can show; "" where there is none.

    Errors of one line under several patterns are almost the same, so one of each family says it all.
    """
    possible = {name: frame.notna().any(axis=1).to_numpy() for name, frame in masked.predictions.items()}
    random = np.random.default_rng(seed)
    out: dict[str, list[str]] = {}
    for family in FAMILIES:
        members = [name for name in possible if family_of(pattern_from(name)) == family]
        drawn = []
        for line in range(len(own)):
            open_to = [name for name in members if possible[name][line]]
            pick = int(random.integers(1 << 30))
            drawn.append(open_to[pick % len(open_to)] if open_to else "")
        if family == FAMILIES[0]:
            drawn = [name if family_of(pattern_from(name)) == family else "" for name in own]
            # Data without a whole source have no complete line: what each line has stands for it.
            drawn = drawn if any(drawn) else list(own)
        out[family] = drawn
    return out


def _scales(errors: dict[str, np.ndarray], own: Sequence[str]) -> np.ndarray:
    """(n_patterns, n_assays) mean error under each pattern, at least that of every pattern with more evidence.

    A pattern that only some lines can show is compared with the complete profile on those same lines.
    """
    names = list(errors)
    richest = np.array(own, dtype=object)
    complete = np.full(next(iter(errors.values())).shape, np.nan)
    for name in set(own):
        complete[richest == name] = errors[name][richest == name]
    base = np.nanmean(complete, axis=0)
    out = np.empty((len(names), len(base)))
    for place, name in enumerate(names):
        both = ~np.isnan(errors[name]) & ~np.isnan(complete)
        count = np.maximum(both.sum(axis=0), 1)
        above = np.where(both, errors[name], 0.0).sum(axis=0) / count
        below = np.where(both, complete, 0.0).sum(axis=0) / count
        ratio = np.where(both.sum(axis=0) >= FEWEST, above / np.where(below > 0, below, np.inf), np.nan)
        middle = np.nanmedian(ratio) if (~np.isnan(ratio)).any() else 1.0
        out[place] = base * np.where(np.isnan(ratio), middle, ratio)
    where = {name: place for place, name in enumerate(names)}
    raw = out.copy()
    for name, place in where.items():
        richer = [where[pattern_name(other)] for other in narrower(pattern_from(name))]
        out[place] = raw[richer].max(axis=0)
    return out


def _difficulty(
    relative: np.ndarray, grid: np.ndarray, fold: np.ndarray, mean: np.ndarray, sd: np.ndarray, names: list[str]
) -> tuple[np.ndarray, Difficulty]:
    """Difficulty of every (family, line, assay), each fold's by a fit without it, and the fit on all."""
    flat = grid.reshape(-1, grid.shape[-1])
    centre = np.nan_to_num(np.nanmean(flat, axis=0))
    scale = np.nan_to_num(np.nanstd(flat, axis=0))
    tissues = set(in_block(names, "tissue"))
    tissue = np.array([name in tissues for name in names])
    scale = np.where(tissue, 1 / TISSUE_WEIGHT, np.where(scale > 0, scale, np.inf))
    scaled = np.nan_to_num((grid - centre) / scale)
    folds = np.broadcast_to(fold[None, :, None], relative.shape)
    crossed = np.ones(relative.shape)

    def slope(rows: np.ndarray) -> np.ndarray:
        rows = rows & ~np.isnan(relative)
        if not rows.any():  # of two folds one is left, and none beside it
            return np.zeros(grid.shape[-1])
        with threadpool_limits(1):
            ridge = Ridge(alpha=PENALTY * int(rows.sum())).fit(scaled[rows], relative[rows])
        return np.asarray(ridge.coef_ / ridge.intercept_)

    made = Difficulty(mean, sd, names, centre, scale, slope(np.ones(relative.shape, dtype=bool)))
    for one in np.unique(fold):
        part = Difficulty(mean, sd, names, centre, scale, slope(folds != one))
        size = np.clip(1 + (scaled * part.slope).sum(axis=-1), EASIEST, HARDEST)
        crossed = np.where(folds == one, size, crossed)
    return crossed, made


def _crossing(disturbed: pd.DataFrame) -> float:
    """The distance at which disturbed transcripts serve no better than none, by straight lines between the shares."""
    mean = disturbed.groupby("share")[["platform", "error", "error_without"]].mean().dropna()
    if mean.empty:
        return float(CONSTANT)
    excess = (mean["error"] - mean["error_without"]).cummax().to_numpy()
    platform = mean["platform"].to_numpy()
    if excess[-1] < 0:
        return float(platform[-1])
    if excess[0] > 0:
        return float(platform[0])
    return float(np.interp(0.0, excess, platform))


def _skills(masked: MaskedPredictions) -> dict[str, float]:
    """Share of the complete profile's skill that each pattern keeps, on lines that can show both."""
    variance = masked.measured.var().where(lambda value: value > 0)
    complete, _, _ = under(masked, own_patterns(masked))
    squares = {name: (masked.measured - frame) ** 2 / variance for name, frame in masked.predictions.items()}
    best = (masked.measured - complete) ** 2 / variance
    nothing = squares["none"]
    out = {}
    for name, frame in squares.items():
        rows = frame.notna().any(axis=1)
        if not rows.any():
            continue
        lost, gained = (float((nothing - other)[rows].mean().mean()) for other in (frame, best))
        out[name] = round(float(np.clip(lost / gained, 0.0, 1.0)), 4) if gained > 0 else 0.0
    return out
