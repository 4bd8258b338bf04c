"""Hyper-parameters chosen on inner folds: an Optuna study that can be stopped and gone on with.

Every trial is judged by the mean per-assay Pearson over the same inner folds of the lines that it is given. The
settings of the released model are the first trial, and the best is told beside them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS, FeatureBuilder
from pamrx.model.sensitivity import BLOCK_WEIGHTS, BOOSTED_SHARE, N_BOOSTED, SensitivityModel
from pamrx.tables import whole_file

from pamrx_training.evaluation.metrics import bootstrap_mean_pearson, interval, mean_pearson, per_assay, within_tissue
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import code_digest
from pamrx_training.fitting.splits import leave_cell_line_out, sides

if TYPE_CHECKING:
    import optuna

FOLDER = "tuning"
"""Inside the data cache: a folder per study, with Optuna's journal and the predictions of each trial."""

REPORTED_SEEDS = (2026, 7)
"""Splits whose accuracy is told to others: nothing is chosen on them."""

AT_ONCE = 2
"""Trials that are asked for together, whatever the number of processes: what is asked depends on what is known."""

STARTUP_TRIALS = 5
"""Before so many are finished nothing is pruned, and settings are drawn at random."""

REFERENCE = "transcriptome"
"""The block whose prior variance is 1: only ratios matter."""

LOWEST, HIGHEST = 0.005, 1.0
COMPLETE, PRUNED = "complete", "pruned"

Settings = Mapping[str, Any]


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


@dataclass(frozen=True)
class Tuned:
    """What a study found.

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


@dataclass(frozen=True)
class Fold:
    """One inner fold: features and responses learned on its training lines."""

    features: pd.DataFrame
    responses: pd.DataFrame
    donors: np.ndarray
    test: pd.DataFrame
    measured: pd.DataFrame


@dataclass
class Workplace:
    """The inner folds, and where the study is kept. `path` None keeps nothing."""

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


def tune(
    cohort: Cohort,
    n_trials: int,
    n_folds: int = 4,
    seed: int = 11,
    folder: Path | None = None,
    data: str = "",
    jobs: int = 2,
    seconds: float | None = None,
    report: Callable[[str], None] = print,
    on_trial: Callable[[Trial, Workplace], None] = lambda trial, workplace: None,
) -> Tuned:
    """Look for better settings than the released ones, until the study has `n_trials` trials.

    Parameters
    ----------
    cohort : the lines that may be looked at, and no others.
    n_folds : inner folds, by donor, of these lines.
    folder : where studies are kept (inside it one for these data, lines, code and folds); None keeps nothing.
    data : fingerprint of the training tables.
    seconds : after which no further trial is begun.
    on_trial : is told of each trial when it is finished.

    Raises
    ------
    PamrxError
        For the seed of a reported split, or one that is no seed.
    """
    check_seed(seed)
    path = None if folder is None else _study_folder(folder, cohort, data, n_folds, seed)
    workplace = _workplace(cohort, n_folds, seed, path, report)
    study = _open(workplace, report)
    started = time.monotonic()
    while (left := n_trials - len(_finished(study))) > 0:
        if seconds is not None and time.monotonic() - started > seconds:
            report(f"the time is up; {left} of {n_trials} trials are left for another time")
            break
        study.sampler = _sampler(seed, len(study.trials))
        asked = [study.ask(_space()) for _ in range(min(AT_ONCE, left))]
        for trial in _run(study, asked, workplace, jobs):
            report(told(trial))
            on_trial(trial, workplace)
    return _tuned(study, workplace)


def check_seed(seed: int) -> None:
    """Raise `PamrxError` for the seed of a reported split."""
    if seed in REPORTED_SEEDS:
        shown = " and ".join(map(str, REPORTED_SEEDS))
        raise PamrxError(
            f"--seed {seed}: found the seed of a reported split; {shown} are for telling accuracy, not tuning"
        )


def released() -> dict[str, Any]:
    """The settings of the released model, as a trial has them."""
    weights = {f"weight.{block}": weight for block, weight in BLOCK_WEIGHTS.items() if block != REFERENCE}
    return {**weights, "boosted_share": BOOSTED_SHARE, "n_boosted": N_BOOSTED}


def model_of(settings: Settings, seed: int) -> SensitivityModel:
    """The model of a trial's settings, not fitted."""
    weights = {block: float(settings.get(f"weight.{block}", BLOCK_WEIGHTS[block])) for block in BLOCKS}
    return SensitivityModel(weights, int(settings["n_boosted"]), float(settings["boosted_share"]), seed)


def told(trial: Trial) -> str:
    """One line on a finished trial."""
    word = "" if trial.state == COMPLETE else " (pruned)"
    return f"trial {trial.number}{word}: r {trial.metrics['lco_pearson']:.4f}, {trial.metrics['seconds']:.0f} s"


def _space() -> dict[str, optuna.distributions.BaseDistribution]:
    from optuna.distributions import FloatDistribution, IntDistribution

    weights = {
        f"weight.{block}": FloatDistribution(LOWEST, HIGHEST, log=True) for block in BLOCKS if block != REFERENCE
    }
    return {**weights, "boosted_share": FloatDistribution(0.0, 0.7), "n_boosted": IntDistribution(4, 24)}


