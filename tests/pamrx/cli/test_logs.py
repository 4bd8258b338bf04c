"""What the library logs reaches a person at the command line, and only there."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from pamrx.cli.logs import log_on_stderr

PACKAGE = Path(__file__).resolve().parents[3] / "predictor" / "pamrx"


def test_lines_go_to_stderr_bare_and_only_inside(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("pamrx.cohort.scoring")
    level = logging.getLogger("pamrx").level
    with log_on_stderr():
        logger.info("%s: all done before", "out")
        logger.debug("a detail")
    logger.info("nobody listens")
    assert capsys.readouterr() == ("", "out: all done before\n")
    assert logging.getLogger("pamrx").level == level
    assert not logging.getLogger("pamrx").handlers


@pytest.mark.medium
def test_no_function_of_the_library_prints_by_default() -> None:
    printing = [
        f"{module.name}: {node.name}"
        for module in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for default in (*node.args.defaults, *node.args.kw_defaults)
        if isinstance(default, ast.Name) and default.id == "print"
    ]
    assert printing == []


@pytest.mark.slow
def test_score_says_on_stderr_that_all_was_done_before(tmp_path: Path) -> None:
    import pandas as pd

    table = pd.DataFrame({"sample_id": ["a", "b"], "tissue": "breast", "copy_number.PTEN": [0.0, -2.0]})
    table.to_parquet(tmp_path / "cohort.parquet", index=False)
    words = ["score", "cohort.parquet", "-o", "out", "--drugs", "alpelisib", "--jobs", "1"]
    for told in ("", "out: all done before\n"):
        command = [sys.executable, "-m", "pamrx", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stderr.endswith(told)
        assert done.stdout.startswith("2 samples scored")
