"""`tissues.json`: the reference lines by tissue, checked before it is used."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from pamrx.bundle.strict_json import Fields, read_json
from pamrx.prediction.tissues import MIN_LINES, TissueReference

TISSUES = "tissues.json"
_LARGEST = 1000.0
"""Of a mean along a component: a profile of 10,000 normal scores has length 100."""


def tissue_state(tissues: TissueReference) -> dict[str, Any]:
    """Plain JSON."""
    return {
        "lines": {name: list(lines) for name, lines in tissues.lines.items()},
        "along": {name: along.tolist() for name, along in tissues.along.items()},
        "usual": tissues.usual,
    }


def read_tissues(data: bytes, folder: Path, components: int, known: Collection[str]) -> TissueReference:
    """What `tissue_state` was given.

    Parameters
    ----------
    folder : of the bundle, in messages.
    components : of the bundle's panel.
    known : lines of `reference.parquet`.

    Raises
    ------
    BundleError
        If it is not what is written for this model.
    """
    file = folder / TISSUES
    state = Fields(read_json(data, file), file)
    state.only(("lines", "along", "usual"))
    lines, along = state.below("lines"), state.below("along")
    names = state.keys("lines")
    if state.keys("along") != names:
        raise state.refused("along", ", ".join(along.content), "the tissues of lines, in their order")
    found = {name: lines.names(name, known, least=MIN_LINES) for name in names}
    means = {name: along.numbers(name, (components,), -_LARGEST, _LARGEST) for name in names}
    return TissueReference(found, means, state.number("usual", 0.0, _LARGEST))
