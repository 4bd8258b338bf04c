"""Whether a row of evidence fits a sample, and how the alteration is named to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pamrx.clinical.clonality import clonality_note
from pamrx.clinical.evidence import BOTH_COPIES, TRIED_ELSEWHERE, Condition, Evidence
from pamrx.clinical.facts import AMPLIFIED, DEEP_DELETION, Change, GeneFacts
from pamrx.display import short_repr

THIS, ANY, OTHER, UNKNOWN = "this", "any", "other", "unknown"
"""Whether the evidence is of the sample's tumour type: it is; it holds for any; of another; the tissue is not known."""

_NOTHING = GeneFacts()


@short_repr
@dataclass(frozen=True)
class Match:
    """How a row fits: the `alteration` in words, `notes`, and the `changes` by which it fits."""

    alteration: str
    notes: tuple[str, ...]
    changes: tuple[Change, ...] = ()


def tumour_type_match(row: Evidence, tissue: str | None) -> str:
    """`THIS`, `ANY`, `OTHER` or `UNKNOWN`; a lung cancer of unknown kind may be either kind."""
    if not row.tumour_types:
        return ANY
    if tissue is None or (tissue == "lung" and any(one.startswith("lung_") for one in row.tumour_types)):
        return UNKNOWN
    return THIS if tissue in row.tumour_types else OTHER


def match(row: Evidence, facts: Mapping[str, GeneFacts], tumour: str, purity: float) -> Match | None:
    """How the row fits a sample, or None where it does not, or where that is not known.

    Parameters
    ----------
    facts : of the sample by gene.
    tumour : from `tumour_type_match`.
    purity : of the sample, NaN where not known.
    """
    if tumour == OTHER and (row.level not in TRIED_ELSEWHERE or row.kind == "wild type"):
        return None
    if row.kind == "no marker":
        return Match("whatever the genes", ()) if tumour == THIS else None
    own = facts.get(row.gene, _NOTHING)
    found = _found(row, own)
    if found is None or (row.zygosity == BOTH_COPIES and not own.both):
        return None
    notes: list[str] = []
    for condition in row.conditions:
        told = _condition_note(condition, facts)
        if told is None:
            return None
        notes.append(told)
    words, changes = found
    if row.kind == "loss":
        notes.append(_hits(own))
    notes += [clonality_note(change, own, purity) for change in changes if change.driver]
    if tumour == OTHER:
        notes.append(f"evidence from another tumour type ({', '.join(row.tumour_types)})")
    return Match(words, tuple(filter(None, notes)), changes)


def missing_facts(row: Evidence, facts: Mapping[str, GeneFacts]) -> str:
    """What was not looked at and could make the row fit: `mutations`, `copy number`, both, or ""."""
    own = facts.get(row.gene, _NOTHING)
    if row.kind == "no marker" or _found(row, own) is not None:
        return ""
    by_change = row.kind != "amplification" and (not own.assessed or own.open)
    by_copies = bool(row.copy_number) and own.call != own.call
    return " and ".join(what for what, lacks in (("mutations", by_change), ("copy number", by_copies)) if lacks)


def _found(row: Evidence, own: GeneFacts) -> tuple[str, tuple[Change, ...]] | None:
    """The alteration that the row asks for, in words, and the changes that make it; None where it is not there."""
    if row.kind == "wild type":
        return ("no driver found", ()) if own.event("driver") is False else None
    if row.kind == "amplification":
        return ("amplified", ()) if own.call == AMPLIFIED else None
    changes = tuple(change for change in own.changes if _is_asked(row, change))
    if row.kind == "several mutations":
        names = dict.fromkeys(name for change in changes for name in sorted(change.names) if "_" not in name)
        return (" and ".join(names), changes) if len(names) > 1 else None
    words = [change.text for change in changes]
    if row.kind == "loss" and row.copy_number and own.call == DEEP_DELETION:
        words.append("deep deletion")
    return (" and ".join(words), changes) if words else None


def _is_asked(row: Evidence, change: Change) -> bool:
    if row.exact:
        return bool(row.exact & change.names)
    if row.residues:
        return change.alters and change.within(*row.residues)
    active = change.driver and change.word == "activating"
    return active if row.class_ == "activating" else change.driver and change.word in ("truncating", "damaging")


def _condition_note(condition: Condition, facts: Mapping[str, GeneFacts]) -> str | None:
    """What to say of a condition that holds or may hold; None where it does not hold.

    One that asks for another alteration must be seen to hold. One that asks for its absence may be unknown, and says
    so.
    """
    states = {(gene, what): facts.get(gene, _NOTHING).event(what) for gene, what in condition.events}
    present = [f"{gene} {_named(facts.get(gene, _NOTHING), what)}" for (gene, what), state in states.items() if state]
    if condition.wanted:
        return f"with {' and '.join(present)}" if present else None
    if present:
        return None
    unknown = [f"{gene} {what}" for (gene, what), state in states.items() if state is None]
    return f"holds without {' and '.join(unknown)}, which was not assessed" if unknown else ""


def _named(own: GeneFacts, what: str) -> str:
    if what == "amplification":
        return "amplified"
    changes = own.inactivating if what == "loss" else own.drivers
    words = [change.text for change in changes]
    return " and ".join(words) or "deep deletion"


def _hits(own: GeneFacts) -> str:
    if own.both:
        return "both copies hit"
    return "one hit found" if own.both is False else "one hit found; the other copy was not assessed"
