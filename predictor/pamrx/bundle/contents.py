"""Which files a bundle has, and their bytes: each read once, bounded, and compared with its SHA-256.

What is not in this list is never read. A file that belongs to a bundle but is not in its manifest is refused, as is a
link or whatever else is not a plain file.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from pamrx.bundle.refusal import REMEDY, refusal, shown
from pamrx.errors import BundleError
from pamrx.model.sensitivity import VIEWS

CARD = "MODEL_CARD.md"
MANIFEST = "manifest.json"
MAX_MANIFEST, MAX_FILE, MAX_BUNDLE = 1_000_000, 30_000_000, 200_000_000
"""Bytes: of the manifest, of each other file, and of all together. The released bundle has 20 kB, 2.5 MB and 18 MB."""

GENERAL = "general_"
_VIEWS = tuple(f"linear_{number}.parquet" for number in range(len(VIEWS)))
_MODEL = ("model.json", "importance.parquet", *_VIEWS)
_BOOSTED = re.compile(r"(general_|)boosted_([0-9]{2})\.txt")

REQUIRED = frozenset({"features.json", *_MODEL, "reference.parquet", CARD})
"""Of every bundle; beside them `boosted_00.txt` and on."""

SPECIFIC = frozenset({"regression.parquet", "specific_reference.parquet", *(GENERAL + name for name in _MODEL)})
"""All or none: the drug-specific response; beside them `general_boosted_00.txt` and on."""

UNCERTAINTY = frozenset({"uncertainty.json", "scales.parquet", "scores.parquet", "panel.parquet"})
"""All or none: intervals and applicability."""

_WITH = {SPECIFIC: ("specific_reference_partial.parquet",), UNCERTAINTY: ("tissues.json",)}
"""What only goes with a group."""

OPTIONAL = frozenset({"reference_partial.parquet", "specific_reference_partial.parquet", "tissues.json"})
_KNOWN = REQUIRED | SPECIFIC | UNCERTAINTY | OPTIONAL


def check_names(folder: Path, names: Collection[str]) -> None:
    """Refuse a manifest that lists other files than a bundle has, or fewer than the folder holds.

    Raises
    ------
    BundleError
        With the name.
    """
    manifest = folder / MANIFEST
    for name in sorted(names):
        if not _is_known(name):
            raise BundleError(
                f"{manifest}: {shown(name)} is no name for a file of a bundle; the manifest was changed, {REMEDY}"
            )
    lacking = set(REQUIRED.difference(names))
    for group, prefix in ((SPECIFIC, GENERAL), (UNCERTAINTY, None)):
        there = {name for name in names if name in group or name in _WITH.get(group, ())}
        lacking |= group.difference(names) if there or (prefix and boosted(names, prefix)) else set()
    lacking |= _gaps(names, "", REQUIRED) | _gaps(names, GENERAL, SPECIFIC)
    if lacking:
        raise refusal(manifest, f"{min(lacking)} is not among its files", "every file that a bundle needs")
    beside = sorted(name for name in os.listdir(folder) if _is_known(name) and name not in names)
    if beside:
        raise refusal(folder / beside[0], f"not among the files of {MANIFEST}", "each file of the bundle in it")


def boosted(names: Collection[str], prefix: str = "") -> list[str]:
    """The files of LightGBM's models, in order."""
    return sorted(name for name in names if (found := _BOOSTED.fullmatch(name)) and found[1] == prefix)


def read_contents(folder: Path, digests: Mapping[str, str]) -> dict[str, bytes]:
    """The bytes of every file, in which the SHA-256 is as the manifest says.

    Raises
    ------
    BundleError
        If a file is missing, no plain file, too large, or another than when the manifest was written.
    """
    contents: dict[str, bytes] = {}
    left = MAX_BUNDLE
    for name, expected in digests.items():
        file = folder / name
        data = read_bounded(file, min(MAX_FILE, left))
        left -= len(data)
        if sha256(data) != expected:
            raise BundleError(
                f"{file}: its SHA-256 is not the one in {MANIFEST}; the bundle was changed or cut short, "
                "copy or train it again"
            )
        contents[name] = data
    return contents


def read_bounded(file: Path, most: int) -> bytes:
    """The bytes of a plain file of at most `most`.

    Raises
    ------
    BundleError
        If it is missing, a link, a folder, a pipe, cannot be read, or is larger.
    """
    try:
        # A pipe would wait for its writer, and a link may lead anywhere.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BundleError(f"{file}: missing; the bundle is incomplete, copy or train it again") from None
    except OSError as error:
        if file.is_symlink():
            raise BundleError(
                f"{file}: a link; expected a file; copy the bundle with `cp -rL FOLDER NEW` and name the copy"
            ) from None
        raise BundleError(
            f"{file}: cannot be read ({error.strerror}); expected a file that you may read; see its permissions"
        ) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise refusal(file, "a folder, pipe or device", "a file")
        with open(descriptor, "rb", closefd=False) as opened:
            data = opened.read(most + 1) if found.st_size <= most else b""
    finally:
        os.close(descriptor)
    if found.st_size > most or len(data) > most:
        raise refusal(file, f"{max(found.st_size, len(data)):,} bytes", f"at most {most:,}")
    return data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_known(name: str) -> bool:
    return name in _KNOWN or _BOOSTED.fullmatch(name) is not None


def _gaps(names: Collection[str], prefix: str, group: frozenset[str]) -> set[str]:
    """Numbers that the models of LightGBM leave out; the first, where there is none but the group is there."""
    found = boosted(names, prefix)
    count = max(len(found), 1 if group.intersection(names) else 0)
    return {f"{prefix}boosted_{number:02d}.txt" for number in range(count)}.difference(found)
