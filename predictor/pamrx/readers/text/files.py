"""Opening what a user hands over: is it there, is it text, and what separates its columns."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pamrx.errors import InputError
from pamrx.readers.boundary import MAX_CELL, MAX_COLUMNS, MAX_LABEL
from pamrx.readers.text import delimiters, workbook
from pamrx.readers.text.given_files import check_regular
from pamrx.readers.text.text_encoding import TextStream
from pamrx.readers.text.unpacking import GZIP, unpacked

PathLike = str | os.PathLike[str]

_SHEETS = "of spreadsheets only Excel's .xlsx is read; save it as .xlsx or as tab-separated text"
# Endings that are refused before anything is opened: unpickling can run code, the others need another program.
REFUSED_ENDINGS = {
    ".pkl": "a pickle can run code and is never opened",
    ".pickle": "a pickle can run code and is never opened",
    ".joblib": "a pickle can run code and is never opened",
    ".rds": "an R object is not read",
    ".rda": "an R object is not read",
    ".rdata": "an R object is not read",
    ".h5": "HDF5 is not read",
    ".xls": _SHEETS,
    ".xlsb": _SHEETS,
    ".ods": _SHEETS,
    ".numbers": _SHEETS,
    ".zip": "a zip archive is not read; unpack it first",
    ".tar": "an archive is not read; unpack it first",
    ".tgz": "an archive is not read; unpack it first",
    ".bz2": "only gzip is unpacked on the way in",
    ".xz": "only gzip is unpacked on the way in",
    ".7z": "an archive is not read; unpack it first",
}
# `FILE.h5ad::LAYER` names a layer of an AnnData file.
LAYER = re.compile(r"(\.h5ad)::(.+)$", re.IGNORECASE)
SHORTER = "shorten it, or close the quotation mark that opens there"
"""The remedy for a name or cell that is too long."""

_READABLE = "tab- or comma-separated text (gzip allowed), Excel (.xlsx) or Parquet"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SEPARATOR = re.compile(r'"?sep=."?', re.IGNORECASE)  # Excel's own first line of a CSV
_STARTS = 1 << 16  # bytes by which the encoding of a file for htslib is told
_SIZE_DIGITS = 10  # of a number of rows or samples
_MOST_ABOVE = 100_000  # lines above a header: comments, blank lines
_SAMPLED, _SAMPLED_SIZE = 10, 1 << 20  # lines below the header by which the delimiter is told, and characters


def check_file(path: PathLike) -> Path:
    """The path of a readable input file, with the sheet of a workbook after it where one is named (`FILE.xlsx::SHEET`).

    Raises
    ------
    PamrxError
        If there is no such file, it is a folder, it is empty, or its ending or content is of a format that is not read.
    """
    given = Path(LAYER.sub(r"\1", str(path)))
    file, _ = workbook.split_sheet(given)
    check_regular(file)
    try:
        with file.open("rb") as handle:
            start = handle.read(4)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    _check_kind(file, start)
    return given


def plain_file(path: PathLike) -> Path:
    """The file itself, without a layer or sheet named after it."""
    return workbook.split_sheet(LAYER.sub(r"\1", str(path)))[0]


def is_parquet(file: Path) -> bool:
    """Whether the file's ending says Parquet."""
    return file.suffix.lower() in (".parquet", ".pq")


@contextmanager
def open_bytes(file: Path, most: float = float("inf")) -> Iterator[TextStream]:
    """The file's text as UTF-8 with LF line ends, whatever its encoding: unpacked where it starts as gzip does (the
    ending is not asked), and of a workbook its sheet, tab-separated.

    Parameters
    ----------
    most : bytes of text that may come, where it is read whole (see `memory.most_text`).

    `notes` of the stream say which sheet it is, and what is odd about that part of the text that has been read.

    Raises
    ------
    PamrxError
        If it cannot be read, is a damaged or truncated gzip or UTF-16, or is no text; as `workbook.sheet_of`.
    """
    try:
        with _unpacked(file, most) as (source, told), TextStream(source, str(file), _READABLE, told) as stream:
            yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(f"{file}: the gzip data end early or are damaged; download or copy the file again") from None
    except csv.Error as error:
        raise InputError(f"{file}: {csv_trouble(error)}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: damaged {error.encoding} text ({error.reason}); save the file as UTF-8") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from None


def is_clean(file: Path) -> bool:
    """Whether a file that is not packed is UTF-8 with LF line ends already, as far as its start shows."""
    with file.open("rb") as plain, open_bytes(file) as stream:
        return plain.read(_STARTS) == stream.read(_STARTS)


class Head:
    """The first lines of a text table.

    Attributes
    ----------
    skipped : number of lines before the header (comments, blank lines, titles, the two size lines of a GCT file).
    header : the column names as they stand in the file; the first is empty where R left it out.
    first : the fields of the first row below the header; empty where there is none.
    delimiter : what separates the fields.
    row_size : mean number of characters of the first rows, with their ends.
    quotes : whether quotation marks enclose fields; between tabs they stand for themselves, but where R wrote them.
    notes : that the delimiter is another than the ending says, and that a title was skipped.
    gct : the numbers of the size line below `#1.2` (rows, samples) or `#1.3` (rows, samples, columns that describe
        rows, rows that describe samples); None for any other file.
    """

    def __init__(self, file: Path) -> None:
        lines, places, self.gct = _first_lines(file)
        titles = delimiters.count_titles(lines)
        lines, self.skipped = lines[titles:], places[titles]
        columns = delimiters.find_columns(str(file), _ending(file), lines)
        self.delimiter, self.notes = columns.delimiter, columns.notes
        if titles:
            self.notes.append(f"{file}: {self.skipped} lines above the header skipped, as a title")
        try:
            self.header = delimiters.split(lines[0], self.delimiter)
            self.first = delimiters.split(lines[1], self.delimiter) if len(lines) > 1 else []
        except csv.Error as error:
            raise InputError(f"{file}: line {self.skipped + 1}: {csv_trouble(error)}") from None
        if not self.first:
            raise InputError(f"{file}: a header and no row below it")
        if len(self.header) > MAX_COLUMNS:
            raise InputError(
                f"{file}: header: {len(self.header):,} columns, expected at most {MAX_COLUMNS:,}; give several files "
                "with some of the samples each, or a Parquet data set (`pamrx score`)"
            )
        check_labels(str(file), self.header, "header")
        self.row_size = sum(len(line) + 1 for line in lines[1:]) / (len(lines) - 1)
        self.quotes = self.delimiter != "\t" or lines[0].startswith('"')
        if columns.corner_left_out and self.first[-1]:
            self.header = ["", *self.header]


