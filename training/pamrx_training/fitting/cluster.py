"""Fits on a Dask cluster in place of processes of this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from joblib import parallel_config
from pamrx.cohort.cluster import connected, cores_of

log = logging.getLogger(__name__)


@contextmanager
def on_cluster(address: str | None, jobs: int) -> Iterator[int]:
    """Send the fits made inside to the cluster at `address`; gives how many run at once.

    Finished fits are kept in the data cache as ever, so workers on other machines must see the same folder. Without an
    address fits run in `jobs` processes here.

    Raises
    ------
    PamrxError
        If the cluster cannot be reached or has no worker.
    """
    if address is None:
        yield jobs
        return
    with connected(address, jobs) as client:
        cores = cores_of(client)
        log.info("fitting on a Dask cluster: %d workers, %d fits at once", len(client.nthreads()), cores)
        with parallel_config(backend="dask", client=client):
            yield cores
