"""Copy number in every unit: told apart in large and small files, alone and in a crowd, and turned into calls."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.identifiers.copy_number import (
    CALLED,
    COPIES,
    COPY_NUMBER_UNITS,
    FOLD,
    NEUTRAL,
    RATIOS,
    UNCLEAR,
    differs,
    seen_as,
    settled,
    to_calls,
)
from pamrx.identifiers.unit_statistics import Statistics
from pamrx.identifiers.units import decide_copy_number
from pamrx.profiles import Profiles, read_profiles
from pamrx.profiles.normalise import levels_of
from pamrx.readers.matrices.matrix import matrix_from_table
from pamrx.readers.text.raw_table import RawTable

GENES = ("PIK3CA", "PTEN", "AKT1", "AKT2", "ERBB2", "KRAS", "EGFR", "MYC", "CCND1", "CDKN2A", "RB1", "TP53")
RANDOM = np.random.default_rng(5)


def table(folder: Path, rows: dict[str, list[float]], name: str = "x.csv") -> Path:
    """A file of samples by the first genes."""
    frame = pd.DataFrame(rows, index=list(GENES[: len(next(iter(rows.values())))])).rename_axis("gene")
    path = folder / name
    frame.to_csv(path, na_rep="NA")
    return path


def calls_of(path: Path, unit: str | None = None) -> pd.DataFrame:
    found = read_profiles(copy_number=path, copy_number_unit=unit).copy_number
    assert found is not None
    return found


def refusal(path: Path, unit: str | None = None) -> str:
    with pytest.raises(PamrxError) as caught:
        read_profiles(copy_number=path, copy_number_unit=unit)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        ([0, 0, 0, 1, 0, -1], CALLED),
        ([0, 0, 0, 1, 0, 0], CALLED),
        ([0, 0, 0, -1.5, 0, 0], CALLED),
        ([1, 1, 2, 2, 0, -1], CALLED),
        ([0, 0, 1, -1, 2, 7], CALLED),
        ([0, 0, 1, -1, 2, 0.5], CALLED),
        ([-2], CALLED),
        ([0, 0, 0], NEUTRAL),
        ([2, 0, 2, 2, 1], COPIES),
        ([2, 2, 3, 2, 5, 2], COPIES),
        ([4, 4, 3, 4, 2, 6], COPIES),
        ([2, 2, 3, 4, 2, -9], COPIES),
        ([2.02, 1.95, 3.8, 0.03, 2.1], COPIES),
        ([1.02, 0.97, 6.4, 1.0, 0.95], FOLD),
        ([1, 1, 1, 1.1, 1, 0], FOLD),
        ([1.02], FOLD),
        ([1.02, 0.97, 1.01, 0.98, 1.05, -9], FOLD),
        ([0.1, -0.05, 2.3, 0.02], RATIOS),
        ([0.02, -0.11, -np.inf, 0.3], RATIOS),
        ([0, 0, 0.6, 0, 0], RATIOS),
        ([0, -1, -np.inf, 1], RATIOS),
        ([1.9, 2.3, -0.1], RATIOS),
        ([1, 0], UNCLEAR),
        ([1, 1, 1], UNCLEAR),
        ([1, 2], UNCLEAR),
        ([0.4], UNCLEAR),
        ([0.05], UNCLEAR),
        ([0.4, 0.35, 0.3, 0.1], UNCLEAR),
        ([0, 1, -1, 0.585, 0.585], UNCLEAR),
    ],
)
def test_what_a_sample_looks_like(values: list[float], seen: str) -> None:
    assert seen_as(np.array([[*values, np.nan]], dtype=float)).tolist() == [seen]


@pytest.mark.parametrize(
    ("seen", "scale"),
    [
        ({CALLED: 3, COPIES: 1, NEUTRAL: 5}, CALLED),
        ({COPIES: 10, NEUTRAL: 90}, CALLED),
        ({COPIES: 90, NEUTRAL: 10}, COPIES),
        ({RATIOS: 3, CALLED: 2, NEUTRAL: 9}, RATIOS),
        ({CALLED: 2, RATIOS: 2}, CALLED),
        ({NEUTRAL: 4}, NEUTRAL),
        ({UNCLEAR: 1}, UNCLEAR),
        ({UNCLEAR: 2, NEUTRAL: 1}, UNCLEAR),
        ({UNCLEAR: 10, NEUTRAL: 90}, CALLED),
        ({UNCLEAR: 9, CALLED: 2}, UNCLEAR),
        ({FOLD: 5, RATIOS: 1}, FOLD),
    ],
)
def test_most_samples_settle_it(seen: dict[str, int], scale: str) -> None:
    assert settled(Counter(seen)) == scale


def test_a_shard_differs_only_where_it_shows_a_unit() -> None:
    assert differs({CALLED: 1}) == CALLED
    assert differs({NEUTRAL: 40}) is None
    assert differs({UNCLEAR: 2}) is None
    assert differs({COPIES: 1}) is None, "a tumour with two amplified genes"
    assert differs({COPIES: 3}) == COPIES


def test_each_unit_becomes_calls() -> None:
    copies = np.array([0, 0.4, 0.9, 1, 1.9, 2.1, 2.6, 3, 3.8, 9, np.nan])
    np.testing.assert_array_equal(to_calls(copies, COPIES), [-2, -2, -1, -1, 0, 0, 1, 1, 2, 2, np.nan])
    ratios = np.array([0, 0.42, 0.6, 1, 1.4, 1.9, np.nan])
    wanted = [-2, -2, -1, 0, 1, 2, np.nan]
    np.testing.assert_array_equal(to_calls(ratios, FOLD), wanted)
    np.testing.assert_array_equal(to_calls(np.log2(ratios + 1), COPY_NUMBER_UNITS["log2-ratio-plus-1"]), wanted)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(to_calls(np.log2(ratios), RATIOS), wanted)
    np.testing.assert_array_equal(to_calls(np.array([-1.5, -1.0, 2.0]), CALLED), [-2, -1, 2])


def test_chunks_decide_as_the_whole() -> None:
    for values in (RANDOM.choice([-1.5, -1, 0, 0, 0, 2], (40, 12)), RANDOM.normal(0, 0.4, (40, 12)).round(1)):
        values[3, 2] = -np.inf
        whole = Statistics.of(pd.DataFrame(values), copy_number=True)
        first, rest = (Statistics(12, True) for _ in range(2))
        first.add(values[:7], range(7))
        rest.add(values[7:], range(33))
        first.include(rest)
        assert (first.seen, first.partial, first.low) == (whole.seen, whole.partial, whole.low)
        assert decide_copy_number(first, "x") == decide_copy_number(whole, "x")


def test_one_partial_deletion_leaves_the_calls_of_others(tmp_path: Path) -> None:
    rows = {"A": [0, -1.5, 0, 0], "B": [1, 0, 0, 2], "C": [0, -1, 1, 0]}
    found = calls_of(table(tmp_path, rows))
    assert found.to_numpy().tolist() == [[0, -2, 0, 0], [1, 0, 0, 2], [0, -1, 1, 0]]


UNITS = {
    "calls": np.array([[0, 0, -1, 1, 0, 0, 2, 0], [0, 1, 0, 0, -2, 0, 0, 0], [0, 0, 0, 0, 1, 1, 0, -1]], dtype=float),
    "log2": RANDOM.normal(0, 0.3, (3, 8)).round(3),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("cell", [-1.5, 0.5, 7.0, -9.0, 999.0, -999.0, -np.inf, 1.02])
def test_a_cell_of_one_sample_changes_no_other(unit: str, cell: float) -> None:
    def read(values: np.ndarray) -> tuple[pd.DataFrame, dict[str, str]]:
        frame = pd.DataFrame(values, columns=range(1, 9))
        frame.insert(0, 0, ["A", "B", "C"])
        rejected: dict[str, str] = {}
        matrix = matrix_from_table("x", RawTable(["sample_id", *GENES[:8]], frame), GENES, "copy_number")
        return levels_of(matrix, [], rejected=rejected), rejected

    spoilt = UNITS[unit].copy()
    spoilt[1, 3] = cell
    before, after = read(UNITS[unit])[0], read(spoilt)
    pd.testing.assert_frame_equal(after[0].loc[["A", "C"]], before.loc[["A", "C"]])
    assert set(after[1]) <= {"B"}


def test_an_odd_cell_of_calls_is_named(tmp_path: Path) -> None:
    rows = {"A": [0, 0.5, 1, -1, 2], "B": [0, 0, 0, 1, 0]}
    assert "sample A, gene PTEN: found 0.5, expected a GISTIC call -2..2" in refusal(table(tmp_path, rows))
    rows["A"][1] = -999
    assert "leave the cell empty if -999 stands for a missing value" in refusal(table(tmp_path, rows))


def test_no_copy_left_is_minus_infinity(tmp_path: Path) -> None:
    path = table(tmp_path, {"A": [0.03, -0.1, 0.02], "B": [0.1, -np.inf, -0.02], "C": [-12, 0.04, -0.1]})
    assert calls_of(path).to_numpy().tolist() == [[0, 0, 0], [0, -2, 0], [-2, 0, 0]]
    whole = path.read_text()
    path.write_text(whole.replace("-inf", "-Inf"))
    assert calls_of(path).loc["B", "PTEN"] == -2
    path.write_text(whole.replace("-inf", "inf"))
    assert "column B: found an infinite value" in refusal(path)


def test_zeros_alone_are_no_alteration(tmp_path: Path) -> None:
    path = table(tmp_path, {"A": [0, 0]})
    profiles = read_profiles(copy_number=path)
    assert profiles.copy_number is not None
    assert profiles.copy_number.to_numpy().tolist() == [[0, 0]]
    assert any("0 throughout" in note and "--copy-number-unit copies" in note for note in profiles.notes)
    assert calls_of(path, "copies").to_numpy().tolist() == [[-2, -2]]


COPIES_ALONE = {"A": [2.0, 0, 2, 2, 2, 2, 2, 1, 4, 0, 2, 3]}
FOLD_CHANGES = {"A": [1.9, 0, 1.01, 1.0, 6.4, 0.98, 1.05, 1.1, 1.0, 0.42, 0.99, 0.6]}
PLUS_1 = {"A": np.log2(np.array(FOLD_CHANGES["A"]) + 1).tolist()}
COPIES_CALLED = [0, -2, 0, 0, 0, 0, 0, -1, 2, -2, 0, 1]
FOLD_CALLED = [2, -2, 0, 0, 2, 0, 0, 0, 0, -2, 0, -1]


def test_advice_for_copies_works(tmp_path: Path) -> None:
    path = table(tmp_path, COPIES_ALONE)
    told = refusal(path)
    assert "found absolute copies" in told
    assert "--copy-number-unit copies" in told
    assert calls_of(path, "copies").loc["A"].tolist() == COPIES_CALLED
    by_hand = np.clip(np.array(COPIES_ALONE["A"]) - 2, -2, 2)
    assert "copies c become the calls c - 2" in told
    assert calls_of(table(tmp_path, {"A": by_hand.tolist()})).loc["A"].tolist() == COPIES_CALLED
    assert "give log2(c / ploidy) with --copy-number-unit log2" in told
    with np.errstate(divide="ignore"):
        doubled = np.log2(2 * np.array(COPIES_ALONE["A"]) / 4)
    assert calls_of(table(tmp_path, {"A": doubled.tolist()}), "log2").loc["A"].tolist() == COPIES_CALLED


def test_advice_for_a_few_amplified_genes_works(tmp_path: Path) -> None:
    path = table(tmp_path, {"A": [2, 2, 1]})
    assert "where 2 is an amplification, say --copy-number-unit calls" in refusal(path)
    assert calls_of(path, "calls").loc["A"].tolist() == [2, 2, 1]


def test_advice_for_ratios_works(tmp_path: Path) -> None:
    path = table(tmp_path, FOLD_CHANGES)
    told = refusal(path)
    assert "found ratios" in told
    assert "--copy-number-unit ratio" in told
    assert calls_of(path, "ratio").loc["A"].tolist() == FOLD_CALLED
    assert "a ratio r becomes log2(r), 0 -Inf" in told
    with np.errstate(divide="ignore"):
        by_hand = np.log2(np.array(FOLD_CHANGES["A"]))
    assert calls_of(table(tmp_path, {"A": by_hand.tolist()})).loc["A"].tolist() == FOLD_CALLED


def test_advice_for_ratios_plus_1_works(tmp_path: Path) -> None:
    path = table(tmp_path, PLUS_1)
    told = refusal(path)
    assert "--copy-number-unit log2-ratio-plus-1" in told
    assert calls_of(path, "log2-ratio-plus-1").loc["A"].tolist() == FOLD_CALLED
    assert "x becomes log2(2^x - 1)" in told
    with np.errstate(divide="ignore"):
        by_hand = np.log2(np.maximum(2 ** np.array(PLUS_1["A"]) - 1, 0))
    assert calls_of(table(tmp_path, {"A": by_hand.tolist()})).loc["A"].tolist() == FOLD_CALLED


@pytest.mark.parametrize("values", [[1.0], [1.0, 0.0], [0.4], [2.0, 1.0]])
def test_advice_for_an_unclear_file_works(tmp_path: Path, values: list[float]) -> None:
    path = table(tmp_path, {"A": values})
    told = refusal(path)
    assert "calls, log2, ratio, log2-ratio-plus-1 or copies" in told
    for unit, scale in COPY_NUMBER_UNITS.items():
        if unit != "calls" or set(values) <= {0, 1, 2}:
            np.testing.assert_array_equal(calls_of(path, unit).loc["A"], to_calls(np.array(values), scale))


def test_what_does_not_fit_a_stated_unit_is_named(tmp_path: Path) -> None:
    path = table(tmp_path, {"A": [0.1, -0.3, 0.02, 2]})
    for unit in ("copies", "ratio", "log2-ratio-plus-1"):
        assert "sample A, gene PTEN: found -0.3, expected" in refusal(path, unit)
    assert "sample A, gene PIK3CA: found 0.1, expected a GISTIC call" in refusal(path, "calls")
    assert "did you mean copies" in refusal(path, "copys")


def test_a_doubled_genome_is_told(tmp_path: Path) -> None:
    path = table(tmp_path, {"A": [4, 4, 3, 4], "B": [2, 2, 2, 1]})
    notes = read_profiles(copy_number=path, copy_number_unit="copies").notes
    assert any("1 samples have three copies or more of most genes" in note for note in notes)


@pytest.mark.medium
def test_one_tumour_alone_is_as_in_a_crowd(tmp_path: Path) -> None:
    units = {**{unit: (None, values) for unit, values in UNITS.items()}, "copies": ("copies", UNITS["calls"] + 2)}
    for stated, values in units.values():
        rows = {f"S{place}": row.tolist() for place, row in enumerate(values)}
        crowd = calls_of(table(tmp_path, rows), stated)
        for name, row in rows.items():
            pd.testing.assert_frame_equal(calls_of(table(tmp_path, {name: row}), stated), crowd.loc[[name]])


def test_a_study_takes_the_unit(tmp_path: Path) -> None:
    from pamrx.profiles import read_study

    (tmp_path / "data_cna.txt").write_text("Hugo_Symbol\tS1\nPTEN\t0\nPIK3CA\t2\nAKT1\t2\n")
    with pytest.raises(PamrxError, match="--copy-number-unit copies"):
        read_study(tmp_path)
    profiles: Profiles = read_study(tmp_path, copy_number_unit="copies")
    assert profiles.copy_number is not None
    assert profiles.copy_number.loc["S1"].tolist() == [-2, 0, 0]
