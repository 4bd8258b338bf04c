"""The wheel on its own: built here, installed with the pinned versions in a new environment, used in another folder."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pamrx.prediction.schema import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = ROOT / "models" / "pamrx-gdsc"
WHEEL_LIMIT = 30_000_000

pytestmark = pytest.mark.slow


def run(*command: str | Path, folder: Path) -> str:
    """The standard output of a command, run where the checkout is neither the folder nor on any path."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PAMRX"))}
    words = [str(word) for word in command]
    told = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, f"{words}\n{told.stdout[-2000:]}\n{told.stderr[-2000:]}"
    return told.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (built,) = folder.glob("pamrx-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment that holds the wheel and what it asks for, nothing more."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder / "venv", folder=folder)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pins = ("--constraint", ROOT / "constraints.txt")
    run(programs / "python", "-m", "pip", "install", "--quiet", *pins, wheel, folder=folder)
    return programs


def content(wheel: Path) -> dict[str, int]:
    """Name and size of every file in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {entry.filename: entry.file_size for entry in archive.infolist() if not entry.is_dir()}


def test_the_wheel_is_small_and_holds_the_two_packages_only(wheel: Any) -> None:
    assert wheel.stat().st_size < WHEEL_LIMIT
    tops = {name.split("/")[0] for name in content(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pamrx", "pamrx_training"}
    assert not [name for name in content(wheel) if "test" in name.split("/")[-1] and name.endswith(".py")]


def test_the_wheel_holds_every_table_and_example(wheel: Any) -> None:
    held = content(wheel)
    for root in (ROOT / "predictor", ROOT / "training"):
        for path in root.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(root).as_posix()
                assert held.get(name) == path.stat().st_size, name


def test_the_wheel_says_under_which_licences_its_data_stand(wheel: Any) -> None:
    with zipfile.ZipFile(wheel) as archive:
        told = archive.read("pamrx/DATA_LICENSES.md").decode("utf-8")
    data = [Path(name).name for name in content(wheel) if name.startswith(("pamrx/knowledge/", "pamrx/examples/"))]
    assert [name for name in data if not name.endswith((".py", ".md")) and f"`{name}`" not in told] == []
    assert "`pamrx-gdsc`" in told


def test_the_wheel_holds_the_released_bundle_to_the_byte(wheel: Any) -> None:
    files = [path for path in BUNDLE.rglob("*") if path.is_file()]
    assert files, f"no released bundle in {BUNDLE.relative_to(ROOT)}; run: make train"
    with zipfile.ZipFile(wheel) as archive:
        for path in files:
            name = f"pamrx/bundles/pamrx-gdsc/{path.relative_to(BUNDLE).as_posix()}"
            assert archive.read(name) == path.read_bytes(), name


@pytest.mark.network
def test_examples_are_predicted_outside_the_checkout(installed: Any, tmp_path: Path) -> None:
    run(installed / "pamrx", "predict", "--example", "-o", "out.csv", folder=tmp_path)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert tuple(rows[0]) == COLUMNS
    samples, drugs = {row["sample_id"] for row in rows}, {row["drug"] for row in rows}
    assert len(samples) == 12
    assert len(drugs) > 30
    assert len(rows) == len(samples) * len(drugs) == len({(row["sample_id"], row["drug"]) for row in rows})
    assert all(0 <= float(row["sensitivity_percentile"]) <= 100 for row in rows)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


TRAPS = (
    "predictor.py",
    "predictor/__init__.py",
    "training/__init__.py",
    "pamrx_training.py",
    "pamrx_training/__init__.py",
)


@pytest.mark.network
def test_other_projects_names_in_the_working_directory_change_nothing(installed: Any, tmp_path: Path) -> None:
    """`predictor/` and `training/` are common names, and a folder may hold a module named like our second package."""
    empty, trapped = tmp_path / "empty", tmp_path / "trapped"
    empty.mkdir()
    for name in TRAPS:
        path = trapped / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"raise ImportError('{name} of another project was imported')\n", encoding="utf-8")
    predict = ("predict", "--example", "-o", "out.csv")
    for folder in (empty, trapped):
        run(installed / "pamrx", *predict, folder=folder)
    expected = (empty / "out.csv").read_bytes()
    assert (trapped / "out.csv").read_bytes() == expected
    for folder in (empty, trapped):
        (folder / "out.csv").unlink()
        run(installed / "python", "-m", "pamrx", *predict, folder=folder)
        assert (folder / "out.csv").read_bytes() == expected, folder.name
        version = run(installed / "python", "-m", "pamrx", "--version", folder=folder)
        assert version == run(
            installed / "python", "-c", "import pamrx; print('pamrx', pamrx.__version__)", folder=folder
        )


@pytest.mark.network
def test_python_gives_the_same_bundle_and_no_tracking(installed: Any, tmp_path: Path) -> None:
    program = (
        "import json, sys, pamrx\n"
        "bundle = pamrx.load_bundle()\n"
        "heavy = sorted({'mlflow', 'torch', 'shap', 'matplotlib'} & set(sys.modules))\n"
        "print(json.dumps([pamrx.__file__, bundle.manifest['fingerprint'], heavy]))"
    )
    where, fingerprint, heavy = json.loads(run(installed / "python", "-c", program, folder=tmp_path))
    assert Path(where).is_relative_to(installed.parent)
    assert fingerprint == json.loads((BUNDLE / "manifest.json").read_text(encoding="utf-8"))["fingerprint"]
    assert heavy == []


@pytest.mark.network
def test_the_plain_install_brings_no_tracking_and_says_what_training_needs(installed: Any, tmp_path: Path) -> None:
    listed = json.loads(run(installed / "python", "-m", "pip", "list", "--format=json", folder=tmp_path))
    assert not {"mlflow", "torch", "shap", "dask", "pytest"} & {entry["name"].lower() for entry in listed}
    assert "predict" in run(installed / "pamrx", "--help", folder=tmp_path)
    told = subprocess.run([installed / "pamrx", "train"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "pip install 'pamrx[training]'" in told.stderr
    assert len(told.stderr.splitlines()) == 1
