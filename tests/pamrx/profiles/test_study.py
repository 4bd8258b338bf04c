"""cBioPortal study folders, in the portal's own formats."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.cli.main import app
from pamrx.cohort import Given, open_cohort
from pamrx.errors import PamrxError
from pamrx.profiles import read_profiles, read_study
from pamrx.profiles.check import check_file_kinds
from pamrx.readers import recognition as check
from pamrx.readers.studies.cbioportal import find_study
from typer.testing import CliRunner

GENES = ("AKT1", "BRAF", "KRAS", "PIK3CA", "PTEN", "TP53")
MAF_HEAD = "Hugo_Symbol\tEntrez_Gene_Id\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\n"
MUTATIONS = MAF_HEAD + "PIK3CA\t5290\tMissense_Mutation\tP1-T\tp.H1047R\nTP53\t7157\tNonsense_Mutation\tP2-T\tp.R213*\n"
SAMPLE_HEAD = (
    "#Patient Identifier\tSample Identifier\tCancer Type\tOncotree Code\tSample Class\tMSI Type\n"
    "#The patient\tThe sample\tCancer\tCode\tClass\tMSI\n"
    "#STRING\tSTRING\tSTRING\tSTRING\tSTRING\tSTRING\n"
    "#1\t1\t1\t1\t1\t1\n"
    "PATIENT_ID\tSAMPLE_ID\tCANCER_TYPE\tONCOTREE_CODE\tSAMPLE_CLASS\tMSI_TYPE\n"
)
SAMPLES = (
    SAMPLE_HEAD
    + "P1\tP1-T\tBreast Cancer\tIDC\tTumor\tStable\n"
    + "P2\tP2-T\tColorectal Cancer\t\tXenograft\tInstable\n"
    + 'P3\tP3-T\tA "cancer of the moon\tXXX\tTumor\tDo not report\n'
    + "P4\tP4-T\tMelanoma\tMEL\n"
)
EXPRESSION = "Hugo_Symbol\tEntrez_Gene_Id\tP1-T\tP2-T\nPIK3CA\t5290\t100.0\t3\nPTEN\t5728\t50\tNA\nTP53\t7157\t0\t{}\n"


def meta(alteration: str, datatype: str, data: str, **also: str) -> str:
    fields = {"cancer_study_identifier": "hand_made", "genetic_alteration_type": alteration, "datatype": datatype}
    return "".join(f"{key}: {value}\n" for key, value in {**fields, **also, "data_filename": data}.items())


def study(folder: Path, **files: str) -> Path:
    """A folder of files; `__` in a name stands for a slash, and `.txt` is added."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def full(folder: Path, **files: str) -> Path:
    given = {
        "meta_study": "type_of_cancer: mixed\ncancer_study_identifier: hand_made\nname: By hand\n",
        "meta_mutations": meta("MUTATION_EXTENDED", "MAF", "data_mutations.txt", stable_id="mutations"),
        "data_mutations": MUTATIONS,
        "meta_clinical_sample": meta("CLINICAL", "SAMPLE_ATTRIBUTES", "data_clinical_sample.txt"),
        "data_clinical_sample": SAMPLES,
        "meta_mrna": meta("MRNA_EXPRESSION", "CONTINUOUS", "data_mrna_seq_v2_rsem.txt", stable_id="rna_seq_v2_mrna"),
        "data_mrna_seq_v2_rsem": EXPRESSION.format("7"),
        "meta_z": meta("MRNA_EXPRESSION", "Z-SCORE", "data_mrna_seq_v2_rsem_zscores_ref_all_samples.txt"),
        "data_mrna_seq_v2_rsem_zscores_ref_all_samples": EXPRESSION.format("-1.5"),
        "meta_cna": meta("COPY_NUMBER_ALTERATION", "DISCRETE", "data_cna.txt", stable_id="gistic"),
        "data_cna": "Hugo_Symbol\tEntrez_Gene_Id\tP1-T\tP2-T\nPTEN\t5728\t-2\t0\nAKT1\t207\t-1.5\t2\n",
        "data_log2_cna": "Hugo_Symbol\tEntrez_Gene_Id\tP1-T\tP2-T\nPTEN\t5728\t-1.4\t0.01\nAKT1\t207\t-0.9\t1.2\n",
        "case_lists__cases_sequenced": (
            "cancer_study_identifier: hand_made\nstable_id: hand_made_sequenced\ncase_list_name: Sequenced\n"
            "case_list_ids: P1-T\tP2-T\tP3-T\n"
        ),
        **files,
    }
    return study(folder, **{name: text for name, text in given.items() if text})


