"""From the bytes of a request to the rows and the settings in it, strictly: one reading of it, or a refusal.

Sizes are checked before anything is built from them: a few bytes of JSON can stand for many of memory, and a few
records with different fields for a large table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pamrx.display import short_repr
from pamrx.errors import did_you_mean
from pamrx.readers.boundary import MAX_CELL, MAX_LABEL
from pamrx.readers.records import PARTS

from pamrx_training.serving.limits import Limits

FORMATS = ("inputs", "dataframe_split", "dataframe_records")
"""What a request holds one of; MLflow's `instances` turns rows into columns and is left out."""

LONGEST_NUMBER = 19
"""Digits of a whole number: those of 64 bits."""

LONGEST_SHOWN = 100
_PERHAPS_NO_TEXT = re.compile(rf"\\u(?:[dD][89a-fA-F]|0000)|[^\"]{{{MAX_LABEL}}}")
"""What a text that is no Unicode, or too long, has in JSON; others may have it too."""


class Refusal(Exception):
    """A request that gets no answer: the HTTP status, and why in one line."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@short_repr
@dataclass(frozen=True)
class Request:
    """The rows (profiles or samples, see `serving.model`) and the settings of a request."""

    rows: list[dict[str, Any]]
    params: dict[str, Any]


def read_request(body: bytes, limits: Limits) -> Request:
    """What a body of JSON asks for.

    Raises
    ------
    Refusal
        With status 400 or 413, in words that repeat nothing of the samples.
    """
    request = strict_json(body, limits)
    if not isinstance(request, dict):
        _refuse(f"the request is JSON but no object; expected one with {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    for name in request:
        if name not in (*FORMATS, "params"):
            hint = did_you_mean(name, (*FORMATS, "params"))
            _refuse(f"field {name[:LONGEST_SHOWN]}: expected {', '.join(FORMATS)} and params{hint}")
    given = [name for name in FORMATS if name in request]
    if len(given) != 1:
        _refuse(f"found {' and '.join(given) or 'no input'}; expected one of {', '.join(FORMATS)}")
    params = request.get("params")
    if not isinstance(params, dict | None):
        _refuse("params: expected an object of settings and values")
    rows = _split(request[given[0]]) if given[0] == "dataframe_split" else request[given[0]]
    rows = rows if isinstance(rows, list) else [rows]
    if len(rows) > limits.samples:
        _too_many(f"{len(rows)} rows found, expected at most {limits.samples}; send fewer in each request")
    _check_table(given[0], rows, limits)
    for place, row in enumerate(rows, start=1):
        if isinstance(row, dict):
            where = f"row {place}: " if len(rows) > 1 else ""
            rows[place - 1] = {name: _part(where + name[:LONGEST_SHOWN], name, row[name], limits) for name in row}
    return Request(rows, params or {})


def strict_json(body: bytes | str, limits: Limits) -> Any:
    """The value of JSON that has one reading: no NaN, no field twice, no number that a computer cannot hold.

    Raises
    ------
    Refusal
        For anything else, for more values or deeper nesting than the limits, and for text that is not Unicode.
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(400, f"the request is not UTF-8 (byte {error.start + 1}); expected JSON in UTF-8") from None
    # Commas in text are counted too: a bound, for the price of reading the text once.
    if text.count(",") + text.count("[") + text.count("{") > limits.values:
        _too_many(
            f"more than {limits.values} values in the request; send fewer samples, or serve with a larger --max-mb"
        )
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=lambda word: _refuse(f"{word} found, which JSON does not have; expected a number or null"),
        )
    except RecursionError:
        raise Refusal(400, "the request is no JSON (nested too deeply); expected an object with inputs") from None
    except ValueError as error:
        raise Refusal(400, f"the request is no JSON ({error}); expected an object with inputs") from None
    _check_depth(value, limits.depth, look_at_texts=_PERHAPS_NO_TEXT.search(text) is not None)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: dict[str, int] = {}
        for place, (name, _) in enumerate(pairs, start=1):
            if name in seen:
                both = f"fields {seen[name]} and {place}"
                _refuse(f"{both} of an object of {len(pairs)} have the same name; expected each once")
            seen[name] = place
    return made


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > LONGEST_NUMBER:
        _refuse(f"a whole number of {len(text.lstrip('-'))} digits found, expected at most {LONGEST_NUMBER}; "
                "names go between quotation marks")  # fmt: skip
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        _refuse("a number beyond 1.8e308 found, expected one that a computer holds, or null")
    return value


