"""Mutation annotation format, as the GDC, cBioPortal and the legacy TCGA archives write it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pamrx.errors import InputError, PamrxError, did_you_mean, nearest
from pamrx.identifiers.gene_ids import are_entrez, is_gene_name, name_genes, naming_note
from pamrx.identifiers.genes import clean_labels, unrecognised_message
from pamrx.identifiers.protein_change import short_protein_change
from pamrx.readers.files import Head, is_parquet, open_bytes, parquet_columns
from pamrx.readers.mutation_table import CLASSIFICATIONS, Mutations

GENE, SAMPLE, CLASS = "Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification"
# The first that has a value in a row gives the protein change.
_CHANGES = ("HGVSp_Short", "Protein_Change", "HGVSp", "amino_acid_change", "AAChange", "aa_change")
_DRIVER, _STATUS = "cbp_driver", "Mutation_Status"
_DRIVER_WORDS = {"putative_driver": True, "putative_passenger": False}
_NOT_SOMATIC = frozenset({"germline", "wildtype"})
_MANY_GENES = 20  # distinct genes from which some known one is to be expected


def read_maf(file: Path, known_genes: Collection[str] = ()) -> Mutations:
    """Read one MAF: tab-separated (or .csv, .parquet), gzipped or not, comment lines allowed.

    A sample without a mutation is among `samples` where a line `#sequenced_samples:` at the head names it (cBioPortal).

    Only the columns needed are parsed. Rows marked Germline or Wildtype in `Mutation_Status` are dropped, and said so.

    Raises
    ------
    PamrxError
        As `maf_from_cells`; an empty or unreadable file, a wrong delimiter, a line that is cut short.
    """
    opened: list[str] = []
    header = parquet_columns(file) if is_parquet(file) else (head := Head(file)).header
    wanted = _columns(str(file), header)
    frame = _read_parquet(file, wanted, header) if is_parquet(file) else _read_text(file, wanted, head, opened)
    read = _mutations(str(file), frame, _declared(file), known_genes)
    return replace(read, notes=(*read.notes[:1], *opened, *read.notes[1:]))


def maf_from_cells(source: str, cells: pd.DataFrame, known_genes: Collection[str] = ()) -> Mutations:
    """The same from cells in memory, all text and empty where missing; `source` names them in messages.

    Raises
    ------
    PamrxError
        A needed column is missing; a row without a sample; no known variant class; no recognised gene (among 20 genes
        or more: a few genes may all lie elsewhere).
    """
    wanted = _columns(source, list(cells.columns))
    frame = cells.iloc[:, list(wanted.values())].set_axis(list(wanted), axis=1)
    return _mutations(source, frame, [], known_genes)


def _mutations(file: str, frame: pd.DataFrame, declared: list[str], known_genes: Collection[str]) -> Mutations:
    if frame.empty:
        raise InputError(f"{file}: a header and no row below it")
    notes: list[str] = []
    ways: list[pd.DataFrame] = []
    samples = _mapped(frame[SAMPLE], str.strip)
    if (samples == "").any():
        row = int((samples == "").to_numpy().argmax()) + 1
        raise InputError(f"{file}: row {row}, column {SAMPLE}: empty; expected a sample name")
    names = tuple(dict.fromkeys([*samples.unique(), *declared]))
    if _STATUS in frame:
        other = _mapped(frame[_STATUS], lambda word: word.strip().lower()).isin(_NOT_SOMATIC)
        if other.any():
            notes.append(f"{file}: {int(other.sum())} rows marked Germline or Wildtype in {_STATUS} dropped")
            frame, samples = frame[~other], samples[~other]
    rows = pd.DataFrame({"sample_id": samples, "gene": _genes(file, frame[GENE], known_genes, notes, ways)})
    rows["variant_classification"] = _classes(file, frame[CLASS], notes)
    rows["hgvsp"] = _changes(file, frame, notes)
    rows["driver"] = _drivers(frame)
    unnamed = rows["gene"].isin(["", "Unknown", "unknown"])
    if unnamed.any():
        notes.append(f"{file}: {int(unnamed.sum())} rows without a gene name dropped")
        rows = rows[~unnamed]
    told = f"{file}: {len(rows)} mutations in {len(names)} samples and {rows['gene'].nunique()} genes"
    texts = ["sample_id", "gene", "variant_classification", "hgvsp"]
    rows = rows.reset_index(drop=True).astype(dict.fromkeys(texts, object))
    return Mutations(rows, names, (told, *notes), ways[0])


def _declared(file: Path) -> list[str]:
    """The samples of the line `#sequenced_samples:` at the head of cBioPortal's own MAF."""
    if is_parquet(file):
        return []
    with open_bytes(file) as stream:
        for line in takewhile(lambda line: line.startswith(b"#"), stream):
            word, _, names = line.decode("utf-8").partition(":")
            if word.lstrip("# ").strip().lower() == "sequenced_samples":
                return names.split()
    return []


