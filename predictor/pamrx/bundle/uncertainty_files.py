"""Intervals and applicability as plain numbers, the files of a bundle.

```
uncertainty.json     difficulty, limits, skills
scales.parquet       mean out-of-fold error by pattern of evidence and assay
scores.parquet       scaled out-of-fold errors by family and line
panel.parquet        mean profile and leading components of the training lines' transcripts
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pamrx.bundle.refusal import refusal, shown
from pamrx.bundle.strict_json import Fields, read_json
from pamrx.bundle.strict_table import read_table
from pamrx.prediction.applicability import Applicability, Panel
from pamrx.prediction.intervals import FAMILIES, Difficulty, Intervals
from pamrx.prediction.missing_data import all_patterns, pattern_name

TABLES = ("scales", "scores", "panel")
STATE = "uncertainty"

SMALLEST = 1e-9
"""What something is divided by is never below."""


def state_of(intervals: Intervals, applicability: Applicability) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Plain JSON and the tables of `TABLES`, all numbers."""
    difficulty, panel = intervals.difficulty, applicability.panel
    content = {
        "assays": intervals.assays,
        "difficulty": {
            "names": difficulty.names,
            **{name: getattr(difficulty, name).tolist() for name in ("mean", "sd", "centre", "scale", "slope")},
        },
        "limits": {"platform": applicability.platform, "biology": applicability.biology},
        "skill": dict(applicability.skill),
        "spread": panel.spread.tolist(),
    }
    content["difficulty"]["scale"] = [_plain(value) for value in difficulty.scale]
    parts = {"mean": panel.mean} | {f"component_{k:02d}": row for k, row in enumerate(panel.components)}
    tables = {
        "scales": intervals.scale,
        "scores": intervals.scores,
        "panel": pd.DataFrame(parts, index=panel.genes, dtype=float),
    }
    return content, tables


def read_uncertainty(
    contents: Mapping[str, bytes], folder: Path, features: Sequence[str], assays: Sequence[str]
) -> tuple[Intervals, Applicability]:
    """What `state_of` was given, from the bytes of a bundle's files.

    Parameters
    ----------
    folder : of the bundle, in messages.
    features, assays : of the model.

    Raises
    ------
    BundleError
        If a file is not what is written for this model.
    """
    file = folder / f"{STATE}.json"
    state = Fields(read_json(contents[file.name], file), file)
    state.only(("assays", "difficulty", "limits", "skill", "spread"))
    patterns = [pattern_name(pattern) for pattern in all_patterns()]
    if state["assays"] != list(assays):
        raise state.refused("assays", state["assays"], "the assays of model.json in their order")
    scale = read_table(contents["scales.parquet"], folder / "scales.parquet", columns=assays, least=SMALLEST)
    lacking = set(patterns).difference(scale.index)
    if lacking:
        raise refusal(folder / "scales.parquet", f"no row {min(lacking)}", "a row for each pattern of evidence")
    difficulty = _difficulty(state.below("difficulty"), len(assays))
    intervals = Intervals(list(assays), scale.frame(), difficulty, _scores(contents, folder, assays))
    limits = state.below("limits")
    applicability = Applicability(
        _panel(contents, folder, features, state),
        limits.number("platform", SMALLEST),
        limits.number("biology", SMALLEST),
        state.by_name("skill", patterns),
    )
    return intervals, applicability


def _difficulty(stored: Fields, n_assays: int) -> Difficulty:
    stored.only(("names", "mean", "sd", "centre", "scale", "slope"))
    names = stored.names("names")
    shape = (len(names),)
    # JSON has no infinity, which marks a covariate that never varied.
    scale = stored["scale"]
    if not isinstance(scale, list):
        raise stored.refused("scale", scale, "a list of numbers")
    filled = Fields({"scale": [1.0 if value is None else value for value in scale]}, stored.file, stored.place)
    sizes = filled.numbers("scale", shape, SMALLEST)
    return Difficulty(
        mean=stored.numbers("mean", (n_assays,)),
        sd=stored.numbers("sd", (n_assays,), SMALLEST),
        names=names,
        centre=stored.numbers("centre", shape),
        scale=np.where([value is None for value in scale], np.inf, sizes),
        slope=stored.numbers("slope", shape),
    )


def _scores(contents: Mapping[str, bytes], folder: Path, assays: Sequence[str]) -> pd.DataFrame:
    file = folder / "scores.parquet"
    scores = read_table(contents[file.name], file, columns=assays, missing=True, least=0.0)
    family = np.array([name.partition(".")[0] for name in scores.index], dtype=object)
    strange = set(family).difference(FAMILIES)
    if strange:
        raise refusal(file, f"rows of family {shown(min(strange))}", f"families {', '.join(FAMILIES)}")
    without = np.isnan(scores.numbers[:, family == FAMILIES[0]]).all(axis=1)
    if without.any():
        raise refusal(file, f"no error of {shown(assays[int(without.argmax())])}", f"rows of family {FAMILIES[0]}")
    return scores.frame()


def _panel(contents: Mapping[str, bytes], folder: Path, features: Sequence[str], state: Fields) -> Panel:
    file = folder / "panel.parquet"
    table = read_table(contents[file.name], file)
    genes, values = table.index, table.values
    k = values.shape[1] - 1
    expected = ["mean", *(f"component_{number:02d}" for number in range(k))]
    if table.columns != expected:
        raise refusal(file, f"columns {shown(', '.join(table.columns))}", shown(", ".join(expected)))
    strange = set(genes).difference(features)
    if strange:
        raise refusal(file, f"row {shown(min(strange))}", "features of model.json")
    spread = state.numbers("spread", (k,), SMALLEST)
    return Panel(genes, values[:, 0], np.ascontiguousarray(values[:, 1:].T), spread)


def _plain(value: float) -> float | None:
    """JSON has no infinity, which marks a covariate that never varied."""
    return None if np.isinf(value) else float(value)
