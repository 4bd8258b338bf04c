"""Inhibitors of the PI3K/AKT/mTOR axis: names, classes, screens, and proxies for a drug that is in no screen.

The facts are in `knowledge/drugs.csv`, one row per compound. Notes on its columns:

- `drug` is the one name used everywhere else; `aliases` holds codes, salts, trade names and GDSC's other spellings.
- `gdsc1_names`, `gdsc2_names` are DRUG_NAME strings exactly as GDSC writes them.
- The class PDK1 means PDPK1 (3-phosphoinositide-dependent kinase 1), not pyruvate dehydrogenase kinase.
- `in_trials` says whether people have been given the compound; where, and how far it came, is in `drug_status.csv`.
- `citation_status` says how `source` was checked: `opened` (the record or a page of it was read), `secondary` (another
  source that was opened states it) or `recalled`.

Natural products and delivery forms, for which nothing is predicted, are in `natural_products.csv`.

Beside it stand `drug_status.csv` (approvals, withdrawals and trials), `concentrations.csv` (highest tested
concentrations) and `exposure.csv` (plasma concentrations), each with a module of its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pamrx.display import short_repr
from pamrx.errors import UsageError, did_you_mean, nearest
from pamrx.knowledge import table
from pamrx.knowledge.drug_names import name_key
from pamrx.knowledge.natural_products import natural_product, refusal

if TYPE_CHECKING:
    import pandas as pd

SCREENS = ("GDSC1", "GDSC2")
"""The screens, oldest first."""

DRUG_CLASSES = (
    "pan-PI3K",
    "PI3K alpha",
    "PI3K beta",
    "PI3K delta",
    "PI3K gamma",
    "dual PI3K/mTOR",
    "mTORC1/2",
    "mTORC1 rapalog",
    "AKT",
    "PDK1",
    "S6K",
    "VPS34",
    "PIKfyve",
)

SUGGESTED = 0.8
"""A name less like every known one is of another drug, and gets no suggestion (imatinib is no Torkinib)."""


@short_repr
@dataclass(frozen=True)
class Drug:
    """One compound. `gdsc1_names` and `gdsc2_names` are GDSC's own strings."""

    name: str
    aliases: tuple[str, ...]
    gdsc1_names: tuple[str, ...]
    gdsc2_names: tuple[str, ...]
    screens: tuple[str, ...]
    targets: tuple[str, ...]
    drug_class: str
    in_trials: bool
    gdsc_label_note: str
    source: str
    citation_status: str

    @property
    def screened(self) -> bool:
        """Whether any screen holds the compound."""
        return bool(self.screens)

    @property
    def newest_screen(self) -> str | None:
        """The latest screen that holds the compound; None where none does."""
        return self.screens[-1] if self.screens else None


@cache
def all_drugs() -> tuple[Drug, ...]:
    """Every compound of the axis, by class, in the order of the table."""
    return tuple(
        _drug({str(column): str(cell) for column, cell in row.items()})
        for row in table("drugs").to_dict(orient="records")
    )


@cache
def screened_drugs() -> tuple[Drug, ...]:
    """The compounds that GDSC1 or GDSC2 holds."""
    return tuple(drug for drug in all_drugs() if drug.screened)


def resolve(name: str) -> Drug:
    """The compound of this name, code, salt or trade name; case, blanks and punctuation do not count.

    Raises
    ------
    UsageError
        If no compound has that name; the nearest known name is given. A natural product or a delivery form that no
        screen holds is refused with what is known of it (`pamrx.knowledge.natural_products`).
    """
    found = _by_key().get(name_key(name))
    if found is None and (known := natural_product(name)) is not None:
        raise UsageError(refusal(known))
    if found is None:
        raise UsageError(f"unknown drug '{name}'{_suggestion(name)}")
    return found


def is_drug(name: str) -> bool:
    """Whether a compound of the table has that name."""
    return name_key(name) in _by_key()


def resolve_all(names: Sequence[str]) -> list[Drug]:
    """The compounds named, screened or not, in the order given and each once; blank names are passed over.

    Raises
    ------
    UsageError
        If a name is unknown, or if nothing is named.
    """
    chosen = {drug.name: drug for drug in (resolve(name) for name in names if name_key(name))}
    if not chosen:
        raise UsageError("no drug named; expected one or more names such as Alpelisib,Capivasertib")
    return list(chosen.values())


def resolve_screened(names: Sequence[str]) -> list[Drug]:
    """The same as `resolve_all`, where each must be in a screen.

    Raises
    ------
    UsageError
        If no screen holds a compound (its class's proxies are named), and as `resolve_all`.
    """
    chosen = resolve_all(names)
    for drug in chosen:
        if not drug.screened:
            raise UsageError(proxy_note(drug))
    return chosen


