"""Runs read back from the store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pamrx.errors import StoreError, UsageError, did_you_mean

from pamrx_training.evaluation.comparison import Logged
from pamrx_training.evaluation.explanations import IMPORTANCE
from pamrx_training.tracking.store import (
    EXPERIMENT,
    URI_VARIABLE,
    StoreFailure,
    brief,
    one_line,
    open_client,
    sqlite_file,
    storing,
    tracking_uri,
    without_password,
)
from pamrx_training.tracking.trainings import OUT_OF_FOLD

if TYPE_CHECKING:
    from mlflow import MlflowClient

CONTRIBUTIONS = "shap/contributions.parquet"
AT_ONCE = 1000


@contextmanager
def reading() -> Iterator[MlflowClient]:
    """A client of a store that is there.

    Raises
    ------
    StoreError
        If there is no store, or it fails: one line.
    """
    uri = tracking_uri()
    database = sqlite_file(uri)
    if database is not None and not database.exists():
        raise StoreError(
            f"{database}: no MLflow store there; `pamrx train` and `pamrx study` make one in their working directory, "
            f"and {URI_VARIABLE} names another"
        )
    try:
        with brief():
            with storing():
                client = open_client(uri)
            yield client
    except StoreFailure as error:
        raise StoreError(f"MLflow at {without_password(uri)}: {one_line(error)}") from None


def read_run(client: MlflowClient, word: str) -> Logged:
    """The run with this id, or this name where only one has it.

    Raises
    ------
    UsageError
        If there is none, or the name is that of several.
    StoreFailure
        If the store fails.
    """
    with storing():
        experiment = client.get_experiment_by_name(EXPERIMENT)
        runs = [] if experiment is None else _runs(client, str(experiment.experiment_id))
    found = [run for run in runs if word in (run.info.run_id, run.info.run_name)]
    if not found:
        names = sorted({str(run.info.run_name) for run in runs})
        raise UsageError(f"no run '{word}' in the experiment {EXPERIMENT}{did_you_mean(word, names)}")
    if len(found) > 1:
        shown = ", ".join(str(run.info.run_id) for run in found[:4]) + (", ..." if len(found) > 4 else "")
        raise UsageError(f"{len(found)} runs are named '{word}'; name one by its id, the latest first: {shown}")
    run = found[0]
    with storing(), tempfile.TemporaryDirectory(prefix="pamrx-") as folder:
        oof = _table(client, run.info.run_id, OUT_OF_FOLD, folder)
        importance = _importance(client, run.info.run_id, folder)
    return Logged(run.info.run_id, str(run.info.run_name), dict(run.data.metrics), oof, importance)


def _runs(client: MlflowClient, experiment: str) -> list[Any]:
    """Every run that was not deleted, the latest first."""
    found: list[Any] = []
    token = None
    while True:
        page = client.search_runs(
            [experiment], max_results=AT_ONCE, order_by=["attributes.start_time DESC"], page_token=token
        )
        found += page
        token = page.token
        if not token:
            return found


def _importance(client: MlflowClient, run_id: str, folder: str) -> pd.DataFrame | None:
    """The table of importance, or else what the heaviest contributions say."""
    table = _table(client, run_id, IMPORTANCE, folder)
    if table is not None:
        return table.set_index("feature").drop(columns="block").astype(float)
    table = _table(client, run_id, CONTRIBUTIONS, folder)
    if table is None:
        return None
    size = table.assign(size=table["contribution"].abs()).groupby(["feature", "assay"], observed=True)["size"].mean()
    wide = size.unstack("assay").fillna(0.0)
    return wide.set_axis(wide.index.astype(str)).set_axis(wide.columns.astype(str), axis=1)


def _table(client: MlflowClient, run_id: str, path: str, folder: str) -> pd.DataFrame | None:
    there = {one.path for one in client.list_artifacts(run_id, path.rpartition("/")[0])}
    if path not in there:
        return None
    target = Path(folder) / run_id
    target.mkdir(exist_ok=True)
    return pd.read_parquet(client.download_artifacts(run_id, path, str(target)))
