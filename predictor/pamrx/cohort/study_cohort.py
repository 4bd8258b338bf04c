"""A cBioPortal study as a cohort."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pamrx.cohort.chunks import Chunk, Read, in_runs, read_from
from pamrx.cohort.fingerprints import fingerprints
from pamrx.cohort.memory import bytes_of_maf, bytes_of_matrices, check_fits
from pamrx.display import short_repr
from pamrx.profiles import Profiles, read_study
from pamrx.readers.studies.cbioportal import find_study
from pamrx.readers.tables import KINDS


@short_repr
@dataclass(frozen=True)
class StudyCohort:
    """A study, which is read whole: the text of its matrices names all samples in each line."""

    folder: Path
    files: dict[str, str]
    size: int
    memory: int
    told: tuple[str, ...]
    copy_number_unit: str | None
    unknown_panel: str | None

    def narrowed(self, genes: Mapping[str, Collection[str]]) -> StudyCohort:  # noqa: ARG002
        """Text is read whole in any case."""
        return self

    def tasks(self) -> list[list[Chunk]]:
        return in_runs([(self.folder.name, 0, self.size)])

    def read(self, task: Sequence[Chunk]) -> Iterator[tuple[Chunk, Read]]:
        profiles, rejected = _study(self.folder, tuple(self.files.items()), self.copy_number_unit, self.unknown_panel)
        yield from read_from(profiles, rejected, task)


def open_study(
    folder: Path, memory: int | None = None, copy_number_unit: str | None = None, unknown_panel: str | None = None
) -> StudyCohort:
    """As `pamrx.profiles.read_study`, with its errors; a sample with a cell of no use is set aside.

    Raises
    ------
    PamrxError
        If reading it would take more than `memory` bytes, told from its files before they are read.
    """
    found = find_study(folder).files
    held = bytes_of_matrices(found[kind] for kind in KINDS if kind in found)
    if "mutations" in found:
        held += bytes_of_maf(found["mutations"])
    if memory is not None:
        check_fits(memory, held, "a study is read whole: split it by samples, or make a Parquet data set of it")
    files = fingerprints(folder)
    profiles, _ = _study(folder, tuple(files.items()), copy_number_unit, unknown_panel)
    return StudyCohort(folder, files, profiles.n, held, profiles.notes, copy_number_unit, unknown_panel)


@lru_cache(maxsize=1)
def _study(
    folder: Path, _files: tuple[tuple[str, str], ...], copy_number_unit: str | None, unknown_panel: str | None
) -> tuple[Profiles, dict[str, str]]:
    """The study, and for each sample that cannot be used the reason."""
    rejected: dict[str, str] = {}
    profiles = read_study(folder, copy_number_unit=copy_number_unit, unknown_panel=unknown_panel, rejected=rejected)
    return profiles, rejected
