"""Fit chances on out-of-fold predictions (`pamrx.prediction.chance`), and judge each line by a fit without it.

All that is fitted here, thresholds, shares of tissues, accuracies and the pooled regression, is learned on the lines
that are handed over; `cross_fitted` hands over all folds but one, and judges that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.identifiers.assay import AssayId
from pamrx.knowledge import drugs as drug_table
from pamrx.prediction.chance import ANY_TISSUE, FIFTH, HEADS, INPUTS, Chances, Head, log_odds, no_weights
from pamrx.prediction.intervals import FAMILIES
from pamrx.prediction.missing_data import NOTHING, pattern_from

from pamrx_training.fitting.calibration import assigned_patterns, own_patterns
from pamrx_training.fitting.cross_validation import OutOfFold
from pamrx_training.fitting.masked_predictions import MaskedPredictions

PRIOR_LINES = 8.0
"""Lines like all lines that a tissue's share of sensitive lines starts with."""

HEAVIEST = 5.0
"""Largest weight of a line when an assay's lines are weighed to the tissue mix of all lines."""

MOST_ACCURATE = 0.95
FEWEST = 30
"""Under so many lines a pattern has no accuracy of its own: it counts as saying nothing."""


@short_repr
@dataclass(frozen=True)
class Evidence:
    """Out-of-fold predictions of both responses, what was measured, and the tissue of each line.

    Attributes
    ----------
    measured : by name of `HEADS`, (n_lines, n_assays) in ln units, NaN where not measured.
    predicted : by name of `HEADS` and of pattern, (n_lines, n_assays); NaN for a line that cannot show the pattern.
    tissue : of each line.
    patterns : by family, the pattern under which each line stands for it; "" for none.
    """

    measured: dict[str, pd.DataFrame]
    predicted: dict[str, dict[str, pd.DataFrame]]
    tissue: pd.Series
    patterns: dict[str, list[str]]

    @classmethod
    def of(
        cls, masked: MaskedPredictions, specific_measured: pd.DataFrame, tissue: pd.Series, seed: int = 0
    ) -> Evidence:
        """From the predictions that intervals are calibrated on. `masked` must have both responses."""
        lines = masked.measured.index
        return cls(
            {"viability": masked.measured, "specific": specific_measured.loc[lines]},
            {"viability": centred(masked.predictions), "specific": centred(masked.specific)},
            tissue.loc[lines],
            assigned_patterns(masked, own_patterns(masked), seed),
        )

    def subset(self, rows: np.ndarray) -> Evidence:
        """The lines at `rows`."""
        return Evidence(
            {name: frame.iloc[rows] for name, frame in self.measured.items()},
            {
                name: {pattern: frame.iloc[rows] for pattern, frame in frames.items()}
                for name, frames in self.predicted.items()
            },
            self.tissue.iloc[rows],
            {family: [names[row] for row in rows] for family, names in self.patterns.items()},
        )


def centred(predictions: Mapping[str, pd.DataFrame], nothing: pd.Series | None = None) -> dict[str, pd.DataFrame]:
    """Predictions of all folds on one scale: each fold's model has a mean of its own, that of an empty profile.

    `nothing` is the mean to give them, by default the folds' own on average.
    """
    of_fold = predictions[NOTHING]
    base = of_fold.mean() if nothing is None else nothing
    return {name: frame - of_fold + base for name, frame in predictions.items()}


def fit_chances(evidence: Evidence) -> Chances:
    """Thresholds, accuracies, shares and the pooled regression, all from the lines of `evidence`."""
    assays = list(evidence.measured["viability"].columns)
    classes = [drug_table.resolve(AssayId.parse(assay).drug).drug_class for assay in assays]
    heads, sensitive = {}, {}
    for name in HEADS:
        measured, predicted = evidence.measured[name], evidence.predicted[name]
        sensitive[name] = most_sensitive(measured, evidence.tissue)
        heads[name] = _head(measured, predicted, sensitive[name], evidence.tissue)
    unpooled = Chances(assays, classes, **heads)
    weights = {name: no_weights() for name in HEADS}
    for family in FAMILIES:
        inputs, rows = inputs_under(unpooled, evidence, evidence.patterns[family], own_line_out=sensitive)
        for name in HEADS:
            known = sensitive[name].to_numpy(dtype=float)[rows]
            found = _logistic(inputs[name], known)
            if found is not None:
                weights[name].loc[family] = found
    pooled = {name: replace(heads[name], weights=weights[name].astype(np.float32)) for name in HEADS}
    return Chances(assays, classes, **pooled)


