"""Protein changes in one spelling: HGVS with one-letter codes, `p.H1047R`; and out of cells that hold more than one."""

from __future__ import annotations

import re
from collections.abc import Iterator

# One-letter codes: IUPAC-IUB Commission, and HGVS for the stop codon (`Ter`, `*`).
_LETTERS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G", "His": "H",
    "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W",
    "Tyr": "Y", "Val": "V", "Sec": "U", "Pyl": "O", "Asx": "B", "Glx": "Z", "Xaa": "X", "Ter": "*", "Stop": "*",
}  # fmt: skip
_CODES = "|".join(_LETTERS)
_THREE = re.compile(_CODES)
# In any case, where a number shows that a residue is meant: his1047arg, HIS1047ARG.
_THREE_LOOSE = re.compile(
    rf"(?<![a-z])({_CODES})(?=\d)|(?<=\d)({_CODES})(?=$|[^a-z]|fs|ext|del|ins|dup)", re.IGNORECASE
)
_NOTHING = frozenset(
    {"", ".", "-", "?", "p.?", "p.", "na", "n/a", "nan", "none", "null", "[not available]", "unknown", "not available"}
)
_WILD = frozenset({"wt", "wildtype", "wild-type", "wild type"})
_LEGACY_STOP = re.compile(r"^([A-Z]\d+)X$")
_LEGACY_SHIFT = re.compile(r"(fs)[X](\d+)$")
_KEYWORDS = re.compile(r"DELINS|DEL|INS|DUP|FS|EXT|SPLICE")

_NUMBER = r"\d{1,5}"  # titin, the longest protein, has 34,350 residues
# Nine cells of ten: what needs no work at all.
_PLAIN = re.compile(rf"(?:p\.)?[A-WYZ*]{_NUMBER}(?:[A-WYZ*=]|fs(?:\*\d+)?)")
_SUBSTITUTION = re.compile(rf"([A-Z*]){_NUMBER}([A-Z*=?])")
_ONE = re.compile(
    rf"[A-Z*]{_NUMBER}[A-Z*=?]"  # H1047R, R130*, T125=, M1?
    rf"|[A-Z*]?{_NUMBER}(?:_[A-Z*]?{_NUMBER})?(?:del|ins|dup)[A-Za-z*=?\d>_()]*"  # E746_A750del, E545_Q546delinsKK
    rf"|[A-Z*]?{_NUMBER}(?:_[A-Z*]?{_NUMBER})?[A-Z*]?(?:fs|ext)[A-Za-z*?\d-]*"  # K267Rfs*9, *404Yext*12
    rf"|[A-Z]?{_NUMBER}(?:_[A-Z]?{_NUMBER})?_?splice\w*"  # X70_splice
)
# As Oncotator and ANNOVAR write changes of several residues: 600_600D>DSSD, VK600_601E, G776VC, 745_750del.
_OTHER = re.compile(
    rf"[A-Z*]*{_NUMBER}_[A-Z*]?{_NUMBER}[A-Z*]*(?:>[A-Z*]+|(?:del|ins|dup|fs)[A-Z*\d]*)?"
    rf"|[A-Z*]+{_NUMBER}>[A-Z*]+|[A-Z*]{_NUMBER}[A-Z*]{{2,30}}|[A-Z*-]{{1,30}}{_NUMBER}(?:fs|del|ins|dup)[A-Z*\d]*|=|0\??"
)
# So does the WashU; but without `p.` it could be the name of a gene (PIK3CA).
_RUN = re.compile(rf"([A-Z*]{{2,30}})({_NUMBER})([A-Z*]{{1,30}})")
# Changes of DNA and RNA beside the protein's.
_NUCLEIC = re.compile(r"(?<![A-Za-z])[cgnmr]\.\(?[^\s,;:()\[\]]*")
_PROTEIN = re.compile(r"(?<![A-Za-z])[pP]\.")
_TRANSCRIPT = re.compile(r"\b(?:[NX][MPR]_\d|ENS[TP]\d|uc\d|exon\d)")
_ALLELES = re.compile(r"[pP]\.(?:\(?\[|\([^)]*;)")  # p.[E542K;H1047R], p.(E542K;H1047R)
_SINGLE = re.compile(rf"[A-Za-z]{_NUMBER}[A-Za-z]")
_APART = re.compile(r"[\s;,|&+]+")
_ENCODED = {"%3D": "=", "%3B": ";", "%2C": ",", "%3E": ">", r"\x3b": ";", r"\x3d": "=", r"\x2c": ",", "&gt;": ">"}
_PAIR = re.compile(rf"([A-Z*])({_NUMBER})_([A-Z*])({_NUMBER})delins([A-Z*]+)")
_OLD_PAIR = re.compile(
    rf"([A-Z*]+)?({_NUMBER})_{_NUMBER}([A-Z*]+)>([A-Z*]+)|([A-Z*]{{2,}})({_NUMBER})_{_NUMBER}([A-Z*]+)"
)


