"""Cells of tables of mutations: each distinct text is looked at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd


def mapped(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """`change` applied to each distinct text once, as a categorical; missing cells are the empty text."""
    codes, values = pd.factorize(column)
    texts = [change(str(value)) for value in values]
    if (codes < 0).any():
        texts.append("")  # which code -1 then points at
    new, categories = pd.factorize(np.array(texts, dtype=object))
    return pd.Series(pd.Categorical.from_codes(new[codes], pd.Index(categories)), index=column.index)


def bare(text: str) -> str:
    """A cell without blanks around it and without quotes, which R writes in tab-separated files too."""
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text
