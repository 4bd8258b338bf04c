"""Tables of mutations as DepMap, Cell Model Passports, COSMIC, ICGC, ANNOVAR, cBioPortal and others export them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pamrx.errors import PamrxError
from pamrx.identifiers.genes import default_genes
from pamrx.knowledge import table
from pamrx.profiles import read_profiles
from pamrx.readers.mutations.columns import is_mutation_header
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.mutations.table import CLASSIFICATIONS, Mutations

HEAD = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short"
H1047R = ["S1", "PIK3CA", "Missense_Mutation", "p.H1047R"]


def read(folder: Path, text: str, name: str = "x.maf") -> Mutations:
    path = folder / name
    path.write_text(text)
    return read_mutations(path, default_genes())


def rows(found: Mutations) -> list[list[str]]:
    return found.rows.drop(columns="driver").to_numpy().tolist()


def told(found: Mutations) -> str:
    return " ".join(found.notes)


@pytest.mark.parametrize(
    ("name", "header", "row"),
    [
        ("a.tsv", "Study ID|Sample ID|Protein Change|Mutation Type|Gene", "x|S1|H1047R|Missense Mutation|PIK3CA"),
        ("b.csv", "Chrom,Pos,Ref,Alt,GT,VariantInfo,ProteinChange,HugoSymbol,ModelID,IsDefaultEntryForModel",
         "chr3,179234297,A,G,0|1,missense_variant&splice_region_variant,p.H1047R,PIK3CA,S1,Yes"),
        ("c.csv", "Hugo_Symbol,Variant_Classification,Reference_Allele,Tumor_Seq_Allele1,DepMap_ID,Protein_Change",
         "PIK3CA,Missense_Mutation,A,G,S1,p.H1047R"),
        ("d.csv", "gene_symbol,ensembl_gene_id,model_id,model_name,protein_mutation,effect",
         "PIK3CA,ENSG00000121879,S1,A-Line,p.H1047R,missense"),
        ("e.tsv", "GENE_NAME|SAMPLE_NAME|ID_SAMPLE|MUTATION_DESCRIPTION|MUTATION_AA",
         "PIK3CA|S1|9|Substitution - Missense|p.H1047R"),
        ("f.tsv", "icgc_donor_id|icgc_sample_id|mutation_type|consequence_type|aa_mutation|gene_affected",
         "DO1|S1|single base substitution|missense_variant|H1047R|ENSG00000121879"),
        ("S1.hg38_multianno.txt", "Chr|Start|End|Ref|Alt|Func.refGene|Gene.refGene|ExonicFunc.refGene|AAChange.refGene",
         "3|1|1|A|G|exonic|PIK3CA|nonsynonymous SNV|PIK3CA:NM_006218:exon21:c.A3140G:p.H1047R"),
        ("g.maf", "Hugo_Symbol|Tumor_Sample_Barcode|Variant_Classification|amino_acid_change_WU",
         "PIK3CA|S1|missense|p.H1047R"),
        ("h.tsv", "SYMBOL|Sample|Consequence|HGVSp_VEP", "PIK3CA|S1|missense_variant|ENSP00000263967.3:p.His1047Arg"),
        ("i.tsv", "Entrez_Gene_Id|Sample_ID|HGVSp_Short", "5290|S1|p.H1047R"),
    ],
)  # fmt: skip
def test_columns_of_many_sources(tmp_path: Path, name: str, header: str, row: str) -> None:
    text = f"{header}\n{row}\n" if name.endswith("csv") else f"{header}\n{row}\n".replace("|", "\t")
    assert rows(read(tmp_path, text, name)) == [H1047R]
    assert is_mutation_header(re.split(r"[,|]", header)) or "multianno" in name


def test_the_columns_taken_are_said(tmp_path: Path) -> None:
    text = "gene_symbol,model_id,model_name,effect,protein_mutation\nPTEN,7,A,nonsense,p.R130*\n"
    found = read(tmp_path, text, "x.csv")
    assert found.samples == ("7",)
    assert (
        "columns: samples from model_id (not from model_name), genes from gene_symbol, consequences from effect, "
        "protein changes from protein_mutation" in told(found)
    )


def test_only_default_entries_of_a_model_count(tmp_path: Path) -> None:
    text = "HugoSymbol,ModelID,VariantInfo,ProteinChange,IsDefaultEntryForModel\n"
    text += "PTEN,M1,stop_gained,p.R130*,Yes\nKRAS,M1,missense_variant,p.G12D,No\n"
    found = read(tmp_path, text, "x.csv")
    assert found.rows["gene"].tolist() == ["PTEN"]
    assert "1 rows that IsDefaultEntryForModel says are not of a model's default entry left out" in told(found)


def test_every_word_of_the_table_is_a_word_of_a_maf() -> None:
    words = table("consequences")
    assert set(words["classification"]) <= {*CLASSIFICATIONS, "Frame_Shift", "In_Frame", "by length"}
    assert (words["source"].str.len() > 8).all()
    for name in ("variant_filters", "mutation_columns"):
        assert (table(name)["source"].str.len() > 3).all()
    assert set(table("variant_filters")["effect"]) == {"left out", "kept"}


@pytest.mark.parametrize(
    ("word", "change", "expected"),
    [
        ("missense_variant,splice_region_variant", "p.H1R", "Missense_Mutation"),
        ("NON_SYNONYMOUS_CODING", "H1R", "Missense_Mutation"),
        ("nonsynonymous SNV", "H1R", "Missense_Mutation"),
        ("stopgain", "p.R130*", "Nonsense_Mutation"),
        ("frameshift deletion", "p.K267fs", "Frame_Shift_Del"),
        ("frameshift_variant", "p.K267fs", "Frame_Shift_Del"),
        ("exonic;splicing", "", "Splice_Site"),
        ("DE_NOVO_START_OUT_FRAME", "", "De_novo_Start_OutOfFrame"),
        ("FIVE_PRIME_UTR", "", "5'UTR"),
        ("COULD_NOT_DETERMINE", "p.R130*", "Nonsense_Mutation"),
        ("Frame Shift Del", "p.K267fs", "Frame_Shift_Del"),
        ("Deletion - Frameshift", "p.K267fs", "Frame_Shift_Del"),
        ("nonframeshift substitution", "p.E746_A750del", "In_Frame_Del"),
        ("inframe", "p.A775_G776insYVMA", "In_Frame_Ins"),
        ("ess_splice", "p.?", "Splice_Site"),
        ("word of tomorrow", "p.R130*", "Nonsense_Mutation"),
    ],
)
def test_consequences_of_every_annotator(tmp_path: Path, word: str, change: str, expected: str) -> None:
    found = read(tmp_path, f"{HEAD}\nPTEN\tS1\t{word}\t{change}\nTTN\tS2\tSilent\t\n")
    assert found.rows["variant_classification"].iloc[0] == expected


def test_alleles_tell_what_a_frame_shift_does(tmp_path: Path) -> None:
    head = f"{HEAD}\tReference_Allele\tTumor_Seq_Allele2\tVariant_Type"
    text = f"{head}\nPTEN\tS1\tframeshift_variant\t\t-\tA\tINS\nPTEN\tS2\tprotein_altering_variant\t\tCTT\t-\tDEL\n"
    text += "PTEN\tS3\tframeshift_variant\t\t\t\tINS\n"
    found = read(tmp_path, text)
    assert found.rows["variant_classification"].tolist() == ["Frame_Shift_Ins", "In_Frame_Del", "Frame_Shift_Ins"]


def test_unknown_words_are_all_counted_and_five_named(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(7) for _ in range(number + 1)]
    text = HEAD + "".join(f"\nPTEN\tS1\t{word}\t" for word in words) + "\nPTEN\tS1\tSilent\tp.A1A\n"
    note = next(note for note in read(tmp_path, text).notes if "unknown Variant" in note)
    assert "28 rows with 7 unknown Variant_Classification words: 'w6' (7), 'w5' (6)" in note
    assert "'w2' (3), ..." in note


def test_advice_on_words_that_nobody_knows(tmp_path: Path) -> None:
    text = f"{HEAD}\nPTEN\tS1\tbad\tp.R130*\n"
    with pytest.raises(PamrxError, match="delete the column Variant_Classification: then the protein changes tell"):
        read(tmp_path, text)
    found = read(
        tmp_path, "\n".join("\t".join(line.split("\t")[:2] + line.split("\t")[3:]) for line in text.splitlines())
    )
    assert rows(found) == [["S1", "PTEN", "Nonsense_Mutation", "p.R130*"]]
    assert "no column of consequences: read from the protein changes" in told(found)


def test_protein_changes_in_other_text(tmp_path: Path) -> None:
    cells = ["c.3140A>G (p.H1047R)", "p.E542K;p.H1047R", "PIK3CA H1047R", "h1047r", "MUTATED", "E545", ""]
    text = HEAD + "".join(f"\nPIK3CA\tS{place}\tMissense_Mutation\t{cell}" for place, cell in enumerate(cells)) + "\n"
    found = read(tmp_path, text)
    assert found.rows["hgvsp"].tolist() == ["p.H1047R", "p.E542K", *["p.H1047R"] * 3, "", "", ""]
    assert found.rows["sample_id"].tolist() == ["S0", "S1", "S1", "S2", "S3", "S4", "S5", "S6"]
    assert "2 protein changes in genes with hotspots could not be read (PIK3CA 'MUTATED', PIK3CA 'E545')" in told(found)
    assert "1 protein changes in genes with hotspots are not given (PIK3CA)" in told(found)
    assert "1 cells hold several protein changes" in told(found)


def test_advice_on_changes_that_could_not_be_read(tmp_path: Path) -> None:
    text = f"{HEAD}\nPIK3CA\tS1\tMissense_Mutation\tMUTATED\n"
    assert "expected such as p.H1047R" in told(read(tmp_path, text))
    assert rows(read(tmp_path, text.replace("MUTATED", "p.H1047R"))) == [H1047R]


def test_wild_type_is_no_mutation(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}\nPIK3CA\tS1\tMissense_Mutation\tWT\nPIK3CA\tS2\tMissense_Mutation\tH1047R\n")
    assert found.rows["sample_id"].tolist() == ["S2"]
    assert found.samples == ("S1", "S2")


def test_of_changes_per_transcript_a_hotspot_goes_first(tmp_path: Path) -> None:
    cell = "TP53:NM_001126115:exon5:c.C346T:p.R116W,TP53:NM_000546:exon8:c.G818A:p.R273H"
    found = read(tmp_path, f"{HEAD}\nTP53\tS1\tMissense_Mutation\t{cell}\nPTEN\tS1\tMissense_Mutation\t{cell}\n")
    assert found.rows["hgvsp"].tolist() == ["p.R273H", "p.R116W"]


def test_genes_as_people_write_them(tmp_path: Path) -> None:
    labels = [
        "PTEN;KLLN",
        "pten",
        "Pik3ca",
        "c-Met",
        "PTEN ",
        '"AKT1"',
        "PIK3CA_mut",
        "TP53_ENST00000420246",
        "MTOR-AS1",
    ]
    text = HEAD + "".join(f"\n{label}\tS1\tNonsense_Mutation\tp.R{n + 10}*" for n, label in enumerate(labels)) + "\n"
    found = read(tmp_path, text)
    assert found.rows["gene"].tolist() == [
        "PTEN",
        "PTEN",
        "PIK3CA",
        "MET",
        "PTEN",
        "AKT1",
        "PIK3CA_mut",
        "TP53",
        "MTOR-AS1",
    ]
    assert "3 (symbol in other case or with other signs)" in told(found)
    assert "1 rows in genes not recognised that resemble genes of the axis: PIK3CA_mut: not used; write their" in told(
        found
    )


def test_a_file_of_mouse_genes_is_refused_still(tmp_path: Path) -> None:
    text = HEAD + "".join(f"\n{gene}\tS1\tSilent\t" for gene in ("Pik3ca", "Pten", "Akt1", "Mtor", "Kras")) + "\n"
    with pytest.raises(PamrxError, match="look like mouse genes"):
        read(tmp_path, text)


FILTERED = (
    f"{HEAD}\tFILTER\nPIK3CA\tS1\tMissense_Mutation\tp.H1047R\tPASS\nPTEN\tS2\tNonsense_Mutation\tp.R130*\t"
    "common_variant\nTSC2\tS1\tNonsense_Mutation\tp.Q90*\tpanel_of_normals;germline_risk\nKRAS\tS1\tMissense_Mutation\t"
    "p.G12D\twga\nAKT1\tS1\tMissense_Mutation\tp.E17K\todd_word\n"
)


def test_filter_words_are_honoured_and_said(tmp_path: Path) -> None:
    found = read(tmp_path, FILTERED)
    assert found.rows["gene"].tolist() == ["PIK3CA", "KRAS", "AKT1"]
    assert found.samples == ("S1", "S2")
    assert "2 rows whose FILTER is not PASS (common_variant 1, panel_of_normals 1, germline_risk 1) left out" in told(
        found
    )
    assert "FILTER words that are kept: wga 1, odd_word 1" in told(found)


def test_advice_to_keep_filtered_rows(tmp_path: Path) -> None:
    assert "to keep them, delete the column FILTER" in told(read(tmp_path, FILTERED))
    without = "\n".join(line.rpartition("\t")[0] for line in FILTERED.splitlines())
    assert len(read(tmp_path, f"{without}\n").rows) == 5


def test_a_panel_of_normals_of_the_gdc_is_settled(tmp_path: Path) -> None:
    text = f"{HEAD}\tFILTER\tGDC_FILTER\nPTEN\tS1\tNonsense_Mutation\tp.R130*\tpanel_of_normals\t\n"
    assert len(read(tmp_path, text).rows) == 1


def test_nothing_that_counts_has_its_true_reason(tmp_path: Path) -> None:
    text = f"{HEAD}\tMutation_Status\nPIK3CA\tS1\tMissense_Mutation\tp.H1047R\tGermline\n"
    advice = r"none of its 1 rows counts: 1 rows marked Germline .* If they are, delete the column Mutation_Status"
    with pytest.raises(PamrxError, match=advice):
        read(tmp_path, text)
    assert rows(read(tmp_path, text.replace("\tMutation_Status", "").replace("\tGermline", ""))) == [H1047R]


PLACED = f"{HEAD}\tChromosome\tStart_Position\tReference_Allele\tTumor_Seq_Allele2"


def test_one_change_on_two_transcripts_counts_once(tmp_path: Path) -> None:
    text = f"{PLACED}\nPTEN\tS1\tMissense_Mutation\tp.R303Q\t10\t89692905\tG\tA\n"
    text += "PTEN\tS1\tMissense_Mutation\tp.R130Q\t10\t89692905\tG\tA\n"
    text += "PTEN\tS1\tMissense_Mutation\tp.R130L\t10\t89692905\tG\tT\n"
    found = read(tmp_path, text)
    assert found.rows["hgvsp"].tolist() == ["p.R130Q", "p.R130L"]
    assert "1 rows list a change of their sample again" in told(found)


def test_callers_that_list_a_change_again_count_once(tmp_path: Path) -> None:
    row = "PTEN\tS1\tNonsense_Mutation\tp.R130*\n"
    assert len(read(tmp_path, f"{HEAD}\n{row * 4}PTEN\tS2\tNonsense_Mutation\tp.R130*\n").rows) == 2


def test_advice_on_changes_that_may_be_one(tmp_path: Path) -> None:
    two = ["PTEN\tS1\tMissense_Mutation\tp.R130Q", "PTEN\tS1\tMissense_Mutation\tp.R303Q"]
    found = read(tmp_path, "\n".join([HEAD, *two, ""]))
    assert len(found.rows) == 2
    assert "(PTEN of S1: p.R130Q, p.R303Q)" in told(found)
    assert "add the columns Chromosome, Start_Position and Tumor_Seq_Allele2" in told(found)
    followed = read(tmp_path, "\n".join([PLACED, *(f"{row}\t10\t89692905\tG\tA" for row in two), ""]))
    assert followed.rows["hgvsp"].tolist() == ["p.R130Q"]


def test_headers_comments_and_quotes_among_the_rows(tmp_path: Path) -> None:
    one, two = "PIK3CA\tS1\tMissense_Mutation\tp.H1047R", "PTEN\tS2\tNonsense_Mutation\tp.R130*"
    found = read(tmp_path, f"#version 2.4\n#two\n{HEAD}\n{one}\n#version 2.4\n{HEAD}\n{two}\n")
    assert found.samples == ("S1", "S2")
    assert read(tmp_path, f"{HEAD}\n{one}\n{HEAD.upper()}\n").samples == ("S1",)
    assert "1 rows repeat the header: left out" in told(found)
    quoted = "\n".join("\t".join(f'"{cell}"' for cell in line.split("\t")) for line in (HEAD, one))
    assert rows(read(tmp_path, quoted + "\n")) == [H1047R]
    named = "\n".join([quoted.splitlines()[0], f'"1"\t{quoted.splitlines()[1]}', ""])
    assert rows(read(tmp_path, named)) == [H1047R]


def test_a_matrix_of_mutated_or_not_is_refused_by_name(tmp_path: Path) -> None:
    text = ",PIK3CA (5290),PTEN (5728),KRAS (3845)\nACH-1,0,1,0\n"
    with pytest.raises(
        PamrxError, match=r"matrix of samples and genes \(PIK3CA \(5290\), .*OmicsSomaticMutations\.csv"
    ):
        read(tmp_path, text, "x.csv")


def test_structural_variants_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="a table of structural variants, which --mutations does not take"):
        read(tmp_path, "Sample_Id\tSite1_Hugo_Symbol\tSite2_Hugo_Symbol\nS1\tPTEN\tKLLN\n")


def test_advice_where_every_row_is_filtered(tmp_path: Path) -> None:
    text = f"{HEAD}\tFILTER\nPIK3CA\tS1\tMissense_Mutation\tp.H1047R\tcommon_variant\n"
    with pytest.raises(PamrxError, match=r"\(common_variant 1\) left out; expected .*delete the column FILTER$"):
        read(tmp_path, text)
    assert rows(read(tmp_path, text.replace("\tFILTER", "").replace("\tcommon_variant", ""))) == [H1047R]


def test_advice_on_a_column_of_bases(tmp_path: Path) -> None:
    text = "Hugo_Symbol,Variant_Classification,Tumor_Sample_Barcode,DepMap_ID\nPTEN,Silent,G,A1\nPTEN,Silent,T,A2\n"
    with pytest.raises(
        PamrxError, match="rename Tumor_Sample_Barcode to Tumor_Seq_Allele2, so that DepMap_ID is taken"
    ):
        read(tmp_path, text, "x.csv")
    followed = read(tmp_path, text.replace("Tumor_Sample_Barcode", "Tumor_Seq_Allele2"), "x.csv")
    assert followed.samples == ("A1", "A2")


def test_advice_on_a_missing_column(tmp_path: Path) -> None:
    text = "Locus\tTumor_Sample_Barcode\tVariant_Classification\nPTEN\tS1\tSilent\n"
    with pytest.raises(PamrxError, match="name the column that holds the gene of each mutation Hugo_Symbol"):
        read(tmp_path, text)
    assert len(read(tmp_path, text.replace("Locus", "Hugo_Symbol")).rows) == 1


def test_advice_on_one_gene_alone(tmp_path: Path) -> None:
    maf, panel = tmp_path / "x.maf", tmp_path / "panel.txt"
    maf.write_text(f"{HEAD}\n" + "\t".join([H1047R[1], H1047R[0], *H1047R[2:]]) + "\n")
    panel.write_text("PIK3CA\n")
    note = f"{maf}: 1 mutation in 1 gene: taken as a whole exome; if only some genes were tested, use --panel"
    assert note in read_profiles(mutations=maf).notes
    followed = read_profiles(mutations=maf, panel=panel)
    assert note not in followed.notes
    assert followed.assessed_genes == {"PIK3CA"}
