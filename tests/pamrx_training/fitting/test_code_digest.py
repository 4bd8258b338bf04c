"""The digest of code: it covers all that a fit runs and reads, and changes with nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pamrx_training.evaluation.study import EXPLAINING, PREDICTING
from pamrx_training.fitting.code_digest import closure, code_digest, digest_of, installed, source_of, tables
from pamrx_training.fitting.fit_cache import CODE

pytestmark = pytest.mark.medium

TABLES = ("responses", "expression", "alterations", "gene_copy_number", "cell_lines")

RECORDED = """
import json, sys
from pathlib import Path

read = []
sys.addaudithook(lambda event, given: read.append(str(given[0])) if event == "open" else None)
import pandas as pd
folder = Path(sys.argv[1])
from pamrx.model import boosted
from pamrx_training.datasets import GdscData
from pamrx_training.fitting.cohort import build_cohort
boosted.ROUNDS = 2
parts = {{name: pd.read_parquet(folder / f"{{name}}.parquet") for name in {tables}}}
cohort = build_cohort(GdscData(**parts, record={{}}))
half = len(cohort.lines) // 2
train, test = cohort.lines[:half], cohort.lines[half:]
{run}
modules = [name for name in sys.modules if name.partition(".")[0] in ("pamrx", "pamrx_training")]
Path(sys.argv[2]).write_text(json.dumps([modules, read]))
"""
"""Runs something in a process of its own; writes the modules that it imported and the files that it opened."""

RUNS = {
    "fit": (
        CODE,
        "from pamrx_training.fitting.fit_cache import Fit, run_fits\n"
        "from pamrx_training.fitting.run_context import RunContext\n"
        "dict(run_fits(cohort, {'0': Fit(tuple(train), tuple(test))}, RunContext(1)))",
    ),
    "candidate": (
        (PREDICTING, *CODE),
        "from pamrx_training.evaluation.candidates import CANDIDATES, predict_plain\n"
        "from pamrx_training.evaluation import boosted_baseline\n"
        "from pamrx_training.fitting.fit_cache import Fit\n"
        "boosted_baseline.ROUNDS = 10\n"
        "fit = Fit(tuple(train), tuple(test))\n"
        "[predict_plain(cohort, one, fit) for one in CANDIDATES if one.family != 'hybrid']",
    ),
    "explanation": (
        (EXPLAINING, *CODE),
        "from pamrx_training.evaluation.study_explanations import explained\n"
        "from pamrx_training.fitting.fit_cache import Fit\n"
        "explained(cohort, 'x', 'hybrid', Fit(tuple(train), ()), folder / 'shap')",
    ),
    "repeat": (
        ("pamrx_training.evaluation.repeats", *CODE),
        "from pamrx_training.evaluation.repeats import evaluate_repeats\n"
        "from pamrx_training.fitting.run_context import RunContext\n"
        "from pamrx_training.fitting.splits import leave_cell_line_out\n"
        "evaluate_repeats(cohort, [(11, leave_cell_line_out(cohort, 2, 11))], RunContext(1), draws=20)",
    ),
    "tuning": (
        ("pamrx_training.evaluation.tuning", *CODE),
        "from pamrx_training.evaluation.tuning import Budget, tune\n"
        "from pamrx_training.fitting.run_context import RunContext\n"
        "tune(cohort, Budget(1, 2), RunContext(1, seed=11))",
    ),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, made_up_gdsc: Any) -> Path:
    """A folder with the tables of a made-up cohort."""
    folder, gdsc = tmp_path_factory.mktemp("tables"), made_up_gdsc(n=150)
    for name in TABLES:
        getattr(gdsc, name).to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize(
    "name", [name if name == "fit" else pytest.param(name, marks=pytest.mark.slow) for name in RUNS]
)
def test_all_that_runs_and_every_table_that_is_read_is_in_the_digest(written: Path, tmp_path: Path, name: str) -> None:
    roots, run = RUNS[name]
    result = tmp_path / "recorded.json"
    code = RECORDED.format(run=run, tables=TABLES)
    subprocess.run([sys.executable, "-c", code, str(written), str(result)], check=True, env=dict(os.environ))
    modules, read = json.loads(result.read_text())
    packages = installed()
    trees = closure(roots, packages)
    assert set(modules) <= set(trees)
    folders = tuple(str(folder) for folder in packages.values())
    data = {path for path in read if path.startswith(folders) and not path.endswith((".py", ".pyc"))}
    assert {"genes", "signatures", "ncrna", "hotspots"} <= {Path(path).stem for path in data}
    assert data <= {str(path) for path in tables(trees, packages)}


def test_what_only_judges_or_shows_predictions_does_not_make_a_fit_stale() -> None:
    packages = installed()
    trees = closure(CODE, packages)
    assert "relations.csv" not in {path.name for path in tables(trees, packages)}
    assert not [name for name in trees if name.startswith(("pamrx.cli", "pamrx.report", "pamrx_training.evaluation"))]


def test_every_result_that_is_kept_depends_on_the_code_of_the_fits() -> None:
    fit = set(closure(CODE, installed()))
    for roots, _ in RUNS.values():
        assert fit <= set(closure(roots, installed()))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A copy of both packages that may be changed."""
    folder = tmp_path_factory.mktemp("source")
    return {
        name: shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__", "bundles"))
        for name, path in installed().items()
    }


