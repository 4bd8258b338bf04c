"""CCLE miRNA from a local folder or from the portal, for which a server on 127.0.0.1 stands."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets import data_status, fetch_ccle_mirna, load_ccle_mirna
from pamrx_training.datasets.cache import Ledger
from pamrx_training.datasets.ccle_mirna import FILE, SHA256, tidy_mirna

from tests.pamrx_training.datasets.portal import Portal

GCT = (Path(__file__).resolve().parents[2] / "data" / "gdsc_small" / "ccle_mirna.gct").read_bytes()
SMALL_SHA256 = hashlib.sha256(GCT).hexdigest()


def test_values_are_log2_of_count_plus_one_of_human_probes() -> None:
    ledger = Ledger()
    found = tidy_mirna(GCT, ledger).set_index("cell_line")
    assert list(found.columns) == ["hsa-let-7a", "hsa-miR-106a+hsa-miR-17", "hsa-miR-126", "hsa-miR-21"]
    assert found.loc["MCF7", "hsa-miR-21"] == pytest.approx(np.log2(10376.62 + 1), rel=1e-6)
    assert ledger.dropped == [{"count": 2, "what": "probes", "why": "viral miRNA"}]


def test_lines_whose_names_collide_or_differ_get_the_key_of_the_response_table() -> None:
    found = tidy_mirna(GCT, Ledger()).set_index("cell_line")
    assert set(found.index) == {"T47D", "SNU1", "MCF7", "TT-1299064", "7860", "PC3", "TT-930299", "KMH2-909976"}
    assert found.loc["TT-1299064", "hsa-let-7a"] == pytest.approx(np.log2(19082.55 + 1), rel=1e-6)
    assert found.loc["TT-930299", "hsa-let-7a"] == pytest.approx(np.log2(1466.96 + 1), rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"#1.2", b"#1.3", "begins with '#1.3', expected '#1.2'"),
        (b"6\t8\n", b"7\t8\n", "holds 6 rows x 8 lines, but says 7 x 8"),
        (b"10376.62", b"many", "hsa-miR-21, MCF7_BREAST: found 'many'"),
        (b"10376.62", b"-1", "expected a count of zero or more"),
        (b"10376.62", b"inf", "expected a count of zero or more"),
        (b"Name\tDescription", b"Name\tText", "expected Name, Description"),
        (b"hsa-miR-126\t", b"hsa-miR-21\t", "miRNA hsa-miR-21 stands twice"),
        (b"T47D_BREAST", b"MCF7_LUNG", "cell line MCF7 stands twice"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(old: Any, new: Any, said: Any) -> None:
    with pytest.raises(PamrxError, match=said):
        tidy_mirna(GCT.replace(old, new), Ledger())


@pytest.mark.parametrize("content", [b"", b"\x00\x01", GCT[: len(GCT) // 2]])
def test_a_file_that_is_empty_or_cut_off_is_refused(content: Any) -> None:
    with pytest.raises(PamrxError, match=FILE):
        tidy_mirna(content, Ledger())


@pytest.mark.parametrize("place", [FILE, f"{FILE}.gz", f"ccle/{FILE}.gz"])
def test_a_local_folder_is_read_and_a_second_fetch_does_nothing(tmp_path: Path, place: Any, said: list[str]) -> None:
    path = tmp_path / "local" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(GCT) if place.endswith(".gz") else GCT)
    fetch_ccle_mirna(tmp_path / "cache", tmp_path / "local")
    assert "is not the published" in said[0]  # a slice of the file, and said to be other than the whole
    table = load_ccle_mirna(tmp_path / "cache")
    assert table is not None
    assert table.shape == (8, 4)
    before = (tmp_path / "cache/ccle-mirna/mirna.parquet").stat().st_mtime_ns
    fetch_ccle_mirna(tmp_path / "cache")
    assert said[-1].endswith("nothing to do")
    assert (tmp_path / "cache/ccle-mirna/mirna.parquet").stat().st_mtime_ns == before


def test_a_folder_without_the_file_is_told_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match=f"holds no {FILE} or {FILE}.gz"):
        fetch_ccle_mirna(tmp_path / "cache", tmp_path)
    assert load_ccle_mirna(tmp_path / "cache") is None


@pytest.mark.medium
@pytest.mark.parametrize("name", [FILE, f"{FILE}.gz"])
def test_the_portal_serves_it_plain_or_gzipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: Any) -> None:
    with Portal(gzip.compress(GCT) if name.endswith(".gz") else GCT) as portal:
        monkeypatch.setenv("PAMRX_CCLE_MIRNA_URL", portal.url(name))
        fetch_ccle_mirna(tmp_path, sha256=SMALL_SHA256)
        fetch_ccle_mirna(tmp_path, sha256=SMALL_SHA256)
        assert portal.asked == 1
    table = load_ccle_mirna(tmp_path)
    assert table is not None
    assert table.shape == (8, 4)
    assert "ok" in set(data_status(tmp_path)["check"])


@pytest.mark.parametrize(
    ("portal", "said"),
    [
        (lambda: Portal(GCT[:-1] + b"7"), "truncated or changed"),
        (lambda: Portal(GCT[:300]), "truncated or changed"),
        (lambda: Portal(GCT[:300], length=len(GCT)), "truncated or changed|broke off"),
        (lambda: Portal(b"gone", status=404), "it answered 404"),
    ],
)
def test_a_bad_download_ends_in_one_line_and_leaves_nothing(tmp_path: Path, portal: Any, said: Any) -> None:
    with portal() as served, pytest.raises(PamrxError, match=said) as caught:
        fetch_ccle_mirna(tmp_path, url=served.url(FILE), sha256=SMALL_SHA256)
    assert "127.0.0.1" not in str(caught.value)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_portal_that_cannot_be_reached_is_one_clear_line(tmp_path: Path) -> None:
    with Portal(GCT) as portal:
        url = portal.url(FILE)
    with pytest.raises(PamrxError, match="the connection failed"):
        fetch_ccle_mirna(tmp_path, url=url)


def test_the_portals_own_file(tmp_path: Path, shared_data: Any) -> None:
    content = gzip.decompress((shared_data / "ccle" / f"{FILE}.gz").read_bytes())
    assert hashlib.sha256(content).hexdigest() == SHA256
    with Portal(content) as portal:
        fetch_ccle_mirna(tmp_path / "cache", url=portal.url(FILE))
    table = load_ccle_mirna(tmp_path / "cache")
    assert table is not None
    assert table.shape == (954, 654)
    assert {"TT-1299064", "TT-930299", "KMH2-909976", "SNU1", "7860"} <= set(table.index)
