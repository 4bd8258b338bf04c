"""Copy number as it is written: calls, log2 ratios, ratios or copies, told apart by sample and turned into calls.

Each sample shows what its values look like (`seen_as`); which unit the file is in, most of them settle (`settled`). A
cell that does not fit is then at fault with its own sample, and never changes what another one means.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pamrx.errors import check_word

CALLED, RATIOS, FOLD, FOLD_PLUS_1, COPIES = "calls -2..2", "log2 ratios", "ratios", "log2(r + 1)", "copies"
"""Scales of copy number: calls; log2(r) of the ratio r to two copies, around 0; r itself, around 1; log2(r + 1), around
1 as well; absolute copies, around 2."""

COPY_NUMBER_UNITS = {
    "calls": CALLED, "log2": RATIOS, "ratio": FOLD, "log2-ratio-plus-1": FOLD_PLUS_1, "copies": COPIES,
}  # fmt: skip
"""The scales by the words that name them to pamrx."""

NEUTRAL, UNCLEAR = "neutral", "unclear"
"""Samples of which all values are 0, and those that could be in several units."""

OPTION = "--copy-number-unit"

CALLS = (-2.0, -1.0, 0.0, 1.0, 2.0)
PARTIAL_DELETION = -1.5
"""What cBioPortal writes among the calls of some panels, and takes for a deep deletion."""

LOG2_BOUNDS = (-1.1, -0.25, 0.2, 0.7)
"""A log2 ratio at or below the first bound is call -2, at or below the second -1, and so on; above the last it is 2.
The bounds are the defaults of CNVkit `call` (Talevich, PLoS Comput Biol 2016, doi 10.1371/journal.pcbi.1004873;
`-t=-1.1,-0.25,0.2,0.7`), whose absolute copies 0, 1, 2, 3 and 4 or more are written here as -2, -1, 0, 1, 2."""

DIPLOID = 2

MANY_COPIES = 999.0
"""So many copies, or so high a ratio, no gene has: a code for a missing value."""

FARTHEST = 50.0
"""No log2 ratio lies as far from 0 (2**50-fold)."""

_FEW_ODD = 0.1  # share of a sample's values other than 0 that may be fractions among calls
_FEW_VALUES = 5  # below which fractions that are all above 0 show no log2 ratios
_MANY_UNCLEAR = 3  # times as many unclear samples as clear ones, and the file is unclear
_ENOUGH_SAMPLES = 3  # that show copies or ratios, for a shard to differ from the others


def seen_as(values: np.ndarray) -> np.ndarray:
    """What each sample looks like by its own values.

    Whole numbers are calls where most are 0 or some are below 0, and copies where most are 2 or more and either none is
    below 0 or some are no calls. Fractions are log2 ratios where their median is near 0, and ratios or copies where it
    is above 0.5 or 1.5. A sample of calls may hold a single fraction, or a few among many.

    Parameters
    ----------
    values : (n, columns) with at least one finite or -Inf each, NaN where missing.

    Returns
    -------
    (n,) str : one of `CALLED`, `RATIOS`, `FOLD`, `COPIES`, `NEUTRAL` and `UNCLEAR`.
    """
    finite, gone = np.isfinite(values), np.isneginf(values)
    known = np.where(finite, values, np.nan)
    count = np.count_nonzero(finite | gone, axis=1)
    zeros = np.count_nonzero(known == 0, axis=1)
    others = count - zeros
    below = np.count_nonzero((known < 0) | gone, axis=1)
    fractions = np.count_nonzero(finite & (known % 1 != 0) & (known != PARTIAL_DELETION), axis=1)
    calls_only = (np.isin(known, (*CALLS, PARTIAL_DELETION)) | ~finite).all(axis=1)
    above_neutral = np.count_nonzero(known > LOG2_BOUNDS[2], axis=1)
    around_one = 2 * np.count_nonzero(known > 0.5, axis=1) > count
    around_two = 2 * np.count_nonzero(known >= 1.5, axis=1) > count

    some_gone = gone.any(axis=1)
    whole = ~some_gone & ((fractions <= _FEW_ODD * others) | ((fractions == 1) & (others >= 3)))
    broken = ~whole & (some_gone | (2 * fractions > others))
    centred = (below > 0) | ((2 * above_neutral <= count) & ((count >= _FEW_VALUES) | (zeros > 0)))
    levels = ~whole & ~broken & (below == 0) & around_one
    ratio = np.where(around_two, COPIES, FOLD)
    seen: np.ndarray = np.select(
        [
            others == 0,
            whole & (2 * zeros > count),
            whole & around_two & ((below == 0) | ~calls_only),
            whole & (below > 0),
            whole & (fractions > 0) & around_one,
            broken & ~around_one & centred,
            broken & around_one & (below > 0) & (4 * below >= count),
            (broken & around_one) | levels,
        ],
        [NEUTRAL, CALLED, COPIES, CALLED, FOLD, RATIOS, RATIOS, ratio],
        UNCLEAR,
    )
    return seen


def doubled(values: np.ndarray) -> np.ndarray:
    """(n,) whether most of a sample's values are three or more: copies of a genome that was doubled."""
    many: np.ndarray = 2 * np.count_nonzero(values >= 2.5, axis=1) > np.count_nonzero(np.isfinite(values), axis=1)
    return many


