"""Gene-wise offsets of a laboratory's expression from the reference lines, learned from a cohort of known tissues.

The offset of a gene is the median, over the samples, of its normal score less the mean of reference lines of the
sample's tissue; so the tissue mix of the cohort does not count as its platform. It is then shrunk by how much of it
sampling may explain:

    offset = d t2 / (t2 + s2),   s2 = (pi / 2) (1.4826 MAD)^2 / n,   t2 = max(0, mean of d^2 - mean of s2)

d being the median, s2 its sampling variance over the n samples, and t2 the variance of true offsets over the genes:
empirical Bayes with a normal prior. Where the cohort is like the reference t2 is near 0, and so
are all offsets; sqrt(t2) is the `size` of the laboratory's shift. How the limit of a usual size was found, and what
calibrating does: docs/platform.md.

Offsets are taken off after the ranking inside each sample, so that one tumour scores as it does in a crowd.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.display import first_few, short_repr
from pamrx.errors import InputError
from pamrx.identifiers.feature_name import FeatureName
from pamrx.prediction.applicability import Panel
from pamrx.prediction.tissues import TissueReference

FEWEST = 20
"""Samples of known tissue from which offsets are learned."""

MOST = 1000
"""Samples that are looked at; of a larger cohort as many, evenly spread over it."""

USUAL_SIZE = 0.2
"""Of the shift of a cohort without another platform: cohorts of 20 reference lines, of mixed tissues, of one tissue
and of one altered gene, have up to 0.14, RNA-seq of 25 lines 0.51 and NCI-60's arrays 0.65."""

LARGEST = 8.0
"""Of an offset, either way: normal scores of 10,000 genes lie between -3.9 and 3.9."""

DIGITS = 4
_MAD = 1.4826  # standard deviations of a normal distribution in one median absolute deviation


@short_repr
@dataclass(frozen=True)
class LabOffsets:
    """What a laboratory's expression differs by from the reference lines.

    Attributes
    ----------
    offsets : by gene, in normal scores; what is taken off.
    size : of the shift, in normal scores.
    tissues : samples it was learned from, by tissue.
    reference : digest of the reference lines that it leads to.
    """

    offsets: Mapping[str, float]
    size: float
    tissues: Mapping[str, int]
    reference: str

    @property
    def samples(self) -> int:
        return sum(self.tissues.values())


def learn_offsets(
    features: pd.DataFrame, tissue: pd.Series, panel: Panel, tissues: TissueReference, reference: str
) -> LabOffsets:
    """Learn the offsets from a cohort.

    Parameters
    ----------
    features : (n, n_features), without any offsets taken off.
    tissue : of the n samples; None where it is unknown.
    panel, tissues : of the trained model, and `reference` their digest.

    Raises
    ------
    InputError
        If fewer than `FEWEST` samples have expression and a tissue of the reference lines.
    """
    used = usable(features, tissue, panel, tissues)
    if len(used) < FEWEST:
        raise InputError(_too_few(features, tissue, panel, tissues, len(used)))
    shift, variance = _shift(features.loc[used], tissue[used], panel, tissues)
    size = _size(shift, variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = np.where(size > 0, size**2 / (size**2 + variance), 0.0)
    offset = np.round(shift * kept, DIGITS)
    found = {
        FeatureName.parse(gene).name: float(value)
        for gene, value in zip(panel.genes, offset, strict=True)
        if not np.isnan(value)
    }
    counts = {str(name): int(count) for name, count in tissue[used].value_counts().sort_index().items()}
    return LabOffsets(found, round(size, DIGITS), counts, reference)


def size_of_shift(features: pd.DataFrame, tissue: pd.Series, panel: Panel, tissues: TissueReference) -> float | None:
    """The size of a cohort's shift; None where too few samples have expression and a known tissue."""
    used = usable(features, tissue, panel, tissues)
    return _size(*_shift(features.loc[used], tissue[used], panel, tissues)) if len(used) >= FEWEST else None


def usable(features: pd.DataFrame, tissue: pd.Series, panel: Panel, tissues: TissueReference) -> pd.Index:
    """The samples with expression and a tissue of the reference lines, at most `MOST` of them."""
    names = features.index[_measured(features, panel) & tissue.isin(list(tissues.along)).to_numpy()]
    return names[np.unique(np.linspace(0, len(names) - 1, MOST).round().astype(int))] if len(names) > MOST else names


def _measured(features: pd.DataFrame, panel: Panel) -> np.ndarray:
    if not panel.genes:
        return np.zeros(len(features), dtype=bool)
    return np.asarray(features[panel.genes].notna().any(axis=1))


def _shift(
    features: pd.DataFrame, tissue: pd.Series, panel: Panel, tissues: TissueReference
) -> tuple[np.ndarray, np.ndarray]:
    """(n_genes,) median deviation from lines of the same tissue, and its sampling variance; NaN where under half of
    the samples measure the gene."""
    left = features[panel.genes].to_numpy(dtype=float) - tissues.profiles(panel).loc[list(tissue)].to_numpy()
    by_gene = np.ascontiguousarray(left.T)
    known = (~np.isnan(by_gene)).sum(axis=1)
    shift, variance = np.full(len(by_gene), np.nan), np.full(len(by_gene), np.nan)
    enough = known >= max(1, len(features) / 2)
    if enough.any():
        shift[enough] = np.nanmedian(by_gene[enough], axis=1)
        spread = _MAD * np.nanmedian(np.abs(by_gene[enough] - shift[enough, None]), axis=1)
        variance[enough] = np.pi / 2 * spread**2 / known[enough]
    return shift, variance


def _size(shift: np.ndarray, variance: np.ndarray) -> float:
    if np.isnan(shift).all():
        return 0.0
    return float(np.sqrt(max(0.0, np.nanmean(shift**2) - np.nanmean(variance))))


def _too_few(features: pd.DataFrame, tissue: pd.Series, panel: Panel, tissues: TissueReference, used: int) -> str:
    measured = _measured(features, panel)
    known = tissue.notna().to_numpy()
    strange = sorted({str(name) for name in tissue[measured & known]} - set(tissues.along))
    parts = [
        f"{len(features) - int(measured.sum())} without expression" if not measured.all() else "",
        f"{int((measured & ~known).sum())} without a tissue" if (measured & ~known).any() else "",
        f"of tissues without reference lines: {first_few(strange)}" if strange else "",
    ]
    why = "; ".join(part for part in parts if part)
    return (
        f"{used} of {len(features)} samples can be compared with reference lines{f' ({why})' if why else ''}; expected "
        f"{FEWEST} or more with expression and a tissue; state the tissues in --samples (words: `pamrx vocab`), or "
        "give more samples of the laboratory"
    )
