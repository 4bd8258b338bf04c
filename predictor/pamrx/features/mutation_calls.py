"""What each mutation of some profiles does, computed once for all flags and counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.features.drivers import ambiguous_changes, driver_calls, non_synonymous, training_symbol
from pamrx.knowledge import NEWEST
from pamrx.profiles import Profiles


@short_repr
@dataclass(frozen=True)
class MutationCalls:
    """The m mutations of profiles in the genes that were asked for, in the order of the profiles' table.

    Attributes
    ----------
    genes : distinct training symbols.
    gene : (m,) place in `genes`.
    sample : (m,) row of the sample.
    change : (m,) a number for each distinct protein change, -1 where it is missing.
    driver, ambiguous, changed : (m,) bool, as `drivers.driver_calls`, `ambiguous_changes` and `non_synonymous` say.
    """

    genes: pd.Index
    gene: np.ndarray
    sample: np.ndarray
    change: np.ndarray
    driver: np.ndarray
    ambiguous: np.ndarray
    changed: np.ndarray

    @classmethod
    def of(cls, profiles: Profiles, genes: Collection[str], version: int = NEWEST) -> MutationCalls | None:
        """The mutations in `genes` (training symbols), judged by a version of the knowledge tables; None without."""
        if profiles.mutations is None:
            return None
        codes, names = pd.factorize(profiles.mutations["gene"])
        renamed = np.array([training_symbol(version).get(name, name) for name in names], dtype=object)
        asked = set(genes)
        # The last is for a missing gene, whose code is -1.
        chosen = np.array([*(name in asked for name in renamed), False])[codes]
        rows = profiles.mutations[chosen].assign(gene=renamed[codes[chosen]])
        gene, distinct = pd.factorize(rows["gene"])
        return cls(
            genes=pd.Index(distinct),
            gene=gene,
            sample=profiles.samples.index.get_indexer(pd.Index(rows["sample_id"])),
            change=pd.factorize(rows["hgvsp"])[0],
            driver=driver_calls(rows, version).to_numpy(),
            ambiguous=ambiguous_changes(rows, version).to_numpy(dtype=bool),
            changed=non_synonymous(rows, version).to_numpy(),
        )

    def counts(self, which: np.ndarray, n: int, genes: Sequence[str]) -> np.ndarray:
        """(n, len(genes)): how many of the mutations `which` (bool, m) each sample has in each gene."""
        column = pd.Index(genes).get_indexer(self.genes)[self.gene[which]]
        found = np.zeros((n, len(genes)))
        asked = column >= 0
        np.add.at(found, (self.sample[which][asked], column[asked]), 1)
        return found

    def distinct_drivers(self) -> np.ndarray:
        """(m,) bool: drivers, but one only of those with the same change of the same gene in a sample."""
        table = pd.DataFrame({"sample": self.sample, "gene": self.gene, "change": self.change})
        first = np.zeros(len(table), dtype=bool)
        first[table[self.driver].drop_duplicates().index] = True
        return first
