"""Whether a cohort's expression comes from another platform than the reference lines', in words and per drug.

It is told in the genes, not in the drugs: a cohort of PIK3CA-mutant lines shifts the percentiles of a third of the
drugs by ten points and more, as another platform does, but hardly its genes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pamrx.identifiers.assay import AssayId
from pamrx.prediction.applicability import Panel
from pamrx.prediction.laboratory import FEWEST, USUAL_SIZE, size_of_shift, usable
from pamrx.prediction.reference import Reference
from pamrx.prediction.tissues import TissueReference

NOTABLE = 10.0
"""Percentile points by which the median of a drug is off, to be counted."""

SHOWN = 3


def drug_shifts(table: pd.DataFrame, tissue: pd.Series, reference: Reference, tissues: TissueReference) -> pd.DataFrame:
    """Per drug the cohort's median percentile beside that of reference lines of the same tissues.

    Parameters
    ----------
    table : predictions, in the columns of `pamrx.prediction.schema.RESULT`.
    tissue : by sample; those of other tissues than `tissues` are left out.

    Returns
    -------
    DataFrame
        Index drug; columns cohort, expected (medians over the samples, of the percentile and of the median percentile
        of the tissue's reference lines) and shift (the median of their differences), the largest shift first.
    """
    known = tissue[tissue.isin(list(tissues.lines))]
    rows = table[table["sample_id"].isin(known.index)]
    of_tissue = tissues.percentiles(reference)
    assays = [str(AssayId(screen, drug)) for screen, drug in zip(rows["screen"], rows["drug"], strict=True)]
    place = of_tissue.index.get_indexer(pd.Index(known[rows["sample_id"]]))
    expected = of_tissue.to_numpy()[place, of_tissue.columns.get_indexer(pd.Index(assays))]
    own = rows["sensitivity_percentile"].to_numpy(dtype=float)
    told = pd.DataFrame({"drug": rows["drug"].to_numpy(), "cohort": own, "expected": expected, "shift": own - expected})
    medians = told.groupby("drug").median()
    return medians.sort_values("shift", key=lambda values: -values.abs(), kind="stable")


def shift_notes(
    features: pd.DataFrame,
    table: pd.DataFrame,
    tissue: pd.Series,
    panel: Panel,
    reference: Reference,
    tissues: TissueReference,
) -> list[str]:
    """At most one sentence: of a cohort of `FEWEST` or more how far it is shifted, else of single samples.

    Parameters
    ----------
    features : (n, n_features), from which `table` was predicted.
    tissue : of the n samples.
    """
    size = size_of_shift(features, tissue, panel, tissues)
    if size is None:
        return _of_single(features, panel, tissues)
    if size <= USUAL_SIZE:
        return []
    used = usable(features, tissue, panel, tissues)
    moved = drug_shifts(table[table["sample_id"].isin(used)], tissue, reference, tissues)["shift"]
    off = int((moved.abs() >= NOTABLE).sum())
    most = ", ".join(f"{drug} ({shift:+.0f})" for drug, shift in moved.head(SHOWN).items())
    return [
        f"expression: platform: the genes of these samples are shifted by {size:.2f} in normal scores against "
        f"reference lines of the same tissues (up to {USUAL_SIZE:g} is usual), as on another platform; the median "
        f"percentile of {off} of {len(moved)} drugs is off by {NOTABLE:g} points or more, most {most}; learn the "
        "laboratory's offsets with `pamrx calibrate`, and take them off with --calibrate"
    ]


def _of_single(features: pd.DataFrame, panel: Panel, tissues: TissueReference) -> list[str]:
    left = panel.measure(features)["platform"]
    beyond = left[left > tissues.usual]
    if beyond.empty:
        return []
    return [
        f"expression: platform: {len(beyond)} of {int(left.notna().sum())} samples lie further from the reference "
        f"lines than 99 % of those do ({np.median(beyond):.2f}, limit {tissues.usual:.2f}), as on another platform; "
        "percentiles of single drugs may be off by 20 points or more; with "
        f"{FEWEST} or more samples of the laboratory and their tissues, `pamrx calibrate` learns what to take off"
    ]
