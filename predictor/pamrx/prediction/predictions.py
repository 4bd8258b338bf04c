"""Predictions as a tidy table: one row per sample and drug, ranked by sensitivity percentile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pamrx.errors import PamrxError, did_you_mean
from pamrx.features.presence import Presence, distinct_presence
from pamrx.features.regulation import is_proxy
from pamrx.knowledge import drugs as drug_table
from pamrx.prediction.intervals import COVERAGE, check_coverage, traits_of
from pamrx.prediction.missing_data import Pattern, patterns, source_shares

if TYPE_CHECKING:
    from pamrx.bundle.bundle import Bundle
    from pamrx.profiles import Profiles

COLUMNS = (
    "sample_id",
    "drug",
    "drug_class",
    "screen",
    "ln_ic50",
    "ln_ic50_lower",
    "ln_ic50_upper",
    "ic50_um",
    "beyond_tested_range",
    "sensitivity_percentile",
    "specific_percentile",
    "rank",
    "evidence",
    "distance",
    "flag",
)

EVIDENCE_COLUMNS = ("sample_id", "block", "features", "present", "share")


def predict(
    bundle: Bundle, profiles: Profiles, drugs: Sequence[str] | None = None, coverage: float = COVERAGE
) -> pd.DataFrame:
    """Predict every sample's response to each drug, on the scale of the drug's newest screen.

    Returns
    -------
    DataFrame
        `COLUMNS`: ln_ic50 (ln micromolar) with the bounds of the interval in which a share `coverage` of measurements
        lies, ic50_um, beyond_tested_range (null where no verified maximum
        concentration is known), sensitivity_percentile (0 to 100, 100 most sensitive, among the out-of-fold
        predictions of the reference lines told as much, see `pamrx.prediction.reference`), specific_percentile (the
        same of the response without the line's general sensitivity, see `pamrx.model.drug_specific`; null in a bundle
        without it),
        rank (1 is best by sensitivity_percentile, within the sample), evidence (0 to 1),
        distance of the profile from what the model knows (1 is the limit) and flag (platform, missing, biology or
        empty), both null where the bundle holds no limits, as are the bounds. Sorted by sample, in the order of
        `profiles`, and rank.
    """
    features = bundle.builder.transform(profiles)
    return predictions_from(bundle, features, drugs, coverage)


def predictions_from(
    bundle: Bundle, features: pd.DataFrame, drugs: Sequence[str] | None = None, coverage: float = COVERAGE
) -> pd.DataFrame:
    """The same from features that `bundle.builder` built."""
    assays = chosen_assays(bundle.model.assays_, drugs)
    names = list(assays.values())
    check_coverage(coverage)
    model = bundle.model
    features = model.ordered(features)
    presence = distinct_presence(features.to_numpy(dtype=float))
    predicted = model.predict(features, presence)
    ln_ic50 = predicted[names]
    told = patterns(source_shares(features, model.importance_, model.features_, presence))
    lower, upper, standing = _uncertainty(bundle, features, predicted, names, coverage, told)
    evidence = model.evidence(features, presence)[names]
    percentile = bundle.reference.percentiles(ln_ic50, told)
    specific = _specific_percentiles(bundle, features, ln_ic50, told, presence)
    order = _ranking(percentile, ln_ic50.to_numpy(), list(assays))
    drug = order.ravel()

    def ranked(values: np.ndarray | pd.DataFrame) -> np.ndarray:
        return np.take_along_axis(np.asarray(values, dtype=float), order, axis=1).ravel()

    table = pd.DataFrame(
        {
            "sample_id": _repeated(features.index, len(names)),
            "drug": _words(assays, drug),
            "drug_class": _words([drug_table.resolve(name).drug_class for name in assays], drug),
            "screen": _words([name.partition(":")[0] for name in names], drug),
            "ln_ic50": ranked(ln_ic50),
            "ln_ic50_lower": ranked(lower),
            "ln_ic50_upper": ranked(upper),
            "sensitivity_percentile": ranked(percentile),
            "specific_percentile": ranked(specific),
            "rank": np.tile(np.arange(1, len(names) + 1), len(features)),
            "evidence": ranked(evidence),
            "distance": np.repeat(standing["distance"].to_numpy(), len(names)),
            "flag": _repeated(standing["flag"], len(names)),
        }
    )
    table["ic50_um"] = np.exp(table["ln_ic50"])
    limits = [drug_table.max_concentration(name, assay.partition(":")[0]) for name, assay in assays.items()]
    ceiling = pd.Series(np.array(limits, dtype=float)[drug])
    table["beyond_tested_range"] = (table["ic50_um"] > ceiling).astype("boolean").mask(ceiling.isna())
    return table[list(COLUMNS)]


def chosen_assays(assays: Sequence[str], drugs: Sequence[str] | None = None) -> dict[str, str]:
    """Drug to the assay of its newest screen, of the drugs asked for (all by default).

    Raises
    ------
    PamrxError
        For a drug that is unknown, that no screen holds, or that this bundle was not trained on.
    """
    newest: dict[str, str] = {}
    for assay in sorted(assays, reverse=True):
        newest.setdefault(assay.partition(":")[2], assay)
    if drugs is None:
        return dict(sorted(newest.items()))
    wanted = [drug.name for drug in drug_table.resolve_screened(drugs)]
    for name in wanted:
        if name not in newest:
            raise PamrxError(f"drug {name}: this bundle was not trained on it{did_you_mean(name, newest)}")
    return {name: newest[name] for name in wanted}


def block_evidence(features: pd.DataFrame) -> pd.DataFrame:
    """(n, blocks): share of each block's features that the sample has; proxies stand in for others and do not count."""
    grouped: dict[str, list[str]] = {}
    for name in features.columns:
        if is_proxy(name):
            continue
        grouped.setdefault(name.partition(".")[0], []).append(name)
    return pd.DataFrame({block: features[names].notna().mean(axis=1) for block, names in grouped.items()})


