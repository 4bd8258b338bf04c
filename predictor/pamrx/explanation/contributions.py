"""Why: contributions of features to predictions, as tables and for shap; `pamrx.report.figures` draws them.

A contribution is in ln units of IC50. A negative one lowers the predicted IC50 and so argues for sensitivity. The
base value of an assay plus all contributions of a sample is its prediction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pamrx.errors import InputError, UsageError, did_you_mean
from pamrx.features import BLOCKS, regulation
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.feature_name import FeatureName, blocks_of
from pamrx.model.sensitivity import SensitivityModel

if TYPE_CHECKING:
    import shap

OTHER = "(other)"
"""In a contribution table, the sum of a block's features that have no row of their own: `transcriptome.(other)`."""

UNIT = "contribution to ln IC50"

_PATHWAY_NAMES = {
    "mutation.pik3ca_without_ras_raf": "PIK3CA mutation without RAS/RAF",
    "mutation.driver_burden_log2": "driver burden (log2)",
    "mutation.brakes_lost": "brakes of the axis mutated",
    "mutation.activating_hits": "drivers of the axis mutated",
    "mutation.msi_high": "MSI-high",
    "mutation.hits_receptor": "receptor genes mutated",
    "mutation.hits_ras": "RAS genes mutated",
    "mutation.hits_pi3k": "PI3K-level genes mutated",
    "mutation.hits_akt": "AKT-level genes mutated",
    "mutation.hits_tsc_mtorc1": "TSC-mTORC1 genes mutated",
    "mutation.hits_output": "axis-output genes mutated",
    "mutation.hits_mapk": "MAPK genes mutated",
    "mutation.hits_cell_cycle": "cell-cycle genes mutated",
}

VALUES_AT_ONCE = 2**22
"""Contributions held in memory at a time (x 8 bytes, and a few such arrays while they are computed)."""


def top_contributions(
    model: SensitivityModel, features: pd.DataFrame, assays: Sequence[AssayId], n: int = 3
) -> pd.DataFrame:
    """The features of each sample that argue most for and against its sensitivity to each drug.

    A feature that the sample lacks is passed over: whatever the trees make of its absence, it says nothing about
    this tumour. So is a contribution of exactly zero, so that there may be fewer than `n`.

    Parameters
    ----------
    features : (n_samples, n_features), from the bundle's builder.
    assays : whose contributions are wanted.
    n : how many in each direction.

    Returns
    -------
    DataFrame
        sample_id, drug, screen, direction (`for` or `against` sensitivity), rank (1 weighs most), feature, block,
        value, contribution (ln units; negative in direction `for`). Sorted by sample and assay as given, `for` before
        `against`, and rank.

    Raises
    ------
    PamrxError
        For an assay or a feature that model or table lack.
    """
    values, parts = known_values(model, features), []
    for start, block in batches(model, features, [str(assay) for assay in assays]):
        block[np.isnan(values[start : start + len(block)])] = 0.0
        parts += [_strongest(block * sign, n, start).assign(sign=sign) for sign in (1, -1)]
    columns = ["sample", "assay", "sign", "rank", "feature", "contribution"]
    found = pd.concat(parts) if parts else pd.DataFrame(columns=columns, dtype=float)
    found = found.sort_values(["sample", "assay", "sign", "rank"], ascending=[True, True, False, True])
    sample, place, feature = (found[name].to_numpy(dtype=int) for name in ("sample", "assay", "feature"))
    names = np.array(model.features_, dtype=object)[feature]
    return pd.DataFrame(
        {
            "sample_id": features.index.to_numpy(dtype=object)[sample],
            "drug": np.array([assay.drug for assay in assays], dtype=object)[place],
            "screen": np.array([assay.screen for assay in assays], dtype=object)[place],
            "direction": np.where(found["sign"] > 0, "for", "against"),
            "rank": found["rank"].to_numpy(dtype=int),
            "feature": names,
            "block": blocks_of(names),
            "value": values[sample, feature],
            "contribution": (found["contribution"] * found["sign"]).to_numpy(dtype=float),
        }
    )


def mean_absolute_contributions(model: SensitivityModel, features: pd.DataFrame, assays: Sequence[str]) -> pd.DataFrame:
    """(n_features, n_assays): mean |contribution| over the samples, in ln units."""
    total = np.zeros((len(model.features_), len(assays)))
    for _, block in batches(model, features, assays):
        total += np.abs(block).sum(axis=0)
    return pd.DataFrame(total / max(len(features), 1), index=model.features_, columns=list(assays))


