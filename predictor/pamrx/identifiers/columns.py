"""The columns of a matrix: labels of a source, the names that pamrx writes for them, and which share a unit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from pamrx.display import short_repr
from pamrx.identifiers.genes import clean_labels, is_circrna, is_mirna, name_columns

MATRICES = ("expression", "ncrna", "copy_number", "segments")
"""Kinds of matrices, as `Profiles` names them."""

CALLS_OF = ("copy_number", "segments")
"""Those that hold calls."""


@short_repr
@dataclass(frozen=True)
class Columns:
    """The columns of one matrix: as the source names them, and under the names that pamrx writes (which may repeat).

    miRNAs keep their labels until their levels are logarithms: how stem-loops become one depends on it.
    """

    kind: str
    given: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, kind: str, labels: Sequence[str], known: Collection[str]) -> Columns:
        """Name the labels of a matrix; those without a name are dropped."""
        clean = clean_labels(labels)
        names = list(name_columns(clean, known, "copy_number" if kind in CALLS_OF else kind)["name"])
        kept = [place for place, label in enumerate(clean) if label]
        every = cls.named(kind, clean, names)
        return cls(kind, tuple(labels[place] for place in kept), tuple(every.names[place] for place in kept))

    @classmethod
    def named(cls, kind: str, given: Sequence[str], names: Sequence[str]) -> Columns:
        """From clean labels and the names found for them."""
        chosen = [g if kind == "ncrna" and is_mirna(g) else str(n) for g, n in zip(given, names, strict=True)]
        return cls(kind, tuple(given), tuple(chosen))

    def places_of(self, genes: Collection[str] | None) -> list[int]:
        """The columns of some genes; all, where none is named or none of them is present."""
        found = [place for place, name in enumerate(self.names) if genes is None or name in genes]
        return found or list(range(len(self.names)))

    def at(self, places: Sequence[int]) -> Columns:
        """Some of the columns."""
        return Columns(self.kind, *(tuple(names[place] for place in places) for names in (self.given, self.names)))

    def groups(self) -> dict[str, np.ndarray]:
        """Masks of the columns whose unit is settled together: all, or of ncRNAs those of one kind of assay."""
        if self.kind != "ncrna":
            return {self.kind: np.ones(len(self.names), dtype=bool)}
        micro = np.array([is_mirna(name) for name in self.names], dtype=bool)
        circular = np.array([is_circrna(name) for name in self.names], dtype=bool)
        groups = {"miRNA": micro, "circRNA": circular, "other ncRNA": ~(micro | circular)}
        return {what: mask for what, mask in groups.items() if mask.any()}
