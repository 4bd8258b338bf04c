"""What `pamrx evaluate` runs beside the plain evaluation: ablation, known biology, other protocols, repeated splits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.errors import PamrxError, did_you_mean
from pamrx.tables import write_table

from pamrx_training.datasets.gcsi import load_gcsi
from pamrx_training.datasets.laboratory import Laboratory
from pamrx_training.datasets.nci60 import load_nci60
from pamrx_training.evaluation.ablation import ablate, check_kind, variants
from pamrx_training.evaluation.biology import biology
from pamrx_training.evaluation.coverage import coverage_metrics, coverage_table, cross_coverage
from pamrx_training.evaluation.evaluate import Evaluation
from pamrx_training.evaluation.evidence_tables import (
    print_ablation,
    print_biology,
    print_elsewhere,
    print_repeats,
    print_transfer,
)
from pamrx_training.evaluation.laboratories import elsewhere
from pamrx_training.evaluation.repeats import evaluate_repeats
from pamrx_training.evaluation.screens import across_screens
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Store
from pamrx_training.fitting.splits import leave_cell_line_out, leave_tissue_out
from pamrx_training.tracking.evaluations import Settings, log_ablation, log_evaluation, log_repeats, log_table
from pamrx_training.tracking.summaries import biology_metrics, laboratory_metrics, transfer_metrics

LINE, TISSUE, SCREEN = "leave-cell-line-out", "leave-tissue-out", "leave-screen-out"
LABORATORIES = ("nci60", "gcsi")
PROTOCOLS = (LINE, TISSUE, SCREEN, *LABORATORIES)

Split = Callable[[Cohort, int, int], pd.Series]


@dataclass(frozen=True)
class Asked:
    """The options of one evaluation."""

    protocol: str = LINE
    ablate: str | None = None
    repeats: int = 1
    n_folds: int = 5
    seed: int = 0
    own_folds: bool = False
    data_dir: Path | None = None
    biology: bool = False

    @property
    def plain(self) -> bool:
        """One split, all blocks, judged by the screens trained on."""
        special = self.ablate is not None or self.biology or self.repeats > 1
        return self.protocol in (LINE, TISSUE) and not special

    @property
    def elsewhere(self) -> bool:
        """Judged by another laboratory."""
        return self.protocol in LABORATORIES


@dataclass(frozen=True)
class Run:
    """Where finished fits are kept, how many processes, where the table goes, whom to tell, what MLflow is told."""

    store: Store
    jobs: int = 2
    output: Path | None = None
    report: Callable[[str], None] = print
    tracking: Settings | None = None


def check(asked: Asked) -> Split:
    """What makes the folds.

    Raises
    ------
    PamrxError
        If a word is unknown or options do not go together; told before any work is done.
    """
    if asked.protocol not in PROTOCOLS:
        known = f"{', '.join(PROTOCOLS[:-1])} or {PROTOCOLS[-1]}"
        hint = did_you_mean(asked.protocol, PROTOCOLS)
        raise PamrxError(f"--protocol: unknown word '{asked.protocol}'; expected {known}{hint}")
    if asked.ablate is not None:
        check_kind(asked.ablate)
        if asked.protocol not in (LINE, TISSUE):
            raise PamrxError(f"--ablate goes with --protocol {LINE} or {TISSUE}; found {asked.protocol}")
    if asked.biology:
        _check_biology(asked)
    if asked.own_folds and asked.protocol not in (LINE, SCREEN):
        raise PamrxError(f"--folds goes with --protocol {LINE} or {SCREEN}; {asked.protocol} makes its own split")
    if asked.own_folds and asked.repeats > 1:
        raise PamrxError("--repeats makes splits of its own; leave out --folds, or --repeats")
    if asked.elsewhere and asked.data_dir is None:
        raise PamrxError(f"--protocol {asked.protocol} needs --data-dir, a folder that holds {asked.protocol}/")
    return leave_tissue_out if asked.protocol == TISSUE else leave_cell_line_out


def run_asked(cohort: Cohort, asked: Asked, splits: Sequence[tuple[int, pd.Series]], run: Run) -> None:
    """Run what was asked for over (seed, folds) of each repeat; print its table and write its tidy one."""
    started = time.perf_counter()
    if asked.ablate is not None:
        found = ablate(cohort, splits, asked.ablate, run.store, run.jobs, report=run.report)
        print_ablation(found, lines=len(splits[0][1]), repeats=len(splits))
        write(found.per_assay, run)
        if run.tracking is not None:
            seconds = time.perf_counter() - started
            log_ablation(found, asked.ablate, asked.protocol, variants(asked.ablate), run.tracking, seconds, run.report)
    elif asked.biology:
        known = biology(cohort, splits[0], run.store, run.jobs, report=run.report)
        print_biology(known, asked.protocol, lines=len(splits[0][1]))
        write(known.table, run)
        _log("known biology, " + asked.protocol, known.table, biology_metrics(known), asked, started, run)
    elif asked.protocol == SCREEN:
        transfer = across_screens(cohort, splits, run.store, run.jobs, report=run.report)
        print_transfer(transfer)
        write(transfer.table, run)
        _log(asked.protocol, transfer.table, transfer_metrics(transfer), asked, started, run)
    elif asked.elsewhere:
        laboratory = load(asked, cohort)
        for line in laboratory.dropped:
            run.report(f"{laboratory.name}: left out: {line}")
        judged = elsewhere(cohort, laboratory, [seed for seed, _ in splits], run.store, run.jobs, report=run.report)
        print_elsewhere(judged, laboratory.name)
        write(judged.table, run)
        metrics = laboratory_metrics(judged, laboratory.name)
        _log(f"another laboratory: {laboratory.name}", judged.table, metrics, asked, started, run)
    else:
        repeated = evaluate_repeats(cohort, splits, run.store, run.jobs, report=run.report)
        print_repeats(repeated, asked.protocol)
        write(repeated.per_assay, run)
        if run.tracking is not None:
            log_repeats(repeated, asked.protocol, run.tracking, run.report)


def track_plain(
    cohort: Cohort, evaluation: Evaluation, asked: Asked, tracking: Settings, report: Callable[[str], None] = print
) -> None:
    """Log a plain evaluation to MLflow, with the coverage and width of intervals on its lines."""
    found = coverage_table(cross_coverage(evaluation.held, seed=asked.seed), cohort.cell_lines["tissue"])
    log_evaluation(evaluation, asked.protocol, tracking, coverage_metrics(found), report)


def load(asked: Asked, cohort: Cohort) -> Laboratory:
    """The laboratory that was asked for."""
    if asked.protocol == "gcsi":
        return load_gcsi(asked.data_dir)
    return load_nci60(asked.data_dir, cohort.cell_lines["tissue"])


def write(table: pd.DataFrame, run: Run) -> None:
    """Write the tidy table of a run where it was asked for."""
    if run.output is not None:
        write_table(table, run.output)
        run.report(f"{len(table)} rows written to {run.output}")


def _log(name: str, table: pd.DataFrame, metrics: dict[str, float], asked: Asked, started: float, run: Run) -> None:
    if run.tracking is not None:
        metrics = metrics | {"seconds": time.perf_counter() - started}
        log_table(f"{name}, seed {asked.seed}", table, metrics, asked.protocol, run.tracking, run.report)


def _check_biology(asked: Asked) -> None:
    if asked.protocol not in (LINE, TISSUE):
        raise PamrxError(f"--biology goes with --protocol {LINE} or {TISSUE}; found {asked.protocol}")
    if asked.ablate is not None:
        raise PamrxError("--biology and --ablate are two evaluations; expected one of them")
    if asked.repeats > 1:
        raise PamrxError(f"--biology looks at one split; found --repeats {asked.repeats}, expected none")
