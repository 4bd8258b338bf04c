"""How objects that hold tables are shown: a short `repr`, and a small table in notebooks."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Collection, Mapping
from html import escape
from typing import Any, TypeVar

LINES, WIDTH = 10, 100
"""A `repr` has no more lines than this; none is wider."""

_LONGEST = 60  # characters of one value

T = TypeVar("T")


def short_repr(cls: type[T]) -> type[T]:
    """Class decorator for a dataclass or NamedTuple: its `repr` says of each table or collection only how large it is.

    Stands above `@dataclass`. A private field, or one with `repr=False`, is left out.
    """
    if dataclasses.is_dataclass(cls):
        shown = [field.name for field in dataclasses.fields(cls) if field.repr]
    else:
        shown = list(getattr(cls, "_fields", ()))
    names = [name for name in shown if not name.startswith("_")]

    def __repr__(self: object) -> str:
        text = ", ".join(f"{name}={described(getattr(self, name))}" for name in names)
        return "\n".join(_wrapped(f"{type(self).__name__}({text})"))

    cls.__repr__ = __repr__  # type: ignore[method-assign]
    return cls


def described(value: object) -> str:
    """One value in a few words: a small one as it is, of another the type and its size."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"<{type(value).__name__} {' x '.join(str(size) for size in shape)}>"
    if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        return _collection(value)
    if dataclasses.is_dataclass(value) or type(value).__repr__ is object.__repr__ or hasattr(value, "get_params"):
        return f"<{type(value).__name__}>"
    return _shortened(repr(value))


def as_text(title: str, facts: Mapping[str, str]) -> str:
    """A title and one line for each fact, as the `repr` of an object that a person looks at."""
    width = max(map(len, facts), default=0)
    rows = [f"  {name:<{width}}  {_shortened(text, WIDTH - width - 4)}" for name, text in facts.items()]
    return "\n".join([f"<{_shortened(title, WIDTH - 2)}>", *rows][:LINES])


def as_html(title: str, facts: Mapping[str, str]) -> str:
    """The same as an HTML table for `_repr_html_`; all text is escaped."""
    rows = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(text)}</td></tr>'
        for name, text in facts.items()
    )
    return f'<table><caption style="text-align:left"><b>{escape(title)}</b></caption>{rows}</table>'


def first_few(names: Collection[str], most: int = 3) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(list(names)[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def _collection(value: Collection[Any]) -> str:
    plain = len(value) <= 6 and all(isinstance(one, (str, int, float, type(None))) for one in value)
    text = repr(value) if plain and not isinstance(value, Mapping) else ""
    return text if 0 < len(text) <= _LONGEST else f"<{type(value).__name__} of {len(value):,}>"


def _shortened(text: str, most: int = _LONGEST) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="    ", max_lines=LINES, placeholder=" ...)")
