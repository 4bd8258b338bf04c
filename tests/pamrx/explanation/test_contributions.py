"""Contributions as tables and figures, on a small model whose contributions are worked out again by plain means."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.explanation import contributions as explain
from pamrx.explanation.contributions import (
    block_shares,
    contribution_table,
    readable,
    shap_explanation,
    top_contributions,
)
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.feature_name import blocks_of, in_block
from pamrx.model import boosted
from pamrx.model.sensitivity import SensitivityModel
from pamrx.report import figures

NAMES = [
    *(f"mutation.{gene}" for gene in ("PIK3CA", "PTEN", "KRAS")),
    "mutation.hits_pi3k",
    "copy_number.PTEN_loss",
    "ncrna.hsa-miR-21",
    "ncrna.NEAT1",
    "tme.cd8_t_effector",
    "programme.emt",
    *(f"transcriptome.G{number}" for number in range(12)),
    "tissue.breast",
]
ASSAYS = ["GDSC1:Alpelisib", "GDSC2:Alpelisib", "GDSC2:AKT inhibitor VIII", "GDSC2:AZD8186"]
CHOSEN = [AssayId("GDSC2", "Alpelisib"), AssayId("GDSC2", "AZD8186")]


def small_cohort() -> tuple[pd.DataFrame, pd.DataFrame]:
    """80 lines; PIK3CA mutation sensitises to everything, G0 makes resistant. 20 lines lack miRNA, 4 expression."""
    random = np.random.default_rng(0)
    lines = pd.Index([f"L{number}" for number in range(80)], name="sample_id")
    features = pd.DataFrame(random.normal(size=(80, len(NAMES))), index=lines, columns=NAMES)
    for name in NAMES:
        if blocks_of([name])[0] in ("mutation", "copy_number", "tissue"):
            features[name] = (features[name] > 0.3).astype(float)
    effect = -1.5 * features["mutation.PIK3CA"] + 0.8 * features["transcriptome.G0"]
    noise = random.normal(size=(80, len(ASSAYS)))
    responses = pd.DataFrame(effect.to_numpy()[:, None] + 0.5 * noise + 2, index=lines, columns=ASSAYS)
    features.loc[lines[:20], "ncrna.hsa-miR-21"] = np.nan
    transcripts = [name for name in NAMES if boosted.source_of(name) == "transcripts"]
    features.loc[lines[20:24], transcripts] = np.nan
    return features, responses


@pytest.fixture(scope="module")
def small() -> Iterator[tuple[SensitivityModel, pd.DataFrame]]:
    features, responses = small_cohort()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 20)
        yield SensitivityModel(seed=1).fit(features, responses), features


def prediction(model: SensitivityModel, features: pd.DataFrame, assay: str) -> np.ndarray:
    return model.predict(features)[assay].to_numpy()


def base(model: SensitivityModel, assay: str) -> float:
    return float(model.base_[model.assays_.index(assay)])


# Contribution table


def test_base_and_rows_of_the_table_sum_to_the_prediction_also_after_parquet(
    small: tuple[SensitivityModel, pd.DataFrame], tmp_path: Path
) -> None:
    model, features = small
    contribution_table(model, features, ASSAYS, keep=5).to_parquet(tmp_path / "table.parquet", index=False)
    table = pd.read_parquet(tmp_path / "table.parquet")
    sums = table.groupby(["sample_id", "assay"], observed=True)["contribution"].sum().unstack("assay")
    for assay in ASSAYS:
        told = sums.loc[features.index, assay].to_numpy() + base(model, assay)
        np.testing.assert_allclose(told, prediction(model, features, assay), rtol=0, atol=1e-6)


def test_table_keeps_the_weightiest_features_of_each_assay_and_sums_the_rest_by_block(
    small: tuple[SensitivityModel, pd.DataFrame],
) -> None:
    model, features = small
    whole = model.contributions(features, ASSAYS)
    table = contribution_table(model, features, ASSAYS, keep=4).astype({"feature": str, "block": str})
    for column, assay in enumerate(ASSAYS):
        weight = pd.Series(np.abs(whole[:, :, column]).mean(axis=0), index=model.features_)
        kept = [str(name) for name in weight.sort_values(ascending=False).index[:4]]
        rows = table[(table["assay"] == assay) & (table["sample_id"] == "L30")].set_index("feature")
        told, value = rows["contribution"].to_dict(), rows["value"].to_dict()
        assert list(rows.index[:4]) == kept
        for block in ("mutation", "ncrna", "transcriptome"):
            others = [name for name in in_block(model.features_, block) if name not in kept]
            rest = [model.features_.index(name) for name in others]
            assert told[f"{block}.(other)"] == pytest.approx(whole[30, rest, column].sum())
        assert [value[name] for name in kept] == [features.at["L30", name] for name in kept]
        assert rows["block"].to_dict()["tissue.(other)"] == "tissue"
        assert np.isnan(value["tissue.(other)"])


def test_table_has_keep_rows_and_one_row_per_block(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    table = contribution_table(model, features, ASSAYS[:2], keep=3)
    assert list(table.columns) == ["sample_id", "assay", "block", "feature", "value", "contribution"]
    assert len(table) == 80 * 2 * (3 + 7)
    assert table["contribution"].dtype == np.float64


def test_all_features_kept_leaves_nothing_to_the_sums(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    table = contribution_table(model, features[:5], ASSAYS[:1], keep=1000)
    other = table["feature"].astype(str).str.endswith(".(other)")
    assert (table.loc[other, "contribution"] == 0).all()
    assert (~other).sum() == 5 * len(NAMES)


@pytest.mark.medium
def test_tables_do_not_depend_on_the_size_of_a_batch(
    small: tuple[SensitivityModel, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, features = small
    before = contribution_table(model, features, ASSAYS, keep=5), top_contributions(model, features, CHOSEN)
    monkeypatch.setattr(explain, "VALUES_AT_ONCE", 1)
    after = contribution_table(model, features, ASSAYS, keep=5), top_contributions(model, features, CHOSEN)
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=0, atol=1e-12)


@pytest.mark.medium
def test_importance_may_be_given_and_saves_a_pass(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    stored = pd.DataFrame(model.importance_, index=model.features_, columns=model.assays_)
    given = contribution_table(model, features, ASSAYS, keep=5, importance=stored)
    pd.testing.assert_frame_equal(given, contribution_table(model, features, ASSAYS, keep=5))


def test_unknown_assay_is_told_with_the_nearest_name(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    with pytest.raises(PamrxError, match=r"GDSC2:Alpelisip.*did you mean GDSC2:Alpelisib\?"):
        contribution_table(model, features, ["GDSC2:Alpelisip"])
    with pytest.raises(PamrxError, match=r"mutation\.PIK3CA is not among the columns"):
        top_contributions(model, features.drop(columns="mutation.PIK3CA"), CHOSEN)


# What argues for and against


@pytest.mark.medium
def test_top_contributions_are_those_of_a_plain_sort(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    found = top_contributions(model, features, CHOSEN, n=3)
    assert list(found.columns) == [
        "sample_id", "drug", "screen", "direction", "rank", "feature", "block", "value", "contribution",
    ]  # fmt: skip
    whole = model.contributions(features, [str(assay) for assay in CHOSEN])
    whole[np.isnan(features.to_numpy())] = 0
    for row, sample in enumerate(features.index[:30]):
        for column, assay in enumerate(CHOSEN):
            told = found[(found["sample_id"] == sample) & (found["drug"] == assay.drug)]
            single = pd.Series(whole[row, :, column], index=model.features_)
            expected = {
                "for": single[single < 0].sort_values(kind="stable")[:3],
                "against": single[single > 0].sort_values(ascending=False, kind="stable")[:3],
            }
            for direction, best in expected.items():
                side = told[told["direction"] == direction]
                assert side["feature"].to_list() == list(best.index)
                assert side["rank"].to_list() == list(range(1, len(best) + 1))
                np.testing.assert_allclose(side["contribution"], best, rtol=0, atol=1e-12)


def test_what_lowers_ic50_argues_for_sensitivity(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    mutated = features.index[(features["mutation.PIK3CA"] == 1) & features["transcriptome.G0"].notna()]
    found = top_contributions(model, features.loc[mutated], CHOSEN, n=1)
    best = found[found["direction"] == "for"]
    assert (found.loc[found["direction"] == "for", "contribution"] < 0).all()
    assert (found.loc[found["direction"] == "against", "contribution"] > 0).all()
    assert best["feature"].isin(["mutation.PIK3CA", "transcriptome.G0"]).mean() > 0.8
    assert set(best["screen"]) == {"GDSC2"}


def test_a_feature_that_the_sample_lacks_argues_nothing(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    found = top_contributions(model, features, CHOSEN, n=len(NAMES))
    assert found["value"].notna().all()
    nothing = features[:2] * np.nan
    assert top_contributions(model, nothing, CHOSEN).empty
    assert list(top_contributions(model, features[:0], CHOSEN).columns) == list(found.columns)


# Shares of blocks


def test_block_shares_by_hand() -> None:
    """mutation: |1 - 3|, |2 + 0| -> mean 2; tissue: |2|, |-10| -> mean 6. Shares 1/4 and 3/4."""
    table = pd.DataFrame(
        [
            ("a", "S:X", "mutation", "mutation.P", 1.0),
            ("a", "S:X", "mutation", "mutation.(other)", -3.0),
            ("b", "S:X", "mutation", "mutation.P", 2.0),
            ("b", "S:X", "mutation", "mutation.(other)", 0.0),
            ("a", "S:X", "tissue", "tissue.(other)", 2.0),
            ("b", "S:X", "tissue", "tissue.(other)", -10.0),
        ],
        columns=["sample_id", "assay", "block", "feature", "contribution"],
    )
    shares = block_shares(table)
    assert shares.loc["S:X"].to_dict() == {"mutation": 0.25, "tissue": 0.75}


def test_block_shares_sum_to_one(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    shares = block_shares(contribution_table(model, features, ASSAYS, keep=3))
    assert list(shares.index) == ASSAYS
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares["mutation"].min() > 0.2


# For shap, and figures


@pytest.mark.medium
def test_explanation_adds_up_and_keeps_values(small: tuple[SensitivityModel, pd.DataFrame]) -> None:
    model, features = small
    assay = "GDSC2:AKT inhibitor VIII"
    table = contribution_table(model, features, ASSAYS, keep=6)
    explanation = shap_explanation(table, assay, base(model, assay))
    assert explanation.values.shape == (80, 6 + 7)
    told = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(told, prediction(model, features, assay), rtol=0, atol=1e-6)
    place = explanation.feature_names.index("mutation.PIK3CA")
    assert explanation.data[:, place].tolist() == features["mutation.PIK3CA"].tolist()
    with pytest.raises(PamrxError, match="not in the contribution table"):
        shap_explanation(table, "GDSC2:Nothing", 0.0)


@pytest.mark.parametrize(
    ("feature", "name"),
    [
        ("mutation.PIK3CA", "PIK3CA mutation"),
        ("mutation.hits_pi3k", "PI3K-level genes mutated"),
        ("copy_number.PTEN_loss", "PTEN loss"),
        ("ncrna.hsa-miR-21", "hsa-miR-21 (ncRNA)"),
        ("tme.cd8_t_effector", "cd8 t effector (TME)"),
        ("transcriptome.GAB2", "GAB2 expression"),
        ("tissue.large_intestine", "large intestine (tissue)"),
    ],
)
def test_names_for_figures(feature: str, name: str) -> None:
    assert readable(feature) == name


@pytest.mark.medium
def test_summary_figure_says_what_it_shows(small: tuple[SensitivityModel, pd.DataFrame], tmp_path: Path) -> None:
    model, features = small
    assay = "GDSC2:Alpelisib"
    table = contribution_table(model, features, [assay], keep=8)
    explanation = shap_explanation(table, assay, base(model, assay))
    explanation.data[:, 0] = np.nan
    np.random.seed(3)  # noqa: NPY002  the generator that shap uses
    expected = np.random.RandomState(3).random()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = figures.summary_figure(explanation, "Alpelisib in GDSC2", shown=5)
        figure.savefig(tmp_path / "one.png")
    drawn = np.random.random()  # noqa: NPY002
    assert drawn == expected, "the caller's random numbers must not be disturbed"
    figures.summary_figure(explanation, "Alpelisib in GDSC2", shown=5).savefig(tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    upper, lower = figure.axes[:2]
    assert {label.get_text() for label in upper.get_yticklabels()} >= {"mutation", "copy-number", "ncRNA", "TME"}
    assert "PIK3CA mutation" in {label.get_text() for label in lower.get_yticklabels()}
    assert len(lower.get_yticks()) == 5
    assert lower.get_xlabel() == "contribution to ln IC50 (uM)"
    assert figure.get_suptitle() == "Alpelisib in GDSC2"
    assert "Negative: towards sensitive" in figure.get_supxlabel()


@pytest.mark.medium
def test_overall_figure_shows_blocks_and_features(small: tuple[SensitivityModel, pd.DataFrame], tmp_path: Path) -> None:
    model, features = small
    shares = block_shares(contribution_table(model, features, ASSAYS, keep=3))
    importance = pd.DataFrame(model.importance_, index=model.features_, columns=model.assays_)
    figure = figures.overall_figure(shares, importance, "All drugs", shown=6)
    figure.savefig(tmp_path / "all.png")
    left, right = figure.axes
    upwards = [f"{100 * share:.1f} %" for share in sorted(shares.mean())]
    assert [label.get_text().split("  ")[1] for label in left.get_yticklabels()] == upwards
    names = [label.get_text() for label in right.get_yticklabels()]
    assert len(names) == 6
    assert names[-1] == readable(str(importance.mean(axis=1).idxmax()))
    assert "ln IC50" in right.get_xlabel()


@pytest.mark.medium
def test_names_with_dollar_signs_are_shown_as_they_stand(tmp_path: Path) -> None:
    r"""matplotlib takes `$x$` as a formula: it lost the signs, and `$\frac$` ended in a traceback."""
    from matplotlib.text import Text

    features = [r"transcriptome.A$_1$", r"transcriptome.$\frac$"]
    assays = [r"GDSC2:$x^2$", r"GDSC2:$\frac$"]
    importance = pd.DataFrame([[1.0, 2.0], [2.0, 1.0]], index=features, columns=assays)
    sums = pd.DataFrame([[0.1, -0.2], [0.3, 0.4]], index=["S$1$", "S2"], columns=assays)
    shares = pd.DataFrame({r"$\frac$": [0.5, 0.5], "tissue": [0.5, 0.5]}, index=assays)
    title = r"$\frac$: $x^2$"
    drawn = (
        figures.bar_figure(importance[assays[0]], title),
        figures.block_figure("transcriptome", importance, sums, title),
        figures.overall_figure(shares, importance, title),
    )
    for figure in drawn:
        figure.savefig(tmp_path / "drawn.png")
        assert figure.get_suptitle() == title
        assert not any(text.get_parse_math() for text in figure.findobj(Text) if "$" in text.get_text())
