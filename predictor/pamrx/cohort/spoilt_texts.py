"""Names and words of a part that no sample can bear: too long, or no text. Their samples are set aside."""

from __future__ import annotations

import pyarrow as pa

from pamrx.readers.boundary import MAX_LABEL
from pamrx.readers.parquet_file import texts_of

_SHOWN = 40


def checked_names(column: pa.ChunkedArray, spoilt: dict[int, str]) -> list[str]:
    """(n,) names of samples, empty where there is none; `spoilt` gets what is wrong with one, which is then cut."""
    cells = _checked("sample_id", column, spoilt)
    return ["" if cell is None else str(cell).strip() for cell in cells]


def checked_words(name: str, column: pa.ChunkedArray, spoilt: dict[int, str]) -> list[object]:
    """(n,) cells of the column `name`; `spoilt` gets what is wrong with one, which is then missing."""
    cells = _checked(name, column, spoilt)
    return [None if row in spoilt else cell for row, cell in enumerate(cells)]


def _checked(name: str, column: pa.ChunkedArray, spoilt: dict[int, str]) -> list[object]:
    cells = list(texts_of(column))
    for row, cell in enumerate(cells):
        if isinstance(cell, bytes):
            spoilt[row] = f"column {name}: found text that is not UTF-8, expected text"
            cells[row] = cell.decode("utf-8", "replace")[:_SHOWN]
        elif isinstance(cell, str) and len(cell) > MAX_LABEL:
            spoilt[row] = f"column {name}: found {len(cell):,} characters, expected at most {MAX_LABEL:,}"
            cells[row] = f"{cell[:_SHOWN]}..."
    return cells
