"""`pamrx serve`: MLflow's own scoring server, behind a gate that keeps requests small and errors short.

`POST /invocations` takes what `serving.model` describes and answers `{"predictions": [...]}`; `GET /ping` says
that the server is up. Whatever goes wrong is answered as `{"error_code": ..., "message": ...}` with one line.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from pamrx.bundle.bundle import Bundle
from pamrx.errors import UsageError, did_you_mean

log = logging.getLogger(__name__)

HOST, PORT, MAX_MB = "127.0.0.1", 5001, 64
MEGABYTE = 1_000_000
FORMATS = ("inputs", "dataframe_split", "dataframe_records")
"""What a request holds one of; MLflow's `instances` turns rows into columns and is left out."""

ENDPOINT = "/invocations"
LONGEST_MESSAGE = 500
PATIENCE = {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "600"}
_DRAINED = 8  # times the limit: so much of a request that is too large is taken, for its sender to hear the answer
_CODES = {404: "ENDPOINT_NOT_FOUND", 413: "REQUEST_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE", 504: "DEADLINE_EXCEEDED"}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def serve(
    bundle: Bundle,
    host: str = HOST,
    port: int = PORT,
    max_mb: int = MAX_MB,
) -> None:
    """Serve until interrupted. `port` 0 takes any free one; the address is logged once requests are taken.

    Raises
    ------
    PamrxError
        If the address cannot be listened on.
    """
    import uvicorn

    listening = _listening(host, port)  # first, since that may be refused
    application = served_app(bundle, max_mb * MEGABYTE)
    name, at = bundle.manifest["name"], listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    log.info(
        f"serving {name} ({bundle.manifest['fingerprint'][:12]}) at http://{shown}:{at}{ENDPOINT}, requests of up to "
        f"{max_mb} MB; stop with Ctrl-C"
    )
    uvicorn.Server(uvicorn.Config(application, log_level="warning")).run(sockets=[listening])


def served_app(bundle: Bundle, limit: int) -> Gate:
    """The ASGI application for a bundle; `limit` is the size of a request in bytes."""
    from mlflow.pyfunc import scoring_server

    os.environ.update({key: value for key, value in PATIENCE.items() if key not in os.environ})
    return Gate(scoring_server.init(cast(Any, _Unsigned(bundle))), limit)


class Gate:
    """Refuses what is too large or no request for a prediction, and makes one line of every error behind it."""

    def __init__(self, app: Callable[..., Awaitable[None]], limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await self._body(scope, receive)
        if body is None:
            return  # the sender has left
        if len(body) > self._limit:
            told = (
                f"the request is larger than {self._limit / MEGABYTE:g} MB; send fewer samples, or serve with --max-mb"
            )
            await _answer(send, 413, told)
            return
        if scope["method"] == "POST" and scope["path"] == ENDPOINT:
            refused = _refusal(_header(scope, b"content-type"), body)
            if refused is not None:
                await _answer(send, *refused)
                return
        await self._app(scope, _replayed(body, receive), _Short(send))

    async def _body(self, scope: Message, receive: Receive) -> bytes | None:
        """The body, at most one byte over the limit."""
        told = _header(scope, b"content-length")
        kept, taken = bytearray(), 0
        too_large = told.isdigit() and int(told) > self._limit
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            taken += len(part)
            too_large = too_large or taken > self._limit
            if too_large:
                kept.clear()
            else:
                kept += part
            if not message.get("more_body", False) or taken > _DRAINED * self._limit:
                return bytes(self._limit + 1) if too_large else bytes(kept)


class _Short:
    """Passes a good answer on, and an error as one line, without traceback or input."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 200
        self._held = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            self._status = message["status"]
        elif self._status < 400:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self._held += message.get("body", b"")
            if not message.get("more_body", False):
                await _answer(self._send, self._status, *_told(bytes(self._held)))


class _Unsigned:
    """The model without its signature, by which MLflow would leave out what it does not know; here that is an error."""

    def __init__(self, bundle: Bundle) -> None:
        from mlflow.models import Model

        from pamrx_training.serving.model import PamrxModel

        self.metadata = Model()
        self._model = PamrxModel(bundle)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        return self._model.predict(None, data, params)


def _refusal(content_type: str, body: bytes) -> tuple[int, str] | None:
    """What is wrong with the outer shape of a request, with the HTTP status."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        return 415, f"content type '{content_type}' found, expected application/json"
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        return 400, f"the request is no JSON ({error or 'nested too deeply'}); expected an object with inputs"
    if not isinstance(request, dict):
        return 400, f"the request is JSON but no object; expected one with {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    for name in request:
        if name not in (*FORMATS, "params"):
            hint = did_you_mean(name, (*FORMATS, "params"))
            return 400, f"field {name}: expected {', '.join(FORMATS)} and params{hint}"
    given = [name for name in FORMATS if name in request]
    if len(given) != 1:
        return 400, f"found {' and '.join(given) or 'no input'}; expected one of {', '.join(FORMATS)}"
    if not isinstance(request.get("params"), dict | None):
        return 400, "params: expected an object of settings and values"
    return None


def _told(body: bytes) -> tuple[str, str | None]:
    """The message and the code in an error of the server behind."""
    text, code = body.decode("utf-8", "replace"), None
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict):
        text, code = str(content.get("message") or content.get("detail") or text), content.get("error_code")
    line = " ".join(text.partition("\nInput:")[0].split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 3]}...", code


async def _answer(send: Send, status: int, message: str, code: str | None = None) -> None:
    line = " ".join(message.split())
    code = code or _CODES.get(status, "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR")
    content = json.dumps({"error_code": code, "message": line}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    if status == 413:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, and then goes on."""
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


def _header(scope: Message, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OverflowError:
        raise UsageError(f"--port {port}: expected 0 to 65535") from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror or error
        raise UsageError(f"cannot listen on {host} port {port} ({why}); name another with --port or --host") from None
