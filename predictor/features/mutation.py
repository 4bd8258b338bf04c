"""Block `mutation`: driver flags per gene, hits per level of the axis, brakes lost, escape, burden, MSI.

A flag is 1 or 0 where the gene was assessed and NaN where it was not. Counts are over the genes of the training
alterations only, so that a panel or exome of another size does not shift them; a count is NaN unless all its genes
were assessed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from predictor.features.drivers import driver_calls, training_symbol
from predictor.knowledge import table
from predictor.profiles import Profiles

LEVELS = ("receptor", "ras", "pi3k", "akt", "tsc_mtorc1", "output", "mapk", "cell_cycle")
RAS_RAF = ("KRAS", "NRAS", "HRAS", "BRAF")


class MutationBlock:
    """Driver flags and pathway counts. `genes` are all that training assessed; `flagged` those altered often enough."""

    name = "mutation"

    def __init__(self, genes: list[str], flagged: list[str]) -> None:
        self.genes = genes
        self.flagged = flagged

    @classmethod
    def fit(cls, profiles: Profiles, min_altered: int) -> MutationBlock:
        """Learn which genes were assessed, and which are altered in at least `min_altered` training samples."""
        assessed = profiles.assessed_genes
        if profiles.mutations is None or assessed is None:
            return cls([], [])
        genes = sorted(assessed)
        flags = _flags(profiles, genes)
        altered = flags.sum(axis=0)
        return cls(genes, [gene for gene in genes if altered[gene] >= min_altered])

    def transform(self, profiles: Profiles) -> pd.DataFrame:
        """(n_samples, n_features): flags 0/1, counts, log2 burden; NaN where not assessed."""
        flags = _flags(profiles, self.genes)
        out = {gene: flags[gene] for gene in self.flagged}
        if self.genes:
            for name, members in self._groups().items():
                out[name] = flags[members].sum(axis=1, skipna=False)
            out["pik3ca_without_ras_raf"] = self._unopposed(flags)
            out["driver_burden_log2"] = np.log2(1 + flags.sum(axis=1, skipna=False))
        out["msi_high"] = profiles.samples["msi"].map({"MSI-H": 1.0, "MSS": 0.0}).astype(float)
        return pd.DataFrame(out, index=profiles.samples.index, dtype=float)

    def state(self) -> dict:
        return {"genes": self.genes, "flagged": self.flagged}

    @classmethod
    def from_state(cls, state: dict) -> MutationBlock:
        return cls(list(state["genes"]), list(state["flagged"]))

    def _groups(self) -> dict[str, list[str]]:
        """Counted groups of at least two assessed genes: hits per level, brakes lost."""
        known = table("genes").set_index("gene").reindex(self.genes)
        groups = {f"hits_{level}": known.index[known["level"] == level].tolist() for level in LEVELS}
        groups["brakes_lost"] = known.index[known["effect_on_axis"] == "brake"].tolist()
        return {name: members for name, members in groups.items() if len(members) > 1}

    def _unopposed(self, flags: pd.DataFrame) -> pd.Series:
        """PIK3CA altered without a RAS or BRAF driver, whose presence weakens PIK3CA's effect."""
        needed = ["PIK3CA", *[gene for gene in RAS_RAF if gene in flags]]
        if "PIK3CA" not in flags:
            return pd.Series(np.nan, index=flags.index)
        alone = (flags["PIK3CA"] == 1) & (flags[needed[1:]].sum(axis=1) == 0)
        return alone.astype(float).where(flags[needed].notna().all(axis=1))


def _flags(profiles: Profiles, genes: list[str]) -> pd.DataFrame:
    """(n_samples, genes): 1 driver, 0 none found, NaN not assessed."""
    flags = pd.DataFrame(0.0, index=profiles.samples.index, columns=genes)
    if profiles.mutations is None:
        return flags * np.nan
    renamed = training_symbol()
    mutations = profiles.mutations
    mutations = mutations.assign(gene=mutations["gene"].map(lambda gene: renamed.get(gene, gene)))
    mutations = mutations[mutations["gene"].isin(genes)]
    hits = mutations.loc[driver_calls(mutations), ["sample_id", "gene"]].drop_duplicates()
    values = np.zeros(flags.shape)
    rows, columns = (pd.Index(hits[name]) for name in ("sample_id", "gene"))
    values[flags.index.get_indexer(rows), flags.columns.get_indexer(columns)] = 1.0
    for panel, chosen in profiles.assessed():
        if panel is not None:
            assessed = {renamed.get(gene, gene) for gene in panel}
            outside = np.array([gene not in assessed for gene in genes], dtype=bool)
            values[np.ix_(chosen, outside)] = np.nan
    values[~profiles.sequenced.to_numpy()] = np.nan
    return pd.DataFrame(values, index=flags.index, columns=genes)
