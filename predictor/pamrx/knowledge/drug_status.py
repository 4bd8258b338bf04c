"""How far each drug came: approvals by region, what was withdrawn, and trials.

The facts are in `knowledge/drug_status.csv`, one row per drug, region, indication and event. Notes on its columns:

- `region` is where an approval holds; `any` for a trial.
- `status` is `approved`, `withdrawn` (the product or that indication, by the owner or the authority), `under review`
  (an application was filed, and no decision was found), `phase 3`, `phase 2`, `phase 1`, or `discontinued`
  (development was stopped).
- `year` is that of the event; empty where no source that was opened states it.
- No row rests on memory: `citation_status` is `opened` or `secondary`, and a drug whose trials were not found again has
  no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pamrx.display import short_repr
from pamrx.knowledge import table
from pamrx.knowledge.drugs import Drug, as_drug

EVENTS = ("approved", "withdrawn", "under review", "phase 3", "phase 2", "phase 1", "discontinued")

STATUSES = (
    "approved", "partly withdrawn", "withdrawn", "under review", "phase 3", "phase 2", "phase 1", "trials",
    "preclinical",
)  # fmt: skip
"""What `status` says, from the clinic to the bench."""


@short_repr
@dataclass(frozen=True)
class StatusRow:
    """One row of the table; `year` is None where it is not known."""

    drug: str
    region: str
    status: str
    year: int | None
    indication: str
    source: str
    citation_status: str

    def __str__(self) -> str:
        """`United States: withdrawn 2022 (follicular lymphoma)`, in one line for a reader."""
        where = "" if self.region == "any" else f"{self.region}: "
        when = "" if self.year is None else f" {self.year}"
        return f"{where}{self.status}{when}" + (f" ({self.indication})" if self.indication else "")


@cache
def status_rows() -> tuple[StatusRow, ...]:
    """The whole table."""
    return tuple(
        StatusRow(
            drug=row["drug"],
            region=row["region"],
            status=row["status"],
            year=int(row["year"]) if row["year"] else None,
            indication=row["indication"],
            source=row["source"],
            citation_status=row["citation_status"],
        )
        for row in table("drug_status").to_dict(orient="records")
    )


def history(drug: Drug | str) -> tuple[StatusRow, ...]:
    """The rows of a drug, in the order of the table.

    Raises
    ------
    UsageError
        If `drug` is a name that nothing has.
    """
    return _by_drug().get(as_drug(drug).name, ())


def status(drug: Drug | str) -> str:
    """How far a drug came, as one of `STATUSES`.

    `partly withdrawn`: an approval is in force and another was withdrawn. `withdrawn`: none is left. Else the furthest
    that a source shows. `trials`: people were given it, and no source that was opened says in which phase.

    Raises
    ------
    UsageError
        If `drug` is a name that nothing has.

    Examples
    --------
    >>> status("Umbralisib"), status("Idelalisib"), status("Torin 1")
    ('withdrawn', 'partly withdrawn', 'preclinical')
    """
    wanted = as_drug(drug)
    events = [row.status for row in history(wanted)]
    if "withdrawn" in events:
        return "partly withdrawn" if "approved" in events else "withdrawn"
    return next((event for event in EVENTS[:-1] if event in events), "trials" if wanted.in_trials else "preclinical")


def with_status(drugs: Sequence[Drug], wanted: str) -> list[Drug]:
    """Those of a status; a drug that is partly withdrawn counts as approved and as withdrawn alike."""
    parts = {"partly withdrawn": ("approved", "withdrawn", "partly withdrawn")}
    return [drug for drug in drugs if wanted in parts.get(status(drug), (status(drug),))]


@cache
def _by_drug() -> dict[str, tuple[StatusRow, ...]]:
    found: dict[str, tuple[StatusRow, ...]] = {}
    for row in status_rows():
        found[row.drug] = (*found.get(row.drug, ()), row)
    return found
