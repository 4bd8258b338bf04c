"""Inhibitors of the PI3K/AKT/mTOR axis: names, classes, screens, and proxies for a drug that is in no screen.

The facts are in `knowledge/drugs.csv`, one row per compound. Notes on its columns:

- `drug` is the one name used everywhere else; `aliases` holds codes, salts, trade names and GDSC's other spellings.
- `gdsc1_names`, `gdsc2_names` are DRUG_NAME strings exactly as GDSC writes them.
- The class PDK1 means PDPK1 (3-phosphoinositide-dependent kinase 1), not pyruvate dehydrogenase kinase.
- `max_phase` is the highest phase under which a registry files a trial, in any disease (a phase 1/2 trial counts
  as 1); `approved` means in at least one country, also where later withdrawn.
- `max_conc_um_*`, in micromolar, are empty unless read from GDSC's own tables: nothing is inferred from the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pamrx.display import short_repr
from pamrx.errors import UsageError, did_you_mean, nearest
from pamrx.knowledge import table

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

MAX_PHASES = ("preclinical", "1", "2", "3", "approved")


@short_repr
@dataclass(frozen=True)
class Drug:
    """One compound. `gdsc1_names` and `gdsc2_names` are GDSC's own strings; concentrations are in micromolar."""

    name: str
    aliases: tuple[str, ...]
    gdsc1_names: tuple[str, ...]
    gdsc2_names: tuple[str, ...]
    screens: tuple[str, ...]
    targets: tuple[str, ...]
    drug_class: str
    max_phase: str
    max_conc_um_gdsc1: float | None
    max_conc_um_gdsc2: float | None
    gdsc_label_note: str
    source: str

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
        If no compound has that name; the nearest known name is given.
    """
    found = _by_key().get(_key(name))
    if found is None:
        raise UsageError(f"unknown drug '{name}'{_suggestion(name)}")
    return found


def resolve_screened(names: Sequence[str]) -> list[Drug]:
    """The compounds named, in the order given and each once; blank names are passed over.

    Raises
    ------
    UsageError
        If a name is unknown, if no screen holds the compound (its class's proxies are named), or if nothing is named.
    """
    chosen: dict[str, Drug] = {}
    for name in names:
        if not _key(name):
            continue
        drug = resolve(name)
        if not drug.screened:
            raise UsageError(_not_screened(drug))
        chosen.setdefault(drug.name, drug)
    if not chosen:
        raise UsageError("no drug named; expected one or more names such as Alpelisib,Capivasertib")
    return list(chosen.values())


def proxies(drug: Drug | str) -> list[Drug]:
    """The screened compounds of an unscreened compound's class, nearest mechanism first; empty for a screened one.

    Nearest means: most targets in common (Jaccard index of the target sets), then newest screen, then name.

    Raises
    ------
    UsageError
        If `drug` is a name that nothing has.
    """
    wanted = _as_drug(drug)
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
    return _by_gdsc_name()[_checked_screen(screen)].get(gdsc_name)


def max_concentration(drug: Drug | str, screen: str) -> float | None:
    """The highest concentration tested in `screen`, in micromolar; None where it is not verified or not screened.

    Raises
    ------
    UsageError
        If the screen or the drug is unknown.
    """
    wanted = _as_drug(drug)
    return wanted.max_conc_um_gdsc1 if _checked_screen(screen) == "GDSC1" else wanted.max_conc_um_gdsc2


def drugs_frame() -> pd.DataFrame:
    """The table to print: one row per compound; lists are joined by commas, `proxies` is filled for the unscreened."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "drug": drug.name,
                "drug_class": drug.drug_class,
                "targets": ", ".join(drug.targets),
                "max_phase": drug.max_phase,
                "screens": ", ".join(drug.screens),
                "proxies": ", ".join(other.name for other in proxies(drug)),
                "aliases": ", ".join(drug.aliases),
                "gdsc_label_note": drug.gdsc_label_note,
                "source": drug.source,
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
        max_phase=row["max_phase"],
        max_conc_um_gdsc1=_number(row["max_conc_um_gdsc1"]),
        max_conc_um_gdsc2=_number(row["max_conc_um_gdsc2"]),
        gdsc_label_note=row["gdsc_label_note"],
        source=row["source"],
    )


def _cells(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _number(text: str) -> float | None:
    return float(text) if text else None


def _key(name: str) -> str:
    return "".join(character for character in str(name).lower() if character.isalnum())


def _names(drug: Drug) -> tuple[str, ...]:
    return (drug.name, *drug.aliases, *drug.gdsc1_names, *drug.gdsc2_names)


@cache
def _by_key() -> dict[str, Drug]:
    return {_key(name): drug for drug in all_drugs() for name in _names(drug)}


@cache
def _by_gdsc_name() -> dict[str, dict[str, Drug]]:
    return {
        "GDSC1": {name: drug for drug in all_drugs() for name in drug.gdsc1_names},
        "GDSC2": {name: drug for drug in all_drugs() for name in drug.gdsc2_names},
    }


def _as_drug(drug: Drug | str) -> Drug:
    return drug if isinstance(drug, Drug) else resolve(drug)


def _checked_screen(screen: str) -> str:
    if screen not in SCREENS:
        raise UsageError(f"unknown screen '{screen}'; expected {' or '.join(SCREENS)}{did_you_mean(screen, SCREENS)}")
    return screen


def _shared_targets(one: Drug, other: Drug) -> float:
    first, second = set(one.targets), set(other.targets)
    return len(first & second) / len(first | second)


def _suggestion(name: str) -> str:
    close = nearest(name, [known for drug in all_drugs() for known in _names(drug)])
    if close is None:
        return "; `pamrx drugs` lists the known ones"
    drug = _by_key()[_key(close)]
    return f"; did you mean {close}?" if close == drug.name else f"; did you mean {close} ({drug.name})?"


def _not_screened(drug: Drug) -> str:
    stand_ins = ", ".join(other.name for other in proxies(drug))
    return (
        f"{drug.name}: no screen ({', '.join(SCREENS)}) holds it; "
        f"screened drugs of its class ({drug.drug_class}), to be read as proxies: {stand_ins}"
    )
