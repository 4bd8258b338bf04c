"""Which values of a table are there, told once for all the rows that are alike in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

ROWS_AT_ONCE = 64
"""Profiles looked at together: enough to spread the cost of a call, few enough for the processor's cache."""


class Presence(NamedTuple):
    """Which features profiles have, once for all profiles that are alike in it: most of a cohort are.

    Attributes
    ----------
    there : (k, n_features) bool.
    which : (n,) for each profile which of the k it is.
    """

    there: np.ndarray
    which: np.ndarray


def distinct_presence(values: np.ndarray) -> Presence:
    """Which of the (n, n_features) values are not NaN."""
    place: dict[bytes, int] = {}
    first: list[np.ndarray] = []
    which = np.empty(len(values), dtype=np.intp)
    for start in range(0, len(values), ROWS_AT_ONCE):
        there = ~np.isnan(values[start : start + ROWS_AT_ONCE])
        for row, packed in enumerate(np.packbits(there, axis=1)):
            number = which[start + row] = place.setdefault(packed.tobytes(), len(place))
            if number == len(first):
                first.append(there[row].copy())
    return Presence(np.array(first, dtype=bool).reshape(len(first), values.shape[1]), which)
