"""The cohort of what was fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pamrx_training.datasets import fingerprint, load_ccle_mirna, load_gdsc, load_panel718
from pamrx_training.fitting.cohort import Cohort, build_cohort


def load_cohort(
    cache: Path | None, mirna: bool = True, panel: bool = True, report: Callable[[str], None] = print
) -> tuple[Cohort, str]:
    """The cohort, and the fingerprint of the tables it came from; `report` is told what was not fetched."""
    gdsc = load_gdsc(cache)
    levels = load_ccle_mirna(cache) if mirna else None
    calls = load_panel718(cache) if panel else None
    used = ["gdsc"]
    for source, what, wanted, found in (
        ("ccle-mirna", "miRNA", mirna, levels is not None),
        ("panel718", "calls per gene", panel, calls is not None),
    ):
        if found:
            used.append(source)
        else:
            why = f"{source} was not fetched (`pamrx data fetch {source}`)" if wanted else "as asked"
            report(f"without {what}: {why}")
    return build_cohort(gdsc, levels, calls), fingerprint(cache, used)
