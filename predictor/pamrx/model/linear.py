"""The linear part: ridge regression of all assays at once, with a weight per block.

Features are centred and scaled on the training lines, and a missing feature sits at the training mean, so that it
contributes nothing. Penalties come from a mixed model of the assays (`mixed_model`), which also fills the gaps. Solved
in the dual (n_lines x n_lines), since there are far more features than lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.identifiers.feature_name import blocks_of
from pamrx.knowledge import table
from pamrx.model.mixed_model import separate

MARKER_WEIGHT = 10.0
"""Prior variance of a feature that is a known marker of the axis's drugs, against another of its block. It says that
the effect may be larger, not in which direction."""

DUST = 1e-9
"""A column that varies by a smaller share of its mean than this is constant."""


@short_repr
@dataclass(frozen=True)
class BlockRidge:
    """A fitted linear part.

    Attributes
    ----------
    features : the feature names it was fitted on.
    centre, scale : (n_features,); scale 0 marks a feature that did not vary and never contributes.
    coefficients : (n_features, n_assays), of the centred and scaled features.
    intercept : (n_assays,), the training mean.
    responses : (n_lines, n_assays) of the training lines, gaps filled.
    """

    features: list[str]
    centre: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray
    intercept: np.ndarray
    responses: np.ndarray

    @classmethod
    def fit(
        cls,
        features: pd.DataFrame,
        responses: np.ndarray,
        block_weights: Mapping[str, float],
        missing: np.ndarray | None = None,
    ) -> BlockRidge:
        """Fit on (n_lines, n_features) features, NaN allowed, and (n_lines, n_assays) responses of unit variance.

        `block_weights` says how much of the prior variance each block carries; within a block the features share it
        evenly, but for known markers (`MARKER_WEIGHT`). Where `missing` is true `responses` holds a first guess, which
        is replaced; None leaves them as they are.
        """
        names = list(features.columns)
        # Column after column: the last digits of sums down a column depend on how it lies in memory.
        values = np.asfortranarray(features.to_numpy(dtype=float))
        centre, scale = moments(values)
        weights = _feature_weights(names, scale > 0, block_weights)
        scaled = standardise(values, centre, scale) * np.sqrt(weights)
        eigenvalues, vectors = np.linalg.eigh(scaled @ scaled.T)
        eigenvalues = np.maximum(eigenvalues, 0.0)
        directions, filled = separate(eigenvalues, vectors, responses, missing)
        intercept = filled.mean(axis=0)
        dual = directions.dual(eigenvalues, vectors, filled - intercept)
        coefficients = (scaled.T @ dual) * np.sqrt(weights)[:, None]
        return cls(names, centre, scale, coefficients, intercept, filled)


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column over its known values; 0 and 0 for a column never known."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, values, 0.0).sum(axis=0) / count
    spread = np.where(known, values - centre, 0.0)
    scale = np.sqrt((spread**2).sum(axis=0) / count)
    # The mean of a constant column may miss it by a rounding error, which is no variation to be scaled up to 1.
    return centre, np.where(scale > DUST * np.abs(centre), scale, 0.0)


def standardise(values: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(values - centre) / scale, with 0 for a missing value and for a feature of scale 0."""
    result: np.ndarray = np.nan_to_num((values - centre) / usable(scale), copy=False, nan=0.0)
    return result


def usable(scale: np.ndarray) -> np.ndarray:
    """What to divide by, so that a feature of scale 0 never contributes."""
    return np.where(scale > 0, scale, np.inf)


@cache
def marker_features() -> tuple[str, ...]:
    """The features of `knowledge/markers.csv`; one of a gene stands for all features of the gene in the block."""
    return tuple(table("markers")["feature"])


def is_marker(feature: str) -> bool:
    """Whether the feature is a marker: `mutation.PTEN`, and `mutation.PTEN_lost`, but not `mutation.PTENP1`."""
    return any(feature == name or feature.startswith(f"{name}_") for name in marker_features())


def _feature_weights(names: Sequence[str], varies: np.ndarray, block_weights: Mapping[str, float]) -> np.ndarray:
    """Prior variance of each feature, summing to 1 over all that vary.

    A block's weight is shared evenly by its features; markers then count `MARKER_WEIGHT` times.
    """
    blocks = np.array(blocks_of(names))
    weights = np.zeros(len(names))
    for block, weight in block_weights.items():
        members = (blocks == block) & varies
        if members.any():
            weights[members] = weight / members.sum()
    weights[[is_marker(name) for name in names]] *= MARKER_WEIGHT
    return weights / weights.sum() if weights.sum() > 0 else weights
