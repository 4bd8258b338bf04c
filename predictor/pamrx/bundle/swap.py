"""A folder takes the place of another, and a process that is killed at any moment leaves one of them whole.

A draft is written beside its target under a name of its own. The target is then renamed to a backup, the draft to the
target, and the backup removed. Killed between the two renames, the backup is all there is: the next reader reads that,
and the next writer renames it back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """A new folder beside `target`, which takes its place when the context closes without an error.

    Drafts that a killed process left are removed; one that is being written, by whomever, stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    recover(target)
    _remove_abandoned(target)
    draft = target.with_name(f"{_prefix(target)}{secrets.token_hex(4)}")
    draft.mkdir()
    held = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield draft
        _swap(draft, target)
    finally:
        os.close(held)
        shutil.rmtree(draft, ignore_errors=True)


def standing(target: Path) -> Path:
    """Where to read `target` from: the backup, where a writer was killed before the new folder had its name."""
    if target.exists():
        return target
    backup = backup_of(target)
    return backup if backup.is_dir() else target


def recover(target: Path) -> None:
    """Give `target` its name back, where a writer was killed between the two renames."""
    backup = backup_of(target)
    if not target.exists() and backup.is_dir():
        backup.rename(target)


def backup_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _swap(draft: Path, target: Path) -> None:
    backup = backup_of(target)
    # A backup beside a target is what was left of an older one.
    shutil.rmtree(backup, ignore_errors=True)
    if target.exists():
        target.rename(backup)
    draft.rename(target)
    shutil.rmtree(backup, ignore_errors=True)


def _prefix(target: Path) -> str:
    return f".{target.name}.draft-"


def _remove_abandoned(target: Path) -> None:
    """A lock ends with the process that holds it, however that ended."""
    for draft in target.parent.glob(f"{_escaped(_prefix(target))}*"):
        with contextlib.suppress(OSError):
            held = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft, ignore_errors=True)
            finally:
                os.close(held)


def _escaped(text: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)
