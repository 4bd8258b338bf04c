"""The clinical evidence that fits each tumour, as a table beside the predictions; no number of it enters one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from pamrx.clinical.agreement import Verdict, assays_of, features_of, shifts, verdict
from pamrx.clinical.evidence import LEVELS, Evidence, evidence, genes_of_evidence
from pamrx.clinical.facts import GeneFacts, gene_facts
from pamrx.clinical.learning import Training
from pamrx.clinical.matching import ANY, OTHER, THIS, Match, match, missing_facts, tumour_type_match
from pamrx.display import short_repr
from pamrx.features.purity import estimate_purity
from pamrx.prediction.predictions import TrainedModel
from pamrx.profiles import Profiles

COLUMNS = (
    "sample_id", "evidence_id", "gene", "alteration", "drug", "drug_class", "tumour_type", "tumour_type_match",
    "setting", "direction", "level", "effect", "trial", "nct", "source", "citation_status", "date_checked", "model",
    "shift", "lines", "note",
)  # fmt: skip
NOT_ASSESSED_COLUMNS = ("sample_id", "gene", "kind", "drug", "drug_class", "tumour_type", "level", "not_assessed")

DECIDING = LEVELS[:3]
"""Levels whose markers are listed where they were not looked at: approved, guideline, phase 3."""


@short_repr
@dataclass(frozen=True)
class _Found:
    sample: str
    row: Evidence
    tumour: str
    how: Match


def clinical_statements(
    profiles: Profiles, trained: TrainedModel | None = None, purity: pd.Series | None = None
) -> pd.DataFrame:
    """The clinical evidence that fits each sample, and whether the model agrees.

    Parameters
    ----------
    profiles : n samples; their `tissue` says of which tumour type they are.
    trained : a `Bundle`. Without one the columns `model`, `shift` and `lines` are empty.
    purity : of each sample, 0 to 1, from pathology or a caller. Default: that which ESTIMATE tells from expression,
        where a bundle is given; else unknown.

    Returns
    -------
    DataFrame
        One row per sample and statement, `COLUMNS`; samples in the order of the profiles. Within one the statements
        for its tumour type, or for any, come first, then those of other tumour types; each part by level, from
        `approved with companion marker` to `preclinical`. `alteration` is what was found, as a person names it;
        `tumour_type_match` is `this`, `any`, `other` or `unknown`; `model` is `agrees`, `disagrees`,
        `no clear shift`, `not learned (n lines)`, `not predicted`, or empty where no alteration is asked for; `shift`
        what the gene's features add to the prediction, in ln units of IC50; `lines` the training lines with the
        alteration, null where the bundle does not hold them; `note` says of a brake whether one or both copies are
        hit, which other alteration the evidence needs, and whether a driver is likely subclonal. A gene that was not
        looked at gives no statement: see `not_assessed`.
    """
    purities = _purities(profiles, trained, purity)
    found = list(_found(profiles, purities))
    verdicts = _verdicts(profiles, trained, found)
    rows = [_row(one, said) for one, said in zip(found, verdicts, strict=True)]
    told = pd.DataFrame(rows, columns=list(COLUMNS))
    return told.astype({"shift": "float64", "lines": "Int64"})


def not_assessed(profiles: Profiles) -> pd.DataFrame:
    """Markers of the levels `DECIDING`, in the tumour's type or in any, that a sample's data leave unknown.

    Returns
    -------
    DataFrame
        `NOT_ASSESSED_COLUMNS`, one row per sample and marker; `not_assessed` is `mutations`, `copy number` or both.
    """
    rows = []
    for sample, facts, tissue in _samples(profiles):
        for row in evidence():
            fits = tumour_type_match(row, tissue) in (THIS, ANY)
            if fits and row.level in DECIDING and row.direction != "none" and (what := missing_facts(row, facts)):
                tumour = "|".join(row.tumour_types) or ANY
                rows.append((sample, row.gene, row.kind, row.drug, row.drug_class, tumour, row.level, what))
    found = pd.DataFrame(rows, columns=list(NOT_ASSESSED_COLUMNS))
    return found.drop_duplicates(ignore_index=True)


def _samples(profiles: Profiles) -> Iterator[tuple[str, dict[str, GeneFacts], str | None]]:
    for (sample, facts), tissue in zip(
        gene_facts(profiles, genes_of_evidence()), profiles.samples["tissue"], strict=True
    ):
        yield sample, facts, tissue if isinstance(tissue, str) else None


def _purities(profiles: Profiles, trained: TrainedModel | None, given: pd.Series | None) -> dict[str, float]:
    if given is None and trained is not None and profiles.expression is not None:
        given = estimate_purity(profiles, trained.builder.universe_)["purity"]
    return {} if given is None else {str(sample): float(value) for sample, value in given.items()}


def _found(profiles: Profiles, purities: Mapping[str, float]) -> Iterator[_Found]:
    """What fits each sample, in the order of the table of statements."""
    for sample, facts, tissue in _samples(profiles):
        fitting = []
        for row in evidence():
            tumour = tumour_type_match(row, tissue)
            how = match(row, facts, tumour, purities.get(sample, np.nan))
            if how is not None:
                fitting.append(_Found(sample, row, tumour, how))
        yield from sorted(fitting, key=lambda one: (one.tumour == OTHER, one.row.rank, one.tumour != THIS))


def _verdicts(profiles: Profiles, trained: TrainedModel | None, found: list[_Found]) -> list[Verdict]:
    """What the model says of each statement."""
    if trained is None or not found:
        return [Verdict("") for _ in found]
    model, builder = trained.model, trained.builder
    training = Training.of(trained)
    samples = list(dict.fromkeys(one.sample for one in found))
    features = builder.transform(profiles.subset(samples))
    genes = sorted({one.row.gene for one in found} - {""})
    assays = {one.row.id: assays_of(one.row, model) for one in found}
    wanted = list(dict.fromkeys(assay for own in assays.values() for assay in own))
    moved = shifts(model, features, genes, wanted) if wanted else {}
    events = {gene: features_of(gene, model.features_)[1] for gene in genes}
    places = {sample: place for place, sample in enumerate(samples)}
    out = []
    for one in found:
        gene, place = one.row.gene, places[one.sample]
        values = {name: float(features[name].iloc[place]) for name in events.get(gene, ())}
        shift = moved[gene].iloc[place] if gene in moved else pd.Series(dtype=float)
        out.append(verdict(one.row, values, shift, assays[one.row.id], training))
    return out


def _row(one: _Found, said: Verdict) -> dict[str, object]:
    facts = asdict(one.row)
    return {
        **{name: facts[name] for name in COLUMNS if name in facts},
        "sample_id": one.sample,
        "evidence_id": one.row.id,
        "alteration": one.how.alteration,
        "tumour_type": "|".join(one.row.tumour_types) or ANY,
        "tumour_type_match": one.tumour,
        "model": said.model,
        "shift": said.shift,
        "lines": pd.NA if said.lines is None else said.lines,
        "note": "; ".join(one.how.notes),
    }
