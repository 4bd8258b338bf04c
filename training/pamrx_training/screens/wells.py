"""Wells from a long table: one row per well, whatever its columns are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.readers.boundary import boundary
from pamrx.readers.text.files import check_file
from pamrx.readers.text.plain_cells import read_plain_cells
from pamrx.readers.text.workbook import split_sheet

from pamrx_training.screens import gdsc_raw
from pamrx_training.screens.columns import VEHICLES, dose_factor, find_parts, key, numbers, roles

COLUMNS = ["plate", "well", "sample_id", "drug", "dose_um", "role", "value"]


@short_repr
@dataclass(frozen=True)
class Wells:
    """The wells of a screen.

    Attributes
    ----------
    table : one row per well that was read: plate, well (None where not given), sample_id (empty where the well holds
        no sample), drug, dose_um (float64), role (see `pamrx_training.screens.columns.ROLES`), value (float64).
    normalised : whether the values are viabilities already (1 is the control), so that no control is needed.
    notes : what was read and what was left out, a sentence each.
    """

    table: pd.DataFrame
    normalised: bool = False
    notes: list[str] = field(default_factory=list)


def read_cells(path: str | Path, notes: list[str]) -> tuple[str, pd.DataFrame]:
    """What messages call the file, and its cells as text."""
    file = check_file(path)
    with boundary(file, "a table of wells"):
        cells = read_plain_cells(file, notes)
    return str(file), cells.map(lambda cell: str(cell).strip() if cell is not None else "")


def plate_name(file: str | Path) -> str:
    """The plate that a file is: its name without its endings."""
    name = split_sheet(file)[0].name
    return name.split(".")[0] if not name.startswith(".") else name


def wells_of(file: str, cells: pd.DataFrame, dose_unit: str | None) -> Wells:
    """Wells from the cells of a long table.

    Raises
    ------
    PamrxError
        In one line, if a column is missing, doubled or of unknown unit, or a cell is no number or no role.
    """
    header = [str(name) for name in cells.columns]
    if gdsc_raw.is_gdsc_raw(header):
        return Wells(*gdsc_raw.wells_of(file, cells))
    parts = find_parts(file, header)
    reading = _reading(file, header, parts)
    for part in ("sample_id", "drug", "dose"):
        if part not in parts:
            shown = ", ".join(header[:10])
            raise InputError(
                f"{file}: no column for the {part}; found {shown}; expected sample_id, drug, dose_um, value"
            )
    table = pd.DataFrame(
        {
            "plate": cells[parts["plate"]] if "plate" in parts else plate_name(file),
            "well": cells[parts["well"]] if "well" in parts else None,
            "sample_id": cells[parts["sample_id"]],
            "drug": cells[parts["drug"]],
            "dose_um": numbers(file, parts["dose"], cells[parts["dose"]]) * dose_factor(file, parts["dose"], dose_unit),
            "value": numbers(file, parts[reading], cells[parts[reading]]),
        }
    )
    table["role"] = _roles(file, cells, parts, table)
    normalised, told = False, []
    if reading != "value":
        normalised, told = True, _as_fraction(file, parts[reading], table, percent=reading == "percent")
    _check_doses(file, table, parts["dose"])
    return Wells(*_kept(file, table, normalised, told))


def _reading(file: str, header: list[str], parts: dict[str, str]) -> str:
    """Which part holds what was read of a well."""
    given = [part for part in ("value", "viability", "percent") if part in parts]
    if not given:
        raise InputError(
            f"{file}: no column for what was measured; found {', '.join(header[:10])}; expected value (as the plate "
            "reader gave it) or viability (1 is the control)"
        )
    if len(given) > 1:
        named = " and ".join(f"'{parts[part]}'" for part in given)
        raise InputError(f"{file}: the columns {named} could both be what was measured; rename or remove one")
    return given[0]


def _roles(file: str, cells: pd.DataFrame, parts: dict[str, str], table: pd.DataFrame) -> pd.Series:
    """The column of roles; without one, wells of no drug or of dose 0 are controls."""
    if "role" in parts:
        return roles(file, parts["role"], cells[parts["role"]])
    vehicle = table["drug"].map(key).isin(VEHICLES | {""}) | (table["dose_um"] == 0)
    return pd.Series(np.where(vehicle, "control", "treated"), index=table.index)


def _as_fraction(file: str, column: str, table: pd.DataFrame, percent: bool) -> list[str]:
    """Bring viabilities to 1 for the control, in place; what was taken for what.

    Most wells decide: a few that grew beyond the control make no percent of a fraction.
    """
    high = float(table["value"].quantile(0.9)) if len(table) else 0.0
    if percent or high > 5:
        table["value"] /= 100.0
        return [f"{file}: column {column}: read as percent of the control"]
    if high > 2:
        raise InputError(
            f"{file}, column {column}: a tenth of the values lie above {high:.3g}, neither fractions nor percent of a "
            "control; name the column value if it is what the plate reader gave, or viability_percent"
        )
    return []


def _check_doses(file: str, table: pd.DataFrame, column: str) -> None:
    bad = (table["role"] == "treated") & ~(table["dose_um"] > 0)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        found = table["dose_um"].iloc[row]
        shown = "no dose" if np.isnan(found) else f"{found:g}"
        raise InputError(
            f"{file}, row {row + 2}, column {column}: found {shown} for a treated well, expected a dose above 0; a "
            "well without drug needs the role control"
        )
    nameless = (table["role"] == "treated") & ((table["drug"] == "") | (table["sample_id"] == ""))
    if nameless.any():
        row = int(nameless.to_numpy().argmax())
        raise InputError(f"{file}, row {row + 2}: a treated well without drug or sample_id; name both, or its role")


def _kept(file: str, table: pd.DataFrame, normalised: bool, told: list[str]) -> tuple[pd.DataFrame, bool, list[str]]:
    """The wells that count, and what was read and left out."""
    unused, unread = table["role"] == "unused", table["value"].isna()
    kept = table[~unused & ~unread].reset_index(drop=True)
    if kept.empty:
        raise InputError(f"{file}: no well with a value; found {len(table)} rows, all unused or empty")
    counts = ", ".join(f"{count} {role}" for role, count in kept["role"].value_counts().items())
    notes = [f"{file}: {len(kept)} wells ({counts}), values {'viabilities' if normalised else 'as read'}", *told]
    left = int((unread & ~unused).sum())
    if left:
        notes.append(f"{file}: {left} wells without a value were left out")
    if unused.any():
        notes.append(f"{file}: {int(unused.sum())} wells marked unused were left out")
    return kept[COLUMNS], normalised, notes
