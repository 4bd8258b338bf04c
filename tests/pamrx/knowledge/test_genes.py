"""The tables of genes, hotspots, tissues, donors and example protein changes say what they must."""

from __future__ import annotations

import re

import pytest
from pamrx.knowledge import table

NAMES = ("tissues", "donors", "genes", "hotspots", "example_protein_changes")
KEYS = {
    "tissues": ["tissue"],
    "donors": ["cell_line", "donor"],
    "genes": ["gene"],
    "hotspots": ["gene", "residue_change", "match"],
    "example_protein_changes": ["cell_line", "gene", "hgvsp"],
}
REFERENCE_TISSUES = (
    "Bladder aero_dig_tract biliary_tract bone breast cervix endometrium kidney large_intestine leukemia liver lung "
    "lung_NSCLC lung_SCLC lymphoma myeloma nervous_system neuroblastoma ovary pancreas prostate skin soft_tissue "
    "stomach testis thyroid urogenital_system_other"
)
SOLAR = (
    "C420R E542K E545A E545D E545G E545K Q546E Q546R H1047L H1047R H1047Y"  # the substitutions that SOLAR-1 tested for
)
AMINO = "ACDEFGHIKLMNPQRSTVWY"
INDEL = rf"(?:_[{AMINO}][1-9]\d*)?(?:del|dup|(?:del)?ins[{AMINO}]+)"
EXACT = re.compile(rf"[{AMINO}][1-9]\d*(?:[{AMINO}*]|{INDEL})")
RESIDUE = re.compile(rf"[{AMINO}][1-9]\d*")
RANGE = re.compile(r"([1-9]\d*)-([1-9]\d*) (in-frame deletion|in-frame insertion|missense|truncation|splice)")
PROTEIN_CHANGE = {
    "Missense_Mutation": re.compile(rf"p\.[{AMINO}]\d+[{AMINO}]"),
    "Nonsense_Mutation": re.compile(rf"p\.[{AMINO}]\d+\*"),
    "Frame_Shift_Del": re.compile(rf"p\.[{AMINO}]\d+fs"),
    "Frame_Shift_Ins": re.compile(rf"p\.[{AMINO}]\d+fs"),
    "In_Frame_Del": re.compile(rf"p\.[{AMINO}]\d+(_[{AMINO}]\d+)?del"),
    "Splice_Site": re.compile(r"p\.X\d+_splice"),
}


def records(name: str) -> list[dict[str, str]]:
    rows = table(name)
    return [dict(zip(rows.columns, values, strict=True)) for values in rows.to_numpy()]


def loose(word: str) -> str:
    return "".join(character for character in word.lower() if character.isalnum())


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_sourced_and_unique(name: str) -> None:
    rows = table(name)
    assert len(rows)
    assert (rows["source"].str.len() > 8).all()
    assert not rows.duplicated(KEYS[name]).any()
    for column in rows:
        assert (rows[column] == rows[column].str.strip()).all(), column


def test_tissues_are_the_27_reference_levels() -> None:
    rows = table("tissues").set_index("tissue")
    assert set(rows.index) == set(REFERENCE_TISSUES.split())
    merged = rows.index[rows["tissue_group"] != rows.index]
    assert set(merged) == {"lung_NSCLC", "lung_SCLC"}
    assert set(rows.loc[["lung", *merged], "tissue_group"]) == {"lung"}


def test_no_word_or_code_points_at_two_tissues() -> None:
    meaning: dict[str, str] = {}
    for row in records("tissues"):
        words = f"{row['tissue']}|{row['tcga_codes']}|{row['oncotree_codes']}|{row['aliases']}".split("|")
        for word in filter(None, map(loose, words)):
            assert meaning.setdefault(word, row["tissue"]) == row["tissue"], word
    assert meaning["luad"] == meaning["lusc"] == "lung_NSCLC"
    assert meaning["meso"] == meaning["mesothelioma"] == "lung"
    assert meaning["aml"] == meaning["laml"] == "leukemia"
    assert meaning["colorectal"] == "large_intestine"
    # no reference line stands for these, so they must stay unmapped
    assert not {"acc", "uvm", "thym", "pcpg"} & set(meaning)


def test_donor_groups_hold_two_lines_and_canonical_keys() -> None:
    rows = table("donors")
    assert (rows.groupby("donor").size() >= 2).all()
    assert rows["cell_line"].str.fullmatch(r"[A-Z0-9]+(-\d+)?").all()
    assert not rows["cell_line"].duplicated().any()
    donor = rows.set_index("cell_line")["donor"]
    assert donor["SW480"] == donor["SW620"]
    assert donor["U251"] == donor["SNB19"]
    assert donor["M14"] == donor["MDAMB435S"]
    assert donor["MCF7"] != donor["SW620"]
    assert donor["NCIH2369"] == donor["H2369"]


def test_genes_use_the_stated_words() -> None:
    rows = table("genes")
    assert set(rows["role"]) == {"oncogene", "tumour_suppressor", "both", "unclear"}
    levels = {"receptor", "ras", "pi3k", "akt", "tsc_mtorc1", "output", "mapk", "cell_cycle", ""}
    assert set(rows["level"]) == levels
    assert set(rows["effect_on_axis"]) == {"driver", "brake", ""}
    assert not rows.loc[rows["level"] == "", "effect_on_axis"].any()
    assert set(rows["in_training_mutations"]) == {"yes", "no"}
    assert (rows["in_training_mutations"] == "yes").sum() == 270
    named = rows.loc[rows["current_symbol"] != "", "current_symbol"]
    assert not named.duplicated().any()


