"""How many training lines carry each alteration: what a bundle needs to say that it did not learn one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pamrx.features.mutation_calls import MutationCalls
from pamrx.identifiers.feature_name import FeatureName
from pamrx.knowledge import NEWEST
from pamrx.profiles import Profiles


def lines_altered(
    profiles: Profiles,
    mutations: pd.DataFrame,
    copy_number: pd.DataFrame,
    marked: Sequence[str],
    version: int = NEWEST,
) -> dict[str, int]:
    """Training lines with each alteration, by the name of its feature, sorted.

    Parameters
    ----------
    profiles : n training lines.
    mutations, copy_number : (n, n_features) of those blocks; of their flags, 0 or 1, the ones are counted.
    marked : the genes whose drivers the training data mark. Of any other gene it is known at most that it is changed.
    version : of the knowledge tables.

    Returns
    -------
    dict
        `mutation.PIK3CA`: 90, of each flag of the blocks. A gene whose drivers were too few for a flag has the same
        name, so that what was not learned has a count too.
    """
    found: dict[str, int] = {}
    calls = MutationCalls.of(profiles, marked, version)
    if calls is not None:
        drivers = (calls.counts(calls.driver, profiles.n, marked) > 0).sum(axis=0)
        found = {str(FeatureName("mutation", gene)): int(count) for gene, count in zip(marked, drivers, strict=True)}
    for block, features in (("mutation", mutations), ("copy_number", copy_number)):
        flags = features.loc[:, features.isin([0.0, 1.0]).where(features.notna(), True).all()]
        found |= {str(FeatureName(block, str(name))): int(count) for name, count in flags.sum().items()}
    return dict(sorted(found.items()))
