"""A table of cells from text: what its head says, and what stands in its cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx.errors import PamrxError
from pamrx.readers.text.raw_table import read_raw_table, read_text_cells


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


def test_a_quotation_mark_that_does_not_close_in_a_samples_table(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text('sample_id,tissue\nS1,breast\nS2,"lung\n')
    with pytest.raises(PamrxError, match=r"s\.csv: line 3: a quotation mark opens and does not close; expected"):
        read_text_cells(tmp_path / "s.csv", [])
