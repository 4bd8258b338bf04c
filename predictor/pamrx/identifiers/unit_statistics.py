"""What the values of a matrix show of their unit, added up over samples.

The same statistics serve a file that is read whole and a cohort that is read in chunks, so that both decide alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.identifiers import copy_number
from pamrx.identifiers.copy_number import PARTIAL_DELETION

LINEAR_ABOVE = 50.0
"""No log2 expression reaches this (2**50 copies), and any whole profile in counts, TPM, FPKM or intensities does."""

LOG2_AT_MOST = 30.0
"""No log2 profile has its highest value beyond this (2**30 copies): where most samples have, a value above
`LINEAR_ABOVE` in any sample settles that the values are linear."""

LINEAR_SAMPLES, LINEAR_SHARE = 3, 0.05
"""So many samples, and such a share of them, with a value above `LINEAR_ABOVE` are not spoilt logarithms but linear
values of a few genes that are mostly low (of CCLE's six viral miRNAs, 7 % of the lines have a count above 50)."""

LOW_MAXIMUM = 5.5
"""log10(TPM + 1) and twice-logged values end near here; log2(TPM + 1) of a whole profile goes beyond 10."""

WHOLE_PROFILE = 1000
"""Genes from which the range and the sum of a sample's values say something about their unit."""

FLAT_GENES = 20
"""Genes from which one value in all of them is not a measurement."""

MILLION, SPREAD = 1e6, 0.03
"""What the TPM of a sample sum to, and the share by which a selection of genes may miss it."""

FEW_SAMPLES, PAIR = 5, 2
"""Fewer samples do not show whether genes are standardised over them; of a whole profile two do."""

BEYOND_ALL = 1e15
"""No level of any unit reaches this; 1e30 and the like are codes for a missing value."""

CODES = (*(10.0**digits - 1 for digits in range(3, 9)), *(1 - 10.0**digits for digits in range(1, 9)))
"""999, 9999, ... and -9, -99, ...: what stands for a missing value in some files."""


@short_repr
@dataclass
class Statistics:
    """What the values of a group of columns show, added up over chunks of samples.

    Attributes
    ----------
    columns : number of columns of the group.
    copy_number : whether it is copy number; then `seen`, `partial` and `doubled` are counted, and -Inf is a value.
    low, high : smallest and largest finite value; infinite where there is none.
    maxima : by chunk, the largest value of each sample that has any, without codes for missing values, and without
        those above `LINEAR_ABOVE` where more are below zero: one cell does not make logarithms linear.
    whole : whether all finite values are whole numbers.
    seen : samples with values, by what each looks like (see `copy_number.seen_as`).
    partial : values that are `PARTIAL_DELETION`.
    doubled : samples of which most values are three or more.
    flat : names of samples with one value in all of `FLAT_GENES` columns or more.
    """

    columns: int
    copy_number: bool = False
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    seen: Counter[str] = field(default_factory=Counter)
    partial: int = 0
    doubled: int = 0
    size: int = 0
    samples: int = 0
    sums_to_a_million: bool = True
    maxima: list[np.ndarray] = field(default_factory=list)
    flat: list[str] = field(default_factory=list)
    _moments: np.ndarray | None = None

    @classmethod
    def of(cls, frame: pd.DataFrame, copy_number: bool = False) -> Statistics:
        """Those of a samples x genes matrix that is read whole."""
        out = cls(frame.shape[1], copy_number)
        out.add(frame.to_numpy(dtype=float), list(frame.index))
        return out

    def add(self, values: np.ndarray, names: Sequence[object]) -> None:
        """Add (n, columns) values of a chunk, NaN where missing, and the names of its samples."""
        if self.copy_number:
            self._add_copy_number(values)
        finite = np.isfinite(values)
        rows = finite.any(axis=1)
        if not rows.any():
            return
        if not rows.all():
            values, finite = values[rows], finite[rows]
            names = [name for name, kept in zip(names, rows, strict=True) if kept]
        known = values if finite.all() else np.where(finite, values, np.nan)
        lows, highs = np.fmin.reduce(known, axis=1), np.fmax.reduce(known, axis=1)
        count = np.count_nonzero(finite, axis=1)
        self.low, self.high = min(self.low, float(lows.min())), max(self.high, float(highs.max()))
        self.maxima.append(_maxima(known, lows, highs))
        if self.whole:
            self.whole = bool(((known % 1 == 0) | ~finite).all())
        self.size, self.samples = self.size + int(count.sum()), self.samples + len(count)
        sums = np.nansum(known, axis=1)
        self.sums_to_a_million &= bool((np.abs(sums - MILLION) < SPREAD * MILLION).all())
        flat = (lows == highs) & (count >= FLAT_GENES)
        self.flat += [str(name) for name, one in zip(names, flat, strict=True) if one]
        filled = np.where(finite, values, 0.0)
        moments = np.stack([np.count_nonzero(finite, axis=0), filled.sum(axis=0), (filled**2).sum(axis=0)])
        self._moments = moments if self._moments is None else self._moments + moments

    def _add_copy_number(self, values: np.ndarray) -> None:
        gone = np.isneginf(values)
        values = values[(np.isfinite(values) | gone).any(axis=1)]
        self.seen.update(copy_number.seen_as(values).tolist())
        self.partial += int((values == PARTIAL_DELETION).sum())
        self.doubled += int(copy_number.doubled(values).sum())
        if gone.any():
            self.low, self.size = -np.inf, self.size + int(gone.sum())

    def include(self, other: Statistics) -> None:
        """Add the statistics of other samples of the same columns."""
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.whole = self.whole and other.whole
        self.sums_to_a_million = self.sums_to_a_million and other.sums_to_a_million
        for name in ("seen", "partial", "doubled", "size", "samples"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.maxima, self.flat = [*self.maxima, *other.maxima], [*self.flat, *other.flat]
        if other._moments is not None:
            self._moments = other._moments if self._moments is None else self._moments + other._moments

    def within(self, low: float, high: float, samples: int) -> None:
        """Add samples that are known by bounds only: from 0 or more to `LOG2_AT_MOST` or less."""
        self.low, self.high, self.size = min(self.low, low), max(self.high, high), self.size + samples
        self.maxima.append(np.full(samples, high))

    @property
    def empty(self) -> bool:
        """Whether there is no finite value at all."""
        return self.size == 0

    @property
    def linear(self) -> bool:
        """Whether most samples, or more than can be spoilt, show linear values."""
        if self.high <= LINEAR_ABOVE:
            return False
        maxima = np.concatenate(self.maxima)
        beyond = int((maxima > LINEAR_ABOVE).sum())
        return bool(np.median(maxima) > LOG2_AT_MOST) or beyond >= max(LINEAR_SAMPLES, LINEAR_SHARE * len(maxima))

    @property
    def standardised(self) -> tuple[float, float]:
        """Median over columns of |mean| and of the standard deviation: near 0 and 1 where values are z-scores."""
        assert self._moments is not None
        count, total, squares = self._moments
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / count
            spread = np.sqrt(np.maximum(squares - count * mean**2, 0.0) / np.where(count > 1, count - 1, np.nan))
        return float(np.nanmedian(np.abs(mean))), float(np.nanmedian(spread))

    @property
    def centred(self) -> bool:
        """Whether values below zero have mean 0 in most genes of several samples."""
        return self._several_below_zero and self.standardised[0] < 0.1

    @property
    def zscores(self) -> bool:
        """Whether values below zero have mean near 0 and standard deviation near 1 in most genes of several samples,
        which may be some of those over which they were standardised."""
        if not self._several_below_zero:
            return False
        centre, spread = self.standardised
        return centre < 0.35 and 0.75 < spread < 1.25

    @property
    def _several_below_zero(self) -> bool:
        enough = PAIR if self.columns >= WHOLE_PROFILE else FEW_SAMPLES
        return self.low < 0 and not self.linear and self.samples >= enough

    @property
    def perhaps_zscores(self) -> bool:
        """Whether all values of a whole profile together have mean 0 and standard deviation 1: in a sample or two, that
        may be z-scores per gene, or levels standardised within the sample."""
        if self.low >= 0 or self.linear or self.columns < WHOLE_PROFILE or self.samples >= FEW_SAMPLES:
            return False
        assert self._moments is not None
        count, total, squares = self._moments.sum(axis=1)
        return bool(abs(total / count) < 0.25 and 0.8 < np.sqrt(squares / count) < 1.2)

    def spread(self, what: str) -> str:
        """The range in words, behind the name of the source."""
        return f"{what}: values {self.low:.4g} to {self.high:.4g}"


def is_code(values: np.ndarray) -> np.ndarray:
    """Which values may be codes for missing ones."""
    coded: np.ndarray = np.isin(values, CODES) | ((np.abs(values) >= BEYOND_ALL) & np.isfinite(values))
    return coded


def _maxima(known: np.ndarray, lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
    """The largest value of each sample, by which its unit is told (see `Statistics.maxima`)."""
    coded = is_code(highs)
    mixed = (lows < 0) & (highs > LINEAR_ABOVE)
    if not (coded.any() or mixed.any()):
        return highs
    out = highs.copy()
    for row in np.flatnonzero(coded | mixed):
        values = known[row][~(np.isnan(known[row]) | is_code(known[row]))]
        if not values.size:
            continue
        if np.count_nonzero(values < 0) > np.count_nonzero(values > LINEAR_ABOVE):
            values = values[values <= LINEAR_ABOVE]
        out[row] = values.max()
    return out
