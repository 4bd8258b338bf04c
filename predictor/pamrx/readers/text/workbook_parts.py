"""The parts of a workbook, judged before openpyxl unpacks them: a zip archive of XML, which may be anything.

A few kilobytes may unpack to gigabytes, XML may define entities that grow without end, and a part may be there twice.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.parsers import expat

from pamrx.errors import InputError
from pamrx.readers.boundary import FREE_UNPACKED, MAX_RATIO
from pamrx.readers.parquet_file import demand_regular

MAX_PART = 500_000_000
"""Bytes of a part when unpacked."""

MAX_PARTS = 10_000
"""Parts of an archive: sheets, pictures, styles."""

MAX_TEXTS = 2_000_000
"""Texts that all sheets share."""

MAX_ROWS = 300_000
"""Rows of a sheet, empty ones included: openpyxl takes 30 us for each, also where it holds nothing but a height."""

SAVE = "save the sheet as tab-separated text (.tsv)"

_AT_ONCE = 1 << 20
_GROWTH = 1_000  # bytes by which packing may make a part larger
_TEXTS = "xl/sharedstrings.xml"
_SHEETS = "xl/worksheets/"


def check_parts(path: Path, file: Path) -> bool:
    """Whether a workbook's parts are of sizes that can be, and plain XML.

    Returns
    -------
    Whether any of its sheets may hold a formula.

    Raises
    ------
    InputError
        For the first that is not; `path` names the workbook, and its sheet, in the message.
    """
    demand_regular(file, "an Excel workbook")
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise InputError(f"{path}: {len(parts):,} parts in the workbook, expected at most {MAX_PARTS:,}; {SAVE}")
        for part in parts:
            _check_size(path, part)
        whole = sum(part.file_size for part in parts)
        if whole > max(FREE_UNPACKED, MAX_RATIO * file.stat().st_size):
            raise InputError(
                f"{path}: unpacks from {file.stat().st_size / 1e6:,.1f} MB to {whole / 1e6:,.0f} MB, more than "
                f"{MAX_RATIO} times its size; {SAVE}"
            )
        formulas = False
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels")):
                _check_xml(path, archive, part)
            if part.filename.lower() == _TEXTS:
                if _count(archive, part, _TEXT) > MAX_TEXTS:
                    raise InputError(f"{path}: more than {MAX_TEXTS:,} texts in the workbook; {SAVE}")
            elif part.filename.lower().startswith(_SHEETS):
                if _count(archive, part, _ROW) > MAX_ROWS:
                    raise InputError(
                        f"{path}: more than {MAX_ROWS:,} rows in a sheet ({part.filename[:60]}), empty ones included; "
                        f"delete the empty rows below the table, or {SAVE}"
                    )
                formulas = formulas or _count(archive, part, _FORMULA) > 0
    return formulas


def _check_size(path: Path, part: zipfile.ZipInfo) -> None:
    name = part.filename[:60]
    if part.file_size > MAX_PART:
        raise InputError(
            f"{path}: its part {name} is {part.file_size / 1e6:,.0f} MB large when unpacked, more than "
            f"{MAX_PART / 1e6:,.0f} MB; {SAVE}"
        )
    if part.file_size > FREE_UNPACKED and part.file_size > MAX_RATIO * part.compress_size:
        raise InputError(
            f"{path}: its part {name} unpacks from {part.compress_size / 1e6:,.1f} MB to "
            f"{part.file_size / 1e6:,.0f} MB, "
            f"more than {MAX_RATIO} times its size; {SAVE}"
        )
    if part.compress_size > part.file_size + part.file_size // 100 + _GROWTH:
        raise InputError(
            f"{path}: its part {name} is larger packed ({part.compress_size:,} bytes) than unpacked "
            f"({part.file_size:,}); the workbook is damaged; open it in Excel and save it again"
        )


_LONGEST_START = 80  # bytes of `<prefix:name` and what follows it
_TEXT, _ROW, _FORMULA = (re.compile(rb"<(?:\w{1,60}:)?" + name + rb"[\s/>]") for name in (b"si", b"row", b"f"))


class _Root(Exception):
    """The first element was reached."""


def _check_xml(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """No document type, which could define entities: it stands before the first element."""

    def refuse(*_: object) -> None:
        raise InputError(
            f"{path}: its part {part.filename[:60]} defines a document type (DTD), which no workbook has; open it "
            "in Excel "
            "and save it again"
        )

    def stop(*_: object) -> None:
        raise _Root

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = refuse, stop
    try:
        with archive.open(part) as stream:
            while block := stream.read(_AT_ONCE):
                parser.Parse(block)
    except (_Root, expat.ExpatError):
        return  # what else is wrong, openpyxl says


def _count(archive: zipfile.ZipFile, part: zipfile.ZipInfo, start: re.Pattern[bytes]) -> int:
    """How often an element starts in a part, whatever its prefix."""
    count, held = 0, b""
    with archive.open(part) as stream:
        while block := stream.read(_AT_ONCE):
            whole = held + block
            cut = max(0, len(whole) - _LONGEST_START)
            cut = max(cut, whole.rfind(b"<", cut)) if b"<" in whole[cut:] else len(whole)
            count, held = count + len(start.findall(whole[:cut])), whole[cut:]
    return count + len(start.findall(held))
