"""The training cohort from the sources in the data cache."""

from __future__ import annotations

import logging
from pathlib import Path

from pamrx_training.datasets import fingerprint, load_ccle_mirna, load_gdsc, load_imported, load_panel718
from pamrx_training.fitting.cohort import Cohort, build_cohort

log = logging.getLogger(__name__)


def load_cohort(cache: Path | None, mirna: bool = True, panel: bool = True, data: str = "gdsc") -> tuple[Cohort, str]:
    """The cohort, and the fingerprint of the tables it came from; the log names the sources that were not fetched.

    Parameters
    ----------
    data : the source of responses and profiles: `gdsc`, or the name of an import.
    """
    gdsc = load_gdsc(cache) if data == "gdsc" else load_imported(data, cache)
    levels = load_ccle_mirna(cache) if mirna else None
    calls = load_panel718(cache) if panel else None
    used = [data]
    for source, what, wanted, found in (
        ("ccle-mirna", "miRNA", mirna, levels is not None),
        ("panel718", "calls per gene", panel, calls is not None),
    ):
        if found:
            used.append(source)
        else:
            why = f"{source} was not fetched (`pamrx data fetch {source}`)" if wanted else "as asked"
            log.info("without %s: %s", what, why)
    return build_cohort(gdsc, levels, calls), fingerprint(cache, used)
