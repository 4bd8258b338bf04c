"""Hyper-parameters chosen on inner folds: an Optuna study that can be stopped and continued.

Every trial is judged by the mean per-assay Pearson over the same inner folds of the given lines. The settings of the
released model are the first trial, and the best is shown beside them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from joblib import Parallel, delayed
from pamrx.display import short_repr
from pamrx.errors import UsageError
from pamrx.features import BLOCKS, FeatureBuilder
from pamrx.model.sensitivity import BLOCK_WEIGHTS, BOOSTED_SHARE, N_BOOSTED, SensitivityModel
from pamrx.outputs import whole_file

from pamrx_training.evaluation.metrics import bootstrap_mean_pearson, interval, mean_pearson, per_assay, within_tissue
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import CODE
from pamrx_training.fitting.run_context import RunContext, made_folder
from pamrx_training.fitting.splits import leave_cell_line_out, sides

if TYPE_CHECKING:
    import optuna

log = logging.getLogger(__name__)

FOLDER = "tuning"
"""Inside the data cache: a folder per study, with Optuna's journal and the predictions of each trial."""

REPORTED_SEEDS = (2026, 7)
"""Splits whose accuracy is published: nothing is chosen on them."""

AT_ONCE = 2
"""Trials proposed together, whatever the number of processes: a proposal depends on the trials finished before it."""

STARTUP_TRIALS = 5
"""Until so many trials are finished nothing is pruned, and settings are drawn at random."""

REFERENCE = "transcriptome"
"""The block whose prior variance is 1: only ratios matter."""

LOWEST, HIGHEST = 0.005, 1.0
COMPLETE, PRUNED = "complete", "pruned"

Settings = Mapping[str, Any]


@short_repr
@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes
    ----------
    state : complete, or pruned after the inner folds that its predictions cover.
    metrics : lco_pearson, lco_within_tissue_pearson, seconds over those folds.
    """

    number: int
    state: str
    settings: dict[str, Any]
    metrics: dict[str, float]


@short_repr
@dataclass(frozen=True)
class TuningResult:
    """The outcome of a study.

    Attributes
    ----------
    trials : finished ones, in their order.
    best : the complete one of the highest lco_pearson.
    difference : its lco_pearson less that of the released settings, with low and high end of the 95 % paired bootstrap
        interval over lines.
    """

    trials: list[Trial]
    best: Trial
    difference: tuple[float, float, float]

    @property
    def table(self) -> pd.DataFrame:
        """One row per trial: number, state, settings, metrics."""
        return pd.DataFrame(
            [{"trial": one.number, "state": one.state, **one.settings, **one.metrics} for one in self.trials]
        )


@short_repr
@dataclass(frozen=True)
class Fold:
    """One inner fold: features and responses learned on its training lines."""

    features: pd.DataFrame
    responses: pd.DataFrame
    test: pd.DataFrame
    measured: pd.DataFrame


@short_repr
@dataclass
class InnerFolds:
    """The inner folds of a study, and the folder that keeps its trials; `path` None keeps nothing."""

    folds: list[Fold]
    tissue: pd.Series
    seed: int
    path: Path | None
    kept: dict[int, pd.DataFrame] = field(default_factory=dict)

    @property
    def measured(self) -> pd.DataFrame:
        return pd.concat([fold.measured for fold in self.folds])

    def keep(self, number: int, predicted: pd.DataFrame) -> None:
        """Keep the out-of-fold predictions of a trial."""
        self.kept[number] = predicted
        if self.path is not None:
            with whole_file(self.path / f"trial-{number:04}.parquet") as temporary:
                predicted.to_parquet(temporary)

    def predicted(self, number: int) -> pd.DataFrame:
        """The out-of-fold predictions of a finished trial."""
        if number not in self.kept and self.path is not None:
            self.kept[number] = pd.read_parquet(self.path / f"trial-{number:04}.parquet")
        return self.kept[number]


@dataclass(frozen=True)
class Budget:
    """The size of a study.

    Attributes
    ----------
    n_trials : trials that the study shall have, with those of earlier runs.
    n_folds : inner folds, by donor.
    seconds : after which no further trial is begun; None for no limit.
    """

    n_trials: int
    n_folds: int = 4
    seconds: float | None = None


def tune(
    cohort: Cohort,
    budget: Budget,
    context: RunContext = RunContext(seed=11),
    on_trial: Callable[[Trial, InnerFolds], None] = lambda _trial, _folds: None,
) -> TuningResult:
    """Search for better settings than the released ones, until the study has the trials of `budget`.

    Parameters
    ----------
    cohort : the lines that may be looked at, and no others.
    context : its store keeps studies, one for each combination of data, lines, code and folds.
    on_trial : is called with each finished trial.

    Raises
    ------
    PamrxError
        For the seed of a reported split.
    """
    check_seed(context.seed)
    inner = _inner_folds(cohort, budget.n_folds, context)
    study = _open(inner)
    started = time.monotonic()
    while (left := budget.n_trials - len(_finished(study))) > 0:
        if budget.seconds is not None and time.monotonic() - started > budget.seconds:
            log.info("the time is up; %d of %d trials are left for another time", left, budget.n_trials)
            break
        study.sampler = _sampler(context.seed, len(study.trials))
        proposed = [study.ask(_space()) for _ in range(min(AT_ONCE, left))]
        for trial in _run(study, proposed, inner, context.jobs):
            word = "" if trial.state == COMPLETE else " (pruned)"
            r, seconds = trial.metrics["lco_pearson"], trial.metrics["seconds"]
            log.info("trial %d%s: r %.4f, %.0f s", trial.number, word, r, seconds)
            on_trial(trial, inner)
    return _result(study, inner)


def check_seed(seed: int) -> None:
    """Raise `UsageError` for the seed of a reported split."""
    if seed in REPORTED_SEEDS:
        shown = " and ".join(map(str, REPORTED_SEEDS))
        raise UsageError(
            f"--seed {seed}: found the seed of a reported split; {shown} are for reporting accuracy, not tuning"
        )


def released() -> dict[str, Any]:
    """The settings of the released model, as a trial has them."""
    weights = {f"weight.{block}": weight for block, weight in BLOCK_WEIGHTS.items() if block != REFERENCE}
    return {**weights, "boosted_share": BOOSTED_SHARE, "n_boosted": N_BOOSTED}


def model_of(settings: Settings, seed: int) -> SensitivityModel:
    """The model of a trial's settings, not fitted."""
    weights = {block: float(settings.get(f"weight.{block}", BLOCK_WEIGHTS[block])) for block in BLOCKS}
    return SensitivityModel(weights, int(settings["n_boosted"]), float(settings["boosted_share"]), seed)