def settled(seen: Mapping[str, int]) -> str:
    """The scale of a file from how many of its samples are seen as what: that of most of them.

    Samples of zeros only are calls and log2 ratios alike, and neither ratios nor copies.

    Returns
    -------
    str : a scale; `NEUTRAL` where all samples are; `UNCLEAR` where too few show one.
    """
    neutral, unclear = seen.get(NEUTRAL, 0), seen.get(UNCLEAR, 0)
    votes = {unit: seen.get(unit, 0) for unit in (CALLED, COPIES, FOLD, RATIOS)}
    clear = any(votes.values())
    for unit in (CALLED, RATIOS):
        if votes[unit] or (unit == CALLED and not votes[RATIOS]):
            votes[unit] += neutral
    best = max(votes, key=lambda unit: votes[unit])  # the first of equals
    if not votes[best] or unclear > _MANY_UNCLEAR * votes[best] or (not clear and unclear > neutral):
        return UNCLEAR
    return best if clear or unclear else NEUTRAL


def differs(seen: Mapping[str, int]) -> str | None:
    """The scale that a part of a cohort shows well enough to be held against the others'; None where it does not."""
    unit = settled(seen)
    if unit in (NEUTRAL, UNCLEAR) or (unit in (COPIES, FOLD) and seen.get(unit, 0) < _ENOUGH_SAMPLES):
        return None
    return unit


def refusal(scale: str, spread: str, high: float) -> str:
    """Why values that look like `scale` are not taken unasked, and what to do: for `COPIES`, `FOLD` and `UNCLEAR`.

    `spread` begins the message: the source and its range, which ends at `high`.
    """
    expected = "expected GISTIC calls -2..2 or log2 ratios around 0"
    python = "in Python copy_number_unit"
    if scale == COPIES:
        amplified = f"; where 2 is an amplification, say {OPTION} calls" if high <= CALLS[-1] else ""
        return (
            f"{spread}, most of a sample around 2 or more: found absolute copies, {expected}; say {OPTION} copies "
            f"({python}): copies c become the calls c - 2, where two are neutral; for another ploidy give log2(c / "
            f"ploidy) with {OPTION} log2{amplified}"
        )
    if scale == FOLD:
        return (
            f"{spread}, most of a sample around 1: found ratios, {expected}; say {OPTION} ratio ({python}) where four "
            f"copies are 2 (a ratio r becomes log2(r), 0 -Inf), or {OPTION} log2-ratio-plus-1 where they are 1.58, as "
            "in DepMap's OmicsCNGene (x becomes log2(2^x - 1))"
        )
    return (
        f"{spread}: found values that could be in several units; say {OPTION} ({python}) "
        f"{', '.join(list(COPY_NUMBER_UNITS)[:-1])} or {list(COPY_NUMBER_UNITS)[-1]}"
    )


def to_calls(values: np.ndarray, scale: str) -> np.ndarray:
    """Values that fit their scale as calls -2..2, NaN where missing; of a ratio of 0 and of log2 -Inf the call is -2.

    Copies are rounded: they are corrected for purity, so that 0.9 is one copy, whereas `LOG2_BOUNDS` allow for normal
    cells.
    """
    if scale == CALLED:
        return np.where(values == PARTIAL_DELETION, CALLS[0], values)
    if scale == COPIES:
        changes: np.ndarray = np.clip(np.floor(values + 0.5) - DIPLOID, CALLS[0], CALLS[-1])
        return changes
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == FOLD:
            values = np.log2(values)
        elif scale == FOLD_PLUS_1:
            values = np.log2(np.maximum(np.exp2(values) - 1.0, 0.0))
    calls = np.take(CALLS, np.searchsorted(LOG2_BOUNDS, values, side="left").clip(0, len(CALLS) - 1))
    return np.where(np.isnan(values), np.nan, calls)


def check_copy_number_unit(unit: str | None) -> None:
    """Refuse a word that is not one of `COPY_NUMBER_UNITS`.

    Raises
    ------
    PamrxError
        For such a word.
    """
    check_word("copy-number unit", unit, COPY_NUMBER_UNITS)
