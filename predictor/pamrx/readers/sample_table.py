"""The table that says what each sample is: tissue, kind of sample, MSI, and whether it was sequenced."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from pamrx.errors import PamrxError, did_you_mean, nearest
from pamrx.knowledge import table
from pamrx.readers.files import PathLike, check_file
from pamrx.readers.raw_table import read_text_cells

COLUMNS = ("sample_id", "tissue", "sample_type", "msi", "sequenced")
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


def read_samples(path: PathLike) -> tuple[pd.DataFrame, list[str]]:
    """Read the samples table.

    Returns
    -------
    frame : index sample_id (unique); columns tissue, sample_type, msi (None where unknown) and sequenced
        (True, False, or None where not said).
    notes : columns that were not used, and values that were translated, with counts.

    Raises
    ------
    PamrxError
        No column sample_id, an empty or repeated sample_id, or a value outside the vocabulary.
    """
    file = check_file(path)
    cells, by_lower = _cells(file)
    ids = [str(value).strip() for value in cells[by_lower["sample_id"]]]
    _check_ids(str(file), ids)
    notes = [f"{file}: {len(ids)} samples described"]
    for name in cells.columns:
        if name.lower() not in COLUMNS:
            notes.append(f"{file}: column {name or '(unnamed)'} not used{did_you_mean(name, COLUMNS)}")
    frame = pd.DataFrame(index=pd.Index(ids, name="sample_id", dtype=object))
    for column, words in _words().items():
        raw = [str(value).strip() for value in cells[by_lower[column]]] if column in by_lower else [""] * len(ids)
        frame[column] = pd.Series(
            _translate(str(file), column, ids, raw, words, notes), index=frame.index, dtype=object
        )
    frame["sequenced"] = frame["sequenced"].map({"yes": True, "no": False}).astype(object)
    frame.loc[frame["sequenced"].isna(), "sequenced"] = None
    return frame, notes


def read_sample_words(path: PathLike) -> pd.DataFrame:
    """The samples table as it stands: index sample_id (unique), of `COLUMNS` those that it has, as text.

    Raises
    ------
    PamrxError
        No column sample_id, or an empty or repeated sample_id.
    """
    file = check_file(path)
    cells, by_lower = _cells(file)
    ids = [str(value).strip() for value in cells[by_lower["sample_id"]]]
    _check_ids(str(file), ids)
    told = {column: cells[by_lower[column]].astype(str).to_numpy() for column in COLUMNS[1:] if column in by_lower}
    return pd.DataFrame(told, index=pd.Index(ids, name="sample_id", dtype=object), dtype=object)


def _cells(file: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """The cells of a table with a column sample_id, and its columns by their names in small letters."""
    cells = read_text_cells(file)
    cells.columns = [str(name).strip() for name in cells.columns]
    by_lower = {name.lower(): name for name in reversed(cells.columns)}
    if "sample_id" not in by_lower:
        close = nearest("sample_id", cells.columns)
        advice = f"; rename {close} to sample_id" if close else ""
        raise PamrxError(f"{file}: header: no column sample_id; found {', '.join(cells.columns[:5])}{advice}")
    return cells, by_lower


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


def _translate(
    file: str, column: str, ids: list[str], raw: list[str], words: dict[str, str], notes: list[str]
) -> list[str | None]:
    values: list[str | None] = []
    changed: dict[str, str] = {}
    for sample, text in zip(ids, raw, strict=True):
        if text.lower() in EMPTY:
            values.append(None)
            continue
        value = words.get(_loose(text))
        if value is None:
            allowed = vocabulary()[column]
            options = words if column == "tissue" else dict.fromkeys(allowed)
            advice = (
                "`pamrx vocab` lists them; leave it empty where none fits"
                if column == "tissue"
                else f"expected one of {', '.join(allowed)}"
            )
            raise PamrxError(
                f"{file}: sample {sample}, column {column}: found '{text}', expected a known {column} ({advice})"
                f"{_hint(text, options, words)}"
            )
        if value != text:
            changed[text] = value
        values.append(value)
    if changed and column == "tissue":
        shown = ", ".join(f"{word} -> {value}" for word, value in list(changed.items())[:4])
        notes.append(f"{file}: {len(changed)} tissue words translated ({shown})")
    return values


def _hint(text: str, options: dict[str, str] | dict[str, None], words: dict[str, str]) -> str:
    if len(text) < 5:
        return ""  # between short codes likeness means nothing: ACC is no neighbour of RCC
    close = nearest(text, options)
    return f"; did you mean {words.get(_loose(close), close)}?" if close else ""


def _check_ids(file: str, ids: list[str]) -> None:
    seen: dict[str, int] = {}
    for row, sample in enumerate(ids, start=1):
        if not sample:
            raise PamrxError(f"{file}: row {row}, column sample_id: empty; expected a sample name")
        if sample in seen:
            raise PamrxError(
                f"{file}: sample {sample} stands in rows {seen[sample]} and {row}; expected each sample once"
            )
        seen[sample] = row


def _loose(text: str) -> str:
    return " ".join(text.lower().replace("_", " ").split())
