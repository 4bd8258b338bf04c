"""What each block of features adds: the same folds with a block removed, or with that block alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import UsageError, did_you_mean
from pamrx.features import BLOCKS

from pamrx_training.evaluation.evaluate import oof_table
from pamrx_training.evaluation.metrics import (
    bootstrap_mean_pearson,
    bootstrap_within,
    interval,
    mean_pearson,
    per_assay,
    within_tissue,
)
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Fit, run_fits
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import sides

FULL = "all blocks"
KINDS = ("removed", "alone", "both")


@short_repr
@dataclass(frozen=True)
class Ablation:
    """What an ablation found.

    Attributes
    ----------
    per_assay : one row per repeat, variant and assay: repeat (seed), variant, assay, n, pearson, spearman, rmse,
        within_tissue_pearson.
    table : index variant: pearson (mean over assays and repeats), difference from all blocks with its 95 % paired
        bootstrap interval over lines (difference_low, difference_high), within_tissue and within_difference(_low,
        _high) of the same, spread (sd of pearson over repeats; NaN for one).
    oof : the predictions behind them: variant, repeat, and the columns of `Evaluation.oof`.
    """

    per_assay: pd.DataFrame
    table: pd.DataFrame
    oof: pd.DataFrame


def check_kind(kind: str) -> None:
    """
    Raises
    ------
    UsageError
        If `kind` is none of `KINDS`.
    """
    if kind not in KINDS:
        raise UsageError(f"--ablate: unknown word '{kind}'; expected {', '.join(KINDS)}{did_you_mean(kind, KINDS)}")


def variants(kind: str = "removed") -> dict[str, tuple[str, ...]]:
    """Name -> blocks: all of them first, then each removed, then each alone, as `kind` (of `KINDS`) asks."""
    out: dict[str, tuple[str, ...]] = {FULL: BLOCKS}
    if kind in ("removed", "both"):
        out |= {f"without {gone}": tuple(block for block in BLOCKS if block != gone) for gone in BLOCKS}
    if kind in ("alone", "both"):
        out |= {f"{block} alone": (block,) for block in BLOCKS}
    return out


def ablate(
    cohort: Cohort,
    folds: Sequence[tuple[int, pd.Series]],
    kind: str = "removed",
    context: RunContext = RunContext(),
    draws: int = 1000,
) -> Ablation:
    """Fit every variant on every fold of every repeat.

    Parameters
    ----------
    folds : (seed, fold by line) of each repeat, over the same lines.
    draws : bootstrap draws over lines, the same for every variant and repeat.
    """
    chosen = variants(kind)
    fits, measured = {}, {}
    for seed, fold in folds:
        for name in sorted(fold.unique()):
            train, test = sides(cohort, fold, name)
            measured[seed, name] = cohort.response_matrix(train).loc[test]
            for variant, blocks in chosen.items():
                fits[f"{seed}|{name}|{variant}"] = (seed, variant, Fit(tuple(train), tuple(test), seed, blocks))
    parts: dict[tuple[int, str], list[pd.DataFrame]] = {}
    for key, frame in run_fits(cohort, {key: fit for key, (_, _, fit) in fits.items()}, context):
        seed, variant, _ = fits[key]
        parts.setdefault((seed, variant), []).append(frame)
    predicted = {key: pd.concat(frames) for key, frames in parts.items()}
    truth = {seed: pd.concat([measured[seed, n] for n in sorted(fold.unique())]) for seed, fold in folds}
    return summarise(cohort, folds, truth, predicted, list(chosen), draws)


def summarise(
    cohort: Cohort,
    folds: Sequence[tuple[int, pd.Series]],
    truth: Mapping[int, pd.DataFrame],
    predicted: Mapping[tuple[int, str], pd.DataFrame],
    names: Sequence[str],
    draws: int = 1000,
) -> Ablation:
    """Variants on the same folds, differences taken from the first of `names`.

    Parameters
    ----------
    folds : (seed, fold by line) of each repeat.
    truth, predicted : by repeat, and by repeat and variant: (n_lines, n_assays) ln IC50, lines in any order.
    """
    rows, plain, within, tidy = [], [], [], []
    for seed, fold in folds:
        # Every repeat in one order of lines, so that the draws over lines are shared.
        table = truth[seed]
        lines = [line for line in cohort.lines if line in table.index]
        measured, tissue = table.loc[lines], cohort.cell_lines.loc[lines, "tissue"]
        sides_ = [predicted[seed, name].loc[lines, measured.columns] for name in names]
        for name, side in zip(names, sides_, strict=True):
            one = per_assay(measured, side)
            one["within_tissue_pearson"] = within_tissue(measured, side, tissue)
            rows.append(one.reset_index().assign(repeat=seed, variant=name))
            tidy.append(oof_table(measured, side, fold, cohort).assign(variant=name, repeat=seed))
        plain.append(bootstrap_mean_pearson(measured, sides_, draws))
        within.append(bootstrap_within(measured, sides_, tissue, draws))
    long = pd.concat(rows, ignore_index=True)
    columns = ["repeat", "variant", "assay", "n", "pearson", "spearman", "rmse", "within_tissue_pearson"]
    long = long[columns]
    table = _table(long, names, np.mean(plain, axis=0), np.mean(within, axis=0))
    return Ablation(long, table, pd.concat(tidy, ignore_index=True))


def _table(long: pd.DataFrame, names: Sequence[str], plain: np.ndarray, within: np.ndarray) -> pd.DataFrame:
    by_repeat = {
        name: [mean_pearson(one) for _, one in part.groupby("repeat")] for name, part in long.groupby("variant")
    }
    inside = long.groupby("variant")["within_tissue_pearson"].mean()
    rows = {}
    for place, name in enumerate(names):
        low, high = interval(plain[:, place] - plain[:, 0])
        within_low, within_high = interval(within[:, place] - within[:, 0])
        rows[name] = {
            "pearson": np.mean(by_repeat[name]),
            "difference": np.mean(by_repeat[name]) - np.mean(by_repeat[names[0]]),
            "difference_low": low,
            "difference_high": high,
            "within_tissue": inside[name],
            "within_difference": inside[name] - inside[names[0]],
            "within_difference_low": within_low,
            "within_difference_high": within_high,
            "spread": np.std(by_repeat[name], ddof=1) if len(by_repeat[name]) > 1 else np.nan,
        }
    return pd.DataFrame(rows).T.rename_axis(index="variant")
