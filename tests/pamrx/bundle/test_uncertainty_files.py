"""Intervals and applicability come back from their files as they were, and anything else in them is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.model_files import write_json, write_parquet
from pamrx.bundle.uncertainty_files import read_uncertainty, state_of
from pamrx.errors import BundleError
from pamrx.prediction.applicability import Applicability, Panel
from pamrx.prediction.intervals import Difficulty, Intervals
from pamrx.prediction.missing_data import all_patterns, pattern_name

ASSAYS = ["GDSC2:Easy", "GDSC2:Hard"]
GENES = [f"transcriptome.G{k}" for k in range(20)]
PATTERNS = [pattern_name(pattern) for pattern in all_patterns()]


def parts() -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """The state of intervals of two assays and of limits for twenty genes."""
    random = np.random.default_rng(0)
    rows = [f"{family}.L{k}" for family in ("complete", "transcripts", "other") for k in range(40)]
    scores = pd.DataFrame(np.abs(random.standard_normal((120, 2))), rows, ASSAYS, dtype=np.float32)
    scores.iloc[3, 0] = np.nan
    scale = pd.DataFrame([[1.0, 3.0]] * len(PATTERNS), PATTERNS, ASSAYS)
    difficulty = Difficulty(
        np.zeros(2), np.ones(2), ["general", "tissue.b"], np.zeros(2), np.array([1.0, np.inf]), np.array([0.0, 0.5])
    )
    panel = Panel.fit(pd.DataFrame(random.standard_normal((60, 20)), columns=GENES), 2)
    limits = Applicability(panel, 0.8, 1.3, {"none": 0.0, "mutation": 0.1})
    return state_of(Intervals(ASSAYS, scale, difficulty, scores), limits)


def read(folder: Path, content: dict[str, Any], tables: dict[str, pd.DataFrame]) -> tuple[Intervals, Applicability]:
    write_json(folder / "uncertainty.json", content)
    for name, table in tables.items():
        write_parquet(folder / f"{name}.parquet", table)
    return read_uncertainty({file.name: file.read_bytes() for file in folder.iterdir()}, folder, GENES, ASSAYS)


def test_the_state_is_plain_json_and_tables_and_comes_back_whole(tmp_path: Path) -> None:
    content, tables = parts()
    intervals, limits = read(tmp_path, content, tables)
    again, tables_again = state_of(intervals, limits)
    assert again == content
    for name, table in tables.items():
        pd.testing.assert_frame_equal(
            tables_again[name], table.astype(np.float32), check_dtype=False, check_names=False
        )


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("assays",), ["GDSC2:Hard", "GDSC2:Easy"]),
        (("difficulty", "sd"), [1.0, 0.0]),
        (("difficulty", "scale"), [1.0, 0.0]),
        (("difficulty", "scale"), [1.0]),
        (("difficulty", "scale"), None),
        (("difficulty", "names"), ["general", "general"]),
        (("difficulty", "slope"), ["a", 1]),
        (("limits", "platform"), 0.0),
        (("limits", "biology"), None),
        (("skill",), {"everything": 1.0}),
        (("spread",), [1.0]),
        (("spread",), [1.0, 0.0]),
    ],
)
def test_another_field_is_refused(tmp_path: Path, place: tuple[str, ...], value: object) -> None:
    content, tables = parts()
    inside = content if len(place) == 1 else content[place[0]]
    inside[place[-1]] = value
    with pytest.raises(BundleError, match=rf"uncertainty\.json: {'.'.join(place)} .*; expected"):
        read(tmp_path, content, tables)


def test_another_table_is_refused(tmp_path: Path) -> None:
    wrong: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
        "scales": (lambda t: t * 0, "0 in row"),
        "scores": (lambda t: t - 100, "in row"),
        "panel": (lambda t: t.rename(index={GENES[0]: "transcriptome.NONE"}), "row 'transcriptome.NONE'"),
    }
    for name, (change, said) in wrong.items():
        content, tables = parts()
        with pytest.raises(BundleError, match=said):
            read(tmp_path, content, {**tables, name: change(tables[name])})


def test_a_pattern_of_evidence_or_a_family_that_lacks_is_refused(tmp_path: Path) -> None:
    content, tables = parts()
    with pytest.raises(BundleError, match="no row none"):
        read(tmp_path, content, {**tables, "scales": tables["scales"].drop(index="none")})
    scores = tables["scores"].copy()
    scores.iloc[:40, 1] = np.nan
    with pytest.raises(BundleError, match="no error of 'GDSC2:Hard'"):
        read(tmp_path, content, {**tables, "scores": scores})
    with pytest.raises(BundleError, match="rows of family 'x'"):
        read(tmp_path, content, {**tables, "scores": tables["scores"].rename(index={"other.L0": "x.L0"})})
