"""DepMap: expression, mutations and copy number of the Broad Institute's models, RPPA, PRISM and CTRP.

Layouts, by the README of DepMap Public 25Q3 (`depmap-upside_down/data/README_DepMap.txt` of armish/vibe-researching at
commit 0d876504dd21282863a421ed47cd83c4c5cfe6f5) where nothing else is said:

- `OmicsExpressionTPMLogp1HumanProteinCodingGenes.csv` (also `...AllGenes...`): log2(TPM + 1), a row per sequencing;
  rows that are not IsDefaultEntryForModel are left out. Until 24Q4
  `OmicsExpressionProteinCodingGenesTPMLogp1.csv`, a row per model. Columns `SYMBOL (Entrez id)`.
  Stranded files hold other sequencings and are not read.
- `OmicsSomaticMutations.csv`: ModelID, HugoSymbol, ProteinChange, VariantInfo, IsDefaultEntryForModel. Without it
  `OmicsSomaticMutationsMatrixHotspot.csv` and `...Damaging.csv`: models x genes, 0, 1 or 2.
- `PortalOmicsCNGeneLog2.csv`: log2(ratio + 1). `OmicsCNGene*.csv`: that too until 24Q4, the ratio itself in later
  releases, under one name: where the values do not decide, `--copy-number-unit` says.
- `secondary-screen-dose-response-curve-parameters.csv` (PRISM Repurposing): broad_id, depmap_id, name, auc, as
  `code/02_prepare_prism.R` of MALL-Machine-Learning-in-Live-Sciences/drugEnrichment at commit
  134b4dd69efdb3d9849c49d1188872ef21a66d6e; screen_id and passed_str_profiling as code of several groups reads them. Of
  a compound in several screens MTS010 goes before MTS006, MTS005 and HTS002.
- CTRP v2: `v20.data.curves_post_qc.txt` (experiment_id, area_under_curve, master_cpd_id),
  `v20.meta.per_experiment.txt` (experiment_id, master_ccl_id), `v20.meta.per_cell_line.txt` (master_ccl_id, ccl_name)
  and `v20.meta.per_compound.txt` (master_cpd_id, cpd_name), as several groups' code joins them. Untested on a release.
- `CCLE_RPPA_20181003.csv`: CCLE names x antibodies, as several groups' code reads it. Untested on a release.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pamrx.errors import InputError
from pamrx.readers.boundary import boundary

from pamrx_training.datasets.portals.files import Kind, find, numbers, read_columns
from pamrx_training.datasets.portals.matrices import read_levels

EXPRESSION = Kind(
    "expression of DepMap",
    r"OmicsExpression(?:TPMLogp1Human(?:ProteinCoding|All)Genes|(?:ProteinCoding|All)GenesTPMLogp1)"
    r"(?!Stranded|Profile)",
)
MUTATIONS = Kind("mutations of DepMap", r"OmicsSomaticMutations(?!Matrix|Profile|MAF)")
HOTSPOT = Kind("the matrix of hotspot mutations of DepMap", r"OmicsSomaticMutationsMatrixHotspot")
DAMAGING = Kind("the matrix of damaging mutations of DepMap", r"OmicsSomaticMutationsMatrixDamaging")
LOG2 = Kind("copy number of DepMap, log2(ratio + 1)", r"PortalOmicsCNGeneLog2")
RATIO = Kind("copy number of DepMap", r"OmicsCNGene(?!MC)")
PRISM = Kind("the curves of PRISM Repurposing", r"secondary-screen-dose-response-curve-parameters")
CTRP = {
    name: Kind(f"CTRP's table {name}", rf"v20\.{name}", ("txt",))
    for name in ("data.curves_post_qc", "meta.per_experiment", "meta.per_cell_line", "meta.per_compound")
}
RPPA = Kind("protein levels (RPPA) of CCLE", r"CCLE_RPPA_\d")

SCREEN_ORDER = ("MTS010", "MTS006", "MTS005", "HTS002")

RESPONSE_COLUMNS = ["id", "drug", "measure", "value"]


def read_expression(folders: Sequence[Path], notes: list[str]) -> tuple[pd.DataFrame, Path] | None:
    """Models (ACH) x genes, log2(TPM + 1), and the file; None where there is none."""
    path = find(folders, EXPRESSION)
    return None if path is None else (read_levels(path, "expression", notes, unit="log2"), path)


def read_calls(
    folders: Sequence[Path], notes: list[str], copy_number_unit: str | None = None
) -> tuple[pd.DataFrame, Path] | None:
    """Models (ACH) x genes, calls -2 to 2, and the file; None where there is none."""
    path = find(folders, LOG2)
    if path is not None:
        return read_levels(path, "copy_number", notes, copy_number_unit="log2-ratio-plus-1"), path
    path = find(folders, RATIO)
    return None if path is None else (read_levels(path, "copy_number", notes, copy_number_unit=copy_number_unit), path)


def read_matrices_of_mutations(folders: Sequence[Path]) -> tuple[pd.DataFrame, pd.DataFrame, list[Path]] | None:
    """The matrices of hotspot and of damaging mutations, models (ACH) x genes as 0/1, and the files.

    None where either is absent.
    """
    paths = [find(folders, kind) for kind in (HOTSPOT, DAMAGING)]
    if paths[0] is None or paths[1] is None:
        return None
    hotspot, damaging = (_flags(path) for path in paths if path is not None)
    return hotspot, damaging, [path for path in paths if path is not None]


def read_prism(folders: Sequence[Path], notes: list[str]) -> tuple[pd.DataFrame, Path] | None:
    """Columns id (ACH), drug (its name), measure, value: one AUC per model and compound; None without the file.

    Lines whose STR profile failed are left out.
    """
    path = find(folders, PRISM)
    if path is None:
        return None
    frame = read_columns(path, ["depmap_id", "name", "auc"], ["screen_id", "passed_str_profiling"])
    frame = frame.assign(value=numbers(path, "auc", frame["auc"]))
    frame = frame[frame["value"].notna() & (frame["depmap_id"] != "") & (frame["name"] != "")]
    if "passed_str_profiling" in frame:
        failed = frame["passed_str_profiling"].str.upper() == "FALSE"
        notes.append(f"{path.name}: {int(failed.sum())} curves left out: the line's STR profile failed")
        frame = frame[~failed]
    place = {screen: place for place, screen in enumerate(SCREEN_ORDER)}
    order = frame["screen_id"].map(place).fillna(len(place)) if "screen_id" in frame else pd.Series(0, frame.index)
    frame = frame.assign(order=order)
    frame = frame[frame["order"] == frame.groupby(["depmap_id", "name"])["order"].transform("min")]
    mean = frame.groupby(["depmap_id", "name"], as_index=False)["value"].mean()
    return _responses(mean["depmap_id"], mean["name"], "PRISM AUC", mean["value"]), path


def read_ctrp(folders: Sequence[Path]) -> tuple[pd.DataFrame, list[Path]] | None:
    """Columns id (name as CTRP strips it), drug, measure, value: area under the curve; None without its curves.

    Raises
    ------
    InputError
        If the curves are there and one of the three tables beside them is not.
    """
    paths = {name: find(folders, kind) for name, kind in CTRP.items()}
    curves_path = paths["data.curves_post_qc"]
    if curves_path is None:
        return None
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise InputError(f"{curves_path}: needs v20.{missing[0]}.txt beside it, which is not there")
    present = {name: path for name, path in paths.items() if path is not None}
    curves = read_columns(curves_path, ["experiment_id", "area_under_curve", "master_cpd_id"])
    experiments = read_columns(present["meta.per_experiment"], ["experiment_id", "master_ccl_id"]).drop_duplicates()
    lines = read_columns(present["meta.per_cell_line"], ["master_ccl_id", "ccl_name"])
    compounds = read_columns(present["meta.per_compound"], ["master_cpd_id", "cpd_name"])
    curves["value"] = numbers(curves_path, "area_under_curve", curves["area_under_curve"])
    joined = curves.merge(experiments, on="experiment_id").merge(lines, on="master_ccl_id")
    joined = joined.merge(compounds, on="master_cpd_id").dropna(subset="value")
    mean = joined.groupby(["ccl_name", "cpd_name"], as_index=False)["value"].mean()
    return _responses(mean["ccl_name"], mean["cpd_name"], "CTRP area under the curve", mean["value"]), [
        *present.values()
    ]


def read_rppa(folders: Sequence[Path]) -> tuple[pd.DataFrame, Path] | None:
    """CCLE names x antibodies, as published (log2, centred), and the file; None without it."""
    path = find(folders, RPPA)
    if path is None:
        return None
    with boundary(path, "a table of lines and antibodies", "download the file again"):
        table = pd.read_csv(path, index_col=0)
    return table.apply(pd.to_numeric, errors="coerce").astype(float), path


def _flags(path: Path) -> pd.DataFrame:
    with boundary(path, "a matrix of models and genes", "download the file again"):
        table = pd.read_csv(path)
    if "IsDefaultEntryForModel" in table:
        table = table[table["IsDefaultEntryForModel"].astype(str).str.lower().isin(["yes", "true", "1"])]
    ids = table["ModelID"] if "ModelID" in table else table.iloc[:, 0]
    genes = table[[name for name in table.columns if str(name).endswith(")") and " (" in str(name)]]
    if genes.empty:
        raise InputError(
            f"{path}: no column of a gene such as 'TP53 (7157)'; found {', '.join(map(str, table.columns[:5]))}"
        )
    flags = genes.set_axis([str(name).rsplit(" (", 1)[0] for name in genes.columns], axis=1) > 0
    return flags.set_axis(pd.Index(ids.astype(str), name="id")).astype(int)


def _responses(ids: pd.Series, drugs: pd.Series, measure: str, values: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"id": ids, "drug": drugs, "measure": measure, "value": values})[RESPONSE_COLUMNS]
