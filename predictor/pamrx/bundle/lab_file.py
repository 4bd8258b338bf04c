"""The file of a laboratory's offsets, that `pamrx calibrate` writes: plain JSON, checked before it is used."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pamrx.bundle.refusal import CALIBRATED, refusal
from pamrx.bundle.strict_json import Fields, read_json
from pamrx.errors import InputError
from pamrx.outputs import whole_file
from pamrx.prediction.applicability import Panel
from pamrx.prediction.laboratory import FEWEST, LARGEST, LabOffsets
from pamrx.prediction.tissues import TissueReference
from pamrx.readers.text.given_files import check_regular

KIND, FORMAT = "offsets of a laboratory", 1
MAX_FILE = 10_000_000
"""Bytes; the offsets of 20,000 genes take 500 kB."""

_FIELDS = ("kind", "format", "reference", "size", "tissues", "offsets")
_MOST_SAMPLES = 1_000_000


def reference_digest(universe: Iterable[str], panel: Panel, tissues: TissueReference) -> str:
    """SHA-256 of all that the offsets depend on: the genes ranked, the panel, and the means of the tissues."""
    digest = hashlib.sha256(json.dumps([list(universe), panel.genes, list(tissues.along)]).encode())
    for numbers in (panel.mean, panel.components, *tissues.along.values()):
        digest.update(np.ascontiguousarray(numbers, dtype="<f8").tobytes())
    return digest.hexdigest()


def digest_of(lab: LabOffsets) -> str:
    """SHA-256 of what the offsets do."""
    return hashlib.sha256(json.dumps([lab.reference, sorted(lab.offsets.items())]).encode()).hexdigest()


def write_offsets(lab: LabOffsets, path: str | os.PathLike[str]) -> None:
    """Write the file, whole or not at all.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    content = {
        "kind": KIND,
        "format": FORMAT,
        "reference": lab.reference,
        "size": lab.size,
        "tissues": dict(lab.tissues),
        "offsets": dict(sorted(lab.offsets.items())),
    }
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_offsets(path: str | os.PathLike[str], genes: Iterable[str], reference: str) -> LabOffsets:
    """What `write_offsets` wrote.

    Parameters
    ----------
    genes : whose transcripts the trained model ranks.
    reference : digest of its reference lines.

    Raises
    ------
    InputError
        If it is not such a file, or was made with another trained model.
    """
    file = Path(path)
    state = Fields(read_json(_bytes(file), file, CALIBRATED), file, origin=CALIBRATED)
    if state.content.get("kind") != KIND or state.content.get("format") != FORMAT:
        raise refusal(file, f"not a file of {KIND}", f"kind '{KIND}' of format {FORMAT}", CALIBRATED)
    state.only(_FIELDS)
    if state.text("reference") != reference:
        raise state.refused(
            "reference", state["reference"][:12], f"that of this bundle's reference lines, {reference[:12]}"
        )
    offsets = state.by_name("offsets", None, -LARGEST, LARGEST)
    strange = set(offsets).difference(genes)
    if strange:
        raise state.refused("offsets", min(strange), "genes that the bundle ranks")
    counts = state.below("tissues")
    tissues = {name: counts.whole(name, 1, _MOST_SAMPLES) for name in state.keys("tissues")}
    if sum(tissues.values()) < FEWEST:
        raise state.refused("tissues", sum(tissues.values()), f"{FEWEST} samples or more")
    return LabOffsets({gene: float(value) for gene, value in offsets.items()}, state.number("size", 0.0, LARGEST),
                      tissues, reference)  # fmt: skip


def _bytes(file: Path) -> bytes:
    check_regular(file)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error}); see its permissions") from None
    if len(data) > MAX_FILE:
        raise refusal(file, f"more than {MAX_FILE:,} bytes", "offsets of genes", CALIBRATED)
    return data
