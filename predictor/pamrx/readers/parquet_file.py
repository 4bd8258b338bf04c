"""Parquet files from strangers: opened once it is known that no more is unpacked than the file can hold.

A file of ten kilobytes may declare a billion equal rows, a row a hundred million mutations, a dictionary one word that
every row repeats. What the footer declares is judged first; text is taken as codes into its distinct words, which take
no more memory than they do in the file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pamrx.errors import InputError
from pamrx.readers.boundary import FREE_UNPACKED, MAX_CELL, MAX_RATIO, boundary

EXPECTED = "a Parquet file"
MAX_FOOTER = 64_000_000
"""Bytes of a footer; Arrow unpacks each to about twenty. One of 20,000 columns in ten row groups has 40 million."""

MAX_CELLS = 500_000_000
"""Cells of a table that is read whole: 20,000 genes in 25,000 samples."""

_FOOTER_AT_LEAST = 12
_BYTES_PER_CELL = 8
_ROWS_LOOKED_AT = 1 << 16


def demand_regular(file: Path, expected: str) -> None:
    """Refuse a pipe, a device or a folder: the format is read from several places of the file.

    Raises
    ------
    InputError
        If it is there, and no regular file.
    """
    try:
        kind = os.stat(file).st_mode
    except OSError:
        return  # those who open it say what is wrong
    if not stat.S_ISREG(kind):
        found = "a folder" if stat.S_ISDIR(kind) else "a pipe or device"
        raise InputError(f"{file}: is {found}; expected {expected}; save it as a regular file first")


def open_parquet_file(
    file: Path, *, buffer_size: int = 0, words: Collection[str] = (), metadata: pq.FileMetaData | None = None
) -> pq.ParquetFile:
    """A Parquet file whose footer is of a size that can be.

    Parameters
    ----------
    buffer_size : bytes of a column read at a time; 0 for a whole column of a row group.
    words : columns of text, by their path in the schema, that are read as codes into their distinct words.
    metadata : where it was read before.

    Raises
    ------
    InputError
        If it is no regular file, no Parquet file, or a damaged one.
    """
    demand_regular(file, EXPECTED)
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 8))
        end = stream.read(8)
    if size < _FOOTER_AT_LEAST or end[4:] not in (b"PAR1", b"PARE"):
        raise InputError(f"{file}: not a Parquet file, or a truncated one; make or copy it again")
    if (footer := int.from_bytes(end[:4], "little")) > min(MAX_FOOTER, size):
        raise InputError(
            f"{file}: a footer of {footer:,} bytes in a Parquet file of {size:,}; expected at most {MAX_FOOTER:,}; "
            "write it again, in fewer and larger row groups"
        )
    try:
        return pq.ParquetFile(
            file, metadata=metadata, pre_buffer=False, buffer_size=buffer_size, read_dictionary=list(words)
        )
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise InputError(f"{file}: not a Parquet file, or a damaged one ({reason}); make or copy it again") from None


def text_paths(file: pq.ParquetFile, columns: Collection[str] | None = None) -> list[str]:
    """The columns of text by their paths in the schema, nested ones too; `columns` names those at the top that count.

    They stand in the footer as bytes that are text.
    """
    found = []
    for place in range(len(file.schema)):
        column = file.schema.column(place)
        if column.physical_type == "BYTE_ARRAY" and column.logical_type.type in ("STRING", "ENUM"):
            path = column.path
            if columns is None or path in columns or path.partition(".")[0] in columns:
                found.append(path)
    return found


def is_text(kind: pa.DataType) -> bool:
    """Whether cells are text, also as codes into words."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def check_whole(file: Path, columns: Collection[str] | None = None) -> None:
    """Whether a table may be read whole: its types, its size, and how long its texts are.

    Parameters
    ----------
    columns : that will be read; None for all.

    Raises
    ------
    InputError
        If not, with the first column that is in the way.
    """
    with boundary(file, EXPECTED):
        opened = open_parquet_file(file)
        schema = opened.schema_arrow
        names = [name for name in schema.names if columns is None or name in columns]
        for name in names:
            _check_type(file, schema, name)
        rows = opened.metadata.num_rows
        unpacked, size = rows * len(names) * _BYTES_PER_CELL, file.stat().st_size
        if rows * len(names) > MAX_CELLS or (unpacked > FREE_UNPACKED and unpacked > MAX_RATIO * size):
            raise InputError(
                f"{file}: {rows:,} rows x {len(names):,} columns in {size:,} bytes, more than is read whole; "
                "expected at "
                f"most {MAX_CELLS:,} cells, and less than {MAX_RATIO} times the size of the file; score it as a "
                "cohort (`pamrx score`), or give fewer rows"
            )
        texts = [name for name in text_paths(opened, names) if is_text(schema.field(name).type)]
        if texts:
            _check_texts(file, texts)


