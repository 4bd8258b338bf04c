"""Chances on made out-of-fold predictions, whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.prediction.chance import ANY_TISSUE, FIFTH, HEADS, INPUTS, Chances
from pamrx.prediction.intervals import FAMILIES
from pamrx.prediction.missing_data import NOTHING, pattern_from
from pamrx_training.fitting.chance import (
    Evidence,
    centred,
    cross_fitted,
    fit_chances,
    most_sensitive,
    with_chances,
)
from pamrx_training.fitting.cross_validation import OutOfFold
from pamrx_training.fitting.masked_predictions import MaskedPredictions

pytestmark = pytest.mark.medium

ASSAYS = ["GDSC2:Alpelisib", "GDSC2:Capivasertib", "GDSC2:Temsirolimus", "GDSC1:Pictilisib"]
WHOLE = "transcripts+mutation+copy_number+mirna+tissue"
TISSUE_ALONE = "tissue"
N = 600


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """Lines of two tissues, blood being more sensitive; accuracy falls from the first assay to none at the last."""
    return make(np.random.default_rng(7))


def make(random: np.random.Generator, n: int = N) -> Evidence:
    index = pd.Index([f"line{number}" for number in range(n)], dtype=object)
    tissue = pd.Series(np.where(np.arange(n) % 3 == 0, "blood", "lung"), index=index)
    shift = np.where(tissue == "blood", -0.8, 0.4)[:, None]
    signal = random.normal(size=(n, 4)) + shift
    share = np.array([0.9, 0.6, 0.4, 0.0])
    measured = 2.0 + share * signal + np.sqrt(1 - share**2) * random.normal(size=(n, 4))
    measured[random.random((n, 4)) < 0.1] = np.nan
    frame = pd.DataFrame(measured, index, ASSAYS)
    whole = pd.DataFrame(2.0 + 0.5 * share * signal, index, ASSAYS)
    alone = pd.DataFrame(np.broadcast_to(2.0 + 0.5 * share * shift, (n, 4)), index, ASSAYS)
    nothing = pd.DataFrame(2.0, index, ASSAYS)
    frames = {WHOLE: whole, TISSUE_ALONE: alone, NOTHING: nothing}
    families = {
        FAMILIES[0]: [WHOLE] * n,
        FAMILIES[1]: [""] * n,
        FAMILIES[2]: [TISSUE_ALONE if number % 2 else NOTHING for number in range(n)],
    }
    return Evidence(
        {"viability": frame, "specific": frame - 1.0},
        {"viability": frames, "specific": {name: table - 1.0 for name, table in frames.items()}},
        tissue,
        families,
    )


def chances_of(fitted: Chances, evidence: Evidence, pattern: str, tissue: str | None = None) -> dict[str, np.ndarray]:
    predicted = {name: evidence.predicted[name][pattern].to_numpy() for name in HEADS}
    tissues = evidence.tissue.tolist() if tissue is None else [tissue] * len(evidence.tissue)
    return fitted.chances(predicted, tissues, [pattern_from(pattern)] * len(tissues))


def test_chances_of_new_lines_are_seen_as_often_as_they_claim(evidence: Evidence) -> None:
    fitted, new = fit_chances(evidence), make(np.random.default_rng(8), 3000)
    claimed = chances_of(fitted, new, WHOLE)["viability"]
    seen = most_sensitive(new.measured["viability"], new.tissue).to_numpy()
    known = ~np.isnan(seen)
    order = np.argsort(claimed[known])
    for part in np.array_split(order, 10):
        assert claimed[known][part].mean() == pytest.approx(seen[known][part].mean(), abs=0.05)


def test_what_is_predicted_well_parts_lines_and_what_cannot_be_predicted_does_not(evidence: Evidence) -> None:
    claimed = chances_of(fit_chances(evidence), evidence, WHOLE)["viability"]
    spread = claimed.std(axis=0)
    assert spread[0] > 2 * spread[3]
    assert claimed[:, 0].max() > 0.75


def test_with_a_tissue_alone_a_chance_lies_near_the_share_of_that_tissue(evidence: Evidence) -> None:
    fitted = fit_chances(evidence)
    claimed = chances_of(fitted, evidence, TISSUE_ALONE)["viability"]
    for tissue in ("blood", "lung"):
        rows = (evidence.tissue == tissue).to_numpy()
        share = fitted.viability.share.loc[tissue].to_numpy(dtype=float)
        assert np.abs(claimed[rows].mean(axis=0) - share).max() < 0.08


def test_knowing_nothing_a_chance_lies_near_a_fifth(evidence: Evidence) -> None:
    claimed = chances_of(fit_chances(evidence), evidence, NOTHING, tissue=ANY_TISSUE)
    for name in HEADS:
        assert np.abs(claimed[name] - FIFTH).max() < 0.07


def test_a_tissue_that_no_line_has_counts_as_unknown(evidence: Evidence) -> None:
    fitted = fit_chances(evidence)
    for name in HEADS:
        strange, unknown = (chances_of(fitted, evidence, WHOLE, tissue)[name] for tissue in ("spleen", ANY_TISSUE))
        assert np.array_equal(strange, unknown)


def test_a_sample_has_the_same_chance_alone_and_in_a_crowd(evidence: Evidence) -> None:
    fitted = fit_chances(evidence)
    crowd = chances_of(fitted, evidence, WHOLE)
    for row in (0, 17, N - 1):
        predicted = {name: evidence.predicted[name][WHOLE].to_numpy()[[row]] for name in HEADS}
        alone = fitted.chances(predicted, [evidence.tissue.iloc[row]], [pattern_from(WHOLE)])
        for name in HEADS:
            assert np.array_equal(alone[name][0], crowd[name][row])


def test_nothing_of_a_fold_reaches_its_own_chances(evidence: Evidence) -> None:
    """The responses of the lines of one fold are put upside down: their own chances stay to the bit."""
    fold = pd.Series(np.arange(N) % 5, index=evidence.tissue.index)
    poisoned = {name: frame.copy() for name, frame in evidence.measured.items()}
    for frame in poisoned.values():
        frame.loc[fold == 2] = 50.0 - frame.loc[fold == 2]
    clean = cross_fitted(evidence, fold)
    found = cross_fitted(Evidence(poisoned, evidence.predicted, evidence.tissue, evidence.patterns), fold)
    for name in HEADS:
        own = (fold == 2).to_numpy()
        assert np.array_equal(clean[name].to_numpy()[own], found[name].to_numpy()[own])
        assert not np.array_equal(clean[name].to_numpy()[~own], found[name].to_numpy()[~own])


def test_a_fifth_is_of_the_tissue_mix_of_all_lines() -> None:
    """A drug tried on blood nearly alone: a fifth of all lines is much more than a fifth of those that were tried."""
    random = np.random.default_rng(9)
    tissue = pd.Series(["blood"] * 500 + ["lung"] * 500)
    values = pd.Series(np.where(tissue == "blood", random.normal(-2, 1, 1000), random.normal(2, 1, 1000)))
    tried = values.copy()
    tried[700:] = np.nan
    table = pd.DataFrame({"all": values, "some": tried})
    found = most_sensitive(table, tissue)
    assert found["all"].mean() == pytest.approx(FIFTH, abs=0.005)
    assert found["some"][:500].mean() == pytest.approx(found["all"][:500].mean(), abs=0.03)
    assert found["some"].isna().equals(table["some"].isna())


def test_predictions_of_folds_are_put_on_one_scale() -> None:
    nothing = pd.DataFrame({"A": [1.0, 1.0, 3.0, 3.0]})
    found = centred({NOTHING: nothing, WHOLE: nothing.add([0.5, -0.5, 0.5, -0.5], axis=0)})
    assert found[NOTHING]["A"].tolist() == [2.0] * 4
    assert found[WHOLE]["A"].tolist() == [2.5, 1.5, 2.5, 1.5]


def test_the_weights_have_a_column_per_input_and_a_family_without_lines_keeps_the_first_step(evidence: Any) -> None:
    fitted = fit_chances(evidence)
    for name in HEADS:
        weights = getattr(fitted, name).weights
        assert list(weights.columns) == ["intercept", *INPUTS]
        assert weights.loc["transcripts"].tolist() == [0.0, 1.0, *[0.0] * (len(INPUTS) - 1)]


def test_chances_stand_beside_the_lines_that_they_are_of(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masked predictions come fold after fold, the others in the order of the cohort."""
    fold = pd.Series(np.arange(N) % 5, index=evidence.tissue.index)
    monkeypatch.setattr(Evidence, "of", lambda *given: evidence)
    lines = list(evidence.tissue.index[::-1])
    predicted = evidence.predicted["viability"][WHOLE].loc[lines]
    masked = MaskedPredictions(predicted, {NOTHING: predicted}, {}, pd.DataFrame(), fold, specific={NOTHING: predicted})
    measured = evidence.measured["viability"].loc[lines]
    found = with_chances(OutOfFold(fold, predicted, measured, {}, predicted, measured, masked, 0.0), evidence.tissue)
    assert found.chance is not None
    assert found.viability_chance is not None
    assert list(found.viability_chance.index) == lines
    expected = cross_fitted(evidence, fold)["viability"]
    pd.testing.assert_frame_equal(found.viability_chance, expected.loc[lines])
    rho = found.viability_chance[ASSAYS[0]].corr(measured[ASSAYS[0]], method="spearman")
    assert rho < -0.7
    without = replace(found, specific_measured=None, chance=None)
    assert with_chances(without, evidence.tissue).chance is None
