"""Orders made from out-of-fold predictions, and what is printed, kept and logged of their ranking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import UsageError
from pamrx.identifiers.assay import AssayId
from pamrx_training.evaluation import protocols as evidence_protocols
from pamrx_training.evaluation import ranked
from pamrx_training.evaluation.evaluate import with_heads
from pamrx_training.evaluation.protocols import Options, check, check_scope
from pamrx_training.evaluation.ranked import rank_found, rank_splits
from pamrx_training.evaluation.ranking import ALL, CLINICAL, PLAIN, SPECIFIC
from pamrx_training.evaluation.ranking_card import ranking_markdown
from pamrx_training.evaluation.ranking_scores import (
    BASELINES,
    beyond_range,
    question_of,
    scores_of,
    tissue_table,
)
from pamrx_training.evaluation.ranking_tables import print_ranking, verdict
from pamrx_training.fitting.cross_validation import OutOfFold
from pamrx_training.fitting.masked_predictions import MaskedPredictions
from pamrx_training.fitting.run_context import RunContext, Store
from pamrx_training.tracking import DataSet, evaluations
from pamrx_training.tracking.summaries import ranking_metrics

pytestmark = pytest.mark.medium

ASSAYS = ["GDSC1:Alpelisib", "GDSC2:Alpelisib", "GDSC2:Capivasertib", "GDSC2:Pictilisib", "GDSC1:A-443654"]
DRUGS = ["A-443654", "Alpelisib", "Capivasertib", "Pictilisib"]
N = 90


def made(seed: int = 0, specific: bool = True) -> tuple[OutOfFold, pd.Series]:
    """Two folds; predictions are the truth with noise, moved by the fold."""
    random = np.random.default_rng(seed)
    lines = [f"L{place:02}" for place in range(N)]
    measured = pd.DataFrame(random.normal(size=(N, len(ASSAYS))) + range(5), lines, ASSAYS)
    folds = pd.Series(np.arange(N) % 2, lines)
    tissue = pd.Series(np.where(np.arange(N) % 3, "breast", "skin"), lines)
    offset = np.where(folds == 1, 5.0, 0.0)[:, None]
    nothing = measured * 0 + offset
    predicted = measured + random.normal(size=measured.shape) + offset
    rest = measured + random.normal(size=measured.shape)
    masked = MaskedPredictions(
        measured, {"none": nothing}, {}, pd.DataFrame(), folds, {"none": nothing * 0} if specific else {}
    )
    holes = random.random(measured.shape) < 0.1
    frames = (rest - 1, rest.mask(holes)) if specific else (None, None)
    return OutOfFold(folds, predicted, measured.mask(holes), {}, *frames, masked, 1.0), tissue


def test_each_drug_is_judged_in_its_newest_screen_and_tool_compounds_apart() -> None:
    question = question_of(*made())
    assert list(question.truths) == [PLAIN, SPECIFIC]
    assert question.tools == {"A-443654"}
    assert question.groups == {CLINICAL: DRUGS[1:], ALL: DRUGS}
    measured = made()[0].measured
    assert question.truths[PLAIN]["Alpelisib"].equals(measured["GDSC2:Alpelisib"])
    for frame in question.scores.values():
        assert list(frame.columns) == DRUGS
        assert list(frame.index) == list(measured.index)
        assert frame.notna().all(axis=None)


def test_the_baselines_are_there_without_the_specific_response_too() -> None:
    scores = question_of(*made()).scores
    assert set(BASELINES) | {"specific_percentile"} == set(scores)
    without = question_of(*made(specific=False))
    assert list(without.truths) == [PLAIN]
    assert set(without.scores) == {"percentile", "expected_z", "tissue_table", "drug_mean"}


def test_the_percentile_is_of_what_evidence_adds_to_the_folds_own_mean() -> None:
    """The folds' models differ by 5 in their means; without the move one fold would hold all high percentiles."""
    found, tissue = made()
    score = question_of(found, tissue).scores["percentile"]
    by_fold = score.groupby(found.folds).mean()
    assert (by_fold - 50).abs().max(axis=None) < 12


