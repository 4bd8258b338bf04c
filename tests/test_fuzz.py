"""Five hundred hostile inputs of all kinds: each ends with a result, or with one line and nothing left behind.

`make fuzz` tries ten thousand. A case that fails here is repeated by the line that its failure shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import pytest

from tests.fuzz import results
from tests.fuzz.entrances import prepare
from tests.fuzz.kinds import KINDS
from tests.fuzz.pool import Task, run

pytestmark = pytest.mark.medium

CASES = 500
AT_ONCE, SLOW_AT_ONCE = 8, 2
"""Cases of a test; of slow kinds fewer."""

SLOW = ("bundle", "workbook")
"""A bundle is loaded anew for each case, and one cell at the end of a sheet makes a million empty rows."""


def chunks() -> Iterator[list[Task]]:
    """Cases of one kind, so few that their CPU time stays below what a test may take."""
    for _, found in groupby(sorted(results.tasks(CASES)), key=lambda task: task[0]):
        tasks = list(found)
        size = SLOW_AT_ONCE if tasks[0][0] in SLOW else AT_ONCE
        yield from (tasks[start : start + size] for start in range(0, len(tasks), size))


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    prepare(sorted(KINDS))


@pytest.mark.parametrize("tasks", list(chunks()), ids=lambda tasks: f"{tasks[0][0]}-{tasks[0][1]}")
def test_nothing_breaks_it(tasks: list[Task]) -> None:
    found = list(run(tasks, batch=len(tasks)))
    assert [(outcome.kind, outcome.seed) for outcome in found] == tasks
    assert not results.faults(found)