def _space() -> dict[str, optuna.distributions.BaseDistribution]:
    from optuna.distributions import FloatDistribution, IntDistribution

    weights = {
        f"weight.{block}": FloatDistribution(LOWEST, HIGHEST, log=True) for block in BLOCKS if block != REFERENCE
    }
    return {**weights, "boosted_share": FloatDistribution(0.0, 0.7), "n_boosted": IntDistribution(4, 24)}


def _study_folder(cohort: Cohort, n_folds: int, context: RunContext) -> Path | None:
    if context.store is None:
        return None
    return made_folder(context.store.path([cohort.lines, n_folds, context.seed], __name__, *CODE, suffix=""))


def _inner_folds(cohort: Cohort, n_folds: int, context: RunContext) -> InnerFolds:
    path = _study_folder(cohort, n_folds, context)
    log.info("building the features of %d inner folds of %d lines", n_folds, len(cohort.lines))
    lines = leave_cell_line_out(cohort, n_folds, context.seed)
    folds = []
    for name in sorted(lines.unique()):
        train, test = sides(cohort, lines, name)
        builder = FeatureBuilder().fit(cohort.profiles.subset(train))
        responses = cohort.response_matrix(train)
        folds.append(
            Fold(
                builder.transform(cohort.profiles.subset(train)),
                responses.loc[train],
                builder.transform(cohort.profiles.subset(test)),
                responses.loc[test],
            )
        )
    return InnerFolds(folds, cohort.cell_lines["tissue"], context.seed, path)


