"""Figures of contributions: one assay's beeswarm, bars and dependence, one block, and all assays together.

Drawn on matplotlib `Figure` objects, without a display: save them with `figure.savefig(path)`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pamrx.explanation.contributions import OTHER, UNIT, block_name, readable
from pamrx.identifiers.feature_name import FeatureName, blocks_of

if TYPE_CHECKING:
    import shap
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLOCK_COLOURS = {
    "mutation": "#d1495b",
    "copy_number": "#edae49",
    "ncrna": "#00798c",
    "tme": "#6a994e",
    "programme": "#8d6a9f",
    "transcriptome": "#30638e",
    "tissue": "#8c8c8c",
}

OTHER_COLOUR = "#444444"

LEVELS = 6
"""A feature of so few values is drawn as strips."""


def summary_figure(explanation: shap.Explanation, title: str, shown: int = 18) -> Figure:
    """Beeswarms of one assay, a dot per sample: block sums above, which add up, and single features below.

    Parameters
    ----------
    explanation : from `shap_explanation`.
    shown : single features, those of the largest mean |contribution|, coloured by the feature's value.
    """
    from matplotlib.figure import Figure

    sums, single = _block_sums(explanation), _single_features(explanation, shown)
    heights = (sums.values.shape[1] + 1, max(single.values.shape[1], 1) + 1)
    figure = Figure(figsize=(9.5, 0.31 * sum(heights) + 2.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=heights)
    _beeswarm(upper, sums, colour="#6b7a8f")
    upper.set_title("Sums over all features of a block", fontsize=11, loc="left")
    if single.values.shape[1]:
        _beeswarm(lower, single)
    lower.set_title(f"The {single.values.shape[1]} heaviest features, on a scale of their own", fontsize=11, loc="left")
    lower.set_xlabel(f"{UNIT} (uM)", fontsize=10)
    figure.suptitle(title, fontsize=14, x=0.01, ha="left")
    base = float(np.mean(explanation.base_values))
    _caption(
        figure,
        f"{len(sums.values)} samples. Base value {base:.2f} + the block sums = predicted ln IC50. Grey dots below: the "
        "sample lacks the feature.\nNegative: towards sensitive (lower IC50). Positive: towards resistant.",
    )
    return _literal(figure)


def overall_figure(shares: pd.DataFrame, importance: pd.DataFrame, title: str, shown: int = 25) -> Figure:
    """Two panels over all drugs: the share of each block, and the features of the largest mean |contribution|.

    Parameters
    ----------
    shares : (n_assays, n_blocks), from `block_shares`.
    importance : (n_features, n_assays) mean |contribution|.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.5, 0.27 * max(min(shown, len(importance)), 10) + 1.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _block_panel(left, shares)
    _feature_panel(right, importance.mean(axis=1).sort_values(ascending=False, kind="stable")[:shown])
    for axes in (left, right):
        _plain_axes(axes)
    figure.suptitle(title, fontsize=14, x=0.01, ha="left")
    _caption(figure, f"{len(shares)} assays. Dot: mean over assays; box: quartiles; whiskers: the whole range.")
    return _literal(figure)


