"""Every mistake in a user's file ends in one line that names the file and the place."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.identifiers.genes import default_genes
from pamrx.profiles import Profiles, read_profiles

GENES = ("PIK3CA", "PTEN", "AKT1")
MAF_HEAD = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
MAF_ROW = "PIK3CA\tS1\tMissense_Mutation\tp.H1047R\n"
EXPRESSION = "gene\tS1\tS2\nPIK3CA\t7.25\t8.5\nPTEN\t6.0\t2.5\n"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def fails(*parts: str, **inputs: Path | str) -> str:
    """Reading must fail in one line that holds all of `parts` and, first, the name of one of the files."""
    with pytest.raises(PamrxError) as caught:
        read_profiles(**inputs, known_genes=GENES)
    message = str(caught.value)
    assert "\n" not in message
    assert any(message.startswith(str(path)) for path in inputs.values())
    for part in parts:
        assert part in message
    return message


def test_nothing_given() -> None:
    with pytest.raises(PamrxError, match="no input: give at least one of mutations"):
        read_profiles()


@pytest.mark.parametrize("kind", ["mutations", "expression", "ncrna", "copy_number", "samples"])
def test_missing_file_names_the_nearest(tmp_path: Path, kind: str) -> None:
    write(tmp_path, "tumours.tsv", EXPRESSION)
    fails("no such file", "did you mean tumours.tsv?", **{kind: tmp_path / "tumors.tsv"})


def test_missing_folder(tmp_path: Path) -> None:
    fails("no such file", f"nor a folder {tmp_path / 'absent'}", expression=tmp_path / "absent" / "x.tsv")


@pytest.mark.parametrize("kind", ["mutations", "expression", "ncrna", "copy_number", "samples"])
def test_folder_instead_of_file(tmp_path: Path, kind: str) -> None:
    fails("is a folder", **{kind: tmp_path})


@pytest.mark.parametrize("kind", ["mutations", "expression", "ncrna", "copy_number", "samples"])
@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"", mtime=0)], ids=["nothing", "blank", "gzip"])
def test_empty_file(tmp_path: Path, kind: str, content: bytes) -> None:
    fails("the file is empty", **{kind: write(tmp_path, "x.tsv", content)})


def test_comments_only(tmp_path: Path) -> None:
    fails("the file is empty but for comment lines", mutations=write(tmp_path, "x.maf", "#version 2.4\n"))


@pytest.mark.parametrize("kind", ["mutations", "expression", "copy_number", "samples"])
def test_header_only(tmp_path: Path, kind: str) -> None:
    fails("a header and no row below it", **{kind: write(tmp_path, "x.tsv", MAF_HEAD)})


@pytest.mark.parametrize(("found", "name"), [("|", "vertical bar"), (" ", "space")])
def test_wrong_delimiter_names_the_one_found(tmp_path: Path, found: str, name: str) -> None:
    path = write(tmp_path, "x.txt", EXPRESSION.replace("\t", found))
    fails("header: wrong delimiter", f"found {name}", "save it with tabs", expression=path)


def test_one_column_without_any_delimiter(tmp_path: Path) -> None:
    fails("one column, 'gene'", expression=write(tmp_path, "x.tsv", "gene\nPIK3CA\n"))


@pytest.mark.parametrize("ending", [".zip", ".pkl", ".pickle", ".rds", ".xls", ".ods", ".pkl.gz"])
def test_endings_that_are_never_opened(tmp_path: Path, ending: str) -> None:
    fails(f"ending '{ending.removesuffix('.gz')}'", "expected", expression=write(tmp_path, f"x{ending}", "anything"))


def test_zip_under_another_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.tsv", "w") as archive:
        archive.writestr("x.tsv", EXPRESSION)
    fails("zip archive or a spreadsheet", expression=tmp_path / "x.tsv")


def test_truncated_gzip(tmp_path: Path) -> None:
    text = "gene\tS1\n" + "".join(f"G{number}\t{number * 0.37}\n" for number in range(5000))
    cut = gzip.compress(text.encode())[:-3000]
    fails("gzip data end early", expression=write(tmp_path, "x.tsv.gz", cut))
    fails(
        "gzip data end early", mutations=write(tmp_path, "x.maf.gz", gzip.compress((MAF_HEAD + MAF_ROW).encode())[:-9])
    )


def test_truncated_parquet(tmp_path: Path) -> None:
    pd.DataFrame({"gene": ["PIK3CA"], "S1": [1.0]}).to_parquet(tmp_path / "x.parquet")
    cut = (tmp_path / "x.parquet").read_bytes()[:-20]
    fails("not a Parquet file, or a truncated one", expression=write(tmp_path, "x.parquet", cut))


def test_binary_content(tmp_path: Path) -> None:
    fails("is not a text file", expression=write(tmp_path, "z.tsv", b"gene\tS1\0\nPIK3CA\t1\n"))
    deep = EXPRESSION.encode() + b"AKT1\t1\t2\n" * 50_000 + b"MTOR\0\t1\t2\n"
    fails("is not a text file", expression=write(tmp_path, "deep.tsv", deep))


def test_row_cut_short(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", EXPRESSION + "AKT1\t3.5\n")
    fails("line 4 (AKT1): 2 fields found, 3 expected from the header", expression=path)


def test_row_too_long(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", EXPRESSION + "AKT1\t3.5\t1\t2\n")
    fails("line 4 (AKT1): 4 fields found, 3 expected from the header", expression=path)


def test_maf_cut_short(tmp_path: Path) -> None:
    path = write(tmp_path, "x.maf", MAF_HEAD + MAF_ROW + "PTEN\tS1\tMissense_Mut")
    fails("line 3: 3 fields found, 4 expected from the header", mutations=path)
    fails("line 3: 2 fields found", mutations=write(tmp_path, "y.maf", MAF_HEAD + MAF_ROW + "PTEN\tS1\n"))


def test_no_recognised_gene_names_found_and_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "gene\tS1\nPIK3CAA\t1.5\nFOO\t2.5\n")
    fails("no recognised gene", "found PIK3CAA, FOO", "did you mean PIK3CA?", expression=path)


def test_ids_of_no_known_gene_are_told_what_they_are(tmp_path: Path) -> None:
    fails("Ensembl ids, but none", expression=write(tmp_path, "x.tsv", "gene\tS1\nENSMUSG00000027665.5\t1.5\n"))
    fails("no list of Entrez gene ids", copy_number=write(tmp_path, "y.csv", "gene,S1\n3,1\n4,-2\n"))


def test_no_recognised_gene_in_maf(tmp_path: Path) -> None:
    rows = "".join(f"FOO{number}\tS1\tSilent\t\n" for number in range(25))
    fails("column Hugo_Symbol: no recognised gene", "found FOO0", mutations=write(tmp_path, "x.maf", MAF_HEAD + rows))
    fails("Entrez gene ids", mutations=write(tmp_path, "y.maf", MAF_HEAD + "999999991\tS1\tSilent\t\n"))


def test_duplicated_samples(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "gene\tS1\tS2\tS1\nPIK3CA\t1\t2\t3\n")
    fails("sample S1 stands in columns 2 and 4", expression=path)
    path = write(tmp_path, "y.csv", "sample_id,PIK3CA\nS1,1\nS2,2\nS1,3\n")
    fails("sample S1 stands in rows 1 and 3", copy_number=path)
    fails(
        "sample S1 stands in rows 1 and 2", samples=write(tmp_path, "s.csv", "sample_id,tissue\nS1,breast\nS1,lung\n")
    )


def test_sample_without_a_name(tmp_path: Path) -> None:
    fails("column 3 has no sample name", expression=write(tmp_path, "x.tsv", "gene\tS1\t\nPIK3CA\t1\t2\n"))
    fails("row 2 has no sample name", expression=write(tmp_path, "y.csv", "sample_id,PIK3CA\nS1,1\n,3\n"))
    fails("row 2, column sample_id: empty", samples=write(tmp_path, "s.csv", "sample_id,tissue\nS1,breast\n,lung\n"))
    fails(
        "row 2, column Tumor_Sample_Barcode: empty",
        mutations=write(tmp_path, "z.maf", MAF_HEAD + MAF_ROW + "PTEN\t\tSilent\t\n"),
    )


def test_samples_are_never_matched_by_position(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "PIK3CA,PTEN,AKT1\n1.5,2.5,3.5\n4.5,5.5,6.5\n")
    fails("column 1: gene PIK3CA found where sample names belong", expression=path)


@pytest.mark.parametrize("value", ["high", "1,5", "7.2.1", "True"])
def test_text_where_numbers_belong(tmp_path: Path, value: str) -> None:
    path = write(tmp_path, "x.tsv", EXPRESSION.replace("2.5", value))
    fails(f"row PTEN, column S2: found '{value}', expected a finite number", expression=path)
    path = write(tmp_path, "y.tsv", f"sample_id\tPIK3CA\tPTEN\nS1\t1.5\t2.5\nS2\t3.5\t{value}\n")
    fails(f"row S2, column PTEN: found '{value}'", expression=path)


def test_column_of_text_only(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "gene\tS1\tS2\nPIK3CA\tlow\t1\nPTEN\thigh\t2\n")
    fails("row PIK3CA, column S1: found 'low' (and 1 more in that column)", copy_number=path)


@pytest.mark.parametrize("value", ["inf", "Infinity", "1e999"])
def test_infinite_values(tmp_path: Path, value: str) -> None:
    path = write(tmp_path, "x.tsv", EXPRESSION.replace("2.5", value))
    fails("row PTEN, column S2: found an infinite value", expression=path)
    fails("row PTEN, column S2: found an infinite value", copy_number=path)


def test_minus_infinity_is_no_level(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", EXPRESSION.replace("2.5", "-Inf"))
    fails("sample S2, gene PTEN: found an infinite value", "-Inf is the logarithm of 0", expression=path)


def test_infinite_value_in_parquet(tmp_path: Path) -> None:
    pd.DataFrame({"PIK3CA": [1.0, float("inf")]}, index=["S1", "S2"]).to_parquet(tmp_path / "x.parquet")
    fails("row S2, column PIK3CA: found an infinite value", expression=tmp_path / "x.parquet")


def test_matrix_without_numbers(tmp_path: Path) -> None:
    fails("holds no number", expression=write(tmp_path, "x.tsv", "gene\tS1\nPIK3CA\tNA\n"))


def test_expression_on_no_known_scale(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", EXPRESSION.replace("7.25", "-300").replace("8.5", "900"))
    fails("values -300 to 900", "sample S1, gene PIK3CA", "below zero on a linear scale", expression=path)


def test_copy_number_that_is_neither_calls_nor_log2_ratios(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "gene\tS1\tS2\nPIK3CA\t2\t6\nPTEN\t-2\t-1\n")
    fails("sample S2, gene PIK3CA: found 6, expected a GISTIC call", copy_number=path)
    rows = "".join(f"G{number}\t{0.9 + number / 100}\n" for number in range(30))
    path = write(tmp_path, "y.tsv", "gene\tS1\nPIK3CA\t1.1\n" + rows)
    fails("found ratios, expected GISTIC calls -2..2 or log2 ratios around 0", copy_number=path)


@pytest.mark.parametrize("column", ["Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification"])
def test_maf_without_a_needed_column(tmp_path: Path, column: str) -> None:
    path = write(tmp_path, "x.maf", MAF_HEAD.replace(column, column + "s") + MAF_ROW)
    fails(f"header: no column {column}", f"rename {column}s to {column}", mutations=path)


def test_maf_column_twice(tmp_path: Path) -> None:
    path = write(tmp_path, "x.maf", MAF_HEAD.replace("HGVSp_Short", "Hugo_Symbol") + MAF_ROW)
    fails("header: column Hugo_Symbol stands 2 times", mutations=path)


def test_maf_with_foreign_variant_classes(tmp_path: Path) -> None:
    path = write(tmp_path, "x.maf", MAF_HEAD + "PIK3CA\tS1\tmisense\tp.H1047R\n")
    fails("column Variant_Classification: found 'misense'", "expected a MAF word", mutations=path)


def test_samples_table_words(tmp_path: Path) -> None:
    fails("no column sample_id", "rename sample to", samples=write(tmp_path, "a.csv", "sample,tissue\nS1,breast\n"))
    path = write(tmp_path, "b.csv", "sample_id,tissue\nS1,brest\n")
    fails("sample S1, column tissue: found 'brest'", "`pamrx vocab`", "did you mean breast?", samples=path)
    path = write(tmp_path, "b2.csv", "sample_id,tissue\nS1,ACC\n")
    assert fails("found 'ACC'", "leave it empty where none fits", samples=path).endswith("none fits)")
    path = write(tmp_path, "c.csv", "sample_id,sample_type\nS1,tumours\n")
    fails("column sample_type: found 'tumours'", "expected one of tumour, cell_line", samples=path)
    path = write(tmp_path, "d.csv", "sample_id,msi\nS1,maybe\n")
    fails("column msi: found 'maybe'", "expected one of MSI-H, MSS", samples=path)


def test_sample_missing_from_the_samples_table(tmp_path: Path) -> None:
    table = write(tmp_path, "s.csv", "sample_id,tissue\nS1,breast\n")
    data = write(tmp_path, "x.tsv", EXPRESSION)
    fails(str(data), str(table), "sample S2 is not listed in", expression=data, samples=table)


def test_listed_sample_found_in_no_file(tmp_path: Path) -> None:
    table = write(tmp_path, "s.csv", "sample_id,tissue\nS1,breast\nS2,lung\ns-3,skin\n")
    data = write(tmp_path, "x.tsv", EXPRESSION)
    fails(f"{table}: sample s-3 is in none of {data}", expression=data, samples=table)
    maf = write(tmp_path, "x.maf", MAF_HEAD + MAF_ROW)
    fails("sample S2 is in none of", "set its column sequenced to yes", mutations=maf, samples=table)


def test_sequenced_no_contradicts_mutations(tmp_path: Path) -> None:
    table = write(tmp_path, "s.csv", "sample_id,sequenced\nS1,no\n")
    fails("sample S1 has mutations, but", mutations=write(tmp_path, "x.maf", MAF_HEAD + MAF_ROW), samples=table)


def test_files_without_a_common_sample_show_both_names(tmp_path: Path) -> None:
    maf = write(tmp_path, "x.maf", MAF_HEAD + MAF_ROW.replace("S1", "s-1-T"))
    data = write(tmp_path, "x.tsv", EXPRESSION)
    message = fails("no sample in common", "'s-1-T' against 'S1, S2'", mutations=maf, expression=data)
    assert "s-1-T and S1 may be one sample: if so, write S1 for s-1-T" in message
    assert str(data) in message


def matrix_of(genes: int = 30, samples: int = 6) -> pd.DataFrame:
    """Levels of the product's own genes, like log2 of a sequencer."""
    names = [gene for gene in sorted(default_genes()) if gene.isalnum() and gene.isupper()][:genes]
    drawn = np.random.default_rng(3).normal(6, 2, size=(genes, samples)).clip(0).round(3)
    index = pd.Index(names, name="gene")
    return pd.DataFrame(drawn, index=index, columns=[f"S{place}" for place in range(1, samples + 1)])


