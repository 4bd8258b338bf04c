"""SIGKILL at any moment leaves tables and bundles whole, or as they were."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import load_bundle
from pamrx.outputs import TEMPORARY

ROWS, KILLS = 20_000, 12

WRITES_FOR_EVER = f"""
import itertools
import pandas as pd
from pamrx.bundle.bundle import load_bundle, save_bundle
from pamrx.tables import write_table
bundle = load_bundle()
for turn in itertools.count():
    frame = pd.DataFrame({{"turn": turn % 2, "name": [f"=S{{row}}" for row in range({ROWS})]}})
    for ending in ("csv", "parquet", "json"):
        write_table(frame, f"o.{{ending}}")
    save_bundle(bundle, "bundle", "card")
    print(turn, flush=True)
"""

READERS = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_files_only(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    for _ in range(KILLS):
        command = [sys.executable, "-c", WRITES_FOR_EVER]
        with subprocess.Popen(command, cwd=tmp_path, stdout=-1, stderr=-3) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            time.sleep(random.uniform(0.0, 0.6))
            process.kill()
        for ending, read in READERS.items():
            table = read(tmp_path / f"o.{ending}")
            assert len(table) == ROWS
            assert table["turn"].nunique() == 1
        if (tmp_path / "bundle").exists():  # else the kill came between two renames
            load_bundle(tmp_path / "bundle")
    named = {path.name for path in tmp_path.iterdir() if not path.name.startswith((TEMPORARY, ".bundle."))}
    assert named <= {"o.csv", "o.parquet", "o.json", "bundle"}
