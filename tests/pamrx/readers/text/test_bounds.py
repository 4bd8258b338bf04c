"""What a text file may hold at most, and that nothing larger is ever collected."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest
from pamrx.cohort.matrix_cohort import open_matrices
from pamrx.errors import InputError
from pamrx.identifiers.genes import default_genes
from pamrx.readers.boundary import MAX_LABEL
from pamrx.readers.gene_panel import read_panel
from pamrx.readers.matrices.matrix import read_matrix
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.records import record_tables
from pamrx.readers.sample_table import read_samples
from pamrx.readers.text import files, memory, raw_table, text_encoding, unpacking
from pamrx.readers.text.files import Head, open_bytes
from pamrx.readers.text.raw_table import read_raw_table

KNOWN = default_genes()
MAF = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"


def packed(path: Path, unit: bytes, times: int) -> Path:
    """A gzip of one text again and again, written without ever holding it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with path.open("wb") as stream:
        for _ in range(times):
            stream.write(packer.compress(unit))
        stream.write(packer.flush())
    return path


def test_gzip_that_unpacks_to_far_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_UNPACKED", 1_000_000)
    file = packed(tmp_path / "e.tsv.gz", b"PTEN\t1\n" * 1000, 1000)
    with pytest.raises(InputError, match=r"e\.tsv\.gz: .*unpack to more than .*unpack it \(gunzip\)"):
        read_raw_table(file)


def test_advice_to_unpack_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_UNPACKED", 10_000)
    text = (
        b"gene\tS1\n" + b"".join(b"G%d\t1\n" % number for number in range(3)) + b"PTEN\t1\nAKT1\t2\n" + b"#\n" * 90_000
    )
    file = tmp_path / "e.tsv.gz"
    file.write_bytes(gzip.compress(text))
    with pytest.raises(InputError, match="unpack it"):
        read_raw_table(file)
    (tmp_path / "e.tsv").write_bytes(gzip.decompress(file.read_bytes()).rstrip(b"#\n"))
    assert len(read_raw_table(tmp_path / "e.tsv")) == 5


def test_a_line_without_an_end_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_encoding, "MAX_LINE", 1_000_000)
    for name, unit in (("ascii", b"x" * 100_000), ("other", "\u00e9".encode() * 50_000)):
        file = packed(tmp_path / f"{name}.tsv.gz", unit, 40)
        with pytest.raises(InputError, match=r"line 1 has more than 1,000,000 characters"):
            Head(file)


def test_zeros_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a text file"):
        Head(packed(tmp_path / "z.tsv.gz", bytes(100_000), 10))


@pytest.mark.parametrize("unit", [b"\n", b" \n"])
def test_blank_lines_without_end_are_refused(tmp_path: Path, unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_encoding, "_MOST_BLANK", 100_000)
    file = tmp_path / "b.tsv.gz"
    file.write_bytes(gzip.compress(b"gene\tS1\nPTEN\t1\n" + unit * 250_000, 1))
    with pytest.raises(InputError, match=r"blank characters in a row, before line .*; delete the blank lines"):
        read_raw_table(file)


