"""Whether a driver is likely to be in a part of the tumour's cells only, from its allele fraction and the purity.

In a tumour of purity p a change on one of two copies in every tumour cell has the expected variant allele fraction p/2,
so that 2 VAF / p estimates the share of tumour cells that carry it (McGranahan, Sci Transl Med 2015, without its
correction for copy number). Where copies were gained or lost the estimate does not hold and nothing is said.
"""

from __future__ import annotations

import numpy as np

from pamrx.clinical.facts import Change, GeneFacts

SUBCLONAL_SHARE = 0.5
"""A change in fewer than half of the tumour cells is called likely subclonal: sampling noise of a fraction read at
depth 100 and an error of purity by a tenth move an estimate by 0.2 or so, which leaves a clonal change above it."""

LOW_FRACTION = 0.05
"""Without a known purity only a fraction this low says something: it is a tumour of under 10 %, or a subclone."""


def clonality_note(change: Change, facts: GeneFacts, purity: float) -> str:
    """What to say of a driver's share of tumour cells; "" where nothing is known, or nothing is to be said.

    Parameters
    ----------
    purity : 0 to 1; NaN where not known.
    """
    if np.isnan(change.vaf) or not (np.isnan(facts.call) or facts.call == 0):
        return ""
    if np.isnan(purity):
        if change.vaf >= LOW_FRACTION:
            return ""
        return f"{change.text}: allele fraction {change.vaf:.2f}, likely subclonal unless the sample is very impure"
    share = 2 * change.vaf / purity if purity > 0 else np.inf
    if share >= SUBCLONAL_SHARE:
        return ""
    return (
        f"{change.text}: likely subclonal (allele fraction {change.vaf:.2f} at purity {purity:.2f}: "
        f"in some {100 * share:.0f} % of tumour cells)"
    )
