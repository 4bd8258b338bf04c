"""Cases in forked workers: each takes a batch, and one that hangs or crashes is told from the others."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.child import Limits, Outcome, prepare_child, run_case
from tests.fuzz.entrances import loaded_once, prepare
from tests.fuzz.judge import Fault

Task = tuple[str, int]
"""Kind and seed."""

BATCH = 25
"""Cases of a worker, which then makes place for a new one: what they leave in memory stays small."""

BUSY = 20
"""Times the limit of waiting after which also a process ends that would compute and is not let."""

GROWN = 500
"""Megabytes after which a worker ends."""


@dataclass
class _Worker:
    """A forked process, what it has still to do, and since when it is at the first of that."""

    process: int
    pipe: int
    tasks: deque[Task]
    crashes: Path
    since: float = field(default_factory=time.monotonic)
    buffer: bytes = b""
    stopped: str = ""


def run(tasks: Sequence[Task], limits: Limits | None = None, jobs: int = 1, batch: int = BATCH) -> Iterator[Outcome]:
    """Run cases, and give what became of each as soon as it is known.

    Parameters
    ----------
    jobs : workers at a time.
    batch : cases that a worker does at most.
    """
    limits = limits or Limits()
    prepare(sorted({kind for kind, _ in tasks}))
    left = deque(deque(tasks[start : start + batch]) for start in range(0, len(tasks), batch))
    with tempfile.TemporaryDirectory(prefix="pamrx-fuzz-") as name, selectors.DefaultSelector() as selector:
        running: set[int] = set()
        try:
            while left or running:
                while left and len(running) < jobs:
                    worker = _forked(left.popleft(), Path(name), limits)
                    running.add(worker.process)
                    selector.register(worker.pipe, selectors.EVENT_READ, worker)
                for key, _ in selector.select(timeout=0.5):
                    told, ended = _heard(key.data)
                    yield from told
                    if ended:
                        selector.unregister(key.fd)
                        os.close(key.fd)
                        yield from _buried(key.data, limits)
                        running.discard(key.data.process)
                        if key.data.tasks:
                            left.appendleft(key.data.tasks)
                for key in list(selector.get_map().values()):
                    _stop_late(key.data, limits)
        finally:
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


def _forked(tasks: deque[Task], root: Path, limits: Limits) -> _Worker:
    reading, writing = os.pipe()
    crashes = root / f"crashes-{tasks[0][0]}-{tasks[0][1]}"
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    gc.freeze()  # what is there now is not looked at by the workers, and so not copied
    process = os.fork()
    if process:
        os.close(writing)
        gc.unfreeze()
        return _Worker(process, reading, tasks, crashes)
    code = 1
    try:
        os.close(reading)
        prepare_child(limits, crashes)
        with loaded_once():
            _work(tasks, root, limits, lambda told: _write(writing, told))
        code = 0
    except BaseException:
        with crashes.open("a") as stream:
            traceback.print_exc(file=stream)
    finally:
        os._exit(code)


def _work(tasks: Sequence[Task], root: Path, limits: Limits, tell: Callable[[dict[str, object]], None]) -> None:
    for kind, seed in tasks:
        outcome = run_case(kind, seed, root, limits)
        tell(outcome.told())
        if outcome.faults or outcome.memory > GROWN:
            return  # the next begins in a process that knows nothing of it


def _write(pipe: int, told: dict[str, object]) -> None:
    line = json.dumps(told).encode() + b"\n"
    while line:
        line = line[os.write(pipe, line) :]


def _heard(worker: _Worker) -> tuple[list[Outcome], bool]:
    """The outcomes that came, and whether the worker has ended."""
    part = os.read(worker.pipe, 1 << 16)
    *lines, worker.buffer = (worker.buffer + part).split(b"\n")
    found = [Outcome.of(json.loads(line)) for line in lines]
    for _ in found:
        worker.tasks.popleft()
        worker.since = time.monotonic()
    return found, not part


def _stop_late(worker: _Worker, limits: Limits) -> None:
    """End a worker whose case waits for something that never comes; first so that it says where it is."""
    late = time.monotonic() - worker.since
    if worker.stopped and late > limits.wall + 5:
        os.kill(worker.process, signal.SIGKILL)
    elif late > limits.wall and not worker.stopped and not (late < BUSY * limits.wall and _is_busy(worker.process)):
        worker.stopped = f"{late:.0f} s of waiting"
        os.kill(worker.process, signal.SIGXCPU)


def _is_busy(process: int) -> bool:
    """Whether a process computes, or would if the machine let it: then its CPU time says when it is enough."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    except OSError:
        return False


def _buried(worker: _Worker, limits: Limits) -> Iterator[Outcome]:
    """What became of the case at which a worker ended, if it did not end by itself."""
    _, status, used = os.wait4(worker.process, 0)
    code = os.waitstatus_to_exitcode(status)
    said = worker.crashes.read_text(errors="replace") if worker.crashes.exists() else ""
    worker.crashes.unlink(missing_ok=True)
    if code == 0:
        return
    kind, seed = worker.tasks.popleft()
    where = _where(said)
    if worker.stopped or code == -signal.SIGXCPU:
        fault = Fault("hang", f"{worker.stopped or f'{limits.cpu} CPU seconds'}, {where}")
    elif code == -signal.SIGKILL:
        fault = Fault("memory", f"killed by the system, {where}")
    else:
        fault = Fault("traceback", f"the process ended with code {code}, {where}")
    yield Outcome(kind, seed, None, (fault,), round(used.ru_utime + used.ru_stime, 3), 0, error=said[:1000])


def _where(said: str) -> str:
    """The innermost line of pamrx in what faulthandler wrote, whose innermost is the first."""
    for line in said.split("\n"):
        for package in ("/pamrx/", "/pamrx_training/"):
            if package in line and "/site-packages/" not in line:
                return f"at {package[1:]}{line.rpartition(package)[2]}".replace('"', "")
    return (said.strip().split("\n") or [""])[-1][:200]
