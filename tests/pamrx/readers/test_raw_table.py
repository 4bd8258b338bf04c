"""A table of cells from text: what its head says, and what stands in its cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from pamrx.readers.raw_table import read_raw_table


@pytest.mark.parametrize(
    ("head", "sizes"),
    [("#1.2\n2\t2\n", (2, 2)), ("#1.3\n2\t2\t1\t0\n", (2, 2, 1, 0)), ("#1.2\nsizes\n", None), ("# a title\n", None)],
)
def test_sizes_of_a_gct_are_kept(tmp_path: Path, head: str, sizes: tuple[int, ...] | None) -> None:
    path = tmp_path / "x.gct"
    path.write_text(head + "Name\tDescription\tS1\tS2\nENSG1\tPIK3CA\t1\t2\nENSG2\tPTEN\t3\t4\n")
    table = read_raw_table(path)
    assert table.gct == sizes
    assert table.header == ["Name", "Description", "S1", "S2"]
    assert len(table) == 2
