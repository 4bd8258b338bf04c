"""The plain evaluation over several splits: mean and spread, resumable split by split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.tables import whole_file

from pamrx_training.evaluation.evaluate import evaluate
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Store, code_digest


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
    store: Store | None = None,
    jobs: int = 2,
    draws: int = 1000,
    report: Callable[[str], None] = print,
) -> Repeated:
    """Evaluate on (seed, folds) of each repeat; a split that was finished before is read from `store`."""
    tables, summaries = [], {}
    for count, (seed, fold) in enumerate(folds, start=1):
        path = None if store is None else _path(store, seed, fold, draws)
        if path is not None and path.exists():
            report(f"split {count} of {len(folds)} (seed {seed}): run before and read again")
            stored = json.loads(path.read_text(encoding="utf-8"))
            table, summary = pd.DataFrame(stored["per_assay"]), stored["summary"]
        else:
            report(f"split {count} of {len(folds)} (seed {seed})")
            evaluation = evaluate(cohort, fold, seed, jobs, draws, report)
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
    told = json.dumps([seed, draws, [[str(a), str(b)] for a, b in folds.items()], store.data, _code()])
    return store.folder / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.json"


def _code() -> str:
    """The digest of what predictions depend on, and of what metrics do."""
    here = Path(__file__).parent
    digest = hashlib.sha256(code_digest().encode())
    for path in sorted(here.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _keep(path: Path, table: pd.DataFrame, summary: dict[str, float]) -> None:
    with whole_file(path) as temporary:
        kept = {"per_assay": table.to_dict("list"), "summary": {name: float(value) for name, value in summary.items()}}
        temporary.write_text(json.dumps(kept), encoding="utf-8")