def expression_of(folder: Path, text: str | bytes, name: str = "x.csv", unit: str | None = None) -> Profiles:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_profiles(expression=path, expression_unit=unit)


LEVELS = matrix_of()
COUNTS = (2**LEVELS * 10).round()
STANDARDISED = LEVELS.sub(LEVELS.mean(axis=1), axis=0).div(LEVELS.std(axis=1), axis=0)
NEGATIVE = COUNTS.assign(S2=-5.0)
CUT = LEVELS.to_csv().splitlines()


@pytest.mark.parametrize(
    ("text", "unit", "part"),
    [
        (NEGATIVE.to_csv(), None, r"sample S2, gene \w+: found -5, expected no value below zero on a linear scale"),
        (NEGATIVE.to_csv(), "counts", "below zero on a linear scale"),
        (STANDARDISED.to_csv(), "tpm", "below zero on a linear scale"),
        (STANDARDISED.to_csv(), "fpkm", "below zero on a linear scale"),
        (STANDARDISED.to_csv(), "counts", "below zero on a linear scale"),
        ("\n".join(CUT[1:]), None, r"line 1: gene \w+ found where the header belongs"),
        ((LEVELS * 0).to_csv(), None, "all genes of sample S1 have the value 0, and so on in every sample"),
        (
            "\n".join([CUT[0], *(f"{line}," for line in CUT[1:])]),
            None,
            "8 fields found, 7 expected.*delimiter too many",
        ),
        ("\n".join([*CUT[:-1], CUT[-1][:12]]), None, "7 expected from the header; the file may be cut short"),
        ('gene,S1\n"PTEN,3\nPIK3CA,2\n', None, "a quotation mark opens in a field and does not close"),
        ('gene,S1\nPTEN,"6,5"\nPIK3CA,"3,5"\n', None, "found '6,5'.* with a point for decimals"),
        ("gene,lineage,origin\nPTEN,lung,A\nPIK3CA,skin,B\n", None, "no matrix of levels: 2 of 2 columns hold words"),
    ],
)
def test_a_malformed_matrix_is_one_clear_line(tmp_path: Path, text: str, unit: str | None, part: str) -> None:
    with pytest.raises(PamrxError, match=part):
        expression_of(tmp_path, text, unit=unit)


