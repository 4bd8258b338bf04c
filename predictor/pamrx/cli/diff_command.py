"""`pamrx diff`: its options."""

from pathlib import Path
from typing import Annotated

import typer


def diff(
    a: Annotated[Path, typer.Argument(help="A result table, the folder of a `pamrx score` run, or a bundle.")],
    b: Annotated[Path, typer.Argument(help="What to compare with it, of the same kind.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write every row and its change: CSV, Parquet or JSON by ending."),
    ] = None,
) -> None:
    """Show what changed between two results of the same samples, or between two bundles.

    Predictions, ranks and why: another screen, more or less evidence, a flag, or the model. Bundles are compared on the
    twelve cell lines shipped with pamrx, and by what they were trained on.
    """
    from pamrx.cli.diff_files import show_difference

    show_difference(a, b, output)
