"""The candidates of a study, and the predictions of those that are not the hybrid."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from pamrx.display import short_repr
from pamrx.features import BLOCKS, FeatureBuilder
from threadpoolctl import threadpool_limits

from pamrx_training.evaluation.baselines import assay_ridge, tissue_drug_mean
from pamrx_training.evaluation.boosted_baseline import assay_lightgbm, validation_lines
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Fit

HYBRID = "hybrid (pamrx)"


@short_repr
@dataclass(frozen=True)
class Candidate:
    """One way to predict.

    Attributes
    ----------
    name : what tables and the MLflow UI show.
    family : naive, linear, trees, or hybrid (a linear and a boosted part).
    blocks : the feature blocks that it sees.
    """

    name: str
    family: str
    blocks: tuple[str, ...] = BLOCKS


CANDIDATES = (
    Candidate(HYBRID, "hybrid"),
    Candidate("hybrid without ncRNA", "hybrid", tuple(block for block in BLOCKS if block != "ncrna")),
    Candidate("hybrid without TME", "hybrid", tuple(block for block in BLOCKS if block != "tme")),
    Candidate("LightGBM per assay", "trees"),
    Candidate("ridge per assay", "linear", ("mutation", "copy_number", "transcriptome", "tissue")),
    Candidate("naive: tissue-drug mean", "naive", ("tissue",)),
)
"""The first is what the others are compared with."""


def predict_plain(cohort: Cohort, candidate: Candidate, fit: Fit) -> pd.DataFrame:
    """(n_test, n_assays) ln IC50 of a candidate that is no hybrid; everything is learned on `fit.train`."""
    train, test = list(fit.train), list(fit.test)
    known = cohort.response_matrix(train).loc[train]
    if candidate.family == "naive":
        return tissue_drug_mean(known, cohort.cell_lines["tissue"], pd.Index(test))
    builder = FeatureBuilder(blocks=fit.blocks, knowledge_version=fit.knowledge_version).fit(
        cohort.profiles.subset(train)
    )
    features = builder.transform(cohort.profiles.subset(train))
    shown = builder.transform(cohort.profiles.subset(test))
    if candidate.family == "linear":
        with threadpool_limits(1):
            return assay_ridge(features, known, shown, fit.seed)
    held_out = features.index.isin(validation_lines(cohort, train))
    return assay_lightgbm(features, known, shown, held_out, fit.seed)
