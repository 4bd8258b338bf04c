"""The cache folder: tidy tables, one record per source that says where they came from, and checks of both.

```
<cache>/downloads/            archives as they came, checked against their SHA-256
<cache>/gdsc/*.parquet        tidy tables of one source
<cache>/gdsc.json             its record: SHA-256 of each table, source versions, what was kept and dropped
```

Tables are written first and the record last, each to a temporary name that is then renamed. A source whose record
does not match its tables counts as absent, so an interrupted run leaves nothing that could be taken for whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import PamrxError, StoreError
from pamrx.outputs import whole_file
from pamrx.tables import write_table

SOURCES = ("gdsc", "ccle-mirna", "panel718")
VARIABLE = "PAMRX_CACHE"


@short_repr
@dataclass
class Ledger:
    """What tidying kept and dropped, and why: the report's lines and the record's counts."""

    kept: dict[str, int] = field(default_factory=dict)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, what: str, count: int) -> None:
        self.kept[what] = int(count)

    def drop(self, count: int, what: str, why: str) -> None:
        if count:
            self.dropped.append({"count": int(count), "what": what, "why": why})

    def note(self, count: int, what: str) -> None:
        if count:
            self.notes.append({"count": int(count), "what": what})

    def lines(self) -> list[str]:
        """One line per entry, for a terminal."""
        kept = [f"kept {count:,} {what}" for what, count in self.kept.items()]
        dropped = [f"dropped {entry['count']:,} {entry['what']}: {entry['why']}" for entry in self.dropped]
        return kept + dropped + [f"note: {entry['count']:,} {entry['what']}" for entry in self.notes]

    def record(self) -> dict[str, Any]:
        """The entries as they stand in a source's record."""
        return {"kept": self.kept, "dropped": self.dropped, "notes": self.notes}


def cache_folder(cache: str | os.PathLike[str] | None = None, *, make: bool = False) -> Path:
    """The cache folder: the one given, else the variable PAMRX_CACHE, else the user's own cache folder.

    Raises
    ------
    PamrxError
        If `make` is set and the folder cannot be made or written.
    """
    folder = Path(cache or os.environ.get(VARIABLE) or _own_folder()).expanduser()
    if make:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            writable = os.access(folder, os.W_OK | os.X_OK)
        except OSError as error:
            raise _not_writable(folder, error.strerror or "error") from None
        if not writable:
            raise _not_writable(folder, "no permission")
    return folder


def write_source(cache: Path, source: str, tables: dict[str, pd.DataFrame], record: dict[str, Any]) -> dict[str, Any]:
    """Write one source's tables and, after them, its record. Returns the record as written.

    `record` comes with the source's own entries; the SHA-256, content hash, size and shape of each table are added.
    """
    folder = cache / source
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name, frame in tables.items():
        path = folder / f"{name}.parquet"
        write_table(frame, path)
        entries[path.name] = {
            "sha256": file_sha256(path),
            "content_sha256": content_sha256(frame),
            "bytes": path.stat().st_size,
            "rows": len(frame),
            "columns": frame.shape[1],
        }
    whole = {
        "source": source,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        **record,
        "tables": entries,
    }
    with whole_file(record_path(cache, source)) as temporary:
        temporary.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return whole


def read_record(cache: Path, source: str) -> dict[str, Any] | None:
    """The record of a source; None where there is none or it cannot be read."""
    try:
        record: dict[str, Any] = json.loads(record_path(cache, source).read_text(encoding="utf-8"))
        record["tables"].items()
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return record


def record_path(cache: Path, source: str) -> Path:
    return cache / f"{source}.json"


def cached_inputs(cache: str | os.PathLike[str] | None = None) -> list[Path]:
    """What the cache (see `cache_folder`) holds of sources: no output of a command may be there."""
    folder = cache_folder(cache)
    records = sorted(folder.glob("*.json"))
    return [*records, *(record.with_suffix("") for record in records)]


def changed_tables(cache: Path, record: dict[str, Any]) -> list[str]:
    """Names of the record's tables that are missing or no longer have their SHA-256."""
    folder = cache / record["source"]
    return [name for name, entry in record["tables"].items() if not has_sha256(folder / name, entry["sha256"])]


def current_record(cache: Path, source: str, basis: dict[str, Any]) -> dict[str, Any] | None:
    """The record of a source that was made from `basis` and whose tables are unchanged; None if it must be made."""
    record = read_record(cache, source)
    if record is None or record.get("basis") != basis or changed_tables(cache, record):
        return None
    return record


