"""Exploratory: can the response to GDSC's own natural products be predicted from the same features?

They lie outside the axis and define, with the other drugs outside it, general sensitivity and so the drug-specific
response of the headline assays. Nothing of that is touched here: the list of drugs outside the axis stays as it is, no
bundle is fitted, and nothing that this page finds is shipped as a prediction.

Protocol: leave-cell-line-out by donor, five folds of one seed; the features of the released model; the linear part
of the model with its block weights on these assays alone. Beside r stand r within tissue (both sides lose
the mean of their tissue in their fold) and r of what general sensitivity does not explain, with 95 % intervals over
lines drawn with replacement. `told_from_0` is judged within tissue on the interval of Bonferroni's coverage.

Run: `python -m pamrx_training.evaluation.natural_products` prints the table as Markdown.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.features import FeatureBuilder
from pamrx.identifiers.assay import AssayId
from pamrx.model.drug_specific import Regression
from pamrx.model.linear import BlockRidge, standardise
from pamrx.model.response_space import ResponseSpace
from pamrx.model.sensitivity import BLOCK_WEIGHTS
from threadpoolctl import threadpool_limits

from pamrx_training.datasets import assay_matrix
from pamrx_training.evaluation.metrics import bootstrap_pearson, correlation, interval
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.loading import load_cohort
from pamrx_training.fitting.splits import leave_cell_line_out, sides

KINDS = {
    "plant": (
        "Camptothecin", "Cyclopamine", "Dihydrorotenone", "Elephantin", "Embelin", "L-Oxonoreleagnine", "Paclitaxel",
        "Parthenolide", "Piperlongumine", "Podophyllotoxin bromide", "SL0101", "Schweinfurthin A", "Shikonin",
        "Thapsigargin", "Vinblastine",
    ),
    "microbe or sea": (
        "(5Z)-7-Oxozeaenol", "Bleomycin", "Bryostatin 1", "Dactinomycin", "Doxorubicin", "Epothilone B", "Mitomycin-C",
        "Mycophenolic acid", "Romidepsin", "Sinularin", "Staurosporine", "Trichostatin A",
    ),
    "nutrient": ("Tretinoin", "alpha-lipoic acid", "ascorbate (vitamin C)", "glutathione"),
}  # fmt: skip
"""Drugs of GDSC outside the axis that occur in nature, under GDSC's names, or (dihydrorotenone, podophyllotoxin
bromide) differ from such a compound in one step."""

SEED, FOLDS, DRAWS = 11, 5, 4000


def kind_of(drug: str) -> str | None:
    """The kind of a natural product; None for any other drug."""
    return next((kind for kind, drugs in KINDS.items() if drug in drugs), None)


def natural_rows(outside: pd.DataFrame) -> pd.DataFrame:
    """The rows (cell_line, assay, range, ln_ic50) of drugs outside the axis that are natural products."""
    natural = [name for name in outside["assay"].unique() if kind_of(AssayId.parse(name).drug)]
    return outside[outside["assay"].isin(natural)]


def evaluate_natural_products(cohort: Cohort, seed: int = SEED, draws: int = DRAWS) -> pd.DataFrame:
    """Out-of-fold accuracy of the natural products of a cohort, as `judged`."""
    folds = leave_cell_line_out(cohort, FOLDS, seed)
    sheets = [_fold(cohort, *sides(cohort, folds, fold)) for fold in sorted(folds.unique())]
    measured, predicted, rest, predicted_rest = (pd.concat(parts) for parts in zip(*sheets, strict=True))
    groups = cohort.cell_lines["tissue"].astype(str) + " " + folds.astype(str)
    return judged(measured, predicted, rest, predicted_rest, groups, draws)


def judged(
    measured: pd.DataFrame,
    predicted: pd.DataFrame,
    rest: pd.DataFrame,
    predicted_rest: pd.DataFrame,
    groups: pd.Series,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Correlations of each assay, with intervals over lines.

    Parameters
    ----------
    measured, predicted : (n_lines, n_assays) ln IC50, NaN where not measured or not predicted.
    rest, predicted_rest : the same of what general sensitivity does not explain.
    groups : tissue and fold of each line.

    Returns
    -------
    DataFrame
        Index assay: kind, n, r, within, specific, each of the last three with `_low` and `_high`, and told_from_0.
    """
    sheets = {
        "r": (measured, predicted),
        "within": (_centred(measured, measured, groups), _centred(predicted, measured, groups)),
        "specific": (rest, predicted_rest),
    }
    drawn = {name: bootstrap_pearson(y, p.fillna(0.0), draws) for name, (y, p) in sheets.items()}
    bonferroni = 1 - 0.05 / measured.shape[1]
    rows = {}
    for place, assay in enumerate(measured.columns):
        known = measured[assay].notna()
        row: dict[str, object] = {"kind": kind_of(AssayId.parse(str(assay)).drug), "n": int(known.sum())}
        for name, (y, p) in sheets.items():
            both = y[assay].notna() & p[assay].notna()
            low, high = interval(drawn[name][:, place])
            row |= {name: correlation(y.loc[both, assay].to_numpy(), p.loc[both, assay].to_numpy())}
            row |= {f"{name}_low": low, f"{name}_high": high}
        row["told_from_0"] = interval(drawn["within"][:, place], bonferroni)[0] > 0
        rows[str(assay)] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="assay")


