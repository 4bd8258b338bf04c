"""Responses of many assays as a few shared components.

Drugs of one axis answer alike, and screens are noisy: what several assays agree on is better measured than any one
of them. The assays of the training lines are standardised, their gaps filled by a low-rank fit, and rotated to
principal components. Each component gets a model of its own, with a penalty of its own; an assay's prediction is the
loading-weighted sum. Assays are never pooled on the raw scale: (screen, drug) stays the unit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pamrx.errors import InputError

FILL_RANK = 10
FILL_ITERATIONS = 30
MIN_LINES = 30


class ResponseSpace:
    """The rotation between ln IC50 of assays and response components.

    Attributes
    ----------
    assays : names, in column order.
    mean, sd : (n_assays,) of ln IC50 (micromolar) over the training lines.
    loadings : (n_components, n_assays), orthonormal rows.
    """

    def __init__(self, assays: Sequence[str], mean: np.ndarray, sd: np.ndarray, loadings: np.ndarray) -> None:
        self.assays = list(assays)
        self.mean = mean
        self.sd = sd
        self.loadings = loadings

    @classmethod
    def fit(cls, responses: pd.DataFrame) -> tuple[ResponseSpace, np.ndarray]:
        """Learn the rotation, and give the training lines' components.

        Parameters
        ----------
        responses : (n_lines, n_assays) ln IC50, NaN where not measured.

        Returns
        -------
        the space, and (n_lines, n_components) components.

        Raises
        ------
        InputError
            If an assay has under `MIN_LINES` measured lines or does not vary.
        """
        values = responses.to_numpy(dtype=float)
        counts = (~np.isnan(values)).sum(axis=0)
        if not len(counts) or counts.min() < MIN_LINES:
            worst = responses.columns[counts.argmin()] if len(counts) else "none"
            raise InputError(f"responses: assay {worst} has under {MIN_LINES} measured lines to learn from")
        mean, sd = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        varies = sd > 1e-9 * np.abs(mean)  # a constant column may miss its mean by a rounding error
        if not varies.all():
            raise InputError(f"responses: assay {responses.columns[varies.argmin()]} is the same in every line")
        filled = _fill((values - mean) / sd)
        _, _, loadings = np.linalg.svd(filled, full_matrices=False)
        # A singular vector's sign is arbitrary; a fixed choice keeps re-trained bundles alike.
        largest = np.abs(loadings).argmax(axis=1)
        loadings *= np.sign(loadings[np.arange(len(loadings)), largest])[:, None]
        return cls(list(responses.columns), mean, sd, loadings), filled @ loadings.T

    def to_assays(self, component_weights: np.ndarray) -> np.ndarray:
        """(..., n_components) weights or contributions to (..., n_assays) in ln units, without the mean."""
        result: np.ndarray = (component_weights @ self.loadings) * self.sd
        return result


def _fill(standardised: np.ndarray) -> np.ndarray:
    """Fill NaN by iterating a rank-`FILL_RANK` decomposition (SVDimpute: Troyanskaya, Bioinformatics 2001)."""
    missing = np.isnan(standardised)
    filled = np.where(missing, 0.0, standardised)
    if not missing.any():
        return filled
    for _ in range(FILL_ITERATIONS):
        left, size, right = np.linalg.svd(filled, full_matrices=False)
        # At full rank a gap would be given back as it was; a few assays leave room for a few components only.
        rank = min(FILL_RANK, max(1, len(size) // 2))
        filled[missing] = ((left[:, :rank] * size[:rank]) @ right[:rank])[missing]
    return filled
