"""The concentration that a drug reaches in patients: highest plasma concentration (Cmax), total and free.

The facts are in `knowledge/exposure.csv`, one row per drug, at the approved or the recommended phase 2 dose. Notes on
its columns:

- `cmax` in `cmax_unit` is what the source states; `cmax_um` the same in micromolar, by `molecular_weight` (g/mol).
- `matrix` is plasma, or blood for drugs that are bound in red cells and are measured there.
- `fraction_unbound` in plasma, and `cmax_free_um`, their product; empty where no source was found, and for blood.

Response in a dish is to the concentration in the medium, which holds a tenth of the protein of plasma or less: the free
concentration is the nearer of the two to compare an IC50 with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pamrx.display import short_repr
from pamrx.knowledge import table
from pamrx.knowledge.drugs import Drug, as_drug


@short_repr
@dataclass(frozen=True)
class Exposure:
    """What a drug reaches in patients; concentrations in micromolar, None where not known."""

    drug: str
    dose: str
    matrix: str
    cmax_um: float
    fraction_unbound: float | None
    cmax_free_um: float | None
    source: str
    citation_status: str


def exposure(drug: Drug | str) -> Exposure | None:
    """What the drug reaches in patients; None where no source was found.

    Raises
    ------
    UsageError
        If `drug` is a name that nothing has.

    Examples
    --------
    >>> exposure("Capivasertib").dose
    '400 mg twice daily, 4 days on and 3 off'
    """
    return _by_drug().get(as_drug(drug).name)


@cache
def _by_drug() -> dict[str, Exposure]:
    return {
        row["drug"]: Exposure(
            drug=row["drug"],
            dose=row["dose"],
            matrix=row["matrix"],
            cmax_um=float(row["cmax_um"]),
            fraction_unbound=_number(row["fraction_unbound"]),
            cmax_free_um=_number(row["cmax_free_um"]),
            source=row["source"],
            citation_status=row["citation_status"],
        )
        for row in table("exposure").to_dict(orient="records")
    }


def _number(text: str) -> float | None:
    return float(text) if text else None
