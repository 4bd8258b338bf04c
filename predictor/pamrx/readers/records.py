"""Profiles as records, the shape in which a request carries them: one JSON object per mutation, gene or sample.

The records become the same tables that the readers make of files, and go the same way from there on: one message for
each mistake, with the name of the part in place of the file's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from pamrx.errors import InputError, did_you_mean
from pamrx.knowledge.panels import find_panel
from pamrx.readers.boundary import MAX_CELL, boundary
from pamrx.readers.gene_panel import known_panel, panel_from_lines
from pamrx.readers.matrices.matrix import matrix_from_table
from pamrx.readers.mutations.maf import maf_from_cells
from pamrx.readers.mutations.table import exome_notes
from pamrx.readers.sample_table import samples_from_cells
from pamrx.readers.tables import KINDS, Tables, check_given
from pamrx.readers.text.files import check_labels
from pamrx.readers.text.raw_table import RawTable

PANEL = "panel"
PARTS = ("mutations", *KINDS, "samples", PANEL)
"""What a profile may consist of, by the names that `read_profiles` gives its files."""

_ORDER = ("samples", PANEL, "mutations", *KINDS)  # of reading
_KINDS: dict[type, str] = {dict: "an object", list: "a list", bool: "true or false", str: "text"}
_WHOLE = 10**18  # from which on a number is written as a float; beyond a float it is infinite
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})


def record_tables(parts: Mapping[str, Any], known: Collection[str]) -> Tables:
    """The tables of parts given as records.

    Parameters
    ----------
    parts : of `PARTS`, each a list of records, or that list as JSON text; None counts as not given.
        mutations: the columns of a MAF. samples: sample_id, tissue, sample_type, msi, sequenced.
        expression, ncrna, copy_number: a record per sample (sample_id, then genes) or per gene (gene, then samples).
        panel: the gene symbols that the mutations' test looked at, as a list of texts, or a panel's name alone in it.
    known : symbols by which genes are recognised.

    Raises
    ------
    PamrxError
        For an unknown part, what is not a list of records, and as the readers of the files.
    """
    for name in parts:
        if name not in PARTS:
            raise InputError(f"{name}: no part of a profile; expected {', '.join(PARTS)}{did_you_mean(name, PARTS)}")
    given = {name: _decoded(name, parts[name]) for name in _ORDER if parts.get(name) is not None}
    check_given({name: name for name in given})
    tables = Tables({name: name for name in given})
    for name, rows in given.items():
        with boundary(name, "records of that part", "mend the records"):
            _add(tables, name, rows, known)
    return tables


def _add(tables: Tables, name: str, rows: list[Any], known: Collection[str]) -> None:
    """One part to the others."""
    if name == "samples":
        tables.samples, told = samples_from_cells(name, _texts(name, rows))
    elif name == PANEL:
        lines = [_text(f"{PANEL}: entry {place}", gene).strip() for place, gene in enumerate(rows, start=1)]
        listed = find_panel(lines[0]) if len(lines) == 1 else None
        tables.assessed, told = (
            known_panel(listed, known) if listed else panel_from_lines(PANEL, [line for line in lines if line], known)
        )
    elif name == "mutations":
        tables.mutations = maf_from_cells(name, _texts(name, rows), known)
        told = [*tables.mutations.notes, *([] if PANEL in tables.sources else exome_notes(name, tables.mutations))]
    else:
        tables.matrices[name] = matrix_from_table(name, _raw_table(name, rows), known, name)
        return
    tables.notes += told


def _decoded(name: str, given: Any) -> list[Any]:
    if isinstance(given, str):
        try:
            given = json.loads(given, object_pairs_hook=partial(_object, name))
        except InputError:
            raise  # which is a ValueError too, with its own message
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name}: text found that is no JSON ({error}); expected a list of records") from None
    expected = "gene symbols" if name == PANEL else "records"
    if not isinstance(given, list):
        raise InputError(f"{name}: found {_kind(given)}, expected a list of {expected}")
    if not given:
        raise InputError(f"{name}: an empty list found; expected {expected}, or leave {name} out")
    return given


def _object(name: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        field = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise InputError(f"{name}: a record in which field {field[:40]} stands twice; expected once")
    return fields


def _texts(name: str, rows: Sequence[Any]) -> pd.DataFrame:
    """The records as cells of text, empty where missing."""
    fields = _columns(name, rows)
    cells = {
        field: [
            _text(f"{name}: record {place}, field {field}", row.get(field)) for place, row in enumerate(rows, start=1)
        ]
        for field in fields
    }
    return pd.DataFrame(cells, columns=pd.Index(fields, dtype=object), dtype=object)


def _raw_table(name: str, rows: Sequence[Any]) -> RawTable:
    """The records as a table: fields of numbers are numeric, all others text; the first is always text."""
    columns = {}
    fields = _columns(name, rows)
    for number, field in enumerate(fields):
        cells = [row.get(field) for row in rows]
        texts = [_text(f"{name}: record {place}, field {field}", cell) for place, cell in enumerate(cells, start=1)]
        if number and all(cell is None or isinstance(cell, Real) for cell in cells):
            cells = [cell if _is_plain(cell) else float(text) for cell, text in zip(cells, texts, strict=True)]
            columns[number] = pd.Series(cells, dtype=None if any(cell is not None for cell in cells) else float)
        else:
            missing = [text.strip().lower() in _MISSING for text in texts]
            columns[number] = pd.Series(texts, dtype=object).mask(np.array(missing))
    check_labels(name, columns[0].dropna(), f"field {fields[0]}")
    return RawTable([field.strip() for field in fields], pd.DataFrame(columns))


def _columns(name: str, rows: Sequence[Any]) -> list[str]:
    """The fields of all records, in the order in which they first appear."""
    fields: dict[str, None] = {}
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise InputError(f"{name}: record {place}: found {_kind(row)}, expected an object of fields and values")
        fields.update(dict.fromkeys(map(str, row)))
    check_labels(name, fields, "fields")
    if len(fields) < 2:
        raise InputError(f"{name}: found {', '.join(fields) or 'no field'} in the records, expected two fields or more")
    return list(fields)


def _text(place: str, value: Any) -> str:
    """A value as a file would hold it; numbers are written so that they read back exactly.

    Raises
    ------
    PamrxError
        For true, false, lists and objects, and for text that no file could hold.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(f"{place}: found text that is not UTF-8; expected Unicode text") from None
        if "\0" in value:
            raise InputError(f"{place}: found a zero character; expected text")
        if len(value) > MAX_CELL:
            raise InputError(f"{place}: found {len(value):,} characters; expected {MAX_CELL:,} at most")
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"{place}: found {_kind(value)}, expected text, a number or null")
    if isinstance(value, Integral) and abs(int(value)) < _WHOLE:
        return str(int(value))
    try:
        return repr(float(value))
    except OverflowError:
        return "inf" if value == abs(value) else "-inf"


def _is_plain(cell: Any) -> bool:
    """Whether a number, or null, is one that a column of numbers holds."""
    return not isinstance(cell, Integral) or abs(int(cell)) < _WHOLE


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number" if isinstance(value, Real) else f"'{value}'")