def cross_fitted(evidence: Evidence, fold: pd.Series) -> dict[str, pd.DataFrame]:
    """By name of `HEADS` the (n_lines, n_assays) chances of complete profiles, each fold's by a fit on the others."""
    number = fold.loc[evidence.tissue.index].to_numpy()
    out = {name: frame * np.nan for name, frame in evidence.measured.items()}
    for one in np.unique(number):
        test = evidence.subset(np.flatnonzero(number == one))
        fitted = fit_chances(evidence.subset(np.flatnonzero(number != one)))
        shown = test.patterns[FAMILIES[0]]
        rows = np.flatnonzero([bool(name) for name in shown])
        chances = fitted.chances(
            _predicted(test, rows, shown),
            test.tissue.iloc[rows].tolist(),
            [pattern_from(name) for name in shown if name],
        )
        for name in HEADS:
            out[name].loc[test.tissue.index[rows]] = chances[name]
    return out


def with_chances(found: OutOfFold, tissue: pd.Series, seed: int = 0) -> OutOfFold:
    """The predictions with `chance` and `viability_chance`; as they are where the drug-specific response is unknown.

    Parameters
    ----------
    tissue : by line.
    seed : of the patterns that stand for families.
    """
    if found.specific_measured is None or not found.masked.specific:
        return found
    evidence = Evidence.of(found.masked, found.specific_measured, tissue, seed)
    chances = cross_fitted(evidence, found.folds)
    lines = found.predicted.index
    return replace(found, chance=chances["specific"].loc[lines], viability_chance=chances["viability"].loc[lines])


def most_sensitive(measured: pd.DataFrame, tissue: pd.Series) -> pd.DataFrame:
    """(n_lines, n_assays) 1 in the most sensitive fifth of the assay's lines, 0 outside, NaN where not measured.

    Drugs were screened on different lines. Each assay's lines are weighed to the tissue mix of all lines, so that a
    fifth of a drug tried on leukaemias alone is not a fifth of leukaemias.
    """
    threshold = measured.apply(lambda column: _threshold(column, tissue))
    return (measured <= threshold).astype(float).where(measured.notna())


