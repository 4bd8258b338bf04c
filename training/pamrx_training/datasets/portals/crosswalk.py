"""Ids of cell lines across portals: Sanger (SIDM), DepMap (ACH), COSMIC, Cellosaurus (CVCL) and names, to one key.

Nothing is shipped: the table is made of the user's own `model_list_*.csv` and `Model.csv`. A model of both is joined by
any id that both give; its key is that of the name that Cell Model Passports gives it, else DepMap's
(`pamrx_training.datasets.names.line_key`).

Layouts:

- `model_list_*.csv(.gz)` of Cell Model Passports: model_id, model_name, COSMIC_ID, BROAD_ID, CCLE_ID, RRID, cancer_type
  as in `build/broad_sanger/01-broadSangerSamples.R` of PNNL-CompBio/coderdata at commit
  120ed19c9967ba9b8f8d410364a72cf5d081002b; model_name also in `data-raw/mapCells.R` of acidgenomics/r-cellosaurus.
  tissue, patient_id, msi_status, growth_properties and synonyms are read where they are there, and not needed.
- `Model.csv` of DepMap: ModelID, PatientID, CellLineName, StrippedCellLineName, OncotreeCode, OncotreeLineage, RRID,
  GrowthPattern, CCLEName, SangerModelID and COSMICID as in the README of DepMap Public 25Q3
  (`depmap-upside_down/data/README_DepMap.txt` of armish/vibe-researching at commit
  0d876504dd21282863a421ed47cd83c4c5cfe6f5). `sample_info.csv` of older releases is not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError

from pamrx_training.datasets.cache import Ledger
from pamrx_training.datasets.names import line_key, line_key_of_stripped
from pamrx_training.datasets.portals.files import Kind, find, read_columns

PASSPORTS = Kind("the list of models of Cell Model Passports", r"model_list", ("csv",))
DEPMAP = Kind("DepMap's table of models", r"Model(?=(?:_\d\dQ\d)?\.csv)")

IDS = ("sidm", "ach", "cosmic", "cvcl", "ccle")
COLUMNS = ["cell_line", "name", *IDS, "tissue_words", "patient", "msi", "growth", "source"]


@short_repr
@dataclass(frozen=True)
class Crosswalk:
    """One row per cell line.

    Attributes
    ----------
    table : columns `COLUMNS`; ids and words are text, `|` between several and empty where unknown. `source` names the
        files that the row is from.
    keys : id -> key.
    ambiguous : ids that two lines claim.
    """

    table: pd.DataFrame
    keys: dict[str, str]
    ambiguous: frozenset[str] = frozenset()

    def key(self, label: str) -> str | None:
        """The key of an id; None where it is unknown or two lines claim it."""
        label = label.strip()
        return None if label in self.ambiguous else self.keys.get(label)

    @property
    def empty(self) -> bool:
        """Whether no table of models was there."""
        return self.table.empty


def read_crosswalk(folders: Sequence[Path], ledger: Ledger) -> tuple[Crosswalk, list[Path]]:
    """The crosswalk of the tables of models in some folders, and the files; an empty one where there are none.

    Raises
    ------
    InputError
        If a table lacks a column.
    """
    files = [path for path in (find(folders, PASSPORTS), find_model(folders)) if path is not None]
    parts = [_passports(path) if PASSPORTS.matches(path.name) else _depmap(path) for path in files]
    if not parts:
        return Crosswalk(pd.DataFrame(columns=COLUMNS), {}), []
    table = _joined(pd.concat(parts, ignore_index=True), ledger)
    keys: dict[str, str] = {}
    ambiguous: set[str] = set()
    for kind in IDS:
        for key, cell in zip(table["cell_line"], table[kind], strict=True):
            for label in filter(None, cell.split("|")):
                if keys.setdefault(label, key) != key:
                    ambiguous.add(label)
    ledger.keep("cell lines in the crosswalk of ids", len(table))
    ledger.drop(len(ambiguous), f"ids ({', '.join(sorted(ambiguous)[:5])})", "two cell lines claim them")
    return Crosswalk(table, keys, frozenset(ambiguous)), files


def find_model(folders: Sequence[Path]) -> Path | None:
    """DepMap's `Model.csv` in some folders; None where there is none."""
    return find(folders, DEPMAP)


