"""What MLflow's UI shows of the experiment before anybody has set anything: columns, charts, a description.

A view is an experiment tag that the UI reads when its address names it (`?viewStateShareKey=candidates`).
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from pamrx_training.tracking.names import NOTE

if TYPE_CHECKING:
    from mlflow import MlflowClient

CANDIDATES = "candidates"
VIEW = f"mlflow.sharedViewState.{CANDIDATES}"

MEANS = ("lco_pearson", "lco_within_tissue_pearson", "lco_spearman", "lco_rmse", "seconds")
PARAMETERS = ("candidate", "with.ncrna", "with.tme")
"""Such as every study and ablation has: a run without one of them is not drawn."""

DESCRIPTION = """**How sensitive is a tumour to inhibitors of the PI3K/AKT/mTOR axis?**

Predictions of ln IC50 (uM) for the cell lines of GDSC, measured on lines that the model has not seen.

* `lco_pearson`: Pearson correlation of prediction and measurement, per assay and then averaged over assays; five-fold
  leave-cell-line-out, split by donor. With `.GDSC2.Alpelisib` behind: of that drug in that screen.
* `lco_within_tissue_pearson`: the same when each tissue's mean is taken off. `lto_...`: whole tissues left out.
* `lco_pearson_minus_...`: paired difference from that model on the same folds; `_low` and `_high`: 95 % interval.
* `lco_rmse` in ln units (lower is better); `seconds` of the fits.

A run of the kind *study* has one under it for each candidate; `pamrx compare RUN RUN` puts two side by side.
Research software; not a medical device."""


def describe(client: MlflowClient, experiment: str) -> None:
    """Give the experiment its description, its kind and the view of candidates, where it has not got them.

    A description that somebody wrote is left as it is. A store that refuses says so soon enough: nothing here fails.
    """
    with contextlib.suppress(Exception):
        known = client.get_experiment(experiment).tags
        for key, value in experiment_tags().items():
            if key not in known or (key == VIEW and known[key] != value):
                client.set_experiment_tag(experiment, key, value)


def experiment_tags() -> dict[str, str]:
    """The tags of the experiment; MLflow's UI reads them."""
    return {
        # Without it the UI takes the experiment for one about language models.
        "mlflow.experimentKind": "custom_model_development",
        NOTE: DESCRIPTION,
        VIEW: json.dumps(_view()),
    }


def runs_address(root: str, experiment: str, charts: bool = False) -> str:
    """Where the UI at `root` shows the candidates: as a table, or as charts."""
    # The kind of work is no part of a view; the UI takes that about language models where nothing is said.
    view = f"workflowType=machine_learning&viewStateShareKey={CANDIDATES}"
    return f"{root}/#/experiments/{experiment}/runs?{view}{'&compareRunsMode=CHART' if charts else ''}"


def _view() -> dict[str, Any]:
    """Candidates only, the best first, with the means as columns; charts of the same, those of single drugs folded."""
    columns = [f"metrics.`{name}`" for name in MEANS]
    columns += [f"params.`{name}`" for name in ("family", "seed")] + ["tags.`study`"]
    return {
        "searchFilter": "tags.kind = 'candidate'",
        "orderByKey": "metrics.`lco_pearson`",
        "orderByAsc": False,
        "selectedColumns": columns,
        "compareRunSections": [
            _section("parallel", "Candidates", columns=1, cardHeight=420),
            _section("means", "Means over assays", columns=2),
            # The UI adds a chart for every other metric to the section of this name.
            _section("rest", "Model metrics", display=False),
        ],
        "compareRunCharts": [_parallel(), *[_bar(name) for name in MEANS]],
        "isAccordionReordered": True,
    }


def _section(name: str, title: str, **settings: object) -> dict[str, Any]:
    shown = {"display": True, "isReordered": True, "deleted": False, "isGenerated": False}
    return {"uuid": name, "name": title, **shown, **settings}


def _chart(kind: str, section: str, **settings: object) -> dict[str, Any]:
    shown = {"runsCountToCompare": 20, "deleted": False, "isGenerated": False}
    return {"type": kind, "metricSectionId": section, **shown, **settings}


def _parallel() -> dict[str, Any]:
    # The last axis gives the lines their colour.
    metrics = ["lco_rmse", "lco_within_tissue_pearson", "lco_pearson"]
    return _chart(
        "PARALLEL",
        "parallel",
        uuid="parallel-coordinates",
        selectedParams=list(PARAMETERS),
        selectedMetrics=metrics,
        showAllRuns=False,
    )


def _bar(metric: str) -> dict[str, Any]:
    return _chart("BAR", "means", uuid=f"mean-{metric}", metricKey=metric, displayName=metric)
