"""Stores that fail, and several processes at one store: no run is lost, and none is logged twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pamrx.errors import PamrxError
from pamrx_training.tracking import DataSet, Run, log_run, sync
from pamrx_training.tracking.runs import keep
from pamrx_training.tracking.store import alone

from tests.commands import pamrx

pytestmark = pytest.mark.medium

ROOT = Path(__file__).resolve().parents[3]
DATA = DataSet("cd" * 32, {"lines": 3})


def files(folder: Path) -> None:
    (folder / "evaluation").mkdir()
    (folder / "evaluation" / "per_assay.csv").write_text("assay,pearson\n")


def study(name: str = "study") -> Run:
    child = Run("candidate", DATA, {"lco_pearson": 0.5, "unknown": float("nan")}, {"seed": 7}, files=files)
    return Run(name, DATA, {"seconds": 2.0}, {"inner": {"deep": 1}}, {"kind": "study"}, files, [child])


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


class Server:
    """A real `mlflow server` with a SQL store and an artifact folder that it serves."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        self.command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--workers", "1"]
        self.command += ["--artifacts-destination", str(folder / "served")]
        self.folder = folder

    def start(self) -> None:
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        answers(f"{self.uri}/health", self.process)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def answers(address: str, process: subprocess.Popen[str], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, "it ended"
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"{address} does not answer")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    if server.process.poll() is None:
        server.kill()


