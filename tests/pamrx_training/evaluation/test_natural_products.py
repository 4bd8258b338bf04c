"""The exploratory fit of natural products: which assays it takes, and how it judges them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pamrx_training.datasets import GdscData
from pamrx_training.evaluation.natural_products import (
    KINDS,
    evaluate_natural_products,
    judged,
    kind_of,
    markdown,
    natural_rows,
)
from pamrx_training.fitting.cohort import Cohort, build_cohort


def test_kinds_are_told_by_the_exact_name_and_the_axis_has_none() -> None:
    from pamrx.knowledge.drugs import is_drug

    assert kind_of("Shikonin") == "plant"
    assert kind_of("shikonin") is None
    assert kind_of("Alpelisib") is None
    names = [drug for drugs in KINDS.values() for drug in drugs]
    assert len(names) == len(set(names))
    assert not any(is_drug(name) for name in names)


def test_rows_of_natural_products_only() -> None:
    outside = pd.DataFrame({"assay": ["GDSC1:Shikonin", "GDSC1:Erlotinib", "GDSC2:Paclitaxel"], "ln_ic50": [1.0, 2, 3]})
    assert natural_rows(outside)["assay"].tolist() == ["GDSC1:Shikonin", "GDSC2:Paclitaxel"]


def made_up(strength: float) -> pd.DataFrame:
    """`judged` of one assay whose prediction has the truth with `strength` and noise, and a tissue effect beside."""
    random = np.random.default_rng(0)
    lines = [f"l{place}" for place in range(300)]
    tissue = pd.Series(np.repeat(["a 0", "b 0", "a 1"], 100), index=lines)
    truth = random.normal(size=300)
    effect = 3.0 * (tissue != "b 0").to_numpy()
    name = ["GDSC1:Shikonin"]
    measured = pd.DataFrame(truth[:, None] + effect[:, None], index=lines, columns=name)
    measured.iloc[:20] = np.nan
    guess = strength * truth + random.normal(size=300)
    predicted = pd.DataFrame(guess[:, None] + effect[:, None], index=lines, columns=name)
    return judged(measured, predicted, measured, predicted, tissue, draws=500)


def test_what_only_a_tissue_tells_is_not_told_from_0_within_tissue() -> None:
    row = made_up(strength=0.0).iloc[0]
    assert row["n"] == 280
    assert row["r"] > 0.4
    assert abs(row["within"]) < 0.15
    assert not row["told_from_0"]


def test_a_true_signal_is_told_from_0_with_an_interval_around_it() -> None:
    row = made_up(strength=1.0).iloc[0]
    assert row["within"] == pytest.approx(0.7, abs=0.1)
    assert row["within_low"] < row["within"] < row["within_high"]
    assert row["told_from_0"]


def test_the_table_says_what_was_judged() -> None:
    text = markdown(made_up(strength=1.0))
    assert re.search(r"\| GDSC1:Shikonin \| plant \| 280 \| 0\.\d\d \(0\.\d\d to 0\.\d\d\) \|.* \| yes \|", text)


@pytest.mark.medium
def test_the_whole_protocol_on_a_made_up_cohort(made_up_gdsc: Callable[..., GdscData]) -> None:
    cohort = build_cohort(made_up_gdsc(n=120))
    kept = cohort.outside
    assert kept is not None
    named = pd.concat([kept.assign(assay=f"GDSC1:{name}") for name in ("Shikonin", "Embelin", *map(str, range(20)))])
    found = evaluate_natural_products(_with(cohort, named), draws=200)
    assert list(found.index) == ["GDSC1:Embelin", "GDSC1:Shikonin"]
    assert found["r"].between(-1, 1).all()
    # What they are judged on is what was given: the list of drugs outside the axis is not changed.
    assert cohort.outside is kept


def _with(cohort: Cohort, outside: pd.DataFrame) -> Cohort:
    noise = np.random.default_rng(0).normal(size=len(outside))
    return replace(cohort, outside=outside.assign(ln_ic50=outside["ln_ic50"] + noise))
