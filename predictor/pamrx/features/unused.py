"""Measurements of a profile that no feature can use, in words."""

from __future__ import annotations

import pandas as pd

from pamrx.features.builder import FeatureBuilder
from pamrx.features.drivers import training_symbol
from pamrx.identifiers.feature_name import FeatureName, in_block
from pamrx.identifiers.genes import is_mirna
from pamrx.profiles import Profiles


def unused_measurements(builder: FeatureBuilder, profiles: Profiles, features: pd.DataFrame) -> list[str]:
    """One sentence per matrix whose values count as missing in some samples: too few names, or another assay.

    Parameters
    ----------
    builder : that made the features.
    profiles : n samples.
    features : (n, n_features).
    """
    likeness = builder.ncrna_.likeness(profiles)
    unlike = likeness < builder.ncrna_.least_like
    ranked = in_block(features.columns, "transcriptome")
    mirnas = [label for label in in_block(features.columns, "ncrna") if is_mirna(FeatureName.parse(label).name)]
    ncrna = profiles.ncrna
    if ncrna is not None:
        ncrna = ncrna.loc[~unlike, [is_mirna(name) for name in ncrna.columns]]
    notes = [
        *_too_few("expression", profiles.expression, features, ranked, "genes"),
        *_too_few("ncRNA", ncrna, features, mirnas, "miRNAs"),
    ]
    if unlike.any():
        notes.append(
            f"ncRNA: the miRNAs of {int(unlike.sum())} samples are unlike the training panel's (NanoString): r with "
            f"its mean {likeness[unlike].median():.2f}, there {builder.ncrna_.least_like:.2f} or more; levels of "
            "another assay mislead, so they count as not measured"
        )
    return notes


def genes_without_feature(builder: FeatureBuilder, profiles: Profiles, features: pd.DataFrame) -> list[str]:
    """At most one sentence on genes that a person named and that no feature of the model is made of.

    Parameters
    ----------
    builder, features : as in `unused_measurements`.
    profiles : whose genes were named one by one.
    """
    renamed = training_symbol(builder.knowledge_version)
    of_block = {block: in_block(features.columns, block) for block in ("mutation", "copy_number")}
    held = {
        block: {FeatureName.parse(label).name.partition("_")[0] for label in labels}
        for block, labels in of_block.items()
    }
    panels = [genes for genes, _ in profiles.listed() if genes]
    named = {"mutation": sorted(frozenset().union(*panels)), "copy_number": []}
    if profiles.copy_number is not None:
        named["copy_number"] = list(profiles.copy_number.columns)
    lost = [
        f"{'mutations' if block == 'mutation' else 'copy number'} of {', '.join(without)}"
        for block, genes in named.items()
        if (without := [gene for gene in genes if renamed.get(gene, gene) not in held[block]])
    ]
    if not lost:
        return []
    return [f"the model has no feature of the {' and the '.join(lost)}: what is said of these changes no prediction"]


def _too_few(
    what: str, matrix: pd.DataFrame | None, features: pd.DataFrame, labels: list[str], names: str
) -> list[str]:
    """At most one sentence: of how many samples the matrix has too few of the features `labels`."""
    if matrix is None or not labels:
        return []
    measured = matrix.notna().any(axis=1)
    lost = measured & features.loc[measured.index, labels].isna().all(axis=1)
    if not lost.any():
        return []
    known = len({FeatureName.parse(label).name for label in labels} & set(matrix.columns))
    return [
        f"{what}: {int(lost.sum())} of {int(measured.sum())} samples hold too few of the {names} among which the model "
        f"ranks (the file names {known} of {len(labels)}; half are needed): it counts as not measured"
    ]
