"""`SensitivityModel` and `FeatureBuilder` keep the contract of scikit-learn, as far as named tables with NaN can."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx import Profiles
from pamrx.features import FeatureBuilder
from pamrx.model import boosted
from pamrx.model.sensitivity import BLOCK_WEIGHTS, SensitivityModel
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.utils import get_tags

ESTIMATORS = [SensitivityModel(n_boosted=1), FeatureBuilder(min_altered=3)]

FIT_ANY = [
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]
"""scikit-learn's checks that ask nothing of the data; the others fit plain arrays without names. To import them takes
half a second, also where no test of this file is run."""


def made_up(n: int = 80) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(0)
    lines = pd.Index([f"L{place}" for place in range(n)])
    features = pd.DataFrame(random.normal(size=(n, 8)), lines, [f"transcriptome.G{place}" for place in range(8)])
    responses = pd.DataFrame({f"GDSC2:{name}": features[f"transcriptome.G{name}"] + 1 for name in range(3)})
    return features.mask(random.random(features.shape) < 0.05), responses.mask(random.random((n, 3)) < 0.1)


@pytest.fixture(scope="module", autouse=True)
def few_rounds() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 3)
        yield


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, pd.DataFrame]:
    return made_up()


@pytest.fixture(scope="module")
def fitted(data: Any) -> SensitivityModel:
    return SensitivityModel(n_boosted=1, seed=3).fit(*data)


@pytest.mark.medium
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("check", FIT_ANY)
def test_scikit_learns_own_checks(check: str, estimator: Any) -> None:
    from sklearn.utils import estimator_checks

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(estimator_checks, check)(type(estimator).__name__, clone(estimator))


def test_parameters_are_only_stored() -> None:
    weights = {"mutation": 1.0}
    model = SensitivityModel(weights, 2, 0.5, 7)
    assert model.block_weights is weights
    assert model.get_params() == {"block_weights": weights, "n_boosted": 2, "boosted_share": 0.5, "seed": 7}
    assert SensitivityModel().block_weights is None


def test_fit_returns_itself_and_leaves_the_parameters(data: Any) -> None:
    model = SensitivityModel(n_boosted=1, seed=3)
    before = model.get_params()
    assert model.fit(*data) is model
    assert model.get_params() == before


def test_no_weights_are_the_released_weights(data: Any, fitted: Any) -> None:
    same = SensitivityModel(dict(BLOCK_WEIGHTS), n_boosted=1, seed=3).fit(*data)
    pd.testing.assert_frame_equal(same.predict(data[0]), fitted.predict(data[0]), check_exact=True)


def test_what_is_learned_ends_in_an_underscore(fitted: Any) -> None:
    assert {name for name in vars(fitted) if not name.endswith("_")} == set(fitted.get_params())


def test_names_and_number_of_features(data: Any, fitted: Any) -> None:
    assert fitted.feature_names_in_.tolist() == list(data[0].columns) == fitted.features_
    assert fitted.feature_names_in_.dtype == object
    assert fitted.n_features_in_ == 8


def test_before_fit_there_is_nothing_learned() -> None:
    model = SensitivityModel()
    assert not any(hasattr(model, name) for name in ("features_", "feature_names_in_", "n_features_in_", "assays_"))


@pytest.mark.parametrize("method", ["predict", "contributions", "evidence", "ordered"])
def test_before_fit_each_method_says_so(method: Any, data: Any) -> None:
    with pytest.raises(NotFittedError):
        getattr(SensitivityModel(), method)(data[0])


def test_an_unfitted_builder_says_so() -> None:
    builder = FeatureBuilder()
    for call in (builder.get_feature_names_out, builder.state, builder.genes_read):
        with pytest.raises(NotFittedError):
            call()
    lines = pd.Index(["one"], name="sample_id", dtype=object)
    nothing = Profiles(
        samples=pd.DataFrame(None, lines, ["tissue", "sample_type", "msi"], dtype=object),
        sequenced=pd.Series([False], index=lines),
    )
    with pytest.raises(NotFittedError):
        builder.transform(nothing)


def test_a_clone_is_not_fitted_and_learns_the_same(data: Any, fitted: Any) -> None:
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert not hasattr(again, "features_")
    pd.testing.assert_frame_equal(again.fit(*data).predict(data[0]), fitted.predict(data[0]), check_exact=True)


def test_fitting_again_forgets_what_was_learned_before(data: Any, fitted: Any) -> None:
    model = SensitivityModel(n_boosted=1, seed=3).fit(data[0].iloc[:, :5], data[1])
    assert model.n_features_in_ == 5
    pd.testing.assert_frame_equal(model.fit(*data).predict(data[0]), fitted.predict(data[0]), check_exact=True)


def test_predicting_changes_nothing(data: Any, fitted: Any) -> None:
    before = dict(vars(fitted))
    fitted.predict(data[0])
    fitted.contributions(data[0])
    fitted.evidence(data[0])
    assert vars(fitted).keys() == before.keys()
    assert all(vars(fitted)[name] is value for name, value in before.items())


def test_a_setting_counts_from_the_next_fit(data: Any, fitted: Any) -> None:
    model = clone(fitted).set_params(boosted_share=0.0, block_weights={"transcriptome": 0.01})
    assert not np.allclose(model.fit(*data).predict(data[0]), fitted.predict(data[0]))


def test_its_tags_are_those_of_a_regressor_of_many_outputs_that_takes_nan() -> None:
    tags = get_tags(SensitivityModel())
    assert is_regressor(SensitivityModel())
    assert tags.input_tags.allow_nan
    assert tags.target_tags.multi_output
    assert tags.target_tags.required


def test_it_is_cross_validated_by_scikit_learn(data: Any, fitted: Any) -> None:
    features, responses = data
    found = cross_val_predict(clone(fitted), features, responses, cv=KFold(2))
    assert found.shape == responses.shape
    assert np.isfinite(found).all()
