"""A cBioPortal study, or a folder of matrices in shards, as a cohort."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from predictor.batch.files import fingerprints
from predictor.batch.mutations import Beside
from predictor.batch.parts import PART_SIZE, Part, Read, no_rejected
from predictor.errors import PamrxError
from predictor.profiles import Profiles, read_profiles, read_study
from predictor.profiles.genes import default_genes

KINDS = ("expression", "ncrna", "copy_number", "samples")
_FILE = re.compile(rf"({'|'.join(KINDS)})[-._]?(.*?)\.(tsv|csv|txt|gct|parquet)(\.gz)?", re.IGNORECASE)
_MAF = re.compile(r".*\.maf(\.gz)?|mutations.*\.(tsv|csv|txt)(\.gz)?", re.IGNORECASE)


@dataclass(frozen=True)
class StudyCohort:
    """A study, which is read whole: the text of its matrices names all samples in each line."""

    folder: Path
    files: dict[str, str]
    size: int
    told: tuple[str, ...]
    memory: int = 0

    def tasks(self) -> list[list[Part]]:
        name = self.folder.name
        starts = range(0, self.size, PART_SIZE)
        return [[Part(number, name, start, min(start + PART_SIZE, self.size)) for number, start in enumerate(starts)]]

    def read(self, task: Sequence[Part]) -> Iterator[tuple[Part, Read]]:
        profiles = _study(self.folder)
        for part in task:
            yield part, Read(profiles.subset(profiles.samples.index[part.start : part.stop]), no_rejected())


@dataclass(frozen=True)
class MatrixCohort:
    """Shards of matrices `expression-01.tsv`, `ncrna-01.tsv`, ..., each with samples of its own, and a MAF beside."""

    folder: Path
    files: dict[str, str]
    shards: dict[str, dict[str, str]]
    sizes: dict[str, int]
    unit: str | None
    beside: Beside | None
    assessed: frozenset[str] | None
    told: tuple[str, ...] = ()
    memory: int = 0

    def tasks(self) -> list[list[Part]]:
        runs, number = [], 0
        for shard, size in self.sizes.items():
            run = []
            for start in range(0, size, PART_SIZE):
                run.append(Part(number, shard, start, min(start + PART_SIZE, size)))
                number += 1
            runs.append(run)
        return runs

    def read(self, task: Sequence[Part]) -> Iterator[tuple[Part, Read]]:
        profiles = _shard(self, task[0].shard)
        for part in task:
            some = profiles.subset(profiles.samples.index[part.start : part.stop])
            if self.beside is not None:
                rows, sequenced = self.beside.of(list(some.samples.index))
                some = Profiles(
                    **{**vars(some), "mutations": rows, "assessed_genes": self.assessed,
                       "sequenced": some.sequenced | sequenced}
                )  # fmt: skip
            yield part, Read(some, no_rejected())


def open_study(folder: Path) -> StudyCohort:
    """As `predictor.profiles.read_study`, with the errors that it raises."""
    profiles = _study(folder)
    return StudyCohort(folder, fingerprints(folder), profiles.n, profiles.notes)


def open_matrices(
    folder: Path, unit: str | None, beside: Beside | None, assessed: frozenset[str] | None
) -> MatrixCohort:
    """Find the shards of a folder, read the sample names of each, and check that no sample stands in two.

    Raises
    ------
    PamrxError
        If there is no matrix, a file cannot be used, or a sample stands in two shards.
    """
    shards: dict[str, dict[str, str]] = {}
    for file in sorted(folder.iterdir()):
        found = _FILE.fullmatch(file.name)
        if found:
            shards.setdefault(found[2] or file.name, {})[found[1].lower()] = file.name
    if not shards:
        raise PamrxError(
            f"{folder}: no cohort: expected Parquet files with samples in rows, a cBioPortal study, or matrices named "
            "expression-01.tsv, ncrna-01.tsv, copy_number-01.tsv and samples-01.tsv"
        )
    if beside is None:
        mafs = [file for file in sorted(folder.iterdir()) if _MAF.fullmatch(file.name)]
        if len(mafs) > 1:
            raise PamrxError(f"{folder}: {mafs[0].name} and {mafs[1].name}: two MAF files; name one with --mutations")
        beside = Beside(mafs[0], default_genes()) if mafs else None
    files = fingerprints(folder) | (beside.files if beside else {})
    opened = MatrixCohort(folder, files, shards, {}, unit, beside, assessed)
    seen: dict[str, str] = {}
    for shard in shards:
        profiles = _shard(opened, shard)
        for name in profiles.samples.index:
            if name in seen:
                raise PamrxError(
                    f"{folder}: sample {name} stands in shard {seen[name]} and in shard {shard}; expected one"
                )
            seen[name] = shard
        opened.sizes[shard] = profiles.n
    return opened


@lru_cache(maxsize=1)
def _study(folder: Path) -> Profiles:
    return read_study(folder)


def _shard(cohort: MatrixCohort, shard: str) -> Profiles:
    paths = {kind: cohort.folder / name for kind, name in cohort.shards[shard].items()}
    unit = cohort.unit if "expression" in paths else None
    return read_profiles(
        expression=paths.get("expression"),
        ncrna=paths.get("ncrna"),
        copy_number=paths.get("copy_number"),
        samples=paths.get("samples"),
        expression_unit=unit,
    )
