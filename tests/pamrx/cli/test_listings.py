"""`pamrx features` says what acts on the axis and has no feature; `pamrx vocab --panels` lists the panels."""

from __future__ import annotations

from typing import Any

import pytest
from pamrx.cli.listings import show_features, show_panels, show_vocabulary
from pamrx.explanation.feature_listing import feature_listing
from pamrx.knowledge import table
from pamrx.knowledge.panels import all_panels


@pytest.mark.medium
def test_every_ncrna_of_the_table_has_a_feature_or_is_listed_as_not_learned(bundle: Any) -> None:
    listing = feature_listing(bundle.model).set_index("feature")
    assert listing.index.is_unique
    for name in ("circ-ITCH", "CDR1as", "MALAT1", "HOTAIR", "hsa-miR-124"):
        assert not listing.loc[f"ncrna.{name}", "learned"], name
        assert listing.loc[f"ncrna.{name}", "block"] == "ncrna"
    # Measured under an older name, or as a member of a merged probe: not listed a second time.
    for name in ("hsa-miR-21-5p", "hsa-miR-17-5p", "hsa-miR-17", "hsa-miR-199a-3p", "hsa-miR-451a", "XIST"):
        assert name == "XIST" or f"ncrna.{name}" not in listing.index, name
    known = table("ncrna")
    assert set("ncrna." + known.loc[known["kind"] == "circRNA", "ncrna"]) <= set(listing.index)


@pytest.mark.medium
def test_circrnas_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    show_features(None, None, "ncrna")
    told = " ".join(capsys.readouterr().out.split())
    assert "not learned from, since no training data hold circRNAs: ncrna.CDR1as" in told
    plain = told.partition("not learned from: ")[2].partition("not learned from, since")[0]
    assert "ncrna.MALAT1" in plain
    assert "circ" not in plain


def test_panels_are_listed_with_genes_and_source_and_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show_panels()
    told = capsys.readouterr().out
    assert "…" not in told
    for panel in all_panels():
        row = next(line for line in told.splitlines() if line.startswith(panel.name))
        assert row.split()[1] == str(len(panel.genes))
    assert "https://github.com/cBioPortal/datahub/blob/master" in "".join(told.split())
    show_vocabulary()
    assert "pamrx vocab --panels" in capsys.readouterr().out
