"""A bundle judged on a user's own measured responses: order, calibration and coverage, each with an interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.bundle.file_prediction import STUDY
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.identifiers.sample_twins import twin_hint
from pamrx.knowledge.drug_status import status
from pamrx.readers.text.given_files import entries, is_file, is_folder
from scipy.stats import rankdata

from pamrx_training.datasets.own_responses import OwnResponses
from pamrx_training.evaluation.metrics import correlation, interval, resampled
from pamrx_training.evaluation.probability_calibration import recalibration
from pamrx_training.evaluation.ranking import ALL, CLINICAL, PLAIN, Question, draw, ranking_table
from pamrx_training.evaluation.ranking_measures import AUC, across_lines, sensitive
from pamrx_training.evaluation.ranking_scores import TOOL

MIN_SAMPLES = 10
"""With fewer measured samples a drug's correlation is too uncertain to tell."""

MIN_FOR_FIFTH = 15
"""With fewer samples the most sensitive fifth has under three, too few to tell."""

MIN_FOR_ORDER = 3
"""Drugs that an order inside a sample needs."""

FEW = "too few to tell"
NO_ORDER = "no order"
KINDS = ("mutations", "expression", "ncrna", "copy_number", "samples", "panel")
SCORES = {"sensitivity_percentile": "percentile", "specific_percentile": "specific percentile"}
CHANCES = ("chance", "viability_chance")
COLUMNS = ("level", "name", "measure", "against", "value", "low", "high", "n", "note")


@short_repr
@dataclass(frozen=True)
class OwnJudgement:
    """How well the predictions fit the measurements.

    Attributes
    ----------
    table : `COLUMNS`: level (`drug`, `order` of drugs inside a sample, or `all` cells), name (of the drug or order),
        measure, against (the order that it is taken less), value, low, high (95 %), n (samples, or cells), note
        (`FEW` where there is no value).
    notes : which samples and drugs were judged.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]


def profile_files(folder: Path) -> dict[str, Path]:
    """The files of a folder of profiles, as `pamrx.bundle.file_prediction.predict_files` takes them.

    A cBioPortal study, or files called mutations, expression, ncrna, copy_number, samples and panel, with any ending.

    Raises
    ------
    InputError
        If it is no folder, holds none of them, or two of a kind.
    """
    if not is_folder(folder):
        raise InputError(f"{folder}: not a folder; expected one that holds the profiles of the samples")
    names = [path for path in entries(folder) if is_file(path)]
    if any(path.name.startswith("meta_") for path in names):
        return {STUDY: folder}
    found: dict[str, Path] = {}
    for path in names:
        kind = path.name.split(".")[0].lower()
        if kind in KINDS:
            if kind in found:
                raise InputError(
                    f"{folder}: {found[kind].name} and {path.name} are two files of one kind; expected one"
                )
            found[kind] = path
    if not found:
        shown = ", ".join(path.name for path in names[:4]) or "nothing"
        raise InputError(
            f"{folder}: no profiles; found {shown}; expected a cBioPortal study folder, or files called mutations, "
            "expression, ncrna or copy_number, with any ending"
        )
    return found


def judge_own(responses: OwnResponses, predicted: pd.DataFrame, draws: int = 1000) -> OwnJudgement:
    """Judge predictions on the samples and drugs that both sides hold.

    Parameters
    ----------
    predicted : the result table of the same samples.

    Raises
    ------
    InputError
        If no sample or no drug is on both sides.
    """
    rows = predicted.assign(sample_id=predicted["sample_id"].astype(str), drug=predicted["drug"].astype(str))
    measured, notes = _shared(responses.values, rows)
    wide = {
        name: rows.pivot(index="sample_id", columns="drug", values=name).loc[measured.index, measured.columns]
        for name in ("ln_ic50", "ln_ic50_lower", "ln_ic50_upper", *SCORES, *CHANCES)
        if name in rows.columns and rows[name].notna().any()
    }
    out = _drugs(measured, wide, draws, responses.is_ln_ic50)
    out += _orders(measured, wide, draws)
    out += _chances(measured, wide, draws)
    if responses.is_ln_ic50:
        out += _scale(measured, wide, draws)
    return OwnJudgement(pd.DataFrame(out, columns=list(COLUMNS)), tuple(notes))


def _shared(values: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    samples, drugs = set(rows["sample_id"]), set(rows["drug"])
    both = [name for name in values.index if name in samples]
    if not both:
        raise InputError(
            f"no sample of the responses has a profile: responses name {', '.join(values.index[:3])}, profiles "
            f"{', '.join(list(dict.fromkeys(rows['sample_id']))[:3])}{twin_hint(values.index, sorted(samples))}"
        )
    known = [drug for drug in values.columns if drug in drugs]
    if not known:
        raise InputError(f"none of the drugs measured is predicted by this bundle: {', '.join(values.columns[:5])}")
    notes = [f"judged: {len(both)} samples and {len(known)} drugs that have both a response and a prediction"]
    if len(both) < len(values):
        away = [name for name in values.index if name not in samples]
        hint = twin_hint(away, sorted(samples - set(both)))
        notes.append(f"{len(away)} samples have a response and no profile, such as {away[0]}{hint}")
    if away := [drug for drug in values.columns if drug not in drugs]:
        notes.append(f"{len(away)} drugs were measured and are not predicted: {', '.join(away[:5])}")
    return values.loc[both, known], notes


def _row(
    level: str, name: str, measure: str, drawn: np.ndarray | None, n: int, against: str = ""
) -> tuple[object, ...]:
    """A row from the value (first) and its draws; `FEW` without them."""
    if drawn is None or not np.isfinite(drawn[0]):
        return (level, name, measure, against, math.nan, math.nan, math.nan, n, FEW)
    known = drawn[1:][np.isfinite(drawn[1:])]
    low, high = interval(known) if len(known) else (math.nan, math.nan)
    return (level, name, measure, against, float(drawn[0]), low, high, n, "")


def _counts(n: int, draws: int) -> np.ndarray:
    return np.vstack([np.ones((1, n)), resampled(n, draws)])


def _drugs(
    measured: pd.DataFrame, wide: Mapping[str, pd.DataFrame], draws: int, is_ln_ic50: bool
) -> list[tuple[object, ...]]:
    out: list[tuple[object, ...]] = []
    score = -wide["ln_ic50"]
    counts = _counts(len(measured), draws).astype(np.float32)
    auc = across_lines(score, {PLAIN: sensitive(measured)}, counts)[PLAIN, AUC]
    for place, drug in enumerate(measured.columns):
        known = measured[drug].notna().to_numpy()
        n = int(known.sum())
        y, p = measured.loc[known, drug].to_numpy(dtype=float), wide["ln_ic50"].loc[known, drug].to_numpy(dtype=float)
        out.append(("drug", drug, "pearson", "", *_correlated(y, p)))
        out.append(("drug", drug, "spearman", "", *_correlated(rankdata(y), rankdata(p))))
        out.append(_row("drug", drug, "auc", auc[:, place] if n >= MIN_FOR_FIFTH else None, n))
        if is_ln_ic50:
            drawn = _counts(n, draws) @ (y - p) / n if n >= MIN_SAMPLES else None
            out.append(_row("drug", drug, "bias", drawn, n))
    return out


def _correlated(y: np.ndarray, p: np.ndarray) -> tuple[float, float, float, int, str]:
    """A correlation with Fisher's interval, which holds for few samples where redrawing them does not."""
    n = len(y)
    r = correlation(y, p) if n >= MIN_SAMPLES else math.nan
    if math.isnan(r):
        return math.nan, math.nan, math.nan, n, FEW
    # Bonett and Wright's factor for ranks; for Pearson's r it is slightly wide.
    half = 1.959964 * math.sqrt((1 + r * r / 2) / (n - 3))
    middle = math.atanh(min(max(r, -0.999999), 0.999999))
    return r, math.tanh(middle - half), math.tanh(middle + half), n, ""


