"""Tables that hold no levels of genes, refused by their own names: segments, fusions, methylation, test results ...

Each message says what the table is, by which columns that was seen, and which file or tool gives what pamrx reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.quantities import few
from pamrx.readers.matrices.header_rows import texts
from pamrx.readers.text.raw_table import RawTable

_CHROMOSOME = frozenset({"chrom", "chromosome", "chr", "chromosomename", "seqnames", "chromname", "contig"})
_START = frozenset({"start", "locstart", "startpos", "startposition", "chromstart", "segstart", "begin", "startbp"})
_END = frozenset({"end", "locend", "endpos", "endposition", "chromend", "segend", "stop", "endbp"})
_SEGMENTS = frozenset(
    {"segmean", "segmentmean", "nummark", "nummarkers", "numprobes", "numsnps", "majorcopynumber", "minorcopynumber",
     "nmajor", "nminor", "nmaj1a", "cnlrmedian", "segmentid", "bafcount", "depthwindowcount"}
)  # fmt: skip
_FUSIONS = frozenset(
    {"site1hugosymbol", "site2hugosymbol", "fusionname", "leftbreakpoint", "rightbreakpoint", "breakpoint1", "fusion",
     "breakpoint2", "junctionreadcount", "spanningfragcount", "svtype", "svclass", "svid", "leftgene",
     "gene1symbol5endfusionpartner", "fusiongene"}
)  # fmt: skip
_CHANGES = frozenset({"log2foldchange", "logfc", "log2fc", "lfc", "foldchange", "avglog2fc", "avglogfc", "lfcse"})
_TESTS = frozenset(
    {"pvalue", "padj", "pval", "fdr", "qvalue", "adjpval", "pvaladj", "pvalueadj", "stat", "lr", "lfcse", "p"}
)  # fmt: skip
_ENRICHMENT = frozenset({"nes", "fdrqval", "nompval", "enrichmentscore", "fwerpval"})
_PROBE = re.compile(r"cg\d{7,8}|ch\.\d+\.\d+[FR]")
_PLACE = re.compile(r"(chr)?[0-9XYM]{1,2}:\d+(:[-+])?", re.IGNORECASE)
_FUSED = re.compile(r"[A-Z][A-Z0-9.-]*--[A-Z][A-Z0-9.-]*")
_CHROMOSOME_CELL = re.compile(r"(chr)?([1-9]|1\d|2[0-2]|X|Y|MT?)", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"ENST\d{11}.*|[NX][MR]_\d{6,}.*")
_NUMBER = re.compile(r"[-+]?(\d++(\.\d++)?|\.\d++)([eE][-+]?\d++)?")
_PHOSPHO_SITE, _PHOSPHO_SHARE = re.compile(r"_p[STY]\d+"), 0.05
_CELLS = 50

_OF_GENES = ("gene", "symbol", "ensembl", "feature", "mirna", "isoform")
_VALUES = "--copy-number needs one value per gene"


def refuse_foreign(source: str, table: RawTable) -> None:
    """Refuse a table that is known to hold no levels of genes.

    Raises
    ------
    PamrxError
        Naming what it is and what to give in its place.
    """
    seen = _Seen(source, table, dict(zip(table.keys, table.header, strict=True)))
    for rule in (_mutations, _fusions, _methylation, _tests, _segments, _ranked):
        why = rule(seen)
        if why:
            raise InputError(f"{source}: {why}")


def refuse_proteins(source: str, labels: Sequence[str]) -> None:
    """Refuse levels of proteins where expression is expected.

    Raises
    ------
    PamrxError
        If some of the labels are phosphorylated sites, which no other kind of table has.
    """
    sites = [label for label in labels if _PHOSPHO_SITE.search(label)]
    if len(sites) > _PHOSPHO_SHARE * len(labels):
        raise InputError(
            f"{source}: levels of proteins (a protein array, with sites such as {sites[0]}); no option of pamrx takes "
            "them: leave the file out. --expression takes RNA"
        )


@short_repr
@dataclass(frozen=True)
class _Seen:
    source: str
    table: RawTable
    by_key: dict[str, str]


def is_transcript(label: str) -> bool:
    """Whether a label is the id of a transcript (Ensembl's or RefSeq's)."""
    return bool(_TRANSCRIPT.fullmatch(label))


def transcripts_message(labels: list[str]) -> str:
    """The tail of a message for a table by transcript that says nothing of genes; "" for any other."""
    some = [label for label in labels if label][:_CELLS]
    if not some or sum(map(is_transcript, some)) <= len(some) / 2:
        return ""
    return (
        f"rows are transcripts ({some[0][:20]}), and no column tells their genes; expected one row per gene: "
        "summarise them with tximport (R) or take the program's table of genes (RSEM .genes.results, salmon quant "
        "--geneMap gives quant.genes.sf)"
    )


def _mutations(seen: _Seen) -> str:
    if re.search(r"\.vcf(\.gz)?$", seen.source, re.IGNORECASE):
        return "variants (VCF); give the file with --mutations"
    if "variantclassification" in seen.by_key and seen.by_key.keys() & {"hugosymbol", "tumorsamplebarcode"}:
        return "a table of mutations (column Variant_Classification); give the file with --mutations"
    return ""


def _fusions(seen: _Seen) -> str:
    found = [name for key, name in seen.by_key.items() if key in _FUSIONS]
    if not found:  # a header behind # is skipped as a comment, and its first row stands in its place
        places = [cell for cell in seen.table.header if _PLACE.fullmatch(cell)]
        pairs = [cell for cell in (*seen.table.header, *_cells(seen.table)) if _FUSED.fullmatch(cell)]
        found = places if len(places) > 1 else pairs[:1]
    if not found:
        return ""
    return (
        f"a table of fusions or structural variants (see {few(found, 2)}); no option of pamrx takes those: leave the "
        "file out. Small mutations come with --mutations, levels and calls per gene with --expression, --copy-number"
    )


def _methylation(seen: _Seen) -> str:
    labels = _cells(seen.table)
    probes = [label for label in labels if _PROBE.fullmatch(label)]
    heads = [name for name in seen.table.header[1:_CELLS] if _PROBE.fullmatch(name)]
    if len(probes) <= len(labels) / 2 and len(heads) < 2:
        return ""
    return (
        f"methylation of CpG probes (such as {(probes or heads)[0]}); no option of pamrx takes methylation: leave the "
        "file out, expression comes with --expression"
    )


def _tests(seen: _Seen) -> str:
    enriched = [name for key, name in seen.by_key.items() if key in _ENRICHMENT]
    if len(enriched) > 1:
        return f"results of a gene set enrichment (columns {few(enriched, 2)}); {_OF_A_GROUP}"
    keys = seen.by_key.keys()
    if not (keys & _CHANGES and keys & _TESTS) or len(keys & (_CHANGES | _TESTS)) < 2:
        return ""
    named = [name for key, name in seen.by_key.items() if key in _CHANGES | _TESTS]
    return f"results of a differential expression test (columns {few(named, 3)}); {_OF_A_GROUP}"


_OF_A_GROUP = (
    "they compare groups and are no sample's levels: give the matrix that was tested (genes x samples: counts, TPM or "
    "normalised levels)"
)


def _segments(seen: _Seen) -> str:
    first = seen.table.header[:3]
    if len(first) == 3 and _CHROMOSOME_CELL.fullmatch(first[0]) and all(cell.isdigit() for cell in first[1:]):
        return (
            f"regions of the genome without a header line ({' '.join(first)}: BED?), none of genes; {_VALUES}: "
            f"{_GENE_TABLES}"
        )
    keys = seen.by_key.keys()
    if not (keys & _CHROMOSOME and keys & _START and keys & _END):
        return ""
    if "log2" in keys and "gene" in keys:
        return _bins(seen.table, seen.table.keys.index("gene"))
    of_genes = any(word in key for key in keys for word in _OF_GENES)
    if of_genes and not keys & {"segmean", "segmentmean", "nummark", "nmajor"}:
        return ""
    named = keys & _SEGMENTS or keys & (_START | _END)
    found = few([name for key, name in seen.by_key.items() if key in named], 2)
    return (
        f"a table of segments (columns {found}): a row is a stretch of a chromosome and no gene; {_VALUES}: "
        f"{_GENE_TABLES}"
    )


_GENE_TABLES = (
    "give the table by gene that GISTIC2 makes of segments (all_thresholded.by_genes.txt or all_data_by_genes.txt), or "
    "cnvkit.py genemetrics"
)


def _bins(table: RawTable, gene: int) -> str:
    """CNVkit's own three tables: only that of genemetrics has one row per gene."""
    names = [name for name in texts(table, gene) if name not in ("", "-", "Antitarget", "Background", ".")]
    several = sum("," in name for name in names) > 0.05 * len(names)
    repeated = len(set(names)) < 0.8 * len(names)
    if names and not several and not repeated:
        return ""
    kind = "segments" if several else "bins"
    return (
        f"a table of CNVkit's {kind}, with {'several genes in a row' if several else 'several rows for a gene'}; "
        f"{_VALUES}: give what `cnvkit.py genemetrics SAMPLE.cnr -s SAMPLE.cns -t 0 -m 1` writes for this sample"
    )


def _ranked(seen: _Seen) -> str:
    if re.search(r"\.rnk(\.(txt|tsv))?(\.gz)?$", seen.source, re.IGNORECASE) or _falls(seen.table):
        return f"a list of genes ranked by a score, as GSEA takes it; {_OF_A_GROUP}"
    return ""


def _falls(table: RawTable) -> bool:
    """Whether two columns without a header fall from above to below zero: no levels of a sample are kept so."""
    if len(table.header) != 2 or len(table) < 10 or table.is_text(1) or not _NUMBER.fullmatch(table.header[1]):
        return False
    values = table.numeric(1)
    return bool(values[0] > 0 > values[-1] and (np.diff(values) <= 0).all())


def _cells(table: RawTable) -> list[str]:
    return [str(cell) for cell in table.column(0).iloc[:_CELLS].dropna()]