def evidence_table(features: pd.DataFrame) -> pd.DataFrame:
    """The same as a tidy table, one row per sample and block.

    Returns
    -------
    DataFrame
        `EVIDENCE_COLUMNS`: features (how many the block has), present (how many of them the sample has), share (0 to
        1). In the order of the samples and of the blocks.
    """
    share = block_evidence(features)
    size = pd.Series([name.partition(".")[0] for name in features.columns]).value_counts()
    table = share.rename_axis("sample_id").reset_index().melt("sample_id", var_name="block", value_name="share")
    order = {sample: place for place, sample in enumerate(share.index)}
    table = table.sort_values("sample_id", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    table["features"] = table["block"].map(size)
    table["present"] = (table["share"] * table["features"]).round().astype(int)
    return table[list(EVIDENCE_COLUMNS)]


def _specific_percentiles(
    bundle: Bundle, features: pd.DataFrame, ln_ic50: pd.DataFrame, told: Sequence[Pattern], presence: Presence
) -> np.ndarray:
    """(n, len(ln_ic50.columns)); null in a bundle without."""
    if bundle.specific is None or bundle.specific_reference is None:
        return np.full(ln_ic50.shape, np.nan)
    return bundle.specific_reference.percentiles(bundle.specific.predict(features, ln_ic50, presence), told)


def _uncertainty(
    bundle: Bundle,
    features: pd.DataFrame,
    predicted: pd.DataFrame,
    names: Sequence[str],
    coverage: float,
    told: Sequence[Pattern],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Bounds (n, len(names)) and the standing (distance, flag) of each sample; null in a bundle without them."""
    if bundle.intervals is None or bundle.applicability is None:
        nothing = pd.DataFrame(np.nan, index=features.index, columns=list(names))
        standing = pd.DataFrame({"distance": np.nan, "flag": None}, index=features.index)
        return nothing, nothing, standing.astype({"flag": object})
    traits = traits_of(bundle.applicability, features)
    lower, upper = bundle.intervals.bounds(predicted, traits, told, coverage, names)
    return lower, upper, bundle.applicability.assess(traits, told)


def _ranking(percentile: np.ndarray, ln_ic50: np.ndarray, drugs: Sequence[str]) -> np.ndarray:
    """(n, n_drugs) places of the drugs from the best: by percentile, then by ln IC50, then by name; NaN last."""
    by_name = np.empty(len(drugs), dtype=int)
    by_name[np.argsort(np.array(drugs, dtype=object))] = np.arange(len(drugs))
    return np.lexsort((np.broadcast_to(by_name, percentile.shape), ln_ic50, -percentile), axis=-1)


def _words(words: Iterable[str], place: np.ndarray) -> pd.Series:
    return pd.Series(list(words)).take(place).reset_index(drop=True)


def _repeated(words: pd.Index | pd.Series, times: int) -> pd.Series:
    return pd.Series(words.to_numpy(dtype=object)).repeat(times).reset_index(drop=True)
