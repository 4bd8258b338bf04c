"""A training as a run: its evaluation, its explanations and its bundle."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pamrx.model.sensitivity import SensitivityModel

from pamrx_training.tracking.explanations import write_explanations
from pamrx_training.tracking.names import evaluation_metrics
from pamrx_training.tracking.runs import DataSet, Run, log_run

if TYPE_CHECKING:
    from pamrx_training.evaluation.evaluate import Evaluation

OUT_OF_FOLD = "evaluation/out_of_fold.parquet"
PER_ASSAY = "evaluation/per_assay.csv"


def log_training(
    run_name: str,
    parameters: Mapping[str, object],
    evaluation: Evaluation,
    model: SensitivityModel,
    features: pd.DataFrame,
    data_fingerprint: str,
    bundle_dir: str | os.PathLike[str],
    tags: Mapping[str, object] | None = None,
    report: Callable[[str], None] = print,
    intervals: Mapping[str, float] | None = None,
) -> str | None:
    """Log a training, whose bundle is on disk already, to MLflow; gives the id of the run.

    Where the store cannot be reached, or fails on the way, `report` gets one line that says so, the run stays on disk
    for `pamrx runs sync`, and the result is None.

    Parameters
    ----------
    parameters : what was set; nested mappings are flattened with dots.
    features : (n_lines, n_features) that the model was fitted on, which its contributions are shown for.
    data_fingerprint : SHA-256 over the training tables.
    bundle_dir : folder of the bundle, logged as an MLflow model that serves it (see `pamrx_training.serving`).
    tags : beside those that every run gets.
    intervals : coverage and width of the intervals, as the manifest's `intervals` names them.
    """
    metrics = evaluation_metrics(evaluation) | dict(intervals or {})

    def files(folder: Path) -> None:
        write_evaluation(folder, evaluation.oof, evaluation.per_assay)
        metrics.update(write_explanations(folder, run_name, model, features, report))

    def served(folder: Path) -> None:
        from pamrx_training.serving.model import save_served

        report("keeping the bundle as an MLflow model")
        save_served(bundle_dir, folder)

    run = Run(
        name=run_name,
        data=DataSet(data_fingerprint, {"lines": len(features), "features": features.shape[1]}),
        metrics=metrics,
        parameters=parameters,
        tags={"kind": "training", **(tags or {})},
        files=files,
        model=served,
    )
    return log_run(run, report, f"; the training is done and its bundle is in {bundle_dir}")


def write_evaluation(folder: Path, oof: pd.DataFrame | None, per_assay: pd.DataFrame | None) -> None:
    """Out-of-fold predictions and the table per assay (its index), as far as the run has them."""
    (folder / OUT_OF_FOLD).parent.mkdir(parents=True, exist_ok=True)
    if oof is not None:
        oof.to_parquet(folder / OUT_OF_FOLD, index=False)
    if per_assay is not None:
        per_assay.to_csv(folder / PER_ASSAY)
