"""The rows of `knowledge/clinical_evidence.csv`: one alteration, one drug or class, one finding, with its source.

Notes on its columns:

- `kind` says what must be found: `mutation` (one of `changes`), `loss` (an inactivating mutation, or the event in
  `copy_number`), `amplification`, `several mutations` (two different ones of `changes`), `wild type` (assessed, and no
  driver), `no marker` (the finding holds for the tumour type, whatever the genes).
- `changes` are exact ones (`E17K|E40K`), a class (`activating`, `inactivating`) or `residues 2018-2114`: any change
  of the protein there.
- `zygosity` is `both copies` where the finding needs that both are hit.
- `co_alteration` are conditions parted by semicolons: `with KRAS driver|BRAF driver`, `without PTEN loss`.
- `tumour_type` are words of `pamrx vocab`, or `any`; what a tissue does not tell (receptors, line of treatment,
  partner drugs) is in `setting`.
- `direction` is what the alteration goes with: `sensitive`, `resistant`, or `none` (a trial or model showed no effect).
- `effect` is as published; `trial` and `nct` name the trial.
- `citation_status` as in all tables; `date_checked` is when the source, or the
  record of it in `citations.csv` or `drug_status.csv`, was looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pamrx.display import short_repr
from pamrx.knowledge import table

LEVELS = ("approved with companion marker", "guideline", "phase 3", "phase 2", "case series", "preclinical")
"""From the clinic to the bench."""

TRIED_ELSEWHERE = LEVELS[:4]
"""Levels that are told in another tumour type too; single cases and models of another tumour say too little."""

DIRECTIONS = ("sensitive", "resistant", "none")
KINDS = ("mutation", "loss", "amplification", "several mutations", "wild type", "no marker")
CLASSES = ("activating", "inactivating")
BOTH_COPIES = "both copies"
ANY = "any"

EventName = Literal["driver", "loss", "amplification"]
_EVENTS: dict[str, EventName] = {"driver": "driver", "loss": "loss", "amplification": "amplification"}
_RESIDUES = re.compile(r"residues (\d+)-(\d+)")


@short_repr
@dataclass(frozen=True)
class Condition:
    """Another alteration that must be there (`wanted`), or must not: any of `events`, each a gene and what of it."""

    wanted: bool
    events: tuple[tuple[str, EventName], ...]

    def __str__(self) -> str:
        """`with KRAS driver or BRAF driver`, as the table has it."""
        return f"{'with' if self.wanted else 'without'} " + " or ".join(f"{gene} {what}" for gene, what in self.events)


@short_repr
@dataclass(frozen=True)
class Evidence:
    """One row of the table; its columns are explained above.

    Attributes
    ----------
    exact : changes by name; `class_` one of `CLASSES` or ""; `residues` first and last, or None.
    tumour_types : empty for any.
    """

    id: str
    gene: str
    kind: str
    exact: frozenset[str]
    class_: str
    residues: tuple[int, int] | None
    copy_number: str
    zygosity: str
    conditions: tuple[Condition, ...]
    drug: str
    drug_class: str
    tumour_types: tuple[str, ...]
    setting: str
    direction: str
    level: str
    effect: str
    trial: str
    nct: str
    source: str
    citation_status: str
    date_checked: str

    @property
    def rank(self) -> int:
        """Place of the level, 0 for the highest."""
        return LEVELS.index(self.level)


@cache
def evidence() -> tuple[Evidence, ...]:
    """Every row of the table, in its order."""
    return tuple(
        _evidence({str(key): str(cell) for key, cell in row.items()})
        for row in table("clinical_evidence").to_dict("records")
    )


@cache
def genes_of_evidence() -> tuple[str, ...]:
    """Every gene that a row or one of its conditions names, in alphabetical order."""
    own = {row.gene for row in evidence()}
    others = {gene for row in evidence() for condition in row.conditions for gene, _ in condition.events}
    return tuple(sorted((own | others) - {""}))


def conditions(text: str) -> tuple[Condition, ...]:
    """The conditions of a cell `co_alteration`.

    Raises
    ------
    ValueError
        If the cell is not in the form that the table uses.

    Examples
    --------
    >>> [str(one) for one in conditions("without KRAS driver; with PTEN loss|NF1 loss")]
    ['without KRAS driver', 'with PTEN loss or NF1 loss']
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        word, _, events = part.partition(" ")
        pairs = [tuple(event.split(" ")) for event in events.split("|")]
        if word not in ("with", "without") or any(len(pair) != 2 or pair[1] not in _EVENTS for pair in pairs):
            raise ValueError(f"co_alteration '{part}'; expected such as 'with KRAS driver|BRAF driver'")
        found.append(Condition(word == "with", tuple((gene, _EVENTS[what]) for gene, what in pairs)))
    return tuple(found)


def _evidence(row: dict[str, str]) -> Evidence:
    changes = row["changes"]
    span = _RESIDUES.fullmatch(changes)
    named = changes and changes not in CLASSES and span is None
    plain = ("id", "gene", "kind", "copy_number", "zygosity", "drug", "drug_class", "setting", "direction", "level")
    told = ("effect", "trial", "nct", "source", "citation_status", "date_checked")
    return Evidence(
        exact=frozenset(changes.split("|")) if named else frozenset(),
        class_=changes if changes in CLASSES else "",
        residues=(int(span[1]), int(span[2])) if span else None,
        conditions=conditions(row["co_alteration"]),
        tumour_types=() if row["tumour_type"] == ANY else tuple(row["tumour_type"].split("|")),
        **{name: row[name] for name in (*plain, *told)},
    )
