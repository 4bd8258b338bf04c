"""Which columns of a table of mutations hold what, under the names that sources give them.

`knowledge/mutation_columns.csv` lists the names of each column by role, in order of preference; a role is called as the
column of the GDC's MAF. Names are compared without case, spaces and punctuation.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from functools import cache

from pamrx.errors import InputError
from pamrx.knowledge import table
from pamrx.readers.repeated_columns import check_once

GENE, SAMPLE, CLASS, CHANGE = "Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short"
FUNC, DRIVER, STATUS, FILTER, GDC_FILTER = "Func", "cbp_driver", "Mutation_Status", "FILTER", "GDC_FILTER"
DEFAULT_ENTRY, CANONICAL, KIND = "default_entry", "canonical", "Variant_Type"
CHROMOSOME, START, REF, ALT = "Chromosome", "Start_Position", "Reference_Allele", "Tumor_Seq_Allele2"
ALT_COUNT, REF_COUNT, DEPTH, FRACTION = "t_alt_count", "t_ref_count", "t_depth", "vaf"
READS = (ALT_COUNT, REF_COUNT, DEPTH, FRACTION)
"""Roles of reads: they are taken where they are there and plain, and never make a table one that cannot be read."""

_SEVERAL = (CHANGE,)  # the first that has a value in a row gives it
_ANNOVAR = re.compile(r"gene\.(refgene|knowngene|ensgene)\w*", re.IGNORECASE)
_OTHERINFO = re.compile(r"otherinfo(\d{1,4})", re.IGNORECASE)
_PAIR_ENDS = 14  # ANNOVAR copies a VCF's columns into Otherinfo4 and on: 13 and 14 are its first two genotypes
_NAMED = re.compile(r"[A-Za-z0-9.@_-]+ \(\d+\)")  # DepMap's matrices: PIK3CA (5290)
_BASES = re.compile(r"[ACGTN-]+")
_MISSPELT = 0.85
_MATRIX_SHARE = 0.5
_OTHER_TABLES = {
    "site1hugosymbol": "a table of structural variants", "fusion": "a table of fusions",
    "fusionname": "a table of fusions",
    "segmean": "segments of copy number", "segmentmean": "segments of copy number",
}  # fmt: skip
ALTERATION_COLUMNS = ("sample_id", "gene", "alteration")
"""The columns of a table of alterations named one by one, which is no table of mutations."""

_TOLD = ((SAMPLE, "samples"), (GENE, "genes"), (CLASS, "consequences"), (CHANGE, "protein changes"))


def mutation_columns(file: str, header: Sequence[str], known_genes: Collection[str] = ()) -> dict[str, int]:
    """Position of each column that is read, by its role; further columns of protein changes as `HGVSp_Short 2` and on.

    A role may be absent, but for that of genes, that of samples (which ANNOVAR's table of one sample lacks) and one of
    consequences and protein changes.

    Raises
    ------
    PamrxError
        If a needed column is missing or stands more than once, or it is a table of alterations named one by one.
    """
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        exact.setdefault(name.lower(), []).append(position)
        loose.setdefault(_loose(name), []).append(position)
    wanted: dict[str, int] = {}
    for role, names in _roles().items():
        found = [place for name in names for place in _places(file, name, exact, loose, role in READS)]
        for number, place in enumerate(dict.fromkeys(found), start=1):
            if number == 1 or role in _SEVERAL:
                wanted[role if number == 1 else f"{role} {number}"] = place
    if GENE not in wanted or (SAMPLE not in wanted and not _is_annovar(header)):
        _refuse(file, header, GENE if GENE not in wanted else SAMPLE, known_genes)
    if CLASS not in wanted and (CHANGE not in wanted or _misspelt(CLASS, header)):
        _refuse(file, header, CLASS, known_genes)
    if SAMPLE not in wanted:
        _check_one_sample(file, header)
    if CLASS not in wanted and _names_alterations(header) and _loose(header[wanted[CHANGE]]) == ALTERATION_COLUMNS[-1]:
        title = header[wanted[CHANGE]]
        raise InputError(
            f"{file}: header: a table of alterations ({', '.join(ALTERATION_COLUMNS)}); give it to `pamrx predict "
            "--alterations`, by which the genes that it does not name are unknown, or, if it lists every mutation of "
            "an exome or a panel, "
            f"rename {title} to {CHANGE}"
        )
    return wanted


def is_mutation_header(header: Sequence[str]) -> bool:
    """Whether the columns are those of a table of mutations: genes, samples, and consequences or protein changes."""
    once = list({name.lower(): name for name in header}.values())  # a column that stands twice is refused by its reader
    try:
        mutation_columns("", once)
    except InputError:
        return False
    return True


def is_alterations_header(header: Sequence[str]) -> bool:
    """Whether the columns are those of a table of alterations named one by one, and not of a table of mutations."""
    return _names_alterations(header) and not is_mutation_header(header)


def _names_alterations(header: Sequence[str]) -> bool:
    return {_loose(name) for name in ALTERATION_COLUMNS} <= {_loose(name) for name in header}


def changes_of(columns: Collection[str]) -> list[str]:
    """The columns of protein changes among those found, in order of preference."""
    return [name for name in columns if name.partition(" ")[0] == CHANGE]


def check_samples(file: str, header: Sequence[str], wanted: dict[str, int], names: Collection[str]) -> None:
    """Whether the column of samples holds samples.

    Raises
    ------
    PamrxError
        If it holds bases only (a column of alleles under another name) beside another column of samples.
    """
    others = _other_samples(header, wanted)
    if others and names and all(_BASES.fullmatch(name) for name in names):
        title = header[wanted[SAMPLE]]
        raise InputError(
            f"{file}: column {title}: found {', '.join(list(names)[:3])}, which are bases; expected names of samples: "
            f"rename {title} to {ALT}, so that {others[0]} is taken"
        )


def choice_note(header: Sequence[str], wanted: dict[str, int]) -> str:
    """One sentence on columns that are not the standard ones of a MAF; "" where all are."""
    told = [f"{what} from {header[wanted[role]]}" for role, what in _TOLD if _is_other(header, wanted, role)]
    if not told:
        return ""
    others = _other_samples(header, wanted)
    also = f" (not from {', '.join(others[:3])})" if others and _is_other(header, wanted, SAMPLE) else ""
    return f"columns: {told[0]}{also if told[0].startswith('samples') else ''}{''.join(f', {one}' for one in told[1:])}"


def _other_samples(header: Sequence[str], wanted: dict[str, int]) -> list[str]:
    """Columns that could be that of samples too."""
    names = {_loose(name) for name in _roles()[SAMPLE]}
    places = [place for place, name in enumerate(header) if _loose(name) in names and place != wanted.get(SAMPLE)]
    return [header[place] for place in places] if SAMPLE in wanted else []


def _is_other(header: Sequence[str], wanted: dict[str, int], role: str) -> bool:
    return role in wanted and _loose(header[wanted[role]]) not in (_loose(role), "proteinchange", "hgvsp")


def _places(file: str, name: str, exact: dict[str, list[int]], loose: dict[str, list[int]], spare: bool) -> list[int]:
    """Where a column stands; the very name goes before one that differs in punctuation. One that can be spared and
    stands more than once is passed over."""
    places = exact.get(name.lower()) or loose.get(_loose(name), [])
    if len(places) > 1 and spare:
        return []
    check_once(file, name, len(places))
    return places


def _refuse(file: str, header: Sequence[str], role: str, known: Collection[str]) -> None:
    if matrix := _matrix(header, known):
        raise InputError(
            f"{file}: header: a matrix of samples and genes ({matrix}), which says whether a gene is mutated and not "
            "how; expected one row per mutation, as in a MAF (of DepMap give OmicsSomaticMutations.csv)"
        )
    if other := next((what for name, what in _OTHER_TABLES.items() if name in {_loose(one) for one in header}), ""):
        raise InputError(
            f"{file}: header: {other}, which --mutations does not take; expected one row per mutation, as in a MAF"
        )
    found = ", ".join(header[:4]) + (", ..." if len(header) > 4 else "")
    close = _misspelt(role, header)
    if close:
        advice = f"; rename {close} to {role}"
    elif role == CLASS:
        advice = (
            "; expected the consequence of each mutation (Missense_Mutation, missense_variant), or a column of protein "
            f"changes such as {CHANGE}"
        )
    else:
        what = "gene" if role == GENE else "sample"
        advice = f"; name the column that holds the {what} of each mutation {role}"
    raise InputError(f"{file}: header: no column {role}; found {found}{advice}")


def _misspelt(role: str, header: Sequence[str]) -> str:
    """The column whose name is nearly that of a role; "" where none is."""
    likeness = {name: difflib.SequenceMatcher(None, _loose(role), _loose(name)).ratio() for name in header}
    close = max(likeness, key=lambda name: likeness[name], default="")
    return close if close and likeness[close] >= _MISSPELT else ""


def _matrix(header: Sequence[str], known: Collection[str]) -> str:
    """The first genes among the names of columns where most of them are genes."""
    genes = [name for name in header[1:] if _NAMED.fullmatch(name) or name in known]
    return ", ".join(genes[:2]) if len(genes) > max(2, _MATRIX_SHARE * len(header)) else ""


def _is_annovar(header: Sequence[str]) -> bool:
    return any(_ANNOVAR.fullmatch(name) for name in header)


def _check_one_sample(file: str, header: Sequence[str]) -> None:
    last = max((int(found[1]) for name in header if (found := _OTHERINFO.fullmatch(name))), default=0)
    if last > _PAIR_ENDS:
        raise InputError(
            f"{file}: header: no column {SAMPLE}, and genotypes of {last - _PAIR_ENDS + 2} samples or more in "
            f"Otherinfo; give a table of one tumour, or name the sample of each row in a column {SAMPLE}"
        )


def _loose(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


@cache
def _roles() -> dict[str, tuple[str, ...]]:
    columns = table("mutation_columns")
    return {str(role): tuple(part["column"]) for role, part in columns.groupby("role", sort=False)}
