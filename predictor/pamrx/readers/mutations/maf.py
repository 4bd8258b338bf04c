"""Tables of mutations: MAF of the GDC, cBioPortal and the legacy TCGA archives, and what other sources export.

Which columns are read says `mutation_columns`; what of the rows counts, `mutation_filters`; what they mean,
`mutations.rows`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pamrx.errors import InputError, PamrxError, did_you_mean
from pamrx.identifiers.gene_ids import is_gene_name
from pamrx.identifiers.genes import mouse_note, unrecognised_message
from pamrx.identifiers.protein_change import is_nothing, protein_changes
from pamrx.readers.boundary import MAX_CELL, MAX_LABEL, boundary
from pamrx.readers.mutations.cells import bare, mapped
from pamrx.readers.mutations.columns import (
    CLASS,
    DRIVER,
    FUNC,
    GENE,
    READS,
    SAMPLE,
    START,
    changes_of,
    check_samples,
    choice_note,
    mutation_columns,
)
from pamrx.readers.mutations.filters import kept_rows
from pamrx.readers.mutations.fractions import allele_fractions
from pamrx.readers.mutations.rows import Settled, settle
from pamrx.readers.mutations.table import CLASSIFICATIONS, VAF, Mutations
from pamrx.readers.parquet_file import EXPECTED, check_whole, is_text
from pamrx.readers.text.files import SHORTER, Head, is_parquet, open_bytes, parquet_columns
from pamrx.readers.text.memory import PER_ROW, most_text

_DRIVER_WORDS = {"putative_driver": True, "putative_passenger": False}
_MANY_GENES = 20  # distinct genes from which some known one is to be expected
_WORDS_SHOWN = 5
# Columns whose cells hardly repeat: as text, not as codes of a dictionary.
_LONG = (START, *READS)
_TEXT, _CODES, _ARROW = pa.string(), pa.dictionary(pa.int32(), pa.string()), pd.ArrowDtype(pa.string())
_NO_SAMPLE = "__UNKNOWN__"  # Funcotator's name of a tumour that it was not told


def read_maf(file: Path, known_genes: Collection[str] = ()) -> Mutations:
    """Read one table of mutations: tab-separated (or .csv, .parquet), gzipped or not, comment lines allowed.

    A sample without a mutation is among `samples` where a line `#sequenced_samples:` at the head names it (cBioPortal).

    Only the columns needed are parsed. Rows marked Germline or Wildtype in `Mutation_Status`, and those that `FILTER`
    marks as germline or artefact, are left out, and said so.

    Raises
    ------
    PamrxError
        As `maf_from_cells`; an empty or unreadable file, a wrong delimiter, a line that is cut short.
    """
    opened: list[str] = []
    head = None if is_parquet(file) else Head(file)
    header = parquet_columns(file) if head is None else head.header
    wanted = mutation_columns(str(file), header, known_genes)
    frame = _read_parquet(file, wanted, header) if head is None else _read_text(file, wanted, head, opened)
    read = _mutations(str(file), frame, header, wanted, _declared(file), known_genes, _stem(file))
    return replace(read, notes=(*read.notes[:1], *opened, *read.notes[1:]))


def maf_from_cells(source: str, cells: pd.DataFrame, known_genes: Collection[str] = ()) -> Mutations:
    """The same from cells in memory, all text and empty where missing; `source` names them in messages.

    Raises
    ------
    PamrxError
        A needed column is missing; a row without a sample; no known consequence; no recognised gene (among 20 genes
        or more: a few genes may all lie elsewhere); nothing that counts as a somatic mutation.
    """
    header = [str(name) for name in cells.columns]
    wanted = mutation_columns(source, header, known_genes)
    frame = cells.iloc[:, list(wanted.values())].set_axis(list(wanted), axis=1)
    return _mutations(source, frame, header, wanted, [], known_genes, source)


def _mutations(
    file: str,
    frame: pd.DataFrame,
    header: list[str],
    wanted: dict[str, int],
    declared: list[str],
    known: Collection[str],
    stem: str,
) -> Mutations:
    if frame.empty:
        raise InputError(f"{file}: a header and no row below it")
    titles = {role: header[place] for role, place in wanted.items()}
    _check_lengths(file, frame, titles)
    notes = [note] if (note := choice_note(header, wanted)) else []
    frame, names, told = kept_rows(file, frame.reset_index(drop=True), titles)
    check_samples(file, header, wanted, names)
    notes += told
    samples = _samples(frame, names, stem, notes)
    names = tuple(dict.fromkeys([*(stem if name == _NO_SAMPLE else name for name in names or [stem]), *declared]))
    raw = frame.assign(sample_id=samples, gene=frame[GENE], driver=_drivers(frame))
    raw["variant_classification"] = _consequences(frame)
    if (fractions := allele_fractions(frame)) is not None:
        raw[VAF] = fractions
    changes = changes_of(frame.columns)
    raw["hgvsp"] = _changes(frame, changes)
    read = settle(raw, known, entrez=True if _is_entrez(titles[GENE]) else None, changes=bool(changes))
    _check_recognised(file, titles[GENE], read, known, notes)
    notes += _class_notes(file, titles.get(CLASS, ""), read, bool(changes))
    if not changes:
        notes.append("no column of protein changes (HGVSp_Short, Protein_Change, HGVSp): hotspots cannot be told")
    rows = read.rows
    first = f"{len(rows)} mutations in {len(names)} samples and {rows['gene'].nunique()} genes"
    return Mutations(rows, names, tuple(f"{file}: {note}" for note in (first, *notes, *read.notes)), read.names)


def _check_lengths(file: str, frame: pd.DataFrame, titles: dict[str, str]) -> None:
    """Whether no gene, sample or other cell is longer than such are."""
    for role, title in titles.items():
        if role in _LONG:  # which are only compared
            continue
        most = MAX_LABEL if role in (GENE, SAMPLE) else MAX_CELL
        cells = frame[role]
        distinct = cells.cat.categories if isinstance(cells.dtype, pd.CategoricalDtype) else cells.unique()
        if max(map(len, map(str, distinct.tolist())), default=0) > most:
            row = next(row for row, cell in enumerate(cells, start=1) if len(str(cell)) > most)
            raise InputError(f"{file}: row {row}, column {title}: a cell of more than {most:,} characters; {SHORTER}")


def _stem(file: Path) -> str:
    """A sample's name out of the file's."""
    ends = r"(\.(gz|txt|tsv|csv|maf|parquet|pq|vcf|annovar|annotated|funcotated|(hg|grch)\d+_multianno))+$"
    return re.sub(ends, "", file.name, flags=re.IGNORECASE)


def _samples(frame: pd.DataFrame, names: tuple[str, ...], stem: str, notes: list[str]) -> pd.Series:
    if SAMPLE not in frame:
        notes.append(f"no column of samples: all rows are of one sample, {stem}")
        return pd.Series(stem, index=frame.index, dtype=object)
    samples = mapped(frame[SAMPLE], bare)
    if _NO_SAMPLE in names:
        notes.append(f"the sample called {_NO_SAMPLE} is called as the file, {stem}")
        samples = mapped(samples, lambda name: stem if name == _NO_SAMPLE else name)
    return samples


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


def _read_parquet(file: Path, wanted: dict[str, int], header: list[str]) -> pd.DataFrame:
    names = [header[position] for position in wanted.values()]
    check_whole(file, names)
    with boundary(file, EXPECTED):
        table = pq.read_table(file, columns=names)
        columns = {role: _cells_of(table.column(name), role in _LONG) for role, name in zip(wanted, names, strict=True)}
    return pd.DataFrame(columns)


def _cells_of(column: pa.ChunkedArray, long: bool) -> pd.Series:
    """The cells as text, empty where missing; as `_read_text` gives them where they are text."""
    if is_text(column.type) and not long:
        cells: pd.Series = column.cast(_TEXT).fill_null("").dictionary_encode().to_pandas().astype("category")
        return cells
    cells = column.to_pandas()
    if pd.api.types.is_float_dtype(cells.dtype) and (cells.dropna() % 1 == 0).all():
        cells = cells.astype("Int64")  # a column of numbers with gaps: 1 stays 1
    return cells.astype(object).where(cells.notna().to_numpy(), "").astype(str)


def _read_text(file: Path, wanted: dict[str, int], head: Head, notes: list[str]) -> pd.DataFrame:
    """The wanted columns as text; `notes` gets how the file was opened.

    Arrow reads them in blocks on all cores; a file whose rows are longer than its header (TCGA-ACC's is) is read by
    pandas, which lets the surplus fields at the end go.
    """
    columns = [f"c{position}" for position in wanted.values()]
    quote = '"' if head.quotes else False
    types = {f"c{place}": _TEXT if name in _LONG else _CODES for name, place in wanted.items()}
    try:
        with open_bytes(file, most_text(PER_ROW, head.row_size)) as stream:
            table = pa_csv.read_csv(
                stream,
                pa_csv.ReadOptions(
                    skip_rows=head.skipped + 1,
                    column_names=[f"c{position}" for position in range(len(head.header))],
                    block_size=1 << 22,
                ),
                pa_csv.ParseOptions(delimiter=head.delimiter, quote_char=quote, invalid_row_handler=_without_comments),
                pa_csv.ConvertOptions(include_columns=columns, column_types=types, strings_can_be_null=False),
            )
    except pa.ArrowInvalid:
        return _read_uneven(file, wanted, head, notes)
    notes += [*stream.notes, *head.notes]
    frame = pd.DataFrame(index=pd.RangeIndex(table.num_rows))
    for name, column in zip(wanted, columns, strict=True):
        cells = table.column(column)
        long = name in _LONG
        frame[name] = pd.Series(pd.array(cells, dtype=_ARROW)) if long else cells.to_pandas().astype("category")
    return frame


def _without_comments(row: pa_csv.InvalidRow) -> str:
    return "skip" if (row.text or "").startswith("#") else "error"


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
    least = max(wanted[name] for name in (GENE, SAMPLE, CLASS) if name in wanted) + 1
    width, fields, line, number = len(head.header), len(head.header), b"\n", head.skipped + 1
    with open_bytes(file) as stream:
        for number, line in enumerate(stream, start=1):
            if number <= head.skipped + 1 or not line.strip() or line.startswith(b"#"):
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


def _consequences(frame: pd.DataFrame) -> pd.Series:
    """The words of each row; of ANNOVAR's two columns that of the exons, else where the variant lies."""
    if CLASS not in frame:
        return mapped(frame[FUNC], bare) if FUNC in frame else pd.Series("", index=frame.index, dtype=object)
    words = mapped(frame[CLASS], bare)
    if FUNC in frame:
        untold = words.astype(object).str.lower().isin(["", ".", "unknown", "na"])
        words = words.astype(object).where(~untold, mapped(frame[FUNC], bare).astype(object))
    return words


def _changes(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The cell of each row that tells its protein change: the first that holds one, else the first that says any."""
    if not columns:
        return pd.Series("", index=frame.index, dtype=object)
    cells = frame[columns[0]]
    for name in columns[1:]:
        worth = _worth(cells)
        open_ended = worth < 2
        if not open_ended.any():
            break
        other = frame.loc[open_ended, name].astype(object).fillna("").astype(str)
        better = other[_worth(other) > worth[open_ended]]
        cells = cells.astype(object)
        cells.loc[better.index] = better
    return cells


def _worth(cells: pd.Series) -> pd.Series:
    """2 where a cell holds a protein change, 1 where it says something else, 0 where it says nothing."""
    return mapped(cells, lambda text: "2" if protein_changes(text) else "0" if is_nothing(text) else "1").astype(int)


def _check_recognised(file: str, title: str, read: Settled, known: Collection[str], notes: list[str]) -> None:
    distinct = [str(name) for name in read.names["name"] if name]
    given = [str(label) for label in read.names["given"]]
    if known and mouse_note(given, known):
        raise InputError(f"{file}: column {title}: {unrecognised_message(given, known, noncoding=False)}")
    if not known or any(gene in known or is_gene_name(gene) for gene in distinct):
        return
    if len(distinct) >= _MANY_GENES or not any(_looks_hugo(gene) for gene in distinct):
        raise InputError(f"{file}: column {title}: {unrecognised_message(distinct, known, noncoding=False)}")
    notes.append(f"none of its {len(distinct)} mutated genes is one that pamrx knows")


def _looks_hugo(gene: str) -> bool:
    return gene.upper() == gene and not gene.isdigit() and not gene.startswith("ENS")


def _is_entrez(title: str) -> bool:
    return "entrez" in title.lower()


def _class_notes(file: str, title: str, read: Settled, changes: bool) -> list[str]:
    """What is said of words of consequences that the table does not know.

    Raises
    ------
    PamrxError
        If no word of the column is known.
    """
    if not title:
        return ["no column of consequences: read from the protein changes"]
    words = read.words
    if not words:
        return []
    total = sum(words.values())
    if not read.understood and set(words) != {""}:
        word = words.most_common(1)[0][0]
        advice = f"; or delete the column {title}: then the protein changes tell" if changes else ""
        raise InputError(
            f"{file}: column {title}: found '{word}', expected a MAF word such as Missense_Mutation, or one of VEP, "
            f"SnpEff (missense_variant) or nonsynonymous SNV (ANNOVAR){did_you_mean(word, CLASSIFICATIONS)}{advice}"
        )
    shown = ", ".join(f"'{word or 'empty'}' ({count})" for word, count in words.most_common(_WORDS_SHOWN))
    more = ", ..." if len(words) > _WORDS_SHOWN else ""
    return [
        f"{total} rows with {len(words)} unknown {title} words: {shown}{more}{_hint(words)}; their protein change "
        "tells, where it is given; the others count as some change of the gene, never as a truncation or hotspot"
    ]


def _hint(words: Collection[str]) -> str:
    return did_you_mean(next(iter(words)), CLASSIFICATIONS)


def _drivers(frame: pd.DataFrame) -> pd.Series:
    if DRIVER not in frame:
        return pd.Series(pd.NA, index=frame.index, dtype="boolean")
    words = mapped(frame[DRIVER], lambda word: bare(word).lower())
    return words.astype(object).map(_DRIVER_WORDS).astype("boolean")
