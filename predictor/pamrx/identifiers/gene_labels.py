"""Labels of genes that are written in an unusual way: in small letters, or several symbols in one cell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from pamrx.identifiers.genes import is_noncoding, mouse_note, recognised

_SEVERAL = re.compile(r"\s*(?:///|//|[;,/+&]|\s)\s*")
_WITH_ENTREZ = re.compile(r"\|[\d?]+\s*$|\(\d+\)\s*$")
_SMALL, _HALF, _MANY, _TENTH = 0.9, 0.5, 50, 0.1


def in_capitals(labels: Sequence[str], known: Collection[str]) -> list[str] | None:
    """The labels in capitals, where nearly all are written in small letters and name genes in capitals; else None."""
    named = [label for label in labels if any(character.isalpha() for character in label)]
    small = sum(label == label.lower() for label in named)
    if not named or small < _SMALL * len(named):
        return None
    found = len(recognised([label.upper() for label in named], known))
    enough = found >= max(2, _HALF * len(named)) or found >= max(_MANY, _TENTH * len(named))
    if not enough or len(recognised(named, known)) > _TENTH * found:
        return None
    return [label.upper() for label in labels]


def one_of_several(labels: Sequence[str], known: Collection[str]) -> tuple[list[str], str]:
    """Cells with several symbols (`PTEN;KLLN`) by the one that is a known gene; and one sentence on them, or "".

    Where two of them are known genes the label stays as it stands, and is told.
    """
    settled, taken, left = list(labels), [], []
    for place, label in enumerate(labels):
        if not _SEVERAL.search(label) or is_noncoding(label):
            continue
        genes = dict.fromkeys(recognised([part for part in _SEVERAL.split(label) if part], known))
        if len(genes) == 1:
            settled[place] = next(iter(genes))
            taken.append(label)
        elif genes:
            left.append(label)
    told = []
    if taken:
        told.append(f"{len(taken)} labels of several symbols read as the one that is known, such as {taken[0]}")
    if left:
        told.append(f"{len(left)} labels name several known genes, and none of those is read, such as {left[0]}")
    return settled, "; ".join(told)


def other_case_note(labels: Sequence[str], known: Collection[str]) -> str:
    """One sentence on labels that are known genes but for small and capital letters; "" where there is none."""
    if mouse_note(labels, known):
        return ""
    near = [label for label in dict.fromkeys(labels) if label and label != label.upper() and not is_noncoding(label)]
    near = [label for label in near if not recognised([label], known) and recognised([label.upper()], known)]
    if not near:
        return ""
    return (
        f"{len(near)} labels would be known genes in capitals and are not read, such as {near[0]} ({near[0].upper()})"
    )


def cut_note(labels: Sequence[str], clean: Sequence[str]) -> str:
    """One sentence on labels of which a part was taken (`PTEN|chr10`), Entrez ids apart; "" where there is none."""
    cut = [
        label.strip()
        for label, name in zip(labels, clean, strict=True)
        if name and ("|" in label or "ENSG" in label) and label.strip() != name and not _WITH_ENTREZ.search(label)
    ]
    return f"{len(cut)} labels read as the gene in them, such as {cut[0]}" if cut else ""
