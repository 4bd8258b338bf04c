"""From a cohort to a bundle: evaluate out of fold, then fit once on all training lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from predictor.applicability import Panel
from predictor.bundle import Bundle
from predictor.errors import PamrxError, did_you_mean
from predictor.features import FeatureBuilder
from predictor.features.ncrna import is_mirna
from predictor.model import SensitivityModel
from training.cohort import Cohort
from training.conformal import fit_applicability, fit_intervals
from training.coverage import coverage_metrics, coverage_table, cross_coverage
from training.evaluate import Evaluation, evaluate
from training.splits import leave_cell_line_out


@dataclass(frozen=True)
class Trained:
    """A bundle, the features (n_lines, n_features) it was fitted on, and the evidence for it."""

    bundle: Bundle
    features: pd.DataFrame
    evaluation: Evaluation


def train(
    cohort: Cohort,
    held_out: Sequence[str],
    data_fingerprint: str,
    name: str,
    seed: int = 0,
    jobs: int = 2,
    report: Callable[[str], None] = print,
) -> Trained:
    """Evaluate by five-fold leave-cell-line-out on the training lines, then fit on all of them.

    Parameters
    ----------
    held_out : lines that neither the evaluation nor the model sees.
    data_fingerprint : SHA-256 over the content of the training tables, stored in the bundle.

    Raises
    ------
    PamrxError
        For a held-out line that the cohort does not hold.
    """
    for line in held_out:
        if line not in cohort.cell_lines.index:
            raise PamrxError(f"held-out line {line} is not in the training data{did_you_mean(line, cohort.lines)}")
    kept = cohort.subset([line for line in cohort.lines if line not in set(held_out)])
    folds = leave_cell_line_out(kept, seed=seed)
    evaluation, reference = evaluate(kept, folds, seed=seed, jobs=jobs, report=report)
    report(f"fitting on all {len(kept.lines)} lines")
    builder = FeatureBuilder().fit(kept.profiles)
    features = builder.transform(kept.profiles)
    model = SensitivityModel(seed=seed).fit(features, kept.response_matrix(kept.lines), kept.donors)
    manifest = {
        "name": name,
        "data_fingerprint": data_fingerprint,
        "seed": seed,
        "trained_lines": kept.lines,
        "held_out_lines": sorted(held_out),
        "lines_with_mirna": _with_mirna(kept),
        "lines_with_calls": len(kept.profiles.unfiltered or {}),
        "protocol": "five-fold leave-cell-line-out, by donor",
        "evaluation": {key: value for key, value in evaluation.summary.items() if key != "seconds"},
    }
    bundle = _with_uncertainty(Bundle(builder, model, reference, manifest), evaluation, features, kept, seed)
    return Trained(bundle, features, evaluation)


def _with_uncertainty(
    bundle: Bundle, evaluation: Evaluation, features: pd.DataFrame, kept: Cohort, seed: int
) -> Bundle:
    """The bundle with intervals and limits from the evaluation's held-out lines, and their measured coverage."""
    held = evaluation.held
    if held is None:
        return bundle
    table = coverage_table(cross_coverage(held, seed=seed), kept.cell_lines["tissue"])
    manifest = {**bundle.manifest, "intervals": coverage_metrics(table)}
    applicability = fit_applicability(held, Panel.fit(features))
    return replace(bundle, manifest=manifest, intervals=fit_intervals(held, seed), applicability=applicability)


def _with_mirna(cohort: Cohort) -> int:
    table = cohort.profiles.ncrna
    if table is None:
        return 0
    return int(table[[name for name in table.columns if is_mirna(name)]].notna().any(axis=1).sum())
