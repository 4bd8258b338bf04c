"""Which kind of cohort a path is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pamrx.cohort.chunks import Cohort
from pamrx.cohort.fingerprints import fingerprint
from pamrx.cohort.h5ad_cohort import H5adCohort, open_h5ad
from pamrx.cohort.matrix_cohort import MatrixCohort, open_matrices
from pamrx.cohort.mutations import Beside
from pamrx.cohort.options import Given
from pamrx.cohort.parquet_cohort import ParquetCohort, open_parquet
from pamrx.cohort.study_cohort import StudyCohort, open_study
from pamrx.errors import PamrxError
from pamrx.identifiers.genes import default_genes
from pamrx.readers.files import check_file
from pamrx.readers.gene_panel import read_panel


def open_cohort(path: Path, given: Given | None = None, memory: int | None = None) -> Cohort:
    """The cohort at `path`: a Parquet data set, a folder of matrices, a cBioPortal study, or `.h5ad`.

    Parameters
    ----------
    memory : bytes that may be taken; a study, which is read whole, is not opened where it would take more.

    Raises
    ------
    PamrxError
        If there is nothing there, or nothing that is a cohort; and as each kind of cohort does.
    """
    given = given or Given()
    if not path.exists():
        raise PamrxError(f"{path}: no such file or folder; expected a Parquet data set, a study, matrices or .h5ad")
    beside, assessed = None, None
    if given.mutations is not None:
        beside = Beside(Path(check_file(given.mutations)), default_genes())
    if given.panel is not None:
        assessed = read_panel(given.panel, default_genes())[0]
    found = _opened(path, given, beside, assessed, memory)
    if given.panel is not None:
        return replace(found, files={**found.files, given.panel.name: fingerprint(given.panel)})
    return found


def _opened(
    path: Path, given: Given, beside: Beside | None, assessed: frozenset[str] | None, memory: int | None
) -> ParquetCohort | MatrixCohort | StudyCohort | H5adCohort:
    if path.is_file():
        if path.suffix.lower() == ".h5ad":
            return open_h5ad(path, given.unit, beside, assessed)
        return open_parquet(path, [path], given.unit, assessed, beside)
    if (path / "meta_study.txt").exists() or list(path.glob("data_*.txt")):
        if beside is not None or given.unit is not None or assessed is not None:
            raise PamrxError(f"{path}: a study brings its own files; leave out --mutations, --panel, --expression-unit")
        return open_study(path, memory)
    files = [file for file in sorted(path.rglob("*.parquet")) if not _hidden(file.relative_to(path))]
    if files and not any(file.stem.startswith(("expression", "ncrna", "copy_number", "samples")) for file in files):
        return open_parquet(path, files, given.unit, assessed, beside)
    return open_matrices(path, given.unit, beside, assessed)


def _hidden(file: Path) -> bool:
    return any(part.startswith(("_", ".")) for part in file.parts)
