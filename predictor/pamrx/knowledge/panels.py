"""Gene panels of common sequencing tests by name; the facts are in `knowledge/panels.csv`, one row per panel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pamrx.display import short_repr
from pamrx.errors import nearest
from pamrx.knowledge import table


@short_repr
@dataclass(frozen=True)
class Panel:
    """The genes that a test looks at for mutations, as current symbols; `source` and `note` as in the table."""

    name: str
    aliases: tuple[str, ...]
    genes: tuple[str, ...]
    source: str
    note: str


@cache
def all_panels() -> tuple[Panel, ...]:
    """Every panel, in the order of the table."""
    return tuple(
        Panel(
            str(row["panel"]),
            tuple(name for name in str(row["aliases"]).split("|") if name),
            tuple(str(row["genes"]).split("|")),
            str(row["source"]),
            str(row["note"]),
        )
        for row in table("panels").to_dict(orient="records")
    )


def find_panel(name: str) -> Panel | None:
    """The panel of this name or alias, case, blanks and punctuation ignored; None where there is none."""
    return _by_key().get(_key(name))


def near_panel(name: str) -> str:
    """`'; did you mean X?'`, or an empty text. A name with another number (IMPACT505) is another panel, not a slip."""
    numbers = re.findall(r"\d+", name)
    names = [one for panel in all_panels() for one in (panel.name, *panel.aliases)]
    close = nearest(name, [one for one in names if not numbers or re.findall(r"\d+", one) == numbers])
    return f"; did you mean {_by_key()[_key(close)].name}?" if close else ""


@cache
def _by_key() -> dict[str, Panel]:
    return {_key(name): panel for panel in reversed(all_panels()) for name in (*panel.aliases, panel.name)}


def _key(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
