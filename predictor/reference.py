"""Where a prediction lies among the predictions for reference lines that were told as much: the percentiles.

The reference are out-of-fold predictions of the training lines, not measurements: predictions are shrunk towards the
mean, so that among measurements they would crowd at 50. They are shrunk the more, the less a profile holds, and would
crowd likewise among the predictions for complete profiles, each drug where its mean happens to lie. So a profile is
compared with the reference lines as predicted with the same sources masked.

Each fold's model knows its own mean of the drug. Every prediction of the reference is moved by what the fold's model
says of a profile that holds nothing, to what the final model says of it, so that only what evidence adds is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from predictor.evidence import Pattern, pattern_name
from predictor.uncertainty import family_of

POINTS = 101
"""Quantiles that stand for the reference lines under a pattern of evidence: steps of one percentile."""


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

    def percentiles(self, predicted: pd.DataFrame, patterns: Sequence[Pattern]) -> np.ndarray:
        """(n, n_assays) share of the reference above the prediction, ties half, times 100; 100 is most sensitive.

        Parameters
        ----------
        predicted : (n, n_assays), any of the assays of `lines`.
        patterns : of the n profiles.
        """
        out = np.empty(predicted.shape)
        names = np.array([self._name(pattern) for pattern in patterns], dtype=object)
        for name in dict.fromkeys(names):
            rows = np.flatnonzero(names == name)
            known = self.lines if name is None else self._quantiles(name)
            out[rows] = percentiles_among(predicted.iloc[rows], known)
        return out

    def _name(self, pattern: Pattern) -> str | None:
        """The pattern's rows in `partial`; None for `lines`, in which a third lack miRNA."""
        if self.partial is None or family_of(pattern) == "complete":
            return None
        name = pattern_name(pattern)
        return name if _label(name, 0) in self.partial.index else None

    def _quantiles(self, name: str) -> pd.DataFrame:
        assert self.partial is not None
        return self.partial.loc[_labels(name)]


def percentiles_among(predicted: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """(n, n_assays) share of the assay's `known` values above each prediction, ties half, times 100."""
    out = np.empty(predicted.shape)
    for column, assay in enumerate(predicted.columns):
        values = np.sort(known[assay].dropna().to_numpy(dtype=float))
        # The stored reference is in single precision; so is the side that is compared with it.
        value = predicted[assay].to_numpy(dtype=np.float32).astype(float)
        right = np.searchsorted(values, value, side="right")
        ties = right - np.searchsorted(values, value, side="left")
        out[:, column] = 100 * (len(values) - right + ties / 2) / max(len(values), 1)
    return out


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
            parts.append(pd.DataFrame(table, index=_labels(name), columns=frame.columns))
    return pd.concat(parts).astype(np.float32)


def _labels(name: str) -> list[str]:
    return [_label(name, number) for number in range(POINTS)]


def _label(name: str, number: int) -> str:
    return f"{name}.{number:03d}"
