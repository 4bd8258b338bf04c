"""All sources of one set of samples, read into tables in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import UsageError
from pamrx.readers.alterations import Alterations, read_alterations
from pamrx.readers.frames import Given, frame_of, is_path, matrix_of, mutations_of, samples_of
from pamrx.readers.gene_panel import check_panel, read_panel
from pamrx.readers.matrices.h5ad import is_h5ad, read_annotations
from pamrx.readers.matrices.h5ad_scaled import unscaled
from pamrx.readers.matrices.matrix import Matrix, read_matrix
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.mutations.table import Mutations, exome_notes
from pamrx.readers.sample_table import read_samples, undescribed
from pamrx.readers.text.files import PathLike, check_file

ALTERATIONS = "alterations"

KINDS = ("expression", "ncrna", "copy_number")
"""Matrices by the names of their files; copy number may turn out to be of segments."""


@short_repr
@dataclass
class Tables:
    """What the readers made of the sources of one set of samples.

    Attributes
    ----------
    sources : by kind of table (`mutations`, `samples`, `panel`, and those of `KINDS`) what messages call it.
    samples : the table of samples; None without.
    assessed : the genes that the mutations' test looked at; None for all.
    panels, unfiltered : where they differ between samples, as in `Profiles`; None where they do not.
    calls : samples x genes, copy number that is named gene by gene in words; None without.
    notes : what reading the samples, the panel and the mutations said.
    """

    sources: dict[str, str]
    mutations: Mutations | None = None
    matrices: dict[str, Matrix] = field(default_factory=dict)
    samples: pd.DataFrame | None = None
    assessed: frozenset[str] | None = None
    panels: Mapping[str, frozenset[str]] | None = None
    unfiltered: Mapping[str, frozenset[str]] | None = None
    calls: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)

    def add(self, source: str, found: Alterations) -> None:
        """Take in alterations that are named one by one: mutations of the genes named, and calls of copy number."""
        if found.mutations is not None:
            self.sources["mutations"] = source
            self.mutations, self.panels, self.unfiltered = found.mutations, found.assessed, found.listed
            self.assessed = frozenset()  # nothing of a sample of which no mutation is named
        if found.calls is not None:
            self.sources["copy_number"] = f"{source} (copy number)"
            self.calls = found.calls
        self.notes += found.notes


def read_tables(
    sources: Mapping[str, Given],
    known: Collection[str],
    rejected: dict[str, str] | None = None,
    unit: str | None = None,
) -> Tables:
    """Read the tables of one set of samples, by their kind, each from a file or a frame in memory.

    `rejected` (of files) and `unit` are as in `profiles_of`.

    Raises
    ------
    PamrxError
        As `read_profiles`.
    """
    check_given({kind: one if is_path(one) else kind for kind, one in sources.items()})
    frames = {kind: frame_of(kind, one) for kind, one in sources.items() if not is_path(one)}
    files: dict[str, PathLike] = {kind: one for kind, one in sources.items() if is_path(one)}
    for kind, path in files.items():  # all files are there before the first long read
        (check_panel if kind == "panel" else check_file)(path)
    tables = Tables({kind: kind if kind in frames else str(one) for kind, one in sources.items()})
    if "samples" in sources:
        in_memory = "samples" in frames
        tables.samples, told = (
            samples_of("samples", frames["samples"]) if in_memory else read_samples(files["samples"], rejected)
        )
        tables.notes += told
    if "panel" in files:
        tables.assessed, told = read_panel(files["panel"], known)
        tables.notes += told
    if "mutations" in sources:
        in_memory = "mutations" in frames
        tables.mutations = (
            mutations_of("mutations", frames["mutations"], known)
            if in_memory
            else read_mutations(files["mutations"], known)
        )
        tables.notes += tables.mutations.notes
        if "panel" not in files:
            tables.notes += exome_notes(tables.sources["mutations"], tables.mutations)
    if ALTERATIONS in files:
        found = read_alterations(files[ALTERATIONS], known)
        tables.add(str(files[ALTERATIONS]), found)
    used = dict(files)
    if "expression" in files and is_h5ad(check_file(files["expression"])):
        used["expression"], told = unscaled(files["expression"], known, unit)
        tables.notes += told
    tables.matrices = {
        kind: matrix_of(kind, frames[kind], known) if kind in frames else read_matrix(used[kind], known, kind, rejected)
        for kind in KINDS
        if kind in sources
    }
    if "expression" in files and "samples" not in sources and is_h5ad(check_file(files["expression"])):
        tables.samples, told = read_annotations(files["expression"], known)
        tables.sources["samples"] = str(files["expression"])
        tables.notes += told
    if ALTERATIONS in files and set(files) == {ALTERATIONS}:  # in the order of the file, whatever is said of each
        tables.samples = undescribed(found.samples)
        tables.sources["samples"] = f"{files[ALTERATIONS]} (samples)"
        tables.notes.append("no samples table: tissue, sample type and MSI are unknown")
    return tables


def check_given(given: Mapping[str, object]) -> None:
    """Whether the kinds of tables given make a set.

    Raises
    ------
    PamrxError
        For none at all, for a gene panel without mutations, and for alterations beside what they say themselves.
    """
    if ALTERATIONS in given and (twice := [kind for kind in ("mutations", "copy_number") if kind in given]):
        raise UsageError(
            f"{given[ALTERATIONS]}: alterations name mutations and copy number themselves; leave out "
            f"{given[twice[0]]}, or give it without them"
        )
    if "panel" in given and "mutations" not in given:
        raise UsageError(f"{given['panel']}: a gene panel says where mutations were looked for; give the mutations too")
    if not set(given) - {"panel"}:
        raise UsageError("no input: give at least one of mutations, expression, ncrna, copy_number, samples")
