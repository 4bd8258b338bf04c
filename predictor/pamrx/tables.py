"""Tables on disk, by ending: CSV that no spreadsheet runs, Parquet, JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pamrx.errors import UsageError
from pamrx.outputs import PathLike, check_outputs, whole_file
from pamrx.spreadsheet_cells import is_formula, marked

if TYPE_CHECKING:
    import pandas as pd

TABLE_ENDINGS = (".csv", ".parquet", ".json")

WORKBOOK = ".xlsx"
"""The ending of an Excel workbook, in which `pamrx predict` writes its result; see `pamrx.workbook`."""

# `csv.QUOTE_MINIMAL` and `csv.QUOTE_NONNUMERIC`, as pandas' types want them.
_AS_NEEDED: Final = 0
_ALL_TEXTS: Final = 2

_log = logging.getLogger(__name__)


def check_ending(path: PathLike, others: tuple[str, ...] = ()) -> str:
    """The ending of an output table, checked before any work is done.

    Raises
    ------
    UsageError
        If it is not one of `TABLE_ENDINGS` or `others`.
    """
    ending, expected = Path(path).suffix.lower(), ", ".join((*TABLE_ENDINGS, *others))
    if ending in TABLE_ENDINGS or ending in others:
        return ending
    if ending == WORKBOOK:
        raise UsageError(
            f"{path}: only `pamrx predict -o` writes an Excel workbook; expected one of {expected}; Excel opens .csv"
        )
    raise UsageError(f"{path}: unknown ending '{ending}'; expected one of {expected}")


def is_workbook(path: PathLike) -> bool:
    """Whether the file's ending says Excel."""
    return Path(path).suffix.lower() == WORKBOOK


def check_tables(
    outputs: Mapping[str, PathLike | None], inputs: Iterable[PathLike | None] = (), workbook: str = ""
) -> None:
    """Refuse tables to be written before anything is read: `check_ending` and `pamrx.outputs.check_outputs`.

    Parameters
    ----------
    workbook : which of the outputs may be an Excel workbook too.

    Raises
    ------
    PamrxError
        For an unknown ending, and for a file that cannot be written or is an input too.
    """
    for what, path in outputs.items():
        if path is not None:
            check_ending(path, (WORKBOOK,) if what == workbook else ())
    check_outputs(outputs, inputs)


def write_table(frame: pd.DataFrame, path: PathLike) -> None:
    """Write a tidy table as CSV, Parquet or JSON (a list of records), by ending; whole or not at all.

    In CSV, text that a spreadsheet would run as a formula is marked with an apostrophe, and a warning says where.
    """
    ending = check_ending(path)
    with whole_file(path) as temporary:
        if ending == ".csv":
            write_csv(frame, temporary, named=path)
        else:
            write = _write_parquet if ending == ".parquet" else _write_json
            try:
                write(frame, temporary)
            except UnicodeEncodeError:  # halves of surrogate pairs, as names of files may have
                write(_without_surrogates(frame), temporary)


def write_csv(
    frame: pd.DataFrame,
    path: PathLike,
    float_format: str | None = None,
    index: bool = False,
    named: PathLike | None = None,
) -> None:
    """Write a table as CSV; the one way in which pamrx writes CSV for people.

    A text cell that a spreadsheet would run (`=`, `+`, `@`, or `-` before anything but a number) gets an apostrophe
    before it, all texts of the table are quoted then, and a warning names column and count. Columns of numbers are
    never changed. `pamrx.spreadsheet_cells.unmarked` undoes it.

    Parameters
    ----------
    index : whether the index is written too, as first columns.
    named : the file in the warning, where `path` is a temporary one.
    """
    whole = frame.reset_index(names=[name or "" for name in frame.index.names]) if index else frame
    guarded, counts = _marked(whole)
    quoting: Literal[0, 2] = _ALL_TEXTS if counts else _AS_NEEDED
    guarded.to_csv(path, index=False, quoting=quoting, float_format=float_format, errors="backslashreplace")
    for column, count in counts.items():
        _log.warning(
            "%s: column %s: an apostrophe was put before %d of its cells, which a spreadsheet would run as a formula; "
            "Parquet and JSON hold them unchanged",
            path if named is None else named,
            column,
            count,
        )


def _marked(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """The table with formulas marked, and how many cells of each column are."""
    changed: dict[str, pd.Series] = {}
    counts: dict[str, int] = {}
    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind in "biufcmM":
            continue
        running = {text for text in column.dropna().unique() if isinstance(text, str) and is_formula(text)}
        if running:
            texts = column.astype(object)
            changed[name] = texts.map(lambda cell, running=running: marked(cell) if cell in running else cell)
            counts[str(name)] = int(texts.isin(running).sum())
    return (frame.assign(**changed) if changed else frame), counts


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    frame.to_json(path, orient="records", indent=1, double_precision=15)


def _without_surrogates(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with halves of surrogate pairs written out: they stand for bytes that are no text."""
    texts = [name for name in frame.columns if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].map(encodable) for name in texts})


def encodable(cell: object) -> object:
    r"""A text with halves of surrogate pairs written out (`\udcff`); anything else as it is."""
    return cell.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(cell, str) else cell
