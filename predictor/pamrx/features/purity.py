"""ESTIMATE's stromal and immune scores and tumour purity of solid tumours: shown to the reader, not a feature.

The scores of the block `tme` are mean normal scores, on another scale, and every training sample is a cell line, which
is pure: purity could not be learned from. So it is computed beside the features, by the published method.

Source: Yoshihara, Nat Commun 2013 (doi 10.1038/ncomms3612) and its R package `estimate`: within a sample, genes from
the highest to the lowest; the running share of the signature's genes, weighted by rank^0.25, minus that of the others,
summed over all genes; purity = cos(0.6049872018 + 0.0001467884 (stromal + immune)), fitted on Affymetrix arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from pamrx.features.scores import scores_in, transcripts
from pamrx.features.signatures import MIN_GENE_SHARE
from pamrx.knowledge import table
from pamrx.profiles import Profiles

COLUMNS = ("stromal", "immune", "estimate", "purity")
NO_ADMIXTURE = frozenset({"cell_line", "xenograft", "organoid"})
"""Sample types in which human stroma and immune cells are absent, so that the scores say nothing of purity."""

BLOOD = frozenset({"leukemia", "lymphoma", "myeloma"})
"""Tissues whose tumour cells are themselves what the immune signature counts."""

PUBLISHED_GENES = 10_412
"""Genes among which ESTIMATE ranks. A sum over fewer is smaller in proportion, and is brought to this length."""

WEIGHT = 0.25


def estimate_purity(profiles: Profiles, universe: Sequence[str]) -> pd.DataFrame:
    """Stromal, immune and summed ESTIMATE scores and purity of each sample.

    Parameters
    ----------
    universe : the genes to rank among, `FeatureBuilder.universe_`; others of the profile count for nothing.

    Returns
    -------
    (n_samples, 4) `COLUMNS`, float64: scores on ESTIMATE's scale, purity from 0 to 1. NaN for a cell line, xenograft
    or organoid, for leukaemia, lymphoma and myeloma, and where the sample measures under half of the universe or of a
    signature's published genes; purity alone is NaN where the formula leaves its range, as in the R package. A sample
    of unknown type or tissue counts as a solid tumour. The universe is about half of ESTIMATE's genes: absolute values
    are approximate.
    """
    samples = profiles.samples
    meant = ~samples["sample_type"].isin(NO_ADMIXTURE) & ~samples["tissue"].isin(BLOOD)
    found = pd.DataFrame(np.nan, index=samples.index, columns=list(COLUMNS))
    chosen = samples.index[meant]
    if not len(chosen):
        return found
    matrix = transcripts(profiles, frozenset())
    scores = scores_in(None if matrix is None else matrix.loc[chosen], universe, chosen)
    for name in ("stromal", "immune"):
        found.loc[chosen, name] = enrichment(scores, *_published(f"estimate_{name}"))
    found["estimate"] = found["stromal"] + found["immune"]
    found["purity"] = purity_of(found["estimate"])
    return found


def purity_of(estimate: pd.Series) -> pd.Series:
    """Purity from the summed ESTIMATE score; NaN where the formula falls below 0."""
    purity = np.cos(0.6049872018 + 0.0001467884 * estimate)
    result: pd.Series = purity.where(purity >= 0)
    return result


def enrichment(values: pd.DataFrame, genes: Sequence[str], published: int) -> np.ndarray:
    """(n_samples,) scores of a signature of `published` genes; NaN where a sample measures under half of them.

    Parameters
    ----------
    values : (n_samples, n_genes), any monotone scale, NaN where not measured.
    genes : the signature's genes, in the spelling of `values`.
    """
    member = values.columns.isin(genes)
    matrix = values.to_numpy()
    out = np.full(len(matrix), np.nan)
    for row, one in enumerate(matrix):
        known = ~np.isnan(one)
        hits = member[known]
        if hits.sum() >= MIN_GENE_SHARE * published and not hits.all():
            out[row] = _running_sum(one[known], hits) * PUBLISHED_GENES / known.sum()
    return out


def _running_sum(values: np.ndarray, hits: np.ndarray) -> float:
    """Sum over the sorted genes of (running weighted share of hits minus running share of the others).

    A gene at place p of N from the top counts in N - p of the partial sums, so that no partial sum is needed.
    """
    ranks = rankdata(values)
    order = np.argsort(-ranks, kind="stable")
    counted = np.arange(len(values), 0, -1.0)
    weights = np.where(hits, ranks**WEIGHT, 0.0)[order]
    others = ~hits[order]
    return float(weights @ counted / weights.sum() - counted[others].sum() / others.sum())


def _published(signature: str) -> tuple[list[str], int]:  # noqa: ARG001  in the query
    """The signature's genes in both spellings, and how many it has."""
    rows = table("signatures").query("signature == @signature")
    spellings = {name for cell in rows["aliases"] for name in cell.split("|") if name}
    return sorted(set(rows["gene"]) | spellings), len(rows)
