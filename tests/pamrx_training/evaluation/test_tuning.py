"""`pamrx tune`: trials on inner folds, stopped and gone on with, and logged."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from pamrx.errors import PamrxError
from pamrx.model import boosted
from pamrx.model.sensitivity import BLOCK_WEIGHTS, BOOSTED_SHARE, N_BOOSTED, SensitivityModel
from pamrx_training.cli.commands import app
from pamrx_training.evaluation import tuning
from pamrx_training.fitting import loading
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.run_context import RunContext, Store
from typer.testing import CliRunner

pytestmark = pytest.mark.medium

FINGERPRINT = "ab" * 32


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Cohort:
    return build_cohort(made_up_gdsc(n=80))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosted, "ROUNDS", 2)


def studied(
    cohort: Cohort, trials: int, folder: Path | None = None, seconds: float | None = None
) -> tuning.TuningResult:
    context = RunContext(1, None if folder is None else Store(folder, "data"), 11)
    return tuning.tune(cohort, tuning.Budget(trials, 3, seconds), context)


def test_the_first_trial_is_the_released_model(cohort: Cohort) -> None:
    found = studied(cohort, 1)
    (first,) = found.trials
    assert first.settings == tuning.released()
    assert found.best == first
    assert found.difference[0] == 0
    model = tuning.model_of(first.settings, 5)
    assert model.block_weights == BLOCK_WEIGHTS
    assert model.seed == 5
    assert (model.n_boosted, model.boosted_share) == (N_BOOSTED, BOOSTED_SHARE)
    assert 0 < first.metrics["lco_pearson"] < 1
    assert first.metrics["seconds"] > 0


@pytest.mark.slow
def test_a_study_that_was_stopped_asks_what_it_would_have_asked(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    whole = studied(cohort, 6, tmp_path / "whole")
    real, calls = tuning._fit, []

    def stopping(*given: Any) -> Any:
        calls.append(given)
        if len(calls) > 7:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(tuning, "_fit", stopping)
    with pytest.raises(KeyboardInterrupt):
        studied(cohort, 6, tmp_path / "stopped")
    monkeypatch.setattr(tuning, "_fit", real)
    said.clear()
    resumed = studied(cohort, 6, tmp_path / "stopped")
    assert any("continuing a study of 2 finished trials" in line for line in said)
    assert len(resumed.trials) == 6
    for before, after in zip(whole.trials[:4], resumed.trials[:4], strict=True):
        assert before.settings == after.settings
        assert before.metrics["lco_pearson"] == after.metrics["lco_pearson"]
    again = studied(cohort, 6, tmp_path / "whole")
    assert again.trials == whole.trials
    assert again.difference == whole.difference


def test_poor_trials_are_given_up(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tuning._fit

    def worse_and_worse(settings: Any, fold: Any, seed: Any) -> Any:
        predicted, seconds = real(settings, fold, seed)
        poor = settings != tuning.released() and settings["boosted_share"] > 0.2
        return (-predicted if poor else predicted), seconds

    monkeypatch.setattr(tuning, "_fit", worse_and_worse)
    found = studied(cohort, 12)
    states = {trial.number: trial.state for trial in found.trials}
    assert tuning.PRUNED in states.values()
    assert states[0] == tuning.COMPLETE
    pruned = [trial for trial in found.trials if trial.state == tuning.PRUNED]
    assert all(trial.settings["boosted_share"] > 0.2 for trial in pruned)
    assert found.best.state == tuning.COMPLETE
    assert set(found.table["state"]) == {"complete", "pruned"}


def test_lines_outside_change_nothing(made_up_gdsc: Any) -> None:
    whole = build_cohort(made_up_gdsc(n=90))
    inside, outside = whole.lines[:70], whole.lines[70:]
    clean = studied(whole.subset(inside), 3)
    poisoned = build_cohort(made_up_gdsc(n=90))
    rows = poisoned.responses["cell_line"].isin(outside)
    poisoned.responses.loc[rows, "ln_ic50"] = 1e3
    poisoned.profiles.expression.loc[outside] = np.random.default_rng(0).normal(size=(len(outside), 1)) * 1e3
    dirty = studied(poisoned.subset(inside), 3)
    assert [t.settings for t in clean.trials] == [t.settings for t in dirty.trials]
    for a, b in zip(clean.trials, dirty.trials, strict=True):
        assert {**a.metrics, "seconds": 0} == {**b.metrics, "seconds": 0}


@pytest.mark.parametrize("seed", tuning.REPORTED_SEEDS)
def test_a_reported_split_is_not_tuned_on(cohort: Cohort, seed: int) -> None:
    with pytest.raises(PamrxError, match=f"--seed {seed}: found the seed of a reported split"):
        tuning.tune(cohort, tuning.Budget(1), RunContext(seed=seed))


def test_when_the_time_is_up_no_trial_begins(cohort: Cohort, tmp_path: Path) -> None:
    studied(cohort, 2, tmp_path)
    assert len(studied(cohort, 9, tmp_path, 0.0).trials) < 9


def test_each_trial_is_a_run_under_the_study_and_no_trial_is_logged_twice(
    cohort: Cohort, mlflow_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(mlflow_store, tmp_path)
    monkeypatch.setattr(loading, "load_cohort", lambda *_: (cohort, FINGERPRINT))
    monkeypatch.setattr("pamrx_training.release.examples.held_out", lambda _: cohort.lines[:5])
    words = [
        "tune",
        "--n-folds",
        "3",
        "--jobs",
        "1",
        "--cache",
        str(tmp_path / "cache"),
        "-o",
        "trials.csv",
        "--trials",
    ]
    for trials in ("2", "4"):
        result = CliRunner().invoke(app, [*words, trials], catch_exceptions=False)
        assert result.exit_code == 0, result.output
    assert "released settings (trial 0)" in result.output
    assert "keep the released settings" in result.output or "judge it on another seed" in result.output
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("pamrx").experiment_id])
    (study,) = [run for run in runs if run.data.tags["kind"] == "study"]
    trials_ = {run.info.run_name: run for run in runs if run.data.tags["kind"] == "candidate"}
    assert sorted(trials_) == ["trial 0", "trial 1", "trial 2", "trial 3"]
    assert len(runs) == 5
    assert all(run.data.tags["mlflow.parentRunId"] == study.info.run_id for run in trials_.values())
    table = pd.read_csv("trials.csv").set_index("trial")
    for number in range(4):
        run = trials_[f"trial {number}"]
        assert run.data.metrics["lco_pearson"] == pytest.approx(table.loc[number, "lco_pearson"])
        assert float(run.data.params["weight.mutation"]) == pytest.approx(table.loc[number, "weight.mutation"])
        assert "lco_pearson.GDSC2.A" in run.data.metrics
        assert run.data.tags["trial_state"] in ("complete", "pruned")
    assert study.data.metrics["trials"] == 4
    assert study.data.metrics["lco_pearson"] == pytest.approx(table["lco_pearson"][table["state"] == "complete"].max())
    assert {"lco_pearson_minus_released", "lco_pearson_minus_released_low"} <= set(study.data.metrics)
    assert isinstance(tuning.model_of(table.iloc[3].to_dict(), 0), SensitivityModel)
