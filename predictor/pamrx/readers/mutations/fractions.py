"""Variant allele fractions, where a table of mutations has them: from counts of reads, else as they are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pamrx.readers.mutations.columns import ALT_COUNT, DEPTH, FRACTION, REF_COUNT


def allele_fractions(frame: pd.DataFrame) -> pd.Series | None:
    """The variant allele fraction of each row, 0 to 1, NaN where missing; None where no column tells it.

    Reads with the variant over those with either allele, else over all reads; where these are not given, the fraction
    itself: a number from 0 to 1, or one with a percent sign. Any other number counts as missing.

    Parameters
    ----------
    frame : text cells by the roles of `mutation_columns`.
    """
    counted = ALT_COUNT in frame and (REF_COUNT in frame or DEPTH in frame)
    if not counted and FRACTION not in frame:
        return None
    found = pd.Series(np.nan, index=frame.index)
    if counted:
        alt = _numbers(frame[ALT_COUNT])
        depth = alt + _numbers(frame[REF_COUNT]) if REF_COUNT in frame else pd.Series(np.nan, index=frame.index)
        if DEPTH in frame:
            depth = depth.fillna(_numbers(frame[DEPTH]))
        found = (alt / depth.where(depth > 0)).where(alt >= 0)
    if FRACTION in frame:
        found = found.fillna(_given(frame[FRACTION]))
    return found.where(found.between(0.0, 1.0))


def fraction_of(counts: Sequence[int | None] | None, given: Sequence[float | None] | None, allele: int) -> float:
    """The fraction of one allele of a VCF's record, NaN where not known.

    Parameters
    ----------
    counts : reads of each allele, the reference first (`AD`).
    given : fraction of each alternative allele (`AF`).
    allele : from 1.
    """
    if counts is not None and len(counts) > allele:
        reads = [count for count in counts if count is not None]
        if len(reads) == len(counts) and sum(reads) > 0 and min(reads) >= 0:
            return reads[allele] / sum(reads)
    if given is not None and len(given) >= allele:
        one = given[allele - 1]
        if one is not None and 0.0 <= one <= 1.0:
            return float(one)
    return float("nan")


def _numbers(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(cells.astype(object), errors="coerce").astype("float64")


def _given(cells: pd.Series) -> pd.Series:
    text = cells.astype(object).fillna("").astype(str).str.strip()
    percent = text.str.endswith("%")
    numbers = _numbers(text.str.removesuffix("%"))
    return numbers.mask(percent, numbers / 100)
