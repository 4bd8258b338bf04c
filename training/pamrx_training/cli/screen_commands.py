"""The commands about a laboratory's own screen: screen fit. Heavy imports stay inside each command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pamrx_training.cli.log_lines import show_log

if TYPE_CHECKING:
    from pamrx_training.screens.curves import FittedScreen
    from pamrx_training.screens.normalise import Normalised

screen = typer.Typer(
    help="Fit the dose-response curves of a screen of your own.", no_args_is_help=True, rich_markup_mode=None
)


@screen.callback()
def _of_screens() -> None:
    """Keeps `fit` a command of its own while it is the only one."""


@screen.command("fit")
def screen_fit(
    wells: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES...",
            help="Tables of a row per well (sample_id, drug, dose_um, value, role, plate, well), or plate grids of "
            "8 x 12 or 16 x 24 values with --map. Text, Excel or Parquet; also GDSC's raw files.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Write a row per sample and drug: CSV, Parquet or JSON by ending.")
    ],
    layout: Annotated[
        Path | None,
        typer.Option("--map", help="What each well of the grids holds: well, drug, dose_um, role, sample_id, plate."),
    ] = None,
    plates: Annotated[
        Path | None,
        typer.Option(help="Which sample each grid holds: plate (the file's name), sample_id, role (day0 or nothing)."),
    ] = None,
    dose_unit: Annotated[
        str | None, typer.Option(help="uM, nM, pM, mM or M, where the column of doses does not say.")
    ] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder for a figure of each curve.")] = None,
    figure_format: Annotated[str, typer.Option(help="svg or png.")] = "svg",
) -> None:
    """Fit viabilities per well to ln IC50, AUC and GR metrics.

    Normalises each plate by its controls, fits a four-parameter logistic curve with a robust loss to all wells of a
    sample and drug, and says how far each curve can be trusted (Z', control drift, flags).
    """
    from pamrx.errors import check_word
    from pamrx.outputs import check_folder
    from pamrx.tables import check_tables, write_table

    from pamrx_training.screens.curves import fit_screen
    from pamrx_training.screens.normalise import normalise
    from pamrx_training.screens.plates import read_screen

    show_log()
    inputs = [*wells, layout, plates]
    check_tables({"the table of curves": output}, inputs)
    check_word("--figure-format", figure_format, ("svg", "png"))
    if figures is not None:
        check_folder(figures, inputs)
    read = read_screen(wells, layout, plates, dose_unit)
    for note in read.notes:
        typer.echo(note)
    normalised = normalise(read)
    fitted = fit_screen(normalised)
    table = fitted.table()
    write_table(table, output)
    if figures is not None:
        from pamrx_training.screens.figures import write_figures

        typer.echo(f"{write_figures(fitted, figures, figure_format)} figures written to {figures}")
    _show(fitted, normalised)
    typer.echo(f"{len(table)} curves written to {output}")


def _show(fitted: FittedScreen, normalised: Normalised) -> None:
    """What was fitted, what was left out, and what the flags say, a line each."""
    table, plates = fitted.table(), normalised.plates
    if len(plates):
        known = plates["z_prime"].dropna()
        told = f"median Z' {known.median():.2f}" if len(known) else "no Z': that needs two blank or kill wells"
        typer.echo(f"{plates['plate'].nunique()} plates; {told}")
    for note in fitted.left_out:
        typer.echo(f"left out: {note}; a curve needs 4 doses and 5 wells")
    flags = table["flags"].str.split("; ").explode()
    for flag, count in flags[flags != ""].value_counts().items():
        typer.echo(f"flagged '{flag}': {count} of {len(table)} curves")
    if table["gr_aoc"].isna().all():
        typer.echo("no GR metrics: these need wells of the role day0, and controls that grew")
