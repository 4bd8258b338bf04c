"""The samples of a chunk as `Profiles`, those that cannot be used apart: the same steps as for files read whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from pamrx.cohort.chunks import Chunk, Read, rejected_rows
from pamrx.identifiers.columns import Columns
from pamrx.identifiers.units import Decision
from pamrx.identifiers.vocabulary import translate
from pamrx.profiles.assemble import Parts, assemble
from pamrx.profiles.normalise import faults, normalise
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.sample_table import undescribed

MutationsOf = Callable[[np.ndarray, list[str]], Mutations | None]
"""The mutations of the samples kept (mask over the chunk, names); None where the cohort has none."""


def chunk_profiles(
    chunk: Chunk,
    ids: Sequence[str],
    words: Mapping[str, Sequence[object]],
    values: Mapping[str, np.ndarray],
    columns: Mapping[str, Columns],
    decisions: Mapping[str, Decision],
    mutations: MutationsOf,
    assessed: frozenset[str] | None = None,
    drivers_only: bool = False,
    strict_words: bool = True,
    spoilt: Mapping[int, str] | None = None,
) -> Read:
    """Check every sample, and put those that can be used together.

    Parameters
    ----------
    ids : (n,) names, empty where there is none.
    words : tissue, sample_type, msi where known, (n,) each, as they stand in the cohort.
    values : by kind of matrix (n, columns) as the cohort has them, NaN where missing.
    decisions : by group of columns, settled over the whole cohort.
    drivers_only : whether mutations that are not drivers are not listed.
    strict_words : whether a word outside the vocabulary sets its sample aside; else it is unknown.
    spoilt : rows that reading found something else wrong with, and what.
    """
    table, wrong = _annotations(words, chunk.size)
    if not strict_words:
        wrong = {}
    wrong = {**wrong, **(spoilt or {})}
    for kind, own in columns.items():
        for fault in faults(own, values[kind], decisions):
            wrong.setdefault(fault.row, f"{kind}.{own.given[fault.column]}: {fault.wrong}")
    wrong |= {row: "column sample_id: empty, expected a name" for row, name in enumerate(ids) if not name}
    bad = rejected_rows(
        [(ids[row] or None, chunk.shard, chunk.start + row + 1, why) for row, why in sorted(wrong.items())]
    )
    good = np.array([row not in wrong for row in range(chunk.size)], dtype=bool)
    if not good.any():
        return Read(None, bad)
    index = pd.Index(np.array(ids, dtype=object)[good], name="sample_id", dtype=object)
    matrices = {
        kind: normalise(own, _rows(values[kind], good), decisions, index, [], kind) for kind, own in columns.items()
    }
    sources = dict.fromkeys(("mutations", *matrices), chunk.shard)
    parts = Parts(sources, mutations(good, list(index)), matrices, notes=[])
    return Read(assemble(parts, table[good].set_axis(index, axis=0), assessed, drivers_only=drivers_only), bad)


def _annotations(words: Mapping[str, Sequence[object]], n: int) -> tuple[pd.DataFrame, dict[int, str]]:
    """(n, 4) words of the vocabulary or None, and row -> what is wrong with a word of it."""
    table = undescribed(pd.RangeIndex(n))
    wrong: dict[int, str] = {}
    for column in SAMPLE_COLUMNS:
        if column in words:
            table[column], unknown = translate(column, words[column])
            wrong = unknown | wrong
    return table, wrong


def _rows(values: np.ndarray, good: np.ndarray) -> np.ndarray:
    """The rows that are good; mostly all are, and need no copy."""
    return values if good.all() else values[good]
