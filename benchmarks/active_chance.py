"""Is `active_chance` calibrated? By evidence: claimed and seen shares of IC50 below the highest concentration tested.

Five-fold leave-cell-line-out by donor; intervals fitted on the out-of-fold errors of four folds' lines, looked at in
the fifth. Some five CPU minutes. Run: `python benchmarks/active_chance.py [--seed 11]`, after `pamrx data fetch gdsc`.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from pamrx.prediction.missing_data import pattern_from
from pamrx.prediction.predictions import chosen_assays
from pamrx_training.evaluation.probability_calibration import recalibration, tenths, top_claims
from pamrx_training.evaluation.ranking_scores import highest_tested
from pamrx_training.fitting.calibration import fit_intervals, own_patterns
from pamrx_training.fitting.cross_validation import cross_validate
from pamrx_training.fitting.loading import load_cohort
from pamrx_training.fitting.masked_predictions import MaskedPredictions, restricted, traits_under
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import leave_cell_line_out

EVIDENCE = {
    "complete": None,
    "expression only": "transcripts",
    "mutations + copy number, tissue": "mutation+copy_number+tissue",
    "mutations only": "mutation",
    "nothing": "none",
}
"""Patterns by name; None is each line's own."""


def main() -> None:
    """Print a row per kind of evidence."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=11)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args()
    cohort, _ = load_cohort(None)
    folds = leave_cell_line_out(cohort, seed=chosen.seed)
    masked = cross_validate(cohort, folds, RunContext(chosen.jobs, seed=chosen.seed)).masked
    print("| evidence | cells | largest difference of a tenth | slope | top 1 %: claimed, seen |")
    print("| --- | --- | --- | --- | --- |")
    for name, pattern in EVIDENCE.items():
        claimed, active = active_chances(masked, pattern)
        table, top, again = tenths(claimed, active), top_claims(claimed, active), recalibration(claimed, active)
        largest = (table["observed"] - table["claimed"]).abs().max()
        slope = f"{again.slope[0]:.2f} ({again.slope[1]:.2f} to {again.slope[2]:.2f})"
        seen = f"{top['claimed']:.3f}, {top['observed']:.3f}"
        print(f"| {name} | {active.notna().to_numpy().sum():,} | {largest:.3f} | {slope} | {seen} |")


def active_chances(masked: MaskedPredictions, pattern: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(n_lines, n_drugs) chance that the IC50 lies below the highest concentration tested, and whether it did."""
    assays = chosen_assays(list(map(str, masked.measured.columns)))
    labels = [str(assay) for assay in assays]
    limits = pd.Series(highest_tested(assays), index=labels)
    own = pd.Series(own_patterns(masked) if pattern is None else pattern, index=masked.measured.index)
    parts = []
    for fold in sorted(masked.fold.unique()):
        rest = [one for one in masked.fold.unique() if one != fold]
        intervals = fit_intervals(restricted(masked, list(masked.fold.index[masked.fold != fold]), rest))
        test = masked.fold.index[masked.fold == fold]
        for name, lines in test.groupby(own[test]).items():
            predicted = masked.predictions[str(name)].loc[lines].dropna(how="all")
            traits = traits_under(masked, str(name)).loc[predicted.index]
            patterns = [pattern_from(str(name))] * len(predicted)
            parts.append(intervals.chances_below(predicted, traits, patterns, np.log(limits)))
    claimed = pd.concat(parts)
    measured = masked.measured.loc[claimed.index, labels]
    known = measured.notna() & claimed.notna()
    return claimed.where(known), (measured < np.log(limits)).astype(float).where(known)


if __name__ == "__main__":
    main()
