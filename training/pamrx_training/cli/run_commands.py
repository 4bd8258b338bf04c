"""The commands about runs: study, compare, ui, runs sync. Heavy imports stay inside each command."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from pamrx.errors import UsageError

from pamrx_training.cli.log_lines import show_log
from pamrx_training.cli.options import CORES, Cache, Dask, Drugs, Folds, Jobs, Lines, Mirna, Panel, Quick, Seed
from pamrx_training.cli.tune_command import tune

app = typer.Typer(rich_markup_mode=None)
runs = typer.Typer(help="Runs that could not be logged to MLflow yet.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(runs, name="runs")
app.command()(tune)


@app.command()
def study(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Metrics per candidate and assay: CSV, Parquet or JSON by ending."),
    ] = None,
    n_folds: Folds = None,
    seed: Seed = 2026,
    cache: Cache = None,
    jobs: Jobs = CORES,
    dask: Dask = None,
    mirna: Mirna = True,
    panel: Panel = True,
    drugs: Drugs = None,
    lines: Lines = None,
    quick: Quick = False,
    track: Annotated[bool, typer.Option(help="Log a run per candidate to MLflow.")] = True,
) -> None:
    """Compare six candidates on the same folds, and log each to MLflow.

    Naive, ridge, plain LightGBM, the hybrid, and the hybrid without ncRNA and without TME. Leave-cell-line-out;
    finished fits are kept in the cache, so that a run that was stopped goes on.
    """
    from pamrx.tables import check_tables, write_table

    from pamrx_training.datasets import cached_inputs
    from pamrx_training.evaluation.study import study as run
    from pamrx_training.evaluation.study_tables import print_study
    from pamrx_training.fitting.cluster import on_cluster
    from pamrx_training.fitting.loading import load_cohort
    from pamrx_training.fitting.run_context import RunContext, open_store
    from pamrx_training.fitting.scope import Scope, folds_of, narrowed
    from pamrx_training.fitting.splits import leave_cell_line_out

    show_log()
    check_tables({"the metrics": output}, cached_inputs(cache))
    scope = Scope.of(drugs, lines, quick)
    whole, fingerprint = load_cohort(cache, mirna, panel)
    cohort, data_fingerprint = narrowed(whole, scope), scope.fingerprint(fingerprint)
    folds = leave_cell_line_out(cohort, folds_of(n_folds, quick), seed)
    started = time.perf_counter()
    with on_cluster(dask, jobs) as at_once:
        done = run(cohort, folds, RunContext(at_once, open_store(cache, data_fingerprint), seed))
    seconds = time.perf_counter() - started
    if output is not None:
        write_table(done.found.per_assay, output)
    print_study(done)
    if output is not None:
        typer.echo(f"{len(done.found.per_assay)} rows written to {output}")
    if track:
        from pamrx_training.tracking import DataSet
        from pamrx_training.tracking.evaluations import Settings, log_study

        data = DataSet(data_fingerprint, {"lines": len(folds)}, "evaluation")
        parameters = {"seed": seed, "n_folds": folds.nunique(), "mirna": mirna, "panel": panel, **scope.parameters()}
        if log_study(done, Settings(parameters, data), seconds) is not None:
            typer.echo("`pamrx ui` shows the candidates side by side, as a table and as charts")


@app.command()
def compare(
    run_a: Annotated[str, typer.Argument(help="Id of a run, or its name where no other has it.")],
    run_b: Annotated[str, typer.Argument(help="The run to compare with it.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write every difference: CSV, Parquet or JSON by ending.")
    ] = None,
) -> None:
    """Show where run B differs from run A.

    Accuracy per assay and on average with paired intervals over lines, from the out-of-fold predictions in MLflow, and
    the features whose importance changed most.
    """
    from pamrx.tables import check_tables, write_table

    from pamrx_training.evaluation.comparison import compare as run
    from pamrx_training.evaluation.study_tables import print_comparison
    from pamrx_training.tracking.reading import read_run, reading
    from pamrx_training.tracking.store import artifacts_folder, tracking_uri

    check_tables({"the differences": output}, [artifacts_folder(tracking_uri())])
    with reading() as client:
        a, b = read_run(client, run_a), read_run(client, run_b)
    if a.run_id == b.run_id:
        raise UsageError(f"run '{run_a}' and run '{run_b}' are the same; expected two")
    found = run(a, b)
    if output is not None:
        table = found.tidy()
        write_table(table, output)
    print_comparison(found, a, b)
    if output is not None:
        typer.echo(f"{len(table)} rows written to {output}")


@app.command()
def ui(port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000) -> None:
    """Start the MLflow UI on 127.0.0.1, against the store that runs are logged to.

    That is MLFLOW_TRACKING_URI, or the SQLite store in the working directory.
    """
    import mlflow  # noqa: F401  (a missing MLflow is the error to show)

    from pamrx_training.tracking.ui import serve_ui

    show_log()
    serve_ui(port)


@runs.command("sync")
def runs_sync(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of runs that wait. [default: mlruns-pending in the working directory]")
    ] = None,
) -> None:
    """Log the runs that could not be logged when they were made."""
    import mlflow  # noqa: F401  (a missing MLflow is the error to show)

    from pamrx_training.tracking import sync

    show_log()
    if sync(folder):
        raise typer.Exit(1)
