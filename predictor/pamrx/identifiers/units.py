"""Units of measurements: the one rule by which they are detected, and what becomes of each.

Expression and non-coding RNA are linear (counts, TPM, FPKM, intensities) or logarithms to base 2; copy number is calls
or log2 ratios. The unit belongs to a group of columns of one source and is settled by what **most samples** show, so
that a cell of one sample never switches the unit of another. A sample that does not fit the unit is at fault itself.

The same statistics serve a file that is read whole and a cohort that is read in chunks: they are added up over chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import InputError, UsageError, did_you_mean

Scale = Literal["auto", "linear", "log2"]

UNITS = ("counts", "tpm", "fpkm", "log2", "zscore")
LINEAR_UNITS = ("counts", "tpm", "fpkm")

LINEAR, LOG2, CALLED, RATIOS = "linear", "log2", "calls -2..2", "log2 ratios"
"""What a group of columns can be on: the first two for levels, the others for copy number."""

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

CALLS = (-2.0, -1.0, 0.0, 1.0, 2.0)
PARTIAL_DELETION = -1.5
"""What cBioPortal writes among the calls of some panels, and takes for a deep deletion."""

LOG2_BOUNDS = (-1.1, -0.25, 0.2, 0.7)
"""A log2 ratio at or below the first bound is call -2, at or below the second -1, and so on; above the last it is 2.
The bounds are the defaults of CNVkit `call` (Talevich, PLoS Comput Biol 2016, doi 10.1371/journal.pcbi.1004873;
`-t=-1.1,-0.25,0.2,0.7`), whose absolute copies 0, 1, 2, 3 and 4 or more are written here as -2, -1, 0, 1, 2."""

ZSCORE_CAUTION = (
    "Features rank the genes within a sample, which z-scores per gene no longer tell: "
    "give unstandardised values if you can"
)

FLAT_GENES = 20
"""Genes from which one value in all of them is not a measurement."""

MILLION, SPREAD = 1e6, 0.03
"""What the TPM of a sample sum to, and the share by which a selection of genes may miss it."""

FEW_SAMPLES = 5
"""Fewer samples do not show whether genes are standardised over them."""

_ENOUGH_RATIOS = 20  # values from which their centre can be judged


@short_repr
@dataclass
class Statistics:
    """What the values of a group of columns show, added up over chunks of samples.

    Attributes
    ----------
    columns : number of columns of the group.
    copy_number : whether it is copy number; then `called`, `uncalled` and `partial` are counted.
    low, high : smallest and largest finite value; infinite where there is none.
    maxima : by chunk, the largest value of each sample that has any.
    whole : whether all finite values are whole numbers.
    called : samples with values of which all are calls (`CALLS`, or `PARTIAL_DELETION`).
    uncalled : the others.
    partial : values that are `PARTIAL_DELETION`.
    flat : names of samples with one value in all of `FLAT_GENES` columns or more.
    """

    columns: int
    copy_number: bool = False
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    called: int = 0
    uncalled: int = 0
    partial: int = 0
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
        self.maxima.append(highs)
        if self.whole:
            self.whole = bool(((known % 1 == 0) | ~finite).all())
        if self.copy_number:
            called = (np.isin(known, (*CALLS, PARTIAL_DELETION)) | ~finite).all(axis=1)
            self.called, self.uncalled = self.called + int(called.sum()), self.uncalled + int((~called).sum())
            self.partial += int((known == PARTIAL_DELETION).sum())
        self.size, self.samples = self.size + int(count.sum()), self.samples + len(count)
        sums = np.nansum(known, axis=1)
        self.sums_to_a_million &= bool((np.abs(sums - MILLION) < SPREAD * MILLION).all())
        flat = (lows == highs) & (count >= FLAT_GENES)
        self.flat += [str(name) for name, one in zip(names, flat, strict=True) if one]
        filled = np.where(finite, values, 0.0)
        moments = np.stack([np.count_nonzero(finite, axis=0), filled.sum(axis=0), (filled**2).sum(axis=0)])
        self._moments = moments if self._moments is None else self._moments + moments

    def include(self, other: Statistics) -> None:
        """Add the statistics of other samples of the same columns."""
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.whole = self.whole and other.whole
        self.sums_to_a_million = self.sums_to_a_million and other.sums_to_a_million
        for name in ("called", "uncalled", "partial", "size", "samples"):
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
    def zscores(self) -> bool:
        """Whether values below zero have mean 0 and standard deviation 1 in most genes of several samples."""
        if self.low >= 0 or self.linear or self.samples < FEW_SAMPLES:
            return False
        centre, spread = self.standardised
        return centre < 0.1 and 0.8 < spread < 1.2

    def spread(self, what: str) -> str:
        """The range in words, behind the name of the source."""
        return f"{what}: values {self.low:.4g} to {self.high:.4g}"


@dataclass(frozen=True)
class Decision:
    """The scale of a group of columns (`LINEAR`, `LOG2`, `CALLED` or `RATIOS`) and one sentence on what is done.

    `source` begins messages about its cells. `forced` is whether the user said so: then a value beyond the scale's
    range is no fault of its sample.
    """

    scale: str
    note: str
    source: str
    forced: bool = False


def decide_levels(found: Statistics, what: str, scale: Scale = "auto", unit: str | None = None) -> Decision:
    """Settle on which scale levels (expression or non-coding RNA) are.

    Parameters
    ----------
    found : of all samples of the source.
    what : the source, for messages.
    scale : "linear" or "log2" goes before what the values show.
    unit : one of `UNITS`, where it is stated; goes before `scale`.

    Raises
    ------
    PamrxError
        If there is no value at all, or the values cannot be in the stated unit.
    """
    check_unit(unit)
    if scale not in ("auto", "linear", "log2"):
        raise UsageError(f"expression scale '{scale}' found; expected one of auto, linear, log2")
    if found.empty:
        raise InputError(f"{what}: holds no number at all; expected numbers")
    spread = found.spread(what)
    if unit is not None:
        return _stated(found, spread, unit)
    if scale == "linear" or (scale == "auto" and found.linear):
        return Decision(LINEAR, _linear_note(found, spread), spread, scale == "linear")
    if found.low < 0:
        caution = f". {ZSCORE_CAUTION}" if scale == "auto" and found.zscores else ""
        note = f"{spread}: read as log2 or standardised values, left as they are{caution}"
        return Decision(LOG2, note, spread, scale == "log2")
    odd = ""
    if found.high < LOW_MAXIMUM and found.columns >= WHOLE_PROFILE:
        odd = "; the maximum is low for log2: was it taken to log10, or logged twice?"
    return Decision(LOG2, f"{spread}: read as log2, left as they are{odd}", spread, scale == "log2")


def decide_copy_number(found: Statistics, values: np.ndarray | None, what: str) -> Decision:
    """Settle whether copy number is calls or log2 ratios.

    Calls where most samples hold whole numbers only. `values` are those of the source where it is there whole: around 1
    or 2 they are ratios or copies.

    Raises
    ------
    PamrxError
        If there is no value at all, or the values are ratios or copies.
    """
    if found.empty:
        raise InputError(f"{what}: holds no number at all; expected GISTIC calls -2..2 or log2 ratios")
    if found.whole or found.called >= max(found.uncalled, 1):
        low, high = max(found.low, CALLS[0]), min(found.high, CALLS[-1])
        partial = f"; {found.partial} calls of -1.5 (partial deletion) taken as -2, as cBioPortal does"
        return Decision(
            CALLED, f"{what}: GISTIC calls {low:g} to {high:g}, kept{partial if found.partial else ''}", what
        )
    present = np.empty(0) if values is None else values[np.isfinite(values)]
    middle = float(np.median(present)) if present.size else 0.0
    if present.size >= _ENOUGH_RATIOS and found.low >= 0 and middle > 0.5:
        raise InputError(
            f"{what}: values {found.low:.4g} to {found.high:.4g} around {middle:.3g}: found ratios or copies, expected "
            "GISTIC calls -2..2 or log2 ratios around 0 (a ratio r becomes log2(r), copies c log2(c / ploidy))"
        )
    bounds = ", ".join(f"{bound:g}" for bound in LOG2_BOUNDS)
    ratios = f"{what}: log2 ratios {found.low:.3g} to {found.high:.3g}"
    return Decision(RATIOS, f"{ratios}, turned into calls -2..2 at {bounds} (CNVkit's bounds)", what)


def misfits(values: np.ndarray, decision: Decision) -> list[tuple[np.ndarray, str]]:
    """Cells that cannot be on the scale: masks (n, columns) with what was expected, for messages."""
    infinite = (np.isinf(values), "expected a finite number or an empty cell")
    if decision.scale == LINEAR:
        return [infinite, (values < 0, "expected no value below zero on a linear scale (or log2 values, none above "
                                       f"{LINEAR_ABOVE:.0f})")]  # fmt: skip
    if decision.scale == CALLED:
        odd = ~np.isin(values, (*CALLS, PARTIAL_DELETION)) & ~np.isnan(values)
        return [(odd, "expected a GISTIC call -2..2 or a log2 ratio (absolute copies c become log2(c / ploidy))")]
    if decision.scale == LOG2 and not decision.forced:
        return [infinite, (values > LINEAR_ABOVE, f"expected no log2 value above {LINEAR_ABOVE:.0f}")]
    return [infinite]


def to_scale(values: np.ndarray, decision: Decision) -> np.ndarray:
    """Values that fit, as `Profiles` holds them: log2(x + 1) of linear levels, calls of ratios, others unchanged."""
    if decision.scale == LINEAR:
        return np.log2(values + 1.0)
    if decision.scale == CALLED:
        return np.where(values == PARTIAL_DELETION, CALLS[0], values)
    if decision.scale == RATIOS:
        calls = np.take(CALLS, np.searchsorted(LOG2_BOUNDS, values, side="left").clip(0, 4))
        return np.where(np.isnan(values), np.nan, calls)
    return values


def check_unit(unit: str | None) -> None:
    """Refuse a word that is not one of `UNITS`.

    Raises
    ------
    PamrxError
        For such a word.
    """
    if unit is not None and unit not in UNITS:
        raise UsageError(
            f"expression unit '{unit}' found; expected one of {', '.join(UNITS)}{did_you_mean(unit, UNITS)}"
        )


def _stated(found: Statistics, spread: str, unit: str) -> Decision:
    if unit in LINEAR_UNITS:
        if found.high <= LINEAR_ABOVE and found.columns >= WHOLE_PROFILE and found.low >= 0:
            raise InputError(
                f"{spread}, read as {unit}: these are logarithms already; a second log is refused: say log2"
            )
        if unit == "counts" and not found.whole and found.columns >= WHOLE_PROFILE and found.sums_to_a_million:
            raise InputError(f"{spread}, read as counts: fractions that sum to a million are no counts: say tpm")
        return Decision(LINEAR, _linear_note(found, spread), spread)
    if unit == "log2" and found.linear:
        raise InputError(
            f"{spread}, read as log2: no log2 value goes beyond {LINEAR_ABOVE:.0f}: say counts, tpm or fpkm"
        )
    if unit == "zscore":
        if found.low >= 0:
            raise InputError(f"{spread}, read as zscore: expected values below zero too")
        return Decision(LOG2, f"{spread}: read as z-scores, left as they are. {ZSCORE_CAUTION}", spread)
    return Decision(LOG2, f"{spread}: read as log2, left as they are", spread)


def _linear_note(found: Statistics, spread: str) -> str:
    counts = " (whole numbers: raw counts, library size is not corrected)" if found.whole else ""
    return f"{spread}: read as linear{counts} and turned into log2(x + 1)"
