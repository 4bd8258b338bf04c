"""What the terminal says of a tumour's alterations beside its drugs."""

from __future__ import annotations

import pandas as pd
from pamrx.cli.terminal import _clinical, _unlearned


def statements(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["drug", "direction", "level", "tumour_type_match", "model"])
    return table.assign(gene="AKT1", alteration="E17K", drug_class="AKT", trial=["TRIAL", *[""] * (len(rows) - 1)])


def test_an_alteration_that_was_not_learned_says_so_with_its_reason_once() -> None:
    rows = pd.DataFrame(
        {
            "gene": ["AKT1", "ESR1", "TSC1"],
            "alteration": ["p.E17K, activating", "p.D538G, activating", "p.R245*, truncating"],
            "model": ["not learned (training does not mark its drivers)"] * 2 + ["not learned (4 lines)"],
        }
    )
    assert _unlearned(rows) == [
        "not learned by the model (training does not mark its drivers): AKT1 p.E17K, activating; "
        "ESR1 p.D538G, activating",
        "not learned by the model (4 lines): TSC1 p.R245*, truncating",
    ]
    assert _unlearned(rows.iloc[:0]) == _unlearned(None) == []


def test_two_statements_of_different_drugs_stand_there_and_the_rest_is_counted() -> None:
    rows = statements(
        ("Capivasertib", "sensitive", "approved with companion marker", "this", "agrees"),
        ("Capivasertib", "sensitive", "guideline", "this", "agrees"),
        ("Alpelisib", "none", "guideline", "any", ""),
        ("Everolimus", "sensitive", "phase 2", "other", "agrees"),
    )
    assert _clinical(rows) == [
        "clinical evidence: Capivasertib and AKT1 E17K: sensitive (approved with companion marker, TRIAL); "
        "model: agrees",
        "  Alpelisib and AKT1 E17K: no effect (guideline)",
        "  1 more: `pamrx.clinical.clinical_statements` in Python",
    ]
    assert _clinical(rows.iloc[:0]) == _clinical(None) == []


def test_a_statement_of_a_class_names_the_class() -> None:
    rows = statements(("", "resistant", "case series", "this", "disagrees"))
    assert _clinical(rows) == ["clinical evidence: AKT and AKT1 E17K: resistant (case series, TRIAL); model: disagrees"]
