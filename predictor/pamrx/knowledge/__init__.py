"""What is known of the axis, as tables: one CSV per subject, a source in every row.

Some of these tables decide what a feature is: which changes are hotspots, which genes belong to the axis, which miRNA
lowers what. A model must meet the table that it was trained with, so their rows are **staged**. The tables as a whole
have a version, `NEWEST`; a row that came later has its first version in the column `since`, one that no longer holds
its last in `until`, and empty means always. A bundle names the version that it was trained with and its features are
read from the table of that version until it is trained again; new training takes the newest, and so does all that is
only shown. To change a row of a staged table, keep the old one with `until`, add the new one with `since`, and raise
`NEWEST` once per release in which any row changes.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FIRST = 1
"""The version of every bundle that names none."""

NEWEST = 2
"""The newest version of the tables: what new training learns from, and what is shown to people."""

SINCE, UNTIL = "since", "until"


def table(name: str, version: int = NEWEST) -> pd.DataFrame:
    """The knowledge table `name` as it stands in a version; empty cells are empty strings. Not to be changed.

    Parameters
    ----------
    name : "drugs", "genes", ...
    version : of the tables, `FIRST` to `NEWEST`. A table that is not staged is the same in all.

    Raises
    ------
    ValueError
        If there is no such version.
    """
    if not FIRST <= version <= NEWEST:
        raise ValueError(f"version {version} of the knowledge tables; this pamrx has {FIRST} to {NEWEST}")
    return _at(name, version)


@cache
def every_version(name: str) -> pd.DataFrame:
    """All rows of a table that ever held, with `since` and `until` where it is staged."""
    import pandas as pd

    path = files(__package__) / f"{name}.csv"
    with path.open("r", encoding="utf-8") as handle:
        return pd.read_csv(handle, dtype=str, keep_default_na=False)


@cache
def _at(name: str, version: int) -> pd.DataFrame:
    rows = every_version(name)
    if SINCE not in rows:
        return rows
    since = rows[SINCE].replace("", str(FIRST)).astype(int)
    until = rows[UNTIL].replace("", str(NEWEST)).astype(int)
    held = rows[(since <= version) & (version <= until)]
    return held.drop(columns=[SINCE, UNTIL]).reset_index(drop=True)
