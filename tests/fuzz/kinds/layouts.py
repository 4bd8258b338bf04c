"""Small valid tables in the layouts of their sources, and ways to ask pamrx about them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from tests.fuzz.case import Case

GENES = ("PIK3CA", "PTEN", "AKT1", "MTOR", "TSC1", "TSC2", "TP53", "KRAS", "EGFR", "ERBB2", "RB1", "MYC")
MIRNAS = ("hsa-let-7a-1", "hsa-let-7a-2", "hsa-miR-21-5p", "hsa-mir-222", "hsa-miR-100-5p", "MALAT1")
SAMPLES = ("T1", "T2", "T3")
VARIANTS = (
    ("PIK3CA", "Missense_Mutation", "p.H1047R"), ("PIK3CA", "Missense_Mutation", "p.E545K"),
    ("PTEN", "Nonsense_Mutation", "p.R130*"), ("PTEN", "Frame_Shift_Del", "p.K267Rfs*9"),
    ("TP53", "Missense_Mutation", "p.R175H"), ("KRAS", "Missense_Mutation", "p.G12D"), ("RB1", "Splice_Site", ""),
    ("AKT1", "Missense_Mutation", "p.E17K"), ("EGFR", "In_Frame_Del", "p.E746_A750del"), ("MYC", "Silent", "p.G4="),
)  # fmt: skip
TISSUES = ("breast", "lung", "large_intestine", "skin", "")
DRUGS = ("--drugs", "alpelisib")

MAF_EXTRA = {
    "Entrez_Gene_Id": "5290", "Center": "BI", "NCBI_Build": "GRCh38", "Chromosome": "chr3", "Start_Position": "179234",
    "Reference_Allele": "A", "Tumor_Seq_Allele2": "G", "Mutation_Status": "Somatic", "FILTER": "PASS", "t_depth": "88",
    "t_alt_count": "31", "cbp_driver": "Putative_Driver",
}  # fmt: skip


def text_of(rows: Sequence[Sequence[object]], separator: str = "\t") -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def put(path: Path, text: str, packed: bool = False) -> str:
    """Write a text, also packed; gives the file's name."""
    path.write_bytes(gzip.compress(text.encode(), 1, mtime=0) if packed else text.encode())
    return path.name


def maf_rows(random: Random, samples: Sequence[str] = SAMPLES) -> list[list[str]]:
    """A MAF of a few columns or of many."""
    extra = random.sample(sorted(MAF_EXTRA), random.choice((0, 3, len(MAF_EXTRA))))
    head = ["Hugo_Symbol", *extra, "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short"]
    rows = [head]
    for sample in samples:
        for gene, effect, change in random.sample(VARIANTS, random.choice((1, 3, 6))):
            rows.append([gene, *(MAF_EXTRA[name] for name in extra), sample, effect, change])
    return rows


def levels(random: Random, unit: str, rows: int, columns: int) -> list[list[object]]:
    """Levels that look like what their unit is."""

    def one() -> object:
        if unit == "counts":
            return random.randrange(0, 5000)
        if unit == "tpm":
            return round(random.uniform(0, 300), 2)
        if unit == "calls":
            return random.choice((-2, -1, 0, 0, 1, 2))
        return round(random.uniform(0, 14), 3)

    return [[one() for _ in range(columns)] for _ in range(rows)]


def matrix_rows(
    random: Random, unit: str, names: Sequence[str] = GENES, samples: Sequence[str] = SAMPLES, corner: str = "gene"
) -> list[list[object]]:
    """Genes in rows, or in columns by chance."""
    values = levels(random, unit, len(names), len(samples))
    rows: list[list[object]] = [[corner, *samples]]
    rows += [[name, *found] for name, found in zip(names, values, strict=True)]
    return [list(row) for row in zip(*rows, strict=True)] if random.random() < 0.4 else rows


def sample_rows(random: Random, samples: Sequence[str] = SAMPLES) -> list[list[str]]:
    rows = [["sample_id", "tissue", "sample_type", "msi", "sequenced"]]
    for name in samples:
        tissue, kind = random.choice(TISSUES), random.choice(("tumour", "cell_line", ""))
        rows.append([name, tissue, kind, random.choice(("MSS", "MSI-H", "")), "yes"])
    return rows


def asked(random: Random, files: Mapping[str, str], checks: float = 0.6) -> Case:
    """`check` or `predict` of files by the options that name them.

    Parameters
    ----------
    checks : how often `check`, which costs half of what `predict` does.
    """
    options = [text for option, name in files.items() for text in (f"--{option}", name)]
    spoilt = tuple(name.partition("::")[0] for name in files.values())
    if random.random() < checks:
        named = list(files.values()) if random.random() < 0.5 else options
        output = random.choice((None, None, None, "findings.csv", "findings.json"))
        return Case(("check", *named, *(("-o", output) if output else ())), spoilt, output)
    output = random.choice((None, "out.csv", "out.parquet", "out.json"))
    return Case(("predict", *options, *DRUGS, *(("-o", output) if output else ())), spoilt, output)


def scored(cohort: str, files: Sequence[str], *more: str) -> Case:
    return Case(("score", cohort, "-o", "scores", "--jobs", "1", *DRUGS, *more), tuple(files), "scores")
