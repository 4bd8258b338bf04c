"""The table of cell lines of an import: ids, tissue, donor, and what each line has."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from pamrx.identifiers.vocabulary import translate
from pamrx.knowledge import table

from pamrx_training.datasets.molecular import donors
from pamrx_training.datasets.portals.crosswalk import Crosswalk

MSI = {"MSI": "MSI-H", "MSI-H": "MSI-H", "MSS": "MSS", "MSI-S": "MSS", "MSI-L": "MSS"}


def cell_lines(crosswalk: Crosswalk, responses: pd.DataFrame, present: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per line of any table, with the columns of `GdscData.cell_lines`, and the ids sidm, ach and cvcl.

    Parameters
    ----------
    responses : tidy responses.
    present : `expression`, `alterations`, `gene_copy_number` -> table whose index is cell_line.

    Lines of one patient share a donor; for lines without a patient the table of donors of pamrx says.
    """
    keys = sorted(set(responses["cell_line"]).union(*(frame.index for frame in present.values())))
    known = crosswalk.table.set_index("cell_line").reindex(pd.Index(keys, name="cell_line")).fillna("")
    first = pd.Series([key.split("-")[0] for key in keys], index=known.index)
    tissue = [_tissue(words) for words in known["tissue_words"]]
    groups = table("tissues").set_index("tissue")["tissue_group"]
    lines = pd.DataFrame(
        {
            "name": known["name"].where(known["name"] != "", first),
            "aliases": None,
            "cosmic_id": pd.to_numeric(known["cosmic"].str.split("|").str[0], errors="coerce").astype("Int64"),
            "tissue": pd.Series(tissue, index=known.index, dtype=object),
            "tissue_source": known["source"].where(pd.Series(tissue, index=known.index).notna(), None),
            "tissue_group": pd.Series(tissue, index=known.index, dtype=object).map(groups),
            "tcga": None,
            "msi": known["msi"].map(MSI),
            "growth": known["growth"].where(known["growth"] != "", None),
            **{f"has_{name}": known.index.isin(frame.index) for name, frame in present.items()},
            "n_responses": responses.groupby("cell_line")["assay"]
            .nunique()
            .reindex(known.index)
            .fillna(0)
            .astype("int64"),
            "donor": _donors(known),
            **{kind: known[kind].where(known[kind] != "", None) for kind in ("sidm", "ach", "cvcl")},
        }
    )
    return lines.reset_index()


def _tissue(words: str) -> str | None:
    """The reference tissue of the first word that has one: the finer word (a code, a type of cancer) comes first."""
    for word in words.split("|"):
        found, _ = translate("tissue", [word])
        if found[0] is not None:
            return str(found[0])
    return None


def _donors(known: pd.DataFrame) -> list[str]:
    """Donor of each line: the first line of the same patient, else that of pamrx's own table."""
    own = donors(known.index)
    patients: dict[str, str] = {}
    found = []
    for patient_cell, donor in zip(known["patient"], own, strict=True):
        shared = [patients[patient] for patient in patient_cell.split("|") if patient in patients]
        chosen = shared[0] if shared else donor
        patients.update(dict.fromkeys(filter(None, patient_cell.split("|")), chosen))
        found.append(chosen)
    return found
