"""Versions in a real registry: who becomes champion, who does not and why, and what `models:/` leads to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput
from pamrx.bundle.bundle import load_bundle, save_bundle
from pamrx.cli.predict_files import PredictOptions, predict
from pamrx.errors import PamrxError
from pamrx_training.registry.registry import bundle_folder, promote, rollback, versions
from pamrx_training.serving.model import save_served
from pamrx_training.serving.registration import register

from tests.commands import pamrx

pytestmark = pytest.mark.medium

REPOSITORY = Path(__file__).resolve().parents[3]
ACCURACY = {1: 0.40, 2: 0.45, 3: 0.42, 4: 0.60}
"""By version; the folds of version 4 come from another seed."""


def variant(bundle: Path, folder: Path, **changes: object) -> Path:
    """The same model, about which the manifest says something else."""
    loaded = load_bundle(bundle)
    told = {key: value for key, value in loaded.manifest.items() if key not in ("format", "files", "fingerprint")}
    save_bundle(replace(loaded, manifest={**told, **changes}), folder, "# variant")
    return folder


@pytest.fixture(scope="module")
def filled(small_bundle: Path, mlflow_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of four versions, and their bundles."""
    folder = tmp_path_factory.mktemp("registry")
    shutil.copy(mlflow_store, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        for number, pearson in ACCURACY.items():
            evaluation = {"lco_pearson": pearson, "n_lines": 60.0}
            made = variant(small_bundle, folder / str(number), evaluation=evaluation, seed=8 if number == 4 else 7)
            assert register(made) == number
    return folder


@pytest.fixture
def store(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a copy of that store."""
    shutil.copy(filled / "mlflow.db", tmp_path / "mlflow.db")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def client(store: Path) -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}")


def champion(store: Path) -> int:
    return int(client(store).get_model_version_by_alias("pamrx", "champion").version)


def test_a_version_carries_what_its_manifest_says(store: Path, filled: Path) -> None:
    manifest = load_bundle(filled / "2").manifest
    tags = client(store).get_model_version("pamrx", "2").tags
    assert tags["bundle_fingerprint"] == manifest["fingerprint"]
    assert (tags["lco_pearson"], tags["seed"], tags["data_fingerprint"]) == ("0.45", "7", "d" * 64)
    others = {number: client(store).get_model_version("pamrx", str(number)).tags["folds"] for number in ACCURACY}
    assert others[1] == others[2] == others[3] != others[4]
    table = versions()
    assert list(table["version"]) == [4, 3, 2, 1], "newest first"
    assert list(table["alias"]) == ["challenger", "", "", ""]
    assert list(table["lco_pearson"]) == ["0.6000", "0.4200", "0.4500", "0.4000"]


def test_a_bundle_is_registered_once(store: Path, filled: Path, said: list[str]) -> None:
    assert register(filled / "2") == 2
    assert said == ["pamrx: this bundle is version 2 already"]
    assert len(versions()) == 4


def test_a_better_version_on_the_same_folds_becomes_champion_and_a_worse_one_does_not(
    store: Path, said: list[str]
) -> None:
    promote(1)
    assert said == ["pamrx: version 1 is the champion (the first champion)"]
    promote(2)
    assert "better: lco_pearson 0.4500 against 0.4000 of version 1, the champion on the same folds" in said[-1]
    with pytest.raises(PamrxError, match=r"version 3 was not promoted: it is worse: lco_pearson 0.4200 against 0.4500"):
        promote(3)
    assert champion(store) == 2
    with pytest.raises(PamrxError, match="version 2 is the champion already"):
        promote(2)


def test_what_cannot_be_compared_is_promoted_only_with_a_reason(store: Path) -> None:
    promote(1)
    with pytest.raises(PamrxError, match="evaluated on another seed: the two cannot be compared; --force --reason"):
        promote(4)
    with pytest.raises(PamrxError, match="--force needs --reason TEXT"):
        promote(4, force=True, reason=" ")
    assert champion(store) == 1
    promote(4, force=True, reason="the new data set")
    assert champion(store) == 4
    tags = client(store).get_model_version("pamrx", "4").tags
    assert tags["promoted.reason"].startswith(
        "the new data set (version 1, the champion, was evaluated on another seed"
    )
    assert (tags["promoted.forced"], tags["promoted.over"]) == ("true", "1")
    assert tags["promoted.by"]
    assert tags["promoted.at"].startswith("20")
    assert "challenger" not in client(store).get_registered_model("pamrx").aliases, "it is champion now"


def test_a_version_of_a_part_of_the_data_is_never_promoted(store: Path, filled: Path, tmp_path: Path) -> None:
    part = variant(filled / "1", tmp_path / "part", scope="Alpelisib; 300 lines", evaluation={"lco_pearson": 0.9})
    number = register(str(part))
    for given in ({}, {"force": True, "reason": "it is better"}):
        with pytest.raises(
            PamrxError, match=rf"version {number} was trained on a part of the data \(Alpelisib; 300 li"
        ):
            promote(number, **given)


def test_rolling_back_goes_through_the_champions_before(store: Path, said: list[str]) -> None:
    with pytest.raises(PamrxError, match="pamrx has no champion"):
        rollback()
    for version in (1, 2):
        promote(version)
    promote(3, force=True, reason="a trial")
    said.clear()
    assert rollback(reason="wrong dose") == champion(store) == 2
    assert said == ["pamrx: version 2 is the champion again, version 3 is not (wrong dose)"]
    tags = client(store).get_model_version("pamrx", "3").tags
    assert (tags["rolled_back.reason"], tags["rolled_back.to"]) == ("wrong dose", "2")
    assert versions().set_index("version").loc[3, "note"] == "wrong dose"
    assert rollback() == champion(store) == 1
    with pytest.raises(PamrxError, match="version 1 is the first champion that is known"):
        rollback()
    promote(3)
    assert rollback() == 1, "what was rolled back is no champion to go back to"


def test_a_champion_made_by_hand_is_known_and_a_deleted_one_is_passed_over(store: Path) -> None:
    promote(1)
    client(store).set_registered_model_alias("pamrx", "champion", "3")
    promote(2)
    client(store).delete_model_version("pamrx", "3")
    assert rollback() == 1


def test_an_address_leads_to_the_bundle_and_runs_no_code_of_the_store(store: Path, filled: Path) -> None:
    promote(2)
    for code in (filled / "mlartifacts").rglob("pyfunc_model.py"):
        code.write_text("raise SystemExit('ran')")
    for address, number in (("models:/pamrx@champion", 2), ("models:/pamrx/1", 1)):
        with bundle_folder(address) as folder:
            assert folder is not None
            assert load_bundle(folder).manifest == load_bundle(filled / str(number)).manifest
        assert not folder.exists(), "a copy, gone again"
    with bundle_folder(filled) as folder:
        assert folder == filled, "a path stays as it is"
    with bundle_folder(None) as folder:
        assert folder is None


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("models:/pamrx@best", "models:/pamrx@best: no version has the alias best; there is challenger"),
        ("models:/pamrx/9", "no version 9 of pamrx; there is 1, 2, 3, 4"),
        ("models:/other@champion", "no model other in the registry"),
        ("models:/pamrx", "models:/pamrx: expected models:/pamrx@champion, or models:/pamrx/3"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_line(store: Path, address: str, told: str) -> None:
    with pytest.raises(PamrxError, match=f"^{told}"), bundle_folder(address):
        pass


def test_a_bundle_that_was_exchanged_in_the_store_is_refused(
    store: Path, filled: Path, small_bundle: Path, tmp_path: Path
) -> None:
    made = variant(small_bundle, tmp_path / "made", seed=99)
    number = register(made)
    uri = client(store).get_model_version_download_uri("pamrx", str(number))
    place = Path(uri.removeprefix("file://")) / "artifacts" / "bundle"
    shutil.rmtree(place)
    shutil.copytree(filled / "1", place)
    with (
        pytest.raises(PamrxError, match=f"not the one that was registered as version {number}"),
        bundle_folder(f"models:/pamrx/{number}"),
    ):
        pass


def test_the_bundle_of_a_run_is_registered_with_its_run(store: Path, small_bundle: Path, tmp_path: Path) -> None:
    made = variant(small_bundle, tmp_path / "made", seed=100)
    mlflow = client(store)
    place = mlflow.create_experiment("trials", artifact_location=(tmp_path / "runs").as_uri())
    run, bare = mlflow.create_run(place).info.run_id, mlflow.create_run(place).info.run_id
    save_served(made, tmp_path / "served")
    logged = mlflow.create_logged_model(place, "made", source_run_id=run).model_id
    mlflow.log_model_artifacts(logged, str(tmp_path / "served"))
    mlflow.finalize_logged_model(logged, "READY")
    mlflow.log_outputs(run, [LoggedModelOutput(logged, 0)])
    number = register(f"runs:/{run}")
    assert mlflow.get_model_version("pamrx", str(number)).source == f"models:/{logged}"
    assert mlflow.get_model_version("pamrx", str(number)).run_id == run
    assert register(run) == number
    with pytest.raises(PamrxError, match=f"run {bare}: no model"):
        register(bare)


def test_without_a_store_nothing_is_made_and_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_bundle: Path
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    for call in (versions, rollback, lambda: promote(1)):
        with pytest.raises(PamrxError, match=r"mlflow\.db: no MLflow store there"):
            call()
    with pytest.raises(PamrxError, match="nothing: no such folder and no id of a run"):
        register(tmp_path / "nothing")
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(PamrxError, match=r"^MLflow at http://\*\*\*@127\.0\.0\.1:9: the server does not answer"):
        versions()


def process_without(package: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, in which `package` cannot be imported."""
    known = dict(os.environ)
    start = f"import sys; sys.modules['{package}'] = None; from pamrx.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", start, *map(str, arguments)], capture_output=True, text=True, env=known, timeout=120
    )


def test_predict_takes_an_address(store: Path, filled: Path) -> None:
    promote(1)
    told = pamrx("predict", "--example", "--bundle", "models:/pamrx@champion", "-o", "a.csv")
    assert told.returncode == 0, told.stderr
    predict(PredictOptions(bundle=filled / "1", output=store / "b.csv", example=True))
    pd.testing.assert_frame_equal(pd.read_csv(store / "a.csv"), pd.read_csv(store / "b.csv"), check_exact=True)


def test_without_mlflow_one_line_says_what_to_install(store: Path) -> None:
    told = process_without("mlflow", "predict", "--example", "--bundle", "models:/pamrx@champion")
    assert told.returncode == 2
    assert told.stderr == "pamrx: error: this command needs the package 'mlflow'; run: pip install 'pamrx[training]'\n"
