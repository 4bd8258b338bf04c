"""The option `--unknown-panel` of the commands that read a study."""

from typing import Annotated

import typer

UnknownPanel = Annotated[
    str | None,
    typer.Option(
        metavar="unassessed",
        help="Of a study, take mutations of samples whose gene panel is unknown as not assessed. [default: refuse]",
    ),
]
