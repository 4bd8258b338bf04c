"""Baselines: the drug's mean, the tissue's mean of the drug, and a plain ridge per assay."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pamrx.identifiers.feature_name import FeatureName, blocks_of
from pamrx.model.linear import moments, standardise
from threadpoolctl import threadpool_limits

from pamrx_training.fitting.cross_validation import Split

RIDGE_PENALTIES = (0.2, 0.4, 0.8, 1.6, 3.2)
TISSUE_PRIOR_LINES = 5.0
"""A tissue mean is shrunk towards the drug's mean as if it held this many more lines of that mean."""


def baseline_predictions(split: Split) -> dict[str, pd.DataFrame]:
    """Predictions of every baseline for the test lines of a split, by name; all is learned on its training lines.

    Where drugs outside the axis are known, `specific_tissue_drug_mean` is of the drug-specific response.
    """
    lines = split.test_features.index
    with threadpool_limits(1):
        ridge = assay_ridge(split.features, split.known, split.test_features, split.seed)
    out = {
        "drug_mean": drug_mean(split.known, lines),
        "tissue_drug_mean": tissue_drug_mean(split.known, split.tissue, lines),
        "ridge": ridge,
    }
    if split.known_specific is not None:
        out["specific_tissue_drug_mean"] = tissue_drug_mean(split.known_specific, split.tissue, lines)
    return out


def drug_mean(train: pd.DataFrame, test_lines: pd.Index) -> pd.DataFrame:
    """Each assay's training mean, for every test line."""
    return pd.DataFrame([train.mean()] * len(test_lines), index=test_lines, columns=train.columns)


def tissue_drug_mean(train: pd.DataFrame, tissue: pd.Series, test_lines: pd.Index) -> pd.DataFrame:
    """Each assay's training mean in the line's tissue, shrunk towards the assay's mean."""
    mean = train.mean()
    grouped = (train - mean).groupby(tissue.loc[train.index])
    effect = grouped.sum() / (grouped.count() + TISSUE_PRIOR_LINES)
    of_line = effect.reindex(tissue.loc[test_lines]).fillna(0.0).set_axis(test_lines)
    return of_line + mean


def assay_ridge(
    train_features: pd.DataFrame, train: pd.DataFrame, test_features: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """A plain ridge for each assay alone on expression, alterations and tissue.

    Features are standardised on the training lines and weigh alike within a block (expression 1, mutation 0.1, copy
    number 0.05, tissue 0.1 of the prior variance); each assay's penalty is chosen on inner folds of its own lines.
    """
    columns, weights = _plain_columns(train_features)
    # Column after column: the last digits of sums down a column depend on how it lies in memory.
    values = np.asfortranarray(train_features[columns].to_numpy(dtype=float))
    centre, scale = moments(values)
    x = standardise(values, centre, scale) * weights
    z = standardise(test_features[columns].to_numpy(dtype=float), centre, scale) * weights
    kernel, towards = x @ x.T, z @ x.T
    out = {}
    for assay in train.columns:
        known = np.flatnonzero(train[assay].notna())
        out[assay] = _ridge(kernel[np.ix_(known, known)], towards[:, known], train[assay].to_numpy()[known], seed)
    return pd.DataFrame(out, index=test_features.index)


def ridge_importance(features: pd.DataFrame, responses: pd.DataFrame, seed: int) -> pd.DataFrame:
    """(n_features, n_assays) mean |contribution| of `assay_ridge` fitted on these lines, ln units.

    A contribution is the coefficient times the standardised value, as in any linear model.
    """
    columns, weights = _plain_columns(features)
    values = features[columns].to_numpy(dtype=float)
    x = standardise(values, *moments(values)) * weights
    kernel, size = x @ x.T, np.abs(x).mean(axis=0)
    out = {}
    for assay in responses.columns:
        known = np.flatnonzero(responses[assay].notna())
        y = responses[assay].to_numpy()[known]
        # A coefficient is what a profile of this feature alone is predicted above the mean.
        coefficients = _ridge(kernel[np.ix_(known, known)], x.T[:, known], y, seed) - y.mean()
        out[assay] = np.abs(coefficients) * size
    return pd.DataFrame(out, index=columns)


def _plain_columns(features: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    share = {"transcriptome": 1.0, "mutation": 0.1, "copy_number": 0.05, "tissue": 0.1}
    columns = [name for name in features.columns if FeatureName.parse(name).block in share]
    blocks = pd.Series(blocks_of(columns))
    size = blocks.map(blocks.value_counts())
    return columns, np.sqrt((blocks.map(share) / size / sum(share.values())).to_numpy(dtype=float))


def _ridge(kernel: np.ndarray, towards: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    fold = np.random.default_rng(seed).permutation(len(y)) % 5
    errors = np.zeros(len(RIDGE_PENALTIES))
    for held_out in range(5):
        rest, test = np.flatnonzero(fold != held_out), np.flatnonzero(fold == held_out)
        predicted = _solve(kernel[np.ix_(rest, rest)], kernel[np.ix_(test, rest)], y[rest])
        errors += ((predicted - y[test]) ** 2).sum(axis=1)
    result: np.ndarray = _solve(kernel, towards, y)[errors.argmin()]
    return result


def _solve(kernel: np.ndarray, towards: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n_penalties, n_test) predictions."""
    eigenvalues, vectors = np.linalg.eigh(kernel)
    projected, reach = vectors.T @ (y - y.mean()), towards @ vectors
    result: np.ndarray = y.mean() + np.stack(
        [reach @ (projected / (eigenvalues + penalty)) for penalty in RIDGE_PENALTIES]
    )
    return result
