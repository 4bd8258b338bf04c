"""Block `copy_number`: strong gains and losses of the genes that the training's recurrent segments name.

The training calls are recurrent gained or lost segments (Iorio, Cell 2016), stored as calls 2 and -2 of the genes
that the segment names. A user's GISTIC-like call maps to them so: 2 is a gain, -2 a loss, and -1, 0 and 1 are
neither. On the training lines that also have per-gene calls, nine in ten deep deletions of PTEN carry the segment
loss, but only two in nine of the shallow ones, so a shallow call is not taken for one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from predictor.knowledge import table
from predictor.profiles import Profiles


class CopyNumberBlock:
    """Gain and loss flags per gene, learned from at least `min_altered` events."""

    name = "copy_number"

    def __init__(self, features: list[str]) -> None:
        self.features = features

    @classmethod
    def fit(cls, profiles: Profiles, min_altered: int) -> CopyNumberBlock:
        """Learn which events are frequent enough; of genes that share every event, one stands for all.

        Genes of one segment are altered together, so their columns are the same: the gene of the axis is kept, else
        the first in the alphabet, lest one event be credited several times.
        """
        if profiles.copy_number is None:
            return cls([])
        on_axis = set(table("genes").query("level != ''")["gene"])
        genes = sorted(profiles.copy_number.columns, key=lambda gene: (gene not in on_axis, gene))
        events = _events(profiles, [f"{gene}_{kind}" for gene in genes for kind in ("gain", "loss")])
        events = events.loc[:, events.sum() >= min_altered]
        distinct = ~pd.DataFrame(events.to_numpy().T).duplicated().to_numpy()
        return cls(sorted(events.columns[distinct]))

    def transform(self, profiles: Profiles) -> pd.DataFrame:
        """(n_samples, n_features): 1 event, 0 none, NaN not measured."""
        return _events(profiles, self.features)

    def state(self) -> dict:
        return {"features": self.features}

    @classmethod
    def from_state(cls, state: dict) -> CopyNumberBlock:
        return cls(list(state["features"]))


def _events(profiles: Profiles, features: list[str]) -> pd.DataFrame:
    index = profiles.samples.index
    if profiles.copy_number is None:
        return pd.DataFrame(np.nan, index=index, columns=features)
    calls = profiles.copy_number.reindex(columns=[name.rpartition("_")[0] for name in features]).to_numpy(dtype=float)
    gain = np.array([name.endswith("_gain") for name in features], dtype=bool)
    events = np.where(gain, calls >= 2, calls <= -2).astype(float)
    events[np.isnan(calls)] = np.nan
    return pd.DataFrame(events, index=index, columns=features)