def _open(inner: InnerFolds) -> optuna.Study:
    """The study, new or continued; trials that were running when it was stopped are proposed again."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(logging.ERROR)
    storage: Any = None
    if inner.path is not None:
        backend = JournalFileBackend(str(inner.path / "study.log"))
        storage = optuna.storages.JournalStorage(backend)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=0)
    study = optuna.create_study(
        storage=storage, study_name="pamrx", direction="maximize", pruner=pruner, load_if_exists=True
    )
    finished = _finished(study)
    if not study.trials:
        study.enqueue_trial(released())
    else:
        log.info("continuing a study of %d finished trials in %s", len(finished), inner.path)
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(trial.params or released())
    return study


def _sampler(seed: int, known: int) -> optuna.samplers.BaseSampler:
    """Seeded by the number of trials, so that a continued study proposes what an uninterrupted one would have."""
    import optuna

    return optuna.samplers.TPESampler(seed=1000 * seed + known, n_startup_trials=STARTUP_TRIALS)


def _run(study: optuna.Study, proposed: Sequence[optuna.Trial], inner: InnerFolds, jobs: int) -> list[Trial]:
    """Run the proposed trials side by side, fold after fold, so that a poor one is pruned early."""
    import optuna

    parts: dict[int, list[pd.DataFrame]] = {trial.number: [] for trial in proposed}
    spent = dict.fromkeys(parts, 0.0)
    states: dict[int, str] = {}
    for step, fold in enumerate(inner.folds):
        alive = [trial for trial in proposed if trial.number not in states]
        done = Parallel(n_jobs=min(jobs, max(len(alive), 1)))(
            delayed(_fit)(dict(trial.params), fold, inner.seed) for trial in alive
        )
        for trial, (predicted, seconds) in zip(alive, done, strict=True):
            parts[trial.number].append(predicted)
            spent[trial.number] += seconds
            trial.report(_pearson(inner.measured, pd.concat(parts[trial.number])), step)
            last = step == len(inner.folds) - 1
            if not last and trial.should_prune():
                states[trial.number] = PRUNED
    found = []
    for trial in proposed:
        state = states.get(trial.number, COMPLETE)
        predicted = pd.concat(parts[trial.number])
        metrics = _metrics(inner, predicted) | {"seconds": spent[trial.number]}
        inner.keep(trial.number, predicted)
        for name, value in metrics.items():
            trial.set_user_attr(name, value)
        ended = optuna.trial.TrialState.COMPLETE if state == COMPLETE else optuna.trial.TrialState.PRUNED
        study.tell(trial, metrics["lco_pearson"] if state == COMPLETE else None, state=ended)
        found.append(Trial(trial.number, state, dict(trial.params), metrics))
    return found


def _fit(settings: Settings, fold: Fold, seed: int) -> tuple[pd.DataFrame, float]:
    started = time.perf_counter()
    model = model_of(settings, seed).fit(fold.features, fold.responses)
    return model.predict(fold.test), time.perf_counter() - started


def _pearson(measured: pd.DataFrame, predicted: pd.DataFrame) -> float:
    return mean_pearson(per_assay(measured.loc[predicted.index], predicted))


def _metrics(inner: InnerFolds, predicted: pd.DataFrame) -> dict[str, float]:
    measured = inner.measured.loc[predicted.index]
    within = within_tissue(measured, predicted, inner.tissue.loc[predicted.index])
    return {"lco_pearson": _pearson(measured, predicted), "lco_within_tissue_pearson": float(within.mean())}


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _result(study: optuna.Study, inner: InnerFolds) -> TuningResult:
    from optuna.trial import TrialState

    trials = [
        Trial(
            one.number,
            COMPLETE if one.state == TrialState.COMPLETE else PRUNED,
            dict(one.params),
            {name: float(value) for name, value in one.user_attrs.items()},
        )
        for one in _finished(study)
    ]
    complete = [trial for trial in trials if trial.state == COMPLETE]
    if not complete:
        raise UsageError("no trial was finished in the time given; expected more time, or --timeout left out")
    best = max(complete, key=lambda trial: trial.metrics["lco_pearson"])
    first = complete[0]
    both = [inner.predicted(trial.number) for trial in (best, first)]
    draws = bootstrap_mean_pearson(inner.measured.loc[both[0].index], [one.loc[both[0].index] for one in both])
    low, high = interval(draws[:, 0] - draws[:, 1])
    return TuningResult(trials, best, (best.metrics["lco_pearson"] - first.metrics["lco_pearson"], low, high))
