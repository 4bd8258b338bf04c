"""A Parquet data set, one file or a folder of them, with samples in rows.

Columns: `sample_id`; where known `tissue`, `sample_type`, `msi`; levels as `expression.<gene>`, `ncrna.<name>` and
`copy_number.<gene>` (`segments.<gene>` for broad segments that name a gene); mutations as the nested column
`mutations`, a list of {gene, variant_classification, hgvsp, driver} per sample, null where the sample was not sequenced
and empty where nothing was found.

Metadata of the schema: `expression_unit`, a word of `units.UNITS`; `mutations_listed`, `drivers` where no others are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from pamrx.cohort.chunk_profiles import chunk_profiles
from pamrx.cohort.chunks import Chunk, Read, in_runs
from pamrx.cohort.fingerprints import fingerprint
from pamrx.cohort.mutations import Beside, rows_of, spoilt_mutations
from pamrx.cohort.parquet_rows import Layout, layout_of, matrix_of, tables_of
from pamrx.cohort.parquet_schema import ID, MUTATIONS, kind_of
from pamrx.cohort.parquet_shards import look_at
from pamrx.cohort.spoilt_texts import checked_names, checked_words
from pamrx.display import short_repr
from pamrx.errors import InputError, did_you_mean
from pamrx.identifiers.columns import Columns
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.units import Decision
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.mutations.table import Mutations

MANY = 10_000
"""Samples up to which a row group serves well."""


@short_repr
@dataclass(frozen=True)
class ParquetCohort:
    """Opened shards that fit together."""

    folder: Path
    pieces: dict[str, tuple[tuple[int, int], ...]]
    columns: list[str]
    files: dict[str, str]
    blocks: dict[str, Columns]
    decisions: dict[str, Decision]
    has_mutations: bool
    drivers_only: bool
    assessed: frozenset[str] | None
    known: frozenset[str]
    beside: Beside | None
    memory: int
    told: tuple[str, ...]
    hashes: np.ndarray = field(repr=False)
    lists_samples: bool

    def narrowed(self, genes: Mapping[str, Collection[str]]) -> ParquetCohort:
        blocks = {kind: block.at(block.places_of(genes.get(kind))) for kind, block in self.blocks.items()}
        unread = _columns_of(self.blocks.values()) - _columns_of(blocks.values())
        return replace(self, blocks=blocks, columns=[name for name in self.columns if name not in unread])

    def tasks(self) -> list[list[Chunk]]:
        """One run of parts per row group, or per several small ones together: that is what is read in order."""
        return in_runs((shard, start, stop) for shard, ranges in self.pieces.items() for start, stop in ranges)

    def read(self, task: Sequence[Chunk]) -> Iterator[tuple[Chunk, Read]]:
        file = self.folder / task[0].shard
        for part, table in tables_of(file, task, self.columns):
            yield part, self._part(part, table, layout_of(file, table))

    def _part(self, part: Chunk, table: pa.Table, layout: Layout) -> Read:
        values = {kind: matrix_of(table, block, layout) for kind, block in self.blocks.items()}
        places = layout.places
        spoilt: dict[int, str] = {}
        if self.has_mutations and self.beside is None:
            spoilt |= spoilt_mutations(table.column(places[MUTATIONS]))
        words = {
            name: checked_words(name, table.column(places[name]), spoilt) for name in SAMPLE_COLUMNS if name in places
        }
        ids = checked_names(table.column(places[ID]), spoilt)

        def mutations(good: np.ndarray, ids: list[str]) -> Mutations | None:
            if self.beside is not None:
                return self.beside.of(ids)
            if not self.has_mutations:
                return None
            return rows_of(table.column(places[MUTATIONS]).filter(pa.array(good)), ids, self.known)

        return chunk_profiles(
            part, ids, words, values, self.blocks, self.decisions, mutations, self.assessed,
            self.drivers_only if self.beside is None else self.beside.drivers_only, spoilt=spoilt,
        )  # fmt: skip


def open_parquet(
    path: Path,
    files: Sequence[Path],
    unit: str | None = None,
    assessed: frozenset[str] | None = None,
    beside: Beside | None = None,
    copy_number_unit: str | None = None,
    memory: int | None = None,
) -> ParquetCohort:
    """Look at every shard, and at nothing of it but its footer, its head and its sample names.

    Parameters
    ----------
    memory : bytes that may be taken; a shard that needs more is refused before it is read.

    Raises
    ------
    PamrxError
        A shard that is no Parquet file, empty, or lacks columns of the others; another unit in another shard; a name
        that stands twice.
    """
    folder = path if path.is_dir() else path.parent
    shards = [file.relative_to(folder).as_posix() for file in files]
    known = default_genes()
    found = look_at(folder, shards, known, unit, copy_number_unit, memory, beside.memory if beside else 0)
    if found.has_mutations and beside is not None:
        raise InputError(f"{beside.path}: the cohort holds mutations of its own; expected one of the two")
    if not found.blocks and not found.has_mutations and beside is None:
        raise InputError(
            f"{folder / shards[0]}: no column of data; expected mutations, or expression.GENE, ncrna.NAME, "
            "copy_number.GENE"
        )
    notes = list(found.notes)
    unused = [name for name in found.columns if name not in (ID, MUTATIONS, *SAMPLE_COLUMNS) and not kind_of(name)]
    if unused:
        hint = did_you_mean(unused[0], SAMPLE_COLUMNS)
        notes.append(f"{len(unused)} columns are not used, such as {unused[0][:60]}{hint}")
    largest = max(stop - start for ranges in found.pieces.values() for start, stop in ranges)
    if largest > MANY:
        notes.append(
            f"a row group holds {largest:,} samples, which one process reads in order while others may wait; row "
            f"groups of 1,000 to {MANY:,} samples serve best"
        )
    levels = [f"{kind}.{name}" for kind, block in found.blocks.items() for name in block.given]
    words = [name for name in SAMPLE_COLUMNS if name in found.columns]
    return ParquetCohort(
        folder,
        found.pieces,
        [ID, *words, *([MUTATIONS] if found.has_mutations else []), *levels],
        {shard: fingerprint(folder / shard) for shard in shards} | (beside.files if beside else {}),
        found.blocks,
        found.decisions,
        found.has_mutations,
        found.drivers_only,
        assessed,
        known,
        beside,
        found.memory + (beside.memory if beside else 0),
        tuple(notes),
        found.hashes,
        bool(words),
    )


def _columns_of(blocks: Iterable[Columns]) -> set[str]:
    return {f"{block.kind}.{name}" for block in blocks for name in block.given}
