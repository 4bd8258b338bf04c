"""Names that are likely those of one sample although more than spelling tells them apart: told, never joined."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from pamrx.identifiers.sample_spelling import PAIRS_SHOWN, spelling_key

# Sample, then portion and analyte, as in barcodes of TARGET, CGCI and HCMI: TARGET-20-PANZLR-09A-01D.
_ALIQUOT = re.compile(r"(?P<sample>.+[-._]\d{2}[A-Z])[-._]\d{2}[DRWXTGHS](?:[-._].*)?", re.IGNORECASE)
_MARKS = re.compile(r"[\W_]+")
_MOST_CUTS = 8  # marks of a name at which it is cut; barcodes have up to seven
_SHORT, _LONG = 3, 5  # characters from which on the end of a name, or its digits without marks, may name a sample
_ID_KINDS = {
    "a DepMap id (ModelID)": re.compile(r"ACH-\d{6}"),
    "an id of the Cell Model Passports (SangerModelID)": re.compile(r"SIDM\d{5}"),
    "a COSMIC id (COSMICID)": re.compile(r"\d{6,7}"),
}
_MOSTLY = 0.8


@dataclass(frozen=True)
class Twins:
    """Two names that may be one sample's, and the name that would join them."""

    one: str
    other: str
    used: str

    @property
    def edit(self) -> str:
        """What to write in the files, if they are one sample."""
        return f"write {self.used} for {' and '.join(name for name in (self.one, self.other) if name != self.used)}"


def likely_twins(these: Collection[str], those: Collection[str]) -> list[Twins]:
    """Names of two files, each in one of them only, that pair off one to one.

    One is the other's beginning or end up to a mark (P-0000004 and P-0000004-T01-IM3; MCF7 and MCF7_BREAST), they are
    aliquots of one sample, or they differ in leading zeros or in marks between digits.
    """
    ours, theirs = set(these), set(those)
    ours, theirs = ours - theirs, theirs - ours
    found: dict[tuple[str, str], str] = {}
    for one, other, used in _pairs(ours, theirs):
        found.setdefault((one, other), used)
    for other, one, used in _pairs(theirs, ours):
        found.setdefault((one, other), used)
    partners: dict[str, set[str]] = defaultdict(set)
    for one, other in found:
        partners[f"<{one}"].add(other)
        partners[f">{other}"].add(one)
    order = {name: place for place, name in enumerate(these)}
    pairs = sorted(found.items(), key=lambda item: order[item[0][0]])
    return [
        Twins(one, other, used)
        for (one, other), used in pairs
        if len(partners[f"<{one}"]) == len(partners[f">{other}"]) == 1
    ]


def twin_notes(ids: Mapping[str, Collection[str]]) -> list[str]:
    """One note for each two files with likely twins: which, and the edit that would join them."""
    notes = []
    for (file, these), (other, those) in combinations(ids.items(), 2):
        twins = likely_twins(these, those)
        if twins:
            shown = ", ".join(f"{pair.one} and {pair.other}" for pair in twins[:PAIRS_SHOWN])
            more = f" and {len(twins) - PAIRS_SHOWN} more" if len(twins) > PAIRS_SHOWN else ""
            notes.append(
                f"{file} and {other}: {len(twins)} samples look like the same under two names, not joined: {shown}"
                f"{more}; where they are, {twins[0].edit}"
            )
    return notes


def twin_hint(these: Iterable[str], those: Iterable[str]) -> str:
    """For the end of a message: two names that are alike, the first likely twins, or two kinds of ids."""
    ours, theirs = list(these), list(those)
    spelt = {spelling_key(name): name for name in theirs}
    for name in ours:
        if (other := spelt.get(spelling_key(name), name)) != name:
            return f"; {name} and {other} differ only in case or punctuation: if they are one sample, spell them alike"
    twins = likely_twins(ours, theirs)
    if twins:
        return f"; {twins[0].one} and {twins[0].other} may be one sample: if so, {twins[0].edit}"
    for here, there in ((ours, theirs), (theirs, ours)):
        for kind, pattern in _ID_KINDS.items():
            if _share(pattern, here) > _MOSTLY and not _share(pattern, there):
                return (
                    f"; {here[0]} looks like {kind} and {there[0]} does not: write names of one kind in all files "
                    "(DepMap's Model.csv lists CellLineName, ModelID, SangerModelID and COSMICID of each line)"
                )
    return ""


def _share(pattern: re.Pattern[str], names: list[str]) -> float:
    return sum(bool(pattern.fullmatch(name)) for name in names) / max(1, len(names))


def _pairs(short: Iterable[str], long: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Name, longer or equal name, and the name that would join them."""
    offered: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in short:
        for key, used in _whole(name):
            offered[key].append((name, used))
    for name in long:
        own = spelling_key(name)
        for key, used_here in (*_whole(name), *((key, "") for key in _cuts(name))):
            for other, used in offered.get(key, ()):
                if spelling_key(other) != own:
                    yield other, name, used if used_here in ("", used) else max(used, used_here, key=len)


def _whole(name: str) -> Iterator[tuple[str, str]]:
    """Keys under which a name is looked for, each with the name that would join it."""
    key = spelling_key(name)
    if not key:
        return
    yield key, name
    if key.isdecimal():
        yield f"number {key.lstrip('0')}", name
    if len(key) >= _LONG:
        yield f"plain {key.replace('-', '')}", name
    if aliquot := _ALIQUOT.fullmatch(name):
        yield spelling_key(aliquot["sample"]), aliquot["sample"]


def _cuts(name: str) -> Iterator[str]:
    """Keys of the beginnings and ends of a name, cut at its marks."""
    for mark in list(_MARKS.finditer(name))[:_MOST_CUTS]:
        if beginning := spelling_key(name[: mark.start()]):
            yield beginning
        end = spelling_key(name[mark.end() :])
        if len(end) >= _SHORT and not end.isdigit():
            yield end
