"""Parquet cohorts from strangers: a sample that cannot be read is set aside, a shard that cannot is refused in "
"a line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pamrx.cohort import open_cohort, parquet_memory
from pamrx.cohort.chunks import Cohort
from pamrx.errors import PamrxError

N = 4
GENES = ("PTEN", "PIK3CA", "AKT1")


def table(**more: Any) -> pa.Table:
    columns: dict[str, Any] = {"sample_id": [f"S{row}" for row in range(N)], "tissue": ["breast"] * N}
    columns["mutations"] = mutations("PTEN", "PIK3CA", "AKT1", "PTEN")
    columns |= {f"expression.{gene}": np.linspace(1, 9, N) + place for place, gene in enumerate(GENES)}
    return pa.table({**columns, **more})


def mutations(*genes: str, **more: Any) -> pa.Array:
    nested = [[{"gene": gene, "variant_classification": "Missense_Mutation", "hgvsp": "", **more}] for gene in genes]
    return pa.array(nested)


def put(tmp_path: Path, columns: pa.Table, **options: Any) -> Path:
    pq.write_table(columns, tmp_path / "x.parquet", **options)
    return tmp_path / "x.parquet"


def read(cohort: Cohort) -> tuple[list[str], pd.DataFrame]:
    """The samples that can be used, and those set aside."""
    parts = [part for task in cohort.tasks() for _, part in cohort.read(task)]
    names = [str(name) for part in parts if part.profiles for name in part.profiles.samples.index]
    return names, pd.concat([part.rejected for part in parts])


def said_of(path: Path) -> str:
    """What is said of a cohort that cannot be read; else its path."""
    try:
        read(open_cohort(path))
    except PamrxError as error:
        return str(error)
    return str(path)


@pytest.mark.parametrize(
    ("column", "cells", "found"),
    [
        ("sample_id", pa.array([b"a"] * N, pa.binary()), "column sample_id: holds binary, expected text"),
        ("sample_id", pa.array([1.5] * N), "column sample_id: holds double, expected text"),
        ("tissue", pa.array([["breast"]] * N), "column tissue: holds list<"),
        ("tissue", pa.array([1] * N), "column tissue: holds int64, expected text"),
        ("expression.PTEN", pa.array([[1.0]] * N), "column expression.PTEN: holds list<element: double>"),
        ("expression.PTEN", pa.array([True] * N), "column expression.PTEN: holds bool, expected numbers"),
        ("mutations", pa.array([[1]] * N), "column mutations: holds list<element: int64>"),
        ("mutations", pa.array([[{"gene": 1, "variant_classification": "x"}]] * N), "field gene: holds int64"),
        ("mutations", pa.array([[{"gene": "PTEN"}]] * N), "no field variant_classification"),
        ("mutations", mutations(*["PTEN"] * N, driver=1.5), "field driver: holds double, expected true or false"),
        ("expression." + "G" * 2000, pa.array([1.0] * N), "a name of 2,011 characters, expected at most 1,000"),
    ],
)
def test_types_that_no_cohort_has_are_refused(tmp_path: Path, column: str, cells: pa.Array, found: str) -> None:
    path = put(tmp_path, table(**{column: cells}))
    with pytest.raises(PamrxError) as caught:
        open_cohort(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert found in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("column", "cells", "reason"),
    [
        ("sample_id", pa.array(["S0", "y" * 5000, "S2", "S3"]), "column sample_id: found 5,000 characters"),
        ("tissue", pa.array(["breast", "y" * 5000, None, "lung"]), "column tissue: found 5,000 characters"),
        ("mutations", mutations("PTEN", "P" * 5000, "PTEN", "PTEN"), "mutations.gene: found 5,000 characters"),
        ("expression.PTEN", pa.array([2, 2**53 + 1, 3, 4]), "expression.PTEN: found 9.007e+15"),
        ("expression.PTEN", pa.array([2, 2**64 - 1, 3, 4], pa.uint64()), "expression.PTEN: found 1.845e+19"),
        ("expression.PTEN", pa.array([2, np.inf, 3, 4]), "expression.PTEN: found an infinite value"),
    ],
)
def test_a_sample_that_cannot_be_read_is_set_aside(tmp_path: Path, column: str, cells: pa.Array, reason: str) -> None:
    names, rejected = read(open_cohort(put(tmp_path, table(**{column: cells}))))
    assert names == ["S0", "S2", "S3"]
    assert list(rejected["row"]) == [2]
    assert reason in rejected["reason"].iloc[0]
    assert "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" not in str(rejected.to_dict())


def test_text_that_is_not_utf8_sets_its_sample_aside(tmp_path: Path) -> None:
    plain = pa.array([b"S0", b"\xff", b"S2", b"S3"], pa.binary())
    names, rejected = read(
        open_cohort(put(tmp_path, table(sample_id=pa.Array.from_buffers(pa.string(), N, plain.buffers()))))
    )
    assert names == ["S0", "S2", "S3"]
    assert rejected["reason"].tolist() == ["column sample_id: found text that is not UTF-8, expected text"]


def test_drivers_in_words_are_read_and_others_set_aside(tmp_path: Path) -> None:
    nested = pa.array(
        [
            [{"gene": "PTEN", "variant_classification": "x", "driver": word}]
            for word in ("true", "False", "perhaps", None)
        ]
    )
    names, rejected = read(open_cohort(put(tmp_path, table(mutations=nested))))
    assert names == ["S0", "S1", "S3"]
    assert rejected["reason"].tolist() == ["mutations.driver: found 'perhaps', expected true or false"]


@pytest.mark.parametrize("words", [True, False])
def test_mutations_of_several_row_groups_are_read_together(tmp_path: Path, words: bool) -> None:
    path = put(tmp_path, table(), row_group_size=1, use_dictionary=words)
    cohort = open_cohort(path)
    [[chunk]] = cohort.tasks()
    [(_, part)] = cohort.read([chunk])
    assert part.profiles is not None
    assert part.profiles.mutations["gene"].tolist() == ["PTEN", "PIK3CA", "AKT1", "PTEN"]


def test_damage_anywhere_is_one_line(tmp_path: Path) -> None:
    content = put(tmp_path, table(), compression="none").read_bytes()
    path = tmp_path / "y.parquet"
    for place in range(4, len(content) - 8, 250):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        assert "y.parquet" in said_of(path)


def test_what_may_not_fit_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, table())
    for free, per in (("FREE_ROWS", "PER_ROW"), ("FREE_MUTATIONS", "PER_MUTATION"), ("FREE_TEXT", "TEXT_TWICE")):
        with monkeypatch.context() as patch:
            patch.setattr(parquet_memory, free, 0)
            assert open_cohort(path).memory > 0
            patch.setattr(parquet_memory, per, 10**9)
            with pytest.raises(PamrxError, match=r"--memory 2000MB: expected .* or more.*x\.parquet is why"):
                open_cohort(path, memory=2_000_000_000)


def test_mutations_of_a_part_are_counted_and_those_of_a_giant_row_group_taken_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(
        tmp_path, table(mutations=pa.array([[{"gene": "PTEN", "variant_classification": "x"}] * 5, [], None, []]))
    )
    footer = open_cohort(path).memory
    monkeypatch.setattr(parquet_memory, "FREE_MUTATIONS", 2)
    assert open_cohort(path).memory == footer + 3 * parquet_memory.PER_MUTATION
    monkeypatch.setattr(parquet_memory, "COUNTED", 3)
    assert open_cohort(path).memory == footer + 6 * parquet_memory.PER_MUTATION  # an empty list has a level, too


def test_names_that_stand_twice_end_the_reading_at_once(tmp_path: Path) -> None:
    path = put(tmp_path, table(sample_id=["S1", "S1", None, None]))
    with pytest.raises(PamrxError, match=r"sample S1 stands in x\.parquet row 1 and in x\.parquet row 2; expected"):
        open_cohort(path)


def test_a_pipe_is_no_cohort(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.parquet")
    with pytest.raises(PamrxError, match="is a pipe or device; expected a Parquet file"):
        open_cohort(tmp_path / "x.parquet")


def test_a_type_that_differs_from_the_schema_does_not_end_the_process(tmp_path: Path) -> None:
    path = put(tmp_path, table())
    content = bytearray(path.read_bytes())
    double = content.rfind(b"\x15\x0a\x19")  # the type of the last column's metadata, before its encodings
    content[double + 1] = 0x4A
    path.write_bytes(content)
    column = "row group 1, column expression.AKT1"
    assert f"x.parquet: {column}: type UNKNOWN found, DOUBLE expected from the schema" in said_of(path)


@pytest.mark.parametrize("column", ["sample_id", "tissue"])
def test_a_long_word_that_all_samples_share_sets_them_aside(tmp_path: Path, column: str) -> None:
    cells = pa.array(["x" * 3_000_000] * N).dictionary_encode()
    names, rejected = read(open_cohort(put(tmp_path, table(**{column: cells}))))
    assert names == []
    assert len(rejected) == N
    assert max(map(len, rejected.astype(str).to_numpy().ravel())) < 500
