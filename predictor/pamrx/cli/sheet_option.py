"""The option `--sheet` of several commands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from pamrx.errors import UsageError

Sheet = Annotated[
    str | None,
    typer.Option(help="Sheet to read of each Excel workbook given; FILE.xlsx::SHEET names that of one file."),
]


def with_sheet(files: Mapping[str, Path], sheet: str | None) -> dict[str, Path]:
    """The files with the sheet after each workbook that names none itself.

    Raises
    ------
    UsageError
        If a sheet is given and none of the files is such a workbook.
    """
    if sheet is None:
        return dict(files)
    from pamrx.readers.text.workbook import is_workbook, split_sheet

    bare = [name for name, path in files.items() if is_workbook(path) and split_sheet(path)[1] is None]
    if not bare:
        raise UsageError(f"--sheet {sheet}: goes with an Excel workbook (.xlsx) that names no sheet; none was given")
    return {name: Path(f"{path}::{sheet}") if name in bare else path for name, path in files.items()}
