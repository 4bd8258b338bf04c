"""Runs: written to disk first, whole, and only then logged, so that no store that fails loses a result.

A run that waits to be logged is a folder of plain files in `mlruns-pending` of the working directory:

```
run.json     name, tags, parameters, metrics, data set, times; once the store has made it, its id
artifacts/   what it holds
model/       its MLflow model, of a training
children/    00/, 01/, ...: the same for each run under it
```

Logging it takes the folder away. Whatever was logged before is the same when it is logged again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pamrx.errors import StoreError
from pamrx.outputs import TEMPORARY, draft_folder

from pamrx_training.evaluation.labels import plain
from pamrx_training.tracking.names import NOTE, finite
from pamrx_training.tracking.notes import note_of
from pamrx_training.tracking.provenance import standard_tags
from pamrx_training.tracking.records import Run
from pamrx_training.tracking.store import (
    StoreFailure,
    alone,
    brief,
    experiment_of,
    one_line,
    open_client,
    storing,
    tracking_uri,
    without_password,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

log = logging.getLogger(__name__)

PENDING = "mlruns-pending"
RUN, FILES, MODEL, CHILDREN = "run.json", "artifacts", "model", "children"
PARENT, COLOUR = "mlflow.parentRunId", "mlflow.runColor"
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#8c8c8c", "#d55e00", "#4d3c99")
"""Of the runs under one run, in their order: MLflow's own go by the id of a run, and two may be the same."""

METRICS_AT_ONCE, PARAMETERS_AT_ONCE = 1000, 100
"""What `MlflowClient.log_batch` takes in one call."""

LONGEST_VALUE, DIGEST = 500, 12

MODEL_TAGS = ("bundle_fingerprint", "data_fingerprint")
"""Of the run, told of its model too."""


def log_run(run: Run, consolation: str = "") -> str | None:
    """Log a run and those under it; gives its id.

    Where the store cannot be reached, or fails on the way, the run stays in `mlruns-pending`, one warning in the log
    says so and ends in `consolation`, and the result is None: a failure of tracking never loses finished work.
    """
    try:
        kept = keep(run)
    except OSError as error:
        log.warning(f"run '{run.name}' was not logged: it cannot be written to disk ({one_line(error)}){consolation}")
        return None
    started, uri = time.perf_counter(), tracking_uri()
    told = f"MLflow at {without_password(uri)}"
    with alone(_lock(kept)):
        try:
            run_id = _log_kept(kept, uri)
        except (StoreFailure, OSError) as error:
            part = "the run is incomplete" if "run_id" in _content(kept) else "nothing was logged"
            log.warning(
                f"{told}: {part} ({one_line(error)}); it is kept in {_shown(kept)}, and `pamrx runs sync` "
                f"logs it later{consolation}"
            )
            return None
    _tidy(kept.parent)
    many = f" with {len(run.children)} under it" if run.children else ""
    log.info(f"{told}: logged run '{run.name}'{many} in {time.perf_counter() - started:.0f} s")
    return run_id


def add_metrics(run_id: str, metrics: Mapping[str, float]) -> None:
    """Add to a run that is finished; a store that fails costs one warning in the log."""
    from mlflow.entities import Metric

    uri = tracking_uri()
    try:
        with brief(), storing():
            now = int(time.time() * 1000)
            known = [Metric(name, value, now, 0) for name, value in finite(metrics).items()]
            open_client(uri).log_batch(run_id, metrics=known)
    except StoreFailure as error:
        log.warning(f"MLflow at {without_password(uri)}: the last metrics were not logged ({error})")


def run_exists(run_id: str) -> bool:
    """Whether the store has this run, and not as a deleted one; False where it does not answer."""
    try:
        with brief(), storing():
            found = open_client(tracking_uri()).get_run(run_id)
    except StoreFailure:
        return False
    return bool(found.info.lifecycle_stage == "active")


