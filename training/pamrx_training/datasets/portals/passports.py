"""Cell Model Passports: expression, mutations, copy number and growth of the Sanger Institute's models.

Layouts:

- `rnaseq_tpm_*.csv` (also `rnaseq_merged_rsem_tpm_*`): columns are models (SIDM), rows genes; above them lines of
  model_id, model_name, dataset_name and data_source, then a line that heads the columns of gene ids and symbols. As
  `build/broad_sanger/02-broadSangerOmics.R` of PNNL-CompBio/coderdata at commit
  e8014d35633eecdf70900c5c197dca4db1b940d2 reads the release of 2022, and with a third column of labels as
  code for the merged releases of 2025 reads it.
  A model that was sequenced at both institutes has two columns: the Sanger's is kept.
- `rnaseq_read_count_*.csv`, `rnaseq_merged_rsem_expected_count_*`: the same with counts; read where there is no TPM.
- `mutations_all_*.csv`: gene_symbol, model_id, protein_mutation, cdna_mutation, effect, cancer_driver, coding, source;
  as the same script and `GDSC/README.md` of daisybio/preprocess_drp_data at commit
  bd4676d67ea1956203646ebbab47513e370b7229 read it. `mutations_summary_*.csv`: the same columns are expected; untested.
- `WES_pureCN_CNV_genes_<date or latest>.csv`: model_id, symbol, cn_category (Deletion, Loss, Neutral, Gain,
  Amplification), source; as the same script reads it.
- `cnv_gistic_*.csv`: calls -2 to 2, lines of model_id and model_name above; as the same README reads it.
- `growth_rate_*.csv`: model_id, day4_day1_ratio, replicates; as public code reads growth_rate_20220907.csv, of no
  repository that could be named. Untested on a release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.errors import InputError
from pamrx.readers.text.raw_table import RawTable

from pamrx_training.datasets.portals.files import Kind, find, numbers, read_columns
from pamrx_training.datasets.portals.matrices import read_levels

TPM = Kind("expression of Cell Model Passports in TPM", r"rnaseq_(?:merged_rsem_)?tpm")
COUNTS = Kind(
    "expression of Cell Model Passports in counts", r"rnaseq_(?:merged_rsem_expected_count|read_count|expected_count)"
)
MUTATIONS = Kind("all mutations of Cell Model Passports", r"mutations_all")
SUMMARY = Kind("the summary of mutations of Cell Model Passports", r"mutations_summary")
GISTIC = Kind("the GISTIC calls of Cell Model Passports", r"cnv_gistic")
GENES = Kind("copy number by gene of Cell Model Passports", r"WES_pureCN_CNV_genes_(?:\d{8}|latest)")
GROWTH = Kind("growth rates of Cell Model Passports", r"growth_rate")

CALLS = {"deletion": -2.0, "loss": -1.0, "neutral": 0.0, "gain": 1.0, "amplification": 2.0}

_MODEL = re.compile(r"SIDM\d+")
_HEAD_ROWS = 6


def read_expression(folders: Sequence[Path], notes: list[str]) -> tuple[pd.DataFrame, Path] | None:
    """Models (SIDM) x genes, log2(TPM + 1), and the file; None where there is none."""
    path = find(folders, TPM)
    if path is not None:
        return read_levels(path, "expression", notes, unit="tpm", left_out=second_columns), path
    path = find(folders, COUNTS)
    if path is None:
        return None
    return read_levels(path, "expression", notes, unit="counts", left_out=second_columns), path


def second_columns(table: RawTable) -> set[int]:
    """Columns of models that stand before, as the Sanger's where one of the two is.

    Of several of one institute the first is kept.
    """
    places: dict[str, list[int]] = {}
    for place, label in enumerate(table.header):
        if found := _MODEL.match(str(label)):
            places.setdefault(found[0], []).append(place)
    doubled = {model: columns for model, columns in places.items() if len(columns) > 1}
    if not doubled:
        return set()
    top = table.top(min(_HEAD_ROWS, len(table)))
    drop: set[int] = set()
    for columns in doubled.values():
        sangers = [place for place in columns if "sanger" in {str(cell).strip().lower() for cell in top[:, place]}]
        drop |= set(columns) - {(sangers or columns)[0]}
    return drop


def find_mutations(folders: Sequence[Path]) -> Path | None:
    """The file of mutations: all of them, else their summary."""
    return find(folders, MUTATIONS) or find(folders, SUMMARY)


def read_calls(folders: Sequence[Path], notes: list[str]) -> tuple[pd.DataFrame, Path] | None:
    """Models (SIDM) x genes, calls -2 to 2, NaN where not called, and the file; None where there is none.

    Raises
    ------
    PamrxError
        If the file cannot be read, or names a category that is none of `CALLS`.
    """
    path = find(folders, GENES)
    if path is None:
        path = find(folders, GISTIC)
        return None if path is None else (read_levels(path, "copy_number", notes, copy_number_unit="calls"), path)
    frame = read_columns(path, ["model_id", "symbol", "cn_category"], ["source"])
    words = frame["cn_category"].str.lower()
    unknown = ~words.isin([*CALLS, ""])
    if unknown.any():
        row = int(unknown.to_numpy().argmax())
        raise InputError(
            f"{path}, row {row + 2}, cn_category: found '{frame['cn_category'].iloc[row]}', expected one of "
            f"{', '.join(word.capitalize() for word in CALLS)}"
        )
    called = frame.assign(call=words.map(CALLS))[(words != "") & (frame["symbol"] != "")]
    if "source" in called:  # of a model that both institutes sequenced the Sanger's calls are kept
        order = (called["source"].str.lower() != "sanger").astype(int)
        best = order.groupby(called["model_id"]).transform("min")
        notes.append(
            f"{path.name}: {int((order > best).sum())} calls left out: the model has calls of the Sanger Institute"
        )
        called = called[order == best]
    again = called.duplicated(["model_id", "symbol"])
    if again.any():
        notes.append(f"{path.name}: {int(again.sum())} calls of a gene that stands twice left out: the first is kept")
    return called[~again].pivot(index="model_id", columns="symbol", values="call"), path


def read_growth(folders: Sequence[Path]) -> tuple[pd.DataFrame, Path] | None:
    """Columns id (SIDM), day4_day1_ratio (growth in three days), and the file; the row of most replicates counts."""
    path = find(folders, GROWTH)
    if path is None:
        return None
    frame = read_columns(path, ["model_id", "day4_day1_ratio"], ["replicates"])
    ratio = numbers(path, "day4_day1_ratio", frame["day4_day1_ratio"])
    replicates = numbers(path, "replicates", frame["replicates"]) if "replicates" in frame else 1.0
    table = pd.DataFrame({"id": frame["model_id"], "day4_day1_ratio": ratio, "replicates": replicates})
    table = table[np.isfinite(table["day4_day1_ratio"])].sort_values("replicates", ascending=False, kind="stable")
    return table.drop_duplicates("id")[["id", "day4_day1_ratio"]], path
