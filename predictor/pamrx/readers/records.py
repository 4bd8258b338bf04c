"""Profiles as records, the shape in which a request carries them: one JSON object per mutation, gene or sample.

The records become the same files that a user would hand over, and go the same way: there is one reading, and one
message for each mistake, with the name of the part where a file's would stand.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from pamrx.errors import PamrxError, did_you_mean
from pamrx.profiles.profiles import Profiles
from pamrx.profiles.reading import read_profiles

TABLES = ("mutations", "expression", "ncrna", "copy_number", "samples")
PANEL = "panel"
PARTS = (*TABLES, PANEL)
"""What a profile may consist of, by the names that `read_profiles` gives its files."""

_KINDS: dict[type, str] = {dict: "an object", list: "a list", bool: "true or false", str: "text"}


def read_records(
    parts: Mapping[str, Any], known_genes: Collection[str] | None = None, expression_unit: str | None = None
) -> Profiles:
    """One validated `Profiles` from parts given as records.

    Parameters
    ----------
    parts : of `PARTS`, each a list of records, or that list as JSON text; None counts as not given.
        mutations: the columns of a MAF. samples: sample_id, tissue, sample_type, msi, sequenced.
        expression, ncrna, copy_number: a record per sample (sample_id, then genes) or per gene (gene, then samples).
        panel: the gene symbols that the mutations' test looked at, as a list of texts.
    known_genes, expression_unit : as `read_profiles` takes them.

    Raises
    ------
    PamrxError
        As `read_profiles`; the part stands for the file. Also for an unknown part, and for what is no list of records.
    """
    for name in parts:
        if name not in PARTS:
            raise PamrxError(f"{name}: no part of a profile; expected {', '.join(PARTS)}{did_you_mean(name, PARTS)}")
    given = {name: _decoded(name, parts[name]) for name in PARTS if parts.get(name) is not None}
    if expression_unit is not None and "expression" not in given:
        raise PamrxError("expression_unit goes with expression: it says in which unit that is")
    with tempfile.TemporaryDirectory(prefix="pamrx-") as folder:
        paths: dict[str, Any] = {name: _written(Path(folder), name, rows) for name, rows in given.items()}
        try:
            profiles = read_profiles(**paths, known_genes=known_genes, expression_unit=expression_unit)
        except PamrxError as error:
            raise PamrxError(_without_paths(str(error), paths)) from None
    return replace(profiles, notes=tuple(_without_paths(note, paths) for note in profiles.notes))


def _decoded(name: str, given: Any) -> list[Any]:
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise PamrxError(f"{name}: text found that is no JSON ({error}); expected a list of records") from None
    expected = "gene symbols" if name == PANEL else "records"
    if not isinstance(given, list):
        raise PamrxError(f"{name}: found {_kind(given)}, expected a list of {expected}")
    if not given:
        raise PamrxError(f"{name}: an empty list found; expected {expected}, or leave {name} out")
    return given


def _written(folder: Path, name: str, rows: Sequence[Any]) -> Path:
    path = folder / (f"{name}.txt" if name == PANEL else f"{name}.csv")
    # A text that is no Unicode is written as it came, for the reader to refuse.
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        if name == PANEL:
            file.writelines(f"{_cell(f'{name}: entry {place}', gene)}\n" for place, gene in enumerate(rows, start=1))
        else:
            columns = _columns(name, rows)
            table = csv.writer(file, lineterminator="\n")
            table.writerow(columns)
            for place, row in enumerate(rows, start=1):
                table.writerow([_cell(f"{name}: record {place}, field {key}", row.get(key)) for key in columns])
    return path


def _columns(name: str, rows: Sequence[Any]) -> list[str]:
    """The fields of all records, in the order in which they first appear."""
    fields: dict[str, None] = {}
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise PamrxError(f"{name}: record {place}: found {_kind(row)}, expected an object of fields and values")
        fields.update(dict.fromkeys(map(str, row)))
    if len(fields) < 2:
        raise PamrxError(f"{name}: found {', '.join(fields) or 'no field'} in the records, expected two fields or more")
    return list(fields)


def _cell(place: str, value: Any) -> str:
    """A value as a file would hold it; numbers are written so that they read back exactly."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise PamrxError(f"{place}: found {_kind(value)}, expected text, a number or null")
    if isinstance(value, Real):
        return str(int(value)) if isinstance(value, Integral) else repr(float(value))
    raise PamrxError(f"{place}: found {_kind(value)}, expected text, a number or null")


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number" if isinstance(value, Real) else f"'{value}'")


def _without_paths(message: str, paths: Mapping[str, Path]) -> str:
    for name, path in paths.items():
        message = message.replace(str(path), name).replace(path.name, name)
    return message
