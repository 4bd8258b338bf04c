"""The sentence on another platform: when it comes, and what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.prediction.applicability import Panel
from pamrx.prediction.platform_shift import drug_shifts, shift_notes
from pamrx.prediction.reference import Reference
from pamrx.prediction.tissues import TissueReference

from tests.pamrx.prediction.test_laboratory import lines


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    features, tissue = lines(90, 0, breast=45, skin=45)
    panel = Panel.fit(features, 2)
    place = np.where(tissue == "skin", 0.0, 1.0) + np.linspace(0, 0.5, 90)  # skin is the more sensitive
    reference = Reference(pd.DataFrame({"GDSC2:Alpelisib": place, "GDSC2:Capivasertib": -place}, index=features.index))
    usual = float(panel.measure(features)["platform"].quantile(0.99)) + 0.05
    return {"panel": panel, "reference": reference, "tissues": TissueReference.fit(features, tissue, panel, usual)}


def predicted(samples: pd.Index, alpelisib: float, capivasertib: float) -> pd.DataFrame:
    rows = [
        (sample, drug, "GDSC2", value)
        for sample in samples
        for drug, value in (("Alpelisib", alpelisib), ("Capivasertib", capivasertib))
    ]
    return pd.DataFrame(rows, columns=["sample_id", "drug", "screen", "sensitivity_percentile"])


def test_the_shift_of_a_drug_is_against_lines_of_the_same_tissue(known: Any) -> None:
    features, tissue = lines(20, 1, skin=20)
    table = predicted(features.index, 95.0, 25.0)
    found = drug_shifts(table, tissue, known["reference"], known["tissues"])
    assert list(found.index) == ["Alpelisib", "Capivasertib"]
    assert found["expected"].tolist() == pytest.approx([75.0, 25.0], abs=1.5)
    assert found["shift"].tolist() == pytest.approx([20.0, 0.0], abs=1.5)


def test_a_shifted_cohort_is_told_with_its_drugs_and_the_remedy(known: Any) -> None:
    features, tissue = lines(20, 1, skin=20)
    moved = features + np.random.default_rng(5).normal(0, 0.6, 200)
    (note,) = shift_notes(moved, predicted(features.index, 95.0, 25.0), tissue, **known)
    assert note.startswith("expression: platform: the genes of these samples are shifted by 0.")
    assert "of 1 of 2 drugs is off by 10 points or more, most Alpelisib (+" in note
    assert "`pamrx calibrate`" in note
    assert "--calibrate" in note
    assert "\n" not in note


def test_a_sensitive_cohort_on_the_reference_s_platform_is_biology(known: Any) -> None:
    features, tissue = lines(20, 1, skin=20)
    assert shift_notes(features, predicted(features.index, 100.0, 60.0), tissue, **known) == []


def test_single_samples_are_told_by_their_transcripts(known: Any) -> None:
    features, tissue = lines(2, 1, skin=2)
    table = predicted(features.index, 95.0, 25.0)
    assert shift_notes(features, table, tissue, **known) == []
    moved = features + np.stack([np.zeros(200), np.random.default_rng(5).normal(0, 1.0, 200)])
    (note,) = shift_notes(moved, table, tissue.mask(tissue.notna()), **known)
    assert note.startswith("expression: platform: 1 of 2 samples lie further from the reference lines than 99 %")


def test_without_expression_nothing_is_said(known: Any) -> None:
    features, tissue = lines(20, 1, skin=20)
    assert shift_notes(features * np.nan, predicted(features.index, 95.0, 25.0), tissue, **known) == []
