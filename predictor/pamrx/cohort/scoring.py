"""Scoring a cohort: every part that is not finished yet, here or in several processes, and then the end."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pamrx.bundle.bundle import Bundle, load_bundle
from pamrx.bundle.lab_file import digest_of
from pamrx.cohort.allocation import keep_freed_memory
from pamrx.cohort.chunks import Chunk, Cohort
from pamrx.cohort.dask_executor import on_dask
from pamrx.cohort.memory import PER_PROCESS, check_fits
from pamrx.cohort.options import Options
from pamrx.cohort.platform import platform_notes
from pamrx.cohort.progress import Progress
from pamrx.cohort.summary import write_summary
from pamrx.cohort.tasks import score_chunk, score_task
from pamrx.cohort.writer import Output
from pamrx.errors import InputError
from pamrx.prediction.intervals import check_coverage
from pamrx.prediction.predictions import chosen_assays

_log = logging.getLogger(__name__)

Counts = dict[str, int]
Work = Callable[[Cohort, Path, Sequence[Sequence[Chunk]], Options], Iterator[None]]
"""Does all tasks, and comes back now and then for a look at what is finished."""

COUNTS = ("samples", "scored", "rejected", "flagged", "predictions")
LOOK_SECONDS = 0.5

SAMPLES_TO_BEGIN = 5000
"""Samples without explanations that a process scores in the time that another takes to begin."""


def score(
    cohort: Cohort,
    folder: Path,
    bundle_folder: Path | None,
    options: Options,
    memory: int = 2_000_000_000,
    jobs: int | None = None,
    dask: str | None = None,
    calibration: Path | None = None,
) -> Counts:
    """Score every part of the cohort into `folder`; gives the counts of samples scored, rejected and flagged.

    How far it is is logged at level INFO.

    Parameters
    ----------
    bundle_folder : of the bundle; None for the released one.
    memory : bytes that all processes together may take.
    jobs : processes; by default as many as there are cores, `memory` allows and the size of the cohort is worth.
    dask : address of a scheduler, or `local`, in place of `jobs`.
    calibration : file of the laboratory's offsets, as `pamrx calibrate` writes it.

    Raises
    ------
    PamrxError
        For a drug or coverage that the bundle does not know, a folder that cannot be written or was begun otherwise,
        too little memory, or with `strict` the first sample that cannot be used. What is finished stays.
    """
    check_coverage(options.coverage)
    bundle = load_bundle(bundle_folder)
    if calibration is not None:
        options = replace(options, offsets=bundle.read_offsets(calibration))
    if options.offsets is not None:
        bundle = bundle.calibrated(options.offsets)
    chosen_assays(bundle.model.assays_, options.drugs)
    processes = _processes(memory, cohort.memory, jobs or _useful(cohort, options, dask))
    output = Output(folder, _asked(cohort, bundle, options))
    try:
        if output.finished:
            _log.info("%s: all done before", folder)
            return output.counts()
        work = _work(bundle, bundle_folder, processes, dask)
        counts = _all_parts(cohort.narrowed(bundle.builder.genes_read()), output, options, work)
        if options.summary is not None:
            unfinished = output.unfinished("summary.csv")
            write_summary(folder, unfinished)
            os.replace(unfinished, folder / "summary.csv")
        for note in platform_notes(cohort, bundle, folder):
            _log.warning(note)
        output.finish(counts)
        return counts
    finally:
        output.close()


def _asked(cohort: Cohort, bundle: Bundle, options: Options) -> dict[str, object]:
    return {
        "bundle": f"{bundle.manifest['name']} {bundle.manifest['fingerprint']}",
        "options": {
            "coverage": options.coverage,
            "drugs": None if options.drugs is None else ", ".join(options.drugs),
            "explain": options.explain,
            "summary": options.summary,
            **({} if options.offsets is None else {"calibrate": digest_of(options.offsets)}),
        },
        "cohort": cohort.files,
        "read as": list(cohort.told),
    }


def _all_parts(cohort: Cohort, output: Output, options: Options, work: Work) -> Counts:
    tasks, done = cohort.tasks(), output.done()
    left = [[part for part in task if part.number not in done] for task in tasks]
    left = [task for task in left if task]
    everything = sum(part.size for task in tasks for part in task)
    total = dict.fromkeys(COUNTS, 0)
    for counts in done.values():
        total = _sum(total, counts)
    if done:
        _log.info("%s of %s samples were scored before; going on", f"{total['samples']:,}", f"{everything:,}")
    with Progress(everything, total["samples"]) as progress:
        for _ in work(cohort, output.folder, left, options):
            for number, counts in output.done(done).items():
                done[number], total = counts, _sum(total, counts)
                progress.advance(counts["samples"])
    return total


def _work(bundle: Bundle, bundle_folder: Path | None, processes: int, dask: str | None) -> Work:
    if dask is not None:
        return on_dask(dask, bundle_folder, processes)
    if processes == 1:
        return partial(_here, bundle)
    return partial(_in_processes, bundle_folder, processes)


def _here(
    bundle: Bundle, cohort: Cohort, folder: Path, tasks: Sequence[Sequence[Chunk]], options: Options
) -> Iterator[None]:
    keep_freed_memory()
    for task in tasks:
        for part, read in cohort.read(task):
            score_chunk(bundle, part, read, options, folder)
            yield


def _in_processes(
    bundle_folder: Path | None,
    processes: int,
    cohort: Cohort,
    folder: Path,
    tasks: Sequence[Sequence[Chunk]],
    options: Options,
) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, _begin, (cohort, bundle_folder, options, folder))
    try:
        running = {pool.submit(_task_of_worker, task) for task in tasks}
        while running:
            finished, running = wait(running, LOOK_SECONDS, FIRST_COMPLETED)
            for future in finished:
                future.result()
            yield
    except BrokenProcessPool:
        raise InputError(
            "a process of the run was ended from outside, perhaps for want of memory; what is finished stays: run the "
            "same command again, with a smaller --memory or --jobs 1"
        ) from None
    except (SystemExit, GeneratorExit):  # asked to end: a part may take longer than a scheduler waits
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_WORKER: dict[str, Any] = {}


def _begin(cohort: Cohort, bundle_folder: Path | None, options: Options, folder: Path) -> None:
    keep_freed_memory()
    _WORKER.update(cohort=cohort, bundle=options.bundle_from(bundle_folder), options=options, folder=folder)


def _task_of_worker(task: Sequence[Chunk]) -> None:
    score_task(task=task, **_WORKER)


def _useful(cohort: Cohort, options: Options, dask: str | None) -> int:
    """One process per core, but no more than are done before one alone would be."""
    cores = os.cpu_count() or 1
    if dask is not None or options.explain:
        return cores
    samples = sum(part.size for task in cohort.tasks() for part in task)
    return max(1, min(cores, samples // SAMPLES_TO_BEGIN))


def _processes(memory: int, held: int, jobs: int) -> int:
    check_fits(memory, held, "Parquet files of about 10,000 samples in row groups of 1,000 need less")
    return max(1, min(jobs, memory // (PER_PROCESS + held)))


def _sum(one: Counts, other: Counts) -> Counts:
    return {name: one[name] + other[name] for name in one}