def has(notes: tuple[str, ...], part: str) -> bool:
    return any(part in note for note in notes)


@pytest.mark.medium
def test_a_whole_study(tmp_path: Path) -> None:
    profiles = read_study(full(tmp_path), known_genes=GENES)
    assert list(profiles.samples.index) == ["P1-T", "P2-T", "P3-T"]
    assert profiles.sequenced.all()
    assert profiles.assessed_genes is None
    assert not profiles.panels
    assert profiles.samples["tissue"].tolist() == ["breast", "large_intestine", None]
    assert profiles.samples["sample_type"].tolist() == ["tumour", "xenograft", "tumour"]
    assert profiles.samples["msi"].tolist() == ["MSS", "MSI-H", None]
    assert profiles.expression is not None
    assert profiles.copy_number is not None
    assert profiles.expression.loc["P1-T", "PIK3CA"] == np.log2(101)
    assert profiles.expression.loc[["P2-T", "P3-T"], "PTEN"].isna().all()
    assert profiles.copy_number.loc["P1-T"].to_dict() == {"PTEN": -2.0, "AKT1": -2.0}
    assert profiles.copy_number.loc["P3-T"].isna().all()
    notes = profiles.notes
    assert has(notes, "copy number from data_cna.txt, not from data_log2_cna.txt")
    assert has(notes, "1 files not read: data_mrna_seq_v2_rsem_zscores_ref_all_samples.txt (z-scores across samples")
    assert has(notes, "1 calls of -1.5 (partial deletion) taken as -2")
    assert has(notes, "1 samples with clinical data only left out, such as P4-T")
    assert has(notes, "no tissue known by the words 'XXX' (1)")


@pytest.mark.medium
def test_names_do_where_meta_files_are_missing(tmp_path: Path) -> None:
    with_meta = read_study(full(tmp_path / "one"), known_genes=GENES)
    for path in full(tmp_path / "two").glob("meta_*"):
        path.unlink()
    without = read_study(tmp_path / "two", known_genes=GENES)
    for name in ("samples", "mutations", "expression", "copy_number"):
        pd.testing.assert_frame_equal(getattr(without, name), getattr(with_meta, name))


def test_meta_files_go_before_names(tmp_path: Path) -> None:
    odd = meta("MUTATION_EXTENDED", "MAF", "calls.txt", stable_id="mutations")
    profiles = read_study(full(tmp_path, meta_mutations=odd, data_mutations="", calls=MUTATIONS), known_genes=GENES)
    assert profiles.mutations is not None
    assert len(profiles.mutations) == 2


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["data_mrna_seq_tpm", "data_mrna_agilent_microarray"], "data_mrna_seq_tpm"),
        (["data_mrna_seq_fpkm", "data_mrna_seq_v2_rsem"], "data_mrna_seq_v2_rsem"),
        (["data_mrna_seq_read_counts", "data_mrna_seq_fpkm"], "data_mrna_seq_fpkm"),
        (
            ["data_mrna_affymetrix_microarray", "data_mrna_affymetrix_microarray_zscores"],
            "data_mrna_affymetrix_microarray",
        ),
        (["data_mrna_seq_v2_rsem_normal_samples", "data_mrna_seq_rpkm"], "data_mrna_seq_rpkm"),
        (["data_RNA_Seq_v2_expression_median", "data_expression_median"], "data_RNA_Seq_v2_expression_median"),
    ],
)
def test_which_expression_is_taken(tmp_path: Path, names: list[str], chosen: str) -> None:
    files = {name: EXPRESSION.format("7") if name == chosen else EXPRESSION.format("9") for name in names}
    profiles = read_study(study(tmp_path, **files), known_genes=GENES)
    assert profiles.expression is not None
    assert profiles.expression.loc["P2-T", "TP53"] == np.log2(8)
    assert has(profiles.notes, f"{chosen}.txt: 2 samples x 3 genes")


