"""Gene-by-sample matrices: read from text or Parquet, turned so that samples are rows, and checked cell by cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.columns import Columns
from pamrx.identifiers.gene_ids import AMBIGUOUS, SHADOWED, are_entrez, naming_note
from pamrx.identifiers.genes import (
    UNLISTED_CIRCRNA,
    circrna_note,
    clean_labels,
    mouse_note,
    name_columns,
    recognised,
    unrecognised_message,
)
from pamrx.identifiers.mirna_ids import UNMEASURED
from pamrx.readers.files import PathLike, check_file
from pamrx.readers.h5ad import is_h5ad, read_h5ad
from pamrx.readers.raw_table import RawTable, read_raw_table

# Columns that describe a gene or a sample and hold no measurement, as `RawTable.key` writes their names.
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


SEGMENT = "segment"
"""Heading of the gene column of a table of recurrent segments, each by the name of a gene in it. Such a call says that
the segment is gained (2) or lost (-2), and nothing of the gene alone."""

# What spreadsheets make of MARCH1, SEPT2 and DEC1.
_DATED = re.compile(r"\d{1,2}-(mar|sep|dec)|(mar|sep|dec)-\d{1,2}|\d{4}[-/]\d\d[-/]\d\d.*", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")


@short_repr
@dataclass(frozen=True)
class Matrix:
    """A matrix as read: names are settled, values stand as in the source.

    Attributes
    ----------
    source : the file or part of a request, for messages.
    columns : kind, labels and names of its columns.
    values : (samples, columns) float64, NaN where missing; the columns bear their names, which may repeat.
    notes : what was read, one sentence each.
    names : which name pamrx writes for each label of the gene axis, and how it was found (columns given, name, how).
    genes_in : the axis on which the genes stand, "rows" or "columns".
    """

    source: str
    columns: Columns
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
    kind : "expression", "ncrna" or "copy_number"; for "ncrna" names shaped like ncRNAs are recognised as well. Copy
        number whose gene column is headed `segment` becomes a matrix of the kind "segments".
    spoilt : where given, gets for each sample with text or an infinite value in a cell what is wrong with the first;
        such a cell is then missing and no error.

    Returns
    -------
    Matrix with samples in rows, genes by the symbols that pamrx writes (see `gene_ids`), miRNAs as the file names them.

    Raises
    ------
    PamrxError
        Missing, empty or unreadable file; wrong delimiter; no recognised gene; no sample names; a sample named twice;
        text or +Inf where a number belongs.
    """
    file = check_file(path)
    if is_h5ad(file):
        notes: list[str] = []
        values = read_h5ad(path, known_genes, notes)
        return _named(str(file), kind, values, "columns", False, known_genes, notes)
    return matrix_from_table(str(file), read_raw_table(file), known_genes, kind, spoilt)


def matrix_from_table(
    source: str, table: RawTable, known_genes: Collection[str], kind: str, spoilt: dict[str, str] | None = None
) -> Matrix:
    """The same from a table in memory; `source` names it in messages."""
    notes = list(table.notes)
    values, side, entrez = _oriented(source, table, known_genes, kind == "ncrna", notes, spoilt)
    if kind == "copy_number" and table.header[0].strip().lower() == SEGMENT:
        kind = "segments"
    return _named(source, kind, values, side, entrez, known_genes, notes)


def _named(
    source: str,
    kind: str,
    values: pd.DataFrame,
    side: str,
    entrez: bool,
    known_genes: Collection[str],
    notes: list[str],
) -> Matrix:
    columns, names = named_columns(kind, list(values.columns), known_genes, entrez)
    told = axis_notes(source, columns, names, len(values), side, known_genes)
    values = values.set_axis(pd.Index(columns.names, dtype=object), axis=1)
    return Matrix(source, columns, values, (told[0], *notes, *told[1:]), names, side)


def named_columns(
    kind: str, given: list[str], known_genes: Collection[str], entrez: bool = False
) -> tuple[Columns, pd.DataFrame]:
    """The columns of a matrix by their clean labels, and how each name was found (see `name_columns`)."""
    names = name_columns(given, known_genes, "copy_number" if kind == "segments" else kind, entrez)
    return Columns.named(kind, given, list(names["name"])), names


def axis_notes(
    source: str, columns: Columns, names: pd.DataFrame, samples: int, side: str, known_genes: Collection[str]
) -> list[str]:
    """What the axes of a matrix are, one sentence each: its size first, then what is odd about the names."""
    noncoding = columns.kind == "ncrna"
    known = len(set(recognised(list(names["name"].unique()), known_genes, noncoding)))
    word = "ncRNAs" if noncoding else "genes"
    count = len(set(columns.names))
    notes = [f"{source}: {samples} samples x {count} {word} ({word} in {side}; {known} are names pamrx knows)"]
    if mouse := mouse_note(columns.given, known_genes):
        notes.append(f"{source}: {mouse}")
    if naming := naming_note(names, (SHADOWED, AMBIGUOUS, UNMEASURED, UNLISTED_CIRCRNA)):
        notes.append(f"{source}: {naming}")
    if noncoding and (circular := circrna_note(names)):
        notes.append(f"{source}: {circular}")
    return notes


