"""Brakes lost: the three-valued rules by hand, and what is learned from training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.features.brakes import BrakeBlock

from tests.pamrx.features.test_blocks import profiles

BLOCK = BrakeBlock(["PTEN"], 0.5)
STOP = ("Nonsense_Mutation", "p.R130*")


def flags(given: Any, low: Any = None) -> Any:
    low = [np.nan] * given.n if low is None else low
    return BLOCK.transform(given, pd.DataFrame({"PTEN": low}, index=given.samples.index, dtype=float))


@pytest.mark.parametrize(
    ("mutated", "call", "two_hit", "lost"),
    [
        (True, 0, 0, 1),
        (True, -1, 1, 1),  # the mutation and the loss of the other copy
        (True, -2, 1, 1),
        (True, None, None, 1),  # the second hit is not known; that one copy is hit is
        (False, 0, 0, 0),
        (False, -1, 0, 0),
        (False, -2, 1, 1),
        (False, 2, 0, 0),
        (False, None, None, None),
        (None, -2, 1, 1),
        (None, -1, None, None),
        (None, 0, None, None),  # both copies are there, but two different mutations may hit them
        (None, None, None, None),
    ],
)
def test_what_is_known_settles_it_or_it_is_missing(mutated: Any, call: Any, two_hit: Any, lost: Any) -> None:
    rows = None if mutated is None else [("a", "PTEN", *STOP)] * mutated
    matrices = {} if call is None else {"copy_number": {"PTEN": [call]}}
    found = flags(profiles(["a"], rows, **matrices)).loc["a"]
    for name, expected in (("PTEN_two_hit", two_hit), ("PTEN_lost", lost)):
        assert np.isnan(found[name]) if expected is None else found[name] == expected


def test_two_different_drivers_hit_both_copies_and_one_listed_twice_does_not() -> None:
    twice = [("b", "PTEN", *STOP)] * 2
    rows = [("a", "PTEN", *STOP), ("a", "PTEN", "Frame_Shift_Del", "p.K267fs"), *twice]
    found = flags(profiles(["a", "b"], rows, copy_number={"PTEN": [0, 0]}))
    assert found["PTEN_two_hit"].tolist() == [1, 0]


def test_a_bundle_that_learned_low_expression_goes_on_computing_it() -> None:
    block = BrakeBlock.from_state({"two_hit": ["PTEN"], "low_under": 0.5})
    scores = pd.DataFrame({"PTEN": [0.4, 0.5, np.nan]}, index=["a", "b", "c"])
    found = block.transform(profiles(["a", "b", "c"]), scores)["PTEN_low_expression"]
    assert found.tolist()[:2] == [1, 0]
    assert np.isnan(found["c"])


def test_low_expression_is_learned_no_more() -> None:
    """Its limit was one of the training's platform."""
    names = [f"s{place:03d}" for place in range(101)] + ["lost"]
    rows = [("lost", "PTEN", *STOP)]
    given = profiles(names, rows, assessed=frozenset({"PTEN", "KRAS"}), copy_number={"PTEN": [0] * 102})
    block = BrakeBlock.fit(given, min_altered=1)
    assert block.state() == {"two_hit": [], "low_under": None}
    scores = pd.DataFrame({"PTEN": [*np.arange(101), -50.0]}, index=given.samples.index)
    assert "PTEN_low_expression" not in block.transform(given, scores)


def test_two_hits_are_learned_where_there_are_enough_and_survive_the_state() -> None:
    rows = [(name, "NF1", *STOP) for name in "ab"] + [("c", "KRAS", "Missense_Mutation", "p.G12D")]
    given = profiles(list("abcd"), rows, assessed=frozenset({"NF1", "KRAS"}), copy_number={"NF1": [-2, -1, 0, 0]})
    scores = pd.DataFrame(index=given.samples.index)
    block = BrakeBlock.fit(given, min_altered=2)
    assert block.two_hit == ["NF1"]
    assert block.low_under is None
    again = BrakeBlock.from_state(block.state())
    assert again.transform(given, scores).equals(block.transform(given, scores))
    assert again.transform(given, scores)["NF1_two_hit"].tolist() == [1, 1, 0, 0]


def test_segments_of_the_training_count_as_the_loss_of_one_copy() -> None:
    rows = [("a", "PTEN", *STOP)]
    given = profiles(["a", "b"], rows, copy_number={"PTEN": [0, 0]}, segments={"PTEN": [-2, -2]})
    assert flags(given)["PTEN_two_hit"].tolist() == [1, 0]


def test_without_calls_nothing_is_learned() -> None:
    given = profiles(["a"], [("a", "PTEN", *STOP)], assessed=frozenset({"PTEN"}))
    block = BrakeBlock.fit(given, min_altered=1)
    assert block.state() == {"two_hit": [], "low_under": None}
    assert block.transform(given, pd.DataFrame(index=["a"])).shape == (1, 0)
