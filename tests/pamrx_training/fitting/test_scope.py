"""A part of the cohort for a trial: which lines and drugs, and that it never passes for the whole."""

from __future__ import annotations

from typing import Any

import pytest
from pamrx.errors import UsageError
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.scope import QUICK_DRUGS, QUICK_LINES, WHOLE, Scope, folds_of, narrowed


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Cohort:
    return build_cohort(made_up_gdsc(n=120))


def test_quick_fills_in_only_what_is_not_said() -> None:
    assert Scope.of(None, None, quick=True) == Scope(QUICK_DRUGS, QUICK_LINES)
    assert Scope.of("byl719, MK2206", 80, quick=True) == Scope(("Alpelisib", "MK-2206"), 80)
    assert Scope.of(None, None, quick=False) == WHOLE
    assert (folds_of(None, quick=True), folds_of(None, quick=False), folds_of(4, quick=True)) == (3, 5, 4)


def test_a_part_has_a_fingerprint_and_a_mark_and_the_whole_has_neither() -> None:
    part = Scope(("Alpelisib",), 80)
    assert WHOLE.fingerprint("ab") == "ab"
    assert WHOLE.parameters() == {}
    assert part.fingerprint("ab") not in {"ab", part.fingerprint("cd"), Scope(("Alpelisib",), 81).fingerprint("ab")}
    assert part.parameters() == {"scope": "Alpelisib; 80 lines"}


@pytest.mark.medium
def test_lines_are_drawn_by_donor_in_the_proportions_of_the_tissues(cohort: Cohort) -> None:
    part = narrowed(cohort, Scope(lines=60))
    assert 60 <= len(part.lines) < 66
    out = cohort.cell_lines.drop(part.lines)
    assert not set(part.cell_lines["donor"]) & set(out["donor"])
    shares = [table["tissue_group"].value_counts(normalize=True) for table in (part.cell_lines, cohort.cell_lines)]
    assert (shares[0] - shares[1]).abs().max() < 0.06
    assert narrowed(cohort, Scope(lines=60)).lines == part.lines
    assert set(narrowed(cohort, Scope(lines=40)).lines) < set(part.lines)
    assert narrowed(cohort, Scope(lines=500)).lines == cohort.lines


def test_a_line_without_a_response_to_the_drugs_is_left_out(cohort: Cohort) -> None:
    drug = str(cohort.responses["drug"].iloc[0])
    part = narrowed(cohort, Scope((drug,)))
    assert set(part.responses["drug"]) == {drug}
    assert set(part.lines) == set(cohort.responses.loc[cohort.responses["drug"] == drug, "cell_line"])
    assert part.outside is not None


def test_a_drug_that_the_data_lack_is_named(cohort: Cohort) -> None:
    with pytest.raises(UsageError, match="--drugs: the data hold no response to Nosuchlisib"):
        narrowed(cohort, Scope(("Nosuchlisib",)))


def test_lines_that_are_held_out_stay_and_do_not_count(cohort: Cohort) -> None:
    donors = set(cohort.cell_lines["donor"].iloc[:4])
    held_out = [line for line, donor in zip(cohort.lines, cohort.donors, strict=True) if donor in donors]
    part = narrowed(cohort, Scope(lines=60), held_out)
    assert set(held_out) <= set(part.lines)
    assert 60 <= len(part.lines) - len(held_out) < 66
