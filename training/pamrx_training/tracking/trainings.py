"""A training as a run: its evaluation, its explanations and its bundle."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pamrx.display import short_repr
from pamrx.model.sensitivity import BLOCK_WEIGHTS, SensitivityModel
from pamrx.tables import write_csv

from pamrx_training.evaluation.evaluate import Evaluation
from pamrx_training.evaluation.explanations import write_explanations
from pamrx_training.tracking.names import evaluation_metrics
from pamrx_training.tracking.records import DataSet, Run
from pamrx_training.tracking.runs import log_run
from pamrx_training.tracking.summaries import ranking_metrics
from pamrx_training.training import Trained

log = logging.getLogger(__name__)

OUT_OF_FOLD = "evaluation/out_of_fold.parquet"
PER_ASSAY = "evaluation/per_assay.csv"


@short_repr
@dataclass(frozen=True)
class Training:
    """A finished training, whose bundle is on disk.

    Attributes
    ----------
    run_name : what the UI shows.
    parameters : settings; nested mappings are flattened with dots.
    features : (n_lines, n_features) that the model was fitted on, which its contributions are shown for.
    data_fingerprint : SHA-256 over the training tables.
    bundle_dir : folder of the bundle.
    tags : beside those that every run gets.
    intervals : coverage and width of the intervals, as the manifest's `intervals` names them.
    ranking : how good the order of drugs is, as `pamrx_training.tracking.summaries.ranking_metrics` names it.
    """

    run_name: str
    parameters: Mapping[str, object]
    evaluation: Evaluation
    model: SensitivityModel
    features: pd.DataFrame
    data_fingerprint: str
    bundle_dir: Path
    tags: Mapping[str, object] = field(default_factory=dict)
    intervals: Mapping[str, float] = field(default_factory=dict)
    ranking: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, trained: Trained, manifest: Mapping[str, Any], bundle_dir: Path, run_name: str) -> Training:
        """A training whose bundle was saved with `manifest`."""
        model = trained.bundle.model
        parameters = {
            "seed": manifest["seed"],
            "boosted_share": model.boosted_share,
            "n_boosted": model.n_boosted,
            **{f"weight_{block}": weight for block, weight in (model.block_weights or BLOCK_WEIGHTS).items()},
            "lines": len(trained.features),
            "lines_with_mirna": manifest["lines_with_mirna"],
            "lines_with_calls": manifest["lines_with_calls"],
            "protocol": manifest["protocol"],
            **({"scope": manifest["scope"]} if "scope" in manifest else {}),
        }
        return cls(
            run_name,
            parameters,
            trained.evaluation,
            model,
            trained.features,
            manifest["data_fingerprint"],
            bundle_dir,
            {"bundle_fingerprint": manifest["fingerprint"]},
            manifest["intervals"],
            {} if trained.ranking is None else ranking_metrics(trained.ranking),
        )


def log_training(training: Training, save_model: Callable[[Path, Path], None]) -> str | None:
    """Log a training to MLflow; gives the id of the run.

    Where the store cannot be reached, or fails on the way, one warning in the log says so, the run stays on disk for
    `pamrx runs sync`, and the result is None.

    Parameters
    ----------
    save_model : writes the bundle in a folder as an MLflow model to a new folder
        (`pamrx_training.serving.model.save_served`).
    """
    metrics = evaluation_metrics(training.evaluation) | dict(training.intervals) | dict(training.ranking)

    def files(folder: Path) -> None:
        write_evaluation(folder, training.evaluation.oof, training.evaluation.per_assay)
        metrics.update(write_explanations(folder, training.run_name, training.model, training.features))

    def model(folder: Path) -> None:
        log.info("keeping the bundle as an MLflow model")
        save_model(training.bundle_dir, folder)

    n_lines, n_features = training.features.shape
    run = Run(
        name=training.run_name,
        data=DataSet(training.data_fingerprint, {"lines": n_lines, "features": n_features}),
        metrics=metrics,
        parameters=training.parameters,
        tags={"kind": "training", **training.tags},
        files=files,
        model=model,
    )
    return log_run(run, f"; the training is done and its bundle is in {training.bundle_dir}")


def write_evaluation(folder: Path, oof: pd.DataFrame | None, per_assay: pd.DataFrame | None) -> None:
    """Out-of-fold predictions and the table per assay (its index), as far as the run has them."""
    (folder / OUT_OF_FOLD).parent.mkdir(parents=True, exist_ok=True)
    if oof is not None:
        oof.to_parquet(folder / OUT_OF_FOLD, index=False)
    if per_assay is not None:
        write_csv(per_assay, folder / PER_ASSAY, index=True)