def test_zscores_alone_are_no_expression(tmp_path: Path) -> None:
    folder = study(
        tmp_path, data_mutations=MUTATIONS, data_mrna_seq_tpm_zscores_ref_all_samples=EXPRESSION.format("-1")
    )
    profiles = read_study(folder, known_genes=GENES)
    assert profiles.expression is None
    assert has(profiles.notes, "z-scores across samples only")


def test_levels_that_batch_correction_pushed_below_zero(tmp_path: Path) -> None:
    rows = "".join(f"G{i}\t{i}\t{i * 10}\t{i}\n" for i in range(1, 40))
    text = f"Hugo_Symbol\tEntrez_Gene_Id\tP1-T\tP2-T\nPIK3CA\t5290\t-0.3\t5\n{rows}"
    profiles = read_study(study(tmp_path, data_mrna_seq_v2_rsem=text), known_genes=GENES)
    assert profiles.expression is not None
    assert profiles.expression.loc["P1-T", "PIK3CA"] == 0.0
    assert has(profiles.notes, "1 levels below zero (1.2%; left by batch correction) set to 0")


@pytest.mark.medium
def test_mirna(tmp_path: Path) -> None:
    levels = "Hugo_Symbol\tEntrez_Gene_Id\tP1-T\tP2-T\nhsa-miR-21-5p\t406991\t1023\t7\n"
    also = meta("MRNA_EXPRESSION", "CONTINUOUS", "levels.txt", stable_id="mirna")
    for files in ({"data_mirna": levels}, {"meta_mirna": also, "levels": levels}):
        folder = study(tmp_path / str(len(files)), data_mutations=MUTATIONS, **files)
        profiles = read_study(folder, known_genes=GENES)
        assert profiles.expression is None
        assert profiles.ncrna is not None
        assert profiles.ncrna.iloc[:, 0].to_dict() == {"P1-T": 10.0, "P2-T": 3.0}


PANEL = "stable_id: TARGET2\ndescription: two genes\ngene_list:\tPIK3CA\tKRAS\n"
MATRIX = "SAMPLE_ID\tmutations\tcna\nP1-T\tTARGET2\tTARGET2\nP2-T\tWES\tNA\nP4-T\tTARGET2\tNA\nP3-T\tNA\tNA\n"


@pytest.mark.parametrize("place", ["data_gene_panel_target2", "gene_panels__target2"])
@pytest.mark.parametrize("matrix", ["data_gene_matrix", "data_gene_panel_matrix"])
def test_each_sample_has_its_own_panel(tmp_path: Path, place: str, matrix: str) -> None:
    folder = full(tmp_path, **{matrix: MATRIX, place: PANEL, "case_lists__cases_sequenced": ""})
    profiles = read_study(folder, known_genes=GENES)
    assert profiles.panels == {"P1-T": {"PIK3CA", "KRAS"}, "P4-T": {"PIK3CA", "KRAS"}}
    assert profiles.sequenced.to_dict() == {"P1-T": True, "P2-T": True, "P4-T": True}
    assert profiles.mutations is not None
    assert len(profiles.mutations) == 2


def test_one_panel_for_all_in_the_meta_file(tmp_path: Path) -> None:
    also = meta("MUTATION_EXTENDED", "MAF", "data_mutations.txt", gene_panel="TARGET2")
    profiles = read_study(full(tmp_path, meta_mutations=also, data_gene_panel_target2=PANEL), known_genes=GENES)
    assert set(profiles.panels) == {"P1-T", "P2-T", "P3-T"}
    assert profiles.mutations is not None
    assert profiles.mutations["gene"].tolist() == ["PIK3CA"]
    assert has(profiles.notes, "1 mutations lie in genes outside their sample's panel, such as TP53 in P2-T")


