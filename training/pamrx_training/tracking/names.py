"""The names of metrics, the same in every run: `lco_pearson`, `lco_pearson.GDSC2.Alpelisib`, `lto_pearson`, ..."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pamrx_training.evaluation.labels import assay_label

if TYPE_CHECKING:
    import pandas as pd

    from pamrx_training.evaluation.evaluate import Evaluation

NOTE = "mlflow.note.content"
"""The tag that MLflow's UI shows as a description."""

LCO = "lco"
PREFIX = {"leave-cell-line-out": LCO, "leave-tissue-out": "lto"}
"""What the names of a protocol's metrics begin with."""

BASELINES = ("tissue_drug_mean", "drug_mean", "ridge")


def metric_name(assay: str, metric: str = "lco_pearson") -> str:
    """The name of an assay's metric: `lco_pearson.GDSC2.Alpelisib` for `GDSC2:Alpelisib`.

    MLflow allows letters, digits, `_ - . / :` and blanks, a colon not on Windows, and the UI groups by a slash.
    Whatever else a drug's name holds, and these two, become `_`.
    """
    return f"{metric}.{assay_label(assay)}"


def against(name: str) -> str:
    """What a difference from the variant `name` is called: `minus_all_blocks`."""
    return "minus_" + re.sub(r"\W+", "_", name).strip("_")


def evaluation_metrics(evaluation: Evaluation, prefix: str = LCO) -> dict[str, float]:
    """Means under their own names; per assay `lco_<metric>.<screen>.<drug>`, a baseline's name behind the metric."""
    means = {renamed(name, prefix): float(value) for name, value in evaluation.summary.items()}
    return means | assay_metrics(evaluation.per_assay, prefix)


def assay_metrics(per_assay: pd.DataFrame, prefix: str = LCO) -> dict[str, float]:
    """Every number of a table with the assay as index."""
    metrics = {}
    for column in per_assay.columns:
        name = _metric_of(str(column), prefix)
        for assay, value in per_assay[column].items():
            metrics[metric_name(str(assay), name)] = float(value)
    return metrics


def renamed(name: str, prefix: str) -> str:
    """A name of `Evaluation.summary`, which knows no protocol and always says `lco_`, under its protocol's prefix."""
    return f"{prefix}_{name.removeprefix(f'{LCO}_')}" if name.startswith(f"{LCO}_") else name


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that are numbers: an unknown one is left out."""
    return {name: value for name, value in metrics.items() if value == value and abs(value) != float("inf")}


def _metric_of(column: str, prefix: str) -> str:
    """`ridge_pearson` of the table is `lco_pearson_ridge`, as in the summary."""
    if column == "n":
        return "n_lines"
    for baseline in BASELINES:
        if column in (f"{baseline}_pearson", f"{baseline}_rmse"):
            return f"{prefix}_{column.removeprefix(baseline + '_')}_{baseline}"
    return f"{prefix}_{column}"
