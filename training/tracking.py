"""What a training found, as one MLflow run: parameters, metrics, predictions, explanations and the bundle.

Everything goes in as text, JSON, CSV, Parquet or PNG; no pickle is written or read. The store is
`MLFLOW_TRACKING_URI`, or else an SQLite file `mlflow.db` with a folder `mlartifacts` in the working directory.

A run holds

```
params      what was set, and data_fingerprint
inputs      the training data, by fingerprint
metrics     lco_pearson, lco_pearson.GDSC2.Alpelisib, lco_rmse.GDSC2.Alpelisib, shap_share.transcriptome, ...
artifacts   evaluation/out_of_fold.parquet, evaluation/per_assay.csv
            shap/contributions.parquet, shap/block_shares.csv, shap/overall.png, shap/summary/GDSC2.Alpelisib.png
            bundle/...
tags        bundle fingerprint, git commit, command, version.<package>
```
"""

from __future__ import annotations

import contextlib
import getpass
import json
import logging
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from predictor.explain import block_shares, contribution_table, shap_explanation
from predictor.figures import overall_figure, summary_figure
from predictor.model import SensitivityModel
from predictor.predictions import chosen_assays

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from training.evaluate import Evaluation

EXPERIMENT = "pamrx"
URI_VARIABLE = "MLFLOW_TRACKING_URI"
STORE, ARTIFACTS = "mlflow.db", "mlartifacts"

TRACKED_PACKAGES = ("pamrx", "lightgbm", "scikit-learn", "numpy", "pandas", "scipy", "pyarrow", "shap", "mlflow")

PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
"""MLflow's own would keep a finished training waiting for minutes on a server that is gone. A user's values win."""

METRICS_AT_ONCE, PARAMETERS_AT_ONCE = 1000, 100
"""What `MlflowClient.log_batch` takes in one call."""

LONGEST_VALUE, LONGEST_DIGEST = 500, 36


class StoreFailure(Exception):
    """The tracking store cannot be reached or used."""