def test_a_table_of_tissues_is_learned_on_the_other_folds_and_shrunk() -> None:
    found, tissue = made()
    measured = found.measured[["GDSC2:Alpelisib"]].set_axis(["Alpelisib"], axis=1)
    before = tissue_table(measured, tissue, found.folds)
    own = found.folds == 0
    spoilt = measured.where(~own, 99.0)
    assert tissue_table(spoilt, tissue, found.folds)[own].equals(before[own])
    assert not tissue_table(spoilt, tissue, found.folds)[~own].equals(before[~own])
    train = measured[~own]
    z = (train - train.mean()) / train.std()
    skin = z[(tissue == "skin")[~own]]["Alpelisib"]
    line = measured.index[own & (tissue == "skin")][0]
    assert before.at[line, "Alpelisib"] == pytest.approx(-skin.sum() / (skin.count() + 5))


def test_the_drug_mean_is_one_order_for_all_lines() -> None:
    found, tissue = made()
    score = question_of(found, tissue).scores["drug_mean"]
    assert (score.nunique() == 1).all()
    assert score.iloc[0].idxmax() == "Alpelisib"


def test_chances_join_where_the_predictions_have_them() -> None:
    found, tissue = made()
    assays = [AssayId.parse(name) for name in ("GDSC2:Alpelisib", "GDSC2:Capivasertib", "GDSC2:Pictilisib")]
    chance = found.predicted * 0 + 0.3
    held = replace(found, chance=chance)
    scores = scores_of(held, tissue, assays)
    assert (scores["chance"] == 0.3).all(axis=None)
    assert "mean_chance" not in scores
    both = scores_of(replace(found, chance=chance, viability_chance=chance + 0.2), tissue, assays)
    assert both["mean_chance"].to_numpy() == pytest.approx(0.4)


def test_beyond_the_range_is_a_fact_of_the_measurement() -> None:
    assays = [AssayId("GDSC1", "Omipalisib"), AssayId("GDSC2", "Alpelisib")]
    measured = pd.DataFrame({"Omipalisib": [np.log(0.127), np.log(0.129), np.nan], "Alpelisib": [0.0, 9.0, 0.0]})
    found = beyond_range(measured, assays)
    assert found["Omipalisib"].tolist()[:2] == [0.0, 1.0]
    assert np.isnan(found.at[2, "Omipalisib"])


def test_the_tables_fit_80_columns_and_say_who_passes(capsys: Any) -> None:
    found = rank_found(*made(), seed=7, draws=30)
    print_ranking(found)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for word in ("percentile", "specific tissue table", "drug-specific response", "tool compounds", "seed 7"):
        assert word in text
    assert any(line.startswith("specific percentile: ") for line in verdict(found))
    assert not any(line.startswith("expected z") for line in verdict(found))


def test_without_the_specific_response_there_is_no_order_to_judge_yet() -> None:
    found = rank_found(*made(specific=False), draws=5)
    assert found.verdicts.empty
    assert "judged on ln IC50 alone" in verdict(found)[0]


def test_what_is_logged_are_measures_ends_and_verdicts() -> None:
    found = rank_found(*made(), draws=20)
    metrics = ranking_metrics(found)
    name = "ranking_top_three.clinical.plain.percentile"
    row = found.table.set_index(["drugs", "truth", "score", "measure", "against"]).loc[
        (CLINICAL, PLAIN, "percentile", "top_three", "")
    ]
    assert metrics[name] == row["value"]
    assert metrics[name.replace("three.", "three_low.")] == row["low"]
    assert metrics["ranking_gate.specific_percentile"] in (0.0, 1.0)
    assert "ranking_rho_minus_tissue_table.clinical.specific.specific_percentile" in metrics
    assert not any("minus" in name and ".all." in name for name in metrics)


