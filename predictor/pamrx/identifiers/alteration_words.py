"""Alterations as a person writes them: `H1047R`, `truncating`, `wild type`, `deletion`, `amplification`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pamrx.errors import InputError, did_you_mean
from pamrx.identifiers.consequences import is_known
from pamrx.identifiers.protein_change import consequence_of, protein_changes

_MUTATED = ("mutated", "mutation", "mutant", "mut")
_DRIVERS = ("driver", "driver mutation", "pathogenic", "oncogenic")
_ABSENT = ("wild-type", "wildtype", "wt", "not mutated", "unmutated", "no mutation")
_CONSEQUENCES = {
    "truncating": "Nonsense_Mutation", "truncated": "Nonsense_Mutation", "truncation": "Nonsense_Mutation",
    "truncating mutation": "Nonsense_Mutation", "stop": "Nonsense_Mutation", "splice": "Splice_Site",
    "splice mutation": "Splice_Site",
}  # fmt: skip
_CALLS = {
    "deletion": -2.0, "deleted": -2.0, "deep deletion": -2.0, "homozygous deletion": -2.0, "homdel": -2.0,
    "homozygously deleted": -2.0, "deep loss": -2.0, "biallelic deletion": -2.0,
    "shallow loss": -1.0, "shallow deletion": -1.0, "hemizygous loss": -1.0, "hemizygous deletion": -1.0,
    "one-copy loss": -1.0, "intact": 0.0, "diploid": 0.0, "copy-neutral": 0.0,
    "gain": 1.0, "gained": 1.0, "low-level gain": 1.0,
    "amplification": 2.0, "amplified": 2.0, "amp": 2.0, "high-level amplification": 2.0,
}  # fmt: skip
_OFFERED = ("mutated", "driver", "truncating", "wild-type", "deletion", "shallow-loss", "intact", "gain",
            "amplification")  # fmt: skip
_UNCLEAR = {
    "loss": "one copy or both? expected deletion (both copies) or shallow-loss (one)",
    "lost": "one copy or both? expected deletion (both copies) or shallow-loss (one)",
    "del": "of the gene, or of residues? expected deletion (both copies of the gene), or the protein change such as "
    "E746_A750del",
    "loh": "says nothing of copies or of a mutation that any feature holds; leave it out, or write shallow-loss if one "
    "copy is lost",
}
_EXON = re.compile(r"(exon|ex)[\s_-]*\d", re.IGNORECASE)
_WORDS = (*_OFFERED, *_MUTATED, *_DRIVERS, *_ABSENT, *_CONSEQUENCES, *_CALLS)
_SIGNS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one alteration says of a gene.

    Attributes
    ----------
    call : of the gene's copy number, -2 to 2; None for what is said of its mutations.
    change : the protein change as it was written, to be read as in a table of mutations; "" where none is given.
    consequence : word of a consequence; "" where the change tells it, or nothing does.
    driver : True where it is said to be a driver, else None.
    mutated : whether there is a mutation; False for wild type.
    """

    call: float | None = None
    change: str = ""
    consequence: str = ""
    driver: bool | None = None
    mutated: bool = True

    @property
    def is_open(self) -> bool:
        """Whether the gene is mutated in a way that leaves it open whether that is a driver."""
        told = self.change or self.consequence or self.driver
        return self.call is None and self.mutated and not told


def meaning_of(text: str) -> Meaning:
    """What an alteration says.

    Raises
    ------
    InputError
        With the tail of a message (what was found, what was expected), for a text that says nothing known.

    Examples
    --------
    >>> meaning_of("p.His1047Arg").change
    'p.His1047Arg'
    >>> meaning_of("deletion").call
    -2.0
    """
    word = _plain(text)
    if word in _UNCLEAR or (word.endswith(" loss") and word not in _CALL_OF):
        raise InputError(_UNCLEAR.get(word, _UNCLEAR["loss"]))
    if word in _CALL_OF:
        return Meaning(call=_CALL_OF[word])
    if word in _MEANINGS:
        return _MEANINGS[word]
    if not _EXON.search(text) and all(consequence_of(change) for change in protein_changes(text)):
        if protein_changes(text):
            return Meaning(change=text.strip())
        if is_known(text.strip()):
            return Meaning(consequence=text.strip())
    shown = text if len(text) <= 40 else f"{text[:37]}..."
    raise InputError(
        f"found '{shown}', expected a protein change such as H1047R, or one of {', '.join(_OFFERED)}"
        f"{did_you_mean(text, _WORDS) if len(word) > 3 else ''}"
    )


def _plain(text: str) -> str:
    return _SIGNS.sub(" ", text.strip().lower())


_CALL_OF = {_plain(word): call for word, call in _CALLS.items()}
_MEANINGS = {
    **{_plain(word): Meaning() for word in _MUTATED},
    **{_plain(word): Meaning(driver=True) for word in _DRIVERS},
    **{_plain(word): Meaning(mutated=False) for word in _ABSENT},
    **{_plain(word): Meaning(consequence=maf) for word, maf in _CONSEQUENCES.items()},
}
