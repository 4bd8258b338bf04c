"""Changes of JSON: of bundles, and of what a client sends."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.fuzz.tokens import cell

_NUMBERS = (0, -1, 1, 2.5, 1e308, -1e308, 1e-320, 2**31, 2**53 + 1, 2**64, 10**400)


def odd_value(random: Random) -> Any:
    """Any JSON value; numbers that JSON does not have (NaN) among them, since Python writes and reads them."""
    kind = random.choice(("number", "number", "text", "text", "constant", "list", "object", "deep"))
    if kind == "number":
        return random.choice(_NUMBERS)
    if kind == "text":
        return cell(random)
    if kind == "constant":
        return random.choice((None, True, False, float("nan"), float("inf"), float("-inf")))
    if kind == "list":
        return random.choice(([], [None], [1, "a"], [[]], [{}], ["PTEN"] * 1000))
    if kind == "object":
        return random.choice(({}, {"": ""}, {"a": {"b": []}}, {cell(random): 1.0}, {"PTEN": "high"}))
    value: Any = 1
    for _ in range(random.choice((5, 200))):
        value = [value] if random.random() < 0.5 else {"a": value}
    return value


def changed(random: Random, value: Any) -> Any:
    """One part of a value gone, doubled, renamed, or another in its place."""
    if not (isinstance(value, dict | list) and value) or random.random() < 0.1:
        return odd_value(random)
    change = random.choice(("below", "below", "below", "below", "gone", "renamed", "doubled"))
    if isinstance(value, dict):
        key = random.choice(list(value))
        rest = {name: one for name, one in value.items() if name != key}
        if change == "gone":
            return rest
        if change == "renamed":
            return {**rest, cell(random): value[key]}
        if change == "doubled":
            return {**value, f"{key}{random.choice(('', ' ', '.1', '2'))}": value[key]}
        return {**value, key: changed(random, value[key])}
    place = random.randrange(len(value))
    if change == "gone":
        return [*value[:place], *value[place + 1 :]]
    if change == "doubled":
        return [*value, value[place]]
    return [*value[:place], changed(random, value[place]), *value[place + 1 :]]
