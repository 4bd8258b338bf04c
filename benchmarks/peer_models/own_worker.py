"""One of our models on one fold, in a process of its own, so that its seconds and memory are its own."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
from pamrx.features import FeatureBuilder
from pamrx.model.sensitivity import SensitivityModel
from pamrx_training.datasets import load_ccle_mirna, load_gdsc, load_panel718
from pamrx_training.evaluation.baselines import assay_ridge
from pamrx_training.evaluation.boosted_baseline import assay_lightgbm, validation_lines
from pamrx_training.evaluation.evaluate import MODEL
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.splits import sides
from threadpoolctl import threadpool_limits

from benchmarks.peer_models.drevalpy_worker import peak_gigabytes


def main() -> None:
    """`own_worker JOB.json`: reads the job, writes its predictions, times and peak memory."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if hasattr(os, "sched_setaffinity") and job.get("cpu") is not None:
        os.sched_setaffinity(0, {job["cpu"]})
    imported = peak_gigabytes()
    started, cpu = time.perf_counter(), time.process_time()
    cohort = load_cohort(job["cache"], job["assays"])
    folds = pd.read_csv(job["folds"], dtype={"cell_line": str}).set_index("cell_line")["fold"]
    predicted = MODELS[job["model"]](cohort, folds, job["fold"], job["seed"])
    used = time.process_time() - cpu
    found = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": used,
        "fit_seconds": used,
        "peak_gb": peak_gigabytes(),
        "imported_gb": imported,
    }
    rows = predicted.rename_axis(index="cell_line", columns=None).reset_index()
    rows = rows.melt(id_vars="cell_line", var_name="assay", value_name="predicted")
    rows.to_csv(job["predictions"], index=False)
    Path(job["result"]).write_text(json.dumps(found), encoding="utf-8")


def load_cohort(cache: str | None, assays: list[str] | None) -> Cohort:
    """The training cohort from the data cache, with the named assays only; miRNA where it was fetched."""
    cohort = build_cohort(load_gdsc(cache), load_ccle_mirna(cache), load_panel718(cache))
    if assays is None:
        return cohort
    responses = cohort.responses[cohort.responses["assay"].isin(assays)].reset_index(drop=True)
    return replace(cohort, responses=responses, outside=None)


def pamrx(cohort: Cohort, folds: pd.Series, fold: object, seed: int) -> pd.DataFrame:
    features, responses, test = features_of(cohort, folds, fold)
    return SensitivityModel(seed=seed).fit(features, responses).predict(test)


def ridge(cohort: Cohort, folds: pd.Series, fold: object, seed: int) -> pd.DataFrame:
    features, responses, test = features_of(cohort, folds, fold)
    with threadpool_limits(1):
        return assay_ridge(features, responses, test, seed)


def lightgbm(cohort: Cohort, folds: pd.Series, fold: object, seed: int) -> pd.DataFrame:
    """A booster per assay on all features; rounds chosen on the validation lines, then fitted again on all."""
    features, responses, test = features_of(cohort, folds, fold)
    held_out = features.index.isin(validation_lines(cohort, list(features.index)))
    return assay_lightgbm(features, responses, test, held_out, seed)


def features_of(cohort: Cohort, folds: pd.Series, fold: object) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Training features, training responses and test features, all learned on the training lines."""
    train, test = sides(cohort, folds, fold)
    builder = FeatureBuilder().fit(cohort.profiles.subset(train))
    features = builder.transform(cohort.profiles.subset(train))
    return features, cohort.response_matrix(train).loc[train], builder.transform(cohort.profiles.subset(test))


MODELS = {MODEL: pamrx, "ridge": ridge, "lightgbm": lightgbm}

if __name__ == "__main__":
    main()
