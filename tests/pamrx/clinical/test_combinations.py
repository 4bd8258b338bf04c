"""Measured partners of mTOR inhibitors: the tables, which lines count as similar, and the numbers over them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.clinical.combinations import (
    ALL_LINES,
    COLUMNS,
    GENES,
    MIN_DONORS,
    N_SIMILAR,
    measured_partners,
    similar_donors,
)
from pamrx.errors import PamrxError
from pamrx.identifiers.vocabulary import vocabulary
from pamrx.knowledge import table
from pamrx.knowledge.drugs import resolve

from tests.pamrx.features.test_blocks import profiles


def altered(*genes: str, unknown: tuple[str, ...] = ()) -> pd.Series:
    flags = {gene: np.nan if gene in unknown else float(gene in genes) for gene in GENES}
    return pd.Series(flags)


def test_the_tables_fit_together() -> None:
    scores, lines = table("combinations"), table("nci60_lines")
    assert set(scores.columns) - {"drug", "partner"} == set(lines["line"])
    assert {resolve(drug).name for drug in scores["drug"]} == {"Everolimus", "Rapamycin"} == set(scores["drug"])
    assert not scores.duplicated(["drug", "partner"]).any()
    assert set(lines["tissue"]) <= set(vocabulary()["tissue"])
    assert {gene for cell in lines["alterations"] for gene in cell.split("|") if gene} <= set(GENES)
    assert scores.groupby("drug").size().min() > 95


def test_the_features_that_say_altered_are_of_the_released_bundle(bundle: Bundle) -> None:
    assert {name for names in GENES.values() for name in names} <= set(bundle.model.features_)


def test_facts_about_lines_that_everybody_knows() -> None:
    lines = table("nci60_lines").set_index("line")
    held = lines["alterations"].str.split("|")
    assert "PIK3CA" in held["BR:MCF7"]
    assert "PTEN" in held["PR:PC-3"]
    assert "BRAF" in held["ME:SK-MEL-28"]
    assert {"KRAS", "STK11"} <= set(held["LC:A549/ATCC"])
    assert lines.loc["CNS:SNB-19", "donor"] == lines.loc["CNS:U251", "donor"]
    assert lines.loc["ME:MDA-MB-435", "tissue"] == "skin"


def test_lines_of_the_tissue_and_with_the_alterations_come_first() -> None:
    donors, words = similar_donors("breast", altered("PIK3CA"))
    assert donors[:2] == ["MCF7", "T47D"]
    assert set(donors) >= {"BT549", "HS578T", "MDAMB231"}
    assert words == "breast, PIK3CA"
    assert len(donors) >= N_SIMILAR


def test_without_tissue_the_alterations_decide() -> None:
    donors, words = similar_donors(None, altered("BRAF"))
    assert {"COLO205", "M14", "SKMEL5"} <= set(donors)
    assert words == "BRAF"


def test_a_gene_that_was_not_assessed_makes_no_difference_between_lines() -> None:
    donors, _ = similar_donors("skin", altered("BRAF", unknown=("PTEN", "NF1")))
    # In the order of the table: all share skin and BRAF, and differ in what was not assessed.
    assert donors == ["LOXIMVI", "MALME3M", "M14", "SKMEL28", "SKMEL5", "UACC257", "UACC62"]
    donors, _ = similar_donors("skin", altered("BRAF"))
    assert donors == ["MALME3M", "M14", "SKMEL5", "UACC257", "LOXIMVI", "SKMEL28", "UACC62"]


@pytest.mark.parametrize(("tissue", "genes"), [(None, ()), ("thyroid", ()), ("prostate", ())])
def test_where_too_few_lines_share_anything_all_are_taken_and_it_is_said(
    tissue: str | None, genes: tuple[str, ...]
) -> None:
    donors, words = similar_donors(tissue, altered(*genes))
    assert words == ALL_LINES
    assert len(donors) == table("nci60_lines")["donor"].nunique()


def test_mean_spread_and_number_are_those_of_the_table() -> None:
    given = profiles(["a"])
    given.samples["tissue"] = ["breast"]
    features = pd.DataFrame({"mutation.PIK3CA": [1.0]}, index=given.samples.index)
    found = measured_partners(given, features, top=300)
    assert list(found.columns) == list(COLUMNS)
    assert found["mean"].is_monotonic_decreasing
    assert (found["n_donors"] >= MIN_DONORS).all()
    row = found[(found["drug"] == "Everolimus") & (found["partner"] == "Fulvestrant")].iloc[0]
    lines = table("nci60_lines").set_index("line")["donor"]
    scores = table("combinations").set_index(["drug", "partner"]).loc[("Everolimus", "Fulvestrant")]
    own = pd.to_numeric(scores[lines[lines.isin(row["donors"].split("|"))].index])
    values = own.groupby(lines[own.index]).mean().dropna()
    assert row["n_donors"] == len(values)
    assert row["mean"] == pytest.approx(values.mean())
    assert row["sd"] == pytest.approx(values.std())
    assert row["low"] < row["mean"] < row["high"]
    assert row["n_all"] > row["n_donors"]


def test_one_tumour_reads_as_in_a_crowd_and_top_limits_each() -> None:
    given = profiles(["a", "b"])
    given.samples["tissue"] = ["skin", None]
    features = pd.DataFrame({"mutation.BRAF": [1.0, np.nan]}, index=given.samples.index)
    both = measured_partners(given, features, top=4)
    assert both.groupby("sample_id").size().tolist() == [4, 4]
    alone = measured_partners(given.subset(["a"]), features.loc[["a"]], top=4)
    pd.testing.assert_frame_equal(alone, both[both["sample_id"] == "a"])
    assert set(both.loc[both["sample_id"] == "b", "donors"]) == {"all"}


def test_wrong_rows_and_an_empty_top_are_refused() -> None:
    given = profiles(["a"])
    with pytest.raises(PamrxError, match="not the samples"):
        measured_partners(given, pd.DataFrame(index=["b"]))
    with pytest.raises(PamrxError, match="top is 0; expected 1 or more"):
        measured_partners(given, pd.DataFrame(index=["a"]), top=0)