def log_training(
    run_name: str,
    parameters: Mapping[str, object],
    evaluation: Evaluation,
    model: SensitivityModel,
    features: pd.DataFrame,
    data_fingerprint: str,
    bundle_dir: str | os.PathLike[str],
    tags: Mapping[str, object] | None = None,
    report: Callable[[str], None] = print,
) -> str | None:
    """Log a training, whose bundle is on disk already, to MLflow; gives the id of the run.

    Where the store cannot be reached, or fails on the way, `report` gets one line that says so, and the result is
    None: tracking never takes a finished training down with it.

    Parameters
    ----------
    parameters : what was set; nested mappings are flattened with dots.
    features : (n_lines, n_features) that the model was fitted on, which its contributions are shown for.
    data_fingerprint : SHA-256 over the training tables.
    bundle_dir : folder of the bundle, logged as `bundle`.
    tags : beside those that every run gets.
    """
    started = time.perf_counter()
    uri = tracking_uri()
    told = f"MLflow at {without_password(uri)}"
    run_id = None
    try:
        with _brief(), tempfile.TemporaryDirectory(prefix="pamrx-") as folder:
            with _storing():
                client = _client(uri, report)
                run_id = _create_run(client, run_name, {**_standard_tags(data_fingerprint), **(tags or {})}, uri)
            with _finished(client, run_id):
                with _storing():
                    _log_inputs(client, run_id, parameters, features, data_fingerprint)
                    _log_metrics(client, run_id, _evaluation_metrics(evaluation))
                    client.log_artifacts(run_id, str(bundle_dir), "bundle")
                shares = _write_artifacts(Path(folder), run_name, evaluation, model, features, report)
                with _storing():
                    _log_metrics(client, run_id, {f"shap_share.{block}": share for block, share in shares.items()})
                    client.log_artifacts(run_id, folder)
    except (StoreFailure, OSError) as error:
        part = "the run is incomplete" if run_id else "nothing was logged"
        report(f"warning: {told}: {part} ({_one_line(error)}); the training is done and its bundle is in {bundle_dir}")
        return None
    report(f"{told}: logged run '{run_name}' in {time.perf_counter() - started:.0f} s")
    return run_id


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI`, or else the SQLite store in the working directory."""
    # Absolute, since MLflow keeps stores open by URI, also where the working directory changes.
    return os.environ.get(URI_VARIABLE) or f"sqlite:///{(Path.cwd() / STORE).as_posix()}"


def metric_name(assay: str, metric: str = "lco_pearson") -> str:
    """The name of an assay's metric: `lco_pearson.GDSC2.Alpelisib` for `GDSC2:Alpelisib`.

    MLflow allows letters, digits, `_ - . / :` and blanks, a colon not on Windows, and the UI groups by a slash.
    Whatever else a drug's name holds, and these two, become `_`.
    """
    screen, _, drug = assay.partition(":")
    return f"{metric}.{screen}.{_plain(drug)}" if drug else f"{metric}.{_plain(screen)}"


def artifact_location(uri: str) -> str | None:
    """Where a new experiment keeps its artifacts: a folder beside the store's file; None lets a server decide."""
    if not uri.startswith("sqlite:"):
        return None
    database = _sqlite_file(uri)
    return ((database.parent if database else Path.cwd()) / ARTIFACTS).resolve().as_uri()


def without_password(uri: str) -> str:
    """The URI as it may be printed."""
    return re.sub(r"(?<=://)[^/@]*@", "***@", uri)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.\- ]", "_", name)


def _client(uri: str, report: Callable[[str], None]) -> MlflowClient:
    """A client whose store answers.

    Raises
    ------
    StoreFailure
        If the store is of a kind that cannot work, or its database does not answer.
    """
    from mlflow import MlflowClient

    if "://" not in uri or uri.startswith("file:"):
        raise StoreFailure(f"MLflow keeps runs in a database; set {URI_VARIABLE} to sqlite:///{STORE} or to a server")
    database = _sqlite_file(uri)
    if database is not None and not database.exists():
        report(f"making the MLflow store {database} (once; takes some seconds)")
    elif not uri.startswith(("http:", "https:", "databricks")):
        _try_database(uri)
    return MlflowClient(tracking_uri=uri)


def _sqlite_file(uri: str) -> Path | None:
    path = uri.partition(":///")[2].partition("?")[0]
    return Path(path) if uri.startswith("sqlite:") and path and path != ":memory:" else None


def _try_database(uri: str) -> None:
    """Ask once. MLflow itself tries for minutes before it gives up a database, whatever is wrong with it."""
    from sqlalchemy import create_engine, inspect

    engine = create_engine(uri)
    try:
        inspect(engine).get_table_names()
    finally:
        engine.dispose()


def _create_run(client: MlflowClient, run_name: str, tags: Mapping[str, object], uri: str) -> str:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is not None and experiment.lifecycle_stage != "active":
        raise StoreFailure(
            f"its experiment {EXPERIMENT} was deleted; `mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}` brings it back"
        )
    if experiment is None:
        experiment_id = _create_experiment(client, artifact_location(uri))
    else:
        experiment_id = experiment.experiment_id
    run = client.create_run(experiment_id, tags={key: str(value) for key, value in tags.items()}, run_name=run_name)
    return run.info.run_id


def _create_experiment(client: MlflowClient, location: str | None) -> str:
    from mlflow.exceptions import MlflowException

    try:
        return client.create_experiment(EXPERIMENT, artifact_location=location)
    except MlflowException:
        # Another training may have made it between the look and the making.
        experiment = client.get_experiment_by_name(EXPERIMENT)
        if experiment is None:
            raise
        return experiment.experiment_id


@contextlib.contextmanager
def _finished(client: MlflowClient, run_id: str) -> Iterator[None]:
    """Close the run, as failed where something goes wrong."""
    try:
        yield
    except BaseException as error:
        # The store may be what failed; the first error is the one to tell.
        with contextlib.suppress(Exception):
            client.set_terminated(run_id, "FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    client.set_terminated(run_id, "FINISHED")


def _log_inputs(
    client: MlflowClient, run_id: str, parameters: Mapping[str, object], features: pd.DataFrame, fingerprint: str
) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Param

    settings = {**dict(_flat(parameters)), "data_fingerprint": fingerprint}
    listed = [Param(_plain(key), str(value)[:LONGEST_VALUE]) for key, value in settings.items()]
    for start in range(0, len(listed), PARAMETERS_AT_ONCE):
        client.log_batch(run_id, params=listed[start : start + PARAMETERS_AT_ONCE])
    dataset = Dataset(
        name="GDSC, PI3K/AKT/mTOR axis",
        digest=fingerprint[:LONGEST_DIGEST],
        source_type="code",
        source=json.dumps({"tags": {"module": "training.datasets", "data_fingerprint": fingerprint}}),
        profile=json.dumps({"lines": len(features), "features": features.shape[1]}),
    )
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])


def _flat(parameters: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _evaluation_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Means under their own names; per assay `lco_<metric>.<screen>.<drug>`, a baseline's name behind the metric."""
    metrics = {name: float(value) for name, value in evaluation.summary.items()}
    for column in evaluation.per_assay.columns:
        name = _metric_of(str(column))
        for assay, value in evaluation.per_assay[column].items():
            metrics[metric_name(str(assay), name)] = float(value)
    return metrics


def _metric_of(column: str) -> str:
    """`ridge_pearson` of the table is `lco_pearson_ridge`, as in the summary."""
    if column == "n":
        return "n_lines"
    for baseline in ("tissue_drug_mean", "drug_mean", "ridge"):
        if column in (f"{baseline}_pearson", f"{baseline}_rmse"):
            return f"lco_{column.removeprefix(baseline + '_')}_{baseline}"
    return f"lco_{column}"


def _log_metrics(client: MlflowClient, run_id: str, metrics: Mapping[str, float]) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    known = [Metric(name, value, now, 0) for name, value in metrics.items() if math.isfinite(value)]
    for start in range(0, len(known), METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=known[start : start + METRICS_AT_ONCE])


def _write_artifacts(
    folder: Path,
    run_name: str,
    evaluation: Evaluation,
    model: SensitivityModel,
    features: pd.DataFrame,
    report: Callable[[str], None],
) -> dict[str, float]:
    """Tables and figures into `folder`; gives each block's mean share of the contributions."""
    (folder / "evaluation").mkdir()
    evaluation.oof.to_parquet(folder / "evaluation" / "out_of_fold.parquet", index=False)
    evaluation.per_assay.to_csv(folder / "evaluation" / "per_assay.csv")
    assays = list(chosen_assays(model.assays_).values())
    report(f"explaining {len(assays)} drugs over {len(features)} lines")
    importance = pd.DataFrame(model.importance_, index=model.features_, columns=model.assays_)[assays]
    table = contribution_table(model, features, assays, importance=importance)
    shares = block_shares(table)
    (folder / "shap" / "summary").mkdir(parents=True)
    table.to_parquet(folder / "shap" / "contributions.parquet", index=False, compression="zstd")
    shares.to_csv(folder / "shap" / "block_shares.csv")
    overall = overall_figure(shares, importance, f"What the predictions of {run_name} rest on")
    overall.savefig(folder / "shap" / "overall.png", dpi=100)
    base = dict(zip(model.assays_, model.base_, strict=True))
    for assay in assays:
        figure = summary_figure(shap_explanation(table, assay, base[assay]), f"{assay}: what moves the prediction")
        figure.savefig(folder / "shap" / "summary" / f"{metric_name(assay, '')[1:]}.png", dpi=100)
    return {str(block): float(share) for block, share in shares.mean().items()}


def _standard_tags(fingerprint: str) -> dict[str, object]:
    tags: dict[str, Any] = {
        "data_fingerprint": fingerprint,
        "command": _command(),
        "mlflow.user": _user(),
        "mlflow.source.type": "LOCAL",
        "mlflow.source.name": Path(sys.argv[0]).name,
        "version.python": ".".join(map(str, sys.version_info[:3])),
    }
    for package in TRACKED_PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            tags[f"version.{package}"] = metadata.version(package)
    commit = _git("rev-parse", "HEAD")
    if commit:
        tags["mlflow.source.git.commit"] = commit
        tags["git.changed_files"] = str(bool(_git("status", "--porcelain", "--untracked-files=no"))).lower()
    return tags


def _command() -> str:
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _git(*arguments: str) -> str:
    """What git says of the checkout that this module lies in; empty where it is none."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@contextlib.contextmanager
def _storing() -> Iterator[None]:
    """Turn whatever a store raises into `StoreFailure`; stores of artifacts have exception classes of their own."""
    try:
        yield
    except StoreFailure:
        raise
    except Exception as error:
        raise StoreFailure(_one_line(error)) from error


@contextlib.contextmanager
def _brief() -> Iterator[None]:
    """Less patience than MLflow's own (see `PATIENCE`), and none of its lines about retries and migrations."""
    with contextlib.suppress(ImportError):
        import mlflow  # noqa: F401  (its import sets the levels of its loggers, so it comes first)
    given = {name: value for name, value in PATIENCE.items() if name not in os.environ}
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


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if "Max retries exceeded" in text:
        text = f"the server does not answer; start it, or unset {URI_VARIABLE} to log to {STORE} here"
    return without_password(text if len(text) <= 300 else f"{text[:297]}...")
