"""CPU time of the tests: a test that takes long and is not marked `slow` fails, and the end of a run says the total.

Counted is the time of this process and of the children that it has waited for, so that a busy machine changes little.
Only the test itself counts toward the limit: what its fixtures do is shared with other tests, and listed apart. On a
machine that does less in a CPU second, for what it is or for what runs beside, the limit is longer by as much.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator

import pytest

LONGEST = 5
"""How many tests the summary names."""

SQUARES, SECONDS = 2_000_000, 0.16
"""A piece of work, and the CPU seconds that it takes where the limit holds as it stands."""

PROPERTY = "cpu_seconds"
_taken = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("cpu_limit", "CPU seconds that a test without the marker slow may take", default="5")


def _now() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def slowness() -> float:
    """How much longer than `SECONDS` the piece of work takes here and now; 1 where it takes less."""
    began = time.process_time()
    sum(number * number for number in range(SQUARES))
    return max(1.0, (time.process_time() - began) / SECONDS)


def _measured(item: pytest.Item) -> Generator[None, object, object]:
    began = _now()
    try:
        return (yield)
    finally:
        item.stash[_taken] = _now() - began


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    taken = item.stash.get(_taken, 0.0)
    report.user_properties.append((PROPERTY, taken))
    limit = float(item.config.getini("cpu_limit"))
    if report.when != "call" or not report.passed or taken <= limit or item.get_closest_marker("slow") is not None:
        return report
    limit *= slowness()
    if taken > limit:
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} took {taken:.1f} CPU seconds, more than {limit:.1f}: make it cheaper, or mark it slow"
        )
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        (dict(report.user_properties).get(PROPERTY, 0.0), report)
        for category in ("passed", "failed", "error", "skipped", "xfailed", "")
        for report in terminalreporter.stats.get(category, [])
        if isinstance(report, pytest.TestReport)
    ]
    tests = {report.nodeid: taken for taken, report in reports if report.when == "call"}
    fixtures = sum(taken for taken, report in reports if report.when != "call")
    terminalreporter.write_line(f"CPU time: {sum(tests.values()):.0f} s in tests, {fixtures:.0f} s in fixtures")
    for nodeid in sorted(tests, key=tests.__getitem__, reverse=True)[:LONGEST]:
        terminalreporter.write_line(f"  {tests[nodeid]:5.1f} s {nodeid}")
