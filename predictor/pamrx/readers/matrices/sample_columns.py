"""Which column of a table names the samples, which rows are one entry each, and names that hold more than the sample.

Row numbers are never names: where the first column counts rows, the column with ids is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pamrx.errors import InputError
from pamrx.identifiers.quantities import few
from pamrx.readers.matrices.header_rows import texts
from pamrx.readers.repeated_columns import check_once
from pamrx.readers.text.raw_table import RawTable

SAMPLE_KEYS = (
    "modelid", "depmapid", "sampleid", "tumorsamplebarcode", "sample", "samplename", "samplebarcode", "sangermodelid",
    "improvesampleid", "cellline", "celllinename", "celllineid", "celllines", "cellname", "modelname", "model",
    "tumorsampleid", "tumoursampleid", "tumorsample", "tumoursample", "sampleuuid", "sampleidentifier", "sid",
    "aliquot", "aliquotid", "aliquotbarcode", "barcode", "tcgabarcode", "bcrpatientbarcode", "patientid", "patient",
    "caseid", "casesubmitterid", "samplesubmitterid", "donorid", "subjectid", "specimenid", "cosmicid", "gsm",
    "geoaccession", "run", "runid", "library", "libraryid", "xenasample", "attribid",
)  # fmt: skip
"""Headings of a column of sample names, by `name_key`, the surest first."""

_EXACT = ("sampleid", "tumorsamplebarcode", "sample")
_COUNTING = frozenset(
    {"", "index", "x", "x1", "row", "rows", "rownames", "rowname", "rn", "n", "no", "nr", "number", "unnamed0"}
)
_DEFAULT, _YES = "isdefaultentryformodel", frozenset({"yes", "true", "1", "1.0"})
_PROFILE = re.compile(r"PR-[A-Za-z0-9]{4,}")
_COSMIC = re.compile(r"DATA\.(\d+(\.\d+)?)")
_BAM = re.compile(
    r"(Aligned)?([._](sorted|sort|dedup|dedupped|md|markdup|out|sortedByCoord|toTranscriptome|hisat2|star|rg|uniq))*"
    r"\.(bam|sam|cram)$",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"\.(gz|tsv|csv|txt|tab|sf|parquet|pq|xlsx|counts?|results|genes|isoforms|rna_seq|quantification|gene_counts|fpkm|"
    r"tpm|rsem|augmented_star_gene_counts|star_gene_counts|mirbase\d*|mirnas|htseq|fpkm-uq|fpkm_tracking|cnr|cns|call|"
    r"gene_level_copy_number|gene_level|ascat\d?|absolute_liftover|v\d+|genemetrics|ctab|purple|cnv|gene|somatic|genes_results|"
    r"featurecounts|readspergene|out|gene_abund|abundance|quant|sorted|bam|h5|gct|tximport)$|"
    r"(_|\.)(gene_abund|abundance|quant|genemetrics|readspergene|rsem|gene_abundances?|featurecounts|htseq)$|"
    r"(readspergene|aligned)$",
    re.IGNORECASE,
)
_FOLDER_NAMES = frozenset({"abundance", "quant", "genes", "isoforms", "gene_abund", "readspergene", "t_data"})


def name_of_file(source: str) -> str:
    """The sample that a file of one sample is of: its name without known endings, or its folder's where the program
    calls every file alike (kallisto's `abundance.tsv`); "" for what is no file."""
    path = Path(source)
    if not path.suffix:
        return ""
    name = path.name
    while (shorter := _ENDING.sub("", name)) != name and shorter:
        name = shorter
    if name.lower() in _FOLDER_NAMES:
        return path.resolve().parent.name or name
    return name.strip("._- ") or path.name


def sample_keys(table: RawTable) -> list[int]:
    """Columns whose names say that they hold names of samples, the surest first."""
    keys = table.keys
    return [keys.index(key) for key in SAMPLE_KEYS if key in keys]


def check_label_column(source: str, table: RawTable, column: int) -> None:
    """Whether a column that names genes or samples is the only one of its name; as `check_once`."""
    name = table.header[column]
    check_once(source, name, table.header.count(name))


def is_counting(names: Sequence[str]) -> bool:
    """Whether names are 0 to n-1, or 1 to n, in this order."""
    return any(all(name == str(place) for place, name in enumerate(names, start)) for start in (0, 1)) and bool(names)


def id_column(source: str, table: RawTable, genes: frozenset[int]) -> int:
    """The column of sample names where samples are rows; `genes` are columns of genes.

    Raises
    ------
    PamrxError
        If the only column that could name them counts rows, or several could.
    """
    named = sample_keys(table)
    if _DEFAULT in table.keys and named:
        return named[0]
    exact = next((table.keys.index(key) for key in _EXACT if key in table.keys), None)
    if exact is not None and exact not in genes:
        return exact
    if table.keys[0] not in _COUNTING or not is_counting(texts(table, 0)) or 0 in genes:
        differ = [column for column in named if column not in genes and _all_differ(table, column)]
        return differ[0] if differ and 0 not in genes and not _all_differ(table, 0) else 0
    if named:
        return named[0]
    others = [
        column
        for column in range(1, len(table.header))
        if column not in genes and table.is_text(column) and not table.has_number(column) and _all_differ(table, column)
    ]
    if len(others) == 1:
        return others[0]
    if others:
        found = few([table.header[column] for column in others])
        raise InputError(
            f"{source}: the first column numbers the rows, and several could name the samples ({found}); rename the "
            "right one to sample_id"
        )
    raise InputError(
        f"{source}: the first column only numbers the rows ({', '.join(texts(table, 0)[:3])}), and no column names the "
        "samples (samples are never matched by position); add a column sample_id"
    )


def default_entries(source: str, table: RawTable, notes: list[str]) -> np.ndarray | None:
    """Which rows DepMap calls the default of their model; None where it does not say."""
    column = table.keys.index(_DEFAULT) if _DEFAULT in table.keys else None
    if column is None:
        return None
    chosen = np.array([text.lower() in _YES for text in map(str, table.column(column))])
    if not chosen.any():
        raise InputError(f"{source}: column {table.header[column]}: no row says Yes; expected one for each model")
    if not chosen.all():
        notes.append(
            f"{source}: {int((~chosen).sum())} of {len(chosen)} rows left out: not the default entry of their model "
            f"({table.header[column]})"
        )
    return chosen


def refuse_profiles(source: str, names: Sequence[str]) -> None:
    """Refuse DepMap's ids of profiles, of which a model has several.

    Raises
    ------
    PamrxError
        If most names are such ids.
    """
    found = [name for name in names if _PROFILE.fullmatch(name)]
    if len(found) > len(names) / 2:
        raise InputError(
            f"{source}: samples are DepMap's ids of profiles (ProfileID, such as {found[0]}), of which a model has "
            "several: rename them to the column ModelID of OmicsProfiles.csv (rows with IsDefaultEntryForModel only), "
            "or take the file by model (Omics...csv without Profile in its name)"
        )


def plain_names(source: str, names: list[str], notes: list[str]) -> list[str]:
    """Names without what is no part of them: paths and endings of BAM files, GDSC's `DATA.` before a COSMIC id."""
    if names and all(_COSMIC.fullmatch(name) for name in names):
        notes.append(f"{source}: samples are COSMIC ids: DATA. before them taken off, such as {names[0][5:]}")
        return [name[5:] for name in names]
    if not any(_BAM.search(name) for name in names):
        return names
    short = [_BAM.sub("", re.split(r"[/\\]", name)[-1]) if _BAM.search(name) else name for name in names]
    if len(set(short)) < len(set(names)) or not all(short):
        return names
    notes.append(f"{source}: samples are named for their BAM files: {names[0]} is {short[0]}")
    return short


def _all_differ(table: RawTable, column: int) -> bool:
    cells = texts(table, column)
    return all(cells) and len(set(cells)) == len(cells)
