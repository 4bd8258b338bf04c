"""A folder of matrices in shards: `expression-01.tsv`, `ncrna-01.tsv`, `copy_number-01.tsv`, `samples-01.tsv`, each
shard with samples of its own under one name in all of its files, and a MAF beside.

Text is read a whole shard at a time, by the very steps that `pamrx predict` takes. All shards must be in one unit. A
sample with a cell that cannot be used is set aside alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pamrx.cohort.chunks import Chunk, Read, in_runs, read_from
from pamrx.cohort.fingerprints import fingerprint, fingerprints
from pamrx.cohort.memory import bytes_of_matrices
from pamrx.cohort.mutations import Beside
from pamrx.cohort.scales import Scales
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.copy_number import check_copy_number_unit
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.units import check_unit
from pamrx.profiles import Profiles
from pamrx.profiles.assemble import Parts, assemble, described, join
from pamrx.profiles.reading import parts_of
from pamrx.readers.mutations.table import Mutations, exome_notes
from pamrx.readers.tables import KINDS, read_tables
from pamrx.readers.text.given_files import entries

SAMPLES = "samples"

_FILE = re.compile(rf"({'|'.join((*KINDS, SAMPLES))})[-._]?(.*?)\.(tsv|csv|txt|gct|parquet)(\.gz)?", re.IGNORECASE)
_MAF = re.compile(r".*\.maf(\.gz)?|mutations.*\.(tsv|csv|txt)(\.gz)?", re.IGNORECASE)


@short_repr
@dataclass(frozen=True)
class MatrixCohort:
    """Opened shards that fit together; `shards` holds the files of each by kind, `sizes` its samples."""

    folder: Path
    files: dict[str, str]
    shards: dict[str, dict[str, str]]
    sizes: dict[str, int]
    beside: Beside | None
    assessed: frozenset[str] | None
    unit: str | None
    copy_number_unit: str | None
    memory: int
    told: tuple[str, ...]
    names: frozenset[str]
    lists_samples: bool

    def narrowed(self, genes: Mapping[str, Collection[str]]) -> MatrixCohort:  # noqa: ARG002
        """Text is read whole in any case."""
        return self

    def tasks(self) -> list[list[Chunk]]:
        return in_runs((shard, 0, size) for shard, size in self.sizes.items())

    @property
    def _units(self) -> tuple[str | None, str | None]:
        return self.unit, self.copy_number_unit

    def read(self, task: Sequence[Chunk]) -> Iterator[tuple[Chunk, Read]]:
        shard = _read_shard(self.folder, self.shards[task[0].shard], self.beside, self.assessed, self._units)
        yield from read_from(shard.profiles, shard.rejected, task)


def open_matrices(
    folder: Path,
    unit: str | None,
    beside: Beside | None,
    assessed: frozenset[str] | None,
    copy_number_unit: str | None = None,
) -> MatrixCohort:
    """Find the shards of a folder, read each once, and check that they fit together.

    Raises
    ------
    PamrxError
        If there is no matrix, a file cannot be used as a whole, a sample stands in two shards, or two shards have
        levels on different scales.
    """
    check_unit(unit)
    check_copy_number_unit(copy_number_unit)
    shards = _shards_of(folder)
    if beside is None:
        mafs = [file for file in entries(folder) if _MAF.fullmatch(file.name)]
        if len(mafs) > 1:
            raise InputError(f"{folder}: {mafs[0].name} and {mafs[1].name}: two MAF files; name one with --mutations")
        beside = Beside(mafs[0], default_genes()) if mafs else None
    sizes: dict[str, int] = {}
    scales = Scales()
    seen: dict[str, str] = {}
    notes: dict[str, tuple[str, ...]] = {}
    memory = 0
    for name, files in shards.items():
        shard = _read_shard(folder, files, beside, assessed, (unit, copy_number_unit))
        for sample in shard.profiles.samples.index:
            if seen.setdefault(sample, name) != name:
                raise InputError(
                    f"{folder}: sample {sample} stands in shard {seen[sample]} and in shard {name}; expected one"
                )
        scales.agree(f"{folder}: shard {name}", f"shard {name}", shard.scales)
        sizes[name], notes[name] = shard.profiles.n, shard.profiles.notes
        memory = max(memory, bytes_of_matrices(folder / files[kind] for kind in KINDS if kind in files))
    return MatrixCohort(
        folder,
        fingerprints(folder) | (beside.files if beside else {}),
        shards,
        sizes,
        beside,
        assessed,
        unit,
        copy_number_unit,
        memory + (beside.memory if beside else 0),
        _once(notes, {name: tuple(files.values()) for name, files in shards.items()}),
        frozenset(seen),
        any(SAMPLES in files for files in shards.values()),
    )


@short_repr
@dataclass(frozen=True)
class _Shard:
    profiles: Profiles
    rejected: dict[str, str]
    scales: dict[str, str]


def _shards_of(folder: Path) -> dict[str, dict[str, str]]:
    shards: dict[str, dict[str, str]] = {}
    for file in entries(folder):
        found = _FILE.fullmatch(file.name)
        if found:
            shards.setdefault(found[2] or file.name, {})[found[1].lower()] = file.name
    if not shards:
        raise InputError(
            f"{folder}: no cohort: expected Parquet files with samples in rows, a cBioPortal study, or matrices named "
            "expression-01.tsv, ncrna-01.tsv, copy_number-01.tsv and samples-01.tsv"
        )
    return shards


def _read_shard(
    folder: Path,
    files: dict[str, str],
    beside: Beside | None,
    assessed: frozenset[str] | None,
    units: tuple[str | None, str | None],
) -> _Shard:
    """`units` are those of expression and of copy number, where they are stated."""
    now = tuple(fingerprint(folder / name) for name in files.values())
    return _shard(folder, tuple(files.items()), beside, assessed, units, now)


@lru_cache(maxsize=1)
def _shard(
    folder: Path,
    files: tuple[tuple[str, str], ...],
    beside: Beside | None,
    assessed: frozenset[str] | None,
    units: tuple[str | None, str | None],
    _now: tuple[str, ...],
) -> _Shard:
    rejected: dict[str, str] = {}
    tables = read_tables({kind: folder / name for kind, name in files}, default_genes(), rejected)
    unit = units[0] if "expression" in tables.matrices else None
    if beside is not None:
        tables.mutations, tables.assessed = beside.whole, assessed
        tables.sources["mutations"] = str(beside.path)
        tables.notes += beside.whole.notes
        if assessed is None:
            tables.notes += exome_notes(str(beside.path), beside.whole)
    parts = join(parts_of(tables, unit=unit, copy_number_unit=units[1], rejected=rejected))
    drivers_only = None if beside is None else beside.drivers_only
    _of_this_shard(parts)
    return _Shard(assemble(parts, described(parts), assessed, drivers_only=drivers_only), rejected, parts.scales)


def _of_this_shard(parts: Parts) -> None:
    """Leave of a MAF of the whole cohort what is of the samples of this shard."""
    if parts.mutations is None:
        return
    others = [name for kind, names in parts.samples.items() if kind != "mutations" for name in names]
    own = {*others, *(() if parts.table is None else parts.table.index)}
    samples = tuple(name for name in parts.mutations.samples if name in own)
    if not samples and not (parts.table is not None and (parts.table["sequenced"] == True).any()):  # noqa: E712
        parts.mutations = None
    else:
        rows = parts.mutations.rows[parts.mutations.rows["sample_id"].isin(samples)].reset_index(drop=True)
        parts.mutations = Mutations(rows, samples, ())


def _once(notes: Mapping[str, Sequence[str]], files: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What reading the shards said: the same of several shards only once, of the first of them."""
    counts: dict[str, int] = {}
    first: dict[str, str] = {}
    for shard, told in notes.items():
        for note in told:
            key = note
            for name in files[shard]:
                key = key.replace(name, "")
            counts[key] = counts.get(key, 0) + 1
            first.setdefault(key, note)
    more = {key: f" (so in {count - 1} more shards)" if count > 1 else "" for key, count in counts.items()}
    return tuple(first[key] + more[key] for key in first)