def test_what_is_read_whole_must_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "gene\tS1\tS2\n" + "".join(f"{gene}\t1.5\t2.5\n" for gene in sorted(KNOWN)[:1000])
    (tmp_path / "expression-01.tsv").write_text(text)
    (tmp_path / "expression-01.tsv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "m.maf").write_text(MAF + "PTEN\tS1\tSilent\t\n" * 1000)
    monkeypatch.setattr(memory, "available", lambda: 50_000)
    for name in ("expression-01.tsv", "expression-01.tsv.gz"):
        with pytest.raises(InputError, match=r"of memory, and 0 MB are available; read it where there is more"):
            read_raw_table(tmp_path / name)
    with pytest.raises(InputError, match=r"m\.maf: .* MB are available"):
        read_mutations(tmp_path / "m.maf", KNOWN)


def test_advice_to_split_by_samples_works(tmp_path: Path) -> None:
    for number in (1, 2):
        rows = "".join(f"{gene}\t{place}.5\n" for place, gene in enumerate(("PTEN", "AKT1", "MTOR")))
        (tmp_path / f"expression-0{number}.tsv").write_text(f"gene\tS{number}\n{rows}")
    assert open_matrices(tmp_path, None, None, None).names == {"S1", "S2"}


def test_available_memory_is_some() -> None:
    assert memory.most_text(40, 8) > 1_000_000


def test_comments_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MOST_ABOVE", 100)
    (tmp_path / "c.tsv").write_text("#\n" * 200 + "gene\tS1\nPTEN\t1\n")
    with pytest.raises(InputError, match="no header in its first 100 lines"):
        Head(tmp_path / "c.tsv")


def test_text_that_is_held_over_many_chunks_is_whole(tmp_path: Path) -> None:
    text = "gene\t" + "\u00e9" * 300_000 + "\nPTEN\t1\n\u00e4"
    (tmp_path / "t.tsv").write_text(text, encoding="utf-8")
    with open_bytes(tmp_path / "t.tsv") as stream:
        assert stream.read().decode() == text


LONG = "x" + " " * 40_000


@pytest.mark.parametrize(
    "text",
    [f"gene\tS1\nPTEN\t1\n{LONG}x\t2\n", f"gene\t{LONG}x\nPTEN\t1\n", f"id\tgene\tS1\n1\tPTEN\t1\n2\t{LONG}x\t2\n"],
)
def test_a_name_of_40000_blanks_is_refused_at_once(tmp_path: Path, text: str) -> None:
    (tmp_path / "e.tsv").write_text(text)
    with pytest.raises(InputError, match=rf"e\.tsv: .*a name of .* expected {MAX_LABEL:,} at most") as caught:
        read_matrix(tmp_path / "e.tsv", KNOWN, "expression")
    assert len(str(caught.value)) < 500


def test_long_cells_of_other_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.maf").write_text(f"{MAF}PTEN\tS1\tMissense_Mutation\tp.A1V\n{LONG}x\tS1\tMissense_Mutation\t\n")
    with pytest.raises(InputError, match=r"m\.maf: row 2, column Hugo_Symbol: a cell of more than 1,000 characters"):
        read_mutations(tmp_path / "m.maf", KNOWN)
    (tmp_path / "s.csv").write_text(f"sample_id,tissue\n{LONG}x,breast\n")
    with pytest.raises(InputError, match=r"s\.csv: column sample_id: a name of 40,002 characters"):
        read_samples(tmp_path / "s.csv")
    (tmp_path / "p.txt").write_text(f"PTEN\n{'x' * 2000}\n")
    with pytest.raises(InputError, match=r"p\.txt: gene: a name of 2,000 characters"):
        read_panel(tmp_path / "p.txt", KNOWN)
    with pytest.raises(InputError, match="a name of 40,002 characters"):
        record_tables({"expression": [{"sample_id": "S1", LONG + "x": 1.0, "PTEN": 2.0}]}, KNOWN)


def test_a_cell_that_no_parser_takes_is_told_by_its_length(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(f"sample_id,tissue,note\nS1,breast,{'x' * 200_000}\n")
    with pytest.raises(InputError, match=r"s\.csv: .*a cell of more than 100,000 characters"):
        read_samples(tmp_path / "s.csv")


@pytest.mark.parametrize("end", [b"trailing", gzip.compress(b"AKT1\t2\n", mtime=0)[:-4]], ids=["text", "half a member"])
def test_gzip_with_a_damaged_end(tmp_path: Path, end: bytes) -> None:
    (tmp_path / "e.tsv.gz").write_bytes(gzip.compress(b"gene\tS1\nPTEN\t1\n") + end)
    with pytest.raises(InputError, match="the gzip data end early or are damaged"):
        read_raw_table(tmp_path / "e.tsv.gz")


def test_gzip_of_several_members_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "e.tsv.gz").write_bytes(gzip.compress(b"gene\tS1\nPTEN\t1\n") + gzip.compress(b"AKT1\t2\n"))
    assert len(read_raw_table(tmp_path / "e.tsv.gz")) == 2


def test_gzip_of_lines_that_repeat_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_LINES", 10_000)
    file = packed(tmp_path / "e.tsv.gz", b"PTEN\t1\n" * 1000, 100)
    with pytest.raises(InputError, match=r"e\.tsv\.gz: .* unpack to more than \d+,\d+ lines, .*delete the repeated"):
        read_raw_table(file)


def test_advice_on_lines_that_repeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_LINES", 2)
    text = b"gene\tS1\n" + b"PTEN\t1\n" * 2000
    packed(tmp_path / "e.tsv.gz", text, 1)
    with pytest.raises(InputError, match=r"unpack the file \(gunzip\) and give the plain one"):
        read_raw_table(tmp_path / "e.tsv.gz")
    (tmp_path / "e.tsv").write_bytes(text)
    assert len(read_raw_table(tmp_path / "e.tsv")) == 2000
    (tmp_path / "once.tsv.gz").write_bytes(gzip.compress(b"gene\tS1\nPTEN\t1\nAKT1\t2\n"))
    assert len(read_raw_table(tmp_path / "once.tsv.gz")) == 2


def test_tables_of_more_columns_than_there_are_samples_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_COLUMNS", 3)
    (tmp_path / "e.tsv").write_text("gene\tS1\tS2\tS3\nPTEN\t1\t2\t3\n")
    with pytest.raises(InputError, match=r"e\.tsv: header: 4 columns, expected at most 3; give several files"):
        read_raw_table(tmp_path / "e.tsv")
    monkeypatch.setattr(raw_table, "MAX_SMALL", 2)
    (tmp_path / "s.csv").write_text("sample_id,tissue,note\nS1,breast,x\n")
    with pytest.raises(InputError, match=r"s\.csv: header: 3 columns, .*leave out those that are not used"):
        read_samples(tmp_path / "s.csv")
    (tmp_path / "s.csv").write_text("sample_id,tissue\nS1,breast\n")  # the advice
    assert len(read_samples(tmp_path / "s.csv")[0]) == 1


def test_a_table_of_samples_must_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1_000)
    (tmp_path / "s.csv").write_text("sample_id,tissue\n" + "".join(f"S{row},breast\n" for row in range(100)))
    with pytest.raises(InputError, match=r"s\.csv: .* MB of text or more take about .* MB of memory"):
        read_samples(tmp_path / "s.csv")
