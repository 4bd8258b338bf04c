"""Predictions as a tidy table: one row per sample and drug, ranked by sensitivity percentile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from pamrx.errors import BundleError, UsageError, did_you_mean
from pamrx.features.presence import Presence, distinct_presence
from pamrx.features.regulation import is_proxy
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.feature_name import blocks_of, in_block
from pamrx.knowledge import drugs as drug_table
from pamrx.knowledge.concentrations import max_concentration
from pamrx.knowledge.drug_status import status
from pamrx.knowledge.exposure import exposure
from pamrx.prediction.intervals import COVERAGE, check_coverage, traits_of
from pamrx.prediction.missing_data import Pattern, patterns, source_shares
from pamrx.prediction.schema import COLUMNS, pandas_dtypes

if TYPE_CHECKING:
    from pamrx.features import FeatureBuilder
    from pamrx.model.drug_specific import SpecificResponse
    from pamrx.model.sensitivity import SensitivityModel
    from pamrx.prediction.applicability import Applicability
    from pamrx.prediction.intervals import Intervals
    from pamrx.prediction.reference import Reference
    from pamrx.profiles import Profiles

LARGEST_LN_IC50 = 100.0
"""In micromolar, either way: measured ones lie between -12 and 12."""

EVIDENCE_COLUMNS = ("sample_id", "block", "features", "present", "share")


class TrainedModel(Protocol):
    """The parts of a trained model that a prediction needs; a `Bundle` has them.

    Attributes
    ----------
    builder, model : fitted.
    reference : out-of-fold predictions of ln IC50 for the reference lines.
    intervals, applicability : None in a model without prediction intervals.
    specific, specific_reference : of the drug-specific response; None likewise.
    """

    @property
    def builder(self) -> FeatureBuilder: ...
    @property
    def model(self) -> SensitivityModel: ...
    @property
    def reference(self) -> Reference: ...
    @property
    def intervals(self) -> Intervals | None: ...
    @property
    def applicability(self) -> Applicability | None: ...
    @property
    def specific(self) -> SpecificResponse | None: ...
    @property
    def specific_reference(self) -> Reference | None: ...


def predict(
    trained: TrainedModel, profiles: Profiles, drugs: Sequence[str] | None = None, coverage: float = COVERAGE
) -> pd.DataFrame:
    """Predict every sample's response to each drug, on the scale of the drug's newest screen.

    Returns
    -------
    DataFrame
        The columns of `pamrx.prediction.schema.RESULT`, which says what each means. A share `coverage` of measurements
        lies between ln_ic50_lower and ln_ic50_upper. beyond_tested_range and max_tested_um are null where no verified
        maximum concentration is known, cmax_um and cmax_free_um where no measurement in patients is; the bounds,
        distance and flag, and specific_percentile, are null where the trained model lacks that part. Sorted by sample,
        in the order of `profiles`, and rank. A drug that no screen holds is answered by its proxies: `proxy_for`.

    Raises
    ------
    PamrxError
        For a drug that is unknown, and a coverage out of range.
    """
    features = trained.builder.transform(profiles)
    return predictions_from(trained, features, drugs, coverage)


def predictions_from(
    trained: TrainedModel, features: pd.DataFrame, drugs: Sequence[str] | None = None, coverage: float = COVERAGE
) -> pd.DataFrame:
    """The same from features that `trained.builder` built."""
    model = trained.model
    assays = chosen_assays(model.assays_, drugs)
    labels = [str(assay) for assay in assays]
    check_coverage(coverage)
    features = model.ordered(features)
    presence = distinct_presence(features.to_numpy(dtype=float))
    predicted = model.predict(features, presence)
    ln_ic50 = predicted[labels]
    _check_size(ln_ic50)
    missing = patterns(source_shares(features, model.importance_, model.features_, presence))
    known = _known_of(assays, drugs)
    reached = pd.Series(known["active_at_um"].to_numpy(), index=labels)
    lower, upper, active, applicability = _uncertainty(trained, features, predicted, coverage, missing, reached)
    evidence = model.evidence(features, presence)[labels]
    percentile = trained.reference.percentiles(ln_ic50, missing)
    specific = _specific_percentiles(trained, features, ln_ic50, missing, presence)
    order = _ranking(percentile, ln_ic50.to_numpy(), [assay.drug for assay in assays])
    drug = order.ravel()

    def ranked(values: np.ndarray | pd.DataFrame) -> np.ndarray:
        return np.take_along_axis(np.asarray(values, dtype=float), order, axis=1).ravel()

    table = pd.DataFrame(
        {
            "sample_id": _repeated(features.index, len(assays)),
            "drug": _words([assay.drug for assay in assays], drug),
            "drug_class": _words([drug_table.resolve(assay.drug).drug_class for assay in assays], drug),
            "status": _words([status(assay.drug) for assay in assays], drug),
            "screen": _words([assay.screen for assay in assays], drug),
            "ln_ic50": ranked(ln_ic50),
            "ln_ic50_lower": ranked(lower),
            "ln_ic50_upper": ranked(upper),
            "active_chance": ranked(active),
            "sensitivity_percentile": ranked(percentile),
            "specific_percentile": ranked(specific),
            "rank": np.tile(np.arange(1, len(assays) + 1), len(features)),
            "evidence": ranked(evidence),
            "distance": np.repeat(applicability["distance"].to_numpy(), len(assays)),
            "flag": _repeated(applicability["flag"], len(assays)),
        }
    )
    table["ic50_um"] = np.exp(table["ln_ic50"])
    for name, column in known.items():
        table[name] = column.take(drug).reset_index(drop=True)
    beyond = (table["ic50_um"] > table["max_tested_um"]).astype("boolean")
    table["beyond_tested_range"] = beyond.mask(table["max_tested_um"].isna())
    return table[list(COLUMNS)].astype(pandas_dtypes())


def _known_of(assays: Sequence[AssayId], drugs: Sequence[str] | None) -> pd.DataFrame:
    """What is known of each assay's drug whatever the sample: concentrations tested and reached, and whom it is for."""
    reached = [exposure(assay.drug) for assay in assays]
    asked = {} if drugs is None else {one.name: others for one, others in drug_table.answering(drugs).items()}
    stands_for = [", ".join(other.name for other in asked.get(assay.drug, ())) or None for assay in assays]
    numbers = {
        "max_tested_um": [max_concentration(assay.drug, assay.screen) for assay in assays],
        "cmax_um": [known and known.cmax_um for known in reached],
        "cmax_free_um": [known and known.cmax_free_um for known in reached],
    }
    table = pd.DataFrame(numbers, dtype=float).assign(proxy_for=pd.Series(stands_for, dtype=object))
    return table.assign(active_at_um=table["cmax_free_um"].fillna(table["cmax_um"]).fillna(table["max_tested_um"]))


