"""The option `--bundle` of several commands."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from pamrx.cli.entry_points import BUNDLE_SOURCES, joined

REGISTERED = "models:/"
"""How an address in a registry begins."""

Bundle = Annotated[
    Path | None,
    typer.Option(
        help="Folder of a trained model, or models:/pamrx@champion in MLflow's registry. [default: the released one]"
    ),
]


def folder_of(bundle: Path | None) -> AbstractContextManager[Path | None]:
    """The folder of the bundle while the context is open; only an address in a registry needs MLflow."""
    if bundle is None or not bundle.as_posix().startswith(REGISTERED):
        return nullcontext(bundle)
    folder: AbstractContextManager[Path | None] = joined(BUNDLE_SOURCES)["models"](bundle)
    return folder