def parquet_columns(file: Path) -> list[str]:
    """The column names of a Parquet file, without reading its rows.

    Raises
    ------
    PamrxError
        If it is not a Parquet file.
    """
    from pamrx.readers.boundary import boundary
    from pamrx.readers.parquet_file import EXPECTED, open_parquet_file

    with boundary(file, EXPECTED):
        return [str(name) for name in open_parquet_file(file).schema_arrow.names]


def check_labels(file: str, labels: Iterable[str], place: str) -> None:
    """Whether no name is longer than names are; `place` is where they stand.

    Raises
    ------
    InputError
        For the first that is.
    """
    for label in labels:
        if len(label) > MAX_LABEL:
            raise InputError(
                f"{file}: {place}: a name of {len(label):,} characters, '{label[:20].strip()} ...'; expected "
                f"{MAX_LABEL:,} at most: {SHORTER}"
            )


def _check_kind(file: Path, start: bytes) -> None:
    """Refuse what is not read, by ending and content; a workbook under a wrong name is told which is right."""
    ending = _ending(file)
    by_content = start == _ZIP and workbook.looks_like_workbook(file)
    if ending in workbook.ENDINGS:
        if start[:2] == GZIP:
            raise InputError(f"{file}: a workbook packed by gzip is not read; unpack it first")
        if start == _OLE:
            raise InputError(
                f"{file}: a workbook with a password, or an old one (.xls), is not read; save it as .xlsx without one"
            )
        if not by_content:
            raise InputError(f"{file}: is not an Excel workbook, whatever its name; rename it to its true ending")
    elif by_content:
        raise InputError(f"{file}: is an Excel workbook, whatever its name; rename it to end in .xlsx")
    elif ending in REFUSED_ENDINGS:
        raise InputError(f"{file}: ending '{ending}' found ({REFUSED_ENDINGS[ending]}); expected {_READABLE}")
    elif start == _ZIP:
        raise InputError(f"{file}: this is a zip archive or a spreadsheet, whatever its name; expected {_READABLE}")


@contextmanager
def _unpacked(file: Path, most: float) -> Iterator[tuple[BinaryIO, Sequence[str]]]:
    if workbook.is_workbook(file):
        sheet = workbook.sheet_of(file)
        yield io.BytesIO(sheet.text), sheet.notes
        return
    with unpacked(file, most) as stream:
        yield stream, ()


def _ending(file: Path) -> str:
    """The last ending that is not `.gz`, in lower case."""
    endings = [ending.lower() for ending in plain_file(file).suffixes]
    if endings and endings[-1] == ".gz":
        endings.pop()
    return endings[-1] if endings else ""


def _first_lines(file: Path) -> tuple[list[str], list[int], tuple[int, ...] | None]:
    """The first lines that hold something, from the header on; how many lines stand before each; and a GCT's sizes."""
    lines: list[str] = []
    places: list[int] = []
    gct: tuple[int, ...] | None = None
    place, size = -1, 0
    comment, comment_place = "", -1
    with open_bytes(file) as stream:
        sizes_follow = False
        for place, raw in enumerate(stream):
            line = raw.decode().rstrip("\r\n")
            if place == _MOST_ABOVE and not lines:
                raise InputError(f"{file}: no header in its first {_MOST_ABOVE:,} lines; delete what stands above it")
            if sizes_follow:
                gct = _sizes(line)
            if not lines and (sizes_follow or line.startswith("#") or _SEPARATOR.fullmatch(line)):
                sizes_follow = line.startswith(("#1.2", "#1.3"))
                comment, comment_place = line.removeprefix("#"), place
                continue
            if not lines and comment_place == place - 1 and delimiters.is_header_of(comment, line):
                lines.append(comment)
                places.append(comment_place)
            if line.strip(" \t,;" if not lines else None):
                lines.append(line)
                places.append(place)
                size += len(line)
            if len(lines) > _SAMPLED or (len(lines) > 1 and size > _SAMPLED_SIZE):
                break
    if not lines:
        raise InputError(f"{file}: the file is empty" + (" but for comment lines" if place >= 0 else ""))
    return lines, places, gct


def _sizes(line: str) -> tuple[int, ...] | None:
    numbers = line.split()
    whole = bool(numbers) and all(number.isdecimal() and len(number) < _SIZE_DIGITS for number in numbers)
    return tuple(map(int, numbers)) if whole else None


def csv_trouble(error: csv.Error) -> str:
    """What is wrong with a line that cannot be taken apart."""
    if "field larger" in str(error):
        return f"a cell of more than {MAX_CELL:,} characters; {SHORTER}"
    return f"cannot be split into fields ({error}); expected lines that end in LF or CRLF and closed quotes"