def _columns(file: str, header: list[str]) -> dict[str, int]:
    """Position of each column that is read, under its usual name; upper and lower case are one."""
    by_lower: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        by_lower.setdefault(name.lower(), []).append(position)
    wanted = {}
    for name in (GENE, SAMPLE, CLASS, *_CHANGES, _DRIVER, _STATUS):
        places = by_lower.get(name.lower(), [])
        if len(places) > 1:
            raise InputError(f"{file}: header: column {name} stands {len(places)} times; expected once")
        if places:
            wanted[name] = places[0]
        elif name in (GENE, SAMPLE, CLASS):
            close = nearest(name, header)
            advice = f"; rename {close} to {name}" if close else ""
            found = ", ".join(header[:4]) + (", ..." if len(header) > 4 else "")
            raise InputError(f"{file}: header: no column {name}; found {found}{advice}")
    return wanted


def _read_parquet(file: Path, wanted: dict[str, int], header: list[str]) -> pd.DataFrame:
    names = [header[position] for position in wanted.values()]
    try:
        frame = pq.read_table(file, columns=names).to_pandas()[names]
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file}: a damaged Parquet file ({error}); make or copy it again") from None
    result: pd.DataFrame = (
        frame.set_axis(list(wanted), axis=1).astype(object).where(frame.notna().to_numpy(), "").astype(str)
    )
    return result


def _read_text(file: Path, wanted: dict[str, int], head: Head, notes: list[str]) -> pd.DataFrame:
    """The wanted columns as text; `notes` gets how the file was opened.

    Arrow reads them in blocks on all cores; a file whose rows are longer than its header (TCGA-ACC's is) is read by
    pandas, which lets the surplus fields at the end go.
    """
    columns = [f"c{position}" for position in wanted.values()]
    quote = '"' if head.quotes else False
    dictionary = pa.dictionary(pa.int32(), pa.string())
    try:
        with open_bytes(file) as stream:
            table = pa_csv.read_csv(
                stream,
                pa_csv.ReadOptions(
                    skip_rows=head.skipped + 1,
                    column_names=[f"c{position}" for position in range(len(head.header))],
                    block_size=1 << 22,
                ),
                pa_csv.ParseOptions(delimiter=head.delimiter, quote_char=quote),
                pa_csv.ConvertOptions(
                    include_columns=columns, column_types=dict.fromkeys(columns, dictionary), strings_can_be_null=False
                ),
            )
    except pa.ArrowInvalid:
        return _read_uneven(file, wanted, head, notes)
    notes += [*stream.notes, *head.notes]
    frame = pd.DataFrame(index=pd.RangeIndex(table.num_rows))
    for name, column in zip(wanted, columns, strict=True):
        frame[name] = table.column(column).to_pandas().astype("category")
    return frame


def _read_uneven(file: Path, wanted: dict[str, int], head: Head, notes: list[str]) -> pd.DataFrame:
    width = _check_widths(file, wanted, head)
    try:
        with open_bytes(file) as stream:
            frame = pd.read_csv(
                stream,
                sep=head.delimiter,
                header=None,
                names=list(range(width)),
                usecols=list(wanted.values()),
                skiprows=head.skipped + 1,
                dtype="category",
                keep_default_na=False,
                quoting=csv.QUOTE_MINIMAL if head.quotes else csv.QUOTE_NONE,
                encoding="utf-8",
            )
    except PamrxError:
        raise  # an `InputError` is a ValueError too, with its own message
    except (pd.errors.ParserError, ValueError) as error:
        raise InputError(f"{file}: cannot be read as a table ({error}); the file may be damaged") from None
    notes += [*stream.notes, *head.notes]
    frame = frame[list(wanted.values())]
    return frame.set_axis(list(wanted), axis=1)


