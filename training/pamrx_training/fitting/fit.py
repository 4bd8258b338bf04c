"""From a cohort to a bundle: evaluate out of fold, then fit once on all training lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pamrx.bundle.bundle import Bundle
from pamrx.errors import PamrxError, did_you_mean
from pamrx.features import FeatureBuilder
from pamrx.features.ncrna import is_mirna
from pamrx.model.drug_specific import SpecificResponse
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.applicability import Panel
from pamrx.prediction.intervals import family_of
from pamrx.prediction.missing_data import NOTHING, pattern_from
from pamrx.prediction.reference import Reference, quantiles_of

from pamrx_training.evaluation.coverage import coverage_metrics, coverage_table, cross_coverage
from pamrx_training.evaluation.evaluate import Evaluation, evaluate
from pamrx_training.fitting.calibration import fit_applicability, fit_intervals
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.splits import leave_cell_line_out


@dataclass(frozen=True)
class Trained:
    """A bundle and the evidence for it.

    Attributes
    ----------
    features : (n_lines, n_features) that it was fitted on.
    coverage : of its intervals by kind of evidence, as `pamrx_training.evaluation.coverage.coverage_table`.
    """

    bundle: Bundle
    features: pd.DataFrame
    evaluation: Evaluation
    coverage: pd.DataFrame


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
    kept = trained_on(cohort, held_out)
    evaluation = evaluate(kept, leave_cell_line_out(kept, seed=seed), seed=seed, jobs=jobs, report=report)
    held = evaluation.held
    report(f"fitting on all {len(kept.lines)} lines")
    builder = FeatureBuilder().fit(kept.profiles)
    features = builder.transform(kept.profiles)
    responses, general = kept.response_matrix(kept.lines), kept.general_sensitivity(kept.lines)
    model = SensitivityModel(seed=seed).fit(features, responses, kept.donors)
    nothing = features.iloc[:1] * np.nan
    unknown = model.predict(nothing)
    reference = reference_from(evaluation.predicted, held.predictions, unknown.iloc[0])
    specific, compared = None, None
    if evaluation.specific is not None:
        specific = SpecificResponse.fit(features, responses, general, kept.donors, seed)
        unknown = specific.predict(nothing, unknown)
        compared = reference_from(evaluation.specific, held.specific, unknown.iloc[0])
    coverage = coverage_table(cross_coverage(held, seed=seed), kept.cell_lines["tissue"])
    manifest = {
        "name": name,
        "data_fingerprint": data_fingerprint,
        "seed": seed,
        "held_out_lines": sorted(held_out),
        **_told(kept, evaluation, coverage),
    }
    limits = fit_applicability(held, Panel.fit(features))
    bundle = Bundle(builder, model, reference, manifest, fit_intervals(held, seed), limits, specific, compared)
    return Trained(bundle, features, evaluation, coverage)


def trained_on(cohort: Cohort, held_out: Sequence[str]) -> Cohort:
    """The cohort without the lines held out."""
    away = set(held_out)
    return cohort.subset([line for line in cohort.lines if line not in away])


def reference_from(predicted: pd.DataFrame, masked: dict[str, pd.DataFrame], nothing: pd.Series) -> Reference:
    """What percentiles are taken among, on the scale of the final model (`pamrx.prediction.reference`).

    Parameters
    ----------
    predicted : (n_lines, n_assays) out-of-fold, each line with all that it has.
    masked : the same by name of pattern.
    nothing : (n_assays,) what the final model says of a profile that holds nothing.
    """
    of_fold = masked[NOTHING].reindex(predicted.index)
    partial = {
        name: frame - masked[NOTHING] + nothing
        for name, frame in masked.items()
        if family_of(pattern_from(name)) != "complete"
    }
    lines = (predicted - of_fold + nothing).astype(np.float32).astype(float)
    return Reference(lines, quantiles_of(partial))


def _told(kept: Cohort, evaluation: Evaluation, coverage: pd.DataFrame) -> dict[str, Any]:
    """What the manifest says of the lines, the protocol and the numbers."""
    return {
        "trained_lines": kept.lines,
        "lines_with_mirna": _with_mirna(kept),
        "lines_with_calls": len(kept.profiles.unfiltered or {}),
        "protocol": "five-fold leave-cell-line-out, by donor",
        "evaluation": {key: value for key, value in evaluation.summary.items() if key != "seconds"},
        "intervals": coverage_metrics(coverage),
    }


def _with_mirna(cohort: Cohort) -> int:
    table = cohort.profiles.ncrna
    if table is None:
        return 0
    return int(table[[name for name in table.columns if is_mirna(name)]].notna().any(axis=1).sum())
