"""Measures of an order against enumerated ties, scikit-learn and cases whose answer is known."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx_training.evaluation.ranking import (
    ALL,
    CLINICAL,
    PLAIN,
    SPECIFIC,
    Question,
    averaged,
    draw,
    fewest_drugs,
    gate,
    ranking_table,
)
from pamrx_training.evaluation.ranking_measures import (
    AUC,
    TOP_TENTH,
    across_lines,
    first_picks,
    rho_in_line,
    sensitive,
    share_of_lines,
    top_share,
)
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score


def measured(n: int = 60, drugs: int = 6, seed: int = 0, missing: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(random.normal(size=(n, drugs)), [f"L{k}" for k in range(n)], [f"D{k}" for k in range(drugs)])
    return table.mask(random.random(table.shape) < missing)


def judged(question: Question, draws: int = 20) -> pd.Series:
    """The measures of every score on the lines as they are: index drugs, truth, score, measure."""
    table = ranking_table(draw(question, draws), [])
    return table.set_index(["drugs", "truth", "score", "measure"])["value"]


def noisy(truth: pd.DataFrame, seed: int, noise: float = 1.0) -> pd.DataFrame:
    return -truth + np.random.default_rng(seed).normal(0, noise, truth.shape)


def test_the_fifth_of_a_drug_is_that_of_its_measured_lines() -> None:
    table = measured(50, 3, missing=0.3)
    hits = sensitive(table)
    assert (hits.isna() == table.isna()).all(axis=None)
    for drug in table:
        known = table[drug].dropna().sort_values()
        fifth = set(known.index[: int(0.2 * len(known) + 1e-9)])
        assert set(hits.index[hits[drug] == 1]) == fifth
    assert share_of_lines(table).max().tolist() == [1.0, 1.0, 1.0]


def test_a_perfect_score_finds_what_there_is_to_find() -> None:
    truth = measured(100, 8)
    found = judged(Question({PLAIN: truth}, {"perfect": -share_of_lines(truth)}, {ALL: list(truth)}))[ALL, PLAIN]
    hits = sensitive(truth)
    assert found["perfect", "first_pick"] == pytest.approx((hits.sum(axis=1) > 0).mean())
    assert found["perfect", "top_three"] == pytest.approx((hits.sum(axis=1).clip(upper=3) / 3).mean())
    # Two drugs of a line may share a rank, and no order of the two is the right one.
    assert found["perfect", "rho"] == pytest.approx(1.0, abs=0.005)
    assert found["perfect", "auc"] == pytest.approx(1.0)
    assert found["perfect", "top_tenth"] == pytest.approx(1.0)


def test_a_constant_score_gets_what_chance_gives() -> None:
    truth = measured(100, 8, missing=0.1)
    constant = pd.DataFrame(0.3, truth.index, truth.columns)
    question = Question({PLAIN: truth}, {"constant": constant}, {ALL: list(truth)})
    found = judged(question)[ALL, PLAIN]["constant"]
    enough = truth.notna().sum(axis=1) >= fewest_drugs(8)
    expected = sensitive(truth)[enough].mean(axis=1).mean()
    assert found["first_pick"] == pytest.approx(expected)
    assert found["top_three"] == pytest.approx(expected)
    assert found["rho"] == pytest.approx(0.0, abs=1e-12)
    assert found["auc"] == pytest.approx(0.5)
    assert found["top_tenth"] == pytest.approx(sensitive(truth).mean().mean())


def test_a_random_score_is_no_better_than_a_constant_one() -> None:
    truth = measured(400, 10)
    table = ranking_table(draw(Question({PLAIN: truth}, {"random": measured(400, 10, 9)}, {ALL: list(truth)}), 200), [])
    limits = table.set_index("measure")
    for measure, chance in {"first_pick": 0.2, "top_three": 0.2, "rho": 0.0, "auc": 0.5, "top_tenth": 0.2}.items():
        assert limits.at[measure, "low"] < chance < limits.at[measure, "high"]


def test_ties_are_means_over_the_orders_that_they_allow() -> None:
    score = np.array([[3.0, 2, 2, 2, 1, np.nan, 3]])
    hits = np.array([[1.0, 0, 1, 1, 0, np.nan, 0]])
    rank = np.array([[0.3, 0.6, 0.1, 0.2, 0.9, np.nan, 0.5]])
    first, top, rho = [], [], []
    known = np.flatnonzero(~np.isnan(score[0]))
    for order in permutations(known):
        values = score[0, list(order)]
        if (np.diff(values) > 0).any():
            continue
        first.append(hits[0, order[0]])
        top.append(hits[0, list(order[:3])].mean())
        rho.append(spearmanr(np.arange(len(order)), rank[0, list(order)]).statistic)
    assert (first_picks(score) * np.nan_to_num(hits)).sum() == pytest.approx(np.mean(first))
    assert top_share(score, hits)[0] == pytest.approx(np.mean(top))
    assert rho_in_line(score, rank)[0] == pytest.approx(np.mean(rho))


def test_a_line_of_few_drugs_is_judged_on_those_it_has() -> None:
    nothing = np.full((1, 4), np.nan)
    assert np.isnan(top_share(nothing, nothing)).all()
    assert first_picks(nothing).sum() == 0
    two = np.array([[1.0, 2.0, np.nan, np.nan]])
    assert top_share(two, np.array([[1.0, 0, np.nan, np.nan]]))[0] == 0.5
    assert np.isnan(rho_in_line(two, two)).all()


def test_without_ties_rho_is_spearmans() -> None:
    score, rank = measured(5, 12).to_numpy(), measured(5, 12, 1).to_numpy()
    expected = [spearmanr(-one, other).statistic for one, other in zip(score, rank, strict=True)]
    assert rho_in_line(score, rank) == pytest.approx(expected)


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_across_tumours_agrees_with_scikit_learn_and_the_long_way(decimals: Any) -> None:
    truth = measured(80, 3, missing=0.2)
    score, hits = noisy(truth, 5).round(decimals), sensitive(truth)
    counts = np.random.default_rng(1).multinomial(80, np.full(80, 1 / 80), size=300).astype(np.float32)
    found = across_lines(score, {PLAIN: hits}, counts)
    for column, drug in enumerate(truth):
        for row in (0, 150, 299):
            lines = np.repeat(np.arange(80), counts[row].astype(int))
            marks, values = hits[drug].to_numpy()[lines], score[drug].to_numpy()[lines]
            known = ~np.isnan(marks)
            marks, values = marks[known], values[known]
            assert found[PLAIN, AUC][row, column] == pytest.approx(roc_auc_score(marks, values))
            left, got = 0.1 * len(marks), 0.0
            for level in np.unique(values)[::-1]:
                here = values == level
                taken = min(left, here.sum())
                got, left = got + taken * marks[here].mean(), left - taken
            assert found[PLAIN, TOP_TENTH][row, column] == pytest.approx(got / (0.1 * len(marks)), abs=1e-6)


def test_a_draw_is_the_mean_over_redrawn_lines_with_the_fifth_of_all() -> None:
    truth = measured(40, 5, missing=0.1)
    score = noisy(truth, 3)
    found = draw(Question({PLAIN: truth}, {"score": score}, {ALL: list(truth)}), draws=7, seed=4)
    counts = np.random.default_rng(4).multinomial(40, np.full(40, 1 / 40), size=7)
    hits, rank, enough = sensitive(truth), share_of_lines(truth), truth.notna().sum(axis=1) >= fewest_drugs(5)
    held = score.where(truth.notna()).to_numpy()
    for row, count in enumerate(counts):
        lines = [line for line in np.repeat(np.arange(40), count) if enough.iloc[line]]
        assert found.values[ALL, PLAIN, "top_three"][row + 1, 0] == pytest.approx(
            top_share(held[lines], hits.to_numpy()[lines]).mean()
        )
        assert found.values[ALL, PLAIN, "rho"][row + 1, 0] == pytest.approx(
            np.nanmean(rho_in_line(held[lines], rank.to_numpy()[lines]))
        )
    assert found.n[ALL, PLAIN, "rho"] == enough.sum()


def test_only_cells_that_every_score_has_are_judged() -> None:
    truth = measured(50, 4)
    perfect, partial = -truth, (-truth).assign(D0=np.nan)
    found = draw(Question({PLAIN: truth}, {"a": perfect, "b": partial}, {ALL: list(truth)}), 5)
    assert found.n[ALL, PLAIN, "auc"] == 3
    for table in found.values.values():
        assert table[:, 0] == pytest.approx(table[:, 1])


def test_what_the_first_picks_are_is_told_whatever_the_truth() -> None:
    truth = measured(40, 6)
    score = truth * 0 + [6.0, 5, 4, 3, 2, 1]
    score.iloc[:10, 5] = 9.0
    beyond = truth * 0
    beyond.iloc[:20, 0], beyond.iloc[20:, 5] = 1.0, 1.0
    question = Question(
        {PLAIN: truth, SPECIFIC: truth},
        {"score": score},
        {ALL: list(truth), CLINICAL: ["D0", "D1", "D2", "D3", "D4"]},
        beyond,
        frozenset({"D5"}),
    )
    found = judged(question)
    assert found[ALL, PLAIN, "score", "tool_compounds"] == pytest.approx(10 / 40)
    assert found[ALL, PLAIN, "score", "beyond_range"] == pytest.approx(10 / 40)
    assert found[ALL, PLAIN, "score", "three_commonest"] == 1.0
    assert found[CLINICAL, PLAIN, "score", "tool_compounds"] == 0.0
    assert found[CLINICAL, PLAIN, "score", "beyond_range"] == pytest.approx(20 / 40)
    assert (ALL, SPECIFIC, "score", "beyond_range") not in found.index
    unknown = Question({PLAIN: truth}, {"score": score}, {ALL: list(truth)}, beyond * np.nan)
    assert (ALL, PLAIN, "score", "beyond_range") not in judged(unknown).index


def test_three_commonest_says_how_alike_the_answers_are() -> None:
    truth = measured(60, 6)
    own = pd.DataFrame(np.roll(np.eye(6), 0, axis=0)[np.arange(60) % 6], truth.index, truth.columns)
    found = judged(Question({PLAIN: truth}, {"own": own}, {ALL: list(truth)}))
    assert found[ALL, PLAIN, "own", "three_commonest"] == pytest.approx(0.5)


def test_the_gate_wants_every_lower_limit_above_zero() -> None:
    truth = measured(300, 10)
    other = measured(300, 10, 8)
    scores = {
        "percentile": noisy(truth + other, 1, 3.0),
        "good": noisy(truth + other, 2, 0.5),
        "plain only": noisy(truth, 3, 0.1) + 0.4 * other,
    }
    question = Question({PLAIN: truth, SPECIFIC: other}, scores, {CLINICAL: list(truth)})
    table = ranking_table(draw(question, 300), ["percentile"])
    found = gate(table, {PLAIN: ["percentile"], SPECIFIC: ["percentile"]})
    assert list(found.index) == ["good", "plain only"]
    assert found["passes"].to_dict() == {"good": True, "plain only": False}
    assert found.loc["plain only", "truth"] == SPECIFIC
    assert (found["low"] <= found["value"]).all()
    assert found.loc["good", "low"] > 0


def test_a_difference_is_paired_over_lines() -> None:
    truth = measured(200, 8)
    scores = {"base": noisy(truth, 1), "same": noisy(truth, 1) * 2}
    table = ranking_table(draw(Question({PLAIN: truth}, scores, {ALL: list(truth)}), 50), ["base"])
    part = table[(table["score"] == "same") & (table["against"] == "base") & (table["measure"] != "beyond_range")]
    assert len(part) > 4
    assert (part[["value", "low", "high"]] == 0).all(axis=None)
    assert not ((table["score"] == "base") & (table["against"] == "base")).any()


def test_splits_are_averaged_draw_by_draw() -> None:
    truth = measured(50, 6)
    parts = [draw(Question({PLAIN: truth}, {"s": noisy(truth, k)}, {ALL: list(truth)}), 10) for k in (1, 2)]
    found = averaged(parts)
    for key, table in found.values.items():
        assert table == pytest.approx((parts[0].values[key] + parts[1].values[key]) / 2)


@pytest.mark.parametrize(("drugs", "needed"), [(52, 30), (100, 30), (50, 30), (10, 6), (3, 2), (2, 2)])
def test_how_many_drugs_a_line_needs(drugs: Any, needed: Any) -> None:
    assert fewest_drugs(drugs) == needed
