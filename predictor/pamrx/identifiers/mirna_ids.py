"""Names of miRNAs of any miRBase era, stem-loops, accessions and merged probes become the names that pamrx writes.

pamrx writes a miRNA as its training data do (CCLE's NanoString probes: hsa-miR-21, merged probes with `+`). The table
`knowledge/mirna_ids.csv` pairs each with today's mature name, its MIMAT accession, older names, and the stem-loops
whose reads are counted as its own. A stem-loop yields two arms; where training measured both, its reads go to the
arm with the higher mean level over CCLE's cell lines, and where it measured one, to that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from pamrx.identifiers.gene_ids import OWN
from pamrx.knowledge import table

MATURE = "mature name of another miRBase release"
STEM_LOOP = "stem-loop, read as its main arm"
ACCESSION = "MIMAT accession"
PROBE = "merged probe"
UNMEASURED = "no such miRNA in training"
MAPPED = (MATURE, STEM_LOOP, ACCESSION, PROBE)

_SHAPE = re.compile(r"(mir|let)-\d", re.IGNORECASE)
_MIMAT = re.compile(r"MIMAT\d{7}")
_LOCUS = re.compile(r"-\d+$")
_ARM = re.compile(r"-[35]p$")
HUGO = re.compile(r"MIR(?P<let>LET)?(?P<number>\d++)(?P<letter>[A-Z]?)(?:-?(?P<locus>\d++))?")
_JOINED = re.compile(r"[+/|;&]")


@dataclass(frozen=True)
class _Index:
    own: frozenset[str]
    mature: dict[str, str]
    accession: dict[str, str]
    stem_loop: dict[str, str]
    probe: dict[frozenset[str], str]
    current: dict[str, str]
    measured: frozenset[str]


def name_mirnas(labels: Iterable[str]) -> pd.DataFrame:
    """The name that pamrx writes for each miRNA label, and how it was found: columns given, name, how.

    A label that training has no miRNA for keeps its name (`how` is `UNMEASURED`).
    """
    given = list(labels)
    found = {label: _find(label) for label in set(given)}
    for label, (name, how) in found.items():
        if how != UNMEASURED and name not in _index().measured:
            found[label] = (name, UNMEASURED)
    return pd.DataFrame(
        {
            "given": pd.Series(given, dtype=object),
            "name": pd.Series([found[label][0] for label in given], dtype=object),
            "how": pd.Series([found[label][1] for label in given], dtype=object),
        }
    )


def looks_like_mirna(label: str) -> bool:
    """Whether a label is shaped like a human miRNA without species (miR-21-5p, let-7a) or a MIMAT accession."""
    return bool(_SHAPE.match(label) or _MIMAT.search(label))


def merge_mirnas(levels: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Columns of one miRNA become one: stem-loops of several loci are summed, measurements of the same arm are not.

    Parameters
    ----------
    levels : (n, labels) log2 levels, columns in the order of `names`.
    names : of `name_mirnas`.

    Returns
    -------
    (n, distinct names): where the mature miRNA was measured itself, the highest of its columns in each sample; where
    only its stem-loops were, their sum (`sum_of_levels`).
    """
    codes, distinct = pd.factorize(names["name"].to_numpy(dtype=object))
    stem_loop = (names["how"] == STEM_LOOP).to_numpy(dtype=bool)
    _, first = np.unique(codes, return_index=True)
    merged = np.take(levels.to_numpy(dtype=float), first, axis=1)
    for code in np.flatnonzero(np.bincount(codes, minlength=len(distinct)) > 1):
        places = np.flatnonzero(codes == code)
        direct = places[~stem_loop[places]]
        several = levels.iloc[:, direct].max(axis=1) if len(direct) else sum_of_levels(levels.iloc[:, places])
        merged[:, code] = several.to_numpy()
    return pd.DataFrame(merged, index=levels.index, columns=[str(name) for name in distinct], copy=False)


