"""Annotated VCF as mutations: one row per carried allele, tumour sample and gene, in the words of a MAF.

Read through htslib (`pysam`), which is imported only here; `vcf_annotation` says which annotations are understood.
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
from pamrx.identifiers.consequences import is_known, is_outside, severity, variant_classification
from pamrx.identifiers.gene_ids import is_gene_name
from pamrx.identifiers.genes import unrecognised_message
from pamrx.readers.mutations.columns import ALT, CHROMOSOME, REF, START
from pamrx.readers.mutations.fractions import fraction_of
from pamrx.readers.mutations.rows import Settled, settle
from pamrx.readers.mutations.table import VAF, Mutations
from pamrx.readers.mutations.vcf_annotation import Annotation, Entry, annotation_of
from pamrx.readers.mutations.vcf_samples import Columns, tumour_columns
from pamrx.readers.text.files import check_labels, is_clean, open_bytes

_FIELDS = ["sample_id", "gene", "variant_classification", "hgvsp", CHROMOSOME, START, REF, ALT, VAF]
_MANY_GENES = 20  # distinct genes from which some known one is to be expected


def is_vcf(file: Path) -> bool:
    """Whether the file starts, or ends its name, as a VCF does."""
    endings = [ending.lower() for ending in file.suffixes if ending.lower() not in (".gz", ".bgz")]
    if endings and endings[-1] == ".vcf":
        return True
    with open_bytes(file) as stream:
        return stream.read(16) == b"##fileformat=VCF"


def read_vcf(file: Path, known_genes: Collection[str] = ()) -> Mutations:
    """Read one VCF, plain or gzipped, annotated by VEP, SnpEff, Funcotator or ANNOVAR.

    Records that PASS or were not filtered (`.`) count; of these, alleles that a tumour's genotype carries and the
    normal's does not. One tumour without genotypes (Strelka), or whose genotype is not called (cgpPindel), carries
    every allele; of several, one that is never called counts as not sequenced. `vcf_samples.tumour_columns` says which
    columns are tumours. For each gene the most severe consequence on the best transcript stands: MANE
    Select, else canonical, else picked, else any. Every other tumour counts as sequenced, mutated or not.

    Raises
    ------
    PamrxError
        If `pysam` is missing, the file is damaged or not annotated, tumours cannot be told or carry nothing
        that passes, or no gene is recognised.
    """
    pysam = _library(file)
    with open_bytes(file) as stream:
        if not stream.read(16).startswith(b"##fileformat=VCF"):
            raise InputError(f"{file}: no VCF: the first line is not ##fileformat=VCF...; expected a VCF, or a MAF")
    quiet = pysam.set_verbosity(0)  # htslib writes warnings of its own to the screen
    told = _Told(file)
    try:
        with _seekable(file) as path, pysam.VariantFile(str(path)) as variants:
            annotation = annotation_of(file, variants.header)
            columns = tumour_columns(file, list(variants.header.samples), str(variants.header))
            found = [row for record in _records(file, variants) for row in _rows(record, annotation, columns, told)]
    except PamrxError:
        raise  # an `InputError` is a ValueError too, with its own message
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: a damaged VCF ({error}); make or copy it again") from None
    finally:
        pysam.set_verbosity(quiet)
    names = _sequenced(columns, told)
    check_labels(str(file), names, "header")
    check_labels(str(file), dict.fromkeys(gene for _, gene, *_ in found), "annotation")
    raw = pd.DataFrame(found, columns=_FIELDS, dtype=object)
    raw["driver"] = pd.Series(pd.NA, index=raw.index, dtype="boolean")
    raw[VAF] = raw[VAF].astype("float64")
    if raw[VAF].isna().all():
        raw = raw.drop(columns=VAF)
    read = settle(raw, known_genes, entrez=False)
    _check_recognised(file, read, known_genes)
    count = f"{len(read.rows)} mutations in {len(names)} samples and {read.rows['gene'].nunique()} genes"
    notes = (f"{file}: {note}" for note in (f"{count} ({annotation.made_by})", *told.notes(), *read.notes))
    first, *others = notes
    return Mutations(read.rows, names, (first, *columns.notes, *others), read.names)


@dataclass
class _Told:
    """What was passed over, and how genotypes were read."""

    file: Path
    filtered: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    called: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    carried: int = 0
    uncalled: int = 0
    open_ended: int = 0
    germline: int = 0
    structural: int = 0
    outside: int = 0
    silent: list[str] = field(default_factory=list)

    def notes(self) -> list[str]:
        words = ", ".join(word for word, _ in self.filtered.most_common(3))
        terms = ", ".join(f"{term} {count}" for term, count in self.unknown.most_common(5))
        told = [
            (sum(self.filtered.values()), f"records whose FILTER is not PASS ({words}) left out"),
            (self.uncalled, "records whose genotype is not called (./.) taken as carried by the one tumour"),
            (self.open_ended, "genotypes of tumours not called (./.): taken as not carried"),
            (
                len(self.silent),
                f"tumours without any called genotype count as not sequenced ({', '.join(self.silent[:3])})",
            ),
            (self.germline, "alleles that the normal carries too left out"),
            (self.structural, "symbolic alleles (structural variants) left out"),
            (self.outside, "variants in no gene left out"),
            (sum(self.unknown.values()), f"consequences in unknown terms ({terms}): count as some change of the gene"),
        ]
        return [f"{count} {what}" for count, what in told if count]


def _sequenced(columns: Columns, told: _Told) -> tuple[str, ...]:
    """The tumours that were looked at.

    Raises
    ------
    PamrxError
        If records pass and no tumour carries any of them: the tumour is another column, or genotypes are not called.
    """
    names = tuple(dict.fromkeys(columns.names))
    if told.passed and not told.carried:
        raise InputError(
            f"{told.file}: {told.passed} records pass, and {', '.join(names[:3])} carries none of them by its genotype "
            "(GT); expected a tumour that does: name its column in a header line ##tumor_sample=NAME, or give a VCF of "
            "one tumour with its genotypes called"
        )
    told.silent = [name for name in names if told.called.get(name) == 0]
    return tuple(name for name in names if name not in told.silent)


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


def _rows(record: Any, annotation: Annotation, columns: Columns, told: _Told) -> Iterator[tuple[Any, ...]]:
    """sample, gene, consequence, protein change, chromosome, position, alleles, fraction of each carried allele."""
    marks = [mark for mark in record.filter if mark != "PASS"]
    if marks:
        told.filtered[marks[0]] += 1
        return
    alts = record.alts or ()
    told.passed += bool(alts)
    carried = _carried(record, columns, told)
    normal = {place for column in columns.normals for place in _alleles(record, column, told.file) or ()}
    annotations: list[list[Entry]] | None = None
    for place, alt in enumerate(alts, start=1):
        samples = [sample for sample, alleles in carried if place in alleles]
        if not samples or alt == "*":
            continue
        told.carried += 1
        if place in normal:
            told.germline += 1
            continue
        if not re.fullmatch(r"[ACGTNacgtn]+", alt):
            told.structural += 1
            continue
        if annotations is None:
            annotations = annotation.of(record)
        best = _per_gene(annotations[place - 1] if place <= len(annotations) else [])
        if not best:
            told.outside += 1
        for sample in dict.fromkeys(samples):
            fraction = _fraction(record, columns, sample, place)
            for gene, one in best.items():
                terms = one["Consequence"]
                if not is_known(terms):
                    told.unknown[terms] += 1
                word = variant_classification(terms, record.ref, alt)
                yield sample, gene, word, _change(one), record.chrom, str(record.pos), record.ref, alt, fraction


def _carried(record: Any, columns: Columns, told: _Told) -> list[tuple[str, set[int]]]:
    """Tumour and the alleles that it carries."""
    every = set(range(1, len(record.alts or ()) + 1))
    if not columns.tumours:  # a VCF of sites: its one sample has them all
        return [(name, every) for name in columns.names]
    carried = []
    for name, column in zip(columns.names, columns.tumours, strict=True):
        alleles = _alleles(record, column, told.file)
        if "GT" not in record.format:
            if len(columns.tumours) > 1:
                raise InputError(
                    f"{told.file}: {record.chrom}:{record.pos}: no genotypes (GT) for {len(columns.tumours)} samples: "
                    "which of them carries the variant cannot be told; give a VCF of one tumour"
                )
            carried.append((name, every))
        elif any(allele is not None for allele in alleles or ()):
            told.called[name] += 1
            carried.append((name, {allele for allele in alleles if allele}))
        elif len(columns.tumours) == 1:  # cgpPindel calls no genotypes: the record itself is the call
            told.uncalled += 1
            carried.append((name, every))
        else:
            told.open_ended += 1
            told.called[name] += 0
    return carried


def _fraction(record: Any, columns: Columns, sample: str, allele: int) -> float:
    """The fraction of an allele's reads in a tumour, NaN where the record does not tell it as numbers."""
    column = dict(zip(columns.names, columns.tumours, strict=False)).get(sample)
    if column is None:
        return float("nan")
    found = []
    for name, kind in (("AD", int), ("AF", float)):
        values = record.samples[column].get(name) if name in record.format else None
        plain = isinstance(values, tuple) and all(value is None or isinstance(value, kind) for value in values)
        found.append(values if plain else None)
    return fraction_of(found[0], found[1], allele)


