"""The parts of a cohort: the unit in which samples are read, scored, written and, after a stop, not scored again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from pamrx.display import short_repr
from pamrx.profiles import Profiles

CHUNK_SIZE = 1000
"""Samples of a part at most. Fixed, so that the files written depend on the cohort alone."""

REJECTED = ("sample_id", "shard", "row", "reason")


@dataclass(frozen=True)
class Chunk:
    """Rows `start` to `stop` of a shard; `number` counts parts over the whole cohort."""

    number: int
    shard: str
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


@short_repr
@dataclass(frozen=True)
class Read:
    """A part as read: its usable samples, None where there is none, and a row of `REJECTED` for each other."""

    profiles: Profiles | None
    rejected: pd.DataFrame


class Cohort(Protocol):
    """What a kind of cohort must be able to do. Objects are small and can be sent to another process."""

    @property
    def files(self) -> dict[str, str]:
        """What each file is, by its name inside the cohort, so that a changed one is noticed."""

    @property
    def told(self) -> tuple[str, ...]:
        """What was found and decided when the cohort was opened, one sentence each."""

    @property
    def memory(self) -> int:
        """Bytes that each process holds of it, beyond what a part of any cohort takes."""

    def narrowed(self, genes: Mapping[str, Collection[str]]) -> Cohort:
        """The same without the levels of other genes of the matrices named, where that saves reading them."""

    def tasks(self) -> list[list[Chunk]]:
        """The parts, in runs that are best read one after the other."""

    def read(self, task: Sequence[Chunk]) -> Iterator[tuple[Chunk, Read]]:
        """Each part of one run, or of what is left of it."""


def in_runs(ranges: Iterable[tuple[str, int, int]]) -> list[list[Chunk]]:
    """A run of parts for each range of rows (shard, first, end), numbered over all of them."""
    runs: list[list[Chunk]] = []
    number = 0
    for shard, first, end in ranges:
        starts = range(first, end, CHUNK_SIZE)
        runs.append([Chunk(number + n, shard, start, min(start + CHUNK_SIZE, end)) for n, start in enumerate(starts)])
        number += len(starts)
    return runs


def read_from(profiles: Profiles, rejected: Mapping[str, str], task: Sequence[Chunk]) -> Iterator[tuple[Chunk, Read]]:
    """The chunks of samples that were read together; `rejected` says which of them cannot be used, and why."""
    for chunk in task:
        names = profiles.samples.index[chunk.start : chunk.stop]
        wrong = [
            (str(name), chunk.shard, chunk.start + row + 1, rejected[name])
            for row, name in enumerate(names)
            if name in rejected
        ]
        good = [name for name in names if name not in rejected]
        yield chunk, Read(profiles.subset(good) if good else None, rejected_rows(wrong))


def rejected_rows(rows: Sequence[tuple[str | None, str, int, str]]) -> pd.DataFrame:
    """Rows of (sample, shard, row counted from 1, reason) as a table."""
    table = pd.DataFrame(rows, columns=list(REJECTED))
    return table.astype({"sample_id": object, "shard": object, "row": "int64", "reason": object})
