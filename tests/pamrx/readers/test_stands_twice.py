"""What stands twice in a file is refused in every kind of file: which of both is meant is for a person to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx.errors import InputError
from pamrx.identifiers.genes import default_genes
from pamrx.profiles.check import check_file_kinds
from pamrx.readers.gene_panel import read_panel
from pamrx.readers.matrices.matrix import read_matrix
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.records import record_tables
from pamrx.readers.sample_table import read_samples
from pamrx.readers.studies.cbioportal import find_study, read_rows

KNOWN = default_genes()


@pytest.mark.parametrize("other", ["msi", "MSI", " msi"])
def test_a_column_of_the_samples_table(tmp_path: Path, other: str) -> None:
    file = tmp_path / "s.csv"
    file.write_text(f"sample_id,tissue,msi,{other}\nS1,breast,MSS,MSI-H\n")
    with pytest.raises(InputError, match=r"s\.csv: header: column msi stands 2 times; expected once: delete or rename"):
        read_samples(file)
    assert "column msi stands 2 times" in check_file_kinds([file], KNOWN)[0].notes[0]


def test_advice_to_rename_the_other_works(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("sample_id,tissue,msi,other\nS1,breast,MSS,MSI-H\n")
    assert read_samples(tmp_path / "s.csv")[0]["msi"].tolist() == ["MSS"]


def test_a_column_of_a_maf_is_told_by_check_too(tmp_path: Path) -> None:
    file = tmp_path / "m.maf"
    file.write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tTumor_Sample_Barcode\tVariant_Classification\nPTEN\tS1\tS2\tSilent\n"
    )
    with pytest.raises(InputError, match="column Tumor_Sample_Barcode stands 2 times"):
        read_mutations(file, KNOWN)
    assert "column Tumor_Sample_Barcode stands 2 times" in check_file_kinds([file], KNOWN)[0].notes[0]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("gene\tgene\tS1\nPTEN\tx\t1\nAKT1\ty\t2\n", "gene"),
        ("sample_id\tsample_id\tPTEN\tAKT1\nS1\tT1\t1\t2\nS2\tT2\t3\t4\n", "sample_id"),
        ("gene\tsample\tsample\ttpm\nPTEN\tS1\tT1\t1\nAKT1\tS1\tT1\t2\nPTEN\tS2\tT1\t3\nAKT1\tS2\tT2\t3\n", "sample"),
    ],
)
def test_a_column_that_names_genes_or_samples_of_a_matrix(tmp_path: Path, text: str, column: str) -> None:
    (tmp_path / "e.tsv").write_text(text)
    with pytest.raises(InputError, match=rf"e\.tsv: header: column {column} stands 2 times"):
        read_matrix(tmp_path / "e.tsv", KNOWN, "expression")


def test_a_line_of_a_panel(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("stable_id: X\ngene_list: PTEN\ngene_list: AKT1\n")
    with pytest.raises(InputError, match=r"p\.txt: line `gene_list:` stands more than once"):
        read_panel(tmp_path / "p.txt", KNOWN)
    (tmp_path / "p.txt").write_text("stable_id: X\ngene_list: PTEN\tAKT1\n")  # the advice is followed
    assert len(read_panel(tmp_path / "p.txt", KNOWN)[0]) == 2


def test_columns_and_lines_of_a_study(tmp_path: Path) -> None:
    (tmp_path / "data_clinical_sample.txt").write_text("SAMPLE_ID\tMSI_TYPE\tmsi_type\nS1\tMSS\tMSI-H\n")
    with pytest.raises(InputError, match="column MSI_TYPE stands 2 times"):
        list(read_rows(tmp_path / "data_clinical_sample.txt", "SAMPLE_ID"))
    (tmp_path / "meta_study.txt").write_text("type_of_cancer: brca\ntype_of_cancer: luad\n")
    with pytest.raises(InputError, match=r"meta_study\.txt: line `type_of_cancer:` stands twice, and says two things"):
        find_study(tmp_path)


def test_a_field_of_a_record() -> None:
    with pytest.raises(InputError, match="samples: a record in which field msi stands twice"):
        record_tables({"samples": '[{"sample_id": "S1", "msi": "MSS", "msi": "MSI-H"}]'}, KNOWN)
    with pytest.raises(InputError, match="column msi stands 2 times"):
        record_tables({"samples": [{"sample_id": "S1", "msi": "MSS", "MSI": "MSI-H"}]}, KNOWN)
