"""What scoring a cohort costs, as ratios measured in one run.

`python benchmarks/batch.py --cache FOLDER`, from a checkout. Profiles are resampled from real training lines, with all
genes, all drugs and intervals. Every command runs in a process of its own on one core, so that its memory is its own.

floor : reading the same file with pyarrow, plus LightGBM's own `predict` on ready matrices of our trees.
single-drug LightGBM : 500 trees of 31 leaves on the raw columns, times the number of assays.
contributions : `SensitivityModel.contributions` of one drug against LightGBM's `pred_contrib`, same trees and rows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import lightgbm as lgb
import numpy as np
import pyarrow.parquet as pq
import typer
from threadpoolctl import threadpool_limits

from benchmarks.cohort import write_cohort
from predictor.batch import Options, open_cohort, score
from predictor.batch.work import ROWS_AT_ONCE
from predictor.bundle import Bundle, load_bundle
from training.loading import load_cohort

TREES, LEAVES = 500, 31
TRIES = 3


def main(
    cache: Annotated[Path | None, typer.Option(help="Folder of the fetched data.")] = None,
    small: Annotated[int, typer.Option(help="Samples of the smaller cohort.")] = 1000,
    large: Annotated[int, typer.Option(help="Samples of the larger one.")] = 10000,
) -> None:
    """Print the table."""
    os.environ["OMP_NUM_THREADS"] = "1"
    cohort, _ = load_cohort(cache, report=lambda _: None)
    bundle = load_bundle()
    with tempfile.TemporaryDirectory(prefix="pamrx-bench-") as scratch:
        folder = Path(scratch)
        files = {n: folder / f"{n}.parquet" for n in (small, large)}
        for n, path in files.items():
            write_cohort(cohort.profiles, n, path)
        with threadpool_limits(1):
            _speed(bundle, files[small], small, folder)
        _scale(files, folder)
        _dask(files[large], folder, large)


def _speed(bundle: Bundle, path: Path, n: int, folder: Path) -> None:
    opened = open_cohort(path)
    _, read = next(opened.read(opened.tasks()[0]))
    assert read.profiles is not None
    features = bundle.builder.transform(read.profiles)
    model = bundle.model
    values = np.take(model._values(features), model._boosted_places(), axis=1)
    reading = best(lambda: pq.read_table(path, use_threads=False)) / n
    trees = best(lambda: model.boosted_.predict(values)) / len(values)
    plain = best(lambda: score(opened, fresh(folder / "out"), None, Options(), jobs=1, report=str), 2) / n
    single = _single_drug(features.to_numpy()) / len(features)
    print(f"end to end                      {1e3 * plain:7.3f} ms a sample, {1 / plain:,.0f} samples/s")
    print(f"floor: reading                  {1e3 * reading:7.3f} ms a sample")
    print(f"floor: LightGBM on our trees    {1e3 * trees:7.3f} ms a sample ({len(model.boosted_.boosters)} boosters)")
    print(f"end to end / floor              {plain / (reading + trees):7.2f}   (wanted: 1.5)")
    many = single * len(model.assays_)
    told = f"single-drug LightGBM x {len(model.assays_)}"
    print(f"{told:31} {1e3 * many:7.3f} ms a sample; ours / that {plain / many:.2f}")
    part = features.iloc[:ROWS_AT_ONCE]
    own = best(lambda: model.contributions(part, ["GDSC2:Alpelisib"]))
    theirs = best(
        lambda: [b.predict(values[: len(part)], pred_contrib=True, num_threads=1) for b in model.boosted_.boosters]
    )
    print(f"contributions / pred_contrib    {own / theirs:7.2f}   on the same trees and {len(part)} rows")


def _single_drug(values: np.ndarray) -> float:
    random = np.random.default_rng(0)
    data = lgb.Dataset(values, random.normal(size=len(values)))
    settings = {"num_leaves": LEAVES, "num_threads": 1, "verbosity": -1, "max_bin": 63, "feature_fraction": 0.1}
    booster = lgb.train(settings, data, TREES)
    return best(lambda: booster.predict(values, num_threads=1))


def _scale(files: dict[int, Path], folder: Path) -> None:
    """A process for each size; imports and the bundle are in both."""
    found = {n: _command(path, fresh(folder / "out"), "--jobs", "1") for n, path in files.items()}
    (small, one), (large, other) = found.items()
    print(f"peak memory                     {one[1]:.2f} GB at {small:,}, {other[1]:.2f} GB at {large:,}: "
          f"{other[1] / one[1]:.2f} times (wanted: 1.2)")  # fmt: skip
    flat = (other[0] - one[0]) / (large - small)
    print(f"each further sample             {1e3 * flat:7.3f} ms ({one[0]:.1f} s, {other[0]:.1f} s)")


def _dask(path: Path, folder: Path, n: int) -> None:
    seconds = {w: _command(path, fresh(folder / "out"), "--dask", "local", "--jobs", str(w), "--memory", "4GB")[0]
               for w in (1, 2)}  # fmt: skip
    print(f"Dask, 2 processes over 1        {seconds[1] / seconds[2]:7.2f} times as fast (wanted: 1.6; {n:,} samples)")


def _command(path: Path, out: Path, *options: str) -> tuple[float, float]:
    """Seconds, and gigabytes at the height of the largest process."""
    code = (
        "import resource, subprocess, sys, time; started = time.perf_counter(); "
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6)"
    )
    command = [sys.executable, "-c", code, sys.executable, "-m", "predictor.cli", "score", str(path), "-o", str(out)]
    told = subprocess.run([*command, *options], check=True, capture_output=True, text=True).stdout.split()
    return float(told[0]), float(told[1])


def best(work: Callable[[], object], tries: int = TRIES) -> float:
    """The shortest of some times, in seconds."""
    times = []
    for _ in range(tries):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

    typer.run(main)