@pytest.mark.medium
def test_who_was_sequenced(tmp_path: Path) -> None:
    silent = full(tmp_path / "a", case_lists__cases_sequenced="")
    assert list(read_study(silent, known_genes=GENES).samples.index) == ["P1-T", "P2-T"]
    declared = full(
        tmp_path / "b",
        case_lists__cases_sequenced="",
        data_mutations=f"#sequenced_samples: P1-T P2-T P4-T\n{MUTATIONS}",
    )
    assert read_study(declared, known_genes=GENES).sequenced.to_dict() == {"P1-T": True, "P2-T": True, "P4-T": True}
    category = "stable_id: x_my_list\ncase_list_category: all_cases_with_mutation_data\ncase_list_ids: P4-T\n"
    listed = full(tmp_path / "c", case_lists__cases_sequenced="", case_lists__mine=category)
    assert list(read_study(listed, known_genes=GENES).samples.index) == ["P1-T", "P2-T", "P4-T"]
    unlisted = full(tmp_path / "d", data_mutations=MUTATIONS.splitlines(True)[0] + MUTATIONS.splitlines(True)[1])
    profiles = read_study(unlisted, known_genes=GENES)
    assert profiles.sequenced.to_dict() == {"P1-T": True, "P2-T": True, "P3-T": True}


def test_tissue_of_the_patient_and_of_the_study(tmp_path: Path) -> None:
    bare = "PATIENT_ID\tSAMPLE_ID\nP1\tP1-T\nP2\tP2-T\n"
    patient = "#Patient\tCode\nPATIENT_ID\tCANCER_TYPE\nP2\tMelanoma\n"
    meta_study = "type_of_cancer: luad\ncancer_study_identifier: hand_made\n"
    folder = study(
        tmp_path,
        meta_study=meta_study,
        data_mutations=MUTATIONS,
        data_clinical_sample=bare,
        data_clinical_patient=patient,
    )
    assert read_study(folder, known_genes=GENES).samples["tissue"].to_dict() == {"P1-T": "lung_NSCLC", "P2-T": "skin"}


IMPACT = "SAMPLE_ID\tmutations\nP1-T\tIMPACT341\nP2-T\tMSK-IMPACT468\n"


@pytest.mark.medium
def test_a_panel_that_pamrx_knows_needs_no_file(tmp_path: Path) -> None:
    profiles = read_study(full(tmp_path, data_gene_matrix=IMPACT, case_lists__cases_sequenced=""))
    assert {sample: len(genes) for sample, genes in profiles.panels.items()} == {"P1-T": 341, "P2-T": 469}
    assert has(
        profiles.notes, "1 samples of the panel IMPACT341, whose file is not there: msk-impact-341: panel of 341"
    )
    own = "stable_id: IMPACT341\ngene_list:\tPIK3CA\n"
    folder = full(tmp_path, data_gene_matrix=IMPACT, case_lists__cases_sequenced="", data_gene_panel_impact341=own)
    assert read_study(folder).panels["P1-T"] == {"PIK3CA"}


@pytest.mark.medium
def test_advice_for_an_unknown_panel_to_put_its_file_there(tmp_path: Path) -> None:
    folder = full(tmp_path, data_gene_matrix=MATRIX, case_lists__cases_sequenced="")
    with pytest.raises(PamrxError, match="whose genes are not there; put its gene panel file in the folder") as error:
        read_study(folder, known_genes=GENES)
    name = str(error.value).split(" in the folder as ")[1].split()[0]
    (folder / name).write_text(PANEL)
    assert set(read_study(folder, known_genes=GENES).panels) == {"P1-T", "P4-T"}


