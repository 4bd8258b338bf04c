"""The drug-specific response: ln IC50 without what the line's general sensitivity explains.

Lines differ in how they answer drugs of any kind, by how fast they grow above all, and that axis runs through every
assay. The specific response is ln IC50 less its regression, on the training lines, on general sensitivity: the mean z
of the line's ln IC50 over that screen's drugs outside the axis. Predicted as the predicted ln IC50 less the same
regression on the predicted general sensitivity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.features.presence import Presence
from pamrx.identifiers.assay import AssayId
from pamrx.model.sensitivity import SensitivityModel

N_BOOSTED = 2
"""General sensitivities of two screens: both of their components get trees."""


@short_repr
@dataclass(frozen=True)
class Regression:
    """ln IC50 of each assay on the general sensitivity of its screen.

    Attributes
    ----------
    intercept, slope : index assay; ln units, and ln units per unit of general sensitivity.
    """

    intercept: pd.Series
    slope: pd.Series

    @classmethod
    def fit(cls, responses: pd.DataFrame, general: pd.DataFrame) -> Regression:
        """Least squares on (n_lines, n_assays) ln IC50 and (n_lines, n_screens) general sensitivity.

        An assay whose screen has no general sensitivity, or too few lines of it, has slope 0.
        """
        intercept, slope = {}, {}
        for assay in responses.columns:
            y, g = responses[assay], _of_screen(general, str(assay))
            both = y.notna() & g.notna()
            varies = both.sum() > 2 and g[both].std() > 0
            slope[assay] = float(np.cov(g[both], y[both])[0, 1] / g[both].var()) if varies else 0.0
            intercept[assay] = float(y[both].mean() - slope[assay] * g[both].mean()) if varies else float(y.mean())
        # In single precision, as the bundle stores them, so that a reloaded model gives the same digits.
        return cls(*(pd.Series(fitted, dtype=np.float32).astype(float) for fitted in (intercept, slope)))

    def rest(self, responses: pd.DataFrame, general: pd.DataFrame) -> pd.DataFrame:
        """(n_lines, n_assays) what the regression leaves, in ln units; NaN where a side that it needs is."""
        assays = list(responses.columns)
        slope = self.slope[assays].to_numpy(dtype=float)
        of_screen = general.reindex(columns=[AssayId.parse(assay).screen for assay in assays]).to_numpy(dtype=float)
        explained = np.where(slope != 0, slope * of_screen, 0.0)
        rest = responses.to_numpy(dtype=float) - (self.intercept[assays].to_numpy(dtype=float) + explained)
        return pd.DataFrame(rest, index=responses.index, columns=responses.columns)


@short_repr
@dataclass(frozen=True)
class SpecificResponse:
    """A model of general sensitivity, whose outputs are screens, and the regression on it."""

    general: SensitivityModel
    regression: Regression

    @classmethod
    def fit(
        cls,
        features: pd.DataFrame,
        responses: pd.DataFrame,
        general: pd.DataFrame,
        seed: int = 0,
    ) -> SpecificResponse:
        """Fit on (n_lines, n_features), (n_lines, n_assays) ln IC50 and (n_lines, n_screens) general sensitivity."""
        model = SensitivityModel(n_boosted=min(N_BOOSTED, general.shape[1]), seed=seed)
        return cls(model.fit(features, general), Regression.fit(responses, general))

    def predict(
        self, features: pd.DataFrame, predicted: pd.DataFrame, presence: Presence | None = None
    ) -> pd.DataFrame:
        """(n, n_assays) specific response from features and the (n, n_assays) predicted ln IC50.

        `presence` is as in `SensitivityModel.predict`.
        """
        return self.regression.rest(predicted, self.general.predict(features, presence))


def _of_screen(general: pd.DataFrame, assay: str) -> pd.Series:
    screen = AssayId.parse(assay).screen
    return general[screen] if screen in general.columns else pd.Series(np.nan, index=general.index)
