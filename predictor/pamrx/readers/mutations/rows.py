"""Rows of a table of mutations, as a file gives them, in the words and names of pamrx.

MAFs, nested columns of Parquet and annotated VCFs all come through `settle`, so that one mutation is one thing wherever
it was written down: genes by pamrx's names, consequences as MAF words, protein changes as `p.H1047R`. A cell of several
genes or changes becomes several rows, a change that is listed again for another caller or transcript none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.identifiers.consequences import bases_gained, is_known, is_undirected, maf_word
from pamrx.identifiers.gene_cells import GeneCells, like_axis_genes, name_gene_cells
from pamrx.identifiers.gene_ids import AMBIGUOUS, SHADOWED, UNKNOWN, are_entrez, naming_note
from pamrx.identifiers.genes import clean_labels
from pamrx.identifiers.protein_change import (
    consequence_of,
    is_nothing,
    is_transcript_list,
    is_wild_type,
    protein_changes,
    transcript_changes,
)
from pamrx.readers.mutations.cells import mapped
from pamrx.readers.mutations.columns import ALT, KIND, REF
from pamrx.readers.mutations.repeats import hot_genes, is_hotspot, without_repeats
from pamrx.readers.mutations.table import VAF

_WORDS_SHOWN, _SHOWN, _LETTERS_SHOWN = 5, 3, 30
_NO_GENE = frozenset({"", "Unknown", "unknown"})
# Of these the protein change decides whether they are a hotspot.
_OPEN = frozenset({"Missense_Mutation", "In_Frame_Del", "In_Frame_Ins", "Unknown", "Targeted_Region", ""})


@short_repr
@dataclass(frozen=True)
class Settled:
    """`rows`: sample_id, gene, variant_classification, hgvsp, driver, and vaf where the source has it; `names`: how
    each gene's name was found; `words`:
    unknown words of consequences with their counts, and `understood` whether any word is known; `notes`: what was read
    otherwise than it stands, or not at all."""

    rows: pd.DataFrame
    names: pd.DataFrame
    words: Counter[str]
    understood: bool
    notes: tuple[str, ...]


def settle(raw: pd.DataFrame, known: Collection[str], *, entrez: bool | None = None, changes: bool = True) -> Settled:
    """Settle rows of one source.

    Parameters
    ----------
    raw : columns sample_id, gene, variant_classification and hgvsp (text, "" where missing), driver (nullable boolean);
        further ones by the roles of `mutation_columns` where the source has them (alleles, position, canonical).
    known : symbols by which genes are recognised.
    entrez : whether bare numbers are Entrez ids; None asks `are_entrez`.
    changes : whether the source has protein changes at all.
    """
    notes: list[str] = []
    genes = _genes(raw["gene"], known, entrez)
    notes += _gene_notes(raw["gene"], genes)
    rows = _spread(raw, mapped(raw["gene"], clean), genes.symbols)
    rows, notes_of_changes = _with_changes(rows, changes)
    unnamed = rows["gene"].isin(list(_NO_GENE)).to_numpy()
    if unnamed.any():
        notes.append(f"{int(unnamed.sum())} rows without a gene name dropped")
        rows = rows[~unnamed]
    rows, words = _with_classes(rows.reset_index(drop=True))
    understood = sum(words.values()) < len(rows)
    if changes:
        notes += notes_of_changes + _unread(rows)
    rows, told = without_repeats(rows)
    notes += told
    texts = ["sample_id", "gene", "variant_classification", "hgvsp"]
    numbers = [VAF] if VAF in rows else []
    kept = rows[[*texts, "driver", *numbers]].reset_index(drop=True).astype(dict.fromkeys(texts, object))
    return Settled(kept, genes.names, words, understood, tuple(notes))


@lru_cache(maxsize=100_000)
def clean(label: str) -> str:
    """A gene's label without quotes, blanks and an Entrez id at its end."""
    return clean_labels([label])[0]


def _genes(column: pd.Series, known: Collection[str], entrez: bool | None) -> GeneCells:
    labels = pd.unique(column.astype(object).dropna())
    given = [label for label in dict.fromkeys(clean(str(label)) for label in labels) if label]
    return name_gene_cells(given, known, entrez=are_entrez(given) if entrez is None else entrez)


def _gene_notes(column: pd.Series, genes: GeneCells) -> list[str]:
    notes = [told] if (told := naming_note(genes.names)) else []
    lost = genes.names.loc[genes.names["how"].isin([UNKNOWN, SHADOWED, AMBIGUOUS]), "given"]
    if like := [label for label in like_axis_genes(lost) if label not in _NO_GENE]:
        count = int(mapped(column, clean).isin(like).sum())
        more = ", ..." if len(like) > _WORDS_SHOWN else ""
        notes.append(
            f"{count} rows in genes not recognised that resemble genes of the axis: "
            f"{', '.join(like[:_WORDS_SHOWN])}{more}: not used; write their Hugo symbols (PIK3CA) if they are meant"
        )
    return notes


