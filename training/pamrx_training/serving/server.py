"""`pamrx serve`: profiles as JSON in, predictions as JSON out, by the protocol of MLflow's scoring server.

`POST /invocations` takes what `serving.model` describes and answers `{"predictions": [...]}`; `GET /ping` says
that the server is up. Whatever goes wrong is answered as `{"error_code": ..., "message": ...}` with one line.

MLflow's own application is not used: it opens other routes, reads any body whole, and repeats input in errors.
"""

from __future__ import annotations

import io
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import Any, cast

import uvicorn
from mlflow.pyfunc.scoring_server import predictions_to_json
from pamrx.bundle.bundle import Bundle
from pamrx.errors import UsageError

from pamrx_training.serving.connection import BoundedProtocol
from pamrx_training.serving.gate import PREDICT, Gate
from pamrx_training.serving.limits import MEGABYTE, Limits
from pamrx_training.serving.model import PamrxModel, Refused
from pamrx_training.serving.positions import without_contents
from pamrx_training.serving.request import Refusal, read_request

log = logging.getLogger(__name__)

HOST, PORT = "127.0.0.1", 5001
LONGEST_MESSAGE = 500


def serve(
    bundle: Bundle,
    host: str = HOST,
    port: int = PORT,
    max_mb: int = Limits.body // MEGABYTE,
) -> None:
    """Serve until interrupted. `port` 0 takes any free one; the address is logged once requests are taken.

    Raises
    ------
    PamrxError
        If the address cannot be listened on.
    """
    limits = Limits(body=max_mb * MEGABYTE)
    listening = _listening(host, port, limits.backlog)  # first, since that may be refused
    model = PamrxModel(bundle, most_samples=limits.samples)
    server = uvicorn.Server(config(partial(answer, model, limits), limits, _is_loopback(listening)))
    name, at = bundle.manifest["name"], listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    log.info(
        f"serving {name} ({bundle.manifest['fingerprint'][:12]}) at http://{shown}:{at}{PREDICT}, requests of up to "
        f"{max_mb} MB; stop with Ctrl-C"
    )
    server.run(sockets=[listening])


def config(answer: Callable[[bytes], bytes], limits: Limits, local: bool) -> uvicorn.Config:
    """How uvicorn serves a function from bodies to answers; the parameters are those of `Gate`."""
    return uvicorn.Config(
        Gate(answer, limits, local),
        # Of uvicorn's two, h11 is the one that bounds the size of headers.
        http=cast(Any, partial(BoundedProtocol, limits)),
        h11_max_incomplete_event_size=limits.head,
        timeout_keep_alive=limits.idle_seconds,
        backlog=limits.backlog,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="error",
    )


def answer(model: PamrxModel, limits: Limits, body: bytes) -> bytes:
    """The answer of a model to a body, as JSON.

    Raises
    ------
    Refusal
        In one line without what the samples hold.
    """
    request = read_request(body, limits)
    try:
        table = model.predict(None, cast(Any, request.rows), request.params)
    except Refused as error:
        told = without_contents(str(error.message), request.rows)
        raise Refusal(cast(Any, error).get_http_status_code(), _line(told)) from None
    if "error" in table:
        errors = [
            _line(without_contents(told, [row])) if told else ""
            for told, row in zip(table["error"], request.rows, strict=True)
        ]
        table = table.assign(error=errors)
    written = io.StringIO()
    predictions_to_json(table, written)
    return written.getvalue().encode()


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 3]}..."


def _listening(host: str, port: int, backlog: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=backlog)
    except OverflowError:
        raise UsageError(f"--port {port}: expected 0 to 65535") from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror or error
        raise UsageError(f"cannot listen on {host} port {port} ({why}); name another with --port or --host") from None


def _is_loopback(listening: socket.socket) -> bool:
    return ip_address(listening.getsockname()[0]).is_loopback
