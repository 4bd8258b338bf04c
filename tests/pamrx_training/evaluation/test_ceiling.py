"""The noise ceiling against made-up measurements whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx_training.evaluation.ceiling import ceilings, screen_agreement, shares_of_ceiling, with_ceiling
from pamrx_training.evaluation.tables import shares_by_source, shares_told


def series(assay: str, number: int, values: np.ndarray) -> pd.DataFrame:
    screen, _, drug = assay.partition(":")
    lines = [f"L{place:04}" for place in range(len(values))]
    return pd.DataFrame(
        {"cell_line": lines, "assay": assay, "drug": drug, "screen": screen, "range": number, "ln_ic50": values}
    ).dropna()


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    return np.random.default_rng(0).normal(size=4000)


@pytest.mark.medium
def test_two_series_give_the_correlation_of_the_truth_with_their_mean(truth: Any) -> None:
    """Noise as large as the truth: each series has reliability 1/2, their mean 2/3 (Spearman-Brown)."""
    random = np.random.default_rng(1)
    first, second = (truth + random.normal(size=len(truth)) for _ in range(2))
    # An offset between the series, as between concentration ranges, is no noise.
    found = ceilings(pd.concat([series("GDSC1:X", 0, first), series("GDSC1:X", 1, second + 5)]), draws=100)
    row = found.loc["GDSC1:X"]
    assert row["ceiling_r"] == pytest.approx(1 / 2, abs=0.04)
    assert row["ceiling"] == pytest.approx(np.sqrt(2 / 3), abs=0.02)
    assert row["ceiling"] == pytest.approx(np.corrcoef(truth, (first + second) / 2)[0, 1], abs=0.02)
    assert row["ceiling_low"] < row["ceiling"] < row["ceiling_high"]
    assert row["ceiling_within_screen"] == 1
    assert row["ceiling_lines"] == 4000


@pytest.mark.medium
def test_a_line_measured_once_counts_with_the_noise_of_one_series(truth: Any) -> None:
    random = np.random.default_rng(1)
    first, second = (truth + random.normal(size=len(truth)) for _ in range(2))
    second[2000:] = np.nan
    mean = np.where(np.isnan(second), first, (first + second) / 2)
    found = ceilings(pd.concat([series("GDSC1:X", 0, first), series("GDSC1:X", 1, second)]), draws=50)
    assert found.loc["GDSC1:X", "ceiling"] == pytest.approx(np.corrcoef(truth, mean)[0, 1], abs=0.02)
    assert found.loc["GDSC1:X", "ceiling_lines"] == 2000


@pytest.mark.medium
def test_the_other_screen_serves_where_an_assay_was_run_once(truth: Any) -> None:
    random = np.random.default_rng(2)
    one, two = (truth + random.normal(0, 0.5, len(truth)) for _ in range(2))
    alone = series("GDSC2:Y", 0, truth)
    found = ceilings(pd.concat([series("GDSC1:X", 0, one), series("GDSC2:X", 0, two - 3), alone]), draws=50)
    assert list(found.index) == ["GDSC1:X", "GDSC2:X"]
    assert (found["ceiling_within_screen"] == 0).all()
    assert found["ceiling"].to_numpy() == pytest.approx(np.corrcoef(truth, one)[0, 1], abs=0.02)


def test_repeats_that_do_not_agree_have_no_ceiling(truth: Any) -> None:
    found = ceilings(pd.concat([series("GDSC1:X", 0, truth), series("GDSC2:X", 0, -truth)]), draws=20)
    assert found["ceiling"].isna().all()
    assert (found["ceiling_r"] < 0).all()


def test_few_repeated_lines_tell_nothing(truth: Any) -> None:
    few = truth[:20]
    assert ceilings(pd.concat([series("GDSC1:X", 0, few), series("GDSC2:X", 0, few)]), draws=5).empty


def test_the_share_is_the_correlation_over_the_ceiling_and_unknown_where_that_is() -> None:
    table = pd.DataFrame({"pearson": [0.4, 0.3]}, index=pd.Index(["GDSC1:X", "GDSC1:Z"], name="assay"))
    known = pd.DataFrame(
        {"ceiling": [0.8], "ceiling_low": [0.7], "ceiling_high": [0.9], "ceiling_within_screen": [1.0]},
        index=pd.Index(["GDSC1:X"], name="assay"),
    )
    out = with_ceiling(table, known)
    assert out["share_of_ceiling"].iloc[0] == pytest.approx(0.5)
    assert np.isnan(out["share_of_ceiling"].iloc[1])


def test_on_the_real_screens_the_figures_are_those_measured_before(gdsc: Any) -> None:
    """Correlations of repeats over all GDSC lines, computed apart from this code."""
    found = ceilings(gdsc.responses[gdsc.responses["in_axis"]], draws=20)
    expected = {"GDSC1:AKT inhibitor VIII": 0.384, "GDSC1:AZD6482": 0.473, "GDSC1:Pictilisib": 0.541}
    expected |= {"GDSC2:Uprosertib": 0.789, "GDSC2:Capivasertib": 0.662, "GDSC2:OSI-027": 0.177}
    for assay, r in expected.items():
        assert found.loc[assay, "ceiling_r"] == pytest.approx(r, abs=0.01)
    assert found["ceiling"].between(0.3, 1).all()
    assert len(found) == 30


def test_shares_are_told_apart_by_where_the_ceiling_comes_from_and_above_one_as_they_are() -> None:
    table = pd.DataFrame(
        {"share_of_ceiling": [0.6, 0.8, 1.3, np.nan], "ceiling_within_screen": [1.0, 1.0, 0.0, np.nan]},
        index=["GDSC1:A", "GDSC1:B", "GDSC2:C", "GDSC2:D"],
    )
    found = shares_of_ceiling(table)
    assert found["share_of_ceiling_series"] == pytest.approx(0.7)
    assert found["share_of_ceiling_screen"] == pytest.approx(1.3)
    assert (found["assays_with_ceiling_series"], found["assays_with_ceiling_screen"]) == (2, 1)
    assert found["shares_of_ceiling_above_one"] == 1
    told = shares_told({f"lco_{name}": value for name, value in found.items()})
    assert "0.70 by repeated series (2 assays)" in told
    assert "1.30 by the other screen" in told
    assert "above 1 in 1 of them" in told
    assert shares_told({}) == ""
    nothing = shares_of_ceiling(table.iloc[3:])
    assert np.isnan(nothing["share_of_ceiling_series"])
    assert [shares_by_source(row)[0] for _, row in table.iterrows()][:2] == [0.6, 0.8]
    assert [shares_by_source(row)[1] for _, row in table.iterrows()][2] == 1.3


def test_screens_agree_by_the_correlation_of_what_both_measured(truth: Any) -> None:
    random = np.random.default_rng(3)
    one, two = (truth + random.normal(0, 1.0, len(truth)) for _ in range(2))
    two[:1000] = np.nan
    parts = [series("GDSC1:X", 0, one), series("GDSC2:X", 0, two + 4), series("GDSC1:Y", 0, one)]
    parts += [series("GDSC1:Z", 0, one), series("GDSC2:Z", 0, two[:1020])]  # 20 lines measured twice
    found = screen_agreement(pd.concat(parts))
    assert list(found.index) == ["X"]
    assert found["X"] == pytest.approx(np.corrcoef(one[1000:], two[1000:])[0, 1])
    assert screen_agreement(parts[0]).empty
