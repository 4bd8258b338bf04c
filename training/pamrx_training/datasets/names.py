"""One canonical key per cell line, and the few names that need more than stripping.

A key is the line's name in upper case with letters and digits only (`MCF-7` -> `MCF7`). Two pairs of different lines
share a key: `T-T` (oesophagus, COSMIC 1299064) and `TT` (thyroid, 930299); `KM-H2` (Hodgkin lymphoma, 909976) and
`KMH-2` (thyroid, 1298167). Their keys carry the COSMIC id (`TT-930299`). Where a source spells out the name exactly
the pair can be told apart; where it carries only the stripped name it cannot, and its values belong to neither.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import pandas as pd

COLLIDING_NAMES = {
    "T-T": "TT-1299064",
    "TT": "TT-930299",
    "KM-H2": "KMH2-909976",
    "KMH-2": "KMH2-1298167",
}
"""Exact name -> key, for the lines whose stripped names are the same."""

COLLIDING_CCLE = {
    "TT_OESOPHAGUS": "TT-1299064",
    "TT_THYROID": "TT-930299",
    "KMH2_HAEMATOPOIETIC_AND_LYMPHOID_TISSUE": "KMH2-909976",
}
"""CCLE id -> key, for the same lines: the id tells them apart by tissue."""

AMBIGUOUS_KEYS = frozenset(key.split("-")[0] for key in COLLIDING_NAMES.values())
"""Stripped names that stand for two lines."""


def strip_name(name: str) -> str:
    """The name in upper case, letters and digits only: `NCI-H1975` -> `NCIH1975`."""
    return re.sub(r"[^A-Z0-9]", "", str(name).upper())


def line_key(name: str) -> str:
    """The canonical key of a cell line from its name as its source writes it, told apart by exact spelling."""
    name = str(name).strip()
    if name in COLLIDING_NAMES:
        return COLLIDING_NAMES[name]
    stripped = strip_name(name)
    return aliases().get(stripped, stripped)


def ccle_line_key(ccle_id: str) -> str:
    """The canonical key from a CCLE id, which is a stripped name and a tissue: `DMS53_LUNG` -> `DMS53`."""
    return COLLIDING_CCLE.get(ccle_id) or line_key(ccle_id.split("_", 1)[0])


def line_key_of_stripped(name: str) -> str | None:
    """The canonical key from a name that is stripped already; None where it stands for two lines."""
    stripped = strip_name(name)
    if stripped in AMBIGUOUS_KEYS:
        return None
    return aliases().get(stripped, stripped)


@cache
def aliases() -> dict[str, str]:
    """Stripped alias -> canonical key, from `cell_line_aliases.csv`."""
    table = alias_table()
    return dict(zip(table["alias"], table["cell_line"], strict=True))


@cache
def alias_table() -> pd.DataFrame:
    """Columns alias, cell_line, cosmic_id, source: one row per second name of a line. Do not change it in place."""
    with (files(__package__) / "cell_line_aliases.csv").open("r", encoding="utf-8") as handle:
        return pd.read_csv(handle, dtype=str, keep_default_na=False)
