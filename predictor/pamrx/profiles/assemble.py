"""Tables of one set of samples put together as `Profiles`: samples are joined by name, never by position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import InputError, did_you_mean
from pamrx.identifiers.sample_names import harmonise
from pamrx.identifiers.sample_twins import twin_hint, twin_notes
from pamrx.profiles.profiles import SAMPLE_COLUMNS, Profiles
from pamrx.readers.gene_panel import inside_panels
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.sample_table import undescribed

_SAY_SEQUENCED = "its mutations are unknown, not absent (say `sequenced` yes in a samples table if it was sequenced)"


@short_repr
@dataclass
class Parts:
    """Tables of one set of samples, on the scales of `Profiles`, before and after their samples are joined.

    Attributes
    ----------
    sources : by kind (mutations, expression, ncrna, copy_number, segments, samples) what messages call it.
    mutations : None where there are none.
    matrices : by kind samples x genes.
    table : index sample_id; columns tissue, sample_type, msi, sequenced (True, False or None). None where there is no
        table of samples.
    notes : what was read and done so far, one sentence each; more are added.
    rejected : where given, samples that cannot be used and the reason: they are put here and no error is raised. Their
        values count as missing.
    panels, unfiltered : by sample the genes looked at, and those of which every change is listed, as in `Profiles`;
        None where that is the same in all samples.
    scales : on which scale each group of columns was found to be.
    """

    sources: dict[str, str]
    mutations: Mutations | None = None
    matrices: dict[str, pd.DataFrame] = field(default_factory=dict)
    table: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)
    rejected: dict[str, str] | None = None
    scales: dict[str, str] = field(default_factory=dict)
    panels: Mapping[str, frozenset[str]] | None = None
    unfiltered: Mapping[str, frozenset[str]] | None = None

    @property
    def samples(self) -> dict[str, list[str]]:
        """The names of samples in each source of data; the table of samples is none."""
        own = {} if self.mutations is None else {"mutations": list(self.mutations.samples)}
        return own | {kind: [str(name) for name in matrix.index] for kind, matrix in self.matrices.items()}


def join(parts: Parts) -> Parts:
    """Give each sample one name in all sources (see `harmonise`) and drop those that have none.

    Raises
    ------
    PamrxError
        If a source holds only normal or control samples.
    """
    ids: dict[str, Iterable[str]] = dict(parts.samples)
    if parts.table is not None:
        ids["samples"] = list(parts.table.index)
    sources = {kind: parts.sources[kind] for kind in ids}
    mapping, told = harmonise(
        {sources[kind]: names for kind, names in ids.items()},
        mergeable={parts.sources.get("mutations", "")},
        preferred=sources.get("samples", ""),
    )
    parts.notes += told
    parts.notes += twin_notes({file: list(dict.fromkeys(names.values())) for file, names in mapping.items()})
    for kind in ids:
        if not mapping[sources[kind]]:
            raise InputError(f"{sources[kind]}: only normal or control samples found; expected a tumour")
    if parts.mutations is not None:
        parts.mutations = with_names(parts.mutations, mapping[sources["mutations"]])
        parts.panels = _with_names(parts.panels, mapping[sources["mutations"]])
        parts.unfiltered = _with_names(parts.unfiltered, mapping[sources["mutations"]])
    parts.matrices = {kind: _renamed(matrix, mapping[sources[kind]]) for kind, matrix in parts.matrices.items()}
    if parts.table is not None:
        parts.table = _renamed(parts.table, mapping[sources["samples"]])
    if parts.rejected:
        names = {raw: used for own in mapping.values() for raw, used in own.items()}
        renamed = {names.get(name, name): why for name, why in parts.rejected.items()}
        parts.rejected.clear()
        parts.rejected.update(renamed)
    return parts


def described(parts: Parts) -> pd.DataFrame:
    """The table of samples: that of the source of samples, which must name exactly those of the others, or all of them.

    Raises
    ------
    PamrxError
        If two sources have no sample in common, or the table and the others do not name the same samples; with
        `rejected` only for the former.
    """
    if parts.table is None:
        return _union(parts)
    return _listed(parts, parts.table)


def assemble(
    parts: Parts,
    table: pd.DataFrame,
    assessed: frozenset[str] | None = None,
    panels: Mapping[str, frozenset[str]] | None = None,
    drivers_only: bool | None = None,
) -> Profiles:
    """The parts, whose samples bear one name each, as `Profiles` of the samples of `table` in its order.

    Parameters
    ----------
    assessed, panels : as in `Profiles`; mutations in other genes are left out.
    drivers_only : whether mutations that are not drivers are not listed; by default whether all are marked as drivers.

    Raises
    ------
    PamrxError
        If a sample that is said not to be sequenced has mutations; with `rejected` not.
    """
    panels = panels or parts.panels or {}
    seen = panels
    if parts.unfiltered is not None:  # of some genes it is known that they are changed, and not whether by a driver
        seen = {name: genes | parts.unfiltered.get(name, frozenset()) for name, genes in panels.items()}
        drivers_only = False
    index = pd.Index(table.index, name="sample_id", dtype=object)
    table = table.set_axis(index, axis=0)
    maf, source = parts.mutations, parts.sources.get("mutations", "mutations")
    sequenced = pd.Series(False, index=index, name="sequenced")
    if maf is not None:
        sequenced = _sequenced(parts, maf, table["sequenced"])
        if not sequenced.all():
            parts.notes.append(
                f"{int((~sequenced).sum())} of {len(index)} samples count as not sequenced: mutations unknown"
            )
        kept = maf.rows[maf.rows["sample_id"].isin(index[sequenced.to_numpy()])]
        maf = Mutations(kept.reset_index(drop=True), maf.samples, maf.notes)
    annotations = table[list(SAMPLE_COLUMNS)].astype(object)
    aligned = {kind: matrix.reindex(index).astype(np.float64) for kind, matrix in parts.matrices.items()}
    if "segments" in aligned:
        parts.notes.append(
            f"{parts.sources['segments']}: recurrent segments, by its heading: whether single genes are amplified or "
            "deeply deleted is unknown"
        )
    if drivers_only is None:
        drivers_only = maf is not None and maf.drivers_only
    if drivers_only:
        parts.notes.append(
            f"{source}: every mutation is marked as driver: no passengers are listed, so whether a gene has any other "
            "change is unknown"
        )
    return Profiles(
        samples=annotations.where(annotations.notna(), None),
        sequenced=sequenced,
        mutations=None if maf is None else inside_panels(maf.rows, assessed, seen, source, parts.notes),
        assessed_genes=assessed,
        panels=panels,
        unfiltered={} if drivers_only else parts.unfiltered,
        expression=aligned.get("expression"),
        ncrna=aligned.get("ncrna"),
        copy_number=aligned.get("copy_number"),
        segments=aligned.get("segments"),
        notes=tuple(parts.notes),
    )


def with_names(maf: Mutations, names: Mapping[str, str]) -> Mutations:
    """Mutations under other names of their samples; those of a sample without one are dropped."""
    rows = maf.rows.assign(sample_id=maf.rows["sample_id"].map(names).astype(object))
    rows = rows[rows["sample_id"].notna()].reset_index(drop=True)
    if len(set(names.values())) < len(names):  # aliquots of one sample list its mutations again
        again = rows.duplicated(["sample_id", "gene", "variant_classification", "hgvsp"]) & (rows["hgvsp"] != "")
        rows = rows[~again].reset_index(drop=True)
    return Mutations(rows, tuple(dict.fromkeys(names.values())), maf.notes)


def _with_names(
    sets: Mapping[str, frozenset[str]] | None, names: Mapping[str, str]
) -> dict[str, frozenset[str]] | None:
    """Genes by sample under other names of the samples; those of several aliquots of one sample together."""
    if sets is None:
        return None
    found: dict[str, frozenset[str]] = {}
    for sample, genes in sets.items():
        if sample in names:
            found[names[sample]] = found.get(names[sample], frozenset()) | genes
    return found


def _sequenced(parts: Parts, maf: Mutations, said: pd.Series) -> pd.Series:
    mutated = set(maf.rows["sample_id"]) | set(maf.samples)
    for name, word in said.items():
        if word is False and name in mutated:
            why = f"{parts.sources['mutations']}: sample {name} has mutations, but the samples table says sequenced no"
            if parts.rejected is None:
                raise InputError(why)
            parts.rejected.setdefault(str(name), why)
    values = [word is not False and (word is True or name in mutated) for name, word in said.items()]
    return pd.Series(values, index=said.index, name="sequenced", dtype=bool)


def _renamed(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    frame = frame.loc[[name in names for name in frame.index]]
    return frame.set_axis(pd.Index([names[name] for name in frame.index], name="sample_id", dtype=object), axis=0)


def _union(parts: Parts) -> pd.DataFrame:
    found, sources = parts.samples, parts.sources
    for one, other in combinations(found, 2):
        if not set(found[one]) & set(found[other]):
            raise InputError(
                f"{sources[one]} and {sources[other]}: no sample in common; found {_few(found[one])} against "
                f"{_few(found[other])}; expected the same sample names{twin_hint(found[one], found[other])}"
            )
    names = list(dict.fromkeys(name for ids in found.values() for name in ids))
    for kind, ids in found.items():
        there = set(ids)
        absent = [name for name in names if name not in there]
        if absent:
            so = "none of its mutations is named: unknown" if parts.panels is not None else _SAY_SEQUENCED
            effect = so if kind == "mutations" else f"its {'copy_number' if kind == 'segments' else kind} is missing"
            parts.notes.append(
                f"{sources[kind]}: {len(absent)} samples of the other files are not in it, such as {absent[0]}: "
                f"{effect}"
            )
    parts.notes.append("no samples table: tissue, sample type and MSI are unknown")
    return undescribed(names)


def _listed(parts: Parts, table: pd.DataFrame) -> pd.DataFrame:
    """The table of samples, which must name the samples of all sources and no others."""
    found, sources = parts.samples, parts.sources
    listed = set(table.index)
    unlisted: dict[str, str] = {}
    for kind, ids in found.items():
        extra = [name for name in ids if name not in listed]
        if extra:
            more = f" (nor are {len(extra) - 1} more)" if len(extra) > 1 else ""
            where = f"is not listed in {sources['samples']}"
            if parts.rejected is None:
                hint = twin_hint(extra, listed) or did_you_mean(extra[0], table.index)
                raise InputError(f"{sources[kind]}: sample {extra[0]} {where}{more}; expected every sample there{hint}")
            for name in extra:
                unlisted.setdefault(name, f"{sources[kind]}: sample {name} {where}")
    held = {name for ids in found.values() for name in ids}
    if "mutations" in found:
        held |= set(table.index[table["sequenced"].map(lambda value: value is True)])
    lone = [name for name in table.index if name not in held]
    if found and lone:
        more = f" (nor are {len(lone) - 1} more)" if len(lone) > 1 else ""
        mute = "; if it was sequenced without a mutation, set its column sequenced to yes"
        if "mutations" not in found or parts.panels is not None:
            mute = ""
        others = ", ".join(sources[kind] for kind in found)
        where = f"is in none of {others}"
        if parts.rejected is None:
            hint = twin_hint(lone, held) or did_you_mean(lone[0], held)
            raise InputError(
                f"{sources['samples']}: sample {lone[0]} {where}{more}; expected data for it, or remove it{mute}{hint}"
            )
        for name in lone:
            parts.rejected.setdefault(name, f"{sources['samples']}: sample {name} {where}")
    if parts.rejected is not None and unlisted:
        for name, why in unlisted.items():
            parts.rejected.setdefault(name, why)
        extended = table.reindex(pd.Index([*table.index, *unlisted], name="sample_id", dtype=object))
        table = extended.where(extended.notna(), None)
    return table


def _few(names: Iterable[str]) -> str:
    return "'" + ", ".join(list(names)[:2]) + "'"
