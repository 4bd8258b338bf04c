"""From the user's files to one `Profiles`: each file read, their samples joined by name, what was done told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from pamrx.errors import PamrxError, did_you_mean
from pamrx.identifiers.copy_number import names_segments, to_calls
from pamrx.identifiers.genes import default_genes, is_circrna, is_mirna, with_mirna_names
from pamrx.identifiers.sample_names import canonical_key, harmonise
from pamrx.identifiers.scale import Scale, to_log2
from pamrx.identifiers.units import ZSCORE_CAUTION, guess_unit, in_unit
from pamrx.profiles.profiles import MATRICES, SAMPLE_COLUMNS, Profiles
from pamrx.readers.files import PathLike, check_file
from pamrx.readers.gene_panel import inside_panels, read_panel
from pamrx.readers.maf import Mutations, read_mutations
from pamrx.readers.matrix import read_matrix
from pamrx.readers.sample_table import read_samples

_ENOUGH_TO_DIFFER = 20  # genes: fewer may be equal by chance


def read_profiles(
    mutations: PathLike | None = None,
    expression: PathLike | None = None,
    ncrna: PathLike | None = None,
    copy_number: PathLike | None = None,
    samples: PathLike | None = None,
    *,
    panel: PathLike | None = None,
    known_genes: Collection[str] | None = None,
    expression_scale: Scale = "auto",
    expression_unit: str | None = None,
) -> Profiles:
    """Read any of five files into one validated object. Samples are joined by name, never by position.

    Parameters
    ----------
    mutations : a MAF of the GDC, cBioPortal or the legacy TCGA archives, or a VCF annotated by VEP or SnpEff.
    expression, ncrna, copy_number : matrices, genes in rows or in columns.
    samples : table of sample_id, tissue, sample_type, msi and sequenced (`pamrx vocab` lists the words). Where it is
        given it must name exactly the samples of the other files; a sample without any mutation is marked
        `sequenced` yes there, since a MAF cannot hold it. Without it all samples of all files are taken.
    panel : the genes that the mutations' test looked at: one symbol per line, or cBioPortal's gene panel file. Default
        all genes (whole exome).
    known_genes : symbols by which genes are recognised; default all in the product's own tables.
    expression_scale : "linear" or "log2" where the guess from the values is wrong.
    expression_unit : the unit of `expression` (a word of `units.UNITS`) where it is known; goes before the scale.

    Returns
    -------
    Profiles, whose `notes` say what was read, mapped, dropped and converted.

    Raises
    ------
    PamrxError
        One line, naming file, place, what was found and what was expected.
    """
    if panel is not None and mutations is None:
        raise PamrxError(f"{panel}: a gene panel says where mutations were looked for; give the mutations too")
    paths = {"mutations": mutations, "expression": expression, "ncrna": ncrna, "copy_number": copy_number}
    given = {kind: path for kind, path in paths.items() if path is not None}
    if not given and samples is None:
        raise PamrxError("no input: give at least one of mutations, expression, ncrna, copy_number, samples")
    for path in (*given.values(), samples, panel):
        if path is not None:
            check_file(path)  # all files are there before the first long read
    known = frozenset(known_genes) if known_genes is not None else default_genes()
    notes: list[str] = []
    table = None
    if samples is not None:
        table, told = read_samples(samples)
        notes += told
    assessed = None
    if panel is not None:
        assessed, told = read_panel(panel, known)
        notes += told
    maf = None
    if mutations is not None:
        maf = read_mutations(mutations, known)
        notes += maf.notes
    matrices = {
        kind: load_matrix(kind, given[kind], known, expression_scale, notes, unit=expression_unit)
        for kind in MATRICES
        if kind in given
    }
    files = {kind: str(path) for kind, path in given.items()}
    maf, matrices, table = join(files, str(samples), maf, matrices, table, notes)
    found: dict[str, Iterable[str]] = {
        **({"mutations": maf.samples} if maf else {}),
        **{kind: list(m.index) for kind, m in matrices.items()},
    }
    if table is None:
        table = _union(files, found, notes)
    else:
        _check_listed(files, str(samples), found, table)
    return assemble(files, maf, matrices, table, notes, assessed)


def load_matrix(
    kind: str,
    path: PathLike,
    known: Collection[str],
    scale: Scale,
    notes: list[str],
    mend: Callable[[pd.DataFrame, str, list[str]], pd.DataFrame] | None = None,
    unit: str | None = None,
    spoilt: dict[str, str] | None = None,
) -> pd.DataFrame:
    """One matrix, samples x genes, on the scale of `Profiles`. `mend` may change the values before that is told;
    `spoilt` is as `read_matrix` takes it."""
    matrix = read_matrix(path, known, kind, spoilt)
    notes += matrix.notes
    values = matrix.values if mend is None else mend(matrix.values, str(path), notes)
    if kind == "copy_number":
        values, told = to_calls(values, str(path))
        notes.append(told)
    elif kind == "expression":
        standardised = unit is None and scale == "auto" and guess_unit(values).unit == "zscore"
        values, told = to_log2(values, str(path), scale) if unit is None else in_unit(values, str(path), unit)
        notes.append(f"{told}. {ZSCORE_CAUTION}" if standardised else told)
        values = _without_flat(values, str(path), notes)
    else:
        # miRNAs, circRNAs and lncRNAs come from different assays: their scales are told apart.
        micro = np.array([is_mirna(name) for name in values.columns], dtype=bool)
        circular = np.array([is_circrna(name) for name in values.columns], dtype=bool)
        values = values.copy()
        for part, chosen in (("miRNA", micro), ("circRNA", circular), ("other ncRNA", ~(micro | circular))):
            if chosen.any():
                changed, told = to_log2(values.loc[:, chosen], f"{path} ({part})", scale)
                values.loc[:, chosen] = changed
                notes.append(told)
        values = with_mirna_names(values)
    return values


def _without_flat(values: pd.DataFrame, what: str, notes: list[str]) -> pd.DataFrame:
    """Samples whose genes all have one value say nothing of any gene: they count as not measured."""
    flat = (values.max(axis=1) == values.min(axis=1)) & (values.notna().sum(axis=1) >= _ENOUGH_TO_DIFFER)
    if not flat.any():
        return values
    first = flat.index[flat][0]
    if flat.all():
        raise PamrxError(
            f"{what}: all genes of sample {first} have the value {values.loc[first].max():.4g}, and so on in "
            "every sample; expected levels that differ"
        )
    notes.append(f"{what}: {int(flat.sum())} samples have one value for all genes, such as {first}: not measured")
    return values.mask(flat, np.nan, axis=0)


def join(
    files: dict[str, str],
    samples: str,
    maf: Mutations | None,
    matrices: dict[str, pd.DataFrame],
    table: pd.DataFrame | None,
    notes: list[str],
) -> tuple[Mutations | None, dict[str, pd.DataFrame], pd.DataFrame | None]:
    """Give each sample one name in all files (see `harmonise`) and drop those that have none."""
    ids: dict[str, Iterable[str]] = {kind: list(matrix.index) for kind, matrix in matrices.items()}
    if maf is not None:
        ids = {"mutations": maf.samples, **ids}
    if table is not None:
        ids["samples"] = list(table.index)
    paths = {**files, "samples": samples}
    mapping, told = harmonise(
        {paths[kind]: names for kind, names in ids.items()}, mergeable={files.get("mutations", "")}
    )
    notes += told
    for kind in ids:
        if not mapping[paths[kind]]:
            raise PamrxError(f"{paths[kind]}: only normal or control samples found; expected a tumour")
    if maf is not None:
        names = mapping[files["mutations"]]
        rows = maf.rows.assign(sample_id=maf.rows["sample_id"].map(names).astype(object))
        rows = rows[rows["sample_id"].notna()].reset_index(drop=True)
        if len(set(names.values())) < len(names):  # aliquots of one sample list its mutations again
            again = rows.duplicated(["sample_id", "gene", "variant_classification", "hgvsp"]) & (rows["hgvsp"] != "")
            rows = rows[~again].reset_index(drop=True)
        maf = Mutations(rows, tuple(dict.fromkeys(names.values())), maf.notes)
    matrices = {kind: _renamed(matrix, mapping[files[kind]]) for kind, matrix in matrices.items()}
    if table is not None:
        table = _renamed(table, mapping[samples])
    return maf, matrices, table


def _renamed(frame: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    frame = frame.loc[[name in names for name in frame.index]]
    return frame.set_axis(pd.Index([names[name] for name in frame.index], name="sample_id", dtype=object), axis=0)


def _union(files: dict[str, str], found: dict[str, Iterable[str]], notes: list[str]) -> pd.DataFrame:
    for one, other in combinations(found, 2):
        if not set(found[one]) & set(found[other]):
            raise PamrxError(
                f"{files[one]} and {files[other]}: no sample in common; found {_few(found[one])} against "
                f"{_few(found[other])}; expected the same sample names{_alike(found[one], found[other])}"
            )
    names = list(dict.fromkeys(name for ids in found.values() for name in ids))
    for kind, ids in found.items():
        absent = [name for name in names if name not in set(ids)]
        if absent:
            so = "its mutations are unknown, not absent (say `sequenced` yes in a samples table if it was sequenced)"
            effect = so if kind == "mutations" else f"its {kind} is missing"
            notes.append(
                f"{files[kind]}: {len(absent)} samples of the other files are not in it, such as {absent[0]}: {effect}"
            )
    notes.append("no samples table: tissue, sample type and MSI are unknown")
    index = pd.Index(names, name="sample_id", dtype=object)
    return pd.DataFrame(None, index=index, columns=[*SAMPLE_COLUMNS, "sequenced"], dtype=object)


def _check_listed(files: dict[str, str], samples: str, found: dict[str, Iterable[str]], table: pd.DataFrame) -> None:
    """The samples table and the data files must name the same samples."""
    for kind, ids in found.items():
        extra = [name for name in ids if name not in table.index]
        if extra:
            more = f" (nor are {len(extra) - 1} more)" if len(extra) > 1 else ""
            raise PamrxError(
                f"{files[kind]}: sample {extra[0]} is not listed in {samples}{more}; expected every sample there"
                f"{_alike(extra[:1], table.index) or did_you_mean(extra[0], table.index)}"
            )
    held = {name for ids in found.values() for name in ids}
    if "mutations" in found:
        held |= set(table.index[table["sequenced"].map(lambda value: value is True)])
    lone = [name for name in table.index if name not in held]
    if found and lone:
        more = f" (nor are {len(lone) - 1} more)" if len(lone) > 1 else ""
        mute = (
            "; if it was sequenced without a mutation, set its column sequenced to yes" if "mutations" in found else ""
        )
        raise PamrxError(
            f"{samples}: sample {lone[0]} is in none of {', '.join(files.values())}{more}; expected data for it, "
            f"or remove it{mute}{_alike(lone[:1], held) or did_you_mean(lone[0], held)}"
        )


def assemble(
    files: dict[str, str],
    maf: Mutations | None,
    matrices: dict[str, pd.DataFrame],
    table: pd.DataFrame,
    notes: list[str],
    assessed: frozenset[str] | None = None,
    panels: Mapping[str, frozenset[str]] | None = None,
) -> Profiles:
    """The parts, whose samples bear one name each, as `Profiles` of the samples of `table` in its order."""
    panels = panels or {}
    index = pd.Index(table.index, name="sample_id", dtype=object)
    table = table.set_axis(index, axis=0)
    sequenced = pd.Series(False, index=index, name="sequenced")
    if maf is not None:
        mutated = set(maf.rows["sample_id"]) | set(maf.samples)
        for name, said in table["sequenced"].items():
            if said is False and name in mutated:
                raise PamrxError(
                    f"{files['mutations']}: sample {name} has mutations, but the samples table says sequenced no"
                )
        sequenced = pd.Series(
            [said is True or name in mutated for name, said in table["sequenced"].items()],
            index=index,
            name="sequenced",
        )
        if not sequenced.all():
            notes.append(f"{int((~sequenced).sum())} of {len(index)} samples count as not sequenced: mutations unknown")
    described = table[list(SAMPLE_COLUMNS)].astype(object)
    aligned = {kind: matrix.reindex(index).astype(np.float64) for kind, matrix in matrices.items()}
    if "copy_number" in aligned and names_segments(files["copy_number"]):
        aligned["segments"] = aligned.pop("copy_number")
        notes.append(
            f"{files['copy_number']}: recurrent segments, by its heading: whether single genes are amplified or "
            "deeply deleted is unknown"
        )
    drivers_only = maf is not None and len(maf.rows) > 0 and bool(maf.rows["driver"].fillna(False).all())
    if drivers_only:
        notes.append(
            f"{files['mutations']}: every mutation is marked as driver: no passengers are listed, so whether a gene "
            "has any other change is unknown"
        )
    return Profiles(
        samples=described.where(described.notna(), None),
        sequenced=sequenced,
        mutations=None if maf is None else inside_panels(maf.rows, assessed, panels, files["mutations"], notes),
        assessed_genes=assessed,
        panels=panels,
        unfiltered={} if drivers_only else None,
        expression=aligned.get("expression"),
        ncrna=aligned.get("ncrna"),
        copy_number=aligned.get("copy_number"),
        segments=aligned.get("segments"),
        notes=tuple(notes),
    )


def _few(names: Iterable[str]) -> str:
    return "'" + ", ".join(list(names)[:2]) + "'"


def _alike(these: Iterable[str], those: Iterable[str]) -> str:
    """A hint where names differ in case and punctuation only; they are not joined, since tumours' names may."""
    keys = {canonical_key(name): name for name in those}
    for name in these:
        if canonical_key(name) in keys:
            return f"; {name} and {keys[canonical_key(name)]} differ only in case or punctuation: spell them alike"
    return ""
