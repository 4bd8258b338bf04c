"""What files are and what pamrx would make of them, without predicting anything: the findings of `pamrx check`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import InputError, PamrxError
from pamrx.identifiers.gene_ids import OWN, UNKNOWN, first_names
from pamrx.identifiers.genes import UNLISTED_CIRCRNA, default_genes
from pamrx.identifiers.mirna_ids import UNMEASURED
from pamrx.identifiers.unit_guess import UnitGuess, guess_unit
from pamrx.profiles.profiles import Profiles
from pamrx.profiles.reading import read_profiles
from pamrx.profiles.study import read_study
from pamrx.readers.alterations import read_alterations
from pamrx.readers.boundary import boundary
from pamrx.readers.gene_panel import read_panel
from pamrx.readers.matrices.h5ad import is_h5ad
from pamrx.readers.matrices.h5ad_scaled import unscaled
from pamrx.readers.matrices.matrix import Matrix, read_matrix
from pamrx.readers.mutations.columns import is_alterations_header, is_mutation_header
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.mutations.table import exome_notes
from pamrx.readers.mutations.vcf import is_vcf
from pamrx.readers.recognition import (
    ALTERATIONS,
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
    looks_like_ratios,
    told_apart,
)  # fmt: skip
from pamrx.readers.sample_table import read_samples
from pamrx.readers.studies.cbioportal import Study, find_study, is_study_meta, looks_like_study, read_rows
from pamrx.readers.text.files import Head, PathLike, check_file, is_parquet, parquet_columns
from pamrx.readers.text.given_files import is_folder

_OPTIONS = {
    MAF: "--mutations", VARIANTS: "--mutations", MATRIX: "--expression", NCRNA: "--ncrna",
    COPY_NUMBER: "--copy-number", COPIES: "--copy-number", SAMPLES: "--samples",
    ALTERATIONS: "--alterations", PANEL: "--panel", STUDY: "STUDY",
}  # fmt: skip
_NOT_TAKEN = {
    FLAGS: "only 0 and 1: calls of some kind (mutated or not?), which no option of pamrx takes",
    SHARES: "whole numbers from 0 to 100, most of them 0: per cent of something, which no option of pamrx takes",
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


@short_repr
@dataclass(frozen=True)
class JointCheck:
    """What `pamrx predict` would make of all files together.

    Attributes
    ----------
    options : the option of `pamrx predict` that takes each file, by file.
    holdings : one sentence on how many samples there are, and of how many of them there is what; "" with an error.
    notes : what was read, joined, converted and left out, one sentence each.
    error : the message with which `predict` would end; "" if it would go on.
    """

    options: Mapping[str, str]
    holdings: str
    notes: tuple[str, ...]
    error: str


def check_file_kinds(
    paths: Iterable[PathLike],
    known: Collection[str] | None = None,
    copy_number_unit: str | None = None,
    unknown_panel: str | None = None,
) -> list[FileCheck]:
    """Look at each file on its own, and at each study folder: the whole first, then the files that are read of it.

    What cannot be read is a finding too, not an error.

    Parameters
    ----------
    copy_number_unit, unknown_panel : of studies, as in `read_study`.
    """
    genes = default_genes() if known is None else frozenset(known)
    found: list[FileCheck] = []
    for path in paths:
        try:
            is_study = is_folder(Path(path))
        except PamrxError as error:
            found.append(_found(path, UNREADABLE, notes=(str(error),)))
            continue
        if is_study:
            found += _folder(path, genes, copy_number_unit, unknown_panel)
        else:
            found.append(_check(path, genes))
    return found


def check_as(files: Mapping[str, PathLike], known: Collection[str] | None = None) -> list[FileCheck]:
    """Look at each file as what its option says it is.

    Parameters
    ----------
    files : by kind, as the arguments of `read_profiles`.
    """
    genes = default_genes() if known is None else frozenset(known)
    return [_stated(path, kind, genes) for kind, path in files.items()]


def check_together(found: Sequence[FileCheck], settings: Mapping[str, Any] | None = None) -> JointCheck:
    """Read all files as `pamrx predict` would with their options; files that no option takes are left out.

    Parameters
    ----------
    found : of each file what it is; no study folder, of which `check_file_kinds` says the same.
    settings : further arguments of `read_profiles`.
    """
    taken = [one for one in found if one.option]
    options = {one.file: one.option for one in taken}
    of_option: dict[str, list[str]] = {}
    for one in taken:
        of_option.setdefault(one.option, []).append(one.file)
    try:
        for option, files in of_option.items():
            if len(files) > 1:
                raise InputError(f"{files[0]} and {files[1]}: both go with {option}, which takes one file")
        named: dict[str, Any] = {
            option.removeprefix("--").replace("-", "_"): files[0] for option, files in of_option.items()
        }
        profiles = read_profiles(**named, **(settings or {}))
    except PamrxError as error:
        return JointCheck(options, "", (), str(error))
    known = {f"{one.file}: {note}" for one in found for note in one.notes}
    notes = tuple(
        note
        for note in profiles.notes
        if note not in known and not any(_renaming(note.removeprefix(f"{one.file}: ")) for one in taken)
    )
    return JointCheck(options, _holdings(profiles), notes, "")


def _stated(path: PathLike, kind: str, known: frozenset[str]) -> FileCheck:
    try:
        if kind == "panel":
            return _found(path, PANEL, notes=read_panel(path, known)[1])
        check_file(path)
        if kind == "mutations":
            return _mutations(path, known)
        if kind == "samples":
            return _found(path, SAMPLES, notes=read_samples(path)[1])
        if kind == "alterations":
            return _found(path, ALTERATIONS, notes=read_alterations(path, known).notes)
        return _matrix(path, known, {"expression": MATRIX, "ncrna": NCRNA, "copy_number": COPY_NUMBER}[kind])
    except PamrxError as error:
        return _found(path, UNREADABLE, notes=(str(error),))


def _check(path: PathLike, known: frozenset[str]) -> FileCheck:
    try:
        return _checked(path, known)
    except PamrxError as error:
        return _found(path, UNREADABLE, notes=(str(error),))


def _checked(path: PathLike, known: frozenset[str]) -> FileCheck:
    with boundary(path, "a table, a VCF or a gene panel"):
        file = check_file(path)
        if not is_h5ad(file) and not is_parquet(file) and is_vcf(file):
            return _mutations(path, known, VARIANTS)
        columns = _header(path, file, known)
        if isinstance(columns, FileCheck):
            return columns
        lower = {name.lower() for name in columns}
        if is_mutation_header(columns):
            return _mutations(path, known)
        if is_alterations_header(columns):
            return _found(path, ALTERATIONS, notes=read_alterations(path, known).notes)
        if "sample_id" in lower and lower & {"tissue", "sample_type", "msi", "sequenced"}:
            return _found(path, SAMPLES, notes=read_samples(path)[1])
        return _matrix(path, known)


def _header(path: PathLike, file: Path, known: frozenset[str]) -> list[str] | FileCheck:
    """The columns of a table; of a text without columns what it is as a gene panel."""
    if is_h5ad(file):
        return []
    if is_parquet(file):
        return parquet_columns(file)
    try:
        return Head(file).header
    except PamrxError as error:
        try:
            return _found(path, PANEL, notes=read_panel(path, known)[1])
        except PamrxError:
            if is_study_meta(file):
                folder = file.parent
                raise InputError(
                    f"{path}: a meta file of a cBioPortal study; give the folder of the study: pamrx predict {folder}"
                ) from None
            raise error from None


def _folder(
    folder: PathLike, known: frozenset[str], copy_number_unit: str | None, unknown_panel: str | None
) -> list[FileCheck]:
    try:
        study = find_study(folder)
    except PamrxError as error:
        return [_found(folder, _kind_of_folder(Path(folder)), notes=(f"{error}; or name files to check them",))]
    parts = [_study_file(path, _STUDY_KINDS[kind], known) for kind, path in study.files.items()]
    parts += [_study_file(path, PANEL, known) for path in study.panels.values()]
    try:
        profiles = read_study(folder, known_genes=known, copy_number_unit=copy_number_unit, unknown_panel=unknown_panel)
    except PamrxError as error:
        return [_found(folder, UNREADABLE, notes=(str(error),)), *parts]
    return _with_study_notes(study, folder, profiles, parts)


def _kind_of_folder(folder: Path) -> str:
    try:
        return UNREADABLE if looks_like_study(folder) else FOLDER
    except PamrxError:
        return UNREADABLE


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
    used, notes = _unscaled(path, known)
    matrix, kind = (read_matrix(used, known, READ_AS[kind]), kind) if kind else told_apart(used, known)
    notes += matrix.notes
    if kind == MATRIX and looks_like_ratios(matrix):
        notes.append("copy-number ratios look like this too: if they are, give it with --copy-number")
    if kind in _NOT_TAKEN:
        notes.append(_NOT_TAKEN[kind])
    return _found(path, kind, matrix.genes_in, _ways(matrix.names), _unit(matrix, kind), notes)


def _unscaled(path: PathLike, known: frozenset[str]) -> tuple[PathLike, list[str]]:
    """What `predict` reads of an AnnData file; a scaled X that it refuses, as it stands, since a unit may be stated."""
    if not is_h5ad(check_file(path)):
        return path, []
    try:
        return unscaled(path, known)
    except PamrxError:
        return path, []


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
