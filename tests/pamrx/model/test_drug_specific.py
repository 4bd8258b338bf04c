"""The specific response: what a regression on general sensitivity leaves, checked against another computation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.model import boosted
from pamrx.model.drug_specific import Regression, SpecificResponse
from sklearn.linear_model import LinearRegression


@pytest.fixture
def tables() -> Any:
    """60 lines; A follows general sensitivity and feature X, B the feature alone; S2 has no drugs outside the axis."""
    random = np.random.default_rng(0)
    lines = [f"L{n:02}" for n in range(60)]
    general = pd.DataFrame({"S1": random.normal(size=60)}, index=lines)
    x, growth = random.normal(size=60), general["S1"].to_numpy()
    features = pd.DataFrame({"transcriptome.X": x, "transcriptome.G": growth + random.normal(0, 0.3, 60)}, index=lines)
    responses = pd.DataFrame({"S1:A": 3 + 2 * growth - x, "S1:B": 1 - x, "S2:A": 5 + 2 * growth - x}, index=lines)
    return features, responses, general


def test_the_regression_is_least_squares_on_the_lines_that_have_both(tables: Any) -> None:
    _, responses, general = tables
    responses.iloc[:7, 0] = np.nan
    general.iloc[50:, 0] = np.nan
    found = Regression.fit(responses, general)
    both = responses["S1:A"].notna() & general["S1"].notna()
    again = LinearRegression().fit(general.loc[both, ["S1"]], responses.loc[both, "S1:A"])
    assert found.slope["S1:A"] == pytest.approx(again.coef_[0], rel=1e-6)
    assert found.intercept["S1:A"] == pytest.approx(again.intercept_, rel=1e-6)
    rest = found.rest(responses, general)
    assert rest.loc[both, "S1:A"].corr(general.loc[both, "S1"]) == pytest.approx(0, abs=1e-6)
    assert rest["S1:A"].isna().sum() == 17


def test_an_assay_whose_screen_knows_no_other_drugs_only_loses_its_mean(tables: Any) -> None:
    _, responses, general = tables
    found = Regression.fit(responses, general)
    assert found.slope["S2:A"] == 0
    rest = found.rest(responses, general)["S2:A"]
    assert np.allclose(rest, responses["S2:A"] - responses["S2:A"].mean(), atol=1e-5)


def test_what_is_left_has_every_bit_of_the_formula_assay_by_assay(tables: Any) -> None:
    _, responses, general = tables
    responses.iloc[:7, 0] = np.nan
    general.iloc[50:, 0] = np.nan
    found = Regression.fit(responses, general)
    rest = found.rest(responses[["S2:A", "S1:A"]], general)
    explained = found.slope["S1:A"] * general["S1"]
    pd.testing.assert_series_equal(
        rest["S1:A"], responses["S1:A"] - (found.intercept["S1:A"] + explained), check_exact=True, check_names=False
    )
    pd.testing.assert_series_equal(
        rest["S2:A"], responses["S2:A"] - found.intercept["S2:A"], check_exact=True, check_names=False
    )
    assert list(rest.columns) == ["S2:A", "S1:A"]


def test_the_prediction_is_that_of_the_response_less_the_predicted_general_part(
    tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boosted, "ROUNDS", 5)
    features, responses, general = tables
    model = SpecificResponse.fit(features, responses, general)
    found = model.predict(features, responses)
    told = model.general.predict(features)["S1"]
    expected = responses["S1:A"] - model.regression.intercept["S1:A"] - model.regression.slope["S1:A"] * told
    assert np.allclose(found["S1:A"], expected)
    # X is what A and B have of their own; general sensitivity hides it in A.
    assert abs(found["S1:A"].corr(features["transcriptome.X"])) > abs(
        responses["S1:A"].corr(features["transcriptome.X"])
    )
