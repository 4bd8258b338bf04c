"""The comparison with drevalpy: what is exported, what is kept between runs, and what the table says.

drevalpy itself is not needed here; the benchmark installs it in an environment of its own.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx_training.evaluation.boosted_baseline import validation_lines
from pamrx_training.fitting.cohort import Cohort, training_profiles

from benchmarks import peers
from benchmarks.peer_models import comparison, drevalpy_worker, own_worker
from benchmarks.peer_models.environment import CONSTRAINTS, DREVALPY
from benchmarks.peer_models.export import LANDMARKS, chosen_genes, export, export_fold
from benchmarks.peer_models.jobs import Job, Result, run_all

pytestmark = pytest.mark.medium

LINES = ["22RV1", "697", "A549", "HT29", "MCF7", "T47D"]
FOLDS = pd.Series([0, 0, 1, 1, 1, 1], index=LINES, name="fold")
SMILES = {"GDSC1:A": "CCO", "GDSC2:A": "CCO"}


@pytest.fixture
def cohort() -> Cohort:
    """Six lines, HT29 and T47D of one donor; GDSC2:B was measured in two series, one unit apart."""
    index = pd.Index(LINES, name="cell_line")
    cell_lines = pd.DataFrame(
        {
            "tissue": ["prostate", "leukemia", "lung_NSCLC", "large_intestine", "breast", "breast"],
            "msi": "MSS",
            "donor": ["22RV1", "697", "A549", "one", "MCF7", "one"],
        },
        index=index,
    )
    expression = pd.DataFrame(
        {"FLAT": 0.5, "INSIG1": [0, 1, 0, 1, 0, 1], "WIDE": [0, 9, -3, 3, -3, 3], "MILD": [0, 0, 1, -1, 1, -1]},
        index=index,
        dtype=float,
    )
    alterations = pd.DataFrame(
        {"PIK3CA_mut": [0, 0, 0, 1, 1, 1], "TP53_mut": [1, 0, 0, 1, 0, 1], "PTEN_loss": [1, 0, 0, 0, 0, 0]},
        index=index,
    )
    rows = [(line, "GDSC1:A", "A", 0, float(place)) for place, line in enumerate(LINES)]
    rows += [(line, "GDSC2:A", "A", 0, 10.0 + place) for place, line in enumerate(LINES[:-1])]
    rows += [(line, "GDSC2:B", "B", 0, float(place)) for place, line in enumerate(LINES)]
    rows += [(line, "GDSC2:B", "B", 1, 1.0 + place) for place, line in enumerate(LINES)]
    responses = pd.DataFrame(rows, columns=["cell_line", "assay", "drug", "range", "ln_ic50"])
    return Cohort(training_profiles(cell_lines, alterations, expression, None), responses, cell_lines)


def read(path: Path, **options: Any) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, **options)


def test_profiles_are_exported_under_the_names_that_drevalpy_reads(cohort: Any, tmp_path: Path) -> None:
    export(cohort, FOLDS, [0], tmp_path, SMILES)
    folder = tmp_path / "dataset"
    expression = read(folder / "gene_expression.csv")
    assert expression.index.name == "cell_line_name"
    assert list(expression.index) == LINES
    assert expression.loc["697"].to_dict() == {"FLAT": 0.5, "INSIG1": 1, "WIDE": 9, "MILD": 0}
    mutations = read(folder / "mutations.csv")
    assert mutations.loc["HT29"].to_dict() == {"PIK3CA": 1, "TP53": 1}
    assert mutations.loc["697"].to_dict() == {"PIK3CA": 0, "TP53": 0}
    assert read(folder / "copy_number_variation_gistic.csv")["PTEN"].tolist() == [-2, 0, 0, 0, 0, 0]
    assert read(folder / "drug_names.csv")["drug_name"].to_dict() == {"GDSC1:A": "A", "GDSC2:A": "A", "GDSC2:B": "B"}
    smiles = read(folder / "smiles.csv")["smiles"]
    assert smiles["GDSC2:A"] == "CCO"
    assert pd.isna(smiles["GDSC2:B"])


def test_lines_of_one_tissue_survive_a_reader_that_drops_repeated_rows(cohort: Any, tmp_path: Path) -> None:
    export(cohort, FOLDS, [0], tmp_path, SMILES)
    assert list(read(tmp_path / "dataset" / "cell_line_names.csv").drop_duplicates().index) == LINES


def test_a_fold_holds_its_test_lines_and_whole_donors_for_validation(cohort: Any, tmp_path: Path) -> None:
    folder = export_fold(cohort, FOLDS, 0, tmp_path / "fold")
    parts = {name: pd.read_csv(folder / f"{name}.csv", dtype={"cell_line_name": str}) for name in
             ("train", "validation", "test")}  # fmt: skip
    lines = {name: set(table["cell_line_name"]) for name, table in parts.items()}
    assert lines["test"] == {"22RV1", "697"}
    assert lines["train"] | lines["validation"] == {"A549", "HT29", "MCF7", "T47D"}
    assert not lines["train"] & lines["validation"]
    assert {"HT29", "T47D"} <= lines["train"] or {"HT29", "T47D"} <= lines["validation"]
    assert list(parts["test"].columns) == ["cell_line_name", "pubchem_id", "tissue", "response"]
    of_697 = parts["test"].set_index(["cell_line_name", "pubchem_id"]).loc[("697", "GDSC2:A")]
    assert of_697.to_dict() == {"tissue": "leukemia", "response": 11.0}
    assert ("T47D", "GDSC2:A") not in set(zip(parts["train"]["cell_line_name"], parts["train"]["pubchem_id"],
                                              strict=True))  # fmt: skip


def test_every_tenth_donor_is_kept_for_validation(cohort: Any) -> None:
    donors = pd.DataFrame({"donor": [f"D{place // 2}" for place in range(60)]}, index=[f"L{n}" for n in range(60)])
    many = replace(cohort, cell_lines=donors)
    chosen = validation_lines(many, list(donors.index))
    assert len(chosen) == 6
    assert donors.loc[list(chosen), "donor"].nunique() == 3
    assert chosen == validation_lines(many, list(donors.index))


def test_test_lines_change_nothing_in_what_a_peer_learns_from(cohort: Any, tmp_path: Path) -> None:
    clean = export_fold(cohort, FOLDS, 0, tmp_path / "clean")
    tested = cohort.responses["cell_line"].isin(["22RV1", "697"])
    responses = cohort.responses.assign(ln_ic50=cohort.responses["ln_ic50"].mask(tested, 99.0))
    expression = cohort.profiles.expression.copy()
    expression.loc[["22RV1", "697"], "FLAT"] = [-500.0, 500.0]
    poisoned = Cohort(replace(cohort.profiles, expression=expression), responses, cohort.cell_lines)
    dirty = export_fold(poisoned, FOLDS, 0, tmp_path / "dirty")
    assert (clean / "test.csv").read_text() != (dirty / "test.csv").read_text()
    for name in ("train.csv", "validation.csv", "meta/gene_lists/landmark_and_variable_genes.csv"):
        assert (clean / name).read_text() == (dirty / name).read_text()


def test_gene_lists_name_exported_genes_only(cohort: Any, tmp_path: Path) -> None:
    lists = export_fold(cohort, FOLDS, 0, tmp_path) / "meta" / "gene_lists"
    named = {path.stem: pd.read_csv(path)["Symbol"].tolist() for path in lists.iterdir()}
    assert named["landmark_genes"] == ["INSIG1"]
    assert sorted(named["landmark_and_variable_genes"]) == ["FLAT", "INSIG1", "MILD", "WIDE"]
    assert named["drug_target_genes_all_drugs"] == ["PIK3CA", "TP53"]


def test_landmark_genes_come_first_then_the_most_variable(cohort: Any) -> None:
    expression = cohort.profiles.expression
    assert chosen_genes(expression, ["INSIG1", "ABSENT"], 3) == ["INSIG1", "WIDE", "MILD"]
    assert chosen_genes(expression, ["INSIG1"], 99) == ["INSIG1", "WIDE", "MILD", "FLAT"]
    listed = pd.read_csv(LANDMARKS)["Symbol"]
    assert listed.is_unique
    assert {"INSIG1", "TP53", "PIK3CA"} <= set(listed)
    assert 800 < len(listed) <= 978


def test_settings_are_the_models_grid_or_a_fixed_draw_from_it() -> None:
    class Model:
        @staticmethod
        def get_hyperparameter_set() -> Any:
            return [{"depth": depth, "trees": 100} for depth in range(9)]

    whole = drevalpy_worker.settings_of(Model, {"max_settings": 0, "always": {"trees": 7}})
    assert whole == [{"depth": depth, "trees": 7} for depth in range(9)]
    few = drevalpy_worker.settings_of(Model, {"max_settings": 3, "always": {}})
    assert len(few) == 3
    assert few == drevalpy_worker.settings_of(Model, {"max_settings": 3, "always": {}})
    assert all(setting in Model.get_hyperparameter_set() for setting in few)


def test_the_peers_environment_is_pinned() -> None:
    pinned = dict(line.split("==") for line in CONSTRAINTS.read_text().splitlines() if "==" in line)
    assert pinned["drevalpy"] == DREVALPY == "1.6.0"
    assert {"torch", "lightgbm", "rdkit", "scikit-learn"} <= set(pinned)


WORKER = """
import json, pathlib, sys
job = json.loads(pathlib.Path(sys.argv[1]).read_text())
with open(job["count"], "a") as file:
    file.write(job["model"] + "\\n")
