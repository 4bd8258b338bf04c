"""From a cohort to a bundle and the evidence for it: cross-validate, judge, then fit once on all training lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pamrx.bundle.bundle import Bundle
from pamrx.display import short_repr
from pamrx.features.ncrna import is_mirna

from pamrx_training.evaluation.coverage import coverage_metrics, coverage_table, cross_coverage
from pamrx_training.evaluation.dossier import Section
from pamrx_training.evaluation.evaluate import Evaluation, evaluate
from pamrx_training.evaluation.model_card import model_card
from pamrx_training.evaluation.ranked import FEWEST_ORDERED, Ranked, rank_found
from pamrx_training.fitting.chance import with_chances
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit import fit_bundle, without_lines
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.scope import FOLDS
from pamrx_training.fitting.splits import leave_cell_line_out

_WORDS = {3: "three", 5: "five", 10: "ten"}


@short_repr
@dataclass(frozen=True)
class Trained:
    """A bundle and the evidence for it.

    Attributes
    ----------
    features : (n_lines, n_features) that it was fitted on.
    coverage : of its intervals by kind of evidence, as `pamrx_training.evaluation.coverage.coverage_table`.
    ranking : how good the order of drugs is; None for too few drugs.
    """

    bundle: Bundle
    features: pd.DataFrame
    evaluation: Evaluation
    coverage: pd.DataFrame
    ranking: Ranked | None = None

    def card(self, sections: Sequence[Section] = ()) -> str:
        """The model card as Markdown; `sections` as `pamrx_training.evaluation.dossier` makes them."""
        features = list(self.features.columns)
        return model_card(self.bundle, features, self.evaluation, self.coverage, sections, self.ranking)


def train(
    cohort: Cohort,
    held_out: Sequence[str],
    facts: Mapping[str, str],
    context: RunContext = RunContext(),
    n_folds: int = FOLDS,
) -> Trained:
    """Evaluate by leave-cell-line-out on the training lines, then fit on all of them.

    Parameters
    ----------
    held_out : lines that neither the evaluation nor the model sees.
    facts : entries of the manifest: `name`, `data_fingerprint` (SHA-256 over the content of the training tables), and
        `scope` where only a part of the data takes part.

    Raises
    ------
    PamrxError
        For a held-out line that the cohort lacks.
    """
    kept, seed = without_lines(cohort, held_out), context.seed
    evaluation = evaluate(kept, leave_cell_line_out(kept, n_folds, seed), context)
    found = evaluation.predictions
    coverage = coverage_table(cross_coverage(found.masked, seed=seed), kept.cell_lines["tissue"])
    manifest = {
        **facts,
        "seed": seed,
        "held_out_lines": sorted(held_out),
        "protocol": f"{_WORDS.get(n_folds, n_folds)}-fold leave-cell-line-out, by donor",
        **_facts(kept, evaluation, coverage),
    }
    bundle, features = fit_bundle(kept, found, manifest, seed)
    enough = kept.responses["drug"].nunique() >= FEWEST_ORDERED
    tissue = kept.cell_lines["tissue"]
    ranking = rank_found(with_chances(found, tissue, seed), tissue, seed) if enough else None
    return Trained(bundle, features, evaluation, coverage, ranking)


def _facts(kept: Cohort, evaluation: Evaluation, coverage: pd.DataFrame) -> dict[str, Any]:
    """The entries of the manifest on lines and accuracy."""
    return {
        "trained_lines": kept.lines,
        "lines_with_mirna": _lines_with_mirna(kept),
        "lines_with_calls": len(kept.profiles.unfiltered or {}),
        "evaluation": {key: value for key, value in evaluation.summary.items() if key != "seconds"},
        "intervals": coverage_metrics(coverage),
    }


def _lines_with_mirna(cohort: Cohort) -> int:
    table = cohort.profiles.ncrna
    if table is None:
        return 0
    return int(table[[name for name in table.columns if is_mirna(name)]].notna().any(axis=1).sum())