def _passports(path: Path) -> pd.DataFrame:
    optional = ["COSMIC_ID", "BROAD_ID", "CCLE_ID", "RRID", "cancer_type", "tissue", "patient_id", "msi_status"]
    frame = read_columns(path, ["model_id", "model_name"], [*optional, "growth_properties"])
    frame = frame.reindex(columns=["model_id", "model_name", *optional, "growth_properties"], fill_value="")
    return pd.DataFrame(
        {
            "name": frame["model_name"],
            "sidm": frame["model_id"],
            "ach": frame["BROAD_ID"].map(_several),
            "cosmic": frame["COSMIC_ID"].map(_whole),
            "cvcl": frame["RRID"],
            "ccle": frame["CCLE_ID"].map(_several),
            "tissue_words": frame["cancer_type"] + "|" + frame["tissue"],
            "patient": frame["patient_id"],
            "msi": frame["msi_status"],
            "growth": frame["growth_properties"],
            "source": path.name,
        }
    )


def _depmap(path: Path) -> pd.DataFrame:
    optional = ["CellLineName", "StrippedCellLineName", "PatientID", "OncotreeCode", "OncotreeLineage", "RRID"]
    optional += ["GrowthPattern", "CCLEName", "SangerModelID", "COSMICID"]
    frame = read_columns(path, ["ModelID"], optional).reindex(columns=["ModelID", *optional], fill_value="")
    names = frame["CellLineName"].where(frame["CellLineName"] != "", frame["StrippedCellLineName"])
    return pd.DataFrame(
        {
            "name": names,
            "sidm": frame["SangerModelID"],
            "ach": frame["ModelID"],
            "cosmic": frame["COSMICID"].map(_whole),
            "cvcl": frame["RRID"],
            "ccle": frame["CCLEName"],
            "tissue_words": frame["OncotreeCode"] + "|" + frame["OncotreeLineage"],
            "patient": frame["PatientID"],
            "msi": "",
            "growth": frame["GrowthPattern"],
            "source": path.name,
        }
    )


def _joined(rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Rows that share a SIDM, ACH or COSMIC id as one line; the first row with a name names it.

    Cellosaurus ids and names join nothing: derivatives of a line share them in some releases.
    """
    group = list(range(len(rows)))

    def root(place: int) -> int:
        while group[place] != place:
            place = group[place]
        return place

    first: dict[str, int] = {}
    for place, ids in enumerate(zip(rows["sidm"], rows["ach"], rows["cosmic"], strict=True)):
        for label in (label for cell in ids for label in cell.split("|") if label):
            group[root(place)] = root(first.setdefault(label, place))
    rows = rows.assign(group=[root(place) for place in range(len(rows))])
    whole = rows.groupby("group", sort=True).agg({name: _union for name in rows.columns if name != "group"})
    whole["name"] = rows[rows["name"] != ""].groupby("group")["name"].first().reindex(whole.index)
    nameless = whole["name"].isna()
    ledger.drop(int(nameless.sum()), "models of the tables of models", "they have no name")
    whole = whole[~nameless]
    whole.insert(0, "cell_line", [line_key(name) for name in whole["name"]])
    doubled = whole["cell_line"].duplicated(keep=False)
    if doubled.any():
        shown = ", ".join(sorted(whole.loc[doubled, "name"])[:5])
        ledger.drop(int(doubled.sum()), f"models of the tables of models ({shown})", "two models share a name")
        whole = whole[~doubled]
    return whole[COLUMNS].sort_values("cell_line", ignore_index=True)


def _union(cells: pd.Series) -> str:
    return "|".join(dict.fromkeys(part for cell in cells for part in str(cell).split("|") if part))


def _several(cell: str) -> str:
    """Ids of one cell, which a semicolon or comma parts, with `|` between."""
    return "|".join(part.strip() for part in re.split(r"[;,|]", cell) if part.strip())


def _whole(cell: str) -> str:
    """A number that a release wrote as `905946.0`, as a whole one."""
    return _several(re.sub(r"\.0\b", "", cell))


def require(crosswalk: Crosswalk, path: Path, ids: str) -> None:
    """Refuse a file that names lines by ids alone where no table of models is there.

    Raises
    ------
    InputError
        Then; the message names the file that is needed.
    """
    if crosswalk.empty:
        needed = "DepMap's Model.csv" if ids == "ACH" else "model_list_*.csv of Cell Model Passports"
        raise InputError(
            f"{path}: names cell lines by {ids} ids; put {needed} into the folder, which gives their names"
        )


def name_key(name: str) -> str | None:
    """The key of a stripped name, as CTRP gives it."""
    return line_key_of_stripped(name)
