"""Cross-validation: fit on all folds but one and predict that one, so that every line is predicted out of fold."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from joblib import Parallel, delayed
from pamrx.display import short_repr
from pamrx.features import FeatureBuilder
from pamrx.model.drug_specific import SpecificResponse
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.applicability import Panel

from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.masked_predictions import MaskedPredictions, concatenated, predict_masked
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import sides
from pamrx_training.progress import track


@short_repr
@dataclass(frozen=True)
class Split:
    """The data of one fold: features and responses, all learned or aligned on its training lines.

    Attributes
    ----------
    features, test_features : (n_train, n_features) and (n_test, n_features).
    known, measured : (n_train, n_assays) and (n_test, n_assays) ln IC50, NaN where not measured.
    known_specific : (n_train, n_assays) drug-specific responses; None without drugs outside the axis.
    tissue : tissue of each line, on both sides.
    seed : of the fits on this fold.
    """

    features: pd.DataFrame
    test_features: pd.DataFrame
    known: pd.DataFrame
    measured: pd.DataFrame
    known_specific: pd.DataFrame | None
    tissue: pd.Series
    seed: int


Others = Callable[[Split], dict[str, pd.DataFrame]]
"""Predictions of other methods for the test lines of a split, by the name of the method."""


@short_repr
@dataclass(frozen=True)
class FoldResult:
    """What the models of one fold predict for its test lines.

    Attributes
    ----------
    predicted, measured : (n_test, n_assays) ln IC50.
    others : predictions of other methods, by name.
    specific, specific_measured : the same of the drug-specific response; None without drugs outside the axis.
    masked : predictions with whole sources masked; None where not asked for.
    """

    predicted: pd.DataFrame
    measured: pd.DataFrame
    others: dict[str, pd.DataFrame]
    specific: pd.DataFrame | None = None
    specific_measured: pd.DataFrame | None = None
    masked: MaskedPredictions | None = None


@short_repr
@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold predictions of every line of a split into folds, lines in the order of the cohort.

    Attributes
    ----------
    folds : fold by line.
    predicted, measured : (n_lines, n_assays) ln IC50; `measured` is NaN where not measured.
    others : predictions of other methods, by name.
    specific, specific_measured : the same of the drug-specific response; None without drugs outside the axis.
    masked : predictions with whole sources masked, what intervals are calibrated on.
    seconds : wall time of all folds.
    chance, viability_chance : (n_lines, n_assays) chance that the drug-specific response, and ln IC50, lies in the most
        sensitive fifth; None before `pamrx_training.fitting.chance.with_chances`.
    """

    folds: pd.Series
    predicted: pd.DataFrame
    measured: pd.DataFrame
    others: dict[str, pd.DataFrame]
    specific: pd.DataFrame | None
    specific_measured: pd.DataFrame | None
    masked: MaskedPredictions
    seconds: float
    chance: pd.DataFrame | None = None
    viability_chance: pd.DataFrame | None = None


def no_others(_: Split) -> dict[str, pd.DataFrame]:
    """No method beside the model."""
    return {}


def cross_validate(
    cohort: Cohort, folds: pd.Series, context: RunContext = RunContext(), others: Others = no_others
) -> OutOfFold:
    """Predict each fold by models fitted on the others.

    Parameters
    ----------
    folds : fold by line; lines outside it take no part.
    others : other methods that are run on each split; must be a function that processes can be sent.
    """
    started = time.perf_counter()
    names = sorted(folds.unique())
    runs = Parallel(n_jobs=min(context.jobs, len(names)), return_as="generator")(
        delayed(run_fold)(cohort, folds, name, context.seed, others) for name in names
    )
    parts = list(track(runs, len(names), "fold"))
    lines = [line for line in cohort.lines if line in folds.index]

    def joined(frames: list[pd.DataFrame | None]) -> pd.DataFrame | None:
        present = [frame for frame in frames if frame is not None]
        return pd.concat(present).reindex(lines) if present else None

    predicted, measured = joined([part.predicted for part in parts]), joined([part.measured for part in parts])
    assert predicted is not None
    assert measured is not None
    return OutOfFold(
        folds,
        predicted,
        measured,
        {name: pd.concat([part.others[name] for part in parts]).reindex(lines) for name in parts[0].others},
        joined([part.specific for part in parts]),
        joined([part.specific_measured for part in parts]),
        concatenated([part.masked for part in parts if part.masked is not None]),
        time.perf_counter() - started,
    )


def run_fold(
    cohort: Cohort, folds: pd.Series, fold: object, seed: int, others: Others = no_others, masked: bool = True
) -> FoldResult:
    """Fit on all folds but `fold`, and predict its lines.

    Features, response alignment, scaling, selection and penalties are all learned on the training lines.

    Parameters
    ----------
    masked : also model the drug-specific response, and predict both with whole sources masked.
    """
    train, test = sides(cohort, folds, fold)
    builder = FeatureBuilder().fit(cohort.profiles.subset(train))
    features = builder.transform(cohort.profiles.subset(train))
    test_features = builder.transform(cohort.profiles.subset(test))
    responses = cohort.response_matrix(train)
    known, measured = responses.loc[train], responses.loc[test]
    model = SensitivityModel(seed=seed).fit(features, known)
    predicted = model.predict(test_features)
    specific, general = None, cohort.general_sensitivity(train) if masked else pd.DataFrame()
    known_specific = specific_predicted = specific_measured = None
    if general.shape[1]:
        specific = SpecificResponse.fit(features, known, general.loc[train], seed)
        specific_predicted = specific.predict(test_features, predicted)
        specific_measured = specific.regression.rest(measured, general.loc[test])
        known_specific = specific.regression.rest(known, general.loc[train])
    split = Split(features, test_features, known, measured, known_specific, cohort.cell_lines["tissue"], seed)
    found = others(split)
    if not masked:
        return FoldResult(predicted, measured, found)
    panel, profiles = Panel.fit(features), cohort.profiles.subset(test)
    partial = predict_masked(builder, model, panel, profiles, measured, fold, seed, specific)
    return FoldResult(predicted, measured, found, specific_predicted, specific_measured, partial)
