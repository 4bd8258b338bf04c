"""When the model agrees, disagrees, or did not learn: by the sign of the shift and the number of training lines."""

from __future__ import annotations

import pandas as pd
import pytest
from pamrx.clinical.agreement import CLEAR_SHIFT, features_of, verdict
from pamrx.clinical.evidence import Evidence, evidence
from pamrx.clinical.learning import LEARNED_FROM, Training
from pamrx.identifiers.assay import AssayId

ASSAY = AssayId("GDSC2", "Alpelisib")
MARKED = frozenset({"PIK3CA", "PTEN", "ERBB2"})
UNCOUNTED = Training(None, 5, MARKED)


def row(name: str) -> Evidence:
    return next(one for one in evidence() if one.id == name)


def said(name: str, shift: float, lines: dict[str, int] | None, value: float = 1.0) -> str:
    moved = pd.Series({str(ASSAY): shift})
    return verdict(row(name), {"mutation.PIK3CA": value}, moved, [ASSAY], Training(lines, 5, MARKED)).model


@pytest.mark.parametrize(
    ("name", "shift", "expected"),
    [
        ("PIK3CA.SOLAR-1", -0.3, "agrees"),
        ("PIK3CA.SOLAR-1", 0.3, "disagrees"),
        ("PIK3CA.SOLAR-1", -CLEAR_SHIFT / 2, "no clear shift"),
        ("PIK3CA.KRAS-BRAF", 0.3, "agrees"),
        ("PIK3CA.KRAS-BRAF", -0.3, "disagrees"),
        ("PIK3CA.S1400B", 0.0, "agrees"),
        ("PIK3CA.S1400B", -0.3, "disagrees"),
    ],
)
def test_the_sign_of_a_clear_shift_decides(name: str, shift: float, expected: str) -> None:
    assert said(name, shift, {"mutation.PIK3CA": 97}) == expected
    assert said(name, shift, None) == expected


@pytest.mark.parametrize(("count", "expected"), [(1, "not learned (1 line)"), (9, "not learned (9 lines)")])
def test_too_few_lines_are_said_whatever_the_shift(count: int, expected: str) -> None:
    assert count < LEARNED_FROM
    assert said("PIK3CA.SOLAR-1", -0.3, {"mutation.PIK3CA": count}) == expected


def test_a_change_that_no_feature_shows_was_not_learned() -> None:
    assert said("PIK3CA.SOLAR-1", -0.3, {"mutation.PIK3CA": 97}, value=0.0).startswith("not learned (no feature")


def test_an_alteration_without_any_feature_says_why() -> None:
    moved = pd.Series({str(ASSAY): -0.02})

    def of(name: str, lines: dict[str, int] | None, marked: frozenset[str]) -> tuple[str, int | None]:
        found = verdict(row(name), {}, moved, [ASSAY], Training(lines, 5, marked))
        assert found.shift == -0.02
        return found.model, found.lines

    marked = frozenset({"AKT1"})
    assert of("AKT1.MATCH-Y", {"mutation.AKT1": 4}, marked) == ("not learned (4 lines)", 4)
    assert of("AKT1.MATCH-Y", None, marked) == ("not learned (fewer than 5 lines)", None)
    assert of("AKT1.MATCH-Y", None, MARKED) == ("not learned (training does not mark its drivers)", None)
    told = "not learned (training does not mark its drivers; any change of it: 14 lines)"
    assert of("AKT1.MATCH-Y", {"mutation.AKT1_any": 14}, MARKED) == (told, None)
    assert of("RICTOR.SCLC", None, MARKED) == ("not learned (fewer than 5 lines)", None)


def test_of_a_class_the_median_speaks() -> None:
    others = [AssayId("GDSC2", name) for name in ("Alpelisib", "Taselisib", "AZD8835")]
    moved = pd.Series({str(assay): shift for assay, shift in zip(others, (-0.5, -0.2, 0.1), strict=True)})
    assert verdict(row("PIK3CA.breast.meta"), {"mutation.PIK3CA": 1.0}, moved, others, UNCOUNTED).shift == -0.2


def test_features_of_a_gene_leave_out_other_genes_and_the_pathway() -> None:
    names = [
        "mutation.PIK3CA", "mutation.PIK3CA_any", "mutation.PIK3CB", "copy_number.PIK3CA_amplification",
        "mutation.hits_pi3k", "mutation.pik3ca_without_ras_raf", "transcriptome.PIK3CA", "mutation.PTEN_low_expression",
    ]  # fmt: skip
    own, events = features_of("PIK3CA", names)
    assert own == [
        "mutation.PIK3CA", "copy_number.PIK3CA_amplification", "mutation.PIK3CA_any", "mutation.pik3ca_without_ras_raf",
    ]  # fmt: skip
    assert events == own[:2]
    assert features_of("PTEN", names) == ([], [])


def test_a_gain_is_no_learning_of_a_mutation_and_the_other_way_round() -> None:
    moved = pd.Series({str(ASSAY): -0.3})
    both = {"copy_number.AKT1_amplification": 1.0, "copy_number.AKT1_gain": 1.0}
    assert verdict(row("AKT1.MATCH-Y"), both, moved, [ASSAY], UNCOUNTED).model.startswith("not learned")
    other = {"mutation.ERBB2": 1.0, "copy_number.ERBB2_amplification": 0.0}
    assert verdict(row("ERBB2.alpelisib.models"), other, moved, [ASSAY], UNCOUNTED).model.startswith("not learned")
    amplified = {"mutation.ERBB2": 0.0, "copy_number.ERBB2_amplification": 1.0}
    assert verdict(row("ERBB2.alpelisib.models"), amplified, moved, [ASSAY], UNCOUNTED).model == "agrees"
