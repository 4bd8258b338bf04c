"""Which names count as genes, and how a file's labels become Hugo symbols."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache

import pandas as pd

from pamrx.errors import did_you_mean
from pamrx.identifiers.gene_ids import OWN, UNKNOWN, is_gene_name, name_genes
from pamrx.identifiers.mirna_ids import HUGO, looks_like_mirna, merge_mirnas, name_mirnas
from pamrx.identifiers.sample_barcodes import is_barcode
from pamrx.knowledge import every_version, table

# Tables that name genes, and the columns in which they do so (cells may hold several names, parted by `|`).
_TABLES = ("genes", "hotspots", "ncrna", "signatures")
_COLUMNS = ("gene", "current_symbol", "alias", "ncrna", "older_names", "host_gene")
_NEAR = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,9}")  # else likeness to a symbol is chance
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.@_*+/-]*")

MAX_LABEL = 1_000
"""Characters of a name; what is longer is a text of words and never looked at. Portals' longest has below 200."""

CIRCRNA = "other name of a circRNA"
UNLISTED_CIRCRNA = "circRNA that pamrx has no entry for"
_PHOSPHO_SITE = re.compile(r"_p[STY]\d+")
_PARTS = re.compile(r"[|()\s]+|_(?=ENSG)|(?<=\d)_(?=[A-Z])")
_MIRNA = re.compile(r"(hsa|ebv|kshv|hcmv|mcv|hiv1|hsv1)-(mir|let)-", re.IGNORECASE)
_NONCODING = re.compile(r"(LINC\d{5}|SNHG\d+|MIR\d++[A-Z]*+\d*+(HG)?|MIRLET7[A-Z0-9]+|hsa_circ_\d+|circ[-_A-Z0-9].*)")
_CIRCULAR = re.compile(r"(hsa_)?circ(RNA)?[-_A-Z0-9][-_.A-Za-z0-9]*|[A-Z][-A-Za-z0-9]*[-_]circ(RNA)?")
_ENSEMBL = re.compile(r"ENS[A-Z]{0,4}[GT]\d{11}")
# As mouse and rat genes are written, `Pik3ca`; of human ones only C10orf10 and its like.
_TITLE = re.compile(r"[A-Z][a-z0-9.-]*[a-z][a-z0-9.-]*")
# Mouse annotations hold clones too (1700001C02Rik, AC133868.1), human ones some 2 % of open frames.
_MOUSE_SHARE, _MOUSE_GENES = 0.7, 3


@cache
def default_genes() -> frozenset[str]:
    """Every gene symbol that stands in the knowledge tables, or did for a bundle of an older version of them."""
    names: set[str] = set()
    for source in _TABLES:
        try:
            frame = every_version(source)
        except FileNotFoundError:
            continue
        for column in frame.columns:
            if column in _COLUMNS:
                names.update(name.strip() for cell in frame[column].unique().tolist() for name in cell.split("|"))
    return frozenset(name for name in names if _SYMBOL.fullmatch(name))


def clean_labels(labels: Iterable[object]) -> list[str]:
    """Hugo symbols out of a file's labels: `A1BG|1` and `A1BG (1)` become `A1BG`; missing ones become `""`."""
    return ["" if pd.isna(label) or label == "?" else _clean(str(label)) for label in labels]  # type: ignore[call-overload]


def is_mirna(name: str) -> bool:
    """Whether a name is a miRNA's: as miRBase writes it (`hsa-miR-21-5p`, `hsa-let-7a-1`, with or without the species),
    as Hugo does (`MIR21`), or an accession of miRBase."""
    return bool(_MIRNA.match(name)) or looks_like_mirna(name) or bool(HUGO.fullmatch(name))