def _study_folder(folder: Path, cohort: Cohort, data: str, n_folds: int, seed: int) -> Path:
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    asked = json.dumps([data, cohort.lines, n_folds, seed, code_digest(), own])
    path = folder / FOLDER / hashlib.sha256(asked.encode()).hexdigest()[:16]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PamrxError(f"{path}: cannot be made ({error.strerror}); name another folder with --cache") from None
    return path


def _workplace(cohort: Cohort, n_folds: int, seed: int, path: Path | None, report: Callable[[str], None]) -> Workplace:
    report(f"building the features of {n_folds} inner folds of {len(cohort.lines)} lines")
    lines = leave_cell_line_out(cohort, n_folds, seed)
    folds = []
    for name in sorted(lines.unique()):
        train, test = sides(cohort, lines, name)
        builder = FeatureBuilder().fit(cohort.profiles.subset(train))
        responses = cohort.response_matrix(train)
        folds.append(
            Fold(
                builder.transform(cohort.profiles.subset(train)),
                responses.loc[train],
                cohort.cell_lines.loc[train, "donor"].to_numpy(dtype=str),
                builder.transform(cohort.profiles.subset(test)),
                responses.loc[test],
            )
        )
    return Workplace(folds, cohort.cell_lines["tissue"], seed, path)


def _open(workplace: Workplace, report: Callable[[str], None]) -> optuna.Study:
    """The study, begun or gone on with; what was running when it was stopped is asked for again."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(logging.ERROR)
    storage: Any = None
    if workplace.path is not None:
        backend = JournalFileBackend(str(workplace.path / "study.log"))
        storage = optuna.storages.JournalStorage(backend)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=0)
    study = optuna.create_study(
        storage=storage, study_name="pamrx", direction="maximize", pruner=pruner, load_if_exists=True
    )
    finished = _finished(study)
    if not study.trials:
        study.enqueue_trial(released())
    else:
        report(f"going on with a study of {len(finished)} finished trials in {workplace.path}")
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(trial.params or released())
    return study


def _sampler(seed: int, known: int) -> optuna.samplers.BaseSampler:
    """Seeded by what is known, so that a study that was stopped asks what it would have asked."""
    import optuna

    return optuna.samplers.TPESampler(seed=1000 * seed + known, n_startup_trials=STARTUP_TRIALS)


def _run(study: optuna.Study, asked: Sequence[optuna.Trial], workplace: Workplace, jobs: int) -> list[Trial]:
    """The trials asked for, fold after fold side by side, so that a poor one is given up early."""
    import optuna

    parts: dict[int, list[pd.DataFrame]] = {trial.number: [] for trial in asked}
    spent = dict.fromkeys(parts, 0.0)
    states: dict[int, str] = {}
    for step, fold in enumerate(workplace.folds):
        alive = [trial for trial in asked if trial.number not in states]
        done = Parallel(n_jobs=min(jobs, max(len(alive), 1)))(
            delayed(_fit)(dict(trial.params), fold, workplace.seed) for trial in alive
        )
        for trial, (predicted, seconds) in zip(alive, done, strict=True):
            parts[trial.number].append(predicted)
            spent[trial.number] += seconds
            trial.report(_pearson(workplace.measured, pd.concat(parts[trial.number])), step)
            last = step == len(workplace.folds) - 1
            if not last and trial.should_prune():
                states[trial.number] = PRUNED
    found = []
    for trial in asked:
        state = states.get(trial.number, COMPLETE)
        predicted = pd.concat(parts[trial.number])
        metrics = _metrics(workplace, predicted) | {"seconds": spent[trial.number]}
        workplace.keep(trial.number, predicted)
        for name, value in metrics.items():
            trial.set_user_attr(name, value)
        ended = optuna.trial.TrialState.COMPLETE if state == COMPLETE else optuna.trial.TrialState.PRUNED
        study.tell(trial, metrics["lco_pearson"] if state == COMPLETE else None, state=ended)
        found.append(Trial(trial.number, state, dict(trial.params), metrics))
    return found


def _fit(settings: Settings, fold: Fold, seed: int) -> tuple[pd.DataFrame, float]:
    started = time.perf_counter()
    model = model_of(settings, seed).fit(fold.features, fold.responses, fold.donors)
    return model.predict(fold.test), time.perf_counter() - started


def _pearson(measured: pd.DataFrame, predicted: pd.DataFrame) -> float:
    return mean_pearson(per_assay(measured.loc[predicted.index], predicted))


def _metrics(workplace: Workplace, predicted: pd.DataFrame) -> dict[str, float]:
    measured = workplace.measured.loc[predicted.index]
    within = within_tissue(measured, predicted, workplace.tissue.loc[predicted.index])
    return {"lco_pearson": _pearson(measured, predicted), "lco_within_tissue_pearson": float(within.mean())}


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _tuned(study: optuna.Study, workplace: Workplace) -> Tuned:
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
        raise PamrxError("no trial was finished in the time given; expected more time, or --timeout left out")
    best = max(complete, key=lambda trial: trial.metrics["lco_pearson"])
    first = complete[0]
    both = [workplace.predicted(trial.number) for trial in (best, first)]
    draws = bootstrap_mean_pearson(workplace.measured.loc[both[0].index], [one.loc[both[0].index] for one in both])
    low, high = interval(draws[:, 0] - draws[:, 1])
    return Tuned(trials, best, (best.metrics["lco_pearson"] - first.metrics["lco_pearson"], low, high))