def test_a_finished_split_is_read_again(monkeypatch: Any, tmp_path: Path) -> None:
    found, tissue = made()
    calls = []

    def validated(_cohort: object, folds: pd.Series, context: RunContext) -> OutOfFold:
        calls.append(context.seed)
        return made(context.seed)[0]

    monkeypatch.setattr(ranked, "cross_validate", validated)
    monkeypatch.setattr(ranked, "with_chances", lambda found, tissue: found)
    cohort = SimpleNamespace(
        cell_lines=pd.DataFrame({"tissue": tissue}), responses=pd.DataFrame({"drug": [*DRUGS, "Alpelisib"]})
    )
    splits = [(11, found.folds), (12, found.folds)]
    context = RunContext(1, Store(tmp_path, "data"))
    first, again = (rank_splits(cohort, splits, context, draws=10) for _ in range(2))
    assert calls == [11, 12]
    assert first.seeds == (11, 12)
    assert first.n_drugs == 4
    pd.testing.assert_frame_equal(first.table, again.table)
    pd.testing.assert_frame_equal(first.verdicts, again.verdicts)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Options("leave-screen-out", ranking=True), "--ranking goes with .*; found leave-screen-out"),
        (Options(ranking=True, ablate="removed"), "--ranking and --ablate are two evaluations"),
        (Options(ranking=True, biology=True), "--ranking and --biology are two evaluations"),
    ],
)
def test_options_that_do_not_go_with_ranking(asked: Any, told: Any) -> None:
    with pytest.raises(UsageError, match=told):
        check(asked)


def test_advice_more_drugs_can_be_ordered() -> None:
    asked = Options(ranking=True, repeats=2)
    check(asked)
    assert not asked.plain
    two = SimpleNamespace(responses=pd.DataFrame({"drug": ["A", "B", "B"]}))
    with pytest.raises(UsageError, match=r"orders 3 drugs or more; found 2; name more with --drugs"):
        check_scope(asked, two)
    check_scope(asked, SimpleNamespace(responses=pd.DataFrame({"drug": ["A", "B", "C"]})))
    check_scope(Options(), two)


def test_the_card_has_a_table_per_truth_and_the_verdict() -> None:
    text = ranking_markdown(rank_found(*made(), draws=10))
    assert text.count("| order | first pick |") == 2
    assert "Truth: drug-specific response." in text
    assert "- specific percentile: " in text
    assert "| percentile |" in text
    assert "{" not in text


def test_rows_out_of_fold_hold_what_else_was_predicted_of_them() -> None:
    found, _ = made()
    rows = found.measured.rename_axis("cell_line").reset_index().melt("cell_line", var_name="assay").dropna()
    held = replace(found, chance=found.predicted[ASSAYS[:2]] * 0 + 0.3)
    out = with_heads(rows.iloc[::-1], held)
    assert list(out.columns[-3:]) == ["specific_measured", "specific_predicted", "chance"]
    row = out.iloc[5]
    assert row["specific_predicted"] == found.specific.at[row["cell_line"], row["assay"]]
    assert out.loc[out["assay"].isin(ASSAYS[:2]), "chance"].eq(0.3).all()
    assert out.loc[~out["assay"].isin(ASSAYS[:2]), "chance"].isna().all()
    without = with_heads(rows, made(specific=False)[0])
    assert list(without.columns) == list(rows.columns)


def test_a_ranking_is_logged_as_a_run_with_its_table(monkeypatch: Any, tmp_path: Path) -> None:
    logged: list[Any] = []
    monkeypatch.setattr(evaluations, "log_run", logged.append)
    found = rank_found(*made(), seed=7, draws=5)
    settings = evaluations.Settings({"seed": 7}, DataSet("f" * 64, {"lines": N}))
    evaluations.log_result(found, Options(ranking=True, seed=7), settings, 1.0)
    (run,) = logged
    assert run.name == "ranking of drugs, leave-cell-line-out, seed 7"
    assert run.metrics["ranking_rho.clinical.plain.percentile"] > 0
    run.files(tmp_path)
    assert len(pd.read_csv(tmp_path / "table.csv")) == len(found.table)
    assert evidence_protocols.tidy_table(found) is found.table
