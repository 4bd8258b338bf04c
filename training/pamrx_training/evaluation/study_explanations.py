"""Importance of features in the candidates of a study, each fitted once on all lines."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pandas as pd
from pamrx.features import FeatureBuilder
from pamrx.outputs import draft_folder
from threadpoolctl import threadpool_limits

from pamrx_training.evaluation.baselines import ridge_importance
from pamrx_training.evaluation.boosted_baseline import boosted_importance, validation_lines
from pamrx_training.evaluation.explanations import in_the_clinic, write_explanations, write_importance_figures
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Fit, fit_lines

log = logging.getLogger(__name__)

HYBRID, LINEAR, TREES = "hybrid", "linear", "trees"


def explained(cohort: Cohort, name: str, family: str, fit: Fit, kept: Path | None) -> Path | None:
    """A folder with `shap/` of a candidate, made where it is absent.

    None where `kept` is None, and for a mean, which uses no feature.

    Of a hybrid contributions, their figures for the drugs in the clinic, and importance; of other models importance.
    """
    if kept is None or family not in (HYBRID, LINEAR, TREES):
        return None
    if not kept.is_dir():
        unfinished = draft_folder(kept)
        try:
            _write(cohort, name, family, fit, unfinished)
            unfinished.rename(kept)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return kept


def _write(cohort: Cohort, name: str, family: str, fit: Fit, folder: Path) -> None:
    train = list(fit.train)
    if family == HYBRID:
        fitted = fit_lines(cohort, fit)
        features = fitted.builder.transform(cohort.profiles.subset(train))
        assays = in_the_clinic(fitted.model.assays_)
        write_explanations(folder, name, fitted.model, features, assays, full=False)
        return
    log.info("explaining %s", name)
    features = FeatureBuilder(blocks=fit.blocks, knowledge_version=fit.knowledge_version).fit_transform(
        cohort.profiles.subset(train)
    )
    responses = cohort.response_matrix(train).loc[train]
    write_importance_figures(folder, name, _importance(cohort, family, features, responses, fit.seed))


def _importance(
    cohort: Cohort, family: str, features: pd.DataFrame, responses: pd.DataFrame, seed: int
) -> pd.DataFrame:
    if family == LINEAR:
        with threadpool_limits(1):
            return ridge_importance(features, responses, seed)
    held_out = features.index.isin(validation_lines(cohort, list(features.index)))
    return boosted_importance(features, responses, held_out, seed)
