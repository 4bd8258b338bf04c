"""Annotated VCF, as VEP and SnpEff write it, in the words of a MAF."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamrx.errors import PamrxError
from pamrx.identifiers.consequences import variant_classification
from pamrx.knowledge import table
from pamrx.profiles import read_profiles
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.mutations.table import CLASSIFICATIONS, Mutations
from pamrx.readers.mutations.vcf_samples import tumour_columns

pysam = pytest.importorskip("pysam")

GENES = ("PIK3CA", "PTEN", "KRAS", "TP53", "AKT1")
VEP_FIELDS = (
    "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|EXON|INTRON|HGVSc|HGVSp|cDNA_position|"
    "CDS_position|Protein_position|Amino_acids|Codons|Existing_variation|DISTANCE|STRAND|FLAGS|PICK|SYMBOL_SOURCE|"
    "HGNC_ID|CANONICAL|MANE_SELECT"
)
VEP = (
    f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: {VEP_FIELDS}">'
)
SNPEFF = (
    "##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele | Annotation | "
    "Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p "
    "| cDNA.pos / cDNA.length | CDS.pos / CDS.length | AA.pos / AA.length | Distance | ERRORS / WARNINGS / INFO' \">"
)
MUTECT = "##tumor_sample=T1\n##normal_sample=N1"
BASE = '##contig=<ID=chr3>\n##contig=<ID=chr10>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">'
FILTER = '##FILTER=<ID=weak_evidence,Description="Mutation does not meet likelihood threshold">'


def csq(allele: str, terms: str, gene: str, **also: str) -> str:
    known = {"Allele": allele, "Consequence": terms, "SYMBOL": gene, "Feature_type": "Transcript", **also}
    return "|".join(known.get(name, "") for name in VEP_FIELDS.split("|"))


def ann(allele: str, terms: str, gene: str, change: str = "", kind: str = "transcript") -> str:
    return f"{allele}|{terms}|HIGH|{gene}|ENSG0|{kind}|ENST0|protein_coding|1/9|c.1A>G|{change}|1/9|1/9|1/3||"


def vcf(
    folder: Path, *records: str, head: str = f"{VEP}\n{MUTECT}", columns: str = "T1\tN1", name: str = "x.vcf"
) -> Path:
    """Records: tab-separated without ID and QUAL: chrom, pos, ref, alt, filter, info, genotypes."""
    lines = ["##fileformat=VCFv4.2", *BASE.split("\n"), FILTER, *head.split("\n")]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO" + (f"\tFORMAT\t{columns}" if columns else ""))
    for record in records:
        chrom, pos, ref, alt, mark, info, *genotypes = record.split()
        cells = [chrom, pos, ".", ref, alt, ".", mark, info, *(["GT", *genotypes] if genotypes else [])]
        lines.append("\t".join(cells))
    text = ("\n".join(lines) + "\n").encode()
    path = folder / name
    path.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    return path


def rows(read: Mutations) -> list[list[str]]:
    return read.rows.drop(columns="driver").to_numpy().tolist()


H1047R = csq("G", "missense_variant", "PIK3CA", HGVSp="ENSP00000263967.3:p.His1047Arg", CANONICAL="YES")
PIK3CA = f"chr3 179234297 A G PASS CSQ={H1047R} 0/1 0/0"


@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz", "without_ending", "bgzipped.vcf.gz"])
def test_vep_somatic_pair_of_mutect(tmp_path: Path, name: str) -> None:
    path = vcf(tmp_path, PIK3CA, name=name.replace("bgzipped.vcf.gz", "plain.vcf"))
    if name.startswith("bgzipped"):
        pysam.tabix_compress(str(path), str(tmp_path / name))
        path = tmp_path / name
    profiles = read_profiles(mutations=path, known_genes=GENES)
    assert profiles.mutations is not None
    assert profiles.mutations.drop(columns="driver").to_numpy().tolist() == [
        ["T1", "PIK3CA", "Missense_Mutation", "p.H1047R"]
    ]
    assert profiles.mutations["driver"].isna().all()
    assert profiles.sequenced.to_dict() == {"T1": True}
    assert profiles.notes[0].endswith("x.vcf: 1 mutations in 1 samples and 1 genes (VEP CSQ)") or name != "x.vcf"
    assert any("column N1 is the normal: dropped" in note for note in profiles.notes)


@pytest.mark.parametrize(
    ("format_", "cell"), [("GT:AD", "0/1:30,10"), ("GT:AF", "0/1:0.25"), ("GT:AD:AF", "0/1:.,.:0.25")]
)
def test_the_fraction_of_the_carried_allele_is_kept(tmp_path: Path, format_: str, cell: str) -> None:
    head = "\n".join(
        [
            VEP,
            '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads">',
            '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Fraction">',
        ]
    )
    info = f"CSQ={csq('G', 'missense_variant', 'PIK3CA', HGVSp='ENSP0:p.His1047Arg')}"
    path = vcf(tmp_path, f"chr3 100 A G PASS {info} 0/1", head=head, columns="T1")
    path.write_text(path.read_text().replace("\tGT\t0/1", f"\t{format_}\t{cell}"))
    assert read_mutations(path).rows["vaf"].tolist() == [pytest.approx(0.25)]


def test_snpeff_reads_like_vep(tmp_path: Path) -> None:
    info = ",".join(
        [
            ann("A", "stop_gained&splice_region_variant", "PTEN", "p.Arg130Ter"),
            ann("A", "structural_interaction_variant", "PTEN", kind="interaction"),
            ann("A", "downstream_gene_variant", "KLLN"),
        ]
    )
    path = vcf(tmp_path, f"chr10 87933147 C A PASS ANN={info} 0/1 0/0", head=f"{SNPEFF}\n{MUTECT}")
    read = read_mutations(path, GENES)
    assert rows(read) == [["T1", "PTEN", "Nonsense_Mutation", "p.R130*"]]
    assert read.notes[0].endswith("(SnpEff ANN)")


def test_genotypes_filters_and_germline(tmp_path: Path) -> None:
    change = csq("G", "missense_variant", "AKT1", HGVSp="p.Glu17Lys")
    path = vcf(
        tmp_path,
        f"chr3 1 A G . CSQ={change} 0|1 0/0",
        f"chr3 2 A G PASS CSQ={change} 0/0 0/0",
        f"chr3 3 A G PASS CSQ={change} ./. 0/0",
        f"chr3 4 A G weak_evidence CSQ={change} 0/1 0/0",
        f"chr3 5 A G PASS CSQ={change} 0/1 0/1",
        f"chr3 6 A G PASS CSQ={change} 1/1 ./.",
        f"chr3 7 A <DEL> PASS CSQ={change} 0/1 0/0",
        f"chr3 8 A G PASS CSQ={csq('G', 'intergenic_variant', '')} 0/1 0/0",
    )
    read = read_mutations(path, GENES)
    assert rows(read) == [["T1", "AKT1", "Missense_Mutation", "p.E17K"]] * 3
    told = " ".join(read.notes)
    assert "1 records whose genotype is not called (./.) taken as carried by the one tumour" in told
    assert "1 records whose FILTER is not PASS (weak_evidence) left out" in told
    assert "1 alleles that the normal carries too left out" in told
    assert "1 symbolic alleles" in told
    assert "1 variants in no gene" in told


def test_the_tumour_without_any_variant_is_sequenced(tmp_path: Path) -> None:
    profiles = read_profiles(mutations=vcf(tmp_path), known_genes=GENES)
    assert profiles.sequenced.to_dict() == {"T1": True}
    assert profiles.mutations is not None
    assert profiles.mutations.empty


def test_transcript_goes_before_severity_and_mane_before_canonical(tmp_path: Path) -> None:
    one = csq("G", "stop_gained", "PIK3CA", HGVSp="p.Gln9Ter")
    canonical = csq("G", "splice_region_variant&intron_variant", "PIK3CA", CANONICAL="YES", PICK="1")
    mane = csq("G", "synonymous_variant", "PIK3CA", HGVSp="p.Gln9%3D", MANE_SELECT="NM_006218.4")
    regulatory = csq("G", "TF_binding_site_variant", "", Feature_type="MotifFeature")
    neighbour = csq("G", "missense_variant", "KRAS", HGVSp="p.Gly12Asp")
    every = ",".join([one, canonical, mane, regulatory, neighbour])
    read = read_mutations(vcf(tmp_path, f"chr3 1 A G PASS CSQ={every} 0/1 0/0"), GENES)
    assert rows(read) == [["T1", "PIK3CA", "Silent", "p.Q9="], ["T1", "KRAS", "Missense_Mutation", "p.G12D"]]
    read = read_mutations(vcf(tmp_path, f"chr3 1 A G PASS CSQ={one},{canonical} 0/1 0/0"), GENES)
    assert rows(read) == [["T1", "PIK3CA", "Splice_Region", ""]]
    picked = csq("G", "missense_variant", "PIK3CA", HGVSp="p.Gln9Arg", PICK="1")
    read = read_mutations(vcf(tmp_path, f"chr3 1 A G PASS CSQ={one},{picked} 0/1 0/0"), GENES)
    assert rows(read) == [["T1", "PIK3CA", "Missense_Mutation", "p.Q9R"]]


def test_each_sample_gets_the_consequence_of_its_own_allele(tmp_path: Path) -> None:
    info = f"CSQ={csq('G', 'missense_variant', 'KRAS', HGVSp='p.Gly12Ala')},{csq('T', 'stop_gained', 'KRAS')}"
    path = vcf(tmp_path, f"chr3 1 C G,T PASS {info} 0/1 0/2 1/2", head=VEP, columns="A\tB\tC")
    read = read_mutations(path, GENES)
    found = {(sample, word) for sample, _, word, _ in rows(read)}
    assert found == {(s, "Missense_Mutation") for s in "AC"} | {(s, "Nonsense_Mutation") for s in "BC"}
    assert any("3 columns are read as tumours: the header calls none of them" in note for note in read.notes)


def test_alleles_of_indels_as_vep_cuts_them(tmp_path: Path) -> None:
    info = f"CSQ={csq('-', 'frameshift_variant', 'PTEN')},{csq('AGGG', 'inframe_insertion', 'PTEN')}"
    path = vcf(tmp_path, f"chr3 1 CA C,CAGGG PASS {info} 0/1 0/2", head=VEP, columns="A\tB")
    assert [(r[0], r[2]) for r in rows(read_mutations(path, GENES))] == [
        ("A", "Frame_Shift_Del"),
        ("B", "In_Frame_Ins"),
    ]


def test_changes_without_hgvs_come_from_position_and_residues(tmp_path: Path) -> None:
    plain = csq("G", "missense_variant", "PIK3CA", Protein_position="1047/1068", Amino_acids="H/R")
    longer = csq("G", "frameshift_variant", "PTEN", Protein_position="267", Amino_acids="K/X")
    read = read_mutations(vcf(tmp_path, f"chr3 1 A G PASS CSQ={plain},{longer} 0/1 0/0"), GENES)
    assert [row[3] for row in rows(read)] == ["p.H1047R", ""]


def test_strelka_has_no_genotypes_and_sites_have_no_columns(tmp_path: Path) -> None:
    path = vcf(tmp_path, head=VEP, columns="NORMAL\tTUMOR", name="patient7.somatic.vcf")
    with path.open("a") as file:
        file.write(f"chr3\t1\t.\tA\tG\t.\tPASS\tCSQ={H1047R}\tDP\t30\t40\n")
    text = path.read_text().replace(
        "##FORMAT=<ID=GT", '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="">\n##FORMAT=<ID=GT'
    )
    path.write_text(text)
    read = read_mutations(path, GENES)
    assert rows(read) == [["patient7", "PIK3CA", "Missense_Mutation", "p.H1047R"]]
    assert any("column NORMAL is the normal" in note for note in read.notes)
    sites = vcf(tmp_path, PIK3CA.rsplit(" ", 2)[0], head=VEP, columns="", name="p8.vep.vcf.gz")
    assert rows(read_mutations(sites, GENES))[0][0] == "p8"
    several = vcf(tmp_path, head=VEP, columns="A\tB", name="y.vcf")
    several.write_text(several.read_text() + f"chr3\t1\t.\tA\tG\t.\tPASS\tCSQ={H1047R}\tDP\t30\t40\n")
    with pytest.raises(PamrxError, match=r"y\.vcf: chr3:1: no genotypes \(GT\) for 2 samples"):
        read_mutations(several, GENES)


def test_a_caller_that_calls_no_genotypes(tmp_path: Path) -> None:
    info = f"CSQ={csq('-', 'frameshift_variant', 'PTEN', HGVSp='p.Lys267ArgfsTer9')}"
    path = vcf(
        tmp_path,
        f"chr10 5 CTTTA C PASS {info} ./. ./.",
        f"chr10 9 CA C . {info} . .",
        columns="TUMOUR\tNORMAL",
        head=VEP,
    )
    read = read_mutations(path, GENES)
    assert [row[1:] for row in rows(read)] == [["PTEN", "Frame_Shift_Del", "p.K267Rfs*9"]] * 2
    assert any("2 records whose genotype is not called" in note for note in read.notes)


def test_of_several_tumours_one_that_is_never_called_is_unknown(tmp_path: Path) -> None:
    path = vcf(tmp_path, PIK3CA.replace("0/1 0/0", "0/1 ./. ./."), PIK3CA.replace("0/1 0/0", "0/0 0/1 ./."),
               head=VEP, columns="A\tB\tC")  # fmt: skip
    read = read_mutations(path, GENES)
    assert [row[0] for row in rows(read)] == ["A", "B"]
    assert read.samples == ("A", "B")
    assert "3 genotypes of tumours not called (./.): taken as not carried" in " ".join(read.notes)
    assert "1 tumours without any called genotype count as not sequenced (C)" in " ".join(read.notes)


def test_advice_where_the_tumour_carries_nothing_that_passes(tmp_path: Path) -> None:
    path = vcf(tmp_path, PIK3CA.replace("0/1 0/0", "0/0 0/1"), head=VEP, columns="TUMOR\tPT7")
    with pytest.raises(PamrxError, match=r"1 records pass, and x carries none .* header line ##tumor_sample=NAME"):
        read_mutations(vcf(tmp_path, PIK3CA.replace("0/1 0/0", "0/0"), head=VEP, columns="TUMOR"), GENES)
    path = vcf(tmp_path, PIK3CA.replace("0/1 0/0", "0/0 0/1"), head=f"{VEP}\n##tumor_sample=PT7", columns="TUMOR\tPT7")
    assert rows(read_mutations(path, GENES))[0][0] == "PT7"
    uncalled = vcf(tmp_path, PIK3CA.replace("0/1 0/0", "./. ./."), head=VEP, columns="A\tB")
    with pytest.raises(PamrxError, match="or give a VCF of one tumour with its genotypes called"):
        read_mutations(uncalled, GENES)


def test_the_same_record_twice_counts_once(tmp_path: Path) -> None:
    read = read_mutations(vcf(tmp_path, PIK3CA, PIK3CA), GENES)
    assert len(read.rows) == 1
    assert any("list a change of their sample again" in note for note in read.notes)


def test_funcotator(tmp_path: Path) -> None:
    fields = "Gencode_34_hugoSymbol|Gencode_34_ncbiBuild|Gencode_34_variantClassification|Gencode_34_proteinChange"
    head = f'{MUTECT}\n##INFO=<ID=FUNCOTATION,Number=A,Type=String,Description="Funcotation fields are: {fields}">'
    info = "FUNCOTATION=[PIK3CA|hg38|MISSENSE|p.H1047R]#[PIK3CA|hg38|INTRON|],[PIK3CA|hg38|SILENT|p.H1047_%3D_]"
    read = read_mutations(vcf(tmp_path, f"chr3 1 A G,T PASS {info} 1/2 0/0", head=head), GENES)
    assert rows(read) == [["T1", "PIK3CA", "Missense_Mutation", "p.H1047R"], ["T1", "PIK3CA", "Silent", "p.H1047="]]
    assert read.notes[0].endswith("(Funcotator FUNCOTATION)")


def test_annovar(tmp_path: Path) -> None:
    keys = ("Func.refGene", "Gene.refGene", "ExonicFunc.refGene", "AAChange.refGene", "ANNOVAR_DATE")
    lines = [f'##INFO=<ID={key},Number=.,Type=String,Description="">' for key in keys]
    head = "\n".join([MUTECT, *lines, '##INFO=<ID=ALLELE_END,Number=0,Type=Flag,Description="">'])
    one = (
        "ANNOVAR_DATE=2020;Func.refGene=exonic;Gene.refGene=PIK3CA;ExonicFunc.refGene=nonsynonymous_SNV;"
        "AAChange.refGene=PIK3CA:NM_006218:exon21:c.A3140G:p.H1047R;ALLELE_END"
    )
    two = r"Func.refGene=splicing;Gene.refGene=PTEN\x3bKLLN;ExonicFunc.refGene=.;AAChange.refGene=.;ALLELE_END"
    read = read_mutations(vcf(tmp_path, f"chr3 1 A G,T PASS {one};{two} 1/2 0/0", head=head), GENES)
    assert rows(read) == [["T1", "PIK3CA", "Missense_Mutation", "p.H1047R"], ["T1", "PTEN", "Splice_Site", ""]]


def test_unknown_terms_are_counted(tmp_path: Path) -> None:
    read = read_mutations(vcf(tmp_path, f"chr3 1 A G PASS CSQ={csq('G', 'new_term', 'PTEN')} 0/1 0/0"), GENES)
    assert any("1 consequences in unknown terms (new_term 1)" in note for note in read.notes)


@pytest.mark.parametrize(
    ("header", "columns", "tumours", "names", "normals"),
    [
        ("##tumor_sample=B\n##normal_sample=A", "A B", "B", "B", "A"),
        ("##tumor_sample=B", "A B", "B", "B", ""),
        ("##normal_sample=A", "A B", "B", "B", "A"),
        ("##PEDIGREE=<Derived=B,Original=A>", "A B", "B", "B", "A"),
        ("##PEDIGREE=<ID=B,Original=A>", "A B", "B", "B", "A"),
        (
            '##SAMPLE=<ID=TUMOR,NAME=TCGA-OR-A5J1-01A,ALIQUOT_ID="x,y">',
            "NORMAL TUMOR",
            "TUMOR",
            "TCGA-OR-A5J1-01A",
            "NORMAL",
        ),
        ("##SAMPLE=<ID=TUMOUR,SampleName=PD1a>", "NORMAL TUMOUR", "TUMOUR", "PD1a", "NORMAL"),
        ("", "NORMAL TUMOR", "TUMOR", "case", "NORMAL"),
        ("", "A", "A", "A", ""),
        ("", "A B", "A B", "A B", ""),
        ("##normal_sample=A\n##tumor_sample=B\n##tumor_sample=C", "A B C", "B C", "B C", "A"),
    ],
)
def test_which_column_is_the_tumour(header: str, columns: str, tumours: str, names: str, normals: str) -> None:
    found = tumour_columns(Path("case.vcf.gz"), columns.split(), header)
    assert (found.tumours, found.names, found.normals) == tuple(tuple(w.split()) for w in (tumours, names, normals))


def test_columns_that_cannot_be_told() -> None:
    with pytest.raises(PamrxError, match=r"names the tumour B, but the columns are TUMOR"):
        tumour_columns(Path("x.vcf"), ["TUMOR"], "##tumor_sample=B")
    with pytest.raises(PamrxError, match="only the normal sample N has a column"):
        tumour_columns(Path("x.vcf"), ["N"], "##normal_sample=N")


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (MUTECT, r"neither CSQ nor ANN is declared in its header.*annotate it with VEP .* or SnpEff"),
        (
            f'{MUTECT}\n##INFO=<ID=FUNCOTATION,Number=A,Type=String,Description="">',
            "found FUNCOTATION, which is not read",
        ),
        (f'{MUTECT}\n##INFO=<ID=EFF,Number=.,Type=String,Description="">', "found EFF, which is not read"),
        (VEP.replace("SYMBOL|", "", 1) + f"\n{MUTECT}", "run VEP again with --symbol --hgvs"),
    ],
)
def test_without_annotation_the_message_says_what_to_run(tmp_path: Path, head: str, part: str) -> None:
    with pytest.raises(PamrxError, match=part) as error:
        read_mutations(vcf(tmp_path, "chr3 1 A G PASS . 0/1 0/0", head=head), GENES)
    assert "x.vcf" in str(error.value)
    assert "\n" not in str(error.value)


def test_damaged_files_are_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = vcf(tmp_path, *[PIK3CA] * 4000, name="cut.vcf.gz").read_bytes()
    (tmp_path / "cut.vcf.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PamrxError, match=r"cut\.vcf\.gz: .*damaged"):
        read_mutations(tmp_path / "cut.vcf.gz", GENES)
    pysam.tabix_compress(str(vcf(tmp_path, *[PIK3CA] * 4000, name="long.vcf")), str(tmp_path / "long.vcf.gz"))
    whole = (tmp_path / "long.vcf.gz").read_bytes()
    (tmp_path / "long.vcf.gz").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(PamrxError, match=r"long\.vcf\.gz: .*damaged"):
        read_mutations(tmp_path / "long.vcf.gz", GENES)
    broken = vcf(tmp_path, PIK3CA, name="broken.vcf")
    broken.write_text(broken.read_text() + "chr3\tnowhere\t.\tA\n")
    with pytest.raises(PamrxError, match=r"broken\.vcf: damaged after record 1"):
        read_mutations(broken, GENES)
    (tmp_path / "no.vcf").write_text("Hugo_Symbol\tTumor_Sample_Barcode\nPTEN\tS1\n")
    with pytest.raises(PamrxError, match=r"no\.vcf: no VCF"):
        read_mutations(tmp_path / "no.vcf", GENES)
    assert capfd.readouterr().err == ""


def test_without_the_library_its_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysam", None)
    with pytest.raises(PamrxError, match=r"reading a VCF needs pysam; run: pip install 'pamrx\[vcf\]'"):
        read_mutations(vcf(tmp_path, PIK3CA), GENES)


@pytest.mark.parametrize(
    ("terms", "ref", "alt", "word"),
    [
        ("missense_variant&splice_region_variant", "A", "G", "Missense_Mutation"),
        ("splice_region_variant&missense_variant", "A", "G", "Missense_Mutation"),
        ("splice_acceptor_variant&intron_variant", "A", "G", "Splice_Site"),
        ("frameshift_variant", "CA", "C", "Frame_Shift_Del"),
        ("frameshift_variant", "C", "CA", "Frame_Shift_Ins"),
        ("protein_altering_variant", "CAAA", "C", "In_Frame_Del"),
        ("protein_altering_variant", "CAA", "C", "Frame_Shift_Del"),
        ("start_lost", "A", "G", "Translation_Start_Site"),
        ("disruptive_inframe_deletion", "CAAA", "C", "In_Frame_Del"),
        ("a_term_of_tomorrow", "A", "G", "Targeted_Region"),
    ],
)
def test_terms_in_the_words_of_a_maf(terms: str, ref: str, alt: str, word: str) -> None:
    assert variant_classification(terms, ref, alt) == word


@pytest.mark.medium
@given(
    st.lists(st.sampled_from(sorted(table("consequences")["word"])), min_size=1, max_size=4),
    st.text("ACGT", min_size=1, max_size=5),
    st.text("ACGT", min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_every_set_of_terms_has_one_word_whatever_its_order(terms: Any, ref: Any, alt: Any, random: Any) -> None:
    word = variant_classification("&".join(terms), ref, alt)
    assert word in CLASSIFICATIONS
    random.shuffle(terms)
    assert variant_classification("&".join(terms), ref, alt) == word


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_vcf_in_any_encoding(tmp_path: Path, encoding: str, ends: str) -> None:
    info = f"CSQ={csq('A', 'missense_variant', 'PIK3CA', HGVSp='ENSP1:p.His1047Arg')}"
    path = vcf(tmp_path, f"chr3 10 G A PASS {info} 0/1 0/0", head=f"##source=café\n{VEP}\n{MUTECT}")
    path.write_bytes(path.read_text(encoding="utf-8").replace("\n", ends).encode(encoding))
    assert read_mutations(path, GENES).rows["hgvsp"].tolist() == ["p.H1047R"]
