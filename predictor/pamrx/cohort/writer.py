"""The folder that a run writes: finished parts, and what the run was, so that it can be stopped and gone on with.

```
run.json                       what was asked of which cohort and bundle; with counts once all is done
predictions/part-000000.parquet
contributions/part-000000.parquet   with --explain
rejected.parquet               samples that could not be used, once all is done
summary.csv                    with --summary, once all is done
.work/                         while it runs: the lock, unfinished files, what finished parts tell
```

A part is finished when its note in `.work/done` is there; every file gets its name only when it is whole. Nothing
written depends on the time, the machine, or on how often the run was stopped.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import socket
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pamrx.cohort.chunks import Chunk
from pamrx.cohort.worker import REJECTED, Scored
from pamrx.errors import InputError, PamrxError, StoreError, UsageError

RUN, WORK = "run.json", ".work"
PREDICTED, EXPLAINED = "predictions", "contributions"
_SHOWN = 80


def write_part(folder: Path, part: Chunk, scored: Scored) -> None:
    """Write a part's tables, and last the note that it is finished. Any process may do so that sees the folder.

    Raises
    ------
    PamrxError
        If it cannot be written.
    """
    name, work = f"part-{part.number:06}.parquet", folder / WORK
    with _writing(folder):
        if scored.rejected.num_rows:
            _put(scored.rejected, work / "rejected" / name, work)
        if scored.groups is not None:
            _put(scored.groups, work / "groups" / name, work)
        if scored.contributions is not None:
            _put(scored.contributions, folder / EXPLAINED / name, work)
        _put(scored.predictions, folder / PREDICTED / name, work)
        note = work / "done" / f"{part.number:06}.json"
        _put_json(note, _counts(part, scored), work / "tmp" / f"{part.number:06}.{_own()}.json")


class Output:
    """An output folder, opened for one run and locked against a second."""

    def __init__(self, folder: Path, asked: Mapping[str, Any]) -> None:
        """Make the folder, or check that it holds the beginning of the same run.

        Raises
        ------
        PamrxError
            If it cannot be written, holds something else, was begun with another cohort, bundle or option (told which),
            or another process writes to it.
        """
        self.folder, self.asked = folder, dict(asked)
        self.finished = self._own = False
        with _writing(folder):
            self._begun()
            self._made = not folder.exists()
            folder.mkdir(exist_ok=True)
            (folder / WORK).mkdir(exist_ok=True)
            self._lock()
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    def _prepare(self) -> None:
        """What a run finds in its folder, which is locked: that of its beginning, or nothing."""
        folder = self.folder
        before = self._begun()  # once more: another process may have had the lock meanwhile
        self.finished = before is not None and "counts" in before
        self._own = not self.finished
        if before is None:
            for name in (PREDICTED, EXPLAINED):
                shutil.rmtree(folder / name, ignore_errors=True)
            for name in ("rejected", "groups"):
                shutil.rmtree(folder / WORK / name, ignore_errors=True)
            _put_json(folder / RUN, self.asked, folder / WORK / "run.json")
        for name in ("tmp", "done", "rejected", "groups"):
            (folder / WORK / name).mkdir(exist_ok=True)
        for leftover in (folder / WORK / "tmp").iterdir():
            leftover.unlink()
        (folder / PREDICTED).mkdir(exist_ok=True)
        if self.asked["options"]["explain"]:
            (folder / EXPLAINED).mkdir(exist_ok=True)

    def done(self, known: Container[int] = ()) -> dict[int, dict[str, int]]:
        """Counts of each finished part, by its number; without those that are `known`."""
        notes = (self.folder / WORK / "done").glob("*.json")
        new = sorted((int(path.stem), path) for path in notes if int(path.stem) not in known)
        return {number: json.loads(path.read_text(encoding="utf-8")) for number, path in new}

    def counts(self) -> dict[str, int]:
        """Of a finished run."""
        return dict(json.loads((self.folder / RUN).read_text(encoding="utf-8"))["counts"])

    def finish(self, counts: Mapping[str, int]) -> None:
        """Join what the parts tell, say in `run.json` that all is done, and take `.work` away."""
        work = self.folder / WORK
        with _writing(self.folder):
            unfinished = work / "tmp" / "rejected.parquet"
            with pq.ParquetWriter(unfinished, REJECTED, compression="zstd") as writer:
                for path in sorted((work / "rejected").glob("*.parquet")):
                    writer.write_table(pq.read_table(path))
            os.replace(unfinished, self.folder / "rejected.parquet")
            _put_json(self.folder / RUN, {**self.asked, "counts": dict(counts)}, work / "tmp" / "run.json")
            self.finished = True

    def close(self) -> None:
        """Give the lock back; take `.work` away where all is done, and everything where no part is."""
        if self.finished:
            shutil.rmtree(self.folder / WORK, ignore_errors=True)
        elif self._own and not _any_part(self.folder):
            self._take_away()
        os.close(self._handle)

    def _take_away(self) -> None:
        """Leave nothing of a run that came to nothing: the next may be another one."""
        for name in (PREDICTED, EXPLAINED, WORK):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        with contextlib.suppress(OSError):  # somebody else has put something there
            (self.folder / RUN).unlink(missing_ok=True)
            if self._made:
                self.folder.rmdir()

    def unfinished(self, name: str) -> Path:
        """Where a file may grow before it gets its name."""
        return self.folder / WORK / "tmp" / name

    def _begun(self) -> dict[str, Any] | None:
        """What the folder says that it was begun with; None for a new one, and for one of which no part is finished."""
        folder = self.folder
        if not folder.exists():
            if not folder.parent.is_dir():
                raise StoreError(f"{folder}: the folder {folder.parent} does not exist; make it first or name another")
            return None
        if not folder.is_dir():
            raise StoreError(f"{folder}: is a file; name a folder")
        if not (folder / RUN).exists():
            if any(path.name != WORK for path in folder.iterdir()):
                raise StoreError(f"{folder}: holds files, but no run of `pamrx score`; name a new or an empty folder")
            return None
        try:
            before = dict(json.loads((folder / RUN).read_text(encoding="utf-8")))
        except ValueError:
            raise StoreError(f"{folder / RUN}: is damaged; name another folder, or remove {folder}") from None
        if "counts" not in before and not _any_part(folder):
            return None
        changed = list(_changes(before, self.asked))
        if changed:
            more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
            raise UsageError(
                f"{folder}: was begun otherwise: {changed[0]}{more}; go on with what it was begun with, or name "
                "another folder"
            )
        return before

    def _lock(self) -> None:
        self._handle = os.open(self.folder / WORK / "lock", os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise StoreError(f"{self.folder}: another process is writing to it; wait for it, or name another") from None


def _any_part(folder: Path) -> bool:
    """Whether any part of an unfinished run is finished."""
    return any((folder / WORK / "done").glob("*.json"))


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except PamrxError:
        raise  # a `StoreError` is an OSError too, with its own message
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = "no space is left there; what is finished stays: make room, and run the same command again"
        else:
            why = f"cannot write there ({error.strerror or error}); name another folder, or mend it and run again"
        raise InputError(f"{folder}: {why}") from None


def _put(table: pa.Table, path: Path, work: Path) -> None:
    unfinished = work / "tmp" / f"{path.parent.name}-{path.stem}.{_own()}.parquet"
    repeated = [field.name for field in table.schema if not pa.types.is_floating(field.type)]
    with unfinished.open("wb") as stream:
        pq.write_table(table, stream, compression="zstd", use_dictionary=repeated)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(unfinished, path)


def _own() -> str:
    """Two workers may have the same part, where one was thought lost: their unfinished files differ in name."""
    return f"{socket.gethostname()}-{os.getpid()}"


def _counts(part: Chunk, scored: Scored) -> dict[str, int]:
    rejected = scored.rejected.num_rows
    flagged = scored.predictions.filter(pc.greater(pc.binary_length(scored.predictions.column("flag")), 0))
    return {
        "samples": part.size,
        "scored": part.size - rejected,
        "rejected": rejected,
        "flagged": len(flagged.column("sample_id").unique()),
        "predictions": scored.predictions.num_rows,
    }


def _changes(before: Mapping[str, Any], now: Mapping[str, Any], where: str = "") -> Iterator[str]:
    for key in dict.fromkeys([*before, *now]):
        if key == "counts":
            continue
        name = f"{where}{key}"
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _changes(old, new, f"{name} ")
        elif old != new:
            yield f"{name} was {_short(old)}, now {_short(new)}"


def _short(value: Any) -> str:
    text = "not there" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _put_json(path: Path, content: Mapping[str, Any], unfinished: Path) -> None:
    with unfinished.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(unfinished, path)
