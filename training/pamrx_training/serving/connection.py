"""HTTP/1.1 connections that nobody can hold open: uvicorn's protocol on h11, with time limits and a limit of number.

uvicorn itself bounds the size of the headers (h11) and the time between requests (`timeout_keep_alive`). It waits
without end for a request to begin, for its headers to become whole, and for an answer to be taken.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from pamrx_training.serving.limits import Limits


class BoundedProtocol(H11Protocol):
    """One connection. While it waits for a request to be whole up to its headers, it is closed after a time."""

    def __init__(self, limits: Limits, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._head_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self.waiting_since = 0.0

    @property
    def answering(self) -> bool:
        """Whether the headers of a request have come that has no whole answer yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # With no allowance, uvicorn is told of every byte that the client has not taken.
        transport.set_write_buffer_limits(high=0)
        self._wait_for_request()
        alive = [one for one in self.connections if isinstance(one, BoundedProtocol) and one.open]
        if len(alive) <= self._limits.connections:
            return
        idle = [one for one in alive if one is not self and not one.answering]
        if idle:
            min(idle, key=lambda one: one.waiting_since).transport.abort()
        else:
            transport.write(plain_answer(503, f"all {self._limits.connections} connections are in use; try again"))
            transport.close()

    @property
    def open(self) -> bool:
        """Whether the connection was neither closed nor lost."""
        return not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.answering:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        self._wait_for_request()
        super().on_response_complete()  # which begins with the next request, where that has come already
        if self.answering:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._answer_taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._answer_timer is None:
            self._answer_timer = self.loop.call_later(self._limits.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._answer_taken()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered in the form of all errors, unless an answer is on its way already."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(plain_answer(400, msg))
        self.transport.close()

    def _wait_for_request(self) -> None:
        self._stop_waiting()
        self.waiting_since = self.loop.time()
        self._head_timer = self.loop.call_later(self._limits.head_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _answer_taken(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None


def error_body(status: int, message: str) -> bytes:
    """An error as JSON, in one line."""
    return json.dumps({"error_code": CODES.get(status, _other(status)), "message": " ".join(message.split())}).encode()


def plain_answer(status: int, message: str) -> bytes:
    """A whole answer that closes the connection, for where no request was understood."""
    body = error_body(status, message)
    retry = "retry-after: 1\r\n" if status == 503 else ""
    head = (
        f"HTTP/1.1 {status} {'Service Unavailable' if status == 503 else 'Bad Request'}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
    )
    return head.encode() + body


CODES = {
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    405: "BAD_REQUEST",
    408: "REQUEST_TIMEOUT",
    413: "REQUEST_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    431: "REQUEST_HEADERS_TOO_LARGE",
    503: "TEMPORARILY_UNAVAILABLE",
}


def _other(status: int) -> str:
    return "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR"
