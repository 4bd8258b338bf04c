"""What a file is and what pamrx would make of it, without predicting anything: the findings of `pamrx check`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import PamrxError
from pamrx.identifiers.gene_ids import OWN, UNKNOWN, first_names
from pamrx.identifiers.genes import UNLISTED_CIRCRNA, default_genes
from pamrx.identifiers.mirna_ids import UNMEASURED
from pamrx.identifiers.unit_guess import UnitGuess, guess_unit
from pamrx.profiles.normalise import levels_of
from pamrx.profiles.profiles import Profiles
from pamrx.profiles.study import read_study
from pamrx.readers.cbioportal import Study, find_study, looks_like_study, read_rows
from pamrx.readers.files import Head, PathLike, check_file, is_parquet, parquet_columns
from pamrx.readers.gene_panel import read_panel
from pamrx.readers.h5ad import is_h5ad
from pamrx.readers.matrix import Matrix, read_matrix
from pamrx.readers.mutation_columns import is_mutation_header
from pamrx.readers.mutation_table import exome_notes
from pamrx.readers.mutations import read_mutations
from pamrx.readers.recognition import (
    CLINICAL,
    COPIES,
    COPY_NUMBER,
    FLAGS,
    FOLDER,
    MAF,
    MATRIX,
    NCRNA,
    PANEL,
    PANEL_MATRIX,
    PATIENTS,
    PROTEINS,
    READ_AS,
    SAMPLES,
    SHARES,
    STUDY,
    UNREADABLE,
    VARIANTS,
    told_apart,
)  # fmt: skip
from pamrx.readers.sample_table import read_samples
from pamrx.readers.vcf import is_vcf

_OPTIONS = {
    MAF: "--mutations", VARIANTS: "--mutations", MATRIX: "--expression", NCRNA: "--ncrna",
    COPY_NUMBER: "--copy-number", SAMPLES: "--samples", STUDY: "STUDY",
}  # fmt: skip
_NOT_TAKEN = {
    FLAGS: "only 0 and 1: calls of some kind (mutated or not?), which no option of pamrx takes",
    SHARES: "whole numbers from 0 to 100, most of them 0: per cent of something, which no option of pamrx takes",
    COPIES: "small whole numbers around 2: copies c, which --copy-number takes as log2(c / ploidy) only",
    PROTEINS: "phosphorylated sites among the names: levels of proteins, which no option of pamrx takes",
}
_STUDY_KINDS = {
    "mutations": MAF, "expression": MATRIX, "ncrna": NCRNA, "copy_number": COPY_NUMBER, "clinical_sample": CLINICAL,
    "clinical_patient": PATIENTS, "gene_matrix": PANEL_MATRIX,
}  # fmt: skip
_NAMES_SHOWN = 5


@short_repr
@dataclass(frozen=True)
class FileCheck:
    """What one file is.

    Attributes
    ----------
    file : as the user named it.
    kind : a constant of this module; `option` is the option of `pamrx predict` that takes it ("STUDY" for its
        argument), or "" for a file that none takes or that is read with its study's folder.
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
    """Look at each file on its own, and at each study folder: the whole first, then the files that are read of it.

    What cannot be read is a finding too, not an error.
    """
    genes = default_genes() if known is None else frozenset(known)
    return [
        found for path in paths for found in (_folder(path, genes) if Path(path).is_dir() else [_check(path, genes)])
    ]


def _check(path: PathLike, known: frozenset[str]) -> FileCheck:
    try:
        file = check_file(path)
        if not is_h5ad(file) and not is_parquet(file) and is_vcf(file):
            return _mutations(path, known, VARIANTS)
        columns = [] if is_h5ad(file) else parquet_columns(file) if is_parquet(file) else Head(file).header
        lower = {name.lower() for name in columns}
        if is_mutation_header(columns):
            return _mutations(path, known)
        if "sample_id" in lower and lower & {"tissue", "sample_type", "msi", "sequenced"}:
            table, notes = read_samples(path)
            return _found(path, SAMPLES, notes=(f"{len(table)} samples", *notes))
        return _matrix(path, known)
    except PamrxError as error:
        return _found(path, UNREADABLE, notes=(str(error),))


