"""`DATA_LICENSES.md` names every table, example and bundle that is shipped, with a source and a licence for each."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "predictor" / "pamrx"
CODE = {".py", ".md", ".pyc", ".typed"}


def rows() -> dict[tuple[str, str], list[str]]:
    """Folder (of the heading) and first cell of each table row that is a file or bundle, and its other cells."""
    found: dict[tuple[str, str], list[str]] = {}
    folder = ""
    for line in (PACKAGE / "DATA_LICENSES.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## .*\(`(?:[^`]*/)?(\w+)/`\)", line):
            folder = heading[1]
        if named := re.match(r"\| `([^`]+)` \|", line):
            key = (folder, named[1])
            assert key not in found, key
            found[key] = [cell.strip() for cell in line.strip("|").split("|")[1:]]
    return found


def shipped() -> set[tuple[str, str]]:
    """Folder and name of all data files in both packages, and of the bundles."""
    files = {
        (path.parent.name, path.name)
        for root in (PACKAGE, ROOT / "training" / "pamrx_training")
        for path in root.rglob("*")
        if path.is_file() and path.suffix not in CODE and not path.name.startswith(".")
    }
    return files | {("bundles", folder.name) for folder in (ROOT / "models").iterdir() if folder.is_dir()}


def test_every_shipped_table_example_and_bundle_is_named_and_nothing_else() -> None:
    assert set(rows()) == shipped()


def test_each_has_a_source_and_a_licence() -> None:
    for key, cells in rows().items():
        assert len(cells) >= 2, key
        assert all(cells), key
