"""What MLflow's UI is told to show: descriptions of runs, and the view of candidates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from pamrx_training.tracking import DataSet, Run, log_run
from pamrx_training.tracking.names import NOTE
from pamrx_training.tracking.notes import LONGEST, note_of
from pamrx_training.tracking.views import MEANS, VIEW, experiment_tags, runs_address

pytestmark = pytest.mark.medium

DATA = DataSet("cd" * 32)
LONGEST_EXPERIMENT_TAG = 5000


def candidate(name: str, r: float, **metrics: float) -> Run:
    told = {"protocol": "leave-cell-line-out", "family": "hybrid", "with.ncrna": "no", "with.tme": "yes", "seed": 11}
    shown = {"lco_pearson": r, "lco_rmse": 1.25, "n_lines": 90.0, "n_assays": 3.0, "lco_pearson.GDSC2.A": 0.9}
    return Run(name, DATA, shown | metrics, told, {"kind": "candidate"})


AGAINST = {f"lco_pearson_minus_first{end}": value for end, value in (("", -0.02), ("_low", -0.031), ("_high", -0.01))}


def test_a_description_says_what_a_run_is_and_how_well_it_does() -> None:
    what, numbers = note_of(candidate("second", 0.4, **AGAINST), "my study").split("\n\n")
    assert what == "Candidate of *my study*; leave-cell-line-out; hybrid; without ncrna; seed 11."
    assert numbers == (
        "**r 0.400**, mean of 3 assays over 90 lines; RMSE 1.250; r minus first -0.020 (-0.031 to -0.010)."
    )


def test_a_study_is_described_by_a_table_of_the_runs_under_it() -> None:
    first, second = candidate("first", 0.42), candidate("second", float("nan"), **AGAINST)
    study = Run("study", DATA, {"seconds": 2.0}, tags={"kind": "study"}, children=[first, second])
    *_, one, two = note_of(study).splitlines()
    assert one == "| first | 0.420 | - | 1.250 | - |"
    assert two == "| second | - | - | 1.250 | -0.020 (-0.031 to -0.010) |"
    many = Run("study", DATA, children=[candidate(f"run {number}", 0.1) for number in range(900)])
    assert len(note_of(many)) == LONGEST


def test_a_run_without_numbers_of_a_protocol_is_still_described() -> None:
    assert note_of(Run("plain", DATA, {"seconds": 1.0})) == "Run."
    assert "| b | 0.300 |" in note_of(Run("study", DATA, children=[Run("b", DATA, {"lto_pearson": 0.3})]))


def test_an_experiment_gets_its_view_and_keeps_what_somebody_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run_id = log_run(Run("one", DATA))
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_run(run_id).info.experiment_id
    assert client.get_experiment(experiment).tags.items() >= experiment_tags().items()
    client.set_experiment_tag(experiment, NOTE, "ours")
    client.set_experiment_tag(experiment, VIEW, "an older one")
    assert log_run(Run("two", DATA)) is not None
    tags = client.get_experiment(experiment).tags
    assert tags[NOTE] == "ours"
    assert tags[VIEW] == experiment_tags()[VIEW]


def test_the_view_is_short_enough_and_names_metrics_and_sections_that_there_are() -> None:
    assert all(len(value) <= LONGEST_EXPERIMENT_TAG for value in experiment_tags().values())
    view = json.loads(experiment_tags()[VIEW])
    assert {f"metrics.`{name}`" for name in MEANS} <= set(view["selectedColumns"])
    sections = {section["uuid"] for section in view["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in view["compareRunCharts"]} <= sections
    assert len({chart["uuid"] for chart in view["compareRunCharts"]}) == len(view["compareRunCharts"])
    assert runs_address("http://h:1", "7").startswith("http://h:1/#/experiments/7/runs?")
    assert runs_address("http://h:1", "7", charts=True).endswith("&compareRunsMode=CHART")