def _check_type(file: Path, schema: pa.Schema, name: str) -> None:
    if len(schema.get_all_field_indices(name)) > 1:
        raise InputError(f"{file}: column {name[:40]} stands more than once; expected each column once")
    kind = schema.field(name).type
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    if is_text(inner) or pa.types.is_null(inner) or pa.types.is_primitive(inner) or pa.types.is_decimal(inner):
        return
    cohort = "; a cohort is for `pamrx score`" if name == "mutations" else ""
    raise InputError(
        f"{file}: column {name[:40]}: holds {str(kind)[:60]}, expected numbers or text; store it as such, or "
        f"leave it out{cohort}"
    )


def _check_texts(file: Path, texts: list[str]) -> None:
    """No cell too long, and no more text than the file can hold many times over."""
    size, total = file.stat().st_size, 0
    opened = open_parquet_file(file, words=texts)
    for name, start, column in _batches(opened, texts):
        _check_utf8(file, name, column)
        lengths = text_lengths(column)
        if lengths.size and lengths.max() > MAX_CELL:
            row = start + int(np.argmax(lengths)) + 1
            raise InputError(
                f"{file}: row {row:,}, column {name[:40]}: a text of {int(lengths.max()):,} characters, expected "
                "at most "
                f"{MAX_CELL:,}; shorten the cell or leave the column out"
            )
        total += int(lengths.sum())
        if total > FREE_UNPACKED and total > MAX_RATIO * size:
            raise InputError(
                f"{file}: column {name[:40]}: texts of more than {total:,} characters in a file of {size:,} bytes; "
                f"expected less than {MAX_RATIO} times its size; shorten them or leave the column out"
            )


def _check_utf8(file: Path, name: str, column: pa.Array) -> None:
    try:
        (column.dictionary if pa.types.is_dictionary(column.type) else column).validate(full=True)
    except pa.ArrowInvalid:
        raise InputError(
            f"{file}: column {name[:40]}: text that is not UTF-8; write it again as UTF-8, or leave the column out"
        ) from None


def _batches(file: pq.ParquetFile, columns: list[str]) -> Iterator[tuple[str, int, pa.Array]]:
    for name in columns:
        start = 0
        for batch in file.iter_batches(_ROWS_LOOKED_AT, columns=[name], use_threads=False):
            yield name, start, batch.column(0)
            start += batch.num_rows


def text_lengths(column: pa.Array) -> np.ndarray:
    """(n,) bytes of each text, 0 where there is none."""
    if pa.types.is_null(column.type):
        return np.zeros(len(column), dtype=np.int64)
    if not pa.types.is_dictionary(column.type):
        return np.asarray(pc.fill_null(pc.binary_length(column), 0)).astype(np.int64)
    words = np.asarray(pc.fill_null(pc.binary_length(column.dictionary), 0)).astype(np.int64)
    lengths: np.ndarray = np.append(words, 0)[np.asarray(pc.fill_null(column.indices, len(words)))]
    return lengths


def texts_of(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """(n,) texts, each distinct word one object; None where there is none, bytes where it is no UTF-8."""
    parts = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    out = [_texts_of(part) for part in parts]
    return np.concatenate(out) if out else np.empty(0, dtype=object)


def _texts_of(column: pa.Array) -> np.ndarray:
    if not pa.types.is_dictionary(column.type):
        return _objects(column)
    words = len(column.dictionary)
    codes = np.asarray(pc.fill_null(column.indices, words)).astype(np.int64)
    used, places = np.unique(codes, return_inverse=True)
    known = used[used < words]
    texts = np.full(len(used), None, dtype=object)  # the last is that of no word, where there is one
    texts[: len(known)] = _objects(column.dictionary.take(pa.array(known)))
    return texts[places]


def _objects(column: pa.Array) -> np.ndarray:
    out = np.empty(len(column), dtype=object)
    try:
        out[:] = column.to_pylist()
    except UnicodeDecodeError:
        out[:] = [_decoded(cell) for cell in column.cast(pa.large_binary()).to_pylist()]
    return out


def _decoded(cell: bytes | None) -> str | bytes | None:
    try:
        return None if cell is None else cell.decode()
    except UnicodeDecodeError:
        return cell