def _folder(folder: PathLike, known: frozenset[str]) -> list[FileCheck]:
    try:
        study = find_study(folder)
    except PamrxError as error:
        kind = UNREADABLE if looks_like_study(Path(folder)) else FOLDER
        return [_found(folder, kind, notes=(f"{error}; or name files to check them",))]
    parts = [_study_file(path, _STUDY_KINDS[kind], known) for kind, path in study.files.items()]
    parts += [_study_file(path, PANEL, known) for path in study.panels.values()]
    try:
        profiles = read_study(folder, known_genes=known)
    except PamrxError as error:
        return [_found(folder, UNREADABLE, notes=(str(error),)), *parts]
    return _with_study_notes(study, folder, profiles, parts)


def _study_file(path: Path, kind: str, known: frozenset[str]) -> FileCheck:
    """A file of a study, whose folder says what it is."""
    try:
        if kind == MAF:
            found = _mutations(path, known)
        elif kind in READ_AS:
            found = _matrix(path, known, kind)
        elif kind == PANEL:
            found = _found(path, kind, notes=read_panel(path, known)[1])
        elif kind == PATIENTS:
            found = _found(path, kind, notes=(f"{sum(1 for _ in read_rows(path, 'PATIENT_ID'))} patients",))
        elif kind == PANEL_MATRIX:
            found = _found(path, kind, notes=(f"{sum(1 for _ in read_rows(path, 'SAMPLE_ID'))} samples",))
        else:
            found = _found(path, kind)  # the study's own notes count its samples
    except PamrxError as error:
        return _found(path, UNREADABLE, notes=(str(error),))
    return replace(found, option="")


def _with_study_notes(study: Study, folder: PathLike, profiles: Profiles, parts: list[FileCheck]) -> list[FileCheck]:
    """What reading the whole study said, each sentence with its file, the others with the folder before the files."""
    left = list(profiles.notes)
    told = []
    for part in parts:
        own = [note for note in left if note.startswith((f"{part.file}: ", f"{part.file} ("))]
        left = [note for note in left if note not in own]
        short = [note.removeprefix(part.file).removeprefix(": ").strip() for note in own]
        told.append(replace(part, notes=(*part.notes, *(s for s in short if s not in part.notes and not _renaming(s)))))
    left = [note.removeprefix(f"{study.folder}: ") for note in left]
    return [_found(folder, STUDY, notes=(_holdings(profiles), *left)), *told]


def _holdings(profiles: Profiles) -> str:
    matrices = {"expression": profiles.expression, "ncRNA": profiles.ncrna, "copy number": profiles.copy_number}
    held = {
        "mutations": int(profiles.sequenced.sum()),
        **{name: 0 if m is None else int(m.notna().any(axis=1).sum()) for name, m in matrices.items()},
        **{name.replace("_", " "): int(profiles.samples[name].notna().sum()) for name in profiles.samples.columns},
    }
    return f"{profiles.n} samples, of them with " + ", ".join(f"{name} {count}" for name, count in held.items())


def _found(
    path: PathLike,
    kind: str,
    axis: str = "",
    names: pd.DataFrame | None = None,
    unit: UnitGuess | None = None,
    notes: Iterable[str] = (),
) -> FileCheck:
    empty = pd.DataFrame(columns=["how", "labels", "names", "first"])
    told = tuple(note for note in (note.removeprefix(f"{path}: ") for note in notes) if not _renaming(note))
    return FileCheck(str(path), kind, _OPTIONS.get(kind, ""), axis, empty if names is None else names, unit, told)


def _mutations(path: PathLike, known: frozenset[str], kind: str = MAF) -> FileCheck:
    read = read_mutations(path, known)
    notes = (*read.notes, *exome_notes(str(path), read))
    return _found(path, kind, names=None if read.names is None else _ways(read.names), notes=notes)


def _renaming(note: str) -> bool:
    """Whether a sentence only sums up what the table of names tells in full."""
    return note.startswith("names brought to pamrx's own: ") or note.endswith("left as they stand")


def _matrix(path: PathLike, known: frozenset[str], kind: str = "") -> FileCheck:
    matrix, kind = (read_matrix(path, known, READ_AS[kind]), kind) if kind else told_apart(path, known)
    notes = list(matrix.notes)
    if kind == COPY_NUMBER:
        try:
            levels_of(matrix, notes)
        except PamrxError as error:
            notes.append(str(error))
    if kind in _NOT_TAKEN:
        notes.append(_NOT_TAKEN[kind])
    return _found(path, kind, matrix.genes_in, _ways(matrix.names), _unit(matrix, kind), notes)


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
