"""Every contribution to every prediction, as one tidy file that sums to the predictions.

Per sample and drug one row `base` with the assay's base value, and one row for each feature whose contribution is not
exactly zero. A feature that the sample lacks has no value, and a row all the same where the trees make something of
its absence: without it the sum would not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pamrx.errors import UsageError
from pamrx.explanation.contributions import batches, known_values
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.feature_name import blocks_of
from pamrx.model.sensitivity import SensitivityModel
from pamrx.outputs import whole_file
from pamrx.tables import check_ending, write_table

COLUMNS = ("sample_id", "drug", "screen", "block", "feature", "value", "contribution")

BASE = "base"
"""Block and feature of the row that holds an assay's base value."""

TEXT_ROWS = 2_000_000
"""More rows than this are written as Parquet only; a sample and drug have some 6,900, of which CSV takes half a MB."""


def write_contributions(model: SensitivityModel, features: pd.DataFrame, assays: Sequence[AssayId], path: Path) -> int:
    """Write the contributions of all features to the predictions of all samples for `assays`, one per drug.

    Parquet is written sample by sample, so that memory does not grow with their number.

    Parameters
    ----------
    features : (n_samples, n_features), from the bundle's builder.
    assays : whose contributions are wanted.
    path : CSV, Parquet or JSON by its ending; columns `COLUMNS`, in the order of the samples, of `assays`, `base`
        first, and of the model's features. `contribution` is in ln units of IC50; names are dictionaries in Parquet.

    Returns
    -------
    The number of rows. Those of one sample and drug sum to its ln IC50, to 1e-6.

    Raises
    ------
    UsageError
        For more than `TEXT_ROWS` rows in another form than Parquet, an assay or a feature that model or table lack, or
        a file that cannot be written; nothing is left behind then.
    """
    ending, words = check_ending(path), _Words.of(model, features, assays)
    pieces = _pieces(model, features, assays, words)
    if ending == ".parquet":
        return _write_parquet(pieces, words.empty(), path)
    collected, rows = [words.empty()], 0
    for piece in pieces:
        rows += len(piece)
        if rows > TEXT_ROWS:
            raise UsageError(
                f"{path}: the contributions of {len(features)} samples to {len(assays)} drugs are more than "
                f"{TEXT_ROWS:,} rows, too many for {ending}; name a file that ends in .parquet, or fewer --drugs"
            )
        collected.append(piece)
    write_table(pd.concat(collected, ignore_index=True), path)
    return rows


def contributions_of(model: SensitivityModel, features: pd.DataFrame, assays: Sequence[AssayId]) -> pd.DataFrame:
    """The table that `write_contributions` writes, in memory: text columns are categorical.

    Raises
    ------
    PamrxError
        For an assay or a feature that model or table lack.
    """
    words = _Words.of(model, features, assays)
    return pd.concat([words.empty(), *_pieces(model, features, assays, words)], ignore_index=True)


@dataclass(frozen=True)
class _Words:
    """What the codes of the text columns stand for; the same in every piece of a file."""

    samples: pd.Index
    drugs: pd.Index
    screens: pd.Index
    blocks: pd.Index
    features: pd.Index
    screen_of_drug: np.ndarray
    block_of_feature: np.ndarray

    @classmethod
    def of(cls, model: SensitivityModel, features: pd.DataFrame, assays: Sequence[AssayId]) -> _Words:
        screens = [assay.screen for assay in assays]
        blocks = [BASE, *blocks_of(model.features_)]
        screen_of_drug, distinct_screens = pd.factorize(np.array(screens, dtype=object))
        block_of_feature, distinct_blocks = pd.factorize(np.array(blocks, dtype=object))
        return cls(
            pd.Index(features.index, dtype=object),
            pd.Index([assay.drug for assay in assays], dtype=object),
            pd.Index(distinct_screens, dtype=object),
            pd.Index(distinct_blocks, dtype=object),
            pd.Index([BASE, *model.features_], dtype=object),
            screen_of_drug,
            block_of_feature,
        )

    def frame(
        self, sample: int, drug: np.ndarray, feature: np.ndarray, value: np.ndarray, contribution: np.ndarray
    ) -> pd.DataFrame:
        """Rows of one sample, from the places of their drugs and features (0 is the base)."""
        text = {
            "sample_id": (np.full(len(drug), sample), self.samples),
            "drug": (drug, self.drugs),
            "screen": (self.screen_of_drug[drug], self.screens),
            "block": (self.block_of_feature[feature], self.blocks),
            "feature": (feature, self.features),
        }
        columns = {name: pd.Categorical.from_codes(codes, categories=words) for name, (codes, words) in text.items()}
        return pd.DataFrame({**columns, "value": value, "contribution": contribution})

    def empty(self) -> pd.DataFrame:
        none = np.empty(0, dtype=int)
        return self.frame(0, none, none, none.astype(float), none.astype(float))


def _pieces(
    model: SensitivityModel, features: pd.DataFrame, assays: Sequence[AssayId], words: _Words
) -> Iterator[pd.DataFrame]:
    """The rows of one sample at a time."""
    labels, known = [str(assay) for assay in assays], known_values(model, features)
    for start, batch in batches(model, features, labels):
        base = model.base_[[model.assays_.index(label) for label in labels]]
        for place, contributions in enumerate(batch, start=start):
            whole = np.concatenate([base[None], contributions]).T  # (n_assays, 1 + n_features)
            shown = whole != 0
            shown[:, 0] = True
            drug, feature = np.nonzero(shown)
            values = np.concatenate([[np.nan], known[place]])
            yield words.frame(place, drug, feature, values[feature], whole[drug, feature])


def _write_parquet(pieces: Iterator[pd.DataFrame], empty: pd.DataFrame, path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, rows = pa.Table.from_pandas(empty, preserve_index=False).schema, 0
    # A value repeats over the drugs and is worth a dictionary; hardly a contribution does.
    repeated = [name for name in COLUMNS if name != "contribution"]
    with (
        whole_file(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=repeated) as writer,
    ):
        for piece in pieces:
            writer.write_table(pa.Table.from_pandas(piece, schema=schema, preserve_index=False))
            rows += len(piece)
    return rows
