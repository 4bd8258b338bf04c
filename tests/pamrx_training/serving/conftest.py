"""A server in a thread of the test's process, with limits that a test can wait for."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pamrx_training.serving.limits import Limits

SHORT = Limits(
    body=200_000,
    small=20_000,
    large=1,
    answers=1_000_000,
    connections=8,
    head_seconds=0.4,
    idle_seconds=1,
    silence_seconds=0.3,
    body_seconds=0.8,
    answer_seconds=0.5,
    turn_seconds=0.6,
    samples=5,
    values_per_byte=0.01,
)


@dataclass
class Answered:
    """What came back on a socket until it was closed, or until an answer was whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> str:
        content = json.loads(self.body)
        assert set(content) == {"error_code", "message"}
        assert "\n" not in content["message"]
        return str(content["message"])


class Client:
    """Raw sockets to a server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def connect(self, sent: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(sent)
        return connection

    def ask(self, sent: bytes) -> Answered:
        with self.connect(sent) as connection:
            return answered(connection)

    def post(self, body: bytes, *headers: bytes, path: bytes = b"/invocations") -> Answered:
        return self.ask(request(body, *headers, path=path))

    def ping(self) -> float:
        """Seconds that it took."""
        start = time.monotonic()
        assert self.ask(b"GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n").status == 200
        return time.monotonic() - start


def request(body: bytes, *headers: bytes, path: bytes = b"/invocations", length: int | None = None) -> bytes:
    """A whole request of JSON."""
    told = b"content-length: %d" % (len(body) if length is None else length)
    lines = [b"POST " + path + b" HTTP/1.1", b"host: localhost", b"content-type: application/json", told, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def answered(connection: socket.socket) -> Answered:
    """One answer from a socket."""
    found = b""
    while b"\r\n\r\n" not in found:
        part = connection.recv(65536)
        assert part, f"closed after {found!r}"
        found += part
    head, _, body = found.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers["content-length"]):
        part = connection.recv(65536)
        assert part, "closed within an answer"
        body += part
    return Answered(int(first.split()[1]), headers, body)


@pytest.fixture
def serving() -> Iterator[Callable[..., Client]]:
    """Start a server that answers as it is told; all are stopped at the end."""
    import uvicorn
    from pamrx_training.serving.server import config

    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(answer: Callable[[bytes], bytes], limits: Limits = SHORT, local: bool = True) -> Client:
        listening = socket.create_server(("127.0.0.1", 0), backlog=limits.backlog)
        server = uvicorn.Server(config(answer, limits, local))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        running.append((server, thread))
        late = time.monotonic() + 30
        while not server.started and time.monotonic() < late:
            time.sleep(0.01)
        return Client(listening.getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def json_bytes(value: Any) -> bytes:
    """JSON as a client sends it."""
    return json.dumps(value).encode()
