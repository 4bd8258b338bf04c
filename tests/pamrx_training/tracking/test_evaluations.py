"""`pamrx evaluate`: every kind of evaluation as runs of one shape, in one store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS
from pamrx.model import boosted
from pamrx_training.cli.commands import app
from pamrx_training.evaluation import boosted_baseline
from pamrx_training.evaluation.biology import Biology
from pamrx_training.evaluation.laboratories import Elsewhere
from pamrx_training.evaluation.study import CANDIDATES
from pamrx_training.fitting import loading
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.tracking.summaries import biology_metrics, laboratory_metrics
from typer.testing import CliRunner

pytestmark = pytest.mark.medium

FINGERPRINT = "ef" * 32
TISSUE = "leave-tissue-out"


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Cohort:
    return build_cohort(made_up_gdsc(n=72))


@pytest.fixture(scope="module")
def pamrx(cohort: Cohort, unrendered_in_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Runs a command on the made-up cohort, in a working directory with a store of its own; gives what it printed."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        patch.setattr(boosted, "ROUNDS", 2)
        patch.setattr(boosted_baseline, "ROUNDS", 20)
        patch.setattr(loading, "load_cohort", lambda *_: (cohort, FINGERPRINT))

        def run(*words: str) -> str:
            result = CliRunner().invoke(app, list(words), catch_exceptions=False)
            assert result.exit_code == 0, result.output
            return result.output

        yield run


@pytest.fixture
def client(pamrx: Any, mlflow_store: Path) -> MlflowClient:
    if not Path("mlflow.db").exists():
        shutil.copy(mlflow_store, Path.cwd())
    return MlflowClient(tracking_uri=f"sqlite:///{Path.cwd() / 'mlflow.db'}")


def run_named(client: MlflowClient, name: str) -> Any:
    experiment = client.get_experiment_by_name("pamrx")
    (run,) = client.search_runs([experiment.experiment_id], f"attributes.run_name = '{name}'")
    return run


@pytest.mark.slow
def test_a_plain_evaluation_logs_unless_told_not_to_and_its_protocol_names_its_metrics(
    pamrx: Any, mlflow_store: Any, request: pytest.FixtureRequest
) -> None:
    common = ["evaluate", "--protocol", TISSUE, "--n-folds", "3", "--seed", "11", "--jobs", "1"]
    pamrx(*common, "--no-track")
    assert list(Path.cwd().iterdir()) == []
    shutil.copy(mlflow_store, Path.cwd())
    told = pamrx(*common)
    assert f"logged run '{TISSUE}, seed 11'" in told
    client = request.getfixturevalue("client")
    run = run_named(client, f"{TISSUE}, seed 11")
    metrics = run.data.metrics
    assert {"lto_pearson", "lto_pearson_low", "lto_pearson_minus_ridge", "lto_within_tissue_pearson"} <= set(metrics)
    assert {"lto_pearson.GDSC2.A", "lto_rmse_ridge.GDSC1.A", "n_lines.GDSC2.B", "seconds", "n_lines"} <= set(metrics)
    assert 0 < metrics["interval_coverage.complete"] <= 1
    assert metrics["interval_width.mutations_only"] > 0
    assert not [name for name in metrics if name.startswith("lco_")]
    assert run.data.params == {
        "protocol": TISSUE,
        "seed": "11",
        "n_folds": "3",
        "folds": "by seed",
        "mirna": "True",
        "panel": "True",
        "data_fingerprint": FINGERPRINT,
    }
    path = client.download_artifacts(run.info.run_id, "evaluation/out_of_fold.parquet")
    assert list(pd.read_parquet(path).columns) == ["cell_line", "assay", "drug", "fold", "measured", "predicted"]


@pytest.mark.slow
def test_an_ablation_is_a_run_with_one_for_each_variant(pamrx: Any, client: Any, tmp_path: Path) -> None:
    table = tmp_path / "ablation.csv"
    pamrx("evaluate", "--ablate", "removed", "--n-folds", "2", "--seed", "11", "--jobs", "1",
          "--cache", str(tmp_path), "-o", str(table))  # fmt: skip
    parent = run_named(client, "ablation (removed), leave-cell-line-out")
    assert parent.data.params["ablate"] == "removed"
    assert parent.data.metrics["seconds"] > 0
    children = client.search_runs([parent.info.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert {run.info.run_name for run in children} == {"all blocks", *(f"without {block}" for block in BLOCKS)}
    printed = pd.read_csv(table).set_index(["variant", "assay"])["pearson"]
    for run in children:
        assert run.data.metrics["lco_pearson.GDSC2.A"] == pytest.approx(printed[run.info.run_name, "GDSC2:A"])
        gone = run.info.run_name.removeprefix("without ")
        for block in BLOCKS:
            assert run.data.params[f"with.{block}"] == ("no" if block == gone else "yes")
    without = run_named(client, "without transcriptome").data.metrics
    assert without["lco_pearson_minus_all_blocks_low"] <= without["lco_pearson_minus_all_blocks"] < 0


@pytest.mark.slow
def test_two_variants_are_compared_by_name(pamrx: Any, client: Any, tmp_path: Path) -> None:
    told = pamrx("compare", "all blocks", "without transcriptome", "-o", str(tmp_path / "difference.csv"))
    assert "72 lines and 3 assays" in told
    assert "no features compared: A and B logged no importance" in told
    table = pd.read_csv(tmp_path / "difference.csv").set_index(["kind", "name", "metric"])
    logged = run_named(client, "without transcriptome").data.metrics
    mean = table.loc[("mean", "mean", "pearson")]
    for column, end in (("difference", ""), ("low", "_low"), ("high", "_high")):
        assert mean[column] == pytest.approx(logged[f"lco_pearson_minus_all_blocks{end}"])
    with pytest.raises(PamrxError, match="are the same"):
        pamrx("compare", "all blocks", "all blocks")


@pytest.mark.slow
def test_the_study_command_says_how_to_look_at_it(pamrx: Any, client: Any, tmp_path: Path) -> None:
    told = pamrx("study", "--n-folds", "2", "--seed", "11", "--jobs", "1", "--cache", str(tmp_path))
    assert all(candidate.name in told for candidate in CANDIDATES)
    assert "logged run 'study of 6 candidates, seed 11' with 6 under it" in told
    assert "`pamrx ui`" in told
    shown = pamrx("compare", "hybrid (pamrx)", "hybrid without TME")
    assert "no feature's importance changed" in shown, "the made-up genes belong to no signature of the TME"
    assert "Downloading" not in shown


@pytest.mark.slow
def test_repeated_splits_are_a_run_with_one_for_each(pamrx: Any, client: Any, tmp_path: Path) -> None:
    pamrx("evaluate", "--repeats", "2", "--n-folds", "2", "--seed", "11", "--jobs", "1", "--cache", str(tmp_path))
    parent = run_named(client, "2 splits of leave-cell-line-out").data.metrics
    splits = [run_named(client, f"leave-cell-line-out, seed {seed}").data.metrics for seed in (11, 12)]
    assert parent["lco_pearson"] == pytest.approx(sum(split["lco_pearson"] for split in splits) / 2)
    assert all("lco_pearson.GDSC2.A" in split for split in splits)


def test_the_other_screen_is_a_run_with_its_table(pamrx: Any, client: Any, tmp_path: Path) -> None:
    pamrx("evaluate", "--protocol", "leave-screen-out", "--n-folds", "2", "--seed", "11", "--jobs", "1", "--cache",
          str(tmp_path))  # fmt: skip
    run = run_named(client, "leave-screen-out, seed 11")
    table = pd.read_csv(client.download_artifacts(run.info.run_id, "table.csv"))
    there = table[(table["trained_on"] == "GDSC1") & (table["tested_on"] == "GDSC2")]
    metrics = run.data.metrics
    assert metrics["lso_pearson.GDSC1_to_GDSC2"] == pytest.approx(there["pearson"].mean())
    assert metrics["lso_pearson_low.GDSC2_to_GDSC1"] <= metrics["lso_pearson.GDSC2_to_GDSC1"]


def test_known_biology_is_counted_by_verdict() -> None:
    none = "as expected: none"
    rows = [("PTEN lost, AKT", "all", "shown"), ("PTEN lost, AKT", "GDSC2:A", "shown")]
    rows += [("PIK3CA, AZD8186", "all", none), ("MYC gained, PI3K", "all", none)]
    table = pd.DataFrame(rows, columns=["relation", "assay", "agreement"]).assign(measured=[-0.5, -0.6, 0.0, 0.1])
    metrics = biology_metrics(Biology(table.assign(predicted=0.25)))
    assert metrics["biology_relations"] == 3
    assert metrics["biology_shown"] == 1
    assert metrics["biology_as_expected_none"] == 2
    assert metrics["biology_measured.PTEN lost_ AKT"] == -0.5
    assert metrics["biology_predicted.MYC gained_ PI3K"] == 0.25


def test_another_laboratory_says_which_lines_profile_and_measure() -> None:
    index = pd.MultiIndex.from_tuples(
        [("AUC", "held out", "GDSC"), ("AUC", "all", "GDSC")], names=["measure", "lines", "profile"]
    )
    means = pd.DataFrame({"pearson": [0.3, 0.5], "low": 0.1, "high": 0.6, "spearman": 0.2}, index=index)
    metrics = laboratory_metrics(Elsewhere(pd.DataFrame(), means), "gcsi")
    assert metrics["gcsi_pearson.held_out.GDSC.AUC"] == 0.3
    assert metrics["gcsi_pearson_low.all.GDSC.AUC"] == 0.1
