"""Which drugs did more than add to an mTOR inhibitor in the NCI-60 lines most like a tumour: measured, not predicted.

`knowledge/combinations.csv` holds the ComboScores of NCI-ALMANAC (Holbeck, Cancer Research 2017, doi
10.1158/0008-5472.CAN-17-0489) for rapamycin and everolimus with about a hundred partners, `knowledge/nci60_lines.csv`
the lines' donor, tissue and alterations. A ComboScore above 0 is more than additive.

Similarity is simple on purpose: 1 for the same tissue, plus the Jaccard index of the altered genes among `GENES` that
the tumour's data assess. The `N_SIMILAR` most similar donors are taken, with all that tie with the last of them, and
none that shares nothing. Where fewer than `MIN_DONORS` share anything, all are taken and `similar_by` says so.

The best of a hundred partners in a handful of lines look better than they are: spread and number stand beside.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import t as student

from pamrx.errors import UsageError
from pamrx.knowledge import table
from pamrx.profiles import Profiles

GENES: dict[str, tuple[str, ...]] = {
    "BRAF": ("mutation.BRAF",),
    "HRAS": ("mutation.HRAS",),
    "KRAS": ("mutation.KRAS",),
    "NF1": ("mutation.NF1", "copy_number.NF1_deep_deletion"),
    "NRAS": ("mutation.NRAS",),
    "PIK3CA": ("mutation.PIK3CA",),
    "PIK3R1": ("mutation.PIK3R1",),
    "PTEN": ("mutation.PTEN_lost",),
    "STK11": ("mutation.STK11", "copy_number.STK11_deep_deletion"),
    "TSC1": ("mutation.TSC1",),
}
"""Gene -> the features that say that a tumour has it altered; any will do."""

N_SIMILAR = 6
"""Donors compared with: about the size of an NCI-60 panel, so that a tissue can fill the list by itself."""

MIN_DONORS = 3
"""Fewer say nothing of spread."""

ALL_LINES = "too few lines in common: all lines"

COVERAGE = 0.95

NOTE = (
    "measured in NCI-60 cell lines (NCI-ALMANAC), not predicted: mean ComboScore of the lines most like the tumour, "
    "above 0 is more than additive"
)
"""What stands above such a table wherever it is shown."""

COLUMNS = (
    "sample_id", "drug", "partner", "mean", "sd", "low", "high", "n_donors", "mean_all", "n_all", "similar_by",
    "donors",
)  # fmt: skip


def measured_partners(profiles: Profiles, features: pd.DataFrame, top: int = 10) -> pd.DataFrame:
    """The partners of mTOR inhibitors with the highest mean ComboScore in the NCI-60 lines most like each tumour.

    Parameters
    ----------
    profiles : of n tumours; their tissue is read.
    features : (n, n_features) of the same tumours, from a `FeatureBuilder`; features that are not there count as not
        assessed.
    top : rows per tumour.

    Returns
    -------
    DataFrame
        Up to `top` rows per tumour, the highest first. sample_id, drug (of the axis), partner, mean and sd of the
        ComboScore over the similar donors (lines of one donor are averaged), low and high (95 % interval of the mean,
        Student's t), n_donors, mean_all and n_all (the same of all donors), similar_by (tissue and genes in common),
        donors (names by |, or `all`). Pairs with fewer than `MIN_DONORS` measured donors are left out.

    Raises
    ------
    UsageError
        If the rows of features are not the samples, or `top` is below 1.
    """
    if not features.index.equals(profiles.samples.index):
        raise UsageError("combinations: the rows of features are not the samples, in their order")
    if top < 1:
        raise UsageError(f"combinations: top is {top}; expected 1 or more")
    altered = _altered(features)
    found = [
        _of_tumour(str(name), profiles.samples["tissue"].iloc[row], altered.iloc[row], top)
        for row, name in enumerate(features.index)
    ]
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]


def similar_donors(tissue: str | None, altered: pd.Series) -> tuple[list[str], str]:
    """The NCI-60 donors most like a tumour, the most similar first, and what they have in common with it.

    Parameters
    ----------
    tissue : a word of the vocabulary, or None where it is not known.
    altered : index the genes of `GENES`; 1 altered, 0 not, NaN not assessed.
    """
    known = altered.dropna()
    own = frozenset(known.index[known > 0])
    lines = _donors()
    shared = [own & genes for genes in lines["genes"]]
    union = [len(own | (genes & frozenset(known.index))) for genes in lines["genes"]]
    same = (lines["tissue"] == tissue).to_numpy(dtype=float)
    score = same + [len(both) / size if size else 0.0 for both, size in zip(shared, union, strict=True)]
    order = np.argsort(-score, kind="stable")
    taken = [row for row in order if score[row] > 0 and score[row] >= score[order[N_SIMILAR - 1]]]
    if len(taken) < MIN_DONORS:
        return list(lines.index), ALL_LINES
    genes = sorted(frozenset().union(*(shared[row] for row in taken)))
    words = ([str(tissue)] if same[taken].any() else []) + genes
    return [lines.index[row] for row in taken], ", ".join(words)


def _of_tumour(sample: str, tissue: str | None, altered: pd.Series, top: int) -> pd.DataFrame:
    donors, similar_by = similar_donors(tissue, altered)
    scores = _scores()
    near = scores[donors]
    n = near.notna().sum(axis=1)
    result = pd.DataFrame({"mean": near.mean(axis=1), "sd": near.std(axis=1), "n_donors": n})
    result = result.assign(mean_all=scores.mean(axis=1), n_all=scores.notna().sum(axis=1))[n >= MIN_DONORS]
    half = student.ppf((1 + COVERAGE) / 2, result["n_donors"] - 1) * result["sd"] / np.sqrt(result["n_donors"])
    result = result.assign(low=result["mean"] - half, high=result["mean"] + half)
    best = result.sort_values("mean", ascending=False, kind="stable").head(top).reset_index()
    shown = "all" if similar_by == ALL_LINES else "|".join(donors)
    return best.assign(sample_id=sample, similar_by=similar_by, donors=shown)


def _altered(features: pd.DataFrame) -> pd.DataFrame:
    """(n, genes) 1 where a feature says altered, 0 where all that are known say not, NaN where none is known."""
    named = {gene: [name for name in names if name in features] for gene, names in GENES.items()}
    return pd.DataFrame({gene: (features[names] > 0).where(features[names].notna()).astype(float).max(axis=1)
                         for gene, names in named.items()}, index=features.index)  # fmt: skip


@cache
def _donors() -> pd.DataFrame:
    """Index donor; tissue and genes (a frozenset of what any of its lines has altered)."""
    lines = table("nci60_lines")
    cells = lines["alterations"].map(lambda cell: frozenset(cell.split("|")) if cell else frozenset())
    grouped = lines.assign(genes=cells).groupby("donor", sort=False)
    genes = {donor: frozenset().union(*sets) for donor, sets in grouped["genes"]}
    return pd.DataFrame({"tissue": grouped["tissue"].first(), "genes": pd.Series(genes)})


@cache
def _scores() -> pd.DataFrame:
    """(pairs, donors) ComboScore, index drug and partner; lines of one donor averaged."""
    scores = table("combinations").set_index(["drug", "partner"])
    donor = table("nci60_lines").set_index("line")["donor"]
    values = scores.replace("", np.nan).astype(float)
    return values.T.groupby(donor.reindex(values.columns).to_numpy(), sort=False).mean().T