@pytest.mark.parametrize(
    ("gene", "role", "level", "effect", "trained"),
    [
        ("PIK3CA", "oncogene", "pi3k", "driver", "yes"),
        ("PTEN", "tumour_suppressor", "pi3k", "brake", "yes"),
        ("PIK3R1", "tumour_suppressor", "pi3k", "brake", "yes"),
        ("AKT1", "oncogene", "akt", "driver", "no"),
        ("TSC1", "tumour_suppressor", "tsc_mtorc1", "brake", "yes"),
        ("TSC2", "tumour_suppressor", "tsc_mtorc1", "brake", "no"),
        ("MTOR", "oncogene", "tsc_mtorc1", "driver", "yes"),
        ("KRAS", "oncogene", "ras", "driver", "yes"),
        ("NF1", "tumour_suppressor", "ras", "brake", "yes"),
        ("RB1", "tumour_suppressor", "cell_cycle", "brake", "yes"),
        ("TP53", "tumour_suppressor", "", "", "yes"),
        ("PREX2", "oncogene", "pi3k", "driver", "no"),
        ("PIK3C2G", "unclear", "pi3k", "driver", "no"),
        ("TBC1D7", "unclear", "tsc_mtorc1", "brake", "no"),
        ("SESN2", "unclear", "tsc_mtorc1", "brake", "no"),
        ("CASTOR1", "unclear", "tsc_mtorc1", "brake", "no"),
        ("SZT2", "unclear", "tsc_mtorc1", "brake", "no"),
        ("ESR1", "oncogene", "receptor", "driver", "no"),
    ],
)
def test_known_genes(gene: str, role: str, level: str, effect: str, trained: str) -> None:
    row = table("genes").set_index("gene").loc[gene]
    found = tuple(row[["role", "level", "effect_on_axis", "in_training_mutations"]])
    assert found == (role, level, effect, trained)


def test_hotspots_are_written_as_their_match_says() -> None:
    rows = table("hotspots")
    assert set(rows["match"]) == {"exact", "residue", "range"}
    assert set(rows["effect"]) <= {"activating", "loss", "uncertain", "passenger"}
    for row in records("hotspots"):
        pattern = {"exact": EXACT, "residue": RESIDUE, "range": RANGE}[row["match"]]
        found = pattern.fullmatch(row["residue_change"])
        assert found, (row["gene"], row["residue_change"])
        if row["match"] == "exact":
            assert row["residue_change"][0] != row["residue_change"][-1]
        if row["match"] == "range":
            assert int(found[1]) < int(found[2])


def test_one_position_has_one_reference_residue() -> None:
    reference: dict[tuple[str, str], set[str]] = {}
    for row in records("hotspots"):
        if row["match"] != "range" and "numbered on" not in row["source"]:
            position = re.search(r"\d+", row["residue_change"])
            assert position
            reference.setdefault((row["gene"], position[0]), set()).add(row["residue_change"][0])
    assert {key: found for key, found in reference.items() if len(found) > 1} == {}


def test_known_hotspots() -> None:
    effect = table("hotspots").set_index(["gene", "residue_change"])["effect"]
    assert all(effect["PIK3CA", change] == "activating" for change in SOLAR.split())
    for gene, change in [("AKT1", "E17K"), ("KRAS", "G12"), ("BRAF", "V600"), ("EGFR", "L858R"), ("RHEB", "Y35")]:
        assert effect[gene, change] == "activating"
    for gene, change in [("PTEN", "R130"), ("PTEN", "C124S"), ("TP53", "R175"), ("TSC2", "R611Q")]:
        assert effect[gene, change] == "loss"
    for gene, change in [("PIK3CA", "I391M"), ("TP53", "P72R"), ("KIT", "M541L")]:
        assert effect[gene, change] == "passenger"


def test_a_driver_gene_of_hotspots_agrees_with_its_role() -> None:
    role = table("genes").set_index("current_symbol")["role"]
    rows = table("hotspots")
    unknown = set(rows["gene"]) - set(role.index) - {"IDH2", "RRAS2"}
    assert unknown == set()
    for row in records("hotspots"):
        if row["gene"] in role.index and row["effect"] in ("activating", "loss"):
            against = {"activating": "tumour_suppressor", "loss": "oncogene"}[row["effect"]]
            assert role[row["gene"]] != against, (row["gene"], row["residue_change"])


def test_example_protein_changes_are_well_formed_and_hold_known_facts() -> None:
    rows = table("example_protein_changes")
    for row in records("example_protein_changes"):
        assert PROTEIN_CHANGE[row["variant_classification"]].fullmatch(row["hgvsp"]), (row["cell_line"], row["hgvsp"])
    genes = table("genes")
    assert set(rows["gene"]) <= set(genes["current_symbol"])
    facts = set(zip(rows["cell_line"], rows["gene"], rows["hgvsp"], strict=True))
    assert {
        ("MCF7", "PIK3CA", "p.E545K"),
        ("T47D", "PIK3CA", "p.H1047R"),
        ("LNCAPCLONEFGC", "PTEN", "p.K6fs"),
        ("A549", "STK11", "p.Q37*"),
        ("HCT116", "CTNNB1", "p.S45del"),
        ("RT4", "TSC1", "p.L557fs"),
        ("MOLT4", "PTEN", "p.K267fs"),
    } <= facts
