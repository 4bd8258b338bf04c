"""What the benchmarks across laboratories share: the lines of NCI-60 and GDSC, from both sources, as `Profiles`.

`platforms.py` compares the two; `stability.py` takes the differences between them as a measure of disturbance.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from predictor.bundle import Bundle, load_bundle
from predictor.errors import PamrxError
from predictor.predictions import chosen_assays
from predictor.profiles import Profiles, read_profiles
from training.cohort import training_profiles
from training.datasets import GdscData, load_ccle_mirna, load_gdsc
from training.datasets.names import line_key_of_stripped

EXPRESSION = "nci60/nci60_expression_log2.csv.gz"
EXOMES = "nci60/nci60_exome_percent_variant.csv.gz"
MIRNA = "nci60/nci60_mirna_agilent_log2.tsv.gz"
OTHER_NAMES = {"A549ATCC": "A549", "HL60TB": "HL60"}
"""NCI-60's own names of two lines, stripped."""
ARRAYS = """\
Both sources are arrays: nothing here says how features or predictions of whole-transcriptome RNA-seq compare,
and these data cannot validate that. The simulated differences are as large as those between these two arrays."""


@dataclass(frozen=True)
class Laboratories:
    """The released bundle; GDSC and CCLE as loaded; all GDSC lines as `everyone`; the shared lines, in one order, from
    GDSC (`ours`) and from NCI-60 (`theirs`)."""

    bundle: Bundle
    gdsc: GdscData
    mirna: pd.DataFrame | None
    everyone: Profiles
    ours: Profiles
    theirs: Profiles


def main_of(run: Callable[[argparse.Namespace], None], doc: str | None, seed: bool = False) -> None:
    """The command line of a benchmark: `run` with its options; a mistake of the user is one line and exit code 2."""
    options = argparse.ArgumentParser(description=doc.splitlines()[0] if doc else None)
    options.add_argument("--data-dir", type=Path, required=True, help="folder with nci60/")
    options.add_argument("--cache", type=Path, default=None, help="data cache of `pamrx data fetch`")
    if seed:
        options.add_argument("--seed", type=int, default=0)
    try:
        run(options.parse_args())
    except PamrxError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def load(given: argparse.Namespace) -> Laboratories:
    """Both sources; which lines are compared is printed."""
    bundle = load_bundle()
    gdsc, mirna = load_gdsc(given.cache), load_ccle_mirna(given.cache)
    lines = gdsc.cell_lines.loc[gdsc.complete_lines()]
    theirs = nci60_profiles(given.data_dir, lines)
    shared = list(theirs.samples.index)
    everyone = training_profiles(lines, gdsc.alterations, gdsc.expression, mirna)
    print(f"{len(shared)} lines compared: {', '.join(shared)}\n")
    return Laboratories(bundle, gdsc, mirna, everyone, everyone.subset(shared), theirs)


def nci60_profiles(folder: Path, lines: pd.DataFrame) -> Profiles:
    """NCI-60's tables of the lines that GDSC has, written under canonical keys and read as a user's files would be.

    The exome table has no protein change: every call is marked a driver, an upper bound of the flags. Tissue is
    GDSC's. There is no copy number and no MSI status.
    """
    expression, exomes = keyed(read(folder / EXPRESSION)), keyed(read(folder / EXOMES))
    table = read(folder / MIRNA)
    mirna = keyed(table[[name for name in table.columns if ":" in name]])
    shared = [line for line in lines.index if line in expression and line in exomes]
    empty = [line for line in shared if expression[line].isna().all()]
    told = ", ".join(empty) or "none"
    print(f"{len(shared)} lines shared by NCI-60 and GDSC; left out, without expression in NCI-60: {told}")
    shared = [line for line in shared if line not in empty]
    row, column = np.nonzero(exomes[shared].to_numpy() > 0)
    maf = pd.DataFrame(
        {
            "Hugo_Symbol": exomes.index.to_numpy()[row],
            "Tumor_Sample_Barcode": np.array(shared, dtype=object)[column],
            "Variant_Classification": "Unknown",
            "cbp_driver": "Putative_Driver",
        }
    )
    described = pd.DataFrame(
        {"tissue": lines.loc[shared, "tissue"], "sample_type": "cell_line", "sequenced": "yes"},
        index=pd.Index(shared, name="sample_id"),
    )
    with tempfile.TemporaryDirectory() as kept:
        at = Path(kept)
        maf.to_csv(at / "exomes.maf", sep="\t", index=False)
        expression[shared].to_csv(at / "expression.csv", index_label="gene")
        mirna[[line for line in shared if line in mirna]].to_csv(at / "mirna.csv", index_label="mirna")
        described.to_csv(at / "samples.csv")
        return read_profiles(at / "exomes.maf", at / "expression.csv", at / "mirna.csv", samples=at / "samples.csv")


def keyed(table: pd.DataFrame) -> pd.DataFrame:
    """Columns under canonical keys (`BR:MDA-MB-231`, `MDA_MB_231` -> `MDAMB231`); names of two lines left out."""
    keys = [line_key_of_stripped(str(name).rpartition(":")[2]) or "" for name in table.columns]
    columns = pd.Index([OTHER_NAMES.get(key, key) for key in keys])
    return table.set_axis(columns, axis=1).loc[:, (columns != "") & ~columns.duplicated(keep=False)]


def read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise PamrxError(f"{path}: no such file; give the folder that holds {EXPRESSION} as --data-dir")
    return pd.read_csv(path, index_col=0, sep="\t" if ".tsv" in path.name else ",")


def predicted(bundle: Bundle, profiles: Profiles) -> pd.DataFrame:
    """(n, drugs) ln IC50 of each drug's newest screen; columns are assays."""
    assays = list(chosen_assays(bundle.model.assays_).values())
    return bundle.model.predict(bundle.builder.transform(profiles))[assays]
