"""The page of signatures says what the tables and the released bundle say."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.features.signatures import SignatureBlock
from pamrx.knowledge import table
from pamrx_training.release.signature_table import PAGE, describe, held_signatures, page


@pytest.fixture(scope="module")
def universe(bundle: Bundle) -> list[str]:
    return bundle.builder.universe_


@pytest.fixture(scope="module")
def told(universe: Any) -> pd.DataFrame:
    return describe(universe)


def test_the_page_is_up_to_date(universe: Any) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(universe), "run `python -m pamrx_training.release.signature_table`"


def test_the_table_says_what_the_released_bundle_holds(bundle: Bundle) -> None:
    sources = table("signature_sources")
    told = set(sources.loc[sources["in_model"] == "yes", "signature"])
    assert told == held_signatures(bundle.builder), "run `python -m pamrx_training.release.signature_table`"
    features = {f"{block}.{name}" for block, name in zip(sources["block"], sources["signature"], strict=True)}
    assert {
        f"{block}.{name}" for block, name in sources.loc[sources["in_model"] == "yes", ["block", "signature"]].values
    } == (features & set(bundle.model.features_))


@pytest.mark.medium
def test_what_is_called_a_feature_is_what_the_builder_learns(told: Any, universe: Any) -> None:
    nothing = pd.DataFrame(columns=universe, dtype=float)
    learned = {name for block in ("tme", "programme") for name in SignatureBlock.fit(block, nothing).members}
    assert set(told.index[told["in_model"] == "yes"]) == learned


def test_every_signature_stands_on_the_page_once() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted(table("signature_sources")["signature"])


def test_the_counts_beside_what_is_not_learned_are_true(told: Any) -> None:
    text = PAGE.read_text(encoding="utf-8").split("## Asked for, and not learned")[1].split("##")[0]
    rows = re.findall(r"^\| [^|]+ \| ((?:`\w+`(?:, )?)+) \| ([^|]+) \|", text, flags=re.MULTILINE)
    assert len(rows) >= 10
    for names, counts in rows:
        found = re.findall(r"`(\w+)`", names)
        assert counts == ", ".join(f"{told.loc[name, 'measured']} of {told.loc[name, 'genes']}" for name in found)
        assert (told.loc[found, "in_model"] == "no").all()


def test_what_stands_in_is_learned(told: Any) -> None:
    text = PAGE.read_text(encoding="utf-8").split("## Asked for, and not learned")[1].split("##")[0]
    rows = [line.split("|")[4] for line in text.splitlines() if line.startswith("| ") and "`" in line]
    named = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)} - {"copy_number"}
    assert len(named) >= 10
    assert (told.loc[sorted(named), "in_model"] == "yes").all()


def test_a_list_is_no_feature_below_half(told: Any) -> None:
    short = told["measured"] < told["genes"] / 2
    assert set(told.index[told["why"] == "under half measured"]) == set(told.index[short])
