"""The tidy table of predictions: its columns, its ranks, its percentiles, its honesty about what was missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx import Profiles, read_profiles
from pamrx.errors import PamrxError
from pamrx.examples import example_files
from pamrx.identifiers.assay import AssayId
from pamrx.knowledge.concentrations import max_concentration
from pamrx.knowledge.drugs import screened_drugs
from pamrx.knowledge.exposure import exposure
from pamrx.prediction import predictions
from pamrx.prediction.missing_data import pattern_name, patterns, source_shares
from pamrx.prediction.predictions import chosen_assays, predictions_from
from pamrx.prediction.reference import percentiles_among
from pamrx.prediction.schema import COLUMNS


@pytest.fixture(scope="module")
def profiles(examples: Profiles) -> Profiles:
    return examples


@pytest.fixture(scope="module")
def table(bundle: Any, profiles: Any) -> Any:
    return bundle.predict(profiles)


def test_one_row_per_sample_and_drug_on_the_newest_screen(bundle: Any, profiles: Any, table: Any) -> None:
    assert tuple(table.columns) == COLUMNS
    assert not table.duplicated(["sample_id", "drug"]).any()
    screened = screened_drugs()
    assert len(table) == profiles.n * len(screened)
    assert dict(zip(table["drug"], table["screen"], strict=True)) == {d.name: d.newest_screen for d in screened}
    assert list(dict.fromkeys(table["sample_id"])) == list(profiles.samples.index)


def test_ranks_follow_the_percentile_within_each_sample(table: Any) -> None:
    for _, own in table.groupby("sample_id"):
        assert own["rank"].tolist() == list(range(1, len(own) + 1))
        assert own["sensitivity_percentile"].is_monotonic_decreasing
    assert table["sensitivity_percentile"].between(0, 100).all()


def test_drugs_are_ranked_as_a_sort_of_the_table_ranks_them() -> None:
    random = np.random.default_rng(0)
    drugs = ["b", "A", "Z", "a", "c"]
    percentile = random.choice([10.0, 20.0, np.nan], size=(30, 5))
    ln_ic50 = random.choice([-1.0, -0.0, 0.0, np.nan], size=(30, 5))
    for row, order in enumerate(predictions._ranking(percentile, ln_ic50, drugs)):
        one = pd.DataFrame({"first": -percentile[row], "then": ln_ic50[row], "drug": drugs})
        assert one.sort_values(["first", "then", "drug"]).index.tolist() == order.tolist()


def test_ic50_is_the_exponential_of_its_logarithm_and_nothing_is_missing(table: Any) -> None:
    assert np.allclose(table["ic50_um"], np.exp(table["ln_ic50"]), rtol=1e-12)
    assert table[["ln_ic50", "ic50_um", "sensitivity_percentile", "rank", "evidence"]].notna().all().all()


def test_beyond_the_tested_range_compares_with_the_drug_s_highest_concentration(table: Any) -> None:
    limits = [max_concentration(row.drug, row.screen) for row in table.itertuples()]
    assert np.array_equal(table["max_tested_um"], np.array(limits, dtype=float), equal_nan=True)
    known = table.dropna(subset="max_tested_um")
    assert ((known["ic50_um"] > known["max_tested_um"]) == known["beyond_tested_range"].astype(bool)).all()
    assert known["beyond_tested_range"].any()
    assert not known["beyond_tested_range"].all()


@pytest.mark.medium
def test_beyond_the_tested_range_is_unknown_without_a_verified_maximum(
    bundle: Any, profiles: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "max_concentration", lambda name, screen: None if name == "Alpelisib" else 10.0)
    table = bundle.predict(profiles, ["Alpelisib", "Taselisib"]).set_index("drug")
    assert table.loc["Alpelisib", ["beyond_tested_range", "max_tested_um"]].isna().all(axis=None)
    assert table.loc["Taselisib", "beyond_tested_range"].notna().all()


def test_the_concentration_in_patients_stands_beside_and_is_missing_where_unknown(table: Any) -> None:
    for drug, rows in table.groupby("drug"):
        found = exposure(str(drug))
        if found is None:
            assert rows[["cmax_um", "cmax_free_um"]].isna().all(axis=None)
        else:
            assert (rows["cmax_um"] == found.cmax_um).all()
    assert table.loc[table["drug"] == "Capivasertib", "cmax_um"].notna().all()
    assert not (table["cmax_um"] == 0).any()


@pytest.mark.medium
def test_a_drug_in_no_screen_is_answered_by_its_proxies_beside_the_others(bundle: Any, profiles: Any) -> None:
    one = profiles.subset(profiles.samples.index[:1])
    table = bundle.predict(one, ["alpelisib", "everolimus"]).set_index("drug")
    assert set(table.index) == {"Alpelisib", "Rapamycin", "Temsirolimus"}
    assert table["proxy_for"].fillna("").to_dict() == {
        "Alpelisib": "",
        "Rapamycin": "Everolimus",
        "Temsirolimus": "Everolimus",
    }
    alone = bundle.predict(one, ["Alpelisib", "Rapamycin", "Temsirolimus"]).set_index("drug")
    assert alone["proxy_for"].isna().all()
    pd.testing.assert_frame_equal(table.drop(columns="proxy_for"), alone.drop(columns="proxy_for"), check_exact=True)


@pytest.mark.medium
def test_a_profile_that_holds_nothing_lies_in_the_middle_for_every_drug(bundle: Any, profiles: Any) -> None:
    nothing = bundle.builder.transform(profiles.subset(profiles.samples.index[:1])) * np.nan
    table = predictions_from(bundle, nothing)
    assert np.allclose(table["sensitivity_percentile"], 50, atol=1)
    assert table["evidence"].max() == 0
    assert np.allclose(table["specific_percentile"], 50, atol=1)


@pytest.mark.medium
def test_percentiles_of_mutations_alone_do_not_crowd_in_the_middle(bundle: Any, profiles: Any) -> None:
    """Predictions from little evidence are shrunk: among complete ones they tell hardly one tumour from another."""
    nobody = replace(profiles, expression=None, ncrna=None, copy_number=None, segments=None)
    features = bundle.builder.transform(replace(nobody, samples=profiles.samples.assign(tissue=None)))
    predicted = bundle.model.predict(features)
    told = patterns(source_shares(features, bundle.model.importance_, bundle.model.features_))
    assert {pattern_name(pattern) for pattern in told} == {"mutation"}
    crowded = percentiles_among(predicted, bundle.reference.lines).std()
    assert bundle.reference.percentiles(predicted, told).std() > 1.5 * crowded
    shown = predictions_from(bundle, features)["sensitivity_percentile"]
    assert shown.min() < 5
    assert shown.max() > 95


@pytest.mark.medium
def test_a_tumour_alone_scores_as_it_does_in_a_crowd(bundle: Any, profiles: Any, table: Any) -> None:
    for sample in profiles.samples.index[[0, 5, 11]]:
        alone = bundle.predict(profiles.subset([sample]))
        crowd = table[table["sample_id"] == sample].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, crowd, check_exact=True)


@pytest.mark.medium
def test_evidence_falls_with_what_is_missing(bundle: Any) -> None:
    files = example_files()
    whole = bundle.predict(read_profiles(**files)).groupby("sample_id")["evidence"].mean()
    mutations = bundle.predict(read_profiles(mutations=files["mutations"])).groupby("sample_id")["evidence"].mean()
    assert (mutations < 0.1).all()
    assert (whole > 0.8).all()
    assert (whole < 1).all()


@pytest.mark.medium
def test_without_expression_the_prediction_stays_near_the_assays_mean(bundle: Any) -> None:
    files = example_files()
    few = bundle.predict(read_profiles(mutations=files["mutations"]))
    whole = bundle.predict(read_profiles(**files))
    assert few.groupby("drug")["ln_ic50"].std().mean() < whole.groupby("drug")["ln_ic50"].std().mean()


def test_chosen_drugs_come_by_any_name_and_keep_the_newest_screen(bundle: Any) -> None:
    assays = bundle.model.assays_
    assert chosen_assays(assays, ["azd5363", "BYL719"]) == [
        AssayId("GDSC2", "Capivasertib"),
        AssayId("GDSC2", "Alpelisib"),
    ]
    assert chosen_assays(assays, ["Idelalisib"]) == [AssayId("GDSC1", "Idelalisib")]


def test_proxies_that_the_model_does_not_predict_are_left_out_and_none_left_is_refused() -> None:
    assert chosen_assays(["GDSC2:Temsirolimus"], ["everolimus"]) == [AssayId("GDSC2", "Temsirolimus")]
    with pytest.raises(PamrxError, match="Everolimus: no screen holds it, and this bundle was trained on none"):
        chosen_assays(["GDSC2:Alpelisib"], ["alpelisib", "everolimus"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("alpelsib", "did you mean Alpelisib"), ("imatinib", "unknown drug"), ("aspirin", "unknown drug")],
)
def test_drugs_that_cannot_be_predicted_say_why(bundle: Any, name: Any, expected: Any) -> None:
    with pytest.raises(PamrxError) as error:
        chosen_assays(bundle.model.assays_, [name])
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.medium
def test_known_biology_pik3ca_mutation_argues_for_alpha_selective_inhibitors(bundle: Any, profiles: Any) -> None:
    features = bundle.builder.transform(profiles)
    without = features.copy()
    for sample in ("T-47D", "MCF-7"):
        without.loc[sample, "mutation.PIK3CA"] = 0.0
        without.loc[sample, "mutation.pik3ca_without_ras_raf"] = 0.0
        without.loc[sample, "mutation.hits_pi3k"] -= 1
        for drug in ("Alpelisib", "Taselisib"):
            own = [
                predictions_from(bundle, table.loc[[sample]], [drug])["ln_ic50"].item() for table in (features, without)
            ]
            assert own[0] < own[1]


def test_what_no_trained_model_predicts_is_refused_with_sample_and_assay(bundle: Any, profiles: Any) -> None:
    """A bundle of senseless numbers may pass every check of its files."""
    wild = replace(bundle, model=_Wild(bundle.model))
    with pytest.raises(
        PamrxError, match=r"sample .*: ln IC50 1e\+06 predicted; expected -100 to 100; the numbers of this"
    ):
        wild.predict(profiles.subset(profiles.samples.index[:1]))


class _Wild:
    """A model whose predictions are all a million."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, features: Any, presence: Any) -> pd.DataFrame:
        return pd.DataFrame(1e6, index=features.index, columns=self._model.assays_)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)
