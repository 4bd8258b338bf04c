"""ESTIMATE's scores against its own procedure, step by step, and where it says nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx.cli.terminal import show_tumour
from pamrx.features.purity import enrichment, estimate_purity, purity_of
from pamrx.knowledge import table
from pamrx.profiles import Profiles
from scipy.stats import rankdata

PUBLISHED = {
    name: sorted(table("signatures").query("signature == @name")["gene"])
    for name in ("estimate_stromal", "estimate_immune")
}
UNIVERSE = sorted({*PUBLISHED["estimate_stromal"], *PUBLISHED["estimate_immune"], *(f"G{i}" for i in range(400))})


def tumours(values: np.ndarray, genes: list[str], tissue: str | None = "breast", kind: str | None = "tumour") -> Any:
    index = pd.Index([f"T{row}" for row in range(len(values))], name="sample_id", dtype=object)
    samples = pd.DataFrame({"tissue": tissue, "sample_type": kind, "msi": None}, index=index, dtype=object)
    expression = pd.DataFrame(values, index=index, columns=genes, dtype=float)
    return Profiles(samples, pd.Series(False, index=index), expression=expression)


def step_by_step(values: np.ndarray, hits: np.ndarray) -> float:
    """The procedure of the R package: walk down the ranked genes and add up the difference of the two running sums."""
    ranks = 10_000 * rankdata(values) / len(values)
    order = np.lexsort((np.arange(len(values)), -ranks))
    weight_of_all_hits = sum(rank**0.25 for rank, hit in zip(ranks, hits, strict=True) if hit)
    in_set = out_of_set = total = 0.0
    for place in order:
        if hits[place]:
            in_set += ranks[place] ** 0.25 / weight_of_all_hits
        else:
            out_of_set += 1 / (~hits).sum()
        total += in_set - out_of_set
    return total


class TestScores:
    @given(st.integers(0, 10_000), st.integers(2, 60))
    @settings(max_examples=40, deadline=None)
    def test_a_score_is_the_sum_of_the_running_differences(self, seed: Any, n: Any) -> None:
        random = np.random.default_rng(seed)
        values = random.normal(size=n).round(1)
        hits = np.zeros(n, dtype=bool)
        hits[random.choice(n, size=random.integers(1, n), replace=False)] = True
        genes = np.array([f"G{place}" for place in range(n)])
        found = enrichment(pd.DataFrame([values], columns=genes), genes[hits], published=int(hits.sum()))
        assert found[0] == pytest.approx(step_by_step(values, hits) * 10_412 / n, rel=1e-9, abs=1e-9)

    def test_four_genes_by_hand(self) -> None:
        # From the top: B (hit, rank 4), A (rank 3), D (hit, rank 2), C (rank 1). Weights 4^.25 and 2^.25.
        first = 4**0.25 / (4**0.25 + 2**0.25)
        differences = [first, first - 0.5, 1 - 0.5, 0.0]
        values = pd.DataFrame([[3.0, 9.0, -1.0, 2.0]], columns=list("ABCD"))
        assert enrichment(values, ["B", "D"], 2)[0] == pytest.approx(sum(differences) * 10_412 / 4)

    def test_genes_that_are_not_measured_are_left_out_of_the_walk(self) -> None:
        values = pd.DataFrame([[3.0, 9.0, np.nan, 2.0]], columns=list("ABCD"))
        assert enrichment(values, ["B"], 1)[0] == enrichment(values[list("ABD")], ["B"], 1)[0]

    def test_purity_by_the_published_formula(self) -> None:
        assert purity_of(pd.Series([0.0]))[0] == pytest.approx(0.8225, abs=1e-4)  # cos 0.6049872
        assert purity_of(pd.Series([-4121.49]))[0] == pytest.approx(1.0, abs=1e-8)
        assert np.isnan(purity_of(pd.Series([6600.0]))[0])  # cos 1.574 is below 0


class TestPurity:
    random = np.random.default_rng(5)
    values = random.normal(size=(4, len(UNIVERSE)))

    def test_both_signatures_are_scored_on_their_own_genes(self) -> None:
        found = estimate_purity(tumours(self.values, UNIVERSE), UNIVERSE)
        for column, name in (("stromal", "estimate_stromal"), ("immune", "estimate_immune")):
            hits = np.isin(UNIVERSE, PUBLISHED[name])
            expected = [step_by_step(row, hits) * 10_412 / len(UNIVERSE) for row in self.values]
            np.testing.assert_allclose(found[column], expected, rtol=1e-9)
        np.testing.assert_allclose(found["purity"], np.cos(0.6049872018 + 0.0001467884 * found["estimate"]))

    def test_more_immune_transcripts_mean_lower_purity(self) -> None:
        admixed = self.values + np.isin(UNIVERSE, PUBLISHED["estimate_immune"])
        pure, mixed = (estimate_purity(tumours(values, UNIVERSE), UNIVERSE) for values in (self.values, admixed))
        assert (mixed["purity"] < pure["purity"]).all()

    @pytest.mark.parametrize(
        ("tissue", "kind"),
        [
            ("breast", "cell_line"),
            ("breast", "xenograft"),
            ("breast", "organoid"),
            ("leukemia", "tumour"),
            ("lymphoma", None),
            ("myeloma", "tumour"),
        ],
    )
    def test_nothing_is_said_where_there_is_no_admixture_or_blood(self, tissue: Any, kind: Any) -> None:
        assert estimate_purity(tumours(self.values, UNIVERSE, tissue, kind), UNIVERSE).isna().all(axis=None)

    def test_a_sample_of_unknown_kind_counts_as_a_tumour(self) -> None:
        assert estimate_purity(tumours(self.values, UNIVERSE, None, None), UNIVERSE).notna().all(axis=None)

    def test_under_half_of_a_signature_there_is_no_purity(self) -> None:
        kept = [name for name in UNIVERSE if name not in PUBLISHED["estimate_stromal"][70:]]
        found = estimate_purity(tumours(self.values, UNIVERSE).subset(["T0"]), kept)
        assert found["stromal"].isna().all()  # 70 of 141
        assert found["immune"].notna().all()
        assert found[["estimate", "purity"]].isna().all(axis=None)

    def test_genes_outside_the_universe_change_nothing(self) -> None:
        more = np.hstack([self.values, self.random.normal(size=(4, 300))])
        names = [*UNIVERSE, *(f"X{place}" for place in range(300))]
        found = estimate_purity(tumours(more, names), UNIVERSE)
        pd.testing.assert_frame_equal(found, estimate_purity(tumours(self.values, UNIVERSE), UNIVERSE))

    def test_a_tumour_alone_scores_as_in_a_crowd(self) -> None:
        crowd = tumours(self.values, UNIVERSE)
        alone = estimate_purity(crowd.subset(["T2"]), UNIVERSE)
        pd.testing.assert_frame_equal(alone, estimate_purity(crowd, UNIVERSE).loc[["T2"]])

    def test_without_expression_nothing_is_said(self) -> None:
        known = tumours(self.values, UNIVERSE)
        assert estimate_purity(Profiles(known.samples, known.sequenced), UNIVERSE).isna().all(axis=None)


class TestShown:
    rows = pd.DataFrame(columns=["drug"])
    present = pd.Series({"mutation": 0.0, "copy_number": 0.0, "tme": 1.0})
    altered = pd.DataFrame(columns=["sample_id", "gene", "alteration"])

    def line(self, capsys: pytest.CaptureFixture[str], about: dict[str, Any], purity: dict[str, Any]) -> str:
        show_tumour("T0", pd.Series(about), self.altered, self.present, self.rows, self.rows, pd.Series(purity))
        told = capsys.readouterr().out
        return next((line for line in told.splitlines() if "ESTIMATE" in line), "")

    def test_a_tumour_shows_purity_and_both_scores(self, capsys: pytest.CaptureFixture[str]) -> None:
        about = {"tissue": "breast", "sample_type": "tumour", "msi": None}
        purity = {"stromal": 310.2, "immune": 820.0, "estimate": 1130.2, "purity": 0.717}
        expected = "ESTIMATE purity, approximate: about 0.72 (stromal score 310, immune score 820)"
        assert self.line(capsys, about, purity).strip() == expected

    def test_what_it_rests_on_is_said_where_the_sample_is_not_described(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        about = {"tissue": None, "sample_type": None, "msi": None}
        purity = {"stromal": 5000.0, "immune": 2000.0, "estimate": 7000.0, "purity": np.nan}
        told = self.line(capsys, about, purity)
        assert "beyond the formula's range" in told
        assert told.rstrip().endswith("holds for a solid tumour only")

    def test_a_cell_line_shows_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        about = {"tissue": "breast", "sample_type": "cell_line", "msi": None}
        nothing = dict.fromkeys(("stromal", "immune", "estimate", "purity"), np.nan)
        assert self.line(capsys, about, nothing) == ""
