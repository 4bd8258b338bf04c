"""Which kind of cohort a path is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from pamrx.cohort.chunks import Cohort
from pamrx.cohort.fingerprints import fingerprint
from pamrx.cohort.h5ad_cohort import H5adCohort, is_h5ad_path, open_h5ad
from pamrx.cohort.matrix_cohort import MatrixCohort, open_matrices
from pamrx.cohort.mutations import Beside
from pamrx.cohort.mutations_only import with_mutations_only
from pamrx.cohort.options import Given
from pamrx.cohort.parquet_cohort import ParquetCohort, open_parquet
from pamrx.cohort.parquet_shards import hashes_of
from pamrx.cohort.study_cohort import StudyCohort, open_study
from pamrx.errors import InputError, UsageError
from pamrx.identifiers.copy_number import OPTION
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.sample_names import harmonise
from pamrx.readers.gene_panel import read_panel
from pamrx.readers.likely_panel import likely_panel_notes
from pamrx.readers.mutations.table import exome_notes
from pamrx.readers.text.files import LAYER, check_file, plain_file
from pamrx.readers.text.given_files import is_piped, status


def open_cohort(path: Path, given: Given | None = None, memory: int | None = None) -> Cohort:
    """The cohort at `path`: a Parquet data set, a folder of matrices, a cBioPortal study, or `.h5ad`.

    Parameters
    ----------
    memory : bytes that may be taken; what would take more is refused before it is read.

    Raises
    ------
    PamrxError
        If there is nothing there, or nothing that is a cohort; and as each kind of cohort does.
    """
    given = given or Given()
    file = Path(LAYER.sub(r"\1", str(path)))
    if status(file) is None:
        raise InputError(f"{path}: no such file or folder; expected a Parquet data set, a study, matrices or .h5ad")
    if given.unknown_panel is not None and not _is_study(path):
        raise UsageError(f"{path}: is not a cBioPortal study; leave out --unknown-panel, which goes with one")
    beside, assessed = None, None
    told: list[str] = []
    for one in (given.mutations, given.panel):
        if one is not None and is_piped(one):
            raise InputError(f"{one}: comes through a pipe, and several processes read it; save it as a file first")
    if given.mutations is not None:
        beside = Beside(Path(check_file(given.mutations)), default_genes())
    if given.panel is not None:
        assessed, told = read_panel(given.panel, default_genes())
    found = _opened(path, given, beside, assessed, memory)
    if isinstance(found, StudyCohort):
        return found
    if given.panel is not None:
        found = replace(found, files={**found.files, given.panel.name: _fingerprint(given.panel, assessed)})
    elif found.beside is not None:
        whole, source = found.beside.whole, str(found.beside.path)
        told = likely_panel_notes(whole, source)
        if not isinstance(found, MatrixCohort):  # whose shards say so
            told = [*exome_notes(source, whole), *told]
    found = replace(found, told=(*found.told, *told))
    if found.beside is None:
        return found
    beside = _as_named_in(found, found.beside) if isinstance(found, MatrixCohort) else found.beside
    return with_mutations_only(found, beside, _others(found, beside), assessed, found.lists_samples)


def _fingerprint(panel: Path, genes: frozenset[str] | None) -> str:
    """Of a panel's file; of one that pamrx knows by name, of its genes."""
    if status(plain_file(panel)) is not None:
        return fingerprint(plain_file(panel))
    return hashlib.sha256(" ".join(sorted(genes or ())).encode()).hexdigest()[:16]


def _opened(
    path: Path, given: Given, beside: Beside | None, assessed: frozenset[str] | None, memory: int | None
) -> ParquetCohort | MatrixCohort | StudyCohort | H5adCohort:
    copies = given.copy_number_unit
    if not path.is_dir():
        if is_h5ad_path(path):
            if copies is not None:
                raise UsageError(f"{path}: holds expression only; leave out {OPTION}")
            return open_h5ad(path, given.unit, beside, assessed, memory)
        return open_parquet(path, [path], given.unit, assessed, beside, copies, memory)
    if _is_study(path):
        if beside is not None or given.unit is not None or assessed is not None:
            raise UsageError(f"{path}: a study brings its own files; leave out --mutations, --panel, --expression-unit")
        return open_study(path, memory, copies, given.unknown_panel)
    files = [file for file in sorted(path.rglob("*.parquet")) if not _hidden(file.relative_to(path))]
    if files and not any(file.stem.startswith(("expression", "ncrna", "copy_number", "samples")) for file in files):
        return open_parquet(path, files, given.unit, assessed, beside, copies, memory)
    return open_matrices(path, given.unit, beside, assessed, copies)


def _is_study(path: Path) -> bool:
    return path.is_dir() and ((path / "meta_study.txt").exists() or any(path.glob("data_*.txt")))


def _as_named_in(found: MatrixCohort, beside: Beside) -> Beside:
    """The MAF under the names that its samples have in the shards, each of which joined its own with the whole MAF."""
    maf, cohort = str(beside.path), str(found.folder)
    names = {maf: beside.whole.samples, cohort: tuple(found.names)}
    return replace(beside, names=tuple(harmonise(names, {maf}, cohort)[0][maf].items()))


def _others(found: ParquetCohort | MatrixCohort | H5adCohort, beside: Beside) -> list[str]:
    """The samples of the MAF beside that the cohort does not hold."""
    samples = beside.samples
    if isinstance(found, ParquetCohort):
        own = np.isin(hashes_of(samples), found.hashes)
        return [name for name, is_own in zip(samples, own, strict=True) if not is_own]
    return [name for name in samples if name not in found.names]


def _hidden(file: Path) -> bool:
    return any(part.startswith(("_", ".")) for part in file.parts)
