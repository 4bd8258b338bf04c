"""No regular expression takes time that grows with the square of what it is given: a hostile cell would hang it."""

from __future__ import annotations

import ast
import importlib
import re
import re._parser as parser  # type: ignore[import-not-found]
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pamrx
import pytest

METHODS = ("search", "match", "fullmatch", "sub", "split", "findall", "finditer")
LENGTH = 4_000
LIMIT = 0.015
"""CPU seconds. With this length a linear pattern takes 5 ms at most, a quadratic one above 30 ms."""

SIGNS = [" ", "0", "A", "a", "-", "_", ".", "(", ",", "|", "\n", "A1", "a ", "1,", "1.", '"', "/", ":", "=", "ACGT"]
ROOT = Path(pamrx.__file__).parent
ROOMS = ("identifiers", "knowledge", "readers", "features", "profiles")
"""What touches the text of files."""
MODULES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py") if file.name != "__init__.py")


def _used(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """(name of a compiled pattern, method, "") and ("", method, pattern) for each use of a regular expression."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr in METHODS):
            continue
        owner = node.value
        if isinstance(owner, ast.Name) and owner.id != "re":
            yield owner.id, node.attr, ""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in METHODS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and isinstance(node.args[0], ast.Constant)
        ):
            yield "", node.func.attr, str(node.args[0].value)


def _literals(pattern: str) -> set[str]:
    """Letters and words that stand in a pattern, and the ends of its ranges."""
    found: set[str] = set()

    def walk(tokens: Any) -> None:
        word = ""
        for name, value in tokens:
            kind = str(name)
            if kind == "LITERAL":
                word += chr(value)
                found.add(chr(value))
                continue
            found.update({word} if word else set())
            word = ""
            if kind == "SUBPATTERN":
                walk(value[3])
            elif kind == "BRANCH":
                for branch in value[1]:
                    walk(branch)
            elif kind.endswith("_REPEAT"):
                walk(value[2])
            elif kind.startswith("ASSERT"):
                walk(value[1])
            elif kind == "IN":
                found.update(
                    chr(one if isinstance(one, int) else one[0]) for k, one in value if str(k) in ("LITERAL", "RANGE")
                )
        found.update({word} if word else set())

    walk(parser.parse(pattern))
    return found


def _patterns() -> dict[tuple[str, str], tuple[re.Pattern[str], str]]:
    """Each pattern of the package with a method by which it is used; where."""
    found: dict[tuple[str, str], tuple[re.Pattern[str], str]] = {}
    for file in MODULES:
        source = file.read_text(encoding="utf-8")
        if "re." not in source and "_PATTERN" not in source and "HUGO" not in source and "LAYER" not in source:
            continue
        name = ".".join(("pamrx", *file.relative_to(ROOT).with_suffix("").parts))
        module = importlib.import_module(name)
        for variable, method, text in _used(ast.parse(source)):
            value = re.compile(text) if text else getattr(module, variable, None)
            if isinstance(value, re.Pattern):
                found.setdefault((value.pattern, method), (value, name))
        for variable, value in vars(module).items():
            # In a table: the uses cannot be told apart, and all count but those by search.
            if isinstance(value, dict):
                for one in value.values():
                    if isinstance(one, re.Pattern):
                        found.setdefault((one.pattern, "fullmatch"), (one, f"{name}.{variable}"))
    return found


def _call(pattern: re.Pattern[str], method: str) -> Callable[[str], object]:
    if method == "sub":
        return lambda text: pattern.sub("", text)
    if method == "finditer":
        return pattern.findall
    function: Callable[[str], object] = getattr(pattern, method)
    return function


def _slowest(pattern: re.Pattern[str], method: str) -> tuple[float, str]:
    literals = _literals(pattern.pattern)
    starts = ["", *sorted((word for word in literals if len(word) > 1), key=len)[:3]]
    signs = [sign for sign in sorted(literals) if not sign.isalnum()]
    run = _call(pattern, method)
    worst = 0.0, ""
    for unit in dict.fromkeys([*SIGNS, *signs]):
        for start in starts:
            text = f"{start}{unit * (LENGTH // len(unit))}\0"
            began = time.process_time()
            run(text)
            took = time.process_time() - began
            worst = max(worst, (took, f"{start!r} and {unit!r} again and again"))
            if took > LIMIT:
                return worst
    return worst


@pytest.mark.medium
def test_no_regular_expression_is_quadratic() -> None:
    slow = []
    for (text, method), (pattern, where) in _patterns().items():
        took, by = _slowest(pattern, method)
        if took > LIMIT and all(_slowest(pattern, method)[0] > LIMIT for _ in range(3)):  # not of a busy machine
            slow.append(f"{where}: {method} of {text!r}: {took:.2f} s for {by}")
    assert not slow, "\n".join(slow)


def test_the_check_itself_finds_a_quadratic_one() -> None:
    assert _slowest(re.compile(r"\s*\(\d+\)$"), "search")[0] > LIMIT
