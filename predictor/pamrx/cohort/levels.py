"""Levels of a cohort's matrices: on which scale they are, told once from the head of each shard, and brought to
`Profiles`' scale part by part.

A single file is judged by all of its values (`pamrx.identifiers.scale`); a part of a cohort must not be, or the same
sample would read otherwise in another part. So the scale is a property of the cohort.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pamrx.errors import PamrxError, did_you_mean
from pamrx.identifiers.copy_number import CALLS, LOG2_BOUNDS
from pamrx.identifiers.genes import clean_labels, is_circrna, is_mirna, name_columns, with_mirna_names
from pamrx.identifiers.scale import LINEAR_ABOVE
from pamrx.identifiers.units import LINEAR, UNITS, ZSCORE_CAUTION
from pamrx.readers.matrix import merge_genes

MATRICES = ("expression", "ncrna", "copy_number", "segments")
CALLED = ("copy_number", "segments")
LINEAR_SCALE, LOG_SCALE, CALL_SCALE, RATIO_SCALE = "linear", "log2", "calls -2..2", "log2 ratios"
HEAD_ROWS, HEAD_COLUMNS = 64, 512
"""Samples of a shard, and columns of a matrix of them, from which a scale is told: all would take as long to read as
the shard."""

FLAT_GENES = 20
"""Genes from which equal values in all of them are no measurement."""


@dataclass(frozen=True)
class Block:
    """The columns of one matrix: as the cohort names them, and under the names that pamrx writes."""

    kind: str
    given: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, kind: str, labels: list[str], known: frozenset[str]) -> Block:
        """Name the labels of a matrix; those without a name are dropped."""
        clean = clean_labels(labels)
        named = name_columns(clean, known, "copy_number" if kind in CALLED else kind)["name"]
        # miRNAs keep their labels until their levels are logarithms: how stem-loops become one depends on it.
        names = [c if kind == "ncrna" and is_mirna(c) else str(n) for c, n in zip(clean, named, strict=True)]
        kept = [place for place, label in enumerate(clean) if label]
        return cls(kind, tuple(labels[place] for place in kept), tuple(names[place] for place in kept))

    def places_of(self, genes: Collection[str] | None) -> list[int]:
        """The columns of some genes; all, where none is named or none of them is there."""
        found = [place for place, name in enumerate(self.names) if genes is None or name in genes]
        return found or list(range(len(self.names)))

    def at(self, places: Sequence[int]) -> Block:
        """Some of the columns."""
        return Block(self.kind, *(tuple(names[place] for place in places) for names in (self.given, self.names)))

    def some(self) -> Block:
        """At most `HEAD_COLUMNS` of the columns whose scale is told together, spread over all."""
        groups = [np.flatnonzero(mask) for mask in self.groups().values()]
        spread = [places[:: -(-len(places) // HEAD_COLUMNS)] for places in groups]
        return self.at(np.concatenate(spread).tolist())

    def groups(self) -> dict[str, np.ndarray]:
        """The columns whose scale is told together: all, or of ncRNAs those of one kind of assay."""
        if self.kind != "ncrna":
            return {self.kind: np.ones(len(self.names), dtype=bool)}
        micro = np.array([is_mirna(name) for name in self.names], dtype=bool)
        circular = np.array([is_circrna(name) for name in self.names], dtype=bool)
        groups = {"miRNA": micro, "circRNA": circular, "other ncRNA": ~(micro | circular)}
        return {what: mask for what, mask in groups.items() if mask.any()}


def told_scale(kind: str, values: np.ndarray, unit: str | None) -> str | None:
    """The scale of a group of columns, from some rows (n, columns): that of most rows, since one may be spoilt.

    None where they hold no number.
    """
    rows = values[np.isfinite(values).any(axis=1)]
    if kind == "expression" and unit is not None:
        return LINEAR_SCALE if unit in LINEAR else LOG_SCALE
    if not len(rows):
        return None
    known = np.where(np.isfinite(rows), rows, 0.0)
    if kind in CALLED:
        return CALL_SCALE if np.median((known % 1 == 0).all(axis=1)) > 0 else RATIO_SCALE
    return LINEAR_SCALE if np.median(known.max(axis=1)) > LINEAR_ABOVE else LOG_SCALE


class Scales:
    """The scale of each group of columns: that of the first shard that tells it, and of every other."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, str]] = {}

    def tell(self, where: str, shard: str, block: Block, head: np.ndarray, unit: str | None) -> None:
        """Take up one matrix of a shard, from its head (n, columns of `block`) and the unit of expression, if stated.

        Raises
        ------
        PamrxError
            If it looks otherwise than in an earlier shard; `where` begins the message.
        """
        for group, mask in block.groups().items():
            scale = told_scale(block.kind, head[:, mask], unit)
            if scale is None:
                continue
            before, first = self._told.setdefault(group, (scale, shard))
            if before != scale:
                raise PamrxError(
                    f"{where}: {group} looks like {scale}, but in {first} like {before}; expected one unit in every "
                    "shard"
                )

    @property
    def by_group(self) -> dict[str, str]:
        return {group: scale for group, (scale, _) in self._told.items()}


