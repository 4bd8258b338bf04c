"""From what a reader read to viabilities: 1 is the mean of the untreated controls of the plate, 0 its background."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError

from pamrx_training.screens.wells import Wells

PLATE_COLUMNS = ["plate", "sample_id", "n_controls", "control", "background", "control_cv", "z_prime", "control_drift"]

FEWEST_FOR_DRIFT = 4
"""Fewest control wells with a position by which drift over a plate is told."""

_POSITION = re.compile(r"([A-Z]+)0*(\d+)")


@short_repr
@dataclass(frozen=True)
class Normalised:
    """Treated wells as viabilities.

    Attributes
    ----------
    wells : one row per treated well: plate, sample_id, drug, dose_um, viability (1 is the control), gr (growth-rate
        inhibition; NaN without a day-0 value or where the control did not grow), doublings (of the control; likewise).
    plates : one row per plate and sample, `PLATE_COLUMNS`: n_controls (wells), control and background (as read),
        control_cv, z_prime (NaN without blanks or kill controls in two wells or more), control_drift (NaN without four
        controls with positions). Empty where the values were viabilities already.
    """

    wells: pd.DataFrame
    plates: pd.DataFrame


def normalise(wells: Wells) -> Normalised:
    """Viabilities, GR values and the quality of each plate.

    The control of a plate and sample is the median of its control wells, the background the mean of its blank wells (0
    without any). Z' = 1 - 3 (sd of controls + sd of the low end) / |difference of their means| (Zhang, Journal of
    Biomolecular Screening 1999), the low end being the kill controls, else the blanks.

    Raises
    ------
    InputError
        In one line, if a plate has no control for a sample, or its control is no higher than its background.
    """
    table = wells.table
    treated = table[table["role"] == "treated"]
    if treated.empty:
        raise InputError(f"no treated well among {len(table)}; expected wells of the role treated with drug and dose")
    if wells.normalised:
        kept = treated.assign(viability=treated["value"], gr=np.nan, doublings=np.nan)
        return Normalised(_tidy(kept), pd.DataFrame(columns=PLATE_COLUMNS))
    starts = _day0(table)
    rows, plates = [], []
    for plate, on_plate in table[table["role"] != "day0"].groupby("plate", sort=True):
        for sample, own in on_plate[on_plate["role"] == "treated"].groupby("sample_id", sort=True):
            quality = _quality(str(plate), str(sample), on_plate)
            plates.append(quality)
            background = float(quality["background"])
            span, net = float(quality["control"]) - background, own["value"] - background
            start = starts.get((str(plate), str(sample)), starts.get((None, str(sample)), np.nan))
            gr, doublings = gr_values(net, span, start)
            rows.append(own.assign(viability=net / span, gr=gr, doublings=doublings))
    return Normalised(_tidy(pd.concat(rows, ignore_index=True)), pd.DataFrame(plates, columns=PLATE_COLUMNS))


def gr_values(counts: pd.Series, control: float, start: float) -> tuple[pd.Series, float]:
    """GR of each count: 2^(log2(x / x0) / log2(xctrl / x0)) - 1, and the control's doublings.

    Hafner, Nature Methods 2016. A count is taken for at least a millionth of the start, as the authors' own code does
    (`SRC/python/gr50/__init__.py` of datarail/gr_metrics at commit 159452e08d925663322547fd8a7df2ec368a56e7).

    Parameters
    ----------
    counts : of treated wells, less the background.
    control, start : of untreated wells, at the end and when the drug was added; NaN where unknown.
    """
    if not (start > 0 and control > start):
        return pd.Series(np.nan, index=counts.index), (np.nan if not start > 0 else float(np.log2(control / start)))
    doublings = float(np.log2(control / start))
    logs = np.log2(np.maximum(counts.to_numpy(dtype=float) / start, 1e-6))
    return pd.Series(2.0 ** (logs / doublings) - 1.0, index=counts.index), doublings


def _tidy(wells: pd.DataFrame) -> pd.DataFrame:
    return wells[["plate", "sample_id", "drug", "dose_um", "viability", "gr", "doublings"]].reset_index(drop=True)


def _day0(table: pd.DataFrame) -> dict[tuple[str | None, str], float]:
    """(plate, sample) and (None, sample) -> mean day-0 value less the background of the plate that it was read on."""
    day0 = table[table["role"] == "day0"]
    blank = table[table["role"] == "blank"].groupby("plate")["value"].mean()
    net = day0["value"] - day0["plate"].map(blank).astype(float).fillna(0.0)
    starts: dict[tuple[str | None, str], float] = {
        (None, str(sample)): float(values.mean()) for sample, values in net.groupby(day0["sample_id"])
    }
    for (plate, sample), values in net.groupby([day0["plate"], day0["sample_id"]]):
        starts[str(plate), str(sample)] = float(values.mean())
    return starts


def _quality(plate: str, sample: str, on_plate: pd.DataFrame) -> dict[str, Any]:
    controls = _of_sample(plate, sample, on_plate, "control")
    if controls.empty:
        raise InputError(
            f"plate {plate}: no control well for {sample}; expected wells of the role control (untreated or vehicle) "
            "on the same plate, or a column viability in place of the values as read"
        )
    blanks = on_plate[on_plate["role"] == "blank"]["value"]
    kills = _of_sample(plate, sample, on_plate, "kill")["value"]
    background = float(blanks.mean()) if len(blanks) else 0.0
    level = float(controls["value"].median())
    if level <= background:
        raise InputError(
            f"plate {plate}: the control of {sample} ({level:.4g}) is not above the background ({background:.4g}); "
            "are control and blank wells exchanged?"
        )
    deviation = float(controls["value"].std(ddof=1)) if len(controls) > 1 else np.nan
    low = kills if len(kills) else blanks
    z_prime = np.nan
    if len(low) > 1 and len(controls) > 1:
        apart = abs(float(controls["value"].mean()) - float(low.mean()))
        z_prime = 1.0 - 3.0 * (deviation + float(low.std(ddof=1))) / apart if apart > 0 else -np.inf
    drift = control_drift(controls["well"], controls["value"], level - background)
    cv = deviation / (level - background)
    found = [plate, sample, len(controls), level, background, cv, z_prime, drift]
    return dict(zip(PLATE_COLUMNS, found, strict=True))


def _of_sample(plate: str, sample: str, on_plate: pd.DataFrame, role: str) -> pd.DataFrame:
    """Wells of a role that are this sample's: those that name it, else those that name none, where it is alone."""
    wells = on_plate[on_plate["role"] == role]
    own = wells[wells["sample_id"] == sample]
    if len(own):
        return own
    nameless = wells[wells["sample_id"] == ""]
    others = set(on_plate.loc[on_plate["role"] == "treated", "sample_id"]) - {sample}
    if len(nameless) and others:
        raise InputError(
            f"plate {plate}: holds {sample} and {min(others)}, but its {role} wells name no sample_id; name it for each"
        )
    return nameless


def control_drift(wells: pd.Series, values: pd.Series, span: float) -> float:
    """How far the controls rise or fall across the plate, as a part of the control: a straight line over rows and
    columns, from one end of the controls to the other; the larger of both. NaN where positions are too few."""
    places = [match for match in map(_position, wells) if match is not None]
    if len(places) != len(wells) or len(places) < FEWEST_FOR_DRIFT:
        return float("nan")
    drifts = []
    for axis in np.array(places, dtype=float).T:
        extent = float(np.ptp(axis))
        if extent > 0:
            drifts.append(abs(float(np.polyfit(axis, values.to_numpy(dtype=float), 1)[0])) * extent / span)
    return max(drifts, default=float("nan"))


def _position(well: object) -> tuple[int, int] | None:
    match = _POSITION.fullmatch(str(well).strip().upper())
    if match is None:
        return None
    row = 0
    for letter in match[1]:
        row = 26 * row + ord(letter) - ord("A") + 1
    return row, int(match[2])
