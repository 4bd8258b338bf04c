"""Natural products and delivery forms that act on the axis: what is known of their targets, and no prediction.

The facts are in `knowledge/natural_products.csv`, one row per substance or form. They stand apart from `drugs.csv`,
since a drug there that no screen holds is answered through screened drugs of its class, which would be wrong for a
substance without a defined target. Notes on its columns:

- `kind` is `phytochemical`, `delivery form` (a known substance, `drug`, in a carrier) or `screened natural product` (of
  GDSC, outside the axis).
- `targets` are the genes whose product it was seen to act on, directly or not; `evidence` says how.
- `level` is the best evidence of that: `approved`, `animals` or `cells`. `in_people` tells of trials, where a page that
  was opened does.
- `citation_status`: `opened` (the record or a page of it was read) or `secondary` (another page states it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pamrx.display import short_repr
from pamrx.knowledge import table
from pamrx.knowledge.drug_names import name_key

KINDS = ("phytochemical", "delivery form", "screened natural product")
LEVELS = ("approved", "animals", "cells")
"""From the strongest evidence to the weakest."""


@short_repr
@dataclass(frozen=True)
class NaturalProduct:
    """One row of the table; `drug` is empty but for a delivery form."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    targets: tuple[str, ...]
    evidence: str
    level: str
    in_people: str
    drug: str
    screens: tuple[str, ...]
    source: str
    citation_status: str


@cache
def natural_products() -> tuple[NaturalProduct, ...]:
    """The whole table."""
    return tuple(
        NaturalProduct(
            name=row["name"],
            aliases=_cells(row["aliases"]),
            kind=row["kind"],
            targets=_cells(row["targets"]),
            evidence=row["evidence"],
            level=row["level"],
            in_people=row["in_people"],
            drug=row["drug"],
            screens=_cells(row["screens"]),
            source=row["source"],
            citation_status=row["citation_status"],
        )
        for row in table("natural_products").to_dict(orient="records")
    )


def natural_product(name: str) -> NaturalProduct | None:
    """The one of this name; case, blanks and punctuation do not count. None for any other name."""
    return _by_key().get(name_key(name))


def forms_of(drug: str) -> tuple[NaturalProduct, ...]:
    """The delivery forms of a substance."""
    return tuple(one for one in natural_products() if one.drug == drug)


def refusal(product: NaturalProduct) -> str:
    """One line on why nothing is predicted for it, and what is known."""
    if product.screens:
        why = f"{' and '.join(product.screens)} screened it outside the axis, and this model predicts drugs of the axis"
    elif product.kind == "delivery form":
        why = "no screen holds this form"
    else:
        why = "no screen holds it"
    instead = f"; its substance is {product.drug}" if product.drug else ""
    known = f"known ({product.level}): {product.evidence}"
    return (
        f"{product.name}: {why}, so nothing is predicted; {known}{instead}; `pamrx drugs '{product.name}'` tells more"
    )


@cache
def _by_key() -> dict[str, NaturalProduct]:
    return {name_key(name): one for one in natural_products() for name in (one.name, *one.aliases)}


def _cells(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()
