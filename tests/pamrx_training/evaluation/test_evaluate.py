"""Evaluation and training on a slice of the real data: real lines, fewer of them, fewer trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import load_bundle, save_bundle
from pamrx.errors import PamrxError
from pamrx.model import boosted
from pamrx_training.evaluation.evaluate import COMPARED, MODEL, evaluate
from pamrx_training.evaluation.metrics import mean_pearson, per_assay
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.cross_validation import run_fold
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import leave_cell_line_out, sides
from pamrx_training.training import train

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def cohort(gdsc: Any) -> Cohort:
    """240 real lines and eight real assays, one of them with two series."""
    whole = build_cohort(gdsc)
    lines = list(np.random.default_rng(0).permutation(whole.lines)[:240])
    assays = [f"GDSC2:{d}" for d in ("Alpelisib", "Taselisib", "Capivasertib", "Uprosertib", "Dactolisib", "Rapamycin")]
    assays += ["GDSC1:Pictilisib", "GDSC1:Capivasertib"]
    part = whole.subset(lines)
    kept = part.responses[part.responses["assay"].isin(assays)].reset_index(drop=True)
    # A tenth of the drugs outside the axis is enough for a general sensitivity.
    outside = part.outside[part.outside["assay"].isin(sorted(part.outside["assay"].unique())[::10])]
    return replace(part, responses=kept, outside=outside)


@pytest.fixture(scope="module")
def quick() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 40)
        yield


@pytest.fixture(scope="module")
def evaluated(cohort: Any, quick: Any) -> Any:
    folds = leave_cell_line_out(cohort, 4, seed=3)
    return folds, evaluate(cohort, folds, RunContext(1), draws=200)


@pytest.fixture(scope="module")
def unspoilt(cohort: Any, quick: Any, predictions_of_fold: Any) -> Any:
    """The folds, and what is predicted for the first of them from the data as they are."""
    folds = leave_cell_line_out(cohort, 4, seed=3)
    return folds, predictions_of_fold(cohort, folds, 0)


def test_one_row_per_line_and_assay_out_of_fold(cohort: Any, evaluated: Any) -> None:
    folds, evaluation = evaluated
    oof, predictions = evaluation.oof, evaluation.predictions.predicted
    first = ["cell_line", "assay", "drug", "fold", "measured", "predicted"]
    assert list(oof.columns) == [*first, "specific_measured", "specific_predicted"]
    wide = oof.pivot(index="cell_line", columns="assay", values="specific_predicted").loc[cohort.lines]
    expected = evaluation.predictions.specific.where(evaluation.predictions.measured.notna())
    assert np.allclose(wide, expected[wide.columns], equal_nan=True)
    assert not oof.duplicated(["cell_line", "assay"]).any()
    assert (oof["fold"] == oof["cell_line"].map(folds)).all()
    assert len(oof) == cohort.response_matrix(cohort.lines).notna().sum().sum()
    assert (oof["drug"] == oof["assay"].str.partition(":")[2]).all()
    assert predictions.notna().all().all()
    assert list(predictions.index) == cohort.lines


def test_the_printed_metrics_are_those_of_the_written_predictions(evaluated: Any) -> None:
    evaluation = evaluated[1]
    wide = evaluation.oof.pivot(index="cell_line", columns="assay")
    again = per_assay(wide["measured"], wide["predicted"])
    for name in ("n", "pearson", "spearman", "rmse"):
        assert np.allclose(again[name], evaluation.per_assay[name])
    assert evaluation.summary["lco_pearson"] == pytest.approx(mean_pearson(again))
    assert (
        evaluation.summary["lco_pearson_low"]
        < evaluation.summary["lco_pearson"]
        < evaluation.summary["lco_pearson_high"]
    )


def test_on_real_lines_the_model_beats_the_naive_and_keeps_up_with_the_ridge(evaluated: Any) -> None:
    summary = evaluated[1].summary
    assert summary["lco_pearson"] > summary["lco_pearson_tissue_drug_mean"] > summary["lco_pearson_drug_mean"]
    assert summary["lco_pearson"] > summary["lco_pearson_ridge"] - 0.02
    assert summary["lco_rmse"] < summary["lco_rmse_drug_mean"]


def test_poisoned_test_lines_change_no_prediction(cohort: Any, unspoilt: Any, predictions_of_fold: Any) -> None:
    """Responses of the test lines are replaced by garbage: nothing that is predicted may move by a digit."""
    folds, a = unspoilt
    _, test = sides(cohort, folds, 0)
    garbage = cohort.responses.copy()
    hit = garbage["cell_line"].isin(test)
    garbage.loc[hit, "ln_ic50"] = np.random.default_rng(1).normal(1000, 500, int(hit.sum()))
    poisoned = replace(cohort, responses=garbage)
    b = predictions_of_fold(poisoned, folds, 0)
    for name in COMPARED:
        pd.testing.assert_frame_equal(a[name], b[name], check_exact=True)
    assert not a["measured"].equals(b["measured"])


@pytest.mark.slow
def test_the_specific_response_is_evaluated_and_sees_no_test_line(cohort: Any, quick: Any, evaluated: Any) -> None:
    """Garbage in all responses of the test lines, on drugs of the axis and others, moves no specific prediction."""
    folds, evaluation = evaluated
    summary, table = evaluation.summary, evaluation.per_assay
    assert summary["lco_specific_pearson_low"] < summary["lco_specific_pearson"] < summary["lco_specific_pearson_high"]
    assert summary["lco_specific_pearson"] > summary["lco_specific_plain_pearson"]
    assert table["specific_pearson"].notna().all()
    _, test = sides(cohort, folds, 0)
    dirty = {}
    for name in ("responses", "outside"):
        rows = getattr(cohort, name).copy()
        hit = rows["cell_line"].isin(test)
        rows.loc[hit, "ln_ic50"] = np.random.default_rng(1).normal(1000, 500, int(hit.sum()))
        dirty[name] = rows
    found = run_fold(replace(cohort, **dirty), folds, 0, seed=0)
    clean = evaluation.predictions.specific.loc[test]
    pd.testing.assert_frame_equal(found.specific, clean, check_exact=True, check_names=False, check_index_type=False)
    for name, masked in found.masked.specific.items():
        whole = evaluation.predictions.masked.specific[name].loc[test]
        pd.testing.assert_frame_equal(masked, whole, check_exact=True, check_names=False, check_index_type=False)


def test_poisoned_test_profiles_change_no_prediction_of_the_other_test_lines(
    cohort: Any, unspoilt: Any, predictions_of_fold: Any
) -> None:
    folds, a = unspoilt
    _, test = sides(cohort, folds, 0)
    spoilt = test[: len(test) // 2]
    expression = cohort.profiles.expression.copy()
    expression.loc[spoilt] = np.random.default_rng(1).normal(0, 99, (len(spoilt), expression.shape[1]))
    segments = cohort.profiles.segments.copy()
    segments.loc[spoilt] = 2.0
    poisoned = replace(cohort, profiles=replace(cohort.profiles, expression=expression, segments=segments))
    b = predictions_of_fold(poisoned, folds, 0)
    others = [line for line in test if line not in set(spoilt)]
    for name in COMPARED:
        pd.testing.assert_frame_equal(a[name].loc[others], b[name].loc[others], check_exact=True)
    assert not a[MODEL].loc[spoilt].equals(b[MODEL].loc[spoilt])


def test_processes_do_not_change_the_result(cohort: Any, quick: Any, evaluated: Any, predictions_of_fold: Any) -> None:
    folds, evaluation = evaluated
    predictions = evaluation.predictions.predicted
    fold = folds.unique()[0]
    again = predictions_of_fold(cohort, folds, fold)[MODEL]
    pd.testing.assert_frame_equal(
        predictions.loc[again.index], again, check_exact=True, check_names=False, check_index_type=False
    )


@pytest.mark.slow
def test_training_twice_gives_the_same_bundle_and_held_out_lines_have_no_part(
    cohort: Any, quick: Any, tmp_path: Path
) -> None:
    away = cohort.lines[:5]
    manifests = []
    for name in ("first", "second"):
        trained = train(cohort, away, {"name": "small", "data_fingerprint": "f" * 64}, RunContext(1, seed=1))
        manifests.append(save_bundle(trained.bundle, tmp_path / name, trained.card()))
    assert manifests[0]["fingerprint"] == manifests[1]["fingerprint"]
    assert not set(away) & set(manifests[0]["trained_lines"])
    bundle = load_bundle(tmp_path / "first")
    assert not set(away) & set(bundle.reference.lines.index)
    predicted = bundle.model.predict(trained.features)
    pd.testing.assert_frame_equal(predicted, trained.bundle.model.predict(trained.features), check_exact=True)
    for one in (bundle.specific, trained.bundle.specific):
        assert one is not None
    pd.testing.assert_frame_equal(
        bundle.specific.predict(trained.features, predicted),
        trained.bundle.specific.predict(trained.features, predicted),
        check_exact=True,
    )
    assert bundle.predict(cohort.profiles.subset(away))["specific_percentile"].between(0, 100).all()
    card = (tmp_path / "first" / "MODEL_CARD.md").read_text()
    assert f"{trained.evaluation.summary['lco_pearson']:.3f}" in card
    assert "not a medical device" in card


def test_a_held_out_line_that_is_not_there_is_named(cohort: Any) -> None:
    with pytest.raises(PamrxError, match="MCF77"):
        train(cohort, ["MCF77"], {})