def name_columns(labels: list[str], known: Collection[str], kind: str, entrez: bool = False) -> pd.DataFrame:
    """The name that pamrx writes for each label of a matrix, and how it was found: columns given, name, how.

    Parameters
    ----------
    labels : as `clean_labels` gives them.
    known : symbols that are right as they stand.
    kind : "expression", "copy_number" or "ncrna"; only in the last are labels tried as miRNAs and circRNAs. A circRNA
        that the ncRNA table lacks keeps its name and is told apart from a gene that nobody knows.
    entrez : whether bare numbers are Entrez ids.
    """
    if kind != "ncrna":
        return name_genes(labels, known, entrez=entrez)
    named = name_genes(["" if is_mirna(label) else label for label in labels], known, entrez=entrez)
    mirnas = name_mirnas([label if is_mirna(label) else "" for label in labels])
    micro = pd.Series([is_mirna(label) for label in labels], dtype=bool)
    named = named.where(~micro, mirnas)
    circular = _circrnas()
    # Before what genes are called: all names of a circRNA stand in the tables and would pass for symbols as they are.
    for row in named.index[named["given"].map(_circ_key).isin(list(circular))]:
        name = circular[_circ_key(str(named.at[row, "given"]))]
        named.loc[row, ["name", "how"]] = (name, OWN if name == named.at[row, "given"] else CIRCRNA)
    other = (named["how"] == UNKNOWN) & named["given"].map(is_circrna)
    named.loc[other, "how"] = UNLISTED_CIRCRNA
    return named


def circrna_note(names: pd.DataFrame) -> str:
    """One sentence on the circRNAs among the names of an ncRNA table, and on what they are good for; "" if none.

    `names` has the columns given, name and how (see `name_columns`).
    """
    named = names.loc[names["given"].map(is_circrna), "name"].drop_duplicates()
    if not len(named):
        return ""
    listed = [name for name in named if name in _circrnas().values()]
    told = f"{len(listed)} of them known to act on the axis" + (f": {', '.join(listed)}" if listed else "")
    return f"{len(named)} circRNAs ({told}): read, but no training data hold circRNAs, so they change no prediction"


def is_circrna(name: str) -> bool:
    """Whether a name is a circRNA's: a circBase id, the host gene marked as circular (circ-ITCH), or in the table."""
    return bool(_CIRCULAR.fullmatch(name)) or _circ_key(name) in _circrnas()


def is_noncoding(name: str) -> bool:
    """Whether a name is surely an ncRNA's: a miRNA, a circRNA, a lncRNA of the axis or one shaped like a lncRNA."""
    return is_mirna(name) or is_circrna(name) or bool(_NONCODING.fullmatch(name)) or name in _lncrnas()


def with_mirna_names(levels: pd.DataFrame) -> pd.DataFrame:
    """The miRNA columns of a samples x ncRNAs table (log2) under the names that pamrx writes, the others unchanged."""
    micro = [is_mirna(name) for name in levels.columns]
    if not any(micro):
        return levels
    chosen = levels.loc[:, micro]
    merged = merge_mirnas(chosen, name_mirnas(chosen.columns))
    others = levels.loc[:, [not is_one for is_one in micro]]
    return pd.concat([merged, others], axis=1)


def recognised(labels: Collection[str], known: Collection[str], noncoding: bool = False) -> list[str]:
    """Those of the (clean) labels that are known genes; with `noncoding`, names shaped like ncRNAs count too."""
    named = [label for label in labels if len(label) <= MAX_LABEL]
    if not noncoding:
        return [label for label in named if label in known or is_gene_name(label)]
    return [label for label in named if label in known or is_gene_name(label) or is_noncoding(label)]


def mouse_note(labels: Collection[str], known: Collection[str]) -> str:
    """One sentence where nearly all gene labels are in title case and name human genes in capitals; "" elsewhere."""
    titled = [label for label in labels if _TITLE.fullmatch(label)]
    if len(titled) < _MOUSE_SHARE * sum(bool(label) for label in labels):
        return ""
    human = [label for label in titled if recognised([label.upper()], known)]
    if len(human) < _MOUSE_GENES:
        return ""
    return (
        f"the genes look like mouse genes, by their title case ({', '.join(human[:3])}): human ones are expected, so "
        "name the human orthologs, such as PIK3CA"
    )


