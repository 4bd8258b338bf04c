"""GDSC's molecular tables: expression, driver alterations, gene-wise copy number, and the cell lines themselves."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sized
from typing import Any

import numpy as np
import pandas as pd
from pamrx.errors import InputError
from pamrx.knowledge import table

from pamrx_training.datasets.cache import Ledger
from pamrx_training.datasets.names import alias_table, line_key, line_key_of_stripped

_SEGMENT = re.compile(r"(gain|loss)_cnaPANCAN\d+(?:_\(([^()]+)\))?")


def tidy_expression(tensors: Mapping[str, np.ndarray], genes: list[str], ledger: Ledger) -> pd.DataFrame:
    """Expression, standardised within each line over the genes that were measured.

    Genes that hold the line's lowest value in every line are a constant filler, not a measurement, and are dropped.
    The values were standardised with the fillers among them, so they are standardised again without: mean 0 and
    population standard deviation 1 in each line.

    Parameters
    ----------
    tensors
        Stripped line name -> values, shape (genes,).
    genes
        Gene symbols in the tensors' order.

    Returns
    -------
    DataFrame
        Column cell_line, then one float32 column per gene (sorted).

    Raises
    ------
    InputError
        If a line does not hold one finite value per gene.
    """
    matrix = _matrix(tensors, genes, "expression", ledger).astype(np.float64)
    if not np.isfinite(matrix.to_numpy()).all():
        line = matrix.index[~np.isfinite(matrix.to_numpy()).all(axis=1)][0]
        raise InputError(f"GDSC expression, {line}: found a value that is not finite")
    values = matrix.to_numpy()
    filler = (values == values.min(axis=1, keepdims=True)).all(axis=0)
    ledger.drop(int(filler.sum()), "genes of the expression table",
                "constant filler (each line's lowest value in every line): not measured")  # fmt: skip
    kept = matrix.loc[:, ~filler]
    scaled = kept.sub(kept.mean(axis=1), axis=0).div(kept.std(axis=1, ddof=0), axis=0)
    ledger.keep("cell lines with expression", scaled.shape[0])
    ledger.keep("genes with expression (standardised again within each line)", scaled.shape[1])
    return _tidy(scaled.astype(np.float32))


def tidy_gene_copy_number(lists: Mapping[str, list[int]], genes: list[str], ledger: Ledger) -> pd.DataFrame:
    """Gene-wise copy-number calls (-1 loss, 0, 1 gain): column cell_line, then one int8 column per gene.

    Genes that hold 0 in every line (among them most of chromosome X) were not called and are dropped.

    Raises
    ------
    InputError
        If a line does not hold one value per gene, or a value is not -1, 0 or 1.
    """
    matrix = _matrix(lists, genes, "gene copy number", ledger)
    if not np.isin(matrix.to_numpy(), (-1, 0, 1)).all():
        raise InputError("GDSC gene copy number: found a value other than -1, 0 and 1")
    filler = (matrix == 0).all(axis=0)
    ledger.drop(int(filler.sum()), "genes of the gene-wise copy-number table", "0 in every line: not called")
    kept = matrix.loc[:, ~filler].astype(np.int8)
    ledger.keep("cell lines with gene-wise copy number", kept.shape[0])
    ledger.keep("genes with gene-wise copy number", kept.shape[1])
    return _tidy(kept)


def tidy_alterations(features: pd.DataFrame, info: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Driver alterations as 0/1: mutated genes (`PIK3CA_mut`) and segments by the genes they name (`PTEN_loss`).

    A gene named by several segments of one direction counts as altered where any of them is. Segments that name no
    gene cannot be made from a user's file, and are left out.

    Parameters
    ----------
    features
        The v17 table: COSMIC_ID, TISSUE_FACTOR, MSI_FACTOR, then mutations and segments.
    info
        The COSMIC table, which gives each COSMIC_ID its SAMPLE_NAME.

    Returns
    -------
    DataFrame
        Column cell_line, then one int8 column per alteration (mutations, then gains and losses; sorted).
    """
    mutations = sorted(name for name in features.columns if name.endswith("_mut"))
    segments = [name for name in features.columns if "_cna" in name]
    by_gene: dict[str, list[str]] = {}
    unnamed = 0
    for segment in segments:
        named = named_genes(segment)
        unnamed += not named
        for alteration in named:
            by_gene.setdefault(alteration, []).append(segment)
    matrix = features[mutations].astype(np.int8)
    joined = {name: features[columns].max(axis=1).astype(np.int8) for name, columns in sorted(by_gene.items())}
    matrix = pd.concat([matrix, pd.DataFrame(joined, index=features.index)], axis=1)
    if not np.isin(matrix.to_numpy(), (0, 1)).all():
        raise InputError("genomic_features_v17.csv.gz: found an alteration other than 0 and 1")
    names = features["COSMIC_ID"].map(info.set_index("COSMIC_ID")["SAMPLE_NAME"])
    if names.isna().any():
        raise InputError(
            f"genomic_features_v17.csv.gz: COSMIC id {features['COSMIC_ID'][names.isna()].iloc[0]} has no name"
        )
    matrix.index = pd.Index([line_key(name) for name in names])
    ledger.keep("cell lines with alterations", len(matrix))
    ledger.keep("mutated driver genes", len(mutations))
    ledger.keep(f"genes of recurrent gain or loss, named by {len(segments) - unnamed} segments", len(joined))
    ledger.drop(unnamed, "copy-number segments", "they name no gene, so no user's file could produce them")
    return _tidy(matrix)


