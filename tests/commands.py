"""Running the command line, in this process or in one of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from pamrx.cli.main import main

Ended = subprocess.CompletedProcess[str]


def pamrx(*arguments: object, cwd: Path | None = None) -> Ended:
    """Run the command line in this process: a new one spends seconds on its imports."""
    command = ["pamrx", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("COLUMNS", "200")
        patch.setattr(sys, "argv", command)
        if cwd is not None:
            patch.chdir(cwd)
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    assert isinstance(code, int), code
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def in_process_of_its_own(*arguments: object, cwd: Path | None = None) -> Ended:
    """Run the command line as a person does."""
    known = {**os.environ, "COLUMNS": "200"}
    command = [sys.executable, "-m", "pamrx", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=known, timeout=120)