def check_unit(unit: str | None) -> str | None:
    """The unit, if it is one."""
    if unit is not None and unit not in UNITS:
        raise PamrxError(
            f"expression unit '{unit}' found; expected one of {', '.join(UNITS)}{did_you_mean(unit, UNITS)}"
        )
    return unit


def scale_note(group: str, scale: str, unit: str | None) -> str:
    """One sentence on what is done with the levels of a group."""
    done = {LINEAR_SCALE: "turned into log2(x + 1)", RATIO_SCALE: "turned into calls -2..2 at CNVkit's bounds"}
    told = f"{group}: read as {scale}, {done.get(scale, 'left as they are')}"
    return f"{told}. {ZSCORE_CAUTION}" if unit == "zscore" and group == "expression" else told


def wrong_cells(block: Block, values: np.ndarray, scales: dict[str, str]) -> dict[int, str]:
    """Row -> why its levels cannot be used: the first such cell."""
    wrong: dict[int, str] = {}
    for group, mask in block.groups().items():
        part = values if mask.all() else values[:, mask]
        scale = scales.get(group, LOG_SCALE)
        if scale == LOG_SCALE and _within(part):
            continue
        with np.errstate(invalid="ignore"):
            for bad, expected in _checks(part, scale):
                for row in np.flatnonzero(bad.any(axis=1)):
                    place = int(np.argmax(bad[row]))
                    name = np.array(block.given, dtype=object)[mask][place]
                    found = part[row, place]
                    what = "an infinite value" if np.isinf(found) else f"{found:g}"
                    wrong.setdefault(int(row), f"{block.kind}.{name}: found {what}, expected {expected}")
    return wrong


def levels_of(block: Block, values: np.ndarray, scales: dict[str, str], index: pd.Index) -> pd.DataFrame:
    """(n, genes) on the scale of `Profiles`, from checked values, which are written over."""
    values = values.astype(np.float64, copy=False)
    for group, mask in block.groups().items():
        if scales.get(group) == LINEAR_SCALE:
            values[:, mask] = np.log2(values[:, mask] + 1.0)
    if block.kind == "expression" and len(block.names) >= FLAT_GENES:
        values[_flat(values)] = np.nan
    frame = pd.DataFrame(values, index=index, columns=pd.Index(block.names, dtype=object), copy=False)
    frame = merge_genes(Path("cohort"), frame, "copy_number" if block.kind in CALLED else block.kind, [])
    if scales.get(block.kind) == RATIO_SCALE:  # once the columns of one gene are one, as a single file is read
        ratios = frame.to_numpy()
        calls = np.take(CALLS, np.searchsorted(LOG2_BOUNDS, ratios, side="left").clip(0, 4))
        frame = pd.DataFrame(np.where(np.isnan(ratios), np.nan, calls), frame.index, frame.columns, copy=False)
    return with_mirna_names(frame) if block.kind == "ncrna" else frame


def _within(part: np.ndarray) -> bool:
    """Whether no level is infinite or too large for a logarithm: mostly so, and told in two passes."""
    return (
        np.fmax.reduce(part, axis=None, initial=0.0) <= LINEAR_ABOVE
        and np.fmin.reduce(part, axis=None, initial=0.0) > -np.inf
    )


def _checks(part: np.ndarray, scale: str) -> list[tuple[np.ndarray, str]]:
    infinite = (np.isinf(part), "a finite number or null")
    if scale == LINEAR_SCALE:
        return [infinite, (part < 0, "no value below zero on a linear scale")]
    if scale == CALL_SCALE:
        odd = ~np.isin(part, CALLS) & ~np.isnan(part)
        return [(odd, "a call -2, -1, 0, 1 or 2")]
    if scale == LOG_SCALE:
        return [infinite, (part > LINEAR_ABOVE, f"no log2 value above {LINEAR_ABOVE:.0f}")]
    return [infinite]


def _flat(values: np.ndarray) -> np.ndarray:
    """Rows whose known values are all the same: they say nothing of any gene."""
    flat = np.zeros(len(values), dtype=bool)
    some = values[:, :FLAT_GENES]
    # Most rows differ within a few genes, and are not looked at further.
    rows = np.flatnonzero(~(np.fmax.reduce(some, axis=1) > np.fmin.reduce(some, axis=1)))
    rest = values[rows]
    enough = np.count_nonzero(~np.isnan(rest), axis=1) >= FLAT_GENES
    flat[rows] = enough & (np.fmax.reduce(rest, axis=1) == np.fmin.reduce(rest, axis=1))
    return flat
