"""Other laboratories: a model of GDSC judged by a screen that was run elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pamrx.display import short_repr
from pamrx.knowledge import table as knowledge_table
from pamrx.prediction.predictions import chosen_assays
from pamrx.profiles import Profiles
from scipy.stats import rankdata

from pamrx_training.datasets.laboratory import Laboratory
from pamrx_training.evaluation.metrics import bootstrap_mean_pearson, correlation, interval
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.fit_cache import Fit, run_fits
from pamrx_training.fitting.run_context import RunContext

MIN_LINES = 10
"""Fewer lines give no correlation."""

PARTS = {"nci60": 1, "gcsi": 5}
"""In how many parts a laboratory's lines are held out: NCI-60's are few enough to hold out at once; without gCSI's a
third of GDSC would be missing from training."""


@short_repr
@dataclass(frozen=True)
class Elsewhere:
    """How a model of GDSC does by another laboratory's measurements.

    Attributes
    ----------
    table : one row per repeat, measure, drug and set of lines: repeat (seed), measure, drug, assay (whose prediction
        is used), lines, profile (whose profile is predicted from), n, pearson, spearman. Positive: lines predicted
        more sensitive were more sensitive there. `lines` is "all" (every line of the laboratory that has a profile, the
        model trained on all GDSC lines, these among them) or "held out" (every such line, predicted by a model that
        saw neither it nor its donor). profile "measured in GDSC" is no model but GDSC's own measurement.
    means : index (measure, lines, profile): n_drugs, pearson, low, high (95 % bootstrap over lines), spearman, spread
        (sd over repeats).
    """

    table: pd.DataFrame
    means: pd.DataFrame


def laboratory_fits(cohort: Cohort, samples: Sequence[str], seed: int, parts: int = 1) -> dict[str, Fit]:
    """`all`: trained on every line. `held out N`: trained without the lines of part N and their donors."""
    donors = _donors(cohort, samples)
    names = np.unique(list(donors.values()))
    shuffled = np.random.default_rng(seed).permutation(names)
    part = dict(zip(shuffled, np.arange(len(shuffled)) % parts, strict=True))
    fits = {"all": Fit(tuple(cohort.lines), tuple(samples), seed)}
    for number in range(parts):
        test = [sample for sample in samples if part[donors[sample]] == number]
        away = {donors[sample] for sample in test}
        train = [line for line, donor in cohort.cell_lines["donor"].items() if donor not in away and line not in test]
        fits[f"held out {number}"] = Fit(tuple(map(str, train)), tuple(test), seed)
    return fits


def elsewhere(
    cohort: Cohort,
    laboratory: Laboratory,
    seeds: Sequence[int],
    context: RunContext = RunContext(),
    draws: int = 1000,
) -> Elsewhere:
    """Predict the laboratory's lines from its own profiles, where it has any, and from GDSC's; compare."""
    profiles = {"GDSC": cohort.profiles}
    if laboratory.profiles is not None:
        profiles[laboratory.name] = laboratory.profiles
    answered = set(laboratory.responses["cell_line"])
    known = dict.fromkeys(line for part in profiles.values() for line in part.samples.index if line in answered)
    fits = {
        f"{seed}|{name}": fit
        for seed in seeds
        for name, fit in laboratory_fits(cohort, list(known), seed, PARTS.get(laboratory.name, 5)).items()
    }
    parts: dict[tuple[int, str], list[pd.DataFrame]] = {}
    runs = run_fits(cohort, fits, context, profiles, laboratory.fingerprint)
    for key, frame in runs:
        seed, _, name = key.partition("|")
        parts.setdefault((int(seed), "all" if name == "all" else "held out"), []).append(frame)
    predicted = {key: pd.concat(frames) for key, frames in parts.items()}
    measured = cohort.response_matrix(cohort.lines)
    return _judged(laboratory, predicted, measured, list(profiles), draws)


def _judged(
    laboratory: Laboratory,
    predicted: dict[tuple[int, str], pd.DataFrame],
    measured: pd.DataFrame,
    profiles: Sequence[str],
    draws: int,
) -> Elsewhere:
    rows, sums = [], []
    for measure in laboratory.responses["measure"].unique():
        truth = laboratory.matrix(str(measure))
        for (seed, lines), frame in predicted.items():
            newest = {assay.drug: str(assay) for assay in chosen_assays(list(frame.columns))}
            drugs = [drug for drug in truth.columns if drug in newest]
            assays = [newest[drug] for drug in drugs]
            of = frame.index.get_level_values(0)
            sides = {profile: frame.loc[of == profile, assays].droplevel(0) for profile in profiles}
            if lines == "held out":
                sides["measured in GDSC"] = measured.loc[measured.index.isin(truth.index), assays]
            for profile, side in sides.items():
                sensitivity = -side.set_axis(pd.Index(drugs, dtype=object), axis=1)
                here = [line for line in truth.index if line in sensitivity.index]
                told = {"repeat": seed, "measure": measure, "lines": lines, "profile": profile}
                there, answer = truth.reindex(index=here, columns=drugs), sensitivity.reindex(here)
                one = _per_drug(there, answer).assign(assay=assays, **told)
                rows.append(one)
                sums.append(told | _mean(one, there, answer, draws))
    columns = ["repeat", "measure", "drug", "assay", "lines", "profile", "n", "pearson", "spearman"]
    return Elsewhere(pd.concat(rows, ignore_index=True)[columns], _means(sums))


def _per_drug(truth: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for drug in truth.columns:
        both = truth[drug].notna() & predicted[drug].notna()
        y, p = (table.loc[both, drug].to_numpy(dtype=float) for table in (truth, predicted))
        enough = len(y) >= MIN_LINES
        r, rho = (correlation(y, p), correlation(rankdata(y), rankdata(p))) if enough else (np.nan, np.nan)
        rows.append({"drug": drug, "n": len(y), "pearson": r, "spearman": rho})
    return pd.DataFrame(rows)


def _mean(one: pd.DataFrame, truth: pd.DataFrame, predicted: pd.DataFrame, draws: int) -> dict[str, object]:
    # Where the prediction itself is missing, as a GDSC measurement may be, the pair takes no part.
    pairs = truth.where(predicted.notna())
    return {
        "n_drugs": int(one["pearson"].notna().sum()),
        "n_lines": int(pairs.notna().any(axis=1).sum()),
        "pearson": float(one["pearson"].mean()),
        "spearman": float(one["spearman"].mean()),
        "boot": bootstrap_mean_pearson(pairs, [predicted.fillna(predicted.mean())], draws)[:, 0],
    }


def _means(sums: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(sums)
    keys = ["measure", "lines", "profile"]
    out = table.groupby(keys, sort=False)[["n_drugs", "n_lines", "pearson", "spearman"]].mean()
    grouped = table.groupby(keys, sort=False)
    bounds = {key: interval(np.mean(list(part["boot"]), axis=0)) for key, part in grouped}
    out["low"], out["high"] = (pd.Series({key: bound[side] for key, bound in bounds.items()}) for side in (0, 1))
    out["spread"] = grouped["pearson"].std()
    return out


def _donors(cohort: Cohort, samples: Sequence[str]) -> dict[str, str]:
    """Donor of each sample: GDSC's where it holds the line, else the donor table's, else the line itself."""
    from pamrx_training.datasets.nci60 import OTHER_DONORS

    table = knowledge_table("donors").set_index("cell_line")["donor"]
    known = cohort.cell_lines["donor"]

    def donor(sample: str) -> str:
        line = OTHER_DONORS.get(sample, sample)
        return str(known.get(line, table.get(line, line)))

    return {sample: donor(sample) for sample in samples}


def described(profiles: Profiles | None) -> str:
    """How many profiles a laboratory brought."""
    return "no profiles of its own" if profiles is None else f"{profiles.n} profiles of its own"
