"""Two runs side by side: metrics with paired intervals over lines, and the features whose weight changed.

Only what both runs have is compared: the lines and assays with an out-of-fold prediction in each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import UsageError
from pamrx.identifiers.feature_name import blocks_of

from pamrx_training.evaluation.metrics import MIN_LINES, bootstrap_pearson, correlation, interval, resampled

PEARSON, RMSE = "pearson", "rmse"
Matrices = dict[int, tuple[pd.DataFrame, pd.DataFrame]]
"""By split: (n_lines, n_assays) measured and predicted, NaN where the run has none."""


@short_repr
@dataclass(frozen=True)
class Logged:
    """What a run holds that can be compared.

    Attributes
    ----------
    oof : its out-of-fold predictions, see `Evaluation.oof`; with a column `repeat` for several
        splits. None without.
    importance : (n_features, n_assays) mean |contribution|, or None.
    """

    run_id: str
    name: str
    metrics: Mapping[str, float]
    oof: pd.DataFrame | None
    importance: pd.DataFrame | None


@short_repr
@dataclass(frozen=True)
class Comparison:
    """What the comparison of run A and run B found; a difference is B less A.

    Attributes
    ----------
    assays : one row per assay and metric (`pearson`, `rmse`), and the assay `mean`: n (lines), a, b, difference, low,
        high (95 % paired bootstrap over lines; NaN for an assay of fewer than `MIN_LINES`).
    metrics : index metric: a, b, difference of every other mean that both runs logged.
    features : index feature: block, a, b (% of the sum over all features, mean over shared assays), difference;
        largest change first. None where a run has no importance.
    n_lines, n_assays : shared, of the `of_lines`, `of_assays` that either run has.
    notes : what a reader must know.
    """

    assays: pd.DataFrame
    metrics: pd.DataFrame
    features: pd.DataFrame | None
    n_lines: int
    n_assays: int
    of_lines: int
    of_assays: int
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """All of it, one row per number: kind (assay, mean, metric, feature), name, metric, n, a, b, difference, ..."""
        mean = self.assays["assay"] == "mean"
        parts = [
            self.assays.assign(kind=np.where(mean, "mean", "assay")).rename(columns={"assay": "name"}),
            self.metrics.reset_index().assign(kind="metric", name="mean"),
        ]
        if self.features is not None:
            shares = self.features.reset_index(names="name").drop(columns="block")
            parts.append(shares.assign(kind="feature", metric="importance_percent"))
        columns = ["kind", "name", "metric", "n", "a", "b", "difference", "low", "high"]
        return pd.concat([part for part in parts if len(part)], ignore_index=True).reindex(columns=columns)


def compare(a: Logged, b: Logged, draws: int = 1000) -> Comparison:
    """Compare two runs on what both have; `draws` those of the bootstrap over lines.

    Raises
    ------
    UsageError
        If a run has no out-of-fold predictions, or they share no line and assay.
    """
    for run in (a, b):
        if run.oof is None:
            raise UsageError(
                f"run '{run.name}' ({run.run_id}) holds no out-of-fold predictions; expected a run of `pamrx train`, "
                "`pamrx evaluate --track` or `pamrx study`"
            )
    assert a.oof is not None
    assert b.oof is not None
    first, second, lines, assays = _shared(a, b)
    everyone = pd.concat([a.oof, b.oof])
    return Comparison(
        assays=_assays(first, second, draws),
        metrics=_metrics(a, b),
        features=_features(a, b, assays),
        n_lines=len(lines),
        n_assays=len(assays),
        of_lines=everyone["cell_line"].nunique(),
        of_assays=everyone["assay"].nunique(),
        notes=_notes(a.oof, b.oof),
    )


def _shared(a: Logged, b: Logged) -> tuple[Matrices, Matrices, list[str], list[str]]:
    """Both runs over the same splits, lines and assays, and the same cells of them."""
    sides = [_by_split(run.oof) for run in (a, b) if run.oof is not None]
    splits = sorted(set(sides[0]) & set(sides[1]))
    if not splits:
        # One split each, of another seed: the lines can be paired all the same.
        splits, sides = [0], [{0: next(iter(side.values()))} for side in sides]
    out: tuple[Matrices, Matrices] = ({}, {})
    lines: dict[str, None] = {}
    assays: dict[str, None] = {}
    for split in splits:
        measured, predicted = ([_wide(side[split], name) for side in sides] for name in ("measured", "predicted"))
        known = [one.notna() & other.notna() for one, other in zip(measured, predicted, strict=True)]
        rows = known[0].index.intersection(known[1].index)
        columns = known[0].columns.intersection(known[1].columns)
        both = known[0].loc[rows, columns] & known[1].loc[rows, columns]
        both = both.loc[both.any(axis=1), both.any(axis=0)]
        if both.empty:
            raise UsageError(f"runs '{a.name}' and '{b.name}' share no line and assay: nothing can be compared")
        for place, side in enumerate(out):
            kept = [one[place].loc[both.index, both.columns].where(both) for one in (measured, predicted)]
            side[split] = (kept[0], kept[1])
        lines |= dict.fromkeys(both.index)
        assays |= dict.fromkeys(both.columns)
    return (*out, list(lines), list(assays))


def _wide(oof: pd.DataFrame, value: str) -> pd.DataFrame:
    return oof.pivot(index="cell_line", columns="assay", values=value)


def _by_split(oof: pd.DataFrame) -> dict[int, pd.DataFrame]:
    if "repeat" not in oof.columns:
        return {0: oof}
    return {int(str(seed)): part.drop(columns="repeat") for seed, part in oof.groupby("repeat")}


def _assays(first: Matrices, second: Matrices, draws: int) -> pd.DataFrame:
    """Both metrics per assay and on average, each a mean over the splits."""
    rows = []
    for metric, value, drawn in ((PEARSON, _pearson, bootstrap_pearson), (RMSE, _rmse, _bootstrap_rmse)):
        n = pd.DataFrame({s: measured.notna().sum() for s, (measured, _) in first.items()}).mean(axis=1)
        a, b = (_over_splits(side, value) for side in (first, second))
        differences = _drawn(second, drawn, draws) - _drawn(first, drawn, draws)
        enough = n[n >= MIN_LINES].index
        for assay in n.index:
            limits = interval(differences[assay].to_numpy()) if assay in enough else (np.nan, np.nan)
            rows.append((assay, metric, n[assay], a[assay], b[assay], *limits))
        if len(enough):
            limits = interval(differences[enough].mean(axis=1).to_numpy())
            rows.append(("mean", metric, n[enough].mean(), a[enough].mean(), b[enough].mean(), *limits))
    table = pd.DataFrame(rows, columns=["assay", "metric", "n", "a", "b", "low", "high"])
    table.insert(5, "difference", table["b"] - table["a"])
    return table


def _over_splits(side: Matrices, value: Callable[[np.ndarray, np.ndarray], float]) -> pd.Series:
    found = {}
    for split, (measured, predicted) in side.items():
        one = {}
        for assay in measured.columns:
            known = measured[assay].notna()
            one[assay] = value(measured.loc[known, assay].to_numpy(), predicted.loc[known, assay].to_numpy())
        found[split] = pd.Series(one)
    return pd.DataFrame(found).mean(axis=1)


def _drawn(side: Matrices, drawn: Callable[..., np.ndarray], draws: int) -> pd.DataFrame:
    """(draws, n_assays), a mean over the splits. Draws depend on the number of lines alone, and so are paired."""
    parts = []
    for measured, predicted in side.values():
        filled = predicted.fillna(predicted.mean())
        parts.append(pd.DataFrame(drawn(measured, filled, draws), columns=measured.columns))
    return pd.concat(parts).groupby(level=0).mean()


def _pearson(measured: np.ndarray, predicted: np.ndarray) -> float:
    return correlation(measured, predicted)


def _rmse(measured: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.sqrt(np.mean((measured - predicted) ** 2)))


def _bootstrap_rmse(measured: pd.DataFrame, predicted: pd.DataFrame, draws: int) -> np.ndarray:
    squares = ((measured - predicted) ** 2).to_numpy(dtype=float)
    known = ~np.isnan(squares)
    counts = resampled(len(squares), draws)
    return np.asarray(np.sqrt(counts @ np.nan_to_num(squares) / np.maximum(counts @ known, 1.0)))


def _metrics(a: Logged, b: Logged) -> pd.DataFrame:
    """Every mean that both logged, as it was logged: over all that each run has."""
    names = [name for name in sorted(set(a.metrics) & set(b.metrics)) if _is_mean(name)]
    table = pd.DataFrame(
        {"a": [a.metrics[name] for name in names], "b": [b.metrics[name] for name in names]},
        index=pd.Index(names, name="metric"),
    )
    table["difference"] = table["b"] - table["a"]
    return table


def _is_mean(name: str) -> bool:
    """Not of one assay, nor an end of an interval."""
    return not (name.endswith(("_low", "_high")) or ".GDSC1." in name or ".GDSC2." in name)


def _features(a: Logged, b: Logged, assays: list[str]) -> pd.DataFrame | None:
    """Shares, since a model that is surer of itself has larger contributions throughout."""
    if a.importance is None or b.importance is None:
        return None
    shared = [name for name in assays if name in a.importance.columns and name in b.importance.columns]
    if not shared:
        return None
    sides = [100 * (one[shared] / one[shared].sum()).mean(axis=1) for one in (a.importance, b.importance)]
    # A feature that one model does not have has no weight in it.
    table = pd.DataFrame({"a": sides[0], "b": sides[1]}).fillna(0.0).rename_axis(index="feature")
    table.insert(0, "block", blocks_of(table.index))
    table["difference"] = table["b"] - table["a"]
    order = table["difference"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order]


def _notes(a: pd.DataFrame, b: pd.DataFrame) -> tuple[str, ...]:
    keys = ["cell_line", "assay", *(["repeat"] if "repeat" in a.columns and "repeat" in b.columns else [])]
    both = a.merge(b, on=keys, suffixes=("_a", "_b"))
    notes = []
    # Names of folds mean nothing; the same split puts the same lines together.
    pairs = both[["fold_a", "fold_b"]].astype(str).drop_duplicates()
    if pairs["fold_a"].duplicated().any() or pairs["fold_b"].duplicated().any():
        notes.append("the runs were made on different folds: part of each difference is the split's")
    changed = (both["measured_a"] - both["measured_b"]).abs() > 1e-6
    if changed.any():
        notes.append(
            f"{int(changed.sum())} of {len(both)} measured values differ between the runs: repeated series are aligned "
            "on each run's own training lines, or the data are not the same"
        )
    return tuple(notes)
