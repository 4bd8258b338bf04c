"""Which names count as genes, and how a file's labels become Hugo symbols."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache

import pandas as pd

from predictor.errors import did_you_mean
from predictor.knowledge import table

# Tables that name genes, and the columns in which they do so (cells may hold several names, parted by `|`).
_TABLES = ("genes", "hotspots", "ncrna", "signatures")
_COLUMNS = ("gene", "current_symbol", "alias", "ncrna", "older_names", "host_gene")
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.@_*+/-]*")

_ENTREZ_TAIL = re.compile(r"(\|[\d?]+|\s*\(\d+\))$")
_MIRNA = re.compile(r"(hsa|ebv|kshv|hcmv|mcv|hiv1|hsv1)-(mir|let)-", re.IGNORECASE)
_NONCODING = re.compile(r"(LINC\d{5}|SNHG\d+|MIR\d+[A-Z]*\d*(HG)?|MIRLET7[A-Z0-9]+|hsa_circ_\d+|circ[-_A-Z0-9].*)")
_ENSEMBL = re.compile(r"ENS[A-Z]{0,4}[GT]\d{11}")


@cache
def default_genes() -> frozenset[str]:
    """Every gene symbol that stands in the knowledge tables."""
    names: set[str] = set()
    for source in _TABLES:
        try:
            frame = table(source)
        except FileNotFoundError:
            continue
        for column in frame.columns:
            if column in _COLUMNS:
                names.update(name.strip() for cell in frame[column].unique() for name in cell.split("|"))
    return frozenset(name for name in names if _SYMBOL.fullmatch(name))


def clean_labels(labels: Iterable[object]) -> list[str]:
    """Hugo symbols out of a file's labels: `A1BG|1` and `A1BG (1)` become `A1BG`; missing ones become `""`."""
    return ["" if pd.isna(label) or label == "?" else _clean(str(label)) for label in labels]  # type: ignore[call-overload]


def is_mirna(name: str) -> bool:
    """Whether a name is written as miRBase writes a microRNA: `hsa-miR-21-5p`, `hsa-let-7a-1`."""
    return bool(_MIRNA.match(name))


def recognised(labels: Collection[str], known: Collection[str], noncoding: bool = False) -> list[str]:
    """Those of the (clean) labels that are known genes; with `noncoding`, names shaped like ncRNAs count too."""
    if not noncoding:
        return [label for label in labels if label in known]
    return [label for label in labels if label in known or is_mirna(label) or _NONCODING.fullmatch(label)]


def unrecognised_message(labels: Collection[str], known: Collection[str], noncoding: bool) -> str:
    """The tail of a message that no gene was recognised: what was found, what was expected, what is nearest."""
    found = [label for label in labels if label][:3]
    expected = "hsa-miR-21-5p, MALAT1" if noncoding else "PIK3CA, PTEN"
    message = f"no recognised gene; found {', '.join(found) or 'no names'}; expected Hugo symbols such as {expected}"
    if noncoding:
        message = message.replace("Hugo symbols", "miRBase names or Hugo symbols")
    if any(_ENSEMBL.match(label) for label in found):
        return message + "; these are Ensembl ids: convert them to Hugo symbols first"
    if found and all(label.isdigit() for label in found):
        return message + "; these look like Entrez ids: convert them to Hugo symbols first"
    for label in found:
        hint = did_you_mean(label, known)
        if hint:
            return f"{message} ({label}{hint})"
    return message


def _clean(label: str) -> str:
    label = _ENTREZ_TAIL.sub("", label.strip().strip('"')).strip()
    return "" if label == "?" else label
