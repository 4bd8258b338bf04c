"""A scored cohort in one table: drugs by groups of samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from pamrx.cohort.writer import PREDICTED, WORK
from pamrx.tables import write_csv

SENSITIVE = 80.0
"""A sample is predicted sensitive to a drug from this sensitivity percentile on: as sensitive as the most sensitive
fifth of the reference lines."""

LITTLE_EVIDENCE = 0.5
"""Below this share of the evidence that the model can use, the evidence counts as missing."""

UNKNOWN = "(unknown)"
ALL = "(all)"


def write_summary(folder: Path, path: Path) -> None:
    """One row per drug and group, and per drug over all; from the finished parts, read one at a time.

    Columns: drug, screen, group, n, mean_ln_ic50, share_sensitive (sensitivity_percentile of `SENSITIVE` or more),
    mean_evidence, share_missing_evidence (evidence under `LITTLE_EVIDENCE`), share_flagged.
    """
    sums: pd.DataFrame | None = None
    for part in sorted((folder / PREDICTED).glob("*.parquet")):
        columns = ["sample_id", "drug", "screen", "ln_ic50", "sensitivity_percentile", "evidence", "flag"]
        table = pq.read_table(part, columns=columns).to_pandas()
        groups = pq.read_table(folder / WORK / "groups" / part.name).to_pandas().set_index("sample_id")["group"]
        table["group"] = table["sample_id"].map(groups).astype(object).fillna(UNKNOWN)
        for group in (table["group"], ALL):
            found = _sums(table.assign(group=group))
            sums = found if sums is None else sums.add(found, fill_value=0.0)
    if sums is None:
        sums = _sums(
            pd.DataFrame(columns=["drug", "screen", "group", "ln_ic50", "sensitivity_percentile", "evidence", "flag"])
        )
    n = sums["n"]
    out = pd.DataFrame(
        {
            "n": n.astype("int64"),
            "mean_ln_ic50": sums["ln_ic50"] / n,
            "share_sensitive": sums["sensitive"] / n,
            "mean_evidence": sums["evidence"] / n,
            "share_missing_evidence": sums["missing"] / n,
            "share_flagged": sums["flagged"] / n,
        }
    ).reset_index()
    out["last"] = out["group"] == ALL
    out = out.sort_values(["drug", "last", "group"]).drop(columns="last")
    write_csv(out, path, "%.6g", named=folder / "summary.csv")


def _sums(table: pd.DataFrame) -> pd.DataFrame:
    told = table.assign(
        n=1.0,
        sensitive=(table["sensitivity_percentile"] >= SENSITIVE).astype(float),
        missing=(table["evidence"] < LITTLE_EVIDENCE).astype(float),
        flagged=(table["flag"].fillna("") != "").astype(float),
    )
    keys = ["drug", "screen", "group"]
    return told.groupby(keys)[["n", "ln_ic50", "sensitive", "evidence", "missing", "flagged"]].sum().astype(np.float64)
