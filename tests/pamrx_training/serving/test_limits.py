"""What a client can use up of the server: nothing for longer, and nothing larger, than the limits say."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from pamrx_training.serving.limits import Limits

from tests.pamrx_training.serving.conftest import SHORT, Client, answered, json_bytes, request

pytestmark = pytest.mark.medium

PING = b"GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n"


def echo(body: bytes) -> bytes:
    return b"[%d]" % len(body)


@pytest.fixture
def client(serving: Callable[..., Client]) -> Client:
    return serving(echo)


def seconds_until_closed(connection: socket.socket, dribble: bytes = b"", pause: float = 0.05) -> float:
    """How long the server keeps a connection on which one byte after the other comes, the last one over and over."""
    start = time.monotonic()
    connection.settimeout(pause)
    while time.monotonic() < start + 5:
        try:
            if dribble:
                connection.sendall(dribble[:1])
                dribble = dribble[1:] or dribble
            if not connection.recv(65536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - start


@pytest.mark.parametrize("dribble", [b"", b"GET /ping HTTP/1.1\r\nx: aaaa"], ids=["silent", "slow headers"])
def test_a_connection_without_whole_headers_is_closed(client: Client, dribble: bytes) -> None:
    with client.connect() as connection:
        assert 0.2 < seconds_until_closed(connection, dribble) < 4.5
    client.ping()


def test_an_idle_connection_is_closed_and_a_busy_one_is_kept(client: Client) -> None:
    with client.connect() as connection:
        for _ in range(4):
            connection.sendall(PING)
            assert answered(connection).status == 200
            time.sleep(0.2)
        assert seconds_until_closed(connection) < 4.5


@pytest.mark.parametrize("dribble", [b"", b"a"], ids=["silent", "a byte now and then"])
def test_a_body_that_does_not_come_is_answered_and_closed(client: Client, dribble: bytes) -> None:
    with client.connect(request(b"{", length=1000)) as connection:
        start = time.monotonic()
        connection.settimeout(0.05)
        found = b""
        while b"send fewer samples" not in found and time.monotonic() < start + 5:
            if dribble:
                connection.sendall(dribble)
            try:
                found += connection.recv(65536)
            except TimeoutError:
                continue
        assert b"HTTP/1.1 408" in found
        assert b"connection: close" in found
        assert b"expected a piece in 0.3 seconds" in found


def test_an_answer_that_is_not_taken_is_given_up(serving: Callable[..., Client]) -> None:
    client = serving(lambda body: b"1" * (30_000_000 if body == b"{}" else 1), replace(SHORT, answer_seconds=1.5))
    connection = client.connect()
    connection.sendall(request(b"{}"))
    time.sleep(0.2)
    refused = client.post(b"{}")  # more is not computed while so much waits
    assert (refused.status, refused.headers["retry-after"]) == (503, "10")
    assert "answers wait for their clients" in refused.message
    time.sleep(2)
    assert client.post(b"[]").status == 200
    with pytest.raises(AssertionError, match=r"closed within an answer|closed after"):
        answered(connection)
    connection.close()


def test_new_connections_take_the_place_of_the_one_that_waits_longest(serving: Callable[..., Client]) -> None:
    client = serving(echo, replace(SHORT, head_seconds=60))
    waiting = [client.connect() for _ in range(3 * SHORT.connections)]
    for _ in range(5):
        assert client.ping() < 1
    closed = 0
    for connection in waiting:
        connection.settimeout(0.05)
        try:
            closed += connection.recv(1) == b""
        except TimeoutError:
            pass
        except OSError:
            closed += 1
        connection.close()
    assert closed >= 2 * SHORT.connections


def test_where_every_connection_is_at_work_another_is_told_so(serving: Callable[..., Client]) -> None:
    release = threading.Event()

    def slow(body: bytes) -> bytes:
        release.wait(10)
        return b"[]"

    client = serving(slow, replace(SHORT, turn_seconds=10))
    busy = [client.connect(request(b"{}")) for _ in range(SHORT.connections)]
    time.sleep(0.2)
    with client.connect() as connection:
        refused = answered(connection)
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert "all 8 connections are in use" in refused.message
    release.set()
    for connection in busy:
        assert answered(connection).status == 200
        connection.close()


def test_ping_answers_during_a_computation_and_who_waits_too_long_is_told(serving: Callable[..., Client]) -> None:
    at_once, most = 0, 0

    def slow(body: bytes) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.9)
        at_once -= 1
        return b"[]"

    client = serving(slow)
    first, second = client.connect(request(b"{}")), client.connect(request(b"{}"))
    time.sleep(0.1)
    assert client.ping() < 0.5
    told = answered(second)
    assert told.status == 503
    assert told.headers["retry-after"] == "10"
    assert "busy for 0.6 seconds" in told.message
    assert answered(first).status == 200
    assert most == 1
    first.close()
    second.close()


def test_what_a_client_that_has_left_asked_for_is_not_computed(serving: Callable[..., Client]) -> None:
    seen: list[bytes] = []

    def slow(body: bytes) -> bytes:
        seen.append(body)
        time.sleep(0.4)
        return b"[]"

    client = serving(slow)
    with client.connect(request(b"1")) as first:
        time.sleep(0.1)
        client.connect(request(b"2")).close()
        time.sleep(0.1)
        assert answered(first).status == 200
    assert client.post(b"3").status == 200
    assert seen == [b"1", b"3"]


def test_larger_bodies_are_read_one_after_the_other_and_small_ones_pass_by(serving: Callable[..., Client]) -> None:
    client = serving(echo, replace(SHORT, turn_seconds=5, body_seconds=5, silence_seconds=5))
    half = request(b"a" * 100_000, length=150_000)
    with client.connect(half) as first, client.connect() as second:
        time.sleep(0.2)
        second.sendall(request(b"b" * 150_000))
        second.settimeout(0.3)
        with pytest.raises(TimeoutError):
            answered(second)
        assert client.post(b"c" * 1000).body == b"[1000]"
        first.sendall(b"a" * 50_000)
        assert answered(first).body == b"[150000]"
        second.settimeout(5)
        assert answered(second).body == b"[150000]"


def test_a_body_over_the_limit_is_refused_also_where_its_size_is_not_told(client: Client) -> None:
    refused = client.post(b"a" * 300_000)
    assert refused.status == 413
    assert refused.message == "the request is larger than 0.2 MB; send fewer samples, or serve with --max-mb"
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    head = (
        b"POST /invocations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\n\r\n"
    )
    assert client.ask(head + chunk * 20 + b"0\r\n\r\n").status == 413
    assert client.ask(head + chunk * 5 + b"0\r\nx-trailer: 1\r\n\r\n").body == b"[81920]"


def test_who_asks_before_sending_is_refused_before_sending(client: Client) -> None:
    with client.connect(request(b"", b"expect: 100-continue", length=300_000)) as connection:
        assert answered(connection).status == 413
    with client.connect(request(b"", b"expect: 100-continue", length=2)) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(b"{}")
        assert answered(connection).body == b"[2]"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /ping HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nhost: localhost\r\n" + b"x: a\r\n" * 5_000 + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /ping HTTP/1.1\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nhost: localhost\r\ncontent-length: " + b"9" * 400 + b"\r\n\r\n",
        b"GET /p\xc3\xa4ng HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ],
    ids=["long header", "many headers", "long URL", "no host", "two hosts", "no HTTP", "TLS", "negative length",
         "two lengths", "length of 400 digits", "URL not ASCII"],
)  # fmt: skip
def test_what_is_no_request_is_answered_with_400_or_431(client: Client, sent: bytes) -> None:
    with client.connect(sent) as connection:
        found = answered(connection)
        assert found.status in (400, 431)
        assert found.message
    client.ping()


def test_a_broken_chunk_is_answered_with_400(client: Client) -> None:
    head = (
        b"POST /invocations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\n\r\n"
    )
    with client.connect(head) as connection:
        time.sleep(0.1)
        connection.sendall(b"zz\r\n")
        assert answered(connection).status == 400
    client.ping()


@pytest.mark.parametrize("path", [b"/", b"/version", b"/health", b"/docs", b"/openapi.json", b"/redoc", b"/ping/",
                                  b"/../ping", b"/x/../../etc/passwd", b"/ping%00", b"//ping", b"/PING",
                                  b"http://localhost/ping", b"/" + b"a" * 10_000])  # fmt: skip
def test_no_other_route_is_open(client: Client, path: bytes) -> None:
    refused = client.ask(b"GET " + path + b" HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert (refused.status, refused.message) == (404, "Not Found: expected POST /invocations or GET /ping")


@pytest.mark.parametrize("method", [b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"CONNECT", b"GET", b"QWERTY"])
def test_no_other_method_is_taken_and_no_other_origin_invited(client: Client, method: bytes) -> None:
    refused = client.ask(method + b" /invocations HTTP/1.1\r\nhost: localhost\r\norigin: http://a.example\r\n\r\n")
    assert (refused.status, refused.message) == (405, "Method Not Allowed: expected POST")
    assert not [name for name in refused.headers if name.startswith("access-control")]
    assert client.ask(method.replace(b"GET", b"POST") + b" /ping HTTP/1.1\r\nhost: localhost\r\n\r\n").status == 405


def test_pipelined_requests_are_answered_in_turn(client: Client) -> None:
    with client.connect(request(b"{}") + request(b"{ }") + PING) as connection:
        assert [answered(connection).body for _ in range(3)] == [b"[2]", b"[3]", b"\n"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5001", "LOCALHOST:80", "[::1]:5001", "[::1]", "localhost."])
def test_names_of_this_machine_are_taken(client: Client, host: str) -> None:
    assert client.ask(f"GET /ping HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5001", "localhost.evil.example", "127.0.0.1.nip.io",
                                  "localhost:1:evil", "[::2]"])  # fmt: skip
def test_another_name_is_refused_where_the_server_is_local(serving: Callable[..., Client], host: str) -> None:
    sent = f"GET /ping HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
    refused = serving(echo).ask(sent)
    assert refused.status == 403
    assert refused.message.startswith("host: expected localhost, 127.0.0.1 or [::1]")
    assert serving(echo, local=False).ask(sent).status == 200


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (b"content-encoding: gzip", "a packed body found"),
        (b"content-encoding: br, gzip", "a packed body found"),
    ],
)
def test_packed_bodies_are_refused(client: Client, header: bytes, told: str) -> None:
    refused = client.post(b"\x1f\x8b", header)
    assert refused.status == 415
    assert told in refused.message


def test_a_fault_in_the_answering_is_500_without_what_it_says(serving: Callable[..., Client]) -> None:
    client = serving(lambda body: json_bytes(1 / 0))
    failed = client.post(b"{}")
    assert failed.status == 500
    assert "division" not in failed.message


def test_the_limits_of_the_command_are_those_that_are_documented() -> None:
    """`docs/mlflow.md` has them in a table."""
    limits = Limits()
    assert limits.values == 3_200_000
    assert (limits.samples, limits.connections, limits.large, limits.small) == (1_000, 100, 2, 1_000_000)
    assert (limits.head_seconds, limits.silence_seconds, limits.body_seconds) == (10, 10, 60)
    assert (limits.idle_seconds, limits.answer_seconds, limits.turn_seconds) == (5, 60, 120)
