"""An AnnData file on disk: cells or samples in rows of its matrix, read a chunk at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pamrx.cohort import chunks
from pamrx.cohort.chunk_profiles import chunk_profiles
from pamrx.cohort.chunks import Chunk, Read, in_runs
from pamrx.cohort.fingerprints import fingerprint
from pamrx.cohort.memory import check_fits
from pamrx.cohort.mutations import Beside
from pamrx.display import short_repr
from pamrx.identifiers.columns import Columns
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.sample_names import harmonise
from pamrx.identifiers.sample_twins import twin_notes
from pamrx.identifiers.unit_statistics import Statistics
from pamrx.identifiers.units import Decision, check_unit
from pamrx.profiles.normalise import decide, decision_notes, gather, statistics
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.matrices.h5ad import EXPECTED, H5ad, opened, read_annotations
from pamrx.readers.matrices.h5ad_scaled import unscaled
from pamrx.readers.matrices.matrix import axis_notes, named_columns
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.parquet_file import demand_regular
from pamrx.readers.text.files import LAYER, check_file, plain_file

KIND = "expression"
BYTES_PER_STORED = 24
"""Of a matrix by columns, which is turned round in memory: a value and an index, twice."""


@short_repr
@dataclass(frozen=True)
class H5adCohort:
    """An opened file.

    Attributes
    ----------
    path : as it was given, with `::LAYER` where one is named.
    places : of the columns of the file's matrix that are read.
    renamed : name in the file -> name used, of barcodes that were cut; a name that is not there is not a tumour's.
    """

    path: Path
    files: dict[str, str]
    size: int
    columns: Columns
    places: tuple[int, ...]
    decisions: dict[str, Decision]
    beside: Beside | None
    assessed: frozenset[str] | None
    told: tuple[str, ...]
    names: frozenset[str]
    memory: int = 0
    renamed: dict[str, str] | None = field(default=None, repr=False)
    lists_samples: bool = False

    def narrowed(self, genes: Mapping[str, Collection[str]]) -> H5adCohort:
        places = self.columns.places_of(genes.get(KIND))
        return replace(self, columns=self.columns.at(places), places=tuple(self.places[place] for place in places))

    def tasks(self) -> list[list[Chunk]]:
        whole = in_runs([(self.path.name, 0, self.size)])
        return [[chunk] for chunk in whole[0]]

    def read(self, task: Sequence[Chunk]) -> Iterator[tuple[Chunk, Read]]:
        with opened(self.path, default_genes()) as data:
            for chunk in task:
                yield chunk, self._chunk(data, chunk)

    def _chunk(self, data: H5ad, chunk: Chunk) -> Read:
        rows = slice(chunk.start, chunk.stop)
        values = data.rows(chunk.start, chunk.stop, self.places)
        cells = {name: data.annotation(name, rows) for name in SAMPLE_COLUMNS}
        words = {name: found for name, found in cells.items() if found is not None}
        ids = data.samples[rows]
        if self.renamed is not None:
            ids = [self.renamed.get(name, "") for name in ids]

        def mutations(_good: np.ndarray, names: list[str]) -> Mutations | None:
            return self.beside.of(names) if self.beside else None

        drivers_only = self.beside is not None and self.beside.drivers_only
        return chunk_profiles(
            chunk, ids, words, {KIND: values}, {KIND: self.columns}, self.decisions, mutations, self.assessed,
            drivers_only, strict_words=False,
        )  # fmt: skip


def open_h5ad(
    path: Path,
    unit: str | None = None,
    beside: Beside | None = None,
    assessed: frozenset[str] | None = None,
    memory: int | None = None,
) -> H5adCohort:
    """Look at the axes of a file, and once at all of its matrix, to settle the unit.

    Parameters
    ----------
    memory : bytes that may be taken; a matrix by columns that needs more is refused before it is read.

    Raises
    ------
    PamrxError
        As `pamrx.readers.matrices.h5ad_scaled.unscaled`; if the unit cannot be settled.
    """
    check_unit(unit)
    demand_regular(plain_file(path), EXPECTED)
    known, file = default_genes(), check_file(path)
    if memory is not None:
        with opened(path, known) as data:
            check_fits(memory, BYTES_PER_STORED * data.size_by_columns + (beside.memory if beside else 0))
    used, unscaled_notes = unscaled(path, known, unit)
    path = Path(used)
    annotations, told = read_annotations(path, known)
    with opened(path, known) as data:
        columns, names = named_columns(KIND, data.labels, known)
        first, *more = axis_notes(str(file), columns, names, len(data.samples), "columns", known)
        places = data.places
        found = _statistics(data, columns, places)
        samples, by_columns = list(data.samples), data.size_by_columns
        notes = [*unscaled_notes, *told, first, data.note, *more]
    decisions = decide(columns, found, str(file), unit=unit)
    notes += decision_notes(decisions, found, len(samples), str(file))
    renamed, beside, joined = _joined(file, samples, beside, annotations is not None)
    notes += joined
    return H5adCohort(
        path,
        {path.name: fingerprint(file)} | (beside.files if beside else {}),
        len(samples),
        columns,
        tuple(places),
        decisions,
        beside,
        assessed,
        tuple(notes),
        frozenset(samples if renamed is None else renamed.values()),
        BYTES_PER_STORED * by_columns + (beside.memory if beside else 0),
        renamed,
        annotations is not None,
    )


def is_h5ad_path(path: Path) -> bool:
    """Whether a path names an AnnData file, or a layer of one."""
    return path.suffix.lower() == ".h5ad" or LAYER.search(str(path)) is not None


def _statistics(data: H5ad, columns: Columns, places: Sequence[int]) -> dict[str, Statistics]:
    found = statistics(columns)
    step = data.at_once(chunks.CHUNK_SIZE)
    for start in range(0, len(data.samples), step):
        stop = min(start + step, len(data.samples))
        gather(found, columns, data.rows(start, stop, places), data.samples[start:stop])
    return found


def _joined(
    file: Path, samples: list[str], beside: Beside | None, described: bool
) -> tuple[dict[str, str] | None, Beside | None, list[str]]:
    """Name in the file -> name used, None where all stay as they are; the MAF under those names; what was cut.

    `described` says whether the file is the table of samples, too, whose spelling goes before that of the MAF.
    """
    own, maf = str(file), None if beside is None else str(beside.path)
    ids: dict[str, Iterable[str]] = {own: samples}
    if beside is not None and maf is not None:
        ids = {maf: beside.whole.samples, own: samples}  # in the order of `pamrx predict`
    mapping, notes = harmonise(ids, set(ids) - {own}, own if described else "")
    notes += twin_notes({name: list(dict.fromkeys(used.values())) for name, used in mapping.items()})
    if beside is not None and maf is not None and mapping[maf] != {name: name for name in ids[maf]}:
        beside = replace(beside, names=tuple(mapping[maf].items()))
    unchanged = mapping[own] == {name: name for name in samples}
    return None if unchanged else mapping[own], beside, notes
