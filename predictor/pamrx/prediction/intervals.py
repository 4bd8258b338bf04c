"""Prediction intervals: conformal, by assay and missing-data pattern, scaled to the difficulty of the profile.

The method is normalised, Mondrian split conformal regression as `crepes` implements it (Bostrom, COPA 2022):
out-of-fold errors |measured - predicted| of the training lines, each divided by a scale, are ranked within the assay;
the interval is the prediction plus and minus the scale times the error at the wanted rank. The scale is a product:

scale(assay, pattern) : mean out-of-fold error of the assay for lines with the same sources masked, never smaller than
    that of a pattern which brings more;
difficulty(profile, assay) : a ridge regression of the relative error on the prediction, the tissue and the distance
    from the panel, around 1.

A bundle stores numbers only: the table of scales, the coefficients, and the scaled errors.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import UsageError
from pamrx.identifiers.feature_name import in_block
from pamrx.prediction.applicability import Applicability
from pamrx.prediction.missing_data import Pattern, pattern_name

COVERAGE = 0.9
MIN_COVERAGE, MAX_COVERAGE = 0.5, 0.99

FAMILIES = ("complete", "transcripts", "other")
"""Bins of calibration: every source a training line has; transcripts, in part or lacking another source; neither."""

EASIEST, HARDEST = 0.5, 2.0
CLIP = 3.0


@short_repr
@dataclass(frozen=True)
class Difficulty:
    """Relative size of the error to expect, 1 on average.

    Attributes
    ----------
    mean, sd : (n_assays,) of the training responses, to put predictions of assays on one scale.
    names : of the covariates, as `covariates` gives them.
    centre, scale, slope : (n_covariates,); a missing covariate counts as its centre.
    """

    mean: np.ndarray
    sd: np.ndarray
    names: list[str]
    centre: np.ndarray
    scale: np.ndarray
    slope: np.ndarray

    def __call__(self, predicted: np.ndarray, traits: pd.DataFrame) -> np.ndarray:
        """(n, n_assays) for (n, n_assays) predictions of every assay, and traits as `traits_of` gives them."""
        size = np.ones(predicted.shape)
        for place, values in enumerate(covariates(predicted, traits, self.mean, self.sd, self.names)):
            size += np.nan_to_num((values - self.centre[place]) / self.scale[place], nan=0.0) * self.slope[place]
        return np.clip(size, EASIEST, HARDEST)


@short_repr
@dataclass(frozen=True)
class Intervals:
    """What an interval needs.

    Attributes
    ----------
    assays : names, in column order.
    scale : (patterns, assays), index names of patterns.
    difficulty : of profile and assay.
    scores : (n, assays) scaled out-of-fold errors, NaN where not measured; index `family.line`.
    """

    assays: list[str]
    scale: pd.DataFrame
    difficulty: Difficulty
    scores: pd.DataFrame
    _widths: dict[float, np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)
    _ascending: dict[int, dict[str, np.ndarray]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def sigma(self, predicted: np.ndarray, traits: pd.DataFrame, patterns: Sequence[Pattern]) -> np.ndarray:
        """(n, n_assays) scale of the error, in ln units."""
        table = self.scale.loc[[pattern_name(pattern) for pattern in patterns]].to_numpy(dtype=float)
        result: np.ndarray = table * self.difficulty(predicted, traits)
        return result

    def bounds(
        self,
        predicted: pd.DataFrame,
        traits: pd.DataFrame,
        patterns: Sequence[Pattern],
        coverage: float = COVERAGE,
        assays: Sequence[str] | None = None,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Lower and upper ln IC50, each (n, len(assays)).

        Parameters
        ----------
        predicted : (n, n_assays) of every assay, also of those not asked for: difficulty depends on them all.
        traits : of `traits_of`.
        coverage : share of measurements that lie inside, in the long run.

        Raises
        ------
        UsageError
            For a coverage outside `MIN_COVERAGE` to `MAX_COVERAGE`.
        """
        check_coverage(coverage)
        wanted = self.assays if assays is None else list(assays)
        values = np.ascontiguousarray(predicted[self.assays].to_numpy(dtype=float))
        sigma = self.sigma(values, traits, patterns)
        places = [self.assays.index(assay) for assay in wanted]
        family = [FAMILIES.index(family_of(pattern)) for pattern in patterns]
        half = self.widths(coverage)[np.ix_(family, places)] * np.take(sigma, places, axis=1)
        centre = np.take(values, places, axis=1)
        return (
            pd.DataFrame(centre - half, index=predicted.index, columns=wanted),
            pd.DataFrame(centre + half, index=predicted.index, columns=wanted),
        )

    def chances_below(
        self,
        predicted: pd.DataFrame,
        traits: pd.DataFrame,
        patterns: Sequence[Pattern],
        limits: pd.Series,
    ) -> pd.DataFrame:
        """(n, len(limits)) chance that the response lies below a limit: the share of scaled errors that reach it.

        Errors are taken to fall to both sides alike, as in the bounds. NaN where the limit is.

        Parameters
        ----------
        predicted, traits, patterns : as in `bounds`.
        limits : index assay, in the units of the response.
        """
        values = np.ascontiguousarray(predicted[self.assays].to_numpy(dtype=float))
        places = [self.assays.index(assay) for assay in limits.index]
        sigma = np.take(self.sigma(values, traits, patterns), places, axis=1)
        reach = (limits.to_numpy(dtype=float) - np.take(values, places, axis=1)) / sigma
        family = np.array([family_of(pattern) for pattern in patterns], dtype=object)
        out = np.full(reach.shape, np.nan)
        for name in dict.fromkeys(family):
            rows = np.flatnonzero(family == name)
            for column, place in enumerate(places):
                errors = self._errors(place)[name]
                within = np.searchsorted(errors, np.abs(reach[rows, column]), side="right")
                share = (within + 0.5) / (len(errors) + 1.0)
                out[rows, column] = 0.5 + 0.5 * np.sign(reach[rows, column]) * share
        return pd.DataFrame(np.where(np.isnan(reach), np.nan, out), index=predicted.index, columns=limits.index)

    @cached_property
    def _origin(self) -> np.ndarray:
        """Family of each row of `scores`."""
        return np.array([str(name).partition(".")[0] for name in self.scores.index])

    def _errors(self, place: int) -> dict[str, np.ndarray]:
        """Scaled errors of the assay at `place` in ascending order, by family; an empty one has the complete lines'."""
        if place not in self._ascending:
            scores = self.scores[self.assays[place]].to_numpy(dtype=float)
            found = {name: np.sort(scores[(self._origin == name) & ~np.isnan(scores)]) for name in FAMILIES}
            self._ascending[place] = {
                name: errors if len(errors) else found[FAMILIES[0]] for name, errors in found.items()
            }
        return self._ascending[place]

    def widths(self, coverage: float) -> np.ndarray:
        """(families, n_assays) scaled error at the rank of `coverage`: half an interval where the scale is 1."""
        if coverage not in self._widths:
            scores = self.scores[self.assays].to_numpy(dtype=float)
            self._widths[coverage] = np.column_stack(
                [self._width(column, self._origin, coverage) for column in scores.T]
            )
        return self._widths[coverage]

    @staticmethod
    def _width(scores: np.ndarray, family: np.ndarray, coverage: float) -> np.ndarray:
        """(families,) from the scaled errors of an assay, NaN where not measured, and the family of each."""
        from crepes import ConformalRegressor

        known = ~np.isnan(scores)
        origin = family[known]
        # An empty bin would get intervals of no width from crepes; the complete lines stand in.
        own = np.where(np.isin(FAMILIES, origin), FAMILIES, FAMILIES[0])
        regressor = ConformalRegressor().fit(scores[known], np.ones(int(known.sum())), origin)
        with warnings.catch_warnings():
            # Too few lines for so high a coverage: crepes says so and gives the whole axis, which is right.
            warnings.simplefilter("ignore", UserWarning)
            found = regressor.predict_int(np.zeros(len(own)), np.ones(len(own)), own, confidence=coverage)
        result: np.ndarray = found[:, 1]
        return result


