"""Text in every encoding that programs write tables in is the same table."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from pamrx.errors import PamrxError
from pamrx.profiles import read_profiles
from pamrx.readers.gene_panel import read_panel
from pamrx.readers.text.files import open_bytes
from pamrx.readers.text.text_encoding import TextStream

EXPRESSION = "gene\tS1\tS2\nPIK3CA\t7.25\t8.5\nPTEN\t6.0\t2.5\n"
MAF = (
    "Hugo_Symbol\tCenter\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
    "PIK3CA\tplain\tS1\tMissense_Mutation\tp.H1047R\n"
    "KRAS\tHôpital\tSé\tMissense_Mutation\tp.G12D\n"
)
SAMPLES = "sample_id\ttissue\tnote\nS1\tbreast\tplain\nSé\tlung\tnaïve\n"
ENCODINGS = {
    "utf-8-sig": "",
    "utf-16": "UTF-16 text",
    "utf-16-le": "UTF-16 text",
    "utf-16-be": "UTF-16 text",
    "cp1252": "not UTF-8 from line 3 on: lines that are not are read as Windows-1252",
}


def write(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def cleaned(content: bytes) -> tuple[bytes, list[str]]:
    with TextStream(io.BytesIO(content), "x", "text") as stream:
        return stream.read(), stream.notes


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, pytest.param(True, marks=pytest.mark.medium)])
def test_all_inputs_in_all_encodings(tmp_path: Path, encoding: str, ends: str, packed: bool) -> None:
    def given(name: str, text: str) -> Path:
        content = text.replace("\n", ends).encode(encoding)
        return write(tmp_path, name, gzip.compress(content) if packed else content)

    files = {
        "mutations": given("m.maf", MAF),
        "samples": given("s.tsv", SAMPLES),
        "expression": given("e.tsv", EXPRESSION.replace("S2", "Sé") + "µ\t1\t2\n"),
    }
    read = read_profiles(**files, known_genes=["PIK3CA", "PTEN", "KRAS"])
    assert sorted(read.samples.index) == ["S1", "Sé"]
    assert read.expression.loc["Sé", "PTEN"] == 2.5
    assert read.mutations["hgvsp"].tolist() == ["p.H1047R", "p.G12D"]
    for path in files.values():
        told = [note for note in read.notes if note.startswith(str(path))]
        assert any("CR alone" in note for note in told) == (ends == "\r")
        if ENCODINGS[encoding]:
            assert any(ENCODINGS[encoding].split(" from ")[0] in note for note in told)
    if encoding == "cp1252":
        assert f"{files['mutations']}: {ENCODINGS[encoding]}" in read.notes


def test_a_panel_says_its_encoding(tmp_path: Path) -> None:
    genes, notes = read_panel(write(tmp_path, "p.txt", "PIK3CA\rPTEN\r".encode("utf-16")), ["PIK3CA", "PTEN"])
    assert genes == {"PIK3CA", "PTEN"}
    assert any("UTF-16" in note for note in notes)


def test_lines_that_are_not_utf8_leave_the_others_as_they_are() -> None:
    text, notes = cleaned("é\n".encode() + b"caf\xe9 \x81\n" + "ü\n".encode())
    assert text == "é\ncafé \x81\nü\n".replace("é \x81", "é \x81").encode()
    assert notes == ["x: not UTF-8 from line 2 on: lines that are not are read as Windows-1252"]


def test_the_first_other_line_is_counted_over_many_chunks() -> None:
    rows = b"PIK3CA\t1.5\r\n" * 100_000
    text, notes = cleaned(rows + b"\xb5\t1\r\n" + rows)
    assert notes == ["x: not UTF-8 from line 100001 on: lines that are not are read as Windows-1252"]
    assert text == rows.replace(b"\r", b"") + "µ\t1\n".encode() + rows.replace(b"\r", b"")


@pytest.mark.parametrize("place", range(4))
def test_characters_and_line_ends_cut_by_a_chunk(place: int) -> None:
    line = "x" * ((1 << 17) - 3 + place) + "é\r\n€µ\r\n"
    for encoding in ("utf-8", "utf-16", "cp1252"):
        assert cleaned((line * 3).encode(encoding))[0] == (line * 3).replace("\r", "").encode()


def test_a_lone_cr_inside_a_cell_is_no_line_end(tmp_path: Path) -> None:
    content = b'gene,note,S1\nPIK3CA,"a\rb",1\nPTEN,"c",2\nAKT1,"d",3\n'
    assert cleaned(content) == (content, [])


def test_a_long_header_of_an_old_mac(tmp_path: Path) -> None:
    header = "sample_id\t" + "\t".join(f"GENE{number}" for number in range(30_000))
    assert cleaned(f"{header}\rS1\t1\r".encode())[0] == f"{header}\nS1\t1\n".encode()


def test_damaged_utf16_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", EXPRESSION.encode("utf-16")[:-1])
    with pytest.raises(PamrxError, match=r"x\.tsv: damaged utf-16-le text \(truncated data\); save the file as UTF-8"):
        read_profiles(expression=path, known_genes=["PIK3CA"])


def test_advice_to_save_as_utf8(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", EXPRESSION.encode("utf-8"))
    assert read_profiles(expression=path, known_genes=["PIK3CA"]).n == 2


def test_plain_text_passes_through_unchanged(tmp_path: Path) -> None:
    content = np.random.default_rng(1).integers(33, 126, 400_000, dtype=np.uint8).tobytes() + b"\n\n"
    with open_bytes(write(tmp_path, "x.txt", content)) as stream:
        assert stream.read() == content
        assert stream.notes == []
