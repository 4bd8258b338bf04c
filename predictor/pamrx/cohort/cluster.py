"""A Dask cluster: one that runs somewhere, by its address, or one made on this machine for the time of a command."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pamrx.errors import UsageError

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
SECONDS_TO_CONNECT = 10


@contextmanager
def connected(address: str, workers: int | None = None) -> Iterator[Client]:
    """A client of the scheduler at `address` (`tcp://HOST:PORT`), or of a cluster of processes made here for `local`.

    Parameters
    ----------
    workers : processes of a local cluster, one thread each; by default one per core.

    Raises
    ------
    PamrxError
        If Dask is not installed, the address is none, or no scheduler answers there.
    """
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise UsageError(f"--dask needs the package '{error.name}'; run: pip install 'pamrx[scale]'") from None

    if address != LOCAL:
        _check_address(address)
        try:
            client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            why = " ".join(str(error).split()) or type(error).__name__
            raise UsageError(f"--dask {address}: no scheduler answers there ({why[:120]})") from None
        with client:
            yield client
        return
    # A worker that the memory monitor pauses or restarts would start its part again; the parts are small.
    with (
        LocalCluster(
            n_workers=workers or os.cpu_count() or 1,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def cores_of(client: Client) -> int:
    """Threads of all workers.

    Raises
    ------
    PamrxError
        If the scheduler has no worker.
    """
    cores: int = sum(client.nthreads().values())
    if not cores:
        raise UsageError("--dask: the scheduler has no worker; start some with `dask worker ADDRESS`")
    return cores


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls", "ucx") or not parts.netloc:
        raise UsageError(f"--dask {address}: expected {LOCAL}, or the address of a scheduler as tcp://HOST:PORT")
