"""Which columns of a table with genes in rows are samples, and which are quantities of one sample or of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.quantities import (
    COPY,
    GENERIC,
    LEVEL,
    LOG_RATIO,
    OTHER,
    Quantity,
    affix_of,
    few,
    name_key,
    quantity_of,
)
from pamrx.readers.matrices.sample_columns import name_of_file
from pamrx.readers.text.raw_table import RawTable

_FAMILIES: dict[str | None, tuple[str, ...]] = {
    "expression": (LEVEL,), "ncrna": (LEVEL,), "copy_number": (COPY,), "segments": (COPY,), None: (LEVEL, COPY),
}  # fmt: skip
_WHAT: dict[str | None, str] = {
    "expression": "expression", "ncrna": "ncRNA", "copy_number": "copy number", "segments": "copy number",
    None: "level or copy number",
}  # fmt: skip


_ROWS, _HEAD = 20, 200


@short_repr
@dataclass(frozen=True)
class Columns:
    """Columns of levels by position, and the sample of each.

    `word` is the quantity that was taken, "" where the columns bear samples' names alone; `one_sample` whether the
    columns were quantities of one; `copies` whether their name says that they hold copy number.
    """

    places: tuple[int, ...]
    names: tuple[str, ...]
    word: str = ""
    one_sample: bool = False
    copies: bool = False


def chosen_columns(
    source: str, table: RawTable, places: Sequence[int], words: Sequence[str], kind: str | None, notes: list[str]
) -> Columns:
    """The columns of samples among those that hold numbers.

    Parameters
    ----------
    places : the columns that are no annotation.
    words : for each column of the table the quantity that a second header line tells, "" where there is none.
    kind : "expression", "ncrna", "copy_number" or "segments": which quantity is taken; None for either.

    Raises
    ------
    PamrxError
        Where all are quantities of one sample, and none of them or several could be taken.
    """
    if any(words[place] for place in places):
        told = {place: (words[place], quantity_of(words[place]), table.header[place]) for place in places}
        known = {
            place: (word, quantity, sample) for place, (word, quantity, sample) in told.items() if quantity is not None
        }
        return _best_of_each(source, table, known, kind, notes)
    own = {place: quantity for place in places if (quantity := quantity_of(table.header[place])) is not None}
    others = [place for place in places if place not in own]
    fitting = [place for place, quantity in own.items() if quantity.family != GENERIC and fits_kind(quantity, kind)]
    if fitting:
        others = [place for place in others if table.column(place).notna().any()]
    if not own and not others:
        return Columns((), ())
    if not others:
        return _of_one_sample(source, table, own, kind, notes)
    if len(fitting) > 1 or (fitting and len(others) == 1):
        raise InputError(
            f"{source}: beside {few([table.header[p] for p in fitting])}, a quantity and no sample, stands "
            f"{few([table.header[p] for p in others])}, which could be a sample; remove the columns of "
            "the one or the other"
        )
    if own:
        notes.append(f"{source}: columns left out that are no samples: {few([table.header[p] for p in own])}")
    others = _without_companions(source, table, others, kind, notes)
    affixed = {place: found for place in others if (found := affix_of(table.header[place])) is not None}
    if len(affixed) == len(others) and any(fits_kind(quantity, kind) for _, quantity, _ in affixed.values()):
        return _best_of_each(source, table, affixed, kind, notes)
    return Columns(tuple(others), tuple(table.header[place] for place in others))


def _without_companions(
    source: str, table: RawTable, places: list[int], kind: str | None, notes: list[str]
) -> list[int]:
    """The columns without those that go with a sample or number the rows: `S1_sd` beside `S1`, flags, row numbers."""
    names = {table.header[place] for place in places}
    found = {place: affix_of(table.header[place]) for place in places}
    left = [p for p, affix in found.items() if affix is not None and affix[1].family == OTHER and affix[2] in names]
    if len(places) > 1 and len(table) >= _ROWS:
        left += _rows_counted_or_flagged(table, places, kind not in ("copy_number", "segments"))
    if left and len(left) < len(places):
        notes.append(f"{source}: columns left out that are no samples: {few([table.header[p] for p in sorted(left)])}")
        return [place for place in places if place not in left]
    return places


def _rows_counted_or_flagged(table: RawTable, places: Sequence[int], flags: bool) -> list[int]:
    """Columns that number the rows, and with `flags` those of 0 and 1 where most hold fractions: told by first rows."""
    numeric = [place for place in places if not table.is_text(place)]
    head = table.head(numeric, _HEAD)
    counting = np.isin(head[0], (0, 1)) & (np.diff(head, axis=0) == 1).all(axis=0)
    found = [numeric[at] for at in np.flatnonzero(counting) if (np.diff(table.numeric(numeric[at])) == 1).all()]
    whole = (np.isnan(head) | (head % 1 == 0)).all(axis=0)
    if flags and whole.sum() <= len(places) / 2:
        likely = (numeric[at] for at in np.flatnonzero(whole & ~counting))
        found += [place for place in likely if set(np.unique(table.numeric(place))) == {0.0, 1.0}]
    return found


def fits_kind(quantity: Quantity, kind: str | None) -> bool:
    """Whether a quantity can be a level of a matrix of this kind."""
    return quantity.family == GENERIC or quantity.family in _FAMILIES[kind]


def _best_of_each(
    source: str, table: RawTable, found: dict[int, tuple[str, Quantity, str]], kind: str | None, notes: list[str]
) -> Columns:
    """Of several quantities of each sample the best one, under the sample's name."""
    fitting = {place: one for place, one in found.items() if fits_kind(one[1], kind)}
    if any(quantity.family == LEVEL for _, quantity, _ in fitting.values()):
        fitting = {place: one for place, one in fitting.items() if one[1].family != COPY}
    if not fitting:
        raise InputError(
            f"{source}: columns hold {few(dict.fromkeys(word for word, _, _ in found.values()))}, of which pamrx takes "
            f"none for {_WHAT[kind]}; keep one column of numbers per sample"
        )
    best = min(quantity.rank for _, quantity, _ in fitting.values())
    taken = {place: one for place, one in fitting.items() if one[1].rank == best}
    words = list(dict.fromkeys(word for word, _, _ in taken.values()))
    left = list(dict.fromkeys(word for word, _, _ in found.values() if word not in words))
    gone = {sample for _, _, sample in found.values()} - {sample for _, _, sample in taken.values()}
    told = f"{source}: {words[0]} of each sample taken"
    told += ", and the samples named without it" if any(table.header[p] != taken[p][2] for p in taken) else ""
    told += f"; left out: {few(left)}" if left else ""
    told += f"; without {words[0]}, and left out: {few(sorted(gone))}" if gone else ""
    notes.append(told)
    copies = all(quantity.family == COPY for _, quantity, _ in taken.values())
    return Columns(tuple(taken), tuple(sample for _, _, sample in taken.values()), words[0], copies=copies)


