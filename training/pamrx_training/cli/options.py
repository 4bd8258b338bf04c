"""Options that several training commands take. Nothing heavy is imported here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

CORES = os.cpu_count() or 1

Cache = Annotated[
    Path | None, typer.Option(help="Folder of the fetched data. [default: PAMRX_CACHE, else the user's cache folder]")
]
Seed = Annotated[int, typer.Option(help="Of folds, masks and trees.")]
Jobs = Annotated[int, typer.Option(min=1, help="Processes. Results do not depend on it.")]
Mirna = Annotated[bool, typer.Option(help="Use CCLE miRNA where it was fetched.")]
Panel = Annotated[bool, typer.Option(help="Use the calls of panel718 where they were fetched.")]
Dask = Annotated[
    str | None,
    typer.Option(help="Fit on a Dask cluster: the scheduler's tcp://HOST:PORT, or local. Needs the extra scale."),
]

Folds = Annotated[
    int | None, typer.Option("--n-folds", min=2, help="How many folds to make. [default: 5; with --quick 3]")
]
Drugs = Annotated[
    str | None, typer.Option(help="Only these drugs, by name with commas, for a trial.", metavar="A,B,...")
]
Lines = Annotated[
    int | None, typer.Option(min=30, help="Only so many lines, drawn in the proportions of the tissues, for a trial.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="A minute: three drugs, 300 lines, three folds, where nothing else is said.")
]
