"""The chance that a response lies in the most sensitive fifth of the reference lines for the drug.

From a predicted response to a probability in two steps, the same for ln IC50 (`viability`) and for the drug-specific
response (`specific`):

1. By drug and missing-data pattern: measured and predicted responses of the reference lines as a bivariate normal
   distribution, whose correlation is the out-of-fold accuracy. Where nothing is known the accuracy is 0, and what is
   left is the drug's share of sensitive lines.
2. Pooled over all drugs, by family of patterns: one logistic regression on the log odds of step 1 for both responses,
   on the log odds of the drug's share of sensitive lines in that tissue, and on how sensitive the sample is predicted
   to be to all drugs and to those of the class. It lets a drug that is hard to predict borrow from its neighbours, and
   takes back what the first step promises too much at the top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr

from pamrx.display import short_repr
from pamrx.prediction.intervals import FAMILIES, family_of
from pamrx.prediction.missing_data import Pattern, pattern_name

FIFTH = 0.2
"""Share of the reference lines that counts as most sensitive."""

HEADS = ("viability", "specific")

LEAST = 0.002
"""Chances are kept this far from 0 and 1 before their log odds are taken."""

KNEES = (-1.5, 0.0)
"""Log odds from which the pooled regression may bend: the normal distribution promises too much at the top."""

INPUTS = (
    "own",
    *(f"own_above_{knee:g}" for knee in KNEES),
    "own_by_accuracy",
    "other",
    "tissue",
    "mean",
    "class_mean",
    "other_mean",
    "other_class_mean",
)
"""Of the pooled regression: log odds of the head's own first step, and of the other head's; of the share of sensitive
lines in the tissue; mean standardised prediction over drugs and over those of the class, for both heads."""

ANY_TISSUE = ""
"""Row of `Head.share` for a sample whose tissue is not known."""


@short_repr
@dataclass(frozen=True)
class Head:
    """What the chances of one response need.

    Attributes
    ----------
    threshold : (n_assays,) upper end of the most sensitive fifth, in standard deviations of the measured responses.
    mean, sd, accuracy : (patterns, n_assays) of the reference lines' predictions under each pattern: mean and standard
        deviation in ln units, and Pearson r with what was measured, 0 to 1.
    share : (tissues and `ANY_TISSUE`, n_assays) share of sensitive reference lines, drawn towards that of all.
    weights : (families, 1 + len(`INPUTS`)), intercept first.
    """

    threshold: np.ndarray
    mean: pd.DataFrame
    sd: pd.DataFrame
    accuracy: pd.DataFrame
    share: pd.DataFrame
    weights: pd.DataFrame

    def standardised(self, predicted: np.ndarray, patterns: Sequence[str]) -> np.ndarray:
        """(n, n_assays) predictions in standard deviations from the mean of reference lines with the same pattern."""
        sd = self.sd.loc[list(patterns)].to_numpy(dtype=float)
        deviation = predicted - self.mean.loc[list(patterns)].to_numpy(dtype=float)
        result: np.ndarray = np.divide(deviation, sd, out=np.zeros_like(deviation), where=sd > 0)
        return result

    def first_step(self, standardised: np.ndarray, patterns: Sequence[str]) -> np.ndarray:
        """(n, n_assays) log odds that the response lies in the fifth, given the prediction alone."""
        accuracy = self.accuracy.loc[list(patterns)].to_numpy(dtype=float)
        chance = ndtr((self.threshold - accuracy * standardised) / np.sqrt(1.0 - accuracy**2))
        return log_odds(chance)

    def shares(self, tissues: Sequence[str]) -> np.ndarray:
        """(n, n_assays) share of sensitive lines in each sample's tissue, that of all for an unknown tissue."""
        known = [tissue if tissue in self.share.index else ANY_TISSUE for tissue in tissues]
        return self.share.loc[known].to_numpy(dtype=float)


@short_repr
@dataclass(frozen=True)
class Chances:
    """Chances of both responses.

    Attributes
    ----------
    assays : names, in column order.
    classes : (n_assays,) class of each assay's drug.
    viability, specific : of ln IC50, and of the drug-specific response.
    """

    assays: list[str]
    classes: list[str]
    viability: Head
    specific: Head

    def chances(
        self, predicted: Mapping[str, np.ndarray], tissues: Sequence[str], patterns: Sequence[Pattern]
    ) -> dict[str, np.ndarray]:
        """By name of `HEADS` the (n, n_assays) chance of each sample and assay.

        Parameters
        ----------
        predicted : by name of `HEADS`, (n, n_assays) predicted response of every assay, in ln units.
        tissues : (n,) names as in the features, "" where it is not known.
        patterns : (n,) missing-data pattern of each sample.
        """
        found = self.inputs(predicted, tissues, [pattern_name(pattern) for pattern in patterns])
        family = [family_of(pattern) for pattern in patterns]
        out = {}
        for name, inputs in found.items():
            weights = getattr(self, name).weights.loc[family].to_numpy(dtype=float)
            # Summed one input after the other: a product of matrices rounds differently in a crowd.
            odds = np.broadcast_to(weights[:, :1], inputs.shape[:2]).copy()
            for place in range(inputs.shape[2]):
                odds += inputs[:, :, place] * weights[:, place + 1, None]
            out[name] = expit(odds)
        return out

    def inputs(
        self, predicted: Mapping[str, np.ndarray], tissues: Sequence[str], patterns: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """By name of `HEADS` the (n, n_assays, len(`INPUTS`)) inputs of the pooled regression."""
        z = {name: getattr(self, name).standardised(predicted[name], patterns) for name in HEADS}
        odds = {name: getattr(self, name).first_step(z[name], patterns) for name in HEADS}
        means = {name: (_mean(z[name]), self._class_means(z[name])) for name in HEADS}
        out = {}
        for name, other in zip(HEADS, HEADS[::-1], strict=True):
            head: Head = getattr(self, name)
            accuracy = head.accuracy.loc[list(patterns)].to_numpy(dtype=float)
            columns = (
                odds[name],
                *(np.maximum(odds[name] - knee, 0.0) for knee in KNEES),
                odds[name] * accuracy,
                odds[other],
                log_odds(head.shares(tissues)),
                *means[name],
                *means[other],
            )
            out[name] = np.stack(columns, axis=-1)
        return out

    def _class_means(self, z: np.ndarray) -> np.ndarray:
        out = np.empty_like(z)
        classes = np.array(self.classes, dtype=object)
        for name in dict.fromkeys(self.classes):
            members = np.flatnonzero(classes == name)
            out[:, members] = np.ascontiguousarray(z[:, members]).mean(axis=1, keepdims=True)
        return out


def log_odds(chance: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)) of a chance kept `LEAST` away from 0 and 1."""
    kept = np.clip(chance, LEAST, 1.0 - LEAST)
    result: np.ndarray = np.log(kept / (1.0 - kept))
    return result


def no_weights() -> pd.DataFrame:
    """Weights under which a chance is that of the first step."""
    table = pd.DataFrame(0.0, index=list(FAMILIES), columns=["intercept", *INPUTS])
    table["own"] = 1.0
    return table


def _mean(z: np.ndarray) -> np.ndarray:
    return np.broadcast_to(z.mean(axis=1, keepdims=True), z.shape)
