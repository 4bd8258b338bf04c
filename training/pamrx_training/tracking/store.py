"""The MLflow store: where it is, a client that answers, and its errors in one line.

The store is `MLFLOW_TRACKING_URI`, or else an SQLite file `mlflow.db` with a folder `mlartifacts` in the working
directory.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pamrx_training.tracking.views import describe, experiment_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

EXPERIMENT = "pamrx"
URI_VARIABLE = "MLFLOW_TRACKING_URI"
STORE, ARTIFACTS = "mlflow.db", "mlartifacts"

PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
"""MLflow's own would keep a finished training waiting for minutes on a server that is gone. A user's values win."""

QUIET = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}


class StoreFailure(Exception):
    """The tracking store cannot be reached or used."""


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI`, or else the SQLite store in the working directory."""
    # Absolute, since MLflow keeps stores open by URI, also where the working directory changes.
    return os.environ.get(URI_VARIABLE) or f"sqlite:///{(Path.cwd() / STORE).as_posix()}"


def artifact_location(uri: str) -> str | None:
    """Where a new experiment keeps its artifacts: a folder beside the store's file; None lets a server decide."""
    folder = artifacts_folder(uri)
    return None if folder is None else folder.as_uri()


def artifacts_folder(uri: str) -> Path | None:
    """The folder of `artifact_location` on this machine; None for a store that is not a file."""
    if not uri.startswith("sqlite:"):
        return None
    database = sqlite_file(uri)
    return ((database.parent if database else Path.cwd()) / ARTIFACTS).resolve()


def without_password(uri: str) -> str:
    """The URI as it may be printed."""
    return re.sub(r"(?<=://)[^/@]*@", "***@", uri)


def is_server(uri: str) -> bool:
    """Whether a tracking server stands between us and the database."""
    return uri.startswith(("http:", "https:", "databricks"))


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite store; None for another store, and for one in memory."""
    path = uri.partition(":///")[2].partition("?")[0]
    return Path(path) if uri.startswith("sqlite:") and path and path != ":memory:" else None


def open_client(uri: str) -> MlflowClient:
    """A client whose store answers; an SQLite store that is not there is made.

    Raises
    ------
    StoreFailure
        If the store is of a kind that cannot work, or its database does not answer.
    """
    from mlflow import MlflowClient

    if "://" not in uri or uri.startswith("file:"):
        raise StoreFailure(f"MLflow keeps runs in a database; set {URI_VARIABLE} to sqlite:///{STORE} or to a server")
    database = sqlite_file(uri)
    if database is not None and not database.exists():
        _make(database, uri)
    if not is_server(uri):
        _try_database(uri)
    return MlflowClient(tracking_uri=uri)


def experiment_of(client: MlflowClient, uri: str) -> str:
    """The id of the experiment that all runs belong to, made where it is not there.

    Raises
    ------
    StoreFailure
        If it was deleted.
    """
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return _create_experiment(client, artifact_location(uri))
    if experiment.lifecycle_stage != "active":
        raise StoreFailure(
            f"its experiment {EXPERIMENT} was deleted; `mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}` brings it back"
        )
    describe(client, str(experiment.experiment_id))
    return str(experiment.experiment_id)


@contextlib.contextmanager
def alone(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock file `path`, which is removed at the end; gives False where another process has it.

    `wait` waits for the other process in place of that. The lock ends with its process, however that ends.
    """
    import fcntl

    while True:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            yield False
            return
        # The holder before us removes the file: a lock on what is no longer there keeps nobody out.
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(handle).st_ino == path.stat().st_ino:
                break
        os.close(handle)
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


@contextlib.contextmanager
def storing() -> Iterator[None]:
    """Turn whatever a store raises into `StoreFailure`; stores of artifacts have exception classes of their own."""
    try:
        yield
    except StoreFailure:
        raise
    except Exception as error:
        raise StoreFailure(one_line(error)) from error


@contextlib.contextmanager
def brief() -> Iterator[None]:
    """Less patience than MLflow's own (see `PATIENCE`), and none of its bars and lines about retries and migrations."""
    with contextlib.suppress(ImportError):
        import mlflow  # noqa: F401  (its import sets the levels of its loggers, so it comes first)
    given = {name: value for name, value in (PATIENCE | QUIET).items() if name not in os.environ}
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "urllib3")]
    levels = [logger.level for logger in loggers]
    os.environ.update(given)
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name in given:
            os.environ.pop(name, None)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def one_line(error: Exception) -> str:
    """What a store raised, short enough to read and without a password."""
    text = " ".join(str(error).split()) or type(error).__name__
    if "Max retries exceeded" in text or "Connection aborted" in text:
        text = f"the server does not answer; start it, or unset {URI_VARIABLE} to log to {STORE} here"
    return without_password(text if len(text) <= 300 else f"{text[:297]}...")


def _create_experiment(client: MlflowClient, location: str | None) -> str:
    """The id of the new experiment, or of the one that another process made first."""
    from mlflow.exceptions import MlflowException

    try:
        return str(client.create_experiment(EXPERIMENT, artifact_location=location, tags=experiment_tags()))
    except MlflowException:
        # Another training may have made it between the look and the making.
        experiment = client.get_experiment_by_name(EXPERIMENT)
        if experiment is None:
            raise
        return str(experiment.experiment_id)


def _make(database: Path, uri: str) -> None:
    """Make and migrate an SQLite store under another name, and then give it its own.

    Nobody ever sees a store that is half migrated, which MLflow would take for out of date; a process that is stopped
    on the way leaves none behind. Of two processes at once the second waits for the first.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with alone(database.with_name(f"{database.name}.lock")):
        if database.exists():
            return
        log.info(f"making the MLflow store {database} (once; takes some seconds)")
        unfinished = database.with_name(f".{database.name}.new")
        unfinished.unlink(missing_ok=True)
        made = SqlAlchemyStore(f"sqlite:///{unfinished.as_posix()}", artifact_location(uri))
        made.engine.dispose()
        os.replace(unfinished, database)


def _try_database(uri: str) -> None:
    """Ask once. MLflow itself tries for minutes before it gives up a database, whatever is wrong with it."""
    from sqlalchemy import create_engine, inspect

    engine = create_engine(uri)
    try:
        inspect(engine).get_table_names()
    finally:
        engine.dispose()
