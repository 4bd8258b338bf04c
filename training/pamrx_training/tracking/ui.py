"""MLflow's UI on this machine, against the store that runs are logged to."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from pamrx.errors import StoreError, UsageError

from pamrx_training.tracking.store import (
    EXPERIMENT,
    URI_VARIABLE,
    artifact_location,
    brief,
    is_server,
    sqlite_file,
    tracking_uri,
    without_password,
)
from pamrx_training.tracking.views import describe, runs_address

log = logging.getLogger(__name__)

HOST, PORT = "127.0.0.1", 5000
SECONDS_TO_START = 180
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve_ui(port: int = PORT) -> None:
    """Start the UI, log its address when it answers, and stay until it or this process is stopped.

    Where `MLFLOW_TRACKING_URI` names a server, that has its own UI: only its address is logged.

    Raises
    ------
    StoreError
        If there is no store, the port is taken, or MLflow does not start: what it said last.
    """
    uri = tracking_uri()
    if is_server(uri):
        log.info(f"the UI is that of the tracking server: {without_password(uri)}")
        return
    database = sqlite_file(uri)
    if database is not None and not database.exists():
        raise StoreError(
            f"{database}: no MLflow store there; `pamrx train` and `pamrx study` make one in their working directory, "
            f"and {URI_VARIABLE} names another"
        )
    _check_free(port)
    store = without_password(uri)
    log.info(f"starting the MLflow UI on {store} (half a minute)")
    with tempfile.NamedTemporaryFile("w+", prefix="pamrx-ui-", suffix=".log") as output:
        server = subprocess.Popen(ui_command(uri, port), stdout=output, stderr=output, start_new_session=True)
        # The server, in a group of its own, does not hear of a terminal that is closed. And a Ctrl-C reaches Python no
        # more once MLflow is imported, unless it is asked for again.
        before = {number: signal.signal(number, _stopped) for number in ENDS}
        try:
            _wait(server, port, Path(output.name))
            log.info(f"MLflow UI: http://{HOST}:{port} (Ctrl-C stops it)")
            _log_addresses(f"http://{HOST}:{port}", uri)
            code = server.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            _end(server)
        raise StoreError(f"the MLflow UI ended with code {code} ({_last_line(Path(output.name))})")


def ui_command(uri: str, port: int) -> list[str]:
    """MLflow's server for one user of this machine."""
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    root = artifact_location(uri)
    if root is not None:
        command += ["--default-artifact-root", root]
    return [*command, "--host", HOST, "--port", str(port), "--workers", "1"]


def _log_addresses(root: str, uri: str) -> None:
    """The addresses of the candidates side by side; nothing where nothing was logged."""
    from mlflow import MlflowClient

    with brief(), contextlib.suppress(Exception):
        client = MlflowClient(tracking_uri=uri)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        if experiment is None:
            return
        describe(client, str(experiment.experiment_id))
        log.info(f"candidates as a table: {runs_address(root, experiment.experiment_id)}")
        log.info(f"candidates as charts:  {runs_address(root, experiment.experiment_id, charts=True)}")


def _check_free(port: int) -> None:
    try:
        with socket.create_server((HOST, port)):
            pass
    except OverflowError:
        raise UsageError(f"--port {port}: expected 1 to 65535") from None
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"cannot listen on {HOST} port {port} ({why}); name another with --port") from None


def _wait(server: subprocess.Popen[bytes], port: int, output: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        if server.poll() is not None:
            raise StoreError(f"the MLflow UI did not start ({_last_line(output)})")
        try:
            with urlopen(f"http://{HOST}:{port}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise StoreError(f"the MLflow UI did not answer within {SECONDS_TO_START} s ({_last_line(output)})")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server with its workers, which have a process group of their own."""
    for what, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        try:
            os.killpg(server.pid, what)
            server.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _last_line(output: Path) -> str:
    lines = [line.strip() for line in output.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"
