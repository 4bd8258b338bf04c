"""Levels that are on no plain scale: standardised, floored, between 0 and 1, or spoilt by a cell that is no level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.unit_guess import guess_unit
from pamrx.identifiers.unit_statistics import Statistics
from pamrx.identifiers.units import ZSCORE_CAUTION, decide_levels
from pamrx.profiles import read_profiles

RANDOM = np.random.default_rng(2)
TPM = RANDOM.gamma(0.2, 60, (6, 1200)) * (RANDOM.random((6, 1200)) < 0.7)
LOGGED = np.log2(TPM + 1)
CENTRED = LOGGED - LOGGED.mean(axis=0)
MANY = np.log2(RANDOM.gamma(0.2, 60, (60, 1200)) + 1)
SOME_OF_MANY = ((MANY - MANY.mean(axis=0)) / MANY.std(axis=0))[:9]
SCORES = CENTRED / (LOGGED.std(axis=0, ddof=1) + 1e-9)
ARRAY = RANDOM.normal(7, 2, 1200) + RANDOM.normal(0, 0.8, (6, 1200))
WITHIN = (ARRAY - ARRAY.mean(axis=1, keepdims=True)) / ARRAY.std(axis=1, keepdims=True)
FLOORED = np.log2(TPM + 0.001)


def note_of(values: np.ndarray, unit: str | None = None) -> str:
    return decide_levels(Statistics.of(pd.DataFrame(values)), "x", unit=unit).note


def spoilt(values: np.ndarray, cell: float, rows: slice = slice(1, 2)) -> np.ndarray:
    out = values.copy()
    out[rows, 5] = cell
    return out


@pytest.mark.parametrize(
    ("values", "part"),
    [
        (SCORES, ZSCORE_CAUTION),
        (SOME_OF_MANY, ZSCORE_CAUTION),
        (SCORES[:1], "z-scores per gene no longer tell how genes rank in it"),
        (np.clip(SCORES, -1.5, 1.9), ZSCORE_CAUTION),
        (CENTRED, "values centred per gene no longer tell"),
        (FLOORED, "read as log2(x + 0.001)"),
        (FLOORED[:1], "read as log2(x + 0.001)"),
    ],
)
def test_values_below_zero_are_said_to_be_what_they_are(values: np.ndarray, part: str) -> None:
    assert part in note_of(values)


def test_plain_logarithms_get_no_caution() -> None:
    """Nor levels that are standardised within each sample, which leaves its ranks."""
    for values in (LOGGED, LOGGED - 3, FLOORED, FLOORED[:1], LOGGED[:1] - 3, ARRAY - 9, WITHIN):
        assert "no longer tell" not in note_of(values)


def test_chunks_notice_z_scores_too() -> None:
    found = Statistics(1200)
    for row, values in enumerate(SCORES):
        found.add(values[None], [row])
    assert found.zscores
    assert not found.linear


@pytest.mark.medium
def test_advice_for_levels_between_0_and_1_works(tmp_path: Path) -> None:
    genes = [gene for gene in sorted(default_genes()) if gene.isalnum() and gene.isupper()][:1200]
    values = pd.DataFrame(SCORES, [f"S{row}" for row in range(6)], genes).rank(pct=True) / 2
    values.rename_axis("sample_id").round(3).to_csv(tmp_path / "x.csv")
    with pytest.raises(PamrxError, match=r"all between 0 and 1.*say --expression-unit log2"):
        read_profiles(expression=tmp_path / "x.csv")
    found = read_profiles(expression=tmp_path / "x.csv", expression_unit="log2").expression
    assert found is not None
    assert found.notna().all(axis=None)
    assert guess_unit(values).unit == "none"


def faults_of(values: np.ndarray, folder: Path) -> str:
    genes = [gene for gene in sorted(default_genes()) if gene.isalnum() and gene.isupper()][: values.shape[1]]
    pd.DataFrame(values, [f"S{row}" for row in range(len(values))], genes).rename_axis("sample_id").to_csv(
        folder / "x.csv"
    )
    with pytest.raises(PamrxError) as caught:
        read_profiles(expression=folder / "x.csv")
    return str(caught.value).replace(genes[5], "GENE")


@pytest.mark.parametrize(
    ("values", "part"),
    [
        (spoilt(FLOORED, 61, slice(None)), "sample S0, gene GENE: found 61, expected no log2 value above 50"),
        (spoilt(LOGGED - 3, 61, slice(None)), "sample S0, gene GENE: found 61, expected no log2 value above 50"),
        (spoilt(LOGGED, 999, slice(None, None, 2)), "sample S0, gene GENE: found 999, expected no log2 value above 50"),
        (spoilt(LOGGED, 1e30, slice(1, 6)), "sample S1, gene GENE: found 1e+30"),
        (spoilt(LOGGED, -999), "sample S1, gene GENE: found -999, expected no log2 value below -50"),
        (spoilt(TPM, -999), "sample S1, gene GENE: found -999, expected no value below zero on a linear scale"),
        (spoilt(TPM, 1e30), "sample S1, gene GENE: found 1e+30, expected no level of 1e+15 or more"),
        (spoilt(LOGGED, -np.inf), "sample S1, gene GENE: found an infinite value"),
    ],
    ids=["age", "age beside negatives", "999", "1e30", "-999", "linear -999", "linear 1e30", "-Inf"],
)
def test_a_cell_that_is_no_level_is_named_and_switches_nothing(tmp_path: Path, values: np.ndarray, part: str) -> None:
    told = faults_of(values[:, :200], tmp_path)
    assert part in told
    assert ("leave the cell empty" in told) is any(code in part for code in ("999", "1e+30"))


def test_advice_for_a_code_of_missing_values_works(tmp_path: Path) -> None:
    told = faults_of(spoilt(LOGGED, -999)[:, :200], tmp_path)
    assert "leave the cell empty if -999 stands for a missing value" in told
    path = tmp_path / "x.csv"
    path.write_text(path.read_text().replace("-999.0", ""))
    found = read_profiles(expression=path).expression
    assert found is not None
    assert int(found.isna().sum().sum()) == 1


def test_real_counts_of_999_stay_counts() -> None:
    found = Statistics.of(pd.DataFrame([[999.0, 998, 3], [40, 999, 2], [999, 1, 51]]))
    assert found.linear
