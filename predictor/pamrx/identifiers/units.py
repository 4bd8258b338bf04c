"""In which unit expression comes: a guess from its values by a stated rule, and what a stated unit asks of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.errors import PamrxError, did_you_mean
from pamrx.identifiers.scale import LINEAR_ABOVE, LOW_MAXIMUM, to_log2

UNITS = ("counts", "tpm", "fpkm", "log2", "zscore")
LINEAR = ("counts", "tpm", "fpkm")
_MILLION, _SPREAD = 1e6, 0.03
_WHOLE_PROFILE = 1000
_FEW_SAMPLES = 5

ZSCORE_CAUTION = (
    "Features rank the genes within a sample, which z-scores per gene no longer tell: "
    "give unstandardised values if you can"
)


@dataclass(frozen=True)
class UnitGuess:
    """`unit` is one of `UNITS`, or "none" where no unit has such values; `sure` is "sure", "likely" or "unsure";
    `why` is the rule that led there."""

    unit: str
    sure: str
    why: str


def guess_unit(frame: pd.DataFrame) -> UnitGuess:
    """Guess the unit of a samples x genes matrix as it stands in its file, NaN where missing.

    The rules, first that fits: values below zero are z-scores where most genes have mean 0 and standard deviation 1,
    else log2; whole numbers beyond 50 are counts; samples that sum to a million are TPM (or are log2(TPM + 1), where
    2^x - 1 does); other values beyond 50 are FPKM or normalised counts, which look alike; what remains is log2.
    """
    values = frame.to_numpy(dtype=float)
    present = values[np.isfinite(values)]
    if not present.size:
        return UnitGuess("log2", "unsure", "no value at all")
    low, high = float(present.min()), float(present.max())
    whole_profile = frame.shape[1] >= _WHOLE_PROFILE
    if low < 0 and high > LINEAR_ABOVE:
        return UnitGuess(
            "none", "sure", f"{low:.3g} to {high:.3g}: values below zero beside values above 50 fit no unit"
        )
    if low < 0:
        return _below_zero(frame, whole_profile)
    if high > LINEAR_ABOVE:
        return _linear(frame, present, whole_profile)
    if whole_profile and _sums_to_a_million(frame.apply(np.exp2) - 1):
        return UnitGuess("log2", "sure", "2^x - 1 sums to a million in each sample: log2(TPM + 1)")
    if whole_profile and high < LOW_MAXIMUM:
        return UnitGuess("log2", "unsure", f"highest value {high:.3g}: low for log2; taken to log10, or logged twice?")
    zeros = float((present == 0).mean())
    kind = "log2(x + 1) of sequencing" if zeros > 0.01 else "log2 of a microarray, or filtered sequencing"
    return UnitGuess(
        "log2",
        "likely" if whole_profile else "unsure",
        f"{low:.3g} to {high:.3g}, {zeros:.0%} zeros, none above {LINEAR_ABOVE:.0f}: {kind}",
    )


def in_unit(frame: pd.DataFrame, what: str, unit: str) -> tuple[pd.DataFrame, str]:
    """Bring a samples x genes matrix of a stated unit to a log2-like scale.

    Parameters
    ----------
    frame : as it stands in the file.
    what : the file, for messages.
    unit : one of `UNITS`; counts, TPM and FPKM become log2(x + 1), log2 and z-scores stay as they are.

    Raises
    ------
    PamrxError
        For an unknown unit; values below zero in a linear unit; logarithms called linear (a second log is refused);
        values beyond 50 called log2; z-scores without any value below zero.
    """
    if unit not in UNITS:
        raise PamrxError(
            f"expression unit '{unit}' found; expected one of {', '.join(UNITS)}{did_you_mean(unit, UNITS)}"
        )
    present = frame.to_numpy()[np.isfinite(frame.to_numpy())]
    if not present.size:
        raise PamrxError(f"{what}: holds no number at all; expected numbers")
    low, high = float(present.min()), float(present.max())
    spread = f"{what}: values {low:.4g} to {high:.4g}"
    if unit in LINEAR:
        if high <= LINEAR_ABOVE and frame.shape[1] >= _WHOLE_PROFILE and low >= 0:
            raise PamrxError(
                f"{spread}, read as {unit}: these are logarithms already; a second log is refused: say log2"
            )
        if unit == "counts" and (present % 1 > 0).mean() > 0.9 and _sums_to_a_million(frame):
            raise PamrxError(f"{spread}, read as counts: fractions that sum to a million are no counts: say tpm")
        return to_log2(frame, what, "linear")
    if unit == "log2" and high > LINEAR_ABOVE:
        raise PamrxError(
            f"{spread}, read as log2: no log2 value goes beyond {LINEAR_ABOVE:.0f}: say counts, tpm or fpkm"
        )
    if unit == "zscore":
        if low >= 0:
            raise PamrxError(f"{spread}, read as zscore: expected values below zero too")
        return frame, f"{spread}: read as z-scores, left as they are. {ZSCORE_CAUTION}"
    return frame, f"{spread}: read as log2, left as they are"


def _below_zero(frame: pd.DataFrame, whole_profile: bool) -> UnitGuess:
    if len(frame) >= _FEW_SAMPLES:
        centre = float(frame.mean().abs().median())
        spread = float(frame.std().median())
        if centre < 0.1 and 0.8 < spread < 1.2:
            sure = "sure" if whole_profile else "likely"
            return UnitGuess("zscore", sure, f"genes have mean 0 and standard deviation {spread:.2g}")
        if centre < 0.1:
            return UnitGuess("log2", "likely", "genes are centred at 0: log2 ratios, or log2 less each gene's mean")
        return UnitGuess("log2", "likely", "values below zero, genes not centred: log2 of an array or of small numbers")
    return UnitGuess("log2", "unsure", "values below zero, and too few samples to tell log2 from z-scores")


def _linear(frame: pd.DataFrame, present: np.ndarray, whole_profile: bool) -> UnitGuess:
    if np.all(present % 1 == 0):
        return UnitGuess("counts", "sure" if whole_profile else "likely", "whole numbers beyond 50")
    if whole_profile and _sums_to_a_million(frame):
        return UnitGuess("tpm", "sure", "each sample sums to a million")
    why = "fractions beyond 50, sums not a million: FPKM, normalised counts and intensities look alike"
    return UnitGuess("fpkm", "likely" if whole_profile else "unsure", why)


def _sums_to_a_million(frame: pd.DataFrame) -> bool:
    sums = frame.sum(axis=1)
    sums = sums[frame.notna().any(axis=1)]
    return bool(len(sums) and ((sums - _MILLION).abs() < _SPREAD * _MILLION).all())
