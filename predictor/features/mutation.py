"""Block `mutation`: driver flags per gene, any change of the axis's genes, hits per level, brakes lost, burden, MSI.

A flag is 1 or 0 where the gene was assessed and NaN where it was not. Drivers and any changes are two kinds of label
and stay apart: `mutation.TSC1` is a driver by `drivers.driver_calls`, `mutation.TSC1_any` any non-synonymous change,
passengers included. Counts are over the genes of the training alterations only, so that a panel or exome of another
size does not shift them; a count is NaN unless all its genes were assessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np
import pandas as pd

from predictor.features.drivers import driver_calls, non_synonymous, training_symbol, untold_changes
from predictor.knowledge import table
from predictor.profiles import Profiles

LEVELS = ("receptor", "ras", "pi3k", "akt", "tsc_mtorc1", "output", "mapk", "cell_cycle")
RAS_RAF = ("KRAS", "NRAS", "HRAS", "BRAF")
ANY = "_any"


class MutationBlock:
    """Driver flags, flags of any change, and pathway counts.

    `genes` are all whose drivers training knew; `flagged` those with enough of them; `listed` the genes of the axis
    of which training knew every non-synonymous change, and saw enough.
    """

    name = "mutation"

    def __init__(self, genes: list[str], flagged: list[str], listed: list[str]) -> None:
        self.genes = genes
        self.flagged = flagged
        self.listed = listed

    @classmethod
    def fit(cls, profiles: Profiles, min_altered: int) -> MutationBlock:
        """Learn which genes were assessed, and which are altered in at least `min_altered` training samples."""
        assessed = profiles.assessed_genes
        if profiles.mutations is None or assessed is None:
            return cls([], [], [])
        genes = sorted(assessed)
        altered = driver_flags(profiles, genes).sum(axis=0)
        axis = sorted(table("genes").query("level != ''")["gene"])
        changed = any_flags(profiles, axis).sum(axis=0)
        return cls(
            genes,
            [gene for gene in genes if altered[gene] >= min_altered],
            [gene for gene in axis if changed[gene] >= min_altered] if profiles.unfiltered is not None else [],
        )

    def transform(self, profiles: Profiles) -> pd.DataFrame:
        """(n_samples, n_features): flags 0/1, counts, log2 burden; NaN where not assessed."""
        flags = driver_flags(profiles, self.genes)
        values = flags.to_numpy()
        parts = {gene: values[:, flags.columns.get_loc(gene)] for gene in self.flagged}
        if self.genes:
            for name, members in self._groups.items():
                parts[name] = np.take(values, flags.columns.get_indexer(pd.Index(members)), axis=1).sum(axis=1)
            parts["pik3ca_without_ras_raf"] = self._unopposed(flags).to_numpy()
            parts["driver_burden_log2"] = np.log2(1 + values.sum(axis=1))
        parts["msi_high"] = profiles.samples["msi"].map({"MSI-H": 1.0, "MSS": 0.0}).to_numpy(dtype=float)
        changed = any_flags(profiles, self.listed).to_numpy()
        names = [*parts, *(f"{gene}{ANY}" for gene in self.listed)]
        table = np.column_stack([*parts.values(), changed])
        return pd.DataFrame(table, index=profiles.samples.index, columns=names, copy=False)

    def state(self) -> dict:
        return {"genes": self.genes, "flagged": self.flagged, "listed": self.listed}

    @classmethod
    def from_state(cls, state: dict) -> MutationBlock:
        return cls(list(state["genes"]), list(state["flagged"]), list(state["listed"]))

    @cached_property
    def _groups(self) -> dict[str, list[str]]:
        """Counted groups of at least two assessed genes: hits per level, drivers of the axis, brakes lost."""
        known = table("genes").set_index("gene").reindex(self.genes)
        groups = {f"hits_{level}": known.index[known["level"] == level].tolist() for level in LEVELS}
        groups["brakes_lost"] = known.index[known["effect_on_axis"] == "brake"].tolist()
        groups["activating_hits"] = known.index[known["effect_on_axis"] == "driver"].tolist()
        return {name: members for name, members in groups.items() if len(members) > 1}

    def _unopposed(self, flags: pd.DataFrame) -> pd.Series:
        """PIK3CA altered without a RAS or BRAF driver, whose presence weakens PIK3CA's effect."""
        needed = ["PIK3CA", *[gene for gene in RAS_RAF if gene in flags]]
        if "PIK3CA" not in flags:
            return pd.Series(np.nan, index=flags.index)
        alone = (flags["PIK3CA"] == 1) & (flags[needed[1:]].sum(axis=1) == 0)
        # Known without the rest: a wild-type PIK3CA, or one altered member of RAS and RAF.
        settled = (flags["PIK3CA"] == 0) | (flags[needed[1:]] == 1).any(axis=1)
        return alone.astype(float).where(settled | flags[needed].notna().all(axis=1))


def driver_flags(profiles: Profiles, genes: list[str]) -> pd.DataFrame:
    """(n_samples, genes): 1 driver, 0 none found; NaN not assessed, or altered in a way that the file does not tell.

    A missense or in-frame change without its protein change may or may not be a hotspot of the gene.
    """
    rows = of_genes(profiles, genes)
    flags = _flags(profiles, genes, rows, driver_calls, profiles.assessed())
    untold = _flags(profiles, genes, rows, untold_changes)
    values = np.where((flags.to_numpy() == 0) & (untold.to_numpy() == 1), np.nan, flags.to_numpy())
    return pd.DataFrame(values, index=flags.index, columns=flags.columns, copy=False)


def any_flags(profiles: Profiles, genes: list[str]) -> pd.DataFrame:
    """(n_samples, genes): 1 any non-synonymous change, 0 none found, NaN where not every such change is listed."""
    return _flags(profiles, genes, of_genes(profiles, genes), non_synonymous, profiles.listed())


def of_genes(profiles: Profiles, genes: list[str]) -> pd.DataFrame | None:
    """The mutations in `genes`, under the training alterations' symbols; None where there is no table of them."""
    if profiles.mutations is None:
        return None
    codes, names = pd.factorize(profiles.mutations["gene"])
    renamed = np.array([training_symbol().get(name, name) for name in names], dtype=object)
    wanted = set(genes)
    chosen = np.array([*(name in wanted for name in renamed), False])[
        codes
    ]  # the last for a missing gene, whose code is -1
    return profiles.mutations[chosen].assign(gene=renamed[codes[chosen]])


def _flags(
    profiles: Profiles,
    genes: list[str],
    mutations: pd.DataFrame | None,
    counts: Callable[[pd.DataFrame], pd.Series],
    known: Iterable[tuple[frozenset[str] | None, np.ndarray]] = (),
) -> pd.DataFrame:
    """1 where one of the `mutations` `counts`, NaN outside the genes `known` of a sample, else 0."""
    index = profiles.samples.index
    values = np.zeros((len(index), len(genes)))
    if mutations is None:
        return pd.DataFrame(values * np.nan, index=index, columns=genes)
    hits = mutations[counts(mutations).to_numpy()]
    values[index.get_indexer(pd.Index(hits["sample_id"])), pd.Index(genes).get_indexer(pd.Index(hits["gene"]))] = 1.0
    for told, chosen in known:
        if told is not None:
            names = {training_symbol().get(gene, gene) for gene in told}
            outside = np.array([gene not in names for gene in genes], dtype=bool)
            values[np.ix_(chosen, outside)] = np.nan
    values[~profiles.sequenced.to_numpy()] = np.nan
    return pd.DataFrame(values, index=index, columns=genes)
