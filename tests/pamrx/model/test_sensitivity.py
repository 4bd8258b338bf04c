"""The drug-response model on small planted data: contributions add up, rows stand alone, signals are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx.errors import PamrxError
from pamrx.features.presence import distinct_presence
from pamrx.model import boosted, linear
from pamrx.model import sensitivity as model
from pamrx.model.boosted import BoostedComponents, select_features, source_of
from pamrx.model.linear import BlockRidge, standardise
from pamrx.model.mixed_model import Directions
from pamrx.model.response_space import ResponseSpace
from pamrx.model.sensitivity import SensitivityModel
from threadpoolctl import threadpool_limits

ASSAYS = ["GDSC1:A", "GDSC2:A", "GDSC2:B", "GDSC2:C"]
SOURCES = ("transcripts", "mutation", "copy_number", "mirna", "tissue")


def made_up(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features of every block, and responses that follow one gene, one mutation and the product of two mutations."""
    random = np.random.default_rng(seed)
    lines = pd.Index([f"L{place}" for place in range(n)])
    tissue = random.integers(0, 3, n)
    columns = {f"mutation.M{place}": random.random(n) < 0.4 for place in range(5)}
    columns |= {f"copy_number.C{place}_loss": random.random(n) < 0.3 for place in range(3)}
    columns |= {f"ncrna.hsa-miR-{place}": random.normal(size=n) for place in range(3)}
    columns["ncrna.UCA1"] = random.normal(size=n)
    columns["programme.P"] = random.normal(size=n)
    columns |= {f"transcriptome.G{place}": random.normal(size=n) for place in range(30)}
    columns |= {f"tissue.T{place}": tissue == place for place in range(3)}
    features = pd.DataFrame(columns, index=lines).astype(float)
    gene, mutation = features["transcriptome.G3"], features["mutation.M0"]
    both = (features["mutation.M1"] == features["mutation.M2"]).astype(float)
    responses = pd.DataFrame(
        {
            "GDSC1:A": 2 + gene - 1.5 * mutation,
            "GDSC2:A": 1 + 0.8 * gene - 1.5 * mutation,
            "GDSC2:B": -1 + 2.5 * both,
            "GDSC2:C": 3 + features["tissue.T1"] - gene,
        },
        index=lines,
    )
    responses += random.normal(0, 0.3, responses.shape)
    return features, responses.mask(random.random(responses.shape) < 0.1)


def few_rounds(monkeypatch: pytest.MonkeyPatch, rounds: int = 40) -> None:
    monkeypatch.setattr(boosted, "ROUNDS", rounds)
    monkeypatch.setattr(boosted, "PARAMETERS", {**boosted.PARAMETERS, "learning_rate": 0.15, "feature_fraction": 0.5})


@pytest.fixture(scope="module")
def training() -> tuple[pd.DataFrame, pd.DataFrame]:
    return made_up(160, seed=0)


@pytest.fixture(scope="module")
def fitted(training: Any) -> SensitivityModel:
    with pytest.MonkeyPatch.context() as monkeypatch:
        few_rounds(monkeypatch)
        return SensitivityModel(n_boosted=3).fit(*training)


@pytest.fixture(scope="module")
def unseen() -> tuple[pd.DataFrame, pd.DataFrame]:
    return made_up(80, seed=1)


