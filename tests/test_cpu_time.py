"""The limit of CPU time per test, tried on made-up tests in a run of their own."""

from __future__ import annotations

import pytest

from tests import cpu_time

pytestmark = pytest.mark.medium

BURN = """
import subprocess, sys, time
import pytest

SPIN = "import time\\nend = time.process_time() + 1\\nwhile time.process_time() < end: pass"
"""


@pytest.fixture
def made_up(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A run of its own, on a machine that counts as fast whatever it does at the moment."""
    monkeypatch.setattr(cpu_time, "SECONDS", 1e9)
    pytester.makeini("[pytest]\ncpu_limit = 0.2\nmarkers =\n    slow: takes long\n")
    return pytester


def run(made_up: pytest.Pytester, source: str) -> pytest.RunResult:
    made_up.makepyfile(BURN + source)
    return made_up.runpytest("-p", "tests.cpu_time", "-p", "no:cacheprovider")


def test_a_test_over_the_limit_fails_and_is_named_in_one_line(made_up: pytest.Pytester) -> None:
    result = run(made_up, "def test_heavy():\n    exec(SPIN)\n\ndef test_light():\n    pass\n")
    result.assert_outcomes(passed=1, failed=1)
    said = "*::test_heavy took [1-9].? CPU seconds, more than [01].?: make it cheaper, or mark it slow"
    result.stdout.fnmatch_lines([said, "CPU time: * s in tests, * s in fixtures"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_time_of_children_counts(made_up: pytest.Pytester) -> None:
    source = "def test_child():\n    subprocess.run([sys.executable, '-c', SPIN], check=True)\n"
    run(made_up, source).assert_outcomes(failed=1)


def test_the_marker_slow_and_fixtures_are_exempt_and_waiting_costs_nothing(made_up: pytest.Pytester) -> None:
    source = (
        "@pytest.mark.slow\ndef test_marked():\n    exec(SPIN)\n\n"
        "@pytest.fixture(scope='session')\ndef shared():\n    exec(SPIN)\n\n"
        "def test_with_a_fixture(shared):\n    pass\n\n"
        "def test_that_waits():\n    time.sleep(1)\n"
    )
    run(made_up, source).assert_outcomes(passed=3)


def test_where_a_cpu_second_is_worth_less_the_limit_is_longer(
    made_up: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_time, "SECONDS", 1e-4)
    run(made_up, "def test_heavy():\n    exec(SPIN)\n").assert_outcomes(passed=1)


def test_a_failure_keeps_its_own_reason(made_up: pytest.Pytester) -> None:
    result = run(made_up, "def test_wrong():\n    exec(SPIN)\n    assert 1 == 2\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*"])
    result.stdout.no_fnmatch_line("*CPU seconds, more than*")


def test_the_limit_holds_in_workers_of_xdist(made_up: pytest.Pytester) -> None:
    made_up.makepyfile("def test_light():\n    pass\n")
    result = made_up.runpytest("-p", "xdist", "-p", "tests.cpu_time", "-n", "1", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["CPU time: * s in tests, * s in fixtures", "* s test_*::test_light"])
