"""Files as the records that a request carries."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any


def records(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, numbers as numbers."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t" if path.suffix == ".maf" else ","))
    return [{key: _number(value) for key, value in row.items()} for row in rows]


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