def answering(names: Sequence[str]) -> dict[Drug, tuple[Drug, ...]]:
    """The screened compounds that answer for the ones named, in the order given and each once.

    Returns
    -------
    dict
        A screened compound answers for itself. One that no screen holds is answered by its proxies, which follow in
        its place. The value is what the compound stands in for: empty where it was only named itself.

    Raises
    ------
    UsageError
        If a name is unknown, or if nothing is named.
    """
    found: dict[Drug, tuple[Drug, ...]] = {}
    for drug in resolve_all(names):
        if drug.screened:
            found.setdefault(drug, ())
        for proxy in proxies(drug):
            found[proxy] = (*found.get(proxy, ()), drug)
    return found


def proxies(drug: Drug | str) -> list[Drug]:
    """The screened compounds of an unscreened compound's class, nearest mechanism first; empty for a screened one.

    Nearest means: most targets in common (Jaccard index of the target sets), then newest screen, then name.

    Raises
    ------
    UsageError
        If `drug` is a name that nothing has.
    """
    wanted = as_drug(drug)
    if wanted.screened:
        return []
    candidates = [other for other in screened_drugs() if other.drug_class == wanted.drug_class]
    return sorted(
        candidates,
        key=lambda other: (-_shared_targets(wanted, other), -SCREENS.index(other.screens[-1]), other.name.lower()),
    )


def assay_drug(screen: str, gdsc_name: str) -> Drug | None:
    """The compound behind GDSC's DRUG_NAME in `screen`; None where that name is not of the axis.

    The match is exact, since GDSC's names are; several names of one screen may lead to one compound
    (`Torin 2` and `torin2`), which makes them replicates of one assay.

    Raises
    ------
    UsageError
        If `screen` is not one of `SCREENS`.
    """
    return _by_gdsc_name()[checked_screen(screen)].get(gdsc_name)


def drugs_frame() -> pd.DataFrame:
    """The table to print: one row per compound; lists are joined by commas, `proxies` is filled for the unscreened."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "drug": drug.name,
                "drug_class": drug.drug_class,
                "targets": ", ".join(drug.targets),
                "screens": ", ".join(drug.screens),
                "proxies": ", ".join(other.name for other in proxies(drug)),
                "aliases": ", ".join(drug.aliases),
                "gdsc_label_note": drug.gdsc_label_note,
                "source": drug.source,
                "citation_status": drug.citation_status,
            }
            for drug in all_drugs()
        ]
    )


def _drug(row: dict[str, str]) -> Drug:
    return Drug(
        name=row["drug"],
        aliases=_cells(row["aliases"]),
        gdsc1_names=_cells(row["gdsc1_names"]),
        gdsc2_names=_cells(row["gdsc2_names"]),
        screens=_cells(row["screens"]),
        targets=_cells(row["targets"]),
        drug_class=row["drug_class"],
        in_trials=row["in_trials"] == "yes",
        gdsc_label_note=row["gdsc_label_note"],
        source=row["source"],
        citation_status=row["citation_status"],
    )


def _cells(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _names(drug: Drug) -> tuple[str, ...]:
    return (drug.name, *drug.aliases, *drug.gdsc1_names, *drug.gdsc2_names)


@cache
def _by_key() -> dict[str, Drug]:
    return {name_key(name): drug for drug in all_drugs() for name in _names(drug)}


@cache
def _by_gdsc_name() -> dict[str, dict[str, Drug]]:
    return {
        "GDSC1": {name: drug for drug in all_drugs() for name in drug.gdsc1_names},
        "GDSC2": {name: drug for drug in all_drugs() for name in drug.gdsc2_names},
    }


def as_drug(drug: Drug | str) -> Drug:
    """The compound itself, or the one of that name (see `resolve`)."""
    return drug if isinstance(drug, Drug) else resolve(drug)


def checked_screen(screen: str) -> str:
    """The name of a screen, as it is.

    Raises
    ------
    UsageError
        If `screen` is not one of `SCREENS`.
    """
    if screen not in SCREENS:
        raise UsageError(f"unknown screen '{screen}'; expected {' or '.join(SCREENS)}{did_you_mean(screen, SCREENS)}")
    return screen


def _shared_targets(one: Drug, other: Drug) -> float:
    first, second = set(one.targets), set(other.targets)
    return len(first & second) / len(first | second)


def _suggestion(name: str) -> str:
    close = nearest(name, [known for drug in all_drugs() for known in _names(drug)], SUGGESTED)
    if close is None:
        return "; `pamrx drugs` lists the known ones"
    drug = _by_key()[name_key(close)]
    return f"; did you mean {close}?" if close == drug.name else f"; did you mean {close} ({drug.name})?"


def proxy_note(drug: Drug) -> str:
    """One line on who answers for a compound that no screen holds."""
    stand_ins = ", ".join(other.name for other in proxies(drug))
    return (
        f"{drug.name}: no screen ({', '.join(SCREENS)}) holds it; "
        f"screened drugs of its class ({drug.drug_class}), to be read as proxies: {stand_ins}"
    )
