"""GDSC's own releases: fitted responses of both screens, and the RMA expression of GDSC1000.

Layouts:

- `GDSC1_fitted_dose_response_*` and `GDSC2_...`, xlsx and csv: DATASET, COSMIC_ID, CELL_LINE_NAME, SANGER_MODEL_ID,
  DRUG_ID, DRUG_NAME, MIN_CONC, MAX_CONC, LN_IC50 (ln of micromolar) and AUC, as `knowledge_base/table_contents.md` of
  PeeteKeesel/gnn-for-drug-response-prediction at commit 6e87bbfeab191e4c6d65422bfb7f0ee009defdcf describes them.
- `Cell_line_RMA_proc_basalExp.txt`: GENE_SYMBOLS, GENE_title, then `DATA.<COSMIC id>`, log2; a line that was measured
  again has `DATA.<COSMIC id>.1`. As `GDSC/README.md` of daisybio/preprocess_drp_data at commit
  bd4676d67ea1956203646ebbab47513e370b7229 reads it.
- `screened_compounds*.csv`: DRUG_ID, DRUG_NAME, SYNONYMS as seen in code that reads release 8.5; not needed here, since
  the fitted responses name each drug, and not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.errors import InputError
from pamrx.identifiers.assay import AssayId

from pamrx_training.datasets.cache import Ledger
from pamrx_training.datasets.names import line_key
from pamrx_training.datasets.portals.crosswalk import Crosswalk
from pamrx_training.datasets.portals.files import Kind, find, numbers, read_columns
from pamrx_training.datasets.portals.unmatched import Unmatched
from pamrx_training.datasets.responses import COLUMNS, axis_drug_name

SCREENS = ("GDSC1", "GDSC2")
RESPONSES = {
    screen: Kind(f"the fitted responses of {screen}", rf"{screen}_fitted_dose_response", ("csv", "xlsx"))
    for screen in SCREENS
}
EXPRESSION = Kind("the RMA expression of GDSC", r"Cell_line_RMA_proc_basalExp", ("txt", "tsv"))

_REPEAT = re.compile(r"DATA\.(\d+)\.\d+")


def read_responses(
    folders: Sequence[Path], crosswalk: Crosswalk, ledger: Ledger, unmatched: Unmatched
) -> tuple[pd.DataFrame, list[Path]]:
    """The tidy responses of both screens, as `pamrx_training.datasets.responses.tidy_responses`, and the files read.

    A line is known by its SANGER_MODEL_ID, else its COSMIC_ID, else its name. Drugs of two DRUG_IDs under one name are
    series of one assay, as are a drug's two concentration ranges.

    Raises
    ------
    InputError
        If a file lacks a column or holds no number where one belongs.
    """
    read = [(screen, find(folders, kind)) for screen, kind in RESPONSES.items()]
    tables = [_one_screen(screen, path, crosswalk, unmatched) for screen, path in read if path is not None]
    if not tables:
        return pd.DataFrame(columns=COLUMNS), []
    table = pd.concat(tables, ignore_index=True)
    repeated = table.duplicated(["cell_line", "assay", "range"])
    ledger.drop(int(repeated.sum()), "responses", "the line, drug and range stand twice; the first is kept")
    table = table[~repeated].sort_values(["assay", "range", "cell_line"], ignore_index=True)[COLUMNS]
    ledger.keep("measurements of GDSC", len(table))
    ledger.keep("assays (drug in a screen)", table["assay"].nunique())
    ledger.keep("assays of the PI3K/AKT/mTOR axis", table.loc[table["in_axis"], "assay"].nunique())
    return table, [path for _, path in read if path is not None]


def _one_screen(screen: str, path: Path, crosswalk: Crosswalk, unmatched: Unmatched) -> pd.DataFrame:
    needed = ["CELL_LINE_NAME", "DRUG_ID", "DRUG_NAME", "LN_IC50", "AUC"]
    optional = ["SANGER_MODEL_ID", "COSMIC_ID", "MAX_CONC", "DATASET"]
    renamed = {"DRUG NAME": "DRUG_NAME", "CELL LINE NAME": "CELL_LINE_NAME", "DRUG ID": "DRUG_ID"}
    frame = read_columns(path, needed, optional, renamed).reindex(columns=[*needed, *optional], fill_value="")
    other = ~frame["DATASET"].isin(["", screen])
    if other.any():
        found = frame.loc[other, "DATASET"].iloc[0]
        raise InputError(f"{path}: holds rows of {found} beside {screen}; rename it, or split the file by DATASET")
    keys = line_keys(frame, crosswalk)
    unmatched.add(path.name, frame.loc[keys.isna(), "CELL_LINE_NAME"], "neither an id that is known nor a name")
    names = {name: axis_drug_name(screen, name) for name in frame["DRUG_NAME"].unique()}
    series = frame["DRUG_ID"] + " " + frame["MAX_CONC"]
    table = pd.DataFrame(
        {
            "cell_line": keys,
            "drug": frame["DRUG_NAME"].map({name: found[0] for name, found in names.items()}),
            "screen": screen,
            "ln_ic50": numbers(path, "LN_IC50", frame["LN_IC50"]),
            "auc": numbers(path, "AUC", frame["AUC"]),
            "in_axis": frame["DRUG_NAME"].map({name: found[1] for name, found in names.items()}).astype(bool),
            "screened_as": frame["DRUG_NAME"],
            "series": series,
        }
    )
    table["assay"] = table["drug"].map({drug: str(AssayId(screen, drug)) for drug in table["drug"].unique()})
    table["range"] = table.groupby("assay")["series"].transform(lambda cells: pd.factorize(cells, sort=True)[0])
    kept = table["cell_line"].notna() & np.isfinite(table["ln_ic50"])
    return pd.DataFrame(table.loc[kept, COLUMNS])


def line_keys(frame: pd.DataFrame, crosswalk: Crosswalk) -> pd.Series:
    """Key of each row by SANGER_MODEL_ID, else COSMIC_ID, else CELL_LINE_NAME; None where none is known."""
    distinct = frame[["SANGER_MODEL_ID", "COSMIC_ID", "CELL_LINE_NAME"]].drop_duplicates()
    keys = {}
    for sidm, cosmic, name in distinct.itertuples(index=False):
        found = [crosswalk.key(sidm), crosswalk.key(re.sub(r"\.0$", "", cosmic)), line_key(name) if name else None]
        keys[sidm, cosmic, name] = next((key for key in found if key), None)
    rows = zip(frame["SANGER_MODEL_ID"], frame["COSMIC_ID"], frame["CELL_LINE_NAME"], strict=True)
    return pd.Series([keys[row] for row in rows], index=frame.index, dtype=object)


def is_repeat(label: str) -> bool:
    """Whether a column of the RMA table is a line that was measured again (`DATA.1503362.1`)."""
    return _REPEAT.fullmatch(label) is not None
