"""Columns that describe a gene or a sample and hold no measurement: told by their names, or by holding words."""

from __future__ import annotations

import numpy as np

from pamrx.readers.matrices.cells import DECIMAL_COMMA
from pamrx.readers.text.raw_table import RawTable

LABEL_COLUMNS = 12
"""A gene label stands among so many first columns, or nowhere."""

# By `RawTable.key`.
_NAMES = frozenset({
    "symbol", "hugosymbol", "genesymbol", "gene", "genes", "genename", "feature", "features", "id", "name",
    "description", "desc", "locusid", "cytoband", "chromosome", "chr", "chrom", "start", "end", "strand",
    "length", "genelength", "width", "biotype", "genetype", "type", "probe", "probeid", "probeset",
    "transcriptid", "transcriptids", "refseq", "refseqmrna", "refseqprotein", "ensg", "mirnaaccession",
    "mirbasename", "mirnaid", "mimat", "accession", "class", "compositeelementref", "tissue", "tissuetype",
    "sampletype", "msi", "age", "sex", "gender", "stage", "grade", "batch", "cohort", "patientid", "position",
    "pos", "band", "arm", "location", "locus", "txstart", "txend", "startposition", "endposition", "startpos",
    "endpos", "genestart", "geneend", "genelengthbp", "exons", "exoncount", "gc", "gccontent", "gccount",
    "hgncid", "ncbiid", "uniprotid", "chromosomename", "source", "study", "segclust", "seg", "segstart",
    "segend", "segid", "txlength", "txid",
})  # fmt: skip
_PARTS = ("entrez", "ensembl", "geneid", "unnamed")
_WORDS = 0.5


def is_annotation(table: RawTable, column: int) -> bool:
    """Whether a column is one of annotation by its name."""
    key = table.keys[column]
    return key in _NAMES or any(part in key for part in _PARTS)


def is_words(table: RawTable, column: int) -> bool:
    """Whether a column holds words, and not numbers with a wrong cell here and there."""
    if not table.is_text(column):
        return False
    cells = table.column(column)
    present = cells.notna().to_numpy()
    if not present.any():
        return True
    if DECIMAL_COMMA.fullmatch(str(cells.array[int(present.argmax())])):
        return False
    return bool(np.isfinite(table.numeric(column)).sum() < _WORDS * np.count_nonzero(present))
