"""Why: contributions of features to predictions, as tables and figures.

A contribution is in ln units of IC50. A negative one lowers the predicted IC50 and so argues for sensitivity. The
base value of an assay plus all contributions of a sample is its prediction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predictor.errors import PamrxError, did_you_mean
from predictor.features import BLOCKS, block_of
from predictor.model import SensitivityModel

if TYPE_CHECKING:
    import shap
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OTHER = "(other)"
"""In a contribution table, the sum of a block's features that have no row of their own: `transcriptome.(other)`."""

UNIT = "contribution to ln IC50"

VALUES_AT_ONCE = 2**22
"""Contributions held in memory at a time (x 8 bytes, and a few such arrays while they are computed)."""

_BLOCK_COLOURS = {
    "mutation": "#d1495b",
    "copy_number": "#edae49",
    "ncrna": "#00798c",
    "tme": "#6a994e",
    "programme": "#8d6a9f",
    "transcriptome": "#30638e",
    "tissue": "#8c8c8c",
}


def top_contributions(
    model: SensitivityModel, features: pd.DataFrame, assay_of: Mapping[str, str], n: int = 3
) -> pd.DataFrame:
    """The features of each sample that argue most for and against its sensitivity to each drug.

    A feature that the sample lacks is passed over: whatever the trees make of its absence, it says nothing about
    this tumour. So is a contribution of exactly zero, so that there may be fewer than `n`.

    Parameters
    ----------
    features : (n_samples, n_features), from the bundle's builder.
    assay_of : drug to the assay whose contributions are meant.
    n : how many in each direction.

    Returns
    -------
    DataFrame
        sample_id, drug, screen, direction (`for` or `against` sensitivity), rank (1 weighs most), feature, block,
        value, contribution (ln units; negative in direction `for`). Sorted by sample and drug as given, `for` before
        `against`, and rank.

    Raises
    ------
    PamrxError
        For an assay or a feature that model or table lack.
    """
    assays = list(assay_of.values())
    values = _known_values(model, features)
    parts = []
    for start, block in _batches(model, features, assays):
        absent = np.isnan(values[start : start + len(block)])
        block[absent] = 0.0
        for sign in (1, -1):
            parts.append(_strongest(block * sign, n, start).assign(sign=sign))
    columns = ["sample", "assay", "sign", "rank", "feature", "contribution"]
    found = pd.concat(parts) if parts else pd.DataFrame(columns=columns, dtype=float)
    found = found.sort_values(["sample", "assay", "sign", "rank"], ascending=[True, True, False, True])
    sample, assay, feature = (found[name].to_numpy(dtype=int) for name in ("sample", "assay", "feature"))
    names = np.array(model.features_, dtype=object)[feature]
    return pd.DataFrame(
        {
            "sample_id": features.index.to_numpy(dtype=object)[sample],
            "drug": np.array(list(assay_of), dtype=object)[assay],
            "screen": np.array([name.partition(":")[0] for name in assays], dtype=object)[assay],
            "direction": np.where(found["sign"] > 0, "for", "against"),
            "rank": found["rank"].to_numpy(dtype=int),
            "feature": names,
            "block": [block_of(name) for name in names],
            "value": values[sample, feature],
            "contribution": (found["contribution"] * found["sign"]).to_numpy(dtype=float),
        }
    )


