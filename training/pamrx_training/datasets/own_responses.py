"""Responses of a laboratory's own screen: one value per sample and drug, as ln IC50, AUC, GR or any score.

Training learns resistance, as ln IC50 is: whatever was measured is turned so that higher is more resistant, and never
put on the scale of another screen.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError, PamrxError, UsageError, check_word
from pamrx.identifiers.assay import AssayId
from pamrx.knowledge.drugs import resolve
from pamrx.readers.boundary import boundary
from pamrx.readers.text.files import check_file
from pamrx.readers.text.plain_cells import read_plain_cells

from pamrx_training.datasets.responses import COLUMNS

MEASURES = {"ln_ic50": 1.0, "auc": 1.0, "ln_gr50": 1.0, "gr_aoc": -1.0, "score": 0.0}
"""Measure -> sign that makes higher more resistant; a score has none of its own."""

DIRECTIONS = {"resistant": 1.0, "sensitive": -1.0}
"""What a high score means -> the same sign."""

FEWEST_SAMPLES, FEWEST_PER_DRUG, FEW_SAMPLES = 20, 15, 100
"""Samples with a profile below which nothing is learned; responses below which a drug is left out; and samples below
which the numbers of an evaluation are wide."""

_SAMPLE = ("sampleid", "sample", "cellline", "celllinename", "line", "model", "modelid", "organoid")
_DRUG = ("drug", "drugname", "compound", "compoundname")
_VALUES = {
    "lnic50": "ln_ic50", "lnic50um": "ln_ic50", "ic50um": "ic50_um", "ic50nm": "ic50_nm", "auc": "auc",
    "lngr50": "ln_gr50", "graoc": "gr_aoc", "score": "score", "value": "score", "response": "score",
}  # fmt: skip


@short_repr
@dataclass(frozen=True)
class OwnResponses:
    """A screen of one's own.

    Attributes
    ----------
    table : one row per sample and drug: sample_id, drug (as the file names it), value (as given; ln IC50 for an IC50),
        resistance (the same, its sign turned where higher means more sensitive). Sorted by drug and sample.
    measure : one of `MEASURES`.
    notes : what was read and left out, a sentence each.
    """

    table: pd.DataFrame
    measure: str
    notes: list[str] = field(default_factory=list)

    def tidy(self, screen: str) -> pd.DataFrame:
        """The rows as `tidy_responses` gives them; `ln_ic50` holds the resistance, whatever it was made of.

        `cell_line` is the sample's own name. Drugs of the axis get their names in pamrx's table, others keep theirs.
        """
        names = {name: _canonical(name) for name in self.table["drug"].unique()}
        drug = self.table["drug"].map({name: found[0] for name, found in names.items()})
        rows = pd.DataFrame(
            {
                "cell_line": self.table["sample_id"],
                "assay": drug.map({name: str(AssayId(screen, name)) for name in drug.unique()}),
                "drug": drug,
                "screen": screen,
                "range": self.table.groupby(["sample_id", drug]).cumcount(),
                "ln_ic50": self.table["resistance"],
                "auc": self.table["value"] if self.measure == "auc" else np.nan,
                "in_axis": self.table["drug"].map({name: found[1] for name, found in names.items()}).astype(bool),
                "screened_as": self.table["drug"],
            }
        )
        return rows.sort_values(["assay", "range", "cell_line"], ignore_index=True)[COLUMNS]


def read_own_responses(path: str | Path, measure: str | None = None, direction: str | None = None) -> OwnResponses:
    """Read a table of responses: a row per sample and drug, or samples x drugs.

    Parameters
    ----------
    measure : which of `MEASURES`; None takes the table's only one, or its ln IC50. A table of samples x drugs does not
        say it by itself.
    direction : what a high score means, `resistant` or `sensitive`; for a score only.

    Raises
    ------
    PamrxError
        In one line: columns that are missing, a measure that is not said, a cell that is no number or out of range.
    """
    check_word("--measure", measure, list(MEASURES))
    check_word("--direction", direction, list(DIRECTIONS))
    file, notes = check_file(path), list[str]()
    with boundary(file, "a table of responses"):
        cells = read_plain_cells(file, notes)
    keys = [re.sub(r"[^a-z0-9]", "", str(name).lower()) for name in cells.columns]
    header = [str(name) for name in cells.columns]
    sample = next((place for place, key in enumerate(keys) if key in _SAMPLE), None)
    drug = next((place for place, key in enumerate(keys) if key in _DRUG), None)
    if sample is None:
        raise InputError(f"{file}: no column for the sample; found {', '.join(header[:8])}; expected sample_id first")
    if drug is None:
        long, found = _molten(str(file), cells, sample, measure), measure or ""
    else:
        place, found = _value_column(str(file), header, keys, measure, notes)
        long = pd.DataFrame(
            {"sample_id": cells.iloc[:, sample], "drug": cells.iloc[:, drug], "text": cells.iloc[:, place]}
        )
    if found == "score" and direction is None:
        raise UsageError(
            f"{file}: a score does not say what is high; add --direction resistant or --direction sensitive"
        )
    if found != "score" and direction is not None:
        raise UsageError(f"{file}: --direction goes with a score; {found} has a direction of its own, leave it out")
    return _settled(str(file), long, found, direction, notes)


def check_sizes(responses: OwnResponses, profiled: Collection[str]) -> tuple[OwnResponses, list[str]]:
    """The responses that can be learned from, and what is said of their number before anything runs.

    Parameters
    ----------
    profiled : names of the samples that have a profile.

    Raises
    ------
    InputError
        If fewer than `FEWEST_SAMPLES` samples have both, or no drug has `FEWEST_PER_DRUG` of them.
    """
    table = responses.table[responses.table["sample_id"].isin(set(profiled))]
    both = table["sample_id"].nunique()
    without = responses.table["sample_id"].nunique() - both
    told = [f"{without} samples with a response and without a profile take no part"] if without else []
    if both < FEWEST_SAMPLES:
        raise InputError(
            f"{both} samples have a response and a profile, expected at least {FEWEST_SAMPLES}; are they named alike "
            "in both?"
        )
    counts = table.groupby("drug")["sample_id"].nunique()
    few = sorted(counts.index[counts < FEWEST_PER_DRUG])
    if len(few) == len(counts):
        raise InputError(
            f"no drug has {FEWEST_PER_DRUG} responses of samples with a profile; the most are {counts.max()} "
            f"({counts.idxmax()})"
        )
    if few:
        more = ", ..." if len(few) > 5 else ""
        told.append(
            f"{len(few)} drugs with fewer than {FEWEST_PER_DRUG} responses left out: {', '.join(few[:5])}{more}"
        )
    told.append(f"{both} samples and {len(counts) - len(few)} drugs to learn from")
    if both < FEW_SAMPLES:
        error = 1.96 / np.sqrt(both - 3)  # of Fisher's z, which is that of a small correlation
        told.append(
            f"{both} samples are few: strong single effects can be learned; a correlation on unseen samples is known "
            f"to about ±{error:.2f}, and intervals of predictions are wide"
        )
    kept = table[~table["drug"].isin(few)].reset_index(drop=True)
    return OwnResponses(kept, responses.measure, [*responses.notes, *told]), told


def _value_column(
    file: str, header: list[str], keys: list[str], measure: str | None, notes: list[str]
) -> tuple[int, str]:
    """Place and kind of the column of values: the one that is asked for, the only one, or ln IC50 of several."""
    kinds: dict[str, int] = {}
    for place, key in enumerate(keys):
        if key in _VALUES:
            kinds.setdefault(_VALUES[key], place)
    of_ic50 = [kind for kind in ("ln_ic50", "ic50_um", "ic50_nm") if kind in kinds]
    for kind in of_ic50[1:]:  # the same in another unit
        del kinds[kind]
    if measure == "score" and len(kinds) == 1:  # whatever it is called
        return next(iter(kinds.values())), "score"
    wanted = [kind for kind in kinds if measure is None or kind == measure or (measure == "ln_ic50" and "ic50" in kind)]
    if not wanted:
        what = f"the measure {measure}" if measure else "a response"
        raise InputError(
            f"{file}: no column for {what}; found {', '.join(header[:8])}; expected one of ln_ic50, ic50_um, auc, "
            "ln_gr50, gr_aoc, score"
        )
    if len(wanted) == 1:
        return kinds[wanted[0]], wanted[0]
    if "ln_ic50" not in wanted:
        first = "ln_ic50" if "ic50" in wanted[0] else wanted[0]
        raise UsageError(f"{file}: holds {', '.join(wanted)}; say which with --measure {first}")
    others = [kind for kind in wanted if kind != "ln_ic50"]
    notes.append(f"{file}: ln_ic50 is read; {', '.join(others)} stand beside it (--measure takes another)")
    return kinds["ln_ic50"], "ln_ic50"


def _molten(file: str, cells: pd.DataFrame, sample: int, measure: str | None) -> pd.DataFrame:
    """A table of samples x drugs as one row per pair."""
    if measure is None:
        raise UsageError(
            f"{file}: a table of samples and drugs does not say what was measured; add --measure ln_ic50, auc, "
            "ln_gr50, gr_aoc or score"
        )
    drugs = [name for place, name in enumerate(cells.columns) if place != sample]
    names = cells.iloc[:, sample]
    parts = [pd.DataFrame({"sample_id": names, "drug": str(name), "text": cells[name]}) for name in drugs]
    return pd.concat(parts, ignore_index=True)


def _settled(file: str, long: pd.DataFrame, kind: str, direction: str | None, notes: list[str]) -> OwnResponses:
    texts = long["text"].fillna("").str.strip()
    values = pd.to_numeric(texts, errors="coerce").astype(float)
    where = long["sample_id"] + ", " + long["drug"]
    bad = (values.isna() & ~texts.str.upper().isin(["", "NA", "NAN"])) | np.isinf(values)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(f"{file}: {where.iloc[row]}: found '{texts.iloc[row]}', expected a number or an empty cell")
    if kind in ("ic50_um", "ic50_nm"):
        _check_range(file, where, values, values > 0, "an IC50 above 0")
        logs = np.log(values.to_numpy() * (1e-3 if kind == "ic50_nm" else 1.0))
        values, kind = pd.Series(logs, index=values.index), "ln_ic50"
    if kind == "auc":
        _check_range(file, where, values, values.between(0, 1), "an AUC of 0 to 1 (for any other area --measure score)")
    nameless = (long["sample_id"].str.strip() == "") | (long["drug"].str.strip() == "")
    kept = pd.DataFrame({"sample_id": long["sample_id"].str.strip(), "drug": long["drug"].str.strip(), "value": values})
    kept = kept[values.notna() & ~nameless]
    if kept.empty:
        raise InputError(f"{file}: no response; found {len(long)} rows without a number, a sample or a drug")
    again = int(kept.duplicated(["sample_id", "drug"]).sum())
    if again:
        notes.append(f"{file}: {again} responses repeat a sample and drug: averaged")
    means = kept.groupby(["drug", "sample_id"])["value"].mean().reset_index()
    table = pd.DataFrame(means[["sample_id", "drug", "value"]])
    sign = DIRECTIONS[direction] if direction is not None else MEASURES[kind]
    table["resistance"] = sign * table["value"]
    notes.append(
        f"{file}: {len(table)} responses of {table['sample_id'].nunique()} samples to {table['drug'].nunique()} drugs, "
        f"{kind}, higher is more {'resistant' if sign > 0 else 'sensitive'}"
    )
    return OwnResponses(table, kind, notes)


def _check_range(file: str, where: pd.Series, values: pd.Series, good: pd.Series, expected: str) -> None:
    bad = values.notna() & ~good
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(f"{file}: {where.iloc[row]}: found {values.iloc[row]:g}, expected {expected}")


def _canonical(name: str) -> tuple[str, bool]:
    """The name in pamrx's table of drugs, and whether the drug is of the axis."""
    try:
        return resolve(name).name, True
    except PamrxError:
        return name, False
