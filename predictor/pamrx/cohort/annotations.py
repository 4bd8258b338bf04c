"""What each sample of a part is: tissue, kind, MSI; words that are none make a sample unusable, not the cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pamrx.errors import did_you_mean
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.sample_table import EMPTY, translated, vocabulary


def described(columns: Mapping[str, Sequence[object]], n: int) -> tuple[pd.DataFrame, dict[int, str]]:
    """(n, 3) words of `vocabulary()` or None, and row -> why a word of it cannot be used.

    Parameters
    ----------
    columns : of `SAMPLE_COLUMNS` those that the cohort has.
    """
    table = pd.DataFrame(None, index=pd.RangeIndex(n), columns=list(SAMPLE_COLUMNS), dtype=object)
    wrong: dict[int, str] = {}
    for column in SAMPLE_COLUMNS:
        if column not in columns:
            continue
        codes, words = pd.factorize(np.asarray(columns[column], dtype=object))
        known = [None if str(word).strip().lower() in EMPTY else translated(column, str(word)) for word in words]
        for place, word in enumerate(words):
            if known[place] is None and str(word).strip().lower() not in EMPTY:
                hint = did_you_mean(str(word), vocabulary()[column])
                for row in np.flatnonzero(codes == place):
                    wrong.setdefault(
                        int(row), f"column {column}: found '{word}', expected a word of `pamrx vocab`{hint}"
                    )
        table[column] = np.array([*known, None], dtype=object)[codes]
    return table, wrong