@pytest.mark.slow
def test_a_server_killed_in_the_middle_loses_nothing(
    server: Server, work: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    """It dies when the parent is logged and the child's artifacts are not; a sync completes the same two runs."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    log_artifacts, calls = MlflowClient.log_artifacts, []

    def killing(self: MlflowClient, run_id: str, *given: object) -> None:
        calls.append(run_id)
        if len(calls) == 2:
            server.kill()
        log_artifacts(self, run_id, *given)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_artifacts", killing)
        assert log_run(study(), "; the bundle is in X") is None
    (kept,) = (work / "mlruns-pending").iterdir()
    assert len(said) == 1
    assert "\n" not in said[0]
    assert "the run is incomplete (the server does not answer" in said[0]
    assert f"kept in mlruns-pending/{kept.name}" in said[0]
    assert said[0].endswith("; the bundle is in X")
    assert json.loads((kept / "children" / "00" / "run.json").read_text())["metrics"] == {"lco_pearson": 0.5}
    with pytest.raises(PamrxError, match=r"does not answer.*still waits"):
        sync()
    server.start()
    assert sync() == 0
    assert not (work / "mlruns-pending").exists()
    assert list(work.iterdir()) == []
    client = MlflowClient(tracking_uri=server.uri)
    runs = client.search_runs([client.get_experiment_by_name("pamrx").experiment_id])
    assert sorted((run.info.run_name, run.info.status) for run in runs) == [
        ("candidate", "FINISHED"),
        ("study", "FINISHED"),
    ]
    assert {run.info.run_id for run in runs} == set(calls), "the runs that were begun were gone on with"
    (child,) = (run for run in runs if run.info.run_name == "candidate")
    (parent,) = (run for run in runs if run.info.run_name == "study")
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert parent.data.params == {"inner.deep": "1", "data_fingerprint": "cd" * 32}
    assert child.data.metrics == {"lco_pearson": 0.5}
    assert len(client.get_metric_history(child.info.run_id, "lco_pearson")) == 1
    assert [one.path for one in client.list_artifacts(child.info.run_id, "evaluation")] == ["evaluation/per_assay.csv"]


LOGS = """
import sys
from pathlib import Path
from pamrx_training.tracking import DataSet, Run, log_run
from pamrx_training.cli.log_lines import show_log
show_log()
print("ready", flush=True)
sys.stdin.readline()
for number in range(3):
    run = Run(f"{sys.argv[1]} {number}", DataSet("cd" * 32), {f"lco_pearson.{n}": 0.5 for n in range(300)})
    assert log_run(run) is not None
"""


@pytest.mark.slow
def test_two_trainings_at_once_share_a_fresh_store(work: Path) -> None:
    """Neither what a killed process left of its store nor its lock file is in the way."""
    (work / ".mlflow.db.new").write_text("half a store")
    (work / "mlflow.db.lock").write_text("")
    command = [sys.executable, "-c", LOGS]
    environment = dict(os.environ)
    both = [
        subprocess.Popen(
            [*command, name], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for name in ("first", "second")
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == b"ready\n"
    said = []
    for one in both:
        assert one.stdin is not None
        one.stdin.write(b"\n")
        one.stdin.flush()
    for one in both:
        out, _ = one.communicate(timeout=180)
        assert one.returncode == 0, out.decode()
        said.append(out.decode())
    assert sum("making the MLflow store" in text for text in said) == 1, "it is migrated once"
    assert not any("warning" in text for text in said), said
    assert [path.name for path in work.iterdir()] == ["mlflow.db"]
    client = MlflowClient(tracking_uri=f"sqlite:///{work / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("pamrx").experiment_id])
    assert sorted(run.info.run_name for run in runs) == [
        f"{name} {n}" for name in ("first", "second") for n in range(3)
    ]
    assert {len(run.data.metrics) for run in runs} == {300}


def test_a_data_set_that_another_training_adds_at_the_same_moment_is_shared(
    mlflow_store: Path, work: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow looks for it and then adds it; what the other added between makes the adding fail."""
    shutil.copy(mlflow_store, work)
    real, calls = MlflowClient.log_inputs, []

    def too_late(client: MlflowClient, *given: Any) -> None:
        calls.append(given)
        if len(calls) == 1:
            raise MlflowException("UNIQUE constraint failed: datasets.experiment_id, datasets.name, datasets.digest")
        real(client, *given)

    monkeypatch.setattr(MlflowClient, "log_inputs", too_late)
    run_id = log_run(Run("second", DATA, {"seconds": 2.0}))
    assert run_id is not None, said
    run = MlflowClient(tracking_uri=f"sqlite:///{work / 'mlflow.db'}").get_run(run_id)
    assert [entry.dataset.digest for entry in run.inputs.dataset_inputs] == [DATA.fingerprint[:12]]
    assert run.info.status == "FINISHED"


def test_a_lock_is_held_by_one_and_given_back(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with alone(lock) as ours, alone(lock, wait=False) as theirs:
        assert (ours, theirs) == (True, False)
    with alone(lock, wait=False) as ours:
        assert ours
    assert not lock.exists()


def test_a_run_that_another_process_logs_is_left_to_it(work: Path, said: list[str]) -> None:
    kept = keep(Run("mine", DATA))
    with alone(kept.with_name(f".{kept.name}.lock")):
        assert sync() == 1
    assert "another process is logging it" in said[0]
    assert (kept / "run.json").exists()


def test_a_run_begun_in_one_store_is_a_new_one_in_another(mlflow_store: Path, work: Path) -> None:
    shutil.copy(mlflow_store, work)
    kept = keep(study())
    content = json.loads((kept / "run.json").read_text())
    (kept / "run.json").write_text(json.dumps(content | {"run_id": "0" * 32}))
    assert sync() == 0
    client = MlflowClient(tracking_uri=f"sqlite:///{work / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("pamrx").experiment_id])
    assert len(runs) == 2
    assert "0" * 32 not in {run.info.run_id for run in runs}


def test_a_run_that_cannot_be_written_leaves_nothing_and_costs_one_line(work: Path, said: list[str]) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    assert log_run(Run("big", DATA, files=full)) is None
    assert said[0].startswith("warning: run 'big' was not logged")
    assert "No space left" in said[0]
    assert list(work.iterdir()) == []


def test_nothing_to_sync_is_said_and_a_wrong_folder_is_an_error(work: Path, said: list[str]) -> None:
    assert sync() == 0
    assert said == [f"nothing waits in {work / 'mlruns-pending'}"]
    with pytest.raises(PamrxError, match="no such folder"):
        sync(work / "none")


@pytest.mark.slow
def test_the_ui_says_its_address_and_ends_with_its_command(work: Path) -> None:
    assert log_run(study("shown")) is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        taken = started("ui", "--port", str(port))
        _, told = taken.communicate(timeout=120)
        assert taken.returncode == 2
        assert b"cannot listen on 127.0.0.1" in told
        assert told.count(b"\n") == 1
    process = started("ui", "--port", str(port))
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(2)]
        assert lines[0].startswith("starting")
        assert lines[1].startswith(f"MLflow UI: http://127.0.0.1:{port} ")
        client = MlflowClient(tracking_uri=f"http://127.0.0.1:{port}")
        experiment = client.get_experiment_by_name("pamrx")
        runs = client.search_runs([experiment.experiment_id])
        assert {run.info.run_name for run in runs} == {"shown", "candidate"}
        path = f"get-artifact?path=evaluation/per_assay.csv&run_uuid={runs[0].info.run_id}"
        with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as artifact:
            assert artifact.read() == b"assay,pearson\n"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    with socket.create_server(("127.0.0.1", port)):
        # Python ends by the signal itself where that came while a module's text was run, whatever is made of it later.
        assert process.returncode in (130, -signal.SIGINT), "nothing of it listens any more"


def test_the_ui_needs_a_store_and_a_server_is_its_own(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = pamrx("ui")
    assert told.returncode == 2
    assert "no MLflow store there" in told.stderr
    assert told.stderr.count("\n") == 1
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@mlflow.example.org")
    told = pamrx("ui")
    assert told.returncode == 0
    assert told.stdout == "the UI is that of the tracking server: https://***@mlflow.example.org\n"


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pamrx", *arguments],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
