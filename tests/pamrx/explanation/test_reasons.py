"""Reasons in words, one by one and as columns beside the results."""

from __future__ import annotations

import pandas as pd
from pamrx.explanation.reasons import DIRECTIONS, reason_table, with_reasons
from pamrx.prediction.schema import REASONS

TOP = pd.DataFrame(
    [
        ("S1", "Alpelisib", "GDSC2", "for", 1, "tissue.breast", "tissue", 1.0, -0.29),
        ("S1", "Alpelisib", "GDSC2", "for", 2, "mutation.PIK3CA", "mutation", 1.0, -0.224),
        ("S1", "Alpelisib", "GDSC2", "against", 1, "mutation.hits_ras", "mutation", 2.0, 0.1),
        ("=S2", "Alpelisib", "GDSC2", "against", 1, "mutation.PTEN", "mutation", 0.0, 0.05),
    ],
    columns=["sample_id", "drug", "screen", "direction", "rank", "feature", "block", "value", "contribution"],
)


def test_reasons_are_columns_of_text_in_the_order_of_their_weight() -> None:
    table = pd.DataFrame(
        {"sample_id": ["=S2", "S1", "S1"], "drug": ["Alpelisib", "Alpelisib", "AZD8186"]}, index=[5, 3, 1]
    )
    told = with_reasons(table, TOP.iloc[::-1])
    assert list(told["reasons_for"]) == ["", "breast (-0.29); PIK3CA mutation (-0.22)", ""]
    assert list(told["reasons_against"]) == ["no PTEN mutation (+0.05)", "2 RAS genes mutated (+0.10)", ""]
    pd.testing.assert_frame_equal(told[["sample_id", "drug"]], table)
    assert list(with_reasons(table, TOP.iloc[:0])["reasons_for"]) == ["", "", ""]


def test_the_columns_stand_in_the_schema() -> None:
    assert [column.name for column in REASONS] == list(DIRECTIONS.values())


def test_the_table_of_reasons_has_their_words_and_numbers() -> None:
    told = reason_table(TOP)
    assert list(told["reason"]) == ["breast", "PIK3CA mutation", "2 RAS genes mutated", "no PTEN mutation"]
    assert list(told["effect"]) == list(TOP["contribution"])
    assert list(told.columns[:5]) == ["sample_id", "drug", "screen", "direction", "rank"]
