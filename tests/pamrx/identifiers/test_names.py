"""Genes, miRNAs and circRNAs of any spelling come out under the names that pamrx writes, or are said not to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.errors import PamrxError
from pamrx.features.ncrna import mirna_levels
from pamrx.identifiers.gene_ids import (
    ALIAS,
    AMBIGUOUS,
    CURRENT,
    ENSEMBL,
    ENTREZ,
    FORMER,
    OWN,
    SHADOWED,
    UNKNOWN,
    are_entrez,
    name_genes,
)
from pamrx.identifiers.genes import CIRCRNA, UNLISTED_CIRCRNA, default_genes, name_columns
from pamrx.identifiers.mirna_ids import (
    ACCESSION,
    MATURE,
    PROBE,
    STEM_LOOP,
    UNMEASURED,
    merge_mirnas,
    name_mirnas,
    sum_of_levels,
)
from pamrx.knowledge import table
from pamrx.profiles import read_profiles
from pamrx.readers.matrices.matrix import read_matrix


@pytest.fixture(scope="module")
def universe(bundle: Bundle) -> list[str]:
    return list(bundle.builder.universe_)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("label", "name", "how"),
    [
        ("PTEN", "PTEN", OWN),
        ("IL8", "IL8", OWN),
        ("CXCL8", "IL8", CURRENT),
        ("KMT2D", "MLL2", CURRENT),
        ("MMAC1", "PTEN", ALIAS),
        ("SCYB8", "IL8", ALIAS),
        ("HLA.A", "HLA-A", ALIAS),
        ("C10ORF10", "C10orf10", ALIAS),
        ("B4GAT1", "B3GNT1", CURRENT),
        ("ENSG00000171862", "PTEN", ENSEMBL),
        ("ENSG00000171862.12", "PTEN", ENSEMBL),
        ("ENSG00000171862.12_PAR_Y", "PTEN", ENSEMBL),
        ("ENSG00000251562.9", "MALAT1", ENSEMBL),
        ("5290", "PIK3CA", ENTREZ),
        ("TAZ", "TAFAZZIN", FORMER),
        ("QARS", "QARS1", FORMER),
        ("LOR", "LORICRIN", FORMER),
        ("GIF", "CBLIF", FORMER),
        ("CDC2", "CDK1", FORMER),
        ("MLL4", "MLL4", AMBIGUOUS),
        ("ERK", "ERK", AMBIGUOUS),
        ("OR4F5", "OR4F5", UNKNOWN),
        ("ENSG99999999999", "ENSG99999999999", UNKNOWN),
        ("", "", UNKNOWN),
    ],
)
def test_a_gene_by_any_name(label: str, name: str, how: str) -> None:
    assert name_genes([label], entrez=True).iloc[0].tolist() == [label, name, how]


def test_an_alias_is_not_used_where_its_gene_stands_itself() -> None:
    both = name_genes(["SCYB8", "CXCL8"])
    assert both["how"].tolist() == [SHADOWED, CURRENT]
    assert both["name"].tolist() == ["SCYB8", "IL8"]
    assert name_genes(["SCYB8", "CXCL8"], guarded=False)["name"].tolist() == ["IL8", "IL8"]


def test_a_former_symbol_is_told_and_goes_before_an_alias(tmp_path: Path) -> None:
    named = name_genes(["TAZ", "WWTR1"])
    assert named["name"].tolist() == ["TAFAZZIN", "WWTR1"]
    assert name_genes(["CDC2", "CDK1"])["how"].tolist() == [SHADOWED, OWN]
    previous, genes = table("previous_symbols"), table("gene_ids")
    assert not set(previous["previous_symbol"]) & (set(genes["gene"]) | set(genes["current_symbol"]))
    unclear = {name for cell in genes["ambiguous"] for name in cell.split("|")}
    assert set(previous["previous_symbol"]) <= unclear
    read = read_matrix(write(tmp_path, "x.csv", "gene,S1\nTAZ,1\nMLL4,2\nPTEN,3\n"), ["PTEN"])
    told = " ".join(read.notes)
    assert "1 (former symbol of one gene, alias of others)" in told
    assert "1 alias of several genes (MLL4) left as they stand" in told


@pytest.mark.medium
def test_every_gene_of_training_has_ids(universe: list[str]) -> None:
    genes = table("gene_ids").set_index("gene")
    assert len(universe) == 5778
    assert set(universe) <= set(genes.index)
    without = [gene for gene in universe if not genes.at[gene, "ensembl"] or not genes.at[gene, "entrez"]]
    assert without == ["C2orf48", "TMEM133"]  # HGNC has merged them into RRM2 and ARHGAP42, which training holds too


def test_every_gene_of_the_knowledge_tables_is_there() -> None:
    named = name_genes(sorted(default_genes()))
    left = named.loc[named["how"].isin([UNKNOWN, AMBIGUOUS]), "given"]
    strange = [gene for gene in left if not gene.startswith(("hsa-", "hsa_", "circ"))]
    assert set(strange) <= {"BCR-ABL", "EWSR1-FLI1", "EWSR1-X", "CDR1as", "ciRS-7"}  # fusions and a circRNA


def test_no_name_leads_to_two_genes() -> None:
    genes = table("gene_ids")
    for column in ("current_symbol", "ensembl", "entrez", "hgnc_id"):
        filled = genes.loc[genes[column] != "", column]
        assert not filled.duplicated().any(), column
    assert not genes["gene"].duplicated().any()
    aliases = Counter(name for cell in genes["aliases"] for name in cell.split("|") if name)
    assert [name for name, count in aliases.items() if count > 1] == []
    own = set(genes["gene"]) | set(genes["current_symbol"])
    assert not own & set(aliases)
    assert not set(aliases) & {name for cell in genes["ambiguous"] for name in cell.split("|")}


def test_training_names_map_to_themselves(universe: list[str]) -> None:
    named = name_genes(universe)
    assert named["name"].tolist() == universe
    assert set(named["how"]) == {OWN}


@pytest.mark.medium
def test_all_ids_of_a_matrix_give_the_same_profile(tmp_path: Path, universe: list[str]) -> None:
    genes = table("gene_ids").set_index("gene").loc[[g for g in universe if g not in ("C2orf48", "TMEM133")]]
    values = np.arange(len(genes)) / 1000 + 1
    wanted = pd.Series(values, index=list(genes.index))
    for column in ("current_symbol", "ensembl", "entrez"):
        labels = genes[column] + ".7" if column == "ensembl" else genes[column]
        text = "id\tS1\n" + "".join(f"{a}\t{b}\n" for a, b in zip(labels, values, strict=True))
        read = read_matrix(write(tmp_path, f"{column}.tsv", text), default_genes())
        assert read.genes_in == "rows"
        assert read.values.loc["S1"].to_dict() == wanted.to_dict()


def test_numbered_samples_are_no_entrez_ids(tmp_path: Path) -> None:
    assert not are_entrez([str(number) for number in range(1, 61)])
    assert are_entrez(["5290", "5728", "207"])
    read = read_matrix(write(tmp_path, "x.csv", "gene,1,2,9,10\nPTEN,1,2,3,4\nPIK3CA,1,2,3,4\n"), ["PTEN"])
    assert list(read.values.index) == ["1", "2", "9", "10"]


def test_merged_ids_keep_the_highest_value(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "id\tS1\nENSG00000171862.12\t3\nENSG00000171862.12_PAR_Y\t0\nENSG00000121879\t5\n")
    found = read_profiles(expression=path, known_genes=["PTEN"]).expression
    assert found is not None
    assert found.loc["S1"].to_dict() == {"PTEN": 3.0, "PIK3CA": 5.0}


def test_a_maf_of_current_symbols_and_ids_meets_the_training_names(tmp_path: Path) -> None:
    head = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\n"
    rows = "".join(f"{g}\tS1\tMissense_Mutation\n" for g in ("KMT2D", "MLL2", "ENSG00000171862.3", "PIK3CA", "OR4F5"))
    profiles = read_profiles(mutations=write(tmp_path, "x.maf", head + rows))
    assert profiles.mutations is not None
    assert profiles.mutations["gene"].tolist() == ["MLL2", "MLL2", "PTEN", "PIK3CA", "OR4F5"]
    assert any("names brought to pamrx's own" in note for note in profiles.notes)


@pytest.mark.parametrize(
    ("label", "name", "how"),
    [
        ("hsa-miR-21", "hsa-miR-21", OWN),
        ("hsa-miR-21-5p", "hsa-miR-21", MATURE),
        ("HSA-MIR-21-5P", "hsa-miR-21", MATURE),
        ("miR-21-5p", "hsa-miR-21", MATURE),
        ("hsa-miR-21*", "hsa-miR-21-3p", UNMEASURED),
        ("hsa-miR-21-3p", "hsa-miR-21-3p", UNMEASURED),
        ("hsa-mir-21", "hsa-miR-21", STEM_LOOP),
        ("MIR21", "hsa-miR-21", STEM_LOOP),
        ("MIMAT0000076", "hsa-miR-21", ACCESSION),
        ("hsa-let-7a-1", "hsa-let-7a", STEM_LOOP),
        ("MIRLET7A1", "hsa-let-7a", STEM_LOOP),
        ("hsa-let-7a-5p", "hsa-let-7a", MATURE),
        ("hsa-mir-103-1", "hsa-miR-103", STEM_LOOP),
        ("hsa-mir-103a-2", "hsa-miR-103", STEM_LOOP),
        ("hsa-miR-128a", "hsa-miR-128", MATURE),
        ("hsa-miR-151a-3p", "hsa-miR-151-3p", MATURE),
        ("hsa-miR-199a", "hsa-miR-199a-5p", MATURE),
        ("hsa-miR-129*", "hsa-miR-129-3p", MATURE),
        ("hsa-miR-106a+hsa-miR-17", "hsa-miR-106a+hsa-miR-17", OWN),
        ("hsa-miR-17-5p/hsa-miR-106a-5p", "hsa-miR-106a+hsa-miR-17", PROBE),
        ("hsa-miR-17-5p", "hsa-miR-17", MATURE),
        ("hsa-miR-99999", "hsa-miR-99999", UNMEASURED),
    ],
)
def test_a_mirna_by_any_name(label: str, name: str, how: str) -> None:
    assert name_mirnas([label]).iloc[0].tolist() == [label, name, how]


def test_mirna_table_agrees_with_the_bundle_and_the_knowledge_table(bundle: Bundle) -> None:
    mirnas = table("mirna_ids")
    assert set(mirnas.loc[mirnas["in_training"] == "yes", "mirna"]) == set(
        bundle.builder.state()["ncrna"]["mirna_universe"]
    )
    known = table("ncrna").query("kind == 'miRNA' and mimat != ''").drop_duplicates("ncrna")
    mature = dict(zip(mirnas["mimat"], mirnas["mature"], strict=True))
    assert [
        (row.ncrna, mature.get(str(row.mimat))) for row in known.itertuples() if mature.get(str(row.mimat)) != row.ncrna
    ] == []
    loops = Counter(loop for cell in mirnas["stem_loops"] for loop in cell.split("|") if loop)
    assert [loop for loop, count in loops.items() if count > 1] == []


@pytest.mark.shared
def test_accessions_are_those_of_the_training_probes(shared_data: Path) -> None:
    probes = pd.read_csv(shared_data / "ccle" / "CCLE_miRNA_probe_annotation.csv")
    probes = probes[probes["class"] == "Endogenous1"].set_index("name")["mimat"].str.replace("+", "|")
    mirnas = table("mirna_ids").query("in_training == 'yes'").set_index("mirna")["mimat"]
    assert probes.to_dict() == mirnas.to_dict()


def test_stem_loops_of_one_mirna_are_summed_and_arms_measured_twice_are_not() -> None:
    labels = ["hsa-let-7a-1", "hsa-let-7a-2", "hsa-miR-21", "hsa-miR-21-5p", "hsa-mir-21"]
    levels = pd.DataFrame([[2.0, 2.0, 5.0, 6.0, 9.0]], index=["S1"], columns=labels)  # 2^2 - 1 = 3; 3 + 3 + 1 = 7
    merged = merge_mirnas(levels, name_mirnas(labels))
    assert merged.loc["S1"].to_dict() == pytest.approx({"hsa-let-7a": np.log2(7), "hsa-miR-21": 6.0})


def test_sums_stay_numbers_below_zero_and_missing_stays_missing() -> None:
    levels = pd.DataFrame([[-3.0, -2.0], [-3.0, 2.0], [np.nan, np.nan], [0.0, 0.0], [np.nan, 1.0]])
    np.testing.assert_allclose(sum_of_levels(levels), [-2.0, 2.0, np.nan, 0.0, 1.0])


def test_new_names_reach_the_merged_probes_of_training(tmp_path: Path) -> None:
    text = "mirna\tS1\nhsa-miR-17-5p\t3\nhsa-miR-106a-5p\t4\nhsa-miR-21-5p\t60\n"
    profiles = read_profiles(ncrna=write(tmp_path, "x.tsv", text))
    found = mirna_levels(profiles, ["hsa-miR-106a+hsa-miR-17", "hsa-miR-21"])
    assert found is not None
    assert found.loc["S1"].tolist() == pytest.approx([np.log2(3 + 4 + 1), np.log2(61)])


@pytest.mark.parametrize(
    ("label", "name"),
    [("hsa_circ_0000199", "circAKT3"), ("circ_ITCH", "circ-ITCH"), ("ITCH_circ", "circ-ITCH"), ("ciRS-7", "CDR1as")],
)
def test_circrnas_by_circbase_id_or_host(label: str, name: str) -> None:
    assert name_columns([label], (), "ncrna")["name"].tolist() == [name]


@pytest.mark.parametrize("label", ["hsa_circ_0000199", "ciRS-7", "CDR1as", "circHIPK3"])
def test_circrnas_are_named_though_every_name_of_theirs_is_known(label: str) -> None:
    named = name_columns([label], default_genes(), "ncrna").iloc[0]
    assert named["name"] in set(table("ncrna")["ncrna"])
    assert named["how"] == (OWN if named["name"] == label else CIRCRNA)


def test_a_circrna_that_nobody_lists_is_told_from_an_unknown_gene() -> None:
    labels = ["hsa_circ_0099999", "circ_0001946", "circFBXW7", "FBXW7_circ", "OR4F5", "CIRBP", "ITCH"]
    named = name_columns(labels, default_genes(), "ncrna")
    assert named["name"].tolist() == labels
    assert [how == UNLISTED_CIRCRNA for how in named["how"]] == [True] * 4 + [False] * 3


def test_what_becomes_of_circrnas_is_said(tmp_path: Path) -> None:
    text = "id\tS1\nhsa_circ_0000199\t120\ncirc_ITCH\t3\nhsa_circ_0099999\t5\nMALAT1\t9.1\nhsa-miR-21\t9\n"
    profiles = read_profiles(ncrna=write(tmp_path, "x.tsv", text))
    assert profiles.ncrna is not None
    assert set(profiles.ncrna.columns) == {"circAKT3", "circ-ITCH", "hsa_circ_0099999", "MALAT1", "hsa-miR-21"}
    told = next(note for note in profiles.notes if "circRNAs (" in note)
    assert "3 circRNAs (2 of them known to act on the axis: circAKT3, circ-ITCH)" in told
    assert "they change no prediction" in told
    # Read counts of circRNAs do not make linear what stands beside them on a log scale.
    assert profiles.ncrna.loc["S1", ["MALAT1", "hsa-miR-21"]].tolist() == [9.1, 9.0]
    assert profiles.ncrna.loc["S1", "circAKT3"] == pytest.approx(np.log2(121))


def test_without_circrnas_nothing_is_said_of_them(tmp_path: Path) -> None:
    profiles = read_profiles(ncrna=write(tmp_path, "x.tsv", "id\tS1\nMALAT1\t9\nhsa-miR-21\t5\n"))
    assert not any("circRNA" in note for note in profiles.notes)


def test_a_lncrna_by_its_ensembl_id(tmp_path: Path) -> None:
    profiles = read_profiles(ncrna=write(tmp_path, "x.tsv", "id\tS1\nENSG00000251562.9\t9\nhsa-miR-21\t5\n"))
    assert profiles.ncrna is not None
    assert set(profiles.ncrna.columns) == {"MALAT1", "hsa-miR-21"}


@pytest.mark.shared
def test_most_reads_of_tcga_stem_loops_find_a_mirna_of_training(shared_data: Path) -> None:
    counts = pd.read_csv(shared_data / "tcga_acc" / "TCGA_ACC_miRNASeqGene.csv.gz", index_col=0)
    names = name_mirnas(counts.index)
    found = (names["how"] != UNMEASURED).to_numpy()
    assert (len(names), int(found.sum())) == (1046, 669)
    # Most of the rest is hsa-mir-182, which CCLE has no probe for.
    assert 0.96 < counts[found].to_numpy().sum() / counts.to_numpy().sum() < 0.97


@pytest.mark.shared
def test_nci60_mirnas_find_those_of_training(shared_data: Path) -> None:
    read = read_matrix(shared_data / "nci60" / "nci60_mirna_agilent_log2.tsv.gz", default_genes(), "ncrna")
    found = read.names[read.names["how"] != UNMEASURED]
    assert (len(read.names), len(found), found["name"].nunique()) == (417, 326, 273)


# Genes of another species

MOUSE = ("Pik3ca", "Trp53", "Pten", "Akt1", "Mtor", "Kras", "Gm10093", "0610007P14Rik")


def matrix_of(genes: list[str]) -> str:
    return "gene,S1,S2\n" + "".join(f"{gene},{place},{place + 1}\n" for place, gene in enumerate(genes))


def test_names_of_mouse_genes_are_said_to_be_so(tmp_path: Path) -> None:
    some = read_matrix(write(tmp_path, "mouse.csv", matrix_of([*MOUSE, "H19"])), ["PTEN", "H19"])
    notes = [note for note in some.notes if "mouse genes" in note]
    assert len(notes) == 1
    for part in ("mouse.csv", "Pik3ca", "human orthologs"):
        assert part in notes[0]


def test_a_file_of_mouse_genes_alone_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match=r"no recognised gene; found Pik3ca.*mouse genes.*human orthologs") as caught:
        read_matrix(write(tmp_path, "mouse.csv", matrix_of(list(MOUSE))), ["PTEN"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "genes",
    [
        ["PIK3CA", "TP53", "PTEN", "AKT1", "MTOR", "KRAS", "Pik3ca", "Trp53", "Akt2"],  # a graft's, some of them
        ["PIK3CA", "C10orf10", "C1orf112", "C9orf72", "C11orf30"],  # human open frames are written so
        ["PTEN", "Myprobe1", "Myprobe2", "Myprobe3", "Myprobe4"],  # title case, but no gene in capitals
    ],
)
def test_human_files_with_some_such_names_are_not(tmp_path: Path, genes: list[str]) -> None:
    read = read_matrix(write(tmp_path, "human.csv", matrix_of(genes)), ["PTEN"])
    assert not [note for note in read.notes if "mouse genes" in note]