def read_source(cache: Path, source: str, names: Iterable[str]) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables of a source by name (without ending), checked against the record, and the record.

    Raises
    ------
    StoreError
        If the source was never fetched, or a table is missing or changed.
    """
    record = read_record(cache, source)
    if record is None:
        raise StoreError(f"{cache}: holds no {source} data; run {_way_to(source)} (or name another --cache)")
    wanted = [f"{name}.parquet" for name in names]
    damaged = [name for name in changed_tables(cache, record) if name in wanted]
    damaged += [name for name in wanted if name not in record["tables"]]
    if damaged:
        path = cache / source / damaged[0]
        raise StoreError(f"{path}: missing or changed since it was written; run {_way_to(source)} again")
    return {Path(name).stem: pd.read_parquet(cache / source / name) for name in wanted}, record


def fingerprint(cache: str | os.PathLike[str] | None = None, sources: Iterable[str] | None = None) -> str:
    """SHA-256 over the content of the tidy tables (column names and values; not the Parquet bytes).

    Parameters
    ----------
    sources
        Sources that count; by default every one that is present.

    Raises
    ------
    StoreError
        If a named source is absent, none is present, or a table was changed since it was written.
    """
    folder = cache_folder(cache)
    named = tuple(sources) if sources is not None else tuple(s for s in SOURCES if read_record(folder, s))
    if not named:
        raise StoreError(f"{folder}: holds no data; run `pamrx data fetch gdsc` (or name another --cache)")
    digest = hashlib.sha256()
    for source in sorted(named):
        record = read_record(folder, source)
        if record is None:
            raise StoreError(f"{folder}: holds no {source} data; run {_way_to(source)}")
        if damaged := changed_tables(folder, record):
            path = folder / source / damaged[0]
            raise StoreError(f"{path}: missing or changed since it was written; run {_way_to(source)} again")
        for name, entry in sorted(record["tables"].items()):
            digest.update(f"{source}/{name} {entry['content_sha256']}\n".encode())
    return digest.hexdigest()


def data_status(cache: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """What is present: one row per table, or one per source that is absent.

    Returns
    -------
    DataFrame
        Columns source, file, rows, columns, bytes, written (UTC), check: `ok`, `missing` (a table is gone), `changed`
        (it no longer has its SHA-256) or `absent` (the source was not fetched).
    """
    folder = cache_folder(cache)
    columns = ["source", "file", "rows", "columns", "bytes", "written", "check"]
    found = []
    for source in (*SOURCES, *imported_sources(folder)):
        record = read_record(folder, source)
        if record is None:
            found.append([source, "", 0, 0, 0, "", "absent"])
            continue
        for name, entry in record["tables"].items():
            path = folder / source / name
            check = "ok" if has_sha256(path, entry["sha256"]) else "changed" if path.exists() else "missing"
            size = path.stat().st_size if path.exists() else 0
            found.append([source, name, entry["rows"], entry["columns"], size, record.get("written", ""), check])
    return pd.DataFrame(found, columns=columns)


def imported_sources(folder: Path) -> tuple[str, ...]:
    """Names of the sources that `pamrx data import` made, sorted."""
    names = sorted(path.stem for path in folder.glob("*.json"))
    records = {name: read_record(folder, name) for name in names if name not in SOURCES}
    return tuple(name for name, record in records.items() if record is not None and record.get("imported") is True)


def content_sha256(frame: pd.DataFrame) -> str:
    """SHA-256 over column names, kinds and values in order. The same content hashes the same from any file format."""
    digest = hashlib.sha256()
    for name in frame.columns:
        kind, content = _column_content(frame[name])
        digest.update(f"\x1e{name}\x1f{kind}\x1f{len(frame)}\x1f".encode())
        digest.update(content)
    return digest.hexdigest()


def _column_content(column: pd.Series) -> tuple[str, bytes]:
    if pd.api.types.is_float_dtype(column.dtype):
        numbers = column.to_numpy(dtype="<f8", na_value=np.nan)
        return "real", (np.where(np.isnan(numbers), np.nan, numbers) + 0.0).tobytes()  # one NaN, one zero
    whole = pd.api.types.is_integer_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)
    if whole and not column.hasnans:
        return "whole", column.to_numpy(dtype="<i8").tobytes()
    texts = ["\x00" if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]
    return "whole" if whole else "text", "\x1f".join(texts).encode()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def has_sha256(path: Path, expected: str) -> bool:
    """Whether the file exists and has this SHA-256."""
    try:
        return file_sha256(path) == expected
    except OSError:
        return False


@contextmanager
def interruptible(what: str) -> Iterator[None]:
    """Turn Ctrl-C into the one line that says what to do next; partial files are removed by those who made them."""
    try:
        yield
    except KeyboardInterrupt:
        raise PamrxError(f"{what}: interrupted; nothing half-written was kept; run the same command again") from None


def _way_to(source: str) -> str:
    """The command that brings a source into the cache, as messages name it."""
    return f"`pamrx data fetch {source}`" if source in SOURCES else f"`pamrx data import FOLDER --name {source}`"


def _own_folder() -> Path:
    import pooch

    return Path(pooch.os_cache("pamrx"))


def _not_writable(folder: Path, reason: str) -> StoreError:
    return StoreError(f"{folder}: cannot be used as the cache ({reason}); name another with --cache DIR or {VARIABLE}")
