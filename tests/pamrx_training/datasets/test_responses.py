"""Replicates of an assay: told apart by where they stand, aligned on training lines, then averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets.cache import Ledger
from pamrx_training.datasets.responses import assay_matrix, series_numbers, series_offsets, tidy_responses


def rows(*measured: tuple[str, str, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(measured, columns=["cell_line", "assay", "range", "ln_ic50"])
    return table.assign(auc=table["ln_ic50"] / 10)


def test_two_series_meet_in_the_middle_of_their_means_over_the_overlap() -> None:
    # Overlap A, B: series 0 has mean 2, series 1 mean 5, so they move by +1.5 and -1.5.
    table = rows(
        ("A", "X", 0, 1.0),
        ("B", "X", 0, 3.0),
        ("C", "X", 0, 7.0),
        ("A", "X", 1, 4.5),
        ("B", "X", 1, 5.5),
        ("D", "X", 1, 9.0),
    )
    found = assay_matrix(table, ["A", "B", "C", "D"])["X"]
    expected = {"A": (2.5 + 3.0) / 2, "B": (4.5 + 4.0) / 2, "C": 8.5, "D": 7.5}
    assert found.to_dict() == pytest.approx(expected)


def test_a_line_outside_training_is_moved_by_the_same_offsets_and_has_no_part_in_them() -> None:
    table = rows(("A", "X", 0, 1.0), ("A", "X", 1, 3.0), ("T", "X", 0, 10.0), ("U", "X", 1, 10.0))
    found = assay_matrix(table, ["A"])["X"]
    assert found.to_dict() == pytest.approx({"A": 2.0, "T": 11.0, "U": 9.0})


def test_poisoned_test_lines_leave_training_lines_as_they_were() -> None:
    random = np.random.default_rng(7)
    lines = [f"L{number}" for number in range(30)]
    table = rows(
        *((line, "X", series, random.normal()) for line in lines for series in (0, 1) if random.random() > 0.3)
    )
    train = lines[:20]
    poisoned = table.assign(ln_ic50=table["ln_ic50"].where(table["cell_line"].isin(train), 1e6))
    before, after = (assay_matrix(each, train).reindex(train) for each in (table, poisoned))
    pd.testing.assert_frame_equal(before, after)


def test_series_without_common_training_lines_are_aligned_by_their_training_means() -> None:
    table = rows(("A", "X", 0, 1.0), ("B", "X", 0, 3.0), ("C", "X", 1, 6.0))
    assert assay_matrix(table, ["A", "B", "C"])["X"].to_dict() == pytest.approx({"A": 3.0, "B": 5.0, "C": 4.0})


def test_a_series_without_training_measurements_is_left_out() -> None:
    table = rows(("A", "X", 0, 1.0), ("T", "X", 0, 2.0), ("T", "X", 1, 50.0), ("U", "X", 1, 60.0))
    found = assay_matrix(table, ["A"])["X"]
    assert found["A"] == 1.0
    assert found["T"] == 2.0
    assert np.isnan(found["U"])


def test_three_series_linked_in_a_chain_agree_with_the_additive_model() -> None:
    # y = m + b without noise, so the offsets are exact whatever the pattern of overlap.
    level, offset = {"A": 1.0, "B": -2.0, "C": 4.0}, {0: 0.5, 1: -1.0, 2: 0.5}
    measured = {"A": [0, 1], "B": [1, 2], "C": [2]}
    wide = pd.DataFrame({s: {n: level[n] + b for n in level if s in measured[n]} for s, b in offset.items()})
    assert series_offsets(wide).to_dict() == pytest.approx(offset)


def test_an_assay_of_one_series_keeps_its_values_with_or_without_training_lines() -> None:
    table = rows(("A", "X", 0, 1.0), ("B", "X", 0, 2.0))
    assert assay_matrix(table, [])["X"].to_dict() == {"A": 1.0, "B": 2.0}
    assert assay_matrix(table, [], value="auc")["X"].to_dict() == {"A": 0.1, "B": 0.2}


@pytest.mark.parametrize(
    ("drugs", "lines", "expected"),
    [
        ("PPPQQ", "ABCAB", "00011"),
        ("PPPQQPPP", "ABCABABC", "00011222"),
        ("QQQPPPPP", "ABCABCAB", "00011122"),  # two series of one drug side by side: the order of lines starts again
        ("QQQPPPP", "ABCACBC", "0001122"),
        ("PP", "AA", "01"),
    ],
)
def test_a_series_ends_where_the_drug_changes_or_the_order_of_lines_starts_again(
    drugs: Any, lines: Any, expected: Any
) -> None:
    found = series_numbers(pd.Series(list(lines)), pd.Series(list(drugs)))
    assert "".join(map(str, found)) == expected


def screen(ic50: str, auc: str | None = None) -> dict[str, tuple[bytes, bytes]]:
    head, *body = ic50.strip().splitlines()
    same = "\n".join([head.replace("LN_IC50", "AUC"), *body])
    return {"GDSC1": (ic50.strip().encode(), (auc or same).strip().encode())}


def plain(_: str, name: str) -> tuple[str, bool]:
    return ("Torin 2", True) if name.lower().startswith("torin") else (name, False)


def test_synonyms_and_ranges_become_series_of_one_assay() -> None:
    text = "CELL_LINE_NAME,DRUG_NAME,LN_IC50\nT-T,Torin 2,1\nTT,Torin 2,2\nMCF7,torin2,3\nMCF-7,Other,4\nTT,OTHER,5"
    found = tidy_responses(screen(text), Ledger(), plain)
    seen = {tuple(row) for row in found[["cell_line", "assay", "range", "in_axis"]].to_numpy().tolist()}
    assert seen == {
        ("TT-1299064", "GDSC1:Torin 2", 0, True),
        ("TT-930299", "GDSC1:Torin 2", 0, True),
        ("MCF7", "GDSC1:Torin 2", 1, True),
        ("MCF7", "GDSC1:Other", 0, False),
        ("TT-930299", "GDSC1:Other", 1, False),
    }


@pytest.mark.parametrize(
    ("ic50", "auc", "said"),
    [
        ("CELL,DRUG_NAME,LN_IC50\nA,P,1", None, "expected CELL_LINE_NAME, DRUG_NAME, LN_IC50"),
        ("CELL_LINE_NAME,DRUG_NAME,LN_IC50\nA,P,many", None, "row 2, LN_IC50: found 'many', expected a number"),
        ("CELL_LINE_NAME,DRUG_NAME,LN_IC50\nA,P,1", "CELL_LINE_NAME,DRUG_NAME,AUC\nB,P,1", "expected the same rows"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(ic50: Any, auc: Any, said: Any) -> None:
    with pytest.raises(PamrxError, match=said) as caught:
        tidy_responses(screen(ic50, auc), Ledger(), plain)
    assert "\n" not in str(caught.value)
