"""Mutations as every reader of them gives them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from pamrx.display import short_repr

# Words of the GDC and TCGA specifications of the format, and those that Oncotator and cBioPortal add.
CLASSIFICATIONS = (
    "Missense_Mutation", "Nonsense_Mutation", "Nonstop_Mutation", "Silent", "Splice_Site", "Splice_Region",
    "Frame_Shift_Del", "Frame_Shift_Ins", "In_Frame_Del", "In_Frame_Ins", "Translation_Start_Site",
    "De_novo_Start_InFrame", "De_novo_Start_OutOfFrame", "Start_Codon_SNP", "Start_Codon_Ins", "Start_Codon_Del",
    "Stop_Codon_Ins", "Stop_Codon_Del", "RNA", "lincRNA", "Intron", "IGR", "3'UTR", "5'UTR", "3'Flank", "5'Flank",
    "Targeted_Region", "Fusion", "Unknown",
)  # fmt: skip

VAF = "vaf"
"""A further column of rows where the source has it: the variant allele fraction, 0 to 1 or NaN."""

_FEW_SAMPLES = 20


@short_repr
@dataclass(frozen=True)
class Mutations:
    """`rows`: sample_id, gene, variant_classification, hgvsp, driver, perhaps vaf (see `Profiles.mutations`);
    `samples`: every sample with a row, in order of appearance; `notes`; `names`: how each gene's name was found (see
    `name_genes`)."""

    rows: pd.DataFrame
    samples: tuple[str, ...]
    notes: tuple[str, ...]
    names: pd.DataFrame | None = None

    @cached_property
    def drivers_only(self) -> bool:
        """Whether every mutation is marked as driver, so that no others are listed."""
        return len(self.rows) > 0 and bool(self.rows["driver"].fillna(False).all())


def exome_notes(source: str, mutations: Mutations) -> list[str]:
    """What is said of few samples with mutations in one gene and no panel: they look like the test of that gene."""
    rows = mutations.rows
    if rows["gene"].nunique() != 1 or len(mutations.samples) > _FEW_SAMPLES:
        return []
    count = "1 mutation" if len(rows) == 1 else f"{len(rows)} mutations"
    return [f"{source}: {count} in 1 gene: taken as a whole exome; if only some genes were tested, use --panel"]
