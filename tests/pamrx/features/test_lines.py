"""Training lines with each alteration: counted when a builder is fitted, kept in its state, absent in older bundles."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pamrx.bundle.feature_state import read_builder
from pamrx.bundle.model_files import write_json
from pamrx.errors import BundleError
from pamrx.features import FeatureBuilder
from pamrx.knowledge import NEWEST

from tests.pamrx.features.test_blocks import profiles

NAMES = ["a", "b", "c", "d"]
ROWS = [
    ("a", "AKT1", "Missense_Mutation", "p.E17K"),
    ("b", "PIK3CA", "Missense_Mutation", "p.H1047R"),
    ("b", "PIK3CA", "Missense_Mutation", "p.E545K"),
    ("c", "PIK3CA", "Missense_Mutation", "p.H1047R"),
    ("d", "PIK3CA", "Missense_Mutation", "p.L10F"),
]


@cache
def fitted() -> FeatureBuilder:
    assessed = frozenset({"AKT1", "PIK3CA", "PTEN"})
    given = profiles(NAMES, ROWS, assessed=assessed, copy_number={"PTEN": [-2, -2, 0, 1]})
    return FeatureBuilder(min_altered=2).fit(given)


def read(folder: Path, state: dict[str, Any]) -> FeatureBuilder:
    file = folder / "features.json"
    write_json(file, state)
    return read_builder(file.read_bytes(), file, NEWEST)


@pytest.mark.medium
def test_lines_are_counted_for_features_and_for_drivers_too_rare_for_one() -> None:
    lines = fitted().lines_
    assert lines is not None
    assert "mutation.AKT1" not in fitted().feature_names_
    assert (lines["mutation.AKT1"], lines["mutation.PIK3CA"]) == (1, 2)
    assert lines["copy_number.PTEN_loss"] == 2
    assert "mutation.RICTOR" not in lines  # not among the genes whose drivers are marked


def test_they_are_kept_in_the_state_and_a_bundle_without_them_has_none(tmp_path: Path) -> None:
    builder = fitted()
    state = builder.state()
    assert read(tmp_path, state).lines_ == builder.lines_
    assert read(tmp_path, state).state() == state
    old = {name: value for name, value in state.items() if name != "lines"}
    assert read(tmp_path, old).lines_ is None
    assert read(tmp_path, old).state() == old


@pytest.mark.parametrize("wrong", [-1, 1.5, "many", 10**9])
def test_a_count_that_is_none_is_refused(tmp_path: Path, wrong: object) -> None:
    state = fitted().state()
    with pytest.raises(BundleError, match=r"lines\.mutation\.AKT1"):
        read(tmp_path, {**state, "lines": {"mutation.AKT1": wrong}})
