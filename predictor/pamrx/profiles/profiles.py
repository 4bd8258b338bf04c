"""One validated object for whatever was read: the molecular data of a set of tumours or cell lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from pamrx.display import as_html, as_text, first_few
from pamrx.errors import InputError, UsageError, did_you_mean
from pamrx.identifiers.columns import CALLS_OF, MATRICES
from pamrx.identifiers.vocabulary import vocabulary

MUTATION_COLUMNS = ("sample_id", "gene", "variant_classification", "hgvsp", "driver")
SAMPLE_COLUMNS = ("tissue", "sample_type", "msi")
COUNTED = {"expression": "genes", "ncrna": "ncRNAs", "copy_number": "genes", "segments": "genes"}
"""What the columns of a matrix are."""


@dataclass(frozen=True, eq=False)
class Profiles:
    """The data of n samples, block by block. What was not measured is None (a whole block) or NaN.

    Attributes
    ----------
    samples : index `sample_id` (unique text, the order of all output); columns tissue, sample_type, msi, each a word
        of `vocabulary()` or None.
    sequenced : bool per sample: whether its mutations were looked for. False means unknown, not absent.
    mutations : long table, one row per mutation, or None: sample_id, gene (Hugo symbol), variant_classification (MAF
        word), hgvsp (`p.H1047R` or ""), driver (nullable boolean: what the file itself says, else NA); and `vaf`
        (variant allele fraction, 0 to 1 or NaN) where the source has it. No feature is made of it.
    assessed_genes : the genes that were looked at for mutations; None means all (whole exome).
    panels : where samples were sequenced with different panels: sample -> the genes looked at in it. A sample that is
        not there goes by `assessed_genes`.
    unfiltered : for a table that tells drivers only, or drivers of some genes and every non-synonymous change of
        others: sample -> the genes of which it lists every change (none for a sample that is not there). None: of all
        assessed genes.
    expression : n x genes, float64, log2-like, NaN where missing, or None.
    ncrna : n x ncRNAs, columns as given (hsa-miR-21-5p, MALAT1), log2-like, or None.
    copy_number : n x genes, calls -2, -1, 0, 1, 2 as float64, or None.
    segments : n x genes, the same for a table of recurrent segments that name the gene, where it is another measurement
        than `copy_number`, or the only one; None: `copy_number` stands for both.
    notes : what was read, mapped, dropped and converted, one sentence each.

    Raises
    ------
    InputError
        If the parts do not fit together: a repeated or empty sample, a sample outside `samples`, an infinite value,
        a word or a call outside its range.

    Examples
    --------
    >>> import pamrx
    >>> profiles = pamrx.read_profiles(**pamrx.example_files())
    >>> profiles.n
    12
    >>> profiles.subset(["MCF-7", "T-47D"]).samples["tissue"].tolist()
    ['breast', 'breast']
    """

    samples: pd.DataFrame
    sequenced: pd.Series
    mutations: pd.DataFrame | None = None
    assessed_genes: frozenset[str] | None = None
    panels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unfiltered: Mapping[str, frozenset[str]] | None = None
    expression: pd.DataFrame | None = None
    ncrna: pd.DataFrame | None = None
    copy_number: pd.DataFrame | None = None
    segments: pd.DataFrame | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        _check_samples(self.samples)
        if not self.sequenced.index.equals(self.samples.index) or self.sequenced.dtype != bool:
            raise InputError("profiles: sequenced must hold one True or False per sample, in the order of samples")
        if self.mutations is not None:
            _check_mutations(self.mutations, self.sequenced)
        for kind, sets in (("panels", self.panels), ("unfiltered", self.unfiltered or {})):
            for name in sets:
                if name not in self.samples.index:
                    raise InputError(f"profiles: {kind} names a sample {name} that is not among the samples")
        for name in MATRICES:
            matrix = getattr(self, name)
            if matrix is not None:
                _check_matrix(name, matrix, self.samples.index)
        for name in CALLS_OF:
            if (matrix := getattr(self, name)) is not None:
                calls = matrix.to_numpy()
                if not np.isin(calls[~np.isnan(calls)], (-2.0, -1.0, 0.0, 1.0, 2.0)).all():
                    raise InputError(f"profiles: {name} holds other values than the calls -2, -1, 0, 1, 2")

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.samples)

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        return as_text(f"Profiles: {self.n:,} sample{'s' if self.n > 1 else ''}", self._facts())

    def _repr_html_(self) -> str:
        return as_html(f"Profiles: {self.n:,} sample{'s' if self.n > 1 else ''}", self._facts())

    def _facts(self) -> dict[str, str]:
        """What the object holds, for a person."""
        mutations = "none"
        if self.mutations is not None:
            genes = "all genes" if self.assessed_genes is None else f"{len(self.assessed_genes):,} genes assessed"
            if self.panels:
                genes = f"{len(set(self.panels.values())):,} gene panels"
            mutations = f"{len(self.mutations):,} in {int(self.sequenced.sum()):,} sequenced samples, {genes}"
        matrices = {name: getattr(self, name) for name in MATRICES}
        return {
            "samples": first_few(list(self.samples.index)),
            "mutations": mutations,
            **{
                name: "none" if matrix is None else f"{len(matrix):,} samples x {matrix.shape[1]:,} {COUNTED[name]}"
                for name, matrix in matrices.items()
            },
            "notes": f"{len(self.notes)} on how the files were read",
        }

    def assessed(self) -> Iterator[tuple[frozenset[str] | None, np.ndarray]]:
        """Each set of genes that was looked at (None: all), and which samples it holds for (bool, n)."""
        return _distinct([self.panels.get(name, self.assessed_genes) for name in self.samples.index])

    def listed(self) -> Iterator[tuple[frozenset[str] | None, np.ndarray]]:
        """The same for genes of which every non-synonymous change is listed, and not drivers alone."""
        if self.unfiltered is None:
            return self.assessed()
        return _distinct([self.unfiltered.get(name, frozenset()) for name in self.samples.index])

    def subset(self, sample_ids: Iterable[str]) -> Profiles:
        """The same data of some samples only, in the order given.

        Raises
        ------
        PamrxError
            For a sample that is not there, or one named twice.
        """
        ids = pd.Index(list(sample_ids), name="sample_id", dtype=object)
        for name in ids:
            if name not in self.samples.index:
                raise UsageError(f"profiles: no sample {name}{did_you_mean(name, self.samples.index)}")

        def rows(matrix: pd.DataFrame | None) -> pd.DataFrame | None:
            return None if matrix is None else matrix.loc[ids]

        mutations = self.mutations
        if mutations is not None:
            mutations = mutations[mutations["sample_id"].isin(ids)].reset_index(drop=True)
        return replace(
            self,
            samples=self.samples.loc[ids],
            sequenced=self.sequenced.loc[ids],
            mutations=mutations,
            panels={name: genes for name, genes in self.panels.items() if name in ids},
            unfiltered=self.unfiltered and {name: genes for name, genes in self.unfiltered.items() if name in ids},
            expression=rows(self.expression),
            ncrna=rows(self.ncrna),
            copy_number=rows(self.copy_number),
            segments=rows(self.segments),
        )


def _distinct(sets: list[frozenset[str] | None]) -> Iterator[tuple[frozenset[str] | None, np.ndarray]]:
    for genes in dict.fromkeys(sets):
        yield genes, np.array([one is genes or one == genes for one in sets], dtype=bool)


def _check_samples(samples: pd.DataFrame) -> None:
    missing = [name for name in SAMPLE_COLUMNS if name not in samples.columns]
    if missing:
        raise InputError(f"profiles: samples lacks the column {missing[0]}; expected {', '.join(SAMPLE_COLUMNS)}")
    if not len(samples):
        raise InputError("profiles: no sample; expected at least one")
    if not all(isinstance(name, str) and name for name in samples.index):
        raise InputError("profiles: a sample name is empty or no text; expected text")
    if samples.index.has_duplicates:
        raise InputError(f"profiles: sample {samples.index[samples.index.duplicated()][0]} stands more than once")
    allowed = vocabulary()
    for column in SAMPLE_COLUMNS:
        for word in samples[column].dropna().unique():
            if word not in allowed[column]:
                hint = did_you_mean(word, allowed[column])
                raise InputError(f"profiles: column {column}: found '{word}', expected a word of `pamrx vocab`{hint}")


def _check_mutations(mutations: pd.DataFrame, sequenced: pd.Series) -> None:
    missing = [name for name in MUTATION_COLUMNS if name not in mutations.columns]
    if missing:
        raise InputError(f"profiles: mutations lacks the column {missing[0]}; expected {', '.join(MUTATION_COLUMNS)}")
    for name in mutations["sample_id"].unique():
        if name not in sequenced.index:
            raise InputError(f"profiles: mutations name a sample {name} that is not among the samples")
        if not sequenced[name]:
            raise InputError(f"profiles: sample {name} has mutations but counts as not sequenced")


def _check_matrix(name: str, matrix: pd.DataFrame, samples: pd.Index) -> None:
    if not matrix.index.equals(samples):
        raise InputError(f"profiles: the rows of {name} are not the samples, in their order")
    if matrix.columns.has_duplicates:
        repeated = matrix.columns[matrix.columns.duplicated()][0]
        raise InputError(f"profiles: {name}: column {repeated} stands more than once")
    if not all(dtype == np.float64 for dtype in matrix.dtypes):
        raise InputError(f"profiles: {name} must hold float64 numbers only")
    if np.isinf(matrix.to_numpy()).any():
        row, column = np.argwhere(np.isinf(matrix.to_numpy()))[0]
        raise InputError(f"profiles: {name}: infinite value at sample {samples[row]}, column {matrix.columns[column]}")
