"""What a file is and what pamrx would make of it, without predicting anything: the findings of `pamrx check`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from predictor.errors import PamrxError
from predictor.profiles.anndata_file import is_anndata
from predictor.profiles.files import Head, PathLike, check_file, is_parquet, parquet_columns
from predictor.profiles.gene_ids import OWN, UNKNOWN, first_names
from predictor.profiles.genes import UNLISTED_CIRCRNA, default_genes, is_noncoding
from predictor.profiles.matrices import Matrix, read_matrix
from predictor.profiles.mirna_ids import UNMEASURED
from predictor.profiles.mutations import CLASS, GENE, SAMPLE, is_vcf, read_mutations
from predictor.profiles.samples import read_samples
from predictor.profiles.units import UnitGuess, guess_unit

MAF, MATRIX, NCRNA, COPY_NUMBER, SAMPLES = (
    "mutations (MAF)", "expression matrix", "ncRNA matrix", "copy-number matrix", "samples table",
)  # fmt: skip
FLAGS, SHARES, FOLDER, VARIANTS, UNREADABLE = "0/1 matrix", "matrix of shares", "folder", "variants (VCF)", "not read"
_OPTIONS = {
    MAF: "--mutations", VARIANTS: "--mutations", MATRIX: "--expression", NCRNA: "--ncrna",
    COPY_NUMBER: "--copy-number", SAMPLES: "--samples",
}  # fmt: skip
_NAMES_SHOWN = 5
_MOSTLY = 0.8


@dataclass(frozen=True)
class FileCheck:
    """What one file is.

    Attributes
    ----------
    file : as the user named it.
    kind : a constant of this module; `option` is the option of `pamrx predict` that takes it, or "".
    axis : where the genes stand, "rows" or "columns"; "" where that has no meaning.
    names : how many labels became a name that pamrx writes, by way: columns how, labels, names, first.
    unit : the guess at the unit of a matrix of levels, else None.
    notes : what reading said, one sentence each; for `UNREADABLE` the reason alone.
    """

    file: str
    kind: str
    option: str
    axis: str
    names: pd.DataFrame
    unit: UnitGuess | None
    notes: tuple[str, ...]


def check_file_kinds(paths: Iterable[PathLike], known: Collection[str] | None = None) -> list[FileCheck]:
    """Look at each file on its own. A file that cannot be read is a finding too, not an error."""
    genes = default_genes() if known is None else frozenset(known)
    return [_check(path, genes) for path in paths]


def _check(path: PathLike, known: frozenset[str]) -> FileCheck:
    try:
        if Path(path).is_dir():
            study = "a cBioPortal study folder" if (Path(path) / "meta_study.txt").is_file() else "a folder"
            return _found(path, FOLDER, notes=(f"{study}; name its files to check them",))
        file = check_file(path)
        if not is_anndata(file) and not is_parquet(file) and is_vcf(file):
            return _mutations(path, known, VARIANTS)
        columns = [] if is_anndata(file) else parquet_columns(file) if is_parquet(file) else Head(file).header
        lower = {name.lower() for name in columns}
        if {GENE.lower(), SAMPLE.lower(), CLASS.lower()} <= lower:
            return _mutations(path, known)
        if "sample_id" in lower and lower & {"tissue", "sample_type", "msi", "sequenced"}:
            table, notes = read_samples(path)
            return _found(path, SAMPLES, notes=(f"{len(table)} samples", *notes))
        return _matrix(path, known)
    except PamrxError as error:
        return _found(path, UNREADABLE, notes=(str(error),))


def _found(
    path: PathLike,
    kind: str,
    axis: str = "",
    names: pd.DataFrame | None = None,
    unit: UnitGuess | None = None,
    notes: Iterable[str] = (),
) -> FileCheck:
    empty = pd.DataFrame(columns=["how", "labels", "names", "first"])
    told = tuple(note.removeprefix(f"{path}: ") for note in notes)
    return FileCheck(str(path), kind, _OPTIONS.get(kind, ""), axis, empty if names is None else names, unit, told)


def _mutations(path: PathLike, known: frozenset[str], kind: str = MAF) -> FileCheck:
    read = read_mutations(path, known)
    return _found(path, kind, names=None if read.names is None else _ways(read.names), notes=read.notes)


def _matrix(path: PathLike, known: frozenset[str]) -> FileCheck:
    try:
        matrix = read_matrix(path, known)
        kind = _kind(matrix)
        noncoding = False
    except PamrxError:
        matrix, kind, noncoding = read_matrix(path, known, "ncrna"), NCRNA, True
    if kind == NCRNA and not noncoding:
        matrix = read_matrix(path, known, "ncrna")
    unit = _unit(matrix, kind)
    notes = list(matrix.notes)
    if kind == FLAGS:
        notes.append("only 0 and 1: calls of some kind (mutated or not?), which no option of pamrx takes")
    if kind == SHARES:
        notes.append(
            "whole numbers from 0 to 100, most of them 0: per cent of something, which no option of pamrx takes"
        )
    return _found(path, kind, matrix.genes_in, _ways(matrix.names), unit, notes)


def _kind(matrix: Matrix) -> str:
    """By the names first, then by the values: -2 to 2 in whole steps, some below zero, are copy-number calls."""
    labels = matrix.names["given"]
    if sum(is_noncoding(label) for label in labels) > len(labels) / 2:
        return NCRNA
    values = matrix.values.to_numpy()
    present = values[np.isfinite(values)]
    whole = present.size and (present % 1 == 0).all() and present.min() >= 0
    if whole and 2 < present.max() <= 100 and (present == 0).mean() > _MOSTLY:
        return SHARES
    if not present.size or (present % 1 != 0).any() or present.max() > 2 or present.min() < -2:
        return MATRIX
    return COPY_NUMBER if present.min() < 0 or present.max() > 1 else FLAGS


def _unit(matrix: Matrix, kind: str) -> UnitGuess | None:
    if kind not in (MATRIX, NCRNA):
        return None
    guess = guess_unit(matrix.values)
    if kind == NCRNA and guess.unit == "fpkm":
        return UnitGuess("linear", "sure", "fractions beyond 50: normalised counts, which become log2(x + 1)")
    return guess


def _ways(names: pd.DataFrame) -> pd.DataFrame:
    """Labels and distinct names by the way they were found; what pamrx does not know comes last."""
    names = names[names["given"] != ""]
    rows: list[dict[str, Any]] = []
    for how, part in names.groupby("how", sort=False):
        rows.append(
            {
                "how": how,
                "labels": len(part),
                "names": part["name"].nunique(),
                "first": first_names(part, str(how), _NAMES_SHOWN),
            }
        )
    rows.sort(
        key=lambda row: (row["how"] in (UNKNOWN, UNMEASURED, UNLISTED_CIRCRNA), row["how"] != OWN, -row["labels"])
    )
    return pd.DataFrame(rows, columns=["how", "labels", "names", "first"])
