"""A folder of matrices in shards: `expression-01.tsv`, `ncrna-01.tsv`, `copy_number-01.tsv`, `samples-01.tsv`, each
shard with samples of its own under one name in all of its files, and a MAF beside.

Text is read a whole shard at a time. As in a Parquet data set the scale of the levels is a property of the cohort, told
from the head of each shard, and a sample with a cell that cannot be used is set aside alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from pamrx.cohort.assembled import assembled
from pamrx.cohort.chunks import Part, Read, in_runs
from pamrx.cohort.fingerprints import fingerprint, fingerprints
from pamrx.cohort.levels import HEAD_ROWS, Block, Scales, check_unit, scale_note
from pamrx.cohort.memory import bytes_of_matrices
from pamrx.cohort.mutations import Beside
from pamrx.errors import PamrxError
from pamrx.identifiers.copy_number import names_segments
from pamrx.identifiers.genes import default_genes
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.matrix import read_levels
from pamrx.readers.sample_table import EMPTY, read_sample_words, translated

KINDS = ("expression", "ncrna", "copy_number")
SAMPLES, SEGMENTS, SEQUENCED = "samples", "segments", "sequenced"

_FILE = re.compile(rf"({'|'.join((*KINDS, SAMPLES))})[-._]?(.*?)\.(tsv|csv|txt|gct|parquet)(\.gz)?", re.IGNORECASE)
_MAF = re.compile(r".*\.maf(\.gz)?|mutations.*\.(tsv|csv|txt)(\.gz)?", re.IGNORECASE)


@dataclass(frozen=True)
class MatrixCohort:
    """Opened shards that fit together; `shards` holds the files of each by kind, `sizes` its samples."""

    folder: Path
    files: dict[str, str]
    shards: dict[str, dict[str, str]]
    sizes: dict[str, int]
    scales: dict[str, str]
    beside: Beside | None
    assessed: frozenset[str] | None
    memory: int
    told: tuple[str, ...]

    def narrowed(self, genes: Mapping[str, Collection[str]]) -> MatrixCohort:
        """Text is read whole in any case."""
        return self

    def tasks(self) -> list[list[Part]]:
        return in_runs((shard, 0, size) for shard, size in self.sizes.items())

    def read(self, task: Sequence[Part]) -> Iterator[tuple[Part, Read]]:
        shard = _read_shard(self.folder, self.shards[task[0].shard])
        for part in task:
            yield part, self._part(part, shard)

    def _part(self, part: Part, shard: _Shard) -> Read:
        names = shard.names[part.start : part.stop]
        values = {kind: frame.reindex(names).to_numpy(dtype=float, copy=True) for kind, frame in shard.levels.items()}
        words = shard.words.reindex(names)
        described = {name: words[name].fillna("").to_list() for name in SAMPLE_COLUMNS if name in words}
        said = words[SEQUENCED].fillna("").to_list() if SEQUENCED in words else [""] * len(names)

        def mutations(good: np.ndarray, ids: list[str]) -> tuple[pd.DataFrame | None, np.ndarray]:
            if self.beside is None:
                return None, np.zeros(len(ids), dtype=bool)
            rows, named = self.beside.of(ids)
            return rows, named | np.array([translated(SEQUENCED, str(word)) == "yes" for word in np.array(said)[good]])

        spoilt = {row: shard.spoilt[name] for row, name in enumerate(names) if name in shard.spoilt}
        return assembled(
            part, names, described, values, shard.blocks, self.scales, mutations, self.assessed,
            self.beside is not None and self.beside.drivers_only, spoilt,
        )  # fmt: skip


def open_matrices(
    folder: Path, unit: str | None, beside: Beside | None, assessed: frozenset[str] | None
) -> MatrixCohort:
    """Find the shards of a folder, read each once, and check that they fit together.

    Raises
    ------
    PamrxError
        If there is no matrix, a file cannot be used as a whole, a sample stands in two shards, or two shards have
        levels on different scales.
    """
    check_unit(unit)
    shards = _shards_of(folder)
    if beside is None:
        mafs = [file for file in sorted(folder.iterdir()) if _MAF.fullmatch(file.name)]
        if len(mafs) > 1:
            raise PamrxError(f"{folder}: {mafs[0].name} and {mafs[1].name}: two MAF files; name one with --mutations")
        beside = Beside(mafs[0], default_genes()) if mafs else None
    sizes: dict[str, int] = {}
    scales = Scales()
    seen: dict[str, str] = {}
    memory = 0
    for name, files in shards.items():
        shard = _read_shard(folder, files)
        for sample in shard.names:
            if seen.setdefault(sample, name) != name:
                raise PamrxError(
                    f"{folder}: sample {sample} stands in shard {seen[sample]} and in shard {name}; expected one"
                )
        for kind, block in shard.blocks.items():
            head = shard.levels[kind].iloc[:HEAD_ROWS].to_numpy(dtype=float)
            scales.tell(f"{folder}: shard {name}", f"shard {name}", block, head, unit)
        sizes[name] = len(shard.names)
        memory = max(memory, bytes_of_matrices(folder / files[kind] for kind in KINDS if kind in files))
    told = tuple(scale_note(group, scale, unit) for group, scale in scales.by_group.items())
    held = memory + (beside.memory if beside else 0)
    files = fingerprints(folder) | (beside.files if beside else {})
    return MatrixCohort(folder, files, shards, sizes, scales.by_group, beside, assessed, held, told)


@dataclass(frozen=True)
class _Shard:
    """A shard as read: levels by matrix (samples x labels of its block), words of its samples, and the samples that
    cannot be used, with the reason."""

    names: list[str]
    levels: dict[str, pd.DataFrame]
    blocks: dict[str, Block]
    words: pd.DataFrame
    spoilt: dict[str, str]


def _shards_of(folder: Path) -> dict[str, dict[str, str]]:
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
    return shards


def _read_shard(folder: Path, files: dict[str, str]) -> _Shard:
    return _shard(folder, tuple(files.items()), tuple(fingerprint(folder / name) for name in files.values()))


@lru_cache(maxsize=1)
def _shard(folder: Path, files: tuple[tuple[str, str], ...], _now: tuple[str, ...]) -> _Shard:
    paths = {kind: folder / name for kind, name in files}
    spoilt: dict[str, str] = {}
    levels, blocks = {}, {}
    for kind in KINDS:
        if kind not in paths:
            continue
        frame = read_levels(paths[kind], default_genes(), kind, spoilt)
        stands_for = SEGMENTS if kind == "copy_number" and names_segments(paths[kind]) else kind
        levels[stands_for] = frame
        blocks[stands_for] = Block.of(stands_for, list(frame.columns), default_genes())
    names = list(dict.fromkeys(name for frame in levels.values() for name in frame.index))
    words = pd.DataFrame(index=pd.Index(names, dtype=object))
    if SAMPLES in paths:
        words = read_sample_words(paths[SAMPLES])
        spoilt |= {name: f"{paths[SAMPLES]}: sample {name} is not listed" for name in names if name not in words.index}
        names = list(dict.fromkeys([*words.index, *names])) if levels else list(words.index)
        _check_sequenced(paths[SAMPLES], words, spoilt)
    return _Shard(names, levels, blocks, words, spoilt)


def _check_sequenced(path: Path, words: pd.DataFrame, spoilt: dict[str, str]) -> None:
    if SEQUENCED in words:
        for name, word in words[SEQUENCED].items():
            if str(word).strip().lower() not in EMPTY and translated(SEQUENCED, str(word)) is None:
                spoilt.setdefault(str(name), f"{path}: column {SEQUENCED}: found '{word}', expected yes, no or nothing")
