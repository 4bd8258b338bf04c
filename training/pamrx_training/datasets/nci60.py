"""NCI-60: expression, exomes, miRNA and response of sixty lines, under CellMiner's file names.

Sources: CellMiner (Reinhold, Cancer Research 2012) and the NCI Developmental Therapeutics Program. The response is a z
score of -log10 GI50 within each drug: **higher is more sensitive**.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.errors import InputError, PamrxError
from pamrx.knowledge.drugs import resolve
from pamrx.profiles import Profiles, read_profiles

from pamrx_training.datasets.laboratory import COLUMNS, Laboratory, files_fingerprint, local_file, read_columns
from pamrx_training.datasets.names import line_key_of_stripped

RESPONSE = "nci60/nci60_pam_drug_response_zscore.csv"
EXPRESSION = "nci60/nci60_expression_log2.csv.gz"
EXOMES = "nci60/nci60_exome_percent_variant.csv.gz"
MIRNA = "nci60/nci60_mirna_agilent_log2.tsv.gz"
MEASURE = "z of -log10 GI50"

OTHER_NAMES = {"A549ATCC": "A549", "HL60TB": "HL60", "MDAMB435": "MDAMB435S"}
"""NCI-60's own names of lines, stripped -> canonical key."""

OTHER_DONORS = {"NCIADRRES": "OVCAR8"}
"""Lines that GDSC does not hold -> one of the same donor (Liscovitch, Cancer Letters 2007)."""

TISSUES = {
    "BR": "breast",
    "CNS": "nervous_system",
    "CO": "large_intestine",
    "LC": "lung_NSCLC",
    "LE": "leukemia",
    "ME": "skin",
    "OV": "ovary",
    "PR": "prostate",
    "RE": "kidney",
}
"""NCI-60's panel -> reference tissue, for the lines whose tissue GDSC does not tell."""


def load_nci60(data_dir: str | os.PathLike[str] | None, tissues: pd.Series) -> Laboratory:
    """NCI-60 from a folder that holds `nci60/`.

    Parameters
    ----------
    tissues : reference tissue by canonical key, of the lines that GDSC holds.

    Raises
    ------
    PamrxError
        In one line, if a file or column is not there, a value is no number, or no drug or line is known.
    """
    paths = [local_file(data_dir, name) for name in (RESPONSE, EXPRESSION, EXOMES, MIRNA)]
    responses, panels, dropped = read_responses(paths[0])
    tissue = panels.map(TISSUES)
    tissue.update(tissues[tissues.index.isin(tissue.index)])
    profiles, empty = _profiles(paths[1:], tissue)
    responses = responses[responses["cell_line"].isin(profiles.samples.index)].reset_index(drop=True)
    if empty:
        dropped = (*dropped, f"lines without expression: {', '.join(empty)}")
    return Laboratory("nci60", responses, profiles, files_fingerprint(*paths), dropped)


def read_responses(path: Path) -> tuple[pd.DataFrame, pd.Series, tuple[str, ...]]:
    """The tidy responses, NCI-60's panel (`BR`) by line, and what was dropped.

    Drugs that GDSC did not screen are dropped; a drug under two NSC numbers is averaged.
    """
    table = read_columns(path, ["drug", "nci60_cell", "zscore"], ["zscore"]).dropna(subset="zscore")
    table["cell_line"] = [key_of(name) for name in table["nci60_cell"]]
    table["panel"] = [panel_of(name) for name in table["nci60_cell"]]
    canonical = {name: _screened(name) for name in table["drug"].unique()}
    table["canonical"] = table["drug"].map(canonical)
    kept = table[(table["canonical"].notna()) & (table["cell_line"] != "")]
    if kept.empty:
        raise InputError(f"{path}: no line and drug is known, e.g. '{table['drug'].iloc[0] if len(table) else ''}'")
    means = kept.groupby(["cell_line", "canonical"])["zscore"].mean()
    mean = means.rename_axis(index=["cell_line", "drug"]).rename("value").reset_index()
    mean = mean.assign(measure=MEASURE, sensitivity=mean["value"])[COLUMNS]
    unknown = sorted(name for name, found in canonical.items() if found is None)
    dropped = (f"drugs without a GDSC screen: {', '.join(unknown)}",) if unknown else ()
    return mean, kept.drop_duplicates("cell_line").set_index("cell_line")["panel"], dropped


def key_of(name: str) -> str:
    """Canonical key of NCI-60's names (`BR:MDA-MB-231`, `MDA_MB_231`); empty where a name stands for two lines."""
    key = line_key_of_stripped(str(name).rpartition(":")[2]) or ""
    return OTHER_NAMES.get(key, key)


def panel_of(name: str) -> str:
    """NCI-60's panel in a name of it (`BR:MDA-MB-231`): a key of `TISSUES`."""
    return str(name).partition(":")[0]


def _screened(name: str) -> str | None:
    try:
        drug = resolve(name)
    except PamrxError:
        return None
    return drug.name if drug.screened else None


def _profiles(paths: list[Path], tissue: pd.Series) -> tuple[Profiles, list[str]]:
    """Profiles read as a user's files would be, and the lines left out for want of expression.

    The exome table has no protein change: every call of a function-affecting variant is marked a driver, an upper
    bound of the driver flags. There is no copy number and no MSI status.
    """
    expression, exomes = _keyed(paths[0]), _keyed(paths[1])
    mirna = _keyed(paths[2])
    lines = [line for line in tissue.index if line in expression and line in exomes]
    empty = [line for line in tissue.index if line not in lines or expression[line].isna().all()]
    lines = [line for line in lines if line not in empty]
    if not lines:
        raise InputError(f"{paths[0]}: no line of the response table has expression")
    row, column = np.nonzero(exomes[lines].to_numpy() > 0)
    maf = pd.DataFrame(
        {
            "Hugo_Symbol": exomes.index.to_numpy()[row],
            "Tumor_Sample_Barcode": np.array(lines, dtype=object)[column],
            "Variant_Classification": "Unknown",
            "cbp_driver": "Putative_Driver",
        }
    )
    samples = pd.DataFrame({"tissue": tissue[lines], "sample_type": "cell_line", "sequenced": "yes"})
    with tempfile.TemporaryDirectory() as kept:
        at = Path(kept)
        maf.to_csv(at / "exomes.maf", sep="\t", index=False)
        expression[lines].to_csv(at / "expression.csv", index_label="gene")
        mirna[[line for line in lines if line in mirna]].to_csv(at / "mirna.csv", index_label="mirna")
        samples.to_csv(at / "samples.csv", index_label="sample_id")
        profiles = read_profiles(at / "exomes.maf", at / "expression.csv", at / "mirna.csv", samples=at / "samples.csv")
    return profiles, empty


def _keyed(path: Path) -> pd.DataFrame:
    """A matrix with its lines under canonical keys; annotation columns and names of two lines left out."""
    try:
        table = pd.read_csv(path, index_col=0, sep="\t" if ".tsv" in path.name else ",")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError):
        raise InputError(f"{path}: cannot be read as a table of lines in columns") from None
    if any(":" in str(name) for name in table.columns):
        table = table[[name for name in table.columns if ":" in str(name)]]
    keys = pd.Index([key_of(name) for name in table.columns])
    return table.set_axis(keys, axis=1).loc[:, (keys != "") & ~keys.duplicated(keep=False)]
