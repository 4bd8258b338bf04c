"""From files or tables in memory to one `Profiles`: read, normalised, joined by sample name, and what was done said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pamrx.errors import InputError, UsageError
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.units import Scale
from pamrx.profiles.assemble import Parts, assemble, described, join
from pamrx.profiles.normalise import levels_of
from pamrx.profiles.profiles import Profiles
from pamrx.readers.alterations import (
    BY_HAND,
    SAMPLE,
    alterations_from_cells,
    cells_by_hand,
    described_by_hand,
)
from pamrx.readers.boundary import MAX_LABEL, boundary
from pamrx.readers.frames import Given, anndata_on_disk, renamed
from pamrx.readers.likely_panel import likely_panel_notes
from pamrx.readers.records import record_tables
from pamrx.readers.tables import Tables, read_tables
from pamrx.readers.text.files import PathLike


def read_profiles(
    mutations: Given | None = None,
    expression: Given | None = None,
    ncrna: Given | None = None,
    copy_number: Given | None = None,
    samples: Given | None = None,
    *,
    panel: PathLike | None = None,
    known_genes: Collection[str] | None = None,
    expression_scale: Scale = "auto",
    expression_unit: str | None = None,
    copy_number_unit: str | None = None,
    alterations: PathLike | None = None,
) -> Profiles:
    """Read any of six files into one validated object. Samples are joined by name, never by position.

    A table in memory may stand in place of a file, and gives the same bits: a frame of pandas or polars (or of anything
    with `to_pandas`) with the columns of the file, or with the names in its index. An AnnData object is read as its
    `.h5ad` would be.

    Parameters
    ----------
    mutations : str, path or frame, optional
        A MAF of the GDC, cBioPortal or the legacy TCGA archives, or a VCF annotated by VEP or SnpEff.
    expression, ncrna, copy_number : str, path, frame or AnnData, optional
        Matrices, genes in rows or in columns: expression and non-coding RNA in any unit of `expression_unit`, copy
        number as GISTIC calls -2 to 2 or log2 ratios, or in a unit that `copy_number_unit` states.
    samples : str, path or frame, optional
        Table of sample_id, tissue, sample_type, msi and sequenced (`pamrx vocab` lists the words). Where it is
        given it must name exactly the samples of the other files; a sample without any mutation is marked
        `sequenced` yes there, since a MAF cannot hold it. Without it all samples of all files are taken.
    panel : str or path, optional
        The genes that the sequencing test covers: a file of one symbol per line, cBioPortal's gene panel file, or the
        name of a panel such as `msk-impact-468` (`pamrx vocab --panels` lists them). Default all genes (whole exome).
    known_genes : collection of str, optional
        Symbols by which genes are recognised; default all in the tables of pamrx.
    expression_scale : {"auto", "linear", "log2"}, default "auto"
        For where the guess from the values is wrong.
    expression_unit : str, optional
        The unit of `expression` where it is known: counts, tpm, fpkm, log2 or zscore; goes before the scale.
    copy_number_unit : str, optional
        The unit of `copy_number` where it is known: calls, log2, ratio, log2-ratio-plus-1 or copies. The last three
        are read only where they are stated.
    alterations : str or path, optional
        Table of sample_id, gene, alteration (H1047R, driver, truncating, wild-type, deletion, amplification ...), in
        place of mutations and copy number. Only the genes that it names are known.

    Returns
    -------
    Profiles
        Its `notes` say what was read, mapped, dropped and converted.

    Raises
    ------
    InputError
        In one line: file, place, what was found and what was expected.
    UsageError
        Where no file is given, or a panel without mutations, or an unknown scale or unit.

    Examples
    --------
    >>> import pamrx
    >>> profiles = pamrx.read_profiles(**pamrx.example_files())
    >>> len(profiles)
    12
    >>> list(profiles.samples.columns)
    ['tissue', 'sample_type', 'msi']
    """
    files = {"mutations": mutations, "expression": expression, "ncrna": ncrna, "copy_number": copy_number,
             "samples": samples, "panel": panel, "alterations": alterations}  # fmt: skip
    known = frozenset(known_genes) if known_genes is not None else default_genes()
    given = {kind: path for kind, path in files.items() if path is not None}
    with anndata_on_disk(given) as (sources, said):
        tables = read_tables(sources, known, unit=expression_unit)
        profiles = profiles_of(tables, expression_scale, expression_unit, copy_number_unit)
    return replace(profiles, notes=tuple(renamed(note, said) for note in profiles.notes)) if said else profiles


def profiles_by_hand(
    alterations: Sequence[str] | pd.DataFrame = (),
    tissue: str | None = None,
    known_genes: Collection[str] | None = None,
) -> Profiles:
    """One validated `Profiles` from alterations that are named one by one; what is not named is unknown.

    Parameters
    ----------
    alterations : `PIK3CA:H1047R`, `PTEN:deletion` and so on, of one tumour; or a table of the columns sample_id, gene
        and alteration.
    tissue : of all the tumours, as the table of samples takes it.
    known_genes : as in `read_profiles`.

    Raises
    ------
    PamrxError
        As `alterations_from_cells`; where neither is given.
    """
    known = frozenset(known_genes) if known_genes is not None else default_genes()
    cells = alterations if isinstance(alterations, pd.DataFrame) else cells_by_hand(alterations)
    if cells.empty and tissue is None:
        raise UsageError("no input: give an alteration such as PIK3CA:H1047R, or a tissue")
    tables, samples = Tables({}), [SAMPLE]
    with boundary(BY_HAND, "a table of sample_id, gene, alteration", "mend the table"):
        if len(cells) or isinstance(alterations, pd.DataFrame):
            found = alterations_from_cells(BY_HAND, cells.where(cells.notna(), ""), known)
            tables.add(BY_HAND, found)
            samples = list(found.samples)
        tables.sources["samples"] = "tissue"
        tables.samples = described_by_hand(samples, tissue)
        if tables.samples["tissue"].isna().all():
            tables.notes.append("tissue: none is given: unknown")
    return profiles_of(tables)


def read_records(
    parts: Mapping[str, Any],
    known_genes: Collection[str] | None = None,
    expression_unit: str | None = None,
    copy_number_unit: str | None = None,
    most_samples: int | None = None,
) -> Profiles:
    """One validated `Profiles` from records, the shape in which a request carries them.

    Parameters
    ----------
    parts : as `record_tables` takes them.
    known_genes, expression_unit, copy_number_unit : as in `read_profiles`.
    most_samples : that a part may name; None for any number. Samples x genes may be far larger than the records.

    Raises
    ------
    PamrxError
        As `read_profiles`, the part of the request in place of the file; and as `record_tables`.
    """
    known = frozenset(known_genes) if known_genes is not None else default_genes()
    if expression_unit is not None and parts.get("expression") is None:
        raise UsageError("expression_unit goes with expression: it says in which unit that is")
    tables = record_tables(parts, known)
    if most_samples is not None:
        _check_samples(tables, most_samples)
    return profiles_of(tables, unit=expression_unit, copy_number_unit=copy_number_unit)


def _check_samples(tables: Tables, most: int) -> None:
    """Refuse tables of too many samples, or with names too long, before they are joined."""
    named = {kind: list(map(str, matrix.values.index)) for kind, matrix in tables.matrices.items()}
    if tables.samples is not None:
        named["samples"] = list(map(str, tables.samples.index))
    if tables.mutations is not None:
        named["mutations"] = list(tables.mutations.samples)
    for kind, names in named.items():
        if len(names) > most:
            raise InputError(f"{kind}: {len(names)} samples found, expected at most {most}; send the others apart")
        longest = max(map(len, names), default=0)
        if longest > MAX_LABEL:
            raise InputError(f"{kind}: the name of a sample has {longest} characters, expected at most {MAX_LABEL}")


def profiles_of(
    tables: Tables,
    scale: Scale = "auto",
    unit: str | None = None,
    copy_number_unit: str | None = None,
    rejected: dict[str, str] | None = None,
) -> Profiles:
    """Tables in memory as `Profiles`.

    Parameters
    ----------
    scale, unit : of expression, where they are known (see `normalise.decide`).
    copy_number_unit : of copy number, where it is known.
    rejected : where given, gets for each sample that cannot be used the reason, and no error is raised for it.

    Raises
    ------
    PamrxError
        As `read_profiles`.
    """
    parts = parts_of(tables, scale, unit, copy_number_unit, rejected)
    if tables.mutations is not None and tables.assessed is None:
        parts.notes += likely_panel_notes(tables.mutations, tables.sources["mutations"])
    return assemble(parts, described(join(parts)), tables.assessed)


def parts_of(
    tables: Tables,
    scale: Scale = "auto",
    unit: str | None = None,
    copy_number_unit: str | None = None,
    rejected: dict[str, str] | None = None,
) -> Parts:
    """The tables on the scales of `Profiles`, their samples not joined yet."""
    notes = list(tables.notes)
    sources, matrices = dict(tables.sources), {}
    scales: dict[str, str] = {}
    for matrix in tables.matrices.values():
        notes += matrix.notes
        kind = matrix.columns.kind
        sources[kind] = matrix.source
        matrices[kind] = levels_of(
            matrix, notes, scale=scale, unit=unit, copy_number_unit=copy_number_unit, rejected=rejected, scales=scales
        )
    if tables.calls is not None:
        matrices["copy_number"] = tables.calls
    return Parts(
        sources, tables.mutations, matrices, tables.samples, notes, rejected, scales, tables.panels, tables.unfiltered
    )
