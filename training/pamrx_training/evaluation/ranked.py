"""`pamrx evaluate --ranking`: cross-validate each split, and judge the orders of drugs that follow."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.outputs import whole_file

from pamrx_training.evaluation.ranking import SPECIFIC, Drawn, averaged, draw, fewest_drugs, gate, ranking_table
from pamrx_training.evaluation.ranking_scores import BASELINES, GATE, question_of
from pamrx_training.fitting.chance import with_chances
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.cross_validation import OutOfFold, cross_validate
from pamrx_training.fitting.fit_cache import CODE
from pamrx_training.fitting.run_context import RunContext, Store

FEWEST_ORDERED = 3
"""Drugs that an order needs: of two there is no correlation."""

log = logging.getLogger(__name__)


@short_repr
@dataclass(frozen=True)
class Ranked:
    """How good each order of drugs is.

    Attributes
    ----------
    table : of `ranking.ranking_table`, the mean over the splits.
    verdicts : of `ranking.gate`.
    seeds : of the splits.
    n_drugs, fewest : how many drugs there are, and how many a line needs to be looked at.
    truths : on which the orders were judged.
    """

    table: pd.DataFrame
    verdicts: pd.DataFrame
    seeds: tuple[int, ...]
    n_drugs: int
    fewest: int
    truths: tuple[str, ...]


def rank_splits(
    cohort: Cohort,
    splits: Sequence[tuple[int, pd.Series]],
    context: RunContext = RunContext(),
    draws: int = 1000,
) -> Ranked:
    """Judge over (seed, folds) of each repeat; a split that was finished before is read from the store."""
    parts = []
    for seed, folds in splits:
        path = None if context.store is None else _path(context.store, seed, folds, draws)
        if path is not None and path.exists():
            log.info("seed %d: run before and read again", seed)
            parts.append(_read(path))
            continue
        tissue = cohort.cell_lines["tissue"]
        found = with_chances(cross_validate(cohort, folds, replace(context, seed=seed)), tissue)
        parts.append(draw(question_of(found, tissue), draws))
        if path is not None:
            _keep(path, parts[-1])
    return _result(parts, [seed for seed, _ in splits], cohort.responses["drug"].nunique())


def rank_found(found: OutOfFold, tissue: pd.Series, seed: int = 0, draws: int = 1000) -> Ranked:
    """Judge out-of-fold predictions that are there already; `seed` is that of their split."""
    question = question_of(found, tissue)
    return _result([draw(question, draws)], [seed], next(iter(question.truths.values())).shape[1])


def _result(parts: Sequence[Drawn], seeds: Sequence[int], n_drugs: int) -> Ranked:
    drawn = averaged(parts)
    table = ranking_table(drawn, BASELINES)
    truths = tuple(dict.fromkeys(truth for _, truth, _ in drawn.values))
    group = next(iter(dict.fromkeys(table["drugs"])))
    verdicts = gate(table[~table["score"].isin(BASELINES)], {truth: GATE[truth] for truth in truths}, group)
    return Ranked(table, verdicts, tuple(seeds), n_drugs, fewest_drugs(n_drugs), truths)


def judged_on_both(found: Ranked) -> bool:
    """Whether both truths were there: the gate asks for both."""
    return SPECIFIC in found.truths


def _path(store: Store, seed: int, folds: pd.Series, draws: int) -> Path:
    key = [seed, draws, [[str(a), str(b)] for a, b in folds.items()]]
    return store.path(key, __name__, *CODE, suffix=".npz")


def _keep(path: Path, drawn: Drawn) -> None:
    keys = [[*key, drawn.n[key]] for key in drawn.values]
    labels = json.dumps({"scores": drawn.scores, "keys": keys})
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, labels=np.array(labels), values=np.stack(list(drawn.values.values())))


def _read(path: Path) -> Drawn:
    with np.load(path, allow_pickle=False) as held:
        labels, values = json.loads(str(held["labels"])), held["values"]
    keys = [(group, truth, measure) for group, truth, measure, _ in labels["keys"]]
    n = {key: int(row[-1]) for key, row in zip(keys, labels["keys"], strict=True)}
    return Drawn(tuple(labels["scores"]), dict(zip(keys, values, strict=True)), n)
