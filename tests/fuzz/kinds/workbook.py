"""Excel workbooks, spoilt in their cells, in the parts of the archive and by bytes."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from random import Random

from tests.fuzz.case import Case, Kind, by_content
from tests.fuzz.kinds.layouts import asked, maf_rows, matrix_rows, sample_rows
from tests.fuzz.mutations import BYTES
from tests.fuzz.tokens import cell

_MADE = (1980, 1, 1, 0, 0, 0)
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:]+Z")
_HUGE = ("<c r='XFD1048576'><v>1</v></c>", "<row r='1048576'><c r='A1048576'><v>1</v></c></row>")


def _workbook(random: Random, folder: Path) -> Case:
    import openpyxl

    option, rows = random.choice(
        (
            ("expression", matrix_rows(random, "log2")),
            ("copy-number", matrix_rows(random, "calls")),
            ("mutations", maf_rows(random)),
            ("samples", sample_rows(random)),
        )
    )
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "levels"
    for row in rows:
        sheet.append(list(row))
    name = "x.xlsx"
    if random.random() < 0.3:
        book.create_sheet("notes").append(["made by hand"])
        name = "x.xlsx::levels"
    made = io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as archive:
        _pack(folder / "x.xlsx", {part: archive.read(part) for part in archive.namelist()})
    return asked(random, {option: name})


def _pack(path: Path, parts: dict[str, bytes]) -> None:
    """With one time in all parts, so that the same seed gives the same bytes."""
    parts = {part: _TIME.sub(b"2020-01-01T00:00:00Z", content) for part, content in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(zipfile.ZipInfo(part, _MADE), content, zipfile.ZIP_DEFLATED)


def _spoil(random: Random, folder: Path, case: Case) -> Case:
    change = random.choice(("cells", "cells", "part", "gone", "bytes", "bytes"))
    path = folder / "x.xlsx"
    if change == "bytes":
        return by_content(random, folder, case)
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    part = sheet if random.random() < 0.6 else random.choice(sorted(parts))
    if change == "gone":
        del parts[part]
    elif change == "part":
        parts[part] = random.choice(BYTES)(random, parts[part])
    else:
        parts[sheet] = _cells(random, parts[sheet].decode()).encode("utf-8", "replace")
    _pack(path, parts)
    return case


def _cells(random: Random, text: str) -> str:
    """Another type, reference or value in the XML of a sheet."""
    old, new = random.choice(
        (
            ("<v>", f"<v>{_escaped(cell(random))}"),
            ("</row>", f"{random.choice(_HUGE)}</row>"),
            ('t="s"', f't="{random.choice(("n", "b", "e", "d", "str", "inlineStr", "x"))}"'),
            ('t="n"', f't="{random.choice(("s", "b", "e", "d", "str", "inlineStr", "x"))}"'),
            ("<v>", "<f>1/0</f><v>"),
            ("<v>", "<f>A1</f><v>"),
            ('r="A', 'r="Z'),
            ('r="B', 'r="A'),
            ('r="1"', 'r="-1"'),
            ("<sheetData>", '<sheetData><row r="1048576"/>'),
            ("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
            ("<worksheet", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet'),
        )
    )
    place = random.randrange(max(text.count(old), 1))
    parts = text.split(old)
    head, tail = old.join(parts[: place + 1]), old.join(parts[place + 1 :])
    return f"{head}{new}{tail}" if len(parts) > 1 else text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


KINDS = (Kind("workbook", 40, _workbook, _spoil),)
