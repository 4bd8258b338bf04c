"""One case in this process, which is a forked one: its folder, its time and memory, and what it printed."""

from __future__ import annotations

import faulthandler
import math
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.case import INPUTS, Case
from tests.fuzz.entrances import enter
from tests.fuzz.judge import Ended, Fault, faults_of, seen_in
from tests.fuzz.kinds import KINDS

_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Of one case.

    Attributes
    ----------
    cpu : seconds of the processor, so that a busy machine changes little.
    wall : seconds that a case may wait for something that never comes.
    memory : bytes above what the process held before.
    """

    cpu: int = 20
    wall: float = 60
    memory: int = 2_000_000_000


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes
    ----------
    code : exit code; None where it did not end by itself.
    seconds : of the processor, the making of the case included.
    memory : megabytes above what the process held before.
    """

    kind: str
    seed: int
    code: int | None
    faults: tuple[Fault, ...]
    seconds: float
    memory: int
    asked: str = ""
    error: str = ""

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Outcome:
        return cls(**{**told, "faults": tuple(Fault(**fault) for fault in told["faults"])})


def run_case(kind: str, seed: int, root: Path, limits: Limits) -> Outcome:
    """Make a case in a folder of its own below `root`, run it, judge it, and take the folder away."""
    began = _cpu()
    folder = root / f"{kind}-{seed}"
    _limit_time(limits.cpu)
    case = KINDS[kind].make(seed, folder)
    temporary = folder / "tmp"
    temporary.mkdir()
    before, held = seen_in(folder / INPUTS), _held()
    with _own_place(folder / INPUTS, temporary):
        code, error = _entered(case, folder)
    out, err = ((folder / name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err"))
    memory = _peak() - held
    faults = faults_of(Ended(code, error, out, err), before, folder / INPUTS, temporary, case)
    if memory > limits.memory and not any(fault.sort == "memory" for fault in faults):
        faults.append(Fault("memory", f"{memory / 1e9:.1f} GB"))
    asked = " ".join(case.arguments) or (case.request or b"")[:200].decode("utf-8", "replace")
    last = next((line for line in reversed(err.split("\n")) if line.strip()), "") if code else ""
    _cleared(folder)
    seconds, more = round(_cpu() - began, 3), memory // _MEGABYTE
    return Outcome(kind, seed, code, tuple(faults), seconds, more, asked[:300], (error or last)[-2000:])


def prepare_child(limits: Limits, crashes: Path) -> None:
    """Bound this process, and let a crash or the end of its time say where it was.

    Where `crashes` exists it is written to. The system's own end for a process that takes too long comes even inside
    a regular expression.
    """
    stream = crashes.open("w")
    faulthandler.enable(stream, all_threads=False)
    faulthandler.register(signal.SIGXCPU, stream, all_threads=False, chain=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    size = _address_space()
    if size is not None:
        # Above what is judged: libraries reserve more than they use.
        most = size + 2 * limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _entered(case: Case, folder: Path) -> tuple[int | None, str]:
    """The exit code, and the traceback of what left pamrx; what is printed goes to files, also from C libraries."""
    kept = [os.dup(number) for number in (1, 2)]
    streams = sys.stdout, sys.stderr
    for number, name in ((1, "out"), (2, "err")):
        handle = os.open(folder / name, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(handle, number)
        os.close(handle)
    # As Python opens them for a person whose language is English.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - closed below
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # noqa: SIM115
    try:
        code = enter(case)
        sys.stdout.flush()
    except BaseException:
        return None, traceback.format_exc()
    else:
        return code, ""
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.close()
            except (OSError, ValueError):
                continue
        sys.stdout, sys.stderr = streams
        for number, handle in zip((1, 2), kept, strict=True):
            os.dup2(handle, number)
            os.close(handle)


@contextmanager
def _own_place(folder: Path, temporary: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    try:
        yield
    finally:
        os.chdir(before)
        tempfile.tempdir = None


def _limit_time(seconds: int) -> None:
    most = math.ceil(_cpu()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _cpu() -> float:
    return time.process_time()


def _held() -> int:
    """Bytes in memory now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _peak()


def _peak() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _address_space() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def _cleared(folder: Path) -> None:
    """Also what a case made unreadable."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
