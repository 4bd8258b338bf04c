"""The training cohort: tidy tables as profiles, responses aligned on training lines, and nothing learned from test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.features import FeatureBuilder
from pamrx.model import boosted
from pamrx.model.sensitivity import SensitivityModel
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.splits import leave_cell_line_out, sides

TABLES = ("expression", "alterations", "gene_copy_number", "cell_lines")


@pytest.fixture
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosted, "ROUNDS", 15)


@pytest.fixture
def gdsc_small(made_up_gdsc: Any) -> Any:
    return made_up_gdsc()


def test_lines_are_those_with_expression_alterations_and_a_response_of_the_axis(gdsc_small: Any) -> None:
    lines = gdsc_small.cell_lines.copy()
    lines.loc["L002", "has_expression"] = False
    lines.loc["L003", "has_alterations"] = False
    lines.loc["L004", "n_responses"] = 0
    rows = gdsc_small.responses
    rows = rows[~((rows["cell_line"] == "L005") & rows["in_axis"])]  # measured, but outside the axis only
    cohort = build_cohort(replace(gdsc_small, cell_lines=lines, responses=rows))
    assert cohort.lines == [line for line in lines.index if line not in ("L002", "L003", "L004", "L005")]
    assert set(cohort.responses["assay"]) == {"GDSC1:A", "GDSC2:A", "GDSC2:B"}
    assert set(cohort.responses["cell_line"]) <= set(cohort.lines)


def test_no_line_at_all_is_one_clear_line(gdsc_small: Any) -> None:
    with pytest.raises(PamrxError, match="no line has expression, alterations and a response"):
        build_cohort(replace(gdsc_small, responses=gdsc_small.responses.assign(in_axis=False)))


@pytest.mark.medium
def test_flags_become_drivers_and_segments_become_calls(gdsc_small: Any) -> None:
    profiles = build_cohort(gdsc_small).profiles
    flags = gdsc_small.alterations
    drivers = profiles.mutations.query("gene == 'PIK3CA'")
    assert drivers["driver"].all()
    assert set(drivers["sample_id"]) == set(flags.index[flags["PIK3CA_mut"] == 1])
    assert profiles.assessed_genes == {"BRAF", "KRAS", "PIK3CA", "PTEN", "TP53"}
    assert profiles.sequenced.all()
    calls = profiles.segments
    assert profiles.copy_number is None
    assert calls["PTEN"].equals(flags["PTEN_loss"].map({0: 0.0, 1: -2.0}).rename("PTEN"))
    gained, lost = flags["MYC_gain"] == 1, flags["MYC_loss"] == 1
    assert (calls.loc[gained & ~lost, "MYC"] == 2).all()
    assert (calls.loc[lost, "MYC"] == -2).all()
    assert (calls.loc[~gained & ~lost, "MYC"] == 0).all()
    features = FeatureBuilder().fit(profiles).transform(profiles)
    assert features["mutation.PIK3CA"].astype(int).tolist() == flags["PIK3CA_mut"].tolist()


def test_calls_of_the_panel_stand_beside_drivers_and_segments_and_are_never_merged_with_them(gdsc_small: Any) -> None:
    lines = ["L001", "L002"]
    tables = {
        "mutation": pd.DataFrame({"AKT1": [1, 0], "PIK3CA": [1, 1]}, index=lines),
        "amplification": pd.DataFrame({"AKT1": [0, 1], "PIK3CA": [0, 0]}, index=lines),
        "deletion": pd.DataFrame({"AKT1": [1, 0], "PIK3CA": [0, 0]}, index=lines),
    }
    before, after = build_cohort(gdsc_small).profiles, build_cohort(gdsc_small, panel=tables).profiles
    drivers = after.mutations[after.mutations["driver"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(drivers, before.mutations)
    assert after.assessed_genes == before.assessed_genes
    others = after.mutations[~after.mutations["driver"]]
    assert list(zip(others["sample_id"], others["gene"], strict=True)) == [
        ("L001", "AKT1"), ("L001", "PIK3CA"), ("L002", "PIK3CA")
    ]  # fmt: skip
    assert after.unfiltered == dict.fromkeys(lines, frozenset({"AKT1", "PIK3CA"}))
    assert after.copy_number.loc[lines, "AKT1"].tolist() == [-2, 2]
    assert after.copy_number.drop(index=lines).isna().all(axis=None)
    pd.testing.assert_frame_equal(after.segments, before.segments)


def test_lines_without_mirna_are_missing_and_never_zero(gdsc_small: Any) -> None:
    mirna = pd.DataFrame(
        {name: np.linspace(5, 9, 2) + shift for shift, name in enumerate(["hsa-miR-21", "hsa-miR-155"])},
        index=["L001", "ELSEWHERE"],
    )
    ncrna = build_cohort(gdsc_small, mirna).profiles.ncrna
    assert ncrna.loc["L001"].tolist() == [5, 6]
    assert ncrna.drop(index="L001").isna().all(axis=None)
    assert build_cohort(gdsc_small).profiles.ncrna is None


def test_a_subset_keeps_the_order_of_the_cohort(gdsc_small: Any) -> None:
    cohort = build_cohort(gdsc_small)
    some = cohort.subset(["L009", "L001", "L004"])
    assert some.lines == some.cell_lines.index.tolist() == ["L001", "L004", "L009"]
    assert set(some.responses["cell_line"]) <= {"L001", "L004", "L009"}
    assert some.donors.tolist() == ["shared", "L004", "L009"]


def test_series_are_aligned_on_training_lines_only(gdsc_small: Any) -> None:
    cohort = build_cohort(gdsc_small)
    train = cohort.lines[:60]
    rows = cohort.responses
    garbled = rows["range"].eq(1) & ~rows["cell_line"].isin(train)
    shifted = rows.assign(ln_ic50=rows["ln_ic50"].where(~garbled, 1e6))
    clean = cohort.response_matrix(train)
    dirty = Cohort(cohort.profiles, shifted, cohort.cell_lines).response_matrix(train)
    assert clean.loc[train].equals(dirty.loc[train])
    assert clean.index.tolist() == cohort.lines
    everyone = cohort.response_matrix(cohort.lines)
    assert not clean["GDSC2:B"].equals(everyone["GDSC2:B"])


# --- nothing is fitted outside the training fold ---


def poisoned(gdsc: Any, lines: list[str]) -> Any:
    """The same tables with garbage for `lines`: features, tissue, MSI and responses."""
    expression = gdsc.expression.copy()
    expression.loc[lines] = np.float32(-1e6)
    alterations = gdsc.alterations.copy()
    alterations.loc[lines] = 1 - alterations.loc[lines]
    cell_lines = gdsc.cell_lines.copy()
    cell_lines.loc[lines, ["tissue", "msi"]] = ["prostate", "MSI-H"]
    rows = gdsc.responses
    worse = rows["ln_ic50"].where(~rows["cell_line"].isin(lines), -1e6)
    return replace(
        gdsc,
        expression=expression,
        alterations=alterations,
        cell_lines=cell_lines,
        responses=rows.assign(ln_ic50=worse),
    )


@pytest.mark.medium
def test_garbage_in_the_test_lines_changes_no_fitted_number(gdsc_small: Any, few_rounds: Any) -> None:
    clean = build_cohort(gdsc_small)
    folds = leave_cell_line_out(clean, 4, seed=3)
    train, test = sides(clean, folds, 0)
    assert len(test) == 25 or len(test) == 26
    dirty = build_cohort(poisoned(gdsc_small, test))
    fits = []
    for cohort in (clean, dirty):
        builder = FeatureBuilder().fit(cohort.profiles.subset(train))
        features, responses = builder.transform(cohort.profiles.subset(train)), cohort.response_matrix(train).loc[train]
        fits.append((builder, features, responses, SensitivityModel(n_boosted=2).fit(features, responses)))
    (builder, features, responses, model), (other_builder, other_features, other_responses, other_model) = fits
    assert builder.state() == other_builder.state()
    pd.testing.assert_frame_equal(features, other_features, check_exact=True)
    pd.testing.assert_frame_equal(responses, other_responses, check_exact=True)
    assert np.array_equal(model.base_, other_model.base_)
    assert np.array_equal(model.importance_, other_model.importance_)
    for one, two in zip(model.boosted_.boosters, other_model.boosted_.boosters, strict=True):
        assert one.model_to_string() == two.model_to_string()
    for one, two in zip(model.views_, other_model.views_, strict=True):
        assert np.array_equal(one.coefficients, two.coefficients)


@pytest.mark.medium
def test_garbage_in_the_test_responses_changes_no_prediction(
    gdsc_small: Any, few_rounds: Any, predictions_of_fold: Any
) -> None:
    clean = build_cohort(gdsc_small)
    folds = leave_cell_line_out(clean, 4, seed=3)
    test = folds.index[folds == 0]
    rows = gdsc_small.responses
    worse = rows["ln_ic50"].where(~rows["cell_line"].isin(test), 1e6)
    dirty = build_cohort(replace(gdsc_small, responses=rows.assign(ln_ic50=worse)))
    one, two = (predictions_of_fold(cohort, folds, 0) for cohort in (clean, dirty))
    assert set(one) == {"measured", "pamrx", "drug_mean", "tissue_drug_mean", "ridge"}
    for name in set(one) - {"measured"}:
        pd.testing.assert_frame_equal(one[name], two[name], check_exact=True)
        assert one[name].index.tolist() == test.tolist()
    assert (two["measured"].max() > 1e5).all()


@pytest.mark.medium
def test_garbage_in_the_other_test_lines_changes_no_prediction_of_a_test_line(
    gdsc_small: Any, few_rounds: Any, predictions_of_fold: Any
) -> None:
    clean = build_cohort(gdsc_small)
    folds = leave_cell_line_out(clean, 4, seed=3)
    test = folds.index[folds == 0].tolist()
    dirty = build_cohort(poisoned(gdsc_small, test[1:]))
    one, two = (predictions_of_fold(cohort, folds, 0) for cohort in (clean, dirty))
    for name in ("pamrx", "drug_mean", "tissue_drug_mean"):
        assert np.array_equal(one[name].loc[test[0]], two[name].loc[test[0]]), name
    np.testing.assert_allclose(one["ridge"].loc[test[0]], two["ridge"].loc[test[0]], rtol=0, atol=1e-9)