@pytest.mark.parametrize(
    "text",
    [
        gzip.compress(LEVELS.to_csv().encode(), mtime=0),
        LEVELS.to_csv().replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + LEVELS.to_csv().encode(),
        "\n".join(f"{line}," for line in CUT),
        "\n\n" + LEVELS.to_csv(),
        LEVELS.T.to_csv(),
        LEVELS.reset_index().to_csv(),
    ],
    ids=["gzip", "CRLF", "BOM", "trailing empty column", "blank lines", "genes in columns", "numbered rows"],
)
def test_a_matrix_in_odd_dress_is_the_same(tmp_path: Path, text: str | bytes) -> None:
    found = expression_of(tmp_path, text).expression
    assert found is not None
    np.testing.assert_array_equal(found[list(LEVELS.index)].to_numpy(), LEVELS.T.to_numpy())
    assert list(found.index) == list(LEVELS.columns)


def test_nothing_below_zero_becomes_nan(tmp_path: Path) -> None:
    read = expression_of(tmp_path, STANDARDISED.to_csv())
    assert read.expression is not None
    assert read.expression.notna().all(axis=None)
    assert any("z-scores per gene no longer tell" in note for note in read.notes)


def test_a_sample_of_one_value_counts_as_not_measured(tmp_path: Path) -> None:
    read = expression_of(tmp_path, LEVELS.assign(S2=0.0).to_csv())
    assert read.expression is not None
    assert read.expression.isna().all(axis=1).tolist() == [name == "S2" for name in LEVELS.columns]
    assert any("1 samples have one value for all genes, such as S2" in note for note in read.notes)