@cache
def family_of(pattern: Pattern) -> str:
    """The bin of calibration. A training line without miRNA is complete: a third of them have none."""
    transcripts, mutation, copy_number, _, tissue = pattern
    if transcripts == 2 and mutation and copy_number and tissue:
        return "complete"
    return "transcripts" if transcripts else "other"


def traits_of(applicability: Applicability, features: pd.DataFrame) -> pd.DataFrame:
    """What difficulty depends on beside predictions: `platform`, `depth` and one `tissue.` column per tissue."""
    tissue = features[in_block(features.columns.tolist(), "tissue")]
    return pd.concat([applicability.panel.measure(features), tissue], axis=1)


def covariates(
    predicted: np.ndarray, traits: pd.DataFrame, mean: np.ndarray, sd: np.ndarray, names: Sequence[str]
) -> Iterator[np.ndarray]:
    """One covariate of difficulty after the other, (n, n_assays) or (n, 1), NaN where a trait is not known."""
    z = np.ascontiguousarray(np.clip((predicted - mean) / sd, -CLIP, CLIP))
    general = z.mean(axis=1, keepdims=True)
    made = {
        "z": z,
        "general": general,
        "general_size": np.abs(general),
        "spread": z.std(axis=1, keepdims=True),
        "specific_size": np.abs(z - general),
    }
    for name in names:
        if name in made:
            yield made[name]
        elif name in traits:
            yield traits[name].to_numpy(dtype=float)[:, None]
        else:
            yield np.full((len(z), 1), np.nan)


PREDICTED = ("z", "general", "general_size", "spread", "specific_size")
"""Covariates made of the predictions."""


def check_coverage(coverage: float) -> None:
    """Raise `UsageError` for a coverage that no interval is made for."""
    if not MIN_COVERAGE <= coverage <= MAX_COVERAGE:
        hint = f"; did you mean {coverage / 100:g}?" if 50 <= coverage <= 99 else ""
        raise UsageError(f"--coverage {coverage:g}: expected a share from {MIN_COVERAGE} to {MAX_COVERAGE}{hint}")