def sum_of_levels(levels: pd.DataFrame) -> pd.Series:
    """log2(1 + sum of (2^x - 1)) over the columns, shape (n,): what one probe for all of them would read.

    Levels below zero, which log2(x + 1) never has and background-corrected arrays do, add nothing; where all are below
    zero the highest stands. NaN where no column has a value.
    """
    values = levels.to_numpy(dtype=float)
    summed = np.log2(np.nansum(np.exp2(np.clip(values, 0, None)) - 1, axis=1) + 1)
    highest = levels.max(axis=1)
    return highest.where(~(highest > 0), summed)


def _find(label: str) -> tuple[str, str]:
    index = _index()
    if label in index.own:
        return label, OWN
    accession = _MIMAT.findall(label)
    if len(accession) == 1 and accession[0] in index.accession:
        return index.accession[accession[0]], ACCESSION
    members = [member.strip() for member in _JOINED.split(label)]
    if len(members) > 1:
        found = frozenset(_find(_tidy(member))[0] for member in members if member)
        return (index.probe[found], PROBE) if found in index.probe else (label, UNMEASURED)
    return _single(_tidy(label), label, index)


def _single(name: str, label: str, index: _Index) -> tuple[str, str]:
    if name in index.own or name in index.mature:
        return index.mature.get(name, name), MATURE if name != label or name in index.mature else OWN
    if name.endswith("*"):
        return _other_arm(name[:-1], label, index)
    stem = name.replace("miR", "mir")
    for candidate in (stem, _LOCUS.sub("", stem), f"{stem}-1"):
        if candidate in index.stem_loop:
            # hsa-miR-342 once meant what is now told as -5p and -3p: its main arm, as for a stem-loop.
            return index.stem_loop[candidate], STEM_LOOP if stem == name or candidate != stem else MATURE
    return label, UNMEASURED


def _other_arm(base: str, label: str, index: _Index) -> tuple[str, str]:
    """`hsa-miR-21*` is the arm that `hsa-miR-21` is not."""
    arm = _ARM.search(index.current.get(index.mature.get(base, base), ""))
    if arm is None:
        return label, UNMEASURED
    minor = base + ("-3p" if arm[0] == "-5p" else "-5p")
    if minor in index.own or minor in index.mature:
        return index.mature.get(minor, minor), MATURE
    return minor, UNMEASURED


def _tidy(label: str) -> str:
    """One spelling: `hsa-` in front, small letters, `miR` in mature names and `mir` in stem-loops."""
    hugo = HUGO.fullmatch(label)
    if hugo:
        kind = "let" if hugo["let"] else "mir"
        locus = f"-{hugo['locus']}" if hugo["locus"] else ""
        return f"hsa-{kind}-{hugo['number']}{hugo['letter'].lower()}{locus}"
    mature = "miR" in label or "MIR" in label or bool(_ARM.search(label.lower())) or label.endswith("*")
    name = label.lower()
    if not name.startswith("hsa-"):
        name = f"hsa-{name}"
    return name.replace("hsa-mir-", "hsa-miR-") if mature else name


@cache
def _index() -> _Index:
    mirnas = table("mirna_ids")
    own = frozenset(mirnas["mirna"])
    mature: dict[str, str] = {}
    accession: dict[str, str] = {}
    stem_loop: dict[str, str] = {}
    probe: dict[frozenset[str], str] = {}
    for row in mirnas.to_dict("records"):
        name = row["mirna"]
        if "+" in name:
            probe[frozenset(name.split("+"))] = name
            continue
        accession[row["mimat"]] = name
        stem_loop |= dict.fromkeys(filter(None, row["stem_loops"].split("|")), name)
        for other in (row["mature"], *row["older_names"].split("|")):
            if other and other not in own:
                mature[other] = name
    current = dict(zip(mirnas["mirna"], mirnas["mature"], strict=True))
    measured = frozenset(mirnas.loc[mirnas["in_training"] != "no", "mirna"])
    return _Index(own, mature, accession, stem_loop, probe, current, measured)