def chosen_assays(assays: Sequence[str], drugs: Sequence[str] | None = None) -> list[AssayId]:
    """The assay of each drug in its newest screen.

    Parameters
    ----------
    assays : labels of the assays that a model predicts.
    drugs : names to choose, in this order, by any name that `pamrx drugs` knows; by default all, in alphabetical order.
        In place of a drug that no screen holds stand its proxies, as far as the model predicts them.

    Raises
    ------
    PamrxError
        For a drug that is unknown, or that the model was not trained on, nor on any of its proxies.
    """
    newest: dict[str, AssayId] = {}
    for assay in sorted(map(AssayId.parse, assays), reverse=True):
        newest.setdefault(assay.drug, assay)
    if drugs is None:
        return [newest[drug] for drug in sorted(newest)]
    answering = drug_table.answering(drugs)
    for drug in drug_table.resolve_all(drugs):
        if drug.screened and drug.name not in newest:
            raise UsageError(f"drug {drug.name}: this bundle was not trained on it{did_you_mean(drug.name, newest)}")
        if not drug.screened and not any(proxy.name in newest for proxy in drug_table.proxies(drug)):
            raise UsageError(
                f"drug {drug.name}: no screen holds it, and this bundle was trained on none of its proxies"
            )
    return [newest[drug.name] for drug in answering if drug.name in newest]