def _oriented(
    file: str,
    grid: RawTable,
    known: Collection[str],
    noncoding: bool,
    notes: list[str],
    spoilt: dict[str, str] | None = None,
) -> tuple[pd.DataFrame, str, bool]:
    """Samples x labels of a table, the axis its genes stood on, and whether they are Entrez ids."""
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
        raise InputError(f"{file}: {unrecognised_message(labels, known, noncoding)}")
    if in_header == in_rows:
        raise InputError(
            f"{file}: rows and columns are both named for genes; expected genes on one side, samples on the other"
        )
    if in_rows > in_header and label_column is not None:
        if recognised([header[label_column]], known, noncoding):
            raise InputError(
                f"{file}: line 1: gene {header[label_column]} found where the header belongs; expected a first line of "
                "sample names (samples are never matched by position)"
            )
        return _from_gene_rows(file, grid, label_column, notes, spoilt), "rows", entrez
    return _from_gene_columns(file, grid, header, known, noncoding, notes, spoilt), "columns", entrez


def _is_annotation(grid: RawTable, column: int) -> bool:
    key = grid.key(column)
    return key in _ANNOTATION or any(part in key for part in _ANNOTATION_PARTS)


def _label_column(grid: RawTable, known: Collection[str], noncoding: bool) -> tuple[int | None, int]:
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
    file: str, grid: RawTable, label_column: int, notes: list[str], spoilt: dict[str, str] | None
) -> pd.DataFrame:
    genes = clean_labels(grid.column(label_column))
    skipped, samples = [], []
    for column, name in enumerate(grid.header):
        if column <= label_column or _is_annotation(grid, column):
            skipped.append(name)
        elif name or grid.column(column).notna().any():  # else a delimiter at the end of each line
            samples.append(column)
    if not samples:
        raise InputError(f"{file}: no sample column beside the gene names; expected one column of numbers per sample")
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
    file: str,
    grid: RawTable,
    header: list[str],
    known: Collection[str],
    noncoding: bool,
    notes: list[str],
    spoilt: dict[str, str] | None,
) -> pd.DataFrame:
    lower = [name.lower() for name in grid.header]
    id_column = next((lower.index(name) for name in _SAMPLE_COLUMNS if name in lower), 0)
    if header[id_column] and recognised([header[id_column]], known, noncoding):
        raise InputError(
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
    file: str,
    grid: RawTable,
    columns: list[int],
    rows: list[str],
    names: list[str],
    genes_in_rows: bool,
    spoilt: dict[str, str] | None,
) -> np.ndarray:
    """The cells as float64, shape (rows, columns).

    The first that is no number is an error naming its place; with `spoilt` it is told there, once per sample. -Inf is
    left to the unit: it is the log2 ratio of a gene of which no copy is left, and no level.
    """
    block = grid.block(columns)
    if block is not None and not np.isposinf(block).any():
        return block
    values = np.empty((len(rows), len(columns)))
    for position, column in enumerate(columns):
        series = grid.column(column)
        numeric = grid.numeric(column)
        wrong = np.isposinf(numeric) | (np.isnan(numeric) & series.notna().to_numpy())
        for row in np.flatnonzero(wrong):
            gene, sample = (rows[row], names[position]) if genes_in_rows else (names[position], rows[row])
            place = f"row {gene}, column {sample}" if genes_in_rows else f"row {sample}, column {gene}"
            value = "an infinite value" if np.isinf(numeric[row]) else f"'{series.iloc[row]}'"
            more = f" (and {int(wrong.sum()) - 1} more in that column)" if wrong.sum() > 1 and spoilt is None else ""
            point = " with a point for decimals" if _DECIMAL_COMMA.fullmatch(str(series.iloc[row])) else ""
            why = f"{file}: {place}: found {value}{more}, expected a finite number{point} or an empty cell"
            if spoilt is None:
                raise InputError(why)
            spoilt.setdefault(sample, why)
        values[:, position] = np.where(wrong, np.nan, numeric)
    return values


def _check_numbers(file: str, grid: RawTable, columns: list[int]) -> None:
    """A table whose columns are mostly words is none of levels, whatever stands in one column of it."""
    words = []
    for column in columns:
        if grid.is_text(column) and not grid.has_number(column):
            first = str(grid.column(column).dropna().iloc[0])
            if not _DECIMAL_COMMA.fullmatch(first):
                words.append((grid.header[column], first))
    if len(words) > len(columns) / 2:
        name, first = words[0]
        raise InputError(
            f"{file}: no matrix of levels: {len(words)} of {len(columns)} columns hold words, such as '{first[:30]}' "
            f"in {name}; expected one column of numbers per sample"
        )


def _check_samples(file: str, names: list[str], axis: str, places: list[int]) -> None:
    for name, place in zip(names, places, strict=True):
        if not name:
            raise InputError(f"{file}: {axis} {place} has no sample name; expected one (never matched by position)")
    counts = Counter(names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        where = [str(place) for name, place in zip(names, places, strict=True) if name == twice[0]]
        more = f" ({len(twice)} samples are repeated)" if len(twice) > 1 else ""
        raise InputError(
            f"{file}: sample {twice[0]} stands in {axis}s {' and '.join(where[:3])}{more}; expected each sample once"
        )


def _drop_unnamed(file: str, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    named = np.array([bool(label) for label in frame.columns])
    if not named.all():
        notes.append(f"{file}: {int((~named).sum())} values per sample without a gene name dropped")
        frame = frame.loc[:, named]
    dated = [label for label in frame.columns if _DATED.fullmatch(label)]
    if dated:
        notes.append(f"{file}: {len(dated)} gene names look like dates made by a spreadsheet, such as {dated[0]}")
    return frame


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(name or "(unnamed)" for name in names[:4]) + more