def contribution_table(
    model: SensitivityModel,
    features: pd.DataFrame,
    assays: Sequence[str],
    keep: int = 30,
    importance: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every sample's contributions: the weightiest features one by one, the rest summed by block.

    Parameters
    ----------
    features : (n_samples, n_features).
    keep : features with a row of their own, per assay: those of the largest mean |contribution|.
    importance : (features, assays) mean |contribution| to choose them by; by default that over these samples, which
        costs a second pass.

    Returns
    -------
    DataFrame
        sample_id, assay, block, feature (all four categorical), value (NaN in a sum, or where the sample lacks it),
        contribution. Per sample and assay `keep` rows, heaviest first, and one row `<block>.(other)` for each
        block. With the assay's base value they sum to the prediction, to 1e-6: contributions are in double precision.

    Raises
    ------
    PamrxError
        For an assay or a feature that model or table lack.
    """
    if importance is None:
        importance = mean_absolute_contributions(model, features, assays)
    weight = importance.loc[model.features_, list(assays)].to_numpy(dtype=float)
    kept = np.argsort(-weight, axis=0, kind="stable")[:keep]
    of_feature = np.array(blocks_of(model.features_))
    blocks = [block for block in BLOCKS if block in of_feature]
    values, contributions = _kept_and_rest(model, features, assays, kept, [of_feature == block for block in blocks])
    names = [*model.features_, *(str(FeatureName(block, OTHER)) for block in blocks)]
    rest = np.tile(np.arange(len(model.features_), len(names)), (len(assays), 1))
    feature = np.broadcast_to(np.hstack([kept.T, rest]), values.shape).ravel()
    block_code = np.array([blocks.index(block) for block in blocks_of(names)])
    n, width = len(features), values.shape[2]
    return pd.DataFrame(
        {
            "sample_id": _category(np.repeat(np.arange(n), len(assays) * width), list(features.index)),
            "assay": _category(np.tile(np.repeat(np.arange(len(assays)), width), n), list(assays)),
            "block": _category(block_code[feature], blocks),
            "feature": _category(feature, names).remove_unused_categories(),
            "value": values.ravel(),
            "contribution": contributions.ravel(),
        }
    )


def block_shares(table: pd.DataFrame) -> pd.DataFrame:
    """(n_assays, n_blocks) share of each block in an assay's predictions; a row sums to 1.

    The contributions of a block are summed per sample before the absolute value is averaged over samples. Trees
    split the credit for one signal among correlated genes at will, and the sum over the block undoes that.
    """
    keys = ["assay", "block", "sample_id"]
    sums = table.groupby(keys, observed=True)["contribution"].sum().abs()
    mean = sums.groupby(["assay", "block"], observed=True).mean().unstack("block").fillna(0.0)
    mean.index, mean.columns = mean.index.astype(str), mean.columns.astype(str)
    total = mean.sum(axis=1)
    return mean.div(total.where(total > 0, 1.0), axis=0)


def shap_explanation(table: pd.DataFrame, assay: str, base: float) -> shap.Explanation:
    """One assay of a contribution table as `shap.Explanation`, for shap's own plots.

    Parameters
    ----------
    table : from `contribution_table`.
    base : the assay's base value, ln IC50.

    Returns
    -------
    shap.Explanation
        values and data (n_samples, keep + n_blocks), base_values (n_samples,), feature_names `block.feature`;
        heaviest first. A row's values and base value sum to the prediction.
    """
    import shap

    rows = table[table["assay"] == assay].astype({"sample_id": object, "feature": object})
    if rows.empty:
        raise UsageError(f"assay {assay}: not in the contribution table{did_you_mean(assay, table['assay'].unique())}")
    order = rows["sample_id"].unique()
    values = rows.pivot(index="sample_id", columns="feature", values="contribution").loc[order]
    values = values[values.abs().mean().sort_values(ascending=False, kind="stable").index]
    data = rows.pivot(index="sample_id", columns="feature", values="value").loc[order, values.columns]
    return shap.Explanation(
        values=values.to_numpy(dtype=float, copy=True),
        base_values=np.full(len(values), float(base)),
        data=data.to_numpy(dtype=float, copy=True),
        feature_names=list(values.columns),
    )


def batches(model: SensitivityModel, features: pd.DataFrame, assays: Sequence[str]) -> Iterator[tuple[int, np.ndarray]]:
    """First row and contributions (rows, n_features, n_assays) of a few samples at a time; may be written to.

    Raises
    ------
    UsageError
        For an assay or a feature that model or table lack.
    """
    for assay in assays:
        if assay not in model.assays_:
            raise UsageError(f"assay {assay}: not one of the model's{did_you_mean(assay, model.assays_)}")
    rows = max(1, VALUES_AT_ONCE // max(1, len(model.features_) * len(assays)))
    # A table put together block by block is slow to slice; a copy in one piece is not.
    whole = pd.DataFrame(known_values(model, features), index=features.index, columns=model.features_)
    for start in range(0, len(whole) if len(assays) else 0, rows):
        # Products this small are slower on several threads, far slower on a busy machine.
        with threadpool_limits(1):
            batch = model.contributions(whole.iloc[start : start + rows], assays)
        yield start, batch


def known_values(model: SensitivityModel, features: pd.DataFrame) -> np.ndarray:
    """(n_samples, n_features) values in the model's order, NaN where the sample lacks the feature."""
    missing = [name for name in model.features_ if name not in features.columns]
    if missing:
        raise InputError(
            f"explain: feature {missing[0]} is not among the columns; build them with the bundle's builder"
        )
    return features[model.features_].to_numpy(dtype=float)


def readable(feature: str) -> str:
    """A feature's name for a figure: `copy_number.PTEN_loss` is `PTEN loss`, and a proxy says that it is one."""
    if feature in _PATHWAY_NAMES:
        return _PATHWAY_NAMES[feature]
    parsed = FeatureName.parse(feature)
    block, name = parsed.block, parsed.name
    if block == "mutation" and name[:1].isupper():
        gene, _, what = name.partition("_")
        return f"{gene} {_GENE_WORDS[what]}" if what in _GENE_WORDS else f"{name} mutation"
    if block == "ncrna" and (words := regulation.in_words(name)):
        return words
    if block == "copy_number":
        return name.replace("_", " ")
    if block == "transcriptome":
        return f"{name} expression"
    return f"{name.replace('_', ' ')} ({block_name(block)})"


_GENE_WORDS = {
    "any": "any change",
    "two_hit": "both copies hit",
    "lost": "mutated or deleted",
    "low_expression": "low (by expression)",
}


def block_name(block: str) -> str:
    """A block's name for a figure."""
    return {"ncrna": "ncRNA", "tme": "TME", "copy_number": "copy-number"}.get(block, block)


def _strongest(argues: np.ndarray, n: int, start: int) -> pd.DataFrame:
    """The `n` most negative entries of `argues` (n_samples, n_features, n_assays) for each sample and assay."""
    count = min(n, argues.shape[1])
    if count < 1 or not argues.size:
        return pd.DataFrame({name: [] for name in ("sample", "assay", "rank", "feature", "contribution")})
    chosen = np.argpartition(argues, count - 1, axis=1)[:, :count]
    size = np.take_along_axis(argues, chosen, axis=1)
    order = np.lexsort((chosen, size), axis=1)
    chosen, size = np.take_along_axis(chosen, order, axis=1), np.take_along_axis(size, order, axis=1)
    sample, rank, assay = np.nonzero(size < 0)
    return pd.DataFrame(
        {
            "sample": sample + start,
            "assay": assay,
            "rank": rank + 1,
            "feature": chosen[sample, rank, assay],
            "contribution": size[sample, rank, assay],
        }
    )


def _kept_and_rest(
    model: SensitivityModel,
    features: pd.DataFrame,
    assays: Sequence[str],
    kept: np.ndarray,
    blocks: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Values and contributions, (n_samples, n_assays, keep + n_blocks), of the (keep, n_assays) features kept.

    The last places hold, for each mask in `blocks`, the contributions of its other features.
    """
    known, keep = known_values(model, features), len(kept)
    contributions = np.empty((len(features), len(assays), keep + len(blocks)))
    values = np.full(contributions.shape, np.nan)
    for start, batch in batches(model, features, assays):
        rows = slice(start, start + len(batch))
        values[rows, :, :keep] = known[rows][:, kept.T]
        contributions[rows, :, :keep] = np.take_along_axis(batch, kept[None], axis=1).transpose(0, 2, 1)
        np.put_along_axis(batch, kept[None], 0.0, axis=1)
        for place, members in enumerate(blocks, start=keep):
            contributions[rows, :, place] = batch[:, members].sum(axis=1)
    return values, contributions


def _category(codes: np.ndarray, names: list[str]) -> pd.Categorical[str]:
    return pd.Categorical(pd.Categorical.from_codes(codes.tolist(), categories=pd.Index(names)))
