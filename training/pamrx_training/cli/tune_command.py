"""`pamrx tune`. Heavy imports stay inside the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pamrx_training.cli.log_lines import show_log
from pamrx_training.cli.options import CORES, Cache, Dask, Jobs, Mirna, Panel

if TYPE_CHECKING:
    from pamrx_training.evaluation.tuning import TuningResult


def tune(
    trials: Annotated[int, typer.Option(min=1, help="Trials that the study is to have, with those run before.")] = 40,
    timeout: Annotated[float | None, typer.Option(min=0.0, help="Minutes after which no further trial begins.")] = None,
    n_folds: Annotated[int, typer.Option(min=2, help="Inner folds.")] = 4,
    seed: Annotated[int, typer.Option(help="Of inner folds, settings and trees; not that of a reported split.")] = 11,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the table of trials: CSV, Parquet or JSON by ending.")
    ] = None,
    cache: Cache = None,
    jobs: Jobs = CORES,
    dask: Dask = None,
    mirna: Mirna = True,
    panel: Panel = True,
    track: Annotated[bool, typer.Option(help="Log each trial to MLflow.")] = True,
) -> None:
    """Look for better hyper-parameters on inner folds, with Optuna.

    The example lines stay out. The first trial has the released settings; poor trials are given up after a fold. A
    study that was stopped goes on where it was.
    """
    from pamrx.tables import check_tables, write_table

    from pamrx_training.datasets import cached_inputs
    from pamrx_training.evaluation.tuning import FOLDER, Budget, check_seed
    from pamrx_training.evaluation.tuning import tune as run
    from pamrx_training.fitting.cluster import on_cluster
    from pamrx_training.fitting.fit import without_lines
    from pamrx_training.fitting.loading import load_cohort
    from pamrx_training.fitting.run_context import RunContext, open_store
    from pamrx_training.release.examples import held_out
    from pamrx_training.tracking.tuning import TrackedStudy

    show_log()
    check_tables({"the table of trials": output}, cached_inputs(cache))
    check_seed(seed)
    whole, fingerprint = load_cohort(cache, mirna, panel)
    cohort = without_lines(whole, held_out(whole))
    budget = Budget(trials, n_folds, None if timeout is None else 60.0 * timeout)
    store = open_store(cache, fingerprint, FOLDER)
    parameters = {"seed": seed, "n_folds": n_folds, "mirna": mirna, "panel": panel}
    tracked = TrackedStudy(fingerprint, len(cohort.lines), parameters) if track else None
    with on_cluster(dask, jobs) as at_once:
        found = run(cohort, budget, RunContext(at_once, store, seed), *([tracked.log] if tracked else []))
    if output is not None:
        write_table(found.table, output)
    if tracked is not None:
        tracked.finish(found)
    if output is not None:
        typer.echo(f"{len(found.trials)} rows written to {output}")
    _show(found)


def _show(found: TuningResult) -> None:
    """The best trial beside the released settings, and what follows."""
    from pamrx_training.evaluation.tuning import released

    first, best = found.trials[0], found.best
    difference, low, high = found.difference
    pruned = sum(trial.state == "pruned" for trial in found.trials)
    typer.echo(f"{len(found.trials)} trials, {pruned} of them given up early")
    typer.echo(f"released settings (trial {first.number}): r {first.metrics['lco_pearson']:.4f}")
    if best.number == first.number:
        typer.echo("no trial was better: keep the released settings")
        return
    typer.echo(
        f"best (trial {best.number}): r {best.metrics['lco_pearson']:.4f}, {difference:+.4f} "
        f"({low:+.4f} to {high:+.4f}, paired over lines)"
    )
    for name, value in best.settings.items():
        typer.echo(f"  {name}: {value:.4g} (released {released()[name]:.4g})")
    typer.echo(
        "that is more than chance over lines, though the best of many trials flatters itself: judge it on another seed"
        if low > 0
        else "that is no more than chance over lines: keep the released settings"
    )
