"""The plain evaluation over several splits: mean and spread, resumable split by split."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from pamrx.display import short_repr
from pamrx.outputs import whole_file

from pamrx_training.evaluation.evaluate import evaluate
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import CODE
from pamrx_training.fitting.run_context import RunContext, Store

log = logging.getLogger(__name__)


@short_repr
@dataclass(frozen=True)
class Repeated:
    """Evaluations of one protocol on several splits.

    Attributes
    ----------
    per_assay : the per-assay table of each split, below one another, with the columns repeat (seed) and assay.
    summaries : index repeat; the means over assays and their intervals, as `Evaluation.summary`.
    """

    per_assay: pd.DataFrame
    summaries: pd.DataFrame


def evaluate_repeats(
    cohort: Cohort,
    folds: Sequence[tuple[int, pd.Series]],
    context: RunContext = RunContext(),
    draws: int = 1000,
) -> Repeated:
    """Evaluate on (seed, folds) of each repeat; a split that was finished before is read from the store."""
    tables, summaries = [], {}
    for count, (seed, fold) in enumerate(folds, start=1):
        path = None if context.store is None else _path(context.store, seed, fold, draws)
        if path is not None and path.exists():
            log.info("split %d of %d (seed %d): run before and read again", count, len(folds), seed)
            stored = json.loads(path.read_text(encoding="utf-8"))
            table, summary = pd.DataFrame(stored["per_assay"]), stored["summary"]
        else:
            log.info("split %d of %d (seed %d)", count, len(folds), seed)
            evaluation = evaluate(cohort, fold, replace(context, seed=seed), draws)
            table, summary = evaluation.per_assay.reset_index(), evaluation.summary
            if path is not None:
                _keep(path, table, summary)
        tables.append(table.assign(repeat=seed))
        summaries[seed] = summary
    whole = pd.concat(tables, ignore_index=True)
    first = ["repeat", "assay"]
    whole = whole[[*first, *(name for name in whole.columns if name not in first)]]
    return Repeated(whole, pd.DataFrame(summaries).T.rename_axis(index="repeat"))


def _path(store: Store, seed: int, folds: pd.Series, draws: int) -> Path:
    key = [seed, draws, [[str(a), str(b)] for a, b in folds.items()]]
    return store.path(key, __name__, *CODE, suffix=".json")


def _keep(path: Path, table: pd.DataFrame, summary: dict[str, float]) -> None:
    with whole_file(path) as temporary:
        kept = {"per_assay": table.to_dict("list"), "summary": {name: float(value) for name, value in summary.items()}}
        temporary.write_text(json.dumps(kept), encoding="utf-8")
