"""The ncRNA table: its size, and that each row can be checked and used."""

from __future__ import annotations

import re

from pamrx.knowledge import table

CITED = re.compile(r"PMID \d{7,8}|doi 10\.\d{4,}/\S+|PMC\d{7,8}|[A-Z][\w'-]+(-[A-Z]\w+)?, [A-Z][A-Za-z ]+ \d{4}")


def test_it_is_large_enough() -> None:
    distinct = table("ncrna").groupby("kind")["ncrna"].nunique()
    assert distinct["miRNA"] >= 60
    assert distinct["lncRNA"] >= 25
    assert distinct["circRNA"] >= 10


def test_every_row_has_a_target_a_direction_and_a_citation() -> None:
    rows = table("ncrna")
    assert (rows[["ncrna", "target", "mechanism", "source"]] != "").all(axis=None)
    assert set(rows["effect_on_axis"]) == {"activates", "restrains"}
    uncited = [source for cell in rows["source"] for source in cell.split("; ") if not CITED.search(source)]
    assert not [source for source in uncited if "review" not in source]


def test_what_is_said_of_one_ncrna_is_the_same_in_all_its_rows() -> None:
    same = table("ncrna").groupby("ncrna")[["kind", "older_names", "mimat", "host_gene"]].nunique()
    assert (same == 1).all(axis=None)
    assert not table("ncrna").duplicated(["ncrna", "target", "effect_on_axis", "mechanism"]).any()


def test_the_targets_that_carry_the_axis_have_mirnas() -> None:
    pressed = table("ncrna").query("kind == 'miRNA'").groupby("target")["ncrna"].nunique()
    for target in ("PTEN", "PIK3CA", "PIK3R1", "AKT1", "AKT2", "AKT3", "MTOR", "TSC1", "RICTOR", "IGF1R"):
        assert pressed.get(target, 0) >= 2, target
