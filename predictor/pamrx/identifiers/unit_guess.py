"""The unit of a matrix in words, for a person: counts, TPM, FPKM, log2 or z-scores, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.identifiers.unit_statistics import (
    FEW_SAMPLES,
    LINEAR_ABOVE,
    LOW_MAXIMUM,
    MILLION,
    SPREAD,
    WHOLE_PROFILE,
    Statistics,
)


@dataclass(frozen=True)
class UnitGuess:
    """`unit` is one of `UNITS`, or "none" where no unit has such values; `sure` is "sure", "likely" or "unsure";
    `why` is the rule that led there."""

    unit: str
    sure: str
    why: str


def guess_unit(frame: pd.DataFrame) -> UnitGuess:
    """Name the unit of a samples x genes matrix as it stands in its file, NaN where missing.

    The rules, first that fits: values below zero are z-scores where most genes have mean 0 and standard deviation 1,
    else log2; whole numbers beyond 50 are counts; samples that sum to a million are TPM (or are log2(TPM + 1), where
    2^x - 1 does); other values beyond 50 are FPKM or normalised counts, which look alike; what remains is log2.
    """
    found = Statistics.of(frame)
    if found.empty:
        return UnitGuess("log2", "unsure", "no value at all")
    low, high = found.low, found.high
    whole_profile = found.columns >= WHOLE_PROFILE
    if low < 0 and found.linear:
        return UnitGuess(
            "none", "sure", f"{low:.3g} to {high:.3g}: values below zero beside values above 50 fit no unit"
        )
    if low < 0:
        return _below_zero(found, whole_profile)
    if found.linear:
        return _linear_unit(found, whole_profile)
    if whole_profile and _log2_of_tpm(frame):
        return UnitGuess("log2", "sure", "2^x - 1 sums to a million in each sample: log2(TPM + 1)")
    if whole_profile and high <= 1:
        return UnitGuess("none", "likely", "all between 0 and 1: methylation, shares or levels scaled per gene")
    if whole_profile and high < LOW_MAXIMUM:
        return UnitGuess("log2", "unsure", f"highest value {high:.3g}: low for log2; taken to log10, or logged twice?")
    values = frame.to_numpy(dtype=float)
    zeros = float((values[np.isfinite(values)] == 0).mean())
    kind = "log2(x + 1) of sequencing" if zeros > 0.01 else "log2 of a microarray, or filtered sequencing"
    return UnitGuess(
        "log2",
        "likely" if whole_profile else "unsure",
        f"{low:.3g} to {high:.3g}, {zeros:.0%} zeros, none above {LINEAR_ABOVE:.0f}: {kind}",
    )


def _below_zero(found: Statistics, whole_profile: bool) -> UnitGuess:
    if found.zscores:
        sure = "sure" if whole_profile else "likely"
        return UnitGuess("zscore", sure, f"genes have mean 0 and standard deviation {found.standardised[1]:.2g}")
    if found.centred:
        return UnitGuess("log2", "likely", "genes are centred at 0: log2 ratios, or log2 less each gene's mean")
    if found.samples < FEW_SAMPLES:
        return UnitGuess("log2", "unsure", "values below zero, and too few samples to tell log2 from z-scores")
    return UnitGuess("log2", "likely", "values below zero, genes not centred: log2 of an array or of small numbers")


def _linear_unit(found: Statistics, whole_profile: bool) -> UnitGuess:
    if found.whole:
        return UnitGuess("counts", "sure" if whole_profile else "likely", "whole numbers beyond 50")
    if whole_profile and found.sums_to_a_million:
        return UnitGuess("tpm", "sure", "each sample sums to a million")
    why = "fractions beyond 50, sums not a million: FPKM, normalised counts and intensities look alike"
    return UnitGuess("fpkm", "likely" if whole_profile else "unsure", why)


def _log2_of_tpm(frame: pd.DataFrame) -> bool:
    sums = (frame.apply(np.exp2) - 1).sum(axis=1)
    sums = sums[frame.notna().any(axis=1)]
    return bool(len(sums) and ((sums - MILLION).abs() < SPREAD * MILLION).all())