def mean_absolute_contributions(model: SensitivityModel, features: pd.DataFrame, assays: Sequence[str]) -> pd.DataFrame:
    """(n_features, n_assays): mean |contribution| over the samples, in ln units."""
    total = np.zeros((len(model.features_), len(assays)))
    for _, block in _batches(model, features, assays):
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
    values = _known_values(model, features)
    if importance is None:
        importance = mean_absolute_contributions(model, features, assays)
    weight = importance.loc[model.features_, list(assays)].to_numpy(dtype=float)
    kept = np.argsort(-weight, axis=0, kind="stable")[:keep]
    blocks = [block for block in BLOCKS if any(block_of(name) == block for name in model.features_)]
    member = np.array([[block_of(name) == block for name in model.features_] for block in blocks], dtype=float)
    width = len(kept) + len(blocks)
    contribution = np.empty((len(features), len(assays), width))
    value = np.full(contribution.shape, np.nan)
    for start, batch in _batches(model, features, assays):
        rows = slice(start, start + len(batch))
        contribution[rows, :, : len(kept)] = np.take_along_axis(batch, kept[None], axis=1).transpose(0, 2, 1)
        value[rows, :, : len(kept)] = values[rows][:, kept.T]
        np.put_along_axis(batch, kept[None], 0.0, axis=1)
        contribution[rows, :, len(kept) :] = (member @ batch).transpose(0, 2, 1)
    names = [*model.features_, *(f"{block}.{OTHER}" for block in blocks)]
    others = np.tile(np.arange(len(model.features_), len(names)), (len(assays), 1))
    feature = np.broadcast_to(np.hstack([kept.T, others]), contribution.shape).ravel()
    block_code = np.array([blocks.index(block_of(name)) for name in names])
    return pd.DataFrame(
        {
            "sample_id": _category(np.repeat(np.arange(len(features)), len(assays) * width), list(features.index)),
            "assay": _category(np.tile(np.repeat(np.arange(len(assays)), width), len(features)), list(assays)),
            "block": _category(block_code[feature], blocks),
            "feature": _category(feature, names).remove_unused_categories(),
            "value": value.ravel(),
            "contribution": contribution.ravel(),
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
        values and data (n_samples, keep + n_blocks), base_values (n_samples,), readable feature names; heaviest
        feature first. A row's values and base value sum to the prediction.
    """
    import shap

    rows = table[table["assay"] == assay].astype({"sample_id": object, "feature": object})
    if rows.empty:
        raise PamrxError(f"assay {assay}: not in the contribution table{did_you_mean(assay, table['assay'].unique())}")
    order = rows["sample_id"].unique()
    values = rows.pivot(index="sample_id", columns="feature", values="contribution").loc[order]
    values = values[values.abs().mean().sort_values(ascending=False, kind="stable").index]
    data = rows.pivot(index="sample_id", columns="feature", values="value").loc[order, values.columns]
    return shap.Explanation(
        values=values.to_numpy(dtype=float),
        base_values=np.full(len(values), float(base)),
        data=data.to_numpy(dtype=float),
        feature_names=[readable(name) for name in values.columns],
    )


def readable(feature: str) -> str:
    """A feature's name for a figure: `copy_number.PTEN_loss` is `PTEN loss`."""
    block, _, name = feature.partition(".")
    if name == OTHER:
        return f"all other {_block_name(block)} features"
    if block == "mutation":
        return f"{name} mutation"
    if block == "copy_number":
        return name.replace("_", " ")
    if block == "transcriptome":
        return f"{name} expression"
    return f"{name.replace('_', ' ')} ({_block_name(block)})"


def summary_figure(explanation: shap.Explanation, title: str, shown: int = 20) -> Figure:
    """A beeswarm of one assay: a dot per sample and feature, placed by contribution, coloured by the feature's value.

    What is not among the `shown - 1` heaviest rows is one more row, so that the rows add up to the prediction.
    """
    import shap
    from matplotlib.figure import Figure

    n, rows = len(explanation.values), min(shown, explanation.values.shape[1])
    figure = Figure(figsize=(9.5, 0.34 * rows + 2.3), layout="constrained")
    axes = figure.add_subplot()
    with _own_random_state(), np.errstate(all="ignore"), _no_warnings():
        shap.plots.beeswarm(explanation, max_display=shown, ax=axes, plot_size=None, show=False, s=9)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    labels = ["all remaining features" if label.startswith("Sum of ") else label for label in labels]
    axes.set_yticks(range(len(labels)), labels, fontsize=10)
    axes.set_title(title, fontsize=13, loc="left")
    axes.set_xlabel(f"{UNIT} (uM)", fontsize=11)
    axes.tick_params("x", labelsize=10)
    _direction_marks(axes)
    base = float(np.mean(explanation.base_values))
    _caption(
        figure,
        f"{n} samples, base value {base:.2f}. Left of zero: towards sensitive (lower IC50); right: towards resistant.\n"
        "Grey: a sum of features, or a feature that the sample lacks.",
    )
    return figure


def overall_figure(shares: pd.DataFrame, importance: pd.DataFrame, title: str, shown: int = 25) -> Figure:
    """Two panels over all drugs: the share of each block, and the features of the largest mean |contribution|.

    Parameters
    ----------
    shares : (n_assays, n_blocks), from `block_shares`.
    importance : (n_features, n_assays) mean |contribution|.
    """
    from matplotlib.figure import Figure

    top = importance.mean(axis=1).sort_values(ascending=False, kind="stable")[:shown][::-1]
    order = shares.mean().sort_values().index
    figure = Figure(figsize=(11.5, 0.27 * max(len(top), 10) + 1.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    left.boxplot(
        [100 * shares[block].to_numpy() for block in order],
        orientation="horizontal",
        widths=0.6,
        whis=(0, 100),
        medianprops={"color": "#222222"},
        patch_artist=True,
        boxprops={"facecolor": "#dddddd", "edgecolor": "#888888"},
        whiskerprops={"color": "#888888"},
        capprops={"color": "#888888"},
    )
    for place, block in enumerate(order, start=1):
        mean = 100 * shares[block].mean()
        left.plot(mean, place, "o", color=_BLOCK_COLOURS.get(block, "#444444"), markersize=9, zorder=4)
    names = [f"{_block_name(block)}  {100 * shares[block].mean():.1f} %" for block in order]
    left.set_yticks(range(1, len(order) + 1), names, fontsize=10)
    left.set_xlim(left=0)
    left.set_xlabel("share of mean |block sum of contributions|, %", fontsize=10)
    left.set_title("Blocks", fontsize=12, loc="left")
    right.barh(
        [readable(name) for name in top.index],
        top.to_numpy(),
        color=[_BLOCK_COLOURS.get(block_of(name), "#444444") for name in top.index],
    )
    right.margins(y=0.01)
    right.tick_params("y", labelsize=9)
    right.set_xlabel("mean |contribution| to ln IC50 (uM)", fontsize=10)
    right.set_title(f"The {len(top)} heaviest features, coloured by block", fontsize=12, loc="left")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", color="#e5e5e5", linewidth=0.7)
        axes.set_axisbelow(True)
    figure.suptitle(title, fontsize=14, x=0.01, ha="left")
    _caption(figure, f"{len(shares)} assays. Dot: mean over assays; box: quartiles; whiskers: the whole range.")
    return figure


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


def _batches(
    model: SensitivityModel, features: pd.DataFrame, assays: Sequence[str]
) -> Iterator[tuple[int, np.ndarray]]:
    """First row and contributions (rows, n_features, n_assays) of a few samples at a time; may be written to."""
    for assay in assays:
        if assay not in model.assays_:
            raise PamrxError(f"assay {assay}: not one of the model's{did_you_mean(assay, model.assays_)}")
    rows = max(1, VALUES_AT_ONCE // max(1, len(model.features_) * len(assays)))
    for start in range(0, len(features) if len(assays) else 0, rows):
        yield start, model.contributions(features.iloc[start : start + rows], assays)


def _known_values(model: SensitivityModel, features: pd.DataFrame) -> np.ndarray:
    missing = [name for name in model.features_ if name not in features.columns]
    if missing:
        raise PamrxError(
            f"explain: feature {missing[0]} is not among the columns; build them with the bundle's builder"
        )
    return features[model.features_].to_numpy(dtype=float)


def _category(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def _block_name(block: str) -> str:
    return {"ncrna": "ncRNA", "tme": "TME", "copy_number": "copy-number"}.get(block, block)


def _direction_marks(axes: Axes) -> None:
    for x, text, side in ((0.0, "← sensitive", "left"), (1.0, "resistant →", "right")):
        axes.text(x, 1.0, text, transform=axes.transAxes, ha=side, va="top", fontsize=9, color="#555555")


def _caption(figure: Figure, text: str) -> None:
    figure.supxlabel(text, fontsize=9, color="#444444", x=0.01, ha="left")


@contextmanager
def _own_random_state() -> Iterator[None]:
    """shap shuffles dots with NumPy's global generator: give it a fixed state, and the caller's back afterwards."""
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """shap takes percentiles of a row's feature values, and a sum of features has none."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
