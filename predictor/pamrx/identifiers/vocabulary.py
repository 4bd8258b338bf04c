"""The words that describe a sample: tissue, kind of sample, MSI, and whether it was sequenced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from pamrx.errors import nearest
from pamrx.knowledge import table

EMPTY = frozenset({"", "na", "n/a", "nan", "none", "null", "unknown", ".", "-", "not available"})
_SAMPLE_TYPES = {
    "tumour": (
        "tumor",
        "primary",
        "primary tumor",
        "primary tumour",
        "metastasis",
        "metastatic",
        "recurrence",
        "local recurrence",
        "recurrent",
        "recurrent tumor",
        "primary solid tumor",
        "patient",
    ),
    "cell_line": ("cell line", "cellline", "line"),
    "xenograft": ("pdx", "patient-derived xenograft", "cdx"),
    "organoid": ("pdo", "patient-derived organoid"),
}
# MSI-low tumours are grouped with the stable ones, as GDSC1000 does ("MSS/MSI-L").
_MSI = {
    "MSI-H": ("msi", "msi-high", "msi high", "msih", "high", "unstable", "instable", "dmmr"),
    "MSS": ("mss/msi-l", "msi-s", "msi-l", "msi-low", "msi low", "msil", "stable", "low", "pmmr"),
}
SAID: dict[object, bool] = {"yes": True, "no": False}
"""What the words of the column `sequenced` mean."""

_SEQUENCED = {"yes": ("true", "1", "y"), "no": ("false", "0", "n")}


def vocabulary() -> dict[str, list[str]]:
    """The values that each column of the samples table takes, as they come out of reading."""
    return {
        "tissue": list(dict.fromkeys(table("tissues")["tissue"])),
        "sample_type": list(_SAMPLE_TYPES),
        "msi": list(_MSI),
        "sequenced": list(_SEQUENCED),
    }


def translated(column: str, word: str) -> str | None:
    """The word of `vocabulary()` that `word` stands for in a column (`BRCA` is the tissue breast); None for no such."""
    return _words()[column].get(_loose(word))


def translate(column: str, texts: Sequence[object]) -> tuple[np.ndarray, dict[int, str]]:
    """The words of `vocabulary()` that the cells of a column stand for.

    Parameters
    ----------
    texts : (n,) cells as they stand in a source; what is missing or one of `EMPTY` is None.

    Returns
    -------
    words : (n,) words or None.
    unknown : place of each cell that stands for no word, with what is wrong with it.
    """
    codes, distinct = pd.factorize(np.asarray(texts, dtype=object))
    shown = [str(text).strip() for text in distinct]
    words = [None if text.lower() in EMPTY else translated(column, text) for text in shown]
    unknown: dict[int, str] = {}
    for place, (text, word) in enumerate(zip(shown, words, strict=True)):
        if word is None and text.lower() not in EMPTY:
            message = f"column {column}: found '{text}', expected {_expected(column)}{_hint(column, text)}"
            unknown |= {int(row): message for row in np.flatnonzero(codes == place)}
    return np.array([*words, None], dtype=object)[codes], dict(sorted(unknown.items()))


def _expected(column: str) -> str:
    if column == "tissue":
        return "a known tissue (`pamrx vocab` lists them; leave it empty where none fits)"
    return f"one of {', '.join(vocabulary()[column])}"


def _hint(column: str, text: str) -> str:
    if len(text) < 5:
        return ""  # between short codes likeness means nothing: ACC is no neighbour of RCC
    words = _words()[column]
    options = words if column == "tissue" else dict.fromkeys(vocabulary()[column])
    close = nearest(text, options)
    return f"; did you mean {words.get(_loose(close), close)}?" if close else ""


@cache
def _words() -> dict[str, dict[str, str]]:
    """For each column: lower-case word -> value. A tissue's own name wins over a code, a code over an alias."""
    tissues: dict[str, str] = {}
    frame = table("tissues")
    for column in ("tissue", "tcga_codes", "oncotree_codes", "aliases"):
        if column in frame.columns:
            for tissue, cell in zip(frame["tissue"], frame[column], strict=True):
                for word in cell.split("|"):
                    if word.strip():
                        tissues.setdefault(_loose(word), tissue)
    words = {"tissue": tissues}
    for column, values in (("sample_type", _SAMPLE_TYPES), ("msi", _MSI), ("sequenced", _SEQUENCED)):
        words[column] = {_loose(word): value for value, also in values.items() for word in (value, *also)}
    return words


def _loose(text: str) -> str:
    return " ".join(text.lower().replace("_", " ").split())