def unrecognised_message(labels: Collection[str], known: Collection[str], noncoding: bool) -> str:
    """The tail of a message that no gene was recognised: what was found, what was expected, what is nearest."""
    found = [label for label in labels if label][:3]
    expected = "hsa-miR-21-5p, MALAT1" if noncoding else "PIK3CA, PTEN"
    message = f"no recognised gene; found {', '.join(found) or 'no names'}; expected Hugo symbols such as {expected}"
    if noncoding:
        message = message.replace("Hugo symbols", "miRBase names or Hugo symbols")
    if any(_ENSEMBL.match(label) for label in found):
        return message + "; these are Ensembl ids, but none of a human gene (ENSG...) that pamrx knows"
    if found and all(label.isdigit() for label in found):
        return message + "; these are numbers, but no list of Entrez gene ids that pamrx knows"
    if any(is_barcode(label) for label in found):
        return message + "; these are TCGA samples: a table that describes samples needs a column sample_id (--samples)"
    if mouse := mouse_note(labels, known):
        return f"{message}; {mouse}"
    for label in found:
        hint = did_you_mean(label, known) if _NEAR.fullmatch(label) else ""
        if hint:
            return f"{message} ({label}{hint})"
    return message


def _circ_key(label: str) -> str:
    """`hsa_circ_0000199` as it stands; else the host gene: circ-ITCH, circITCH, circ_ITCH and ITCH_circ are one."""
    if re.fullmatch(r"hsa_circ_\d+", label):
        return label
    key = re.sub(r"[-_]", "", label.removeprefix("hsa_")).upper()
    return key.replace("CIRC", "circ", 1) if "CIRC" in key[:4] else f"circ{key[:-4]}" if key.endswith("CIRC") else key


@cache
def _lncrnas() -> frozenset[str]:
    known = table("ncrna").query("kind == 'lncRNA'")
    return frozenset(known["ncrna"]) | {name for cell in known["older_names"] for name in cell.split("|") if name}


@cache
def _circrnas() -> dict[str, str]:
    known = table("ncrna").query("kind == 'circRNA'").drop_duplicates("ncrna")
    keys: dict[str, str] = {}
    for row in known.itertuples():
        for name in (str(row.ncrna), *str(row.older_names).split("|")):
            if name:
                keys[_circ_key(name)] = str(row.ncrna)
    hosts = known["host_gene"].value_counts().to_dict()
    for row in known.itertuples():
        if hosts[row.host_gene] == 1:
            keys.setdefault(f"circ{str(row.host_gene).replace('-', '')}", str(row.ncrna))
    return keys


def _clean(label: str) -> str:
    label = label.strip().strip('"')
    if len(label) > MAX_LABEL:
        return label
    label = _without_entrez(label).strip()
    if label == "?":
        return ""
    if "|" in label or "ENSG" in label:
        return _known_part(label)
    return label


def _without_entrez(label: str) -> str:
    """`A1BG|1`, `A1BG|?` and `A1BG (1)` without their ends."""
    head, mark, tail = label.rpartition("|")
    if mark and tail and all(sign.isdecimal() or sign == "?" for sign in tail):
        return head
    head, mark, tail = label.removesuffix(")").rpartition("(")
    return head.rstrip() if mark and label.endswith(")") and tail.isdecimal() else label


def _known_part(label: str) -> str:
    """Of a label with more than a gene's name (`PTEN|chr10`, `PTEN (ENSG00000171862)`) the part that is a known gene.

    Sites of proteins (`AKT1|Akt_pS473`) stay whole, and so does a label without a known part.
    """
    if _PHOSPHO_SITE.search(label) or is_gene_name(label):
        return label
    parts = [part for part in _PARTS.split(label) if part]
    return next((part for part in parts if is_gene_name(part)), label)
