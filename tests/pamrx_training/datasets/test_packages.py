"""Archives come through pip from an index, checked; whatever goes wrong ends in one line and leaves the cache usable.

A small index on 127.0.0.1 stands for the package index: whole, tampered with, cut off, silent or slow.
"""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets.packages import Package, obtain

pytestmark = pytest.mark.medium

ROOT = Path(__file__).resolve().parents[3]


def make_wheel() -> bytes:
    files = {
        "madewheel/data.csv": os.urandom(200_000),
        "madewheel-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: madewheel\nVersion: 1.0\n",
        "madewheel-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "madewheel-1.0.dist-info/RECORD": b"",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def make_sdist() -> bytes:
    """A source archive that prepares its own metadata, so that no build tool need be fetched."""
    backend = (
        "import pathlib\n"
        "def prepare_metadata_for_build_wheel(folder, config_settings=None):\n"
        "    info = pathlib.Path(folder, 'madesdist-1.0.dist-info'); info.mkdir()\n"
        "    (info / 'METADATA').write_text('Metadata-Version: 2.1\\nName: madesdist\\nVersion: 1.0\\n')\n"
        "    return info.name\n"
        "def build_wheel(*_, **__): raise SystemExit('not wanted')\n"
    )
    project = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    information = "Metadata-Version: 2.1\nName: madesdist\nVersion: 1.0\n"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as opened:
        for name, content in {"backend.py": backend, "pyproject.toml": project, "PKG-INFO": information}.items():
            entry = tarfile.TarInfo(f"madesdist-1.0/{name}")
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content.encode()))
    return buffer.getvalue()


def package_of(archive: str, content: bytes) -> Package:
    name = archive.split("-")[0]
    return Package(name, "1.0", archive, hashlib.sha256(content).hexdigest(), len(content))


WHEEL, SDIST = make_wheel(), make_sdist()
ARCHIVES = {"madewheel-1.0-py3-none-any.whl": WHEEL, "madesdist-1.0.tar.gz": SDIST}
MADE = {name: package_of(name, content) for name, content in ARCHIVES.items()}
MADE_WHEEL = MADE["madewheel-1.0-py3-none-any.whl"]


class Index:
    """A package index over HTTP whose `mood` says how it treats the archives; `served` counts archives sent."""

    def __init__(self) -> None:
        self.mood, self.served = "whole", 0
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.strip("/").split("/")[-1]
        if name in ARCHIVES:
            self.serve(request, ARCHIVES[name])
            return
        links = "".join(f'<a href="/files/{a}">{a}</a>' for a in ARCHIVES if a.startswith(f"{name}-"))
        if not links or self.mood == "without":
            request.send_error(404)
            return
        page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
        self.send(request, page, len(page), "text/html")

    def serve(self, request: BaseHTTPRequestHandler, content: bytes) -> None:
        self.served += 1
        if self.mood == "tampered":
            content = content[:-1] + bytes([content[-1] ^ 1])
        length = len(content)
        if self.mood in ("truncated", "broken off"):
            content = content[: length // 2]
            length = len(content) if self.mood == "truncated" else length
        if self.mood == "failing":
            request.send_error(500)
            return
        self.send(request, content, length, "application/octet-stream")

    def send(self, request: BaseHTTPRequestHandler, content: bytes, length: int, kind: str) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(length))
        request.end_headers()
        slow = self.mood == "slow" and kind != "text/html"
        for start in range(0, len(content), 4096):
            try:
                request.wfile.write(content[start : start + 4096])
                request.wfile.flush()
            except OSError:
                return
            if slow:
                time.sleep(0.3)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    served = Index()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", served.address)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "20")
    yield served
    served.server.shutdown()
    served.server.server_close()


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("archive", ARCHIVES)
def test_an_archive_is_downloaded_once_and_kept(index: Any, tmp_path: Path, archive: Any, said: list[str]) -> None:
    path = obtain(MADE[archive], tmp_path)
    assert path.read_bytes() == ARCHIVES[archive]
    assert files_below(tmp_path) == [f"downloads/{archive}"]
    sent = index.served
    assert obtain(MADE[archive], tmp_path) == path
    assert index.served == sent
    assert "already downloaded" in said[-1]


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("tampered", "truncated or tampered with"),
        ("truncated", "truncated or tampered with"),
        ("broken off", "truncated or tampered with|broke off"),
        ("failing", "cannot be reached"),
        ("without", "does not hold this version"),
    ],
)
def test_a_bad_download_ends_in_one_line_and_the_next_one_works(
    index: Any, tmp_path: Path, mood: Any, said: Any
) -> None:
    index.mood = mood
    with pytest.raises(PamrxError, match=said) as caught:
        obtain(MADE_WHEEL, tmp_path)
    message = str(caught.value)
    assert "madewheel 1.0" in message
    assert "--data-dir" in message
    assert "127.0.0.1" not in message
    assert str(tmp_path) not in message
    assert files_below(tmp_path) == []
    index.mood = "whole"
    assert obtain(MADE_WHEEL, tmp_path).read_bytes() == WHEEL


