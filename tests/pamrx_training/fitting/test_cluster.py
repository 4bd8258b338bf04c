"""Fits on a real Dask cluster of processes on this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("distributed")

from distributed import LocalCluster
from pamrx.cohort.cluster import connected, cores_of
from pamrx.errors import PamrxError
from pamrx.model import boosted
from pamrx_training.fitting.cluster import on_cluster
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.fit_cache import Fit, run_fits
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import leave_cell_line_out, sides

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as made:
        yield made


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Cohort:
    return build_cohort(made_up_gdsc(n=60))


def fits_of(cohort: Cohort) -> dict[str, Fit]:
    folds = leave_cell_line_out(cohort, 3, 11)
    split = {str(name): sides(cohort, folds, name) for name in sorted(folds.unique())}
    return {name: Fit(tuple(train), tuple(test), 11) for name, (train, test) in split.items()}


@pytest.mark.slow
def test_fits_on_a_cluster_are_those_made_here(cluster: Any, cohort: Cohort, said: list[str]) -> None:
    fits = fits_of(cohort)
    here = dict(run_fits(cohort, fits, RunContext(1)))
    said.clear()
    with on_cluster(cluster.scheduler_address, 1) as at_once:
        there = dict(run_fits(cohort, fits, RunContext(at_once)))
    assert at_once == 2
    assert said[0] == "fitting on a Dask cluster: 2 workers, 2 fits at once"
    for name, table in here.items():
        pd.testing.assert_frame_equal(table, there[name], check_exact=True)


@pytest.mark.slow
def test_the_fits_ran_on_the_workers(cluster: Any, cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    # A process of its own does not see what is changed here; one that does would fail.
    monkeypatch.setattr(boosted.BoostedComponents, "fit", None)
    with on_cluster(cluster.scheduler_address, 1) as at_once:
        assert len(dict(run_fits(cohort, fits_of(cohort), RunContext(at_once)))) == 3


def test_without_an_address_nothing_changes() -> None:
    with on_cluster(None, 3) as at_once:
        assert at_once == 3


def test_a_local_cluster_is_made_on_127_0_0_1_and_ends() -> None:
    with connected("local", 1) as client:
        address = client.scheduler.address
        assert address.startswith("tcp://127.0.0.1:")
        assert cores_of(client) == 1
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=2),
    ):
        pass


@pytest.mark.parametrize(
    ("address", "told"),
    [("lokal", "expected local, or"), ("127.0.0.1:8786", "tcp://HOST:PORT"), ("tcp://127.0.0.1:9", "no scheduler")],
)
def test_an_address_that_is_none_is_told(address: str, told: str) -> None:
    with pytest.raises(PamrxError, match=told), connected(address):
        pass
