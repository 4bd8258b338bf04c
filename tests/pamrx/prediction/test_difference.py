"""What changed between two result tables, and why it is said to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import InputError
from pamrx.prediction.difference import difference


def result(shift: float = 0.0, samples: int = 3, **columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame(
        [(f"T{k}", drug, k + place + shift * place) for k in range(samples) for place, drug in enumerate("XYZ")],
        columns=["sample_id", "drug", "ln_ic50"],
    )
    rows["sensitivity_percentile"] = 50.0
    rows["rank"] = rows.groupby("sample_id")["ln_ic50"].rank().astype(int)
    rows["screen"], rows["evidence"], rows["flag"] = "GDSC2", 0.5, ""
    return rows.assign(**columns)


def test_the_same_table_in_another_order_has_not_changed() -> None:
    a = result()
    found = difference(a, a.sample(frac=1, random_state=1))
    assert not found.table["changed"].any()
    assert (found.table["why"] == "").all()
    assert found.first.empty
    assert found.drugs["r"].to_numpy() == pytest.approx(1.0)


def test_changes_are_b_minus_a_by_row_and_drug() -> None:
    found = difference(result(), result(0.5))
    row = found.table.set_index(["sample_id", "drug"]).loc[("T1", "Z")]
    assert (row["ln_ic50_a"], row["ln_ic50_b"], row["ln_ic50_change"]) == (3.0, 4.0, 1.0)
    assert row["why"] == "model"
    assert not found.table.set_index("drug").loc["X", "changed"].any()
    assert found.drugs.loc["Z", ["mean_change", "largest_change"]].tolist() == [1.0, 1.0]
    assert found.drugs.loc["X", "mean_change"] == 0


def test_another_first_drug_is_named() -> None:
    found = difference(result(), result(-3.0))
    assert found.first.loc["T0"].to_dict() == {"first_a": "X", "first_b": "Z"}
    assert len(found.first) == 3


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"screen": "GDSC1", "evidence": 0.9}, "screen GDSC2 to GDSC1"),
        ({"evidence": 0.9, "flag": "platform"}, "evidence 0.50 to 0.90"),
        ({"flag": "platform"}, "flag none to platform"),
        ({"flag": np.nan}, "model"),
        ({"evidence": 0.501}, "model"),
    ],
)
def test_the_reason_is_what_differs_beside_the_prediction(columns: Any, why: Any) -> None:
    found = difference(result(), result(1.0, **columns))
    assert set(found.table.loc[found.table["changed"], "why"]) == {why}
    assert set(found.table.loc[~found.table["changed"], "why"]) == {""}


def test_of_the_same_profiles_evidence_differs_by_the_model() -> None:
    found = difference(result(), result(1.0, evidence=0.9, flag="missing"), same_profiles=True)
    assert set(found.table.loc[found.table["changed"], "why"]) == {"model"}


def test_what_one_side_lacks_is_said_and_counts_for_nothing() -> None:
    found = difference(result(), result(samples=2)[lambda rows: rows["drug"] != "Y"])
    assert (found.table["why"] == "only in A").sum() == 5
    assert len(found.both) == 4
    assert list(found.drugs.index) == ["X", "Z"]
    assert difference(result(samples=1), result()).table["why"].eq("only in B").sum() == 6


def test_a_rank_that_is_taken_away_and_a_chance_that_moves_are_changes() -> None:
    a = result(chance=0.2)
    b = a.assign(rank=a["rank"].astype(float))
    b.loc[0, "rank"] = np.nan
    b.loc[1, "chance"] = 0.3
    found = difference(a, b).table
    assert found["changed"].sum() == 2
    assert found["chance_change"].max() == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("b", "told"),
    [
        (result().drop(columns="rank"), "table B: no column rank; expected a result of pamrx"),
        (pd.concat([result(), result()]), "table B: sample T0, drug X stands twice"),
        (result(sample_id="other", drug=list("ABCDEFGHI")), "share no sample and drug: A has sample T0, X and B has"),
        (result().iloc[:0], "share no sample and drug: .* B has no row"),
        (result(ln_ic50="low"), "table B: column ln_ic50 holds text"),
    ],
)
def test_tables_that_cannot_be_compared_are_told(b: Any, told: Any) -> None:
    with pytest.raises(InputError, match=told):
        difference(result(), b)