def named_genes(segment: str) -> list[str]:
    """Alterations that a segment's header names.

    `loss_cnaPANCAN389_(RB1)` -> `["RB1_loss"]`; `loss_cnaPANCAN38, loss_cnaPANCAN39` -> `[]`.
    """
    return [f"{gene.strip()}_{kind}" for kind, genes in _SEGMENT.findall(segment) for gene in genes.split(",") if gene]


def tidy_cell_lines(
    info: pd.DataFrame,
    features: pd.DataFrame,
    responses: pd.DataFrame,
    present: Mapping[str, pd.DataFrame],
    ledger: Ledger,
) -> pd.DataFrame:
    """One row per cell line of any table.

    Parameters
    ----------
    info
        The COSMIC table: SAMPLE_NAME, COSMIC_ID, GDSC1 and GDSC2 (tissue words), TCGA, MMR, GROWTH_PROPERTIES.
    features
        The v17 table: COSMIC_ID, TISSUE_FACTOR, MSI_FACTOR.
    responses
        Tidy responses.
    present
        `expression`, `alterations`, `gene_copy_number` -> tidy table.

    Returns
    -------
    DataFrame
        Columns cell_line, name, aliases (`|` between), cosmic_id (Int64), tissue (v17's 27 factors), tissue_source
        (`v17`; `cosmic_info` where v17 lacks the line and its other tissue words decide), tissue_group (lung merged),
        tcga, msi (`MSI-H`, `MSS`), growth, has_expression, has_alterations, has_gene_copy_number, n_responses (assays),
        donor. Missing text is None. Sorted by cell_line.
    """
    lines = _known_lines(info, features)
    keys = sorted(
        set(lines.index) | set(responses["cell_line"]).union(*(set(t["cell_line"]) for t in present.values()))
    )
    lines = lines.reindex(pd.Index(keys, name="cell_line"))
    lines["name"] = lines["name"].where(lines["name"].notna(), lines.index.to_series())
    second = alias_table().groupby("cell_line")["alias"].agg(lambda names: "|".join(sorted(names)))
    lines.insert(1, "aliases", second.reindex(lines.index))
    groups = table("tissues").set_index("tissue")["tissue_group"]
    lines.insert(list(lines.columns).index("tissue_source") + 1, "tissue_group", lines["tissue"].map(groups))
    for name, frame in present.items():
        lines[f"has_{name}"] = lines.index.isin(frame["cell_line"])
    assays = responses.groupby("cell_line")["assay"].nunique()
    lines["n_responses"] = assays.reindex(lines.index).fillna(0).astype("int64")
    lines["donor"] = donors(lines.index)
    _count_lines(lines, ledger)
    return lines.reset_index()


def donors(lines: pd.Index) -> list[str]:
    """Donor of each line from the donor table; a line that is not in it is its own donor."""
    known = table("donors")
    by_line = dict(zip(known["cell_line"], known["donor"], strict=True))
    return [by_line.get(line, line) for line in lines]


def _matrix(values: Mapping[str, Sized], genes: list[str], what: str, ledger: Ledger) -> pd.DataFrame:
    """Lines x genes, by canonical key; lines whose stripped name stands for two lines are dropped."""
    for line, row in values.items():
        if len(row) != len(genes):
            raise InputError(f"GDSC {what}, {line}: found {len(row)} values, expected {len(genes)} (one per gene)")
    keys = {line: line_key_of_stripped(line) for line in values}
    ambiguous = sorted(line for line, key in keys.items() if key is None)
    ledger.drop(len(ambiguous), f"cell lines of the {what} table ({', '.join(ambiguous)})",
                "the name stands for two different lines (T-T/TT, KM-H2/KMH-2)")  # fmt: skip
    kept = [line for line, key in keys.items() if key is not None]
    symbols = [gene.replace(".", "-") for gene in genes]  # the source wrote HLA-DRA as HLA.DRA
    matrix = pd.DataFrame(np.stack([np.asarray(values[line]) for line in kept]), columns=symbols)
    matrix.index = pd.Index([keys[line] for line in kept], name="cell_line")
    for axis, labels in (("cell line", matrix.index), ("gene", matrix.columns)):
        if not labels.is_unique:
            raise InputError(f"GDSC {what}: {axis} {labels[labels.duplicated()][0]} stands twice, expected once")
    return matrix