def keep(run: Run) -> Path:
    """Write the run to the folder of those that wait; whole or not at all. Gives its own folder there.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    pending = pending_folder()
    pending.mkdir(parents=True, exist_ok=True)
    # A name that begins with a dot is not looked at by a sync.
    unfinished = draft_folder(pending / "run")
    try:
        _write(run, unfinished)
        stem = re.sub(r"[^\w.-]+", "-", run.name).strip("-.") or "run"
        kept = pending / f"{stem[:60]}-{unfinished.name.removeprefix(TEMPORARY)}"
        os.replace(unfinished, kept)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        _tidy(pending)
        raise
    return kept


def sync(folder: Path | None = None) -> int:
    """Log what waits in `folder` (by default `mlruns-pending` of the working directory); gives how many still wait.

    Raises
    ------
    StoreError
        If the folder named is not there, or the store does not answer.
    """
    pending = folder or pending_folder()
    if folder is not None and not folder.is_dir():
        raise StoreError(f"{folder}: no such folder; expected one named {PENDING}")
    waiting = sorted(path.parent for path in pending.glob(f"*/{RUN}") if not path.parent.name.startswith("."))
    if not waiting:
        log.info(f"nothing waits in {pending}")
        return 0
    uri, left = tracking_uri(), 0
    told = f"MLflow at {without_password(uri)}"
    for kept in waiting:
        with alone(_lock(kept), wait=False) as ours:
            if not ours:
                log.info(f"{kept.name}: another process is logging it")
                left += 1
                continue
            if not (kept / RUN).exists():
                continue
            name = _content(kept)["name"]
            try:
                run_id = _log_kept(kept, uri)
            except (StoreFailure, OSError) as error:
                raise StoreError(f"{told}: {one_line(error)}; {kept.name} still waits in {pending}") from None
            log.info(f"{told}: logged run '{name}' ({run_id})")
    _tidy(pending)
    return left


def pending_folder() -> Path:
    """`mlruns-pending` of the working directory, or of the data cache where that cannot be written."""
    here = Path.cwd()
    if os.access(here, os.W_OK | os.X_OK):
        return here / PENDING
    from pamrx_training.datasets import cache_folder

    return cache_folder() / PENDING


def _write(run: Run, folder: Path, above: Mapping[str, str] | None = None) -> None:
    """`above` holds tags that the run has from the one above it; `study` is that one's name."""
    started = run.started or time.time()
    if run.files is not None:
        (folder / FILES).mkdir()
        run.files(folder / FILES)
    if run.model is not None:
        run.model(folder / MODEL)
    for number, child in enumerate(run.children):
        inner = folder / CHILDREN / f"{number:02}"
        inner.mkdir(parents=True)
        colour = {COLOUR: COLOURS[number]} if number < len(COLOURS) else {}
        _write(child, inner, {"study": run.name, **colour})
    above = above or {}
    tags = {NOTE: note_of(run, above.get("study")), **above, **run.tags}
    content = {
        "name": run.name,
        "tags": {**standard_tags(run.data.fingerprint), **{key: str(value) for key, value in tags.items()}},
        "parameters": {
            **{plain(key): str(value)[:LONGEST_VALUE] for key, value in _flat(run.parameters)},
            "data_fingerprint": run.data.fingerprint,
        },
        "metrics": finite({name: float(value) for name, value in run.metrics.items()}),
        "data": {
            "fingerprint": run.data.fingerprint,
            "profile": dict(run.data.profile),
            "context": run.data.context,
        },
        "started": int(started * 1000),
        "ended": int(time.time() * 1000),
    }
    _put(folder, content)


def _log_kept(kept: Path, uri: str) -> str:
    """Log the folder and take it away.

    Raises
    ------
    StoreFailure
        If the store fails; the folder then stays, and knows which runs the store has made.
    """
    with brief(), storing():
        client = open_client(uri)
        run_id = _log(client, kept, experiment_of(client, uri))
    shutil.rmtree(kept)
    return run_id


def _log(client: MlflowClient, folder: Path, experiment: str, parent: str | None = None) -> str:
    content = _content(folder)
    run_id = _begun(client, content, experiment, parent)
    if run_id != content.get("run_id"):
        content.pop("model_id", None)  # another store's
    _put(folder, {**content, "run_id": run_id})
    with _finished(client, run_id, content["ended"]):
        _log_content(client, run_id, content)
        if (folder / FILES).is_dir():
            client.log_artifacts(run_id, str(folder / FILES))
        if (folder / MODEL).is_dir():
            _log_model(client, run_id, folder, experiment)
        for child in sorted((folder / CHILDREN).glob("*")):
            _log(client, child, experiment, run_id)
    return run_id


