"""The training cohort: tidy GDSC and CCLE tables as the same `Profiles` that a user's files become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from predictor.errors import PamrxError
from predictor.profiles import Profiles
from training.datasets import GdscData, assay_matrix


@dataclass(frozen=True)
class Cohort:
    """Lines with profile and response.

    Attributes
    ----------
    profiles : of the lines, in order.
    responses : raw measurements of the axis's assays on these lines (several rows where series were repeated).
    cell_lines : table of the lines (COSMIC id, tissue, tissue group, donor).
    """

    profiles: Profiles
    responses: pd.DataFrame
    cell_lines: pd.DataFrame

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

    def subset(self, lines: Sequence[str]) -> Cohort:
        wanted = set(lines)
        kept = [line for line in self.lines if line in wanted]
        return Cohort(
            self.profiles.subset(kept),
            self.responses[self.responses["cell_line"].isin(kept)].reset_index(drop=True),
            self.cell_lines.loc[kept],
        )


def build_cohort(gdsc: GdscData, mirna: pd.DataFrame | None = None) -> Cohort:
    """All GDSC lines that have expression, alterations and a response to a drug of the axis.

    Parameters
    ----------
    mirna : (lines, miRNAs) log2 levels, or None to train without; lines that it lacks are missing, not zero.
    """
    responses = gdsc.responses[gdsc.responses["in_axis"]].reset_index(drop=True)
    answered = set(responses["cell_line"])
    lines = [line for line in gdsc.complete_lines() if line in answered]
    if not lines:
        raise PamrxError("training data: no line has expression, alterations and a response; fetch GDSC again")
    cell_lines = gdsc.cell_lines.loc[lines]
    profiles = training_profiles(cell_lines, gdsc.alterations, gdsc.expression, mirna)
    return Cohort(profiles, responses[responses["cell_line"].isin(lines)].reset_index(drop=True), cell_lines)


def training_profiles(
    cell_lines: pd.DataFrame, alterations: pd.DataFrame, expression: pd.DataFrame, mirna: pd.DataFrame | None
) -> Profiles:
    """GDSC tables as `Profiles`: driver flags become mutations marked driver, segment calls become calls 2 and -2."""
    index = pd.Index(cell_lines.index.astype(str), name="sample_id", dtype=object)
    alterations = alterations.loc[cell_lines.index].set_axis(index)
    samples = pd.DataFrame(
        {"tissue": cell_lines["tissue"].to_numpy(), "sample_type": "cell_line", "msi": cell_lines["msi"].to_numpy()},
        index=index,
        dtype=object,
    )
    ncrna = None if mirna is None else mirna.reindex(index).astype(float)
    return Profiles(
        samples=samples,
        sequenced=pd.Series(True, index=index),
        mutations=_mutations(alterations),
        assessed_genes=frozenset(name.removesuffix("_mut") for name in alterations.columns if name.endswith("_mut")),
        expression=expression.loc[cell_lines.index].set_axis(index).astype(float),
        ncrna=ncrna,
        copy_number=_calls(alterations),
    )


def _mutations(alterations: pd.DataFrame) -> pd.DataFrame:
    flags = alterations[[name for name in alterations.columns if name.endswith("_mut")]]
    row, column = np.nonzero(flags.to_numpy())
    genes = flags.columns.str.removesuffix("_mut")
    return pd.DataFrame(
        {
            "sample_id": flags.index.to_numpy()[row],
            "gene": genes.to_numpy()[column],
            "variant_classification": "",
            "hgvsp": "",
            "driver": pd.array([True] * len(row), dtype="boolean"),
        }
    )


def _calls(alterations: pd.DataFrame) -> pd.DataFrame:
    """(n_lines, genes): 2 where a segment naming the gene is gained, -2 where lost. Lost wins where both are called."""
    calls: dict[str, pd.Series] = {}
    for kind, call in (("gain", 2.0), ("loss", -2.0)):
        for name in alterations.columns:
            if name.endswith(f"_{kind}"):
                gene = name.removesuffix(f"_{kind}")
                before = calls.get(gene, pd.Series(0.0, index=alterations.index))
                calls[gene] = before.mask(alterations[name] == 1, call)
    return pd.DataFrame(calls)
