"""Rules that the whole repository keeps: what may be written and loaded where. What imports what: `make lint`."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUNDLES = ROOT / "models"
PACKAGES = ("predictor", "training")
BUNDLE_LIMIT = 25_000_000

# Put together here, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"/(?<![\w.~-]/)(" + "|".join(["work", "root", "home/[a-z]+", "tmp/scratch"]) + r")/")
REGISTRY = re.compile("--(extra-)?index" + "-url|find" + r"-links|https?://[^\s\"']*/simp" + r"le\b")
UNSAFE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "torch", "shelve", "marshal"}
UNSAFE_CALLS = {"read_pickle"}
UNSAFE_WORDS = tuple(sorted(UNSAFE | UNSAFE_CALLS))
"""A file that says none of them needs not be parsed."""

TRAINING_MODULE = re.compile(r"pamrx_training(\.[a-z_]+)+")
RESTRICTED_READER = Path("training/pamrx_training/datasets/tensors.py")


@cache
def tracked_files() -> list[Path]:
    """Files that git tracks or would, relative to the root; deleted ones left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if told.returncode != 0:
        pytest.skip("not a git checkout")
    names = sorted({name for name in told.stdout.decode().split("\0") if name})
    return [Path(name) for name in names if (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    """The file as text; None where it is binary."""
    content = (ROOT / path).read_bytes()
    return None if b"\0" in content[:8192] else content.decode("utf-8", errors="replace")


def modules(*packages: str) -> list[Path]:
    return sorted(path.relative_to(ROOT) for package in packages for path in (ROOT / package).rglob("*.py"))


def modules_saying(*words: str, packages: tuple[str, ...] = PACKAGES) -> list[Path]:
    """Modules whose text holds one of the words: to parse all of them takes seconds."""
    found = [(module, (ROOT / module).read_text(encoding="utf-8")) for module in modules(*packages)]
    return [module for module, text in found if any(word in text for word in words)]


def tree_of(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), filename=str(module))


def imported_names(tree: ast.Module) -> set[str]:
    """Every module that an import statement names, wherever it stands."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return names


def loads(tree: ast.Module) -> list[str]:
    """Calls that could run what a file says, as `owner.name`; loads that are imported by name too."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNSAFE:
            found += [f"{node.module}.{alias.name}" for alias in node.names if alias.name in {"load", "loads"}]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            if node.func.attr in UNSAFE_CALLS or (owner in UNSAFE and node.func.attr in {"load", "loads", "Unpickler"}):
                found.append(f"{owner}.{node.func.attr}")
    return found


def offences(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in tracked_files():
        text = text_of(path) or ""
        if not pattern.search(text):  # of no line, then
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.search(line):
                found.append(f"{path}:{number}: {line.strip()[:100]}")
    return found


def test_no_file_names_a_path_of_a_machine() -> None:
    assert offences(MACHINE_PATH) == []


def test_no_file_names_a_package_registry() -> None:
    assert offences(REGISTRY) == []


def test_the_looked_for_words_are_found_where_they_stand() -> None:
    assert MACHINE_PATH.search("open('" + "/wo" + "rk/main/x')")
    assert not MACHINE_PATH.search("net" + "/wo" + "rk/x and frame" + "/ro" + "ot/x")
    assert REGISTRY.search("pip install --index" + "-url x")
    assert REGISTRY.search("https://host.org/simp" + "le/")
    assert loads(ast.parse("pickle" + ".load(file)")) == ["pickle.load"]
    assert loads(ast.parse("from joblib import load")) == ["joblib.load"]
    assert loads(ast.parse("pd.read" + "_pickle('x')")) == ["pd.read_pickle"]
    assert imported_names(ast.parse("def f():\n    from pamrx_training import fitting")) == {"pamrx_training"}


def test_nothing_that_can_run_code_is_loaded() -> None:
    trees = {module: tree_of(module) for module in modules_saying(*UNSAFE_WORDS)}
    assert RESTRICTED_READER in trees
    unsafe = {"pickle", "dill", "cloudpickle", "shelve", "marshal"}
    assert {module: found for module, tree in trees.items() if (found := loads(tree))} == {}
    assert [module for module, tree in trees.items() if unsafe & imported_names(tree)] == [RESTRICTED_READER]


def test_the_restricted_reader_refuses_to_find_classes() -> None:
    classes = [node for node in ast.walk(tree_of(RESTRICTED_READER)) if isinstance(node, ast.ClassDef)]
    readers = [node for node in classes if any(ast.unparse(base) == "pickle.Unpickler" for base in node.bases)]
    assert len(readers) == 1
    methods = {node.name for node in readers[0].body if isinstance(node, ast.FunctionDef)}
    assert {"find_class", "persistent_load"} <= methods


def test_prediction_names_nothing_of_training_in_a_text() -> None:
    named = {
        (module.as_posix(), node.value)
        for module in modules_saying("pamrx_training", packages=("predictor",))
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TRAINING_MODULE.fullmatch(node.value)
    }
    assert named == set()


def test_released_bundles_are_small_and_hold_data_only() -> None:
    for bundle in (path for path in BUNDLES.iterdir() if path.is_dir()):
        files = [path for path in bundle.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < BUNDLE_LIMIT, bundle.name
        assert {path.suffix for path in files} <= {".txt", ".json", ".parquet", ".csv", ".md"}, bundle.name


def loaded_after(program: str) -> set[str]:
    """Top-level modules in memory after a program, in a new interpreter."""
    end = "\nimport sys; print('|'.join(sorted({name.split('.')[0] for name in sys.modules})))"
    command = [sys.executable, "-c", program + end]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(told.stdout.splitlines()[-1].split("|"))


def test_importing_predictor_brings_in_neither_tracking_nor_plots() -> None:
    assert not {"mlflow", "torch", "shap", "matplotlib", "dask", "pooch"} & loaded_after("import pamrx")


def test_help_brings_in_nothing_heavy() -> None:
    program = "import sys; sys.argv = ['pamrx', '--help']\nfrom pamrx.cli.main import main\n"
    loaded = loaded_after(program + "try:\n    main()\nexcept SystemExit:\n    pass")
    assert "typer" in loaded
    assert not {"mlflow", "torch", "shap", "matplotlib", "lightgbm", "sklearn", "scipy", "pandas", "numpy"} & loaded
