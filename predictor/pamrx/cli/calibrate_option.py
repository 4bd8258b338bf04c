"""The option `--calibrate` of the commands that predict."""

from pathlib import Path
from typing import Annotated

import typer

Calibrate = Annotated[
    Path | None,
    typer.Option(help="Offsets of the laboratory's expression, from `pamrx calibrate`. [default: none are taken off]"),
]
