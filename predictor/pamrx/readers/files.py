"""Opening what a user hands over: is it there, is it text, and what separates its columns."""

from __future__ import annotations

import csv
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from pamrx.errors import InputError, did_you_mean

PathLike = str | os.PathLike[str]

# Endings that are refused before anything is opened: unpickling can run code, the others need another program.
REFUSED_ENDINGS = {
    ".pkl": "a pickle can run code and is never opened",
    ".pickle": "a pickle can run code and is never opened",
    ".joblib": "a pickle can run code and is never opened",
    ".rds": "an R object is not read",
    ".rda": "an R object is not read",
    ".rdata": "an R object is not read",
    ".h5": "HDF5 is not read",
    ".xls": "a spreadsheet is not read",
    ".xlsx": "a spreadsheet is not read",
    ".zip": "a zip archive is not read; unpack it first",
    ".tar": "an archive is not read; unpack it first",
    ".tgz": "an archive is not read; unpack it first",
    ".bz2": "only gzip is unpacked on the way in",
    ".xz": "only gzip is unpacked on the way in",
    ".7z": "an archive is not read; unpack it first",
}
DELIMITER_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "vertical bar", " ": "space"}
# `FILE.h5ad::LAYER` names a layer of an AnnData file.
LAYER = re.compile(r"(\.h5ad)::(.+)$", re.IGNORECASE)
_COMMA = (".csv",)
_TAB = (".tsv", ".tab", ".maf", ".gct")
_READABLE = "tab- or comma-separated text (gzip allowed) or Parquet"


def check_file(path: PathLike) -> Path:
    """The path of a readable input file.

    Raises
    ------
    PamrxError
        If there is no such file, it is a folder, it is empty, or its ending names a format that is not read.
    """
    file = Path(LAYER.sub(r"\1", str(path)))
    if file.is_dir():
        raise InputError(f"{file}: is a folder; name a file")
    if not file.exists():
        raise InputError(f"{file}: no such file{_nearby(file)}")
    ending = _ending(file)
    if ending in REFUSED_ENDINGS:
        raise InputError(f"{file}: ending '{ending}' found ({REFUSED_ENDINGS[ending]}); expected {_READABLE}")
    try:
        if file.stat().st_size == 0:
            raise InputError(f"{file}: the file is empty")
        with file.open("rb") as handle:
            start = handle.read(4)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    if start == b"PK\x03\x04":
        raise InputError(f"{file}: this is a zip archive or a spreadsheet, whatever its name; expected {_READABLE}")
    return file


def is_parquet(file: Path) -> bool:
    """Whether the file's ending says Parquet."""
    return file.suffix.lower() in (".parquet", ".pq")


