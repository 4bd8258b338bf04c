"""A user's own measured responses from a file: tidy rows, or a matrix of samples and drugs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError, UsageError, did_you_mean, nearest
from pamrx.knowledge.drugs import resolve
from pamrx.readers.boundary import boundary
from pamrx.readers.text.files import PathLike, check_file
from pamrx.readers.text.raw_table import read_text_cells

SAMPLE, DRUG = ("sample_id", "sample"), ("drug",)
VALUE = ("value", "ln_ic50")
LN_IC50 = "ln_ic50"

DIRECTIONS = ("lower", "higher")
"""At which end of a score a sample is the more sensitive."""

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
_LARGEST = 30.0
"""No ln IC50 in micromolar is as far from 0: 10^13 micromolar is no concentration."""
_UNIT_RANGE, _ENOUGH = 1.5, 20
"""So many values between 0 and this are shares of viability, not logarithms."""


@short_repr
@dataclass(frozen=True)
class OwnResponses:
    """Measured responses.

    Attributes
    ----------
    values : (n_samples, n_drugs), lower being more sensitive; columns are names of `knowledge/drugs.csv`.
    is_ln_ic50 : whether they are ln IC50 in micromolar, and not just any score.
    notes : what was read, averaged and left out.
    """

    values: pd.DataFrame
    is_ln_ic50: bool
    notes: tuple[str, ...]


def read_responses(path: PathLike, direction: str | None = None) -> OwnResponses:
    """Read responses: columns sample_id, drug and value, or drugs beside sample_id, or samples beside drug.

    Parameters
    ----------
    direction : `lower` or `higher` for any score, the end at which a sample is the more sensitive; None for ln IC50 in
        micromolar.

    Raises
    ------
    InputError
        For a file that is none of these, a cell that is no number, and values that cannot be ln IC50.
    UsageError
        For another word as direction.
    """
    if direction is not None and direction not in DIRECTIONS:
        words = " or ".join(DIRECTIONS)
        raise UsageError(
            f"--direction: unknown word '{direction}'; expected {words}{did_you_mean(direction, DIRECTIONS)}"
        )
    opened: list[str] = []
    with boundary(path, "a table of responses"):
        file = str(check_file(path))
        cells = read_text_cells(check_file(path), opened)
        cells = cells.set_axis([str(name).strip() for name in cells.columns], axis=1)
        tidy, said = _tidy(file, cells)
        if direction is None:
            _check_ln_ic50(file, tidy["value"].dropna().to_numpy(dtype=float), said == LN_IC50)
        values, notes = _by_drug(file, tidy)
    if direction == "higher":
        values = -values
    return OwnResponses(values, direction is None, (*opened, *notes))


def _tidy(file: str, cells: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Rows of sample_id, drug, value and where it stood; and the small name of the column of values."""
    by_lower = {name.lower(): name for name in reversed(list(cells.columns))}
    sample = next((by_lower[name] for name in SAMPLE if name in by_lower), None)
    drug = next((by_lower[name] for name in DRUG if name in by_lower), None)
    if sample is None and drug is None:
        close = nearest("sample_id", list(cells.columns))
        advice = f"rename {close} to sample_id" if close else "name the column of samples sample_id"
        shown = ", ".join(map(str, cells.columns[:5]))
        raise InputError(f"{file}: header: no column sample_id or drug; found {shown}; {advice}")
    if sample is not None and drug is not None:
        value = next((by_lower[name] for name in VALUE if name in by_lower), None)
        if value is None:
            others = [name for name in cells.columns if name not in (sample, drug)]
            shown = ", ".join(others[:5]) or "no other"
            raise InputError(f"{file}: header: no column value; found {shown}; rename that of the response to value")
        rows = pd.DataFrame({"sample_id": cells[sample], "drug": cells[drug], "text": cells[value]})
        rows["place"] = [f"row {number}, column {value}" for number in range(1, len(rows) + 1)]
        said = value.lower()
    else:
        key = sample if sample is not None else drug
        assert key is not None
        matrix = cells.assign(row=range(1, len(cells) + 1)).melt([key, "row"], var_name="other", value_name="text")
        names = ("sample_id", "drug") if sample is not None else ("drug", "sample_id")
        rows = pd.DataFrame({names[0]: matrix[key], names[1]: matrix["other"], "text": matrix["text"]})
        rows["place"] = [
            f"row {number}, column {other}" for number, other in zip(matrix["row"], matrix["other"], strict=True)
        ]
        said = ""
    for name in ("sample_id", "drug"):
        rows[name] = rows[name].map(lambda text: str(text).strip())
    rows["value"] = [_number(file, place, text) for place, text in zip(rows["place"], rows["text"], strict=True)]
    return rows[(rows["sample_id"] != "") & (rows["drug"] != "")], said


def _number(file: str, place: str, text: object) -> float:
    word = str(text).strip()
    if word.lower() in _MISSING:
        return float("nan")
    try:
        found = float(word)
    except ValueError:
        found = float("inf")
    if not np.isfinite(found) or "_" in word:
        remedy = (
            "write the limit itself, or leave the cell empty"
            if word[0] in "<>"
            else "write a point before decimals"
            if "," in word
            else "leave the cell empty where nothing was measured"
        )
        raise InputError(f"{file}: {place}: found '{word[:30]}'; expected a number: {remedy}")
    return found


def _check_ln_ic50(file: str, values: np.ndarray, named: bool) -> None:
    if not len(values):
        raise InputError(f"{file}: no value; expected a number for each sample and drug that was measured")
    other = "for another score than ln IC50 add --direction lower or --direction higher"
    if np.abs(values).max() > _LARGEST:
        raise InputError(
            f"{file}: found values up to {np.abs(values).max():g}; expected ln IC50, the natural logarithm of "
            f"micromolar: convert them, or {other}"
        )
    if not named and len(values) >= _ENOUGH and values.min() >= 0 and values.max() <= _UNIT_RANGE:
        raise InputError(
            f"{file}: found values from {values.min():g} to {values.max():g}, as shares of viability have; expected "
            f"ln IC50: {other}, or name the column ln_ic50"
        )


def _by_drug(file: str, tidy: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """(n_samples, n_drugs) with pamrx's names of drugs, and what became of the rest."""
    names, unknown = {}, []
    for name in dict.fromkeys(tidy["drug"]):
        try:
            names[name] = resolve(name).name
        except UsageError:
            unknown.append(name)
    if not names:
        shown = ", ".join(unknown[:3])
        raise InputError(f"{file}: no drug that pamrx knows; found {shown}; `pamrx drugs` lists names and synonyms")
    rows = tidy[tidy["drug"].isin(list(names))].dropna(subset="value")
    rows = rows.assign(drug=rows["drug"].map(names))
    twice = int(rows.duplicated(["sample_id", "drug"]).sum())
    values = rows.pivot_table(index="sample_id", columns="drug", values="value", aggfunc="mean", sort=False)
    notes = [f"{file}: {len(rows)} responses of {values.shape[0]} samples to {values.shape[1]} drugs"]
    if twice:
        notes.append(f"{file}: {twice} repeated measurements, averaged with the first of the sample and drug")
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        notes.append(f"{file}: {len(unknown)} drugs that pamrx does not know, left out: {', '.join(unknown[:5])}{more}")
    return values.rename_axis(columns=None), notes
