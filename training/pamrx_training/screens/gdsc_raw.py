"""GDSC's raw files (`GDSC2_public_raw_data_*.csv`): fluorescence per well, the role of a well as a tag.

Layout: `vignettes/gdsc_raw_data_format.Rmd` of CancerRxGene/gdscIC50 at commit
32efd48f2fc5e2b5cc23c7fa13dd09b12f9d1792, which says that CONC is micromolar, that a position may have several rows (one
per tag), and what the tags mean. The files name drugs by number (DRUG_ID); newer ones have DRUG_NAME too.
"""

from __future__ import annotations

import re

import pandas as pd
from pamrx.errors import InputError

from pamrx_training.screens.columns import numbers

NEEDED = ("BARCODE", "CELL_LINE_NAME", "POSITION", "TAG", "DRUG_ID", "CONC", "INTENSITY")

_TREATED = re.compile(r"[LR]\d+-D\d+-S")
_KILL = re.compile(r"PC-?\d+(-D1-S)?")
_ROLES = {"NC-1": "control", "NC-0": "untreated", "B": "blank"}


def is_gdsc_raw(header: list[str]) -> bool:
    """Whether a table has the columns of GDSC's raw files."""
    return set(NEEDED) <= {name.upper() for name in header}


def wells_of(file: str, cells: pd.DataFrame) -> tuple[pd.DataFrame, bool, list[str]]:
    """Wells as `pamrx_training.screens.wells.Wells` has them: table, False, notes.

    A plate's negative controls are its wells with DMSO (NC-1), or else its untreated wells (NC-0).
    Combinations, fixed anchors, seeding controls and back-fill tags are left out.

    Raises
    ------
    InputError
        If a treated well has no dose, or no well is left.
    """
    cells = cells.rename(columns=str.upper)
    tags = cells["TAG"].str.upper()
    role = tags.map(_ROLES).where(tags.isin(list(_ROLES)), None).astype(object)
    role[tags.str.fullmatch(_TREATED)] = "treated"
    role[tags.str.fullmatch(_KILL)] = "kill"
    with_dmso = set(cells.loc[role == "control", "BARCODE"])
    role[(role == "untreated") & ~cells["BARCODE"].isin(with_dmso)] = "control"
    table = pd.DataFrame(
        {
            "plate": cells["BARCODE"],
            "well": cells["POSITION"],
            "sample_id": cells["CELL_LINE_NAME"],
            "drug": cells["DRUG_NAME"] if "DRUG_NAME" in cells else "GDSC " + cells["DRUG_ID"],
            "dose_um": numbers(file, "CONC", cells["CONC"]),
            "role": role,
            "value": numbers(file, "INTENSITY", cells["INTENSITY"]),
        }
    )
    left = ~role.isin(["treated", "control", "kill", "blank"])
    table = table[~left & table["value"].notna()].reset_index(drop=True)
    if table.empty:
        raise InputError(
            f"{file}: no well with a tag of a treatment, a control or a blank; expected such as L1-D1-S, NC-1"
        )
    if (table.loc[table["role"] == "treated", "dose_um"].isna()).any():
        raise InputError(f"{file}: a treated well has no CONC; expected micromolar")
    notes = [f"{file}: {len(table)} wells in the layout of GDSC's raw files, values as read, CONC in uM"]
    if left.any():
        shown = ", ".join(sorted(set(tags[left]))[:5])
        notes.append(f"{file}: {int(left.sum())} rows with other tags were left out ({shown})")
    return table, False, notes