@contextmanager
def open_bytes(file: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked where it starts as gzip does (the ending is not asked).

    Raises
    ------
    PamrxError
        If it cannot be read, is a damaged or truncated gzip, or is not UTF-8.
    """
    try:
        with file.open("rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"
        with cast(BinaryIO, gzip.open(file, "rb")) if packed else file.open("rb") as stream:
            yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(f"{file}: the gzip data end early or are damaged; download or copy the file again") from None
    except csv.Error as error:
        raise InputError(f"{file}: {_csv_trouble(error)}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: byte {error.start} is not UTF-8 text; save the file as UTF-8") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from None


class Head:
    """The first lines of a text table.

    Attributes
    ----------
    skipped : number of lines before the header (comments, blank lines, the two size lines of a GCT file).
    header : the column names as they stand in the file.
    first : the fields of the first row below the header; empty where there is none.
    delimiter : what separates the fields.
    gct : the numbers of the size line below `#1.2` (rows, samples) or `#1.3` (rows, samples, columns that describe
        rows, rows that describe samples); None for any other file.
    """

    def __init__(self, file: Path) -> None:
        lines, skipped, self.gct = _first_lines(file)
        self.skipped = skipped
        self.delimiter = _delimiter(file, lines[0])
        try:
            self.header = _split(lines[0], self.delimiter)
            self.first = _split(lines[1], self.delimiter) if len(lines) > 1 else []
        except csv.Error as error:
            raise InputError(f"{file}: line {skipped + 1}: {_csv_trouble(error)}") from None
        if len(self.header) == 1:
            raise InputError(_one_column(file, lines[0], self.delimiter))
        if not self.first:
            raise InputError(f"{file}: a header and no row below it")


def parquet_columns(file: Path) -> list[str]:
    """The column names of a Parquet file, without reading its rows.

    Raises
    ------
    PamrxError
        If it is not a Parquet file.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        return [str(name) for name in pyarrow.parquet.read_schema(file).names]
    except (pyarrow.ArrowInvalid, OSError):
        raise InputError(f"{file}: not a Parquet file, or a truncated one; expected {_READABLE}") from None


def _ending(file: Path) -> str:
    """The last ending that is not `.gz`, in lower case."""
    endings = [ending.lower() for ending in file.suffixes]
    if endings and endings[-1] == ".gz":
        endings.pop()
    return endings[-1] if endings else ""


def _first_lines(file: Path) -> tuple[list[str], int, tuple[int, ...] | None]:
    """The header and, if there is one, the first row; how many lines stand before the header; and a GCT's sizes."""
    lines: list[str] = []
    gct: tuple[int, ...] | None = None
    skipped = 0
    with open_bytes(file) as stream:
        sizes_follow = False
        for raw in stream:
            line = _decode(file, raw, first=not skipped and not lines)
            if sizes_follow:
                gct = _sizes(line)
            if not lines and (sizes_follow or line.startswith("#") or not line.strip()):
                sizes_follow = line.startswith(("#1.2", "#1.3"))
                skipped += 1
                continue
            if line.strip():
                lines.append(line)
            if len(lines) == 2:
                break
    if not lines:
        raise InputError(f"{file}: the file is empty" + (" but for comment lines" if skipped else ""))
    return lines, skipped, gct


def _sizes(line: str) -> tuple[int, ...] | None:
    numbers = line.split()
    return tuple(map(int, numbers)) if numbers and all(number.isdecimal() for number in numbers) else None


def _decode(file: Path, raw: bytes, first: bool) -> str:
    if first and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{file}: is UTF-16 text; save the file as UTF-8")
    if b"\0" in raw:
        raise InputError(f"{file}: is not a text file; expected {_READABLE}")
    return raw.decode("utf-8-sig" if first else "utf-8").rstrip("\r\n")


def _delimiter(file: Path, header: str) -> str:
    """By ending, so that a file named .csv that is not one is told so; .txt and unknown endings go by the header."""
    ending = _ending(file)
    if ending in _COMMA:
        return ","
    if ending in _TAB:
        return "\t"
    return "\t" if "\t" in header or "," not in header else ","


def _csv_trouble(error: csv.Error) -> str:
    return f"cannot be split into fields ({error}); expected lines that end in LF or CRLF and closed quotes"


def _split(line: str, delimiter: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter))]


def _one_column(file: Path, header: str, wanted: str) -> str:
    counts = {delimiter: header.count(delimiter) for delimiter in DELIMITER_NAMES if delimiter != wanted}
    found = max(counts, key=lambda delimiter: counts[delimiter])
    shown = header if len(header) <= 60 else header[:57] + "..."
    if not counts[found]:
        return (
            f"{file}: header: one column, '{shown}'; expected at least two, separated by tabs (.tsv) or commas (.csv)"
        )
    expected = "tab or comma"
    if _ending(file) in (*_COMMA, *_TAB):
        expected = f"{DELIMITER_NAMES[wanted]} from the file's ending"
    if found in "\t,":
        advice = f"rename it to end in {'.tsv' if found == chr(9) else '.csv'}"
    else:
        advice = "save it with tabs (.tsv) or commas (.csv)"
    return (
        f"{file}: header: wrong delimiter: found {DELIMITER_NAMES[found]} in '{shown.replace(chr(9), ' ')}', "
        f"expected {expected}; {advice}"
    )


def _nearby(file: Path) -> str:
    try:
        return did_you_mean(file.name, [entry.name for entry in file.parent.iterdir() if entry.is_file()])
    except OSError:
        return f" (nor a folder {file.parent})"
