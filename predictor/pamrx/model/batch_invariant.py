"""Batch-invariant matrix product: each row's result is bit-identical whatever else is in the batch.

BLAS computes a product tile by tile, and the last digits of a row may depend on its tile, on the number of rows and on
how threads divide them. Here rows are always multiplied in blocks of one size, on one thread, from one buffer, so that
only a row's position in its block could matter. Whether it does, for this matrix on this machine, is tested once; if
so, rows are multiplied one by one, which takes three times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property

import numpy as np
from threadpoolctl import ThreadpoolController

ROWS = 32
"""Rows in one block: enough for most of the speed, few enough for the processor's cache and for a single sample."""

Fill = Callable[[slice, np.ndarray], None]
"""Writes the rows of a slice into the (rows, n_inputs) array."""


class RowProducts:
    """Multiply rows by `matrix` (n_inputs, n_outputs), each with the same digits in any batch."""

    def __init__(self, matrix: np.ndarray) -> None:
        self._matrix = np.ascontiguousarray(matrix, dtype=float)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(n, n_outputs) for (n, n_inputs) rows."""
        return self.filled(len(rows), lambda some, out: np.copyto(out, rows[some]))

    def filled(self, n: int, fill: Fill) -> np.ndarray:
        """(n, n_outputs) for `n` rows that `fill` writes, a block at a time."""
        out = np.empty((n, self._matrix.shape[1]))
        block = np.zeros((ROWS, self._matrix.shape[0]))
        with _libraries().limit(limits=1):
            for start in range(0, n, ROWS):
                some = slice(start, min(start + ROWS, n))
                size = some.stop - start
                fill(some, block[:size])
                out[some] = self._product(block)[:size]
        return out

    def _product(self, block: np.ndarray) -> np.ndarray:
        if self._any_place:
            result: np.ndarray = block @ self._matrix
            return result
        # Each from the same buffer: digits may also depend on where in memory a row begins.
        row, out = np.empty(block.shape[1]), np.empty((len(block), self._matrix.shape[1]))
        for place, values in enumerate(block):
            row[:] = values
            out[place] = row @ self._matrix
        return out

    @cached_property
    def _any_place(self) -> bool:
        """Whether a row has the same digits at each position of a block."""
        row = np.random.default_rng(0).standard_normal(self._matrix.shape[0])
        found = np.tile(row, (ROWS, 1)) @ self._matrix
        return bool((found == found[0]).all())


@cache
def _libraries() -> ThreadpoolController:
    """Of the loaded numerical libraries, NumPy's among them; to search for them takes longer than a small product."""
    return ThreadpoolController()


def columns_at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The columns at `places`; without a copy where they are adjacent."""
    if adjoin(places):
        return values[:, places[0] : places[0] + len(places)]
    return np.take(values, places, axis=1)


def adjoin(places: np.ndarray) -> bool:
    """Whether places are adjacent and ascending."""
    return len(places) > 0 and np.array_equal(places, np.arange(places[0], places[0] + len(places)))
