"""What a model rests on, as artifacts of a run: contributions, importance, shares of blocks, figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from predictor.explain import block_shares, contribution_table, shap_explanation
from predictor.features import block_of
from predictor.figures import overall_figure, summary_figure
from predictor.model import SensitivityModel
from predictor.predictions import chosen_assays
from training.tracking.names import metric_name

IMPORTANCE = "shap/importance.parquet"


def write_explanations(
    folder: Path, run_name: str, model: SensitivityModel, features: pd.DataFrame, report: Callable[[str], None]
) -> dict[str, float]:
    """Tables and figures into `folder/shap`; gives the metrics `shap_share.<block>`.

    Parameters
    ----------
    features : (n_lines, n_features) that contributions are shown for.
    """
    assays = list(chosen_assays(model.assays_).values())
    report(f"explaining {len(assays)} drugs over {len(features)} lines")
    whole = importance_of(model)
    table = contribution_table(model, features, assays, importance=whole[assays])
    shares = block_shares(table)
    (folder / "shap" / "summary").mkdir(parents=True)
    table.to_parquet(folder / "shap" / "contributions.parquet", index=False, compression="zstd")
    shares.to_csv(folder / "shap" / "block_shares.csv")
    write_importance(folder, whole)
    overall = overall_figure(shares, whole[assays], f"What the predictions of {run_name} rest on")
    overall.savefig(folder / "shap" / "overall.png", dpi=100)
    base = dict(zip(model.assays_, model.base_, strict=True))
    for assay in assays:
        figure = summary_figure(shap_explanation(table, assay, base[assay]), f"{assay}: what moves the prediction")
        figure.savefig(folder / "shap" / "summary" / f"{metric_name(assay, '')[1:]}.png", dpi=100)
    return {f"shap_share.{block}": float(share) for block, share in shares.mean().items()}


def importance_of(model: SensitivityModel) -> pd.DataFrame:
    """(n_features, n_assays) mean |contribution| over the lines that the model was fitted on, ln units."""
    return pd.DataFrame(model.importance_, index=model.features_, columns=model.assays_)


def write_importance(folder: Path, importance: pd.DataFrame) -> None:
    """`importance_of` a model as an artifact: feature, block, and a column per assay."""
    path = folder / IMPORTANCE
    path.parent.mkdir(parents=True, exist_ok=True)
    table = importance.astype("float32").rename_axis(index="feature", columns=None).reset_index()
    table.insert(1, "block", [block_of(name) for name in table["feature"]])
    table.to_parquet(path, index=False, compression="zstd")
