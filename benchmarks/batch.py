"""What scoring a cohort costs, as ratios measured in one run.

`python benchmarks/batch.py --cache FOLDER`, from a checkout. Profiles are resampled from real training lines, with all
genes, all drugs and intervals. Commands run in processes of their own, so that their memory is their own. Files are
read once before each time is taken, so that none waits for the disk.

floor : reading the same files with pyarrow, plus LightGBM's own `predict` on ready matrices, of all our trees.
single-drug LightGBM : 500 trees of 31 leaves on the raw columns, times the number of assays.
contributions : `SensitivityModel.contributions` of one drug against LightGBM's `pred_contrib`, same trees and rows.
peers : drevalpy's MultiViewLightGBM, `predict` only, of profiles that are ready in memory (`--peers`, which installs
    it); and a loop over `mlflow.pyfunc` `predict` in batches.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated

import lightgbm as lgb
import numpy as np
import pyarrow.parquet as pq
import typer
from pamrx.bundle.bundle import Bundle, load_bundle, released_bundle
from pamrx.cohort import Options, open_cohort, score
from pamrx.prediction.predictions import predictions_from
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.loading import load_cohort
from threadpoolctl import threadpool_limits

from benchmarks.cohort import write_cohort

TREES, LEAVES = 500, 31
TRIES, ROUNDS = 3, 5
EXPLAINED = 250
BATCH = 100
"""Profiles in one call of `mlflow.pyfunc`."""


def main(
    cache: Annotated[Path | None, typer.Option(help="Folder of the fetched data.")] = None,
    small: Annotated[int, typer.Option(help="Samples of the smallest cohort.")] = 1000,
    middle: Annotated[int, typer.Option(help="Samples of a larger one, against which memory is told.")] = 10_000,
    speed: Annotated[int, typer.Option(help="Samples of the cohort that speed is measured on.")] = 30_000,
    large: Annotated[int, typer.Option(help="Samples of the largest; 0 leaves it out.")] = 100_000,
    peers: Annotated[bool, typer.Option("--peers", help="Also drevalpy, in an environment made for it.")] = False,
) -> None:
    """Print the table."""
    os.environ["OMP_NUM_THREADS"] = "1"
    cohort, _ = load_cohort(cache)
    bundle = load_bundle()
    with tempfile.TemporaryDirectory(prefix="pamrx-bench-") as scratch:
        folder = Path(scratch)
        cohorts = {n: folder / str(n) for n in (small, middle, large) if n}
        for n, path in [(speed, folder / "speed"), *cohorts.items()]:
            write_cohort(cohort.profiles, n, path)
        with threadpool_limits(1):
            end_to_end = _speed(bundle, folder / "speed", speed, folder)
        _both_cores(bundle, folder / "speed", speed, folder)
        _pyfunc(cohorts[small], folder, end_to_end)
        if peers:
            _drevalpy(cohort, cache, folder, end_to_end)
        _scale(cohorts, folder)
        _dask(folder / "speed", folder, speed)
        if large:
            _dask(cohorts[large], folder, large)


def _speed(bundle: Bundle, path: Path, n: int, folder: Path) -> float:
    """One core. Gives the seconds a sample takes end to end."""
    opened = open_cohort(path)
    _, read = next(opened.read(opened.tasks()[0]))
    assert read.profiles is not None
    features = bundle.builder.transform(read.profiles)
    # In turns: a shared machine is faster at one time than at another, so that each is set against the floor beside it.
    rounds = []
    for _ in range(ROUNDS):
        warm(path)
        read_whole = best(lambda: _read(path, threads=False), 1) / n
        on_trees = sum(_trees(model, features.to_numpy(), 1) for model in _models(bundle)) / len(features)
        rounds.append((read_whole, on_trees, best(lambda: _score(path, folder, Options(), 1), 1) / n))
    reading, trees, plain = (median(times) for times in zip(*rounds, strict=True))
    ratios = [scored / (read_whole + on_trees) for read_whole, on_trees, scored in rounds]
    single = _single_drug(features.to_numpy()) / len(features)
    ready = best(lambda: bundle.model.predict(features)) / len(features)
    whole = best(lambda: predictions_from(bundle, features)) / len(features)
    _line("end to end, one core", plain, f"{1 / plain:,.0f} samples/s ({n:,} samples)")
    _line("floor: reading with pyarrow", reading)
    _line("floor: LightGBM on our trees", trees)
    each = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
    print(f"{'end to end / floor':36}{median(ratios):8.2f}      wanted: 1.5; median of {each}")
    _line("features ready: predict", ready)
    _line("features ready: all columns", whole, "intervals, percentiles, evidence and flags")
    assays = len(bundle.model.assays_)
    _line(f"single-drug LightGBM x {assays}", single * assays, f"ours / that {plain / (single * assays):.2f}")
    _contributions(bundle, features.iloc[:EXPLAINED])
    return plain


def _contributions(bundle: Bundle, features: object) -> None:
    model = bundle.model
    places = [model.features_.index(name) for name in model.boosted_.features]
    values = np.take(features.to_numpy(), places, axis=1)  # type: ignore[attr-defined]
    boosters = model.boosted_.boosters
    started = time.perf_counter()
    model.boosted_.contributions(values[:1])
    ready = time.perf_counter() - started
    own = best(lambda: model.contributions(features, ["GDSC2:Alpelisib"]))  # type: ignore[arg-type]
    theirs = best(lambda: [b.predict(values, pred_contrib=True, num_threads=1) for b in boosters])
    found = np.stack([b.predict(values, pred_contrib=True, num_threads=1)[:, :-1] for b in boosters], axis=-1)
    apart = np.abs(model.boosted_.contributions(values) - found).max()
    print(f"{'contributions / pred_contrib':36}{own / theirs:8.2f}      wanted: 1; {len(values)} rows, apart by "
          f"{apart:.0e}, tables made once in {ready:.1f} s")  # fmt: skip


def _both_cores(bundle: Bundle, path: Path, n: int, folder: Path) -> None:
    opened = open_cohort(path)
    _, read = next(opened.read(opened.tasks()[0]))
    assert read.profiles is not None
    values = bundle.builder.transform(read.profiles).to_numpy()
    cores = os.cpu_count() or 1
    warm(path)
    floor = best(lambda: _read(path, threads=True)) / n
    floor += sum(_trees(model, values, cores) for model in _models(bundle)) / len(values)
    seconds = best(lambda: _score(path, folder, Options(), cores), 1) / n
    _line(f"end to end, {cores} processes", seconds, f"{1 / seconds:,.0f} samples/s; over the floor on as many threads "
          f"{seconds / floor:.2f}")  # fmt: skip


def _pyfunc(path: Path, folder: Path, end_to_end: float) -> None:
    """A sample per row, in batches, as `spark_udf` hands them over."""
    import mlflow
    import pandas as pd
    from pamrx_training.serving.model import save_served

    save_served(released_bundle(), folder / "served")
    model = mlflow.pyfunc.load_model(str(folder / "served"))
    table = pq.read_table(sorted(path.iterdir())[0]).slice(0, 4 * BATCH)
    rows = pd.DataFrame(
        {name: table.column(name).to_pylist() for name in ("sample_id", "tissue", "mutations")}
        | {kind: _maps(table, kind) for kind in ("expression", "ncrna", "copy_number")}
    )

    def loop() -> None:
        for start in range(0, len(rows), BATCH):
            model.predict(rows.iloc[start : start + BATCH])

    seconds = best(loop, 2) / len(rows)
    _line(f"mlflow.pyfunc, batches of {BATCH}", seconds, f"that / ours {seconds / end_to_end:.1f}")


def _maps(table: object, kind: str) -> list[dict[str, float]]:
    names = [name for name in table.column_names if name.startswith(f"{kind}.")]  # type: ignore[attr-defined]
    genes = [name.removeprefix(f"{kind}.") for name in names]
    values = np.column_stack([table.column(name).to_numpy() for name in names])  # type: ignore[attr-defined]
    return [dict(zip(genes, row.tolist(), strict=True)) for row in values]


def _drevalpy(cohort: Cohort, cache: Path | None, folder: Path, end_to_end: float) -> None:
    """Its own `predict`, on one core, from profiles in memory: no reading, no intervals."""
    from pamrx_training.fitting.splits import leave_cell_line_out

    from benchmarks.peer_models.environment import peer_python
    from benchmarks.peer_models.export import export, read_smiles
    from benchmarks.peers import PEERS_FOLDER, cache_folder, fingerprints

    python = peer_python(cache_folder(cache, make=True) / PEERS_FOLDER)
    folds = leave_cell_line_out(cohort, 5, 0)
    place = export(cohort, folds, [folds.iloc[0]], folder / "split", read_smiles(cohort, cache))[0]
    fingerprints(python, folder / "split")
    job = folder / "job.json"
    job.write_text(json.dumps({"folder": str(place), "n": 1000, "result": str(folder / "result.json")}))
    worker = Path(__file__).parent / "peer_models" / "drevalpy_batch.py"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "WANDB_MODE": "disabled"}
    subprocess.run([str(python), str(worker), str(job)], check=True, capture_output=True, env=environment)
    found = json.loads((folder / "result.json").read_text())
    seconds = found["seconds"] / found["profiles"]
    _line(
        "drevalpy MultiViewLightGBM, predict",
        seconds,
        f"that / ours end to end {seconds / end_to_end:.1f}; {found['told']}",
    )


def _scale(cohorts: dict[int, Path], folder: Path) -> None:
    """A process for each size; imports and the bundle are in each."""
    found = {n: _command(path, fresh(folder / "out"), "--jobs", "1") for n, path in cohorts.items()}
    before = (0, 0.0)
    for n, (seconds, memory) in found.items():
        further = (seconds - before[1]) / (n - before[0])
        print(f"{f'{n:,} samples, one process':36}{seconds:8.1f} s    {memory:.2f} GB at its height; "
              f"{1e3 * further:.2f} ms for each {'further ' if before[0] else ''}sample")  # fmt: skip
        before = (n, seconds)
    if len(found) == 3:
        _, middle, large = (memory for _, memory in found.values())
        print(f"{'peak memory, largest / middle':36}{large / middle:8.2f}      wanted: 1.2")


def _dask(path: Path, folder: Path, n: int) -> None:
    """In turns, as above."""
    times = [
        tuple(
            _command(path, fresh(folder / "out"), "--dask", "local", "--jobs", str(workers), "--memory", "4GB")[0]
            for workers in (1, 2)
        )
        for _ in range(TRIES)
    ]
    ratios = sorted(one / two for one, two in times)
    one, two = (median(seconds) for seconds in zip(*times, strict=True))
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"{'Dask, 2 processes over 1':36}{median(ratios):8.2f}      wanted: 1.6 ({n:,} samples, {one:.0f} s and "
          f"{two:.0f} s, making the cluster included; median of {each})", flush=True)  # fmt: skip


def _line(what: str, seconds: float, more: str = "") -> None:
    print(f"{what:36}{1e3 * seconds:8.3f} ms a sample{f'; {more}' if more else ''}", flush=True)


def _models(bundle: Bundle) -> list:
    return [bundle.model, *([bundle.specific.general] if bundle.specific is not None else [])]


def _trees(model: object, values: np.ndarray, threads: int) -> float:
    """Seconds that LightGBM takes for all trees of a model, matrices ready."""
    places = [model.features_.index(name) for name in model.boosted_.features]  # type: ignore[attr-defined]
    ready = np.take(values, places, axis=1)
    boosters = model.boosted_.boosters  # type: ignore[attr-defined]
    return best(lambda: [booster.predict(ready, num_threads=threads) for booster in boosters])


def _single_drug(values: np.ndarray) -> float:
    random = np.random.default_rng(0)
    data = lgb.Dataset(values, random.normal(size=len(values)))
    settings = {"num_leaves": LEAVES, "num_threads": 1, "verbosity": -1, "max_bin": 63, "feature_fraction": 0.1}
    booster = lgb.train(settings, data, TREES)
    return best(lambda: booster.predict(values, num_threads=1))


def _read(path: Path, threads: bool) -> None:
    for file in sorted(path.iterdir()):
        pq.read_table(file, use_threads=threads)


def _score(path: Path, folder: Path, options: Options, jobs: int) -> None:
    score(open_cohort(path), fresh(folder / "out"), None, options, jobs=jobs)


def _command(path: Path, out: Path, *options: str) -> tuple[float, float]:
    """Seconds, and gigabytes at the height of the largest process."""
    warm(path)
    code = (
        "import resource, subprocess, sys, time; started = time.perf_counter(); "
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6)"
    )
    command = [sys.executable, "-c", code, sys.executable, "-m", "pamrx", "score", str(path), "-o", str(out)]
    told = subprocess.run([*command, *options], check=True, capture_output=True, text=True).stdout.split()
    return float(told[0]), float(told[1])


def warm(path: Path) -> None:
    """Bring the files of a cohort into the system's cache."""
    for file in path.iterdir():
        with file.open("rb") as stream:
            while stream.read(1 << 24):
                pass


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
