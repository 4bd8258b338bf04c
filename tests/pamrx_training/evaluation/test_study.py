"""A study of six candidates on a small made-up cohort: logged, read back and compared, from the command line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS
from pamrx.model import boosted
from pamrx_training.evaluation import boosted_baseline, candidates, study
from pamrx_training.evaluation.candidates import CANDIDATES, HYBRID
from pamrx_training.evaluation.comparison import Logged, compare
from pamrx_training.evaluation.metrics import per_assay
from pamrx_training.evaluation.study import Study
from pamrx_training.evaluation.study_tables import print_comparison, print_study
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.fit_cache import Fit
from pamrx_training.fitting.run_context import RunContext, Store
from pamrx_training.fitting.splits import leave_cell_line_out
from pamrx_training.tracking import DataSet
from pamrx_training.tracking.evaluations import Settings, log_study
from pamrx_training.tracking.reading import read_run, reading

pytestmark = pytest.mark.medium

SEED = 11
NAMES = [candidate.name for candidate in CANDIDATES]


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Cohort:
    return build_cohort(made_up_gdsc(n=90))


@pytest.fixture(scope="module")
def quick(unrendered_in_module: Any) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 5)
        patch.setattr(boosted_baseline, "ROUNDS", 60)
        yield


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, mlflow_store: Path, quick: Any) -> Iterator[Any]:
    """A working directory with a store of its own."""
    folder = tmp_path_factory.mktemp("work")
    shutil.copy(mlflow_store, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("fits"), "data")


@pytest.fixture(scope="module")
def done(cohort: Cohort, quick: Any, fits: Store) -> Study:
    folds = leave_cell_line_out(cohort, 3, SEED)
    return study.study(cohort, folds, RunContext(1, fits, SEED), draws=200)


@pytest.fixture(scope="module")
def logged(done: Study, work: Path, lines_logged: Any) -> str:
    with lines_logged() as said:
        run_id = log_study(done, Settings({"seed": SEED}, DataSet("ab" * 32, {"lines": 90})), 3.0)
    assert run_id is not None, said
    return run_id


def test_six_candidates_predict_the_same_cells(done: Study) -> None:
    oof = done.found.oof
    assert list(done.found.table.index) == NAMES
    assert len(set(NAMES)) == 6
    cells = {name: part[["cell_line", "assay", "fold", "measured"]] for name, part in oof.groupby("variant")}
    for name in NAMES:
        pd.testing.assert_frame_equal(cells[name].reset_index(drop=True), cells[HYBRID].reset_index(drop=True))
    assert oof["predicted"].notna().all()
    gone = [set(BLOCKS) - set(candidate.blocks) for candidate in CANDIDATES[:3]]
    assert gone == [set(), {"ncrna"}, {"tme"}]
    assert oof.groupby("variant")["predicted"].sum().nunique() == 4, "the made-up data hold no ncRNA and no signature"
    assert set(done.seconds) == set(NAMES)


def test_the_made_up_truth_orders_the_candidates(done: Study) -> None:
    """Response follows a gene and a mutation, tissue is drawn at random."""
    pearson = done.found.table["pearson"]
    for name in (HYBRID, "ridge per assay", "LightGBM per assay"):
        assert pearson[name] > 0.5 > pearson["naive: tissue-drug mean"] + 0.2
    assert done.found.table.loc[HYBRID, "difference"] == 0
    assert done.found.table.loc["naive: tissue-drug mean", "difference_high"] < 0


@pytest.mark.parametrize("candidate", [one for one in CANDIDATES if one.family != "hybrid"], ids=lambda one: one.name)
def test_poisoned_test_responses_change_no_prediction(cohort: Cohort, quick: Any, candidate: Any) -> None:
    train, test = cohort.lines[:60], cohort.lines[60:]
    garbage = cohort.responses.copy()
    garbage.loc[garbage["cell_line"].isin(test), "ln_ic50"] = 1e3
    fit = Fit(tuple(train), tuple(test), SEED, candidate.blocks)
    poisoned = Cohort(cohort.profiles, garbage, cohort.cell_lines)
    clean, dirty = (candidates.predict_plain(one, candidate, fit) for one in (cohort, poisoned))
    pd.testing.assert_frame_equal(clean, dirty, check_exact=True)


def test_a_second_study_fits_nothing_and_remembers_the_seconds(
    cohort: Cohort, quick: Any, done: Study, fits: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a finished fit was run again")

    monkeypatch.setattr(study, "predict_plain", never)
    monkeypatch.setattr("pamrx_training.evaluation.study_explanations.fit_lines", never)
    monkeypatch.setattr("pamrx_training.fitting.fit_cache.fit_lines", never)
    folds = leave_cell_line_out(cohort, 3, SEED)
    again = study.study(cohort, folds, RunContext(1, fits, SEED), draws=200)
    pd.testing.assert_frame_equal(again.found.oof, done.found.oof)
    assert again.explained == done.explained
    assert set(done.explained) == set(NAMES[:5])
    assert again.seconds == pytest.approx(done.seconds)


def test_a_parent_run_with_six_runs_told_apart_by_name(logged: str, work: Path, done: Study) -> None:
    client = MlflowClient(tracking_uri=f"sqlite:///{work / 'mlflow.db'}")
    experiment = client.get_run(logged).info.experiment_id
    children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{logged}'")
    assert sorted(run.info.run_name for run in children) == sorted(NAMES)
    assert {run.info.status for run in children} == {"FINISHED"}
    for run in children:
        metrics, params = run.data.metrics, run.data.params
        row = done.found.table.loc[run.info.run_name]
        assert metrics["lco_pearson"] == pytest.approx(row["pearson"])
        assert metrics["lco_within_tissue_pearson"] == pytest.approx(row["within_tissue"])
        assert {"lco_pearson.GDSC2.A", "lco_rmse.GDSC1.A", "n_lines.GDSC2.B", "seconds"} <= set(metrics)
        assert ("lco_pearson_minus_hybrid_pamrx_low" in metrics) == (run.info.run_name != HYBRID)
        assert run.info.run_name.endswith(params["candidate"])
        assert params["seed"] == str(SEED)
        assert {"data_fingerprint", "command", "version.lightgbm"} <= set(run.data.tags)
        assert run.inputs.dataset_inputs[0].dataset.digest in "ab" * 32
    assert len({run.data.params["candidate"][:10] for run in children}) == 6, "MLflow's axes show ten letters"
    assert len({run.data.tags["mlflow.runColor"] for run in children}) == 6
    assert {run.data.tags["study"] for run in children} == {"study of 6 candidates, seed 11"}
    by_name = {run.info.run_name: run.data.params for run in children}
    assert by_name["hybrid without ncRNA"]["with.ncrna"] == "no"
    assert by_name["hybrid without ncRNA"]["with.tme"] == by_name[HYBRID]["with.ncrna"] == "yes"


def test_runs_are_compared_from_what_they_logged(logged: str, done: Study, capsys: pytest.CaptureFixture[str]) -> None:
    with reading() as client:
        a, b = read_run(client, "ridge per assay"), read_run(client, HYBRID)
    assert a.importance is not None
    assert b.importance is not None
    found = compare(a, b, draws=200)
    assert (found.n_lines, found.n_assays, found.notes) == (90, 3, ())
    assert found.features is not None
    assert set(found.features["block"]) >= {"mutation", "transcriptome"}
    assert found.features["a"].sum() == pytest.approx(100)
    assert found.features["b"].sum() == pytest.approx(100)
    mean = found.assays.set_index(["assay", "metric"]).loc[("mean", "pearson")]
    assert mean["difference"] == pytest.approx(-done.found.table.loc["ridge per assay", "difference"])
    low, high = (-done.found.table.loc["ridge per assay", f"difference_{end}"] for end in ("high", "low"))
    assert (mean["low"], mean["high"]) == pytest.approx((low, high))
    assert "seconds" in found.metrics.index
    print_comparison(found, a, b)
    print_study(done)
    told = capsys.readouterr().out
    assert "90 lines and 3 assays" in told
    assert "hybrid without TME" in told


def test_names_of_runs_that_do_not_serve_are_told(logged: str, work: Path, done: Study) -> None:
    with reading() as client:
        with pytest.raises(PamrxError, match=r"no run 'ridge per asay'.*did you mean ridge per assay"):
            read_run(client, "ridge per asay")
        assert read_run(client, logged).oof is None
        again = log_study(done, Settings({"seed": SEED}, DataSet("ab" * 32)), 3.0)
        with pytest.raises(PamrxError, match=f"2 runs are named '{NAMES[3]}'.*by its id"):
            read_run(client, NAMES[3])
        client.delete_run(again)
        for run in client.search_runs(["1"], f"tags.mlflow.parentRunId = '{again}'"):
            client.delete_run(run.info.run_id)
        with pytest.raises(PamrxError, match="holds no out-of-fold predictions"):
            compare(read_run(client, logged), read_run(client, HYBRID))


def run_of(name: str, oof: pd.DataFrame, weights: dict[str, float] | None = None) -> Logged:
    importance = None if weights is None else pd.DataFrame({"GDSC2:A": weights, "GDSC2:B": weights})
    return Logged(f"id of {name}", name, {"seconds": 1.0, "lco_pearson.GDSC2.A": 1.0, "x_low": 0.0}, oof, importance)


def made_up_oof(lines: range, assays: tuple[str, ...], noise: float, fold_of: int = 3) -> pd.DataFrame:
    rows = []
    for assay in assays:
        for line in lines:
            measured = float(np.sin(7.0 * line + len(assay)))
            told = {"cell_line": f"L{line}", "assay": assay, "drug": "A", "fold": line % fold_of, "measured": measured}
            rows.append({**told, "predicted": measured + noise * float(np.cos(3.0 * line))})
    return pd.DataFrame(rows)


def test_only_shared_lines_and_assays_are_compared_and_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    a = run_of("a", made_up_oof(range(60), ("GDSC2:A", "GDSC2:B"), 1.0), {"tme.x": 3.0, "mutation.PTEN": 1.0})
    b = run_of("b", made_up_oof(range(20, 70), ("GDSC2:A", "GDSC1:C"), 0.1), {"mutation.PTEN": 2.0, "tissue.skin": 2.0})
    found = compare(a, b, draws=300)
    assert (found.n_lines, found.n_assays, found.of_lines, found.of_assays) == (40, 1, 70, 3)
    table = found.assays.set_index(["assay", "metric"])
    for side, run in (("a", a), ("b", b)):
        part = run.oof[(run.oof["assay"] == "GDSC2:A") & run.oof["cell_line"].isin([f"L{n}" for n in range(20, 60)])]
        wide = part.pivot(index="cell_line", columns="assay")
        again = per_assay(wide["measured"], wide["predicted"]).loc["GDSC2:A"]
        assert table.loc[("GDSC2:A", "pearson"), side] == pytest.approx(again["pearson"])
        assert table.loc[("GDSC2:A", "rmse"), side] == pytest.approx(again["rmse"])
    assert 0 < table.loc[("mean", "pearson"), "low"] < table.loc[("mean", "pearson"), "difference"]
    assert table.loc[("mean", "rmse"), "high"] < 0
    assert found.features is not None
    assert found.features["difference"].to_dict() == {"tme.x": -75.0, "tissue.skin": 50.0, "mutation.PTEN": 25.0}
    assert list(found.metrics.index) == ["seconds"]
    print_comparison(found, a, b)
    told = capsys.readouterr().out
    assert "40 lines and 1 assays" in told
    assert "PTEN mutation" in told
    assert "-75.00" in told
    tidy = found.tidy()
    assert set(tidy["kind"]) == {"assay", "mean", "metric", "feature"}
    assert tidy["difference"].notna().all()


def test_a_run_beside_itself_differs_in_nothing_and_another_split_is_said() -> None:
    a = run_of("a", made_up_oof(range(60), ("GDSC2:A",), 1.0))
    same = compare(a, run_of("b", made_up_oof(range(60), ("GDSC2:A",), 1.0)), draws=100)
    assert (same.assays[["difference", "low", "high"]] == 0).all().all()
    assert same.notes == ()
    other = compare(a, run_of("b", made_up_oof(range(60), ("GDSC2:A",), 1.0, fold_of=4)), draws=100)
    assert len(other.notes) == 1
    assert "different folds" in other.notes[0]
    with pytest.raises(PamrxError, match="share no line and assay"):
        compare(a, run_of("c", made_up_oof(range(60, 90), ("GDSC2:A",), 1.0)))
