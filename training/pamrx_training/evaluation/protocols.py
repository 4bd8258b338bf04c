"""Evaluations beside the plain one: ablation, known biology, ranking of drugs, other protocols, repeated splits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import UsageError, did_you_mean

from pamrx_training.datasets.gcsi import load_gcsi
from pamrx_training.datasets.laboratory import Laboratory
from pamrx_training.datasets.nci60 import load_nci60
from pamrx_training.evaluation.ablation import Ablation, ablate, check_kind
from pamrx_training.evaluation.biology import Biology, biology
from pamrx_training.evaluation.laboratories import Elsewhere, elsewhere
from pamrx_training.evaluation.ranked import FEWEST_ORDERED, Ranked, rank_splits
from pamrx_training.evaluation.repeats import Repeated, evaluate_repeats
from pamrx_training.evaluation.screens import Transfer, across_screens
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import leave_cell_line_out, leave_tissue_out

log = logging.getLogger(__name__)

LINE, TISSUE, SCREEN = "leave-cell-line-out", "leave-tissue-out", "leave-screen-out"
LABORATORIES = ("nci60", "gcsi")
PROTOCOLS = (LINE, TISSUE, SCREEN, *LABORATORIES)

Split = Callable[[Cohort, int, int], pd.Series]
Result = Ablation | Biology | Transfer | Elsewhere | Ranked | Repeated


@short_repr
@dataclass(frozen=True)
class Options:
    """The options of one evaluation."""

    protocol: str = LINE
    ablate: str | None = None
    repeats: int = 1
    n_folds: int = 5
    seed: int = 0
    own_folds: bool = False
    data_dir: Path | None = None
    biology: bool = False
    ranking: bool = False

    @property
    def plain(self) -> bool:
        """One split, all blocks, judged by the screens trained on."""
        special = self.ablate is not None or self.biology or self.ranking or self.repeats > 1
        return self.protocol in (LINE, TISSUE) and not special

    @property
    def elsewhere(self) -> bool:
        """Judged by another laboratory."""
        return self.protocol in LABORATORIES


def check(options: Options) -> Split:
    """Check the options; gives the function that makes the folds.

    Raises
    ------
    PamrxError
        If a word is unknown or options do not go together.
    """
    if options.protocol not in PROTOCOLS:
        known = f"{', '.join(PROTOCOLS[:-1])} or {PROTOCOLS[-1]}"
        hint = did_you_mean(options.protocol, PROTOCOLS)
        raise UsageError(f"--protocol: unknown word '{options.protocol}'; expected {known}{hint}")
    if options.ablate is not None:
        check_kind(options.ablate)
        if options.protocol not in (LINE, TISSUE):
            raise UsageError(f"--ablate goes with --protocol {LINE} or {TISSUE}; found {options.protocol}")
    if options.biology:
        _check_biology(options)
    if options.ranking:
        _check_ranking(options)
    if options.own_folds and options.protocol not in (LINE, SCREEN):
        raise UsageError(f"--folds goes with --protocol {LINE} or {SCREEN}; {options.protocol} makes its own split")
    if options.own_folds and options.repeats > 1:
        raise UsageError("--repeats makes splits of its own; leave out --folds, or --repeats")
    if options.elsewhere and options.data_dir is None:
        raise UsageError(f"--protocol {options.protocol} needs --data-dir, a folder that holds {options.protocol}/")
    return leave_tissue_out if options.protocol == TISSUE else leave_cell_line_out


def check_scope(options: Options, cohort: Cohort) -> None:
    """Raise `UsageError` if the cohort has too few drugs to be ordered."""
    drugs = cohort.responses["drug"].nunique()
    if options.ranking and drugs < FEWEST_ORDERED:
        raise UsageError(f"--ranking orders {FEWEST_ORDERED} drugs or more; found {drugs}; name more with --drugs")


def run_protocol(
    cohort: Cohort, options: Options, splits: Sequence[tuple[int, pd.Series]], context: RunContext
) -> Result:
    """Run the evaluation that `options` name, over (seed, folds) of each repeat."""
    if options.ablate is not None:
        return ablate(cohort, splits, options.ablate, context)
    if options.biology:
        return biology(cohort, splits[0], context)
    if options.ranking:
        return rank_splits(cohort, splits, context)
    if options.protocol == SCREEN:
        return across_screens(cohort, splits, context)
    if options.elsewhere:
        laboratory = load(options, cohort)
        for line in laboratory.dropped:
            log.info("%s: left out: %s", laboratory.name, line)
        return elsewhere(cohort, laboratory, [seed for seed, _ in splits], context)
    return evaluate_repeats(cohort, splits, context)


def tidy_table(found: Result) -> pd.DataFrame:
    """The result as the rows that `--output` writes."""
    return found.per_assay if isinstance(found, Ablation | Repeated) else found.table


def load(options: Options, cohort: Cohort) -> Laboratory:
    """The laboratory that `options` name."""
    if options.protocol == "gcsi":
        return load_gcsi(options.data_dir)
    return load_nci60(options.data_dir, cohort.cell_lines["tissue"])


def _check_biology(options: Options) -> None:
    if options.protocol not in (LINE, TISSUE):
        raise UsageError(f"--biology goes with --protocol {LINE} or {TISSUE}; found {options.protocol}")
    if options.ablate is not None:
        raise UsageError("--biology and --ablate are two evaluations; expected one of them")
    if options.repeats > 1:
        raise UsageError(f"--biology looks at one split; found --repeats {options.repeats}, expected none")


def _check_ranking(options: Options) -> None:
    if options.protocol not in (LINE, TISSUE):
        raise UsageError(f"--ranking goes with --protocol {LINE} or {TISSUE}; found {options.protocol}")
    for name, given in (("--ablate", options.ablate is not None), ("--biology", options.biology)):
        if given:
            raise UsageError(f"--ranking and {name} are two evaluations; expected one of them")
