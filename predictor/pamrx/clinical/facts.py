"""What is known of the genes that clinical evidence names, in each sample: found, not found, or not looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.clinical.evidence import EventName
from pamrx.display import short_repr
from pamrx.features.brakes import TWO_HIT, BrakeBlock
from pamrx.features.drivers import ambiguous_changes, driver_calls, non_synonymous, training_symbol, variant_classes
from pamrx.identifiers.protein_change import substitutions
from pamrx.knowledge import table
from pamrx.profiles import Profiles
from pamrx.readers.mutations.table import VAF

DEEP_DELETION, LOSS, AMPLIFIED = -2.0, -1.0, 2.0
INACTIVATING = frozenset({"truncating", "damaging"})
_SPAN = re.compile(r"[A-Z*]*(\d+)(?:_[A-Z*]?(\d+))?")


@short_repr
@dataclass(frozen=True)
class Change:
    """One mutation of a gene.

    Attributes
    ----------
    text : `H1047R`, else the consequence in words.
    names : the substitutions that it holds, itself among them.
    word : activating, truncating, damaging or other, as `variant_classes` says.
    driver, alters : whether it counts as a driver; whether it changes the protein.
    vaf : variant allele fraction, 0 to 1; NaN where the file has none.
    """

    text: str
    names: frozenset[str]
    word: str
    driver: bool
    alters: bool
    vaf: float

    def within(self, first: int, last: int) -> bool:
        """Whether it lies, in part at least, among the residues from `first` to `last`."""
        span = _SPAN.match(self.text)
        return span is not None and int(span[1]) <= last and first <= int(span[2] or span[1])


@short_repr
@dataclass(frozen=True)
class GeneFacts:
    """What is known of one gene in one sample.

    Attributes
    ----------
    assessed : whether its mutations were looked for.
    open : whether a change is listed whose protein change decides and is not given.
    call : copy-number call, NaN where not measured.
    both : both copies hit: True, False, or None where not known.
    """

    changes: tuple[Change, ...] = ()
    assessed: bool = False
    open: bool = False
    call: float = np.nan
    both: bool | None = None

    @property
    def drivers(self) -> tuple[Change, ...]:
        """The changes that count as drivers."""
        return tuple(change for change in self.changes if change.driver)

    @property
    def inactivating(self) -> tuple[Change, ...]:
        """The drivers that take the gene's function away."""
        return tuple(change for change in self.drivers if change.word in INACTIVATING)

    def event(self, what: EventName) -> bool | None:
        """Whether an event is there; None where that is not known."""
        measured = not np.isnan(self.call)
        if what == "amplification":
            return self.call == AMPLIFIED if measured else None
        settled = self.assessed and not self.open
        if what == "driver":
            return True if self.drivers else False if settled else None
        if self.inactivating or self.call == DEEP_DELETION:
            return True
        return False if settled and measured else None


def gene_facts(profiles: Profiles, genes: tuple[str, ...]) -> Iterator[tuple[str, dict[str, GeneFacts]]]:
    """The facts of each sample by gene, in the order of the samples; a gene of which nothing is known is left out.

    Parameters
    ----------
    genes : in the training's spelling, as `knowledge/genes.csv` has them.
    """
    names = list(genes)
    changes, ambiguous = _changes(profiles, names)
    assessed = _assessed(profiles, names)
    calls = _calls(profiles, names)
    both = BrakeBlock(_brakes(names), None).transform(profiles, pd.DataFrame(index=profiles.samples.index))
    hits = both.filter(like=TWO_HIT).rename(columns=lambda name: name.removesuffix(TWO_HIT))
    two = hits.reindex(columns=names).to_numpy(dtype=float)
    for row, sample in enumerate(profiles.samples.index.astype(str)):
        found = {}
        for place, gene in enumerate(names):
            own = changes.get((sample, gene), ())
            if assessed[row, place] or own or not np.isnan(calls[row, place]):
                found[gene] = GeneFacts(
                    changes=own,
                    assessed=bool(assessed[row, place]),
                    open=(sample, gene) in ambiguous,
                    call=float(calls[row, place]),
                    both=None if np.isnan(two[row, place]) else bool(two[row, place]),
                )
        yield sample, found


def _changes(
    profiles: Profiles, genes: list[str]
) -> tuple[dict[tuple[str, str], tuple[Change, ...]], set[tuple[str, str]]]:
    """The changes of each sample and gene, each once; and the samples and genes with one that is left open."""
    if profiles.mutations is None:
        return {}, set()
    rows = profiles.mutations
    rows = rows[rows["gene"].isin([*genes, *training_symbol()])]
    rows = rows.assign(gene=rows["gene"].replace(training_symbol()))
    rows = rows[rows["gene"].isin(genes)]
    told = pd.DataFrame(
        {
            "word": variant_classes(rows),
            "driver": driver_calls(rows),
            "alters": non_synonymous(rows),
            "ambiguous": ambiguous_changes(rows),
            "vaf": rows.get(VAF, np.nan),
        }
    )
    found: dict[tuple[str, str], dict[str, Change]] = {}
    left_open: set[tuple[str, str]] = set()
    for row, more in zip(rows.itertuples(), told.itertuples(), strict=True):
        key = (str(row.sample_id), str(row.gene))
        if more.ambiguous:
            left_open.add(key)
        if more.driver or more.alters:
            change = _change(str(row.hgvsp), str(row.variant_classification), more)
            found.setdefault(key, {}).setdefault(change.text, change)
    return {key: tuple(own.values()) for key, own in found.items()}, left_open


def _change(hgvsp: str, consequence: str, told: object) -> Change:
    known = consequence.replace("_", " ").replace("Unknown", "")
    text = hgvsp.removeprefix("p.") or known or "driver, change not given"
    return Change(
        text=text,
        names=frozenset({text, *substitutions(hgvsp)}),
        word=str(getattr(told, "word", "other")),
        driver=bool(getattr(told, "driver", False)),
        alters=bool(getattr(told, "alters", False)),
        vaf=float(getattr(told, "vaf", np.nan)),
    )


def _assessed(profiles: Profiles, genes: list[str]) -> np.ndarray:
    """(n, genes) bool: whether mutations of a gene were looked for."""
    found = np.repeat(profiles.sequenced.to_numpy()[:, None], len(genes), axis=1)
    if profiles.mutations is None:
        found[:] = False
    for known, chosen in profiles.assessed():
        if known is not None:
            names = {training_symbol().get(gene, gene) for gene in known}
            outside = np.array([gene not in names for gene in genes], dtype=bool)
            found[np.ix_(chosen, outside)] = False
    return found


def _calls(profiles: Profiles, genes: list[str]) -> np.ndarray:
    if profiles.copy_number is None:
        return np.full((profiles.n, len(genes)), np.nan)
    return profiles.copy_number.reindex(columns=genes).to_numpy(dtype=float)


def _brakes(genes: list[str]) -> list[str]:
    known = table("genes")
    suppressors = set(known.loc[known["role"].isin(["tumour_suppressor", "both"]), "gene"])
    return [gene for gene in genes if gene in suppressors]
