"""The table of clinical evidence: every row says what is found, of which drug, how sure it is, and where it stands."""

from __future__ import annotations

import re
from datetime import date

import pytest
from pamrx.clinical.evidence import (
    BOTH_COPIES,
    CLASSES,
    DIRECTIONS,
    KINDS,
    LEVELS,
    Evidence,
    conditions,
    evidence,
    genes_of_evidence,
)
from pamrx.errors import PamrxError
from pamrx.features.drivers import driver_calls, variant_classes
from pamrx.identifiers.vocabulary import vocabulary
from pamrx.knowledge import table
from pamrx.knowledge.drugs import DRUG_CLASSES, resolve
from pandas import DataFrame

NOT_OF_THE_AXIS = {"Clofarabine"}
STATUSES = ("opened", "secondary", "recalled")


def test_there_are_enough_rows_each_with_an_id_of_its_own() -> None:
    assert len(evidence()) >= 80
    assert len({row.id for row in evidence()}) == len(evidence())
    told = [(row.gene, row.kind, row.effect, row.drug, row.drug_class, row.tumour_types, row.id) for row in evidence()]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("row", evidence(), ids=lambda row: str(row.id))
def test_each_row_is_in_the_words_of_the_table(row: Evidence) -> None:
    assert row.kind in KINDS
    assert row.level in LEVELS
    assert row.direction in DIRECTIONS
    assert row.citation_status in STATUSES
    assert row.copy_number in ("", "deep deletion", "amplified")
    assert row.zygosity in ("", BOTH_COPIES)
    assert row.effect
    assert row.source
    assert date(2026, 1, 1) <= date.fromisoformat(row.date_checked) <= date(2027, 12, 31)
    assert set(row.tumour_types) <= set(vocabulary()["tissue"])
    assert (row.copy_number == "amplified") == (row.kind == "amplification")
    if row.kind in ("mutation", "several mutations", "loss"):
        assert row.exact or row.class_ in CLASSES or row.residues
    else:
        assert (row.exact, row.class_, row.residues) == (frozenset(), "", None)


@pytest.mark.parametrize("row", evidence(), ids=lambda row: str(row.id))
def test_each_names_a_drug_of_the_table_or_a_class_and_a_gene_that_pamrx_knows(row: Evidence) -> None:
    assert row.drug or row.drug_class
    if row.drug not in NOT_OF_THE_AXIS:
        assert row.drug_class in DRUG_CLASSES
    if row.drug and row.drug not in NOT_OF_THE_AXIS:
        assert resolve(row.drug).name == row.drug
        assert resolve(row.drug).drug_class == row.drug_class
    if row.drug in NOT_OF_THE_AXIS:
        with pytest.raises(PamrxError):
            resolve(row.drug)
    if row.kind == "no marker":
        assert row.tumour_types
    else:
        assert row.gene in set(table("genes")["gene"])


def test_identifiers_have_their_form() -> None:
    for row in evidence():
        assert re.fullmatch(r"(NCT\d{8})?", row.nct), row.id
        for found in re.findall(r"PMID\W*\w*", row.source):
            assert re.fullmatch(r"PMID \d{7,8}", found), row.id
        for found in re.findall(r"\bdoi\W*[^\s,;)]*\)?[^\s,;)]*", row.source, flags=re.IGNORECASE):
            assert re.fullmatch(r"doi 10\.\d{4,9}/\S+", found), row.id
        for found in re.findall(r"NCT\w*", row.source):
            assert re.fullmatch(r"NCT\d{8}", found), row.id


def test_one_trial_has_one_registration() -> None:
    numbers: dict[str, set[str]] = {}
    for row in evidence():
        if row.trial and row.nct:
            numbers.setdefault(row.trial, set()).add(row.nct)
    assert all(len(own) == 1 for own in numbers.values()), numbers


def test_what_rests_on_memory_is_called_so_and_never_stands_high() -> None:
    for row in evidence():
        if "from memory" in row.source + row.effect:
            assert row.citation_status == "recalled", row.id
        if row.citation_status == "recalled":
            assert LEVELS.index(row.level) >= LEVELS.index("phase 2"), row.id


def test_negative_results_and_every_gene_that_must_be_spoken_of_are_there() -> None:
    assert sum(row.direction == "none" for row in evidence()) >= 20
    spoken = {row.gene for row in evidence()}
    assert spoken >= {
        "PIK3CA", "AKT1", "PTEN", "ESR1", "TSC1", "TSC2", "MTOR", "STK11", "NF1", "NF2", "RICTOR", "PIK3R1", "PIK3CD",
        "KRAS", "BRAF", "ERBB2", "FBXW7", "INPP4B", "VHL", "PPP2R1A",
    }  # fmt: skip
    assert set(genes_of_evidence()) >= spoken - {""}


def test_exact_changes_that_sensitise_are_drivers_of_an_activating_kind() -> None:
    """A typing error in a change would never match; all but passengers and acquired resistance are known hotspots."""
    known = {"Q75E"}  # one case outside the hotspots
    rows = [
        (row.gene, name)
        for row in evidence()
        if row.direction == "sensitive" and row.kind == "mutation"
        for name in row.exact - known
    ]
    given = DataFrame(rows, columns=["gene", "change"])
    mutations = given.assign(variant_classification="Missense_Mutation", hgvsp="p." + given["change"], driver=None)
    mutations["driver"] = mutations["driver"].astype("boolean")
    assert driver_calls(mutations).all(), given[~driver_calls(mutations)]
    assert (variant_classes(mutations) == "activating").all()


@pytest.mark.parametrize("cell", ["KRAS driver", "with KRAS", "with KRAS mutated", "if KRAS driver"])
def test_a_condition_in_another_form_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="expected such as"):
        conditions(cell)
