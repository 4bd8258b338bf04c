"""What the reference lines of each tissue show: their mean transcripts and their median percentiles.

A laboratory's samples are compared with reference lines of the same tissues, so that what a tissue does is not taken
for what a platform does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.prediction.applicability import Panel
from pamrx.prediction.reference import Reference, percentiles_among

MIN_LINES = 5
"""Of a tissue, for its mean to be one of the tissue."""

DIGITS = 4
"""To which means along the components, whose spreads are 5 to 20, are rounded."""


@short_repr
@dataclass(frozen=True)
class TissueReference:
    """The reference lines by tissue.

    Attributes
    ----------
    lines : by tissue the lines of `Reference.lines`, of tissues with `MIN_LINES` or more.
    along : by tissue the (k,) mean of its lines along the components of the panel.
    usual : what 99 % of held-out reference lines stay below in `platform` of `Panel.measure`.
    """

    lines: Mapping[str, list[str]]
    along: Mapping[str, np.ndarray]
    usual: float

    @classmethod
    def fit(cls, features: pd.DataFrame, tissue: pd.Series, panel: Panel, usual: float) -> TissueReference:
        """Learn from the training lines.

        Parameters
        ----------
        features : (n_lines, n_features).
        tissue : of the same lines; None where it is unknown.
        panel : fitted on them.
        usual : see above.
        """
        values = features[panel.genes].to_numpy(dtype=float)
        along = (values - panel.mean) @ panel.components.T
        known = ~np.isnan(along).any(axis=1)
        lines, means = {}, {}
        for name in sorted(tissue.dropna().unique()):
            rows = (tissue == name).to_numpy() & known
            if rows.sum() >= MIN_LINES:
                lines[str(name)] = [str(line) for line in features.index[rows]]
                means[str(name)] = along[rows].mean(axis=0).round(DIGITS)
        return cls(lines, means, usual)

    def profiles(self, panel: Panel) -> pd.DataFrame:
        """(tissues, n_genes) mean normal scores: the panel's mean, and the tissue's part along the components."""
        along = np.array(list(self.along.values())).reshape(len(self.along), len(panel.components))
        return pd.DataFrame(panel.mean + along @ panel.components, index=list(self.along), columns=panel.genes)

    def percentiles(self, reference: Reference) -> pd.DataFrame:
        """(tissues, n_assays) median percentile of the tissue's lines among all reference lines."""
        place = percentiles_among(reference.lines, reference.lines)
        table = pd.DataFrame(place, index=reference.lines.index, columns=reference.lines.columns)
        return pd.DataFrame({name: table.loc[lines].median() for name, lines in self.lines.items()}).T
