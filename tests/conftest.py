"""What all tests share: the folder of real cohorts, and settings that keep a run quiet and repeatable.

A test that reads a real cohort asks for `shared_data`, or carries the marker `shared`. Where the folder is absent it is
skipped with the reason; `PAMRX_REQUIRE_SHARED=1` makes such a skip a failure, so that CI cannot pass by leaving it out.
In the same way the marker `browser` needs Chromium with its driver, and `PAMRX_REQUIRE_BROWSER=1` insists on them; and
the marker `spark` Java and pyspark, with `PAMRX_REQUIRE_SPARK=1`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

REQUIRED = {"shared": "PAMRX_REQUIRE_SHARED", "browser": "PAMRX_REQUIRE_BROWSER", "spark": "PAMRX_REQUIRE_SPARK"}
"""The variable that makes it a failure to skip a test of this marker."""

FOLDER = "PAMRX_SHARED_DATA"

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# No deadline: on a busy machine a slow example says nothing about the code.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real cohorts: `PAMRX_SHARED_DATA`, else `shared/data` beside the repository."""
    _skip_without(_folder())
    return _folder()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("shared"):
        _skip_without(_folder())
    if item.get_closest_marker("browser"):
        absent = [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]
        if absent:
            pytest.skip(f"no {' and no '.join(absent)} on this machine (Debian: chromium, chromium-driver)")
    if item.get_closest_marker("spark"):
        if shutil.which("java") is None:
            pytest.skip("no java on this machine (Debian: openjdk-17-jre-headless)")
        if importlib.util.find_spec("pyspark") is None:
            pytest.skip("no pyspark; it comes with the extra spark")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    asked = [name for mark, name in REQUIRED.items() if item.get_closest_marker(mark) and os.environ.get(name) == "1"]
    if skipped and asked:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} ({asked[0]}=1 makes this a failure)"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for mark, what in (("shared", "shared data"), ("browser", "a browser"), ("spark", "Spark")):
        skipped = [report for report in terminalreporter.stats.get("skipped", []) if mark in report.keywords]
        terminalreporter.write_line(f"skipped for want of {what}: {len(skipped)}")


def _folder() -> Path:
    named = os.environ.get(FOLDER)
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"


def _skip_without(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip(f"no folder of shared data at {folder}; {FOLDER} names another")
