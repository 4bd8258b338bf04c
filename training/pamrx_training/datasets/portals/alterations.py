"""Driver alterations from mutations and copy number, by the rules that a user's tumour is read by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.features.drivers import driver_calls
from pamrx.identifiers.genes import default_genes
from pamrx.knowledge import table
from pamrx.readers.mutations.reading import read_mutations

from pamrx_training.datasets.portals.crosswalk import Crosswalk
from pamrx_training.datasets.portals.matrices import NO_LINE
from pamrx_training.datasets.portals.unmatched import Unmatched


def driver_flags(path: Path, crosswalk: Crosswalk, notes: list[str], unmatched: Unmatched) -> pd.DataFrame:
    """Lines x genes of 0/1 (int8): a driver mutation by `pamrx.features.drivers.driver_calls`; index cell_line.

    Every line that the file names is a row, also without a driver. Calls of two models of one line are joined.

    Raises
    ------
    PamrxError
        As `pamrx.readers.mutations.reading.read_mutations`.
    """
    read = read_mutations(path, default_genes())
    notes += [note.replace(str(path), path.name) for note in read.notes]
    keys = {label: crosswalk.key(str(label)) for label in read.samples}
    unmatched.add(path.name, [label for label, key in keys.items() if key is None], NO_LINE)
    rows = read.rows[driver_calls(read.rows)]
    rows = rows.assign(cell_line=rows["sample_id"].map(keys))[["cell_line", "gene"]].dropna().drop_duplicates()
    flags = pd.crosstab(rows["cell_line"], rows["gene"]).clip(upper=1)
    lines = sorted({key for key in keys.values() if key is not None})
    return flags.reindex(pd.Index(lines, name="cell_line", dtype=object), fill_value=0).astype(np.int8)


def flags_of_matrices(
    hotspot: pd.DataFrame, damaging: pd.DataFrame, crosswalk: Crosswalk, file: str, unmatched: Unmatched
) -> pd.DataFrame:
    """The same from DepMap's matrices: any hotspot, and a damaging mutation of a tumour suppressor."""
    genes = table("genes")
    brakes = set(genes.loc[genes["role"].isin(["tumour_suppressor", "both"]), "gene"])
    brakes |= set(genes.loc[genes["role"].isin(["tumour_suppressor", "both"]), "current_symbol"])
    lost = damaging[[gene for gene in damaging.columns if gene in brakes]]
    known = default_genes()
    both = pd.concat([hotspot[[gene for gene in hotspot.columns if gene in known]], lost], axis=1).fillna(0)
    joined = both.T.groupby(level=0).max().T
    keys = pd.Series([crosswalk.key(str(label)) for label in joined.index], index=joined.index, dtype=object)
    unmatched.add(file, joined.index[keys.isna().to_numpy()], NO_LINE)
    named = joined[keys.notna().to_numpy()].set_axis(pd.Index(keys.dropna(), name="cell_line", dtype=object))
    return named.groupby(level=0).max().astype(np.int8)


def alterations(flags: pd.DataFrame, calls: pd.DataFrame | None) -> pd.DataFrame:
    """Lines x alterations (`PIK3CA_mut`, `PTEN_loss`, `EGFR_gain`), int8, as `GdscData.alterations`.

    Only genes of pamrx's tables have a gain (call 2) or a loss (call -2), and only those altered in some line. With
    copy number the lines that have both are kept: an alteration that was not looked for is not absent.
    """
    mutations = flags.loc[:, flags.any(axis=0)]
    mutations = mutations.set_axis([f"{gene}_mut" for gene in mutations.columns], axis=1).sort_index(axis=1)
    if calls is None:
        return mutations
    lines = mutations.index.intersection(calls.index)
    known = calls.loc[lines, [gene for gene in calls.columns if gene in default_genes()]]
    parts = [mutations.loc[lines]]
    for suffix, call in (("gain", 2.0), ("loss", -2.0)):
        hit = (known == call).astype(np.int8)
        hit = hit.loc[:, hit.any(axis=0)]
        parts.append(hit.set_axis([f"{gene}_{suffix}" for gene in hit.columns], axis=1).sort_index(axis=1))
    return pd.concat(parts, axis=1)
