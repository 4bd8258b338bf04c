"""What the model could learn of an alteration: from how many training lines, or why from none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pamrx.display import short_repr
from pamrx.explanation.alterations import CALLS, axis_alterations
from pamrx.features.brakes import LOST, TWO_HIT
from pamrx.features.mutation import ANY
from pamrx.identifiers.feature_name import FeatureName
from pamrx.prediction.predictions import TrainedModel
from pamrx.profiles import Profiles

LEARNED_FROM = 10
"""Fewer training lines with an alteration teach nothing: the standard error of the mean of ten is a third of the
standard deviation of the response (1/sqrt(10)), so that an effect of half of one, which few markers exceed
(`knowledge/relations.csv`), is hardly told from none."""

GAINS, LOSSES = ("amplification", "gain"), ("deep_deletion", "loss")
BOTH_OR_LOST = (TWO_HIT, LOST)
_SUMMARIES = ("both copies hit", "activating changes in one oncogene")
"""Ends of lines that sum up what other lines name."""


@short_repr
@dataclass(frozen=True)
class Training:
    """What a bundle was trained on.

    Attributes
    ----------
    lines : training lines with each alteration, `FeatureBuilder.lines_`; None in a bundle that does not hold them.
    rarest : lines that an alteration had at least to become a feature.
    marked : the genes whose drivers the training data mark; of any other it is known at most that it is changed.
    """

    lines: Mapping[str, int] | None
    rarest: int
    marked: frozenset[str]

    @classmethod
    def of(cls, trained: TrainedModel) -> Training:
        """That of a bundle."""
        builder = trained.builder
        return cls(builder.lines_, builder.min_altered, frozenset(builder.mutation_.genes))


def unlearned_alterations(profiles: Profiles, trained: TrainedModel) -> pd.DataFrame:
    """The alterations of the axis in each sample that the model did not learn, and why.

    Returns
    -------
    DataFrame
        sample_id, gene, alteration as `axis_alterations` names it, and `model`: `not learned (n lines)` or the reason.
    """
    features, training = trained.builder.transform(profiles), Training.of(trained)
    found = axis_alterations(profiles, features, trained.builder.knowledge_version)
    told = []
    for sample, gene, alteration in found.itertuples(index=False):
        if str(alteration).endswith(_SUMMARIES):
            continue
        names = _features_of(str(gene), str(alteration))
        own = [name for name in names if name in features.columns]
        present = [name for name in own if features.at[sample, name] == 1]
        reason, _ = not_learned(str(gene), names[0], present, own, training)
        if reason:
            told.append((sample, gene, alteration, reason))
    return pd.DataFrame(told, columns=["sample_id", "gene", "alteration", "model"])


def not_learned(
    gene: str, name: str, present: Sequence[str], own: Collection[str], training: Training
) -> tuple[str, int | None]:
    """Why the model did not learn an alteration, "" where it did; and from how many lines, None where not known.

    Parameters
    ----------
    name : of the feature that would be the alteration's own.
    present : the model's features of the alteration that are 1 in the sample; `own` all of them.
    """
    lines = training.lines or {}
    if present:
        count = None if training.lines is None else max(lines.get(one, 0) for one in present)
        return (_too_few(count) if count is not None and count < LEARNED_FROM else ""), count
    count = lines.get(name)
    if count is not None and count < LEARNED_FROM:
        return _too_few(count), count
    if name in own or count is not None:
        return "not learned (no feature holds this change)", count
    if FeatureName.parse(name).block == "copy_number" or gene in training.marked:
        return f"not learned (fewer than {training.rarest} lines)", None
    changed = lines.get(of_mutations(gene, ANY))
    known = "" if changed is None else f"; any change of it: {changed} lines"
    return f"not learned (training does not mark its drivers{known})", None


def of_mutations(gene: str, end: str = "") -> str:
    """The feature of a gene's mutations: of its drivers, or what `end` says."""
    return str(FeatureName("mutation", f"{gene}{end}"))


def of_copies(gene: str, kind: str) -> str:
    """The feature of a gene's copy number: amplification, gain, deep_deletion or loss."""
    return str(FeatureName("copy_number", f"{gene}_{kind}"))


def _features_of(gene: str, alteration: str) -> list[str]:
    """The features that would show an alteration, its own first."""
    if alteration == CALLS[2.0]:
        return [of_copies(gene, kind) for kind in GAINS]
    both = [of_mutations(gene, end) for end in BOTH_OR_LOST]
    if alteration == CALLS[-2.0]:
        return [*(of_copies(gene, kind) for kind in LOSSES), *both]
    return [of_mutations(gene), *both]


def _too_few(count: int) -> str:
    return f"not learned ({count} line{'' if count == 1 else 's'})"
