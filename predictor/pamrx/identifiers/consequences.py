"""What a variant does, in the words of a MAF: one table for the words of VEP, SnpEff, ANNOVAR, Funcotator and others.

`knowledge/consequences.csv` has a row per word: its MAF word, how severe it is (as Ensembl ranks consequences; 0 is the
most severe) and who writes it. Three MAF words of the table leave the rest to the alleles: `Frame_Shift` and `In_Frame`
(bases lost or gained?) and `by length` (also: by threes?).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pamrx.identifiers.protein_change import consequence_of
from pamrx.knowledge import table

OUTSIDE = frozenset({"5'Flank", "3'Flank", "IGR"})
"""MAF words that say that the variant lies outside any transcript."""

_UNDIRECTED = ("Frame_Shift", "In_Frame", "by length")
_BETWEEN = re.compile(r"[&,;|+]")  # VEP, SnpEff, ANNOVAR and their like join several words by these


def severity(terms: str) -> int:
    """The rank of the most severe of the terms joined by `&` or commas; 0 is the most severe."""
    return _most_severe(terms)[1]


def is_known(terms: str) -> bool:
    """Whether one of the terms at least stands in the table."""
    return bool(_most_severe(terms)[0])


def is_outside(terms: str) -> bool:
    """Whether all terms say that the variant lies outside any transcript (upstream, downstream, intergenic)."""
    found = [_index().get(_loose(term), ("", 0))[0] for term in _terms(terms)]
    return all(word in OUTSIDE for word in found)


def variant_classification(terms: str, ref: str, alt: str) -> str:
    """The MAF word of the most severe of the terms joined by `&`; `Targeted_Region` where none is known.

    Parameters
    ----------
    terms : Sequence Ontology terms, such as `missense_variant&splice_region_variant`.
    ref, alt : the alleles as the VCF writes them: whether bases were lost or gained, and whether by threes.

    >>> variant_classification("frameshift_variant&splice_region_variant", "CA", "C")
    'Frame_Shift_Del'
    """
    return maf_word(terms, bases_gained(ref, alt)) or "Targeted_Region"


def maf_word(terms: str, gained: int | None = None, change: str = "") -> str:
    """The MAF word of one or several words of any source in the table, the most severe first; "" where none is known.

    Parameters
    ----------
    terms : as the source writes them; upper and lower case, spaces and underscores are one.
    gained : bases gained (lost where negative), None where that is not known.
    change : the protein change (`p.H1047R`), which tells lost from gained residues where `gained` does not.

    >>> maf_word("nonframeshift substitution", None, "p.E746_A750del")
    'In_Frame_Del'
    """
    word = _most_severe(terms)[0]
    return _directed(word, gained, change) if word in _UNDIRECTED else word


def is_undirected(terms: str) -> bool:
    """Whether the alleles decide between words (`frameshift_variant`: lost or gained?)."""
    return _most_severe(terms)[0] in _UNDIRECTED


def bases_gained(ref: str, alt: str, kind: str = "") -> int | None:
    """Bases gained, negative where lost; None where neither the alleles nor `kind` (INS, DEL, SNP) tell.

    `kind` alone leaves the number open: then one base stands for any number that is no multiple of three.

    >>> bases_gained("CAT", "-")
    -3
    """
    if _is_allele(ref) and _is_allele(alt):
        return _length(alt) - _length(ref)
    word = kind.strip().upper()
    return 1 if word.startswith("INS") else -1 if word.startswith("DEL") else None


def _directed(word: str, gained: int | None, change: str) -> str:
    told = consequence_of(change)
    if word == "by length":
        if gained is None:
            return told or "In_Frame_Del"
        if not gained:
            return "Missense_Mutation"
        word = "Frame_Shift" if gained % 3 else "In_Frame"
    if gained:
        return f"{word}_{'Ins' if gained > 0 else 'Del'}"
    # Of a frame shift the direction changes nothing; of an in-frame change the protein change tells it.
    return told if told.startswith(word) else f"{word}_Del"


def _most_severe(terms: str) -> tuple[str, int]:
    """MAF word and rank; ("", a rank beyond all) where no term is known: the gene is hit, nobody knows how."""
    index = _index()
    none = ("", len(index))
    whole = index.get(_loose(terms))
    return whole or min((index.get(_loose(term), none) for term in _terms(terms)), key=lambda found: found[::-1])


def _terms(terms: str) -> Iterable[str]:
    return _BETWEEN.split(terms)


def _loose(word: str) -> str:
    return "".join(character for character in word.lower() if character.isalnum())


def _is_allele(text: str) -> bool:
    return text in ("-", "0") or (bool(text) and not set(text.upper()) - set("ACGTN"))


def _length(allele: str) -> int:
    return 0 if allele in ("-", "0") else len(allele)


@cache
def _index() -> dict[str, tuple[str, int]]:
    words = table("consequences")
    return {
        _loose(word): (maf, int(rank))
        for word, maf, rank in zip(words["word"], words["classification"], words["severity"], strict=True)
    }
