"""Alterations of the axis that the model did not learn are listed with the reason, those that it learned are not."""

from __future__ import annotations

import pytest
from pamrx import Bundle
from pamrx.clinical import unlearned_alterations

from tests.pamrx.features.test_blocks import profiles


def test_what_was_not_learned_is_listed_with_its_reason(bundle: Bundle) -> None:
    rows = [
        ("s", "AKT1", "Missense_Mutation", "p.E17K"),
        ("s", "PIK3CA", "Missense_Mutation", "p.H1047R"),
        ("s", "PIK3CA", "Missense_Mutation", "p.E726K"),
        ("s", "TSC2", "Nonsense_Mutation", "p.Q1178*"),
        ("s", "TP53", "Nonsense_Mutation", "p.R213*"),
    ]
    given = profiles(["s"], rows, copy_number={"PTEN": [-2], "RICTOR": [2], "NPRL2": [2], "ERBB2": [2]})
    found = unlearned_alterations(given, bundle)
    assert dict(zip(found["gene"], found["model"], strict=True)) == {
        "AKT1": "not learned (training does not mark its drivers)",
        "TSC2": "not learned (training does not mark its drivers)",
        "NPRL2": "not learned (fewer than 5 lines)",
    }
    assert set(found["sample_id"]) == {"s"}
    assert found.set_index("gene").at["NPRL2", "alteration"] == "amplified"


@pytest.mark.medium
def test_with_counts_too_few_lines_are_said(bundle: Bundle) -> None:
    given = profiles(["s"], [("s", "TSC1", "Nonsense_Mutation", "p.R692*")])
    builder = bundle.builder
    before = builder.lines_
    try:
        builder.lines_ = {"mutation.TSC1": 7}
        assert unlearned_alterations(given, bundle)["model"].tolist() == ["not learned (7 lines)"]
        builder.lines_ = {"mutation.TSC1": 11}
        assert unlearned_alterations(given, bundle).empty
    finally:
        builder.lines_ = before