def bar_figure(importance: pd.Series, title: str, shown: int = 20) -> Figure:
    """One assay: the features of the largest mean |contribution|, coloured by block.

    Parameters
    ----------
    importance : (n_features,) mean |contribution| to one assay, ln units.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    heaviest = importance.sort_values(ascending=False, kind="stable")[:shown]
    figure = Figure(figsize=(9.5, 0.27 * len(heaviest) + 1.9), layout="constrained")
    axes = figure.subplots()
    _feature_panel(axes, heaviest)
    _plain_axes(axes)
    blocks = [block for block in BLOCK_COLOURS if block in set(blocks_of(heaviest.index))]
    handles = [Patch(color=BLOCK_COLOURS[block], label=block_name(block)) for block in blocks]
    axes.legend(handles=handles, loc="lower right", fontsize=9, frameon=False)
    figure.suptitle(title, fontsize=14, x=0.01, ha="left")
    return _literal(figure)


def block_figure(block: str, importance: pd.DataFrame, sums: pd.DataFrame, title: str, shown: int = 15) -> Figure:
    """One block: its heaviest features over all assays, and its whole contribution to those that it moves most.

    Parameters
    ----------
    importance : (features of the block, n_assays) mean |contribution|.
    sums : (n_samples, n_assays) sum of the block's contributions.
    """
    from matplotlib.figure import Figure

    order = importance.mean(axis=1).sort_values(ascending=False, kind="stable").index[:shown]
    assays = sums.abs().mean().sort_values(ascending=False, kind="stable").index[:shown]
    figure = Figure(figsize=(12.0, 0.31 * max(len(order), len(assays)) + 2.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    colour = BLOCK_COLOURS.get(block, OTHER_COLOUR)
    upwards = order[::-1]
    for place, name in enumerate(upwards):
        left.plot(
            importance.loc[name], np.full(importance.shape[1], place), "o", color=colour, alpha=0.25, markersize=4
        )
    left.plot(importance.loc[upwards].mean(axis=1), range(len(upwards)), "|", color="black", markersize=11, zorder=4)
    left.set_yticks(range(len(upwards)), [readable(str(name)) for name in upwards], fontsize=9)
    left.set_xlim(left=0)
    left.set_xlabel(f"mean |{UNIT} (uM)|", fontsize=10)
    left.set_title("Heaviest features; a dot per assay, the stroke is their mean", fontsize=11, loc="left")
    _plain_axes(left)
    _block_swarm(right, sums[assays], colour)
    figure.suptitle(title, fontsize=14, x=0.01, ha="left")
    _caption(figure, "Negative: towards sensitive (lower IC50). Positive: towards resistant.")
    return _literal(figure)


def dependence_figure(explanation: shap.Explanation, title: str, shown: int = 6) -> Figure:
    """One assay: value against contribution for its heaviest single features, a dot per sample.

    Parameters
    ----------
    explanation : from `shap_explanation`. A sample that lacks the feature is not drawn.
    """
    from matplotlib.figure import Figure

    single = _single_features(explanation, shown)
    count = single.values.shape[1]
    figure = Figure(figsize=(11.0, 3.1 * max(1, -(-count // 3)) + 0.9), layout="constrained")
    random = np.random.default_rng(0)
    moves = np.asarray(single.values)
    room = 0.05 * (np.ptp(moves) if moves.size else 1.0)
    limits = (float(moves.min(initial=0.0)) - room, float(moves.max(initial=0.0)) + room)
    for place in range(count):
        axes = figure.add_subplot(-(-count // 3), 3, place + 1)
        value, moved = np.asarray(single.data)[:, place], np.asarray(single.values)[:, place]
        known = ~np.isnan(value)
        levels = np.unique(value[known])
        spread = 0.12 if len(levels) <= LEVELS else 0.0
        axes.axhline(0.0, color="#bbbbbb", linewidth=0.8)
        shown_at = value[known] + random.uniform(-spread, spread, int(known.sum()))
        axes.scatter(shown_at, moved[known], s=9, alpha=0.5, linewidths=0, color="#30638e")
        if len(levels) <= LEVELS:
            axes.set_xticks(levels)
        axes.set_xlabel(single.feature_names[place], fontsize=9)
        axes.set_ylim(limits)
        axes.set_ylabel(f"{UNIT} (uM)" if place % 3 == 0 else "", fontsize=9)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, fontsize=14, x=0.01, ha="left")
    _caption(figure, "Negative: towards sensitive (lower IC50). Levels are normal scores of the ranks within a sample.")
    return _literal(figure)


def _literal(figure: Figure) -> Figure:
    """Show text as it stands: matplotlib would set what a name has between two `$` as a formula, or fail to."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    return figure


def _plain_axes(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.7)
    axes.set_axisbelow(True)


def _block_swarm(axes: Axes, sums: pd.DataFrame, colour: str) -> None:
    """A row per assay, a dot per sample."""
    random = np.random.default_rng(0)
    upwards = sums.columns[::-1]
    for place, name in enumerate(upwards):
        values = sums[name].to_numpy()
        axes.scatter(
            values, place + random.uniform(-0.3, 0.3, len(values)), s=5, alpha=0.35, linewidths=0, color=colour
        )
    axes.axvline(0.0, color="#888888", linewidth=0.8)
    axes.set_yticks(range(len(upwards)), list(upwards), fontsize=9)
    axes.set_xlabel(f"sum over the block: {UNIT} (uM)", fontsize=10)
    axes.set_title("Assays that the block moves most; a dot per sample", fontsize=11, loc="left")
    _plain_axes(axes)


