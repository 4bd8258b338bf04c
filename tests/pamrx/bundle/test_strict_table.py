"""Parquet from strangers ends in one line, and nothing that it says of pandas is used."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pamrx.bundle.strict_table import read_table
from pamrx.errors import BundleError

GOOD = {"name": ["A", "B"], "x": np.float32([1, 2]), "y": np.float32([3, 4])}


def parquet(content: dict[str, Any] | pa.Table, metadata: bytes | None = None) -> bytes:
    table = content if isinstance(content, pa.Table) else pa.table(content)
    if metadata is not None:
        table = table.replace_schema_metadata({b"pandas": metadata})
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def refused(data: bytes, **asked: Any) -> str:
    with pytest.raises(BundleError) as error:
        read_table(data, "b/scales.parquet", **asked)
    assert str(error.value).startswith("b/scales.parquet: ")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_table_of_names_and_numbers_is_read() -> None:
    table = read_table(parquet(GOOD), "b", columns=["x", "y"], rows=["A", "B"])
    assert table.values.tolist() == [[1, 3], [2, 4]]
    assert table.frame().index.name == "name"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"x": np.float32([1, np.nan])}, "nan in row 'B', column 'x'"),
        ({"x": np.float32([np.inf, 1])}, "inf in row 'A', column 'x'"),
        ({"x": np.float32([1e30, 1])}, "1e+30 in row 'A'"),
        ({"x": pa.array([1, None], pa.float32())}, "1 empty cells in column 'x'"),
        ({"x": np.float64([1, 2])}, "column 'x' of type 'double'"),
        ({"x": np.int64([1, 2])}, "column 'x' of type 'int64'"),
        ({"x": ["1", "2"]}, "column 'x' of type 'string'"),
        ({"x": [[1.0], [2.0]]}, "columns of lists or records"),
        ({"x": [{"a": 1.0}, {"a": 2.0}]}, "columns of lists or records"),
        ({"name": ["A", "A"]}, "name holds 'A' twice"),
        ({"name": ["A", None]}, "1 rows without a name"),
        ({"name": ["A", "\x1b[2J"]}, "name holds"),
        ({"name": ["A", "B" * 5_000]}, "name holds"),
        ({"name": [1, 2]}, "first column 'name' of type INT64"),
        ({"name": [b"A", b"B"]}, "of text"),
    ],
)
def test_other_values_are_refused_with_their_place(changes: dict[str, Any], said: str) -> None:
    assert said in refused(parquet({**GOOD, **changes}))


def test_other_columns_and_rows_than_asked_for_are_refused() -> None:
    assert "'x' among the columns; expected 'y' at place 1" in refused(parquet(GOOD), columns=["y", "x"])
    assert "2 columns; expected 3 columns" in refused(parquet(GOOD), columns=["x", "y", "z"])
    assert "'A' among the rows; expected 'B' at place 1" in refused(parquet(GOOD), rows=["B", "A"])
    assert "3 in row" in refused(parquet({**GOOD, "y": np.float32([-3, 4])}), least=0.0)


def test_missing_cells_are_read_where_they_may_be() -> None:
    data = parquet({**GOOD, "x": pa.array([None, 2], pa.float32())})
    assert np.isnan(read_table(data, "b", missing=True).values[0, 0])
    assert "-1 in row" in refused(parquet({**GOOD, "x": pa.array([None, -1], pa.float32())}), missing=True, least=0.0)


def test_a_billion_rows_in_a_few_bytes_are_refused_unread() -> None:
    rows = 300_000
    data = parquet({"name": pa.array(["A"] * rows).dictionary_encode(), "x": np.zeros(rows, np.float32)})
    assert len(data) < 10_000
    assert "300,000 rows of 2 columns; expected at most 200,000 rows" in refused(data)


@pytest.mark.medium
def test_names_that_unpack_to_more_than_a_table_has_are_refused_unread() -> None:
    data = parquet({"name": ["A" * 60_000_000, "B" * 60_000_000], "x": np.float32([1, 2])})
    assert "bytes when unpacked; expected at most 100,000,000" in refused(data)


@pytest.mark.parametrize(
    "metadata",
    [
        b"{",
        b"\xff",
        b"[" * 50_000,
        json.dumps(
            {
                "index_columns": [{"kind": "range", "start": 0, "stop": 10**12, "step": 1}],
                "columns": [{"name": "x", "field_name": "x", "pandas_type": "object", "numpy_type": "M8[xx]"}],
            }
        ).encode(),
    ],
)
def test_what_it_says_of_pandas_is_not_used(metadata: bytes) -> None:
    assert read_table(parquet(GOOD, metadata), "b").values.tolist() == [[1, 3], [2, 4]]


def test_an_extension_type_is_never_made() -> None:
    importlib.import_module("pandas.core.arrays.arrow.extension_types")  # registers the type with Arrow

    extension = {b"ARROW:extension:name": b"pandas.interval", b"ARROW:extension:metadata": b"{"}
    fields = [pa.field("name", pa.string()), pa.field("x", pa.float32(), metadata=extension)]
    data = parquet(pa.table({"name": ["A"], "x": np.float32([1])}, schema=pa.schema(fields)))
    with contextlib.suppress(BundleError):
        assert read_table(data, "b").values.tolist() == [[1]]


def test_any_changed_byte_is_read_or_refused() -> None:
    rng, good = np.random.default_rng(0), parquet(GOOD)
    for _ in range(200):
        data = bytearray(good)
        data[rng.integers(len(data))] = rng.integers(256)
        with contextlib.suppress(BundleError):
            read_table(bytes(data), "b")