def _begun(client: MlflowClient, content: Mapping[str, Any], experiment: str, parent: str | None) -> str:
    """The run that was begun before, where this store knows it, or else a new one."""
    from mlflow.exceptions import MlflowException

    before = content.get("run_id")
    if before is not None:
        try:
            found = client.get_run(before)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
        else:
            if found.info.lifecycle_stage == "active":
                if parent is not None:
                    client.set_tag(before, PARENT, parent)
                return str(before)
    tags = content["tags"] | ({} if parent is None else {PARENT: parent})
    run = client.create_run(experiment, start_time=content["started"], tags=tags, run_name=content["name"])
    return str(run.info.run_id)


@contextlib.contextmanager
def _finished(client: MlflowClient, run_id: str, ended: int) -> Iterator[None]:
    """Close the run, as failed where something goes wrong."""
    try:
        yield
    except BaseException as error:
        # The store may be what failed; the first error is the one to tell.
        with contextlib.suppress(Exception):
            client.set_terminated(run_id, "FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    client.set_terminated(run_id, "FINISHED", ended)


def _log_content(client: MlflowClient, run_id: str, content: Mapping[str, Any]) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

    listed = [Param(key, value) for key, value in content["parameters"].items()]
    for start in range(0, len(listed), PARAMETERS_AT_ONCE):
        client.log_batch(run_id, params=listed[start : start + PARAMETERS_AT_ONCE])
    data = content["data"]
    source = {"tags": {"module": "pamrx_training.datasets", "data_fingerprint": data["fingerprint"]}}
    dataset = Dataset(
        name="GDSC, PI3K/AKT/mTOR axis",
        digest=data["fingerprint"][:DIGEST],
        source_type="code",
        source=json.dumps(source),
        profile=json.dumps(data["profile"]),
    )
    _log_data_set(client, run_id, DatasetInput(dataset, [InputTag("mlflow.data.context", data["context"])]))
    # With the time at which the run was written, a metric that is logged again is the same and not a second value.
    known = [Metric(name, value, content["ended"], 0) for name, value in content["metrics"].items()]
    for start in range(0, len(known), METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=known[start : start + METRICS_AT_ONCE])


def _log_data_set(client: MlflowClient, run_id: str, given: DatasetInput) -> None:
    """Twice where need be: MLflow looks for the data set and then adds it, and another training may add it between."""
    from mlflow.exceptions import MlflowException

    try:
        client.log_inputs(run_id, [given])
    except MlflowException:
        client.log_inputs(run_id, [given])


def _log_model(client: MlflowClient, run_id: str, folder: Path, experiment: str) -> None:
    """As a model of its own beside the run, begun once."""
    from mlflow.entities import LoggedModelOutput

    content = _content(folder)
    if "model_id" not in content:
        name = re.sub(r"[^\w-]", "_", content["name"])
        tags = {key: content["tags"][key] for key in MODEL_TAGS if key in content["tags"]}
        made = client.create_logged_model(experiment, name, source_run_id=run_id, tags=tags, model_type="bundle")
        content["model_id"] = made.model_id
        _put(folder, content)
    client.log_model_artifacts(content["model_id"], str(folder / MODEL))
    client.finalize_logged_model(content["model_id"], "READY")
    client.log_outputs(run_id, [LoggedModelOutput(content["model_id"], 0)])


def _flat(parameters: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _content(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / RUN).read_text(encoding="utf-8"))
    return content


def _put(folder: Path, content: Mapping[str, Any]) -> None:
    unfinished = folder / f".{RUN}"
    unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(unfinished, folder / RUN)


def _lock(kept: Path) -> Path:
    return kept.with_name(f".{kept.name}.lock")


def _tidy(pending: Path) -> None:
    """Take the folder of waiting runs away where none waits."""
    with contextlib.suppress(OSError):
        pending.rmdir()


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
