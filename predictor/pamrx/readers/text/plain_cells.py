"""Small tables as text in which every number has a decimal point, whatever country its spreadsheet was of."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pamrx.readers.text.files import Head, is_parquet
from pamrx.readers.text.number_forms import read_forms
from pamrx.readers.text.raw_table import read_text_cells


def read_plain_cells(file: Path, notes: list[str]) -> pd.DataFrame:
    """The cells of a table as `read_text_cells` gives them, numbers with decimal commas rewritten with points.

    `notes` gets how the file was opened, and the form of its numbers.

    Raises
    ------
    PamrxError
        As `read_text_cells` and `read_forms`.
    """
    cells = read_text_cells(file, notes)
    if is_parquet(file):
        return cells
    header, places = list(cells.columns), list(range(cells.shape[1]))
    texts = cells.set_axis(places, axis=1).replace("", None)
    read, told = read_forms(str(file), header, texts, places, Head(file).delimiter != ",")
    notes += told
    changed = [place for place in places if pd.api.types.is_numeric_dtype(read[place].dtype)]
    for place in changed:
        texts[place] = read[place].map(lambda value: "" if pd.isna(value) else repr(float(value)))
    return texts.fillna("").set_axis(header, axis=1) if changed else cells
