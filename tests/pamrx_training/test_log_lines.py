"""The command line prints the library's log as lines on stdout, each once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pamrx_training.cli.log_lines import show_log


@pytest.fixture(autouse=True)
def as_before() -> Iterator[Any]:
    """The logger of the package, put back to what it was."""
    logger = logging.getLogger("pamrx_training")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_lines_go_to_stdout_once_and_warnings_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    show_log()
    show_log()
    log = logging.getLogger("pamrx_training.fitting.fit_cache")
    log.info("%d of %d fits", 1, 2)
    log.warning("nothing was logged")
    log.debug("a detail")
    told = capsys.readouterr()
    assert told.out == "1 of 2 fits\nwarning: nothing was logged\n"
    assert told.err == ""
