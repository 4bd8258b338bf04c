"""The manifest of a bundle: what it is, how it was trained, the SHA-256 of its files, and a fingerprint over all."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pamrx.bundle.contents import CARD, MANIFEST, MAX_MANIFEST, check_names, read_bounded
from pamrx.bundle.refusal import shown
from pamrx.bundle.strict_json import Fields, read_json
from pamrx.errors import BundleError
from pamrx.knowledge import FIRST, NEWEST

FORMAT = 2
KNOWLEDGE = "knowledge_version"
"""The entry on the knowledge tables that the features are read from; a bundle without has the first."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("name", "protocol", "data_fingerprint")
_COUNTS = ("seed", "lines_with_mirna", "lines_with_calls")
_LINES = ("trained_lines", "held_out_lines")
_MEASURED = ("evaluation", "intervals")


def read_manifest(path: Path) -> dict[str, Any]:
    """The checked manifest of a bundle folder.

    Raises
    ------
    BundleError
        If there is none, or it is not that of a whole bundle of this format.
    """
    if not path.is_dir():
        found = "is no folder" if path.exists() else "no such folder"
        raise BundleError(f"{path}: {found}; expected a bundle, as `pamrx train` writes it")
    file = path / MANIFEST
    if not file.exists() and not file.is_symlink():
        raise BundleError(f"{path}: no {MANIFEST} in it; expected a bundle, as `pamrx train` writes it")
    try:
        content = read_json(read_bounded(file, MAX_MANIFEST), file)
    except BundleError as error:
        if "JSONDecodeError" not in str(error):
            raise
        raise BundleError(
            f"{file}: not a whole manifest; the bundle was changed or cut short, copy or train it again"
        ) from None
    manifest = Fields(content, file)
    _check_format(manifest)
    _check_files(manifest)
    if manifest["fingerprint"] != fingerprint(content):
        raise BundleError(
            f"{file}: its fingerprint does not fit its content; the bundle was changed, copy or train it again"
        )
    _check_facts(manifest)
    check_names(path, content["files"])
    return manifest.content


def written_manifest(facts: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    """The manifest of a bundle with these files; a measure that could not be computed (NaN) is left out."""
    manifest: dict[str, Any] = {"format": FORMAT, **facts, "files": dict(digests)}
    for name in _MEASURED:
        if name in manifest:
            manifest[name] = {key: value for key, value in manifest[name].items() if math.isfinite(value)}
    manifest["fingerprint"] = fingerprint(manifest)
    return manifest


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """Over all but the card: that says what was measured of the model, which may be more or less for the same model."""
    content = {key: value for key, value in manifest.items() if key != "fingerprint"}
    content["files"] = {name: digest for name, digest in manifest["files"].items() if name != CARD}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check_format(manifest: Fields) -> None:
    found = manifest["format"]
    if type(found) is not int or found != FORMAT:
        raise BundleError(
            f"{manifest.file}: bundle format {shown(found)}, expected {FORMAT}; use the version of pamrx that wrote it"
        )


def _check_files(manifest: Fields) -> None:
    files = manifest.below("files")
    for name, digest in files.content.items():
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise files.refused(name, digest, "a SHA-256 of 64 hexadecimal digits")


def _check_knowledge(manifest: Fields) -> None:
    """This installation has the version of the knowledge tables that the bundle was trained with."""
    version = manifest.content.get(KNOWLEDGE, FIRST)
    if type(version) is not int or not FIRST <= version <= NEWEST:
        raise BundleError(
            f"{manifest.file}: trained with version {shown(version)} of the knowledge tables, and this installation "
            f"has {FIRST} to {NEWEST}; use the version of pamrx that wrote the bundle, or a newer one"
        )


def _check_facts(manifest: Fields) -> None:
    """Whatever of the known fields is there, is what `pamrx train` would write in it."""
    _check_knowledge(manifest)
    for name in _TEXTS:
        if name == "name" or name in manifest.content:
            manifest.text(name)
    for name in _COUNTS:
        if name in manifest.content:
            manifest.whole(name, 0, 2**53)
    for name in _LINES:
        if name in manifest.content:
            manifest.names(name)
    for name in _MEASURED:
        if name in manifest.content:
            manifest.by_name(name)
