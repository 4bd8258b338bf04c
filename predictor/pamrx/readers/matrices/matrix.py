"""Gene-by-sample matrices: read from text or Parquet, turned so that samples are rows, and checked cell by cell."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.identifiers.columns import Columns
from pamrx.identifiers.copy_number import settled
from pamrx.identifiers.gene_ids import AMBIGUOUS, SHADOWED, naming_note
from pamrx.identifiers.gene_labels import one_of_several, other_case_note
from pamrx.identifiers.genes import (
    UNLISTED_CIRCRNA,
    circrna_note,
    mouse_note,
    name_columns,
    recognised,
)
from pamrx.identifiers.mirna_ids import UNMEASURED
from pamrx.identifiers.unit_statistics import Statistics
from pamrx.readers.boundary import boundary
from pamrx.readers.matrices.cells import check_samples, numbers
from pamrx.readers.matrices.foreign_tables import refuse_proteins
from pamrx.readers.matrices.h5ad import is_h5ad, read_h5ad
from pamrx.readers.matrices.layout import COLUMNS, LONG, ROWS, Layout, decide_layout
from pamrx.readers.matrices.long_layout import pivoted
from pamrx.readers.matrices.strangers import without_strangers
from pamrx.readers.text.files import PathLike, check_file
from pamrx.readers.text.raw_table import RawTable, read_raw_table

SEGMENT = "segment"
"""Heading of the gene column of a table of recurrent segments, each by the name of a gene in it. Such a call says that
the segment is gained (2) or lost (-2), and nothing of the gene alone."""

# What spreadsheets make of MARCH1, SEPT2 and DEC1.
_DATED = re.compile(r"\d{1,2}-(mar|sep|dec)|(mar|sep|dec)-\d{1,2}|\d{4}[-/]\d\d[-/]\d\d.*", re.IGNORECASE)


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

    @cached_property
    def copy_number_scale(self) -> str:
        """Which scale of copy number most samples' values look like (see `settled`)."""
        return settled(Statistics.of(self.values, copy_number=True).seen)


def read_matrix(
    path: PathLike, known_genes: Collection[str], kind: str | None = None, spoilt: dict[str, str] | None = None
) -> Matrix:
    """Read one matrix, genes in rows or in columns, as it stands: no change of scale.

    Parameters
    ----------
    path : TSV, CSV, GCT (each also gzipped), Parquet, or AnnData (`FILE.h5ad`, or `FILE.h5ad::LAYER`).
    known_genes : the symbols by which the gene axis is told from the sample axis. Other genes are kept too.
    kind : "expression", "ncrna" or "copy_number"; for "ncrna" names shaped like ncRNAs are recognised as well. Copy
        number whose gene column is headed `segment` becomes a matrix of the kind "segments". None where it is not
        known: then "copy_number" where the columns' own names say so (log2 beside depth, copy_number), else
        "expression".
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
    with boundary(path, "a matrix of genes and samples"):
        file = check_file(path)
        if is_h5ad(file):
            notes: list[str] = []
            values = read_h5ad(path, known_genes, notes)
            return _named(str(file), kind or "expression", values, "columns", False, known_genes, notes)
        return matrix_from_table(str(file), read_raw_table(file), known_genes, kind, spoilt)


def matrix_from_table(
    source: str, table: RawTable, known_genes: Collection[str], kind: str | None, spoilt: dict[str, str] | None = None
) -> Matrix:
    """The same from a table in memory; `source` names it in messages."""
    notes = list(table.notes)
    layout = decide_layout(source, table, known_genes, kind, notes)
    values = _drop_unnamed(source, _carried_out(source, layout, spoilt), notes)
    values = without_strangers(source, values, known_genes, kind == "ncrna", notes)
    labels, told = one_of_several(list(values.columns), known_genes)
    values = values.set_axis(pd.Index(labels, dtype=object), axis=1)
    notes += [f"{source}: {note}" for note in (told, other_case_note(labels, known_genes)) if note]
    if kind is None:
        kind = "copy_number" if layout.holds_copies else "expression"
    elif kind == "expression":
        refuse_proteins(source, labels)
    if kind == "copy_number" and table.header[0].strip().lower() == SEGMENT:
        kind = "segments"
    side = "columns" if layout.kind == COLUMNS else "rows"
    return _named(source, kind, values, side, layout.entrez, known_genes, notes)


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


def _carried_out(source: str, layout: Layout, spoilt: dict[str, str] | None) -> pd.DataFrame:
    """The levels of a table whose layout is known, samples x labels."""
    table = layout.table
    if layout.kind == LONG:
        assert layout.kept is not None
        return pivoted(source, table, layout.values[0], layout.others, layout.samples, layout.kept, spoilt)
    in_rows = layout.kind == ROWS
    places = [place + 1 for place in layout.values]
    if in_rows:
        check_samples(source, layout.names, "column", places)
    else:
        kept = np.arange(len(table)) if layout.kept is None else np.flatnonzero(layout.kept)
        check_samples(source, layout.others, "row", [int(row) + 1 for row in kept])
    values = numbers(source, table, layout.values, layout.others, layout.names, in_rows, spoilt, layout.kept)
    frame = pd.DataFrame(
        values, index=pd.Index(layout.others, dtype=object), columns=pd.Index(layout.names, dtype=object)
    )
    if layout.summed:
        frame = frame.groupby(level=0, sort=False).sum(min_count=1)
    return frame.T if in_rows else frame


def _drop_unnamed(file: str, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    named = np.array([bool(label) for label in frame.columns])
    if not named.all():
        notes.append(f"{file}: {int((~named).sum())} values per sample without a gene name dropped")
        frame = frame.loc[:, named]
    dated = [label for label in frame.columns if _DATED.fullmatch(label)]
    if dated:
        notes.append(f"{file}: {len(dated)} gene names look like dates made by a spreadsheet, such as {dated[0]}")
    return frame
