"""Six candidates on the same folds: naive, ridge, plain LightGBM, the hybrid, and the hybrid less a block.

What a candidate predicts for a fold is kept in the store of finished fits, so that a study that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from pamrx.features import BLOCKS, FeatureBuilder
from pamrx.tables import whole_file
from threadpoolctl import threadpool_limits

from pamrx_training.evaluation.ablation import Ablation, summarise
from pamrx_training.evaluation.baselines import assay_ridge, tissue_drug_mean
from pamrx_training.evaluation.boosted_baseline import assay_lightgbm, validation_lines
from pamrx_training.evaluation.study_explanations import explained
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Fit, Store, run_fits
from pamrx_training.fitting.splits import sides
from pamrx_training.progress import track

HYBRID = "hybrid (pamrx)"
PROTOCOL = "leave-cell-line-out"


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


def study(
    cohort: Cohort,
    folds: pd.Series,
    seed: int = 0,
    store: Store | None = None,
    jobs: int = 2,
    draws: int = 1000,
    report: Callable[[str], None] = print,
) -> Study:
    """Fit every candidate on every fold; `folds` is the fold by line, `draws` those of the bootstrap over lines."""
    split = {name: sides(cohort, folds, name) for name in sorted(folds.unique())}
    truth = pd.concat([cohort.response_matrix(train).loc[test] for train, test in split.values()])
    predicted, seconds, folders = {}, {}, {}
    for candidate in CANDIDATES:
        fits = {str(name): Fit(tuple(a), tuple(b), seed, candidate.blocks) for name, (a, b) in split.items()}
        report(f"{candidate.name}:")
        frames, took = _timed(cohort, candidate, fits, store, jobs, report)
        predicted[seed, candidate.name] = pd.concat(frames)
        if took is not None:
            seconds[candidate.name] = took
        everyone = Fit(tuple(folds.index), (), seed, candidate.blocks)
        kept = None if store is None else store.path(everyone, f"{candidate.name} explained {_own_digest()}")
        folder = explained(cohort, candidate.name, candidate.family, everyone, kept and kept.with_suffix(""), report)
        if folder is not None:
            folders[candidate.name] = folder
    names = [candidate.name for candidate in CANDIDATES]
    return Study(summarise(cohort, [(seed, folds)], {seed: truth}, predicted, names, draws), seconds, folders)


def predict_plain(cohort: Cohort, candidate: Candidate, fit: Fit) -> pd.DataFrame:
    """(n_test, n_assays) ln IC50 of a candidate that is no hybrid; everything is learned on `fit.train`."""
    train, test = list(fit.train), list(fit.test)
    known = cohort.response_matrix(train).loc[train]
    if candidate.family == "naive":
        return tissue_drug_mean(known, cohort.cell_lines["tissue"], pd.Index(test))
    builder = FeatureBuilder(blocks=fit.blocks).fit(cohort.profiles.subset(train))
    features = builder.transform(cohort.profiles.subset(train))
    shown = builder.transform(cohort.profiles.subset(test))
    if candidate.family == "linear":
        with threadpool_limits(1):
            return assay_ridge(features, known, shown, fit.seed)
    held_out = features.index.isin(validation_lines(cohort, train))
    return assay_lightgbm(features, known, shown, held_out, fit.seed)


def _timed(
    cohort: Cohort,
    candidate: Candidate,
    fits: Mapping[str, Fit],
    store: Store | None,
    jobs: int,
    report: Callable[[str], None],
) -> tuple[list[pd.DataFrame], float | None]:
    """Predictions of each fold, and the seconds that they took when they were made; None where nobody knows."""
    extra = "" if candidate.family == "hybrid" else f"{candidate.name} {_own_digest()}"
    paths = [None if store is None else store.path(fit, extra) for fit in fits.values()]
    fresh = not any(path is not None and path.exists() for path in paths)
    started = time.perf_counter()
    if candidate.family == "hybrid":
        frames = [frame for _, frame in run_fits(cohort, fits, store, jobs, report)]
    else:
        runs = Parallel(n_jobs=min(jobs, len(fits)), return_as="generator")(
            delayed(_kept)(path, predict_plain, cohort, candidate, fit)
            for fit, path in zip(fits.values(), paths, strict=True)
        )
        frames = list(track(runs, len(fits), "fit", report))
    took = time.perf_counter() - started
    told = None if paths[0] is None else paths[0].with_suffix(".seconds.json")
    if fresh and told is not None:
        with whole_file(told) as temporary:
            temporary.write_text(json.dumps(took), encoding="utf-8")
    if fresh:
        return frames, took
    known = told is not None and told.exists()
    return frames, float(json.loads(told.read_text(encoding="utf-8"))) if told is not None and known else None


def _kept(path: Path | None, make: Callable[..., pd.DataFrame], *given: object) -> pd.DataFrame:
    """The table at `path`, made and written there where it is not."""
    if path is not None and path.exists():
        table = pd.read_parquet(path)
    else:
        table = make(*given)
        if path is not None:
            with whole_file(path) as temporary:
                table.to_parquet(temporary)
    # Labels of dtype object, as the cohort has them; a file gives them back as strings.
    return table.set_axis(table.index.astype(object)).set_axis(table.columns.astype(object), axis=1)


def _own_digest() -> str:
    """SHA-256 over the files that predictions depend on beside those of the hybrid."""
    digest = hashlib.sha256()
    for name in ("baselines.py", "boosted_baseline.py", "study.py", "study_explanations.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()