def _alleles(record: Any, column: str, file: Path) -> Any:
    try:
        return record.samples[column].allele_indices
    except IndexError:
        raise InputError(
            f"{file}: {record.chrom}:{record.pos}: no genotype column for {column}, which the header names; expected "
            "one per sample: make or copy the file again"
        ) from None


def _per_gene(annotations: list[Entry]) -> dict[str, Entry]:
    """gene -> the annotation that stands for it: the best transcript, on it the most severe consequence."""
    best: dict[str, tuple[tuple[int, int], Entry]] = {}
    for one in annotations:
        gene = one["SYMBOL"] or one.get("Gene", "")
        if not gene or is_outside(one["Consequence"]):
            continue
        rank = (_transcript_rank(one), severity(one["Consequence"]))
        if gene not in best or rank < best[gene][0]:
            best[gene] = (rank, one)
    return {gene: one for gene, (_, one) in best.items()}


def _transcript_rank(one: Entry) -> int:
    if one.get("MANE_SELECT") or one.get("MANE", "").startswith(("MANE_Select", "NM_")):
        return 0
    if one.get("CANONICAL") == "YES":
        return 1
    return 2 if one.get("PICK") == "1" else 3


def _change(one: Entry) -> str:
    """The protein change; where VEP ran without --hgvs, of a single residue, from its position and amino acids."""
    if one.get("HGVSp"):
        return one["HGVSp"]
    position = one.get("Protein_position", "").partition("/")[0]
    residues = re.fullmatch(r"([A-Z*])/([A-Z*])", one.get("Amino_acids", ""))
    if residues and position.isdigit() and "frameshift_variant" not in one["Consequence"]:
        return f"p.{residues[1]}{position}{residues[2]}"
    return ""


def _check_recognised(file: Path, read: Settled, known: Collection[str]) -> None:
    names = [str(name) for name in read.names["name"]]
    if known and not any(name in known or is_gene_name(name) for name in names) and len(names) >= _MANY_GENES:
        given = [str(label) for label in read.names["given"]]
        raise InputError(f"{file}: {unrecognised_message(given, known, noncoding=False)}")
