"""What separates the columns of a table, whatever its name says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx.errors import PamrxError
from pamrx.profiles import read_profiles
from pamrx.readers.text.delimiters import count_titles, find_columns
from pamrx.readers.text.files import Head
from pamrx.readers.text.raw_table import read_raw_table

EXPRESSION = "gene\tS1\tS2\nPIK3CA\t7.25\t8.5\nPTEN\t6.0\t2.5\n"
MAF = (
    "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\nPIK3CA\tS1\tMissense_Mutation\tp.H1047R\n"
)
GENES = ("PIK3CA", "PTEN")
MEDIUM = pytest.mark.medium


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("ending", [".csv", ".tsv", *(pytest.param(one, marks=MEDIUM) for one in (".txt", ".maf", ""))])
@pytest.mark.parametrize(("mark", "name"), [("\t", "tab"), (",", "comma"), (";", "semicolon")])
def test_every_delimiter_under_every_ending(tmp_path: Path, ending: str, mark: str, name: str) -> None:
    files = {
        "expression": write(tmp_path, f"e{ending}", EXPRESSION.replace("\t", mark)),
        "mutations": write(tmp_path, f"m{ending}", MAF.replace("\t", mark)),
        "samples": write(tmp_path, f"s{ending}", "sample_id\ttissue\nS1\tbreast\nS2\tlung\n".replace("\t", mark)),
    }
    read = read_profiles(**files, known_genes=GENES)
    assert read.expression.loc["S2", "PTEN"] == 2.5
    assert read.mutations["hgvsp"].tolist() == ["p.H1047R"]
    assert read.samples["tissue"].tolist() == ["breast", "lung"]
    by_ending = {".csv": ",", ".tsv": "\t", ".maf": "\t"}.get(ending)
    said = [f"{path}: {name}s found between columns although it ends in {ending}: read so" for path in files.values()]
    assert [note for note in said if note in read.notes] == (said if by_ending not in (None, mark) else [])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["gene\tS,1\tS,2", "PTEN\t1\t2"], "\t"),
        (["gene;TPM, log2;n", "PTEN;7,25;1", "AKT1;7;2"], ";"),
        (['sample_id,"note;more"', 'S1,"a;b"', "S2,c"], ","),
        (["sample_id,hsa-mir-1;hsa-mir-2,PTEN", "S1,2,3", "S2,4,5"], ","),
        (["gene,description,S1", 'PTEN,"phosphatase, tensin",1', 'AKT1,"kinase; first",2'], ","),
        (['"S1";"S2"', '"PTEN";1;2'], ";"),
    ],
)
def test_by_the_first_lines_together(lines: list[str], expected: str) -> None:
    assert find_columns("x", ".txt", lines).delimiter == expected


def test_two_that_fit_equally_are_refused(tmp_path: Path) -> None:
    text = "sample;TPM, log2\nS1;7,25\nS2;8,5\n"
    with pytest.raises(PamrxError, match="commas and semicolons both separate all its first lines evenly"):
        read_profiles(expression=write(tmp_path, "x.csv", text), known_genes=GENES)


def test_advice_to_save_with_tabs(tmp_path: Path) -> None:
    equal = "gene;S, 1\nPIK3CA;7,25\nPTEN;8,5\n"
    with pytest.raises(PamrxError, match=r"save it with tabs between the columns \(\.tsv\)"):
        read_profiles(expression=write(tmp_path, "x.csv", equal), known_genes=GENES)
    followed = write(tmp_path, "x.tsv", equal.replace(";", "\t"))
    assert read_profiles(expression=followed, known_genes=GENES).expression.loc["S, 1", "PIK3CA"] == 7.25
    for mark in (" ", "|"):
        with pytest.raises(PamrxError, match=r"save it with tabs \(\.tsv\) or commas \(\.csv\)"):
            read_profiles(expression=write(tmp_path, "y.txt", EXPRESSION.replace("\t", mark)), known_genes=GENES)
    followed = write(tmp_path, "y.csv", EXPRESSION.replace("\t", ","))
    assert read_profiles(expression=followed, known_genes=GENES).n == 2


def test_the_separator_line_of_excel_is_no_header(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "sep=;\n" + EXPRESSION.replace("\t", ";"))
    read = read_profiles(expression=path, known_genes=GENES)
    assert read.expression.loc["S2", "PTEN"] == 2.5


@pytest.mark.parametrize("quote", ["", '"'])
def test_the_corner_that_r_leaves_out(tmp_path: Path, quote: str) -> None:
    def table(header: list[str], *rows: list[str]) -> str:
        return "".join("\t".join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in (header, *rows))

    header, *rows = [line.split("\t") for line in MAF.splitlines()]
    files = {
        "expression": write(tmp_path, "e.tsv", table(["S1"], ["PIK3CA", "7.25"], ["PTEN", "2.5"])),
        "mutations": write(tmp_path, "m.maf", table(header, *([str(n), *row] for n, row in enumerate(rows, start=1)))),
        "samples": write(tmp_path, "s.tsv", table(["sample_id", "tissue"], ["1", "S1", "breast"])),
    }
    read = read_profiles(**files, known_genes=GENES)
    assert read.expression.loc["S1", "PIK3CA"] == 7.25
    assert read.mutations[["sample_id", "gene", "hgvsp"]].to_numpy().tolist() == [["S1", "PIK3CA", "p.H1047R"]]
    assert read.samples["tissue"].tolist() == ["breast"]


@pytest.mark.parametrize("count", [1, 12])
def test_rows_that_are_longer_than_the_header_are_not_r(count: int) -> None:
    lines = ["a\tb", *["1\t2\t"] * count, "1\t2"]
    assert not find_columns("x", ".tsv", lines).corner_left_out


@pytest.mark.parametrize("mark", ["\t", ",", ";"])
@pytest.mark.parametrize("title", ["Table S3. All", "Table S3. All{}{}", '"Table S3. Expression, log2"{}{}\n(n = 2)'])
def test_titles_above_the_header_are_skipped_and_said(tmp_path: Path, mark: str, title: str) -> None:
    path = write(tmp_path, "x.txt", f"{title.format(mark, mark)}\n{mark}{mark}\n" + EXPRESSION.replace("\t", mark))
    read = read_profiles(expression=path, known_genes=GENES)
    assert read.expression.loc["S2", "PTEN"] == 2.5
    assert any("lines above the header skipped, as a title" in note for note in read.notes)


@pytest.mark.parametrize(
    "lines",
    [
        ["S1", "PIK3CA\t7.25", "PTEN\t2.5"],
        ["gene,S1", "a;b;c,1", "d;e;f,2"],
        ["gene\tS1\tS2", "PIK3CA\t7", "PTEN\t6\t2"],
        ["gene\tS1\tS2", "PIK3CA\t7\t2"],
        ["gene"],
    ],
)
def test_a_header_is_no_title(lines: list[str]) -> None:
    assert count_titles(lines) == 0


def test_a_header_behind_a_hash_is_the_header(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("#made by a program\n#gene\tS1\tS2\nPIK3CA\t1.5\t2\nPTEN\t3\t4\n")
    head = Head(path)
    assert (head.header, head.skipped) == (["gene", "S1", "S2"], 1)
    table = read_raw_table(path)
    assert len(table) == 2


def test_a_comment_that_is_no_header_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("#Sample\tTissue\tAge\nsample_id\ttissue\tage\nS1\tbreast\t61\n")
    assert Head(path).header == ["sample_id", "tissue", "age"]
