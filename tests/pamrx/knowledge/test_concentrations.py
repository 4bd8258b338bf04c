"""The highest tested concentrations: one row per assay, and the two sources told apart."""

from __future__ import annotations

import math

import pytest
from pamrx.errors import PamrxError
from pamrx.knowledge import table
from pamrx.knowledge.concentrations import max_concentration
from pamrx.knowledge.drugs import SCREENS, all_drugs, screened_drugs


def test_every_assay_of_the_axis_has_one_row_and_nothing_else_has() -> None:
    rows = table("concentrations")
    expected = {(screen, drug.name) for drug in screened_drugs() for screen in drug.screens}
    assert set(zip(rows["screen"], rows["drug"], strict=True)) == expected
    assert len(rows) == len(expected)
    assert set(rows["citation_status"]) == {"opened"}


def test_a_value_is_given_where_a_screen_holds_the_drug_and_nowhere_else() -> None:
    for drug in all_drugs():
        for screen in SCREENS:
            value = max_concentration(drug, screen)
            assert value is None or (0.01 < value < 100 and screen in drug.screens)


def test_what_the_response_implies_agrees_with_the_value_wherever_both_sources_are_said_to() -> None:
    rows = table("concentrations")
    plain = rows[rows["verified"] == "both"]
    assert len(plain) > 25
    for row in plain.itertuples():
        for implied in row.implied_um.split("|"):
            assert abs(math.log(float(implied) / float(row.max_um))) < 0.07, (row.screen, row.drug)
        assert float(row.dtrace_um) == float(row.max_um)


@pytest.mark.parametrize(
    ("screen", "name", "expected"),
    [
        ("GDSC1", "Omipalisib", 0.128),
        ("GDSC1", "ZSTK474", 5.12),
        ("GDSC1", "Dactolisib", 0.25),
        ("GDSC2", "Alpelisib", 10),
        ("GDSC2", "AZD5363", 10),
        ("GDSC1", "Idelalisib", 20),
        ("GDSC2", "Rapamycin", 0.1),
        ("GDSC2", "Temsirolimus", 1),
    ],
)
def test_known_values(screen: str, name: str, expected: float) -> None:
    assert max_concentration(name, screen) == expected


def test_an_assay_that_is_not_there_has_none_and_an_unknown_screen_is_refused() -> None:
    assert max_concentration("Everolimus", "GDSC2") is None
    assert max_concentration("Omipalisib", "GDSC2") is None
    with pytest.raises(PamrxError, match=r"unknown screen 'gdsc2'.*did you mean GDSC2"):
        max_concentration("Alpelisib", "gdsc2")
