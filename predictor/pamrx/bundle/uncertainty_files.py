"""Intervals and applicability as plain numbers, the files of a bundle.

```
uncertainty.json     difficulty, limits, skills
scales.parquet       mean out-of-fold error by pattern of evidence and assay
scores.parquet       scaled out-of-fold errors by family and line
panel.parquet        mean profile and leading components of the training lines' transcripts
```
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pamrx.prediction.applicability import Applicability, Panel
from pamrx.prediction.intervals import Difficulty, Intervals

TABLES = ("scales", "scores", "panel")
STATE = "uncertainty"


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


def from_state(content: dict[str, Any], tables: dict[str, pd.DataFrame]) -> tuple[Intervals, Applicability]:
    """What `state_of` was given. Raises KeyError or ValueError where something lacks."""
    stored, assays = content["difficulty"], list(content["assays"])
    stored = {**stored, "scale": [np.inf if value is None else value for value in stored["scale"]]}
    numbers = {name: np.array(stored[name], dtype=float) for name in ("mean", "sd", "centre", "scale", "slope")}
    difficulty = Difficulty(names=list(stored["names"]), **numbers)
    intervals = Intervals(assays, tables["scales"][assays], difficulty, tables["scores"][assays])
    values = tables["panel"].to_numpy(dtype=float)
    panel = Panel(
        list(tables["panel"].index), values[:, 0], np.ascontiguousarray(values[:, 1:].T), np.array(content["spread"])
    )
    limits = content["limits"]
    return intervals, Applicability(panel, limits["platform"], limits["biology"], dict(content["skill"]))


def _plain(value: float) -> float | None:
    """JSON has no infinity, which marks a covariate that never varied."""
    return None if np.isinf(value) else float(value)