def inputs_under(
    chances: Chances, evidence: Evidence, patterns: Sequence[str], own_line_out: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Inputs of the pooled regression for the lines under `patterns`, and the places of the lines that have one.

    A line's own response is taken out of its tissue's share; `own_line_out` is what `most_sensitive` gave.
    """
    rows = np.flatnonzero([bool(name) for name in patterns])
    shown = [name for name in patterns if name]
    known = [pattern_from(name)[-1] > 0 for name in shown]
    tissues = [tissue if has else ANY_TISSUE for tissue, has in zip(evidence.tissue.iloc[rows], known, strict=True)]
    inputs = chances.inputs(_predicted(evidence, rows, patterns), tissues, shown)
    for name in HEADS:
        without = _shares_without_own(own_line_out[name], evidence.tissue).iloc[rows].to_numpy()
        own = inputs[name][..., INPUTS.index("tissue")]
        inputs[name][..., INPUTS.index("tissue")] = np.where(np.array(known)[:, None], log_odds(without), own)
    return inputs, rows


def _predicted(evidence: Evidence, rows: np.ndarray, patterns: Sequence[str]) -> dict[str, np.ndarray]:
    """Predictions of both responses, each line under its pattern."""
    out = {}
    of_row = np.array(patterns, dtype=object)[rows]
    for name in HEADS:
        table = np.empty((len(rows), evidence.measured[name].shape[1]))
        for pattern in set(of_row):
            place = of_row == pattern
            table[place] = evidence.predicted[name][pattern].to_numpy(dtype=float)[rows[place]]
        out[name] = table
    return out


def _head(
    measured: pd.DataFrame, predicted: Mapping[str, pd.DataFrame], sensitive: pd.DataFrame, tissue: pd.Series
) -> Head:
    spread = measured.std(ddof=0)
    threshold = (measured.apply(lambda column: _threshold(column, tissue)) - measured.mean()) / spread
    tables = {
        "mean": {name: frame.mean() for name, frame in predicted.items()},
        "sd": {name: frame.std(ddof=0) for name, frame in predicted.items()},
        "accuracy": {name: _accuracy(measured, frame) for name, frame in predicted.items()},
    }
    frames = {
        kind: pd.DataFrame(rows).T[measured.columns].astype(np.float32).fillna(0.0) for kind, rows in tables.items()
    }
    return Head(
        threshold.to_numpy(dtype=np.float32).astype(float),
        **frames,
        share=_shares(sensitive, tissue).astype(np.float32),
        weights=no_weights(),
    )


def _accuracy(measured: pd.DataFrame, predicted: pd.DataFrame) -> pd.Series:
    """Pearson r by assay, 0 to `MOST_ACCURATE`; 0 for a prediction that does not vary, and for under `FEWEST` lines."""
    both = measured.notna() & predicted.notna()
    y, p = measured.where(both), predicted.where(both)
    y, p = y - y.mean(), p - p.mean()
    size: pd.Series = ((y**2).sum() * (p**2).sum()) ** 0.5
    r: pd.Series = ((y * p).sum() / size.where(size > 1e-9)).fillna(0.0)
    return r.clip(0.0, MOST_ACCURATE).where(both.sum() >= FEWEST, 0.0)


def _shares(sensitive: pd.DataFrame, tissue: pd.Series) -> pd.DataFrame:
    """Share of sensitive lines by tissue, drawn towards that of all lines, which is the row `ANY_TISSUE`."""
    overall = sensitive.mean()
    of_tissue = sensitive.groupby(tissue)
    table = (of_tissue.sum() + PRIOR_LINES * overall) / (of_tissue.count() + PRIOR_LINES)
    return pd.concat([overall.to_frame(ANY_TISSUE).T, table])


def _shares_without_own(sensitive: pd.DataFrame, tissue: pd.Series) -> pd.DataFrame:
    """(n_lines, n_assays) the same as each line sees it, its own response left out."""
    overall, known = sensitive.mean(), sensitive.notna().astype(float)
    total = sensitive.groupby(tissue).transform("sum") - sensitive.fillna(0.0)
    count = sensitive.groupby(tissue).transform("count") - known
    return (total + PRIOR_LINES * overall) / (count + PRIOR_LINES)


def _threshold(column: pd.Series, tissue: pd.Series) -> float:
    """Quantile `FIFTH` of an assay's responses, its lines weighed to the tissue mix of all lines."""
    known = column.dropna()
    if known.empty:
        return float("nan")
    wanted, found = tissue.value_counts(normalize=True), tissue[known.index].value_counts(normalize=True)
    weight = (wanted / found).clip(upper=HEAVIEST)[tissue[known.index]].to_numpy()
    order = np.argsort(known.to_numpy(), kind="stable")
    below = np.cumsum(weight[order])
    return float(known.iloc[order[np.searchsorted(below, FIFTH * below[-1])]])


def _logistic(inputs: np.ndarray, sensitive: np.ndarray) -> np.ndarray | None:
    """Intercept and weights; None where lines are too few or of one kind."""
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(sensitive) & ~np.isnan(inputs).any(axis=-1)
    rows, truth = inputs[known], sensitive[known]
    if len(rows) < FEWEST or len(np.unique(truth)) < 2:
        return None
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 1e-9, scale, np.inf)
    found = LogisticRegression(max_iter=500).fit((rows - centre) / scale, truth)
    weights = found.coef_[0] / scale
    return np.concatenate([found.intercept_ - weights @ centre, weights])