def _check_depth(value: Any, depth: int, *, look_at_texts: bool) -> None:
    """Refuse what is nested more deeply, level by level; texts are looked at where an escape may have spoilt one."""
    level = [value]
    for _ in range(depth + 1):
        if look_at_texts:
            for one in level:
                _check_text(one)
        level = [child for one in level if isinstance(one, (dict, list)) for child in _children(one, look_at_texts)]
        if not level:
            return
    _refuse(f"lists and objects nested more than {depth} deep; expected rows of records")


def _children(value: dict[str, Any] | list[Any], look_at_texts: bool) -> Iterator[Any]:
    if isinstance(value, list):
        yield from (value if look_at_texts else (one for one in value if isinstance(one, (dict, list))))
        return
    if look_at_texts:
        for name in value:
            if len(name) > MAX_LABEL:
                _refuse(f"the name of a field has {len(name)} characters, expected at most {MAX_LABEL}")
            yield name
    yield from (value.values() if look_at_texts else (one for one in value.values() if isinstance(one, (dict, list))))


def _check_text(value: Any) -> None:
    if not isinstance(value, str):
        return
    if len(value) > MAX_CELL and not value.lstrip().startswith("["):  # a part as JSON, which is looked at in turn
        _refuse(f"a text of {len(value)} characters found, expected at most {MAX_CELL}")
    if "\0" in value:
        _refuse("a zero character found in a text; expected text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Refusal(400, "half of a surrogate pair found in a text; expected Unicode text") from None


def _split(given: Any) -> list[dict[str, Any]]:
    """The rows of `dataframe_split`."""
    if not isinstance(given, dict) or not {"columns", "data"} <= set(given) <= {"columns", "data", "index"}:
        _refuse("dataframe_split: expected an object of columns and data")
    columns, data = given["columns"], given["data"]
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        _refuse("dataframe_split: columns: expected a list of names")
    if len(set(columns)) != len(columns):
        _refuse("dataframe_split: columns: a name stands twice; expected each once")
    if not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        _refuse("dataframe_split: data: expected a list of rows, each a list of values")
    for place, row in enumerate(data, start=1):
        if len(row) != len(columns):
            _refuse(
                f"dataframe_split: row {place}: {len(row)} values found, expected {len(columns)}, one for each column"
            )
    return [dict(zip(columns, row, strict=True)) for row in data]


def _part(place: str, name: str, value: Any, limits: Limits) -> Any:
    """A part of a profile, from its JSON where it is text, and not larger as a table than as JSON."""
    if name in PARTS and isinstance(value, str):
        try:
            value = strict_json(value, limits)
        except Refusal as refusal:
            raise Refusal(refusal.status, f"{place}: {refusal}") from None
    if isinstance(value, list):
        if name == "samples" and len(value) > limits.samples:
            _too_many(f"{place}: {len(value)} samples found, expected at most {limits.samples}; send the others apart")
        _check_table(place, value, limits)
    return value


def _check_table(place: str, records: list[Any], limits: Limits) -> None:
    """Refuse records of so many different fields that they make a table with far more cells than were sent."""
    if not records or not isinstance(records[0], Mapping):
        return
    fields: set[str] = set()
    for record in records:
        if isinstance(record, Mapping):
            fields.update(record)
        if len(records) * len(fields) > limits.values:
            _too_many(
                f"{place}: {len(records)} records with {len(fields)} different fields or more make a table of over "
                f"{limits.values} cells; send fewer samples, or the same fields in each record"
            )


def _refuse(message: str) -> NoReturn:
    raise Refusal(400, message)


def _too_many(message: str) -> NoReturn:
    raise Refusal(413, message)
