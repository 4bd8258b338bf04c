"""The fuzz suite itself: planted faults of every sort are counted, and inputs are accepted before they are spoilt."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pamrx.cli import check_files

from tests.fuzz import results
from tests.fuzz.case import INPUTS, Case, Kind
from tests.fuzz.child import Limits, Outcome
from tests.fuzz.entrances import done_well, loaded_once, prepare
from tests.fuzz.judge import FAULTS, Fault, seen_in
from tests.fuzz.kinds import KINDS
from tests.fuzz.kinds.layouts import put
from tests.fuzz.pool import run

pytestmark = pytest.mark.medium

FEW = Limits(cpu=1, wall=30, memory=150_000_000)
PLANTED = "planted"


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    prepare([])


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Outcome]]:
    """Has a function in place of the one that checks files, and gives what becomes of two cases."""

    def make(random: Random, folder: Path) -> Case:
        return Case(("check", put(folder / "x.maf", "any")), ("x.maf",))

    def planted(reader: Callable[[], None], tasks: int = 2, kind: Kind | None = None) -> list[Outcome]:
        monkeypatch.setitem(KINDS, PLANTED, kind or Kind(PLANTED, 0, make, lambda random, folder, case: case))
        monkeypatch.setattr(check_files, "show_checks", lambda *given: reader())
        # What waits is seen to wait soon; a busy machine keeps others waiting, too.
        limits = replace(FEW, wall=2) if reader is waits else FEW
        return list(run([(PLANTED, seed) for seed in range(tasks)], limits))

    monkeypatch.setattr("tests.fuzz.pool.prepare", lambda kinds: None)
    return planted


def raises() -> None:
    raise KeyError("planted")


def loops() -> None:
    while True:
        pass


def loops_in_a_regular_expression() -> None:
    re.match(r"(a*)*b", "a" * 60)


def waits() -> None:
    time.sleep(100)


def takes_memory() -> None:
    held = bytearray(280_000_000)  # well above what is judged: the system may take unused pages back meanwhile
    held[::4096] = b"x" * len(held[::4096])


def is_refused_memory() -> None:
    bytearray(900_000_000)


def leaves_a_file() -> None:
    Path("half.tmp").touch()


def leaves_a_temporary_file() -> None:
    import tempfile

    tempfile.mkstemp()


def changes_the_input() -> None:
    Path("x.maf").write_text("other")


def crashes() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def ends_with_one() -> None:
    sys.exit(1)


def shows_a_traceback() -> None:
    os.write(2, b"Traceback (most recent call last):\n")


def says_two_lines() -> None:
    print("pamrx: error: one\nand the other", file=sys.stderr)
    sys.exit(2)


def says_nothing() -> None:
    sys.exit(2)


def prints_an_escape() -> None:
    os.write(1, b"\x1b[31m\n")  # past the stream that writes them out


SORTS: dict[Callable[[], None], str] = {
    raises: "traceback", crashes: "traceback", ends_with_one: "traceback", shows_a_traceback: "traceback",
    says_two_lines: "message", says_nothing: "message", loops: "hang", loops_in_a_regular_expression: "hang",
    waits: "hang", takes_memory: "memory", is_refused_memory: "memory", leaves_a_file: "left behind",
    leaves_a_temporary_file: "left behind", changes_the_input: "left behind", prints_an_escape: "raw control character",
}  # fmt: skip


@pytest.mark.parametrize("reader", SORTS, ids=lambda reader: reader.__name__)
def test_a_planted_fault_is_counted(plant: Callable[..., list[Outcome]], reader: Callable[[], None]) -> None:
    (outcome,) = plant(reader, tasks=1)
    assert [fault.sort for fault in outcome.faults] == [SORTS[reader]]
    assert set(SORTS.values()) == set(FAULTS)
    assert f"python -m tests.fuzz {PLANTED} 0: " in results.faults([outcome])


def test_where_a_fault_was_is_told(plant: Callable[..., list[Outcome]], monkeypatch: pytest.MonkeyPatch) -> None:
    told = plant(raises)[0].faults[0].detail
    assert re.fullmatch(r"pamrx/cli/check_command\.py:\d+: KeyError: 'planted'", told)
    assert "at pamrx/cli/check_command.py, line " in plant(loops, tasks=1)[0].faults[0].detail


def test_cases_after_a_fault_are_done_all_the_same(plant: Callable[..., list[Outcome]]) -> None:
    def some() -> None:
        if Path.cwd().parent.name == f"{PLANTED}-1":
            crashes()
        elif Path.cwd().parent.name == f"{PLANTED}-2":
            raises()

    found = plant(some, tasks=5)
    assert [outcome.seed for outcome in found] == [0, 1, 2, 3, 4]
    assert [len(outcome.faults) for outcome in found] == [0, 1, 1, 0, 0]


def test_an_output_is_whole_or_absent(plant: Callable[..., list[Outcome]]) -> None:
    def kind(output: str) -> Kind:
        def make(random: Random, folder: Path) -> Case:
            return Case(("check", put(folder / "x.maf", "any"), "-o", output), (), output)

        return Kind(PLANTED, 0, make, lambda random, folder, case: case)

    def half() -> None:
        Path("out.json").write_text('[{"a": ')

    def well() -> None:
        Path("out.json").write_text("[]")

    def folder() -> None:
        Path("scores/.work/tmp").mkdir(parents=True)

    for reader, output, told in (
        (well, "out.json", ""),
        (half, "out.json", "is not whole"),
        (lambda: None, "out.json", "was not written"),
        (well, "other.json", "which nobody asked for"),
        (folder, "scores", "holds .work"),
    ):
        (outcome,) = plant(reader, tasks=1, kind=kind(output))
        assert bool(outcome.faults) == bool(told)
        assert told in results.faults([outcome])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_spoilt_was_accepted_before(kind: str) -> None:
    prepare(["request"] if kind == "request" else [])
    with loaded_once():
        for seed in range(1, 2 if kind == "bundle" else 3):
            code, said = done_well(kind, seed)
            assert code == 0, said


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_depends_on_its_seed_alone(kind: str, tmp_path: Path) -> None:
    def made(seed: int, place: str) -> tuple[Any, dict[str, Any]]:
        case = KINDS[kind].make(seed, tmp_path / place)
        seen = seen_in(tmp_path / place / INPUTS)
        return case, {name: (told[0], told[1], told[3]) for name, told in seen.items()}

    for seed in range(3):
        assert made(seed, f"one-{seed}") == made(seed, f"other-{seed}")
    assert made(1, "a") != made(2, "b")


def test_a_run_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    one, other = (Outcome("maf", seed, 2, (Fault("hang", "x"),) * seed, 0.5, 1) for seed in (0, 1))
    file.write_text(results.line(one) + results.line(other)[:40])
    assert results.known(file) == {("maf", 0): one}
    file.write_text(results.line(one) + results.line(other))
    assert results.known(file) == {("maf", 0): one, ("maf", 1): other}
    rows = {line.split()[0]: line.split() for line in results.summary([one, other]).splitlines()}
    assert rows["maf"] == ["maf", "2", "0", "2", "0", "0", "1", "0", "0", "0", "1"]


def test_cases_are_dealt_by_shares() -> None:
    assert sum(kind.share for kind in KINDS.values()) == 1000
    tasks = results.tasks(500)
    assert len(set(tasks)) == len(tasks) == 500
    assert {kind for kind, _ in tasks} == set(KINDS)
    assert {kind for kind, _ in tasks[:100]} == set(KINDS)
    assert results.tasks(3, ["maf"], first=7) == [("maf", 7), ("maf", 8), ("maf", 9)]
    assert set(tasks) <= set(results.tasks(10_000))