def masked(features: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same with whole sources and single values missing at random."""
    random = np.random.default_rng(seed)
    values = features.to_numpy(copy=True)
    of_column = np.array([source_of(name) for name in features.columns])
    for row in values:
        for source in SOURCES:
            if random.random() < 0.4:
                row[of_column == source] = np.nan
    values[random.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, index=features.index, columns=features.columns)


# --- rule 4: contributions add up ---


@given(st.integers(0, 1_000_000))
@settings(max_examples=30, deadline=None)
def test_base_and_contributions_make_the_prediction_whatever_is_missing(fitted: Any, unseen: Any, seed: Any) -> None:
    features = masked(unseen[0].iloc[:6], seed)
    contributions = fitted.contributions(features)
    assert contributions.shape == (6, features.shape[1], 4)
    np.testing.assert_allclose(
        fitted.base_ + contributions.sum(axis=1), fitted.predict(features).to_numpy(), rtol=0, atol=1e-6
    )


def test_contributions_of_some_assays_are_those_of_all(fitted: Any, unseen: Any) -> None:
    features = unseen[0].iloc[:4]
    some = fitted.contributions(features, ["GDSC2:C", "GDSC1:A"])
    np.testing.assert_allclose(some, fitted.contributions(features)[:, :, [3, 0]], rtol=0, atol=1e-12)


def test_in_the_linear_part_what_is_missing_contributes_nothing(training: Any, unseen: Any) -> None:
    features = masked(unseen[0].iloc[:20], seed=5)
    with pytest.MonkeyPatch.context() as monkeypatch:
        few_rounds(monkeypatch, 1)
        alone = SensitivityModel(boosted_share=0.0).fit(*training)
    contributions = alone.contributions(features)
    assert (contributions[features.isna().to_numpy()] == 0).all()
    assert (contributions[features.notna().to_numpy()] != 0).any()
    nothing = unseen[0].iloc[:1] * np.nan
    np.testing.assert_allclose(alone.predict(nothing).to_numpy()[0], alone.base_, rtol=0, atol=1e-12)


def test_no_part_of_the_contributions_falls_to_a_feature_that_never_varied(training: Any, unseen: Any) -> None:
    constant = training[0].assign(**{"transcriptome.CONSTANT": 0.1, "mutation.NEVER": 0.0, "mutation.UNKNOWN": np.nan})
    with pytest.MonkeyPatch.context() as monkeypatch:
        few_rounds(monkeypatch, 5)
        found = SensitivityModel(n_boosted=2).fit(constant, training[1])
    test = unseen[0].iloc[:5].assign(**{"transcriptome.CONSTANT": 3.0, "mutation.NEVER": 1.0, "mutation.UNKNOWN": 1.0})
    contributions = found.contributions(test[found.features_])
    for name in ("transcriptome.CONSTANT", "mutation.NEVER", "mutation.UNKNOWN"):
        assert (contributions[:, found.features_.index(name)] == 0).all(), name
        assert (found.importance_[found.features_.index(name)] == 0).all(), name


# --- rules 1 and 8: neighbours, threads and order change nothing ---


@pytest.mark.medium
@given(st.permutations(range(80)), st.integers(1, 80))
@settings(max_examples=20, deadline=None)
def test_a_row_is_predicted_alike_in_any_company(fitted: Any, unseen: Any, order: Any, size: Any) -> None:
    features = masked(unseen[0], seed=9)
    chosen = order[:size]
    crowd, few = features, features.iloc[chosen]
    assert np.array_equal(fitted.predict(few).to_numpy(), fitted.predict(crowd).to_numpy()[chosen])
    assert np.array_equal(fitted.evidence(few).to_numpy(), fitted.evidence(crowd).to_numpy()[chosen])


def test_a_fit_does_not_depend_on_how_the_table_lies_in_memory(training: Any) -> None:
    features, components = training[0], training[1].fillna(0.0).to_numpy()
    found = []
    for order in ("C", "F"):
        table = pd.DataFrame(np.array(features, order=order), features.index, features.columns, copy=False)
        found.append(BlockRidge.fit(table, components, model.BLOCK_WEIGHTS))
    for name in ("centre", "scale", "coefficients"):
        assert np.array_equal(getattr(found[0], name), getattr(found[1], name)), name


@pytest.mark.medium
def test_the_same_seed_gives_the_same_model_on_any_number_of_threads(training: Any, fitted: Any) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        few_rounds(monkeypatch)
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        with threadpool_limits(2):
            again = SensitivityModel(n_boosted=3).fit(*training)
        other = SensitivityModel(n_boosted=3, seed=1).fit(*training)
    texts = [[booster.model_to_string() for booster in each.boosted_.boosters] for each in (fitted, again, other)]
    assert texts[0] == texts[1] != texts[2]
    for one, two in zip(fitted.views_, again.views_, strict=True):
        assert np.array_equal(one.coefficients, two.coefficients)
    assert np.array_equal(fitted.base_, again.base_)
    assert np.array_equal(fitted.importance_, again.importance_)


def test_columns_are_taken_by_name(fitted: Any, unseen: Any) -> None:
    features = unseen[0].assign(**{"mutation.UNHEARD_OF": 1.0})
    turned = features[features.columns[::-1]]
    assert np.array_equal(fitted.predict(turned).to_numpy(), fitted.predict(unseen[0]).to_numpy())
    assert np.array_equal(fitted.contributions(turned.iloc[:3]), fitted.contributions(unseen[0].iloc[:3]))


def test_a_missing_column_is_named(fitted: Any, unseen: Any) -> None:
    with pytest.raises(PamrxError, match=r"feature mutation\.M1 is not among the columns"):
        fitted.predict(unseen[0].drop(columns="mutation.M1"))


def test_lines_that_do_not_match_are_refused(training: Any) -> None:
    features, responses = training
    with pytest.raises(PamrxError, match="lines of features and responses differ"):
        SensitivityModel().fit(features, responses.iloc[::-1])


# --- evidence ---


def test_a_full_profile_has_all_the_evidence_and_an_empty_one_none(fitted: Any, unseen: Any) -> None:
    features = unseen[0].iloc[:3]
    np.testing.assert_allclose(fitted.evidence(features), 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(fitted.evidence(features * np.nan), 0.0, rtol=0, atol=1e-12)


@pytest.mark.medium
@given(st.permutations(range(46)), st.integers(1, 10))
@settings(max_examples=20, deadline=None)
def test_evidence_only_falls_as_features_are_removed_and_stays_within_one(
    fitted: Any, unseen: Any, order: Any, step: Any
) -> None:
    features = unseen[0].iloc[:1].copy()
    assert features.shape[1] == 46
    before = fitted.evidence(features)
    for start in range(0, 46, step):
        features.iloc[:, list(order[start : start + step])] = np.nan
        after = fitted.evidence(features)
        assert ((after >= 0) & (after <= before + 1e-12)).all(axis=None)
        before = after
    assert (before <= 1).all(axis=None)


def test_evidence_is_the_present_share_of_the_mean_absolute_contributions(
    training: Any, fitted: Any, unseen: Any
) -> None:
    importance = np.abs(fitted.contributions(training[0])).mean(axis=0)
    np.testing.assert_allclose(fitted.importance_, importance, rtol=1e-5, atol=1e-9)
    present = np.array([not name.startswith("transcriptome.") for name in fitted.features_])
    features = unseen[0].iloc[:1].copy()
    features.loc[:, ~present] = np.nan
    expected = importance[present].sum(axis=0) / importance.sum(axis=0)
    np.testing.assert_allclose(fitted.evidence(features).to_numpy()[0], expected, rtol=1e-5)


# --- what it learns ---


def correlation(fitted: SensitivityModel, data: tuple[pd.DataFrame, pd.DataFrame]) -> pd.Series:
    return fitted.predict(data[0]).corrwith(data[1])


def test_planted_linear_effects_come_back(fitted: Any, unseen: Any) -> None:
    found = correlation(fitted, unseen)
    assert (found[["GDSC1:A", "GDSC2:A", "GDSC2:C"]] > 0.9).all()
    contributions = fitted.contributions(unseen[0])
    gene, mutation = (fitted.features_.index(name) for name in ("transcriptome.G3", "mutation.M0"))
    strongest = fitted.importance_[:, 0].argsort()[-2:]
    assert set(strongest) == {gene, mutation}
    carrier = unseen[0]["mutation.M0"] == 1
    assert contributions[carrier, mutation, 0].mean() < -0.4 < 0.2 < contributions[~carrier, mutation, 0].mean()


@pytest.mark.medium
def test_an_interaction_that_no_line_can_draw_comes_from_the_trees(unseen: Any) -> None:
    found, many = {}, made_up(300, seed=0)
    with pytest.MonkeyPatch.context() as monkeypatch:
        few_rounds(monkeypatch, 80)
        for share in (0.0, 0.7):
            fitted = SensitivityModel(boosted_share=share).fit(*many)
            found[share] = correlation(fitted, unseen)["GDSC2:B"]
    assert abs(found[0.0]) < 0.3
    assert found[0.7] > 0.45


def test_a_profile_without_expression_is_served_by_a_part_fitted_without(fitted: Any, unseen: Any) -> None:
    blind = unseen[0].copy()
    blind[[name for name in blind if source_of(name) == "transcripts"]] = np.nan
    served = fitted._by_view(distinct_presence(blind[fitted.features_].to_numpy()))
    assert [sorted(view.without) for view, _ in served] == [["transcripts"]]
    assert correlation(fitted, (blind, unseen[1]))["GDSC1:A"] > 0.4  # the mutation alone


# --- responses and their components ---


def test_components_give_back_the_responses(training: Any) -> None:
    responses = training[1].dropna()
    space, components = ResponseSpace.fit(responses)
    np.testing.assert_allclose(space.mean + space.to_assays(components), responses.to_numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(space.loadings @ space.loadings.T, np.eye(4), atol=1e-12)


def test_one_component_by_hand() -> None:
    # Two assays that rise together: both standardised to the same column z, so that the first component is z * sqrt(2).
    z = np.tile([-1.0, 1.0], 20)
    space, components = ResponseSpace.fit(pd.DataFrame({"one": 5 + 2 * z, "two": 1 + 3 * z}))
    assert space.mean == pytest.approx([5, 1])
    assert space.sd == pytest.approx([2, 3])
    assert components[:, 0] == pytest.approx(z * np.sqrt(2))
    assert space.to_assays(np.array([np.sqrt(2), 0.0])) == pytest.approx([2, 3])


@pytest.mark.parametrize("n_assays", [6, 30])
def test_gaps_are_filled_from_what_the_other_assays_say(n_assays: Any) -> None:
    random = np.random.default_rng(3)
    shared = random.normal(size=(150, 2)) @ random.normal(size=(2, n_assays))
    truth = (shared + random.normal(0, 0.3, shared.shape) - shared.mean(axis=0)) / shared.std(axis=0)
    responses = pd.DataFrame(truth).mask(random.random(truth.shape) < 0.1)
    space, components = ResponseSpace.fit(responses)
    filled = space.mean + space.to_assays(components)
    known = responses.notna().to_numpy()
    np.testing.assert_allclose(filled[known], truth[known], atol=1e-9)
    assert np.corrcoef(filled[~known], truth[~known])[0, 1] > 0.6  # the assay's mean would give 0


@pytest.mark.parametrize("value", [0.0, 0.1, -3.3])
def test_an_assay_that_does_not_vary_is_refused_even_where_rounding_leaves_dust(value: Any) -> None:
    responses = pd.DataFrame({"A": np.arange(40.0), "B": value})
    with pytest.raises(PamrxError, match="assay B is the same in every line"):
        ResponseSpace.fit(responses)


def test_an_assay_with_too_few_lines_is_refused() -> None:
    responses = pd.DataFrame({"A": np.arange(40.0), "B": [*range(29), *[np.nan] * 11]})
    with pytest.raises(PamrxError, match="assay B has under 30 measured lines"):
        ResponseSpace.fit(responses)


# --- the linear part ---


def test_ridge_is_the_closed_form_with_noise_over_signal_as_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    features = pd.DataFrame(random.normal(2, 3, (40, 3)), columns=[f"transcriptome.{name}" for name in "abc"])
    target = random.normal(size=(40, 1))
    directions = Directions.of(np.array([[0.6]]), np.array([[0.42]]))
    monkeypatch.setattr(linear, "separate", lambda *given: (directions, target))
    found = BlockRidge.fit(features, target, {"transcriptome": 1.0})
    x = (features - features.mean()).to_numpy() / features.std(ddof=0).to_numpy() / np.sqrt(3)
    primal = np.linalg.solve(x.T @ x + 0.42 / 0.6 * np.eye(3), x.T @ (target - target.mean()))
    np.testing.assert_allclose(found.coefficients, primal / np.sqrt(3), atol=1e-12)
    assert found.intercept == pytest.approx(target.mean())


def test_a_known_marker_weighs_more_than_others_of_its_block_and_one_that_never_varied_nothing() -> None:
    names = ["mutation.TP53", "mutation.PIK3CA", "mutation.PIK3CA_any", "mutation.PTENP1", "mutation.PTEN", "tme.x"]
    varies = np.array([True, True, True, True, False, True])
    found = linear._feature_weights(names, varies, {"mutation": 0.4, "tme": 0.1})
    parts = np.array([0.1, 1.0, 1.0, 0.1, 0.0, 0.1])  # 0.4 among four, markers ten times
    assert np.allclose(found, parts / parts.sum())


def test_every_marker_is_a_feature_of_the_released_model_and_names_its_source(bundle: Any) -> None:
    known = bundle.model.features_
    for name in linear.marker_features():
        assert any(linear.is_marker(feature) and feature.startswith(name) for feature in known), name
    assert (linear.table("markers")[["reason", "source"]] != "").all(axis=None)


def test_a_missing_or_constant_value_stands_at_the_mean() -> None:
    scaled = standardise(np.array([[3.0, np.nan, 8.0]]), np.array([1.0, 2.0, 5.0]), np.array([2.0, 1.0, 0.0]))
    assert scaled.tolist() == [[1.0, 0.0, 0.0]]


# --- the boosted part ---


def test_trees_see_every_named_feature_and_the_genes_that_go_with_a_component(
    training: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boosted, "GENES_PER_COMPONENT", 1)
    features = training[0]
    chosen = select_features(features, features[["transcriptome.G3", "transcriptome.G7"]].to_numpy())
    genes = [name for name in chosen if name.startswith("transcriptome.")]
    assert genes == ["transcriptome.G3", "transcriptome.G7"]
    assert [name for name in features if not name.startswith("transcriptome.")] == [
        name for name in chosen if name not in genes
    ]


def test_values_of_another_width_are_refused(fitted: Any) -> None:
    with pytest.raises(ValueError, match="features, found 2"):
        fitted.boosted_.predict(np.zeros((1, 2)), np.arange(2))


def test_sources_of_features_are_the_files_that_they_come_from() -> None:
    assert source_of("ncrna.hsa-miR-21") == source_of("ncrna.hsa-let-7a") == "mirna"
    assert source_of("ncrna.UCA1") == source_of("tme.x") == source_of("transcriptome.x") == "transcripts"
    assert source_of("mutation.PIK3CA") == "mutation"


def test_shap_values_and_base_make_the_trees_prediction(training: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    few_rounds(monkeypatch, 10)
    trees = BoostedComponents.fit(training[0], training[1].fillna(0).to_numpy()[:, :2], seed=0)
    values = training[0][trees.features].to_numpy()[:10]
    shap = trees.contributions(values)
    np.testing.assert_allclose(
        trees.base + shap.sum(axis=1), trees.predict(values, np.arange(values.shape[1])), rtol=0, atol=1e-9
    )
