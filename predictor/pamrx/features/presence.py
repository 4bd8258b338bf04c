"""Missing-data patterns of a table, each kept once for all rows that share it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pamrx.display import short_repr

ROWS_AT_ONCE = 64
"""Profiles compared together: enough to spread the cost of a call, few enough for the processor's cache."""


@short_repr
class Presence(NamedTuple):
    """Which features profiles have: each pattern once, since most profiles of a cohort share theirs.

    Attributes
    ----------
    present : (k, n_features) bool, one row per distinct pattern.
    which : (n,) the pattern of each profile.
    """

    present: np.ndarray
    which: np.ndarray


def distinct_presence(values: np.ndarray) -> Presence:
    """Which of the (n, n_features) values are not NaN."""
    place: dict[bytes, int] = {}
    first: list[np.ndarray] = []
    which = np.empty(len(values), dtype=np.intp)
    for start in range(0, len(values), ROWS_AT_ONCE):
        present = ~np.isnan(values[start : start + ROWS_AT_ONCE])
        for row, packed in enumerate(np.packbits(present, axis=1)):
            number = which[start + row] = place.setdefault(packed.tobytes(), len(place))
            if number == len(first):
                first.append(present[row].copy())
    return Presence(np.array(first, dtype=bool).reshape(len(first), values.shape[1]), which)
