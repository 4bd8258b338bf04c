"""What changed between two result tables of the same samples: predictions, ranks, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import InputError

KEYS = ("sample_id", "drug")
NUMBERS = ("ln_ic50", "sensitivity_percentile", "rank")
CHANCES = ("chance", "viability_chance")
"""Compared where both tables have them."""

SAME = 1e-6
"""Two ln IC50 that differ by less are one."""

MODEL, ONLY_A, ONLY_B = "model", "only in A", "only in B"


@short_repr
@dataclass(frozen=True)
class Difference:
    """How table B differs from table A.

    Attributes
    ----------
    table : one row per sample and drug of either side: sample_id, drug; `<name>_a`, `<name>_b` and `<name>_change` of
        each number; changed (whether ln IC50, rank or a chance is another); why: `only in A`, `only in B`, `screen
        GDSC1 to GDSC2`, `evidence 0.12 to 0.98`, `flag platform to none`, `model` where the profile's part is the same,
        or empty.
    drugs : index drug: mean_change, largest_change (of ln IC50, the largest either way), mean_rank_change, r (of
        both sides over the samples).
    first : index sample_id: first_a, first_b, the drugs of rank 1, where they differ.
    """

    table: pd.DataFrame
    drugs: pd.DataFrame
    first: pd.DataFrame

    @property
    def both(self) -> pd.DataFrame:
        """The rows of samples and drugs that both sides have."""
        return self.table[~self.table["why"].isin((ONLY_A, ONLY_B))]


def difference(a: pd.DataFrame, b: pd.DataFrame, same_profiles: bool = False) -> Difference:
    """Compare two result tables (`pamrx.prediction.schema`).

    Parameters
    ----------
    same_profiles : the very same profiles were predicted, so that evidence and flags differ by the model.

    Raises
    ------
    InputError
        If they share no sample and drug, or one lacks a column or repeats a row.
    """
    for name, side in (("A", a), ("B", b)):
        if missing := [column for column in (*KEYS, *NUMBERS) if column not in side.columns]:
            raise InputError(f"table {name}: no column {missing[0]}; expected a result of pamrx predict or pamrx score")
        if side.duplicated(list(KEYS)).any():
            row = side[side.duplicated(list(KEYS))].iloc[0]
            raise InputError(
                f"table {name}: sample {row['sample_id']}, drug {row['drug']} stands twice; expected one row of each "
                "sample and drug, of one run"
            )
    a, b = (_with_numbers(side, name) for name, side in (("A", a), ("B", b)))
    merged = a.merge(b, on=list(KEYS), how="outer", suffixes=("_a", "_b"), indicator=True, sort=False)
    if not (merged["_merge"] == "both").any():
        shown = " and ".join(f"{name} has {_first_row(side)}" for name, side in (("A", a), ("B", b)))
        raise InputError(f"the tables share no sample and drug: {shown}; expected two results of the same samples")
    table = merged[list(KEYS)].copy()
    changed = pd.Series(False, index=merged.index)
    for name in (*NUMBERS, *(one for one in CHANCES if one in a.columns and one in b.columns)):
        one, other = merged[f"{name}_a"], merged[f"{name}_b"]
        table[f"{name}_a"], table[f"{name}_b"], table[f"{name}_change"] = one, other, other - one
        if name != "sensitivity_percentile":
            changed |= ((other - one).abs() > SAME) | (one.isna() != other.isna())
    table["changed"] = changed
    table["why"] = _why(merged, changed, ("screen",) if same_profiles else ("flag", "evidence", "screen"))
    return Difference(table, _drugs(table), _first(table))


def _with_numbers(side: pd.DataFrame, name: str) -> pd.DataFrame:
    present = [column for column in (*NUMBERS, *CHANCES) if column in side.columns]
    out = side.copy()
    for column in present:
        try:
            out[column] = side[column].astype(float)
        except (TypeError, ValueError):
            raise InputError(
                f"table {name}: column {column} holds text; expected numbers, as pamrx writes them"
            ) from None
    return out


def _first_row(side: pd.DataFrame) -> str:
    return f"sample {side['sample_id'].iloc[0]}, {side['drug'].iloc[0]}" if len(side) else "no row"


def _why(merged: pd.DataFrame, changed: pd.Series, reasons: Sequence[str]) -> pd.Series:
    """What explains each change, the last of the reasons that holds: the screen before evidence, that before a flag."""
    why = pd.Series(np.where(changed, MODEL, ""), index=merged.index, dtype=object)
    for name in reasons:
        if f"{name}_a" not in merged.columns or f"{name}_b" not in merged.columns:
            continue
        sides = [merged[f"{name}_{side}"] for side in ("a", "b")]
        if name == "evidence":
            texts = [side.astype(float).map("{:.2f}".format) for side in sides]
        else:
            texts = [
                side.astype(object).where(side.notna(), "").map(lambda word: str(word) or "none") for side in sides
            ]
        other = changed & (texts[0] != texts[1])
        why[other] = name + " " + texts[0][other] + " to " + texts[1][other]
    why[merged["_merge"] == "left_only"] = ONLY_A
    why[merged["_merge"] == "right_only"] = ONLY_B
    return why


def _drugs(table: pd.DataFrame) -> pd.DataFrame:
    both = table.dropna(subset=["ln_ic50_a", "ln_ic50_b"])
    rows = {}
    for drug, part in both.groupby("drug", sort=True):
        change = part["ln_ic50_change"].to_numpy(dtype=float)
        varies = len(part) > 2 and part["ln_ic50_a"].std() > 0 and part["ln_ic50_b"].std() > 0
        rows[str(drug)] = {
            "mean_change": change.mean(),
            "largest_change": change[np.abs(change).argmax()],
            "mean_rank_change": part["rank_change"].mean(),
            "r": part["ln_ic50_a"].corr(part["ln_ic50_b"]) if varies else np.nan,
        }
    columns = ["mean_change", "largest_change", "mean_rank_change", "r"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(index="drug")


def _first(table: pd.DataFrame) -> pd.DataFrame:
    sides = {
        f"first_{side}": table[table[f"rank_{side}"] == 1].drop_duplicates("sample_id").set_index("sample_id")["drug"]
        for side in ("a", "b")
    }
    both = pd.DataFrame(sides).dropna()
    return both[both["first_a"] != both["first_b"]]
