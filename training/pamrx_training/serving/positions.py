"""Error messages that say where in a request something stands, in place of what stands there.

The messages of the readers name samples, genes and values, as whoever has the file at hand needs it. Over HTTP they
pass proxies and logs, where a patient's data do not belong. The client has the request, and `row 1, mutations 3, field
Hugo_Symbol` tells it the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pamrx.identifiers.vocabulary import vocabulary
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.records import PARTS

from pamrx_training.serving.rows import FIELDS_OF_ROW

_SHOWN = 20
"""Characters of a longer text by which it is found where a message has cut it."""

_NAMED_FIELDS = ("mutations", "samples")
"""Parts whose fields are the columns of a format, and no samples or genes."""

_WORDLIKE = re.compile(r"[\w.:*>+-]{6,}")
_NOT_IN_WORD = r"(?<![\w])", r"(?![\w])"


def without_contents(message: str, rows: Iterable[Any]) -> str:
    """The message, with each text and number of the rows that occurs in it replaced by its place.

    Parameters
    ----------
    message : one line; that it came of these rows is what makes their contents likely in it.
    rows : of a request (`request.Request`).

    Returns
    -------
    str
        Words of pamrx (names of parts, fields, tissues) are left where they are, since they say what is expected.
    """
    known = _own_words()
    found: dict[str, str] = {}
    longer: list[str] = []
    for text, place in _texts(rows):
        if text in known:
            continue
        for form in _forms(text):
            if form in message and form.strip():
                found.setdefault(form, place)
        if len(text) > 1 and not text.isalpha():
            longer.append(text)
    places: list[str] = []
    for form in sorted(found, key=len, reverse=True):
        message = _replaced(message, form, found[form], places)
    # Names that a reader shortened, as barcodes to their sample.
    everything = "\n".join(longer)
    for word in set(_WORDLIKE.findall(message)):
        if word not in known and any(character.isdigit() for character in word) and word in everything:
            message = _replaced(message, word, "a part of a text of the request", places)
    return re.sub("\x00(\\d+)\x00", lambda match: f"[{places[int(match[1])]}]", message)


def _replaced(message: str, form: str, place: str, places: list[str]) -> str:
    """The message with a mark in place of `form`; marks hold no text that could be found again."""
    before, after = _NOT_IN_WORD
    pattern = (before if form[0].isalnum() else "") + re.escape(form)
    if len(form) == _SHOWN:
        pattern += r"\w*"  # what is left of a text that was cut
    elif form[-1].isalnum():
        pattern += after
    pattern = f"'{pattern}'|\"{pattern}\"|{pattern}"
    if form.isdigit() and len(form) < 4:  # else the numbers of rows would go
        pattern = rf"(?<=found ){re.escape(form)}(?!\w)|'{re.escape(form)}'"
    made, count = re.subn(pattern, lambda _: f"\x00{len(places)}\x00", message)
    if count:
        places.append(place)
    return made


def _forms(text: str) -> Iterator[str]:
    """How a message may show a text: as it is, on one line, escaped, or cut."""
    yield text
    if not text.isprintable() or "\\" in text or "'" in text or '"' in text:
        yield repr(text)[1:-1]
        yield json.dumps(text)[1:-1]
    if not text.isascii():
        yield json.dumps(text)[1:-1]
        yield ascii(text)[1:-1]
    line = " ".join(text.split())
    if line != text:
        yield line
    if len(line) > _SHOWN:
        yield line[:_SHOWN]


def _texts(rows: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Every text and number of the rows, and the names of fields that are data, each with its place."""
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            yield from _of(row, f"row {number}", named_fields=False)
            continue
        for name, part in row.items():
            yield from _of(part, f"row {number}, {name}", named_fields=name in _NAMED_FIELDS)


def _of(value: Any, place: str, *, named_fields: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield value, place
    elif isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)):
        yield repr(value), place
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            yield str(int(value)), place
    elif isinstance(value, Mapping):
        for number, (name, one) in enumerate(value.items(), start=1):
            if not named_fields:
                yield name, f"{place}, name of field {number}"
            shown = f"field {name}" if named_fields else f"field {number}"
            yield from _of(one, f"{place}, {shown}", named_fields=named_fields)
    elif isinstance(value, (list, tuple)):
        for number, one in enumerate(value, start=1):
            yield from _of(one, f"{place} {number}", named_fields=named_fields)


@cache
def _own_words() -> frozenset[str]:
    words = {word for words in vocabulary().values() for word in words}
    return frozenset({*words, *PARTS, *FIELDS_OF_ROW, *SAMPLE_COLUMNS, "gene", "sample_id"})
