"""Annotated VCF as mutations: one row per carried allele, tumour sample and gene, in the words of a MAF.

Read through htslib (`pysam`), which is imported only here. VEP (`CSQ`) and SnpEff (`ANN`) annotations are understood.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from pamrx.errors import InputError, PamrxError
from pamrx.identifiers.consequences import is_outside, severity, variant_classification
from pamrx.identifiers.gene_ids import is_gene_name, name_genes, naming_note
from pamrx.identifiers.genes import clean_labels, unrecognised_message
from pamrx.identifiers.protein_change import short_protein_change
from pamrx.readers.files import is_clean, open_bytes
from pamrx.readers.mutation_table import Mutations
from pamrx.readers.vcf_samples import Columns, tumour_columns

# The fields of SnpEff's ANN, by position (Cingolani, Variant annotations in VCF format, v1.0, 2015); VEP names its own.
_ANN = ("Allele", "Consequence", "IMPACT", "SYMBOL", "Gene", "Feature_type", "Feature", "BIOTYPE", "Rank", "HGVSc",
        "HGVSp")  # fmt: skip
_FORMAT = re.compile(r"Format:\s*(\S+)")
_HOW = "annotate it with VEP (vep --vcf --symbol --hgvs --canonical --mane) or SnpEff (snpEff ann), or give a MAF"
_MANY_GENES = 20  # distinct genes from which some known one is to be expected


def is_vcf(file: Path) -> bool:
    """Whether the file starts, or ends its name, as a VCF does."""
    endings = [ending.lower() for ending in file.suffixes if ending.lower() not in (".gz", ".bgz")]
    if endings and endings[-1] == ".vcf":
        return True
    with open_bytes(file) as stream:
        return stream.read(16) == b"##fileformat=VCF"


def read_vcf(file: Path, known_genes: Collection[str] = ()) -> Mutations:
    """Read one VCF, plain or gzipped, annotated by VEP or SnpEff.

    Records that PASS or were not filtered (`.`) count; of these, alleles that a tumour's genotype carries and the
    normal's does not. A tumour column without a genotype (Strelka) carries every allele. `vcf_samples.tumour_columns`
    says which columns are tumours. For each gene the most severe consequence on the best transcript stands: MANE
    Select, else canonical, else picked, else any. Every tumour column counts as sequenced, mutated or not.

    Raises
    ------
    PamrxError
        If `pysam` is missing, the file is damaged or not annotated, tumours cannot be told, or no gene is recognised.
    """
    pysam = _library(file)
    with open_bytes(file) as stream:
        if not stream.read(16).startswith(b"##fileformat=VCF"):
            raise InputError(f"{file}: no VCF: the first line is not ##fileformat=VCF...; expected a VCF, or a MAF")
    quiet = pysam.set_verbosity(0)  # htslib writes warnings of its own to the screen
    try:
        with _seekable(file) as path, pysam.VariantFile(str(path)) as variants:
            annotation = _annotation(file, variants.header)
            columns = tumour_columns(file, list(variants.header.samples), str(variants.header))
            told = _Told()
            found = [
                row for record in _records(file, variants) for row in _rows(file, record, annotation, columns, told)
            ]
    except PamrxError:
        raise  # an `InputError` is a ValueError too, with its own message
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: a damaged VCF ({error}); make or copy it again") from None
    finally:
        pysam.set_verbosity(quiet)
    rows = pd.DataFrame(found, columns=["sample_id", "gene", "variant_classification", "hgvsp"], dtype=object)
    notes = [*columns.notes, *told.notes(file)]
    rows["gene"] = _named(file, rows["gene"], known_genes, notes)
    rows["driver"] = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    genes = rows["gene"].nunique()
    first = f"{file}: {len(rows)} mutations in {len(columns.names)} samples and {genes} genes ({annotation.made_by})"
    return Mutations(rows, tuple(dict.fromkeys(columns.names)), (first, *notes))


@dataclass
class _Told:
    """What was passed over."""

    filtered: Counter[str] = field(default_factory=Counter)
    germline: int = 0
    structural: int = 0
    outside: int = 0

    def notes(self, file: Path) -> list[str]:
        words = ", ".join(word for word, _ in self.filtered.most_common(3))
        told = [
            (sum(self.filtered.values()), f"records whose FILTER is not PASS ({words}) left out"),
            (self.germline, "alleles that the normal carries too left out"),
            (self.structural, "symbolic alleles (structural variants) left out"),
            (self.outside, "variants in no gene left out"),
        ]
        return [f"{file}: {count} {what}" for count, what in told if count]


@dataclass(frozen=True)
class _Annotation:
    """Where the annotation stands: the INFO key, and the position of each field."""

    key: str
    made_by: str
    places: dict[str, int]

    def of(self, record: Any) -> list[dict[str, str]]:
        """The transcript annotations of a record, as field -> text."""
        value = record.info.get(self.key, ())
        texts = value.split(",") if isinstance(value, str) else [str(text) for text in value]
        found = []
        for text in texts:
            cells = [cell.strip() for cell in text.split("|")]
            one = {name: cells[place] if place < len(cells) else "" for name, place in self.places.items()}
            if one.get("Feature_type", "transcript").lower() in ("transcript", "") and one["Consequence"]:
                found.append(one)
        return found


def _library(file: Path) -> Any:
    try:
        import pysam
    except ImportError:
        raise InputError(f"{file}: reading a VCF needs pysam; run: pip install 'pamrx[vcf]'") from None
    return pysam


@contextmanager
def _seekable(file: Path) -> Iterator[Path]:
    """The file itself; as plain UTF-8 for the while what pysam cannot read: a gzip that is no bgzip, UTF-16, CR line
    ends."""
    with file.open("rb") as handle:
        start = handle.read(14)
    if start[12:14] == b"BC" if start.startswith(b"\x1f\x8b") else is_clean(file):
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.vcf"
        with open_bytes(file) as stream, plain.open("wb") as target:
            shutil.copyfileobj(stream, target)
        yield plain


def _records(file: Path, variants: Any) -> Iterator[Any]:
    number = 0
    try:
        for record in variants:
            number += 1
            yield record
    except (OSError, ValueError) as error:
        where = f"after record {number}" if number else "at its first record"
        raise InputError(f"{file}: damaged {where} ({error}); make or copy it again") from None


def _annotation(file: Path, header: Any) -> _Annotation:
    for key, meta in header.info.items():
        described = _FORMAT.search(meta.description or "")
        names = described[1].strip("\"'.").split("|") if described else []
        if "Consequence" in names:
            if "SYMBOL" not in names:
                raise InputError(f"{file}: VEP's {key} names no gene symbol; run VEP again with --symbol --hgvs")
            return _Annotation(key, f"VEP {key}", {name: place for place, name in enumerate(names)})
    if "ANN" in header.info:
        return _Annotation("ANN", "SnpEff ANN", {name: place for place, name in enumerate(_ANN)})
    other = next((key for key in ("EFF", "FUNCOTATION", "ANNOVAR_DATE") if key in header.info), "")
    found = f"found {other}, which is not read" if other else "neither CSQ nor ANN is declared in its header"
    raise InputError(f"{file}: this VCF does not say which genes its variants hit ({found}); {_HOW}")


def _rows(
    file: Path, record: Any, annotation: _Annotation, columns: Columns, told: _Told
) -> Iterator[tuple[str, str, str, str]]:
    marks = [mark for mark in record.filter if mark != "PASS"]
    if marks:
        told.filtered[marks[0]] += 1
        return
    alts = record.alts or ()
    carried = _carried(file, record, columns)
    normal = {place for column in columns.normals for place in record.samples[column].allele_indices or ()}
    annotations: list[dict[str, str]] | None = None
    for place, alt in enumerate(alts, start=1):
        samples = [sample for sample, alleles in carried if place in alleles]
        if not samples or alt == "*":
            continue
        if place in normal:
            told.germline += 1
            continue
        if not re.fullmatch(r"[ACGTNacgtn]+", alt):
            told.structural += 1
            continue
        if annotations is None:
            annotations = annotation.of(record)
        best = _per_gene([one for one in annotations if _is_of(one, record.ref, alts, place)])
        if not best:
            told.outside += 1
        for sample in dict.fromkeys(samples):
            for gene, one in best.items():
                word = variant_classification(one["Consequence"], record.ref, alt)
                yield sample, gene, word, _change(one)


def _carried(file: Path, record: Any, columns: Columns) -> list[tuple[str, set[int]]]:
    """Tumour and the alleles that it carries."""
    every = set(range(1, len(record.alts or ()) + 1))
    if not columns.tumours:  # a VCF of sites: its one sample has them all
        return [(name, every) for name in columns.names]
    carried = []
    for name, column in zip(columns.names, columns.tumours, strict=True):
        alleles = record.samples[column].allele_indices
        if "GT" not in record.format:
            if len(columns.tumours) > 1:
                raise InputError(
                    f"{file}: {record.chrom}:{record.pos}: no genotypes (GT) for {len(columns.tumours)} samples: which "
                    "of them carries the variant cannot be told; give a VCF of one tumour"
                )
            carried.append((name, every))
        else:
            carried.append((name, {allele for allele in alleles or () if allele}))
    return carried


def _is_of(one: dict[str, str], ref: str, alts: tuple[str, ...], place: int) -> bool:
    """Whether an annotation is of allele number `place`. VEP cuts the first base of indels if all alleles share it."""
    if len(alts) == 1:
        return True
    if one.get("ALLELE_NUM"):
        return one["ALLELE_NUM"] == str(place)
    alt = alts[place - 1]
    letters = [ref, *(other for other in alts if other != "*")]
    shared = len({len(text) for text in letters}) > 1 and len({text[:1] for text in letters}) == 1
    return one["Allele"] in ((alt, alt[1:] or "-") if shared else (alt,))


def _per_gene(annotations: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """gene -> the annotation that stands for it: the best transcript, on it the most severe consequence."""
    best: dict[str, tuple[tuple[int, int], dict[str, str]]] = {}
    for one in annotations:
        gene = one["SYMBOL"] or one.get("Gene", "")
        if not gene or is_outside(one["Consequence"]):
            continue
        rank = (_transcript_rank(one), severity(one["Consequence"]))
        if gene not in best or rank < best[gene][0]:
            best[gene] = (rank, one)
    return {gene: one for gene, (_, one) in best.items()}


def _transcript_rank(one: dict[str, str]) -> int:
    if one.get("MANE_SELECT") or one.get("MANE", "").startswith(("MANE_Select", "NM_")):
        return 0
    if one.get("CANONICAL") == "YES":
        return 1
    return 2 if one.get("PICK") == "1" else 3


def _change(one: dict[str, str]) -> str:
    """The protein change; where VEP ran without --hgvs, of a single residue, from its position and amino acids."""
    if one.get("HGVSp"):
        return short_protein_change(one["HGVSp"])
    position = one.get("Protein_position", "").partition("/")[0]
    residues = re.fullmatch(r"([A-Z*])/([A-Z*])", one.get("Amino_acids", ""))
    if residues and position.isdigit() and "frameshift_variant" not in one["Consequence"]:
        return f"p.{residues[1]}{position}{residues[2]}"
    return ""


def _named(file: Path, genes: pd.Series, known: Collection[str], notes: list[str]) -> pd.Series:
    given = sorted(genes.unique())
    if not given:
        return genes
    named = name_genes(clean_labels(given), known, guarded=False)
    if told := naming_note(named):
        notes.append(f"{file}: {told}")
    if known and not any(name in known or is_gene_name(name) for name in named["name"]) and len(given) >= _MANY_GENES:
        raise InputError(f"{file}: {unrecognised_message(given, known, noncoding=False)}")
    return genes.map(dict(zip(given, named["name"], strict=True))).astype(object)
