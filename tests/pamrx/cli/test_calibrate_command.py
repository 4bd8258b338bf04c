"""`pamrx calibrate`, and `--calibrate` of `predict` and `score`: one answer by every way, and advice that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pamrx import Bundle

from tests.commands import pamrx
from tests.pamrx.bundle.test_calibrated import DRUGS, shifted

pytestmark = pytest.mark.medium

FILES = ("--expression", "expression-01.csv", "--samples", "samples-01.csv")


@pytest.fixture(scope="module")
def folder(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of another platform as a folder of matrices, and its offsets."""
    at = tmp_path_factory.mktemp("lab")
    cohort = shifted(bundle)
    assert cohort.expression is not None
    (at / "cohort").mkdir()
    (7 + 2 * cohort.expression).to_csv(at / "cohort" / "expression-01.csv")
    cohort.samples[["tissue"]].to_csv(at / "cohort" / "samples-01.csv")
    return at


def run(folder: Path, *arguments: str) -> Any:
    return pamrx(*arguments, cwd=folder / "cohort")


@pytest.fixture(scope="module")
def calibrated(folder: Path) -> Any:
    return run(folder, "calibrate", *FILES, "-o", "../lab.json")


def test_it_writes_the_offsets_and_shows_what_they_move(calibrated: Any, folder: Path) -> None:
    assert calibrated.returncode == 0, calibrated.stderr
    own = [line for line in calibrated.stdout.splitlines() if not line.startswith("· ")]
    assert max(map(len, own)) <= 80
    assert own[0].startswith("24 samples of 2 tissues")
    assert len(own) == 14  # ten drugs
    assert (folder / "lab.json").is_file()


def test_advice_to_calibrate_works(calibrated: Any, folder: Path) -> None:
    """`predict` proposes it for a shifted cohort, and falls silent once it is followed."""
    assert calibrated.returncode == 0
    command = ("predict", *FILES, "--drugs", "Alpelisib", "-o", "../table.csv")
    before = run(folder, *command)
    assert before.returncode == 0, before.stderr
    assert "`pamrx calibrate`" in " ".join(before.stdout.split())
    after = run(folder, *command, "--calibrate", "../lab.json")
    assert after.returncode == 0, after.stderr
    assert "platform" not in after.stdout


def test_advice_to_calibrate_works_for_score_with_the_numbers_of_predict(
    calibrated: Any, folder: Path, bundle: Bundle
) -> None:
    assert calibrated.returncode == 0
    command = ("score", ".", "--drugs", ",".join(DRUGS))
    before = run(folder, *command, "-o", "../raw")
    assert before.returncode == 0, before.stderr
    assert "`pamrx calibrate`" in before.stderr
    after = run(folder, *command, "-o", "../fixed", "--calibrate", "../lab.json")
    assert after.returncode == 0, after.stderr
    assert "platform" not in after.stderr
    mine = bundle.calibrated(folder / "lab.json").predict(shifted(bundle), DRUGS)
    theirs = pd.read_parquet(folder / "fixed" / "predictions")
    assert theirs["drug"].tolist() == mine["drug"].tolist()
    assert theirs["ln_ic50"].to_numpy() == pytest.approx(mine["ln_ic50"].to_numpy(), abs=1e-6)


def test_a_run_that_was_begun_with_other_offsets_is_refused(calibrated: Any, folder: Path) -> None:
    assert calibrated.returncode == 0
    begun = ("score", ".", "-o", "../begun", "--drugs", "Alpelisib")
    assert run(folder, *begun, "--calibrate", "../lab.json").returncode == 0
    again = run(folder, *begun)
    assert again.returncode == 2
    assert "options calibrate was" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("calibrate", "--expression", "expression-01.csv", "-o", "../x.json"),
            "give --expression and, for the tissues",
        ),
        (("calibrate", ".", "--samples", "samples-01.csv", "-o", "../x.json"), "a study folder brings its own files"),
        (("calibrate", *FILES, "-o", "samples-01.csv"), "samples-01.csv"),
        (("predict", "--samples", "samples-01.csv", "--calibrate", "../x.json"), "--calibrate goes with --expression"),
        (("predict", *FILES, "--calibrate", "samples-01.csv"), "write it anew with `pamrx calibrate`"),
        (("predict", *FILES, "--calibrate", "none.json"), "none.json: no such file"),
    ],
)
def test_mistakes_are_one_line(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    found = run(folder, *arguments)
    assert found.returncode == 2
    assert len(found.stderr.strip().splitlines()) == 1
    assert said in found.stderr
    assert not (folder / "x.json").exists()
