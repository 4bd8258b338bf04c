"""The commands that list what pamrx knows: drugs, vocab, features."""

from pathlib import Path
from typing import Annotated

import typer

from pamrx.cli.bundle_option import Bundle, folder_of
from pamrx.errors import UsageError


def drugs(
    name: Annotated[str | None, typer.Argument(help="One drug, by any of its names. [default: all]")] = None,
    drug_class: Annotated[str | None, typer.Option("--class", help="Only this class, such as 'PI3K alpha'.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only drugs that came this far, such as approved, withdrawn or 'phase 2'.")
    ] = None,
) -> None:
    """Show the drugs of the axis: class, status, screens, and the concentration reached in patients."""
    from pamrx.cli.drug_listing import show_drug, show_drugs

    if name is None:
        show_drugs(drug_class, status)
        return
    if drug_class is not None or status is not None:
        raise UsageError(f"--class and --status narrow the list of all drugs; leave them out, or the name {name}")
    show_drug(name)


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