def _spread(raw: pd.DataFrame, labels: pd.Series, symbols: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """`raw` under the names of its genes, a row for each where a cell holds several."""
    first = mapped(labels, lambda label: symbols.get(label, (label,))[0])
    rows = raw.assign(gene=first)
    several = {label: names for label, names in symbols.items() if len(names) > 1}
    if several:
        more = [
            rows[(labels == label).to_numpy()].assign(gene=name)
            for label, names in several.items()
            for name in names[1:]
        ]
        rows = pd.concat([rows.astype({"gene": object}), *more]).sort_index(kind="stable")
    return rows


def _with_changes(rows: pd.DataFrame, changes: bool) -> tuple[pd.DataFrame, list[str]]:
    """Protein changes in one spelling, a row for each where a cell holds several; `text` keeps the cell."""
    if not changes:
        return rows.assign(text="", hgvsp=""), []
    codes, values = pd.factorize(rows["hgvsp"])
    texts = np.array([*(str(value) for value in values), ""], dtype=object)
    found = [protein_changes(text) for text in texts]
    firsts = np.array([one[0] if one else "" for one in found], dtype=object)
    text, hgvsp = texts[codes], firsts[codes]
    per_transcript = np.array([is_transcript_list(one) for one in texts], dtype=bool)[codes]
    genes = rows["gene"].to_numpy(dtype=object)
    for place in np.flatnonzero(per_transcript):
        hgvsp[place] = _of_gene(str(genes[place]), str(text[place])) or hgvsp[place]
    rows = rows.assign(text=text, hgvsp=hgvsp)
    notes = []
    wild = np.array([is_wild_type(one) for one in texts], dtype=bool)[codes]
    several = np.array([len(one) > 1 for one in found], dtype=bool)[codes]
    if several.any():
        more = [
            rows.iloc[place : place + 1].assign(hgvsp=one)
            for place in np.flatnonzero(several)
            for one in found[codes[place]][1:]
        ]
        notes.append(f"{int(several.sum())} cells hold several protein changes: one mutation for each")
        rows, wild = pd.concat([rows, *more]), np.append(wild, np.zeros(len(more), dtype=bool))
        order = np.argsort(rows.index.to_numpy(), kind="stable")
        rows, wild = rows.iloc[order], wild[order]
    if wild.any():
        notes.append(f"{int(wild.sum())} rows whose protein change says wild type left out")
        rows = rows[~wild]
    return rows, notes


def _of_gene(gene: str, text: str) -> str:
    """Of the changes that a cell lists per transcript the one that counts for a gene: a known hotspot, since that is
    numbered on the transcript that everyone uses, else the first."""
    entries = transcript_changes(text)
    own = [change for name, change in entries if name == gene] or [change for _, change in entries]
    return next((change for change in own if is_hotspot(gene, change)), own[0] if own else "")


def _with_classes(rows: pd.DataFrame) -> tuple[pd.DataFrame, Counter[str]]:
    """Consequences as MAF words; where none is given or known, as the protein change tells it."""
    codes, values = pd.factorize(rows["variant_classification"])
    texts = [*(str(value).strip().strip('"') for value in values), ""]
    words = np.array([maf_word(text) or text for text in texts], dtype=object)[codes]
    open_ended = np.array([is_undirected(text) for text in texts], dtype=bool)[codes]
    unknown = np.array([not is_known(text) for text in texts], dtype=bool)[codes]
    changes = rows["hgvsp"].to_numpy(dtype=object)
    places = np.flatnonzero(open_ended)
    alleles = [_at(rows, name, places) for name in (REF, ALT, KIND)]
    for place, ref, alt, kind in zip(places, *alleles, strict=True):
        words[place] = maf_word(texts[codes[place]], bases_gained(ref, alt, kind), str(changes[place]))
    counts: Counter[str] = Counter()
    for code in codes[unknown]:
        counts[texts[code]] += 1
    untold = unknown | np.array([word == "Unknown" for word in words], dtype=bool)
    for place in np.flatnonzero(untold):
        words[place] = consequence_of(str(changes[place])) or words[place]
    return rows.assign(variant_classification=words), counts


def _at(rows: pd.DataFrame, name: str, places: np.ndarray) -> list[str]:
    """The text of some cells; "" where there is no such column."""
    if name not in rows:
        return [""] * len(places)
    return [str(text).strip() for text in rows[name].iloc[places].astype(object).fillna("")]


def _unread(rows: pd.DataFrame) -> list[str]:
    """What is said of protein changes that decide whether a mutation is a hotspot and are not there."""
    empty = rows["hgvsp"].to_numpy() == ""
    if not empty.any():
        return []
    deciding = rows[empty]
    deciding = deciding[deciding["gene"].isin(list(hot_genes())) & deciding["variant_classification"].isin(list(_OPEN))]
    told = deciding["text"].map(lambda text: not is_nothing(str(text)))
    notes = []
    for part, what in ((deciding[told], "could not be read"), (deciding[~told], "are not given")):
        if part.empty:
            continue
        pairs = dict.fromkeys(zip(part["gene"], part["text"], strict=True))
        shown = [
            f"{gene} '{str(text)[:_LETTERS_SHOWN]}'" if what.startswith("could") else str(gene) for gene, text in pairs
        ][:_SHOWN]
        more = ", ..." if len(pairs) > _SHOWN else ""
        notes.append(
            f"{len(part)} protein changes in genes with hotspots {what} ({', '.join(shown)}{more}): whether these are "
            "hotspots is unknown; expected such as p.H1047R"
        )
    return notes
