"""Known biology: effects by hand, few lines are inconclusive, and what counts as shown, missed or invented."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.model import boosted
from pamrx.profiles import Profiles
from pamrx_training.evaluation import biology as module
from pamrx_training.evaluation import relations as relations_module
from pamrx_training.evaluation.biology import agreement, biology, groups, judge
from pamrx_training.evaluation.evidence_tables import print_biology, print_result
from pamrx_training.evaluation.protocols import Options, run_protocol, tidy_table
from pamrx_training.evaluation.relations import ALL_CALLS, DRIVERS, carriers, read_relations
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.fit_cache import Fit, run_fits
from pamrx_training.fitting.run_context import RunContext, Store
from pamrx_training.fitting.splits import leave_cell_line_out, sides
from rich.console import Console

pytestmark = pytest.mark.medium

ASSAYS = ["GDSC2:Alpelisib", "GDSC1:AZD8186", "GDSC2:AZD8186"]


def table(**cells: str) -> pd.DataFrame:
    """One row of the relations table: PIK3CA and alpelisib unless told."""
    row = {"relation": "one", "marker": "mut:PIK3CA", "within": "", "drugs": "Alpelisib", "direction": "sensitive"}
    return pd.DataFrame([row | {"statement": "A sentence.", "source": "Someone, Journal 2000"} | cells])


def lines(n: int) -> pd.Index:
    return pd.Index([f"L{place:03}" for place in range(n)], name="cell_line", dtype=object)


def frames(n: int = 200, effect: float = -0.8, predicted_effect: float = -0.4, altered: int = 60, seed: int = 0) -> Any:
    """Measured, predicted, tissue, flag: the flag acts on every assay, tissues lie at different levels."""
    random = np.random.default_rng(seed)
    index = lines(n)
    flag = pd.Series(random.permutation(np.arange(n) < altered).astype(float), index)
    tissue = pd.Series(random.choice(["breast", "skin", "lung"], n), index)
    level = tissue.map({"breast": 0.0, "skin": 3.0, "lung": -2.0}).to_numpy()[:, None]
    carried = flag.to_numpy()[:, None]
    measured = pd.DataFrame(level + effect * carried + random.normal(size=(n, 3)), index, ASSAYS)
    predicted = pd.DataFrame(level + predicted_effect * carried + random.normal(0, 0.3, (n, 3)), index, ASSAYS)
    return measured.mask(random.random((n, 3)) < 0.1), predicted, tissue, flag


def found(measured: Any, predicted: Any, tissue: Any, flag: Any, draws: int = 500, **cells: str) -> pd.DataFrame:
    return judge(measured, predicted, tissue, read_relations(table(**cells)), {"one": flag}, draws).table


def by_hand(values: pd.Series, unit: pd.Series, tissue: pd.Series, flag: pd.Series) -> float:
    """The effect on one assay, line by line."""
    centred, spread = {}, {}
    for line in values.index:
        peers = [other for other in values.index if tissue[other] == tissue[line]]
        centred[line] = values[line] - np.mean([values[other] for other in peers])
        spread[line] = unit[line] - np.mean([unit[other] for other in peers])
    means = [np.mean([centred[line] for line in values.index if flag[line] == value]) for value in (1, 0)]
    return (means[0] - means[1]) / np.std(list(spread.values()))


def test_effects_are_those_worked_out_line_by_line() -> None:
    measured, predicted, tissue, flag = frames(80, altered=30)
    row = found(measured, predicted, tissue, flag, drugs="AZD8186").iloc[0]
    expected: Any = {"measured": [], "predicted": [], "predicted_scaled": []}
    for assay in ASSAYS[1:]:
        y = measured[assay].dropna()
        p = predicted.loc[y.index, assay]
        expected["measured"].append(by_hand(y, y, tissue, flag))
        expected["predicted"].append(by_hand(p, y, tissue, flag))
        expected["predicted_scaled"].append(by_hand(p, p, tissue, flag))
    for side, values in expected.items():
        assert row[side] == pytest.approx(np.mean(values))
    assert row["excess"] == pytest.approx(row["predicted_scaled"] - row["measured"])


def test_counts_are_of_lines_with_a_response_medians_over_assays() -> None:
    measured, predicted, tissue, flag = frames()
    rows = found(measured, predicted, tissue, flag, drugs="AZD8186").set_index("assay")
    counts = {assay: measured.loc[flag == 1, assay].notna().sum() for assay in ASSAYS[1:]}
    assert {assay: rows.loc[assay, "altered"] for assay in counts} == counts
    assert rows.loc["all", "altered"] == np.median(list(counts.values()))
    assert rows.loc["all", "n_assays"] == 2
    assert rows.loc["all", "lines"] == measured.loc[flag == 1, ASSAYS[1:]].notna().any(axis=1).sum()


def test_lines_without_a_flag_are_left_out_but_still_set_their_tissues_level() -> None:
    measured, predicted, tissue, flag = frames()
    unknown = flag.mask(np.arange(len(flag)) % 4 == 0)
    row = found(measured, predicted, tissue, unknown).iloc[0]
    y = measured["GDSC2:Alpelisib"].dropna()
    assert row["measured"] == pytest.approx(by_hand(y, y, tissue, unknown))
    assert row["altered"] + row["others"] == unknown[y.index].notna().sum()


def test_an_interval_holds_the_true_effect_about_as_often_as_it_says() -> None:
    """100 cohorts; the effect itself spreads the values, so that it is a little less than 0.8 of their sd."""
    truth = -0.8 / np.sqrt(1 + 0.8**2 * 0.3 * 0.7)
    held = 0
    for seed in range(100):
        row = found(*frames(seed=seed), draws=200).iloc[0]
        held += row["measured_low"] <= truth <= row["measured_high"]
    assert 88 <= held <= 100


def test_both_sides_share_their_draws_and_a_seed_gives_the_same_intervals() -> None:
    measured, _, tissue, flag = frames()
    row = found(measured, measured.fillna(0.0), tissue, flag).iloc[0]
    assert row["excess_low"] == pytest.approx(0, abs=1e-12)
    assert row["excess_high"] == pytest.approx(0, abs=1e-12)
    again = found(measured, measured.fillna(0.0), tissue, flag)
    pd.testing.assert_series_equal(row, again.iloc[0], check_exact=True)


@pytest.mark.parametrize(("altered", "verdict"), [(19, "inconclusive"), (20, "sensitive")])
def test_fewer_than_twenty_altered_lines_are_inconclusive(altered: Any, verdict: Any) -> None:
    _, predicted, tissue, flag = frames(effect=-2, predicted_effect=-2, altered=altered)
    row = found(predicted, predicted, tissue, flag).iloc[0]
    assert row["altered"] == altered
    assert row["measured_verdict"] == row["predicted_verdict"] == verdict
    assert row["agreement"] == ("shown" if altered == 20 else "inconclusive")
    turned = found(predicted, predicted, tissue, 1 - flag, direction="resistant").iloc[0]
    assert turned["others"] == altered
    assert turned["measured_verdict"] in ("inconclusive", "resistant")
    assert (turned["agreement"] == "inconclusive") == (altered == 19)


def test_altered_lines_count_only_where_they_have_a_response() -> None:
    _, predicted, tissue, flag = frames(effect=-2, altered=40)
    measured = predicted.copy()
    measured.loc[flag.index[flag == 1][:21], "GDSC2:Alpelisib"] = np.nan
    row = found(measured, predicted, tissue, flag).iloc[0]
    assert row["altered"] == 19
    assert row["agreement"] == "inconclusive"


@pytest.mark.parametrize(
    ("effect", "predicted", "direction", "word"),
    [
        (-1.0, -0.5, "sensitive", "shown"),
        (-1.0, 0.0, "sensitive", "missed"),
        (-1.0, 0.5, "sensitive", "missed"),
        (0.0, -0.5, "none", "invented"),
        (0.0, -0.5, "sensitive", "invented"),
        (0.0, 0.0, "sensitive", "not in these data"),
        (0.0, 0.0, "none", "as expected: none"),
        (1.0, 0.5, "sensitive", "unexpected, shown"),
        (-1.0, 0.0, "none", "unexpected, missed"),
    ],
)
def test_what_data_and_predictions_show_is_put_in_a_word(
    effect: Any, predicted: Any, direction: Any, word: Any
) -> None:
    """Noise in steps that average out in every group, so that an effect of 0 is 0."""
    index = lines(240)
    flag = pd.Series(np.repeat([1.0, 0.0], 120), index)
    tissue = pd.Series("breast", index)
    noise = np.tile([-1.0, -0.5, 0.5, 1.0], 60)
    columns = ["GDSC2:Alpelisib"]
    measured = pd.DataFrame(effect * flag.to_numpy() + noise, index, columns)
    guessed = pd.DataFrame(predicted * flag.to_numpy() + 0.3 * np.tile([1.0, -1.0], 120), index, columns)
    assert found(measured, guessed, tissue, flag, direction=direction).iloc[0]["agreement"] == word


def test_a_predicted_effect_is_judged_by_its_excess_over_the_measured_and_not_by_zero() -> None:
    assert agreement("none", "no evidence", "sensitive", "no evidence") == "as expected: none"
    assert agreement("sensitive", "no evidence", "sensitive", "no evidence") == "not in these data"
    assert agreement("none", "no evidence", "sensitive", "sensitive") == "invented"
    assert agreement("none", "no evidence", "sensitive", "resistant") == "as expected: none"
    assert agreement("none", "inconclusive", "inconclusive", "sensitive") == "inconclusive"


# Markers


def profiles() -> Profiles:
    """A has a driver in PIK3CA, B one in KRAS, C both; D loses PTEN. The panel saw A, B and C, and calls TSC2 in A."""
    index = pd.Index(list("ABCD"), name="sample_id", dtype=object)
    drivers = [("A", "PIK3CA", True), ("B", "KRAS", True), ("C", "PIK3CA", True), ("C", "KRAS", True)]
    calls = [("A", "TSC2", False), ("B", "PIK3CA", False)]
    mutations = pd.DataFrame(drivers + calls, columns=["sample_id", "gene", "driver"])
    mutations["driver"] = mutations["driver"].astype("boolean")
    samples = pd.DataFrame({"tissue": None, "sample_type": "cell_line", "msi": None}, index=index, dtype=object)
    return Profiles(
        samples=samples,
        sequenced=pd.Series(True, index=index),
        mutations=mutations.assign(variant_classification="", hgvsp=""),
        assessed_genes=frozenset({"PIK3CA", "KRAS", "PTEN"}),
        unfiltered=dict.fromkeys("ABC", frozenset({"PIK3CA", "KRAS", "TSC2"})),
        segments=pd.DataFrame({"PTEN": [0.0, 0.0, 2.0, -2.0]}, index=index),
        copy_number=pd.DataFrame({"RICTOR": [2.0, 0.0, 0.0, np.nan]}, index=index),
    )


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("mut:PIK3CA", [1, 0, 1, 0]),
        ("mut:PIK3CA|KRAS", [1, 1, 1, 0]),
        ("mut:PIK3CA & !mut:KRAS", [1, 0, 0, 0]),
        ("mut:PIK3CA & mut:KRAS", [0, 0, 1, 0]),
        ("loss:PTEN", [0, 0, 0, 1]),
        ("gain:PTEN", [0, 0, 1, 0]),
        ("mut_or_loss:PTEN", [0, 0, 0, 1]),
        ("any:TSC2", [1, 0, 0, np.nan]),
        ("any:PIK3CA", [0, 1, 0, np.nan]),
        ("amp:RICTOR", [1, 0, 0, np.nan]),
        ("any:TSC2 & amp:RICTOR", [1, 0, 0, np.nan]),
    ],
)
def test_a_marker_holds_where_its_terms_do_and_is_unknown_where_no_call_was_made(marker: Any, expected: Any) -> None:
    relation = read_relations(table(marker=marker))[0]
    assert carriers(profiles(), relation.marker).tolist() == pytest.approx(expected, nan_ok=True)
    assert relation.calls == (ALL_CALLS if marker.startswith(("any", "amp")) else DRIVERS)


def test_an_interaction_is_compared_among_carriers() -> None:
    relation = read_relations(table(marker="mut:KRAS", within="mut:PIK3CA"))
    cohort = Cohort(profiles(), pd.DataFrame(), pd.DataFrame())
    assert groups(cohort, relation)["one"].tolist() == pytest.approx([0, np.nan, 1, np.nan], nan_ok=True)


def test_the_effect_of_an_interaction_ignores_lines_without_the_first_alteration() -> None:
    measured, predicted, tissue, flag = frames(300, effect=0.0, altered=100)
    inside = pd.Series(np.arange(300) % 2 == 0, flag.index)
    measured.loc[inside & (flag == 1)] += 1.0
    measured.loc[~inside & (flag == 1)] -= 5.0
    row = found(measured, predicted, tissue, flag.where(inside), marker="mut:KRAS", within="mut:PIK3CA").iloc[0]
    y = measured["GDSC2:Alpelisib"].dropna()
    assert row["measured"] == pytest.approx(by_hand(y, y, tissue, flag.where(inside)))
    assert row["measured"] > 0


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"marker": "mutt:PIK3CA"}, "unknown kind 'mutt'; .*did you mean mut"),
        ({"marker": "PIK3CA"}, "cannot read 'PIK3CA'; expected kind:GENE"),
        ({"marker": "mut:PIK3CA & any:TSC2"}, "expected one kind of call"),
        ({"marker": "mut:PIK3CA", "within": "any:TSC2"}, "expected one kind of call"),
        ({"drugs": "Alpelisip"}, "'one': unknown drug 'Alpelisip'; did you mean Alpelisib"),
        ({"drugs": "Everolimus"}, "no screen .* holds it"),
        ({"direction": "sensitve"}, "direction 'sensitve'.*did you mean sensitive"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_in_one_line(cells: Any, told: Any) -> None:
    with pytest.raises(PamrxError, match=told):
        read_relations(table(**cells))


def test_a_relation_that_stands_twice_is_an_error() -> None:
    with pytest.raises(PamrxError, match="'one' stands twice"):
        read_relations(pd.concat([table(), table()]))


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("mut:TSC2", "no driver mutations of TSC2"),
        ("loss:PTEM", "no segments of PTEM; did you mean PTEN"),
        ("any:PTEN", "no calls of the panel of PTEN"),
        ("amp:MYC", "no copy-number calls of MYC"),
    ],
)
def test_a_gene_that_the_data_do_not_hold_is_an_error(marker: Any, told: Any) -> None:
    with pytest.raises(PamrxError, match=f"'one': the training data hold {told}"):
        carriers(profiles(), read_relations(table(marker=marker))[0].marker, "one")


def test_without_the_panel_its_markers_are_unknown_everywhere() -> None:
    from dataclasses import replace

    bare = replace(profiles(), unfiltered=None, copy_number=None)
    for marker in ("any:TSC2", "amp:RICTOR"):
        assert carriers(bare, read_relations(table(marker=marker))[0].marker).isna().all()


# The command


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Cohort:
    """The made-up cohort, whose response follows PIK3CA; its drug A is called alpelisib, B AZD8186."""
    made = build_cohort(made_up_gdsc(n=150))
    known = {"A": "Alpelisib", "B": "AZD8186"}
    responses = made.responses.assign(drug=made.responses["drug"].map(known))
    responses["assay"] = responses["screen"] + ":" + responses["drug"]
    return Cohort(made.profiles, responses, made.cell_lines)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosted, "ROUNDS", 5)
    few = pd.concat([table(), table(relation="two", marker="any:PIK3CA", drugs="AZD8186", direction="none")])
    monkeypatch.setattr(relations_module, "table", lambda _: few.reset_index(drop=True))


def test_the_known_effect_comes_out_of_fold(cohort: Any, quick: Any) -> None:
    result = biology(cohort, (11, leave_cell_line_out(cohort, 3, 11)), RunContext(1), 200)
    rows = result.relations.set_index("relation")
    assert rows.loc["one", "agreement"] == "shown"
    assert rows.loc["one", "predicted_high"] < 0
    assert rows.loc["two", "agreement"] == "inconclusive"
    assert np.isnan(rows.loc["two", "measured"])
    assert result.table["assay"].tolist() == ["all", "all", "GDSC2:Alpelisib", "GDSC2:AZD8186"]


def test_fits_are_those_of_ablation_with_all_blocks_and_are_read_again(
    cohort: Any, quick: Any, tmp_path: Path, said: list[str]
) -> None:
    context = RunContext(1, Store(tmp_path, "data"))
    fold = leave_cell_line_out(cohort, 2, 11)
    for name in (0, 1):
        train, test = sides(cohort, fold, name)
        dict(run_fits(cohort, {"all blocks": Fit(tuple(train), tuple(test), 11)}, context))
    said.clear()
    biology(cohort, (11, fold), context, 50)
    assert said[0].startswith("2 of 2 fits were run before")


def test_a_wrong_table_is_told_before_any_fit(cohort: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relations_module, "table", lambda _: table(marker="mut:TSC2"))
    monkeypatch.setattr(module, "run_fits", lambda *_: pytest.fail("fitted"))
    with pytest.raises(PamrxError, match="no driver mutations of TSC2"):
        biology(cohort, (11, leave_cell_line_out(cohort, 2, 11)), RunContext(1))


def test_it_prints_one_table_and_writes_the_tidy_one(
    cohort: Any, quick: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options, splits = Options(biology=True), [(11, leave_cell_line_out(cohort, 2, 11))]
    found = run_protocol(cohort, options, splits, RunContext(1, Store(tmp_path, "data")))
    print_result(found, options, splits)
    printed = capsys.readouterr().out
    assert "Known biology, leave-cell-line-out, 150 lines" in printed
    assert "two*" in printed
    assert tidy_table(found)["relation"].tolist() == ["one", "two", "one", "two"]


def test_a_line_of_the_table_fits_in_120_columns() -> None:
    measured, predicted, tissue, flag = frames()
    name = "RICTOR amplified, mTORC1/2 drugs"  # 32 characters, the longest that is not folded
    relations = read_relations(table(relation=name, direction="none"))
    shown = StringIO()
    known = judge(measured, predicted, tissue, relations, {name: flag}, 50)
    print_biology(known, "leave-cell-line-out", 200, Console(file=shown, force_terminal=True, width=120))
    assert [line for line in shown.getvalue().splitlines() if name in line and "unexpected" in line]
