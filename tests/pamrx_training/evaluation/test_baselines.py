"""The baselines by hand and against scikit-learn, and the model beside the plain ridge on planted data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pamrx.model import boosted
from pamrx.model.sensitivity import SensitivityModel
from pamrx_training.evaluation import baselines
from pamrx_training.evaluation.baselines import assay_ridge, drug_mean, tissue_drug_mean
from sklearn.linear_model import Ridge

pytestmark = pytest.mark.medium


def test_the_drug_mean_is_the_mean_of_the_training_lines() -> None:
    train = pd.DataFrame({"A": [1.0, 3.0, np.nan], "B": [2.0, np.nan, np.nan]}, index=["a", "b", "c"])
    found = drug_mean(train, pd.Index(["x", "y"]))
    assert found.to_dict("list") == {"A": [2.0, 2.0], "B": [2.0, 2.0]}
    assert found.index.tolist() == ["x", "y"]


def test_a_tissue_mean_is_shrunk_by_five_lines_of_the_drug_mean() -> None:
    train = pd.DataFrame({"A": [0.0, 0.0, 6.0, 6.0, 3.0]}, index=list("abcde"))
    tissue = pd.Series(
        {"a": "skin", "b": "skin", "c": "bone", "d": "bone", "e": "lung", "x": "skin", "y": "bone", "z": "?"}
    )
    found = tissue_drug_mean(train, tissue, pd.Index(["x", "y", "z"]))["A"]
    # Drug mean 3; skin lies -3 - 3 = -6 below it in all, over 2 + 5 lines; a tissue never met takes the drug mean.
    assert found.tolist() == pytest.approx([3 - 6 / 7, 3 + 6 / 7, 3.0])


def test_lines_without_a_measurement_do_not_count_towards_their_tissue() -> None:
    train = pd.DataFrame({"A": [1.0, np.nan, 5.0]}, index=list("abc"))
    tissue = pd.Series({"a": "skin", "b": "skin", "c": "bone", "x": "skin"})
    assert tissue_drug_mean(train, tissue, pd.Index(["x"])).at["x", "A"] == pytest.approx(3 - 2 / 6)


def made_up(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Eight assays that share two causes, each measured with noise, and features that hold them."""
    random = np.random.default_rng(seed)
    causes = random.normal(size=(n, 2))
    loadings = np.random.default_rng(0).normal(size=(2, 8))
    responses = pd.DataFrame(causes @ loadings + random.normal(0, 1.5, (n, 8))).add_prefix("GDSC2:D")
    genes = causes @ np.random.default_rng(1).normal(size=(2, 50)) + random.normal(0, 2, (n, 50))
    features = pd.DataFrame(genes).add_prefix("transcriptome.G")
    for place in range(4):
        features[f"mutation.M{place}"] = (random.random(n) < 0.3).astype(float)
    features["tissue.skin"] = (random.random(n) < 0.5).astype(float)
    features["programme.P"] = genes[:, :5].mean(axis=1)
    return features, responses.mask(random.random(responses.shape) < 0.15)


def test_ridge_is_scikit_learns_on_weighted_standardised_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "RIDGE_PENALTIES", (0.8,))
    (features, responses), (test, _) = made_up(90, 0), made_up(30, 1)
    found = assay_ridge(features, responses, test, seed=0)
    share = {"transcriptome": 1.0, "mutation": 0.1, "tissue": 0.1}
    size = {"transcriptome": 50, "mutation": 4, "tissue": 1}
    columns = [name for name in features if not name.startswith("programme.")]
    blocks = [name.partition(".")[0] for name in columns]
    weight = np.sqrt([share[block] / size[block] / 1.25 for block in blocks])
    mean, sd = features[columns].mean(), features[columns].std(ddof=0)
    x, z = ((part[columns] - mean) / sd * weight for part in (features, test))
    for assay in responses:
        known = responses[assay].notna()
        y = responses.loc[known, assay]
        fit = Ridge(alpha=0.8, fit_intercept=False).fit(x[known], y - y.mean())
        np.testing.assert_allclose(found[assay], fit.predict(z) + y.mean(), rtol=0, atol=1e-8)


def test_ridge_chooses_its_penalty_on_the_training_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "RIDGE_PENALTIES", (1e-6, 1e6))
    random = np.random.default_rng(0)
    features = pd.DataFrame(random.normal(size=(80, 40)), columns=[f"transcriptome.G{place}" for place in range(40)])
    responses = pd.DataFrame({"signal": features["transcriptome.G0"] * 5, "noise": random.normal(size=80)})
    found = assay_ridge(features, responses, features, seed=0)
    assert np.corrcoef(found["signal"], responses["signal"])[0, 1] > 0.99
    assert found["noise"].std() < 1e-3  # the great penalty leaves the mean


def test_a_feature_that_training_never_saw_vary_has_no_part() -> None:
    features, responses = made_up(60, 0)
    constant = features.assign(**{"transcriptome.CONSTANT": 0.1, "mutation.UNKNOWN": np.nan})
    test = constant.iloc[:5].assign(**{"transcriptome.CONSTANT": 9.0, "mutation.UNKNOWN": 1.0})
    usual = assay_ridge(constant, responses, constant.iloc[:5], seed=0)
    np.testing.assert_allclose(assay_ridge(constant, responses, test, seed=0), usual, rtol=0, atol=1e-12)


def test_the_model_is_no_worse_than_the_plain_ridge_where_assays_share_causes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosted, "ROUNDS", 60)
    (features, responses), (test, truth) = made_up(150, 0), made_up(150, 1)
    model = SensitivityModel().fit(features, responses).predict(test)
    ridge = assay_ridge(features, responses, test, seed=0)
    ours, plain = (found.corrwith(truth).mean() for found in (model, ridge))
    assert ours > 0.3
    assert ours > plain - 0.02