def short_protein_change(text: str) -> str:
    """The short form of the (first) protein change of a cell; `""` where there is none.

    >>> short_protein_change("ENSP00000263967.3:p.His1047Arg")
    'p.H1047R'
    >>> short_protein_change("R130X")
    'p.R130*'
    """
    return next(iter(protein_changes(text)), "")


def protein_changes(text: str) -> tuple[str, ...]:
    """The short forms of all protein changes of a cell, in order; of changes listed per transcript the first only.

    >>> protein_changes("c.3140A>G (p.H1047R)")
    ('p.H1047R',)
    >>> protein_changes("p.E542K;p.H1047R")
    ('p.E542K', 'p.H1047R')
    >>> protein_changes("MUTATED")
    ()
    """
    change = str(text).strip().strip('"').strip()
    if _PLAIN.fullmatch(change):
        return (change if change.startswith("p.") else f"p.{change}",)
    if is_nothing(change) or len(change) > 2000:
        return ()
    change = _decoded(change)
    if _TRANSCRIPT.search(change):
        return tuple(found for _, found in transcript_changes(change)[:1])
    return tuple(dict.fromkeys(f"p.{found}" for found in _found(change)))


def transcript_changes(text: str) -> list[tuple[str, str]]:
    """(gene, change) of each entry of a list per transcript, `GENE:NM_1:exon9:c.1A>G:p.M1V,...`, as ANNOVAR writes it.

    The gene is "" where the entry names none.
    """
    entries = []
    for entry in re.split(r"[,;]", _decoded(text)):
        first = entry.strip().partition(":")[0]
        gene = "" if _TRANSCRIPT.match(first) or "." in first or _ONE.fullmatch(first) else first
        entries += [(gene, f"p.{found}") for found in _found(entry)]
    return entries


