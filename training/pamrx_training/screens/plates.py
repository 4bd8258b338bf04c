"""Wells from plate grids as a reader writes them (8 x 12 or 16 x 24 numbers), and a map of what each well holds."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pandas as pd
from pamrx.errors import InputError, UsageError

from pamrx_training.screens.columns import find_parts, numbers
from pamrx_training.screens.wells import Wells, plate_name, read_cells, wells_of

SHAPES = {(8, 12): 96, (16, 24): 384}
"""Rows and columns -> wells."""

_WELL = re.compile(r"([A-P])0*([1-9]\d?)")


def read_screen(
    paths: list[Path], layout: Path | None = None, plates: Path | None = None, dose_unit: str | None = None
) -> Wells:
    """The wells of all files of a screen: long tables, or plate grids with a map.

    Parameters
    ----------
    layout : the map of plate grids: a table with the columns well, drug, dose_um, role, and sample_id or plate where
        wells or plates differ in them.
    plates : a table with the columns plate and sample_id, for plates that share a map; role `day0` marks plates that
        were read before the drugs were added.
    dose_unit : unit of a column of doses that does not name it.

    Raises
    ------
    PamrxError
        In one line, if a file cannot be read, a grid has no map or a map no grid, or files differ in what they hold.
    """
    notes: list[str] = []
    read = [(path, *read_cells(path, notes)) for path in paths]
    for _, file, cells in read:
        _check_labelled(file, cells)
    grids = [is_grid(cells) for _, _, cells in read]
    if any(grids) and not all(grids):
        raise InputError(
            f"{read[grids.index(True)][1]} is a plate grid and {read[grids.index(False)][1]} is a long table; fit one "
            "kind at a time"
        )
    if not any(grids):
        if layout is not None or plates is not None:
            raise UsageError(f"{read[0][1]}: is no plate grid; --map and --plates go with plate grids, leave them out")
        found = [wells_of(file, cells, dose_unit) for _, file, cells in read]
    else:
        if layout is None:
            raise UsageError(
                f"{read[0][1]}: is a plate grid; add --map TABLE with the columns well, drug, dose_um, role"
            )
        found = _mapped(read, layout, plates, dose_unit, notes)
    kinds = {wells.normalised for wells in found}
    if len(kinds) > 1:
        raise InputError(f"{read[0][1]}: some files hold viabilities and some values as read; fit one kind at a time")
    table = pd.concat([wells.table for wells in found], ignore_index=True)
    twice = table["well"].notna() & table.duplicated(["plate", "well"], keep=False) & (table["well"] != "")
    if twice.any():
        row = table[twice].iloc[0]
        raise InputError(
            f"{read[0][1]}: well {row['well']} of plate {row['plate']} stands twice; expected once; give plates of "
            "several files names of their own"
        )
    return Wells(table, kinds.pop(), notes + [note for wells in found for note in wells.notes])


def is_grid(cells: pd.DataFrame) -> bool:
    """Whether a table is a plate: letters down, numbers across."""
    columns = [str(name).strip() for name in cells.columns[1:]]
    rows = [str(name).strip().upper() for name in cells.iloc[:, 0]]
    across = columns == [str(number) for number in range(1, len(columns) + 1)]
    return across and bool(rows) and rows == list(string.ascii_uppercase[: len(rows)])


def _check_labelled(file: str, cells: pd.DataFrame) -> None:
    """Refuse a plate without its letters and numbers, whose first row is taken for a header.

    Raises
    ------
    InputError
        Then.
    """
    size = (len(cells) + 1, cells.shape[1])
    if (
        size in SHAPES
        and pd.to_numeric(pd.Series([str(name) for name in cells.columns]), errors="coerce").notna().all()
    ):
        last = string.ascii_uppercase[size[0] - 1]
        raise InputError(
            f"{file}: {size[0]} x {size[1]} values without labels; put 1 to {size[1]} above the columns and A to "
            f"{last} before the rows"
        )


def grid_values(file: str, cells: pd.DataFrame) -> dict[str, float]:
    """Well (`A1`) -> value, NaN where empty.

    Raises
    ------
    InputError
        If the grid is of no known size or a cell is no number.
    """
    size = (len(cells), cells.shape[1] - 1)
    if size not in SHAPES:
        raise InputError(
            f"{file}: a plate of {size[0]} rows and {size[1]} columns; expected 8 x 12 (96 wells) or 16 x 24 (384); "
            "leave cells of wells that were not used empty"
        )
    letters = [str(name).strip().upper() for name in cells.iloc[:, 0]]
    values: dict[str, float] = {}
    for place, column in enumerate(cells.columns[1:], start=1):
        for letter, value in zip(letters, numbers(file, str(column), cells.iloc[:, place]), strict=True):
            values[f"{letter}{place}"] = value
    return values


def well_name(text: str) -> str | None:
    """`A01`, `a1`, `A1` -> `A1`; None where it is no well of a plate."""
    match = _WELL.fullmatch(text.strip().upper())
    return f"{match[1]}{match[2]}" if match else None


def _mapped(
    read: list[tuple[Path, str, pd.DataFrame]],
    layout: Path,
    plates: Path | None,
    dose_unit: str | None,
    notes: list[str],
) -> list[Wells]:
    file, plan = read_cells(layout, notes)
    parts = find_parts(file, [str(name) for name in plan.columns])
    for part in ("well", "drug", "dose"):
        if part not in parts:
            raise InputError(f"{file}: no column for the {part}; expected a map with well, drug, dose_um, role")
    if any(part in parts for part in ("value", "viability", "percent")):
        raise InputError(f"{file}: a map holds no measurements; expected well, drug, dose_um, role, sample_id or plate")
    names = plan[parts["well"]].map(well_name)
    if names.isna().any():
        row = int(names.isna().to_numpy().argmax())
        found = plan[parts["well"]].iloc[row]
        raise InputError(f"{file}, row {row + 2}, column {parts['well']}: found '{found}', expected a well such as B7")
    plan = plan.assign(**{parts["well"]: names})
    samples = _plate_table(plates, notes) if plates is not None else None
    if "sample_id" not in parts and samples is None:
        raise UsageError(f"{file}: names no sample; add a column sample_id, or --plates TABLE with plate and sample_id")
    return [
        _one_plate(path, grid_file, cells, file, plan, parts, samples, dose_unit) for path, grid_file, cells in read
    ]


def _one_plate(
    path: Path,
    grid_file: str,
    cells: pd.DataFrame,
    file: str,
    plan: pd.DataFrame,
    parts: dict[str, str],
    samples: pd.DataFrame | None,
    dose_unit: str | None,
) -> Wells:
    plate = plate_name(path)
    values = grid_values(grid_file, cells)
    if "plate" in parts:
        plan = plan[plan[parts["plate"]] == plate]
        if plan.empty:
            raise InputError(f"{file}: its column {parts['plate']} does not name the plate {plate}, which {path} is")
    doubled = plan[parts["well"]].duplicated()
    if doubled.any():
        raise InputError(
            f"{file}: well {plan.loc[doubled, parts['well']].iloc[0]} stands twice for plate {plate}; expected once"
        )
    outside = ~plan[parts["well"]].isin(list(values))
    if outside.any():
        well = plan.loc[outside, parts["well"]].iloc[0]
        raise InputError(f"{file}: names well {well}, which the {len(values)}-well plate {grid_file} does not have")
    long = plan.assign(plate=plate, value=plan[parts["well"]].map(values).map(lambda x: "" if pd.isna(x) else repr(x)))
    if "plate" in parts and parts["plate"] != "plate":
        long = long.drop(columns=parts["plate"])
    if samples is not None:
        long = _with_sample(long, parts, samples, plate, path)
    return _of_map(file, wells_of(file, long, dose_unit), grid_file, len(values) - len(plan))


def _with_sample(
    long: pd.DataFrame, parts: dict[str, str], samples: pd.DataFrame, plate: str, path: Path
) -> pd.DataFrame:
    """The rows of a plate with the sample, and the role day0, that the table of plates gives it."""
    if plate not in samples.index:
        raise InputError(
            f"--plates: no row for the plate {plate}, which {path} is; found {', '.join(samples.index[:8])}"
        )
    given = samples.loc[plate]
    long = long.drop(columns=[parts["sample_id"]] if "sample_id" in parts else []).assign(sample_id=given["sample_id"])
    if given["day0"]:
        long = long.drop(columns=[parts["role"]] if "role" in parts else []).assign(role="day0")
    return long


def _plate_table(path: Path, notes: list[str]) -> pd.DataFrame:
    """Index plate; columns sample_id, day0."""
    file, cells = read_cells(path, notes)
    parts = find_parts(file, [str(name) for name in cells.columns])
    for part in ("plate", "sample_id"):
        if part not in parts:
            raise InputError(f"{file}: no column for the {part}; expected plate and sample_id")
    if cells[parts["plate"]].duplicated().any():
        doubled = cells.loc[cells[parts["plate"]].duplicated(), parts["plate"]].iloc[0]
        raise InputError(f"{file}: plate {doubled} stands twice, expected once")
    words = cells[parts["role"]].str.lower() if "role" in parts else pd.Series("", index=cells.index)
    unknown = ~words.isin(["", "day0", "treated"])
    if unknown.any():
        row = int(unknown.to_numpy().argmax())
        raise InputError(
            f"{file}, row {row + 2}: found the role '{words.iloc[row]}' of a plate, expected day0 or nothing"
        )
    frame = pd.DataFrame({"sample_id": cells[parts["sample_id"]], "day0": words == "day0"})
    return frame.set_axis(pd.Index(cells[parts["plate"]], name="plate"))


def _of_map(file: str, wells: Wells, grid_file: str, unnamed: int) -> Wells:
    notes = [note.replace(file, grid_file, 1) for note in wells.notes]
    if unnamed:
        notes.append(f"{grid_file}: {unnamed} wells that the map does not name were left out")
    return Wells(wells.table, wells.normalised, notes)
