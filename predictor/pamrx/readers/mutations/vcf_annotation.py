"""The annotation of a VCF's records: which genes an allele hits, with what consequence and protein change.

Understood are VEP (`CSQ`), SnpEff (`ANN`), GATK Funcotator (`FUNCOTATION`) and ANNOVAR (`Gene.refGene` and its like).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pamrx.display import short_repr
from pamrx.errors import InputError

# The fields of SnpEff's ANN, by position (Cingolani, Variant annotations in VCF format, v1.0, 2015); VEP names its own.
_ANN = ("Allele", "Consequence", "IMPACT", "SYMBOL", "Gene", "Feature_type", "Feature", "BIOTYPE", "Rank", "HGVSc",
        "HGVSp")  # fmt: skip
_FORMAT = re.compile(r"Format:\s*(\S+)")
_FUNCOTATION = re.compile(r"fields are:\s*(\S+)")
_ENCODED = re.compile(r"_%([0-9A-Fa-f]{2})_")  # Funcotator's way of writing |, commas, semicolons
_HOW = "annotate it with VEP (vep --vcf --symbol --hgvs --canonical --mane) or SnpEff (snpEff ann), or give a MAF"
_NOTHING = frozenset({"", "."})

Entry = dict[str, str]
"""SYMBOL, Consequence, HGVSp and, by source, Allele, ALLELE_NUM, CANONICAL and others of VEP's names."""


@short_repr
@dataclass(frozen=True)
class Annotation:
    """`made_by` names the source; `of(record)` gives the entries of a record for each of its alternative alleles."""

    made_by: str
    of: Callable[[Any], list[list[Entry]]]


def annotation_of(file: Path, header: Any) -> Annotation:
    """The annotation that a VCF's header declares.

    Raises
    ------
    PamrxError
        If it declares none that is understood, or VEP's names no gene.
    """
    for key, meta in header.info.items():
        described = _FORMAT.search(meta.description or "")
        names = described[1].strip("\"'.").split("|") if described else []
        if "Consequence" in names:
            if "SYMBOL" not in names:
                raise InputError(f"{file}: VEP's {key} names no gene symbol; run VEP again with --symbol --hgvs")
            return Annotation(f"VEP {key}", _Listed(key, {name: place for place, name in enumerate(names)}))
    if "ANN" in header.info:
        return Annotation("SnpEff ANN", _Listed("ANN", {name: place for place, name in enumerate(_ANN)}))
    if "FUNCOTATION" in header.info and (reader := _funcotation(header.info["FUNCOTATION"].description or "")):
        return Annotation("Funcotator FUNCOTATION", reader)
    for gene in header.info:
        source = gene.removeprefix("Gene.")
        if source != gene and f"Func.{source}" in header.info:
            return Annotation(f"ANNOVAR {gene}", _Annovar(source))
    other = next((key for key in ("EFF", "FUNCOTATION", "ANNOVAR_DATE") if key in header.info), "")
    found = f"found {other}, which is not read" if other else "neither CSQ nor ANN is declared in its header"
    raise InputError(f"{file}: this VCF does not say which genes its variants hit ({found}); {_HOW}")


@dataclass(frozen=True)
class _Listed:
    """VEP and SnpEff: a list of transcripts, each of some allele."""

    key: str
    places: dict[str, int]

    def __call__(self, record: Any) -> list[list[Entry]]:
        value = record.info.get(self.key, ())
        texts = value.split(",") if isinstance(value, str) else [str(text) for text in value]
        found = []
        for text in texts:
            cells = [cell.strip() for cell in text.split("|")]
            one = {name: cells[place] if place < len(cells) else "" for name, place in self.places.items()}
            if one.get("Feature_type", "transcript").lower() in ("transcript", "") and one["Consequence"]:
                found.append(one)
        alts = record.alts or ()
        return [[one for one in found if _is_of(one, record.ref, alts, place)] for place in range(1, len(alts) + 1)]


def _is_of(one: Entry, ref: str, alts: tuple[str, ...], place: int) -> bool:
    """Whether an annotation is of allele number `place`. VEP cuts the first base of indels if all alleles share it."""
    if len(alts) == 1:
        return True
    if one.get("ALLELE_NUM"):
        return one["ALLELE_NUM"] == str(place)
    alt = alts[place - 1]
    letters = [ref, *(other for other in alts if other != "*")]
    shared = len({len(text) for text in letters}) > 1 and len({text[:1] for text in letters}) == 1
    return one["Allele"] in ((alt, alt[1:] or "-") if shared else (alt,))


def _funcotation(description: str) -> _Funcotator | None:
    told = _FUNCOTATION.search(description)
    names = told[1].strip("\"'.").split("|") if told else []
    places = {}
    for role, end in (("SYMBOL", "hugosymbol"), ("Consequence", "variantclassification"), ("HGVSp", "proteinchange")):
        found = [place for place, name in enumerate(names) if re.fullmatch(rf"gencode_\w+?_{end}", name.lower())]
        if not found:
            return None
        places[role] = found[0]
    return _Funcotator(places)


@dataclass(frozen=True)
class _Funcotator:
    """A list of alleles, for each `[a|b|c]` or, of several transcripts, `[a|b|c]#[a|b|c]`, the best one first."""

    places: dict[str, int]

    def __call__(self, record: Any) -> list[list[Entry]]:
        value = record.info.get("FUNCOTATION", ())
        alleles = value.split(",") if isinstance(value, str) else [str(text) for text in value]
        return [[self._entry(text) for text in allele.split("#")[:1]] for allele in alleles]

    def _entry(self, text: str) -> Entry:
        cells = text.strip().removeprefix("[").removesuffix("]").split("|")
        plain = [_ENCODED.sub(lambda found: chr(int(found[1], 16)), cell) for cell in cells]
        return {role: plain[place] if place < len(plain) else "" for role, place in self.places.items()}


@dataclass(frozen=True)
class _Annovar:
    """Keys of INFO by the name of the gene model, once for each allele where there are several."""

    source: str

    def __call__(self, record: Any) -> list[list[Entry]]:
        info = str(record).split("\t")[7]
        parts = info.split("ALLELE_END") if "ALLELE_END" in info else [info]
        return [self._entries(part) for part in parts if f"Gene.{self.source}=" in part]

    def _entries(self, text: str) -> list[Entry]:
        told = dict(pair.split("=", 1) for pair in text.strip().split(";") if "=" in pair)
        gene, func, exonic, change = (
            told.get(f"{key}.{self.source}", "").replace(r"\x3b", ";").replace(r"\x3d", "=")
            for key in ("Gene", "Func", "ExonicFunc", "AAChange")
        )
        word = func if exonic in _NOTHING or exonic == "unknown" else exonic
        if gene in _NOTHING or word in _NOTHING:
            return []
        return [{"SYMBOL": gene, "Consequence": word, "HGVSp": "" if change in _NOTHING else change}]
