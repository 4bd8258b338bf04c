"""The alterations of the axis in a profile, in words: what a reader looks for before any prediction."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pamrx.features.brakes import TWO_HIT
from pamrx.features.drivers import driver_calls, training_symbol, variant_classes
from pamrx.identifiers.feature_name import FeatureName
from pamrx.knowledge import table
from pamrx.profiles import Profiles

CALLS = {2.0: "amplified", -2.0: "deep deletion"}


def axis_alterations(profiles: Profiles, features: pd.DataFrame) -> pd.DataFrame:
    """Drivers, amplifications and deep deletions in the axis's genes, per sample.

    Parameters
    ----------
    profiles : n samples.
    features : (n, n_features), from the bundle's builder; shows where both copies are hit.

    Returns
    -------
    DataFrame
        sample_id, gene, alteration (`p.H1047R, activating`; `deep deletion`; `both copies hit`), in the order of the
        samples and, within one, of genes.csv's levels. Passengers are left out.
    """
    known = table("genes").query("level != ''").reset_index(drop=True)
    place = {str(gene): row for row, gene in enumerate(known["gene"])}
    found = pd.DataFrame(
        [*_drivers(profiles, place), *_calls(profiles, place), *_losses(features, place)],
        columns=["sample_id", "gene", "alteration"],
    )
    order = pd.Series(range(profiles.n), index=profiles.samples.index)
    found["_sample"], found["_gene"] = found["sample_id"].map(order), found["gene"].map(place)
    found = found.sort_values(["_sample", "_gene"], kind="stable", ignore_index=True)
    return found.drop(columns=["_sample", "_gene"])


def _drivers(profiles: Profiles, place: dict[str, int]) -> list[tuple[str, str, str]]:
    if profiles.mutations is None:
        return []
    rows = profiles.mutations.assign(gene=profiles.mutations["gene"].replace(training_symbol()))
    rows = rows[rows["gene"].isin(place)]
    rows = rows[driver_calls(rows)]
    words = variant_classes(rows)
    out = []
    for row, word in zip(rows.itertuples(), words, strict=True):
        consequence = str(row.variant_classification).replace("_", " ").replace("Unknown", "")
        known = str(row.hgvsp) or consequence
        change = known or "driver, change not given"
        out.append((str(row.sample_id), str(row.gene), f"{change}, {word}" if known and word != "other" else change))
    return list(dict.fromkeys(out))


def _calls(profiles: Profiles, place: dict[str, int]) -> list[tuple[str, str, str]]:
    if profiles.copy_number is None:
        return []
    calls = profiles.copy_number[[gene for gene in profiles.copy_number.columns if gene in place]]
    rows, columns = np.nonzero(calls.isin(list(CALLS)).to_numpy())
    values = calls.to_numpy()[rows, columns]
    names = zip(calls.index[rows], calls.columns[columns], values, strict=True)
    return [(str(sample), str(gene), CALLS[float(call)]) for sample, gene, call in names]


def _losses(features: pd.DataFrame, place: dict[str, int]) -> list[tuple[str, str, str]]:
    out = []
    for name in features.columns:
        feature = FeatureName.parse(name)
        if feature.block == "mutation" and feature.name.endswith(TWO_HIT):
            out += _where(features[name], feature.name.removesuffix(TWO_HIT), "both copies hit")
    return [row for row in out if row[1] in place]


def _where(flag: pd.Series, gene: str, words: str) -> list[tuple[str, str, str]]:
    return [(str(sample), gene, words) for sample in flag.index[flag == 1]]
