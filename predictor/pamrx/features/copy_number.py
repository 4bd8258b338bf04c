"""Block `copy_number`: recurrent gains and losses, and amplification and deep loss of the axis's genes.

Training knows two kinds of event. `PTEN_loss` is a recurrent segment that names the gene (Iorio, Cell 2016): broad,
often shallow. `PTEN_deep_deletion` and `PIK3CA_amplification` are calls of the gene itself. A user's GISTIC-like call
maps to both: 2 is gain and amplification, -2 loss and deep deletion, and -1, 0 and 1 are none. On the training lines
that also have per-gene calls, nine in ten deep deletions of PTEN carry the segment loss, but only two in nine of the
shallow ones, so a shallow call is not taken for one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pamrx.knowledge import NEWEST, table
from pamrx.profiles import Profiles

SEGMENT = {"gain": 2.0, "loss": -2.0}
GENE = {"amplification": 2.0, "deep_deletion": -2.0}


class CopyNumberBlock:
    """Events per gene, learned from at least `min_altered` of them: `segments` and, per gene, `events`."""

    name = "copy_number"

    def __init__(self, segments: list[str], events: list[str]) -> None:
        self.segments = segments
        self.events = events

    @classmethod
    def fit(cls, profiles: Profiles, min_altered: int, version: int = NEWEST) -> CopyNumberBlock:
        """Learn which events are frequent enough; of genes that share every event, one stands for all.

        Genes of one segment are altered together, so their columns are the same: the gene of the axis is kept, else
        the first in the alphabet, lest one event be credited several times. Events of single genes are learned of the
        axis's genes, where training has calls apart from the segments.
        """
        axis = set(table("genes", version).query("level != ''")["gene"])
        if profiles.segments is None:
            return cls(_frequent(profiles.copy_number, SEGMENT, axis, min_altered), [])
        calls = profiles.copy_number
        if calls is not None:
            calls = calls[[gene for gene in calls.columns if gene in axis]]
        return cls(_frequent(profiles.segments, SEGMENT, axis, min_altered), _frequent(calls, GENE, axis, min_altered))

    @property
    def segment_genes(self) -> frozenset[str]:
        """The genes of the segments, of which broad calls are taken."""
        return frozenset(_gene_and_call(name, SEGMENT)[0] for name in self.segments)

    @property
    def event_genes(self) -> frozenset[str]:
        """The genes of which calls of their own are taken."""
        return frozenset(_gene_and_call(name, GENE)[0] for name in self.events)

    def transform(self, profiles: Profiles) -> pd.DataFrame:
        """(n_samples, n_features): 1 event, 0 none, NaN not measured."""
        segments = profiles.copy_number if profiles.segments is None else profiles.segments
        index = profiles.samples.index
        parts = [
            _events(segments, self.segments, SEGMENT, index),
            _events(profiles.copy_number, self.events, GENE, index),
        ]
        return pd.concat(parts, axis=1)

    def state(self) -> dict[str, Any]:
        return {"segments": self.segments, "events": self.events}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> CopyNumberBlock:
        return cls(list(state["segments"]), list(state["events"]))


def _frequent(calls: pd.DataFrame | None, kinds: dict[str, float], axis: set[str], min_altered: int) -> list[str]:
    if calls is None:
        return []
    genes = sorted(calls.columns, key=lambda gene: (gene not in axis, gene))
    events = _events(calls, [f"{gene}_{kind}" for gene in genes for kind in kinds], kinds, calls.index)
    events = events.loc[:, events.sum() >= min_altered]
    distinct = ~pd.DataFrame(events.to_numpy().T).duplicated().to_numpy()
    return sorted(events.columns[distinct])


def _events(calls: pd.DataFrame | None, features: list[str], kinds: dict[str, float], index: pd.Index) -> pd.DataFrame:
    if calls is None:
        return pd.DataFrame(np.nan, index=index, columns=features)
    gene_and_call = [_gene_and_call(name, kinds) for name in features]
    values = calls.reindex(columns=[gene for gene, _ in gene_and_call]).to_numpy(dtype=float)
    events = (values == np.array([call for _, call in gene_and_call])).astype(float)
    events[np.isnan(values)] = np.nan
    return pd.DataFrame(events, index=index, columns=features)


def _gene_and_call(feature: str, kinds: dict[str, float]) -> tuple[str, float]:
    kind = next(kind for kind in kinds if feature.endswith(f"_{kind}"))
    return feature.removesuffix(f"_{kind}"), kinds[kind]
