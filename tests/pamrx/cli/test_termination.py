"""A command that is asked to end takes its unfinished files away, and says by its exit code which signal it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pamrx.cli.termination import SIGNALS, ending_in_order
from pamrx.outputs import TEMPORARY, whole_file

PATIENCE = 120


@pytest.mark.medium
def test_a_process_that_is_ended_leaves_nothing_unfinished(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pamrx", "predict", "--example", "--explain", "e.parquet", "-o", "p.csv"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        began = time.monotonic()
        while not list(tmp_path.glob(f"{TEMPORARY}*")):  # an output has been begun
            assert run.poll() is None
            assert time.monotonic() - began < PATIENCE
            time.sleep(0.005)
        run.send_signal(signal.SIGTERM)
        _, error = run.communicate(timeout=PATIENCE)
    assert run.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in error
    assert {path.name for path in tmp_path.iterdir()} <= {"e.parquet", "p.csv"}


def runs(process: int) -> bool:
    """Whether it is there, and not only to be asked how it ended."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(told.stdout.strip()) and not told.stdout.startswith("Z")


@pytest.mark.slow
def test_workers_end_with_the_command_and_not_with_their_parts(tmp_path: Path) -> None:
    names, levels = [f"S{row}" for row in range(6000)], np.random.default_rng(0).uniform(1, 12, 6000)
    table = pa.table({"sample_id": names, "expression.PTEN": levels, "expression.PIK3CA": levels})
    pq.write_table(table, tmp_path / "c.parquet", row_group_size=1000)
    command = [sys.executable, "-m", "pamrx", "score", "c.parquet", "--output", "out", "--jobs", "2"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        began = time.monotonic()
        while not (tmp_path / "out").exists():
            assert run.poll() is None
            assert time.monotonic() - began < PATIENCE
            time.sleep(0.01)
        time.sleep(1)  # until the workers are there
        told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(run.pid)], capture_output=True, text=True, check=False)
        workers = [int(pid) for pid in told.stdout.split()]
        run.send_signal(signal.SIGTERM)
        assert run.wait(PATIENCE) == 128 + signal.SIGTERM
    assert workers
    ended = time.monotonic()
    while any(map(runs, workers)):  # they outlive it by a moment
        assert time.monotonic() - ended < 10
        time.sleep(0.05)


@pytest.mark.parametrize("number", SIGNALS)
def test_what_is_written_is_taken_away(tmp_path: Path, number: signal.Signals) -> None:
    def write() -> None:
        with ending_in_order(), whole_file(tmp_path / "x.csv") as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), number)

    before = signal.signal(number, signal.SIG_DFL)  # under `nohup` one is ignored
    try:
        with pytest.raises(SystemExit) as end:
            write()
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert end.value.code == 128 + number
    assert not list(tmp_path.iterdir())


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ending_in_order(), whole_file(tmp_path / "x.csv") as temporary:
            os.kill(os.getpid(), signal.SIGTERM)
            temporary.write_text("whole")
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (tmp_path / "x.csv").read_text() == "whole"


def test_a_thread_may_run_a_command() -> None:
    entered = []

    def run() -> None:
        with ending_in_order():
            entered.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert entered == [True]


def test_a_forked_process_ends_at_once(tmp_path: Path) -> None:
    with ending_in_order():
        child = os.fork()
        if not child:
            with whole_file(tmp_path / "x.csv"):
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(PATIENCE)
            os._exit(0)
        _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGTERM
