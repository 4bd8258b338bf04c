"""A training in a real MLflow SQLite store, read back; and stores that cannot be used."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.utils.validation import _validate_metric_name
from pamrx.bundle.bundle import load_bundle
from pamrx.identifiers.assay import assays_of
from pamrx.knowledge.drugs import screened_drugs
from pamrx.model import boosted
from pamrx.model.sensitivity import SensitivityModel
from pamrx_training.evaluation.evaluate import Evaluation
from pamrx_training.fitting.cross_validation import OutOfFold
from pamrx_training.fitting.masked_predictions import MaskedPredictions
from pamrx_training.registry.registry import bundle_folder
from pamrx_training.serving.model import save_served
from pamrx_training.serving.registration import register
from pamrx_training.tracking import metric_name, sync, tracking_uri, without_password
from pamrx_training.tracking.trainings import Training, log_training

pytestmark = pytest.mark.medium

ASSAYS = ["GDSC1:Alpelisib", "GDSC2:Alpelisib", "GDSC1:AKT inhibitor VIII"]
FINGERPRINT = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Fitted:
    model: SensitivityModel
    features: pd.DataFrame
    evaluation: Evaluation
    bundle: Path


@pytest.fixture(scope="module")
def training(small_bundle: Path) -> Fitted:
    """60 lines, PIK3CA mutation sensitises; few rounds, and a bundle of another training."""
    random = np.random.default_rng(0)
    lines = pd.Index([f"L{number}" for number in range(60)], name="cell_line")
    names = ["mutation.PIK3CA", "mutation.PTEN", *(f"transcriptome.G{number}" for number in range(8)), "tissue.breast"]
    features = pd.DataFrame(random.normal(size=(60, len(names))), index=lines, columns=names)
    features["mutation.PIK3CA"] = (features["mutation.PIK3CA"] > 0).astype(float)
    noise = random.normal(size=(60, len(ASSAYS)))
    responses = pd.DataFrame(-2 * features[["mutation.PIK3CA"]].to_numpy() + noise, index=lines, columns=ASSAYS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 10)
        model = SensitivityModel(seed=1).fit(features, responses)
    return Fitted(model, features, evaluation_of(responses, model.predict(features)), small_bundle)


def evaluation_of(measured: pd.DataFrame, predicted: pd.DataFrame) -> Evaluation:
    long = measured.reset_index().melt("cell_line", var_name="assay", value_name="measured")
    long["predicted"] = predicted.to_numpy().T.ravel()
    long["drug"], long["fold"] = long["assay"].str.partition(":")[2], 0
    per_assay = pd.DataFrame(
        {
            "n": [60, 60, 60],
            "pearson": [0.5, 0.25, np.nan],
            "rmse": [1.0, 1.5, 2.0],
            "within_tissue_pearson": [0.1, 0.2, 0.3],
            "ridge_pearson": [0.4, 0.3, 0.2],
            "tissue_drug_mean_rmse": [1.1, 1.2, 1.3],
        },
        index=pd.Index(ASSAYS, name="assay"),
    )
    summary = {"lco_pearson": 0.375, "lco_pearson_low": 0.3, "n_lines": 60.0, "seconds": 12.0}
    nothing, no_folds = pd.DataFrame(), pd.Series(dtype=object)
    masked = MaskedPredictions(nothing, {}, {}, nothing, no_folds)  # intervals are no part of what is logged here
    return Evaluation(long, per_assay, summary, OutOfFold(no_folds, predicted, measured, {}, None, None, masked, 12.0))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory without `MLFLOW_TRACKING_URI`; its store is migrated once, by the first to log."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        yield folder


def log(training: Fitted, **changes: object) -> str | None:
    arguments = {
        "run_name": "small",
        "parameters": {"seed": 7, "block_weights": {"ncrna": 0.1}, "long": "x" * 9000},
        "evaluation": training.evaluation,
        "model": training.model,
        "features": training.features,
        "data_fingerprint": FINGERPRINT,
        "bundle_dir": training.bundle,
        "tags": {"bundle_fingerprint": "f00"},
        "intervals": {"interval_coverage.complete": 0.91, "interval_width.complete": 4.0},
    }
    return log_training(Training(**{**arguments, **changes}), save_served)


@pytest.fixture(scope="module")
def logged(training: Fitted, store: Path, lines_logged: Any) -> tuple[MlflowClient, str, list[str]]:
    with lines_logged() as said:
        run_id = log(training)
    assert run_id is not None, said
    return MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}"), run_id, said


def test_run_lies_in_the_working_directory_and_nowhere_else(
    logged: tuple[MlflowClient, str, list[str]], store: Path
) -> None:
    client, run_id, said = logged
    run = client.get_run(run_id)
    assert sorted(path.name for path in store.iterdir()) == ["mlartifacts", "mlflow.db"]
    assert run.info.artifact_uri.startswith((store / "mlartifacts").as_uri())
    assert client.get_experiment(run.info.experiment_id).name == "pamrx"
    assert (run.info.run_name, run.info.status) == ("small", "FINISHED")
    assert sum(line.startswith("making the MLflow store") for line in said) == 1
    assert "logged run 'small'" in said[-1]
    assert not any("warning" in line for line in said)


def test_parameters_fingerprint_and_tags(logged: tuple[MlflowClient, str, list[str]]) -> None:
    client, run_id, _ = logged
    run = client.get_run(run_id)
    assert run.data.params["seed"] == "7"
    assert run.data.params["block_weights.ncrna"] == "0.1"
    assert run.data.params["data_fingerprint"] == FINGERPRINT
    assert run.data.tags["data_fingerprint"] == FINGERPRINT
    assert run.data.tags["bundle_fingerprint"] == "f00"
    assert run.data.tags["version.lightgbm"].count(".") >= 2
    assert run.data.tags["command"]
    assert run.inputs is not None
    (entry,) = run.inputs.dataset_inputs
    assert FINGERPRINT.startswith(entry.dataset.digest)
    assert json.loads(entry.dataset.source)["tags"]["data_fingerprint"] == FINGERPRINT
    assert json.loads(str(entry.dataset.profile)) == {"lines": 60, "features": 11}
    assert {tag.key: tag.value for tag in entry.tags} == {"mlflow.data.context": "training"}


def test_metrics_are_named_alike_for_means_and_assays(logged: tuple[MlflowClient, str, list[str]]) -> None:
    client, run_id, _ = logged
    metrics = client.get_run(run_id).data.metrics
    assert metrics["lco_pearson"] == 0.375
    assert metrics["lco_pearson_low"] == 0.3
    assert (metrics["interval_coverage.complete"], metrics["interval_width.complete"]) == (0.91, 4.0)
    assert metrics["seconds"] == 12
    assert metrics["lco_pearson.GDSC2.Alpelisib"] == 0.25
    assert metrics["lco_rmse.GDSC1.AKT inhibitor VIII"] == 2.0
    assert metrics["lco_within_tissue_pearson.GDSC1.Alpelisib"] == 0.1
    assert metrics["lco_pearson_ridge.GDSC2.Alpelisib"] == 0.3
    assert metrics["lco_rmse_tissue_drug_mean.GDSC2.Alpelisib"] == 1.2
    assert metrics["n_lines.GDSC2.Alpelisib"] == 60
    assert "lco_pearson.GDSC1.AKT inhibitor VIII" not in metrics, "an unknown value is left out"
    shares = {name: value for name, value in metrics.items() if name.startswith("shap_share.")}
    assert set(shares) == {"shap_share.mutation", "shap_share.transcriptome", "shap_share.tissue"}
    assert sum(shares.values()) == pytest.approx(1)


def test_artifacts_hold_predictions_and_explanations(
    logged: tuple[MlflowClient, str, list[str]], training: Fitted, tmp_path: Path
) -> None:
    client, run_id, _ = logged
    folder = Path(client.download_artifacts(run_id, "", str(tmp_path)))
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    drawn = ("GDSC2.Alpelisib", "GDSC1.AKT inhibitor VIII")
    assert files == {
        "evaluation/out_of_fold.parquet",
        "evaluation/per_assay.csv",
        "shap/contributions.parquet",
        "shap/importance.parquet",
        "shap/block_shares.csv",
        "shap/overall.png",
        "shap/full/GDSC2.Alpelisib.parquet",
        *(f"shap/block/{block}.png" for block in ("mutation", "transcriptome", "tissue")),
        *(f"shap/{kind}/{assay}.png" for kind in ("summary", "bar", "dependence") for assay in drawn),
    }
    full = pd.read_parquet(folder / "shap" / "full" / "GDSC2.Alpelisib.parquet")
    np.testing.assert_allclose(
        full.sum(axis=1), training.model.predict(training.features)["GDSC2:Alpelisib"], rtol=0, atol=1e-4
    )
    assert list(full.columns) == ["base", *training.model.features_]
    pd.testing.assert_frame_equal(
        pd.read_parquet(folder / "evaluation" / "out_of_fold.parquet"), training.evaluation.oof
    )
    table = pd.read_parquet(folder / "shap" / "contributions.parquet")
    sums = table.groupby(["sample_id", "assay"], observed=True)["contribution"].sum().unstack("assay")
    model, assay = training.model, "GDSC2:Alpelisib"
    told = sums.loc[training.features.index, assay] + model.base_[model.assays_.index(assay)]
    np.testing.assert_allclose(told, model.predict(training.features)[assay], rtol=0, atol=1e-6)
    for name in files:
        content = (folder / name).read_bytes()
        assert not content.startswith(b"\x80"), f"{name} is a pickle"
        assert content.startswith(b"\x89PNG") == name.endswith(".png")


def test_the_bundle_is_the_runs_model_with_signature_and_example(
    logged: tuple[MlflowClient, str, list[str]], training: Fitted, store: Path, tmp_path: Path, said: list[str]
) -> None:
    client, run_id, _ = logged
    (output,) = client.get_run(run_id).outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert (model.source_run_id, model.status, model.tags["bundle_fingerprint"]) == (run_id, "READY", "f00")
    folder = Path(str(model.artifact_location).removeprefix("file://"))
    told = mlflow.models.Model.load(str(folder))
    assert told.signature is not None
    assert told.saved_input_example_info is not None
    assert load_bundle(folder / "artifacts" / "bundle").manifest == load_bundle(training.bundle).manifest
    number = register(run_id)
    assert client.get_model_version("pamrx", str(number)).source == f"models:/{output.model_id}"
    with bundle_folder(Path(f"models:/pamrx/{number}")) as place:
        assert load_bundle(place).manifest == load_bundle(training.bundle).manifest


@pytest.mark.usefixtures("unrendered")
def test_a_second_training_is_a_second_run_of_the_same_experiment(
    logged: tuple[MlflowClient, str, list[str]], training: Fitted
) -> None:
    client, first, _ = logged
    second = log(training, run_name="again")
    assert second not in (None, first)
    experiment = client.get_experiment_by_name("pamrx")
    assert experiment is not None
    found = {run.info.run_name for run in client.search_runs([experiment.experiment_id])}
    assert found >= {"small", "again"}


@pytest.mark.usefixtures("unrendered")
def test_a_store_that_fails_on_the_way_leaves_a_failed_run_that_a_sync_completes(
    logged: tuple[MlflowClient, str, list[str]],
    training: Fitted,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: list[str],
) -> None:
    client, _, _ = logged

    def full(*_: object) -> None:
        raise RuntimeError("no space\nleft")

    monkeypatch.setattr(MlflowClient, "log_artifacts", full)
    assert log(training, run_name="cut off") is None
    assert said[-1].startswith("warning: MLflow at sqlite:")
    assert "the run is incomplete (no space left)" in said[-1]
    assert str(training.bundle) in said[-1]
    experiment = client.get_experiment_by_name("pamrx")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "attributes.run_name = 'cut off'")
    assert run.info.status == "FAILED"
    monkeypatch.undo()
    assert sync(store / "mlruns-pending") == 0
    run = client.get_run(run.info.run_id)
    assert run.info.status == "FINISHED"
    assert "shap_share.mutation" in run.data.metrics
    assert len(run.outputs.model_outputs) == 1
    assert not (store / "mlruns-pending").exists()


@pytest.mark.usefixtures("unrendered")
def test_a_mistake_of_our_own_is_not_taken_for_a_broken_store(
    logged: tuple[MlflowClient, str, list[str]], training: Fitted
) -> None:
    with pytest.raises(Exception, match=r"mutation\.PIK3CA"):
        log(training, features=training.features.drop(columns="mutation.PIK3CA"))


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("http://127.0.0.1:{port}", "the server does not answer"),
        ("./mlruns", "MLflow keeps runs in a database"),
        ("sqlite:///{folder}/garbage.db", "file is not a database"),
        ("sqlite:////proc/none/mlflow.db", "nothing was logged"),
    ],
)
def test_a_store_that_cannot_be_used_costs_one_line(
    uri: str, told: str, training: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "garbage.db").write_text("not a database " * 100)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(port=port, folder=tmp_path))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert log(training) is None
    assert said[-1].startswith("warning: MLflow at ")
    assert told in said[-1]
    assert "\n" not in said[-1]
    assert str(training.bundle) in said[-1]
    (kept,) = (tmp_path / "mlruns-pending").iterdir()
    assert f"kept in mlruns-pending/{kept.name}" in said[-1]
    assert json.loads((kept / "run.json").read_text())["metrics"]["lco_pearson"] == 0.375
    assert (kept / "model" / "artifacts" / "bundle" / "manifest.json").is_file()


def test_tracking_uri_is_the_variable_or_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking_uri() == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert tracking_uri() == "http://127.0.0.1:5000"


def test_passwords_are_not_printed() -> None:
    assert without_password("postgresql://me:secret@host/db") == "postgresql://***@host/db"
    assert without_password("http://127.0.0.1:5000") == "http://127.0.0.1:5000"


def test_every_assay_has_a_metric_name_of_its_own_that_mlflow_takes() -> None:
    assays = [str(assay) for drug in screened_drugs() for assay in assays_of(drug)]
    names = {metric_name(assay) for assay in assays}
    assert len(names) == len(assays)
    for name in names:
        _validate_metric_name(name)
        assert ":" not in name, "not allowed on Windows"
    assert metric_name("GDSC2:Alpelisib") == "lco_pearson.GDSC2.Alpelisib"
    assert metric_name("GDSC1:A/B (c):d", "lco_rmse") == "lco_rmse.GDSC1.A_B _c__d"
