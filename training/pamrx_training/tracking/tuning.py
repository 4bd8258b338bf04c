"""A tuning as runs: one for the study, and one under it for each trial, logged when it is finished."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from pamrx_training.evaluation.metrics import per_assay
from pamrx_training.tracking.names import assay_metrics
from pamrx_training.tracking.records import DataSet, Run
from pamrx_training.tracking.runs import PARENT, add_metrics, log_run, run_exists

if TYPE_CHECKING:
    from pamrx_training.evaluation.tuning import InnerFolds, Trial, TuningResult

MARK = "mlflow-run.txt"
"""In the folder of a kept study: the id of its run, so that a study that goes on is one run."""


class TrackedStudy:
    """Logs trials under the run of their study, which the first of them makes."""

    def __init__(self, data_fingerprint: str, lines: int, parameters: Mapping[str, object]) -> None:
        self._data = DataSet(data_fingerprint, {"lines": lines}, "tuning")
        self._parameters = dict(parameters)
        self._study: str | None = None
        self._begun = False

    def log(self, trial: Trial, inner: InnerFolds) -> None:
        """Log a finished trial."""
        if not self._begun:
            self._study, self._begun = self._run_of_study(inner.path), True
        predicted = inner.predicted(trial.number)
        table = per_assay(inner.measured.loc[predicted.index], predicted)
        tags = {"kind": "candidate", "trial_state": trial.state}
        log_run(
            Run(
                name=f"trial {trial.number}",
                data=self._data,
                metrics={**trial.metrics, **assay_metrics(table), "n_lines": float(len(predicted))},
                parameters={**self._parameters, **trial.settings},
                tags=tags if self._study is None else {**tags, PARENT: self._study},
                files=lambda folder: _write(predicted, folder),
            )
        )

    def finish(self, found: TuningResult) -> None:
        """Add the best trial to the run of the study."""
        difference, low, high = found.difference
        ends = {"": difference, "_low": low, "_high": high}
        told = {f"lco_pearson_minus_released{end}": value for end, value in ends.items()}
        if self._study is not None:
            best = {
                **found.best.metrics,
                **told,
                "best_trial": float(found.best.number),
                "trials": float(len(found.trials)),
            }
            add_metrics(self._study, best)

    def _run_of_study(self, folder: Path | None) -> str | None:
        mark = None if folder is None else folder / MARK
        if mark is not None and mark.exists():
            known = mark.read_text(encoding="utf-8").strip()
            if run_exists(known):
                return known
        name = f"tuning, seed {self._parameters['seed']}"
        run_id = log_run(Run(name, self._data, parameters=self._parameters, tags={"kind": "study"}))
        if mark is not None and run_id is not None:
            mark.write_text(run_id, encoding="utf-8")
        return run_id


def _write(predicted: pd.DataFrame, folder: Path) -> None:
    (folder / "evaluation").mkdir()
    predicted.rename_axis(index="cell_line", columns=None).to_parquet(folder / "evaluation" / "predicted.parquet")
