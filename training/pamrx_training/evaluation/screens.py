"""Leave-screen-out: learn from one screen, and be judged by the other screen of the same drug, on unseen lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.assay import AssayId

from pamrx_training.evaluation.ceiling import screen_agreement
from pamrx_training.evaluation.metrics import bootstrap_mean_pearson, interval, per_assay, within_tissue
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Fit, run_fits
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import sides

SCREENS = ("GDSC1", "GDSC2")
DIRECTIONS = (("GDSC1", "GDSC2"), ("GDSC2", "GDSC1"))


@short_repr
@dataclass(frozen=True)
class Transfer:
    """What leave-screen-out found.

    Attributes
    ----------
    table : one row per repeat, direction and drug: repeat (seed), trained_on, tested_on, drug, n (unseen lines measured
        in the screen tested on), pearson, spearman, within_tissue_pearson of predictions in one screen and
        measurements of the other; own_screen_pearson: the same predictions against the screen trained on;
        screens_agree: Pearson of the two screens' measurements, no model involved (`ceiling.screen_agreement`).
    intervals : (trained on, tested on) -> 95 % bootstrap interval over lines of the mean Pearson over drugs.
    """

    table: pd.DataFrame
    intervals: dict[tuple[str, str], tuple[float, float]]


def shared_drugs(cohort: Cohort) -> list[str]:
    """Drugs of the axis that both screens hold."""
    by_drug = cohort.responses.groupby("drug")["screen"].agg(set)
    return sorted(by_drug.index[[set(SCREENS) <= screens for screens in by_drug]])


def screen_fits(cohort: Cohort, folds: pd.Series, seed: int) -> dict[str, Fit]:
    """`screen|fold` -> a fit that sees one screen's assays of the training lines only."""
    fits = {}
    for screen in SCREENS:
        assays = tuple(sorted(cohort.responses.loc[cohort.responses["screen"] == screen, "assay"].unique()))
        for name in sorted(folds.unique()):
            train, test = sides(cohort, folds, name)
            fits[f"{screen}|{name}"] = Fit(tuple(train), tuple(test), seed, assays=assays)
    return fits


def across_screens(
    cohort: Cohort,
    folds: Sequence[tuple[int, pd.Series]],
    context: RunContext = RunContext(),
    draws: int = 1000,
) -> Transfer:
    """Both directions over (seed, folds) of each repeat; folds keep donors on one side.

    Raises
    ------
    InputError
        If no drug of the axis is in both screens.
    """
    drugs = shared_drugs(cohort)
    if not drugs:
        raise InputError(f"leave-screen-out: no drug of the axis is in both {' and '.join(SCREENS)}")
    every = {f"{seed}|{key}": fit for seed, fold in folds for key, fit in screen_fits(cohort, fold, seed).items()}
    parts: dict[tuple[int, str], list[pd.DataFrame]] = {}
    for key, frame in run_fits(cohort, every, context):
        number, screen, _ = key.split("|")
        parts.setdefault((int(number), screen), []).append(frame)
    rows = []
    boots: dict[tuple[str, str], list[np.ndarray]] = {direction: [] for direction in DIRECTIONS}
    for seed, fold in folds:
        measured = _measured(cohort, fold)
        for direction in DIRECTIONS:
            own, other = (_of_screen(measured, screen, drugs) for screen in direction)
            predicted = pd.concat(parts[seed, direction[0]]).loc[measured.index]
            predicted = _of_screen(predicted, direction[0], drugs)
            rows.append(_compared(predicted, own, other, cohort, direction).assign(repeat=seed))
            boots[direction].append(bootstrap_mean_pearson(other, [predicted], draws)[:, 0])
    intervals = {direction: interval(np.mean(draws_, axis=0)) for direction, draws_ in boots.items()}
    return Transfer(pd.concat(rows, ignore_index=True), intervals)


def _measured(cohort: Cohort, folds: pd.Series) -> pd.DataFrame:
    """Measurements of every line as a test line: repeated series aligned on that fold's training lines."""
    parts = []
    for name in sorted(folds.unique()):
        train, test = sides(cohort, folds, name)
        parts.append(cohort.response_matrix(train).loc[test])
    whole = pd.concat(parts)
    return whole.loc[[line for line in cohort.lines if line in whole.index]]


def _of_screen(matrix: pd.DataFrame, screen: str, drugs: Sequence[str]) -> pd.DataFrame:
    return matrix[[str(AssayId(screen, drug)) for drug in drugs]].set_axis(pd.Index(drugs, dtype=object), axis=1)


def _compared(
    predicted: pd.DataFrame, own: pd.DataFrame, other: pd.DataFrame, cohort: Cohort, direction: tuple[str, str]
) -> pd.DataFrame:
    tissue = cohort.cell_lines.loc[predicted.index, "tissue"]
    table = per_assay(other, predicted).rename_axis(index="drug")[["n", "pearson", "spearman"]]
    table["within_tissue_pearson"] = within_tissue(other, predicted, tissue)
    table["own_screen_pearson"] = per_assay(own, predicted)["pearson"]
    table["screens_agree"] = screen_agreement(cohort.responses).reindex(table.index)
    return table.reset_index().assign(trained_on=direction[0], tested_on=direction[1])
