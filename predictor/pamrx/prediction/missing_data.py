"""The missing-data pattern of a profile: which sources of data it has. Errors are calibrated per pattern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from pamrx.features.presence import Presence, distinct_presence
from pamrx.model.boosted import source_of

SOURCES = ("transcripts", "mutation", "copy_number", "mirna", "tissue")

PART, WHOLE = 0.4, 0.8
"""Shares of the transcripts, weighed by importance, from which they are present in part, and as a whole."""

MOST = 0.5
"""Share of another source from which it counts as present. Half of them is enough: drivers without other changes, or
segments without focal events, say nearly all that mutations and copy number say."""

NOTHING = "none"
PARTIAL = "part_transcripts"

Pattern = tuple[int, ...]
"""Level per source, in the order of `SOURCES`: 0 absent, 2 whole; transcripts also 1, present in part."""


def all_patterns() -> list[Pattern]:
    """Every pattern, the complete one first."""
    return list(product((2, 1, 0), *[(2, 0)] * (len(SOURCES) - 1)))


@cache
def pattern_name(pattern: Pattern) -> str:
    """`transcripts+mutation+tissue`, `part_transcripts`, `none`."""
    words = [PARTIAL if level == 1 else source for source, level in zip(SOURCES, pattern, strict=True) if level]
    return "+".join(words) or NOTHING


def pattern_from(name: str) -> Pattern:
    """The pattern of a name as `pattern_name` writes it."""
    words = set() if name == NOTHING else set(name.split("+"))
    return tuple(2 if source in words else int(source == "transcripts" and PARTIAL in words) for source in SOURCES)


def narrower(pattern: Pattern) -> Iterator[Pattern]:
    """Every pattern with as much of each source or more, the pattern itself included."""
    for other in all_patterns():
        if all(more >= level for more, level in zip(other, pattern, strict=True)):
            yield other


def source_shares(
    features: pd.DataFrame, importance: np.ndarray, names: Sequence[str], presence: Presence | None = None
) -> pd.DataFrame:
    """(n, sources): share of each source that is present, each feature weighed by its mean importance over assays.

    Parameters
    ----------
    importance : (n_features, n_assays), training mean |contribution|, for `names`, the columns of `features`.
    presence : of `features` in the order of `names`; computed where it is not given.
    """
    total = importance.sum(axis=0)
    weight = (importance / np.where(total > 0, total, 1.0)).mean(axis=1)
    if presence is None:
        ordered = features if list(features.columns) == list(names) else features[list(names)]
        presence = distinct_presence(ordered.to_numpy(dtype=float))
    present, which = presence
    sources = np.array([source_of(name) for name in names])
    out = {}
    for source in SOURCES:
        own = weight[sources == source]
        weighed = np.ascontiguousarray(present[:, sources == source] * own).sum(axis=1)
        share = weighed / own.sum() if own.sum() > 0 else np.zeros(len(present))
        out[source] = share[which]
    return pd.DataFrame(out, index=features.index)


def patterns(shares: pd.DataFrame) -> list[Pattern]:
    """The pattern of each row of `source_shares`."""
    levels = np.where(shares.to_numpy() >= MOST - 1e-9, 2, 0)
    place = SOURCES.index("transcripts")
    some = shares["transcripts"].to_numpy()
    levels[:, place] = np.where(some >= WHOLE - 1e-9, 2, np.where(some >= PART, 1, 0))
    return [tuple(row) for row in levels.tolist()]
