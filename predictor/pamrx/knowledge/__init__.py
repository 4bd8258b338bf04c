"""What is known of the axis, as tables: one CSV per subject, a source in every row."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@cache
def table(name: str) -> pd.DataFrame:
    """The knowledge table `name` (`"drugs"`, `"genes"`, ...); empty cells are empty strings. Not to be changed."""
    import pandas as pd

    path = files(__package__) / f"{name}.csv"
    with path.open("r", encoding="utf-8") as handle:
        return pd.read_csv(handle, dtype=str, keep_default_na=False)
