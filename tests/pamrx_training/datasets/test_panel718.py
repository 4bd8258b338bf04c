"""The panel's calls: tidy tables, and one line for whatever is wrong with a file."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets import data_status, fetch_panel718, load_panel718
from pamrx_training.datasets.panel718 import KINDS, PUBLISHED, tidy_calls

from tests.pamrx_training.datasets.portal import Portal

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


def test_a_missing_or_broken_file_is_one_line(tmp_path: Path, local: Any) -> None:
    (local / "depmap" / "panel718_mutation.csv.gz").write_bytes(gzip.compress(TABLE)[:-9])
    with pytest.raises(PamrxError, match=r"panel718_mutation\.csv\.gz: the gzip file breaks off"):
        fetch_panel718(tmp_path / "cache", local)
    (local / "depmap" / "panel718_mutation.csv.gz").unlink()
    with pytest.raises(PamrxError, match=r"holds no panel718_mutation\.csv\.gz"):
        fetch_panel718(tmp_path / "cache", local)


SOURCE_FILES = {
    "cell2mutation.txt": b"0,1\n1,0\n",
    "cell2cnamplification.txt": b"0,1\n1,0\n",
    "cell2cndeletion.txt": b"0,1\n1,0\n",
    "cell2ind.txt": b"0\tTT_THYROID\n1\tMCF7_BREAST\n",
    "gene2ind.txt": b"0\tPTEN\n1\tAKT1\n",
}
HASHES = {name: hashlib.sha256(content).hexdigest() for name, content in SOURCE_FILES.items()}


def test_what_the_repository_publishes_is_downloaded_once_and_is_the_same_table(
    tmp_path: Path, local: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Portal(SOURCE_FILES) as portal:
        monkeypatch.setenv("PAMRX_PANEL718_URL", portal.url("sample"))
        first = fetch_panel718(tmp_path / "cache", published=HASHES)
        fetch_panel718(tmp_path / "cache", published=HASHES)
    assert portal.asked == len(SOURCE_FILES)
    assert said[-1].endswith("nothing to do")
    second = fetch_panel718(tmp_path / "other", local)
    assert [first["tables"][name]["content_sha256"] for name in sorted(first["tables"])] == [
        second["tables"][name]["content_sha256"] for name in sorted(second["tables"])
    ]
    assert {entry["file"] for entry in first["sources"]} == set(SOURCE_FILES)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cell2ind.txt": b"0\tTT_THYROID\n"}, "truncated or changed"),
        ({"cell2mutation.txt": b"0,1\n"}, "truncated or changed"),
    ],
)
def test_a_file_that_is_not_the_published_one_is_not_kept(
    tmp_path: Path, changed: dict[str, bytes], message: str
) -> None:
    with Portal(SOURCE_FILES | changed) as portal, pytest.raises(PamrxError, match=message) as caught:
        fetch_panel718(tmp_path, url=portal.url("sample"), published=HASHES)
    assert "--data-dir" in str(caught.value)
    assert load_panel718(tmp_path) is None


def test_advice_to_name_the_folder_of_files_downloaded_elsewhere_works(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name, content in SOURCE_FILES.items():
        (folder / name).write_bytes(content)
    fetch_panel718(tmp_path / "cache", folder)
    tables = load_panel718(tmp_path / "cache")
    assert tables is not None
    assert tables["mutation"].loc["MCF7", "PTEN"] == 1
    (folder / "cell2mutation.txt").write_bytes(b"0,1\n")
    with pytest.raises(PamrxError, match=r"cell2mutation\.txt: holds 1 lines, but cell2ind\.txt names 2"):
        fetch_panel718(tmp_path / "another", folder)


def test_the_real_calls_cover_nearly_all_lines_of_gdsc(tmp_path: Path, shared_data: Any) -> None:
    fetch_panel718(tmp_path, shared_data)
    tables = load_panel718(tmp_path)
    assert tables["mutation"].shape == (1244, 718)
    assert tables["mutation"].loc["MCF7", "PIK3CA"] == 1
    assert tables["deletion"].loc["PC3", "PTEN"] == 1
    assert tables["amplification"].loc["SKBR3", "ERBB2"] == 1


def test_the_published_files_and_the_local_tables_are_one(shared_data: Any) -> None:
    """Files made from the local tables in the repository's layout have the SHA-256 of the repository's."""
    for kind, name in zip(KINDS, list(PUBLISHED)[:3], strict=True):
        rows = gzip.decompress((shared_data / "depmap" / f"panel718_{kind}.csv.gz").read_bytes()).decode().splitlines()
        calls = "".join(f"{row.partition(',')[2]}\n" for row in rows[1:])
        assert hashlib.sha256(calls.encode()).hexdigest() == PUBLISHED[name]
    named = {"cell2ind.txt": [row.partition(",")[0] for row in rows[1:]], "gene2ind.txt": rows[0].split(",")[1:]}
    for name, names in named.items():
        index = "".join(f"{number}\t{one}\n" for number, one in enumerate(names))
        assert hashlib.sha256(index.encode()).hexdigest() == PUBLISHED[name]