def _block_panel(axes: Axes, shares: pd.DataFrame) -> None:
    order = shares.mean().sort_values().index
    grey = {"color": "#888888"}
    axes.boxplot(
        [100 * shares[block].to_numpy() for block in order],
        orientation="horizontal",
        widths=0.5,
        whis=(0, 100),
        boxprops=grey,
        medianprops=grey,
        whiskerprops=grey,
        capprops=grey,
    )
    for place, block in enumerate(order, start=1):
        colour = BLOCK_COLOURS.get(block, OTHER_COLOUR)
        axes.plot(100 * shares[block].mean(), place, "o", color=colour, markersize=9, zorder=4)
    names = [f"{block_name(block)}  {100 * shares[block].mean():.1f} %" for block in order]
    axes.set_yticks(range(1, len(order) + 1), names, fontsize=10)
    axes.set_xlim(left=0)
    axes.set_xlabel("share of mean |block sum of contributions|, %", fontsize=10)
    axes.set_title("Blocks", fontsize=12, loc="left")


def _feature_panel(axes: Axes, heaviest: pd.Series) -> None:
    """`heaviest` holds mean |contribution| by feature, the largest first."""
    upwards = heaviest[::-1]
    axes.barh(
        [readable(name) for name in upwards.index],
        upwards.to_numpy(),
        color=[BLOCK_COLOURS.get(block, OTHER_COLOUR) for block in blocks_of(upwards.index)],
    )
    axes.margins(y=0.01)
    axes.tick_params("y", labelsize=9)
    axes.set_xlabel(f"mean |{UNIT} (uM)|", fontsize=10)
    axes.set_title(f"The {len(upwards)} heaviest features, coloured by block", fontsize=12, loc="left")


def _block_sums(explanation: shap.Explanation) -> shap.Explanation:
    import shap

    blocks = pd.Index(blocks_of(explanation.feature_names))
    values = pd.DataFrame(np.asarray(explanation.values)).T.groupby(blocks.to_numpy()).sum().T
    return shap.Explanation(
        values=values.to_numpy(),
        base_values=explanation.base_values,
        feature_names=[block_name(block) for block in values.columns],
    )


def _single_features(explanation: shap.Explanation, shown: int) -> shap.Explanation:
    import shap

    names = list(explanation.feature_names)
    single = [place for place, name in enumerate(names) if FeatureName.parse(name).name != OTHER]
    weight = np.abs(np.asarray(explanation.values)).mean(axis=0)
    single = sorted(single, key=lambda place: -weight[place])[:shown]
    return shap.Explanation(
        values=np.asarray(explanation.values)[:, single],
        base_values=explanation.base_values,
        data=np.asarray(explanation.data)[:, single],
        feature_names=[readable(names[place]) for place in single],
    )


def _beeswarm(axes: Axes, explanation: shap.Explanation, colour: str | None = None) -> None:
    import shap

    with _fixed_dots():
        shap.plots.beeswarm(
            explanation,
            max_display=explanation.values.shape[1],
            color=colour,
            ax=axes,
            plot_size=None,
            show=False,
            s=9,
        )
    axes.set_xlabel("")
    axes.tick_params("y", labelsize=10, length=0)
    axes.tick_params("x", labelsize=9)
    for x, text, side in ((0.0, "← sensitive", "left"), (1.0, "resistant →", "right")):
        axes.text(x, 1.0, text, transform=axes.transAxes, ha=side, va="top", fontsize=9, color="#555555")


def _caption(figure: Figure, text: str) -> None:
    figure.supxlabel(text, fontsize=9, color="#444444", x=0.01, ha="left")


@contextmanager
def _fixed_dots() -> Iterator[None]:
    """shap shuffles dots with NumPy's global generator, and takes percentiles of a feature that no sample may have.

    The generator gets a fixed state, and the caller's back afterwards; the warnings are of no use to a reader.
    """
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
