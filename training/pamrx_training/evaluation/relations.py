"""Known relations of an alteration and a drug: the table `knowledge/relations.csv`, and which lines carry a marker.

A marker is a formula of terms joined by ` & `, each `kind:GENE|GENE` (any of the genes), after `!` for none of them:
`mut:PIK3CA & !mut:KRAS|BRAF`. The kinds come from two sources, which no marker mixes:

- `mut`, `loss`, `gain`, `mut_or_loss`: driver mutations, and recurrent segments that name the gene, of the training
  alterations (Iorio, Cell 2016). Known for every line.
- `any`, `amp`, `del`: every non-synonymous call, amplification and deep deletion of `panel718`, drivers or not. For
  genes that the training alterations lack; lines without such calls are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError, PamrxError, did_you_mean
from pamrx.features.mutation import driver_flags
from pamrx.identifiers.assay import assays_of
from pamrx.knowledge import table
from pamrx.knowledge.drugs import resolve_screened
from pamrx.profiles import Profiles

NAME = "relations"
DRIVERS, ALL_CALLS = "drivers", "all calls (panel718)"
KINDS = {
    "mut": DRIVERS,
    "loss": DRIVERS,
    "gain": DRIVERS,
    "mut_or_loss": DRIVERS,
    "any": ALL_CALLS,
    "amp": ALL_CALLS,
    "del": ALL_CALLS,
}
DIRECTIONS = ("sensitive", "resistant", "none")

_TERM = re.compile(r"(!?)(\w+):([A-Z0-9-]+(?:\|[A-Z0-9-]+)*)")
_CALL = {"gain": 2.0, "amp": 2.0, "loss": -2.0, "del": -2.0}


@short_repr
@dataclass(frozen=True)
class Term:
    """Whether a line has `kind` in any of `genes`; turned round where `negated`."""

    kind: str
    genes: tuple[str, ...]
    negated: bool = False


@short_repr
@dataclass(frozen=True)
class Relation:
    """One row of the table.

    Attributes
    ----------
    formula, formula_within : the marker and the lines it is looked at in, as written.
    marker : terms that all hold in an altered line.
    within : terms that hold in every line compared; empty for all lines.
    calls : the source of the marker, `DRIVERS` or `ALL_CALLS`.
    assays : of the drugs, in every screen that holds them.
    direction : what altered lines are known to be, of `DIRECTIONS`; `none` says that these data show no effect.
    """

    name: str
    formula: str
    formula_within: str
    marker: tuple[Term, ...]
    within: tuple[Term, ...]
    calls: str
    assays: tuple[str, ...]
    direction: str
    statement: str
    source: str


def read_relations(rows: pd.DataFrame | None = None) -> list[Relation]:
    """The relations of `rows`, by default those that ship with the product.

    Raises
    ------
    InputError
        If a name stands twice, a formula cannot be read or mixes its sources, or a drug or direction is unknown.
    """
    rows = table(NAME) if rows is None else rows
    repeated = rows["relation"][rows["relation"].duplicated()]
    if len(repeated):
        raise InputError(f"{NAME}.csv: '{repeated.iloc[0]}' stands twice; expected each relation once")
    return [_relation({str(key): str(cell) for key, cell in row.items()}) for row in rows.to_dict(orient="records")]


def carriers(profiles: Profiles, terms: Iterable[Term], name: str = "") -> pd.Series:
    """Which samples carry a marker: 1 all terms hold, 0 one does not, NaN not known; index as `profiles`.

    Raises
    ------
    PamrxError
        If the alterations do not hold a gene; `name` is the relation that asks for it.
    """
    flags = [_held(profiles, term, name) for term in terms]
    out = pd.Series(1.0, index=profiles.samples.index)
    for flag in flags:
        # One term that fails decides, whatever the unknown ones are.
        out = out.where((flag == 1) | (out == 0), flag)
    return out


def _relation(row: dict[str, str]) -> Relation:
    name = row["relation"]
    marker, within = _terms(row["marker"], name), _terms(row["within"], name) if row["within"] else ()
    calls = {KINDS[term.kind] for term in (*marker, *within)}
    if len(calls) > 1:
        raise InputError(f"{NAME}.csv: '{name}': drivers and all calls in one marker; expected one kind of call")
    if row["direction"] not in DIRECTIONS:
        hint = did_you_mean(row["direction"], DIRECTIONS)
        raise InputError(
            f"{NAME}.csv: '{name}': direction '{row['direction']}'; expected {', '.join(DIRECTIONS)}{hint}"
        )
    try:
        drugs = resolve_screened(row["drugs"].split("|"))
    except PamrxError as error:
        raise InputError(f"{NAME}.csv: '{name}': {error}") from None
    return Relation(
        name=name,
        formula=row["marker"],
        formula_within=row["within"],
        marker=marker,
        within=within,
        calls=calls.pop(),
        assays=tuple(str(assay) for drug in drugs for assay in assays_of(drug)),
        direction=row["direction"],
        statement=row["statement"],
        source=row["source"],
    )


def _terms(formula: str, name: str) -> tuple[Term, ...]:
    out = []
    for text in formula.split(" & "):
        found = _TERM.fullmatch(text)
        if not found:
            raise InputError(f"{NAME}.csv: '{name}': cannot read '{text}'; expected kind:GENE|GENE, as mut:PIK3CA")
        negated, kind, genes = found.groups()
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS)
            raise InputError(f"{NAME}.csv: '{name}': unknown kind '{kind}'; expected {', '.join(KINDS)}{hint}")
        out.append(Term(kind, tuple(genes.split("|")), bool(negated)))
    return tuple(out)


def _held(profiles: Profiles, term: Term, name: str) -> pd.Series:
    genes = list(term.genes)
    if term.kind == "mut_or_loss":
        flags = pd.concat([_flags(profiles, kind, genes, name) for kind in ("mut", "loss")], axis=1)
    else:
        flags = _flags(profiles, term.kind, genes, name)
    # Any altered gene settles it; no alteration is known only where every gene was looked at.
    held = flags.max(axis=1, skipna=True).where((flags == 1).any(axis=1) | flags.notna().all(axis=1))
    return 1 - held if term.negated else held


def _flags(profiles: Profiles, kind: str, genes: list[str], name: str) -> pd.DataFrame:
    """(n_samples, genes): 1 altered, 0 not, NaN not known."""
    if kind == "mut":
        if profiles.assessed_genes is not None:
            _check(genes, profiles.assessed_genes, "driver mutations", name)
        return driver_flags(profiles, genes)
    if kind == "any":
        return _all_changes(profiles, genes, name)
    calls = profiles.segments if KINDS[kind] == DRIVERS else profiles.copy_number
    if calls is None:
        return pd.DataFrame(np.nan, index=profiles.samples.index, columns=genes)
    _check(genes, calls.columns, "segments" if KINDS[kind] == DRIVERS else "copy-number calls", name)
    return (calls[genes] == _CALL[kind]).astype(float).where(calls[genes].notna())


def _all_changes(profiles: Profiles, genes: list[str], name: str) -> pd.DataFrame:
    """Calls of the panel alone: a driver of the training alterations is no such call, and is not counted as one."""
    index = profiles.samples.index
    flags = pd.DataFrame(np.nan, index=index, columns=genes)
    if not profiles.unfiltered or profiles.mutations is None:
        return flags
    _check(genes, frozenset[str]().union(*profiles.unfiltered.values()), "calls of the panel", name)
    for told, chosen in profiles.listed():
        flags.loc[chosen, [gene for gene in genes if told is None or gene in told]] = 0.0
    calls = profiles.mutations[profiles.mutations["driver"].eq(False).fillna(False)]
    for gene in genes:
        changed = index.isin(calls.loc[calls["gene"] == gene, "sample_id"])
        flags.loc[changed & flags[gene].notna().to_numpy(), gene] = 1.0
    return flags


def _check(genes: list[str], known: Iterable[str], what: str, name: str) -> None:
    names = set(known)
    for gene in genes:
        if gene not in names:
            hint = did_you_mean(gene, sorted(names))
            raise InputError(f"{NAME}.csv: '{name}': the training data hold no {what} of {gene}{hint}")
