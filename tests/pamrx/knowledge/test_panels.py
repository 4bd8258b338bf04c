"""Panels by name: one name each, genes that pamrx knows, a source."""

from __future__ import annotations

import pytest
from pamrx.identifiers.genes import default_genes
from pamrx.knowledge import table
from pamrx.knowledge.panels import all_panels, find_panel, near_panel
from pamrx.readers.gene_panel import known_panel


def test_every_panel_has_its_genes_and_a_source() -> None:
    stated = table("panels").set_index("panel")["n_genes"].astype(int)
    for panel in all_panels():
        genes, _ = known_panel(panel, default_genes())
        assert len(genes) == len(panel.genes) == len(set(panel.genes)) == stated[panel.name], panel.name
        assert {"PIK3CA", "PTEN", "KRAS"} <= genes, panel.name
        assert panel.source, panel.name


def test_no_name_is_that_of_two_panels() -> None:
    for panel in all_panels():
        for name in (panel.name, *panel.aliases):
            assert find_panel(name) is panel, name


@pytest.mark.parametrize("name", ["msk-impact-468", "MSK_IMPACT 468", "IMPACT468", "mskimpact468", "MSK-IMPACT468"])
def test_case_and_punctuation_of_a_name_do_not_count(name: str) -> None:
    panel = find_panel(name)
    assert panel is not None
    assert panel.name == "msk-impact-468"


def test_another_number_is_another_panel() -> None:
    assert find_panel("MSK-IMPACT505") is find_panel("msk-impact-505") is not None
    assert find_panel("IMPACT9999") is None
    assert near_panel("IMPACT9999") == ""
    assert near_panel("msk-impct-468") == "; did you mean msk-impact-468?"
    assert near_panel("foundationone-cdz") == "; did you mean foundationone-cdx?"
    assert near_panel("exome of the moon") == ""
