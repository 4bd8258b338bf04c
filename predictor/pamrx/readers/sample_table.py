"""The table that says what each sample is: tissue, kind of sample, MSI, and whether it was sequenced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pamrx.errors import InputError, did_you_mean, nearest
from pamrx.identifiers.vocabulary import SAID, translate
from pamrx.readers.boundary import boundary
from pamrx.readers.repeated_columns import check_once
from pamrx.readers.text.files import PathLike, check_file, check_labels, is_parquet
from pamrx.readers.text.raw_table import read_text_cells
from pamrx.readers.text.workbook import is_workbook
from pamrx.spreadsheet_cells import unmarked

COLUMNS = ("sample_id", "tissue", "sample_type", "msi", "sequenced")


def read_samples(path: PathLike, rejected: dict[str, str] | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Read the samples table.

    Parameters
    ----------
    rejected : where given, gets for each sample with a value outside the vocabulary what is wrong with it; the value
        is then unknown, and no error is raised for it.

    Returns
    -------
    frame : index sample_id (unique); columns tissue, sample_type, msi (None where unknown) and sequenced
        (True, False, or None where not said).
    notes : how the file was opened, columns that were not used, and values that were translated, with counts.

    Raises
    ------
    PamrxError
        No column sample_id, an empty or repeated sample_id, or a value outside the vocabulary.
    """
    opened: list[str] = []
    with boundary(path, "a table of samples"):
        file = check_file(path)
        cells = read_text_cells(file, opened)
        if not is_parquet(file) and not is_workbook(file):
            # What pamrx wrote as CSV marks names that a spreadsheet would run.
            cells = cells.map(lambda cell: unmarked(cell) if isinstance(cell, str) else cell)
        frame, notes = samples_from_cells(str(file), cells, rejected)
    return frame, [*notes[:1], *opened, *notes[1:]]


def undescribed(index: pd.Index | Sequence[str]) -> pd.DataFrame:
    """The table that `read_samples` gives, of samples of which nothing is known."""
    index = index if isinstance(index, pd.Index) else pd.Index(index, name="sample_id", dtype=object)
    return pd.DataFrame(None, index=index, columns=list(COLUMNS[1:]), dtype=object)


def samples_from_cells(
    source: str, cells: pd.DataFrame, rejected: dict[str, str] | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """The same from cells in memory, all text and empty where missing; `source` names them in messages."""
    cells = cells.set_axis([str(name).strip() for name in cells.columns], axis=1)
    by_lower = _columns(source, cells)
    ids = [str(value).strip() for value in cells[by_lower["sample_id"]]]
    check_labels(source, ids, "column sample_id")
    _check_ids(source, ids)
    notes = [f"{source}: {len(ids)} samples described"]
    notes += [
        f"{source}: column {name or '(unnamed)'} not used{did_you_mean(name, COLUMNS)}"
        for name in cells.columns
        if name.lower() not in COLUMNS
    ]
    frame = pd.DataFrame(index=pd.Index(ids, name="sample_id", dtype=object))
    for column in COLUMNS[1:]:
        texts = list(cells[by_lower[column]]) if column in by_lower else [None] * len(ids)
        check_labels(source, (str(text) for text in texts), f"column {column}")
        words, unknown = translate(column, texts)
        for row, wrong in unknown.items():
            if rejected is None:
                raise InputError(f"{source}: sample {ids[row]}, {wrong}")
            rejected.setdefault(ids[row], f"{source}: {wrong}")
        frame[column] = pd.Series(words, index=frame.index, dtype=object)
        if column == "tissue":
            notes += _translations(source, texts, words)
    frame["sequenced"] = pd.Series([SAID.get(word) for word in frame["sequenced"]], index=frame.index, dtype=object)
    return frame, notes


def _translations(source: str, texts: list[object], words: np.ndarray) -> list[str]:
    pairs = zip(texts, words, strict=True)
    changed = {str(text).strip(): word for text, word in pairs if word is not None and str(text).strip() != word}
    if not changed:
        return []
    shown = ", ".join(f"{text} -> {word}" for text, word in list(changed.items())[:4])
    return [f"{source}: {len(changed)} tissue words translated ({shown})"]


def _columns(source: str, cells: pd.DataFrame) -> dict[str, str]:
    """The columns of a table of samples by their names in small letters."""
    counts = Counter(name.lower() for name in cells.columns)
    for name in COLUMNS:
        check_once(source, name, counts[name])
    by_lower = {name.lower(): name for name in reversed(list(cells.columns))}
    if "sample_id" not in by_lower:
        close = nearest("sample_id", cells.columns)
        advice = f"; rename {close} to sample_id" if close else ""
        raise InputError(f"{source}: header: no column sample_id; found {', '.join(cells.columns[:5])}{advice}")
    return by_lower


def _check_ids(file: str, ids: list[str]) -> None:
    seen: dict[str, int] = {}
    for row, sample in enumerate(ids, start=1):
        if not sample:
            raise InputError(f"{file}: row {row}, column sample_id: empty; expected a sample name")
        if sample in seen:
            raise InputError(
                f"{file}: sample {sample} stands in rows {seen[sample]} and {row}; expected each sample once"
            )
        seen[sample] = row