def test_a_tampered_source_archive_is_refused_before_anything_in_it_runs(index: Any, tmp_path: Path) -> None:
    index.mood = "tampered"
    with pytest.raises(PamrxError, match="tampered with"):
        obtain(MADE["madesdist-1.0.tar.gz"], tmp_path)
    assert files_below(tmp_path) == []


def test_an_index_that_refuses_the_connection_is_one_clear_line(
    index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.server.shutdown()
    index.server.server_close()
    with pytest.raises(PamrxError, match="the package index cannot be reached") as caught:
        obtain(MADE_WHEEL, tmp_path)
    assert "127.0.0.1" not in str(caught.value)


def test_a_python_without_pip_is_told_so(index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho 'python: No module named pip' >&2\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(PamrxError, match="this Python has no pip"):
        obtain(MADE_WHEEL, tmp_path)


def test_a_wrong_file_in_the_cache_is_reported_and_replaced(index: Any, tmp_path: Path, said: list[str]) -> None:
    kept = tmp_path / "downloads" / MADE_WHEEL.archive
    kept.parent.mkdir()
    kept.write_bytes(WHEEL[:100])
    assert obtain(MADE_WHEEL, tmp_path).read_bytes() == WHEEL
    assert "is not the expected" in said[0]


def test_a_wrong_file_in_the_cache_stays_reported_where_it_cannot_be_replaced(index: Any, tmp_path: Path) -> None:
    kept = tmp_path / "downloads" / MADE_WHEEL.archive
    kept.parent.mkdir()
    kept.write_bytes(b"wrong")
    index.mood = "without"
    with pytest.raises(PamrxError):
        obtain(MADE_WHEEL, tmp_path)
    index.mood = "whole"
    assert obtain(MADE_WHEEL, tmp_path).read_bytes() == WHEEL


def test_a_local_folder_is_read_in_place_and_never_the_index(index: Any, tmp_path: Path) -> None:
    local, cache = tmp_path / "local", tmp_path / "cache"
    local.mkdir()
    with pytest.raises(PamrxError, match=f"holds no {MADE_WHEEL.archive}"):
        obtain(MADE_WHEEL, cache, local)
    (local / MADE_WHEEL.archive).write_bytes(b"wrong")
    with pytest.raises(PamrxError, match=f"SHA-256 is .* expected {MADE_WHEEL.sha256}"):
        obtain(MADE_WHEEL, cache, local)
    (local / MADE_WHEEL.archive).write_bytes(WHEEL)
    assert obtain(MADE_WHEEL, cache, local) == local / MADE_WHEEL.archive
    assert index.served == 0


def start_slow_download(cache: Path) -> subprocess.Popen[str]:
    program = (
        "import sys; from pathlib import Path\n"
        "from pamrx.errors import PamrxError\n"
        "from pamrx_training.datasets.cache import interruptible\n"
        "from pamrx_training.datasets.packages import Package, obtain\n"
        f"package = {MADE_WHEEL!r}\n"
        "try:\n"
        "    with interruptible('made'):\n"
        "        obtain(package, Path(sys.argv[1]))\n"
        "except PamrxError as error:\n"
        "    print(error, file=sys.stderr); raise SystemExit(2)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, str(cache)],
        cwd=ROOT,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what runs in its background with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_until(true: Any, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not come about in time"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_download_leaves_the_cache_usable(index: Any, tmp_path: Path, how: Any) -> None:
    index.mood = "slow"
    running = start_slow_download(tmp_path)
    wait_until(lambda: index.served > 0)
    time.sleep(0.5)
    running.send_signal(how)
    _, said = running.communicate(timeout=30)
    if how == signal.SIGINT:
        assert running.returncode == 2
        assert said.strip() == "made: interrupted; nothing half-written was kept; run the same command again"
        assert files_below(tmp_path) == []
    assert not (tmp_path / "downloads" / MADE_WHEEL.archive).exists()
    index.mood = "whole"
    assert obtain(MADE_WHEEL, tmp_path).read_bytes() == WHEEL
    wait_until(lambda: files_below(tmp_path) == [f"downloads/{MADE_WHEEL.archive}"])
