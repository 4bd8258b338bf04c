"""What all tests share: markers, fixtures of released data, and settings that keep a run quiet and repeatable.

Which tests run when:

- `make check` runs the fast ones: neither `medium` nor `slow`, nor those that need the network or real cohorts.
  `medium` is what fits models, starts processes of its own, needs MLflow or takes more than a sixth of a
  second; a whole module is marked where all of it does.
- `make test` runs all but `slow`. A test of more than five CPU seconds that is not marked `slow` fails (`cpu_time.py`).
- `make test-slow` runs the rest, `.ci/run` everything.

Markers of needs: a test that reads a real cohort asks for `shared_data`, or carries the marker `shared`. Where the
folder is absent it is skipped with the reason; `PAMRX_REQUIRE_SHARED=1` makes such a skip a failure, so that CI cannot
pass by leaving it out. In the same way `browser` needs Chromium with its driver, `spark` Java and pyspark, and
`anndata` the extra of that name, and `PAMRX_REQUIRE_BROWSER`, `_SPARK` and `_ANNDATA` insist on them. Tests that use
the real training data are marked `network` here, since they download it where it is not yet in the cache; a test
without that marker cannot reach another machine.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import re
import shutil
import socket
from collections.abc import Generator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pamrx import Bundle, Profiles

pytest_plugins = ["pytester", "tests.cpu_time"]

REQUIRED = {marker: f"PAMRX_REQUIRE_{marker.upper()}" for marker in ("shared", "browser", "spark", "anndata")}
"""The variable that makes it a failure to skip a test of this marker."""

BY_FIXTURE = {"shared_data": pytest.mark.shared, "real_cache": pytest.mark.network}
"""Markers of every test that uses a fixture, also through another one."""

FOLDER = "PAMRX_SHARED_DATA"

_look_up = socket.getaddrinfo

os.environ.setdefault("MPLBACKEND", "Agg")
# Threads of OpenMP wait by spinning: with a worker of xdist per core, several times what a test needs.
os.environ.setdefault("OMP_NUM_THREADS", "1")
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


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """The released bundle, loaded once."""
    from pamrx.bundle.bundle import load_bundle

    return load_bundle()


@pytest.fixture(scope="session")
def examples() -> Profiles:
    """The twelve cell lines shipped with pamrx, read once."""
    from pamrx.examples import example_files
    from pamrx.profiles import read_profiles

    return read_profiles(**example_files())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the modules of which `-m` leaves out everything, before they import MLflow, Dask or Spark."""
    left_out = [mark for mark in ("medium", "slow") if f"not {mark}" in (config.option.markexpr or "")]
    if not left_out or collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    return True if re.search(rf"^pytestmark = .*\bmark\.({'|'.join(left_out)})\b", text, re.MULTILINE) else None


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector of garbage needs not look at them again and again."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in BY_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("network") is None:
            patch.setattr(socket, "getaddrinfo", _of_this_machine)
        return (yield)


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
    if item.get_closest_marker("anndata") and importlib.util.find_spec("anndata") is None:
        pytest.skip("no anndata; it comes with the extra anndata, on Python 3.12 and newer")


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
    for mark, what in (("shared", "shared data"), ("browser", "a browser"), ("spark", "Spark"), ("anndata", "anndata")):
        reports = terminalreporter.stats.get("skipped", [])
        skipped = [report for report in reports if isinstance(report, pytest.TestReport) and mark in report.keywords]
        terminalreporter.write_line(f"skipped for want of {what}: {len(skipped)}")


def _of_this_machine(host: str | bytes | None, *arguments: Any, **options: Any) -> Any:
    """`socket.getaddrinfo` for tests without the marker `network`."""
    name = host.decode() if isinstance(host, bytes) else host
    if name and name not in ("localhost", socket.gethostname()) and not _is_address(name):
        raise socket.gaierror(f"{name} looked up in a test without the marker network")
    return _look_up(host, *arguments, **options)


def _is_address(name: str) -> bool:
    try:
        return not ip_address(name).is_global
    except ValueError:
        return False


def _folder() -> Path:
    named = os.environ.get(FOLDER)
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"


def _skip_without(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip(f"no folder of shared data at {folder}; {FOLDER} names another")
