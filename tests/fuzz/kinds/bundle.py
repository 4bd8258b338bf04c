"""Bundles from strangers: a copy of the released one with a changed file, whose hashes were made anew."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pamrx.bundle.bundle import CARD, MANIFEST, released_bundle

from tests.fuzz.case import Case, Kind
from tests.fuzz.kinds.json_changes import changed, odd_value
from tests.fuzz.kinds.layouts import DRUGS, maf_rows, put, text_of
from tests.fuzz.mutations import BYTES

BUNDLE = "bundle"
_TREE_LINE = re.compile(r"^(\w+)=(.+)$", re.MULTILINE)


def _bundle(random: Random, folder: Path) -> Case:
    shutil.copytree(released_bundle(), folder / BUNDLE)
    sign(folder / BUNDLE, CARD)
    maf = put(folder / "x.maf", text_of(maf_rows(random)))
    return Case(("predict", "--mutations", maf, "--bundle", BUNDLE, *DRUGS), (), None)


def sign(folder: Path, name: str, instead: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Make the hash of a bundle's file and the fingerprint anew, so that it looks whole.

    Parameters
    ----------
    name : of the file that was changed, or taken away.
    instead : fields of the manifest.
    """
    manifest = json.loads((folder / MANIFEST).read_text())
    if (folder / name).is_file():
        manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    else:
        del manifest["files"][name]
    manifest |= dict(instead)
    told = {key: value for key, value in manifest.items() if key != "fingerprint"}
    if isinstance(told.get("files"), dict):
        told["files"] = {name: digest for name, digest in told["files"].items() if name != CARD}
    manifest["fingerprint"] = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def _spoil(random: Random, folder: Path, case: Case) -> Case:
    bundle = folder / BUNDLE
    change = random.choice(("trees", "trees", "json", "table", "table", "bytes", "manifest", "gone"))
    if change == "manifest":
        manifest = json.loads((bundle / MANIFEST).read_text())
        key = random.choice(sorted(manifest))
        sign(bundle, CARD, {key: changed(random, manifest[key])})
        return case
    ending = {"trees": "*.txt", "json": "*.json", "table": "*.parquet"}.get(change, "*")
    path = random.choice([path for path in sorted(bundle.glob(ending)) if path.name not in (MANIFEST, CARD)])
    if change == "gone":
        path.unlink()
    elif change == "bytes":
        path.write_bytes(random.choice(BYTES)(random, path.read_bytes()))
    else:
        _CHANGES[change](random, path)
    sign(bundle, path.name)
    return case


def _trees(random: Random, path: Path) -> None:
    """One or two values of LightGBM's text."""
    text = path.read_text()
    for _ in range(random.choice((1, 1, 2))):
        found = random.choice(list(_TREE_LINE.finditer(text)))
        words = found[2].split(" ")
        place = random.randrange(len(words))
        words[place] = random.choice(
            ("-1", "0", "1", "5", "99999", "-99999", str(2**40), "nan", "inf", "1e400", "", "x")
        )
        if random.random() < 0.2:
            words = random.choice(([], words[:place], [*words, *words]))
        text = f"{text[: found.start(2)]}{' '.join(words)}{text[found.end(2) :]}"
    path.write_text(text)


def _json(random: Random, path: Path) -> None:
    content = json.loads(path.read_text())
    key = random.choice(sorted(content))
    content[key] = changed(random, content[key])
    path.write_text(json.dumps(content))


def _table(random: Random, path: Path) -> None:
    table = pq.read_table(path)
    place = random.randrange(table.num_columns)
    name, n = table.column_names[place], table.num_rows
    change = random.choice(("gone", "values", "type", "rows", "name", "twice", "metadata"))
    if change == "gone":
        table = table.remove_column(place)
    elif change == "rows":
        table = random.choice((table.slice(0, 0), table.slice(0, n // 2), pa.concat_tables([table, table])))
    elif change == "name":
        table = table.rename_columns([*table.column_names[:place], "x", *table.column_names[place + 1 :]])
    elif change == "twice":
        table = table.append_column(name, table.column(place))
    elif change == "metadata":
        value = random.choice((None, {b"pandas": b"{"}, {b"pandas": json.dumps(odd_value(random)).encode()}))
        table = table.replace_schema_metadata(value)
    else:
        odd = [None, float("nan"), float("inf"), 1e308, -1e308]
        values = (
            [random.choice(odd)] * n if change == "values" else random.choice(([["a"]] * n, ["x"] * n, [2**60] * n))
        )
        table = table.set_column(place, name, pa.array(values))
    pq.write_table(table, path)


_CHANGES: dict[str, Callable[[Random, Path], None]] = {"trees": _trees, "json": _json, "table": _table}

KINDS = (Kind("bundle", 20, _bundle, _spoil),)
