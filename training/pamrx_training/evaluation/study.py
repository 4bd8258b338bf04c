"""Six candidates on the same folds: naive, ridge, plain LightGBM, the hybrid, and the hybrid less a block.

The predictions of a candidate for a fold are kept in the store of finished fits, so that a study that was stopped goes
on.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from pamrx.display import short_repr
from pamrx.outputs import whole_file

from pamrx_training.evaluation.ablation import Ablation, summarise
from pamrx_training.evaluation.candidates import CANDIDATES, Candidate, predict_plain
from pamrx_training.evaluation.study_explanations import explained
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import CODE, Fit, fit_path, kept_table, run_fits
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import sides
from pamrx_training.progress import track

log = logging.getLogger(__name__)

PREDICTING, EXPLAINING = "pamrx_training.evaluation.candidates", "pamrx_training.evaluation.study_explanations"
"""The modules whose code makes what a study keeps, beside that of the fits."""

PROTOCOL = "leave-cell-line-out"


@short_repr
@dataclass(frozen=True)
class Study:
    """What a study found.

    Attributes
    ----------
    found : metrics and out-of-fold predictions; the variants are the candidates' names.
    seconds : by candidate, of its fits; without those that were read from an earlier run of unknown length.
    explained : by candidate, a folder with `shap/` of a fit on all lines; not of a mean, and of none without a store.
    """

    found: Ablation
    seconds: dict[str, float]
    explained: dict[str, Path]


def study(cohort: Cohort, folds: pd.Series, context: RunContext = RunContext(), draws: int = 1000) -> Study:
    """Fit every candidate on every fold; `folds` is the fold by line, `draws` those of the bootstrap over lines."""
    seed, store = context.seed, context.store
    split = {name: sides(cohort, folds, name) for name in sorted(folds.unique())}
    truth = pd.concat([cohort.response_matrix(train).loc[test] for train, test in split.values()])
    predicted, seconds, folders = {}, {}, {}
    for candidate in CANDIDATES:
        fits = {str(name): Fit(tuple(a), tuple(b), seed, candidate.blocks) for name, (a, b) in split.items()}
        log.info("%s:", candidate.name)
        frames, took = _timed(cohort, candidate, fits, context)
        predicted[seed, candidate.name] = pd.concat(frames)
        if took is not None:
            seconds[candidate.name] = took
        everyone = Fit(tuple(folds.index), (), seed, candidate.blocks)
        key = [asdict(everyone), candidate.name, candidate.family]
        kept = None if store is None else store.path(key, EXPLAINING, *CODE, suffix="")
        folder = explained(cohort, candidate.name, candidate.family, everyone, kept)
        if folder is not None:
            folders[candidate.name] = folder
    names = [candidate.name for candidate in CANDIDATES]
    return Study(summarise(cohort, [(seed, folds)], {seed: truth}, predicted, names, draws), seconds, folders)


def _timed(
    cohort: Cohort, candidate: Candidate, fits: Mapping[str, Fit], context: RunContext
) -> tuple[list[pd.DataFrame], float | None]:
    """Predictions of each fold, and the seconds that they took when they were made; None where that is unknown."""
    paths = [_prediction_path(context, candidate, fit) for fit in fits.values()]
    fresh = not any(path is not None and path.exists() for path in paths)
    started = time.perf_counter()
    if candidate.family == "hybrid":
        frames = [frame for _, frame in run_fits(cohort, fits, context)]
    else:
        runs = Parallel(n_jobs=min(context.jobs, len(fits)), return_as="generator")(
            delayed(kept_table)(path, predict_plain, cohort, candidate, fit)
            for fit, path in zip(fits.values(), paths, strict=True)
        )
        frames = list(track(runs, len(fits), "fit"))
    took = time.perf_counter() - started
    record = None if paths[0] is None else paths[0].with_suffix(".seconds.json")
    if fresh:
        if record is not None:
            with whole_file(record) as temporary:
                temporary.write_text(json.dumps(took), encoding="utf-8")
        return frames, took
    if record is None or not record.exists():
        return frames, None
    return frames, float(json.loads(record.read_text(encoding="utf-8")))


def _prediction_path(context: RunContext, candidate: Candidate, fit: Fit) -> Path | None:
    if candidate.family == "hybrid" or context.store is None:
        return fit_path(context.store, fit)
    return context.store.path([asdict(fit), candidate.name], PREDICTING, *CODE)