@pytest.mark.medium
def test_advice_for_an_unknown_panel_to_go_on_without_its_mutations(tmp_path: Path) -> None:
    folder = full(tmp_path, data_gene_matrix=MATRIX, case_lists__cases_sequenced="")
    with pytest.raises(PamrxError) as error:
        read_study(folder, known_genes=GENES)
    word = str(error.value).split("--unknown-panel ")[1].split(",")[0]
    profiles = read_study(folder, known_genes=GENES, unknown_panel=word)
    assert profiles.sequenced.to_dict() == {"P1-T": False, "P2-T": True, "P4-T": False}
    assert profiles.mutations is not None
    assert profiles.mutations["sample_id"].tolist() == ["P2-T"]
    assert profiles.expression is not None
    assert profiles.expression.loc["P1-T", "PIK3CA"] == np.log2(101)
    assert has(profiles.notes, "2 samples were sequenced with the panel TARGET2, whose genes are not known: their mut")
    assert has(profiles.notes, "2 of 3 samples count as not sequenced")
    cohort = open_cohort(folder, Given(unknown_panel=word))
    assert cohort.told == read_study(folder, unknown_panel=word).notes


def test_an_unknown_panel_of_all_mutations(tmp_path: Path) -> None:
    also = meta("MUTATION_EXTENDED", "MAF", "data_mutations.txt", gene_panel="TARGET2")
    folder = full(tmp_path, meta_mutations=also)
    profiles = read_study(folder, known_genes=GENES, unknown_panel="unassessed")
    assert not profiles.sequenced.any()
    assert len(profiles) == 3
    with pytest.raises(PamrxError, match="unknown_panel: found wild_type; expected unassessed"):
        read_study(folder, unknown_panel="wild_type")


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (["predict", "--mutations", "x.maf"], "--unknown-panel goes with a study"),
        (["score", "x.parquet", "-o", "out"], "is not a cBioPortal study; leave out --unknown-panel"),
    ],
)
def test_unknown_panel_goes_with_a_study(
    command: list[str], part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    result = CliRunner().invoke(app, [*command, "--unknown-panel", "unassessed"])
    assert part in str(result.exception)


@pytest.mark.medium
def test_a_study_that_looks_like_a_panel_and_names_none(tmp_path: Path) -> None:
    rows = [f"{gene}\t1\tMissense_Mutation\tS{number}\tp.A1V\n" for number in range(12) for gene in ("PIK3CA", "PTEN")]
    for folder in (full(tmp_path / "a"), study(tmp_path / "b", data_mutations="")):
        (folder / "data_mutations.txt").write_text(MAF_HEAD + "".join(rows))
        note = next(note for note in read_study(folder).notes if "looks like a targeted panel" in note)
        assert "add the line `gene_panel: NAME` to the meta_mutations.txt of the study" in note
        # The advice is followed, with a panel's name and with a file of its own.
        meta = folder / "meta_mutations.txt"
        before = meta.read_text() if meta.exists() else ""
        for name in ("guardant360", "MINE"):
            meta.write_text(f"{before}gene_panel: {name}\n")
            (folder / "data_gene_panel_mine.txt").write_text("stable_id: MINE\ngene_list:\tPIK3CA\tPTEN\n")
            read = read_study(folder)
            assert len(read.panels["S1"]) == (2 if name == "MINE" else 73)
            assert not has(read.notes, "looks like")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("data_mrna_seq_v2_rsem_zscores_ref_all_samples", "z-scores across samples"),
        ("data_methylation_hm450", "methylation"),
        ("data_sv", "structural variants and fusions"),
        ("data_fusions", "structural variants and fusions"),
        ("data_cna_hg19.seg", "segments of copy number"),
        ("data_linear_cna", "linear copy number"),
        ("data_armlevel_cna", "copy number of chromosome arms"),
        ("data_rppa", "protein levels"),
        ("data_timeline_treatment", "timelines"),
        ("data_mrna_seq_v2_rsem_normal_samples", "of normal tissue"),
        ("data_of_the_moon", "a kind that pamrx does not know"),
    ],
)
def test_why_a_file_is_not_read(tmp_path: Path, name: str, why: str) -> None:
    folder = study(tmp_path, data_cna="Hugo_Symbol\tP1-T\nPTEN\t-2\n")
    file = name if name.endswith(".seg") else f"{name}.txt"
    (folder / file).write_text("ID\tS1\nX\t1\n")
    notes = read_study(folder, known_genes=GENES).notes
    assert has(notes, f"1 files not read: {file} ({why}")


