"""Whether the model agrees with a finding: what the alteration moves in its prediction, and whether it was learned.

The shift of an alteration is the sum of the contributions of all features of that gene's mutations and copy number, in
ln units of IC50, in the newest screen of the drug; of a drug that no screen holds, or of a class, the median over the
screened drugs of the class. It is shown beside the finding and added to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pamrx.clinical.evidence import Evidence
from pamrx.clinical.learning import BOTH_OR_LOST, GAINS, LOSSES, Training, not_learned, of_copies, of_mutations
from pamrx.display import short_repr
from pamrx.errors import UsageError
from pamrx.explanation.contributions import batches
from pamrx.features.mutation import ANY
from pamrx.identifiers.assay import AssayId
from pamrx.knowledge.drugs import all_drugs, resolve
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.predictions import chosen_assays

AGREES, DISAGREES, UNCLEAR = "agrees", "disagrees", "no clear shift"
NOT_PREDICTED = "not predicted"

CLEAR_SHIFT = 0.05
"""In ln units. A shift below it changes an IC50 by less than 5 %, and counts as none."""

_WITH_RAS = {"PIK3CA": (of_mutations("pik3ca_without_ras_raf"),)}


@short_repr
@dataclass(frozen=True)
class Verdict:
    """`model` says it in words; `shift` in ln units, NaN where there is none; `lines` None where not known."""

    model: str
    shift: float = np.nan
    lines: int | None = None


def features_of(gene: str, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Among the model's features, those of a gene's mutations and copy number, and those of them that are events.

    A feature of any change counts passengers too, so that it shows no learning of a driver; the pathway's counts are
    no features of the gene.
    """
    known = set(names)
    events = [of_mutations(gene, end) for end in ("", *BOTH_OR_LOST)]
    events += [of_copies(gene, kind) for kind in (*GAINS, *LOSSES)]
    others = [of_mutations(gene, ANY), *_WITH_RAS.get(gene, ())]
    return [name for name in (*events, *others) if name in known], [name for name in events if name in known]


def assays_of(row: Evidence, model: SensitivityModel) -> list[AssayId]:
    """The assays that speak for a row: that of its drug, else those of its class; none where no screen holds any."""
    known = chosen_assays(model.assays_)
    try:
        drug = resolve(row.drug).name if row.drug else ""
    except UsageError:
        return []
    own = [assay for assay in known if assay.drug == drug]
    if own:
        return own
    of_class = {one.name for one in all_drugs() if row.drug_class and one.drug_class == row.drug_class}
    return [assay for assay in known if assay.drug in of_class]


def shifts(
    model: SensitivityModel, features: pd.DataFrame, genes: Sequence[str], assays: Sequence[AssayId]
) -> dict[str, pd.DataFrame]:
    """By gene the (n_samples, n_assays) sum of the contributions of its features, in ln units."""
    names = [str(assay) for assay in assays]
    places = {gene: [model.features_.index(one) for one in features_of(gene, model.features_)[0]] for gene in genes}
    found = {gene: np.zeros((len(features), len(names))) for gene in genes}
    for start, block in batches(model, features, names):
        for gene, columns in places.items():
            found[gene][start : start + len(block)] = block[:, columns].sum(axis=1)
    return {gene: pd.DataFrame(values, index=features.index, columns=names) for gene, values in found.items()}


def verdict(
    row: Evidence,
    values: Mapping[str, float],
    moved: pd.Series,
    assays: Sequence[AssayId],
    training: Training,
) -> Verdict:
    """What the model holds of a finding in one sample.

    Parameters
    ----------
    values : of the gene's events in the sample, by feature; empty where the model has none.
    moved : from `shifts`, of the gene and the sample, by assay.
    assays : from `assays_of`.
    """
    if row.kind in ("no marker", "wild type"):
        return Verdict("")
    if not assays:
        return Verdict(NOT_PREDICTED)
    gained = row.kind == "amplification"
    gains = {of_copies(row.gene, kind) for kind in GAINS}
    values = {name: value for name, value in values.items() if (name in gains) == gained}
    present = [name for name, value in values.items() if value == 1]
    shift = float(np.median(moved[[str(assay) for assay in assays]]))
    name = of_copies(row.gene, GAINS[0]) if gained else of_mutations(row.gene)
    reason, count = not_learned(row.gene, name, present, values, training)
    if reason:
        return Verdict(reason, shift, count)
    return Verdict(_judged(row.direction, shift), shift, count)


def _judged(direction: str, shift: float) -> str:
    said = "none" if abs(shift) < CLEAR_SHIFT else "sensitive" if shift < 0 else "resistant"
    if said == direction:
        return AGREES
    return UNCLEAR if said == "none" else DISAGREES
