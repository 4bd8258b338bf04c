"""What was wrong with what pamrx made of a case."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.case import Case

FAULTS = ("traceback", "message", "hang", "memory", "left behind", "raw control character")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ERROR = re.compile(r"^(pamrx: error|Error): ")
_TRACEBACK = "Traceback (most recent call last)"
_OUT_OF_MEMORY = re.compile(r"MemoryError|too large for the memory of this machine")
_LARGE = 100_000
_SHOWN = 300


@dataclass(frozen=True)
class Fault:
    """One thing that may not happen.

    Attributes
    ----------
    sort : of `FAULTS`.
    detail : in one line.
    """

    sort: str
    detail: str


@dataclass(frozen=True)
class Ended:
    """How pamrx ended: its exit code, None where an exception left it, and what it printed."""

    code: int | None
    error: str
    out: str
    err: str


Seen = dict[str, tuple[object, ...]]


def seen_in(folder: Path) -> Seen:
    """Every file below a folder by its kind, size, times and content."""
    found: Seen = {}
    for path in sorted(folder.rglob("*")):
        told = path.lstat()
        plain = path.is_file() and not path.is_symlink() and told.st_size <= _LARGE and told.st_mode & 0o400
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if plain else ""
        size = told.st_size if path.is_file() else 0  # a folder's may change with what is put into it for a while
        changed = told.st_mtime_ns if path.is_file() else 0
        found[str(path.relative_to(folder))] = (told.st_mode, size, changed, digest)
    return found


def faults_of(ended: Ended, before: Seen, inputs: Path, temporary: Path, case: Case) -> list[Fault]:
    """Everything wrong but time and memory that are measured outside."""
    return [
        *_escaped(ended),
        *(_messages(ended) if ended.code == 2 else ()),
        *_control_characters(ended),
        *_left_behind(ended, before, inputs, temporary, case),
    ]


def _escaped(ended: Ended) -> Iterator[Fault]:
    if _OUT_OF_MEMORY.search(f"{ended.error}\n{ended.err}"):
        yield Fault("memory", _last_line(ended.error or ended.err))
    elif ended.code is None:
        yield Fault("traceback", f"{_place(ended.error)}: {_last_line(ended.error)}")
    elif ended.code not in (0, 2):
        where = _place(ended.err) if _TRACEBACK in ended.err else f"exit code {ended.code}"
        yield Fault("traceback", f"{where}: {_last_line(ended.err)}")
    elif _TRACEBACK in ended.out + ended.err:
        yield Fault("traceback", f"shown, not raised: {_last_line(ended.out + ended.err)}")


def _messages(ended: Ended) -> Iterator[Fault]:
    lines = [line for line in ended.err.split("\n") if line.strip()]
    errors = [place for place, line in enumerate(lines) if _ERROR.match(line)]
    if len(errors) != 1:
        yield Fault("message", f"{len(errors)} lines of error: {' | '.join(lines)[:_SHOWN]!r}")
    elif errors[0] != len(lines) - 1:
        yield Fault("message", f"goes on after its line: {' | '.join(lines[errors[0] :])[:_SHOWN]!r}")


def _control_characters(ended: Ended) -> Iterator[Fault]:
    for name, text in (("stdout", ended.out), ("stderr", ended.err)):
        found = _CONTROL.search(text)
        if found:
            around = text[max(0, found.start() - 60) : found.end() + 20]
            yield Fault("raw control character", f"{name}: {around!r}")


def _left_behind(ended: Ended, before: Seen, inputs: Path, temporary: Path, case: Case) -> Iterator[Fault]:
    after, output = seen_in(inputs), case.output
    asked = _inside(inputs, output)
    # A file that is named as the output alone is one to replace.
    replaced = {asked} if ended.code == 0 and case.arguments.count(output) == 1 else set()
    for name in sorted({*before, *after} - replaced):
        if name in before and after.get(name) != before[name]:
            yield Fault("left behind", f"{'changed' if name in after else 'removed'} the input {name[-80:]!r}")
    new = {name for name in after if name not in before}
    own = {name for name in new if asked is not None and (name == asked or name.startswith(f"{asked}/"))}
    for name in [*sorted(new - own), *sorted(path.name for path in temporary.iterdir())]:
        yield Fault("left behind", f"made {name[-80:]!r}, which nobody asked for")
    if asked is None or asked in before:
        return
    trouble = _trouble(inputs / asked, ended.code == 0) if own else ""
    if trouble:
        yield Fault("left behind", f"output {asked[-80:]!r} {trouble}")
    elif ended.code == 0 and not own:
        yield Fault("left behind", f"output {asked[-80:]!r} was not written, and the exit code is 0")


def _inside(inputs: Path, output: str | None) -> str | None:
    """The output's place below the inputs; None where it lies elsewhere."""
    if not output or "\0" in output:
        return None
    try:
        named = (inputs / output).resolve().relative_to(inputs.resolve())
    except (OSError, ValueError, RuntimeError):
        return None
    return None if str(named) == "." else str(named)


def _trouble(path: Path, finished: bool) -> str:
    """Why an output is not whole; empty where it is."""
    try:
        if path.is_dir():
            return _trouble_of_scores(path, finished)
        _read(path)
    except Exception as error:  # whatever a reader says of half a file
        return f"is not whole ({type(error).__name__}: {str(error)[:100]})"
    return ""


def _trouble_of_scores(folder: Path, finished: bool) -> str:
    """A run that was refused midway may be gone on with: its notes and finished parts stay, and nothing else."""
    work = folder / ".work"
    if not finished:
        unfinished = [path.name for path in (work / "tmp").glob("*")]
        if unfinished:
            return f"holds the unfinished file {unfinished[0]}"
        return "" if (folder / "run.json").exists() else "was made, and holds no run"
    if work.exists():
        return "holds .work after its end"
    if "counts" not in json.loads((folder / "run.json").read_text()):
        return "holds a run that does not say that it is finished"
    for part in [folder / "rejected.parquet", *folder.glob("*/*.parquet")]:
        _read(part)
    return ""


def _read(path: Path) -> None:
    import pandas as pd
    import pyarrow.parquet as pq

    ending = path.suffix.lower()
    if ending == ".parquet":
        pq.read_table(path)
    elif ending == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif ending == ".csv":
        pd.read_csv(path, dtype=str, keep_default_na=False)


def _last_line(text: str) -> str:
    lines = [line for line in text.split("\n") if line.strip()]
    return lines[-1][:_SHOWN] if lines else "nothing printed"


def _place(traceback: str) -> str:
    """The innermost line of pamrx in a traceback."""
    found = re.findall(r'File "[^"]*?/((?:pamrx|pamrx_training)/[^"]+)", line (\d+)', traceback)
    return f"{found[-1][0]}:{found[-1][1]}" if found else "outside pamrx"
