"""Block `tissue`: one indicator per reference tissue; all NaN where the tissue is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pamrx.profiles import Profiles


class TissueBlock:
    """Indicators of the tissues that training met."""

    name = "tissue"

    def __init__(self, tissues: list[str]) -> None:
        self.tissues = tissues

    @classmethod
    def fit(cls, profiles: Profiles) -> TissueBlock:
        return cls(sorted(profiles.samples["tissue"].dropna().unique()))

    def transform(self, profiles: Profiles) -> pd.DataFrame:
        """(n_samples, n_tissues): 1 or 0; NaN where unknown. A tissue that training never met is 0 throughout."""
        tissue = profiles.samples["tissue"]
        values = np.zeros((len(tissue), len(self.tissues)))
        place = pd.Index(self.tissues, dtype=object).get_indexer(pd.Index(tissue, dtype=object))
        met = np.flatnonzero(place >= 0)
        values[met, place[met]] = 1.0
        values[tissue.isna().to_numpy()] = np.nan
        return pd.DataFrame(values, index=profiles.samples.index, columns=self.tissues)

    def state(self) -> dict[str, Any]:
        return {"tissues": self.tissues}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> TissueBlock:
        return cls(list(state["tissues"]))
