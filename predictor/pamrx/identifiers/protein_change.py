"""Protein changes in one spelling: HGVS with one-letter codes, `p.H1047R`."""

from __future__ import annotations

import re

# One-letter codes: IUPAC-IUB Commission, and HGVS for the stop codon (`Ter`, `*`).
_LETTERS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G", "His": "H",
    "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W",
    "Tyr": "Y", "Val": "V", "Sec": "U", "Pyl": "O", "Asx": "B", "Glx": "Z", "Xaa": "X", "Ter": "*", "Stop": "*",
}  # fmt: skip
_THREE = re.compile("|".join(_LETTERS))
_NOTHING = frozenset({"", ".", "-", "?", "p.?", "p.", "NA", "nan", "None", "null", "NULL", "[Not Available]"})
_LEGACY_STOP = re.compile(r"^(p\.[A-Z]\d+)X$")
_LEGACY_SHIFT = re.compile(r"(fs)[X](\d+)$")


def short_protein_change(text: str) -> str:
    """The short form of one protein change; `""` where there is none.

    >>> short_protein_change("ENSP00000263967.3:p.His1047Arg")
    'p.H1047R'
    >>> short_protein_change("R130X")
    'p.R130*'
    """
    change = str(text).strip()
    if change in _NOTHING:
        return ""
    # ANNOVAR lists one change per transcript, `GENE:NM_1:exon9:c.1A>G:p.M1V,...`; the first stands.
    change = change.split(",")[0].split(":")[-1].strip().replace("%3D", "=")
    if change.startswith(("c.", "g.", "n.", "NM_", "exon")):
        return ""
    change = change.replace("(", "").replace(")", "")
    if not change.startswith("p."):
        change = f"p.{change}"
    change = _THREE.sub(lambda found: _LETTERS[found.group()], change)
    change = _LEGACY_SHIFT.sub(r"\1*\2", _LEGACY_STOP.sub(r"\1*", change))
    return "" if change in _NOTHING else change
