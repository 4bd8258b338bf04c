"""`pamrx check`: the findings about each file, and about all together, on the terminal or as a table."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.text import Text

from pamrx.console.console import PlainConsole
from pamrx.errors import InputError, UsageError
from pamrx.identifiers.units import LINEAR_UNITS
from pamrx.profiles.check import FileCheck, JointCheck, check_as, check_file_kinds, check_together
from pamrx.readers.recognition import STUDY
from pamrx.tables import check_tables, encodable, write_table


def show_checks(
    paths: Sequence[Path],
    named: Mapping[str, Path],
    settings: Mapping[str, Any],
    output: Path | None = None,
) -> None:
    """Print what each file or study folder is, and what `pamrx predict` would make of all together.

    Parameters
    ----------
    paths : files of unknown kind, study folders.
    named : files whose kind is known, by kind as the arguments of `read_profiles`.
    settings : expression_unit, copy_number_unit and unknown_panel, where given, as in `read_profiles` and `read_study`.
    output : table to write, one row per file and way of naming.

    Raises
    ------
    InputError
        If `pamrx predict` would refuse the files (after all findings were shown), or `output` has no known ending.
    UsageError
        For a study folder with other files beside.
    """
    check_tables({"the findings": output}, [*paths, *named.values()])
    of_studies = {name: value for name, value in settings.items() if name != "expression_unit"}
    checks = [*check_file_kinds(paths, None, **of_studies), *check_as(named)]
    if output is not None:
        write_table(as_table(checks), output)
    for found in checks:
        _show(found)
    study = next((found.file for found in checks if found.kind == STUDY), None)
    if study is not None:
        others = [str(path) for path in (*paths, *named.values()) if str(path) != study]
        if others:
            raise UsageError(f"{others[0]}: beside {study}, a study, which brings its own files; leave one of them out")
        return
    unused = [found for found in checks if not found.option]
    if len(unused) < len(checks):
        units = {name: value for name, value in settings.items() if name != "unknown_panel"}
        together = check_together(checks, units)
        _show_together(together, units)
        if together.error and not unused:
            raise InputError(together.error)
    if unused:
        more = f" (and {len(unused) - 1} more of the files cannot be used)" if len(unused) > 1 else ""
        raise InputError(f"{unused[0].file}: {unused[0].notes[-1]}{more}")


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
    # pandas takes no text with halves of surrogate pairs, as names of files may have.
    return pd.DataFrame([{name: encodable(cell) for name, cell in row.items()} for row in rows])


def _show(found: FileCheck) -> None:
    console = PlainConsole(soft_wrap=True)
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


def _show_together(together: JointCheck, settings: Mapping[str, Any]) -> None:
    console = PlainConsole(soft_wrap=True)
    if together.error:
        return
    files = [f"{option} {shlex.quote(file)}" for file, option in together.options.items()]
    others = [f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in settings.items()]
    console.print(Text.assemble(("together", "bold"), f": {together.holdings}"))
    for note in together.notes:
        console.print(Text(f"  · {note}", style="dim"))
    console.print(Text(f"to predict: pamrx predict {' '.join([*files, *others])}"))


def _takes(found: FileCheck) -> str:
    """The way into `pamrx predict`."""
    return f"(pamrx predict {found.file})" if found.kind == STUDY else f"({found.option})"
