"""General sensitivity: mean z over the drugs outside the axis, learned on training lines alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx_training.fitting.general_sensitivity import MIN_DRUGS, general_sensitivity


@pytest.fixture
def outside() -> pd.DataFrame:
    """Ten lines, 25 drugs of S1 on different scales, 3 of S2."""
    random = np.random.default_rng(0)
    rows = []
    for screen, count in (("S1", 25), ("S2", 3)):
        for drug in range(count):
            for line in range(10):
                value = drug + (1 + drug % 3) * (line / 5 + random.normal(0, 0.1))
                rows.append((f"L{line}", f"{screen}:D{drug:02}", 0, value))
    return pd.DataFrame(rows, columns=["cell_line", "assay", "range", "ln_ic50"])


LINES = [f"L{line}" for line in range(10)]


def test_it_is_the_mean_z_per_screen_by_the_training_lines_moments(outside: Any) -> None:
    train = LINES[:8]
    found = general_sensitivity(outside, train, LINES)
    assert list(found.columns) == ["S1"]  # three drugs of S2 are too few
    wide = outside[outside["assay"].str.startswith("S1")].pivot(index="cell_line", columns="assay", values="ln_ic50")
    z = (wide - wide.loc[train].mean()) / wide.loc[train].std()
    assert np.allclose(found["S1"], z.mean(axis=1))
    assert found["S1"].is_monotonic_increasing


def test_test_lines_have_no_part_in_the_training_lines_values(outside: Any) -> None:
    train = LINES[:8]
    before = general_sensitivity(outside, train, LINES)
    poisoned = outside.assign(ln_ic50=outside["ln_ic50"].where(outside["cell_line"].isin(train), 1e5))
    after = general_sensitivity(poisoned, train, LINES)
    pd.testing.assert_frame_equal(before.loc[train], after.loc[train], check_exact=True)


def test_a_line_with_too_few_drugs_has_none(outside: Any) -> None:
    few = outside["cell_line"].eq("L3") & (outside["assay"] >= f"S1:D{MIN_DRUGS - 1:02}")
    found = general_sensitivity(outside[~few], LINES, LINES)
    assert np.isnan(found.loc["L3", "S1"])
    assert found["S1"].notna().sum() == 9
