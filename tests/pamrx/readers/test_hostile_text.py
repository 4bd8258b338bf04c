"""Cells and folders that nobody would write by hand: one line, or read for what they are; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx.errors import InputError
from pamrx.identifiers.gene_ids import are_entrez
from pamrx.identifiers.genes import clean_labels, default_genes
from pamrx.identifiers.sample_twins import likely_twins
from pamrx.readers.matrices.matrix import read_matrix
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.records import record_tables
from pamrx.readers.studies.cbioportal import find_study
from pamrx.readers.text import given_files
from pamrx.readers.text.files import Head

KNOWN = default_genes()
MAF = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"


@pytest.mark.parametrize("cell", ["9" * 400, "-" + "9" * 400 + ".5", "1e999", "inf"])
def test_a_number_beyond_all_numbers_is_named_by_its_place(tmp_path: Path, cell: str) -> None:
    for number, below in enumerate(("1", "2.5", "")):
        file = tmp_path / f"e{number}.csv"
        file.write_text(f"gene,S1,S2\nPTEN,{cell.strip('-')},1\nAKT1,{below},2\n")
        with pytest.raises(InputError, match=r"row PTEN, column S1: found an infinite value, expected a finite number"):
            read_matrix(file, KNOWN, "expression")
        spoilt: dict[str, str] = {}
        matrix = read_matrix(file, KNOWN, "expression", spoilt)
        assert list(spoilt) == ["S1"]
        assert matrix.values.loc["S2"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "cell", ["9" * 5_000, "1_000", "0x10", "\u0661\u0662", "\uff11\uff12", "\u00bd", "\u00b2", "1\u20282"]
)
def test_what_only_looks_like_a_number_is_named_by_its_place(tmp_path: Path, cell: str) -> None:
    (tmp_path / "e.csv").write_text(f"gene,S1\nPTEN,{cell}\nAKT1,1\nMTOR,2\nTSC1,3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"row PTEN, column S1: found") as caught:
        read_matrix(tmp_path / "e.csv", KNOWN, "expression")
    assert len(str(caught.value)) < 300


def test_whole_numbers_beyond_64_bits_are_read(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("gene,S1,S2\nPTEN,36893488147419103232,1\nAKT1,5,2\n")
    assert read_matrix(tmp_path / "e.csv", KNOWN, "expression").values.loc["S1"].tolist() == [2.0**65, 5]


def test_such_numbers_in_records() -> None:
    with pytest.raises(InputError, match="found an infinite value"):
        record_tables({"expression": [{"gene": "PTEN", "S1": 10**400}, {"gene": "AKT1", "S1": 1}]}, KNOWN)
    read = record_tables({"expression": [{"gene": "PTEN", "S1": 2**65}, {"gene": "AKT1", "S1": 1}]}, KNOWN)
    assert read.matrices["expression"].values.loc["S1"].tolist() == [2.0**65, 1]
    with pytest.raises(InputError, match="text found that is no JSON"):
        record_tables({"expression": "[" * 100_000}, KNOWN)


def test_digits_that_are_no_numbers() -> None:
    assert not are_entrez(["\u00b2", "\u2460", "9" * 5_000] * 10, "GeneID")
    assert likely_twins(["9" * 5_000, "\u00b2"], ["0" + "9" * 5_000, "2"])
    assert likely_twins(["007"], ["7"])


def test_a_size_line_of_5000_digits(tmp_path: Path) -> None:
    (tmp_path / "g.gct").write_text(f"#1.2\n{'9' * 5_000}\t1\nName\tDescription\tS1\na\tPTEN\t1\n")
    assert Head(tmp_path / "g.gct").gct is None


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("A1BG|1", "A1BG"), ("A1BG|?", "A1BG"), ("A1BG (1)", "A1BG"), ("A1BG(1) ", "A1BG"), ('"A1BG"', "A1BG"),
        ("A1BG (x)", "A1BG (x)"), ("A1BG|", "A1BG|"), ("A1BG)", "A1BG)"), ("(1)", ""), ("?|10", ""),
        ("PTEN|chr10", "PTEN"),
    ],
)  # fmt: skip
def test_entrez_ids_at_the_end_of_labels(label: str, name: str) -> None:
    assert clean_labels([label]) == [name]


def test_a_protein_change_of_5000_digits_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.maf").write_text(f"{MAF}PIK3CA\tS1\tMissense_Mutation\tp.H{'1' * 5_000}R\n")
    read = read_mutations(tmp_path / "m.maf", KNOWN)
    assert read.rows["hgvsp"].tolist() == [""]
    assert any("could not be read" in note for note in read.notes)


def test_what_nobody_foresaw_in_a_reader_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.maf").write_text(f"{MAF}PTEN\tS1\tSilent\t\n")

    def fails(*_args: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr("pamrx.readers.mutations.reading.read_maf", fails)
    with pytest.raises(InputError, match=r"m\.maf: cannot be read \(IndexError: list index out of range\); expected"):
        read_mutations(tmp_path / "m.maf")


def study(folder: Path) -> Path:
    (folder / "case_lists").mkdir()
    (folder / "data_mutations.txt").write_text(f"{MAF}PTEN\tS1\tSilent\t\n")
    (folder / "case_lists" / "cases_sequenced.txt").write_text("stable_id: x_sequenced\ncase_list_ids: S1\tS2\n")
    return folder


def test_a_folder_among_case_lists(tmp_path: Path) -> None:
    (study(tmp_path) / "case_lists" / "cases_other.txt").mkdir()
    with pytest.raises(InputError, match=r"cases_other\.txt: is a folder; name a file"):
        find_study(tmp_path)


def test_case_lists_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_study(study(tmp_path)).sequenced == ("S1", "S2")
    plain = given_files.entries

    def entries(folder: Path) -> list[Path]:
        if folder.name == "case_lists":
            raise InputError(f"{folder}: cannot be read (Permission denied)")
        return plain(folder)

    monkeypatch.setattr("pamrx.readers.studies.cbioportal.entries", entries)
    with pytest.raises(InputError, match=r"case_lists: cannot be read \(Permission denied\)"):
        find_study(tmp_path)
