"""How many training lines carry each alteration: what a bundle needs to say that it did not learn one."""

from __future__ import annotations

import pandas as pd

from pamrx.features.mutation_calls import MutationCalls
from pamrx.knowledge import NEWEST, table
from pamrx.profiles import Profiles


def lines_altered(
    profiles: Profiles, mutations: pd.DataFrame, copy_number: pd.DataFrame, version: int = NEWEST
) -> dict[str, int]:
    """Training lines with each alteration, by the name of its feature, sorted.

    Parameters
    ----------
    profiles : n training lines.
    mutations, copy_number : (n, n_features) of those blocks; of their flags, 0 or 1, the ones are counted.
    version : of the knowledge tables.

    Returns
    -------
    dict
        `mutation.PIK3CA`: 97, of each flag of the blocks. A gene of the axis whose drivers were too few for a flag has
        the same name, so that what was not learned has a count too.
    """
    axis = sorted(table("genes", version).query("level != ''")["gene"])
    found: dict[str, int] = {}
    calls = MutationCalls.of(profiles, axis, version)
    if calls is not None:
        drivers = (calls.counts(calls.driver, profiles.n, axis) > 0).sum(axis=0)
        found = {f"mutation.{gene}": int(count) for gene, count in zip(axis, drivers, strict=True)}
    for block, features in (("mutation", mutations), ("copy_number", copy_number)):
        flags = features.loc[:, features.isin([0.0, 1.0]).where(features.notna(), True).all()]
        found |= {f"{block}.{name}": int(count) for name, count in flags.sum().items()}
    return dict(sorted(found.items()))
