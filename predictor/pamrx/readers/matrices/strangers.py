"""Rows or columns among genes that are none by their look and level: clinical numbers, flags, qualities.

What has the name of such a thing is left out before (`is_no_gene`). Here it is told beside many known genes: words in
small letters where genes stand in capitals, and numbers beyond all known genes in every sample. Names that look like a
gene's stay.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
import pandas as pd

from pamrx.identifiers.genes import is_noncoding, recognised
from pamrx.identifiers.quantities import few

# Symbols, ids, clones (RP11-34P13.7), open frames; not os_months, Age at diagnosis, chemotherapy.
_GENE = re.compile(r"[A-Z0-9][A-Z0-9@.+*/|-]*|C(\d+|X|Y)orf\d+.*|[A-Z]+[0-9]*_?s?[nr]?RNA.*|sno?[A-Z]+\d+.*|\S+-AS\d+")
_SMALL = re.compile(r"[a-z][a-z _.-]{3,}\d*")
_ENOUGH, _MOST = 20, 50


def without_strangers(
    source: str, frame: pd.DataFrame, known: Collection[str], noncoding: bool, notes: list[str]
) -> pd.DataFrame:
    """A samples x labels matrix without what is no gene; `notes` gets one sentence on it."""
    odd = [place for place, label in enumerate(frame.columns) if not _GENE.fullmatch(label)]
    if not odd or len(odd) > max(_MOST, len(frame.columns) / 4):
        return frame
    found = set(recognised(list(frame.columns), known, noncoding))
    odd = [place for place in odd if frame.columns[place] not in found and not is_noncoding(frame.columns[place])]
    odd = [place for place in odd if not recognised([frame.columns[place].upper()], known)]
    genes = [place for place, label in enumerate(frame.columns) if label in found]
    if not 0 < len(odd) <= _MOST or len(genes) < _ENOUGH:
        return frame
    capitals = sum(frame.columns[place].isupper() for place in genes) > 0.9 * len(genes)
    values = frame.to_numpy()
    low, high = (bound.reduce(values[:, genes], axis=1) for bound in (np.fmin, np.fmax))
    left = [
        place
        for place in odd
        if (capitals and _SMALL.fullmatch(frame.columns[place])) or _beyond(values[:, place], low, high)
    ]
    if not left:
        return frame
    notes.append(f"{source}: left out, since they are no genes: {few([frame.columns[place] for place in left])}")
    return frame.loc[:, ~np.isin(np.arange(frame.shape[1]), left)]


def _beyond(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> bool:
    """Whether a value lies beyond those of all known genes in every sample that has one."""
    with np.errstate(invalid="ignore"):
        beyond = (values > high) | (values < low)
    return bool((beyond | np.isnan(values)).all() and beyond.any())