def _orders(measured: pd.DataFrame, wide: Mapping[str, pd.DataFrame], draws: int) -> list[tuple[object, ...]]:
    """The order of drugs inside a sample, against no order at all."""
    enough = measured.columns[measured.notna().sum() >= MIN_SAMPLES]
    scores = {words: wide[name][enough] for name, words in SCORES.items() if name in wide}
    both = [wide[name][enough] for name in CHANCES if name in wide]
    if len(both) == len(CHANCES):
        scores["mean chance"] = sum(both[1:], both[0]) / len(both)
    scores = {NO_ORDER: measured[enough] * 0.0, **scores}
    clinical = [drug for drug in enough if status(drug) != TOOL]
    groups = {name: held for name, held in ((CLINICAL, clinical), (ALL, list(enough))) if len(held) >= MIN_FOR_ORDER}
    if not groups:
        return [_row("order", name, "top_three", None, len(enough)) for name in scores if name != NO_ORDER]
    table = ranking_table(draw(Question({PLAIN: measured[enough]}, scores, groups), draws), [NO_ORDER])
    out = []
    for row in table.to_dict("records"):
        if row["measure"] in ("first_pick", "top_three", "rho"):
            few = row["n"] < MIN_SAMPLES
            values = [math.nan if few else row[name] for name in ("value", "low", "high")]
            label = f"{row['score']}, {row['drugs']}"
            out.append(("order", label, row["measure"], row["against"], *values, row["n"], FEW if few else ""))
    return out


def _chances(measured: pd.DataFrame, wide: Mapping[str, pd.DataFrame], draws: int) -> list[tuple[object, ...]]:
    """Calibration of the chances to be in the most sensitive fifth, taken as the fifth of these samples."""
    out: list[tuple[object, ...]] = []
    enough = measured.columns[measured.notna().sum() >= MIN_FOR_FIFTH]
    for name in CHANCES:
        if name not in wide:
            continue
        if not len(enough):
            out.append(_row("all", name, "calibration_slope", None, 0))
            continue
        found = recalibration(wide[name][enough], sensitive(measured[enough]), draws)
        n = int(measured[enough].notna().to_numpy().sum())
        for measure, values in (("calibration_slope", found.slope), ("calibration_intercept", found.intercept)):
            out.append(("all", name, measure, "", *values, n, FEW if math.isnan(values[0]) else ""))
    return out


def _scale(measured: pd.DataFrame, wide: Mapping[str, pd.DataFrame], draws: int) -> list[tuple[object, ...]]:
    """What only ln IC50 can be asked: coverage of the intervals and the mean difference, over redrawn samples."""
    known = measured.notna().to_numpy()
    n = int(known.sum())
    if len(measured) < MIN_SAMPLES:
        return [_row("all", "ln IC50", name, None, n) for name in ("coverage", "bias")]
    counts = _counts(len(measured), draws)
    parts = {"bias": (measured - wide["ln_ic50"]).to_numpy(dtype=float)}
    if "ln_ic50_lower" in wide:
        inside = (measured >= wide["ln_ic50_lower"]) & (measured <= wide["ln_ic50_upper"])
        parts = {"coverage": inside.to_numpy(dtype=float), **parts}
    total = np.maximum(counts @ known.sum(axis=1), 1.0)
    return [
        _row("all", "ln IC50", name, counts @ np.where(known, part, 0.0).sum(axis=1) / total, n)
        for name, part in parts.items()
    ]
