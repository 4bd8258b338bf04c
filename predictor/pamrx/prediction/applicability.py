"""How far a profile lies from the training panel, and from the evidence that the model needs.

Three distances, each as a share of its limit; the largest is the score, and above 1 the profile is flagged with that
distance's reason:

platform : what is left of the transcripts' deviation from the panel's mean profile after the panel's leading
    components are taken out, as root mean square over genes of the normal scores. Shuffled genes, another species,
    noise or a constant profile leave much of it. The limit is where held-out lines whose genes were exchanged are
    predicted no better than without any transcripts.
biology : how far out the profile lies along those components (Mahalanobis distance per component): transcripts as
    good as the panel's, of a tumour unlike its lines. The limit is a quantile over held-out lines.
missing : the share of the model's skill that is lost for want of evidence, known from held-out lines with the same
    sources masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pamrx.display import short_repr
from pamrx.identifiers.feature_name import in_block
from pamrx.model.batch_invariant import RowProducts, columns_at
from pamrx.prediction.missing_data import Pattern, pattern_name

N_COMPONENTS = 30
MIN_SPREAD = 0.5
"""Normal scores of a profile have spread 1 but for ties; under this, most genes have one and the same value."""

CONSTANT = np.sqrt(2.0)
"""Distance of a constant profile: that of two unrelated standard normal ones."""

MIN_SKILL = 0.25
"""Under this share of the skill of a complete profile, a prediction says little more than the drug's mean."""

REASONS = ("platform", "missing", "biology")
"""In the order in which they are named when several hold."""


@short_repr
@dataclass(frozen=True)
class Panel:
    """The training lines' transcripts: mean profile and leading components.

    Attributes
    ----------
    genes : feature names.
    mean : (n_genes,) normal scores.
    components : (k, n_genes), orthonormal rows.
    spread : (k,) standard deviation of the training lines along each.
    """

    genes: list[str]
    mean: np.ndarray
    components: np.ndarray
    spread: np.ndarray

    @cached_property
    def _along(self) -> RowProducts:
        return RowProducts(self.components.T)

    @cached_property
    def _gram(self) -> RowProducts:
        """Of the components, which are orthonormal but for their rounding to single precision."""
        return RowProducts(self.components @ self.components.T)

    @classmethod
    def fit(cls, features: pd.DataFrame, n_components: int = N_COMPONENTS) -> Panel:
        """Learn from the training lines whose transcripts are whole."""
        genes = in_block(features.columns, "transcriptome")
        # Column after column: the last digits of sums down a column depend on how it lies in memory.
        values = np.asfortranarray(features[genes].to_numpy(dtype=float))
        values = values[~np.isnan(values).any(axis=1)]
        if len(values) < 3:
            return cls([], np.zeros(0), np.zeros((0, 0)), np.zeros(0))
        mean = values.mean(axis=0)
        kept = max(1, min(n_components, len(values) // 3, len(genes)))
        # One thread: with more, the last digits depend on the machine.
        with threadpool_limits(1):
            _, sizes, components = np.linalg.svd(values - mean, full_matrices=False)
        kept = min(kept, int((sizes > 1e-9 * sizes[0]).sum()))
        spread = sizes[:kept] / np.sqrt(len(values))
        return cls(genes, _single(mean), _single(components[:kept]), _single(spread))

    def measure(self, features: pd.DataFrame) -> pd.DataFrame:
        """(n, 2): platform and depth of each profile, as the module's text says; NaN without transcripts."""
        out = np.full((len(features), 2), np.nan)
        if self.genes:
            genes = columns_at(features.to_numpy(dtype=float), features.columns.get_indexer(pd.Index(self.genes)))
            spread, size, along = self._deviation(genes)
            left = size - 2 * (along**2).sum(axis=1) + (self._gram(along) * along).sum(axis=1)
            out[:, 0] = np.sqrt(np.maximum(left, 0.0) / len(self.genes))
            out[:, 1] = np.sqrt(((along / self.spread) ** 2).mean(axis=1))
            out[spread < MIN_SPREAD] = CONSTANT, np.nan
            for row in np.flatnonzero(np.isnan(spread)):
                out[row] = self._measure_some(genes[row])
        return pd.DataFrame(out, index=features.index, columns=["platform", "depth"])

    def _deviation(self, genes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of (n, n_genes) scores the spread (n,), the squared length of the deviation from the mean profile (n,), and
        what of it lies along the components (n, k); NaN where a gene lacks."""
        spread, size = np.empty(len(genes)), np.empty(len(genes))

        def fill(some: slice, out: np.ndarray) -> None:
            np.copyto(out, genes[some])
            spread[some] = out.std(axis=1)
            np.subtract(out, self.mean, out=out)
            size[some] = (out**2).sum(axis=1)

        return spread, size, self._along.filled(len(genes), fill)

    def _measure_some(self, row: np.ndarray) -> tuple[float, float]:
        """Platform and depth where genes are missing: the components are then no longer orthonormal."""
        known = ~np.isnan(row)
        measured = row[known]
        if not len(measured):
            return np.nan, np.nan
        if measured.std() < MIN_SPREAD:
            return float(CONSTANT), np.nan
        axes, deviation = self.components[:, known], measured - self.mean[known]
        along = np.linalg.lstsq(axes.T, deviation, rcond=None)[0]
        left = deviation - along @ axes
        return float(np.sqrt((left**2).mean())), float(np.sqrt(((along / self.spread) ** 2).mean()))


@short_repr
@dataclass(frozen=True)
class Applicability:
    """The limits of the three distances.

    Attributes
    ----------
    platform, biology : limits of the columns `platform` and `depth` of `Panel.measure`.
    skill : by name of pattern, out-of-fold share of the squared error of knowing nothing that the model removes,
        relative to the complete profile's (1 complete, 0 nothing).
    """

    panel: Panel
    platform: float
    biology: float
    skill: Mapping[str, float]

    def distances(self, traits: pd.DataFrame, patterns: Sequence[Pattern]) -> pd.DataFrame:
        """(n, 3): platform, missing, biology, each as a share of its limit; NaN where it is unknown."""
        skill = np.array([self.skill.get(pattern_name(pattern), 0.0) for pattern in patterns])
        return pd.DataFrame(
            {
                "platform": traits["platform"].to_numpy() / self.platform,
                "missing": (1 - np.clip(skill, 0.0, 1.0)) / (1 - MIN_SKILL),
                "biology": traits["depth"].to_numpy() / self.biology,
            },
            index=traits.index,
        )

    def assess(self, traits: pd.DataFrame, patterns: Sequence[Pattern]) -> pd.DataFrame:
        """Per profile the score `distance` (above 1 beyond a limit) and `flag`: "" or one of `REASONS`."""
        shares = self.distances(traits, patterns)
        flag = np.full(len(shares), "", dtype=object)
        for reason in reversed(REASONS):
            flag[shares[reason].to_numpy() > 1] = reason
        return pd.DataFrame({"distance": shares.max(axis=1), "flag": flag}, index=shares.index).astype({"flag": object})


def _single(values: np.ndarray) -> np.ndarray:
    """Rounded to single precision, as the bundle stores it."""
    return values.astype(np.float32).astype(np.float64)