@pytest.mark.parametrize("how", ["meta", "data_cna_long", "data_cna_discrete_long"])
def test_long_copy_number_is_found(tmp_path: Path, how: str) -> None:
    long = "Hugo_Symbol\tEntrez_Gene_Id\tSample_Id\tValue\nPTEN\t5728\tP1-T\t-2\nAKT1\t207\tP2-T\t2\n"
    files = {"data_cna": long, "meta_cna": meta("COPY_NUMBER_ALTERATION", "DISCRETE_LONG", "data_cna.txt")}
    folder = study(tmp_path, data_mutations=MUTATIONS, **(files if how == "meta" else {how: long}))
    assert find_study(folder).files["copy_number"].read_text() == long


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({"data_mutations": ""}, r"meta_mutations\.txt: names data_mutations\.txt, which is not in the folder"),
        (
            {"data_gene_matrix": MATRIX},
            r"2 samples were sequenced with the panel TARGET2.*data_gene_panel_target2\.txt",
        ),
        (
            {"data_cna": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"},
            r"data_cna\.txt: is a Git LFS pointer",
        ),
        (
            {"data_mutations_extended": MUTATIONS},
            "data_mutations.txt and data_mutations_extended.txt both hold mutations",
        ),
        (
            {"data_clinical_sample": "PATIENT_ID\tSAMPLE\nP1\tS\n"},
            r"data_clinical_sample\.txt: header: no column SAMPLE_ID",
        ),
        ({"data_clinical_sample": SAMPLES + SAMPLES.splitlines()[-1]}, "sample P4-T stands twice"),
        ({"data_clinical_sample": SAMPLES + "P5\tP5-T\ta\tb\tc\td\te\n"}, "line 10: 7 fields found, 6 expected"),
    ],
)
def test_faults_are_one_line(tmp_path: Path, files: dict[str, str], part: str) -> None:
    with pytest.raises(PamrxError, match=part):
        read_study(full(tmp_path, **files), known_genes=GENES)


def test_what_is_no_study(tmp_path: Path) -> None:
    maf = tmp_path / "x.maf"
    maf.write_text(MUTATIONS)
    packed = tmp_path / "study.tar.gz"
    packed.write_bytes(gzip.compress(b"x"))
    inner = full(tmp_path / "outer" / "hand_made")
    os.mkfifo(tmp_path / "pipe")
    odd = "expected a cBioPortal study folder; save its content as a file first, and give that with its option"
    cases = [
        (tmp_path / "pipe", f"is a pipe; {odd}"),
        (Path("/dev/null"), f"is a device; {odd}"),
        (maf, "is a file; expected a cBioPortal study folder (give a file with its option, such as --mutations)"),
        (packed, "unpack it first"),
        (tmp_path / "outr", "no such folder; did you mean outer?"),
        (tmp_path / "outer", f"expected a cBioPortal study folder; did you mean {inner}?"),
        (study(tmp_path / "clinical", data_clinical_sample=SAMPLES), "no mutations, expression, miRNA or copy number"),
    ]
    for path, part in cases:
        with pytest.raises(PamrxError) as error:
            read_study(path)
        assert part in str(error.value)


