"""Intervals and limits learned from held-out lines whose truth is known, and from a slice of the real data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import load_bundle, save_bundle
from pamrx.model import boosted
from pamrx.prediction.applicability import Panel
from pamrx.prediction.missing_data import all_patterns, pattern_name
from pamrx_training.evaluation.applicability import disturbed_profiles, errors_by_score
from pamrx_training.evaluation.coverage import coverage_table, cross_coverage
from pamrx_training.fitting.calibration import fit_applicability, fit_intervals, own_patterns
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.cross_validation import run_fold
from pamrx_training.fitting.masked_predictions import MaskedPredictions, concatenated, restricted
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import leave_cell_line_out
from pamrx_training.training import train

pytestmark = pytest.mark.medium

NOBODY = Panel([], np.zeros(0), np.zeros((0, 0)), np.zeros(0))
WITHOUT_MIRNA = 100


def known_truth(n: int = 600, seed: int = 0) -> MaskedPredictions:
    """Three assays; errors twice as large in tissue b; every source explains a share, and assay D2 is noisier."""
    random = np.random.default_rng(seed)
    lines, assays = [f"L{k}" for k in range(n)], ["GDSC2:D0", "GDSC2:D1", "GDSC2:D2"]
    b = random.integers(0, 2, n)
    truth = random.standard_normal((n, 3))
    noise = random.standard_normal((n, 3)) * np.where(b, 2.0, 1.0)[:, None] * np.array([1.0, 1.0, 2.0])
    predictions = {}
    for pattern in all_patterns():
        values = pd.DataFrame(truth * sum(pattern) / 10, index=lines, columns=assays)
        if pattern[3]:
            values.iloc[:WITHOUT_MIRNA] = np.nan
        predictions[pattern_name(pattern)] = values
    shown = pd.DataFrame(
        {"platform": 0.4, "depth": 1 + 0.1 * random.random(n), "tissue.a": 1.0 - b, "tissue.b": b * 1.0}, index=lines
    )
    fold = pd.Series(random.integers(0, 5, n), index=lines)
    disturbed = pd.DataFrame(
        [
            {"fold": k, "share": share, "platform": 0.4 + share, "error": 0.9 + share, "error_without": 1.3, "n": 120}
            for k in range(5)
            for share in (0.2, 0.6)
        ]
    )
    measured = pd.DataFrame(truth + noise, index=lines, columns=assays)
    return MaskedPredictions(measured, predictions, {"whole": shown, "part": shown}, disturbed, fold)


@pytest.fixture(scope="module")
def truth() -> MaskedPredictions:
    return known_truth()


@pytest.fixture(scope="module")
def covered(truth: Any) -> pd.DataFrame:
    """Which measurements the intervals hold, each fold calibrated on the others."""
    return cross_coverage(truth)


def test_coverage_on_lines_set_aside_is_as_promised_for_every_evidence_drug_and_tissue(
    truth: Any, covered: Any
) -> None:
    tissue = truth.traits["whole"]["tissue.b"].map({0.0: "a", 1.0: "b"})
    table = coverage_table(covered, tissue)
    assert table["coverage"].between(0.88, 0.92).all()
    assert (table["lowest_drug"] > 0.85).all()
    # What is not known of a profile cannot make its interval wider.
    told = ["complete", "no miRNA", "mutations + copy number, tissue", "mutations, tissue"]
    assert (table.loc[told, "lowest_tissue"] > 0.85).all()
    assert (table.loc[told, "assay_lowest_tissue"] < 0.85).all()
    # Known exactly, errors of 1 and 2 would make intervals 5 % narrower.
    assert table.loc["complete", "against_assay"] < 0.985
    assert table.loc["complete", "against_constant"] < 0.95


def test_intervals_widen_as_evidence_goes(truth: Any, covered: Any) -> None:
    width = covered.groupby("evidence")["width"].mean()
    order = ["complete", "no miRNA", "expression + mutations", "expression only", "nothing"]
    assert width[order].is_monotonic_increasing
    scale = fit_intervals(truth).scale
    assert (scale.loc["none"] >= scale.max(axis=0) - 1e-6).all()


def test_the_richest_pattern_of_a_line_is_its_own(truth: Any) -> None:
    own = own_patterns(truth)
    assert set(own[:WITHOUT_MIRNA]) == {"transcripts+mutation+copy_number+tissue"}
    assert set(own[WITHOUT_MIRNA:]) == {"transcripts+mutation+copy_number+mirna+tissue"}


def test_what_the_lines_set_aside_measured_changes_no_calibration(truth: Any) -> None:
    away = truth.fold.index[truth.fold == 0]
    spoilt = truth.measured.copy()
    spoilt.loc[away] = 1e6
    rest, names = list(truth.fold.index[truth.fold != 0]), [1, 2, 3, 4]
    one = fit_intervals(restricted(truth, rest, names))
    two = fit_intervals(restricted(replace(truth, measured=spoilt), rest, names))
    pd.testing.assert_frame_equal(one.scores, two.scores, check_exact=True)
    pd.testing.assert_frame_equal(one.scale, two.scale, check_exact=True)
    assert np.array_equal(one.difficulty.slope, two.difficulty.slope)


def test_training_data_without_a_whole_source_have_errors_of_every_drug_to_calibrate_on(truth: Any) -> None:
    """No line has copy number or miRNA: none is complete, and what each has stands for it."""
    kept = {
        name: frame if not {"copy_number", "mirna"} & set(name.split("+")) else frame * np.nan
        for name, frame in truth.predictions.items()
    }
    found = fit_intervals(replace(truth, predictions=kept))
    complete = [name for name in found.scores.index if name.startswith("complete.")]
    assert found.scores.loc[complete].notna().sum().min() == len(truth.measured)
    assert np.isfinite(found.widths(0.9)).all()


def test_two_folds_are_enough_even_where_one_has_no_measurement(truth: Any) -> None:
    fold = truth.fold.map(lambda number: number % 2)
    measured = truth.measured.where(fold == 0)
    found = fit_intervals(replace(truth, measured=measured, fold=fold))
    assert np.isfinite(found.widths(0.9)).all()


def test_of_two_folds_one_is_calibrated_alone(truth: Any) -> None:
    """No fold is left then for how difficult its lines are: they count as equal while it is judged."""
    one = list(truth.fold.index[truth.fold == 0])
    found = fit_intervals(restricted(truth, one, [0]))
    assert np.isfinite(found.difficulty.slope).all()
    assert np.isfinite(found.scale.to_numpy()).all()


def test_the_limit_lies_where_disturbed_transcripts_serve_no_better_than_none(truth: Any) -> None:
    # error = 0.9 + share reaches 1.3 at a share of 0.4, where the distance is 0.8
    limits = fit_applicability(truth, NOBODY)
    assert limits.platform == pytest.approx(0.8)
    assert limits.biology == pytest.approx(truth.traits["whole"]["depth"].quantile(0.99))
    assert limits.skill["none"] == 0
    assert limits.skill["transcripts+mutation+copy_number+mirna+tissue"] == 1
    assert 0 < limits.skill["mutation"] < limits.skill["transcripts+mutation"] < 1


def test_error_grows_with_the_score_over_all_evidence(truth: Any) -> None:
    table = errors_by_score(truth, fit_applicability(truth, NOBODY))
    error = table.loc[table["profiles"] == "any evidence", "error"]
    assert error.iloc[-1] > error.iloc[0]


@pytest.fixture(scope="module")
def cohort(gdsc: Any) -> Cohort:
    """200 real lines and four real assays."""
    whole = build_cohort(gdsc)
    part = whole.subset(list(np.random.default_rng(0).permutation(whole.lines)[:200]))
    wanted = [f"GDSC2:{drug}" for drug in ("Alpelisib", "Taselisib", "Capivasertib", "Dactolisib")]
    kept = part.responses[part.responses["assay"].isin(wanted)].reset_index(drop=True)
    return Cohort(part.profiles, kept, part.cell_lines)


@pytest.fixture(scope="module")
def quick() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 20)
        yield


@pytest.mark.slow
def test_masked_predictions_of_a_fold_do_not_see_its_responses(cohort: Any, quick: Any) -> None:
    folds = leave_cell_line_out(cohort, 3, seed=3)
    test = folds.index[folds == 0]
    rows = cohort.responses
    worse = rows["ln_ic50"].where(~rows["cell_line"].isin(test), 1e6)
    dirty = Cohort(cohort.profiles, rows.assign(ln_ic50=worse), cohort.cell_lines)
    first, second = (run_fold(given, folds, 0, seed=0) for given in (cohort, dirty))
    one, two = first.masked, second.masked
    assert one is not None
    assert two is not None
    for name, predicted in one.predictions.items():
        pd.testing.assert_frame_equal(predicted, two.predictions[name], check_exact=True)
    own = own_patterns(one)
    assert set(own) <= {"transcripts+mutation+copy_number+tissue", "transcripts+mutation+copy_number+mirna+tissue"}
    complete = one.predictions[own[0]].loc[[test[0]]]
    pd.testing.assert_frame_equal(complete, first.predicted.loc[[test[0]]], check_exact=True)
    assert not one.predictions["none"].iloc[0].equals(one.predictions["none"].iloc[0] + 1)
    assert one.predictions["none"].nunique().max() == 1


@pytest.mark.slow
def test_a_trained_bundle_brings_intervals_and_flags_what_is_no_profile(
    cohort: Any, quick: Any, tmp_path: Path
) -> None:
    away = cohort.lines[:20]
    trained = train(cohort, away, {"name": "small", "data_fingerprint": "f" * 64}, RunContext(1, seed=1))
    save_bundle(trained.bundle, tmp_path / "bundle", trained.card())
    bundle = load_bundle(tmp_path / "bundle")
    profiles = cohort.profiles.subset(away)
    table = bundle.predict(profiles)
    pd.testing.assert_frame_equal(table, trained.bundle.predict(profiles), rtol=1e-5)
    assert (table["ln_ic50_lower"] < table["ln_ic50"]).all()
    assert (table["ln_ic50"] < table["ln_ic50_upper"]).all()
    alone = bundle.predict(profiles.subset(away[3:4]))
    crowd = table[table["sample_id"] == away[3]].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, crowd, check_exact=True)
    narrow = bundle.predict(profiles, coverage=0.5)
    assert (narrow["ln_ic50_upper"] < table["ln_ic50_upper"]).all()
    for kind in ("shuffled genes", "noise", "constant"):
        flags = bundle.predict(disturbed_profiles(profiles)[kind]).drop_duplicates("sample_id")["flag"]
        assert (flags == "platform").mean() >= 0.95, kind
    assert (table.drop_duplicates("sample_id")["flag"] == "").mean() >= 0.7


def test_parts_of_folds_go_together_in_order(truth: Any) -> None:
    parts = [restricted(truth, list(truth.fold.index[truth.fold == k]), [k]) for k in range(5)]
    whole = concatenated(parts)
    assert whole.measured.shape == truth.measured.shape
    assert len(whole.disturbed) == len(truth.disturbed)
    assert whole.measured.index.equals(whole.predictions["none"].index)
