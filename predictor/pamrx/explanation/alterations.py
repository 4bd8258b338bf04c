"""The alterations of the axis in a profile, in words: what a reader looks for before any prediction.

They are named by the newest knowledge tables, which the bundle at hand may not have met: where the two differ in what
they hold for a driver, the alteration says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pamrx.features.brakes import TWO_HIT
from pamrx.features.drivers import driver_calls, training_symbol, variant_classes
from pamrx.identifiers.feature_name import FeatureName
from pamrx.identifiers.protein_change import substitutions
from pamrx.knowledge import NEWEST, table
from pamrx.profiles import Profiles

CALLS = {2.0: "amplified", -2.0: "deep deletion"}
NOT_LEARNED = "known hotspot, not yet learned by this bundle"
NO_LONGER = "counted as a driver by this bundle, today held for a passenger"


def axis_alterations(profiles: Profiles, features: pd.DataFrame, version: int = NEWEST) -> pd.DataFrame:
    """Drivers, amplifications and deep deletions in the axis's genes, per sample.

    Parameters
    ----------
    profiles : n samples.
    features : (n, n_features), from the bundle's builder; shows where both copies are hit.
    version : of the knowledge tables that the bundle's features are read from.

    Returns
    -------
    DataFrame
        sample_id, gene, alteration (`p.H1047R, activating`; `deep deletion`; `both copies hit`), in the order of the
        samples and, within one, of genes.csv's levels. Passengers are left out. Of two drivers in one oncogene it is
        said that there are two: two changes of PIK3CA on one allele activate more than either, and make it more
        sensitive to inhibitors (Vasan, Science 2019, doi 10.1126/science.aaw9032).
    """
    known = table("genes").query("level != ''").reset_index(drop=True)
    place = {str(gene): row for row, gene in enumerate(known["gene"])}
    drivers = _drivers(profiles, place, version)
    oncogenes = frozenset(known.loc[known["role"] == "oncogene", "gene"])
    found = pd.DataFrame(
        [
            *_named(drivers),
            *_several(drivers, oncogenes),
            *_calls(profiles, place),
            *_losses(features, place),
        ],
        columns=["sample_id", "gene", "alteration"],
    )
    order = pd.Series(range(profiles.n), index=profiles.samples.index)
    found["_sample"], found["_gene"] = found["sample_id"].map(order), found["gene"].map(place)
    found = found.sort_values(["_sample", "_gene"], kind="stable", ignore_index=True)
    return found.drop(columns=["_sample", "_gene"])


def _drivers(profiles: Profiles, place: dict[str, int], version: int) -> pd.DataFrame:
    """The driver mutations of the axis's genes, with the columns `word` (their class) and `remark`."""
    if profiles.mutations is None:
        return pd.DataFrame(columns=["sample_id", "gene", "variant_classification", "hgvsp", "word", "remark"])
    rows = profiles.mutations.assign(gene=profiles.mutations["gene"].replace(training_symbol()))
    rows = rows[rows["gene"].isin(place)]
    newest, learned = driver_calls(rows), driver_calls(rows, version)
    remark = pd.Series("", index=rows.index).mask(newest & ~learned, NOT_LEARNED).mask(learned & ~newest, NO_LONGER)
    rows = rows.assign(remark=remark)[newest | learned]
    return rows.assign(word=variant_classes(rows))


def _named(drivers: pd.DataFrame) -> list[tuple[str, str, str]]:
    """One line per driver: its change, what a change of several residues holds, its class, and the remark."""
    out = []
    for row in drivers.itertuples():
        consequence = str(row.variant_classification).replace("_", " ").replace("Unknown", "")
        known = str(row.hgvsp) or consequence
        words = [known or "driver, change not given"]
        held = substitutions(str(row.hgvsp))
        if len(held) > 1:
            words[0] += f" ({' and '.join(held)})"
        words += [str(row.word)] if known and row.word != "other" else []
        words += [str(row.remark)] if row.remark else []
        out.append((str(row.sample_id), str(row.gene), ", ".join(words)))
    return list(dict.fromkeys(out))


def _several(drivers: pd.DataFrame, oncogenes: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """One line per sample and oncogene with two or more different activating changes."""
    active = drivers[(drivers["word"] == "activating") & (drivers["hgvsp"] != "") & drivers["gene"].isin(oncogenes)]
    for (sample, gene), rows in active.groupby(["sample_id", "gene"], sort=False):
        if (hits := rows["hgvsp"].nunique()) > 1:
            yield str(sample), str(gene), f"{hits} activating changes in one oncogene"


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
