"""What of the portals' files matched no cell line, by file and reason."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from pamrx.display import short_repr

from pamrx_training.datasets.cache import Ledger

COLUMNS = ["file", "id", "reason"]


@short_repr
class Unmatched:
    """Ids that were left out, each once per file and reason."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], None] = {}

    def add(self, file: str, labels: Iterable[object], reason: str) -> None:
        """Note ids of a file."""
        for label in labels:
            self._rows.setdefault((file, str(label), reason), None)

    def table(self) -> pd.DataFrame:
        """Columns file, id, reason, sorted."""
        return pd.DataFrame(sorted(self._rows), columns=COLUMNS)

    def count(self, ledger: Ledger) -> None:
        """Enter the counts by file and reason."""
        for (file, reason), rows in self.table().groupby(["file", "reason"]):
            shown = ", ".join(rows["id"].head(5))
            ledger.drop(len(rows), f"ids of {file} ({shown}{', ...' if len(rows) > 5 else ''})", str(reason))
