"""One job = one model on one fold, in a process of its own, kept on disk until anything it depends on changes."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from pamrx.errors import PamrxError

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Job:
    """What one process is asked to do.

    Attributes
    ----------
    model, fold : which.
    command : what to run; the path of the job's file is appended.
    settings : what the worker reads, JSON-able; machine paths among it belong in `places`.
    inputs : digest of all that the result depends on beside `settings`.
    places : what the worker reads that does not change the result (paths).
    """

    model: str
    fold: object
    command: tuple[str, ...]
    settings: dict[str, Any]
    inputs: str
    places: dict[str, str | None] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Digest of everything that the result depends on."""
        content = json.dumps([self.model, str(self.fold), self.settings, self.inputs], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def stem(self) -> str:
        return f"{self.model}-{self.fold}-{self.key}"


@dataclass(frozen=True)
class Result:
    """Predictions (cell_line, assay, predicted) and what they cost."""

    model: str
    fold: object
    predictions: pd.DataFrame
    cost: dict[str, Any]


def run_all(jobs: Sequence[Job], folder: Path, at_once: int, report: Callable[[str], None] = print) -> list[Result]:
    """Run what is not on disk yet, `at_once` processes at a time, each on one core; in the order of `jobs`.

    Raises
    ------
    PamrxError
        If a process fails: which, and the last line that it said. Finished jobs stay on disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting = [job for job in jobs if not done(job, folder)]
    report(f"{len(jobs) - len(waiting)} of {len(jobs)} jobs are on disk; {len(waiting)} to run in {folder}")
    cores: queue.Queue[int | None] = queue.Queue()
    for core in cores_to_use(at_once):
        cores.put(core)

    ended: list[Job] = []
    begun = time.perf_counter()

    def one(job: Job) -> None:
        core = cores.get()
        try:
            started = time.perf_counter()
            run(job, folder, core)
            ended.append(job)
            taken, since = time.perf_counter() - started, time.perf_counter() - begun
            report(
                f"{len(ended)}/{len(waiting)} {job.model} fold {job.fold}: {taken:.0f} s; {since:.0f} s since the start"
            )
        finally:
            cores.put(core)

    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(one, job) for job in waiting]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [read(job, folder) for job in jobs]


def done(job: Job, folder: Path) -> bool:
    """Whether the job's result is on disk: the result file is put there last."""
    return (folder / f"{job.stem}.json").is_file() and (folder / f"{job.stem}.csv").is_file()


def run(job: Job, folder: Path, core: int | None) -> None:
    """Run one job; its files get their names only when it has ended well."""
    parts = {name: folder / f".{job.stem}.{name}" for name in ("job", "predictions", "result", "log")}
    told = {"model": job.model, "fold": job.fold, "cpu": core, **job.settings, **job.places}
    told |= {name: str(parts[name]) for name in ("predictions", "result", "log")}
    parts["job"].write_text(json.dumps(told), encoding="utf-8")
    # Random bits for a drug without structure come from Python's hash: it must not change from run to run.
    environment = os.environ | dict.fromkeys(THREADS, "1") | {"PYTHONHASHSEED": "0", "WANDB_MODE": "disabled"}
    environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    ended = subprocess.run(
        [*job.command, str(parts["job"])], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        said = (ended.stderr.strip().splitlines() or ["no message"])[-1]
        (folder / f"{job.stem}.error.txt").write_text(ended.stderr, encoding="utf-8")
        raise PamrxError(f"{job.model}, fold {job.fold}: ended with {ended.returncode} ({said})")
    os.replace(parts["predictions"], folder / f"{job.stem}.csv")
    os.replace(parts["result"], folder / f"{job.stem}.json")
    for name in ("job", "log"):
        parts[name].unlink(missing_ok=True)


def read(job: Job, folder: Path) -> Result:
    """The result on disk."""
    predictions = pd.read_csv(folder / f"{job.stem}.csv", dtype={"cell_line": str, "assay": str})
    cost = json.loads((folder / f"{job.stem}.json").read_text(encoding="utf-8"))
    return Result(job.model, job.fold, predictions, cost)


def cores_to_use(at_once: int) -> list[int | None]:
    """A core for each process, so that seconds are seconds of one core; None where cores cannot be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return [None] * at_once
    cores = sorted(os.sched_getaffinity(0))
    return [cores[place % len(cores)] for place in range(at_once)]


def digest(files: Iterable[Path], *words: str) -> str:
    """SHA-256 over the words and the names and bytes of the files; the same wherever the folders lie."""
    sha = hashlib.sha256()
    for word in words:
        sha.update(word.encode() + b"\0")
    for file in sorted(files, key=lambda path: (path.name, path.as_posix())):
        sha.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return sha.hexdigest()


def source_digest() -> str:
    """Digest of our own sources, tables and libraries: a change of the model makes its results anew."""
    files = [path for name in ("predictor", "training") for path in (ROOT / name).rglob("*")]
    kept = [path for path in files if path.suffix in {".py", ".csv"} and "examples" not in path.parts]
    kept += [Path(__file__).with_name(name) for name in ("own_worker.py", "export.py")]
    return digest(kept, *(f"{name} {version(name)}" for name in ("lightgbm", "numpy", "pandas", "scikit-learn")))
