"""Matrices of any source brought to the names and scales of `Profiles`: the one place where that is decided.

A source is a file, an AnnData object, a request or a cohort that is read in chunks. Its labels become `Columns`; the
units of their groups are settled over all samples (`statistics` of each chunk, then `decide`); then each chunk goes
through `faults`, which finds samples that do not fit, and `normalise`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from pamrx.errors import InputError
from pamrx.identifiers.columns import CALLS_OF, Columns
from pamrx.identifiers.copy_number import CALLED, differs
from pamrx.identifiers.genes import with_mirna_names
from pamrx.identifiers.unit_statistics import FLAT_GENES, LINEAR_ABOVE, Statistics, is_code
from pamrx.identifiers.units import (
    LOG2,
    Decision,
    Scale,
    decide_copy_number,
    decide_levels,
    misfits,
    to_scale,
)
from pamrx.readers.matrices.matrix import Matrix

_UNDECIDED = Decision(LOG2, "", "", forced=True)


class Fault(NamedTuple):
    """A cell that its sample cannot be used for: row and column of the matrix, what is wrong, and the whole message."""

    row: int
    column: int
    wrong: str
    source: str


def statistics(columns: Columns) -> dict[str, Statistics]:
    """Empty statistics for each group of columns, to which `gather` adds chunks."""
    called = columns.kind in CALLS_OF
    return {group: Statistics(int(mask.sum()), called) for group, mask in columns.groups().items()}


def gather(found: Mapping[str, Statistics], columns: Columns, values: np.ndarray, names: Sequence[object]) -> None:
    """Add (n, columns) values of n named samples to the statistics of each group."""
    for group, mask in columns.groups().items():
        found[group].add(values if mask.all() else values[:, mask], names)


def with_values(found: Mapping[str, Statistics]) -> dict[str, Statistics]:
    """The groups that have any value: where missing blocks are allowed, of others there is nothing to decide."""
    return {group: one for group, one in found.items() if not one.empty}


def decide(
    columns: Columns,
    found: Mapping[str, Statistics],
    what: str,
    scale: Scale = "auto",
    unit: str | None = None,
    copy_number_unit: str | None = None,
) -> dict[str, Decision]:
    """The scale of each group of columns, from the statistics of all samples.

    Parameters
    ----------
    what : the source, for messages; the kind of ncRNA is added.
    scale, unit : as `decide_levels`; the unit is that of expression only.
    copy_number_unit : as `decide_copy_number`.

    Raises
    ------
    PamrxError
        As `decide_levels` and `decide_copy_number`.
    """
    if columns.kind in CALLS_OF:
        return {group: decide_copy_number(one, what, copy_number_unit) for group, one in found.items()}
    if columns.kind == "expression":
        return {group: decide_levels(one, what, scale, unit, "--expression-unit") for group, one in found.items()}
    return {group: decide_levels(one, f"{what} ({group})", scale) for group, one in found.items()}


def scales_shown(
    columns: Columns,
    found: Mapping[str, Statistics],
    what: str,
    unit: str | None = None,
    copy_number_unit: str | None = None,
) -> dict[str, str]:
    """The scale that a shard of a cohort shows of each group of columns, where it shows one: all must show the same.

    Raises
    ------
    PamrxError
        As `decide_levels`; copy number is settled over all shards.
    """
    if columns.kind not in CALLS_OF:
        return {group: one.scale for group, one in decide(columns, found, what, unit=unit).items()}
    shown = {group: differs(one.seen) if copy_number_unit is None else None for group, one in found.items()}
    return {group: scale for group, scale in shown.items() if scale is not None}


def faults(columns: Columns, values: np.ndarray, decisions: Mapping[str, Decision]) -> list[Fault]:
    """The first cell of each sample that cannot be on the scale of its group, samples in order."""
    first: dict[int, Fault] = {}
    for group, mask in columns.groups().items():
        # Without a finite value nothing is decided, and only infinite ones can be at fault.
        decision = decisions.get(group, _UNDECIDED)
        part = values if mask.all() else values[:, mask]
        if decision.scale == LOG2 and _within(part):
            continue
        places = np.flatnonzero(mask)
        with np.errstate(invalid="ignore"):
            for bad, expected in misfits(part, decision):
                for row in np.flatnonzero(bad.any(axis=1)):
                    column = int(np.argmax(bad[row]))
                    cell = part[row, column]
                    shown = "an infinite value" if np.isinf(cell) else f"{cell:.4g}"
                    code = f"; leave the cell empty if {cell:g} stands for a missing value" if is_code(cell) else ""
                    fault = Fault(int(row), int(places[column]), f"found {shown}, {expected}{code}", decision.source)
                    first.setdefault(int(row), fault)
    return [first[row] for row in sorted(first)]


def normalise(
    columns: Columns,
    values: np.ndarray,
    decisions: Mapping[str, Decision],
    index: pd.Index,
    notes: list[str],
    what: str,
) -> pd.DataFrame:
    """(n, genes) on the scale of `Profiles`, from (n, columns) values without faults, which are written over.

    Samples whose genes all have one value are not measured. Genes that are named more than once become one column: the
    highest value of each sample, so that a sample reads the same alone and in a crowd; for copy number the shared
    value, missing where they differ.
    """
    values = values.astype(np.float64, copy=False)
    called = columns.kind in CALLS_OF
    scale = decisions.get(columns.kind)
    for group, mask in columns.groups().items():
        decision = decisions.get(group)
        if decision is None or decision.scale == LOG2 or (called and decision.scale != CALLED):
            continue
        if mask.all():
            values = to_scale(values, decision)
        else:
            values[:, mask] = to_scale(values[:, mask], decision)
    if columns.kind == "expression" and len(columns.names) >= FLAT_GENES:
        values[_flat(values)] = np.nan
    frame = pd.DataFrame(values, index=index, columns=pd.Index(columns.names, dtype=object), copy=False)
    frame = _merged(what, frame, "copy_number" if called else columns.kind, notes)
    if called and scale is not None and scale.scale != CALLED:  # once the columns of one gene are one
        frame = pd.DataFrame(to_scale(frame.to_numpy(), scale), frame.index, frame.columns, copy=False)
    return with_mirna_names(frame) if columns.kind == "ncrna" else frame


def levels_of(
    matrix: Matrix,
    notes: list[str],
    *,
    scale: Scale = "auto",
    unit: str | None = None,
    copy_number_unit: str | None = None,
    rejected: dict[str, str] | None = None,
    scales: dict[str, str] | None = None,
) -> pd.DataFrame:
    """A matrix that was read whole as `Profiles` holds it: samples x genes, on its scale.

    Parameters
    ----------
    notes : gets what was decided and merged, one sentence each.
    scale, unit, copy_number_unit : as `decide`.
    rejected : where given, gets for each sample with a cell that cannot be used what is wrong with the first; its
        values are then missing, and no error is raised for it, nor for a matrix without any number.
    scales : gets the scale of each group of columns whose values show one.

    Raises
    ------
    PamrxError
        If the unit cannot be settled, all samples are flat, or, without `rejected`, for a cell that cannot be used.
    """
    columns, values = matrix.columns, matrix.values.to_numpy(dtype=np.float64, copy=True)
    samples = [str(name) for name in matrix.values.index]
    found = statistics(columns)
    gather(found, columns, values, samples)
    if rejected is not None:
        found = with_values(found)
    decisions = decide(columns, found, matrix.source, scale, unit, copy_number_unit)
    for fault in faults(columns, values, decisions):
        name, gene = samples[fault.row], columns.given[fault.column]
        if rejected is None:
            raise InputError(f"{fault.source}: sample {name}, gene {gene}: {fault.wrong}")
        rejected.setdefault(name, f"{columns.kind}.{gene}: {fault.wrong}")
        values[fault.row] = np.nan
    notes += decision_notes(decisions, found, len(samples), matrix.source)
    if scales is not None:
        scales |= {group: decision.scale for group, decision in decisions.items() if decision.evident}
    return normalise(columns, values, decisions, matrix.values.index, notes, matrix.source)


def decision_notes(
    decisions: Mapping[str, Decision], found: Mapping[str, Statistics], samples: int, what: str
) -> list[str]:
    """What was decided, and which samples have one value in all genes of their expression, one sentence each.

    Raises
    ------
    PamrxError
        If all samples have.
    """
    notes = [decision.note for decision in decisions.values()]
    flat = found["expression"].flat if "expression" in found else []
    if not flat:
        return notes
    if len(flat) == samples:
        level = found["expression"].maxima[0][0]
        raise InputError(
            f"{what}: all genes of sample {flat[0]} have the value {level:.4g}, and so on in every sample; expected "
            "levels that differ"
        )
    return [*notes, f"{what}: {len(flat)} samples have one value for all genes, such as {flat[0]}: not measured"]


def _within(part: np.ndarray) -> bool:
    """Whether no level is infinite or too far from 0 for a logarithm: mostly so, and known after two passes."""
    return bool(
        np.fmax.reduce(part, axis=None, initial=0.0) <= LINEAR_ABOVE
        and np.fmin.reduce(part, axis=None, initial=0.0) >= -LINEAR_ABOVE
    )


def _flat(values: np.ndarray) -> np.ndarray:
    """Rows whose known values are all the same, of `FLAT_GENES` genes or more: they say nothing of any gene."""
    flat = np.zeros(len(values), dtype=bool)
    some = values[:, :FLAT_GENES]
    # Most rows differ within a few genes, and are not looked at further.
    rows = np.flatnonzero(~(np.fmax.reduce(some, axis=1) > np.fmin.reduce(some, axis=1)))
    rest = values[rows]
    enough = np.count_nonzero(~np.isnan(rest), axis=1) >= FLAT_GENES
    flat[rows] = enough & (np.fmax.reduce(rest, axis=1) == np.fmin.reduce(rest, axis=1))
    return flat


def _merged(what: str, frame: pd.DataFrame, kind: str, notes: list[str]) -> pd.DataFrame:
    """One column per gene: the highest value of each sample, or for copy number the shared value."""
    repeated = frame.columns.duplicated(keep=False)
    if not repeated.any():
        return frame
    groups = frame.loc[:, repeated].T.groupby(level=0, sort=False)
    high = groups.max().T
    if kind == "copy_number":
        merged = high.where(high == groups.min().T)
        unclear = int((high.notna() & merged.isna()).sum().sum())
        how = f"shared value kept, {unclear} cells that differ are missing"
    else:
        merged = high
        how = "each sample's highest value kept"
    word = "ncRNAs" if kind == "ncrna" else "genes"
    notes.append(f"{what}: {merged.shape[1]} {word} are named more than once, such as {merged.columns[0]}; {how}")
    order = frame.columns.drop_duplicates()
    return pd.concat([frame.loc[:, ~repeated], merged], axis=1)[order]
