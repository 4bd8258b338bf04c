"""The parts of a cohort on a Dask cluster whose workers see the cohort, the bundle and the output folder.

A task is a run of parts; the worker that has it writes them itself and gives nothing back, so that neither the
scheduler nor the client holds any result, and the bytes are those of a run without a cluster. The bundle goes to each
worker once, with the plugin that loads it. A task whose worker dies is given to another one, which writes the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pamrx.cohort.allocation import give_back_freed_memory, keep_freed_memory
from pamrx.cohort.chunks import Chunk, Cohort
from pamrx.cohort.cluster import connected, cores_of
from pamrx.cohort.options import Options
from pamrx.cohort.tasks import score_task
from pamrx.errors import InputError

if TYPE_CHECKING:
    from distributed import Client, Worker

_log = logging.getLogger(__name__)

TASKS_PER_THREAD = 2
"""Tasks that wait at each worker's thread: the next one is there when one ends, and the scheduler knows of few."""

LOST_WORKERS = 3
"""A task that ends so many workers is at fault itself."""

LOOK_SECONDS = 0.5
PLUGIN = "pamrx-bundle"


class LoadedBundle:
    """A worker's own copy of what all tasks of a run share."""

    def __init__(self, bundle_folder: Path | None, cohort: Cohort, options: Options, folder: Path) -> None:
        self.name = PLUGIN
        self._told = (bundle_folder, cohort, options, folder)

    def setup(self, worker: Worker) -> None:
        """Load the bundle from the folder, once."""
        keep_freed_memory()
        bundle_folder, cohort, options, folder = self._told
        worker.pamrx_run = {  # type: ignore[attr-defined]
            "bundle": options.bundle_from(bundle_folder), "cohort": cohort, "options": options, "folder": folder,
        }  # fmt: skip

    def teardown(self, worker: Worker) -> None:
        """Leave the worker as it was to whoever has it next."""
        vars(worker).pop("pamrx_run", None)
        give_back_freed_memory()


def on_dask(
    address: str, bundle_folder: Path | None, processes: int
) -> Callable[[Cohort, Path, Sequence[Sequence[Chunk]], Options], Iterator[None]]:
    """What does all tasks of a run on the cluster at `address` (see `pamrx.cohort.cluster.connected`)."""
    return partial(_run, address, bundle_folder, processes)


def _run(
    address: str,
    bundle_folder: Path | None,
    processes: int,
    cohort: Cohort,
    folder: Path,
    tasks: Sequence[Sequence[Chunk]],
    options: Options,
) -> Iterator[None]:
    from distributed import WorkerPlugin

    with connected(address, processes) as client:
        cores = cores_of(client)
        _log.info("scoring on a Dask cluster: %d workers, %d parts at once", len(client.nthreads()), cores)
        plugin = type("LoadedBundlePlugin", (LoadedBundle, WorkerPlugin), {})
        client.register_plugin(plugin(bundle_folder, cohort, options, folder.resolve()), name=PLUGIN)
        # Not as everybody's client: the caller may have one of their own.
        with client.as_current():
            yield from _all(client, tasks, cores)
        client.unregister_worker_plugin(PLUGIN)


def _all(client: Client, tasks: Sequence[Sequence[Chunk]], cores: int) -> Iterator[None]:
    """A few tasks at a time, so that the scheduler's memory does not grow with the cohort."""
    from concurrent.futures import FIRST_COMPLETED

    from distributed import wait
    from distributed.scheduler import KilledWorker

    queue, running, workers = iter(tasks), set(), set(client.nthreads())
    while True:
        for task in queue:
            running.add(client.submit(_task_of_worker, list(task), pure=False, retries=LOST_WORKERS))
            if len(running) >= cores * TASKS_PER_THREAD:
                break
        if not running:
            return
        try:
            finished, running = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
        except TimeoutError:
            finished = set()
        for future in finished:
            try:
                future.result()
            except KilledWorker as error:
                raise InputError(
                    f"the workers that had a part ended one after the other ({error}); see their logs"
                ) from None
        now = set(client.nthreads())
        for lost in sorted(workers - now):
            _log.info("worker %s is gone; its parts go to the others", lost)
        for new in sorted(now - workers):
            _log.info("worker %s has come", new)
        workers = now
        yield


def _task_of_worker(task: Sequence[Chunk]) -> None:
    from distributed import get_worker

    score_task(task=task, **get_worker().pamrx_run)  # type: ignore[attr-defined]
