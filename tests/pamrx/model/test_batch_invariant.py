"""Products of rows with a matrix: the digits of a row are its own, at the widths that are really used."""

from __future__ import annotations

import numpy as np
import pytest
from pamrx.model.batch_invariant import ROWS, RowProducts, columns_at
from threadpoolctl import threadpool_limits


@pytest.mark.parametrize(
    "shape", [pytest.param((5953, 65), marks=pytest.mark.medium), (5778, 30), (5953, 2), (12, 65), (30, 30)]
)
@pytest.mark.parametrize("one_by_one", [False, True])
def test_neither_neighbours_nor_place_nor_threads_change_a_digit(
    shape: tuple[int, int], one_by_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if one_by_one:
        monkeypatch.setattr(RowProducts, "_any_place", False)
    random = np.random.default_rng(0)
    rows, matrix = random.normal(size=(4 * ROWS + 5, shape[0])), random.normal(size=shape)
    product = RowProducts(matrix)(rows)
    np.testing.assert_allclose(product, rows @ matrix, rtol=0, atol=1e-9)
    for _ in range(5):
        chosen = random.permutation(len(rows))[: random.integers(1, len(rows))]
        assert np.array_equal(RowProducts(matrix)(rows[chosen]), product[chosen])
    for threads in (1, 2, 4):
        with threadpool_limits(threads):
            assert np.array_equal(RowProducts(np.asfortranarray(matrix))(rows), product)


def test_a_row_that_is_not_known_spoils_no_other() -> None:
    random = np.random.default_rng(1)
    rows, matrix = random.normal(size=(ROWS + 3, 50)), random.normal(size=(50, 4))
    product = RowProducts(matrix)(rows)
    spoilt = rows.copy()
    spoilt[3, 7], spoilt[ROWS, 0] = np.nan, np.nan
    found = RowProducts(matrix)(spoilt)
    assert np.isnan(found[[3, ROWS]]).all()
    others = np.setdiff1d(np.arange(len(rows)), [3, ROWS])
    assert np.array_equal(found[others], product[others])


def test_no_rows_give_none() -> None:
    assert RowProducts(np.ones((3, 2)))(np.ones((0, 3))).shape == (0, 2)


def test_columns_side_by_side_are_those_at_their_places() -> None:
    values = np.arange(24.0).reshape(4, 6)
    for places in ([2, 3, 4], [4, 2, 3], [0], [], [5, 5]):
        assert np.array_equal(columns_at(values, np.array(places, dtype=int)), values[:, places])
