"""The ASGI application of `pamrx serve`: two routes, and what a client may use up on them.

A body of up to a megabyte is read at once; a larger one waits for one of a few places, unread. Requests are computed
one after the other in a thread of their own, so that the event loop goes on answering.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from pamrx_training.serving.connection import error_body
from pamrx_training.serving.limits import MEGABYTE, Limits
from pamrx_training.serving.request import LONGEST_SHOWN, Refusal

log = logging.getLogger(__name__)

PREDICT, PING = "/invocations", "/ping"
ROUTES = {PREDICT: "POST", PING: "GET"}
RETRY_AFTER = 10
"""Seconds after which a client that was refused for want of room may come again."""

_DRAINED = 8  # times the limit: so much of a request that is refused is taken, for its sender to hear the answer
_PIECE = 262_144
_LOCAL = ("localhost", "127.0.0.1", "[::1]")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Gone(Exception):
    """The client has left."""


class Incoming:
    """A body as it comes; `whole` once all of it was taken."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.whole = False

    async def piece(self) -> bytes:
        """The next piece.

        Raises
        ------
        Gone
            If there is none to come.
        """
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Gone
        self.whole = not message.get("more_body", False)
        return bytes(message.get("body", b""))


class Gate:
    """Takes requests and hands their bodies to `answer`, one at a time.

    Parameters
    ----------
    answer : of a body, called in a thread; raises `Refusal`.
    limits : of the server.
    local : whether the server listens on this machine only: then requests for another host are refused, since they come
        from a web page that has given its own name the address of this machine.
    """

    def __init__(self, answer: Callable[[bytes], bytes], limits: Limits, local: bool) -> None:
        self._answer = answer
        self._limits = limits
        self._local = local
        self._places = asyncio.Semaphore(limits.large)
        self._turn = asyncio.Semaphore(1)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pamrx-predict")
        self._untaken = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        incoming = Incoming(receive)
        try:
            self._check(scope)
            if scope["path"] == PING:
                await self._send(send, 200, b"\n")
                return
            async with AsyncExitStack() as held:
                body = await self._body(incoming, held)
                answer = await self._computed(body, receive)
                del body
            await self._send(send, 200, answer)
        except Refusal as refusal:
            with contextlib.suppress(Gone):
                if refusal.status != 408 and not _header(scope, b"expect"):  # that waits for our word before it sends
                    await self._drain(incoming)
                content = error_body(refusal.status, str(refusal))
                await self._send(send, refusal.status, content, close=not incoming.whole)
        except Gone:
            return

    def _check(self, scope: Message) -> None:
        """Refuse by what the headers say."""
        if self._local and not _is_local(_header(scope, b"host")):
            raise Refusal(403, "host: expected localhost, 127.0.0.1 or [::1]: this server is for this machine only")
        headers = scope["headers"]  # h11 bounds what comes piece by piece, but not what comes at once
        size = len(scope["raw_path"]) + len(scope["query_string"]) + sum(len(name) + len(one) for name, one in headers)
        if size > self._limits.head or len(headers) > self._limits.headers:
            told = f"{self._limits.headers} headers and {self._limits.head} bytes in them and the address"
            raise Refusal(431, f"{len(headers)} headers with {size} bytes found, expected at most {told}")
        method = ROUTES.get(scope["path"])
        if method is None:
            raise Refusal(404, f"Not Found: expected POST {PREDICT} or GET {PING}")
        if scope["method"] != method:
            raise Refusal(405, f"Method Not Allowed: expected {method}")
        if scope["path"] == PING:
            return
        found = _header(scope, b"content-type")
        kind, _, rest = found.partition(";")
        charset = rest.strip().lower().replace('"', "")
        if kind.strip().lower() != "application/json":
            raise Refusal(415, f"content type '{found[:LONGEST_SHOWN]}' found, expected application/json")
        if charset not in ("", "charset=utf-8"):
            raise Refusal(415, "content type with other parameters than charset=utf-8 found; expected JSON in UTF-8")
        if _header(scope, b"content-encoding").strip().lower() not in ("", "identity"):
            raise Refusal(415, "a packed body found (content-encoding); expected plain JSON")
        told = _header(scope, b"content-length")
        if told.isdigit() and int(told) > self._limits.body:
            raise self._too_large()

    def _too_large(self) -> Refusal:
        size = f"{self._limits.body / MEGABYTE:g} MB"
        return Refusal(413, f"the request is larger than {size}; send fewer samples, or serve with --max-mb")

    async def _body(self, incoming: Incoming, held: AsyncExitStack) -> bytes:
        """The whole body; `held` gets the place of a large one."""
        kept = bytearray()
        await self._read(incoming, kept, self._limits.small)
        if not incoming.whole and len(kept) <= self._limits.body:
            await held.enter_async_context(self._after(self._places, None))
            await self._read(incoming, kept, self._limits.body)
        if len(kept) > self._limits.body:
            raise self._too_large()
        return bytes(kept)

    async def _read(self, incoming: Incoming, kept: bytearray, most: int) -> None:
        """Read on until the body is whole, or larger than `most`."""
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while not incoming.whole and len(kept) <= most:
                    async with asyncio.timeout(self._limits.silence_seconds):
                        kept += await incoming.piece()
        except TimeoutError:
            raise Refusal(
                408,
                f"the body did not come in time; expected a piece in {self._limits.silence_seconds:g} seconds and the "
                f"whole in {self._limits.body_seconds:g}; send fewer samples",
            ) from None

    async def _drain(self, incoming: Incoming) -> None:
        """Take what is still being sent, within bounds, for its sender to hear the answer."""
        taken = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.body_seconds):
                while not incoming.whole and taken <= _DRAINED * self._limits.body:
                    async with asyncio.timeout(self._limits.silence_seconds):
                        taken += len(await incoming.piece())

    async def _computed(self, body: bytes, receive: Receive) -> bytes:
        gone = asyncio.ensure_future(receive())  # once the body is whole, that is when the client leaves
        try:
            async with self._after(self._turn, gone):
                if self._untaken > self._limits.answers:
                    raise Refusal(503, "too many answers wait for their clients to take them; try again later")
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._answered, body)
        finally:
            gone.cancel()

    def _answered(self, body: bytes) -> bytes:
        try:
            return self._answer(body)
        except Refusal:
            raise
        except Exception as error:
            # Where it happened, and not what the error says: that may hold a patient's data.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error(f"a request could not be answered: {type(error).__name__} at\n{where}")  # noqa: TRY400
            raise Refusal(500, "the answer could not be made; the log of the server says why") from None

    @asynccontextmanager
    async def _after(self, places: asyncio.Semaphore, gone: asyncio.Future[Message] | None) -> AsyncIterator[None]:
        """Wait for a place, not for ever, and not for a client that has left."""
        turn = asyncio.ensure_future(places.acquire())
        awaited: set[asyncio.Future[Any]] = {turn} if gone is None else {turn, gone}
        await asyncio.wait(
            awaited,
            timeout=self._limits.turn_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not turn.done():
            turn.cancel()
            if gone is not None and gone.done():
                raise Gone
            raise Refusal(503, f"busy for {self._limits.turn_seconds:g} seconds with other requests; try again later")
        try:
            if gone is not None and gone.done():
                raise Gone
            yield
        finally:
            places.release()

    async def _send(self, send: Send, status: int, content: bytes, close: bool = False) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        if status == 503:
            headers.append((b"retry-after", str(RETRY_AFTER).encode()))
        if close:
            headers.append((b"connection", b"close"))
        self._untaken += len(content)
        try:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            for start in range(0, len(content), _PIECE):
                more = start + _PIECE < len(content)
                await send({"type": "http.response.body", "body": content[start : start + _PIECE], "more_body": more})
        finally:
            self._untaken -= len(content)


def _is_local(host: str) -> bool:
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return not host or name.lower().rstrip(".") in _LOCAL


def _header(scope: Message, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