def test_tcga_laml_as_a_study_is_tcga_laml(shared_data: Path, tmp_path: Path) -> None:
    """The cohort's MAF and the same rows in a study folder, whose clinical file and case list name more samples."""
    source = shared_data / "tcga_laml" / "tcga_laml.maf.gz"
    alone = read_profiles(mutations=source)
    names = list(alone.samples.index)
    clinical = "PATIENT_ID\tSAMPLE_ID\tCANCER_TYPE\n" + "".join(f"{n[:12]}\t{n}\tLeukemia\n" for n in [*names, "X"])
    folder = study(
        tmp_path,
        meta_study="type_of_cancer: laml\n",
        meta_mutations=meta("MUTATION_EXTENDED", "MAF", "data_mutations.txt"),
        data_mutations=gzip.decompress(source.read_bytes()).decode(),
        data_clinical_sample=clinical,
        case_lists__cases_sequenced="stable_id: laml_sequenced\ncase_list_ids: " + "\t".join([*names, "TCGA-AB-0000"]),
    )
    whole = read_study(folder)
    assert set(whole.samples.index) - set(names) == {"TCGA-AB-0000"}
    assert whole.sequenced.all()
    assert whole.samples.loc[names, "tissue"].eq("leukemia").all()
    same = whole.subset(names)
    assert list(same.samples.index) == list(alone.samples.index)
    pd.testing.assert_frame_equal(same.mutations, alone.mutations)
    pd.testing.assert_series_equal(same.sequenced, alone.sequenced)
    assert same.assessed_genes is alone.assessed_genes is None


@pytest.mark.medium
def test_a_study_is_checked_file_by_file(tmp_path: Path) -> None:
    folder = full(tmp_path, data_gene_panel_target2=PANEL, data_clinical_patient="PATIENT_ID\tSEX\nP1\tF\nP2\tM\n")
    found = {Path(one.file).name: one for one in check_file_kinds([folder])}
    assert next(iter(found)) == folder.name
    whole = found.pop(folder.name)
    assert (whole.kind, whole.option) == (check.STUDY, "STUDY")
    assert whole.notes[0] == (
        "3 samples, of them with mutations 3, expression 2, ncRNA 0, copy number 2, tissue 2, sample type 3, msi 2"
    )
    assert has(whole.notes, "copy number from data_cna.txt, not from data_log2_cna.txt")
    assert has(whole.notes, "1 samples with clinical data only left out, such as P4-T")
    assert {name: one.kind for name, one in found.items()} == {
        "data_mutations.txt": check.MAF,
        "data_mrna_seq_v2_rsem.txt": check.MATRIX,
        "data_cna.txt": check.COPY_NUMBER,
        "data_clinical_sample.txt": check.CLINICAL,
        "data_clinical_patient.txt": check.PATIENTS,
        "data_gene_panel_target2.txt": check.PANEL,
    }
    assert all(one.option == "" for one in found.values())
    assert has(found["data_cna.txt"].notes, "1 calls of -1.5 (partial deletion) taken as -2")
    assert has(found["data_clinical_sample.txt"].notes, "4 samples described: tissue of 3")
    assert found["data_clinical_patient.txt"].notes == ("2 patients",)


@pytest.mark.medium
def test_a_study_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    broken = full(tmp_path / "a", data_gene_matrix=MATRIX, case_lists__cases_sequenced="")
    found = check_file_kinds([broken])
    assert found[0].kind == check.UNREADABLE
    assert has(found[0].notes, "2 samples were sequenced with the panel TARGET2")
    assert {one.kind for one in found[1:]} >= {check.MAF, check.MATRIX}
    outer = check_file_kinds([tmp_path])
    assert [one.kind for one in outer] == [check.FOLDER]
    assert has(outer[0].notes, f"did you mean {broken}?")


@pytest.mark.medium
def test_the_command_checks_a_study(tmp_path: Path) -> None:
    folder = full(tmp_path / "hand_made")
    result = CliRunner().invoke(app, ["check", str(folder), "-o", str(tmp_path / "found.csv")])
    assert result.exit_code == 0, result.output
    assert f"{folder}: cBioPortal study  (pamrx predict {folder})" in result.output
    assert "data_mutations.txt: mutations (MAF)\n" in result.output
    assert set(pd.read_csv(tmp_path / "found.csv")["kind"]) >= {check.STUDY, check.MAF, check.COPY_NUMBER}
