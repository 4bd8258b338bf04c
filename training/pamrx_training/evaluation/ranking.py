"""Whether an order of the drugs inside a tumour is the right one, and that of the tumours for a drug, with intervals.

A line's response to a drug counts by its rank among the lines measured with that drug, since ln IC50 cannot be compared
between drugs; the lowest fifth of the ranks is sensitive. An order is any score of (line, drug), higher for what is to
be tried first. Intervals are over lines, drawn alike for every score and measure, so that differences are paired.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pamrx.display import short_repr

from pamrx_training.evaluation.metrics import interval, resampled
from pamrx_training.evaluation.ranking_measures import (
    AUC,
    TOP_TENTH,
    across_lines,
    first_picks,
    ratio,
    rho_in_line,
    sensitive,
    share_of_lines,
    top_share,
)

MIN_DRUGS, MIN_SHARE = 30, 0.6
"""Lines are looked at from so many measured drugs, or from this share of the drugs where there are fewer than 50."""

FIRST, THREE, RHO = "first_pick", "top_three", "rho"
BEYOND, TOOLS, COMMONEST = "beyond_range", "tool_compounds", "three_commonest"
WITHIN, ACROSS, PICKS = (FIRST, THREE, RHO), (AUC, TOP_TENTH), (BEYOND, TOOLS, COMMONEST)

ALL, CLINICAL = "all", "clinical"
PLAIN, SPECIFIC = "plain", "specific"

COLUMNS = ("drugs", "truth", "score", "measure", "against", "value", "low", "high", "n")

Key = tuple[str, str, str]
"""Group of drugs, truth, measure."""


@short_repr
@dataclass(frozen=True)
class Question:
    """What is judged, and by what.

    Attributes
    ----------
    truths : by name, (n_lines, n_drugs) measured response, lower being more sensitive; NaN where not measured.
    scores : by name, (n_lines, n_drugs) of the same labels, higher being more sensitive; NaN where there is none.
        Judged are the cells that every score and every truth has.
    groups : by name, the drugs that are ordered together. How many drugs a line needs is counted over all drugs.
    beyond : (n_lines, n_drugs) 1 where the measured IC50 lies above the highest concentration tested, else 0; NaN where
        that is unknown.
    tools : drugs that were never given to a person.
    """

    truths: Mapping[str, pd.DataFrame]
    scores: Mapping[str, pd.DataFrame]
    groups: Mapping[str, Sequence[str]]
    beyond: pd.DataFrame | None = None
    tools: frozenset[str] = frozenset()


@short_repr
@dataclass(frozen=True)
class Drawn:
    """Every measure of every score, on the lines as they are and on lines redrawn.

    Attributes
    ----------
    scores : names, in the order of the columns.
    values : by group, truth and measure: (1 + draws, n_scores), the first row of the lines as they are. `PICKS` stand
        under the first truth, for they depend on none.
    n : by the same, lines (drugs for `ACROSS`) that the measure is a mean over.
    """

    scores: tuple[str, ...]
    values: dict[Key, np.ndarray] = field(default_factory=dict)
    n: dict[Key, int] = field(default_factory=dict)


def draw(question: Question, draws: int = 1000, seed: int = 0) -> Drawn:
    """Judge every score on the lines, and on lines redrawn with replacement.

    The fifth of a drug stays that of all its lines: a draw changes who is looked at, not who is sensitive.
    """
    out = Drawn(tuple(question.scores))
    truths = _in_common(question)
    n_lines = len(next(iter(truths.values())))
    counts = np.vstack([np.ones((1, n_lines)), resampled(n_lines, draws, seed)]).astype(np.float32)
    every_hit = {truth: sensitive(measured) for truth, measured in truths.items()}
    across = [across_lines(score, every_hit, counts) for score in question.scores.values()]
    for truth, measured in truths.items():
        hits, rank = every_hit[truth], share_of_lines(measured)
        enough = measured.notna().sum(axis=1).to_numpy() >= fewest_drugs(measured.shape[1])
        for group, drugs in question.groups.items():
            held = np.flatnonzero(measured.columns.isin(list(drugs)))
            for measure in ACROSS:
                of_drug = [one[truth, measure][:, held] for one in across]
                _keep(out, (group, truth, measure), [_mean(one) for one in of_drug], of_drug[0][0])
            lines = np.flatnonzero(enough & (measured.iloc[:, held].notna().sum(axis=1) > 1).to_numpy())
            cells = np.ix_(lines, held)
            of_line = [
                _within(score.to_numpy(dtype=float)[cells], hits.to_numpy()[cells], rank.to_numpy()[cells])
                for score in question.scores.values()
            ]
            for measure in WITHIN:
                parts = [one[measure] for one in of_line]
                _keep(out, (group, truth, measure), [_over_lines(counts[:, lines], one) for one in parts], parts[0])
            if truth == next(iter(truths)):
                _keep_picks(out, question, (group, truth), lines, held, counts)
    return out


def averaged(parts: Sequence[Drawn]) -> Drawn:
    """The mean over several splits of the same lines, whose draws are the same."""
    first = parts[0]
    return Drawn(
        first.scores,
        {key: np.mean([part.values[key] for part in parts], axis=0) for key in first.values},
        {key: min(part.n[key] for part in parts) for key in first.n},
    )


def ranking_table(drawn: Drawn, baselines: Sequence[str]) -> pd.DataFrame:
    """Every measure with its 95 % interval over lines, and each score less each baseline, paired.

    Returns
    -------
    DataFrame
        `COLUMNS`: drugs (the group), truth, score, measure, against (empty for the measure itself, else the baseline
        that is taken from it), value, low, high, n (lines, or drugs for `ACROSS`).
    """
    rows = []
    for (group, truth, measure), table in drawn.values.items():
        for place, name in enumerate(drawn.scores):
            for other in ["", *(one for one in baselines if one in drawn.scores and one != name)]:
                column = table[:, place] - (table[:, drawn.scores.index(other)] if other else 0.0)
                known = column[1:][np.isfinite(column[1:])]
                limits = interval(known) if len(known) else (math.nan, math.nan)
                n = drawn.n[group, truth, measure]
                rows.append((group, truth, name, measure, other, float(column[0]), *limits, n))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def gate(table: pd.DataFrame, against: Mapping[str, Sequence[str]], drugs: str = CLINICAL) -> pd.DataFrame:
    """Whether each score beats the baselines in top three and rho on every truth, with its lower limit above 0.

    Parameters
    ----------
    table : of `ranking_table`.
    against : by truth, the baselines to beat, which are not judged themselves.

    Returns
    -------
    DataFrame
        Index score: passes; and measure, truth, against, value, low, high of the comparison with the lowest limit.
    """
    part = table[(table["drugs"] == drugs) & table["measure"].isin((THREE, RHO))]
    wanted = [other in against.get(truth, ()) for truth, other in zip(part["truth"], part["against"], strict=True)]
    baselines = {name for names in against.values() for name in names}
    judged = part[np.array(wanted, dtype=bool) & ~part["score"].isin(baselines)]
    worst = judged.loc[judged.groupby("score", sort=False)["low"].idxmin()].set_index("score")
    worst.insert(0, "passes", judged.groupby("score")["low"].min() > 0)
    return worst[["passes", "measure", "truth", "against", "value", "low", "high"]]


def fewest_drugs(n_drugs: int) -> int:
    """From how many measured drugs a line is looked at."""
    return min(MIN_DRUGS, max(2, math.ceil(MIN_SHARE * n_drugs)))


def _in_common(question: Question) -> dict[str, pd.DataFrame]:
    """The truths, in cells that every score and every truth has."""
    frames = [*question.scores.values(), *question.truths.values()]
    held = np.logical_and.reduce([frame.notna().to_numpy() for frame in frames])
    return {name: measured.where(held) for name, measured in question.truths.items()}


def _within(score: np.ndarray, hits: np.ndarray, rank: np.ndarray) -> dict[str, np.ndarray]:
    score = np.where(np.isnan(rank), np.nan, score)
    first = (first_picks(score) * np.nan_to_num(hits)).sum(axis=1)
    return {FIRST: first, THREE: top_share(score, hits), RHO: rho_in_line(score, rank)}


def _keep_picks(
    out: Drawn, question: Question, where: tuple[str, str], lines: np.ndarray, held: np.ndarray, counts: np.ndarray
) -> None:
    """What the first picks are, whatever the truth."""
    cells = np.ix_(lines, held)
    known = _in_common(question)[where[1]].notna().to_numpy()[cells]
    columns = next(iter(question.truths.values())).columns[held]
    weight = counts[:, lines]
    picks = [
        first_picks(np.where(known, score.to_numpy(dtype=float)[cells], np.nan)) for score in question.scores.values()
    ]
    tool = np.array([drug in question.tools for drug in columns], dtype=float)
    _keep(out, (*where, TOOLS), [_over_lines(weight, one @ tool) for one in picks], np.zeros(len(lines)))
    common = [-np.sort(-(weight @ one), axis=1)[:, :3].sum(axis=1) / weight.sum(axis=1) for one in picks]
    _keep(out, (*where, COMMONEST), common, np.zeros(len(lines)))
    if question.beyond is not None:
        beyond = question.beyond.to_numpy(dtype=float)[cells]
        parts = [_known_share(one, beyond) for one in picks]
        _keep(out, (*where, BEYOND), [_over_lines(weight, one) for one in parts], parts[0])


def _known_share(picks: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """(n_lines,) share of the picks that are marked, among those whose mark is known; NaN where none is."""
    known = (picks * ~np.isnan(marks)).sum(axis=1)
    found = (picks * np.nan_to_num(marks)).sum(axis=1)
    return ratio(found, known)


def _keep(out: Drawn, key: Key, columns: Sequence[np.ndarray], units: np.ndarray) -> None:
    """One measure, unless no line or drug has it; `units` is finite for each line or drug that counts."""
    n = int(np.isfinite(units).sum())
    if n:
        out.values[key], out.n[key] = np.stack(columns, axis=1), n


def _over_lines(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(draws,) mean of each line's value, lines without one left out."""
    known = np.isfinite(values)
    total = counts[:, known].sum(axis=1, dtype=float)
    found = counts[:, known].astype(float) @ values[known]
    return ratio(found, total)


def _mean(of_drug: np.ndarray) -> np.ndarray:
    """(draws,) mean over the drugs that have a value."""
    known = np.isfinite(of_drug)
    return ratio(np.where(known, of_drug, 0.0).sum(axis=1), known.sum(axis=1))
