"""Tables that hold no levels of genes, refused by their own names: segments, fusions, methylation, test results ...

Each message says what the table is, by which columns that was seen, and which file or tool gives what pamrx reads.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pamrx.errors import InputError
from pamrx.identifiers.quantities import few, name_key
from pamrx.readers.header_rows import texts
from pamrx.readers.raw_table import RawTable

_CHROMOSOME = frozenset({"chrom", "chromosome", "chr", "chromosomename", "seqnames", "chromname", "contig"})
_START = frozenset({"start", "locstart", "startpos", "startposition", "chromstart", "segstart", "begin", "startbp"})
_END = frozenset({"end", "locend", "endpos", "endposition", "chromend", "segend", "stop", "endbp"})
_SEGMENTS = frozenset(
    {"segmean", "segmentmean", "nummark", "nummarkers", "numprobes", "numsnps", "majorcopynumber", "minorcopynumber",
     "nmajor", "nminor", "nmaj1a", "cnlrmedian", "segmentid", "bafcount", "depthwindowcount"}
)  # fmt: skip
_FUSIONS = frozenset(
    {"site1hugosymbol", "site2hugosymbol", "fusionname", "leftbreakpoint", "rightbreakpoint", "breakpoint1", "fusion",
     "breakpoint2", "junctionreadcount", "spanningfragcount", "svtype", "svclass", "svid", "gene1symbol5endfusionpartner",
     "fusiongene", "lefgene", "leftgene"}
)  # fmt: skip
_CHANGES = frozenset({"log2foldchange", "logfc", "log2fc", "lfc", "foldchange", "avglog2fc", "avglogfc", "lfcse"})
_TESTS = frozenset(
    {"pvalue", "padj", "pval", "fdr", "qvalue", "adjpval", "pvaladj", "pvalueadj", "stat", "lr", "lfcse", "p", "padjust"}
)  # fmt: skip
_ENRICHMENT = frozenset({"nes", "fdrqval", "nompval", "enrichmentscore", "fwerpval"})
_PROBE = re.compile(r"cg\d{7,8}|ch\.\d+\.\d+[FR]")
_PLACE = re.compile(r"(chr)?[0-9XYM]{1,2}:\d+(:[-+])?", re.IGNORECASE)
_FUSED = re.compile(r"[A-Z][A-Z0-9.-]*--[A-Z][A-Z0-9.-]*")
_CHROMOSOME_CELL = re.compile(r"(chr)?([1-9]|1\d|2[0-2]|X|Y|MT?)", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"ENST\d{11}.*|[NX][MR]_\d{6,}.*")
_NUMBER = re.compile(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?")
_CELLS = 50

_VALUES = "--copy-number needs one value per gene"


def refuse_foreign(source: str, table: RawTable) -> None:
    """Refuse a table that is known to hold no levels of genes.

    Raises
    ------
    PamrxError
        Naming what it is and what to give in its place.
    """
    keys = [name_key(name) for name in table.header]
    by_key = dict(zip(keys, table.header, strict=True))
    for rule in (_mutations, _fusions, _methylation, _tests, _segments, _ranked):
        why = rule(source, table, by_key)
        if why:
            raise InputError(f"{source}: {why}")


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


def _mutations(source: str, table: RawTable, by_key: dict[str, str]) -> str:
    if re.search(r"\.vcf(\.gz)?$", source, re.IGNORECASE):
        return "variants (VCF); give the file with --mutations"
    if "variantclassification" in by_key and by_key.keys() & {"hugosymbol", "tumorsamplebarcode"}:
        return "a table of mutations (column Variant_Classification); give the file with --mutations"
    return ""


def _fusions(source: str, table: RawTable, by_key: dict[str, str]) -> str:
    found = [by_key[key] for key in by_key if key in _FUSIONS]
    sites = len([key for key in by_key if key in _FUSIONS - {"fusion"}])
    cells = [*table.header, *_cells(table)]
    if not sites and not ("fusion" in by_key and table.is_text(table.header.index(by_key["fusion"]))):
        places = [cell for cell in table.header if _PLACE.fullmatch(cell)]
        found = places if len(places) > 1 else [cell for cell in cells if _FUSED.fullmatch(cell)][:1]
        if not found:
            return ""
    return (
        f"a table of fusions or structural variants (see {few(found, 2)}); no option of pamrx takes those: leave the "
        "file out. Small mutations come with --mutations, levels and calls per gene with --expression, --copy-number"
    )


def _methylation(source: str, table: RawTable, by_key: dict[str, str]) -> str:
    labels = _cells(table)
    probes = [label for label in labels if _PROBE.fullmatch(label)]
    heads = [name for name in table.header[1:_CELLS] if _PROBE.fullmatch(name)]
    if len(probes) <= len(labels) / 2 and len(heads) < 2:
        return ""
    return (
        f"methylation of CpG probes (such as {(probes or heads)[0]}); no option of pamrx takes methylation: leave the "
        "file out, expression comes with --expression"
    )


def _tests(source: str, table: RawTable, by_key: dict[str, str]) -> str:
    enriched = [by_key[key] for key in by_key if key in _ENRICHMENT]
    if len(enriched) > 1:
        return f"results of a gene set enrichment (columns {few(enriched, 2)}); {_OF_A_GROUP}"
    changes, tests = ([by_key[key] for key in by_key if key in words] for words in (_CHANGES, _TESTS))
    if changes and tests and len({*changes, *tests}) > 1:
        return f"results of a differential expression test (columns {few(dict.fromkeys([*changes, *tests]), 3)}); " + (
            _OF_A_GROUP
        )
    return ""


_OF_A_GROUP = (
    "they compare groups and are no sample's levels: give the matrix that was tested (genes x samples: counts, TPM or "
    "normalised levels)"
)


def _segments(source: str, table: RawTable, by_key: dict[str, str]) -> str:
    keys = by_key.keys()
    bed = len(table.header) >= 3 and _CHROMOSOME_CELL.fullmatch(table.header[0]) and _whole(table.header[1:3])
    if bed:
        return (
            f"regions of the genome without a header line ({' '.join(table.header[:3])}: BED?), none of genes; {_VALUES}"
            f": {_GENE_TABLES}"
        )
    if not (keys & _CHROMOSOME and keys & _START and keys & _END):
        return ""
    marks = [by_key[key] for key in by_key if key in _SEGMENTS]
    gene = next((place for place, name in enumerate(table.header) if name_key(name) == "gene"), None)
    if "log2" in keys and gene is not None:
        return _bins(table, gene, Path(source).name)
    named = [
        key for key in keys if any(word in key for word in ("gene", "symbol", "ensembl", "feature", "mirna", "name"))
    ]
    if not marks and (named or "isoformcoords" in keys):
        return ""
    if named and not keys & {"segmean", "segmentmean", "nummark", "nmajor"}:
        return ""
    seen = marks or [by_key[key] for key in by_key if key in _START | _END]
    return (
        f"a table of segments (columns {few(seen, 2)}): a row is a stretch of a chromosome and no gene; {_VALUES}: "
        f"{_GENE_TABLES}"
    )


_GENE_TABLES = (
    "give the table by gene that GISTIC2 makes of segments (all_thresholded.by_genes.txt or all_data_by_genes.txt), or "
    "cnvkit.py genemetrics"
)


def _bins(table: RawTable, gene: int, file: str) -> str:
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


def _ranked(source: str, table: RawTable, by_key: dict[str, str]) -> str:
    if re.search(r"\.rnk(\.(txt|tsv))?(\.gz)?$", source, re.IGNORECASE) or _falls(table):
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


def _whole(cells: list[str]) -> bool:
    return all(cell.isdigit() for cell in cells)
