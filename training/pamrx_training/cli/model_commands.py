"""The commands that need a registry or a server: models, serve. Heavy imports stay inside each command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pamrx.cli.calibrate_option import Calibrate

from pamrx_training.cli.log_lines import show_log

models = typer.Typer(
    help="Register, compare and promote versions of the model in MLflow's registry.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Version = Annotated[int, typer.Argument(min=1, help="Number of the version, as `pamrx models list` shows it.")]
Reason = Annotated[str | None, typer.Option(help="Why, for the record.")]


@models.command("list")
def models_list() -> None:
    """Show the versions, with their accuracy and their aliases."""
    from pamrx_training.registry.registry import versions

    table = versions()
    typer.echo("no version is registered yet; `pamrx models register`" if table.empty else table.to_string(index=False))


@models.command("register")
def models_register(
    source: Annotated[str, typer.Argument(help="Folder of a bundle, or the run of a training: its id or runs:/ID.")],
) -> None:
    """Make a bundle a version of the model, as `challenger`."""
    from pamrx_training.serving.registration import register

    show_log()
    register(source)


@models.command("promote")
def models_promote(
    version: Version,
    force: Annotated[
        bool, typer.Option("--force", help="Also where it is worse, or was evaluated on other folds.")
    ] = False,
    reason: Reason = None,
) -> None:
    """Make a version the `champion`.

    Refuses one that is less accurate on the same folds than the champion, and one that was not evaluated on the same
    folds, unless forced with a reason. Who promoted it, when and why is kept with the version.
    """
    from pamrx_training.registry.registry import promote

    show_log()
    promote(version, force=force, reason=reason)


@models.command("rollback")
def models_rollback(reason: Reason = None) -> None:
    """Make the champion before this one the `champion` again."""
    from pamrx_training.registry.registry import rollback

    show_log()
    rollback(reason=reason)


def serve(
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle, or models:/pamrx@champion. [default: the released one]")
    ] = None,
    calibrate: Calibrate = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 5001,
    host: Annotated[str, typer.Option(help="Address to listen on. There is no password: keep it local.")] = "127.0.0.1",
    max_mb: Annotated[int, typer.Option(min=1, help="Largest request, in megabytes.")] = 32,
) -> None:
    """Serve predictions over HTTP.

    POST a profile as JSON to /invocations: mutations and matrices as records. See docs/mlflow.md for the fields.
    """
    from pamrx.bundle.bundle import load_bundle

    from pamrx_training.registry.registry import bundle_folder
    from pamrx_training.serving.server import serve as run

    show_log()
    with bundle_folder(bundle) as folder:
        loaded = load_bundle(folder)
    if calibrate is not None:
        loaded = loaded.calibrated(calibrate)
    run(loaded, host, port, max_mb)
