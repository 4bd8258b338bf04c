"""Which mutations count as drivers: the file's word, then hotspots from exact to range, then truncation of a brake."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pamrx.features.drivers import TRUNCATING, driver_calls, non_synonymous, training_symbol, variant_classes
from pamrx.knowledge import table


def call(gene: str, classification: str, change: str, driver: bool | None = None) -> bool:
    row = {"gene": gene, "variant_classification": classification, "hgvsp": change}
    frame = pd.DataFrame([{**row, "sample_id": "S"}])
    frame["driver"] = pd.array([pd.NA if driver is None else driver], dtype="boolean")
    return bool(driver_calls(frame).iloc[0])


@pytest.mark.parametrize(
    ("gene", "classification", "change", "driver"),
    [
        ("PIK3CA", "Missense_Mutation", "p.H1047R", True),  # an exact hotspot
        ("PIK3CA", "Missense_Mutation", "p.H1047Q", True),  # another change of a hotspot's residue
        ("PIK3CA", "Missense_Mutation", "p.R38C", True),  # known by residue only
        ("PIK3CA", "Missense_Mutation", "p.E726K", True),  # exact
        ("PIK3CA", "Missense_Mutation", "p.E726Q", True),  # another of the changes that the residue is known by
        ("PIK3CA", "Missense_Mutation", "p.R88W", False),  # exact only: the residue alone is not enough
        ("PIK3CA", "Missense_Mutation", "p.I391M", False),  # a common germline polymorphism
        ("PIK3CA", "Missense_Mutation", "p.L10F", False),  # a passenger missense
        ("PIK3CA", "Missense_Mutation", "", False),  # no change told
        ("PIK3CA", "Frame_Shift_Del", "p.L10fs", False),  # a truncated oncogene is no driver
        ("KRAS", "Nonsense_Mutation", "p.Q61*", False),  # nor is one truncated at a hotspot's residue
        ("EGFR", "In_Frame_Del", "p.E746_A750del", True),  # in a range
        ("EGFR", "Missense_Mutation", "p.E746V", False),  # the range is of deletions
        ("EGFR", "In_Frame_Del", "p.I740_K745del", True),  # begins before a range and reaches into it
        ("BRAF", "In_Frame_Del", "p.V600_K601delinsE", True),  # an exact row for a change of two residues into one
        ("BRAF", "In_Frame_Del", "p.V600_K601del", True),  # and what else lies in the range of in-frame changes
        ("BRAF", "In_Frame_Del", "p.S605_R606del", False),
        ("FLT3", "In_Frame_Ins", "p.600_600D>DSSDNEYFYVD", True),  # as Oncotator writes it
        ("FLT3", "In_Frame_Ins", "p.595_596insEDNEYFYVDFR", True),
        ("CTNNB1", "In_Frame_Del", "p.44_45del", True),  # as ANNOVAR writes it
        ("CTNNB1", "Frame_Shift_Del", "p.38_46del", True),  # said to shift the frame, written as keeping it
        ("CTNNB1", "Frame_Shift_Del", "p.S45fs", False),
        ("MET", "Splice_Site", "p.X1010_splice", True),  # exon 14 skipped: a splice change that activates
        ("MET", "Splice_Site", "p.X200_splice", False),
        ("PTEN", "Frame_Shift_Ins", "p.K267fs", True),  # a truncated brake
        ("PTEN", "Nonsense_Mutation", "p.K402*", False),  # after the last residue that it needs
        ("PTEN", "Start_Codon_SNP", "p.M1V", True),  # the start lost, in Oncotator's words
        ("PTEN", "Unknown", "p.R130*", True),  # no class told: the change says it
        ("PTEN", "Unknown", "p.L265fs", True),
        ("PTEN", "Nonstop_Mutation", "p.*404Yext*12", False),
        ("PTEN", "Unknown", "p.*404Yext*", False),
        ("PTEN", "Splice_Region", "", False),  # near a splice site is not in it
        ("BRCA2", "Nonsense_Mutation", "p.K3326*", False),  # a polymorphism, though it truncates
        ("PTEN", "Splice_Site", "p.X70_splice", True),
        ("PTEN", "Nonsense_Mutation", "", True),  # truncation needs no change told
        ("PTEN", "Missense_Mutation", "p.R130Q", True),
        ("PTEN", "Silent", "p.L10=", False),
        ("PTEN", "Intron", "", False),
        ("TP53", "Missense_Mutation", "p.P72R", False),
        ("TP53", "Missense_Mutation", "p.L145R", True),  # in the DNA-binding domain
        ("TP53", "Missense_Mutation", "p.N235S", False),  # in it too, and benign
        ("TP53", "Missense_Mutation", "p.P322R", False),  # outside it
        ("TP53", "In_Frame_Del", "p.P191del", True),
        ("TP53", "Silent", "p.T125=", False),
        ("TP53", "Silent", "p.T125T", False),  # as older annotators write it, in a domain
        ("TP53", "Silent", "p.R175R", False),  # and at a hotspot
        ("NOSUCHGENE", "Nonsense_Mutation", "p.R10*", False),
    ],
)
def test_rules_in_the_order_exact_residue_range_truncation(
    gene: Any, classification: Any, change: Any, driver: Any
) -> None:
    assert call(gene, classification, change) is driver


@pytest.mark.medium
def test_the_more_exact_row_wins() -> None:
    rows = table("hotspots").query("gene == 'STK11' and residue_change == 'F354L'")
    assert rows["effect"].tolist() == ["uncertain"]
    assert not call("STK11", "Missense_Mutation", "p.F354L")
    both = table("hotspots").query("gene == 'CTNNB1' and match == 'range'")["residue_change"].tolist()
    assert both, "a range to be inside of"
    exact = table("hotspots").query("match == 'exact' and effect == 'passenger'")
    for row in exact.itertuples():  # no residue or range row may overrule a passenger
        assert not call(row.gene, "Missense_Mutation", f"p.{row.residue_change}"), row


def test_the_files_own_word_wins_over_every_rule() -> None:
    assert call("PIK3CA", "Missense_Mutation", "p.L10F", driver=True)
    assert not call("PIK3CA", "Missense_Mutation", "p.H1047R", driver=False)
    assert not call("PTEN", "Nonsense_Mutation", "p.R130*", driver=False)
    assert call("PTEN", "Unknown", "", driver=True)


@pytest.mark.parametrize("classification", sorted(TRUNCATING))
def test_every_truncating_class_counts_in_a_suppressor_and_in_no_oncogene(classification: Any) -> None:
    genes = table("genes")
    suppressor = genes.loc[genes["role"] == "tumour_suppressor", "gene"]
    oncogene = genes.loc[genes["role"] == "oncogene", "gene"]
    assert all(call(gene, classification, "") for gene in suppressor.iloc[::20])
    assert not any(call(gene, classification, "") for gene in oncogene.iloc[::20])


def test_calls_keep_the_order_and_labels_of_the_rows() -> None:
    rows = pd.DataFrame(
        {
            "sample_id": ["A", "B", "C", "D"],
            "gene": ["PIK3CA", "PIK3CA", "PTEN", "PIK3CA"],
            "variant_classification": ["Missense_Mutation"] * 2 + ["Nonsense_Mutation", "Missense_Mutation"],
            "hgvsp": ["p.H1047R", "p.L10F", "p.R130*", "p.H1047R"],
            "driver": pd.array([pd.NA, pd.NA, pd.NA, False], dtype="boolean"),
        },
        index=[7, 3, 9, 1],
    )
    assert driver_calls(rows).to_dict() == {7: True, 3: False, 9: True, 1: False}
    assert driver_calls(rows.iloc[:0]).empty


def test_current_symbols_lead_to_those_of_the_training_table() -> None:
    assert training_symbol()["KMT2D"] == "MLL2"
    assert training_symbol()["AMER1"] == "FAM123B"
    assert "PIK3CA" not in training_symbol()


def test_classes_come_from_consequence_and_protein_change() -> None:
    rows = [
        ("PIK3CA", "Missense_Mutation", "p.H1047R", None, "activating"),
        ("PIK3CA", "Missense_Mutation", "p.L10F", None, "other"),
        ("PTEN", "Nonsense_Mutation", "p.R130*", None, "truncating"),
        ("PTEN", "Missense_Mutation", "p.R130G", None, "damaging"),
        ("TTN", "Frame_Shift_Del", "p.L5fs", None, "truncating"),  # of any gene; a driver only in a suppressor
        ("KRAS", "Missense_Mutation", "p.L10F", True, "activating"),  # the file's own word
        ("PTEN", "", "", True, "damaging"),
        ("PTEN", "Missense_Mutation", "p.L1000F", False, "other"),
    ]
    table = pd.DataFrame(rows, columns=["gene", "variant_classification", "hgvsp", "driver", "expected"])
    table["driver"] = table["driver"].astype("boolean")
    assert variant_classes(table).tolist() == table["expected"].tolist()


def test_silent_changes_and_those_outside_the_protein_are_synonymous() -> None:
    rows = [
        ("Silent", "p.L10L", False),
        ("Intron", "", False),
        ("3'UTR", "", False),
        ("", "p.T5=", False),
        ("Missense_Mutation", "p.L10F", True),
        ("Splice_Site", "", True),
        ("In_Frame_Del", "p.E5del", True),
        ("", "", True),  # a table of flags tells no more than that the gene is changed
    ]
    table = pd.DataFrame(rows, columns=["variant_classification", "hgvsp", "expected"]).assign(gene="PTEN")
    assert non_synonymous(table).tolist() == table["expected"].tolist()


@pytest.mark.medium
def test_a_table_is_called_as_its_rows_are_one_by_one() -> None:
    changes = ["p.H1047R", "p.L10F", "p.R130*", "", None]
    classes = ["Missense_Mutation", "Nonsense_Mutation", "Silent", ""]
    rows = [(gene, kind, change) for gene in ("PIK3CA", "PTEN", "TP53") for kind in classes for change in changes]
    frame = pd.DataFrame(rows * 2, columns=["gene", "variant_classification", "hgvsp"]).assign(sample_id="S")
    frame = frame.sample(frac=1, random_state=0)
    frame["driver"] = pd.array([pd.NA] * len(frame), dtype="boolean")
    for rule in (driver_calls, non_synonymous, variant_classes):
        assert rule(frame).tolist() == [rule(frame.iloc[[place]]).iloc[0] for place in range(len(frame))]
    assert not len(driver_calls(frame.iloc[:0]))


@pytest.mark.parametrize(
    ("gene", "change", "driver"),
    [
        ("PIK3CA", "p.E545_Q546delinsKK", True),
        ("KRAS", "p.G12_G13delinsDS", True),
        ("KRAS", "p.GG12DS", True),
        ("KRAS", "p.12_13GG>DS", True),
        ("PIK3CA", "p.A3_A4delinsKK", False),
        ("KRAS", "p.Q61_E62delinsH*", False),
        ("PIK3CA", "p.H" + "1" * 5000 + "R", False),
    ],
)
def test_neighbouring_residues_replaced_together_hold_their_hotspot(gene: str, change: str, driver: bool) -> None:
    row = pd.DataFrame(
        {
            "gene": [gene],
            "variant_classification": ["Missense_Mutation"],
            "hgvsp": [change],
            "driver": pd.array([pd.NA], dtype="boolean"),
        }
    )
    assert driver_calls(row).tolist() == [driver]
