"""`pamrx check`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from pamrx.cli.sheet_option import Sheet, with_sheet


def check(
    files: Annotated[
        list[Path], typer.Argument(help="Any files, or the study folder, you would give to `pamrx predict`.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the findings: CSV, Parquet or JSON by ending.")
    ] = None,
    sheet: Sheet = None,
) -> None:
    """Say of each file what it is, which of its names pamrx knows, and in which unit it seems to be."""
    from pamrx.cli.check_files import show_checks

    show_checks(list(with_sheet({str(path): path for path in files}, sheet).values()), output)
