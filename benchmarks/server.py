"""What `pamrx serve` takes under load and abuse: peak memory, times of answers, and how long `/ping` takes meanwhile.

A server of the released bundle is started on a free port of 127.0.0.1, and asked in turn by

- 2,000 ordinary requests (one tumour, three mutations) from 4 clients;
- the largest request that is usual: 100 tumours with the expression of all genes that the bundle knows;
- 200 sockets on which half of a request's headers stands, while ordinary requests go on;
- 20 clients at once that send a body of nearly `--max-mb` each, of a table, of empty objects and of text;
- 20 clients at once that send 60 MB each.

Each line has the seconds, quantiles of the answers' times in milliseconds, the answers by status, quantiles of `/ping`
asked ten times a second meanwhile, and the peak memory of the server (VmHWM) since it was started. Linux only.
`python benchmarks/server.py [--requests 2000]`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TUMOUR = {
    "mutations": [
        {"Hugo_Symbol": gene, "Tumor_Sample_Barcode": "T1", "Variant_Classification": "Missense_Mutation",
         "HGVSp_Short": change}
        for gene, change in (("PIK3CA", "p.H1047R"), ("TP53", "p.R175H"), ("KRAS", "p.G12D"))
    ],
    "samples": [{"sample_id": "T1", "tissue": "breast"}],
}  # fmt: skip
HEADERS = {"content-type": "application/json"}


class Server:
    """`pamrx serve` as a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pamrx", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        if found is None:
            sys.exit(f"the server did not start: {said!r}")
        self.port = int(found[1])

    def memory(self, field: str = "VmHWM") -> float:
        """Megabytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1000  # type: ignore[index]

    def stop(self) -> None:
        """End the process that this one started."""
        self._process.terminate()
        self._process.wait(60)

    def ask(self, body: bytes | None = None) -> tuple[str, float]:
        """Status and seconds of a request; of `/ping` without a body."""
        start = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            if body is None:
                connection.request("GET", "/ping")
            else:
                connection.request("POST", "/invocations", body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            status = str(answer.status)
        except OSError as error:
            status = type(error).__name__
        finally:
            connection.close()
        return status, time.perf_counter() - start


def main() -> None:
    """Print a line per load."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000, help="ordinary requests [default: 2000]; others in step")
    requests = parser.parse_args().requests
    some, tumours, tables = max(10, requests // 20), max(10, requests // 20), max(2, requests // 100)
    server = Server()
    try:
        print(f"{'load':<42} {'s':>6}  {'ms: least, median, 95 %, most':>30}  {'ping ms':>22}  {'peak MB':>7}  answers")
        print(f"{'after the start':<42} {'':>6}  {'':>30}  {'':>22}  {server.memory():>7.0f}")
        ordinary = json.dumps({"inputs": [TUMOUR]}).encode()
        measured(server, "first request", 1, 1, lambda _: ordinary)
        measured(server, f"{requests} ordinary, 4 clients", requests, 4, lambda _: ordinary)
        wide = expression(tumours)
        measured(server, f"{tumours} tumours with expression, {len(wide) / 1e6:.1f} MB", 1, 1, lambda _: wide)
        half_open(server, ordinary, 200, some)
        padding = b'{"inputs": ["' + b"a" * 31_000_000 + b'"]}'
        objects = b'{"inputs": [' + b"{}," * 3_000_000 + b"{}]}"
        table = expression(31_000_000 // (len(wide) // tumours))
        for name, body in (("of text", padding), ("of empty objects", objects), ("of expression", table)):
            clients = 20 if name != "of expression" else tables
            measured(server, f"{clients} x {len(body) / 1e6:.0f} MB {name}", clients, clients, lambda _, b=body: b)
        measured(server, "20 x 60 MB", 20, 20, lambda _: b"a" * 60_000_000)
        measured(server, "ordinary again, 4 clients", some, 4, lambda _: ordinary)
        print(f"memory at the end {server.memory('VmRSS'):.0f} MB")
    finally:
        server.stop()


def expression(samples: int) -> bytes:
    """A request with all genes that the bundle reads, for so many tumours."""
    from pamrx.identifiers.genes import default_genes

    draw, genes = random.Random(1), sorted(default_genes())
    records = [
        {"sample_id": f"S{number}", **{gene: round(draw.uniform(0, 12), 3) for gene in genes}}
        for number in range(samples)
    ]
    return json.dumps({"inputs": [{"expression": records}]}).encode()


def measured(server: Server, load: str, requests: int, clients: int, body: Callable[..., bytes]) -> None:
    """Send requests from so many clients, ask `/ping` meanwhile, and print what came of it."""
    pings: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            status, seconds = server.ask()
            pings.append(seconds if status == "200" else float("inf"))
            over.wait(0.1)

    watching = threading.Thread(target=watch)
    start = time.perf_counter()
    watching.start()
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(lambda number: server.ask(body(number)), range(requests)))
    seconds = time.perf_counter() - start
    over.set()
    watching.join()
    statuses = Counter(status for status, _ in answers)
    print(
        f"{load:<42} {seconds:>6.1f}  {quantiles([taken for _, taken in answers]):>30}  {quantiles(pings):>22}  "
        f"{server.memory():>7.0f}  {', '.join(f'{count} x {status}' for status, count in statuses.items())}",
        flush=True,
    )


def half_open(server: Server, ordinary: bytes, sockets: int, requests: int) -> None:
    """Hold sockets open half-way through the headers, and ask what is usual; then see how many are left."""
    held: list[socket.socket] = []
    for _ in range(sockets):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        connection.sendall(b"POST /invocations HTTP/1.1\r\nhost: localhost\r\nx: ")
        held.append(connection)
    start = time.perf_counter()
    measured(server, f"{requests} ordinary, {sockets} half-open sockets", requests, 4, lambda _: ordinary)
    left: Any = held
    while left := [connection for connection in left if not closed(connection)]:
        if time.perf_counter() > start + 30:
            break
        time.sleep(0.1)
    print(f"  half-open sockets left: {len(left)}, after {time.perf_counter() - start:.1f} s")
    for connection in held:
        connection.close()


def closed(connection: socket.socket) -> bool:
    """Whether the other side has closed it."""
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def quantiles(seconds: list[float]) -> str:
    """Least, median, 95 % and most, in milliseconds; of two, which are answered one after the other, the median is the
    lesser."""
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    most = len(ordered) - 1
    places = (0, most // 2, min(most, int(len(ordered) * 0.95)), most)
    return ", ".join(f"{1000 * ordered[place]:.0f}" for place in places)


if __name__ == "__main__":
    main()