if job.get("fails"):
    sys.exit("it did not work")
pathlib.Path(job["predictions"]).write_text(f"cell_line,assay,predicted\\n697,X,{job['value']}\\n")
pathlib.Path(job["result"]).write_text(json.dumps({"seconds": 1.0}))
"""


def made_up_job(tmp_path: Path, model: Any = "m", **settings: Any) -> Job:
    command = (sys.executable, "-c", WORKER)
    return Job(model, 0, command, {"value": 1.5, **settings}, "inputs", {"count": str(tmp_path / "count")})


def test_a_result_on_disk_is_not_computed_again_until_something_changes(tmp_path: Path) -> None:
    job, count = made_up_job(tmp_path), tmp_path / "count"
    silent = {"at_once": 1, "report": lambda _: None}
    [first] = run_all([job], tmp_path / "results", **silent)
    assert first.predictions.to_dict("records") == [{"cell_line": "697", "assay": "X", "predicted": 1.5}]
    assert first.cost == {"seconds": 1.0}
    run_all([job], tmp_path / "results", **silent)
    run_all([replace(job, places=job.places | {"elsewhere": "another folder"})], tmp_path / "results", **silent)
    assert count.read_text().splitlines() == ["m"]
    run_all([replace(job, inputs="changed")], tmp_path / "results", **silent)
    run_all([made_up_job(tmp_path, value=2.5)], tmp_path / "results", **silent)
    assert count.read_text().splitlines() == ["m"] * 3


def test_a_failing_job_names_itself_and_leaves_the_others_finished(tmp_path: Path) -> None:
    good, bad = made_up_job(tmp_path), made_up_job(tmp_path, "bad", fails=True)
    with pytest.raises(PamrxError, match=r"bad, fold 0: ended with 1 \(it did not work\)"):
        run_all([good, bad], tmp_path / "results", 1, lambda _: None)
    said: list[str] = []
    run_all([good], tmp_path / "results", 1, said.append)
    assert said[0].startswith("1 of 1 jobs are on disk")
    assert not (tmp_path / "results" / f"{bad.stem}.json").exists()


def results_of(measured: pd.DataFrame, **frames: pd.DataFrame) -> list[Result]:
    """Two folds of each model, as the workers give them."""
    cost = {"seconds": 2.0, "cpu_seconds": 1.5, "fit_seconds": 0.5, "peak_gb": 1.0, "imported_gb": 0.25}
    out = []
    for name, frame in frames.items():
        for fold, lines in enumerate((measured.index[:20], measured.index[20:])):
            rows = frame.loc[lines].rename_axis("cell_line").reset_index()
            long = rows.melt(id_vars="cell_line", var_name="assay", value_name="predicted")
            out.append(Result(name, fold, long, cost | {"peak_gb": 1.0 + fold}))
    return out


@pytest.fixture
def measured() -> pd.DataFrame:
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(40, 2)), [f"L{n}" for n in range(40)], ["GDSC1:A", "GDSC2:A"])
    table.loc["L3", "GDSC2:A"] = np.nan
    return table


def test_the_table_holds_correlations_paired_differences_and_costs(measured: Any) -> None:
    noise = pd.DataFrame(np.random.default_rng(1).normal(size=(40, 2)), measured.index, measured.columns)
    exact = measured.fillna(0.0)
    constant = exact * 0 + 3
    tissue = pd.Series(["skin", "lung"] * 20, index=measured.index)
    results = results_of(measured, pamrx=exact * 2 + 1, noise=exact + noise, constant=constant)
    frames = comparison.matrices(results, measured)
    table = comparison.compare(frames, measured, tissue, "pamrx", draws=200).join(comparison.costs(results))
    assert table.loc["pamrx", "pearson"] == pytest.approx(1)
    assert table.loc["pamrx", "difference"] == 0
    assert table.loc["constant", ["pearson", "within_tissue"]].tolist() == [0, 0]
    assert table.loc["constant", "difference"] == pytest.approx(1)
    by_hand = np.mean([measured[a].corr(frames["noise"][a]) for a in measured])
    assert table.loc["noise", "pearson"] == pytest.approx(by_hand)
    row = table.loc["noise"]
    assert 0 < row["difference_low"] < row["difference"] < row["difference_high"] < 1
    assert 0 < row["within_difference_low"] < row["within_difference"] < row["within_difference_high"] < 1
    assert row[["seconds", "fit_seconds", "peak_gb", "folds"]].tolist() == [4.0, 1.0, 2.0, 2]
    printed = comparison.text(table, {"noise": "a noisy one"}, "pamrx").splitlines()
    assert [line.split("|")[1].strip() for line in printed[2:]] == ["pamrx", "a noisy one", "constant"]
    assert printed[2].split("|")[3].strip() == ""


def test_a_model_that_skips_a_measured_value_is_not_compared(measured: Any) -> None:
    holed = measured.fillna(0.0)
    holed.loc["L5", "GDSC1:A"] = np.nan
    with pytest.raises(PamrxError, match="holed: no prediction for 1 measured values"):
        comparison.matrices(results_of(measured, holed=holed), measured)


def test_peers_are_judged_only_by_the_files_of_their_own_fold(cohort: Any, tmp_path: Path) -> None:
    folders = export(cohort, FOLDS, [0, 1], tmp_path, SMILES)
    before = peers.peer_jobs(["RandomForest"], [0, 1], folders, tmp_path / "python")
    (folders[1] / "train.csv").write_text("changed")
    after = peers.peer_jobs(["RandomForest"], [0, 1], folders, tmp_path / "python")
    assert before[0].key == after[0].key
    assert before[1].key != after[1].key
    assert json.dumps(before[0].settings)


def many_lines(n: int = 240) -> Cohort:
    """Two assays that follow gene G0, both screens of one drug."""
    random = np.random.default_rng(0)
    index = pd.Index([f"L{place:03}" for place in range(n)], name="cell_line")
    expression = pd.DataFrame(random.normal(size=(n, 20)), index, [f"G{place}" for place in range(20)])
    alterations = pd.DataFrame((random.random((n, 2)) < 0.3).astype(int), index, ["PIK3CA_mut", "PTEN_loss"])
    tissue = random.choice(["breast", "skin"], n)
    cell_lines = pd.DataFrame({"tissue": tissue, "msi": "MSS", "donor": index}, index=index)
    rows = []
    for assay, offset in (("GDSC1:A", 0.0), ("GDSC2:A", 2.0)):
        values = expression["G0"] + offset + random.normal(0, 0.2, n)
        rows += [(line, assay, "A", 0, value) for line, value in values.items()]
    responses = pd.DataFrame(rows, columns=["cell_line", "assay", "drug", "range", "ln_ic50"])
    return Cohort(training_profiles(cell_lines, alterations, expression, None), responses, cell_lines)


@pytest.mark.parametrize("model", ["pamrx", "ridge", "lightgbm"])
def test_our_worker_predicts_the_test_lines_and_says_what_it_cost(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = many_lines()
    folds = pd.Series(np.arange(len(cohort.lines)) % 4, index=pd.Index(cohort.lines, name="cell_line"), name="fold")
    folds.to_csv(tmp_path / "folds.csv")
    job = {"model": model, "fold": 1, "cpu": None, "seed": 0, "cache": None, "assays": None}
    job |= {name: str(tmp_path / f"{name}.csv") for name in ("folds", "predictions", "result")}
    (tmp_path / "job.json").write_text(json.dumps(job))
    monkeypatch.setattr(own_worker, "load_cohort", lambda cache, assays: cohort)
    monkeypatch.setattr(sys, "argv", ["own_worker", str(tmp_path / "job.json")])
    own_worker.main()
    predicted = pd.read_csv(tmp_path / "predictions.csv").pivot(index="cell_line", columns="assay", values="predicted")
    assert list(predicted.index) == [line for line in cohort.lines if folds[line] == 1]
    measured = cohort.response_matrix(cohort.lines).loc[predicted.index]
    assert all(measured[assay].corr(predicted[assay]) > 0.6 for assay in ("GDSC1:A", "GDSC2:A"))
    cost = json.loads((tmp_path / "result.csv").read_text())
    assert set(cost) == {"seconds", "cpu_seconds", "fit_seconds", "peak_gb", "imported_gb"}
    assert 0 < cost["imported_gb"] <= cost["peak_gb"] < 20


def test_a_quick_look_takes_assays_at_even_distances() -> None:
    assert peers.spread(list("abcdefg"), 3) == ["a", "c", "e"]
    assert peers.spread(list("ab"), None) == ["a", "b"] == peers.spread(list("ab"), 5)
    options = peers.parse(["--seed", "11", "--models", "ridge", "RandomForest"])
    assert (options.seed, options.models, options.folds) == (11, ["ridge", "RandomForest"], 5)
