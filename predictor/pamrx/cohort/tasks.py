"""A task of a run: chunks that are read one after the other, each scored and written by whichever process has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pamrx.bundle.bundle import Bundle
from pamrx.cohort.chunks import Chunk, Cohort, Read
from pamrx.cohort.options import Options
from pamrx.cohort.worker import score_read
from pamrx.cohort.writer import write_part
from pamrx.errors import InputError


def score_task(cohort: Cohort, bundle: Bundle, task: Sequence[Chunk], options: Options, folder: Path) -> None:
    """Score and write each part of a run, one after the other."""
    for part, read in cohort.read(task):
        score_chunk(bundle, part, read, options, folder)


def score_chunk(bundle: Bundle, part: Chunk, read: Read, options: Options, folder: Path) -> None:
    """Score and write one chunk.

    Raises
    ------
    InputError
        With `strict`, for a sample that cannot be used.
    """
    if options.strict and len(read.rejected):
        row = read.rejected.iloc[0]
        name = row["sample_id"] or "without a name"
        raise InputError(f"{part.shard}: row {row['row']}: sample {name}: {row['reason']} (--strict)")
    write_part(folder, part, score_read(bundle, read, options))
