"""gCSI: Genentech's response of some 380 lines to pictilisib and rapamycin. It has no profiles here.

Sources: Haverty, Nature 2016; growth-rate metrics refitted by Hafner, Nature Biotechnology 2017. AUC is a mean relative
viability: lower is more sensitive. GR_AOC is corrected for division rate: higher is more sensitive. Most IC50 lie at
the highest concentration and order nothing.
"""

from __future__ import annotations

import os

import pandas as pd
from pamrx.errors import InputError, did_you_mean
from pamrx.knowledge.drugs import resolve

from pamrx_training.datasets.laboratory import COLUMNS, Laboratory, files_fingerprint, local_file, read_columns
from pamrx_training.datasets.names import line_key

RESPONSE = "gcsi/gcsi_pam_grmetrics.csv"
DRUGS = {"gdc0941": "Pictilisib", "rapamycin": "Rapamycin"}
MEASURES = {"AUC": -1.0, "GR_AOC": 1.0}
"""Measure -> sign that makes higher more sensitive."""


def load_gcsi(data_dir: str | os.PathLike[str] | None) -> Laboratory:
    """gCSI from a folder that holds `gcsi/`.

    Raises
    ------
    InputError
        In one line, if the file or a column is not there, a value is no number, a drug is unknown, or a line is
        listed twice with a drug.
    """
    path = local_file(data_dir, RESPONSE)
    table = read_columns(path, ["Cell_Line", "Small_Molecule", *MEASURES], list(MEASURES))
    for name in table["Small_Molecule"].unique():
        if name not in DRUGS:
            raise InputError(
                f"{path}: Small_Molecule '{name}' is unknown; expected {', '.join(DRUGS)}{did_you_mean(name, DRUGS)}"
            )
    # The names are stripped, but no line of a colliding pair is among those that are told apart by COSMIC id only.
    table["cell_line"] = table["Cell_Line"].map(line_key)
    table["drug"] = table["Small_Molecule"].map({name: resolve(drug).name for name, drug in DRUGS.items()})
    twice = table[table.duplicated(["cell_line", "drug"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(f"{path}: {row['cell_line']} stands twice with {row['Small_Molecule']}; expected once")
    long = table.melt(["cell_line", "drug"], list(MEASURES), var_name="measure", value_name="value").dropna()
    long["sensitivity"] = long["value"] * long["measure"].map(MEASURES)
    long = long.sort_values(["drug", "measure", "cell_line"], ignore_index=True)
    return Laboratory("gcsi", pd.DataFrame(long[COLUMNS]), None, files_fingerprint(path))
