"""Parquet tables from strangers: types, sizes and lengths are judged before they are read whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pamrx.errors import InputError
from pamrx.readers import parquet_file
from pamrx.readers.matrices.matrix import read_matrix
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.parquet_file import open_parquet_file, texts_of

KNOWN = ("PTEN", "PIK3CA", "AKT1")


def table(**more: Any) -> pa.Table:
    return pa.table({"gene": list(KNOWN), "S1": [1.0, 2.0, 3.5], "S2": [2.5, 3.0, 4.0], **more})


def put(path: Path, columns: pa.Table, **options: Any) -> Path:
    pq.write_table(columns, path, **options)
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_matrix(path, KNOWN)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


def said_of(path: Path) -> str:
    """What is said of a table that cannot be read; else its path."""
    try:
        read_matrix(path, KNOWN)
    except InputError as error:
        return str(error)
    return str(path)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (pa.array([[1.0]] * 3), "list<element: double>"),
        (pa.array([{"a": 1}] * 3), "struct<a: int64>"),
        (pa.array([b"a"] * 3, pa.binary()), "binary"),
        (pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())), "map<string, int64"),
    ],
)
def test_advice_leave_a_nested_column_out(tmp_path: Path, cells: pa.Array, kind: str) -> None:
    message = refused(put(tmp_path / "x.parquet", table(extra=cells)))
    assert f"column extra: holds {kind}" in message
    assert "store it as such, or leave it out" in message
    assert read_matrix(put(tmp_path / "y.parquet", table()), KNOWN).values.shape == (2, 3)


def test_a_cohort_is_told_from_a_table(tmp_path: Path) -> None:
    nested = pa.array([[{"gene": "PTEN", "variant_classification": "x"}]] * 3)
    assert "a cohort is for `pamrx score`" in refused(put(tmp_path / "x.parquet", table(mutations=nested)))


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    twice = pa.table([pa.array(KNOWN), pa.array([1.0, 2, 3]), pa.array([1.0, 2, 3])], names=["gene", "S1", "S1"])
    assert "column S1 stands more than once" in refused(put(tmp_path / "x.parquet", twice))


def test_a_small_file_of_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_file, "FREE_UNPACKED", 1_000_000)
    rows = 200_000
    words = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), ["PTEN"])
    message = refused(put(tmp_path / "x.parquet", pa.table({"gene": words, "S1": words}), row_group_size=rows))
    assert "200,000 rows x 2 columns" in message
    assert "more than is read whole" in message


def test_a_long_text_that_many_rows_repeat_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "x.parquet", table(note=["x" * 200_000, "a", "b"]))
    assert "row 1, column note: a text of 200,000 characters, expected at most 100,000" in refused(path)
    monkeypatch.setattr(parquet_file, "FREE_UNPACKED", 1_000_000)
    many = pa.DictionaryArray.from_arrays(np.zeros(5_000, np.int8), ["y" * 90_000])
    path = put(tmp_path / "y.parquet", pa.table({"gene": many, "S1": np.ones(5_000)}), compression="zstd")
    assert "column gene: texts of more than 450,000,000 characters" in refused(path)


def test_a_maf_is_judged_by_the_columns_that_it_needs(tmp_path: Path) -> None:
    maf = {
        "Hugo_Symbol": ["PTEN"],
        "Tumor_Sample_Barcode": ["S1"],
        "Variant_Classification": ["Missense_Mutation"],
        "HGVSp_Short": ["p.R130Q"],
    }
    path = put(tmp_path / "x.parquet", pa.table({**maf, "other": pa.array([[1]])}))
    assert read_mutations(path, KNOWN).samples == ("S1",)
    path = put(tmp_path / "y.parquet", pa.table({**maf, "HGVSp_Short": pa.array([["p.R130Q"]])}))
    with pytest.raises(InputError, match="column HGVSp_Short: holds list"):
        read_mutations(path, KNOWN)


def test_footers_are_of_a_size_that_can_be(tmp_path: Path) -> None:
    path = put(tmp_path / "x.parquet", table())
    content = path.read_bytes()
    path.write_bytes(content[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1")
    assert "a footer of 2,147,483,647 bytes" in refused(path)
    path.write_bytes(b"PAR1PAR1")
    assert "not a Parquet file, or a truncated one" in refused(path)


def test_damage_anywhere_is_one_line_or_none(tmp_path: Path) -> None:
    content = put(tmp_path / "x.parquet", table()).read_bytes()
    path = tmp_path / "y.parquet"
    for place in range(0, len(content), 40):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        assert said_of(path).startswith(str(path))


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    spoilt = pa.Array.from_buffers(pa.string(), 3, pa.array([b"\xff", b"a", b"b"], pa.binary()).buffers())
    assert "column note: text that is not UTF-8" in refused(put(tmp_path / "x.parquet", table(note=spoilt)))


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.parquet")
    with pytest.raises(InputError, match="is a pipe or device; expected a Parquet file"):
        open_parquet_file(tmp_path / "x.parquet")


def test_words_are_shared_and_bytes_that_are_no_text_stay_bytes() -> None:
    codes = pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 0], pa.int8()), pa.array(["ab" * 50, "c"]))
    found = texts_of(codes)
    assert found.tolist() == ["ab" * 50, None, "c", "ab" * 50]
    assert found[0] is found[3]
    spoilt = pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff", b"ok"], pa.binary()).buffers())
    assert texts_of(spoilt).tolist() == [b"\xff", "ok"]
    assert texts_of(pa.chunked_array([], pa.string())).tolist() == []
