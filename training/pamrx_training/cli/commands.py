"""The commands that need the training package: data, evaluate, train. Heavy imports stay inside each command."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from pamrx.errors import UsageError, did_you_mean

from pamrx_training.cli.log_lines import show_log
from pamrx_training.cli.model_commands import models, serve
from pamrx_training.cli.options import CORES, Cache, Dask, Drugs, Folds, Jobs, Lines, Mirna, Panel, Quick, Seed
from pamrx_training.cli.own_command import OwnOptions, evaluate_own
from pamrx_training.cli.run_commands import app as run_commands
from pamrx_training.cli.screen_commands import screen

app = typer.Typer(rich_markup_mode=None)
data = typer.Typer(
    help="Fetch the training data, and say what is present.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(data, name="data")
app.add_typer(screen, name="screen")
app.add_typer(models, name="models")
app.command()(serve)
app.add_typer(run_commands)

DEFAULT_BUNDLE = Path("models/pamrx-gdsc")

SOURCES = ("gdsc", "ccle-mirna", "panel718")


@data.command("fetch")
def data_fetch(
    source: Annotated[
        str, typer.Argument(help="gdsc (response, expression, alterations), ccle-mirna or panel718 (calls per gene).")
    ],
    cache: Cache = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of local files under their own names; nothing is downloaded.")
    ] = None,
) -> None:
    """Bring a source into the cache.

    Downloads it, checks its SHA-256, and writes tidy Parquet; what is there already is not fetched again.
    """
    if source not in SOURCES:
        words = f"{', '.join(SOURCES[:-1])} or {SOURCES[-1]}"
        raise UsageError(f"unknown source '{source}'; expected {words}{did_you_mean(source, SOURCES)}")
    from pamrx_training import datasets

    by_source: dict[str, Callable[..., object]] = {
        "gdsc": datasets.fetch_gdsc,
        "ccle-mirna": datasets.fetch_ccle_mirna,
        "panel718": datasets.fetch_panel718,
    }
    show_log()
    by_source[source](cache=cache, data_dir=data_dir)


@data.command("import")
def data_import(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of files under the portals' own names; nothing is downloaded.")
    ],
    name: Annotated[str, typer.Option(help="Name of the import, for `pamrx train --data NAME`.")] = "portals",
    expression: Annotated[
        str | None, typer.Option(help="Whose, where several portals' is there: passports, depmap or gdsc.")
    ] = None,
    alterations: Annotated[
        str | None, typer.Option(help="Whose mutations and copy number: passports or depmap.")
    ] = None,
    copy_number_unit: Annotated[
        str | None, typer.Option(help="Of DepMap's OmicsCNGene: ratio or log2-ratio-plus-1; its releases differ.")
    ] = None,
    cache: Cache = None,
) -> None:
    """Bring releases of GDSC, Cell Model Passports and DepMap into the cache.

    Joins their cell lines by the ids of model_list_*.csv and Model.csv, and says what was kept, and what was left out
    and why; the table `unmatched` lists every id.
    """
    from pamrx_training import datasets

    show_log()
    datasets.import_portals(
        folders,
        name,
        cache,
        expression=expression,
        alterations_of=alterations,
        copy_number_unit=copy_number_unit,
    )


@data.command("status")
def data_status(cache: Cache = None) -> None:
    """Say which data are present, and whether whole."""
    from pamrx_training.datasets import cache_folder
    from pamrx_training.datasets import data_status as status

    typer.echo(f"cache: {cache_folder(cache)}")
    typer.echo(status(cache).to_string(index=False))


@app.command()
def evaluate(
    folds: Annotated[
        Path | None,
        typer.Option(help="CSV of cell_line,fold (canonical key or COSMIC id). [default: made from --seed]"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Out-of-fold predictions, or the table of other protocols, --repeats, --ablate, --biology or "
            "--ranking: CSV, Parquet or JSON by ending.",
        ),
    ] = None,
    protocol: Annotated[
        str,
        typer.Option(help="leave-cell-line-out, leave-tissue-out, leave-screen-out, nci60 or gcsi."),
    ] = "leave-cell-line-out",
    n_folds: Folds = None,
    repeats: Annotated[int, typer.Option(min=1, help="Splits, with the seeds that follow --seed.")] = 1,
    ablate: Annotated[
        str | None,
        typer.Option(help="What blocks of features add: each block 'removed', each 'alone', or 'both'."),
    ] = None,
    biology: Annotated[
        bool,
        typer.Option("--biology", help="Known effects of alterations: do data and predictions show them?"),
    ] = False,
    ranking: Annotated[
        bool,
        typer.Option("--ranking", help="Is the order of the drugs inside a tumour right, and of tumours for a drug?"),
    ] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder that holds nci60/ or gcsi/ under the portals' names.")
    ] = None,
    responses: Annotated[
        Path | None,
        typer.Option(
            help="Your own measured responses, to judge a bundle on without training: columns sample_id, drug, value, "
            "or sample_id and a column per drug; ln IC50 (micromolar)."
        ),
    ] = None,
    profiles: Annotated[
        Path | None,
        typer.Option(
            help="With --responses: folder of a cBioPortal study, or of files called mutations, expression, ncrna, "
            "copy_number, samples."
        ),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            help="With --responses: folder of a bundle, or models:/pamrx@champion. [default: the released one]"
        ),
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(help="With --responses of another score than ln IC50: are sensitive samples 'lower' or 'higher'?"),
    ] = None,
    seed: Seed = 2026,
    cache: Cache = None,
    jobs: Jobs = CORES,
    dask: Dask = None,
    mirna: Mirna = True,
    panel: Panel = True,
    drugs: Drugs = None,
    lines: Lines = None,
    quick: Quick = False,
    track: Annotated[bool, typer.Option(help="Log to MLflow; with --ablate or --repeats a run for each part.")] = True,
) -> None:
    """Measure accuracy on lines not trained on.

    Stands beside three baselines. Five-fold leave-cell-line-out: lines of one donor are never on both sides. Other
    protocols, repeated splits, ablation, --biology and --ranking keep finished fits in the cache, so that a run that
    was stopped goes on. With --responses and --profiles a bundle is judged on your own measurements instead.
    """
    own = OwnOptions(responses, profiles, bundle, direction, output)
    if own.asked_for:
        others = {"--folds": folds is not None, "--ablate": ablate is not None, "--biology": biology}
        others |= {"--ranking": ranking, "--repeats": repeats > 1, "--data-dir": data_dir is not None}
        others |= {"--protocol": protocol != "leave-cell-line-out", "--quick": quick, "--drugs": drugs is not None}
        evaluate_own(own, others)
        return
    from pamrx.tables import check_tables, write_table

    from pamrx_training.datasets import cached_inputs
    from pamrx_training.evaluation.evaluate import evaluate as run
    from pamrx_training.evaluation.evidence_tables import print_result
    from pamrx_training.evaluation.protocols import Options, check, check_scope, run_protocol, tidy_table
    from pamrx_training.evaluation.tables import print_evaluation
    from pamrx_training.fitting.cluster import on_cluster
    from pamrx_training.fitting.loading import load_cohort
    from pamrx_training.fitting.run_context import RunContext, open_store
    from pamrx_training.fitting.scope import Scope, folds_of, narrowed
    from pamrx_training.fitting.splits import read_folds, repeated

    show_log()
    check_tables({"the table": output}, [folds, data_dir, *cached_inputs(cache)])
    n_folds = folds_of(n_folds, quick)
    options = Options(protocol, ablate, repeats, n_folds, seed, folds is not None, data_dir, biology, ranking)
    split = check(options)
    scope = Scope.of(drugs, lines, quick)
    whole, fingerprint = load_cohort(cache, mirna, panel)
    cohort, data_fingerprint = narrowed(whole, scope), scope.fingerprint(fingerprint)
    check_scope(options, cohort)
    splits = repeated(cohort, n_folds, seed, repeats, split) if folds is None else [(seed, read_folds(folds, cohort))]
    fold = splits[0][1]
    if not options.elsewhere:
        left = len(cohort.lines) - len(fold)
        outside = f"; {left} lines of the data are not in {folds} and take no part" if left else ""
        typer.echo(f"{protocol}: {len(fold)} lines in {fold.nunique()} folds{outside}")
    settings = None
    if track:
        from pamrx_training.tracking import DataSet
        from pamrx_training.tracking.evaluations import Settings, log_evaluation, log_result

        parameters = {"seed": seed, "n_folds": fold.nunique(), "folds": folds.name if folds else "by seed"}
        data = DataSet(data_fingerprint, {"lines": len(fold)}, "evaluation")
        settings = Settings({**parameters, "mirna": mirna, "panel": panel, **scope.parameters()}, data)
    if not options.plain:
        store, started = open_store(cache, data_fingerprint), time.perf_counter()
        with on_cluster(dask, jobs) as at_once:
            found = run_protocol(cohort, options, splits, RunContext(at_once, store, seed))
        seconds = time.perf_counter() - started
        if output is not None:
            table = tidy_table(found)
            write_table(table, output)
        print_result(found, options, splits)
        if output is not None:
            typer.echo(f"{len(table)} rows written to {output}")
        if settings is not None:
            log_result(found, options, settings, seconds)
        return
    with on_cluster(dask, jobs) as at_once:
        evaluation = run(cohort, fold, RunContext(at_once, seed=seed))
    if output is not None:
        write_table(evaluation.oof, output)
    print_evaluation(evaluation)
    if output is not None:
        typer.echo(f"{len(evaluation.oof)} out-of-fold predictions written to {output}")
    if settings is not None:
        log_evaluation(evaluation, cohort.cell_lines["tissue"], options, settings)


@app.command()
def train(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the bundle.")] = DEFAULT_BUNDLE,
    hold_out: Annotated[
        str, typer.Option(help="Lines kept out of training: canonical keys with commas, 'examples' or 'none'.")
    ] = "examples",
    seed: Seed = 7,
    cache: Cache = None,
    jobs: Jobs = CORES,
    dask: Dask = None,
    mirna: Mirna = True,
    panel: Panel = True,
    n_folds: Folds = None,
    drugs: Drugs = None,
    lines: Lines = None,
    quick: Quick = False,
    data_name: Annotated[
        str, typer.Option("--data", help="Which responses and profiles: gdsc, or the name of an import.")
    ] = "gdsc",
    run_name: Annotated[str | None, typer.Option(help="Name of the MLflow run. [default: the bundle's]")] = None,
    evidence: Annotated[
        bool,
        typer.Option("--evidence", help="For the model card, also run ablation and the other protocols: half an hour."),
    ] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="With --evidence: folder that holds nci60/ and gcsi/ under the portals' names.")
    ] = None,
) -> None:
    """Train a bundle, and log it to MLflow.

    Evaluates by leave-cell-line-out, then fits on all lines. Logs to MLFLOW_TRACKING_URI, or to a SQLite store in the
    working directory. A bundle of a part of the data (--drugs, --lines, --quick) says so and cannot be promoted.
    """
    from pamrx.bundle.bundle import save_bundle, target_of
    from pamrx.outputs import check_folder

    from pamrx_training.datasets import cached_inputs
    from pamrx_training.evaluation.dossier import dossier
    from pamrx_training.evaluation.tables import print_evaluation
    from pamrx_training.fitting.cluster import on_cluster
    from pamrx_training.fitting.fit import without_lines
    from pamrx_training.fitting.loading import load_cohort
    from pamrx_training.fitting.run_context import RunContext, open_store
    from pamrx_training.fitting.scope import Scope, folds_of, narrowed
    from pamrx_training.release.examples import lines_named
    from pamrx_training.serving.model import save_served
    from pamrx_training.tracking.trainings import Training, log_training
    from pamrx_training.training import train as run

    show_log()
    if data_dir is not None and not evidence:
        raise UsageError("--data-dir goes with --evidence: other laboratories are looked at for the model card only")
    scope = Scope.of(drugs, lines, quick)
    if output == DEFAULT_BUNDLE:
        output.parent.mkdir(exist_ok=True)
    check_folder(output, [data_dir, *cached_inputs(cache)])
    target_of(output)  # before an hour's work
    whole, fingerprint = load_cohort(cache, mirna, panel, data_name)
    held_out = lines_named(hold_out, whole)
    cohort, data_fingerprint = narrowed(whole, scope, held_out), scope.fingerprint(fingerprint)
    store = open_store(cache, data_fingerprint) if evidence else None
    with on_cluster(dask, jobs) as at_once:
        context = RunContext(at_once, store, seed)
        facts = {"name": output.name, "data_fingerprint": data_fingerprint, **scope.parameters()}
        trained = run(cohort, held_out, facts, context, folds_of(n_folds, quick))
        sections = dossier(without_lines(cohort, held_out), context, data_dir) if evidence else []
    manifest = save_bundle(trained.bundle, output, trained.card(sections))
    print_evaluation(trained.evaluation)
    typer.echo(f"bundle written to {output}; fingerprint {manifest['fingerprint']}")
    log_training(Training.of(trained, manifest, output, run_name or output.name), save_served)