def changed(path: Path, content: str, source: dict[str, Path]) -> str:
    """The digest of a fit while `path` has other content."""
    before = path.read_text(encoding="utf-8")
    path.write_text(content, encoding="utf-8")
    try:
        return digest_of(CODE, source)
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    "module",
    [
        "pamrx.model.trees",
        "pamrx.model.tree_shap",
        "pamrx.model.batch_invariant",
        "pamrx.model.linear",
        "pamrx.features.presence",
        "pamrx.errors",
        "pamrx_training.fitting.cohort",
        "pamrx_training.fitting.fit_cache",
        "pamrx_training.datasets.responses",
        "pamrx_training.datasets.nci60",
    ],
)
def test_a_changed_constant_changes_the_digest_and_a_comment_does_not(module: str, source: dict[str, Path]) -> None:
    path = source_of(module, source)
    assert path is not None
    text, before = path.read_text(encoding="utf-8"), digest_of(CODE, source)
    assert before == digest_of(CODE, installed()), "the same code elsewhere has the same digest"
    assert changed(path, text + "\nANOTHER = 0.25\n", source) != before
    assert changed(path, text + "\nANOTHER = 0.5\n", source) != changed(path, text + "\nANOTHER = 0.25\n", source)
    assert (
        changed(path, f'"""Another docstring."""\n# A remark.\n{text[text.index("from __future__") :]}', source)
        == before
    )


def test_a_changed_docstring_of_a_function_or_constant_does_not_change_the_digest(source: dict[str, Path]) -> None:
    path = source["pamrx_training"] / "fitting" / "fit_cache.py"
    text = path.read_text(encoding="utf-8")
    for sentence in ("Learn features, response alignment and model on", "Blocks that are sums of transcripts."):
        assert sentence in text
        assert changed(path, text.replace(sentence, "Another sentence"), source) == digest_of(CODE, source)


def test_a_changed_table_changes_the_digest_and_one_that_is_not_read_does_not(source: dict[str, Path]) -> None:
    before, knowledge = digest_of(CODE, source), source["pamrx"] / "knowledge"
    for name, same in (("genes", False), ("hotspots", False), ("relations", True)):
        path = knowledge / f"{name}.csv"
        more = path.read_text(encoding="utf-8") + "\n"
        assert (changed(path, more, source) == before) is same, name


def test_imports_are_followed_however_they_are_written(tmp_path: Path) -> None:
    package = tmp_path / "made"
    (package / "inner").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "start.py": "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from made.typed import T\n"
        "def later():\n    import made.inner.deep\n    from . import beside\n",
        "typed.py": "",
        "beside.py": "from .inner import *\n",
        "unused.py": "",
        "inner/__init__.py": "from .near import x\n",
        "inner/near.py": "from ..up import y\nimport elsewhere\n",
        "inner/deep.py": "",
        "up.py": "",
    }.items():
        (package / name).write_text(text)
    found = closure(("made.start",), {"made": package})
    names = ("made", "made.start", "made.beside", "made.inner", "made.inner.near", "made.inner.deep", "made.up")
    assert set(found) == set(names)
    with pytest.raises(ValueError, match=r"made\.gone: not a module of made"):
        closure(("made.gone",), {"made": package})


def test_a_digest_is_of_fixed_length_and_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = code_digest(*CODE)
    monkeypatch.setattr("pamrx_training.fitting.code_digest.digest_of", None)
    assert code_digest(*CODE) == first
    assert len(first) == 64


def test_the_tables_that_are_named_exist() -> None:
    packages = installed()
    for path in tables(closure(CODE, packages), packages):
        assert len(pd.read_csv(path, dtype=str)) > 0
