"""Contributions, importance and shares of blocks of a model, as tables and figures in a folder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pamrx.explanation.contributions import batches, block_name, block_shares, contribution_table, shap_explanation
from pamrx.identifiers.feature_name import blocks_of
from pamrx.knowledge.drug_status import with_status
from pamrx.knowledge.drugs import screened_drugs
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.predictions import chosen_assays
from pamrx.report.figures import bar_figure, block_figure, dependence_figure, overall_figure, summary_figure
from pamrx.tables import write_csv

from pamrx_training.evaluation.labels import assay_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

IMPORTANCE = "shap/importance.parquet"

APPROVED = "approved"
"""The phase of drugs whose contributions are kept whole."""


def write_explanations(
    folder: Path,
    run_name: str,
    model: SensitivityModel,
    features: pd.DataFrame,
    assays: Sequence[str] | None = None,
    full: bool = True,
) -> dict[str, float]:
    """Tables and figures into `folder/shap`; gives the metrics `shap_share.<block>`.

    Parameters
    ----------
    features : (n_lines, n_features) that contributions are shown for.
    assays : those that are shown; by default the newest of each drug.
    full : whether to keep every contribution to the drugs in the clinic.
    """
    assays = [str(assay) for assay in chosen_assays(model.assays_)] if assays is None else list(assays)
    log.info("explaining %d drugs over %d lines", len(assays), len(features))
    whole = importance_of(model)
    table = contribution_table(model, features, assays, importance=whole[assays])
    shares = block_shares(table)
    (folder / "shap").mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / "shap" / "contributions.parquet", index=False, compression="zstd")
    write_csv(shares, folder / "shap" / "block_shares.csv", index=True)
    write_importance(folder, whole)
    if full:
        _write_full(folder, model, features, [assay for assay in in_the_clinic(model.assays_) if assay in assays])
    _write_figures(folder, run_name, model, table, shares, whole[assays])
    return {f"shap_share.{block}": float(share) for block, share in shares.mean().items()}


def write_importance_figures(folder: Path, run_name: str, importance: pd.DataFrame) -> None:
    """Importance of a model that has no contributions line by line: its table, and bars.

    Parameters
    ----------
    importance : (n_features, n_assays) mean |contribution|.
    """
    write_importance(folder, importance)
    _put(bar_figure(importance.mean(axis=1), f"What the predictions of {run_name} rest on, mean over assays"),
         folder, "overall.png")  # fmt: skip
    for assay in in_the_clinic(list(importance.columns)):
        _put(bar_figure(importance[assay], f"{assay}: heaviest features of {run_name}"), folder, "bar",
             f"{assay_label(assay)}.png")  # fmt: skip


def in_the_clinic(assays: Sequence[str]) -> list[str]:
    """The newest assays of approved drugs; all drugs' where there is none."""
    newest = chosen_assays(assays)
    approved = {drug.name for drug in with_status(screened_drugs(), APPROVED)}
    return [str(assay) for assay in newest if assay.drug in approved] or [str(assay) for assay in newest]


def importance_of(model: SensitivityModel) -> pd.DataFrame:
    """(n_features, n_assays) mean |contribution| over the lines that the model was fitted on, ln units."""
    return pd.DataFrame(model.importance_, index=model.features_, columns=model.assays_)


def write_importance(folder: Path, importance: pd.DataFrame) -> None:
    """`importance_of` a model as an artifact: feature, block, and a column per assay."""
    path = folder / IMPORTANCE
    path.parent.mkdir(parents=True, exist_ok=True)
    table = importance.astype("float32").rename_axis(index="feature", columns=None).reset_index()
    table.insert(1, "block", blocks_of(table["feature"]))
    table.to_parquet(path, index=False, compression="zstd")


def _write_full(folder: Path, model: SensitivityModel, features: pd.DataFrame, assays: list[str]) -> None:
    """Samples x features for each drug in the clinic: every contribution, and the base value, which sum to predictions.

    A drug takes 25 MB: of the others `contributions.parquet` holds the heaviest features, and `pamrx predict --explain`
    gives all of them.
    """
    base = dict(zip(model.assays_, model.base_, strict=True))
    for assay in assays:
        parts = [block[:, :, 0].astype(np.float32) for _, block in batches(model, features, [assay])]
        full = pd.DataFrame(np.concatenate(parts), index=features.index, columns=model.features_)
        full.insert(0, "base", np.float32(base[assay]))
        path = folder / "shap" / "full" / f"{assay_label(assay)}.parquet"
        path.parent.mkdir(exist_ok=True)
        full.rename_axis(index="sample_id", columns=None).to_parquet(path, compression="zstd")


def _write_figures(
    folder: Path,
    run_name: str,
    model: SensitivityModel,
    table: pd.DataFrame,
    shares: pd.DataFrame,
    importance: pd.DataFrame,
) -> None:
    base = dict(zip(model.assays_, model.base_, strict=True))
    _put(overall_figure(shares, importance, f"What the predictions of {run_name} rest on"), folder, "overall.png")
    for assay in importance.columns:
        explained, name = shap_explanation(table, assay, base[assay]), f"{assay_label(assay)}.png"
        _put(summary_figure(explained, f"{assay}: what moves the prediction"), folder, "summary", name)
        _put(bar_figure(importance[assay], f"{assay}: heaviest features"), folder, "bar", name)
        _put(
            dependence_figure(explained, f"{assay}: how its heaviest features move the prediction"),
            folder,
            "dependence",
            name,
        )
    keys = ["sample_id", "assay", "block"]
    sums = table.groupby(keys, observed=True)["contribution"].sum().unstack("assay")
    for block in shares.columns:
        own = importance.loc[importance.index.str.startswith(f"{block}.")]
        of_block = pd.DataFrame(sums.xs(block, level="block").astype(float))
        _put(block_figure(block, own, of_block, f"{block_name(block)}: what it moves, and by which features"),
             folder, "block", f"{block}.png")  # fmt: skip


def _put(figure: Figure, folder: Path, *place: str) -> None:
    path = (folder / "shap").joinpath(*place)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
