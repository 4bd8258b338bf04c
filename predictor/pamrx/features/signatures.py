"""Signed gene signatures as the mean within-sample score of their genes; serves the blocks `tme` and `programme`.

score = sum(w_g z_g) / sum(|w_g|) over the measured genes g, with weight +1 or -1 and z the normal score of the gene
in its sample: the rank analogue of a mean z-score (singscore, Foroutan, BMC Bioinformatics 2018, centres ranks
likewise). In a cell line a microenvironment score reads lineage and tumour-intrinsic programmes, not infiltration.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pamrx.features.scores import weighted_mean
from pamrx.knowledge import NEWEST, table

MIN_GENE_SHARE = 0.5
"""A signature is scored only where at least this share of its genes is measured."""

ROWS_AT_ONCE = 128
"""Samples scored at a time: few enough that their genes stay in the cache from one signature to the next."""


class SignatureBlock:
    """The signatures of one block. `members` maps each to {gene: weight}, in the training universe's spelling."""

    def __init__(self, name: str, members: dict[str, dict[str, float]]) -> None:
        self.name = name
        self.members = members

    @classmethod
    def fit(cls, name: str, scores: pd.DataFrame, version: int = NEWEST) -> SignatureBlock:
        """Keep the signatures of which the training universe measures at least half.

        One that `knowledge/signature_sources.csv` takes out of the model (`left_out` yes, the reason under `note`) is
        not learned.
        """
        sources = table("signature_sources", version)
        allowed = set(sources.loc[sources["left_out"] != "yes", "signature"])  # noqa: F841  in the query
        rows = table("signatures", version).query("block == @name and signature in @allowed")
        universe = set(scores.columns)
        members: dict[str, dict[str, float]] = {}
        for signature, genes in rows.groupby("signature", sort=True):
            found = {
                next((spelling for spelling in [gene, *alias.split("|")] if spelling in universe), ""): float(weight)
                for gene, alias, weight in zip(genes["gene"], genes["aliases"], genes["weight"], strict=True)
            }
            found.pop("", None)
            if found and len(found) >= MIN_GENE_SHARE * len(genes):
                members[str(signature)] = dict(sorted(found.items()))
        return cls(name, members)

    def transform(self, scores: pd.DataFrame) -> pd.DataFrame:
        """(n_samples, n_signatures); NaN where under half of the learned genes are measured."""
        values = np.ascontiguousarray(scores.to_numpy())
        # The genes of any signature first, side by side: a row of all genes is too long for the cache.
        all_genes = sorted({gene for genes in self.members.values() for gene in genes})
        columns = scores.columns.get_indexer(pd.Index(all_genes))
        place = {gene: column for column, gene in enumerate(all_genes)}
        members = [
            (np.array([place[gene] for gene in genes]), np.fromiter(genes.values(), dtype=float))
            for genes in self.members.values()
        ]
        out = np.empty((len(values), len(members)))
        for start in range(0, len(values), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            some = np.take(values[rows], columns, axis=1)
            for column, (places, weights) in enumerate(members):
                out[rows, column] = weighted_mean(np.take(some, places, axis=1), weights, MIN_GENE_SHARE)
        return pd.DataFrame(out, index=scores.index, columns=list(self.members), copy=False)

    def state(self) -> dict[str, Any]:
        return {"name": self.name, "members": self.members}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> SignatureBlock:
        return cls(state["name"], {name: dict(genes) for name, genes in state["members"].items()})
