"""Units of measurements: the one rule by which they are detected, and what becomes of each.

Expression and non-coding RNA are linear (counts, TPM, FPKM, intensities) or logarithms to base 2; how copy number is
told apart stands in `copy_number`. The unit belongs to a group of columns of one source and is settled by what **most
samples** show (`Statistics`), so that a cell of one sample never switches the unit of another. A sample that does not
fit the unit is at fault itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pamrx.errors import InputError, UsageError, check_word
from pamrx.identifiers import copy_number
from pamrx.identifiers.copy_number import (
    CALLED,
    CALLS,
    COPIES,
    COPY_NUMBER_UNITS,
    FARTHEST,
    FOLD,
    FOLD_PLUS_1,
    LOG2_BOUNDS,
    MANY_COPIES,
    NEUTRAL,
    OPTION,
    PARTIAL_DELETION,
    RATIOS,
)
from pamrx.identifiers.unit_statistics import (
    BEYOND_ALL,
    FLAT_GENES,
    LINEAR_ABOVE,
    LOW_MAXIMUM,
    WHOLE_PROFILE,
    Statistics,
)

Scale = Literal["auto", "linear", "log2"]

UNITS = ("counts", "tpm", "fpkm", "log2", "zscore")
LINEAR_UNITS = ("counts", "tpm", "fpkm")

LINEAR, LOG2 = "linear", "log2"
"""What levels can be on; the scales of copy number are those of `copy_number`."""

PSEUDO_COUNTS = (0.001, 0.01, 0.1)
"""What is added before the logarithm in some sources, such as 0.001 in UCSC Xena's TPM and FPKM of TCGA."""

ZSCORE_CAUTION = (
    "Features rank the genes within a sample, which z-scores per gene no longer tell: "
    "give unstandardised values if you can"
)


@dataclass(frozen=True)
class Decision:
    """The scale of a group of columns (`LINEAR`, `LOG2` or one of copy number) and one sentence on what is done.

    `source` begins messages about its cells. `forced` is whether the user said so: then a value beyond the scale's
    range is no fault of its sample. `evident` is whether the values show the scale: zeros alone do not.
    """

    scale: str
    note: str
    source: str
    forced: bool = False
    evident: bool = True


