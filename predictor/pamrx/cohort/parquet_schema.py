"""Whether the columns of a Parquet shard are of the kinds that a cohort has, by its schema alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa

from pamrx.cohort.mutations import FIELDS, NEEDED, is_nested
from pamrx.errors import InputError, did_you_mean
from pamrx.identifiers.columns import MATRICES
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.boundary import MAX_LABEL
from pamrx.readers.parquet_file import is_text

ID, MUTATIONS = "sample_id", "mutations"
_SHOWN = 60


def kind_of(column: str) -> str | None:
    """The matrix that a column belongs to: `expression.PTEN` to `expression`; None for any other."""
    kind, point, name = column.partition(".")
    return kind if point and name and kind in MATRICES else None


def check_schema(file: Path, schema: pa.Schema) -> None:
    """Whether each column stands once, the names of samples are there, and all hold what they should.

    Raises
    ------
    InputError
        For the first column that does not.
    """
    names = schema.names
    if ID not in names:
        shown = ", ".join(name[:_SHOWN] for name in names[:4])
        raise InputError(f"{file}: no column {ID}; found {shown}{did_you_mean(ID, names)}")
    _check_once(file, schema)
    kinds = {name: schema.field(name).type for name in (ID, *SAMPLE_COLUMNS) if name in names}
    for name, kind in kinds.items():
        if not (is_text(kind) or pa.types.is_null(kind) or (pa.types.is_integer(kind) and name == ID)):
            raise InputError(f"{file}: column {name}: holds {_shown(kind)}, expected text (string)")
    labels_of(file, schema)
    has_mutations(file, schema)


def labels_of(file: Path, schema: pa.Schema) -> dict[str, list[str]]:
    """The columns of each matrix, without its name before them; all must hold numbers."""
    labels: dict[str, list[str]] = {}
    for column in schema:
        kind = kind_of(column.name)
        if kind is None:
            continue
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
            raise InputError(f"{file}: column {column.name[:_SHOWN]}: holds {_shown(column.type)}, expected numbers")
        labels.setdefault(kind, []).append(column.name.partition(".")[2])
    return labels


def has_mutations(file: Path, schema: pa.Schema) -> bool:
    """Whether there is a column of mutations; it must be a list of structs, with the fields that are needed."""
    if MUTATIONS not in schema.names:
        return False
    kind = schema.field(MUTATIONS).type
    where = f"{file}: column {MUTATIONS}"
    if not is_nested(kind):
        raise InputError(f"{where}: holds {_shown(kind)}, expected a list of {{{', '.join(NEEDED)}, hgvsp}}")
    fields = [field.name for field in kind.value_type]
    for name in FIELDS:
        if fields.count(name) > 1:
            raise InputError(f"{where}: field {name} stands more than once; expected each field once")
        if name not in fields:
            if name in NEEDED:
                raise InputError(f"{where}: no field {name}; found {', '.join(fields)[:_SHOWN]}")
            continue
        inner = kind.value_type.field(name).type
        if name == "driver":
            if not (is_text(inner) or pa.types.is_null(inner) or pa.types.is_boolean(inner) or _is_whole(inner)):
                raise InputError(f"{where}, field driver: holds {_shown(inner)}, expected true or false (bool)")
        elif not (is_text(inner) or pa.types.is_null(inner)):
            raise InputError(f"{where}, field {name}: holds {_shown(inner)}, expected text (string)")
    return True


def _is_whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind))


def _check_once(file: Path, schema: pa.Schema) -> None:
    for name, count in Counter(schema.names).items():
        if count > 1:
            raise InputError(f"{file}: column {name[:_SHOWN]} stands more than once; expected each column once")
        if len(name) > MAX_LABEL:
            raise InputError(
                f"{file}: column {name[:40]}...: a name of {len(name):,} characters, expected at most {MAX_LABEL:,}"
            )


def _shown(kind: pa.DataType) -> str:
    text = str(kind)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
