"""The commands that list what pamrx knows: drugs, vocab, features."""

from pathlib import Path
from typing import Annotated

import typer

from pamrx.cli.bundle_option import Bundle, folder_of


def drugs(
    name: Annotated[str | None, typer.Argument(help="One drug, by any of its names. [default: all]")] = None,
) -> None:
    """Show the drugs of the axis: class, targets, phase, screens."""
    from pamrx.cli.listings import show_drug, show_drugs

    show_drugs() if name is None else show_drug(name)


def vocab(
    panels: Annotated[
        bool, typer.Option("--panels", help="List the gene panels that --panel takes by name, instead.")
    ] = False,
) -> None:
    """List the words that the columns of a --samples table take."""
    from pamrx.cli.listings import show_panels, show_vocabulary

    show_panels() if panels else show_vocabulary()


def features(
    bundle: Bundle = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the table: CSV, Parquet or JSON by ending.")
    ] = None,
    block: Annotated[str | None, typer.Option(help="Only this block.")] = None,
) -> None:
    """Show what the model learned from.

    Every feature and how much it moves predictions, and the genes of the axis that the training data did not hold.
    """
    from pamrx.cli.listings import show_features

    with folder_of(bundle) as folder:
        show_features(folder, output, block)
