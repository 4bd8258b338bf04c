"""Samples that only the MAF beside a cohort names: scored by their mutations, as `pamrx predict` does."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pamrx.cohort.chunks import Chunk, Cohort, Read, in_runs, read_from
from pamrx.cohort.mutations import Beside
from pamrx.display import short_repr
from pamrx.profiles.assemble import Parts, assemble
from pamrx.readers.sample_table import undescribed


@short_repr
@dataclass(frozen=True)
class WithMutationsOnly:
    """A cohort, and after it the samples `names` of its MAF that it does not hold.

    Attributes
    ----------
    listed : whether the cohort says which samples it has; then others are set aside.
    """

    cohort: Cohort
    beside: Beside
    names: tuple[str, ...]
    assessed: frozenset[str] | None
    listed: bool

    @property
    def files(self) -> dict[str, str]:
        return self.cohort.files

    @property
    def told(self) -> tuple[str, ...]:
        done = "set aside" if self.listed else "their expression and all else but mutations is missing"
        return (*self.cohort.told, f"{self.beside.path}: {len(self.names)} samples are in no other file: {done}")

    @property
    def memory(self) -> int:
        return self.cohort.memory

    def narrowed(self, genes: Mapping[str, Collection[str]]) -> WithMutationsOnly:
        return replace(self, cohort=self.cohort.narrowed(genes))

    def tasks(self) -> list[list[Chunk]]:
        tasks = self.cohort.tasks()
        number = sum(len(task) for task in tasks)
        own = in_runs([(self.beside.path.name, 0, len(self.names))])
        return [*tasks, *([replace(chunk, number=chunk.number + number) for chunk in task] for task in own)]

    def read(self, task: Sequence[Chunk]) -> Iterator[tuple[Chunk, Read]]:
        if task[0].shard != self.beside.path.name:
            yield from self.cohort.read(task)
            return
        parts = Parts({"mutations": str(self.beside.path)}, self.beside.of(self.names))
        profiles = assemble(parts, undescribed(self.names), self.assessed, drivers_only=self.beside.drivers_only)
        why = f"{self.beside.path}: a sample that is in no other file of the cohort, which lists its samples"
        yield from read_from(profiles, dict.fromkeys(self.names, why) if self.listed else {}, task)


def with_mutations_only(
    cohort: Cohort, beside: Beside, others: Sequence[str], assessed: frozenset[str] | None, listed: bool
) -> Cohort:
    """The cohort with the samples `others` of its MAF, where there are any."""
    return WithMutationsOnly(cohort, beside, tuple(others), assessed, listed) if others else cohort