def markdown(table: pd.DataFrame) -> str:
    """The table of `judged`, the best within tissue first."""
    lines = [
        "| assay | kind | lines | r | r within tissue | r beside general sensitivity | told from 0 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for assay, row in table.sort_values("within", ascending=False).iterrows():
        cells = [f"{row[name]:.2f} ({row[f'{name}_low']:.2f} to {row[f'{name}_high']:.2f})" for name in _MEASURES]
        told = "yes" if row["told_from_0"] else "no"
        lines.append(f"| {assay} | {row['kind']} | {row['n']} | {' | '.join(cells)} | {told} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table of the cohort in the data cache."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--cache", type=Path, help="folder of the fetched data [default: as for `pamrx train`]")
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    cohort, _ = load_cohort(chosen.cache)
    print(markdown(evaluate_natural_products(cohort, chosen.seed)))


_MEASURES = ("r", "within", "specific")


def _fold(cohort: Cohort, train: list[str], test: list[str]) -> tuple[pd.DataFrame, ...]:
    """Measured, predicted, measured rest and predicted rest of the test lines; all is fitted on the training lines."""
    if cohort.outside is None:
        raise ValueError("natural products: the cohort holds no drug outside the axis")
    values = assay_matrix(natural_rows(cohort.outside), train).reindex(cohort.lines)
    general = cohort.general_sensitivity(train)
    builder = FeatureBuilder().fit(cohort.profiles.subset(train))
    features = builder.transform(cohort.profiles.subset(train))
    shown = builder.transform(cohort.profiles.subset(test))
    with threadpool_limits(1):
        predicted, expected = _ridge([values.loc[train], general.loc[train]], features, shown)
    regression = Regression.fit(values.loc[train], general.loc[train])
    rest = regression.rest(values.loc[test], general.loc[test])
    return values.loc[test], predicted, rest, regression.rest(predicted, expected)


def _ridge(responses: list[pd.DataFrame], features: pd.DataFrame, shown: pd.DataFrame) -> list[pd.DataFrame]:
    """Each table of responses predicted for the lines of `shown`: one mixed model of all of them."""
    spaces, components = zip(*(ResponseSpace.fit(table) for table in responses), strict=True)
    guess = np.hstack([part @ space.loadings for space, part in zip(spaces, components, strict=True)])
    missing = np.hstack([table.isna().to_numpy() for table in responses])
    fitted = BlockRidge.fit(features, guess, BLOCK_WEIGHTS, missing)
    scores = standardise(shown[fitted.features].to_numpy(dtype=float), fitted.centre, fitted.scale)
    found = fitted.intercept + scores @ fitted.coefficients
    bounds = np.cumsum([table.shape[1] for table in responses])[:-1]
    return [
        pd.DataFrame(space.mean + part * space.sd, index=shown.index, columns=space.assays)
        for space, part in zip(spaces, np.split(found, bounds, axis=1), strict=True)
    ]


def _centred(values: pd.DataFrame, measured: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Each column less its mean over the measured lines of the same tissue and fold."""
    kept = values.where(measured.notna())
    return kept - kept.groupby(groups.loc[kept.index]).transform("mean")


if __name__ == "__main__":
    main()
