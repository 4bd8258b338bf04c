"""The training cohort: tidy GDSC and CCLE tables as the same `Profiles` that a user's files become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.profiles import Profiles

from pamrx_training.datasets import GdscData, assay_matrix
from pamrx_training.fitting.general_sensitivity import general_sensitivity

X_LINKED = ("ARAF", "RRAGB")
"""Genes of the axis on chromosome X: the panel calls their one copy in male lines a deletion (ARAF: 149 of 925 lines),
which no GISTIC call of a male tumour does."""

OUTSIDE_COLUMNS = ["cell_line", "assay", "range", "ln_ic50"]


@short_repr
@dataclass(frozen=True)
class Cohort:
    """Lines with profile and response.

    Attributes
    ----------
    profiles : of the lines, in order.
    responses : raw measurements of the axis's assays on these lines (several rows where series were repeated).
    cell_lines : table of the lines (COSMIC id, tissue, tissue group, donor).
    outside : raw measurements of the same lines on drugs outside the axis (cell_line, assay, range, ln_ic50): what
        general sensitivity is made of. None goes without.
    """

    profiles: Profiles
    responses: pd.DataFrame
    cell_lines: pd.DataFrame
    outside: pd.DataFrame | None = None

    @property
    def lines(self) -> list[str]:
        return list(self.profiles.samples.index)

    @property
    def donors(self) -> np.ndarray:
        """(n_lines,) donor of each line: what leave-cell-line-out keeps on one side."""
        return self.cell_lines["donor"].to_numpy(dtype=str)

    def response_matrix(self, train_lines: Sequence[str]) -> pd.DataFrame:
        """(n_lines, n_assays) ln IC50; repeated series are aligned by their means on `train_lines` only."""
        return assay_matrix(self.responses, train_lines).reindex(self.lines)

    def general_sensitivity(self, train_lines: Sequence[str]) -> pd.DataFrame:
        """(n_lines, n_screens), see `general_sensitivity`; no columns where nothing outside the axis is known."""
        if self.outside is None or self.outside.empty:
            return pd.DataFrame(index=self.lines)
        return general_sensitivity(self.outside, train_lines, self.lines)

    def subset(self, lines: Sequence[str]) -> Cohort:
        wanted = set(lines)
        kept = [line for line in self.lines if line in wanted]
        return Cohort(
            self.profiles.subset(kept),
            _of_lines(self.responses, kept),
            self.cell_lines.loc[kept],
            None if self.outside is None else _of_lines(self.outside, kept),
        )


def build_cohort(
    gdsc: GdscData, mirna: pd.DataFrame | None = None, panel: Mapping[str, pd.DataFrame] | None = None
) -> Cohort:
    """All GDSC lines that have expression, alterations and a response to a drug of the axis.

    Parameters
    ----------
    mirna : (lines, miRNAs) log2 levels, or None to train without; lines that it lacks are missing, not zero.
    panel : the calls of `load_panel718`, or None to train without; likewise.
    """
    responses = gdsc.responses[gdsc.responses["in_axis"]].reset_index(drop=True)
    answered = set(responses["cell_line"])
    lines = [line for line in gdsc.complete_lines() if line in answered]
    if not lines:
        raise InputError("training data: no line has expression, alterations and a response; fetch GDSC again")
    cell_lines = gdsc.cell_lines.loc[lines]
    profiles = training_profiles(cell_lines, gdsc.alterations, gdsc.expression, mirna, panel)
    outside = gdsc.responses.loc[~gdsc.responses["in_axis"], OUTSIDE_COLUMNS]
    return Cohort(profiles, _of_lines(responses, lines), cell_lines, _of_lines(outside, lines))


def training_profiles(
    cell_lines: pd.DataFrame,
    alterations: pd.DataFrame,
    expression: pd.DataFrame,
    mirna: pd.DataFrame | None = None,
    panel: Mapping[str, pd.DataFrame] | None = None,
) -> Profiles:
    """GDSC tables as `Profiles`: driver flags become mutations marked driver, segment calls become calls 2 and -2.

    Mutations of `panel` are marked no driver, which they may be: they only say that the gene is changed.
    """
    index = pd.Index(cell_lines.index.astype(str), name="sample_id", dtype=object)
    alterations = alterations.loc[cell_lines.index].set_axis(index)
    samples = pd.DataFrame(
        {"tissue": cell_lines["tissue"].to_numpy(), "sample_type": "cell_line", "msi": cell_lines["msi"].to_numpy()},
        index=index,
        dtype=object,
    )
    flags = alterations[[name for name in alterations.columns if name.endswith("_mut")]]
    flags.columns = flags.columns.str.removesuffix("_mut")
    mutations, unfiltered, calls = [_mutations(flags, driver=True)], None, None
    if panel is not None:
        kept = [line for line in index if line in panel["mutation"].index]
        mutations.append(_mutations(panel["mutation"].loc[kept], driver=False))
        genes = frozenset(panel["mutation"].columns)
        unfiltered = dict.fromkeys(kept, genes)
        calls = (2.0 * panel["amplification"] - 2.0 * panel["deletion"]).reindex(index)
        calls = calls.drop(columns=list(X_LINKED), errors="ignore")
    return Profiles(
        samples=samples,
        sequenced=pd.Series(True, index=index),
        mutations=pd.concat(mutations, ignore_index=True),
        assessed_genes=frozenset(flags.columns),
        unfiltered=unfiltered,
        expression=expression.loc[cell_lines.index].set_axis(index).astype(float),
        ncrna=None if mirna is None else mirna.reindex(index).astype(float),
        copy_number=calls,
        segments=_segments(alterations),
    )


def _mutations(flags: pd.DataFrame, driver: bool) -> pd.DataFrame:
    row, column = np.nonzero(flags.to_numpy())
    return pd.DataFrame(
        {
            "sample_id": flags.index.to_numpy()[row],
            "gene": flags.columns.to_numpy()[column],
            "variant_classification": "",
            "hgvsp": "",
            "driver": pd.array([driver] * len(row), dtype="boolean"),
        }
    )


def _segments(alterations: pd.DataFrame) -> pd.DataFrame | None:
    """(n_lines, genes): 2 where a segment naming the gene is gained, -2 where lost. Lost wins where both are called.

    None where the source has no copy number.
    """
    calls: dict[str, pd.Series] = {}
    for kind, call in (("gain", 2.0), ("loss", -2.0)):
        for name in alterations.columns:
            if name.endswith(f"_{kind}"):
                gene = name.removesuffix(f"_{kind}")
                before = calls.get(gene, pd.Series(0.0, index=alterations.index))
                calls[gene] = before.mask(alterations[name] == 1, call)
    return pd.DataFrame(calls) if calls else None


def _of_lines(responses: pd.DataFrame, lines: Sequence[str]) -> pd.DataFrame:
    return responses[responses["cell_line"].isin(lines)].reset_index(drop=True)
