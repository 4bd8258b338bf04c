"""`pamrx check`: the findings about each file on the terminal, or as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.text import Text

from pamrx.errors import InputError
from pamrx.identifiers.units import LINEAR_UNITS
from pamrx.profiles.check import FileCheck, check_file_kinds
from pamrx.readers.recognition import FOLDER, STUDY, UNREADABLE
from pamrx.tables import check_ending, write_table


def show_checks(paths: Sequence[Path], output: Path | None = None) -> None:
    """Print what each file or study folder is; with `output`, write one row per file and way of naming.

    Raises
    ------
    InputError
        If none of the files can be read (after all findings were shown), or `output` has no known ending.
    """
    if output is not None:
        check_ending(output)
    checks = check_file_kinds(paths)
    for found in checks:
        _show(found)
    if output is not None:
        write_table(as_table(checks), output)
    if all(found.kind in (UNREADABLE, FOLDER) for found in checks):
        raise InputError("none of the files can be read; the reasons stand above")


def as_table(checks: Sequence[FileCheck]) -> pd.DataFrame:
    """One row per file and way in which names were found.

    Columns: file, kind, option, genes_in, how, labels, names, first, unit, sure, why, notes.
    """
    rows = []
    for found in checks:
        unit = found.unit
        base = {"file": found.file, "kind": found.kind, "option": found.option, "genes_in": found.axis}
        tail = {
            "unit": unit.unit if unit else "",
            "sure": unit.sure if unit else "",
            "why": unit.why if unit else "",
            "notes": "; ".join(found.notes),
        }
        ways = found.names.to_dict("records") or [{"how": "", "labels": 0, "names": 0, "first": ""}]
        rows += [{**base, **way, **tail} for way in ways]
    return pd.DataFrame(rows)


def _show(found: FileCheck) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(Text.assemble((found.file, "bold"), f": {found.kind}", f"  {_takes(found)}" if found.option else ""))
    notes = list(found.notes)
    if len(found.names) and notes:
        console.print(Text(f"  {notes.pop(0)}"))  # its size
    for way in found.names.to_dict("records"):
        merged = f", {way['names']} distinct" if way["names"] != way["labels"] else ""
        more = ", ..." if way["labels"] > len(way["first"].split(", ")) else ""
        console.print(Text(f"  {way['labels']:>6}  {way['how']}{merged}: {way['first']}{more}"))
    if found.unit is not None:
        override = "; --expression-unit overrides" if found.option == "--expression" else ""
        effect = ", becomes log2(x + 1)" if found.unit.unit in LINEAR_UNITS else ""
        console.print(Text(f"  unit: {found.unit.unit} ({found.unit.sure}: {found.unit.why}){effect}{override}"))
    for note in notes:
        console.print(Text(f"  · {note}", style="dim"))


def _takes(found: FileCheck) -> str:
    """The way into `pamrx predict`."""
    return f"(pamrx predict {found.file})" if found.kind == STUDY else f"({found.option})"
