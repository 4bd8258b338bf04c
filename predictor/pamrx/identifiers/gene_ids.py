"""Names of genes: older symbols, aliases, Ensembl and Entrez ids become the symbol that pamrx writes.

pamrx writes a gene as its training data do, which is not always today's symbol (IL8, today CXCL8). The table
`knowledge/gene_ids.csv` holds every gene of the training universe and of the knowledge tables with its current
symbol, previous symbols and aliases, and ids, from the HGNC complete set (CC0). Names that two genes share are in
its column `ambiguous`; a name that is some gene's approved symbol is never an alias of another.

Of an ambiguous name that was the approved symbol of one gene in annotations still in use (TAZ, now TAFAZZIN, beside
WWTR1's alias) that gene is meant: `knowledge/previous_symbols.csv` names them, few and by hand. HGNC's whole list of
previous symbols will not do, since it counts disease loci and names of the 1990s: by it ERK is EPHB2 and CBP is OPN1LW.
All other ambiguous names lead nowhere and are told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from pamrx.knowledge import table

OWN = "as pamrx writes it"
CURRENT = "current symbol"
ALIAS = "older symbol or alias"
FORMER = "former symbol of one gene, alias of others"
ENSEMBL = "Ensembl id"
ENTREZ = "Entrez id"
SHADOWED = "alias of a gene that is there by its own name"
AMBIGUOUS = "alias of several genes"
UNKNOWN = "no gene that pamrx uses"
MAPPED = (CURRENT, ALIAS, FORMER, ENSEMBL, ENTREZ)

# The version, and the mark of the pseudoautosomal copy on Y, say nothing of the gene.
_ENSEMBL = re.compile(r"(ENSG\d{11})(\.\d+)?(_PAR_Y)?")
_OPEN_FRAME = re.compile(r"C(\d+|X|Y)ORF(\d+)")
# Sample numbers are digits too: a list of Entrez ids is not a run from 1 to n, and a fifth of it is known.
_ID_DIGITS = 12  # of an Entrez id, with room
_SPREAD, _KNOWN_SHARE, _FOUND_SHARE = 10, 0.2, 0.5
_ENTREZ_HEADINGS = frozenset({"geneid", "ncbigeneid", "locusid", "ncbigene", "ncbiid", "locuslinkid"})


@dataclass(frozen=True)
class _Index:
    own: frozenset[str]
    current: dict[str, str]
    alias: dict[str, str]
    ensembl: dict[str, str]
    entrez: dict[str, str]
    former: dict[str, str]
    ambiguous: frozenset[str]


def name_genes(
    labels: Iterable[str], known: Collection[str] = (), *, entrez: bool = False, guarded: bool = True
) -> pd.DataFrame:
    """The symbol that pamrx writes for each label, and how it was found.

    Parameters
    ----------
    labels : as `clean_labels` gives them; empty ones stay empty.
    known : further symbols that are right as they stand.
    entrez : whether bare numbers are Entrez ids (see `are_entrez`).
    guarded : an alias is not used where its gene also stands in `labels` under its own name, current symbol or id:
        in one matrix the two rows are then two things, and merging them would spoil the right one.

    Returns
    -------
    One row per label: given, name (the label itself where nothing was found), how (a constant of this module).
    """
    given = list(labels)
    found = {label: _find(label, known, entrez) for label in set(given)}
    if guarded:
        there = {name for name, how in found.values() if how in (OWN, CURRENT, ENSEMBL, ENTREZ)}
        for label, (name, how) in found.items():
            if how in (ALIAS, FORMER) and name in there:
                found[label] = (label, SHADOWED)
    return pd.DataFrame(
        {
            "given": pd.Series(given, dtype=object),
            "name": pd.Series([found[label][0] for label in given], dtype=object),
            "how": pd.Series([found[label][1] for label in given], dtype=object),
        }
    )


def name_gene(label: str, known: Collection[str] = (), *, entrez: bool = False) -> tuple[str, str]:
    """The symbol that pamrx writes for one label, and how it was found, as `name_genes` of that label alone."""
    return _find(label, known, entrez)


def is_gene_name(label: str) -> bool:
    """Whether a label is surely a gene that pamrx knows: its symbol, its current symbol or its Ensembl id."""
    index = _index()
    return label in index.own or label in index.current or _ensembl(label) in index.ensembl


def are_entrez(labels: Sequence[str], heading: str = "") -> bool:
    """Whether a list of labels is one of Entrez gene ids.

    Numbers are, where a column of them is so headed (`GeneID`, `Entrez_Gene_Id`) and one is known; under any other
    heading where they are far apart, and a fifth of them is known, or half of the genes that pamrx uses is among them.
    """
    numbers = [label for label in labels if label.isdecimal() and len(label) <= _ID_DIGITS]
    if not numbers or len(numbers) < len(labels) / 2:
        return False
    entrez = _index().entrez
    hits = sum(label in entrez for label in numbers)
    key = "".join(character for character in heading.lower() if character.isalnum())
    if hits and ("entrez" in key or key in _ENTREZ_HEADINGS):
        return True
    enough = hits >= _KNOWN_SHARE * len(numbers) or len(set(numbers) & entrez.keys()) >= _FOUND_SHARE * len(entrez)
    return enough and max(map(int, numbers)) > _SPREAD * len(numbers)


def naming_note(names: pd.DataFrame, unused: Collection[str] = (SHADOWED, AMBIGUOUS)) -> str:
    """One sentence on what was renamed and what could not be; empty where every name stood as pamrx writes it.

    `unused` are the ways that led nowhere though the name was understood.
    """
    counts = Counter(names["how"])
    mapped = [f"{counts[how]} ({how})" for how in names["how"].unique() if how not in (OWN, UNKNOWN, *unused)]
    left = [f"{counts[how]} {how} ({first_names(names, how)}) left as they stand" for how in unused if counts[how]]
    told = [f"names brought to pamrx's own: {', '.join(mapped)}"] if mapped else []
    return "; ".join([*told, *left])


def first_names(names: pd.DataFrame, how: str, count: int = 3) -> str:
    """The first labels that were found in this way."""
    return ", ".join(names.loc[names["how"] == how, "given"].drop_duplicates().iloc[:count])


def _find(label: str, known: Collection[str], entrez: bool) -> tuple[str, str]:
    index = _index()
    if label in index.own:
        return label, OWN
    if label in index.current:
        return index.current[label], CURRENT
    if label in known:
        return label, OWN
    if _ensembl(label) in index.ensembl:
        return index.ensembl[_ensembl(label)], ENSEMBL
    if entrez and label in index.entrez:
        return index.entrez[label], ENTREZ
    for spelling in _spellings(label):
        for names, how in ((index.alias, ALIAS), (index.current, ALIAS)):
            if spelling in names:
                return names[spelling], how
        if spelling in index.own:
            return spelling, ALIAS
    if label in index.former:
        return index.former[label], FORMER
    return label, AMBIGUOUS if label in index.ambiguous else UNKNOWN


def _spellings(label: str) -> list[str]:
    """The label; as it was before R (HLA.A, X7SK); and C1ORF112 as C1orf112."""
    spellings = [label]
    if re.match(r"X\d", label):
        spellings.append(label[1:])
    if "." in label:
        spellings.append(label.replace(".", "-"))
    if _OPEN_FRAME.fullmatch(label):
        spellings.append(_OPEN_FRAME.sub(r"C\1orf\2", label))
    return spellings


def _ensembl(label: str) -> str:
    found = _ENSEMBL.fullmatch(label)
    return found[1] if found else ""


@cache
def _index() -> _Index:
    # Lists, since iterating over a column of Arrow text takes several times as long.
    genes = {str(column): cells.tolist() for column, cells in table("gene_ids").items()}
    symbol = genes["gene"]

    def by(column: str) -> dict[str, str]:
        return {
            name: gene
            for cell, gene in zip(genes[column], symbol, strict=True)
            for name in cell.split("|")
            if name and name != gene
        }

    unclear = frozenset(name for cell in genes["ambiguous"] for name in cell.split("|") if name)
    current = by("current_symbol")
    previous = table("previous_symbols")
    return _Index(
        own=frozenset(symbol),
        current=current,
        alias=by("aliases"),
        ensembl=by("ensembl"),
        entrez=by("entrez"),
        # A gene that pamrx does not use goes by its current symbol.
        former={
            old: current.get(new, new)
            for old, new in zip(previous["previous_symbol"], previous["current_symbol"], strict=True)
        },
        ambiguous=unclear - set(symbol),
    )
