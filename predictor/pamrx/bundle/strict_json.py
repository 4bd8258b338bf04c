"""JSON from strangers: no key twice, no NaN, no endless depth; and what stands in it, checked field by field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pamrx.bundle.refusal import TRAINED, Origin, boundary, refusal, shown
from pamrx.readers.boundary import MAX_LABEL

LARGEST = 1e9
"""Absolute value of any number of a trained model; those of the released bundle stay below 1,000."""

MOST_NAMES = 200_000
"""Names in one list: features, genes, lines."""

MAX_DEPTH = 20

_LARGEST_WHOLE = 2**53


class Fields:
    """An object of a JSON file; each method takes one field, and refuses it where it is not what it should be.

    Parameters
    ----------
    content : the object.
    file : in messages.
    place : of the object in the file, as `difficulty.`; empty at the top.
    origin : of the file.
    """

    def __init__(self, content: object, file: object, place: str = "", origin: Origin = TRAINED) -> None:
        self.file, self.place, self.origin = file, place, origin
        if not isinstance(content, dict):
            raise refusal(file, f"{place.rstrip('.') or 'the content'} is {shown(content)}", "a JSON object", origin)
        self.content: dict[str, Any] = content

    def __getitem__(self, name: str) -> Any:
        if name not in self.content:
            raise refusal(self.file, f"no field {self.place}{name}", f"what `{self.origin.writer}` writes", self.origin)
        return self.content[name]

    def only(self, names: Iterable[str]) -> None:
        """Refuse a field that is none of `names`."""
        unknown = sorted(set(self.content) - set(names))
        if unknown:
            raise refusal(
                self.file, f"field {shown(self.place + unknown[0])}", f"{', '.join(sorted(names))}", self.origin
            )

    def below(self, name: str) -> Fields:
        """The object in a field."""
        return Fields(self[name], self.file, f"{self.place}{name}.", self.origin)

    def keys(self, name: str) -> list[str]:
        """The names in the object in a field, in their order."""
        found = list(self.below(name).content)
        check_labels(found, self.file, f"{self.place}{name}", self.origin)
        return found

    def refused(self, name: str, found: object, expected: str) -> Exception:
        return refusal(self.file, f"{self.place}{name} is {shown(found)}", expected, self.origin)

    def whole(self, name: str, least: int, most: int) -> int:
        value = self[name]
        if type(value) is not int or not least <= value <= most:
            raise self.refused(name, value, f"a whole number from {least} to {most:,}")
        return value

    def number(self, name: str, least: float = -LARGEST, most: float = LARGEST) -> float:
        value = self[name]
        if not is_number(value) or not least <= value <= most:
            raise self.refused(name, value, f"a number from {least:g} to {most:g}")
        return float(value)

    def text(self, name: str) -> str:
        value = self[name]
        if not is_label(value):
            raise self.refused(name, value, f"text of up to {MAX_LABEL:,} printable characters")
        return str(value)

    def names(self, name: str, known: Iterable[str] | None = None, least: int = 0) -> list[str]:
        """A list of names, none twice; all of them `known`, where that is given."""
        value = self[name]
        if not isinstance(value, list) or not least <= len(value) <= MOST_NAMES:
            raise self.refused(name, value, f"a list of {least} to {MOST_NAMES:,} names")
        check_labels(value, self.file, f"{self.place}{name}", self.origin)
        if known is not None:
            strange = set(value).difference(known)
            if strange:
                raise self.refused(name, min(strange), "names that the rest of the bundle knows")
        return value

    def numbers(self, name: str, shape: tuple[int, ...], least: float = -LARGEST, most: float = LARGEST) -> np.ndarray:
        """Nested lists of numbers, as an array of this shape."""
        value = self[name]
        expected = f"{' x '.join(map(str, shape))} numbers from {least:g} to {most:g}"
        rows = [value] if len(shape) == 1 else value if isinstance(value, list) and len(value) == shape[0] else [None]
        if not all(isinstance(row, list) and len(row) == shape[-1] and all(map(is_number, row)) for row in rows):
            raise self.refused(name, value, expected)
        found = np.array(value, dtype=float).reshape(shape)
        if found.size and not (found.min() >= least and found.max() <= most):
            raise self.refused(name, value, expected)
        return found

    def by_name(
        self, name: str, known: Iterable[str] | None = None, least: float = -LARGEST, most: float = LARGEST
    ) -> dict[str, float]:
        """An object of numbers by name; the names `known`, where that is given."""
        value = self.below(name)
        value_names = list(value.content)
        check_labels(value_names, self.file, f"{self.place}{name}", self.origin)
        if known is not None:
            strange = set(value_names).difference(known)
            if strange:
                raise self.refused(name, min(strange), "names that the rest of the bundle knows")
        numbers = value.content.values()
        if not (
            set(map(type, numbers)) <= {int, float}
            and least <= min(numbers, default=least) <= max(numbers, default=most) <= most
        ):
            return {key: value.number(key, least, most) for key in value_names}
        return dict(value.content)


def read_json(data: bytes, file: object, origin: Origin = TRAINED) -> Any:
    """The content of a JSON file.

    Raises
    ------
    BundleError
        (of another `origin`, its error) If it is not JSON in UTF-8, a key stands twice in an object, a number is NaN,
        infinite or a whole number beyond 2^53, or the content is nested deeper than `MAX_DEPTH`.
    """
    with boundary(file, f"JSON as `{origin.writer}` writes it", origin):
        content = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_finite,
            parse_int=_whole,
            parse_constant=_constant,
        )
        _check_depth(content, MAX_DEPTH)
        return content


def is_number(value: object) -> bool:
    """Whether a value of JSON is a number; true and false are not."""
    return type(value) is float or type(value) is int


def is_label(value: object) -> bool:
    """Whether a value of JSON is a name that can be shown on a line."""
    return type(value) is str and 0 < len(value) <= MAX_LABEL and value.isprintable()


def check_labels(values: Sequence[Any], file: object, what: str, origin: Origin = TRAINED) -> None:
    """Refuse a list that holds anything but names, or one twice."""
    # All at once first: a bundle holds a hundred thousand names.
    alike = set(map(type, values)) <= {str} and "".join(values).isprintable()
    if not (alike and all(values) and max(map(len, values), default=0) <= MAX_LABEL):
        wrong = next(value for value in values if not is_label(value))
        expected = f"names of up to {MAX_LABEL:,} printable characters"
        raise refusal(file, f"{what} holds {shown(wrong)}", expected, origin)
    if len(set(values)) != len(values):
        raise refusal(file, f"{what} holds {shown(_twice(values))} twice", "each name once", origin)


def _twice(names: Iterable[str]) -> str:
    """The first that came before."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    raise ValueError("each name stands once")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"key {shown(_twice(key for key, _ in pairs))} stands twice in one object")
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"number {shown(text)} is too large")
    return value


def _whole(text: str) -> int:
    if len(text) > 17 or abs(value := int(text)) > _LARGEST_WHOLE:
        raise ValueError(f"number {shown(text)} is too large")
    return value


def _constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _check_depth(content: object, left: int) -> None:
    if not isinstance(content, (dict, list)):
        return
    if not left:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    for value in content.values() if isinstance(content, Mapping) else content:
        if isinstance(value, (dict, list)):
            _check_depth(value, left - 1)
