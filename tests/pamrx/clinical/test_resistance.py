"""Statements on resistance: what the table may hold, and which of them a profile shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.clinical.resistance import (
    COLUMNS,
    DIRECTIONS,
    GENERAL,
    HIGH,
    KINDS,
    LEVELS,
    NOT_ASSESSED,
    NOT_SHOWN,
    OTHER_TISSUE,
    SHOWN,
    resistance_statements,
    statements,
)
from pamrx.errors import PamrxError
from pamrx.identifiers.vocabulary import vocabulary
from pamrx.knowledge import table
from pamrx.knowledge.drugs import DRUG_CLASSES, resolve

from tests.pamrx.features.test_blocks import profiles


def at(bundle: Bundle, name: str, z: float) -> float:
    """The value of a feature that lies `z` standard deviations from the mean of the training lines."""
    view = bundle.model.views_[0]
    place = view.features.index(name)
    return float(view.centre[place] + z * view.scale[place])


def judged(bundle: Bundle, given: Any, values: dict[str, float] | None = None) -> pd.DataFrame:
    """The statements on the first sample whose features are unknown but for `values`."""
    features = pd.DataFrame(np.nan, index=given.samples.index, columns=bundle.model.features_)
    for name, value in (values or {}).items():
        features.loc[given.samples.index[0], name] = value
    return resistance_statements(given, features, bundle.model)


def statuses(found: pd.DataFrame, route: str) -> list[str]:
    return sorted(set(found.loc[found["route"] == route, "status"]))


def test_every_feature_of_the_table_is_one_of_the_released_bundle(bundle: Bundle) -> None:
    known = set(bundle.model.features_)
    assert {name for one in statements() for name in one.features} <= known


def test_the_table_keeps_to_its_words() -> None:
    rows = table("resistance")
    assert set(rows["kind"]) == set(KINDS)
    assert set(rows["level"]) <= set(LEVELS)
    assert set(rows["direction"]) <= set(DIRECTIONS)
    assert set(rows["citation_status"]) <= {"opened", "secondary"}
    assert (rows[["route", "statement", "source"]] != "").all(axis=None)
    assert not rows.duplicated(["route", "statement"]).any()


def test_drugs_classes_tissues_and_changes_are_known() -> None:
    for one in statements():
        assert all(drug in DRUG_CLASSES or resolve(drug).name == drug for drug in one.drugs)
        assert set(one.tissues) <= set(vocabulary()["tissue"])
        assert all(gene and change.startswith("p.") for gene, change in one.changes)


@pytest.mark.parametrize(
    "route",
    ["IRS1 feedback", "RTK feedback", "PIM", "SGK", "MYC", "CDK4/6", "autophagy, protective", "autophagy, suppressive",
     "EMT", "PTEN loss", "secondary PIK3CA mutation", "MTOR drug-binding site"],
)  # fmt: skip
def test_the_known_routes_are_there(route: str) -> None:
    assert any(one.route == route for one in statements())


def test_a_high_gene_is_shown_with_how_high_and_one_just_below_is_not(bundle: Bundle) -> None:
    high = judged(bundle, profiles(["a"]), {"transcriptome.PIM1": at(bundle, "transcriptome.PIM1", HIGH + 0.1)})
    row = high[(high["route"] == "PIM") & (high["drugs"] == "PI3K alpha")].iloc[0]
    assert (row["status"], row["shown_by"]) == (SHOWN, "PIM1 high (+1.4 sd)")
    below = judged(bundle, profiles(["a"]), {"transcriptome.PIM1": at(bundle, "transcriptome.PIM1", HIGH - 0.1)})
    assert statuses(below, "PIM") == [NOT_SHOWN]


def test_a_low_gene_is_shown_where_the_route_asks_for_low(bundle: Bundle) -> None:
    found = judged(bundle, profiles(["a"]), {"transcriptome.EIF4EBP1": at(bundle, "transcriptome.EIF4EBP1", -2)})
    assert statuses(found, "eIF4E/4E-BP") == [SHOWN]
    found = judged(bundle, profiles(["a"]), {"transcriptome.EIF4EBP1": at(bundle, "transcriptome.EIF4EBP1", 2)})
    assert statuses(found, "eIF4E/4E-BP") == [NOT_SHOWN]


def test_a_flag_shows_a_route_and_zero_does_not(bundle: Bundle) -> None:
    assert statuses(judged(bundle, profiles(["a"]), {"mutation.PTEN_lost": 1.0}), "PTEN loss") == [SHOWN]
    assert statuses(judged(bundle, profiles(["a"]), {"mutation.PTEN_lost": 0.0}), "PTEN loss") == [NOT_SHOWN]


def test_what_was_not_measured_is_not_assessed_and_what_asks_for_nothing_is_general(bundle: Bundle) -> None:
    given = profiles(["a"])
    given = type(given)(samples=given.samples, sequenced=pd.Series([False], index=given.samples.index))
    found = judged(bundle, given)
    assert set(found["status"]) == {NOT_ASSESSED, GENERAL}
    assert statuses(found, "insulin feedback") == [GENERAL]
    assert statuses(found, "MTOR drug-binding site") == [NOT_ASSESSED]
    assert (found["shown_by"] == "").all()


def test_an_exact_change_is_needed_where_the_statement_names_one(bundle: Bundle) -> None:
    def status(change: str) -> list[str]:
        found = judged(bundle, profiles(["a"], [("a", "MTOR", "Missense_Mutation", change)]))
        own = found[found["statement"].str.startswith("MTOR F2108L")]
        return own["status"].tolist()

    assert status("p.F2108L") == [SHOWN]
    assert status("p.S2215Y") == [NOT_SHOWN]


def test_a_gene_outside_the_panel_is_not_assessed(bundle: Bundle) -> None:
    given = profiles(["a"], [("a", "PIK3CA", "Missense_Mutation", "p.H1047R")])
    panel = type(given)(
        samples=given.samples,
        sequenced=given.sequenced,
        mutations=given.mutations,
        assessed_genes=frozenset({"PIK3CA"}),
    )
    assert statuses(judged(bundle, panel), "MTOR drug-binding site") == [NOT_ASSESSED]


def test_a_statement_on_another_tumour_says_so_and_an_unknown_tissue_takes_any(bundle: Bundle) -> None:
    given = profiles(["a"])
    route, values = "AKT inhibitor with paclitaxel", {"mutation.PTEN_lost": 1.0}
    assert statuses(judged(bundle, given, values), route) == [SHOWN]
    given.samples["tissue"] = ["skin"]
    assert statuses(judged(bundle, given, values), route) == [OTHER_TISSUE]
    given.samples["tissue"] = ["breast"]
    assert statuses(judged(bundle, given, values), route) == [SHOWN]


def test_rows_are_by_sample_then_status_then_level_and_one_alone_reads_as_in_a_crowd(bundle: Bundle) -> None:
    given = profiles(["b", "a"])
    both = judged(bundle, given, {"mutation.PTEN_lost": 1.0})
    assert list(both.columns) == list(COLUMNS)
    assert both["sample_id"].drop_duplicates().tolist() == ["b", "a"]
    own = both[both["sample_id"] == "b"].reset_index(drop=True)
    shown = own[own["status"] == SHOWN]
    assert list(shown.index) == list(range(len(shown)))
    assert shown["level"].map(LEVELS.index).is_monotonic_increasing
    alone = judged(bundle, profiles(["b"]), {"mutation.PTEN_lost": 1.0})
    pd.testing.assert_frame_equal(alone, own)


def test_rows_of_features_that_are_not_the_samples_are_refused(bundle: Bundle) -> None:
    with pytest.raises(PamrxError, match="the rows of features are not the samples"):
        resistance_statements(profiles(["a"]), pd.DataFrame(index=["b"]), bundle.model)
