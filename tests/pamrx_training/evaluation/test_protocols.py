"""Protocols: who is on which side, and that nothing of the test side reaches what is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.model import boosted
from pamrx_training.datasets.laboratory import Laboratory
from pamrx_training.evaluation.evaluate import evaluate
from pamrx_training.evaluation.laboratories import elsewhere, laboratory_fits
from pamrx_training.evaluation.repeats import evaluate_repeats
from pamrx_training.evaluation.screens import across_screens, screen_fits, shared_drugs
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.fit_cache import Fit, fit_lines
from pamrx_training.fitting.run_context import RunContext, Store
from pamrx_training.fitting.splits import leave_cell_line_out, leave_tissue_out, repeated, sides

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 10)
        yield


@pytest.fixture(scope="module")
def whole(made_up_gdsc: Any) -> Cohort:
    return build_cohort(made_up_gdsc(n=130))


@pytest.fixture(scope="module")
def cohort(whole: Any) -> Cohort:
    return whole.subset(whole.lines[:120])


@pytest.fixture(scope="module")
def third(whole: Any) -> Any:
    """Profiles of lines that are on no side of any split."""
    return whole.profiles.subset(whole.lines[120:])


def fold_fits(cohort: Cohort, folds: pd.Series) -> list[Fit]:
    return [Fit(*map(tuple, sides(cohort, folds, name)), 11) for name in sorted(folds.unique())]


PROTOCOLS = {
    "leave-cell-line-out": lambda cohort: fold_fits(cohort, leave_cell_line_out(cohort, 4, 11)),
    "leave-tissue-out": lambda cohort: fold_fits(cohort, leave_tissue_out(cohort, 3, 11)),
    "leave-screen-out": lambda cohort: list(screen_fits(cohort, leave_cell_line_out(cohort, 3, 11), 11).values()),
    "nci60": lambda cohort: [laboratory_fits(cohort, cohort.lines[:25], 11, 1)["held out 0"]],
    "gcsi": lambda cohort: [laboratory_fits(cohort, cohort.lines[:60], 11, 3)[f"held out {n}"] for n in range(3)],
}


def poisoned(cohort: Cohort, fit: Fit) -> Cohort:
    """Everything wild that `fit` must not see: all of its test lines, and all assays that it does not train on."""
    random = np.random.default_rng(1)
    away = [line for line in cohort.lines if line not in set(fit.train)]
    responses = cohort.responses.copy()
    hit = responses["cell_line"].isin(away)
    if fit.assays is not None:
        hit |= ~responses["assay"].isin(fit.assays)
    responses.loc[hit, "ln_ic50"] = random.normal(1000, 500, int(hit.sum()))
    profiles = cohort.profiles
    expression, mutations = profiles.expression.copy(), profiles.mutations.copy()
    expression.loc[away] = random.normal(0, 99, (len(away), expression.shape[1]))
    mutations.loc[mutations["sample_id"].isin(away), "gene"] = "TP53"
    mutations = mutations.drop_duplicates(["sample_id", "gene"], ignore_index=True)
    matrices = {}
    for name in ("copy_number", "segments"):
        matrix = getattr(profiles, name, None)
        if matrix is not None:
            matrices[name] = matrix.copy()
            matrices[name].loc[away] = 2.0
    samples = profiles.samples.copy()
    samples.loc[away, "tissue"] = "skin"
    return Cohort(
        replace(profiles, samples=samples, expression=expression, mutations=mutations, **matrices),
        responses,
        cohort.cell_lines,
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_poison_on_the_test_side_changes_no_digit_of_the_fitted_model(cohort: Any, third: Any, protocol: Any) -> None:
    fits = PROTOCOLS[protocol](cohort)
    fit = fits[0]
    wild = poisoned(cohort, fit)
    assert not wild.responses.equals(cohort.responses)
    before, after = fit_lines(cohort, fit), fit_lines(wild, fit)
    assert before.builder.state() == after.builder.state()
    pd.testing.assert_frame_equal(before.predict(third), after.predict(third), check_exact=True)
    away = wild.profiles.subset([line for line in fit.test if line in wild.lines])
    assert not before.predict(away).equals(before.predict(cohort.profiles.subset(list(away.samples.index))))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_who_is_on_which_side_does_not_depend_on_responses_or_features(cohort: Any, protocol: Any) -> None:
    fits = PROTOCOLS[protocol](cohort)
    assert PROTOCOLS[protocol](poisoned(cohort, fits[0])) == fits


def test_the_poison_would_show_where_it_is_trained_on(cohort: Any, third: Any) -> None:
    fit = PROTOCOLS["leave-cell-line-out"](cohort)[0]
    seen = replace(fit, train=(*fit.train, fit.test[0]))
    before, after = fit_lines(cohort, seen), fit_lines(poisoned(cohort, fit), seen)
    assert not before.predict(third).equals(after.predict(third))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_donor_is_on_both_sides(cohort: Any, protocol: Any) -> None:
    """L000 and L001 come from one donor."""
    donor = cohort.cell_lines["donor"]
    for fit in PROTOCOLS[protocol](cohort):
        assert fit.train
        assert fit.test
        assert not set(donor[list(fit.train)]) & set(donor[list(fit.test)])


def test_leave_tissue_out_keeps_every_tissue_group_on_one_side(gdsc: Any) -> None:
    cohort = build_cohort(gdsc)
    folds = leave_tissue_out(cohort, 5, 11)
    group = cohort.cell_lines["tissue_group"]
    assert (folds.groupby(group.to_numpy()).nunique() == 1).all()
    assert set(folds) == set(range(5))
    lung = cohort.cell_lines["tissue"].str.startswith("lung")
    assert lung.sum() > 100
    assert folds[lung.to_numpy()].nunique() == 1
    assert folds.value_counts().max() < 2 * len(folds) / 5
    assert not leave_tissue_out(cohort, 5, 12).equals(folds)
    alone = leave_tissue_out(cohort, group.nunique(), 11)
    assert alone.nunique() == group.nunique()
    with pytest.raises(PamrxError, match="tissue groups cannot fill 26 folds"):
        leave_tissue_out(cohort, 26)


def test_leave_screen_out_trains_on_one_screen_and_is_judged_by_the_other(cohort: Any) -> None:
    assert shared_drugs(cohort) == ["A"]
    folds = repeated(cohort, 3, 11, 1)
    for key, fit in screen_fits(cohort, folds[0][1], 11).items():
        assert {assay.partition(":")[0] for assay in fit.assays} == {key.partition("|")[0]}
    found = across_screens(cohort, folds, RunContext(1), draws=100)
    table = found.table.set_index(["trained_on", "tested_on", "drug"])
    assert list(table.index) == [("GDSC1", "GDSC2", "A"), ("GDSC2", "GDSC1", "A")]
    # The made-up screens hold the same truth, one unit apart, with little noise.
    assert (table["screens_agree"] > 0.9).all()
    assert (table["pearson"] > 0.2).all()
    low, high = found.intervals["GDSC1", "GDSC2"]
    assert low < table["pearson"].iloc[0] < high
    measured = cohort.response_matrix(cohort.lines)
    assert table["n"].tolist() == [measured["GDSC2:A"].notna().sum(), measured["GDSC1:A"].notna().sum()]


def made_up_laboratory(cohort: Cohort, own: bool, sign: float = 1.0) -> Laboratory:
    """Half of the lines, response of drug A told with `sign` 1 where higher is more sensitive."""
    lines = cohort.lines[:60]
    value = -cohort.response_matrix(cohort.lines).loc[lines, "GDSC1:A"]
    table = pd.DataFrame({"cell_line": lines, "drug": "A", "measure": "m", "value": sign * value.to_numpy()})
    profiles = cohort.profiles.subset(lines) if own else None
    return Laboratory("made-up", table.assign(sensitivity=value.to_numpy()), profiles, "f" * 64)


@pytest.mark.slow
def test_another_laboratory_is_judged_with_its_lines_in_training_and_held_out(cohort: Any) -> None:
    found = elsewhere(cohort, made_up_laboratory(cohort, own=True), [11, 12], RunContext(1), draws=100)
    assert set(found.table["profile"]) == {"GDSC", "made-up", "measured in GDSC"}
    mean = found.means["pearson"]
    assert mean["m", "all", "GDSC"] > mean["m", "held out", "GDSC"] > 0.2
    assert mean["m", "held out", "GDSC"] == pytest.approx(mean["m", "held out", "made-up"])
    # Lines answer to drug A alike in both screens, and higher is more sensitive: the sign must come out positive.
    assert mean["m", "held out", "measured in GDSC"] > 0.9
    assert (found.means["low"] < mean).all()
    assert (mean < found.means["high"]).all()
    assert set(found.table["n"]) <= set(range(40, 61))
    assert found.table["repeat"].nunique() == 2


def test_without_profiles_of_its_own_the_profiles_are_those_of_gdsc(cohort: Any) -> None:
    found = elsewhere(cohort, made_up_laboratory(cohort, own=False), [11], RunContext(1), draws=50)
    assert set(found.table["profile"]) == {"GDSC", "measured in GDSC"}
    assert found.table.loc[found.table["lines"] == "held out", "pearson"].gt(0.2).all()


def test_a_line_that_gdsc_does_not_hold_takes_its_donor_out_of_training(cohort: Any) -> None:
    known = cohort.cell_lines.rename(index={"L005": "OVCAR8"}).assign(
        donor=lambda table: table["donor"].replace("L005", "OVCAR8")
    )
    renamed = Cohort(cohort.profiles, cohort.responses, known)
    assert "OVCAR8" not in laboratory_fits(renamed, ["NCIADRRES"], 11)["held out 0"].train


@pytest.mark.slow
def test_repeated_splits_are_the_single_evaluations_and_are_read_again(
    cohort: Any, tmp_path: Path, said: list[str]
) -> None:
    folds, context = repeated(cohort, 3, 11, 2), RunContext(1, Store(tmp_path, "data"))
    found = evaluate_repeats(cohort, folds, context, draws=50)
    alone = evaluate(cohort, folds[1][1], RunContext(1, seed=12), draws=50)
    assert found.summaries.loc[12, "lco_pearson"] == alone.summary["lco_pearson"]
    said.clear()
    again = evaluate_repeats(cohort, folds, context, draws=50)
    assert all("read again" in line for line in said)
    assert len(said) == 2
    pd.testing.assert_frame_equal(found.per_assay, again.per_assay, check_dtype=False)
    pd.testing.assert_frame_equal(found.summaries, again.summaries)
