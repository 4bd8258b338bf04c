"""A digest of all code that a computation depends on, so that a stored result is never read after its code has changed.

The digest covers the import closure of a module inside `pamrx` and `pamrx_training`: each module that it imports, at
the top or inside a function, and each that those import. Of every module the abstract syntax tree counts, without
docstrings: comments, layout and documentation may change freely. It also covers the tables (CSV) that lie in packages
of the closure and are named in its code, and the versions of the numerical packages.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from pamrx.display import short_repr

PACKAGES = ("pamrx", "pamrx_training")
NUMERICAL = ("lightgbm", "numpy", "pandas", "scikit-learn", "scipy")
"""Distributions whose version may change the digits of a result."""


@cache
def code_digest(*modules: str) -> str:
    """SHA-256 over all that the installed `modules` run (see `digest_of`)."""
    return digest_of(modules, installed())


def digest_of(modules: tuple[str, ...], packages: Mapping[str, Path]) -> str:
    """SHA-256 over the code of the import closure, its tables, and the versions of the numerical packages.

    Parameters
    ----------
    modules : full names of the modules that are run.
    packages : name -> folder of each package that the closure may enter.
    """
    found = closure(modules, packages)
    digest = hashlib.sha256(", ".join(f"{name} {version(name)}" for name in NUMERICAL).encode())
    for name, module in sorted(found.items()):
        digest.update(f"\0{name} {module.digest}".encode())
    for path in tables(found, packages):
        digest.update(f"\0{path.parent.name}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@short_repr
@dataclass(frozen=True)
class Module:
    """What counts of a module's source.

    Attributes
    ----------
    digest : SHA-256 of its syntax tree without docstrings.
    imports : (level, module, names) of each import; level 0 is absolute, 1 its own package, and so on.
    texts : all texts in its code.
    """

    digest: str
    imports: tuple[tuple[int, str, tuple[str, ...]], ...]
    texts: frozenset[str]


def closure(modules: tuple[str, ...], packages: Mapping[str, Path]) -> dict[str, Module]:
    """`modules` and every module in `packages` that they come to import, by name.

    Imports for type checking alone run nothing and are left out.

    Raises
    ------
    ValueError
        If one of `modules` is not a module of `packages`.
    """
    found: dict[str, Module] = {}
    waiting = list(modules)
    for name in modules:
        if source_of(name, packages) is None:
            raise ValueError(f"{name}: not a module of {', '.join(packages)}")
    while waiting:
        name = waiting.pop()
        path = source_of(name, packages)
        if name in found or path is None:
            continue
        found[name] = _read(path.read_text(encoding="utf-8"))
        waiting += _imported(found[name], name, is_package=path.name == "__init__.py")
        # Python runs the packages above a module before it.
        waiting += [name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)]
    return found


def tables(found: Mapping[str, Module], packages: Mapping[str, Path]) -> list[Path]:
    """The CSV files in packages of a closure whose name, with or without its ending, is a text in its code."""
    texts = frozenset[str]().union(*(module.texts for module in found.values()))
    folders = {path.parent for name in found if (path := source_of(name, packages)) is not None}
    return sorted(path for folder in folders for path in folder.glob("*.csv") if {path.name, path.stem} & texts)


def source_of(name: str, packages: Mapping[str, Path]) -> Path | None:
    """The source file of a module; None where it is not a module of `packages`."""
    top, *inner = name.split(".")
    if top not in packages:
        return None
    place = packages[top].joinpath(*inner)
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def installed() -> dict[str, Path]:
    """The folders that `PACKAGES` are imported from."""
    out = {}
    for name in PACKAGES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        out[name] = Path(spec.origin).parent
    return out


@cache
def _read(source: str) -> Module:
    tree = _Executable().visit(ast.parse(source))
    imports: list[tuple[int, str, tuple[str, ...]]] = []
    texts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [(0, alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports.append((node.level, node.module or "", tuple(alias.name for alias in node.names)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    return Module(digest, tuple(imports), frozenset(texts))


def _imported(module: Module, name: str, is_package: bool) -> Iterator[str]:
    """Full names of all that a module imports; some are attributes, which are no module."""
    parts = name.split(".")
    for level, base, names in module.imports:
        above = parts[: len(parts) - level + is_package] if level else []
        full = ".".join([*above, *filter(None, [base])])
        yield full
        yield from (f"{full}.{one}" for one in names)


class _Executable(ast.NodeTransformer):
    """Takes out what is never run: texts that stand alone (docstrings), and imports for type checking."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        alone = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if alone else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        checking = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return node.orelse if checking else node
