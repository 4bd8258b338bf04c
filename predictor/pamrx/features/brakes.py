"""Brakes of the axis lost: both copies hit, and PTEN lost by any route.

These stand in the block `mutation` but take copy number too. Each is worked out in three values: 1 or 0 where what is
known settles it, NaN where the part that is missing could change it.

- `<GENE>_two_hit`: a deep deletion (call -2), or a driver mutation together with a loss (call -1 or -2, or the
  training's segment loss), or two different driver mutations. Knudson, Proc Natl Acad Sci USA 1971.
- `PTEN_lost`: a driver mutation or a deep deletion. Of tumours that lose PTEN, 13 % carry a mutation (Millis, JAMA
  Oncol 2016), hence the deletion.
- `PTEN_low_expression`, of bundles that learned it: the transcript stands below a limit inside its sample. It is no
  longer learned: the limit is one of the training's array, where 8 % of the lines are under it, and of NCI-60's lines
  on another array 41 % (`docs/platform.md`). The transcript itself is a feature all the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pamrx.features.mutation import driver_flags
from pamrx.features.mutation_calls import MutationCalls
from pamrx.knowledge import NEWEST, table
from pamrx.profiles import Profiles

TWO_HIT, LOST, LOW = "_two_hit", "_lost", "_low_expression"
READ_FROM_EXPRESSION = "PTEN"


class BrakeBlock:
    """`two_hit` are the genes with enough two-hit losses in training; `low_under` is PTEN's limit in a bundle that has
    one, else None; `version` is that of the knowledge tables.
    """

    def __init__(self, two_hit: list[str], low_under: float | None, version: int = NEWEST) -> None:
        self.version = version
        self.two_hit = two_hit
        self.low_under = low_under

    @classmethod
    def fit(cls, profiles: Profiles, min_altered: int, version: int = NEWEST) -> BrakeBlock:
        """Learn which genes have at least `min_altered` two-hit losses."""
        assessed = profiles.assessed_genes
        if profiles.mutations is None or assessed is None or profiles.copy_number is None:
            return cls([], None, version)
        brakes = table("genes", version).query("level != '' and effect_on_axis == 'brake'")["gene"]
        genes = sorted(set(brakes) & assessed)
        found = _two_hits(profiles, genes, None, version).sum()
        two_hit = [gene for gene in genes if found[gene] >= min_altered]
        return cls(two_hit, None, version)

    def transform(self, profiles: Profiles, scores: pd.DataFrame, calls: MutationCalls | None = None) -> pd.DataFrame:
        """(n_samples, n_features) of 1, 0 and NaN; `scores` are the within-sample scores of the transcripts, `calls` as
        in `driver_flags`, of all the genes `two_hit`."""
        out = _two_hits(profiles, self.two_hit, calls, self.version).add_suffix(TWO_HIT)
        if READ_FROM_EXPRESSION in self.two_hit:
            out[f"{READ_FROM_EXPRESSION}{LOST}"] = _lost(profiles, READ_FROM_EXPRESSION, calls, self.version)
        if self.low_under is not None:
            score = scores[READ_FROM_EXPRESSION]
            out[f"{READ_FROM_EXPRESSION}{LOW}"] = (score < self.low_under).astype(float).where(score.notna())
        return out

    def state(self) -> dict[str, Any]:
        return {"two_hit": self.two_hit, "low_under": self.low_under}

    @classmethod
    def from_state(cls, state: dict[str, Any], version: int = NEWEST) -> BrakeBlock:
        return cls(list(state["two_hit"]), state["low_under"], version)


def _two_hits(profiles: Profiles, genes: list[str], calls: MutationCalls | None, version: int) -> pd.DataFrame:
    """(n_samples, genes) of 1, 0 and NaN."""
    calls = calls or MutationCalls.of(profiles, genes, version)
    flags = driver_flags(profiles, genes, calls, version)
    mutated = flags.to_numpy()
    drivers = np.zeros(mutated.shape) if calls is None else calls.counts(calls.distinct_drivers(), profiles.n, genes)
    several = np.where(np.isnan(mutated), np.nan, (drivers >= 2).astype(float))
    copies = _copies(profiles.copy_number, genes, flags.index)
    shallow = _copies(profiles.copy_number if profiles.segments is None else profiles.segments, genes, flags.index)
    deep, loss = _below(copies, -2), np.fmax(_below(copies, -1), _below(shallow, -1))
    # The minimum of NaN and 0 is 0 here: without a mutation, an unknown loss is no second hit to it.
    both = np.where((mutated == 0) | (loss == 0), 0.0, mutated * loss)
    return pd.DataFrame(_either(_either(deep, both), several), index=flags.index, columns=genes)


def _lost(profiles: Profiles, gene: str, calls: MutationCalls | None, version: int) -> pd.Series:
    """1, 0 and NaN."""
    flags = driver_flags(profiles, [gene], calls, version)
    copies = _copies(profiles.copy_number, [gene], flags.index)
    return pd.Series(_either(flags.to_numpy(), _below(copies, -2))[:, 0], index=flags.index)


def _copies(matrix: pd.DataFrame | None, genes: list[str], index: pd.Index) -> np.ndarray:
    if matrix is None:
        return np.full((len(index), len(genes)), np.nan)
    return matrix.reindex(columns=genes).to_numpy(dtype=float)


def _below(calls: np.ndarray, limit: float) -> np.ndarray:
    return np.where(np.isnan(calls), np.nan, (calls <= limit).astype(float))


def _either(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Three-valued or: 1 if either is 1, 0 if both are 0, else NaN."""
    return np.where((first == 1) | (second == 1), 1.0, first + second)
