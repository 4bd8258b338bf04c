"""Bounds in a footer that are shorter than their type, at which Arrow ends the process, are found before it looks."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pamrx.cohort import open_cohort
from pamrx.errors import InputError
from pamrx.readers.parquet_footer import check_bounds

TYPES = {"d": pa.float64(), "f": pa.float32(), "i": pa.int32(), "q": pa.int64()}
TAIL = 8


def shortened(path: Path, code: str, kept: int) -> Path:
    """A cohort of two samples in which the bounds of its levels have so many bytes."""
    columns = {"sample_id": ["a", "b"], "tissue": ["breast", "skin"], "expression.PTEN": pa.array([3, 7], TYPES[code])}
    pq.write_table(pa.table(columns), path)
    content = path.read_bytes()
    length = int.from_bytes(content[-TAIL:-4], "little")
    footer = content[-TAIL - length : -TAIL]
    for value in (3, 7):
        bound = struct.pack(f"<{code}", value)
        assert bytes([len(bound)]) + bound in footer
        footer = footer.replace(bytes([len(bound)]) + bound, bytes([kept]) + bound[:kept])
    path.write_bytes(content[: -TAIL - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    return path


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("kept", [0, 3])
def test_a_bound_that_is_too_short_is_one_line(tmp_path: Path, code: str, kept: int) -> None:
    path = shortened(tmp_path / "x.parquet", code, kept)
    with pytest.raises(InputError, match=r"x\.parquet: row group 1, column 3: a bound shorter than a number in its"):
        open_cohort(path)


@pytest.mark.medium
def test_arrow_ends_the_process_at_such_a_bound(tmp_path: Path) -> None:
    """Where it no longer does, this module has had its day."""
    path = shortened(tmp_path / "x.parquet", "d", 3)
    program = f"import pyarrow.parquet as pq; pq.ParquetFile({str(path)!r}).metadata.row_group(0).column(2).statistics"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode < 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"row_group_size": 1},
        {"version": "1.0", "data_page_version": "2.0"},
        {"write_page_index": True, "compression": "zstd"},
        {"use_dictionary": False, "write_statistics": ["whole", "text"]},
        {"write_page_checksum": True, "store_schema": False},
    ],
)
def test_footers_of_all_kinds_pass(tmp_path: Path, options: dict[str, Any]) -> None:
    n = 40
    columns = {
        "whole": pa.array(range(n)),
        "small": pa.array(range(n), pa.int8()),
        "level": pa.array([place / 7 for place in range(n)]),
        "gap": pa.array([None, 1.5] * (n // 2)),
        "none": pa.nulls(n),
        "truth": pa.array([True, False] * (n // 2)),
        "text": pa.array([f"{place}" * 300 for place in range(n)]),
        "nested": pa.array([[{"gene": "PTEN", "driver": True}]] * n),
        **{f"G{place}": pa.array([place] * n, pa.float32()) for place in range(20)},
    }
    table = pa.table(columns).replace_schema_metadata({"a": "b" * 300})
    pq.write_table(table, tmp_path / "x.parquet", **options)
    check_bounds(tmp_path / "x.parquet")


def test_a_footer_that_is_none_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    for footer in (b"", b"\x49", b"\x49\xfc" + b"\xff" * 8, b"\x1c" * 5_000, b"\x4b\x00"):
        path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
        with pytest.raises(InputError, match=r"x\.parquet: cannot be read .* make or copy it again") as error:
            check_bounds(path)
        assert "\n" not in str(error.value)
