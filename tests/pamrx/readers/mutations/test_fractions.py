"""Variant allele fractions: read where they are there, never a reason to refuse a table."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from pamrx.profiles import read_profiles
from pamrx.readers.mutations.fractions import allele_fractions, fraction_of
from pamrx.readers.mutations.reading import read_mutations

HEAD = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short"
ROW = "PIK3CA\ts\tMissense_Mutation\tp.H1047R"


def fraction(folder: Path, columns: str, cells: str) -> float | None:
    path = folder / "x.maf"
    path.write_text(f"{HEAD}\t{columns}\n{ROW}\t{cells}\n", encoding="utf-8")
    rows = read_mutations(path).rows
    return float(rows["vaf"].iloc[0]) if "vaf" in rows else None


@pytest.mark.parametrize(
    ("columns", "cells", "expected"),
    [
        ("t_alt_count\tt_ref_count", "10\t30", 0.25),
        ("t_depth\tt_alt_count", "40\t10", 0.25),
        ("t_depth\tt_ref_count\tt_alt_count", "100\t30\t10", 0.25),
        ("AltCount\tRefCount", "10\t30", 0.25),
        ("VAF", "0.25", 0.25),
        ("t_vaf", "25%", 0.25),
        ("t_alt_count\tt_ref_count\tvaf", ".\t.\t0.25", 0.25),
    ],
)
def test_a_fraction_comes_from_counts_else_as_given(tmp_path: Path, columns: str, cells: str, expected: float) -> None:
    assert fraction(tmp_path, columns, cells) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("columns", "cells"),
    [("t_alt_count\tt_ref_count", "0\t0"), ("t_alt_count\tt_ref_count", "-3\t9"), ("vaf", "37"), ("vaf", "low")],
)
def test_what_is_no_fraction_is_missing(tmp_path: Path, columns: str, cells: str) -> None:
    found = fraction(tmp_path, columns, cells)
    assert found is not None
    assert math.isnan(found)


@pytest.mark.parametrize("columns", ["t_alt_count", "n_alt_count\tn_ref_count", "AF"])
def test_other_columns_are_no_fraction_of_the_tumour(tmp_path: Path, columns: str) -> None:
    cells = "\t".join(["1"] * (columns.count("\t") + 1))
    assert fraction(tmp_path, columns, cells) is None


def test_columns_of_reads_that_stand_twice_are_passed_over(tmp_path: Path) -> None:
    assert fraction(tmp_path, "VAF\tvaf", "0.1\t0.2") is None


def test_no_column_no_fraction() -> None:
    assert allele_fractions(pd.DataFrame({"Hugo_Symbol": ["PIK3CA"]})) is None


def test_the_fraction_reaches_the_profiles_and_moves_no_mutation(tmp_path: Path) -> None:
    path = tmp_path / "x.maf"
    path.write_text(f"{HEAD}\n{ROW}\n", encoding="utf-8")
    without = read_profiles(mutations=path)
    path.write_text(f"{HEAD}\tt_alt_count\tt_ref_count\n{ROW}\t10\t30\n", encoding="utf-8")
    with_counts = read_profiles(mutations=path)
    assert with_counts.mutations["vaf"].tolist() == [0.25]
    pd.testing.assert_frame_equal(with_counts.mutations.drop(columns="vaf"), without.mutations)
    assert with_counts.notes == without.notes


@pytest.mark.parametrize(
    ("counts", "given", "allele", "expected"),
    [
        ((30, 10), None, 1, 0.25),
        ((30, 10, 10), (0.9, 0.9), 2, 0.2),
        ((None, 10), (0.4,), 1, 0.4),
        ((30,), (0.4,), 1, 0.4),
        (None, (1.4,), 1, math.nan),
        (None, None, 1, math.nan),
    ],
)
def test_an_allele_of_a_vcf(
    counts: tuple[int | None, ...] | None, given: tuple[float, ...] | None, allele: int, expected: float
) -> None:
    assert fraction_of(counts, given, allele) == pytest.approx(expected, nan_ok=True)
