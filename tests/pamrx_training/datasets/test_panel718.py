"""The panel's calls: tidy tables, and one line for whatever is wrong with a file."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets import data_status, fetch_panel718, load_panel718
from pamrx_training.datasets.panel718 import KINDS, tidy_calls

TABLE = b"CCLE_ID,PTEN,AKT1\nTT_THYROID,0,1\nMCF7_BREAST,1,0\n"


@pytest.fixture
def local(tmp_path: Path) -> Any:
    folder = tmp_path / "local"
    (folder / "depmap").mkdir(parents=True)
    for kind in KINDS:
        (folder / "depmap" / f"panel718_{kind}.csv.gz").write_bytes(gzip.compress(TABLE))
    return folder


def test_lines_get_their_key_and_genes_stay_columns() -> None:
    table = tidy_calls(TABLE, "calls.csv").set_index("cell_line")
    assert table.index.tolist() == ["MCF7", "TT-930299"]
    assert table.columns.tolist() == ["AKT1", "PTEN"]
    assert table.to_numpy().tolist() == [[0, 1], [1, 0]]


def test_fetched_once_loaded_whole_and_listed(tmp_path: Path, local: Any, said: list[str]) -> None:
    cache = tmp_path / "cache"
    assert load_panel718(cache) is None
    fetch_panel718(cache, local)
    assert "panel718: kept 2 cell lines" in said
    tables = load_panel718(cache)
    assert set(tables) == set(KINDS)
    assert tables["deletion"].loc["MCF7", "PTEN"] == 1
    assert "panel718" in data_status(cache).to_string()
    fetch_panel718(cache, local)
    assert said[-1].endswith("nothing to do")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"line,PTEN\nMCF7_BREAST,1\n", "begins with the column 'line', expected CCLE_ID"),
        (b"CCLE_ID,PTEN\nMCF7_BREAST,2\n", "MCF7_BREAST, PTEN: found '2', expected 0 or 1"),
        (b"CCLE_ID,PTEN\nMCF7_BREAST,\n", "MCF7_BREAST, PTEN: found '', expected 0 or 1"),
        (b"CCLE_ID,PTEN\nMCF7_BREAST,1\nMCF7_LUNG,1\n", "MCF7_LUNG stands twice"),
        (b"", "cannot be read as CSV"),
    ],
)
def test_a_wrong_table_is_named(content: Any, message: Any) -> None:
    with pytest.raises(PamrxError, match=message):
        tidy_calls(content, "calls.csv")


def test_tables_that_do_not_match_are_refused(tmp_path: Path, local: Any) -> None:
    (local / "depmap" / "panel718_deletion.csv.gz").write_bytes(gzip.compress(TABLE.replace(b"AKT1", b"AKT2")))
    with pytest.raises(PamrxError, match=r"panel718_deletion\.csv\.gz: its lines or genes differ"):
        fetch_panel718(tmp_path / "cache", local)
    assert load_panel718(tmp_path / "cache") is None


def test_a_missing_or_broken_file_and_no_folder_are_one_line_each(tmp_path: Path, local: Any) -> None:
    with pytest.raises(PamrxError, match=r"cannot be downloaded; put .* and name it with --data-dir"):
        fetch_panel718(tmp_path / "cache")
    (local / "depmap" / "panel718_mutation.csv.gz").write_bytes(gzip.compress(TABLE)[:-9])
    with pytest.raises(PamrxError, match="is no whole gzip file"):
        fetch_panel718(tmp_path / "cache", local)
    (local / "depmap" / "panel718_mutation.csv.gz").unlink()
    with pytest.raises(PamrxError, match=r"holds no panel718_mutation\.csv\.gz"):
        fetch_panel718(tmp_path / "cache", local)


def test_the_real_calls_cover_nearly_all_lines_of_gdsc(tmp_path: Path, shared_data: Any) -> None:
    fetch_panel718(tmp_path, shared_data)
    tables = load_panel718(tmp_path)
    assert tables["mutation"].shape == (1244, 718)
    assert tables["mutation"].loc["MCF7", "PIK3CA"] == 1
    assert tables["deletion"].loc["PC3", "PTEN"] == 1
    assert tables["amplification"].loc["SKBR3", "ERBB2"] == 1
