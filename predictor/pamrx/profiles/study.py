"""A cBioPortal study folder as one `Profiles`: `read_study("brca_tcga/")`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from pamrx.errors import InputError, UsageError
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.unit_statistics import LINEAR_ABOVE
from pamrx.identifiers.units import Scale
from pamrx.identifiers.vocabulary import translated
from pamrx.knowledge.panels import find_panel, near_panel
from pamrx.profiles.assemble import assemble, join
from pamrx.profiles.profiles import SAMPLE_COLUMNS, Profiles
from pamrx.profiles.reading import parts_of
from pamrx.readers.gene_panel import known_panel, read_panel
from pamrx.readers.likely_panel import likely_panel_notes
from pamrx.readers.matrices.matrix import Matrix, read_matrix
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.studies.cbioportal import Study, find_study, is_whole_exome, read_rows
from pamrx.readers.tables import KINDS, Tables
from pamrx.readers.text.files import PathLike

# The first column whose word is known gives the value; a cancer type of the sample goes before the patient's.
_COLUMNS = {
    "tissue": ("ONCOTREE_CODE", "CANCER_TYPE_DETAILED", "CANCER_TYPE", "CANCER_TYPE_ACRONYM", "TUMOR_TISSUE_SITE"),
    "sample_type": ("SAMPLE_CLASS", "SAMPLE_TYPE"),
    "msi": ("MSI_TYPE", "MSI_STATUS", "MSI"),
}
_TABLE = [*SAMPLE_COLUMNS, "sequenced", "panel", "listed"]
_NOTHING = frozenset({"", "na", "n/a", "[not available]", "unknown", "not available"})
UNASSESSED = "unassessed"
_SMALL_SHARE = 0.05  # of values below zero that batch correction leaves; 0.6 % in TCGA's Pan-Cancer Atlas


def read_study(
    folder: PathLike,
    *,
    known_genes: Collection[str] | None = None,
    expression_scale: Scale = "auto",
    copy_number_unit: str | None = None,
    unknown_panel: str | None = None,
    rejected: dict[str, str] | None = None,
) -> Profiles:
    """Read a study folder as cBioPortal's archive has it: mutations, expression, miRNA, copy number, clinical data.

    Of several matrices of expression one is taken (`notes` say which), never z-scores across samples: a sample's ranks
    need its own levels. Calls go before log2 ratios. Samples of which there is clinical data only are left out.

    A sample counts as sequenced if it has a mutation, if the case list of sequenced samples or `#sequenced_samples:`
    of the MAF names it, or if the gene panel matrix gives it a panel for its mutations. Its assessed genes are those of
    that panel, else of the panel that the mutations' meta file names, else all. A panel whose file is not in the folder
    is taken from pamrx's own list (`pamrx vocab --panels`) where that has it.

    Parameters
    ----------
    folder : str or path
        Holds meta_*.txt, data_*.txt, case_lists/ and data_gene_panel_*.txt (or gene_panels/).
    known_genes, expression_scale, copy_number_unit
        As in `read_profiles`.
    unknown_panel : {"unassessed"}, optional
        What becomes of samples that were sequenced with a panel whose genes are nowhere: their mutations count as not
        assessed. Default: the study is refused.
    rejected : dict or None
        Where given, gets for each sample that cannot be used the reason, and no error is raised for it.

    Returns
    -------
    Profiles
        Its `notes` say what was read, mapped, dropped and converted.

    Raises
    ------
    InputError
        If it is not a study folder, a file in it cannot be used, or the genes of a panel are not known.
    UsageError
        For another word as `unknown_panel`.

    Examples
    --------
    >>> import shutil, pamrx
    >>> from pathlib import Path
    >>> folder = Path("study")
    >>> folder.mkdir()
    >>> _ = shutil.copy(pamrx.example_files()["mutations"], folder / "data_mutations.txt")
    >>> len(pamrx.read_study(folder))
    12
    """
    if unknown_panel not in (None, UNASSESSED):
        raise UsageError(f"unknown_panel: found {unknown_panel}; expected {UNASSESSED}, or none to refuse the study")
    study = find_study(folder)
    known = frozenset(known_genes) if known_genes is not None else default_genes()
    tables = Tables({"samples": str(study.folder)}, notes=list(study.notes))
    table = _clinical(study, tables.notes)
    if "mutations" in study.files:
        tables.sources["mutations"] = str(study.files["mutations"])
        tables.mutations = read_mutations(study.files["mutations"], known)
        tables.notes += tables.mutations.notes
        table = _with_sequenced(study, table)
    for kind in KINDS:
        if kind in study.files:
            matrix = read_matrix(study.files[kind], known, kind, rejected)
            tables.matrices[kind] = matrix if kind == "copy_number" else _without_small_negatives(matrix, tables.notes)
    tables.samples = table if len(table) else None
    parts = join(parts_of(tables, expression_scale, copy_number_unit=copy_number_unit, rejected=rejected))
    table = table if parts.table is None else parts.table
    found = [name for names in parts.samples.values() for name in names]
    table = _of_samples(table, found, str(study.folder), parts.notes)
    if parts.mutations is None:
        return assemble(parts, table)
    panels, unassessed = _panels(study, table, known, unknown_panel, parts.notes)
    if unassessed:
        parts.mutations, table = _without(parts.mutations, table, unassessed)
    elif not study.default_panel and not table["panel"].any():
        parts.notes += likely_panel_notes(parts.mutations, parts.sources["mutations"], study=True)
    return assemble(parts, table, None, panels)


def _clinical(study: Study, notes: list[str]) -> pd.DataFrame:
    """Index sample_id; columns as `_TABLE`, None where unknown; no row without a clinical file of samples."""
    patients: dict[str, dict[str, str]] = {}
    if "clinical_patient" in study.files:
        rows = read_rows(study.files["clinical_patient"], "PATIENT_ID")
        patients = {row["PATIENT_ID"]: row for row in rows}
    samples: dict[str, dict[str, str]] = {}
    if "clinical_sample" in study.files:
        file = study.files["clinical_sample"]
        for row in read_rows(file, "SAMPLE_ID"):
            if not row["SAMPLE_ID"] or row["SAMPLE_ID"] in samples:
                wrong = f"sample {row['SAMPLE_ID']} stands twice" if row["SAMPLE_ID"] else "a row without a SAMPLE_ID"
                raise InputError(f"{file}: {wrong}; expected each sample once")
            samples[row["SAMPLE_ID"]] = row
    index = pd.Index(list(samples), name="sample_id", dtype=object)
    table = pd.DataFrame(None, index=index, columns=_TABLE, dtype=object)
    table["listed"] = pd.Series(True, index=index, dtype=object)
    unknown: dict[str, Counter[str]] = {column: Counter() for column in _COLUMNS}
    sources = [(row, patients.get(row.get("PATIENT_ID", ""), {})) for row in samples.values()]
    for column in _COLUMNS:
        values = [_value(column, rows, study.cancer_type, unknown[column]) for rows in sources]
        table[column] = pd.Series(values, index=index, dtype=object)
    if samples:
        told = ", ".join(f"{column} of {int(table[column].notna().sum())}" for column in _COLUMNS)
        notes.append(f"{study.files['clinical_sample']}: {len(samples)} samples described: {told}")
    for column, words in unknown.items():
        if words:
            shown = ", ".join(f"'{word}' ({count})" for word, count in words.most_common(4))
            notes.append(f"{study.files['clinical_sample']}: no {column} known by the words {shown}: left unknown")
    return table


def _value(column: str, sources: Iterable[dict[str, str]], cancer_type: str, unknown: Counter[str]) -> str | None:
    words = [source.get(name, "") for source in sources for name in _COLUMNS[column]]
    words = [word for word in words if word.lower() not in _NOTHING]
    if column == "tissue" and cancer_type.lower() not in ("", "mixed"):
        words.append(cancer_type)
    values = [value for word in words if (value := translated(column, word))]
    if column == "sample_type":  # "Xenograft" beside "Metastasis": the model tells more of the sample
        values.sort(key=lambda value: value == "tumour")
    if words and not values:
        unknown[words[0]] += 1
    return values[0] if values else None


def _with_sequenced(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """`table` with what the case lists and the gene panel matrix say; samples that only they name are added."""
    panels: dict[str, str] = {}
    if "gene_matrix" in study.files:
        for row in read_rows(study.files["gene_matrix"], "SAMPLE_ID"):
            if row.get("MUTATIONS", "").lower() not in _NOTHING:
                panels[row["SAMPLE_ID"]] = row["MUTATIONS"]
    named = list(dict.fromkeys([*table.index, *study.sequenced, *panels]))
    table = table.reindex(pd.Index(named, name="sample_id", dtype=object))
    table = table.where(table.notna(), None)
    table.loc[[*study.sequenced, *panels], "sequenced"] = True
    table.loc[list(panels), "panel"] = list(panels.values())
    return table


def _of_samples(table: pd.DataFrame, found: list[str], folder: str, notes: list[str]) -> pd.DataFrame:
    """The rows of samples with data, in the order of the clinical file, then of the data files, then of case lists."""
    sequenced = table.index[table["sequenced"].map(lambda said: said is True)]
    held = dict.fromkeys([*found, *sequenced])
    listed = table.index[table["listed"].map(lambda said: said is True)]
    names = list(dict.fromkeys([*(name for name in listed if name in held), *held]))
    alone = [name for name in table.index if name not in held]
    if alone:
        notes.append(f"{folder}: {len(alone)} samples with clinical data only left out, such as {alone[0]}")
    table = table.reindex(pd.Index(names, name="sample_id", dtype=object))
    return table.where(table.notna(), None)


def _panels(
    study: Study, table: pd.DataFrame, known: Collection[str], unknown_panel: str | None, notes: list[str]
) -> tuple[dict[str, frozenset[str]], list[str]]:
    """Sample -> the genes of its panel, without those of a whole exome; and the samples whose panel is unknown."""
    named = table["panel"].map(lambda panel: panel or study.default_panel)
    genes: dict[str, frozenset[str]] = {}
    unassessed: list[str] = []
    for panel, count in Counter(named[named != ""]).items():
        if panel in study.panels:
            genes[panel], told = read_panel(study.panels[panel], known)
            notes += told
        elif listed := find_panel(panel):
            genes[panel], told = known_panel(listed, known)
            notes += [f"{study.folder}: {count} samples of the panel {panel}, whose file is not there: {told[0]}"]
        elif not is_whole_exome(panel):
            if unknown_panel is None:
                raise InputError(_unknown(study, panel, count))
            notes.append(
                f"{study.folder}: {count} samples were sequenced with the panel {panel}, whose genes are not known: "
                "their mutations count as not assessed"
            )
            unassessed += list(named.index[named == panel])
    return {sample: genes[panel] for sample, panel in named.items() if panel in genes}, unassessed  # type: ignore[misc]


def _unknown(study: Study, panel: str, count: int) -> str:
    return (
        f"{study.folder}: {count} samples were sequenced with the panel {panel}, whose genes are not there; put its "
        f"gene panel file in the folder as data_gene_panel_{panel.lower()}.txt (cBioPortal's datahub keeps them in "
        "reference_data/gene_panels), or go on with --unknown-panel unassessed, which takes the mutations of these "
        f"samples as not assessed{near_panel(panel)}"
    )


def _without(mutations: Mutations, table: pd.DataFrame, samples: list[str]) -> tuple[Mutations, pd.DataFrame]:
    """The mutations without those of some samples, which count as not sequenced."""
    gone = set(samples)
    rows = mutations.rows[~mutations.rows["sample_id"].isin(gone)].reset_index(drop=True)
    kept = tuple(name for name in mutations.samples if name not in gone)
    table = table.copy()
    table.loc[samples, "sequenced"] = False
    return Mutations(rows, kept, mutations.notes), table


def _without_small_negatives(matrix: Matrix, notes: list[str]) -> Matrix:
    """Set linear levels that batch correction pushed below zero to zero.

    TCGA's Pan-Cancer Atlas has them. cBioPortal does the same (cbioportal issue 4186).
    """
    levels = matrix.values.to_numpy()
    below = levels < 0
    share = below.sum() / max(1, np.isfinite(levels).sum())
    if not below.any() or share > _SMALL_SHARE or np.nanmax(levels) <= LINEAR_ABOVE:
        return matrix
    notes.append(
        f"{matrix.source}: {int(below.sum())} levels below zero ({share:.1%}; left by batch correction) set to 0"
    )
    return replace(matrix, values=matrix.values.mask(matrix.values < 0, 0.0))
