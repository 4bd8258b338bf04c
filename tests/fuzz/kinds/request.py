"""Bodies of requests to the server, changed as JSON and by bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import Case, Kind
from tests.fuzz.kinds.json_changes import changed
from tests.fuzz.kinds.layouts import (
    GENES,
    MIRNAS,
    SAMPLES,
    TISSUES,
    VARIANTS,
    levels,
    maf_rows,
    matrix_rows,
    sample_rows,
)
from tests.fuzz.mutations import BYTES


def _request(random: Random, folder: Path) -> Case:
    rows = [_sample(random, name) for name in SAMPLES[:2]] if random.random() < 0.5 else [_profile(random)]
    content: dict[str, Any] = {"inputs": rows, "params": {"drugs": "alpelisib"}}
    if random.random() < 0.3:
        content["params"]["coverage"] = 0.8
    return Case(request=json.dumps(content).encode())


def _sample(random: Random, name: str) -> dict[str, Any]:
    """A row that is one sample."""
    found: dict[str, Any] = {"sample_id": name, "tissue": random.choice(TISSUES) or None}
    mutations = [dict(zip(("gene", "variant_classification", "hgvsp"), one, strict=True)) for one in VARIANTS[:3]]
    blocks = {
        "mutations": mutations,
        "expression": dict(zip(GENES, levels(random, "log2", 1, len(GENES))[0], strict=True)),
        "copy_number": dict(zip(GENES, levels(random, "calls", 1, len(GENES))[0], strict=True)),
        "ncrna": dict(zip(MIRNAS, levels(random, "counts", 1, len(MIRNAS))[0], strict=True)),
    }
    return found | {kind: blocks[kind] for kind in random.sample(sorted(blocks), random.choice((1, 2)))}


def _profile(random: Random) -> dict[str, Any]:
    """A row that holds the tables of several samples."""
    parts = {
        "mutations": maf_rows(random),
        "expression": matrix_rows(random, "log2"),
        "copy_number": matrix_rows(random, "calls"),
        "samples": sample_rows(random),
    }
    chosen = {kind: parts[kind] for kind in random.sample(("mutations", "expression", "copy_number"), 1)}
    chosen |= {"samples": parts["samples"]} if random.random() < 0.5 else {}
    return {kind: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for kind, rows in chosen.items()}


def _spoil(random: Random, folder: Path, case: Case) -> Case:
    body = case.request or b""
    if random.random() < 0.15:
        return replace(case, request=random.choice(BYTES)(random, body))
    content = json.loads(body)
    for _ in range(random.choice((1, 1, 2, 3))):
        # Deeper down: what is above is soon tried.
        if random.random() < 0.8 and isinstance(content, dict) and isinstance(content.get("inputs"), list):
            content["inputs"] = changed(random, content["inputs"])
        else:
            content = changed(random, content)
    return replace(case, request=json.dumps(content).encode("utf-8", "surrogatepass"))


KINDS = (Kind("request", 30, _request, _spoil),)
