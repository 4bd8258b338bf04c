"""Profiles as records are read as the same files are, and their mistakes are told in the same line."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.examples import example_files
from pamrx.profiles import read_profiles, read_records

from tests.records import records

MUTATION = {"Hugo_Symbol": "PTEN", "Tumor_Sample_Barcode": "T1", "Variant_Classification": "Nonsense_Mutation"}


@pytest.mark.medium
def test_the_examples_as_records_are_the_examples_as_files() -> None:
    files = example_files()
    ours, theirs = read_records({kind: records(path) for kind, path in files.items()}), read_profiles(**files)
    for part in ("samples", "sequenced", "mutations", "expression", "ncrna", "segments"):
        compare = pd.testing.assert_series_equal if part == "sequenced" else pd.testing.assert_frame_equal
        compare(getattr(ours, part), getattr(theirs, part), check_exact=True)
    assert ours.copy_number is None
    assert theirs.copy_number is None
    assert (ours.unfiltered, ours.panels, ours.assessed_genes) == (theirs.unfiltered, theirs.panels, None)
    folder = str(files["samples"].parent)
    assert not any("/" in note.replace("miRNA/", "") for note in ours.notes if folder in note), "no path in the notes"
    assert any(note.startswith("mutations: 132 mutations in 12 samples") for note in ours.notes)


def test_a_sample_may_be_a_record_and_a_part_may_be_text() -> None:
    by_gene = [{"gene": "PTEN", "T1": -2, "T2": 0}, {"gene": "MYC", "T1": 1, "T2": None}]
    by_sample = '[{"sample_id": "T1", "PTEN": -2, "MYC": 1}, {"sample_id": "T2", "PTEN": 0}]'
    one, other = read_records({"copy_number": by_gene}), read_records({"copy_number": by_sample})
    pd.testing.assert_frame_equal(one.copy_number, other.copy_number)
    assert one.copy_number.loc["T1", "PTEN"] == -2
    assert pd.isna(one.copy_number.loc["T2", "MYC"]), "missing is missing"


def test_a_panel_may_be_named() -> None:
    profiles = read_records({"mutations": [MUTATION], "panel": ["msk-impact-341"]})
    assert profiles.assessed_genes is not None
    assert len(profiles.assessed_genes) == 341


def test_a_panel_is_a_list_of_symbols() -> None:
    profiles = read_records({"mutations": [MUTATION], "panel": ["PTEN", "TP53"]})
    assert profiles.assessed_genes == {"PTEN", "TP53"}
    with pytest.raises(PamrxError, match="a gene panel says where mutations were looked for; give the mutations too"):
        read_records({"panel": ["PTEN"], "samples": [{"sample_id": "T1", "tissue": "breast"}]})


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, "no input: give at least one of mutations, expression"),
        ({"mutatons": [MUTATION]}, "mutatons: no part of a profile; .*; did you mean mutations?"),
        ({"mutations": 5}, "mutations: found a number, expected a list of records"),
        ({"mutations": []}, "mutations: an empty list found; expected records, or leave mutations out"),
        ({"mutations": "nothing"}, "mutations: text found that is no JSON"),
        ({"mutations": [["PTEN"]]}, "mutations: record 1: found a list, expected an object"),
        ({"mutations": [{"Hugo_Symbol": "PTEN"}]}, "mutations: found Hugo_Symbol in the records, expected two fields"),
        ({"mutations": [{**MUTATION, "Hugo_Symbol": {}}]}, "mutations: record 1, field Hugo_Symbol: found an object"),
        (
            {"mutations": [{"Hugo_Symbol": "PTEN", "Variant": "T1"}]},
            "mutations: header: no column Tumor_Sample_Barcode; found Hugo_Symbol, Variant",
        ),
        (
            {"mutations": [MUTATION], "samples": [{"sample_id": "T1", "tissue": "brest"}]},
            "samples: sample T1, column tissue: found 'brest', expected a known tissue .* did you mean breast?",
        ),
        (
            {"mutations": [MUTATION], "samples": [{"sample_id": "T2", "tissue": "breast"}]},
            "mutations: sample T1 is not listed in samples; expected every sample there",
        ),
        (
            {"copy_number": [{"gene": "PTEN", "T1": float("inf")}]},
            "copy_number: row PTEN, column T1: found an infinite value, expected a finite number",
        ),
        ({"expression": [{"gene": "PTEN", "T1": True}]}, "expression: record 1, field T1: found true or false"),
        (
            {"expression": [{"gene": "\ud800", "T1": 1}]},
            "expression: record 1, field gene: .* not UTF-8",
        ),
        ({"mutations": [{**MUTATION, "Hugo_Symbol": "a\0b"}]}, "mutations: .*"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_part(parts: dict[str, Any], told: str) -> None:
    with pytest.raises(PamrxError, match=f"^{told}") as error:
        read_records(parts)
    assert "\n" not in str(error.value)
    assert "pamrx-" not in str(error.value), "no path of ours"


def test_a_unit_needs_an_expression() -> None:
    with pytest.raises(PamrxError, match="expression_unit goes with expression"):
        read_records({"mutations": [MUTATION]}, expression_unit="tpm")