def _check_widths(file: Path, wanted: dict[str, int], head: Head) -> int:
    """The number of fields of the longest row; a row too short for the needed columns is an error. So is a short last
    row without a line end: elsewhere some programs strip empty fields, but there the file was cut."""
    least = max(wanted[name] for name in (GENE, SAMPLE, CLASS)) + 1
    width, fields, line, number = len(head.header), len(head.header), b"\n", head.skipped + 1
    with open_bytes(file) as stream:
        for number, line in enumerate(stream, start=1):
            if number <= head.skipped + 1 or not line.strip():
                continue
            text = line.decode("utf-8")
            one = [text] if head.quotes else []
            fields = len(next(csv.reader(one, delimiter=head.delimiter), text.split(head.delimiter)))
            if fields < least:
                break
            width = max(width, fields)
    if fields < least or (fields < len(head.header) and not line.endswith(b"\n")):
        raise InputError(
            f"{file}: line {number}: {fields} fields found, {len(head.header)} expected from the header; "
            "the file may be cut short"
        )
    return width


def _mapped(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """`change` applied to each distinct text once, as a categorical; missing cells are the empty text."""
    codes, values = pd.factorize(column)
    texts = [change(str(value)) for value in values]
    if (codes < 0).any():
        texts.append("")  # which code -1 then points at
    new, categories = pd.factorize(np.array(texts, dtype=object))
    return pd.Series(pd.Categorical.from_codes(new[codes], pd.Index(categories)), index=column.index)


def _genes(
    file: str, column: pd.Series, known: Collection[str], notes: list[str], ways: list[pd.DataFrame]
) -> pd.Series:
    genes = _mapped(column, lambda label: clean_labels([label])[0])
    given = [str(gene) for gene in genes.unique() if gene]
    named = name_genes(given, known, entrez=are_entrez(given), guarded=False)
    ways.append(named)
    symbols = dict(zip(named["given"], named["name"], strict=True))
    genes = _mapped(genes, lambda label: symbols.get(label, label))
    if told := naming_note(named):
        notes.append(f"{file}: {told}")
    distinct = list(named["name"])
    hits = sum(gene in known or is_gene_name(gene) for gene in distinct)
    if known and not hits:
        if len(distinct) >= _MANY_GENES or not any(_looks_hugo(gene) for gene in distinct):
            raise InputError(f"{file}: column {GENE}: {unrecognised_message(distinct, known, noncoding=False)}")
        notes.append(f"{file}: none of its {len(distinct)} mutated genes is one that pamrx knows")
    return genes


def _looks_hugo(gene: str) -> bool:
    return gene.upper() == gene and not gene.isdigit() and not gene.startswith("ENS")


def _classes(file: str, column: pd.Series, notes: list[str]) -> pd.Series:
    canonical = {_loose(word): word for word in CLASSIFICATIONS}
    classes = _mapped(column, lambda word: canonical.get(_loose(word), word.strip()))
    counts = classes.value_counts()
    unknown = [word for word in counts.index if word not in CLASSIFICATIONS]
    if len(unknown) == len(counts):
        hint = did_you_mean(unknown[0], CLASSIFICATIONS)
        raise InputError(
            f"{file}: column {CLASS}: found '{unknown[0]}', expected a MAF word such as Missense_Mutation{hint}"
        )
    notes += [
        f"{file}: {counts[word]} rows with unknown {CLASS} '{word}'{did_you_mean(word, CLASSIFICATIONS)}; "
        "kept as they are"
        for word in unknown[:3]
    ]
    return classes


def _changes(file: str, frame: pd.DataFrame, notes: list[str]) -> pd.Series:
    columns = [name for name in _CHANGES if name in frame]
    if not columns:
        notes.append(f"{file}: no column of protein changes ({', '.join(_CHANGES[:3])}): hotspots cannot be told")
        return pd.Series("", index=frame.index, dtype=object)
    changes = _mapped(frame[columns[0]], short_protein_change)
    for name in columns[1:]:
        changes = changes.astype(object).where(changes != "", _mapped(frame[name], short_protein_change).astype(object))
    return changes


def _drivers(frame: pd.DataFrame) -> pd.Series:
    if _DRIVER not in frame:
        return pd.Series(pd.NA, index=frame.index, dtype="boolean")
    words = _mapped(frame[_DRIVER], lambda word: word.strip().lower())
    return words.astype(object).map(_DRIVER_WORDS).astype("boolean")


def _loose(word: str) -> str:
    return word.strip().lower().replace(" ", "_")
