"""How good: correlation and error per assay, their means, and intervals over lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

MIN_LINES = 20
"""An assay with fewer test lines gives no correlation worth a mean."""

SENSITIVE = 0.2
"""Share of an assay's lines that count as its most sensitive."""

TOP = 0.05
"""Share of an assay's predictions that are its top ones: sensitivity percentile 95 and above."""


def per_assay(measured: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Metrics of each assay over its measured lines.

    Parameters
    ----------
    measured, predicted : (n_lines, n_assays) ln IC50, same labels; NaN in `measured` where not measured.

    Returns
    -------
    DataFrame
        Index assay: n, pearson, spearman, rmse. A constant prediction has correlation 0: it orders nothing.
    """
    rows = {}
    for assay in measured.columns:
        known = measured[assay].notna() & predicted[assay].notna()
        y = measured.loc[known, assay].to_numpy(dtype=float)
        p = predicted.loc[known, assay].to_numpy(dtype=float)
        rows[assay] = {
            "n": len(y),
            "pearson": correlation(y, p),
            "spearman": correlation(rankdata(y), rankdata(p)) if len(y) else np.nan,
            "rmse": float(np.sqrt(np.mean((y - p) ** 2))) if len(y) else np.nan,
        }
    return pd.DataFrame(rows).T.rename_axis(index="assay").astype({"n": int})


def within_tissue(measured: pd.DataFrame, predicted: pd.DataFrame, tissue: pd.Series) -> pd.Series:
    """Pearson per assay after both sides lose their tissue means: what is left when lineage is no help.

    `tissue` may be any grouping of the lines: that of `tissue_and_fold` is free of the bias described there.
    """
    known = measured.notna()
    y = tissue_centred(measured, tissue)
    p = tissue_centred(predicted.where(known), tissue)
    return pd.Series(
        {
            assay: correlation(y.loc[known[assay], assay].to_numpy(), p.loc[known[assay], assay].to_numpy())
            for assay in measured.columns
        }
    )


def tissue_and_fold(tissue: pd.Series, folds: pd.Series) -> pd.Series:
    """One group for each tissue in each fold, for `within_tissue`, by line of `tissue`.

    A tissue's training mean is low in the very fold that tests its high lines. Centred per tissue alone, a prediction
    that knows nothing but that mean scores well below 0, and every other one is biased down with it; centred per tissue
    and fold it scores 0.
    """
    return tissue.astype(str) + " in fold " + folds.reindex(tissue.index).astype(str)


def top_predictions(measured: pd.DataFrame, predicted: pd.DataFrame, share: float = TOP) -> pd.DataFrame:
    """How the most sensitive predictions of each assay hold: those up to the quantile `share` of its predictions.

    Returns
    -------
    DataFrame
        Index assay: top_n (measured ones), top_rmse, top_bias (mean of measured less predicted: above 0 where the
        promise was too good), top_sensitive (share truly in the most sensitive fifth of the assay's lines).
    """
    first = predicted.rank() <= share * predicted.notna().sum()
    error = (measured - predicted).where(first & measured.notna())
    hits = (measured.rank() <= SENSITIVE * measured.notna().sum()).where(error.notna())
    out = {"top_n": error.notna().sum(), "top_rmse": np.sqrt((error**2).mean()), "top_bias": error.mean()}
    return pd.DataFrame({**out, "top_sensitive": hits.astype(float).mean()}).rename_axis(index="assay")


def tissue_centred(values: pd.DataFrame, tissue: pd.Series) -> pd.DataFrame:
    """Each column less its mean in the line's tissue; NaN stays."""
    return values - values.groupby(tissue).transform("mean")


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r; NaN for fewer than 3 pairs, 0 where one side is constant."""
    if len(a) < 3:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    # A constant column leaves rounding dust behind its mean, which must not pass for a signal.
    return float(a @ b / norm) if norm > 1e-9 * max(len(a), 1) else 0.0


def mean_pearson(table: pd.DataFrame) -> float:
    """Mean of the per-assay Pearson over assays with at least `MIN_LINES` lines."""
    return float(table.loc[table["n"] >= MIN_LINES, "pearson"].mean())


def bootstrap_mean_pearson(
    measured: pd.DataFrame, predictions: Sequence[pd.DataFrame], draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Mean per-assay Pearson of each prediction over the same resampled lines.

    Lines are drawn with replacement, the same draw for every assay and prediction, so that differences are paired.

    Returns
    -------
    (draws, n_predictions).
    """
    enough = measured.columns[measured.notna().sum() >= MIN_LINES]
    return np.stack(
        [bootstrap_pearson(measured[enough], one[enough], draws, seed).mean(axis=1) for one in predictions], axis=1
    )


def bootstrap_within(
    measured: pd.DataFrame, predictions: Sequence[pd.DataFrame], groups: pd.Series, draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Mean per-assay Pearson within groups of lines, of each prediction over the same resampled lines.

    Parameters
    ----------
    groups : tissue by line, or `tissue_and_fold`; each group's means are those of all its lines, not of a draw's.

    Returns
    -------
    (draws, n_predictions).
    """
    centred = [tissue_centred(one.where(measured.notna()), groups).fillna(0.0) for one in predictions]
    return bootstrap_mean_pearson(tissue_centred(measured, groups), centred, draws, seed)


def bootstrap_pearson(measured: pd.DataFrame, predicted: pd.DataFrame, draws: int = 1000, seed: int = 0) -> np.ndarray:
    """Pearson of each assay over resampled lines: the same draws for the same seed and number of lines.

    Returns
    -------
    (draws, n_assays); 0 where a draw leaves one side constant.
    """
    y, p = measured.to_numpy(dtype=float), predicted.to_numpy(dtype=float)
    known = (~np.isnan(y)).astype(float)
    y0 = np.nan_to_num(y - np.nanmean(y, axis=0))
    p0 = np.where(known > 0, p - p.mean(axis=0), 0.0)
    counts = resampled(len(y), draws, seed)
    # A draw may leave an assay of few lines none at all.
    n = np.maximum(counts @ known, 1.0)
    mean_y, square_y = counts @ y0 / n, counts @ y0**2 / n
    mean_p, square_p = counts @ p0 / n, counts @ p0**2 / n
    covariance = counts @ (y0 * p0) / n - mean_y * mean_p
    variance = (square_y - mean_y**2) * (square_p - mean_p**2)
    result: np.ndarray = np.divide(
        covariance, np.sqrt(np.maximum(variance, 0)), out=np.zeros_like(n), where=variance > 1e-12
    )
    return result


def resampled(n_lines: int, draws: int, seed: int = 0) -> np.ndarray:
    """(draws, n_lines) how often each line is drawn, with replacement."""
    random = np.random.default_rng(seed)
    return random.multinomial(n_lines, np.full(n_lines, 1 / n_lines), size=draws).astype(float)


def interval(draws: np.ndarray, coverage: float = 0.95) -> tuple[float, float]:
    """The central percentile interval of bootstrap draws."""
    tail = (1 - coverage) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)
