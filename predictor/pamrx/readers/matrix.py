"""Gene-by-sample matrices: read from text or Parquet, turned so that samples are rows, and checked cell by cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pamrx.errors import PamrxError
from pamrx.identifiers.gene_ids import AMBIGUOUS, SHADOWED, are_entrez, naming_note
from pamrx.identifiers.genes import (
    UNLISTED_CIRCRNA,
    circrna_note,
    clean_labels,
    is_mirna,
    mouse_note,
    name_columns,
    recognised,
    unrecognised_message,
)
from pamrx.identifiers.mirna_ids import UNMEASURED
from pamrx.readers.files import PathLike, check_file
from pamrx.readers.h5ad import is_anndata, read_anndata
from pamrx.readers.raw_table import Grid, read_grid

# Columns that describe a gene or a sample and hold no measurement, as `Grid.key` writes their names.
_ANNOTATION_NAMES = (
    "symbol", "hugosymbol", "genesymbol", "gene", "genes", "genename", "feature", "features", "id", "name",
    "description", "desc", "locusid", "cytoband", "chromosome", "chr", "chrom", "start", "end", "strand", "length",
    "genelength", "width", "biotype", "genetype", "type", "probe", "probeid", "probeset", "transcriptid",
    "transcriptids", "refseq", "refseqmrna", "refseqprotein", "ensg", "mirnaaccession", "mirbasename", "mirnaid",
    "mimat", "accession", "class", "compositeelementref", "tissue", "tissuetype", "sampletype", "msi", "age", "sex",
    "gender", "stage", "grade", "batch", "cohort", "patientid",
)  # fmt: skip
_ANNOTATION = frozenset(_ANNOTATION_NAMES)
_ANNOTATION_PARTS = ("entrez", "ensembl", "geneid", "unnamed")
_SAMPLE_COLUMNS = ("sample_id", "tumor_sample_barcode", "sample")
_LABEL_COLUMNS = 12  # a gene label stands among the first columns or nowhere


# What spreadsheets make of MARCH1, SEPT2 and DEC1.
_DATED = re.compile(r"\d{1,2}-(mar|sep|dec)|(mar|sep|dec)-\d{1,2}|\d{4}[-/]\d\d[-/]\d\d.*", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")


@dataclass(frozen=True)
class Matrix:
    """A matrix as read: `values` is samples x genes, float64, NaN where missing; `notes` says what was done.

    `names` says of each label of the gene axis which name pamrx writes and how it was found (columns given, name,
    how); `genes_in` is the axis on which the genes stood, "rows" or "columns".
    """

    values: pd.DataFrame
    notes: tuple[str, ...]
    names: pd.DataFrame
    genes_in: str


def read_matrix(
    path: PathLike, known_genes: Collection[str], kind: str = "expression", spoilt: dict[str, str] | None = None
) -> Matrix:
    """Read one matrix, genes in rows or in columns, as it stands: no change of scale.

    Parameters
    ----------
    path : TSV, CSV, GCT (each also gzipped), Parquet, or AnnData (`FILE.h5ad`, or `FILE.h5ad::LAYER`).
    known_genes : the symbols by which the gene axis is told from the sample axis. Other genes are kept too.
    kind : "expression", "ncrna" or "copy_number"; for "ncrna" names shaped like ncRNAs are recognised as well.
    spoilt : where given, gets for each sample with text or an infinite value in a cell what is wrong with the first;
        such a cell is then missing and no error.

    Returns
    -------
    Matrix with samples in rows, genes by the symbols that pamrx writes (see `gene_ids`), miRNAs as the file names them.
    Genes named more than once become one column: the highest value of each sample, so that a sample reads the
    same alone and in a crowd; for copy number the shared value, missing where they differ.

    Raises
    ------
    PamrxError
        Missing, empty or unreadable file; wrong delimiter; no recognised gene; no sample names; a sample named twice;
        text or an infinite value where a number belongs.
    """
    file = check_file(path)
    notes: list[str] = []
    if is_anndata(file):
        values, side, entrez = read_anndata(path, known_genes, notes), "columns", False
    else:
        values, side, entrez = _read_table(file, known_genes, kind == "ncrna", notes, spoilt)
    given = list(values.columns)
    names = name_columns(given, known_genes, kind, entrez)
    # miRNAs keep their labels for now: how stem-loops become one depends on the scale, which is told later.
    columns = [g if kind == "ncrna" and is_mirna(g) else n for g, n in zip(given, names["name"], strict=True)]
    values = merge_genes(file, values.set_axis(pd.Index(columns, dtype=object), axis=1), kind, notes)
    known = len(set(recognised(list(names["name"].unique()), known_genes, kind == "ncrna")))
    word = "ncRNAs" if kind == "ncrna" else "genes"
    told = f"{file}: {len(values)} samples x {values.shape[1]} {word} ({word} in {side}; {known} are names pamrx knows)"
    if mouse := mouse_note(given, known_genes):
        notes.append(f"{file}: {mouse}")
    if naming := naming_note(names, (SHADOWED, AMBIGUOUS, UNMEASURED, UNLISTED_CIRCRNA)):
        notes.append(f"{file}: {naming}")
    if kind == "ncrna" and (circular := circrna_note(names)):
        notes.append(f"{file}: {circular}")
    return Matrix(values, (told, *notes), names, side)


def read_levels(path: PathLike, known_genes: Collection[str], kind: str, spoilt: dict[str, str]) -> pd.DataFrame:
    """Samples x labels of a text or Parquet table as it stands: names and scale as the file has them.

    Parameters
    ----------
    spoilt : gets for each sample with a cell that is no finite number what `read_matrix` would say of the first.

    Raises
    ------
    PamrxError
        As `read_matrix`, but for such cells.
    """
    file = check_file(path)
    return _read_table(file, known_genes, kind == "ncrna", [], spoilt)[0]


def _read_table(
    file: Path, known: Collection[str], noncoding: bool, notes: list[str], spoilt: dict[str, str] | None = None
) -> tuple[pd.DataFrame, str, bool]:
    """Samples x labels of a text or Parquet table, the axis its genes stood on, and whether they are Entrez ids."""
    grid = read_grid(file)
    header = clean_labels(grid.header)
    in_header = len(recognised(header[1:], known, noncoding))
    label_column, in_rows = _label_column(grid, known, noncoding)
    labels = clean_labels(grid.column(label_column)) if label_column is not None else []
    entrez = False
    if not in_header and not in_rows:
        in_header, in_rows = int(are_entrez(header[1:])), int(are_entrez([label for label in labels if label]))
        entrez = bool(in_header or in_rows)
    if not in_header and not in_rows:
        if len(header) > len(labels) + 1 or not any(labels):
            labels = header[1:]  # the longer side is the likelier one for genes
        raise PamrxError(f"{file}: {unrecognised_message(labels, known, noncoding)}")
    if in_header == in_rows:
        raise PamrxError(
            f"{file}: rows and columns are both named for genes; expected genes on one side, samples on the other"
        )
    if in_rows > in_header and label_column is not None:
        if recognised([header[label_column]], known, noncoding):
            raise PamrxError(
                f"{file}: line 1: gene {header[label_column]} found where the header belongs; expected a first line of "
                "sample names (samples are never matched by position)"
            )
        return _from_gene_rows(file, grid, label_column, notes, spoilt), "rows", entrez
    return _from_gene_columns(file, grid, header, known, noncoding, notes, spoilt), "columns", entrez


def _is_annotation(grid: Grid, column: int) -> bool:
    key = grid.key(column)
    return key in _ANNOTATION or any(part in key for part in _ANNOTATION_PARTS)


def _label_column(grid: Grid, known: Collection[str], noncoding: bool) -> tuple[int | None, int]:
    """The leading text column with most recognised genes, and how many it has (0 where there is none)."""
    best: tuple[int | None, int] = (None, -1)
    for column in range(min(_LABEL_COLUMNS, len(grid.header))):
        if column and not grid.is_text(column):
            continue
        count = len(recognised(clean_labels(grid.column(column)), known, noncoding))
        if count > best[1]:
            best = (column, count)
    return best


def _from_gene_rows(
    file: Path, grid: Grid, label_column: int, notes: list[str], spoilt: dict[str, str] | None
) -> pd.DataFrame:
    genes = clean_labels(grid.column(label_column))
    skipped, samples = [], []
    for column, name in enumerate(grid.header):
        if column <= label_column or _is_annotation(grid, column):
            skipped.append(name)
        elif name or grid.column(column).notna().any():  # else a delimiter at the end of each line
            samples.append(column)
    if not samples:
        raise PamrxError(f"{file}: no sample column beside the gene names; expected one column of numbers per sample")
    _check_numbers(file, grid, samples)
    names = [grid.header[column] for column in samples]
    _check_samples(file, names, "column", [column + 1 for column in samples])
    others = [name for name in skipped if name != grid.header[label_column]]
    if others:
        notes.append(f"{file}: annotation columns skipped: {_few(others)}")
    values = _numbers(file, grid, samples, genes, names, True, spoilt)
    frame = pd.DataFrame(values.T, index=pd.Index(names, dtype=object), columns=pd.Index(genes, dtype=object))
    return _drop_unnamed(file, frame, notes)


def _from_gene_columns(
    file: Path,
    grid: Grid,
    header: list[str],
    known: Collection[str],
    noncoding: bool,
    notes: list[str],
    spoilt: dict[str, str] | None,
) -> pd.DataFrame:
    lower = [name.lower() for name in grid.header]
    id_column = next((lower.index(name) for name in _SAMPLE_COLUMNS if name in lower), 0)
    if header[id_column] and recognised([header[id_column]], known, noncoding):
        raise PamrxError(
            f"{file}: column 1: gene {header[id_column]} found where sample names belong; "
            "expected a first column sample_id (samples are never matched by position)"
        )
    raw = grid.column(id_column)
    names = ["" if pd.isna(value) else str(value).strip() for value in raw]
    _check_samples(file, names, "row", [row + 1 for row in range(len(names))])
    genes: list[int] = []
    skipped: list[int] = []
    for column, name in enumerate(header):
        if column == id_column:
            continue
        if not name and grid.column(column).isna().all():
            continue
        plain = not recognised([name], known, noncoding) and (
            _is_annotation(grid, column) or (grid.is_text(column) and not grid.has_number(column))
        )
        (skipped if plain else genes).append(column)
    if skipped:
        notes.append(f"{file}: annotation columns skipped: {_few([grid.header[column] for column in skipped])}")
    labels = [header[column] for column in genes]
    values = _numbers(file, grid, genes, names, labels, False, spoilt)
    frame = pd.DataFrame(values, index=pd.Index(names, dtype=object), columns=pd.Index(labels, dtype=object))
    return _drop_unnamed(file, frame, notes)


def _numbers(
    file: Path,
    grid: Grid,
    columns: list[int],
    rows: list[str],
    names: list[str],
    genes_in_rows: bool,
    spoilt: dict[str, str] | None,
) -> np.ndarray:
    """The cells as float64, shape (rows, columns).

    The first that is no finite number is an error naming its place; with `spoilt` it is told there, once per sample.
    """
    block = grid.block(columns)
    if block is not None and not np.isinf(block).any():
        return block
    values = np.empty((len(rows), len(columns)))
    for position, column in enumerate(columns):
        series = grid.column(column)
        numeric = grid.numeric(column)
        wrong = np.isinf(numeric) | (np.isnan(numeric) & series.notna().to_numpy())
        for row in np.flatnonzero(wrong):
            gene, sample = (rows[row], names[position]) if genes_in_rows else (names[position], rows[row])
            place = f"row {gene}, column {sample}" if genes_in_rows else f"row {sample}, column {gene}"
            value = "an infinite value" if np.isinf(numeric[row]) else f"'{series.iloc[row]}'"
            more = f" (and {int(wrong.sum()) - 1} more in that column)" if wrong.sum() > 1 and spoilt is None else ""
            point = " with a point for decimals" if _DECIMAL_COMMA.fullmatch(str(series.iloc[row])) else ""
            why = f"{file}: {place}: found {value}{more}, expected a finite number{point} or an empty cell"
            if spoilt is None:
                raise PamrxError(why)
            spoilt.setdefault(sample, why)
        values[:, position] = np.where(wrong, np.nan, numeric)
    return values


def _check_numbers(file: Path, grid: Grid, columns: list[int]) -> None:
    """A table whose columns are mostly words is none of levels, whatever stands in one column of it."""
    words = []
    for column in columns:
        if grid.is_text(column) and not grid.has_number(column):
            first = str(grid.column(column).dropna().iloc[0])
            if not _DECIMAL_COMMA.fullmatch(first):
                words.append((grid.header[column], first))
    if len(words) > len(columns) / 2:
        name, first = words[0]
        raise PamrxError(
            f"{file}: no matrix of levels: {len(words)} of {len(columns)} columns hold words, such as '{first[:30]}' "
            f"in {name}; expected one column of numbers per sample"
        )


def _check_samples(file: Path, names: list[str], axis: str, places: list[int]) -> None:
    for name, place in zip(names, places, strict=True):
        if not name:
            raise PamrxError(f"{file}: {axis} {place} has no sample name; expected one (never matched by position)")
    counts = Counter(names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        where = [str(place) for name, place in zip(names, places, strict=True) if name == twice[0]]
        more = f" ({len(twice)} samples are repeated)" if len(twice) > 1 else ""
        raise PamrxError(
            f"{file}: sample {twice[0]} stands in {axis}s {' and '.join(where[:3])}{more}; expected each sample once"
        )


def _drop_unnamed(file: Path, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    named = np.array([bool(label) for label in frame.columns])
    if not named.all():
        notes.append(f"{file}: {int((~named).sum())} values per sample without a gene name dropped")
        frame = frame.loc[:, named]
    dated = [label for label in frame.columns if _DATED.fullmatch(label)]
    if dated:
        notes.append(f"{file}: {len(dated)} gene names look like dates made by a spreadsheet, such as {dated[0]}")
    return frame


def merge_genes(file: Path, frame: pd.DataFrame, kind: str, notes: list[str]) -> pd.DataFrame:
    """One column per gene: the highest value of each sample, or for copy number the shared value."""
    repeated = frame.columns.duplicated(keep=False)
    if not repeated.any():
        return frame
    groups = frame.loc[:, repeated].T.groupby(level=0, sort=False)
    high = groups.max().T
    if kind == "copy_number":
        merged = high.where(high == groups.min().T)
        unclear = int((high.notna() & merged.isna()).sum().sum())
        how = f"shared value kept, {unclear} cells that differ are missing"
    else:
        merged = high
        how = "each sample's highest value kept"
    word = "ncRNAs" if kind == "ncrna" else "genes"
    notes.append(f"{file}: {merged.shape[1]} {word} are named more than once, such as {merged.columns[0]}; {how}")
    order = frame.columns.drop_duplicates()
    return pd.concat([frame.loc[:, ~repeated], merged], axis=1)[order]


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(name or "(unnamed)" for name in names[:4]) + more
