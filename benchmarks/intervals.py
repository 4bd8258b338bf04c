"""Coverage and width of intervals, and what gets flagged, on lines that neither model nor calibration saw.

1. Coverage per kind of evidence: cross-conformal (calibrated on the out-of-fold errors of four folds' lines, looked at
   in the fifth), and with `--nested` fully nested (the calibrating models, too, never saw the test lines).
2. Width against constant widths; and how narrow an interval could be that knew each line's own measured errors.
3. Flags: held-out lines, disturbed ones, NCI-60 and TCGA-ACC; error by score.

Run: `python benchmarks/intervals.py [--cache FOLDER] [--data-dir FOLDER] [--nested] [--seed 11]`. One fit takes about
40 seconds of one core; there are five, and ten more with `--nested`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from laboratories import nci60_profiles
from pamrx.features import FeatureBuilder
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.applicability import Panel
from pamrx.prediction.missing_data import Pattern, pattern_from, patterns, source_shares
from pamrx.profiles import Profiles, read_profiles
from pamrx_training.datasets import load_ccle_mirna, load_gdsc, load_panel718
from pamrx_training.evaluation.applicability import disturbed_profiles, errors_by_score
from pamrx_training.evaluation.coverage import coverage_of, coverage_table, cross_coverage
from pamrx_training.fitting.calibration import fit_applicability, fit_intervals, own_patterns, under
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.masked_predictions import MaskedPredictions, concatenated, predict_masked, restricted
from pamrx_training.fitting.splits import leave_cell_line_out

ACC = "tcga_acc"


@dataclass(frozen=True)
class Seen:
    """What one fitted model says: held-out lines, and traits and patterns of other profiles, by kind."""

    held: list[MaskedPredictions]
    others: dict[str, tuple[pd.DataFrame, list[Pattern]]]


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--cache", type=Path, default=None, help="data cache of `pamrx data fetch`")
    options.add_argument("--data-dir", type=Path, default=None, help="folder with nci60/ and tcga_acc/")
    options.add_argument("--seed", type=int, default=11, help="of the folds")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--nested", action="store_true")
    given = options.parse_args()
    gdsc = load_gdsc(given.cache)
    cohort = build_cohort(gdsc, load_ccle_mirna(given.cache), load_panel718(given.cache))
    folds = leave_cell_line_out(cohort, seed=given.seed)
    others = {} if given.data_dir is None else other_cohorts(given.data_dir, gdsc.cell_lines)
    outer: list[tuple[int, ...]] = [(fold,) for fold in range(5)]
    inner: list[tuple[int, ...]] = list(combinations(range(5), 2)) if given.nested else []
    runs = Parallel(n_jobs=given.jobs)(
        delayed(run)(cohort, folds, out, others if len(out) == 1 else {}) for out in outer + inner
    )
    seen = dict(zip(outer + inner, runs, strict=True))
    report(cohort, seen, given.nested)


def run(cohort: Cohort, folds: pd.Series, out: tuple[int, ...], others: dict[str, Profiles]) -> Seen:
    """Fit without the folds `out`, and look at each of them."""
    donor = cohort.cell_lines["donor"]
    away = set(donor[folds.index[folds.isin(out)]])
    train = [line for line in folds.index if donor[line] not in away]
    builder = FeatureBuilder().fit(cohort.profiles.subset(train))
    features = builder.transform(cohort.profiles.subset(train))
    responses = cohort.response_matrix(train)
    model = SensitivityModel(seed=0).fit(features, responses.loc[train])
    panel = Panel.fit(features)
    held, told = [], {}
    for fold in out:
        test = folds.index[folds == fold].tolist()
        profiles = cohort.profiles.subset(test)
        held.append(predict_masked(builder, model, panel, profiles, responses.loc[test], fold))
        if len(out) == 1:
            for kind, made in (disturbed_profiles(profiles, fold) | others).items():
                table = builder.transform(made)
                told[kind] = panel.measure(table), patterns(source_shares(table, model.importance_, model.features_))
    return Seen(held, told)


def report(cohort: Cohort, seen: dict[tuple[int, ...], Seen], nested: bool) -> None:
    """All tables."""
    held = concatenated([seen[(fold,)].held[0] for fold in range(5)])
    tissue = cohort.cell_lines["tissue"]
    found = cross_coverage(held)
    show("Coverage, calibrated on the other four folds' out-of-fold errors", coverage_table(found, tissue))
    if nested:
        rows = []
        for fold in range(5):
            rest = [other for other in range(5) if other != fold]
            pairs = [(min(fold, other), max(fold, other)) for other in rest]
            calibration = concatenated([one for pair in pairs for one in seen[pair].held if one.fold.iloc[0] != fold])
            rows.append(coverage_of(fit_intervals(calibration), calibration, seen[(fold,)].held[0]))
        show("Coverage, fully nested", coverage_table(pd.concat(rows), tissue))
    print(oracle(held))
    flags = []
    for fold in range(5):
        rest = [other for other in range(5) if other != fold]
        calibration = restricted(held, list(held.fold.index[held.fold != fold]), rest)
        limits = fit_applicability(calibration, nobody())
        test = seen[(fold,)].held[0]
        names = own_patterns(test)
        _, traits, _ = under(test, names)
        own = {"held-out lines": (traits, [pattern_from(name) for name in names])}
        for kind, (traits, found_patterns) in (own | seen[(fold,)].others).items():
            flags.append(limits.assess(traits, found_patterns).assign(kind=kind))
    table = pd.concat(flags)
    shares = pd.crosstab(table["kind"], table["flag"].replace("", "not flagged"), normalize="index")
    show("Share of profiles by flag (limits from the other folds)", shares.reindex(table["kind"].unique()))
    show("Error by score", errors_by_score(held, fit_applicability(held, nobody())))


def oracle(held: MaskedPredictions) -> str:
    """How much narrower intervals are that know the line's mean error in all other assays, from its measurements.

    No predictor can know it; it bounds what any scaling by the line could win.
    """
    _, _, error = under(held, own_patterns(held))
    relative = error / np.nanmean(error, axis=0)
    count = (~np.isnan(relative)).sum(axis=1, keepdims=True)
    known = ~np.isnan(relative)
    others = (np.nansum(relative, axis=1, keepdims=True) - np.where(known, relative, 0.0)) / np.maximum(
        count - known, 1
    )
    lines = []
    for power in (0.25, 0.5, 0.75, 1.0):
        scale = np.where(known, others, np.nan) ** power
        widths = [
            np.nanquantile(error[:, k] / scale[:, k], 0.9) * np.nanmean(scale[:, k]) for k in range(error.shape[1])
        ]
        constant = [np.nanquantile(error[:, k], 0.9) for k in range(error.shape[1])]
        lines.append(f"power {power:g}: {np.mean(widths) / np.mean(constant) - 1:+.1%}")
    return (
        "\nWidth with each line's measured error in its other assays known, against constant per assay: "
        + ", ".join(lines)
    )


def other_cohorts(folder: Path, lines: pd.DataFrame) -> dict[str, Profiles]:
    """NCI-60's lines that GDSC shares, and TCGA-ACC as a user without a table of samples would give it."""
    at = folder / ACC
    acc = read_profiles(
        mutations=at / "TCGA_ACC_mutations.maf.gz",
        expression=at / "miniACC_RNASeq2GeneNorm.csv.gz",
        copy_number=at / "miniACC_gistict.csv.gz",
        ncrna=at / "TCGA_ACC_miRNASeqGene.csv.gz",
    )
    return {"NCI-60": nci60_profiles(folder, lines), "TCGA-ACC": acc}


def nobody() -> Panel:
    """An empty panel: the traits are measured already, each by its own fold's."""
    return Panel([], np.zeros(0), np.zeros((0, 0)), np.zeros(0))


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table with its title."""
    print(f"\n{title}\n{table.round(3).to_string()}")


if __name__ == "__main__":
    main()
