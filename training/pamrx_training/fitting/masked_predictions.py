"""Predictions of lines that a model was not fitted on, with whole sources masked: what intervals are calibrated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.features import FeatureBuilder
from pamrx.identifiers.feature_name import in_block
from pamrx.model.boosted import source_of
from pamrx.model.drug_specific import SpecificResponse
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.applicability import Panel
from pamrx.prediction.missing_data import PARTIAL, SOURCES, all_patterns, pattern_name, patterns, source_shares
from pamrx.profiles import Profiles

GENES_KEPT = 0.6
"""Share of the transcripts that a partial profile has. Under half, its transcripts count as not measured."""

EXCHANGED = (0.2, 0.35, 0.5, 0.65)
"""Shares of a profile's genes whose values are permuted, to learn from which distance on transcripts mislead."""


@short_repr
@dataclass(frozen=True)
class MaskedPredictions:
    """Test lines of one or more folds under every missing-data pattern.

    Attributes
    ----------
    measured : (n, n_assays) ln IC50, NaN where not measured.
    predictions : by name of pattern, (n, n_assays); NaN for a line that lacks a source of the pattern.
    traits : by level of the transcripts, `whole` and `part`: (n, traits) platform, depth and tissues.
    disturbed : one row per fold and share of genes permuted: platform, error, error_without (without transcripts),
        errors as mean squares in units of the variance of the test lines; and n.
    fold : of each line.
    specific : as `predictions`, of the specific response (`pamrx.model.drug_specific`); empty without a model of it.
    """

    measured: pd.DataFrame
    predictions: dict[str, pd.DataFrame]
    traits: dict[str, pd.DataFrame]
    disturbed: pd.DataFrame
    fold: pd.Series
    specific: dict[str, pd.DataFrame] = field(default_factory=dict)


def predict_masked(
    builder: FeatureBuilder,
    model: SensitivityModel,
    panel: Panel,
    profiles: Profiles,
    measured: pd.DataFrame,
    fold: object,
    seed: int = 0,
    specific: SpecificResponse | None = None,
) -> MaskedPredictions:
    """Predict `profiles` under every missing-data pattern.

    `builder`, `model`, `panel` and `specific` must have been fitted without these lines; nothing is learned here.
    `measured` are the lines' responses, aligned on the training lines.
    """
    whole = builder.transform(profiles)
    part = builder.transform(_genes_kept(profiles, seed))
    predictions, beyond = {}, {}
    for pattern in all_patterns():
        masked = _masked(part if pattern[0] == 1 else whole, pattern)
        found = patterns(source_shares(masked, model.importance_, model.features_))
        same = np.array([own == pattern for own in found])[:, None]
        predicted = model.predict(masked)
        predictions[pattern_name(pattern)] = predicted.where(np.broadcast_to(same, predicted.shape))
        if specific is not None:
            rest = specific.predict(masked, predicted)
            beyond[pattern_name(pattern)] = rest.where(np.broadcast_to(same, rest.shape))
    spread = measured.std().where(lambda value: value > 0)
    without = model.predict(_masked(whole, (0, 2, 2, 2, 2)))
    rows = []
    for share in EXCHANGED:
        features = builder.transform(with_exchanged_genes(profiles, share, seed))
        rows.append(
            {
                "fold": fold,
                "share": share,
                "platform": panel.measure(features)["platform"].mean(),
                "error": _error(measured, model.predict(features), spread),
                "error_without": _error(measured, without, spread),
                "n": len(measured),
            }
        )
    traits = {"whole": _traits(panel, whole), "part": _traits(panel, part)}
    return MaskedPredictions(
        measured, predictions, traits, pd.DataFrame(rows), pd.Series(fold, index=measured.index), beyond
    )


def concatenated(parts: Sequence[MaskedPredictions]) -> MaskedPredictions:
    """The test lines of several folds as one. A tissue that one fold's training lines lack is missing there."""
    return MaskedPredictions(
        pd.concat([part.measured for part in parts]),
        {name: pd.concat([part.predictions[name] for part in parts]) for name in parts[0].predictions},
        {level: pd.concat([part.traits[level] for part in parts]) for level in parts[0].traits},
        pd.concat([part.disturbed for part in parts], ignore_index=True),
        pd.concat([part.fold for part in parts]),
        {name: pd.concat([part.specific[name] for part in parts]) for name in parts[0].specific},
    )


def restricted(masked: MaskedPredictions, lines: list[str], folds: Sequence[object]) -> MaskedPredictions:
    """Some of the lines, which must be those of `folds`."""
    return MaskedPredictions(
        masked.measured.loc[lines],
        {name: frame.loc[lines] for name, frame in masked.predictions.items()},
        {level: frame.loc[lines] for level, frame in masked.traits.items()},
        masked.disturbed[masked.disturbed["fold"].isin(list(folds))],
        masked.fold.loc[lines],
        {name: frame.loc[lines] for name, frame in masked.specific.items()},
    )


def traits_under(masked: MaskedPredictions, name: str) -> pd.DataFrame:
    """The traits that the lines show under the pattern `name`."""
    words = name.split("+")
    traits = masked.traits["part" if PARTIAL in words else "whole"].copy()
    if not {"transcripts", PARTIAL} & set(words):
        traits[["platform", "depth"]] = np.nan
    if "tissue" not in words:
        traits.loc[:, in_block(traits.columns, "tissue")] = np.nan
    return traits


def with_exchanged_genes(profiles: Profiles, share: float, seed: int) -> Profiles:
    """Each line with the values of a random `share` of its genes in a random order."""
    if profiles.expression is None:
        return profiles
    values = profiles.expression.to_numpy(dtype=float, copy=True)
    for place, row in enumerate(values):
        random = np.random.default_rng([seed, place])
        moved = np.flatnonzero(random.random(len(row)) < share)
        row[moved] = row[random.permutation(moved)]
    table = pd.DataFrame(values, index=profiles.expression.index, columns=profiles.expression.columns)
    return replace(profiles, expression=table)


def _masked(features: pd.DataFrame, pattern: Sequence[int]) -> pd.DataFrame:
    gone = {source for source, level in zip(SOURCES, pattern, strict=True) if not level}
    values = features.to_numpy(dtype=float, copy=True)
    values[:, [not gone.isdisjoint(source_of(name).split("+")) for name in features.columns]] = np.nan
    return pd.DataFrame(values, index=features.index, columns=features.columns)


def _traits(panel: Panel, features: pd.DataFrame) -> pd.DataFrame:
    tissue = features[in_block(features.columns, "tissue")]
    return pd.concat([panel.measure(features), tissue], axis=1)


def _genes_kept(profiles: Profiles, seed: int) -> Profiles:
    if profiles.expression is None:
        return profiles
    genes = profiles.expression.columns
    kept = np.random.default_rng(seed).random(len(genes)) < GENES_KEPT
    return replace(profiles, expression=profiles.expression.where(np.broadcast_to(kept, profiles.expression.shape)))


def _error(measured: pd.DataFrame, predicted: pd.DataFrame, spread: pd.Series) -> float:
    return float((((measured - predicted) / spread) ** 2).mean().mean())
