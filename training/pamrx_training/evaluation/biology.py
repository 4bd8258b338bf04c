"""Known biology: the effect of an alteration on the response, in measurements and in out-of-fold predictions.

The effect of a marker on an assay is the mean of the altered lines minus that of the others, after every line has lost
the mean of its tissue (over the lines measured in the assay), in standard deviations of the tissue-centred
measurements. Negative: altered lines are more sensitive. A relation's effect is the mean over its assays.

Predictions are shrunk, so that their effect is given twice: `predicted` in the unit of the measurements, and
`predicted_scaled` in standard deviations of the tissue-centred predictions themselves: how much of what the model tells
apart goes with the marker.

Intervals are 95 % percentile intervals over lines drawn with replacement, the same draws for both sides and all assays.
Those of predictions are narrow, however little is known of a marker: a prediction is a smooth function of the flags,
without the noise of a measurement, so that its interval leaves out 0 for nearly every marker that the model reads at
all. An effect is therefore called invented by its `excess` over the measured one, drawn on the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr

from pamrx_training.evaluation.metrics import tissue_centred
from pamrx_training.evaluation.relations import Relation, carriers, read_relations
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Fit, run_fits
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import sides

MIN_ALTERED = 20
"""With fewer lines on either side of a comparison it is inconclusive."""

ALL = "all"
SIDES = ("measured", "predicted", "predicted_scaled", "excess")
EFFECTS = ("sensitive", "resistant")
INCONCLUSIVE, NO_EVIDENCE = "inconclusive", "no evidence"


@short_repr
@dataclass(frozen=True)
class Biology:
    """What was found of the known relations.

    Attributes
    ----------
    table : one row per relation (`assay` is `all`: the mean over its assays), then one per relation and assay. Columns:

        - relation, assay, direction (what is known), marker and within as written, calls (`drivers` or
          `all calls (panel718)`), source;
        - n_assays, altered and others: lines with a response that carry the marker, and those compared with them
          (medians over assays); lines: distinct altered lines over all assays;
        - measured, predicted, predicted_scaled, and excess (predicted_scaled less measured), each with _low and _high;
        - measured_verdict and predicted_verdict: `inconclusive` where either group is under `MIN_ALTERED`, `sensitive`
          or `resistant` where the interval leaves out 0, else `no evidence`;
        - agreement: see `agreement`.
    """

    table: pd.DataFrame

    @property
    def relations(self) -> pd.DataFrame:
        """The rows of whole relations."""
        return self.table[self.table["assay"] == ALL]


def biology(
    cohort: Cohort,
    folds: tuple[int, pd.Series],
    context: RunContext = RunContext(),
    draws: int = 1000,
) -> Biology:
    """Predict every line of (seed, fold by line) out of fold with all blocks, and judge the known relations.

    Raises
    ------
    PamrxError
        If a relation cannot be read, or names a gene that the data do not hold; told before any fit.
    """
    seed, fold = folds
    relations = read_relations()
    flags = groups(cohort, relations)
    fits, measured = {}, []
    for name in sorted(fold.unique()):
        train, test = sides(cohort, fold, name)
        fits[str(name)] = Fit(tuple(train), tuple(test), seed)
        measured.append(cohort.response_matrix(train).loc[test])
    predicted = pd.concat([frame for _, frame in run_fits(cohort, fits, context)])
    lines = [line for line in cohort.lines if line in predicted.index]
    truth = pd.concat(measured).loc[lines]
    return judge(truth, predicted.loc[lines], cohort.cell_lines["tissue"], relations, flags, draws)


def groups(cohort: Cohort, relations: Sequence[Relation]) -> dict[str, pd.Series]:
    """Relation -> 1 altered, 0 not, NaN not known or not among the lines compared, by line of the cohort.

    Raises
    ------
    PamrxError
        If the data do not hold a gene of a marker.
    """
    out = {}
    for relation in relations:
        flag = carriers(cohort.profiles, relation.marker, relation.name)
        if relation.within:
            flag = flag.where(carriers(cohort.profiles, relation.within, relation.name) == 1)
        out[relation.name] = flag
    return out


def judge(
    measured: pd.DataFrame,
    predicted: pd.DataFrame,
    tissue: pd.Series,
    relations: Sequence[Relation],
    flags: dict[str, pd.Series],
    draws: int = 1000,
    seed: int = 0,
) -> Biology:
    """Effects, intervals and verdicts of the relations.

    Parameters
    ----------
    measured, predicted : (n_lines, n_assays) ln IC50, same labels; NaN in `measured` where not measured. Both sides are
        compared over the measured lines.
    tissue : tissue by line.
    flags : what `groups` made.
    """
    tissue = tissue.loc[measured.index]
    sides_ = _Sides.of(measured, predicted, tissue)
    random = np.random.default_rng(seed)
    n = len(measured)
    counts = random.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    order = list(measured.columns)
    whole, single = [], []
    for relation in relations:
        names = [assay for assay in relation.assays if assay in measured.columns]
        assays = [order.index(assay) for assay in names]
        flag = flags[relation.name].reindex(measured.index).to_numpy(dtype=float)
        found = _Compared.of(sides_, assays, flag, counts)
        whole.append(_row(relation, ALL, found, list(range(len(names)))))
        single += [_row(relation, name, found, [place]) for place, name in enumerate(names)]
    return Biology(pd.DataFrame(whole + single))


def agreement(direction: str, measured: str, predicted: str, excess: str = NO_EVIDENCE) -> str:
    """Whether the model shows what the data show, and no more, in words.

    Parameters
    ----------
    direction : what is known: `sensitive`, `resistant` or `none`.
    measured, predicted : the verdicts on both sides.
    excess : the verdict on the predicted effect, on its own scale, less the measured one.

    Returns
    -------
    - `inconclusive`: too few lines.
    - `shown`: the data show the known direction, and so do the predictions.
    - `missed`: the data show it, the predictions do not.
    - `invented`: the data show nothing, the predictions do, and their effect is larger than the measured one, with an
      interval of the difference that leaves out 0.
    - `not in these data`: an effect is known, but these data show nothing, and the predictions no more than they allow.
    - `as expected: none`: none is known, the data show nothing, and the predictions no more than they allow. That is no
      evidence of an effect, and no evidence of none.
    - `unexpected, shown` and `unexpected, missed`: the data show another direction than is known, or one where none is
      known, and the predictions do or do not follow the data.
    """
    if INCONCLUSIVE in (measured, predicted):
        return INCONCLUSIVE
    if measured in EFFECTS:
        word = "shown" if predicted == measured else "missed"
        return word if measured == direction else f"unexpected, {word}"
    if predicted in EFFECTS and excess == predicted:
        return "invented"
    return "as expected: none" if direction == "none" else "not in these data"


@dataclass(frozen=True)
class _Sides:
    """Tissue-centred values of the measured lines, 0 elsewhere, each (n_lines, n_assays); and where measured."""

    known: np.ndarray
    measured: np.ndarray
    predicted: np.ndarray

    @classmethod
    def of(cls, measured: pd.DataFrame, predicted: pd.DataFrame, tissue: pd.Series) -> _Sides:
        known = measured.notna()
        both = (measured, predicted[measured.columns].where(known))
        centred = [tissue_centred(side, tissue).fillna(0.0).to_numpy(dtype=float) for side in both]
        return cls(known.to_numpy(dtype=float), *centred)


@dataclass(frozen=True)
class _Compared:
    """One relation: side -> effects (n_assays,) and draws of them (draws, n_assays); 1 for lines in either group."""

    effects: dict[str, np.ndarray]
    draws: dict[str, np.ndarray]
    altered: np.ndarray
    others: np.ndarray

    @classmethod
    def of(cls, sides_: _Sides, assays: list[int], flag: np.ndarray, counts: np.ndarray) -> _Compared:
        known = sides_.known[:, assays]
        groups = [known * (flag == value)[:, None] for value in (1, 0)]
        ones = np.ones((1, len(known)))
        observed, drawn = (
            _effects(weights, sides_.measured[:, assays], sides_.predicted[:, assays], known, groups)
            for weights in (ones, counts)
        )
        return cls({side: value[0] for side, value in observed.items()}, drawn, groups[0], groups[1])


def _effects(
    weights: np.ndarray, measured: np.ndarray, predicted: np.ndarray, known: np.ndarray, groups: list[np.ndarray]
) -> dict[str, np.ndarray]:
    """Side -> effects under each row of `weights` over lines, (n_weights, n_assays); NaN where a group is empty."""
    n = [weights @ group for group in groups]
    total = weights @ known

    def gap(values: np.ndarray) -> np.ndarray:
        means = [_ratio(weights @ (group * values), size) for group, size in zip(groups, n, strict=True)]
        result: np.ndarray = means[0] - means[1]
        return result

    def spread(values: np.ndarray) -> np.ndarray:
        mean = _ratio(weights @ values, total)
        result: np.ndarray = np.sqrt(np.maximum(_ratio(weights @ values**2, total) - mean**2, 0.0))
        return result

    unit, between = spread(measured), gap(predicted)
    shown, scaled = _ratio(gap(measured), unit), _ratio(between, spread(predicted))
    return dict(zip(SIDES, (shown, _ratio(between, unit), scaled, scaled - shown), strict=True))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    # Centring leaves rounding dust in a constant column, which must not pass for a spread.
    result: np.ndarray = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 1e-12)
    return result


def _row(relation: Relation, assay: str, found: _Compared, places: list[int]) -> dict[str, object]:
    """The row of the assays at `places` together."""
    altered, others = found.altered[:, places], found.others[:, places]
    numbers = [float(np.median(group.sum(axis=0))) if places else 0.0 for group in (altered, others)]
    effects: dict[str, float] = {}
    for side in SIDES:
        effects[side] = float(_mean(found.effects[side][None, places])[0])
        effects[f"{side}_low"], effects[f"{side}_high"] = _interval(_mean(found.draws[side][:, places]))
    few = min(numbers) < MIN_ALTERED
    data, model, excess = (
        INCONCLUSIVE if few else _verdict(effects[f"{side}_low"], effects[f"{side}_high"])
        for side in ("measured", "predicted_scaled", "excess")
    )
    return {
        "relation": relation.name,
        "assay": assay,
        "direction": relation.direction,
        "marker": relation.formula,
        "within": relation.formula_within,
        "calls": relation.calls,
        "n_assays": len(places),
        "altered": numbers[0],
        "others": numbers[1],
        "lines": int(altered.any(axis=1).sum()),
        **effects,
        "measured_verdict": data,
        "predicted_verdict": model,
        "agreement": agreement(relation.direction, data, model, excess),
        "source": relation.source,
    }


def _mean(effects: np.ndarray) -> np.ndarray:
    """Mean over the assays (last axis) that have an effect; NaN where none has."""
    has = ~np.isnan(effects)
    return _ratio(np.where(has, effects, 0.0).sum(axis=1), has.sum(axis=1).astype(float))


def _interval(draws: np.ndarray) -> tuple[float, float]:
    held = draws[~np.isnan(draws)]
    if not len(held):
        return float("nan"), float("nan")
    low, high = np.quantile(held, [0.025, 0.975])
    return float(low), float(high)


def _verdict(low: float, high: float) -> str:
    if high < 0:
        return "sensitive"
    return "resistant" if low > 0 else NO_EVIDENCE
