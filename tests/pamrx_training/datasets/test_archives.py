"""Members are read by exact name, to a stated size, and never extracted."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets.archives import gunzip, read_member


@pytest.fixture(params=["wheel", "sdist"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    members = {"../outside.csv": b"no", "data/table.csv": b"a,b\n1,2\n", "data/large.csv": b"0" * 5000}
    if request.param == "wheel":
        path = tmp_path / "made-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
            for name, content in members.items():
                opened.writestr(name, content)
        return path
    path = tmp_path / "made-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as opened:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("data/link.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        opened.addfile(link)
    return path


def test_a_member_is_read_and_nothing_is_written(archive: Any) -> None:
    before = set(archive.parent.rglob("*"))
    assert read_member(archive, "data/table.csv", 100) == b"a,b\n1,2\n"
    assert set(archive.parent.rglob("*")) == before


@pytest.mark.parametrize("member", ["data/absent.csv", "data/link.csv"])
def test_a_member_that_is_absent_or_a_link_is_refused(archive: Any, member: Any) -> None:
    with pytest.raises(PamrxError, match="holds no file"):
        read_member(archive, member, 100)


def test_a_member_larger_than_stated_is_refused(archive: Any) -> None:
    with pytest.raises(PamrxError, match="more than 4,999 bytes"):
        read_member(archive, "data/large.csv", 4999)
    assert len(read_member(archive, "data/large.csv", 5000)) == 5000


def test_a_truncated_archive_is_one_clear_line(archive: Any) -> None:
    archive.write_bytes(archive.read_bytes()[:60])
    with pytest.raises(PamrxError, match="damaged"):
        read_member(archive, "data/large.csv", 10_000)


def test_gzip_is_unpacked_whole_or_refused() -> None:
    packed = gzip.compress(b"x" * 1000)
    assert gunzip(packed, "f.gz", 1000) == b"x" * 1000
    for content, said in ((packed[:-9], "breaks off"), (b"plain", "not a readable gzip")):
        with pytest.raises(PamrxError, match=said):
            gunzip(content, "f.gz", 1000)
    with pytest.raises(PamrxError, match="more than 999 bytes"):
        gunzip(packed, "f.gz", 999)
