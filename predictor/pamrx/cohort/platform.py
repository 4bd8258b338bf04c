"""Whether a scored cohort's expression comes from another platform: told from its first part."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from pamrx.bundle.bundle import Bundle
from pamrx.cohort.chunks import Cohort
from pamrx.cohort.writer import PREDICTED

COLUMNS = ["sample_id", "drug", "screen", "sensitivity_percentile"]


def platform_notes(cohort: Cohort, bundle: Bundle, folder: Path) -> list[str]:
    """At most one sentence, as `Bundle.platform_notes`, of the samples of the first part that hold any.

    Parameters
    ----------
    bundle : that scored the cohort.
    folder : where its finished parts lie.
    """
    for task in cohort.narrowed(bundle.builder.genes_read()).tasks():
        for part, read in cohort.read(task[:1]):
            if read.profiles is not None:
                features = bundle.builder.transform(read.profiles)
                table = pq.read_table(folder / PREDICTED / f"part-{part.number:06}.parquet", columns=COLUMNS)
                return bundle.platform_notes(read.profiles, features, table.to_pandas())
    return []
