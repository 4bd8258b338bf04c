"""Names of one sample that differ only in how they are spelt: case, punctuation, spaces, R's `make.names`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

PAIRS_SHOWN = 5

# Two lines each, which only punctuation tells apart: T-T (oesophagus) and TT (thyroid), KM-H2 (Hodgkin lymphoma) and
# KMH-2 (thyroid), MS-1 and MS1 (DepMap model table; Cell Model Passports).
_SHARED = frozenset({"tt", "kmh2", "ms1"})
_PUNCTUATION = re.compile(r"[\W_]+")
_FROM_R = re.compile(r"x\d")


def canonical_key(name: str) -> str:
    """The key of a cell line: upper case, letters and digits only (`"MCF-7"` and `"mcf7"` give `"MCF7"`)."""
    return "".join(character for character in str(name).upper() if character.isascii() and character.isalnum())


def spelling_key(name: str) -> str:
    """What is left of a name without case, spaces and punctuation; punctuation between two digits counts as one `-`,
    since `1-11` and `11-1` are two names."""
    text = name.strip().casefold()

    def mark(found: re.Match[str]) -> str:
        inside = found.start() > 0 and found.end() < len(text)
        return "-" if inside and text[found.start() - 1].isdigit() and text[found.end()].isdigit() else ""

    return text if text.isalnum() else _PUNCTUATION.sub(mark, text)


def join_spellings(
    ids: Mapping[str, Iterable[str]], preferred: str = ""
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """One spelling for the names of several files that differ in nothing but spelling.

    Only where every file has one such name at most; two names of one file that share a key (T-T and TT) are two
    samples, and which of them another file means is for a person to say.

    Parameters
    ----------
    ids : for each file, its sample names.
    preferred : the file whose spelling is taken (the table of samples); else the one most files use, then the first.

    Returns
    -------
    mapping : for each file, name found -> name used.
    notes : which names were joined, and which were not although they are alike.
    """
    names = {file: list(dict.fromkeys(own)) for file, own in ids.items()}
    mapping = {file: {name: name for name in own} for file, own in names.items()}
    if not _some_unmatched(names):
        return mapping, []
    joined: list[list[str]] = []
    notes: list[str] = []
    files: dict[str, None] = {}
    for key, group in _by_key(names).items():
        spelt = Counter(name for own in group.values() for name in own)
        if len(group) < 2 or len(spelt) < 2:
            continue
        if key in _SHARED or any(len(own) > 1 for own in group.values()):
            notes += _left_apart(group, key in _SHARED)
            continue
        used = group[preferred][0] if preferred in group else spelt.most_common(1)[0][0]
        joined.append([used, *(name for name in spelt if name != used)])
        files |= dict.fromkeys(group)
        for file, own in group.items():
            mapping[file][own[0]] = used
    return mapping, [*_joined_note(list(files), joined), *notes]


def _some_unmatched(names: Mapping[str, Sequence[str]]) -> bool:
    """Whether two files or more hold a name that is not in all of them."""
    sets = [set(own) for own in names.values()]
    common = set.intersection(*sets) if sets else set()
    return sum(bool(own - common) for own in sets) > 1


def _by_key(names: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[str]]]:
    """key -> file -> its names."""
    keys = {file: [spelling_key(name) for name in own] for file, own in names.items()}
    digits = {key for own in keys.values() for key in own if key[:1].isdigit()}
    groups: dict[str, dict[str, list[str]]] = {}
    for file, own in names.items():
        # R puts an X before a name that begins with a digit, so that no name in its file begins with one.
        from_r = not any(key[:1].isdigit() for key in keys[file])
        for name, plain in zip(own, keys[file], strict=True):
            key = plain[1:] if from_r and _FROM_R.match(plain) and plain[1:] in digits else plain
            if key:
                groups.setdefault(key, {}).setdefault(file, []).append(name)
    return groups


def _joined_note(files: list[str], joined: list[list[str]]) -> list[str]:
    if not joined:
        return []
    shown = ", ".join(" = ".join(spelt) for spelt in joined[:PAIRS_SHOWN])
    more = f" and {len(joined) - PAIRS_SHOWN} more" if len(joined) > PAIRS_SHOWN else ""
    return [
        f"{', '.join(files[:-1])} and {files[-1]}: {len(joined)} samples joined by names that differ only in case, "
        f"punctuation or spaces: {shown}{more}; if a pair is two samples, rename one of them"
    ]


def _left_apart(group: Mapping[str, Sequence[str]], shared: bool) -> list[str]:
    """A note on names that are alike and not joined, unless each is in two files as it stands."""
    alone = [
        (file, name)
        for file, own in group.items()
        for name in own
        if not any(name in other for one, other in group.items() if one != file)
    ]
    for file, name in alone:
        others = [
            (one, other) for one, own in group.items() if one != file for other in own if other not in group[file]
        ]
        if others:
            other_file, other = others[0]
            why = "are two cell lines" if shared else "could be two samples, since one file has two such names"
            return [
                f"{file} and {other_file}: {name} and {other} differ only in case, punctuation or spaces, but {why}: "
                "not joined; if they are one sample, spell them alike"
            ]
    return []
