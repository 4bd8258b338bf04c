"""Commands of other packages join by the entry points of the installed distribution."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from pamrx.cli.entry_points import joined


def install(folder: Path, text: str) -> None:
    metadata = folder / "pamrx-0.0.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "entry_points.txt").write_text(text, encoding="utf-8")


def test_the_first_distribution_on_the_path_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "first", "[other]\nx = json:dumps\n\n[group]\nread = json:loads\nnames = os.path:join\n")
    install(tmp_path / "second", "[group]\nread = json:dumps\n")
    nowhere, zipped = tmp_path / "nowhere", tmp_path / "a.zip"
    zipped.touch()
    monkeypatch.setattr(sys, "path", ["", str(nowhere), str(zipped), str(tmp_path / "first"), str(tmp_path / "second")])
    assert joined("group") == {"read": json.loads, "names": os.path.join}
    assert joined("unknown") == {}


def test_without_an_installed_distribution_nothing_joins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert joined("pamrx.commands") == {}
