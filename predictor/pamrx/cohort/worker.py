"""What is done with a part: predicted, explained, and turned into the tables that are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from pamrx.bundle.bundle import Bundle
from pamrx.cohort.chunks import Read
from pamrx.cohort.options import Options
from pamrx.display import short_repr
from pamrx.explanation.contributions import batches, known_values
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.feature_name import blocks_of
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.predictions import chosen_assays, predictions_from
from pamrx.prediction.schema import arrow_schema

ROWS_AT_ONCE = 1000
"""Samples whose features are held at a time; a sample's numbers do not depend on it."""

EXPLAINED_AT_ONCE = 250
"""The same where contributions are wanted, which hold the features several times."""

_TEXT, _NUMBER, _WHOLE = pa.string(), pa.float64(), pa.int32()
PREDICTIONS = arrow_schema()
CONTRIBUTIONS = pa.schema(
    [
        ("sample_id", _TEXT), ("drug", _TEXT), ("screen", _TEXT), ("rank", _WHOLE), ("block", _TEXT),
        ("feature", _TEXT), ("value", _NUMBER), ("contribution", _NUMBER),
    ]
)  # fmt: skip
REJECTED = pa.schema([("sample_id", _TEXT), ("shard", _TEXT), ("row", pa.int64()), ("reason", _TEXT)])
GROUPS = pa.schema([("sample_id", _TEXT), ("group", _TEXT)])


@short_repr
@dataclass(frozen=True)
class Scored:
    """The tables of a part; `contributions` and `groups` only where they were asked for."""

    predictions: pa.Table
    rejected: pa.Table
    contributions: pa.Table | None
    groups: pa.Table | None


def score_read(bundle: Bundle, read: Read, options: Options) -> Scored:
    """Score the samples of a part, as `pamrx predict` scores them."""
    predicted: list[pd.DataFrame] = []
    explained: list[pd.DataFrame] = []
    groups: list[pd.DataFrame] = []
    profiles = read.profiles
    chosen = chosen_assays(bundle.model.assays_, options.drugs)
    at_once = EXPLAINED_AT_ONCE if options.explain else ROWS_AT_ONCE
    for start in range(0, profiles.n if profiles else 0, at_once):
        assert profiles is not None
        some = profiles
        if profiles.n > at_once:
            some = profiles.subset(profiles.samples.index[start : start + at_once])
        features = bundle.builder.transform(some)
        predicted.append(predictions_from(bundle, features, options.drugs, options.coverage))
        if options.explain:
            explained.append(heaviest(bundle.model, features, chosen, options.explain))
        if options.summary is not None:
            group = some.samples[options.summary].to_numpy(dtype=object)
            groups.append(pd.DataFrame({"sample_id": some.samples.index.to_numpy(), "group": group}))
    return Scored(
        _table(predicted, PREDICTIONS),
        _table([read.rejected], REJECTED),
        _table(explained, CONTRIBUTIONS) if options.explain else None,
        _table(groups, GROUPS) if options.summary is not None else None,
    )


def heaviest(model: SensitivityModel, features: pd.DataFrame, assays: Sequence[AssayId], n: int) -> pd.DataFrame:
    """The `n` largest contributions to each prediction, by size; the columns of `CONTRIBUTIONS`.

    Parameters
    ----------
    features : (n_samples, n_features), from the bundle's builder.
    assays : whose contributions are wanted.

    Returns
    -------
    DataFrame
        Sorted by sample and assay as given and by rank. Negative contributions (ln units) argue for sensitivity; a
        value is null where the sample lacks the feature and the trees make something of that.
    """
    values, parts = known_values(model, features), []
    n = min(n, values.shape[1])
    for start, block in batches(model, features, [str(assay) for assay in assays]):
        by_drug = np.ascontiguousarray(np.moveaxis(block, 2, 1))
        size = -np.abs(by_drug)
        chosen = np.sort(np.argpartition(size, n - 1, axis=2)[:, :, :n], axis=2)
        order = np.argsort(np.take_along_axis(size, chosen, axis=2), axis=2, kind="stable")
        place = np.take_along_axis(chosen, order, axis=2)
        amount = np.take_along_axis(by_drug, place, axis=2)
        sample = np.repeat(np.arange(start, start + len(block)), len(assays) * n)
        parts.append((sample, place.ravel(), amount.ravel()))
    sample, place, amount = (np.concatenate(column) for column in zip(*parts, strict=True))
    names = np.array(model.features_, dtype=object)
    blocks = np.array(blocks_of(model.features_), dtype=object)
    per_sample = np.repeat(np.array([assay.drug for assay in assays], dtype=object), n)
    screens = np.repeat(np.array([assay.screen for assay in assays], dtype=object), n)
    table = pd.DataFrame(
        {
            "sample_id": features.index.to_numpy(dtype=object)[sample],
            "drug": np.tile(per_sample, len(features)),
            "screen": np.tile(screens, len(features)),
            "rank": np.tile(np.arange(1, n + 1), len(features) * len(assays)),
            "block": blocks[place],
            "feature": names[place],
            "value": values[sample, place],
            "contribution": amount,
        }
    )
    return table[table["contribution"] != 0.0]


def _table(frames: list[pd.DataFrame], schema: pa.Schema) -> pa.Table:
    """In the columns and types of `schema` whatever the frames hold, so that every part has the same."""
    if not frames:
        return schema.empty_table()
    tables = [pa.Table.from_pandas(frame[schema.names], schema, preserve_index=False) for frame in frames]
    return pa.concat_tables(tables).replace_schema_metadata(None).combine_chunks()
