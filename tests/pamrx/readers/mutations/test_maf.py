"""Mutations of every dialect, and TCGA barcodes of every length."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from pamrx.identifiers.protein_change import short_protein_change
from pamrx.profiles import read_profiles
from pamrx.readers.mutations.reading import read_mutations

MEDIUM = pytest.mark.medium
HEAD = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("given", "short"),
    [
        ("p.H1047R", "p.H1047R"),
        ("H1047R", "p.H1047R"),
        ("p.His1047Arg", "p.H1047R"),
        ("p.(His1047Arg)", "p.H1047R"),
        ("ENSP00000263967.3:p.His1047Arg", "p.H1047R"),
        ("PIK3CA:NM_006218:exon21:c.A3140G:p.H1047R,PIK3CA:NM_1:exon2:c.A1G:p.H1R", "p.H1047R"),
        ("p.Arg130Ter", "p.R130*"),
        ("R130X", "p.R130*"),
        ("p.Lys267ArgfsTer9", "p.K267Rfs*9"),
        ("p.K267fsX9", "p.K267fs*9"),
        ("p.Arg3%3D", "p.R3="),
        ("p.Glu545_Gln546delinsLys", "p.E545_Q546delinsK"),
        ("p.599_600insDFREYEY", "p.599_600insDFREYEY"),
        ("c.3140A>G", ""),
        (".", ""),
        ("", ""),
        ("p.?", ""),
    ],
)
def test_protein_changes_have_one_spelling(given: str, short: str) -> None:
    assert short_protein_change(given) == short


@pytest.mark.parametrize("column", ["HGVSp_Short", "Protein_Change", "HGVSp", "amino_acid_change", "AAChange"])
@pytest.mark.parametrize("ending", ["maf", *(pytest.param(one, marks=MEDIUM) for one in ("maf.gz", "csv", "parquet"))])
def test_columns_of_every_dialect(tmp_path: Path, column: str, ending: str) -> None:
    text = (
        f"#version gdc-1.0.0\n# made by hand\n{HEAD}\t{column}\tnote\nPIK3CA\tS1\tmissense_mutation\tHis1047Arg\t#1\n"
    )
    path = tmp_path / f"x.{ending}"
    if ending == "parquet":
        cells = [line.split("\t") for line in text.splitlines()[2:]]
        pd.DataFrame(cells[1:], columns=cells[0]).to_parquet(path)
    elif ending == "csv":
        write(tmp_path, path.name, text.replace("\t", ","))
    else:
        write(tmp_path, path.name, gzip.compress(text.encode()) if ending.endswith("gz") else text)
    rows = read_profiles(mutations=path, known_genes=["PIK3CA"]).mutations
    assert rows is not None
    assert rows.drop(columns="driver").to_numpy().tolist() == [["S1", "PIK3CA", "Missense_Mutation", "p.H1047R"]]
    assert rows["driver"].isna().all()


def test_protein_change_falls_through_to_the_next_column(tmp_path: Path) -> None:
    text = (
        f"{HEAD}\tProtein_Change\tHGVSp_Short\nPTEN\tS1\tNonsense_Mutation\tp.R130*\t\nPTEN\tS2\tSilent\tp.A1A\tp.A2A\n"
    )
    rows = read_mutations(write(tmp_path, "x.maf", text), ["PTEN"]).rows
    assert rows["hgvsp"].tolist() == ["p.R130*", "p.A2A"]


def test_driver_is_what_the_file_says(tmp_path: Path) -> None:
    words = ["Putative_Driver", "Putative_Passenger", "", "Unknown"]
    text = f"{HEAD}\tcbp_driver\n" + "".join(f"PTEN\tS1\tSilent\t{word}\n" for word in words)
    driver = read_mutations(write(tmp_path, "x.maf", text), ["PTEN"]).rows["driver"]
    assert driver.dtype == "boolean"
    assert [None if pd.isna(value) else bool(value) for value in driver] == [True, False, None, None]


def test_rows_that_are_not_somatic_are_dropped_but_the_sample_stays(tmp_path: Path) -> None:
    text = f"{HEAD}\tMutation_Status\nPTEN\tS1\tSilent\tGermline\nPTEN\tS2\tSilent\tSomatic\n"
    profiles = read_profiles(mutations=write(tmp_path, "x.maf", text), known_genes=["PTEN"])
    assert profiles.mutations is not None
    assert profiles.mutations["sample_id"].tolist() == ["S2"]
    assert profiles.sequenced.to_dict() == {"S1": True, "S2": True}
    assert any("1 rows marked Germline or Wildtype" in note for note in profiles.notes)


def test_quotes_and_rows_longer_than_the_header(tmp_path: Path) -> None:
    text = f'{HEAD}\tHGVSp_Short\nPTEN\tS1\tSilent\tp.A1A\t"surplus\t1\nPIK3CA\tS2\tSilent\tp.A2A\nAKT1\tS3\tSilent\n'
    rows = read_mutations(write(tmp_path, "x.maf", text), ["PTEN"]).rows
    assert rows["gene"].tolist() == ["PTEN", "PIK3CA", "AKT1"]
    assert rows["hgvsp"].tolist() == ["p.A1A", "p.A2A", ""]


def test_one_unknown_class_among_known_is_kept_and_said(tmp_path: Path) -> None:
    text = f"{HEAD}\nPTEN\tS1\tsilent\nPTEN\tS1\tMissense_Mut\n"
    read = read_mutations(write(tmp_path, "x.maf", text), ["PTEN"])
    assert read.rows["variant_classification"].tolist() == ["Silent", "Missense_Mut"]
    assert [note for note in read.notes if "unknown Variant" in note] == [
        f"{tmp_path / 'x.maf'}: 1 rows with 1 unknown Variant_Classification words: 'Missense_Mut' (1); did you mean "
        "Missense_Mutation?; their protein change tells, where it is given; the others count as some change of "
        "the gene, never as a truncation or hotspot"
    ]


def test_no_protein_change_is_said(tmp_path: Path) -> None:
    read = read_mutations(write(tmp_path, "x.maf", f"{HEAD}\nPTEN\tS1\tSilent\n"), ["PTEN"])
    assert read.rows["hgvsp"].tolist() == [""]
    assert any("hotspots cannot be told" in note for note in read.notes)


def test_a_few_genes_that_all_lie_elsewhere_are_no_mistake(tmp_path: Path) -> None:
    read = read_mutations(write(tmp_path, "x.maf", f"{HEAD}\nOR4F5\tS1\tSilent\n"), ["PTEN"])
    assert len(read.rows) == 1
    assert any("none of its 1 mutated genes is one that pamrx knows" in note for note in read.notes)


def test_aliquots_of_one_sample_count_a_mutation_once(tmp_path: Path) -> None:
    rows = "".join(f"PTEN\tTCGA-OR-A5J1-01A-11D-A{plate}-10\tSilent\tp.A1A\n" for plate in ("100", "200"))
    maf = write(tmp_path, "x.maf", f"{HEAD}\tHGVSp_Short\n{rows}")
    data = write(tmp_path, "x.csv", "gene,TCGA-OR-A5J1-01\nPTEN,3.5\n")
    profiles = read_profiles(mutations=maf, expression=data, known_genes=["PTEN"])
    assert list(profiles.samples.index) == ["TCGA-OR-A5J1-01"]
    assert profiles.mutations is not None
    assert len(profiles.mutations) == 1
