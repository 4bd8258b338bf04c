"""Writes `knowledge/combinations.csv` and `knowledge/nci60_lines.csv` from NCI-ALMANAC and the portals' tables.

NCI-ALMANAC (Holbeck, Cancer Research 2017; work of the US government) measured pairs of approved drugs in the NCI-60
lines. Of its drugs two act on the axis, sirolimus and everolimus; the table holds their pairs. A ComboScore is the sum,
over the pairs of concentrations tested, of the growth expected of an additive pair less the growth seen: above 0 is
more than additive. The file gives that sum only, neither the number of pairs of concentrations nor replicates. A pair
that stands in the file twice (in both orders, or under two NSC numbers of one drug) is averaged.

The alterations of a line are those of `GENES` with a non-synonymous change or a deletion in the DepMap calls, or, for a
line that they lack, a function-affecting variant in at least `MIN_PERCENT` of the reads of CellMiner's exomes. Drivers
and passengers are not told apart, and a line of CellMiner alone may hide a deletion.

Run: `python -m pamrx_training.release.combinations --data-dir FOLDER`, a folder that holds `almanac/`, `nci60/` and
`depmap/`.
"""

from __future__ import annotations

import argparse
import os
from importlib.resources import files
from pathlib import Path

import pandas as pd
from pamrx import knowledge
from pamrx.errors import InputError
from pamrx.outputs import whole_file

from pamrx_training import datasets
from pamrx_training.datasets.laboratory import local_file
from pamrx_training.datasets.names import ccle_line_key
from pamrx_training.datasets.nci60 import EXOMES, OTHER_DONORS, TISSUES, key_of, panel_of

FOLDER = Path(knowledge.__file__).parent
SCORES = "almanac/NCI60_Almanac_paired_drug_combo_scores.txt.gz"
CALLS = ("depmap/panel718_mutation.csv.gz", "depmap/panel718_deletion.csv.gz")

AXIS = {"226080": "Rapamycin", "733504": "Everolimus"}
"""NSC number -> drug of the axis, under the name that `knowledge/drugs.csv` gives it."""

GENES = ("BRAF", "HRAS", "KRAS", "NF1", "NRAS", "PIK3CA", "PIK3R1", "PTEN", "STK11", "TSC1")
"""Genes by which lines and tumours are compared: of the axis and of RAS/RAF, with a feature in the model."""

MIN_PERCENT = 20

OTHER_TISSUES = {"RPMI8226": "myeloma", "SR": "lymphoma", "NCIH226": "lung"}
"""Lines that DepMap's model table (CC BY 4.0) gives another disease than NCI-60's panel does: plasma cell myeloma,
lymphoma, pleural mesothelioma."""

DONORS = {**OTHER_DONORS, "SNB19": "U251", "MDAMB435S": "M14", "MDAN": "M14"}
"""Lines of one donor (knowledge/donors.csv; Liscovitch, Cancer Letters 2007)."""

SPELLINGS = {"7860": "786O", "U251": "U251MG", "OVCAR3": "NIHOVCAR3"}
"""NCI-60's stripped names -> those of CCLE ids, where they differ."""


def main() -> None:
    """Write both tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--data-dir", type=Path, required=True, help="folder of the portals' files")
    folder = options.parse_args().data_dir
    scores = axis_scores(folder)
    for name, table in (("combinations", scores), ("nci60_lines", lines_table(folder, scores))):
        with whole_file(FOLDER / f"{name}.csv") as target:
            table.to_csv(target, index=False, lineterminator="\n")


def axis_scores(data_dir: str | os.PathLike[str]) -> pd.DataFrame:
    """One row per drug of the axis and partner, columns drug, partner and NCI-60's lines (ComboScore, empty if none).

    Raises
    ------
    InputError
        If a row is no pair of NSC numbers, or a partner has no name in `almanac_drugs.csv`.
    """
    path = local_file(data_dir, SCORES)
    table = pd.read_csv(path, sep="\t", index_col=0)
    pairs = table.index.to_series().str.extract(r"^(\d+)_(\d+)$")
    if pairs.isna().any(axis=None):
        row = int(pairs.isna().any(axis=1).to_numpy().argmax())
        raise InputError(f"{path}, row {row + 2}: found '{table.index[row]}', expected two NSC numbers such as 740_750")
    names = _drug_names()
    rows = []
    for number, drug in AXIS.items():
        for own, other in ((0, 1), (1, 0)):
            found = table[(pairs[own] == number).to_numpy()]
            partner = pairs.loc[(pairs[own] == number).to_numpy(), other]
            for nsc in partner:
                if nsc not in names:
                    raise InputError(f"{path}: NSC {nsc} has no name; add it to datasets/almanac_drugs.csv")
            rows.append(found.assign(drug=drug, partner=[names[nsc] for nsc in partner]))
    scores = pd.concat(rows).groupby(["drug", "partner"]).mean().dropna(axis=1, how="all")
    return scores.round().astype("Int64").reset_index()


def lines_table(data_dir: str | os.PathLike[str], scores: pd.DataFrame) -> pd.DataFrame:
    """One row per line of `scores`: line, donor, tissue, alterations (genes by |), alterations_from."""
    panel = _panel_calls(data_dir)
    exomes = pd.read_csv(local_file(data_dir, EXOMES), index_col=0)
    exomes = exomes.set_axis([key_of(name) for name in exomes.columns], axis=1)
    rows = []
    for line in scores.columns.drop(["drug", "partner"]):
        key = key_of(line)
        ccle = SPELLINGS.get(key, key)
        if ccle in panel:
            altered, source = panel[ccle], "DepMap"
        else:
            held = exomes.reindex(GENES)[key] >= MIN_PERCENT if key in exomes else pd.Series(dtype=bool)
            altered, source = sorted(held.index[held]), "CellMiner"
        tissue = OTHER_TISSUES.get(key, TISSUES[panel_of(line)])
        row = {"line": line, "donor": DONORS.get(key, key), "tissue": tissue}
        rows.append(row | {"alterations": "|".join(altered), "alterations_from": source})
    return pd.DataFrame(rows)


def _panel_calls(data_dir: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Stripped name -> genes of `GENES` that DepMap calls changed or deleted; lines that it lacks are not there."""
    changed: dict[str, set[str]] = {}
    for name in CALLS:
        calls = pd.read_csv(local_file(data_dir, name), index_col=0).reindex(columns=list(GENES)).fillna(0)
        for ccle, row in calls.iterrows():
            changed.setdefault(ccle_line_key(str(ccle)), set()).update(row.index[row > 0])
            changed.setdefault(str(ccle).split("_", 1)[0], set()).update(row.index[row > 0])
    return {line: sorted(genes) for line, genes in changed.items()}


def _drug_names() -> dict[str, str]:
    """NSC number -> drug, after NCI's own list of the drugs of the screen."""
    with (files(datasets) / "almanac_drugs.csv").open("r", encoding="utf-8") as handle:
        table = pd.read_csv(handle, dtype=str)
    return dict(zip(table["nsc"], table["drug"], strict=True))


if __name__ == "__main__":
    main()
