"""Profiles that must be flagged, made from held-out lines, and how error grows with the score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from pamrx.features.scores import normal_scores
from pamrx.prediction.applicability import Applicability, Panel
from pamrx.prediction.missing_data import pattern_from
from pamrx.profiles import Profiles

from pamrx_training.fitting.calibration import fit_applicability, own_patterns, under
from pamrx_training.fitting.masked_predictions import MaskedPredictions, restricted, traits_under

SPECIES_SHARED = 0.8
"""Of what sets another species apart, the share of its standard deviation that is the same in all its samples."""


def disturbed_profiles(profiles: Profiles, seed: int = 0) -> dict[str, Profiles]:
    """By kind, the profiles with expression that says nothing true of them; their other data stay.

    `species r`: each gene's rank in the sample agrees with the human one by a correlation of r, and most of the
    difference is the gene's own, the same in every sample, as between orthologs.
    """
    return {kind: _with_expression(profiles, make, seed) for kind, make in _KINDS.items()}


def errors_by_score(masked: MaskedPredictions, applicability: Applicability, bins: int = 5) -> pd.DataFrame:
    """Mean squared error in units of the assay's variance, by fifths of the score.

    Returns
    -------
    DataFrame
        profiles (`as measured`, or `any evidence`: each line under every pattern), distance (mean in the bin), error,
        pairs (of line and pattern).
    """
    variance = masked.measured.var()
    own = own_patterns(masked)
    predicted, traits, _ = under(masked, own)
    squares = ((masked.measured - predicted) ** 2 / variance).mean(axis=1)
    score = applicability.assess(traits, [pattern_from(name) for name in own])["distance"]
    parts = [(score, squares)]
    for name, frame in masked.predictions.items():
        error = ((masked.measured - frame) ** 2 / variance).mean(axis=1)
        shown = traits_under(masked, name)
        parts.append((applicability.assess(shown, [pattern_from(name)] * len(error))["distance"], error))
    rows = []
    for kind, shown_parts in (("as measured", parts[:1]), ("any evidence", parts[1:])):
        table = pd.DataFrame({"distance": _joined(shown_parts, 0), "error": _joined(shown_parts, 1)}).dropna()
        fifth = pd.qcut(table["distance"].rank(method="first"), bins, labels=False)
        mean = table.groupby(fifth).mean().assign(pairs=table.groupby(fifth).size(), profiles=kind)
        rows.append(mean)
    return pd.concat(rows, ignore_index=True)[["profiles", "distance", "error", "pairs"]]


def flagged_share(masked: MaskedPredictions) -> float:
    """Share of held-out lines that are flagged, by limits from the other folds' lines."""
    flagged = []
    for fold in pd.unique(masked.fold):
        rest = masked.fold.index[masked.fold != fold]
        others = restricted(masked, list(rest), [name for name in pd.unique(masked.fold) if name != fold])
        test = restricted(masked, list(masked.fold.index[masked.fold == fold]), [fold])
        names = own_patterns(test)
        _, traits, _ = under(test, names)
        # The traits are measured already, each by its own fold's panel: none is needed here.
        nobody = Panel([], np.zeros(0), np.zeros((0, 0)), np.zeros(0))
        found = fit_applicability(others, nobody).assess(traits, [pattern_from(name) for name in names])
        flagged.append(found["flag"] != "")
    return float(pd.concat(flagged).mean())


def _joined(parts: list[tuple[pd.Series, pd.Series]], place: int) -> np.ndarray:
    return np.concatenate([part[place].to_numpy(dtype=float) for part in parts])


def _with_expression(
    profiles: Profiles, make: Callable[[np.ndarray, np.random.Generator], np.ndarray], seed: int
) -> Profiles:
    table = profiles.expression
    if table is None:
        return profiles
    made = make(table.to_numpy(dtype=float, copy=True), np.random.default_rng(seed))
    return replace(profiles, expression=pd.DataFrame(made, index=table.index, columns=table.columns))


def _shuffled(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.stack([random.permutation(row) for row in values])


def _noise(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return random.standard_normal(values.shape)


def _constant(values: np.ndarray, _random: np.random.Generator) -> np.ndarray:
    return np.full_like(values, 5.0)


def _species(agreement: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    def make(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
        shared, own = random.standard_normal(values.shape[1]), random.standard_normal(values.shape)
        other = SPECIES_SHARED * shared + np.sqrt(1 - SPECIES_SHARED**2) * own
        result: np.ndarray = agreement * normal_scores(values) + np.sqrt(1 - agreement**2) * other
        return result

    return make


def _half(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
    for row in values:
        moved = np.flatnonzero(random.random(len(row)) < 0.5)
        row[moved] = row[random.permutation(moved)]
    return values


_KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "shuffled genes": _shuffled,
    "half of the genes shuffled": _half,
    "noise": _noise,
    "constant": _constant,
    "species 0.7": _species(0.7),
    "species 0.6": _species(0.6),
    "species 0.5": _species(0.5),
}