def _tidy(matrix: pd.DataFrame) -> pd.DataFrame:
    columns = matrix.columns if any(str(c).endswith("_mut") for c in matrix.columns) else sorted(matrix.columns)
    lines = pd.DataFrame({"cell_line": matrix.index})
    return pd.concat([lines, matrix[list(columns)].reset_index(drop=True)], axis=1).sort_values(
        "cell_line", ignore_index=True
    )


def _known_lines(info: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Index key; columns name, cosmic_id, tissue, tissue_source, tcga, msi, growth, from the two line tables."""
    merged = info.merge(features[["COSMIC_ID", "TISSUE_FACTOR", "MSI_FACTOR"]], on="COSMIC_ID", how="left")
    in_v17 = merged["TISSUE_FACTOR"].notna()
    words = list(zip(merged["GDSC1"], merged["GDSC2"], strict=True))
    meaning = pd.Series(merged["TISSUE_FACTOR"].to_numpy(), index=pd.MultiIndex.from_tuples(words)).dropna()
    unique: dict[Any, str] = {
        pair: factors.iloc[0] for pair, factors in meaning.groupby(level=[0, 1]) if factors.nunique() == 1
    }
    by_words = pd.Series([unique.get(pair) for pair in words])
    tissue = merged["TISSUE_FACTOR"].where(in_v17, by_words)
    source = pd.Series(np.where(in_v17, "v17", "cosmic_info")).where(tissue.notna(), None)
    by_repair = merged["MMR"].map({"MSI-H": "MSI-H", "MSI-S": "MSS", "MSI-L": "MSS"})
    lines = pd.DataFrame(
        {
            "name": merged["SAMPLE_NAME"],
            "cosmic_id": merged["COSMIC_ID"].astype("Int64"),
            "tissue": tissue,
            "tissue_source": source,
            "tcga": merged["TCGA"].where(~merged["TCGA"].isin(["", "UNABLE TO CLASSIFY"]), None),
            "msi": merged["MSI_FACTOR"].map({1: "MSI-H", 0: "MSS"}).where(in_v17, by_repair),
            "growth": merged["GROWTH_PROPERTIES"].replace("", None),
        }
    )
    lines.index = pd.Index([line_key(name) for name in merged["SAMPLE_NAME"]], name="cell_line")
    doubled = lines.index[lines.index.duplicated()]
    if len(doubled):
        names = lines.loc[doubled[0], "name"].tolist()
        raise InputError(
            f"cosmic_info.csv.gz: the names {' and '.join(names)} share the key {doubled[0]}; expected one"
        )
    return lines


def _count_lines(lines: pd.DataFrame, ledger: Ledger) -> None:
    expression, alterations, response = lines["has_expression"], lines["has_alterations"], lines["n_responses"] > 0
    ledger.keep("cell lines in all", len(lines))
    ledger.keep(
        "cell lines with expression, alterations and a response", int((expression & alterations & response).sum())
    )
    ledger.keep("donors of more than one of these lines", int((lines["donor"].value_counts() > 1).sum()))
    lacking = lines.index[expression & ~alterations]
    ledger.note(len(lacking), f"cell lines have expression but no row in the alteration table ({', '.join(lacking)})")
    ledger.note(int((expression & ~response).sum()), "cell lines have expression but no response in either screen")
    ledger.note(int((response & ~expression).sum()), "cell lines have a response but no expression")
    ledger.note(int((response & lines["tissue"].isna()).sum()), "cell lines have a response but no known tissue")


def read_lines(content: bytes, name: str, columns: list[str]) -> pd.DataFrame:
    """A table of lines by COSMIC_ID, with at least these columns.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, or a COSMIC id is not a whole number or stands twice.
    """
    try:
        frame = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: cannot be read as a table ({error})") from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError(f"{name}: has no column {missing[0]}; expected {', '.join(columns)}")
    ids = frame["COSMIC_ID"]
    if not pd.api.types.is_integer_dtype(ids) or ids.duplicated().any():
        raise InputError(f"{name}, COSMIC_ID: expected one whole number per row, each once")
    return frame
