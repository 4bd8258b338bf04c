"""The samples of a part as `Profiles`, those that cannot be used apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from pamrx.cohort.annotations import described
from pamrx.cohort.chunks import Part, Read, rejected_rows
from pamrx.cohort.levels import Block, levels_of, wrong_cells
from pamrx.profiles import Profiles

Mutations = Callable[[np.ndarray, list[str]], tuple[pd.DataFrame | None, np.ndarray]]
"""The mutations of the samples kept (mask over the part, names), and which of them were sequenced."""


def assembled(
    part: Part,
    ids: Sequence[str],
    words: Mapping[str, Sequence[object]],
    values: Mapping[str, np.ndarray],
    blocks: Mapping[str, Block],
    scales: dict[str, str],
    mutations: Mutations,
    assessed: frozenset[str] | None = None,
    drivers_only: bool = False,
    spoilt: Mapping[int, str] | None = None,
) -> Read:
    """Check every sample, and put those that can be used together.

    Parameters
    ----------
    ids : (n,) names, empty where there is none.
    words : tissue, sample_type, msi where known, (n,) each.
    values : by matrix (n, columns of its block) as the cohort has them, NaN where missing.
    drivers_only : whether mutations that are no drivers are not listed.
    spoilt : rows that are known to be of no use, with the reason.
    """
    samples, wrong = described(words, part.size)
    for kind, block in blocks.items():
        wrong = wrong_cells(block, values[kind], scales) | wrong
    wrong |= spoilt or {}
    wrong |= {row: "column sample_id: empty, expected a name" for row, name in enumerate(ids) if not name}
    bad = rejected_rows(
        [(ids[row] or None, part.shard, part.start + row + 1, why) for row, why in sorted(wrong.items())]
    )
    good = np.array([row not in wrong for row in range(part.size)], dtype=bool)
    if not good.any():
        return Read(None, bad)
    index = pd.Index(np.array(ids, dtype=object)[good], name="sample_id", dtype=object)
    matrices = {kind: levels_of(block, _rows(values[kind], good), scales, index) for kind, block in blocks.items()}
    rows, sequenced = mutations(good, list(index))
    profiles = Profiles(
        samples=samples[good].set_axis(index, axis=0),
        sequenced=pd.Series(sequenced, index=index, name="sequenced", dtype=bool),
        mutations=rows,
        assessed_genes=assessed,
        unfiltered={} if drivers_only else None,
        expression=matrices.get("expression"),
        ncrna=matrices.get("ncrna"),
        copy_number=matrices.get("copy_number"),
        segments=matrices.get("segments"),
    )
    return Read(profiles, bad)


def _rows(values: np.ndarray, good: np.ndarray) -> np.ndarray:
    """The rows that are good; mostly all are, and need no copy."""
    return values if good.all() else values[good]
