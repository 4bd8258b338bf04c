"""Which column of a table of wells is what, and what its words mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd
from pamrx.errors import InputError, UsageError, did_you_mean

PARTS: dict[str, tuple[str, ...]] = {
    "sample_id": ("sampleid", "sample", "cellline", "celllinename", "line", "model", "modelid", "organoid"),
    "drug": ("drug", "drugname", "compound", "compoundname", "treatment", "agent"),
    "plate": ("plate", "plateid", "platename", "barcode", "assayplate"),
    "well": ("well", "wellid", "position", "wellposition"),
    "role": ("role", "welltype", "type", "content", "tag", "control"),
    "value": (
        "value",
        "signal",
        "intensity",
        "luminescence",
        "fluorescence",
        "absorbance",
        "rlu",
        "cellcount",
        "count",
    ),
    "viability": ("viability", "relativeviability", "cellviability"),
    "percent": ("viabilitypercent", "percentviability", "viabilitypct", "relativeviabilitypercent"),
}
"""What a column holds -> its names, in lower case, letters and digits only."""

UNITS = {"um": 1.0, "nm": 1e-3, "pm": 1e-6, "mm": 1e3, "m": 1e6}
"""Unit of a dose -> micromolar."""

ROLES: dict[str, tuple[str, ...]] = {
    "treated": ("treated", "treatment", "drug", "compound", "sample", "test", "library"),
    "control": ("control", "negativecontrol", "negative", "vehicle", "dmso", "untreated", "nc", "neg"),
    "kill": ("positivecontrol", "positive", "kill", "pc", "pos", "maxinhibition"),
    "blank": ("blank", "background", "medium", "media", "nocells", "b"),
    "day0": ("day0", "time0", "t0", "dayzero", "baseline"),
    "unused": ("unused", "empty", "excluded", "edge", "none"),
}
"""What a well is for -> the words for it, in lower case, letters and digits only."""

VEHICLES = frozenset({"dmso", "vehicle", "untreated", "control", "negativecontrol", "medium", "media"})
"""Names of drugs that are none: without a column of roles their wells are controls."""

_DOSE = re.compile(r"(?:dose|conc|concentration)(um|nm|pm|mm|m)?")


def key(text: object) -> str:
    """In lower case, letters and digits only; both signs for micro are `u`."""
    plain = str(text).lower().replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    return re.sub(r"[^a-z0-9]", "", plain)


def find_parts(file: str, header: list[str]) -> dict[str, str]:
    """Part -> its column; `dose` is among the parts.

    Raises
    ------
    InputError
        If two columns could be one part.
    """
    found: dict[str, str] = {}
    for name in header:
        plain = key(name)
        part = next((part for part, names in PARTS.items() if plain in names), None)
        if part is None and _DOSE.fullmatch(plain):
            part = "dose"
        if part is None:
            continue
        if part in found:
            raise InputError(
                f"{file}: the columns '{found[part]}' and '{name}' could both be the {part}; rename or remove one"
            )
        found[part] = name
    return found


def dose_factor(file: str, column: str, unit: str | None) -> float:
    """What a dose of this column is multiplied with to be micromolar.

    Raises
    ------
    UsageError
        If neither the column's name nor `unit` says, they disagree, or `unit` is unknown.
    """
    match = _DOSE.fullmatch(key(column))
    named = match[1] if match else None
    if unit is not None and key(unit) not in UNITS:
        raise UsageError(f"--dose-unit '{unit}' found; expected uM, nM, pM, mM or M{did_you_mean(unit, UNITS)}")
    given = None if unit is None else key(unit)
    if named and given and named != given:
        raise UsageError(f"{file}: the column '{column}' and --dose-unit {unit} disagree; leave out --dose-unit")
    if named is None and given is None:
        raise UsageError(
            f"{file}: the column '{column}' does not say its unit; add --dose-unit uM (or nM, pM, mM, M), or name the "
            "column dose_um"
        )
    return UNITS[named or given or "um"]


def numbers(file: str, column: str, texts: pd.Series) -> pd.Series:
    """The cells of a column as numbers, NaN where empty or `NA`.

    Raises
    ------
    InputError
        For any other text; the message names the row as a spreadsheet counts it.
    """
    stripped = texts.str.strip()
    values = pd.to_numeric(stripped, errors="coerce").astype(float)
    bad = values.isna() & ~stripped.str.upper().isin(["", "NA", "NAN", "N/A"])
    bad |= values.abs() == float("inf")
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(
            f"{file}, row {row + 2}, column {column}: found '{texts.iloc[row]}', expected a number or an empty cell"
        )
    return values


def roles(file: str, column: str, texts: pd.Series, extra: Mapping[str, str] | None = None) -> pd.Series:
    """The role that each word stands for; an empty cell is `treated`.

    Raises
    ------
    InputError
        For a word that is none of `ROLES`.
    """
    by_word = {word: role for role, words in ROLES.items() for word in words} | {"": "treated"} | dict(extra or {})
    keys = texts.map(key)
    unknown = ~keys.isin(list(by_word))
    if unknown.any():
        row = int(unknown.to_numpy().argmax())
        raise InputError(
            f"{file}, row {row + 2}, column {column}: found '{texts.iloc[row]}', expected one of {', '.join(ROLES)}"
            f"{did_you_mean(texts.iloc[row], ROLES)}"
        )
    return keys.map(by_word)
