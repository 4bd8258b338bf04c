"""Screens made up from known curves."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pandas as pd

DOSES = np.array([10 / 3**step for step in range(8)])[::-1]
"""Eight doses in uM, three-fold apart."""


def viability(dose: np.ndarray, ic50: float, slope: float = 1.2, lower: float = 0.0, upper: float = 1.0) -> np.ndarray:
    """Of a curve whose midpoint is `ic50`."""
    return np.asarray(lower + (upper - lower) / (1 + (dose / ic50) ** slope))


def long_screen(
    drugs: dict[str, dict[str, float]],
    samples: tuple[str, ...] = ("HCC1954",),
    replicates: int = 3,
    noise: float = 0.04,
    seed: int = 1,
    day0: float | None = None,
) -> pd.DataFrame:
    """A plate per sample as read (control 50,000, blank 500): six controls, four blanks, eight doses of each drug."""
    draw = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []

    def add(plate: str, sample: str, drug: str, dose: float | str, role: str, mean: float) -> None:
        value = 500 + 49_500 * (mean + noise * draw.standard_normal())
        rows.append(
            {"plate": plate, "sample_id": sample, "drug": drug, "dose_um": dose, "role": role, "value": round(value, 1)}
        )

    for sample in samples:
        plate = f"P_{sample}"
        for _ in range(6):
            add(plate, sample, "DMSO", "", "control", 1.0)
        blank = {"plate": plate, "sample_id": "", "drug": "", "dose_um": "", "role": "blank", "value": 500.0}
        rows += [dict(blank) for _ in range(4)]
        for drug, curve in drugs.items():
            for dose in DOSES:
                for _ in range(replicates):
                    add(plate, sample, drug, float(dose), "treated", float(viability(dose, **curve)))
        if day0 is not None:
            add(f"{plate}_start", sample, "", "", "day0", day0)
    frame = pd.DataFrame(rows)
    frame["well"] = [f"{string.ascii_uppercase[(i // 24) % 16]}{i % 24 + 1}" for i in range(len(frame))]
    if frame.duplicated(["plate", "well"]).any():
        frame["well"] = ""
    return frame


def written(frame: pd.DataFrame, path: Path) -> Path:
    """The frame as a file of the kind that its ending says."""
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path