def block_evidence(features: pd.DataFrame) -> pd.DataFrame:
    """(n, blocks): share of each block's features that the sample has; proxies stand in for others and do not count."""
    names = [name for name in features.columns if not is_proxy(name)]
    grouped = {block: in_block(names, block) for block in dict.fromkeys(blocks_of(names))}
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
    size = pd.Series(blocks_of(features.columns)).value_counts()
    table = share.rename_axis("sample_id").reset_index().melt("sample_id", var_name="block", value_name="share")
    order = {sample: place for place, sample in enumerate(share.index)}
    table = table.sort_values("sample_id", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    table["features"] = table["block"].map(size)
    table["present"] = (table["share"] * table["features"]).round().astype(int)
    return table[list(EVIDENCE_COLUMNS)]


def _check_size(ln_ic50: pd.DataFrame) -> None:
    """Refuse what only a model of senseless numbers predicts; its exponential may not even be a number."""
    beyond = np.argwhere(~(np.abs(ln_ic50.to_numpy()) <= LARGEST_LN_IC50))
    if len(beyond):
        row, column = beyond[0]
        found = float(ln_ic50.to_numpy()[row, column])
        raise BundleError(
            f"sample {ln_ic50.index[row]!s}, {ln_ic50.columns[column]!s}: ln IC50 {found:g} predicted; "
            f"expected -{LARGEST_LN_IC50:g} to {LARGEST_LN_IC50:g}; the numbers of this bundle are not those of a "
            "trained model, get it anew, or train it again"
        )


def _specific_percentiles(
    trained: TrainedModel,
    features: pd.DataFrame,
    ln_ic50: pd.DataFrame,
    missing: Sequence[Pattern],
    presence: Presence,
) -> np.ndarray:
    """(n, len(ln_ic50.columns)); null in a model without the drug-specific response."""
    if trained.specific is None or trained.specific_reference is None:
        return np.full(ln_ic50.shape, np.nan)
    return trained.specific_reference.percentiles(trained.specific.predict(features, ln_ic50, presence), missing)


def _uncertainty(
    trained: TrainedModel,
    features: pd.DataFrame,
    predicted: pd.DataFrame,
    coverage: float,
    missing: Sequence[Pattern],
    reached: pd.Series,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Of each sample the bounds and the chance of an IC50 below what is `reached`, by assay; and distance and flag.

    Null in a model without them.
    """
    if trained.intervals is None or trained.applicability is None:
        unknown = pd.DataFrame(np.nan, index=features.index, columns=reached.index)
        applicability = pd.DataFrame({"distance": np.nan, "flag": None}, index=features.index)
        return unknown, unknown, unknown, applicability.astype({"flag": object})
    traits = traits_of(trained.applicability, features)
    lower, upper = trained.intervals.bounds(predicted, traits, missing, coverage, list(reached.index))
    active = trained.intervals.chances_below(predicted, traits, missing, np.log(reached))
    return lower, upper, active, trained.applicability.assess(traits, missing)


def _ranking(percentile: np.ndarray, ln_ic50: np.ndarray, drugs: Sequence[str]) -> np.ndarray:
    """(n, n_drugs) places of the drugs from the best: by percentile, then by ln IC50, then by name; NaN last."""
    by_name = np.empty(len(drugs), dtype=int)
    by_name[np.argsort(np.array(drugs, dtype=object))] = np.arange(len(drugs))
    return np.lexsort((np.broadcast_to(by_name, percentile.shape), ln_ic50, -percentile), axis=-1)


def _words(words: Iterable[str], place: np.ndarray) -> pd.Series:
    return pd.Series(list(words)).take(place).reset_index(drop=True)


def _repeated(words: pd.Index | pd.Series, times: int) -> pd.Series:
    return pd.Series(words.to_numpy(dtype=object)).repeat(times).reset_index(drop=True)
