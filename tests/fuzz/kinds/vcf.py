"""Annotated VCF, plain and packed, as VEP and SnpEff write it."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.fuzz.case import Case, Kind
from tests.fuzz.kinds.layouts import asked, put

_VEP = "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|HGVSc|HGVSp|PICK|CANONICAL"
_HEAD = (
    "##fileformat=VCFv4.2",
    '##FILTER=<ID=weak_evidence,Description="Mutation does not meet likelihood threshold">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allelic depths">',
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
    "##contig=<ID=chr3>",
    "##contig=<ID=chr10>",
    "##tumor_sample=T1",
    "##normal_sample=N1",
)
_CSQ = f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: {_VEP}">'
_ANN = (
    "##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele | Annotation | "
    "Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p "
    "| cDNA.pos / cDNA.length | CDS.pos / CDS.length | AA.pos / AA.length | Distance | ERRORS / WARNINGS / INFO' \">"
)
_FOUND = (
    ("chr3", 179234297, "PIK3CA", "missense_variant", "p.His1047Arg"),
    ("chr10", 87933147, "PTEN", "stop_gained", "p.Arg130Ter"),
    ("chr10", 87957955, "PTEN", "frameshift_variant", "p.Lys267ArgfsTer9"),
    ("chr17", 7675088, "TP53", "missense_variant&splice_region_variant", "p.Arg175His"),
)


def _vcf(random: Random, folder: Path) -> Case:
    vep, normal = random.random() < 0.6, random.random() < 0.6
    head = [*_HEAD, _CSQ if vep else _ANN]
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "T1"]
    lines = ["\t".join([*columns, *(["N1"] if normal else [])])]
    for chromosome, position, gene, effect, change in random.sample(_FOUND, random.choice((1, 2, 4))):
        told = (
            f"CSQ=G|{effect}|HIGH|{gene}|ENSG0|Transcript|ENST0|protein_coding|ENST0:c.1A>G|ENSP0:{change}|1|YES"
            if vep
            else f"ANN=G|{effect}|HIGH|{gene}|ENSG0|transcript|ENST0|protein_coding|1/9|c.1A>G|{change}|1/9|1/9|1/3||"
        )
        cells = [chromosome, str(position), ".", "A", "G", ".", "PASS", f"DP=88;{told}", "GT:AD", "0/1:40,31"]
        lines.append("\t".join([*cells, *(["0/0:80,0"] if normal else [])]))
    packed = random.random() < 0.4
    return asked(
        random,
        {"mutations": put(folder / ("x.vcf.gz" if packed else "x.vcf"), "\n".join([*head, *lines, ""]), packed)},
    )


KINDS = (Kind("vcf", 110, _vcf),)
