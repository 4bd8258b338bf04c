"""Every notebook runs from top to bottom, is kept without its outputs, and starts from calls a reader can copy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.medium

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FETCHES = {"2_train_and_compare"}
"""Those that train, on data which they fetch."""


def executed() -> list[Any]:
    marks = {path: [pytest.mark.network] if path.stem in FETCHES else [] for path in NOTEBOOKS}
    return [pytest.param(path, id=path.stem, marks=given) for path, given in marks.items()]


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("path", executed())
def test_it_runs(
    path: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of fetched data is named by PAMRX_TEST_CACHE, as for the tests of training."""
    cache = os.environ.get("PAMRX_TEST_CACHE") or str(tmp_path_factory.mktemp("cache"))
    monkeypatch.setenv("PAMRX_CACHE", cache)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in shown if output.output_type == "error"]
    assert os.listdir(tmp_path) in ([], ["ipython"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_small_and_starts_from_pamrx(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert "from pamrx import load_bundle, read_profiles" in code[0].source
