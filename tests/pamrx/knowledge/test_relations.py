"""The table of known relations: its size, that each row can be checked, and that the controls are in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pamrx.knowledge import table
from pamrx.knowledge.drugs import resolve

CITED = re.compile(r"[A-Z][\w' -]+, [A-Z][A-Za-z ]+ (19|20)\d{2}|Cancer Res 2012, 72\(8 Supplement\)")
HERE = "measured on these data: "
LONGEST = 32
"""A longer name is folded on a terminal of 120 columns."""


def rows(marker: str, direction: str, drug: str) -> Any:
    chosen = table("relations").query("marker == @marker and direction == @direction")
    return chosen[[drug in cell.split("|") for cell in chosen["drugs"]]]


def test_it_is_large_enough_and_names_each_relation_once() -> None:
    known = table("relations")
    assert len(known) >= 20
    assert known["relation"].is_unique
    assert known["relation"].str.len().max() <= LONGEST


def test_every_row_says_what_is_known_and_where_it_can_be_checked() -> None:
    known = table("relations")
    assert (known[["relation", "marker", "drugs", "statement", "source"]] != "").all(axis=None)
    assert set(known["direction"]) == {"sensitive", "resistant", "none"}
    assert known["statement"].str.fullmatch(r"[^.]+(\.\d[^.]*)*\.").all(), "one sentence each"
    unsourced = [s for s in known["source"] if not all(CITED.search(part) or HERE in part for part in s.split("; "))]
    assert not unsourced


def test_drugs_stand_under_their_one_name() -> None:
    for cell in table("relations")["drugs"]:
        assert [resolve(name).name for name in cell.split("|")] == cell.split("|")


@pytest.mark.parametrize(
    ("marker", "direction", "drugs"),
    [
        ("mut:PIK3CA", "sensitive", "Alpelisib Taselisib AZD8835 PI3Ka_4409 Capivasertib Pictilisib"),
        (
            "mut_or_loss:PTEN",
            "sensitive",
            "Capivasertib Ipatasertib Afuresertib Uprosertib MK-2206 AZD8186 Temsirolimus",
        ),
        ("mut:KRAS|BRAF", "resistant", "Alpelisib Taselisib Pictilisib"),
        ("gain:ERBB2", "sensitive", "Alpelisib"),
        ("mut:PIK3CA", "none", "AZD8186 AMG-319 OSI-027"),
        ("mut_or_loss:PTEN", "none", "Alpelisib"),
        ("mut:TSC1", "none", "Rapamycin Temsirolimus"),
        ("any:TSC2", "none", "Rapamycin Temsirolimus"),
        ("mut:STK11", "none", "Rapamycin Temsirolimus"),
        ("mut:MTOR", "none", "Rapamycin Temsirolimus"),
        ("amp:RICTOR", "none", "AZD8055 AZD2014"),
    ],
)
def test_the_controls_are_in_it(marker: Any, direction: Any, drugs: Any) -> None:
    for drug in drugs.split():
        assert len(rows(marker, direction, drug)) == 1, drug


def test_what_weakens_pik3ca_is_looked_at_among_its_carriers() -> None:
    weakened = table("relations").query("marker == 'mut:KRAS|BRAF'")
    assert (weakened["within"] == "mut:PIK3CA").all()
