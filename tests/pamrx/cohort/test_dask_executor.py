"""Scoring on a real Dask cluster of processes: the same bytes, also where a worker is killed on the way."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("distributed")

from distributed import Client, LocalCluster
from pamrx.cohort import Options, open_cohort, score
from pamrx.cohort import writer as output
from pamrx.errors import PamrxError
from pamrx.examples import example_files
from pamrx.profiles import read_profiles

pytestmark = pytest.mark.medium

OPTIONS = Options(("alpelisib", "capivasertib"), explain=2, summary="tissue")


@pytest.fixture(scope="module")
def cohort_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight shards of twenty-five samples, which are as many tasks."""
    profiles = read_profiles(**example_files())
    random = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("cohort")
    for shard in range(8):
        columns = {
            "sample_id": pa.array([f"S{shard}-{place}" for place in range(25)]),
            "tissue": pa.array(random.choice(profiles.samples["tissue"].tolist(), 25)),
        }
        for name in profiles.segments.columns:
            columns[f"copy_number.{name}"] = pa.array(random.choice([-2.0, 0.0, 0.0, 2.0], 25))
        pq.write_table(pa.table(columns), folder / f"{shard}.parquet")
    return folder


def digests(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(cohort_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "out"
    score(open_cohort(cohort_file), folder, None, OPTIONS, jobs=1)
    return folder


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(
    cohort_file: Path, whole: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="pamrx")
    out = tmp_path / "out"
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        with Client(cluster, set_as_default=False) as client:
            victim = next(iter(client.run(os.getpid).values()))

        def kill() -> None:
            while not list((out / output.WORK / "done").glob("*")):
                time.sleep(0.02)
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        address = cluster.scheduler_address
        score(open_cohort(cohort_file), out, None, OPTIONS, dask=address)
        killer.join(timeout=60)
        with Client(cluster, set_as_default=False) as client:
            left = client.run(lambda dask_worker: hasattr(dask_worker, "pamrx_run"))
    assert left
    assert not any(left.values()), "the bundle does not stay with workers that others use"
    assert any("is gone; its parts go to the others" in line for line in caplog.messages), caplog.messages
    assert digests(out) == digests(whole)


@pytest.mark.slow
def test_a_local_cluster_writes_the_same_bytes(cohort_file: Path, whole: Path, tmp_path: Path) -> None:
    counts = score(open_cohort(cohort_file), tmp_path / "out", None, OPTIONS, jobs=2, dask="local", memory=4 * 10**9)
    assert counts["scored"] == 200
    assert digests(tmp_path / "out") == digests(whole)


@pytest.mark.slow
def test_a_mistake_on_a_worker_is_told_in_its_line(tmp_path: Path) -> None:
    table = pa.table({"sample_id": ["a", "b"], "tissue": ["breast", "brest"], "copy_number.PTEN": [0.0, -2.0]})
    pq.write_table(table, tmp_path / "c.parquet")
    with pytest.raises(PamrxError, match=r"row 2: sample b: column tissue: found 'brest'.*--strict"):
        score(open_cohort(tmp_path / "c.parquet"), tmp_path / "out", None, Options(("alpelisib",), strict=True),
              jobs=1, dask="local")  # fmt: skip