def is_transcript_list(text: str) -> bool:
    """Whether a cell holds entries of several transcripts."""
    return ("," in text or ";" in text) and bool(_TRANSCRIPT.search(text))


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is no protein change to tell, in one of the usual words."""
    return text.strip().lower() in _NOTHING


def is_wild_type(text: str) -> bool:
    """Whether a cell of protein changes says that there is none: WT, wild type."""
    return text.strip().lower() in _WILD


def consequence_of(change: str) -> str:
    """The MAF word that a protein change alone tells; "" where it tells none.

    A frame shift's direction does not show in it: `Frame_Shift_Del` stands for both.

    >>> consequence_of("p.R130*")
    'Nonsense_Mutation'
    """
    text = change.removeprefix("p.")
    if "splice" in text:
        return "Splice_Site"
    if "fs" in text:
        return "Frame_Shift_Del"
    if one := _SUBSTITUTION.fullmatch(text):
        before, after = one[1], one[2]
        if after in ("=", before):
            return "Silent"
        if text.startswith("M1") and text[1:-1] == "1":
            return "Translation_Start_Site"
        return "Nonsense_Mutation" if after == "*" else "Nonstop_Mutation" if before == "*" else "Missense_Mutation"
    if "ext" in text:
        return "Nonstop_Mutation" if text.startswith("*") else "Translation_Start_Site"
    if pair := re.match(rf"[A-Z*]?({_NUMBER})(?:_[A-Z*]?({_NUMBER}))?(?:del)?ins([A-Z*]+)", text):
        if "*" in pair[3]:
            return "Nonsense_Mutation"
        lost = int(pair[2] or pair[1]) - int(pair[1]) + 1 if "delins" in text else 0
        return "In_Frame_Ins" if len(pair[3]) > lost else "In_Frame_Del" if len(pair[3]) < lost else "Missense_Mutation"
    return "In_Frame_Del" if "del" in text else "In_Frame_Ins" if "dup" in text or "ins" in text else ""


def substitutions(change: str) -> tuple[str, ...]:
    """The residue changes of one that replaces several residues by as many, without `p.`; () for any other.

    A change that brings a stop codon is none: what follows it is lost too.

    >>> substitutions("p.E545_Q546delinsKK")
    ('E545K', 'Q546K')
    """
    text = change.removeprefix("p.")
    if pair := _PAIR.fullmatch(text):
        start, end, new = int(pair[2]), int(pair[4]), pair[5]
        old = pair[1] + "?" * (end - start - 1) + pair[3]
    elif pair := _OLD_PAIR.fullmatch(text):
        start, old, new = int(pair[2] or pair[6]), pair[3] or pair[5], pair[4] or pair[7]
    elif pair := _RUN.fullmatch(text):
        start, old, new = int(pair[2]), pair[1], pair[3]
    else:
        return ()
    if len(old) != len(new) or "*" in old + new:
        return ()
    both = enumerate(zip(old, new, strict=True), start=start)
    return tuple(f"{before}{place}{after}" for place, (before, after) in both if before not in (after, "?"))


def _decoded(text: str) -> str:
    if "%" in text or "\\" in text or "&" in text:
        for code, sign in _ENCODED.items():
            text = text.replace(code, sign)
    return text


def _found(text: str) -> Iterator[str]:
    """The changes of a cell or entry, without `p.`. Where some are marked as the protein's, only these and those of the
    same brackets count."""
    text = _NUCLEIC.sub(" ", text)
    bracketed = bool(_ALLELES.search(text))
    marked: list[str] = []
    bare: list[str] = []
    tokens = [token for token in _APART.split(text.replace("[", "").replace("]", "")) if token]
    for token in tokens:
        pieces = token.split("/")
        for place, piece in enumerate(pieces):
            own = piece.rpartition(":")[2]
            of_protein = bool(_PROTEIN.search(own))
            body = re.sub(r"[()]", "", own[own.lower().rindex("p.") + 2 :] if of_protein else own)
            if place and len(body) == 1 and (marked or bare):  # V600E/K
                before = (marked or bare)[-1]
                body, of_protein = before[:-1] + body, bool(marked)
            change = _normal(body, of_protein, alone=of_protein or len(tokens) == len(pieces) == 1)
            if change:
                (marked if of_protein or bracketed else bare).append(change)
    yield from marked or bare


def _normal(text: str, marked: bool, alone: bool) -> str:
    """One change in one-letter codes, "" where it is none. Where it is neither `marked` as the protein's nor `alone` in
    its cell, only what can be nothing else counts: a gene's name looks like the older ways of writing."""
    text = _THREE.sub(lambda found: _LETTERS[found.group()], text)
    if not _ONE.fullmatch(text):
        text = _THREE_LOOSE.sub(lambda found: _LETTERS[found.group().capitalize()], text)
    if _SINGLE.fullmatch(text):
        text = text.upper()
    elif text == text.lower() and "splice" not in text:
        text = _KEYWORDS.sub(lambda found: found.group().lower(), text.upper())
    text = _LEGACY_SHIFT.sub(r"\1*\2", _LEGACY_STOP.sub(r"\1*", text))
    if _ONE.fullmatch(text) or (alone and _OTHER.fullmatch(text)) or (marked and _RUN.fullmatch(text)):
        return text
    gene, _, last = text.rpartition("_")  # PIK3CA_H1047R
    return last if gene and _SUBSTITUTION.fullmatch(last) else ""
