"""The final fit: builder, model, reference and calibration of a bundle, learned on all training lines."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pamrx.bundle.bundle import Bundle
from pamrx.errors import UsageError, did_you_mean
from pamrx.features import FeatureBuilder
from pamrx.model.drug_specific import SpecificResponse
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.applicability import Panel
from pamrx.prediction.intervals import family_of
from pamrx.prediction.missing_data import NOTHING, pattern_from
from pamrx.prediction.reference import Reference, quantiles_of
from pamrx.prediction.tissues import TissueReference

from pamrx_training.fitting.calibration import fit_applicability, fit_intervals, usual_deviation
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.cross_validation import OutOfFold

log = logging.getLogger(__name__)


def fit_bundle(
    cohort: Cohort, found: OutOfFold, manifest: Mapping[str, Any], seed: int = 0
) -> tuple[Bundle, pd.DataFrame]:
    """Fit on all lines of `cohort`, with references and calibration from its out-of-fold predictions.

    Returns
    -------
    The bundle, and the (n_lines, n_features) that it was fitted on.
    """
    log.info("fitting on all %d lines", len(cohort.lines))
    builder = FeatureBuilder().fit(cohort.profiles)
    features = builder.transform(cohort.profiles)
    responses, general = cohort.response_matrix(cohort.lines), cohort.general_sensitivity(cohort.lines)
    model = SensitivityModel(seed=seed).fit(features, responses)
    nothing = features.iloc[:1] * np.nan
    unknown = model.predict(nothing)
    reference = reference_from(found.predicted, found.masked.predictions, unknown.iloc[0])
    specific, specific_reference = None, None
    if found.specific is not None:
        specific = SpecificResponse.fit(features, responses, general, seed)
        unknown = specific.predict(nothing, unknown)
        specific_reference = reference_from(found.specific, found.masked.specific, unknown.iloc[0])
    panel = Panel.fit(features)
    intervals, limits = fit_intervals(found.masked, seed), fit_applicability(found.masked, panel)
    tissue = cohort.profiles.samples["tissue"]
    tissues = TissueReference.fit(features, tissue, panel, usual_deviation(found.masked))
    bundle = Bundle(builder, model, reference, dict(manifest), intervals, limits, specific, specific_reference, tissues)
    return bundle, features


def without_lines(cohort: Cohort, held_out: Sequence[str]) -> Cohort:
    """The cohort without the lines held out.

    Raises
    ------
    PamrxError
        For a held-out line that the cohort lacks.
    """
    for line in held_out:
        if line not in cohort.cell_lines.index:
            raise UsageError(f"held-out line {line} is not in the training data{did_you_mean(line, cohort.lines)}")
    away = set(held_out)
    return cohort.subset([line for line in cohort.lines if line not in away])


def reference_from(predicted: pd.DataFrame, masked: dict[str, pd.DataFrame], nothing: pd.Series) -> Reference:
    """The reference of percentiles, on the scale of the final model (`pamrx.prediction.reference`).

    Parameters
    ----------
    predicted : (n_lines, n_assays) out-of-fold, each line with its whole profile.
    masked : the same by name of missing-data pattern.
    nothing : (n_assays,) prediction of the final model for a profile without any data.
    """
    of_fold = masked[NOTHING].reindex(predicted.index)
    partial = {
        name: frame - masked[NOTHING] + nothing
        for name, frame in masked.items()
        if family_of(pattern_from(name)) != "complete"
    }
    lines = (predicted - of_fold + nothing).astype(np.float32).astype(float)
    return Reference(lines, quantiles_of(partial))
