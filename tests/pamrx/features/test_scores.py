"""Normal scores to the last bit, in little memory; and which signatures may be learned at all."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx.features.scores import normal_scores, scores_in
from pamrx.features.signatures import SignatureBlock
from pamrx.knowledge import table
from scipy.special import ndtri
from scipy.stats import rankdata


def by_the_formula(values: np.ndarray) -> np.ndarray:
    """Row by row, with scipy's ranks and quantiles."""
    expected = np.full(values.shape, np.nan)
    for row, one in enumerate(values):
        known = ~np.isnan(one)
        expected[row, known] = ndtri((rankdata(one[known]) - 0.5) / max(known.sum(), 1))
    return expected


@pytest.mark.medium
@given(st.integers(0, 10_000), st.integers(1, 80), st.sampled_from([0.0, 0.02, 0.6, 1.0]), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_scores_have_every_bit_of_the_formula_however_the_samples_are_cut(
    seed: Any, n: Any, holes: Any, step: Any
) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, 17)).round(1)  # rounded, so that there are ties
    values[random.random(values.shape) < holes] = np.nan
    expected = by_the_formula(values)
    pieces = [normal_scores(values[start : start + step]) for start in range(0, n, step)]
    assert np.array_equal(normal_scores(values), expected, equal_nan=True)
    assert np.array_equal(np.vstack(pieces), expected, equal_nan=True)
    assert np.array_equal(normal_scores(np.asfortranarray(values)), expected, equal_nan=True)


def test_scores_of_a_whole_transcriptome_have_every_bit_of_the_formula() -> None:
    values = np.random.default_rng(0).normal(size=(3, 6000)).round(2)
    assert np.array_equal(normal_scores(values), by_the_formula(values))


@pytest.mark.parametrize(
    "row",
    [
        np.append(np.random.default_rng(1).normal(size=500), [1e12, -1e12]),  # all others nearly alike beside these
        1.0 + np.random.default_rng(2).permutation(500) * 2.0**-52,
        np.append(np.random.default_rng(3).normal(size=50), [np.inf, -np.inf]),
        np.full(30, 4.0),
        np.append(np.zeros(300), np.random.default_rng(4).exponential(size=40)),
        np.array([5e-324, 0.0, 1e-323]),
        np.array([1.7e308, -1.7e308, 0.0]),
    ],
    ids=["far", "near", "infinite", "constant", "zeros", "denormal", "overflowing"],
)
@pytest.mark.filterwarnings("error")
def test_values_that_do_not_spread_are_ranked_as_well(row: Any) -> None:
    rows = np.vstack([row, row[::-1], np.arange(float(len(row)))])
    assert np.array_equal(normal_scores(rows), by_the_formula(rows))


@pytest.mark.medium
@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_scores_in_a_universe_take_its_genes_by_name(seed: Any) -> None:
    random = np.random.default_rng(seed)
    names = [f"G{place}" for place in range(12)]
    matrix = pd.DataFrame(random.normal(size=(40, 12)), columns=random.permutation(names))
    universe = [*names[:9], "ABSENT"]
    expected = by_the_formula(matrix.reindex(columns=universe).to_numpy())
    scores = scores_in(matrix, universe, matrix.index)
    assert list(scores.columns) == universe
    assert np.array_equal(scores.to_numpy(), expected, equal_nan=True)


@pytest.mark.medium
@pytest.mark.parametrize("holes", [0.0, 0.05])
def test_scoring_needs_less_memory_than_the_matrix_twice(holes: Any) -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(1200, 1000))
    values[random.random(values.shape) < holes] = np.nan
    matrix = pd.DataFrame(values, columns=[f"G{place}" for place in range(1000)])
    tracemalloc.start()
    try:
        scores_in(matrix, list(matrix.columns), matrix.index)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * values.nbytes


def test_a_matrix_without_any_column_scores_nothing() -> None:
    matrix = pd.DataFrame(index=["s"])
    assert scores_in(matrix, ["a", "b"], matrix.index).isna().all(axis=None)


def test_a_signature_that_the_table_takes_out_is_not_learned() -> None:
    sources = table("signature_sources")
    genes = sorted(set(table("signatures")["gene"]))
    everything = pd.DataFrame(np.zeros((1, len(genes))), columns=genes)
    learned = {name for block in ("tme", "programme") for name in SignatureBlock.fit(block, everything).members}
    out = set(sources.loc[sources["left_out"] == "yes", "signature"])
    assert out == {"foxo_targets", "ifn_gamma_ayers"}
    assert learned == set(sources["signature"]) - out
