"""A part of the training cohort: few drugs, or fewer lines, for a trial that takes a minute and not an hour."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from pamrx.display import short_repr
from pamrx.errors import UsageError
from pamrx.knowledge.drugs import resolve_screened

from pamrx_training.fitting.cohort import Cohort

log = logging.getLogger(__name__)

QUICK_DRUGS = ("Alpelisib", "Capivasertib", "Temsirolimus")
"""One inhibitor of PI3K alpha, one of AKT, one of mTOR."""

QUICK_LINES, QUICK_FOLDS, FOLDS = 300, 3, 5
_SEED = 0  # the same lines for every seed of folds, so that trials differ in nothing else


@short_repr
@dataclass(frozen=True)
class Scope:
    """What of the cohort takes part. Without drugs and lines it is the whole.

    Attributes
    ----------
    drugs : names as in `knowledge/drugs.csv`; empty for all of them.
    lines : how many lines, drawn by donor in the proportions of the tissues; None for all of them.
    """

    drugs: tuple[str, ...] = ()
    lines: int | None = None

    @classmethod
    def of(cls, drugs: str | None, lines: int | None, quick: bool) -> Self:
        """From the options of a command: names with commas, a number of lines, and `--quick` for what they leave open.

        Raises
        ------
        UsageError
            If a drug is unknown or in no screen.
        """
        named: tuple[str, ...] = QUICK_DRUGS if quick and drugs is None else ()
        if drugs is not None:
            named = tuple(drug.name for drug in resolve_screened(drugs.split(",")))
        return cls(named, QUICK_LINES if quick and lines is None else lines)

    @property
    def whole(self) -> bool:
        """Whether every drug and every line takes part."""
        return not self.drugs and self.lines is None

    def __str__(self) -> str:
        drugs = ", ".join(self.drugs) or "all drugs"
        return f"{drugs}; {'all' if self.lines is None else self.lines} lines"

    def parameters(self) -> dict[str, str]:
        """The entry of a run or a manifest that marks a part; nothing for the whole."""
        return {} if self.whole else {"scope": str(self)}

    def fingerprint(self, data: str) -> str:
        """That of the data, or for a part of them another one: what is computed from a part is never the whole's."""
        if self.whole:
            return data
        return hashlib.sha256(json.dumps([data, asdict(self)]).encode()).hexdigest()


WHOLE = Scope()


def folds_of(n_folds: int | None, quick: bool) -> int:
    """The number of folds that the options mean."""
    return n_folds or (QUICK_FOLDS if quick else FOLDS)


def narrowed(cohort: Cohort, scope: Scope, held_out: Sequence[str] = ()) -> Cohort:
    """The part of a cohort that a scope names, with the lines that are held out, which do not count.

    Raises
    ------
    UsageError
        If the cohort has no response to one of the drugs.
    """
    if scope.whole:
        return cohort
    responses, kept = cohort.responses, [line for line in cohort.lines if line not in set(held_out)]
    if scope.drugs:
        lacking = [drug for drug in scope.drugs if drug not in set(responses["drug"])]
        if lacking:
            raise UsageError(f"--drugs: the data hold no response to {', '.join(lacking)}")
        responses = responses[responses["drug"].isin(scope.drugs)].reset_index(drop=True)
        kept = [line for line in kept if line in set(responses["cell_line"])]
    part = Cohort(cohort.profiles, responses, cohort.cell_lines, cohort.outside)
    if scope.lines is not None and scope.lines < len(kept):
        kept = _drawn(part.subset(kept), scope.lines)
    log.info(f"a trial on a part of the data ({scope}): {len(kept)} lines; its numbers are no evidence")
    return part.subset([*kept, *held_out])


def _drawn(cohort: Cohort, n_lines: int) -> list[str]:
    """Whole donors, in an order in which any number of lines has each tissue's share."""
    tissues = cohort.cell_lines["tissue_group"].to_numpy(dtype=str)
    tissue = dict(zip(cohort.donors, tissues, strict=True))
    shuffled = np.random.default_rng(_SEED).permutation(np.unique(cohort.donors))
    place: dict[str, tuple[float, str]] = {}
    for name in np.unique(tissues):
        own = [donor for donor in shuffled if tissue[donor] == name]
        place |= {donor: ((number + 0.5) / len(own), name) for number, donor in enumerate(own)}
    drawn: list[str] = []
    for donor in sorted(place, key=place.__getitem__):
        if len(drawn) >= n_lines:
            break
        drawn += [line for line, one in zip(cohort.lines, cohort.donors, strict=True) if one == donor]
    return drawn
