"""Status by region and year: every row has a source that was opened, and what was withdrawn is called withdrawn."""

from __future__ import annotations

import re

import pytest
from pamrx.errors import PamrxError
from pamrx.knowledge import table
from pamrx.knowledge.drug_status import EVENTS, STATUSES, history, status, status_rows, with_status
from pamrx.knowledge.drugs import all_drugs, resolve


def test_every_row_names_a_drug_an_event_a_region_and_a_source_that_was_opened() -> None:
    names = {drug.name for drug in all_drugs()}
    for row in status_rows():
        assert row.drug in names
        assert resolve(row.drug).in_trials, row.drug
        assert row.status in EVENTS
        assert row.region
        assert row.source
        assert row.citation_status in ("opened", "secondary"), row.drug
        assert row.year is None or 1999 <= row.year <= 2026
        assert (row.region != "any") or row.status not in ("approved", "withdrawn", "under review")


def test_rows_stand_in_the_order_of_the_drugs_and_none_stands_twice() -> None:
    order = [drug.name for drug in all_drugs()]
    places = [order.index(row.drug) for row in status_rows()]
    assert places == sorted(places)
    keys = [(row.drug, row.region, row.status, row.indication) for row in status_rows()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", ["drugs", "drug_status", "exposure", "concentrations"])
def test_identifiers_of_publications_have_one_form(name: str) -> None:
    for source in table(name)["source"]:
        for found in re.findall(r"PMID\W*\w*", source):
            assert re.fullmatch(r"PMID \d{7,8}", found), source
        for found in re.findall(r"\bdoi\W*\S*", source, flags=re.IGNORECASE):
            assert re.fullmatch(r"doi 10\.\d{4,9}/\S+", found), source


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Alpelisib", "approved"),
        ("Inavolisib", "approved"),
        ("Everolimus", "approved"),
        ("Umbralisib", "withdrawn"),
        ("Idelalisib", "partly withdrawn"),
        ("Duvelisib", "partly withdrawn"),
        ("Copanlisib", "partly withdrawn"),
        ("Gedatolisib", "approved"),
        ("TQ-B3525", "under review"),
        ("Tersolisib", "phase 3"),
        ("Zovegalisib", "phase 3"),
        ("Apitolisib", "phase 2"),
        ("Ridaforolimus", "phase 3"),
        ("Sonolisib", "phase 2"),
        ("M2698", "phase 1"),
        ("ZSTK474", "trials"),
        ("Torin 2", "preclinical"),
    ],
)
def test_how_far_a_drug_came(name: str, expected: str) -> None:
    assert status(name) == expected


def test_every_status_is_one_of_the_words() -> None:
    assert {status(drug) for drug in all_drugs()} <= set(STATUSES)
    with pytest.raises(PamrxError, match="unknown drug"):
        status("imatinib")


def test_withdrawals_say_where_when_and_of_what() -> None:
    told = [str(row) for row in history("Copanlisib")]
    assert told[0].startswith("United States: withdrawn 2023 (relapsed follicular lymphoma")
    assert any(str(row).startswith("United States: withdrawn 2021 (follicular lymphoma") for row in history("Copiktra"))
    assert history("Torin 1") == ()


def test_a_partly_withdrawn_drug_counts_as_both() -> None:
    drugs = [resolve(name) for name in ("Alpelisib", "Idelalisib", "Umbralisib", "Torin 1")]
    assert [drug.name for drug in with_status(drugs, "approved")] == ["Alpelisib", "Idelalisib"]
    assert [drug.name for drug in with_status(drugs, "withdrawn")] == ["Idelalisib", "Umbralisib"]
    assert [drug.name for drug in with_status(drugs, "partly withdrawn")] == ["Idelalisib"]
    assert [drug.name for drug in with_status(drugs, "preclinical")] == ["Torin 1"]
