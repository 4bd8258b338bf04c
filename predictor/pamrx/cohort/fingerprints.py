"""Files of a cohort: what tells that one has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pamrx.errors import InputError

EDGE = 1 << 16
"""Bytes at either end of a file that its fingerprint covers. The end of a Parquet file holds its footer: size, place
and statistics of every column, which a change of the content changes."""


def fingerprint(file: Path) -> str:
    """Size, time of change, and SHA-256 of both ends of a file."""
    try:
        digest, found = hashlib.sha256(), file.stat()
        with file.open("rb") as stream:
            digest.update(stream.read(EDGE))
            stream.seek(max(0, found.st_size - EDGE))
            digest.update(stream.read(EDGE))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error}); expected a file of the cohort") from None
    return f"{found.st_size} bytes, changed {found.st_mtime_ns}, {digest.hexdigest()[:16]}"


def fingerprints(folder: Path) -> dict[str, str]:
    """Of every file below a folder, by its name in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): fingerprint(path) for path in files}
