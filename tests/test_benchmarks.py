"""The scripts of `benchmarks/`: each says what it takes, and what they compute by hand is right."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.medium

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "benchmarks"
WITH_OPTIONS = ("calibration", "drivers", "platforms", "signatures", "stability")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Import a benchmark as running it would: its folder comes first on the path."""
    monkeypatch.syspath_prepend(str(FOLDER))

    yield importlib.import_module
    for path in FOLDER.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.mark.parametrize("name", WITH_OPTIONS)
def test_each_script_says_what_it_takes(name: str) -> None:
    known = dict(os.environ)
    command = [sys.executable, str(FOLDER / f"{name}.py"), "--help"]
    told = subprocess.run(command, capture_output=True, text=True, env=known, timeout=120)
    assert told.returncode == 0, told.stderr
    assert "--data-dir" in told.stdout or "--cache" in told.stdout


def test_every_script_imports_and_states_its_purpose(script: Any) -> None:
    for path in FOLDER.glob("*.py"):
        assert script(path.stem).__doc__, path.name


def test_driver_flags_against_calls(script: Any) -> None:
    """Four lines in common: three called, two flagged, one both."""
    drivers = script("drivers")
    flags = pd.DataFrame({"PTEN_mut": [1, 1, 0, 0, 1]}, index=list("ABCDE"))
    calls = pd.DataFrame({"PTEN": [True, False, True, True]}, index=list("ABCD"))
    assert drivers.agreement(flags, calls, "PTEN") == (4, 3, 2, 1)
    assert drivers.agreement(flags, calls, "KRAS") is None
    assert drivers.agreement(flags, calls, "all") == (4, 3, 2, 1)
    assert drivers.cells((4, 3, 2, 1)).split() == ["4", "3", "2", "0.33", "0.50"]


def test_agreement_of_a_feature(script: Any) -> None:
    """Twelve lines: one feature shifted by 2 (r 1), one turned round (r -1), one constant, one in five lines only."""
    lines = [f"L{place}" for place in range(12)]
    rising = np.arange(12.0)
    ours = pd.DataFrame({"tme.A": rising, "tme.B": rising, "tme.C": 1.0, "tme.D": rising}, index=lines)
    theirs = ours.assign(**{"tme.A": rising + 2, "tme.B": -rising, "tme.D": np.where(rising < 5, rising, np.nan)})
    spread = pd.Series({"tme.A": 4.0, "tme.B": 1.0, "tme.C": 0.0, "tme.D": 1.0})
    found = script("platforms").feature_agreement(ours, theirs, spread)
    np.testing.assert_allclose(found["r"], [1, -1, np.nan, np.nan])
    assert found["lines"].tolist() == [12, 12, 12, 5]
    assert found.loc["tme.A", "shift_sd"] == 0.5
    assert found.loc["tme.A", "sd_ratio"] == pytest.approx(np.sqrt(13) / 4)


def test_genes_that_move_together(script: Any) -> None:
    """Signed genes with correlation 1 in our profiles; their differences between the two have correlation -1."""
    ours = pd.DataFrame({"g.A": [1.0, 2, 3], "g.B": [-1.0, -2, -3]})
    theirs = ours + pd.DataFrame({"g.A": [0.0, 1, 2], "g.B": [0.0, 1, 2]})
    together, apart = script("platforms").cohesion(pd.Series({"g.A": 1.0, "g.B": -1.0}), ours, theirs)
    assert (together, apart) == (pytest.approx(1), pytest.approx(-1))
    assert np.isnan(script("platforms").cohesion(pd.Series({"g.A": 1.0}), ours, theirs)).all()


def test_disturbances(script: Any) -> None:
    stability = script("stability")
    values = pd.DataFrame({"A": [1.0, 3.0], "B": [-2.0, 2.0]})
    one = pd.DataFrame({"centre": [0.0], "offset": [0.5], "factor": [4.0]})
    draw = np.random.default_rng(0)
    pd.testing.assert_frame_equal(stability.disturbed(values, one, draw, 0.0, "offset factor"), values)
    moved = stability.disturbed(values, one, draw, 0.5, "offset factor")  # twice as wide, up by a quarter
    assert moved.to_dict("list") == {"A": [0.25, 4.25], "B": [-3.75, 4.25]}
    assert stability.disturbed(values, one, draw, 1.0, "offset").to_dict("list") == {"A": [1.5, 3.5], "B": [-1.5, 2.5]}
    assert stability.without_genes(values, ["A", "B", "X", "Y"], 0.25, draw).shape == (2, 1)
    np.testing.assert_allclose(stability.z_in_line(pd.DataFrame([[1.0, 2.0, 3.0]])), [[-1, 0, 1]])


def test_predictions_before_and_after(script: Any) -> None:
    before = pd.DataFrame({"a": [0.0, 1, 2], "b": [0.0, 2, 4], "c": [3.0, 1, 2]})
    found = script("stability").compare(before, before + 1)
    np.testing.assert_allclose(found["r"], 1)
    np.testing.assert_allclose(found["shift"], [1, 0.5, 1])
    np.testing.assert_allclose(found["sd_ratio"], 1)
    assert script("stability").compare(before, -before)["r"].tolist() == pytest.approx([-1, -1, -1])


def test_weighted_mean_of_z_scores(script: Any) -> None:
    expression = pd.DataFrame({"A": [1.0, 2, 3], "B": [3.0, 2, 1], "C": [0.0, 5, 10]})
    signatures = {"up": pd.Series({"A": 1.0, "C": 1.0}), "signed": pd.Series({"A": 1.0, "B": -1.0})}
    found = script("signatures").z_across(expression, signatures)
    np.testing.assert_allclose(found["up"], [-1, 0, 1])
    np.testing.assert_allclose(found["signed"], [-1, 0, 1])


def test_a_command_that_fails_ends_the_timing(script: Any, tmp_path: Path) -> None:
    startup = script("startup")
    assert startup.seconds((sys.executable, "-c", "pass"), str(tmp_path)) > 0
    with pytest.raises(SystemExit, match="ended with 3"):
        startup.seconds((sys.executable, "-c", "raise SystemExit(3)"), str(tmp_path))