def _of_one_sample(
    source: str, table: RawTable, own: dict[int, Quantity], kind: str | None, notes: list[str]
) -> Columns:
    """The best quantity of one sample's table, under the file's name."""
    own = {place: _in_its_place(table, quantity) for place, quantity in own.items()}
    names = [table.header[place] for place in own]
    fitting = {place: quantity for place, quantity in own.items() if fits_kind(quantity, kind)}
    if any(quantity.family == LEVEL for quantity in fitting.values()):
        fitting = {place: quantity for place, quantity in fitting.items() if quantity.family != COPY}
    if not fitting:
        raise InputError(f"{source}: {option_of_others(table, kind)}")
    best = min(quantity.rank for quantity in fitting.values())
    taken = [place for place, quantity in fitting.items() if quantity.rank == best]
    called = [table.header[place] for place in taken]
    if len(taken) > 1:
        raise InputError(
            f"{source}: columns {few(names)} are quantities of one sample and no samples, and {few(called)} would do "
            f"equally; keep one of them, named for its sample"
        )
    place = taken[0]
    sample = name_of_file(source)
    if not sample:
        raise InputError(
            f"{source}: {few(names)} are quantities and no samples; keep {called[0]} alone, named for its sample"
        )
    left = [name for name in names if name != called[0]]
    notes.append(
        f"{source}: one sample's table: column {called[0]} taken for sample {sample} (by the name of the "
        f"{'file' if sample in Path(source).name else 'folder'})" + (f"; left out: {few(left)}" if left else "")
    )
    return Columns((place,), (sample,), called[0], one_sample=True, copies=fitting[place].family == COPY)


def _in_its_place(table: RawTable, quantity: Quantity) -> Quantity:
    """`log2` beside positions and depths, as CNVkit writes it, is a ratio of copies."""
    keys = {name_key(name) for name in table.header}
    if quantity.family == GENERIC and "log2" in keys and keys & {"depth", "weight", "probes", "nbins", "cn"}:
        return Quantity(COPY, LOG_RATIO)
    return quantity


def option_of_others(table: RawTable, kind: str | None) -> str:
    """What the columns of a table are, where none is of this kind, and which option takes it."""
    own = {name: _in_its_place(table, q) for name in table.header if (q := quantity_of(name)) is not None}
    for family, what, option in ((COPY, "copy number", "--copy-number"), (LEVEL, "expression", "--expression")):
        if any(quantity.family == family for quantity in own.values()):
            return f"columns {few(own)} are quantities of {what}, not of {_WHAT[kind]}; give the file with {option}"
    one = len(own) == 1
    return (
        f"no sample column beside the gene names: {few(own)} {'is a statistic' if one else 'are statistics'}, no "
        f"{_WHAT[kind]} of a sample; expected one column of numbers per sample"
    )
