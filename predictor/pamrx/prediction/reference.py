"""Percentiles: where a prediction lies among those for the reference lines with the same missing-data pattern.

The reference are out-of-fold predictions of the training lines, not measurements: predictions are shrunk towards the
mean, so that among measurements they would crowd at 50. They are shrunk the more, the less a profile holds, and would
crowd likewise among the predictions for complete profiles, each drug where its mean happens to lie. So a profile is
compared with the reference lines as predicted with the same sources masked.

Each fold's model knows its own mean of the drug. Every prediction of the reference is moved by what the fold's model
says of a profile that holds nothing, to what the final model says of it, so that only what evidence adds is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.prediction.intervals import family_of
from pamrx.prediction.missing_data import Pattern, pattern_name

POINTS = 101
"""Quantiles that stand for the reference lines under a pattern of evidence: steps of one percentile."""


@short_repr
@dataclass(frozen=True)
class Reference:
    """Out-of-fold predictions to compare with, lower being more sensitive.

    Attributes
    ----------
    lines : (n_lines, n_assays), each line with all that it has.
    partial : (patterns x `POINTS`, n_assays) quantiles over the lines that can show the pattern; index
        `pattern.number`. None compares every profile with `lines`.
    """

    lines: pd.DataFrame
    partial: pd.DataFrame | None = None
    _sorted: dict[str | None, dict[str, np.ndarray]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def percentiles(self, predicted: pd.DataFrame, patterns: Sequence[Pattern]) -> np.ndarray:
        """(n, n_assays) share of the reference above the prediction, ties half, times 100; 100 is most sensitive.

        Parameters
        ----------
        predicted : (n, n_assays), any of the assays of `lines`.
        patterns : of the n profiles.
        """
        out = np.empty(predicted.shape)
        known = {pattern: self._name(pattern) for pattern in set(patterns)}
        names = np.array([known[pattern] for pattern in patterns], dtype=object)
        for name in dict.fromkeys(names):
            rows = np.flatnonzero(names == name)
            out[rows] = _percentiles(predicted.iloc[rows], self._sorted_under(name))
        return out

    def _name(self, pattern: Pattern) -> str | None:
        """The pattern's rows in `partial`; None for `lines`, in which a third lack miRNA."""
        if self.partial is None or family_of(pattern) == "complete":
            return None
        name = pattern_name(pattern)
        return name if _label(name, 0) in self.partial.index else None

    def _sorted_under(self, name: str | None) -> dict[str, np.ndarray]:
        """Ascending values of the lines, or of their quantiles under a pattern; kept, for every cohort needs them."""
        if name not in self._sorted:
            known = self.lines if name is None or self.partial is None else self.partial.loc[labels_of(name)]
            self._sorted[name] = _ascending(known)
        return self._sorted[name]


def percentiles_among(predicted: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """(n, n_assays) share of the assay's `known` values above each prediction, ties half, times 100."""
    return _percentiles(predicted, _ascending(known))


def quantiles_of(predictions: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """`Reference.partial` from (n_lines, n_assays) predictions by name of pattern; NaN for a line that cannot show it.

    A pattern that no line shows has no rows; such a profile cannot come, since patterns are of the training lines.
    """
    at = np.linspace(0, 1, POINTS)
    parts = []
    for name, frame in predictions.items():
        shown = frame.dropna(how="all")
        if len(shown):
            # No values between two lines: what all lines share must stay a tie.
            table = np.quantile(shown.to_numpy(dtype=np.float32), at, axis=0, method="nearest")
            parts.append(pd.DataFrame(table, index=labels_of(name), columns=frame.columns))
    return pd.concat(parts).astype(np.float32)


def _ascending(known: pd.DataFrame) -> dict[str, np.ndarray]:
    return {str(assay): np.sort(known[assay].dropna().to_numpy(dtype=float)) for assay in known.columns}


def _percentiles(predicted: pd.DataFrame, known: Mapping[str, np.ndarray]) -> np.ndarray:
    out = np.empty(predicted.shape)
    # The stored reference is in single precision; so is the side that is compared with it.
    single = predicted.to_numpy(dtype=np.float32).astype(float)
    for column, assay in enumerate(predicted.columns):
        values, value = known[str(assay)], single[:, column]
        right = np.searchsorted(values, value, side="right")
        ties = np.zeros(len(value))
        if len(values):
            tied = values[right - 1] == value
            ties[tied] = right[tied] - np.searchsorted(values, value[tied], side="left")
        out[:, column] = 100 * (len(values) - right + ties / 2) / max(len(values), 1)
    return out


def labels_of(name: str) -> list[str]:
    return [_label(name, number) for number in range(POINTS)]


def _label(name: str, number: int) -> str:
    return f"{name}.{number:03d}"
