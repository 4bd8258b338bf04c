"""What is told of a tumour, and what is not: forty made profiles, and the released bundle's verdicts on a few."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch

import pamrx
import pandas as pd
import pytest
from pamrx import Bundle, Profiles
from pamrx.clinical.evidence import LEVELS, evidence
from pamrx.clinical.statements import COLUMNS, clinical_statements, not_assessed

from tests.pamrx.clinical.made_profiles import CASES, MISSENSE, NONSENSE, Case
from tests.pamrx.features.test_blocks import profiles

pytestmark = pytest.mark.medium


def told(case: Case) -> pd.DataFrame:
    return clinical_statements(case.profile(), purity=case.purities()).set_index("evidence_id")


def test_there_are_forty_profiles_each_with_a_name_of_its_own() -> None:
    assert len(CASES) == 40
    assert len({case.name for case in CASES}) == 40


def test_every_name_in_the_made_profiles_is_one_of_the_table() -> None:
    known = [row.id for row in evidence()]
    for case in CASES:
        assert set(case.must) <= set(known)
        assert set(case.notes) <= set(known)
        assert all(any(fnmatch(name, pattern) for name in known) for pattern in case.must_not), case.name


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_a_made_profile_gets_the_statements_that_fit_and_no_others(case: Case) -> None:
    found = told(case)
    assert not [name for name in case.must if name not in found.index]
    for pattern in case.must_not:
        assert not [name for name in found.index if fnmatch(name, pattern)], pattern
    for name, part in case.notes.items():
        note = found.at[name, "note"]
        assert part in note if part else note == "", note


def test_the_table_has_its_columns_types_and_order() -> None:
    given = profiles(
        ["b", "a"],
        [("a", "PIK3CA", MISSENSE, "p.H1047R"), ("b", "AKT1", MISSENSE, "p.E17K")],
        tissue=["lung_NSCLC", "breast"],
    )
    found = clinical_statements(given)
    assert tuple(found.columns) == COLUMNS
    assert found["shift"].dtype == "float64"
    assert str(found["lines"].dtype) == "Int64"
    assert list(dict.fromkeys(found["sample_id"])) == ["b", "a"]
    for _, rows in found.groupby("sample_id", sort=False):
        for _, part in rows.groupby(rows["tumour_type_match"] == "other"):
            ranks = [LEVELS.index(level) for level in part["level"]]
            assert ranks == sorted(ranks)
        elsewhere = (rows["tumour_type_match"] == "other").to_list()
        assert elsewhere == sorted(elsewhere)


def test_a_sample_alone_gets_what_it_gets_in_a_crowd() -> None:
    given = profiles(
        ["a", "b"],
        [("a", "PIK3CA", MISSENSE, "p.H1047R"), ("b", "PTEN", NONSENSE, "p.R130*")],
        tissue=["breast", "prostate"],
        copy_number={"PTEN": [0, -1]},
    )
    crowd = clinical_statements(given)
    for name in ("a", "b"):
        alone = clinical_statements(given.subset([name]))
        pd.testing.assert_frame_equal(alone, crowd[crowd["sample_id"] == name].reset_index(drop=True))


def test_nothing_known_is_an_empty_table_with_the_same_columns() -> None:
    found = clinical_statements(profiles(["a"]))
    assert found.empty
    assert tuple(found.columns) == COLUMNS


def test_a_file_s_own_driver_word_counts() -> None:
    given = profiles(["s"], [("s", "PTEN", MISSENSE, "p.A79T")], tissue=["breast"])
    given.mutations["driver"] = pd.array([True], dtype="boolean")
    assert "PTEN.CAPItello-291" in set(clinical_statements(given)["evidence_id"])


def test_without_purity_only_a_very_low_fraction_is_spoken_of() -> None:
    for fraction, spoken in ((0.03, True), (0.12, False)):
        case = Case("one", "breast", (("PIK3CA", MISSENSE, "p.H1047R", fraction),))
        assert ("likely subclonal" in told(case).at["PIK3CA.SOLAR-1", "note"]) is spoken


def test_where_copies_were_gained_no_share_of_cells_is_told() -> None:
    one = (("PIK3CA", MISSENSE, "p.H1047R", 0.05),)
    assert (
        "subclonal" not in told(Case("gained", "breast", one, {"PIK3CA": 2}, purity=0.9)).at["PIK3CA.SOLAR-1", "note"]
    )


def test_markers_that_were_not_looked_at_are_listed_and_only_those() -> None:
    given = profiles(
        ["none", "panel", "all"],
        [("panel", "AKT1", MISSENSE, "p.E17K")],
        sequenced=[False, True, True],
        assessed=frozenset({"AKT1"}),
        tissue=["breast", "breast", "prostate"],
        copy_number={"PTEN": [float("nan"), 0, 0]},
    )
    found = not_assessed(given)
    genes = {str(name): set(rows["gene"]) for name, rows in found.groupby("sample_id")}
    assert genes["none"] >= {"PIK3CA", "AKT1", "PTEN"}
    assert "AKT1" not in genes["panel"]
    assert "PIK3CA" in genes["panel"]
    assert set(found.loc[(found["sample_id"] == "none") & (found["gene"] == "PTEN"), "not_assessed"]) == {
        "mutations and copy number"
    }
    assert set(found["level"]) <= set(LEVELS[:3])
    whole = profiles(["w"], [], tissue=["breast"], copy_number={"PTEN": [0], "ERBB2": [0]})
    assert not_assessed(whole).empty


def test_the_bundle_agrees_where_it_learned_and_says_what_it_did_not(bundle: Bundle, examples: Profiles) -> None:
    found = clinical_statements(examples, bundle)
    own = found[found["sample_id"] == "MCF-7"].set_index("evidence_id")
    assert own.at["PIK3CA.SOLAR-1", "model"] == "agrees"
    assert own.at["PIK3CA.SOLAR-1", "shift"] < 0
    assert set(found.loc[found["alteration"] == "whatever the genes", "model"]) == {""}


def test_akt1_is_said_not_to_be_learned(bundle: Bundle) -> None:
    given = profiles(["s"], [("s", "AKT1", MISSENSE, "p.E17K")], tissue=["breast"])
    found = clinical_statements(given, bundle).set_index("evidence_id")
    assert found.at["AKT1.CAPItello-291", "model"] == "not learned (training does not mark its drivers)"
    assert pd.isna(found.at["AKT1.CAPItello-291", "lines"])
    assert abs(found.at["AKT1.CAPItello-291", "shift"]) < 0.5


def test_a_drug_outside_the_screens_is_answered_by_its_class_or_not_at_all(bundle: Bundle) -> None:
    given = profiles(["s"], [("s", "PPP2R1A", MISSENSE, "p.P179R")], tissue=["endometrium"])
    found = clinical_statements(given, bundle).set_index("evidence_id")
    assert found.at["PPP2R1A.RNR", "model"] == "not predicted"


def test_the_shift_is_the_sum_of_the_gene_s_contributions(bundle: Bundle, examples: Profiles) -> None:
    one = examples.subset(["MCF-7"])
    shift = clinical_statements(one, bundle).set_index("evidence_id").at["PIK3CA.SOLAR-1", "shift"]
    rows = pamrx.explain(one, drugs=["Alpelisib"], bundle=bundle)
    names = rows["feature"].astype(str)
    own = names.str.fullmatch(r"mutation\.PIK3CA(_any|_two_hit|_lost)?|copy_number\.PIK3CA_\w+|.*pik3ca_without.*")
    assert shift == pytest.approx(rows.loc[own, "contribution"].sum(), abs=1e-9)


def test_no_prediction_changes_by_it(bundle: Bundle, examples: Profiles) -> None:
    one = examples.subset(["MCF-7"])
    before = bundle.predict(one)
    clinical_statements(one, bundle)
    pd.testing.assert_frame_equal(before, bundle.predict(one))


def test_it_is_reachable_from_the_package_alone() -> None:
    code = "import pamrx; print(pamrx.clinical.clinical_statements.__name__, pamrx.clinical.not_assessed.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["clinical_statements", "not_assessed"]
