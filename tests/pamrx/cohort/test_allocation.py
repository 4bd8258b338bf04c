"""Freed memory is kept where the C library can be told so, and asking is harmless where it cannot."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
from pamrx.cohort.allocation import give_back_freed_memory, keep_freed_memory

FAULTS = """
import resource, sys
import numpy as np
from pamrx.cohort.allocation import give_back_freed_memory, keep_freed_memory
if sys.argv[1] != "given":
    keep_freed_memory()
def work():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.empty(6_000_000).fill(1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
work()
if sys.argv[1] == "given back":
    give_back_freed_memory()
print(sum(work() for _ in range(5)))
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library is told")
def test_the_same_memory_serves_again() -> None:
    faults = {how: _faults(how) for how in ("given", "kept", "given back")}
    assert faults["kept"] < faults["given"] / 5
    assert faults["given back"] > faults["given"] / 2, "as before"


def _faults(how: str) -> int:
    command = [sys.executable, "-c", FAULTS, how]
    # Small pages alone: whether the system has large ones to give depends on what else it does.
    small = {**os.environ, "NUMPY_MADVISE_HUGEPAGE": "0"}
    return int(subprocess.run(command, check=True, capture_output=True, text=True, env=small).stdout)


def test_without_that_library_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: (_ for _ in ()).throw(OSError(name)))
    keep_freed_memory()
    give_back_freed_memory()
    monkeypatch.setattr(sys, "platform", "darwin")
    keep_freed_memory()
    give_back_freed_memory()
