"""The alterations named to a reader: drivers and strong calls of the axis, and nothing else."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pamrx.explanation.alterations import axis_alterations
from pamrx.knowledge import FIRST

from tests.pamrx.features.test_blocks import profiles


def named(given: Any, features: Any = None) -> dict[str, list[str]]:
    features = pd.DataFrame(index=given.samples.index) if features is None else features
    found = axis_alterations(given, features)
    return {
        str(sample): [f"{gene}: {what}" for gene, what in zip(rows["gene"], rows["alteration"], strict=True)]
        for sample, rows in found.groupby("sample_id", sort=False)
    }


def test_drivers_come_with_change_and_class_and_passengers_are_left_out() -> None:
    rows = [
        ("b", "PTEN", "Nonsense_Mutation", "p.R130*"),
        ("b", "PIK3CA", "Missense_Mutation", "p.H1047R"),
        ("b", "PIK3CA", "Missense_Mutation", "p.L10F"),
        ("b", "TTN", "Nonsense_Mutation", "p.R10*"),
        ("a", "TSC1", "Splice_Site", ""),
    ]
    found = named(profiles(["a", "b", "c"], rows))
    assert list(found) == ["a", "b"]
    assert found["a"] == ["TSC1: Splice Site, truncating"]
    assert set(found["b"]) == {"PTEN: p.R130*, truncating", "PIK3CA: p.H1047R, activating"}


def test_a_driver_of_unknown_change_is_named_without_inventing_one() -> None:
    given = profiles(["a"], [("a", "FLT3", "Unknown", ""), ("a", "PTEN", "", "")])
    given.mutations["driver"] = pd.array([True, True], dtype="boolean")
    assert set(named(given)["a"]) == {"FLT3: driver, change not given", "PTEN: driver, change not given"}


def test_strong_calls_only_and_genes_of_the_axis_only() -> None:
    found = named(profiles(["a"], copy_number={"PTEN": [-2], "RICTOR": [2], "AKT1": [1], "TP53": [-2]}))
    assert set(found["a"]) == {"PTEN: deep deletion", "RICTOR: amplified"}


def test_both_copies_hit_comes_from_the_features_and_low_expression_is_not_named() -> None:
    given = profiles(["a", "b", "c"])
    flags = {
        "mutation.NF1_two_hit": [1, 0, None],
        "mutation.PTEN_lost": [1, 0, None],
        "mutation.PTEN_low_expression": [1, 1, 1],
    }
    found = named(given, pd.DataFrame(flags, index=given.samples.index, dtype=float))
    # One gene's rank moves with the platform: too little to name a loss by.
    assert found == {"a": ["NF1: both copies hit"]}


def test_a_protein_change_is_named_as_it_is_written() -> None:
    rows = [("a", "EGFR", "In_Frame_Del", "p.E746_A750del")]
    assert named(profiles(["a"], rows))["a"] == ["EGFR: p.E746_A750del, activating"]


def test_a_hotspot_that_the_bundle_never_met_is_said_to_be_one() -> None:
    given = profiles(
        ["a"], [("a", "PIK3CA", "Missense_Mutation", "p.R108H"), ("a", "KRAS", "Missense_Mutation", "p.G12D")]
    )
    shown = pd.DataFrame(index=given.samples.index)
    told = axis_alterations(given, shown, version=FIRST)["alteration"].tolist()
    assert told == ["p.G12D, activating", "p.R108H, activating, known hotspot, not yet learned by this bundle"]
    assert axis_alterations(given, shown)["alteration"].tolist() == ["p.G12D, activating", "p.R108H, activating"]


def test_two_hits_in_one_oncogene_are_told() -> None:
    rows = [
        ("a", "PIK3CA", "Missense_Mutation", "p.E545K"),
        ("a", "PIK3CA", "Missense_Mutation", "p.H1047R"),
        ("b", "PIK3CA", "Missense_Mutation", "p.H1047R"),
        ("b", "PIK3CA", "Missense_Mutation", "p.H1047R"),
        ("b", "PIK3CA", "Missense_Mutation", "p.I391M"),
        ("c", "PTEN", "Missense_Mutation", "p.R130Q"),
        ("c", "PTEN", "Nonsense_Mutation", "p.R233*"),
    ]
    found = named(profiles(["a", "b", "c"], rows))
    assert "PIK3CA: 2 activating changes in one oncogene" in found["a"]
    assert found["b"] == ["PIK3CA: p.H1047R, activating"], "one change, listed twice"
    assert not [line for line in found["c"] if "oncogene" in line]


def test_a_change_of_two_residues_names_both() -> None:
    rows = [("a", "PIK3CA", "Missense_Mutation", "p.E545_Q546delinsKK")]
    assert named(profiles(["a"], rows))["a"] == ["PIK3CA: p.E545_Q546delinsKK (E545K and Q546K), activating"]


def test_nothing_given_is_nothing_named() -> None:
    assert axis_alterations(profiles(["a"]), pd.DataFrame(index=["a"])).empty
