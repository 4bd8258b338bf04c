"""Which rows of a table of mutations count, by what its own columns say of them."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, partial

import numpy as np
import pandas as pd

from pamrx.errors import InputError
from pamrx.knowledge import table
from pamrx.readers.mutations.cells import bare, mapped
from pamrx.readers.mutations.columns import DEFAULT_ENTRY, FILTER, GDC_FILTER, GENE, SAMPLE, STATUS

_NOT_SOMATIC = frozenset({"germline", "wildtype"})
_NOTHING = frozenset({"", "na", "nan", "none"})
_GDC_KEEPS = "panel_of_normals"
_WORDS_SHOWN = 5


def kept_rows(
    file: str, frame: pd.DataFrame, titles: dict[str, str]
) -> tuple[pd.DataFrame, tuple[str, ...], list[str]]:
    """The rows that count, the samples of all rows (those left out were looked at too), and what is said.

    Parameters
    ----------
    frame : columns by role (see `mutation_columns`), all text; index 0 to n - 1.
    titles : what the file calls each role.

    Raises
    ------
    PamrxError
        If a row has no sample, or no row counts.
    """
    notes: list[str] = []
    frame = _without_titles(frame, titles, notes)
    if frame.empty:
        raise InputError(f"{file}: a header and no row below it")
    frame = _default_entries(frame, titles, notes)
    names: tuple[str, ...] = ()
    if SAMPLE in frame:
        samples = mapped(frame[SAMPLE], bare)
        if (samples == "").any():
            row = int(frame.index[(samples == "").to_numpy()][0]) + 1
            raise InputError(f"{file}: row {row}, column {titles[SAMPLE]}: empty; expected a sample name")
        names = tuple(samples.unique())
    before, told = len(frame), ""
    for role, left_out in ((STATUS, _not_somatic), (FILTER, _filtered)):
        if role in frame:
            out, note = left_out(frame, titles[role])
            notes += note
            if out.any():
                told = titles[role]
                frame = frame[~out]
    if frame.empty:
        why = "; ".join(note.partition(", as of a VCF")[0] for note in notes if told in note)
        raise InputError(
            f"{file}: none of its {before} rows counts: {why}; expected somatic mutations. If they are, delete "
            f"the column {told}"
        )
    return frame, names, notes


def _without_titles(frame: pd.DataFrame, titles: dict[str, str], notes: list[str]) -> pd.DataFrame:
    """Without the headers that files put one after another leave among the rows."""
    roles = [role for role in (GENE, SAMPLE) if role in frame]
    again = np.ones(len(frame), dtype=bool)
    for role in roles:
        again &= mapped(frame[role], partial(_is, titles[role])).eq("yes").to_numpy()
    if again.any():
        notes.append(f"{int(again.sum())} rows repeat the header: left out")
    return frame[~again] if again.any() else frame


def _is(title: str, text: str) -> str:
    return "yes" if bare(text).lower() == title.lower() else ""


def _default_entries(frame: pd.DataFrame, titles: dict[str, str], notes: list[str]) -> pd.DataFrame:
    if DEFAULT_ENTRY not in frame:
        return frame
    other = mapped(frame[DEFAULT_ENTRY], lambda word: bare(word).lower()).isin(["no", "false", "0"]).to_numpy()
    if other.any() and not other.all():
        notes.append(
            f"{int(other.sum())} rows that {titles[DEFAULT_ENTRY]} says are not of a model's default entry left out"
        )
        return frame[~other]
    return frame


def _not_somatic(frame: pd.DataFrame, title: str) -> tuple[np.ndarray, list[str]]:
    other = mapped(frame[STATUS], lambda word: bare(word).lower()).isin(list(_NOT_SOMATIC)).to_numpy()
    return other, [f"{int(other.sum())} rows marked Germline or Wildtype in {title} dropped"] if other.any() else []


def _filtered(frame: pd.DataFrame, title: str) -> tuple[np.ndarray, list[str]]:
    """Rows that FILTER marks as germline, common or artefact; other words are kept, and said."""
    cells = mapped(frame[FILTER], bare)
    distinct = {str(cell): _judged(str(cell), GDC_FILTER in frame) for cell in cells.unique()}
    out = cells.isin([cell for cell, (left, _) in distinct.items() if left]).to_numpy()
    counts = cells.value_counts()
    left, kept = Counter[str](), Counter[str]()
    for cell, (left_out, words) in distinct.items():
        for word in words:
            (left if left_out else kept)[word] += int(counts[cell])
    notes = []
    if left:
        notes.append(
            f"{int(out.sum())} rows whose {title} is not PASS ({_shown(left)}) left out, as of a VCF; to keep them, "
            f"delete the column {title}"
        )
    if kept:
        notes.append(f"{title} words that are kept: {_shown(kept)}")
    return out, notes


def _judged(cell: str, gdc: bool) -> tuple[bool, list[str]]:
    """Whether a row is left out, and the words that say so (or, of a row that is kept, its words other than PASS)."""
    words = [word for word in re.split(r"[;,|\s]+", cell) if word.lower() not in _NOTHING]
    # The GDC's somatic MAFs hold such rows: its own masking has settled them.
    settled = {_GDC_KEEPS} if gdc else set()
    out = [word for word in words if _effects().get(_loose(word)) == "left out" and word not in settled]
    return bool(out), out or [word for word in words if _loose(word) not in _passes()]


def _shown(words: Counter[str]) -> str:
    more = ", ..." if len(words) > _WORDS_SHOWN else ""
    return ", ".join(f"{word} {count}" for word, count in words.most_common(_WORDS_SHOWN)) + more


def _loose(word: str) -> str:
    return word.lower().replace("_", "")


@cache
def _effects() -> dict[str, str]:
    words = table("variant_filters")
    return {_loose(word): effect for word, effect in zip(words["word"], words["effect"], strict=True)}


@cache
def _passes() -> frozenset[str]:
    words = table("variant_filters").query("meaning == 'passed'")["word"]
    return frozenset(_loose(word) for word in words)