def decide_levels(
    found: Statistics, what: str, scale: Scale = "auto", unit: str | None = None, option: str = ""
) -> Decision:
    """Settle on which scale levels (expression or non-coding RNA) are.

    Parameters
    ----------
    found : of all samples of the source.
    what : the source, for messages.
    scale : "linear" or "log2" goes before what the values show.
    unit : one of `UNITS`, where it is stated; goes before `scale`.
    option : by which a user states it, if there is one.

    Raises
    ------
    PamrxError
        If there is no value at all, the values cannot be in the stated unit, or none is stated for a whole profile
        between 0 and 1.
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
    odd = _between_0_and_1(found, spread, option) if scale == "auto" else ""
    if found.low < 0:
        return Decision(LOG2, f"{spread}: {_below_zero(found, scale)}", spread, scale == "log2")
    if not odd and found.high < LOW_MAXIMUM and found.columns >= WHOLE_PROFILE:
        odd = "; the maximum is low for log2: was it taken to log10, or logged twice?"
    return Decision(LOG2, f"{spread}: read as log2, left as they are{odd}", spread, scale == "log2")


def decide_copy_number(found: Statistics, what: str, unit: str | None = None) -> Decision:
    """Settle on which scale copy number is: what most samples show, where that is calls or log2 ratios.

    Parameters
    ----------
    found, what : as in `decide_levels`.
    unit : one of `COPY_NUMBER_UNITS`, where it is stated; goes before what the values show.

    Raises
    ------
    PamrxError
        If there is no value at all, or no unit is stated for values that look like ratios or copies, or could be in
        several units.
    """
    copy_number.check_copy_number_unit(unit)
    if found.empty:
        raise InputError(f"{what}: holds no number at all; expected GISTIC calls -2..2 or log2 ratios")
    scale = copy_number.settled(found.seen) if unit is None else COPY_NUMBER_UNITS[unit]
    bounds = ", ".join(f"{bound:g}" for bound in LOG2_BOUNDS)
    span = f"{found.low:.3g} to {found.high:.3g}"
    if scale == NEUTRAL:
        few = found.columns < FLAT_GENES
        doubt = f" (where 0 means that no copy is left, say {OPTION} copies)" if few else ""
        return Decision(CALLED, f"{what}: 0 throughout: no gene is altered{doubt}", what, evident=False)
    if scale == CALLED:
        low, high = max(found.low, CALLS[0]), min(found.high, CALLS[-1])
        partial = f"; {found.partial} calls of -1.5 (partial deletion) taken as -2, as cBioPortal does"
        return Decision(
            CALLED, f"{what}: GISTIC calls {low:g} to {high:g}, kept{partial if found.partial else ''}", what
        )
    if scale == RATIOS:
        note = f"{what}: log2 ratios {span}, turned into calls -2..2 at {bounds} (CNVkit's bounds)"
        return Decision(RATIOS, note, what)
    if unit is None:
        raise InputError(copy_number.refusal(scale, found.spread(what), found.high))
    if scale == COPIES:
        many = f"; {found.doubled} samples have three copies or more of most genes: are they not diploid?"
        note = f"{what}: copies {span}, c taken as call c - 2, from -2 to 2 (ploidy 2 assumed)"
        return Decision(COPIES, note + (many if found.doubled else ""), what)
    how = "ratios r" if scale == FOLD else "log2(r + 1) of ratios r,"
    return Decision(scale, f"{what}: {how} {span}, log2(r) turned into calls -2..2 at {bounds} (CNVkit's bounds)", what)


def misfits(values: np.ndarray, decision: Decision) -> list[tuple[np.ndarray, str]]:
    """Cells that cannot be on the scale: masks (n, columns) with what was expected, for messages."""
    infinite = (np.isinf(values), "expected a finite number or an empty cell")
    if decision.scale == LINEAR:
        return [infinite, (values < 0, "expected no value below zero on a linear scale (or log2 values, none above "
                                       f"{LINEAR_ABOVE:.0f})"),
                (values >= BEYOND_ALL, f"expected no level of {BEYOND_ALL:g} or more")]  # fmt: skip
    if decision.scale == CALLED:
        odd = ~np.isin(values, (*CALLS, PARTIAL_DELETION)) & ~np.isnan(values)
        return [(odd, f"expected a GISTIC call -2..2 as in most samples; {OPTION} says if the file is in another unit")]
    if decision.scale == RATIOS:
        endless = (np.isposinf(values), infinite[1])
        return [endless, (np.isfinite(values) & (np.abs(values) > FARTHEST), "expected a log2 ratio")]
    if decision.scale in (FOLD, FOLD_PLUS_1, COPIES):
        wrong = (values < 0) | (values >= MANY_COPIES)
        return [infinite, (wrong, f"expected {decision.scale} of 0 or more, below {MANY_COPIES:.0f}")]
    if decision.forced:
        return [infinite]
    nothing = (np.isneginf(values), f"{infinite[1]} (-Inf is the logarithm of 0)")
    return [nothing, infinite, (values > LINEAR_ABOVE, f"expected no log2 value above {LINEAR_ABOVE:.0f}"),
            (values < -LINEAR_ABOVE, f"expected no log2 value below -{LINEAR_ABOVE:.0f}")]  # fmt: skip


def to_scale(values: np.ndarray, decision: Decision) -> np.ndarray:
    """Values that fit, as `Profiles` holds them: log2(x + 1) of linear levels, calls of copy number, else unchanged."""
    if decision.scale == LINEAR:
        return np.log2(values + 1.0)
    return values if decision.scale == LOG2 else copy_number.to_calls(values, decision.scale)


def check_unit(unit: str | None) -> None:
    """Refuse a word that is not one of `UNITS`.

    Raises
    ------
    PamrxError
        For such a word.
    """
    check_word("expression unit", unit, UNITS)


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
        return Decision(LOG2, f"{spread}: read as z-scores, left as they are. {ZSCORE_CAUTION}", spread, forced=True)
    return Decision(LOG2, f"{spread}: read as log2, left as they are", spread)


def _below_zero(found: Statistics, scale: Scale) -> str:
    """What levels with values below zero are read as."""
    for pseudo in PSEUDO_COUNTS:
        if abs(found.low - np.log2(pseudo)) < 1e-3:
            return f"read as log2(x + {pseudo:g}), whose lowest value they hold, left as they are"
    said = "read as log2 or standardised values, left as they are"
    if scale == "auto" and found.zscores:
        return f"{said}. {ZSCORE_CAUTION}"
    if scale == "auto" and found.centred:
        return f"{said}; each gene has mean 0. {ZSCORE_CAUTION.replace('z-scores', 'values centred')}"
    if scale == "auto" and found.perhaps_zscores:
        return (
            f"{said}. Standardised within a sample they will do; z-scores per gene no longer tell how genes rank in it"
        )
    return said


def _between_0_and_1(found: Statistics, spread: str, option: str) -> str:
    """What is odd about a whole profile of levels between 0 and 1, if it is one."""
    if found.columns < WHOLE_PROFILE or found.low < 0 or found.high > 1:
        return ""
    wrong = "all between 0 and 1, as methylation (beta values), shares or levels scaled per gene are"
    if option:
        raise InputError(
            f"{spread} in {found.columns} genes: found values {wrong}; expected counts, TPM, FPKM or log2 levels; if "
            f"they are logarithms all the same, say {option} log2"
        )
    return f"; {wrong}: are they levels?"


def _linear_note(found: Statistics, spread: str) -> str:
    counts = " (whole numbers: raw counts, library size is not corrected)" if found.whole else ""
    return f"{spread}: read as linear{counts} and turned into log2(x + 1)"
