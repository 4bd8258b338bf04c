"""Intervals hold what they promise where the truth is known; a profile's interval depends on that profile alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from crepes import ConformalRegressor
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx.errors import PamrxError
from pamrx.features.presence import distinct_presence
from pamrx.prediction.applicability import CONSTANT, Applicability, Panel
from pamrx.prediction.intervals import Difficulty, Intervals, family_of
from pamrx.prediction.missing_data import all_patterns, narrower, pattern_from, pattern_name, patterns, source_shares

ASSAYS = ["GDSC2:Easy", "GDSC2:Hard"]
COMPLETE, BARE = (2, 2, 2, 2, 2), (0, 2, 0, 0, 0)


@pytest.fixture
def intervals() -> Intervals:
    """Two assays, errors of sd 1 and 3 in the complete profile, twice that with mutations only; tissue b is harder."""
    random = np.random.default_rng(0)
    names = [pattern_name(pattern) for pattern in all_patterns()]
    scale = pd.DataFrame([[2.0, 6.0]] * len(names), index=names, columns=ASSAYS)
    scale.loc[[name for name in names if name.startswith("transcripts")]] = [1.0, 3.0]
    scores = pd.DataFrame(
        np.abs(random.standard_normal((3 * 500, 2))),
        index=[f"{family}.L{k}" for family in ("complete", "transcripts", "other") for k in range(500)],
        columns=ASSAYS,
    )
    difficulty = Difficulty(
        np.zeros(2), np.ones(2), ["general", "tissue.b"], np.zeros(2), np.ones(2), np.array([0.0, 0.5])
    )
    return Intervals(ASSAYS, scale, difficulty, scores)


def traits(b: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"platform": 0.4, "depth": 0.9, "tissue.b": b}, index=[f"S{k}" for k in range(len(b))])


def test_bounds_are_the_errors_at_the_conformal_rank_times_scale_and_difficulty(intervals: Any) -> None:
    predicted = pd.DataFrame([[0.0, 5.0], [0.0, 5.0]], index=["S0", "S1"], columns=ASSAYS)
    lower, upper = intervals.bounds(predicted, traits([0.0, 1.0]), [COMPLETE, COMPLETE], 0.8)
    scores = np.sort(intervals.scores[ASSAYS[0]].to_numpy()[:500])
    rank = scores[int(np.ceil(0.8 * 501)) - 1]
    assert upper.iloc[0, 0] == pytest.approx(rank, abs=scores[401] - scores[399])
    assert upper.iloc[1, 0] == pytest.approx(1.5 * upper.iloc[0, 0])
    assert np.allclose((lower + upper) / 2, predicted)
    assert upper.iloc[0, 1] - 5 == pytest.approx(3 * upper.iloc[0, 0], rel=0.15)


def test_bounds_have_every_bit_of_what_crepes_gives_assay_by_assay(intervals: Any) -> None:
    random = np.random.default_rng(2)
    n = 60
    predicted = pd.DataFrame(random.standard_normal((n, 2)), index=[f"S{k}" for k in range(n)], columns=ASSAYS)
    pattern = [(COMPLETE, BARE, (2, 2, 0, 0, 0))[k % 3] for k in range(n)]
    told = traits(list(random.integers(0, 2, n).astype(float)))
    for coverage in (0.8, 0.95, 0.8):
        lower, upper = intervals.bounds(predicted, told, pattern, coverage)
        sigma = intervals.sigma(predicted.to_numpy(), told, pattern)
        origin = np.array([name.partition(".")[0] for name in intervals.scores.index])
        for column, assay in enumerate(ASSAYS):
            regressor = ConformalRegressor().fit(intervals.scores[assay].to_numpy(), np.ones(len(origin)), origin)
            bins = np.array([family_of(one) for one in pattern])
            found = regressor.predict_int(predicted[assay].to_numpy(), sigma[:, column], bins, confidence=coverage)
            assert np.array_equal(found, np.column_stack([lower[assay], upper[assay]]))


def test_new_measurements_with_the_same_errors_are_covered_as_promised(intervals: Any) -> None:
    random = np.random.default_rng(1)
    b = random.integers(0, 2, 4000).astype(float)
    predicted = pd.DataFrame(random.standard_normal((4000, 2)), index=[f"S{k}" for k in range(4000)], columns=ASSAYS)
    pattern = [COMPLETE if k % 2 else BARE for k in range(4000)]
    sigma = np.where(np.arange(4000) % 2, 1.0, 2.0)[:, None] * np.array([1.0, 3.0]) * (1 + 0.5 * b)[:, None]
    measured = predicted + sigma * random.standard_normal((4000, 2))
    for coverage in (0.5, 0.9, 0.95):
        lower, upper = intervals.bounds(predicted, traits(list(b)), pattern, coverage)
        inside = ((lower <= measured) & (measured <= upper)).to_numpy()
        assert np.abs(inside.mean(axis=0) - coverage).max() < 0.05
        assert abs(inside[b == 1].mean() - inside[b == 0].mean()) < 0.04


def test_one_alone_has_the_interval_that_it_has_in_a_crowd(intervals: Any) -> None:
    random = np.random.default_rng(2)
    b = list(random.integers(0, 2, 40).astype(float))
    predicted = pd.DataFrame(random.standard_normal((40, 2)), index=[f"S{k}" for k in range(40)], columns=ASSAYS)
    pattern = [COMPLETE if k % 3 else BARE for k in range(40)]
    crowd = intervals.bounds(predicted, traits(b), pattern)
    for k in (0, 7, 39):
        alone = intervals.bounds(predicted.iloc[[k]], traits(b).iloc[[k]], [pattern[k]])
        for one, many in zip(alone, crowd, strict=True):
            assert np.array_equal(one.to_numpy()[0], many.to_numpy()[k])


def test_some_assays_have_the_bounds_that_they_have_among_all(intervals: Any) -> None:
    predicted = pd.DataFrame([[0.3, -1.0]], index=["S0"], columns=ASSAYS)
    every, _ = intervals.bounds(predicted, traits([1.0]), [COMPLETE])
    some, _ = intervals.bounds(predicted, traits([1.0]), [COMPLETE], assays=ASSAYS[1:])
    assert list(some.columns) == ASSAYS[1:]
    assert some.iloc[0, 0] == every.iloc[0, 1]


def test_the_chance_below_a_limit_is_half_at_the_prediction_and_the_bound_of_an_interval_has_its_coverage(
    intervals: Any,
) -> None:
    predicted = pd.DataFrame([[0.5, -1.0], [0.5, -1.0]], index=["S0", "S1"], columns=ASSAYS)
    given = predicted, traits([0.0, 1.0]), [COMPLETE, BARE]
    lower, upper = intervals.bounds(*given, coverage=0.9)
    for bound, expected in ((lower, 0.05), (upper, 0.95)):
        for row in (0, 1):
            found = intervals.chances_below(*given, limits=bound.iloc[row])
            assert found.iloc[row].to_numpy() == pytest.approx(expected, abs=0.003)
    assert intervals.chances_below(*given, limits=predicted.iloc[0]).to_numpy() == pytest.approx(0.5)
    steps = [intervals.chances_below(*given, limits=predicted.iloc[0] + step).iloc[0, 0] for step in (-9, -1, 0, 1, 9)]
    assert 0 < steps[0] < steps[1] < steps[2] < steps[3] < steps[4] < 1


def test_a_chance_below_a_limit_is_seen_as_often_as_it_claims(intervals: Any) -> None:
    random = np.random.default_rng(4)
    n = 4000
    predicted = pd.DataFrame(random.standard_normal((n, 2)), index=[f"S{k}" for k in range(n)], columns=ASSAYS)
    b = list(random.integers(0, 2, n).astype(float))
    measured = predicted + intervals.sigma(predicted.to_numpy(), traits(b), [BARE] * n) * random.standard_normal((n, 2))
    claimed = intervals.chances_below(predicted, traits(b), [BARE] * n, pd.Series([0.4, 1.0], ASSAYS))
    for place, limit in enumerate((0.4, 1.0)):
        order = np.argsort(claimed.iloc[:, place].to_numpy())
        for part in np.array_split(order, 5):
            seen = (measured.iloc[part, place] < limit).mean()
            assert claimed.iloc[part, place].mean() == pytest.approx(seen, abs=0.05)


def test_a_chance_below_a_limit_is_alone_what_it_is_in_a_crowd_and_unknown_where_the_limit_is(intervals: Any) -> None:
    random = np.random.default_rng(5)
    predicted = pd.DataFrame(random.standard_normal((30, 2)), index=[f"S{k}" for k in range(30)], columns=ASSAYS)
    pattern = [COMPLETE if k % 3 else BARE for k in range(30)]
    limits = pd.Series([np.nan, 0.2], ASSAYS)
    crowd = intervals.chances_below(predicted, traits([0.0] * 30), pattern, limits)
    assert crowd[ASSAYS[0]].isna().all()
    for k in (0, 11):
        alone = intervals.chances_below(predicted.iloc[[k]], traits([0.0]), [pattern[k]], limits[ASSAYS[1:]])
        assert alone.iloc[0, 0] == crowd.iloc[k, 1]


@pytest.mark.parametrize(("coverage", "hint"), [(0.3, ""), (1.0, ""), (90, "did you mean 0.9?")])
def test_a_coverage_that_cannot_be_is_told_in_one_line(intervals: Any, coverage: Any, hint: Any) -> None:
    with pytest.raises(PamrxError, match=r"expected a share from 0\.5 to 0\.99") as error:
        intervals.bounds(pd.DataFrame([[0.0, 0.0]], columns=ASSAYS), traits([0.0]), [COMPLETE], coverage)
    assert hint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_family_without_calibration_takes_that_of_complete_profiles_and_not_an_empty_interval(intervals: Any) -> None:
    bare = Intervals(ASSAYS, intervals.scale, intervals.difficulty, intervals.scores.iloc[:500])
    lower, upper = bare.bounds(pd.DataFrame([[0.0, 0.0]], index=["S0"], columns=ASSAYS), traits([0.0]), [BARE])
    assert (upper - lower).iloc[0, 0] > 2


def test_names_and_patterns_are_one_to_one_and_narrower_never_lacks_what_the_other_has() -> None:
    for pattern in all_patterns():
        assert pattern_from(pattern_name(pattern)) == pattern
        for other in narrower(pattern):
            assert all(more >= level for more, level in zip(other, pattern, strict=True))
    assert len({pattern_name(pattern) for pattern in all_patterns()}) == 48
    assert family_of((2, 2, 2, 0, 2)) == "complete"
    assert family_of((1, 2, 2, 2, 2)) == "transcripts"
    assert family_of((0, 2, 2, 2, 2)) == "other"


def test_a_source_counts_by_the_weight_of_what_is_there() -> None:
    names = ["mutation.PIK3CA", "mutation.TP53", "transcriptome.A", "transcriptome.B", "tissue.lung"]
    importance = np.array([[9.0], [1.0], [1.0], [1.0], [1.0]])
    features = pd.DataFrame([[1.0, np.nan, 0.2, np.nan, 1.0], [np.nan, 0.0, 0.1, 0.3, np.nan]], columns=names)
    shares = source_shares(features, importance, names)
    assert shares["mutation"].tolist() == pytest.approx([0.9, 0.1])
    assert patterns(shares) == [(1, 2, 0, 0, 2), (2, 0, 0, 0, 0)]


@pytest.fixture
def panel() -> Panel:
    """Sixty lines that vary along two directions, two hundred genes."""
    random = np.random.default_rng(3)
    values = random.standard_normal(200) + random.standard_normal((60, 2)) @ random.standard_normal((2, 200)) * 0.5
    names = [f"transcriptome.G{k}" for k in range(200)]
    return Panel.fit(pd.DataFrame(values, columns=names), 2)


@given(st.integers(0, 1000), st.integers(0, 12), st.integers(1, 20))
@settings(max_examples=40)
def test_every_row_is_among_the_distinct_ones(seed: Any, n: Any, width: Any) -> None:
    values = np.random.default_rng(seed).choice([np.nan, 0.0, 1.5], size=(n, width), p=[0.2, 0.4, 0.4])
    found, which = distinct_presence(values)
    assert np.array_equal(found[which], ~np.isnan(values))
    assert len(np.unique(found, axis=0)) == len(found)


def test_distances_are_those_of_the_formula(panel: Any) -> None:
    values = np.random.default_rng(4).standard_normal((12, 200))
    values[5:, ::7] = np.nan
    features = pd.DataFrame(values, columns=panel.genes).assign(other=1.0)[["other", *panel.genes[::-1]]]
    for row, (platform, depth) in zip(values, panel.measure(features).to_numpy(), strict=True):
        known = ~np.isnan(row)
        axes, deviation = panel.components[:, known], row[known] - panel.mean[known]
        along = axes @ deviation if known.all() else np.linalg.lstsq(axes.T, deviation, rcond=None)[0]
        assert platform == pytest.approx(np.sqrt(((deviation - along @ axes) ** 2).mean()), rel=1e-12)
        assert depth == pytest.approx(np.sqrt(((along / panel.spread) ** 2).mean()), rel=1e-12)


def test_neighbours_change_no_bit_of_a_distance(panel: Any) -> None:
    values = np.random.default_rng(5).standard_normal((70, 200))
    values[::9, ::7] = np.nan
    features = pd.DataFrame(values, columns=panel.genes)
    whole = panel.measure(features)
    for chosen in ([3], [69, 9, 1], list(range(40))):
        few = pd.DataFrame(np.asfortranarray(values[chosen]), columns=panel.genes, index=chosen, copy=False)
        pd.testing.assert_frame_equal(panel.measure(few), whole.loc[chosen], check_exact=True)


def test_distance_parts_what_the_components_explain_from_what_they_do_not(panel: Any) -> None:
    inside = panel.mean + 3 * panel.spread[0] * panel.components[0]
    outside = panel.mean.copy()
    outside[:100] += 1.0
    outside -= ((outside - panel.mean) @ panel.components.T) @ panel.components
    measured = panel.measure(pd.DataFrame([inside, outside, np.full(200, 0.0)], columns=panel.genes))
    assert measured["platform"].iloc[0] == pytest.approx(0, abs=1e-6)
    assert measured["depth"].iloc[0] == pytest.approx(3 / np.sqrt(2), rel=1e-5)
    assert measured["platform"].iloc[1] > 0.5
    assert measured["depth"].iloc[1] == pytest.approx(0, abs=1e-5)
    assert measured["platform"].iloc[2] == CONSTANT


def test_missing_genes_leave_the_distance_along_the_components(panel: Any) -> None:
    profile = panel.mean + 2 * panel.spread[1] * panel.components[1]
    profile[::3] = np.nan
    measured = panel.measure(pd.DataFrame([profile, np.full(200, np.nan)], columns=panel.genes))
    assert measured["depth"].iloc[0] == pytest.approx(2 / np.sqrt(2), rel=1e-4)
    assert measured.iloc[1].isna().all()


def test_flags_name_the_limit_that_is_passed(panel: Any) -> None:
    names = [pattern_name(pattern) for pattern in all_patterns()]
    limits = Applicability(panel, 0.8, 1.3, dict.fromkeys(names, 1.0) | {"mutation": 0.1})
    shown = pd.DataFrame(
        {"platform": [0.4, 0.9, np.nan, 0.4], "depth": [0.9, 2.0, np.nan, 1.5]}, index=["good", "odd", "bare", "far"]
    )
    found = limits.assess(shown, [COMPLETE, COMPLETE, BARE, COMPLETE])
    assert found["flag"].to_dict() == {"good": "", "odd": "platform", "bare": "missing", "far": "biology"}
    assert ((found["distance"] > 1) == (found["flag"] != "")).all()


def test_the_terminal_shows_the_interval_behind_the_ic50_and_nothing_where_there_is_none() -> None:
    from pamrx.cli.terminal import _ic50

    row = {"beyond_tested_range": False, "ic50_um": 1.28, "ln_ic50_lower": np.log(0.4), "ln_ic50_upper": np.log(4.1)}
    assert _ic50(row) == "1.28 (0.4–4.1)"
    assert _ic50(row | {"ln_ic50_upper": np.log(523.0)}) == "1.28 (0.4–520)"
    assert _ic50(row | {"ln_ic50_upper": np.log(10.0)}) == "1.28 (0.4–10)"
    assert _ic50(row | {"ln_ic50_lower": np.nan}) == "1.28"
    assert _ic50(row | {"ln_ic50_upper": np.inf}) == "1.28"
    assert _ic50(row | {"beyond_tested_range": True, "max_tested_um": 10.0}) == "beyond 10 uM tested (0.4–4.1)"
