"""Block `mutation`: driver flags per gene, any change of the axis's genes, hits per level, brakes lost, burden, MSI.

A flag is 1 or 0 where the gene was assessed and NaN where it was not. Drivers and any changes are two kinds of label
and stay apart: `mutation.TSC1` is a driver by `drivers.driver_calls`, `mutation.TSC1_any` any non-synonymous change,
passengers included. Counts are over the genes of the training alterations only, so that a panel or exome of another
size does not shift them; a count is NaN unless all its genes were assessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pamrx.features.drivers import training_symbol
from pamrx.features.mutation_calls import MutationCalls
from pamrx.knowledge import NEWEST, table
from pamrx.profiles import Profiles

LEVELS = ("receptor", "ras", "pi3k", "akt", "tsc_mtorc1", "output", "mapk", "cell_cycle")
RAS_RAF = ("KRAS", "NRAS", "HRAS", "BRAF")
ANY = "_any"


class MutationBlock:
    """Driver flags, flags of any change, and pathway counts.

    `genes` are all whose drivers training knew; `flagged` those with enough of them; `listed` the genes of the axis
    of which training knew every non-synonymous change, and saw enough; `version` is that of the knowledge tables.
    """

    name = "mutation"

    def __init__(self, genes: list[str], flagged: list[str], listed: list[str], version: int = NEWEST) -> None:
        self.version = version
        self.genes = genes
        self.flagged = flagged
        self.listed = listed

    @classmethod
    def fit(cls, profiles: Profiles, min_altered: int, version: int = NEWEST) -> MutationBlock:
        """Learn which genes were assessed, and which are altered in at least `min_altered` training samples."""
        assessed = profiles.assessed_genes
        if profiles.mutations is None or assessed is None:
            return cls([], [], [], version)
        genes = sorted(assessed)
        altered = driver_flags(profiles, genes, version=version).sum(axis=0)
        axis = sorted(table("genes", version).query("level != ''")["gene"])
        changed = any_flags(profiles, axis, version=version).sum(axis=0)
        return cls(
            genes,
            [gene for gene in genes if altered[gene] >= min_altered],
            [gene for gene in axis if changed[gene] >= min_altered] if profiles.unfiltered is not None else [],
            version,
        )

    def transform(self, profiles: Profiles, calls: MutationCalls | None = None) -> pd.DataFrame:
        """(n_samples, n_features): flags 0/1, counts, log2 burden; NaN where not assessed.

        `calls` as in `driver_flags`, of all the genes of this block.
        """
        flags = driver_flags(profiles, self.genes, calls, self.version)
        values = flags.to_numpy()
        parts = {gene: values[:, flags.columns.get_loc(gene)] for gene in self.flagged}
        if self.genes:
            for name, members in self._groups.items():
                parts[name] = np.take(values, flags.columns.get_indexer(pd.Index(members)), axis=1).sum(axis=1)
            parts["pik3ca_without_ras_raf"] = self._unopposed(flags)
            parts["driver_burden_log2"] = np.log2(1 + values.sum(axis=1))
        parts["msi_high"] = profiles.samples["msi"].map({"MSI-H": 1.0, "MSS": 0.0}).to_numpy(dtype=float)
        changed = any_flags(profiles, self.listed, calls, self.version).to_numpy()
        names = [*parts, *(f"{gene}{ANY}" for gene in self.listed)]
        table = np.column_stack([*parts.values(), changed])
        return pd.DataFrame(table, index=profiles.samples.index, columns=names, copy=False)

    def state(self) -> dict[str, Any]:
        return {"genes": self.genes, "flagged": self.flagged, "listed": self.listed}

    @classmethod
    def from_state(cls, state: dict[str, Any], version: int = NEWEST) -> MutationBlock:
        return cls(list(state["genes"]), list(state["flagged"]), list(state["listed"]), version)

    @cached_property
    def _groups(self) -> dict[str, list[str]]:
        """Counted groups of at least two assessed genes: hits per level, drivers of the axis, brakes lost."""
        known = table("genes", self.version).set_index("gene").reindex(self.genes)
        groups = {f"hits_{level}": known.index[known["level"] == level].tolist() for level in LEVELS}
        groups["brakes_lost"] = known.index[known["effect_on_axis"] == "brake"].tolist()
        groups["activating_hits"] = known.index[known["effect_on_axis"] == "driver"].tolist()
        return {name: members for name, members in groups.items() if len(members) > 1}

    def _unopposed(self, flags: pd.DataFrame) -> np.ndarray:
        """(n,) PIK3CA altered without a RAS or BRAF driver, whose presence weakens PIK3CA's effect."""
        if "PIK3CA" not in flags:
            return np.full(len(flags), np.nan)
        altered = flags["PIK3CA"].to_numpy()
        places = flags.columns.get_indexer(pd.Index([gene for gene in RAS_RAF if gene in flags]))
        others = np.take(flags.to_numpy(), places, axis=1)
        # Known without the rest: a wild-type PIK3CA, or one altered member of RAS and RAF.
        settled = (altered == 0) | (others == 1).any(axis=1)
        known = settled | ~(np.isnan(altered) | np.isnan(others).any(axis=1))
        return np.where(known, (altered == 1) & ~(others == 1).any(axis=1), np.nan)


def driver_flags(
    profiles: Profiles, genes: list[str], calls: MutationCalls | None = None, version: int = NEWEST
) -> pd.DataFrame:
    """(n_samples, genes): 1 driver, 0 none found; NaN not assessed, or altered in a way that the file leaves open.

    A missense or in-frame change without its protein change may or may not be a hotspot of the gene. `calls` are those
    of the profiles' mutations in these genes and perhaps others, where they are known already; `version` is that of
    the knowledge tables.
    """
    calls = calls or MutationCalls.of(profiles, genes, version)
    flags = _flags(profiles, genes, calls, "driver", profiles.assessed(), version)
    if calls is not None:
        flags[(flags == 0) & (calls.counts(calls.ambiguous, profiles.n, genes) > 0)] = np.nan
    return pd.DataFrame(flags, index=profiles.samples.index, columns=genes, copy=False)


def any_flags(
    profiles: Profiles, genes: list[str], calls: MutationCalls | None = None, version: int = NEWEST
) -> pd.DataFrame:
    """(n_samples, genes): 1 any non-synonymous change, 0 none found, NaN where not every such change is listed."""
    calls = calls or MutationCalls.of(profiles, genes, version)
    flags = _flags(profiles, genes, calls, "changed", profiles.listed(), version)
    return pd.DataFrame(flags, index=profiles.samples.index, columns=genes, copy=False)


def _flags(
    profiles: Profiles,
    genes: list[str],
    calls: MutationCalls | None,
    which: str,
    known: Iterable[tuple[frozenset[str] | None, np.ndarray]],
    version: int,
) -> np.ndarray:
    """1 where one of the `calls` is `which`, NaN outside the genes `known` of a sample, else 0."""
    if calls is None:
        return np.full((profiles.n, len(genes)), np.nan)
    flags = (calls.counts(getattr(calls, which), profiles.n, genes) > 0).astype(float)
    for assessed, chosen in known:
        if assessed is not None:
            names = {training_symbol(version).get(gene, gene) for gene in assessed}
            outside = np.array([gene not in names for gene in genes], dtype=bool)
            flags[np.ix_(chosen, outside)] = np.nan
    flags[~profiles.sequenced.to_numpy()] = np.nan
    return flags
