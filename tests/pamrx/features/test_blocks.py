"""Each block against numbers worked out by hand or by another library."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx.features.copy_number import CopyNumberBlock
from pamrx.features.mutation import MutationBlock
from pamrx.features.ncrna import NcrnaBlock, mirna_levels
from pamrx.features.scores import normal_scores, scores_in, universe_of
from pamrx.features.signatures import SignatureBlock
from pamrx.features.tissue import TissueBlock
from pamrx.knowledge import table
from pamrx.profiles import Profiles
from scipy.stats import norm, rankdata


def profiles(
    names: list[str],
    mutations: list[tuple[Any, ...]] | None = None,
    sequenced: list[bool] | None = None,
    assessed: frozenset[str] | None = None,
    tissue: list[str | None] | None = None,
    msi: list[str | None] | None = None,
    **matrices: dict[str, list[float]],
) -> Profiles:
    """Profiles of a few samples. `mutations` are (sample, gene, class, change); matrices map a column to its values."""
    index = pd.Index(names, name="sample_id", dtype=object)
    nobody = [None] * len(names)
    samples = pd.DataFrame(
        {"tissue": tissue or nobody, "sample_type": nobody, "msi": msi or nobody}, index=index, dtype=object
    )
    rows = None
    if mutations is not None:
        rows = pd.DataFrame(mutations, columns=["sample_id", "gene", "variant_classification", "hgvsp"])
        rows["driver"] = pd.array([pd.NA] * len(rows), dtype="boolean")
    return Profiles(
        samples=samples,
        sequenced=pd.Series([mutations is not None] * len(names) if sequenced is None else sequenced, index=index),
        mutations=rows,
        assessed_genes=assessed,
        **{kind: pd.DataFrame(columns, index=index, dtype=float) for kind, columns in matrices.items()},
    )


# --- normal scores ---


@pytest.mark.medium
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30), st.data())
@settings(max_examples=60, deadline=None)
def test_scores_are_the_normal_quantiles_of_the_ranks_of_what_is_measured(values: Any, data: Any) -> None:
    row = np.array(values, dtype=float)
    missing = np.array(data.draw(st.lists(st.booleans(), min_size=len(row), max_size=len(row))))
    row[missing] = np.nan
    scores = normal_scores(row[None, :])[0]
    assert np.array_equal(np.isnan(scores), missing)
    known = row[~missing]
    if len(known):
        expected = norm.ppf((rankdata(known, method="average") - 0.5) / len(known))
        np.testing.assert_allclose(scores[~missing], expected, rtol=0, atol=1e-12)


def test_scores_of_three_values_by_hand() -> None:
    # ranks 2, 1, 3 of 3: quantiles at 1/2, 1/6, 5/6
    assert normal_scores(np.array([[4.0, 1.0, 9.0]]))[0] == pytest.approx([0.0, -0.967422, 0.967422], abs=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_any_rising_scale_gives_the_same_scores(seed: Any) -> None:
    values = np.random.default_rng(seed).normal(size=(3, 12))
    assert np.array_equal(normal_scores(values), normal_scores(np.exp(values) * 7 + 3))


def test_the_universe_holds_what_half_of_the_measured_samples_hold() -> None:
    matrix = pd.DataFrame({"b": [1, 2, np.nan, np.nan], "a": [1, np.nan, np.nan, np.nan], "c": [1, 2, 3, np.nan]})
    assert universe_of(matrix) == ("b", "c")  # of three measured samples: a in 1, b in 2, c in 3


def test_under_half_of_the_universe_a_sample_counts_as_unmeasured() -> None:
    universe = ["a", "b", "c", "d"]
    matrix = pd.DataFrame([[1, 2, np.nan, np.nan], [1, np.nan, np.nan, np.nan]], columns=universe, dtype=float)
    scores = scores_in(matrix, universe, matrix.index)
    assert scores.loc[0].notna().tolist() == [True, True, False, False]
    assert scores.loc[1].isna().all()
    assert scores_in(None, universe, matrix.index).isna().all(axis=None)


# --- signatures ---


def test_a_signature_is_the_signed_mean_of_its_genes_scores() -> None:
    block = SignatureBlock("programme", {"two_up_one_down": {"A": 1.0, "B": 1.0, "C": -1.0}})
    scores = pd.DataFrame(
        [[0.5, 1.5, -1.0, 9.0], [0.5, np.nan, -1.0, 9.0], [0.5, np.nan, np.nan, 9.0]],
        index=["whole", "one gone", "two gone"],
        columns=["A", "B", "C", "unrelated"],
    )
    found = block.transform(scores)["two_up_one_down"]
    assert found["whole"] == pytest.approx((0.5 + 1.5 + 1.0) / 3)
    assert found["one gone"] == pytest.approx((0.5 + 1.0) / 2)
    assert np.isnan(found["two gone"])  # a third of its genes is too little


def test_a_signature_under_half_measured_in_training_is_no_feature() -> None:
    rows = table("signatures").query("signature == 'emt_core'")
    genes = rows["gene"].tolist()
    assert len(genes) == 8
    half = SignatureBlock.fit("programme", pd.DataFrame(columns=[*genes[:4], "X"], dtype=float))
    less = SignatureBlock.fit("programme", pd.DataFrame(columns=[*genes[:3], "X"], dtype=float))
    assert set(half.members["emt_core"]) == set(genes[:4])
    assert "emt_core" not in less.members
    weights = dict(zip(genes, rows["weight"].astype(float), strict=True))
    assert half.members["emt_core"] == {gene: weights[gene] for gene in genes[:4]}


# --- copy number ---


def test_minus_two_is_a_loss_two_a_gain_and_nothing_between_is_either() -> None:
    block = CopyNumberBlock(["PTEN_gain", "PTEN_loss"], ["PTEN_amplification", "PTEN_deep_deletion"])
    calls = profiles(list("abcdef"), copy_number={"PTEN": [-2, -1, 0, 1, 2, np.nan]})
    events = block.transform(calls)
    assert events["PTEN_loss"].tolist()[:5] == [1, 0, 0, 0, 0]
    assert events["PTEN_gain"].tolist()[:5] == [0, 0, 0, 0, 1]
    assert events["PTEN_deep_deletion"].tolist()[:5] == [1, 0, 0, 0, 0]
    assert events["PTEN_amplification"].tolist()[:5] == [0, 0, 0, 0, 1]
    assert events.loc["f"].isna().all()


def test_a_gene_that_the_file_lacks_is_missing_not_unchanged() -> None:
    block = CopyNumberBlock(["PTEN_loss"], ["PTEN_deep_deletion"])
    assert block.transform(profiles(["a"], copy_number={"MYC": [2]})).isna().all(axis=None)
    assert block.transform(profiles(["a"])).isna().all(axis=None)


def test_rare_events_and_genes_of_one_segment_are_learned_once() -> None:
    calls = {"PTEN": [-2, -2, 0, 0], "ATAD1": [-2, -2, 0, 0], "MYC": [2, 0, 0, 0], "RB1": [0, -2, -2, 0]}
    block = CopyNumberBlock.fit(profiles(list("abcd"), copy_number=calls), min_altered=2)
    assert block.segments == ["PTEN_loss", "RB1_loss"]  # PTEN, of the axis, stands for ATAD1; MYC is gained once
    assert block.events == []  # without calls apart from the segments


def test_calls_apart_from_segments_are_learned_for_the_axis_and_kept_apart() -> None:
    segments = {"PTEN": [-2, -2, 0, 0]}
    calls = {"PTEN": [-2, 0, 0, -2], "PIK3CA": [2, 2, 0, np.nan], "TP53": [-2, -2, 0, 0]}
    training = profiles(list("abcd"), copy_number=calls, segments=segments)
    block = CopyNumberBlock.fit(training, min_altered=2)
    assert block.state() == {"segments": ["PTEN_loss"], "events": ["PIK3CA_amplification", "PTEN_deep_deletion"]}
    assert block.transform(training)["PTEN_loss"].tolist() == [1, 1, 0, 0]
    assert block.transform(training)["PTEN_deep_deletion"].tolist() == [1, 0, 0, 1]
    user = block.transform(profiles(["u"], copy_number={"PTEN": [-2]}))
    assert user.loc["u", ["PTEN_loss", "PTEN_deep_deletion"]].tolist() == [1, 1]


# --- mutation ---

GENES = ["BRAF", "KRAS", "NF1", "PIK3CA", "PTEN", "TSC1"]
BLOCK = MutationBlock(GENES, GENES, [])


def test_not_mutated_is_zero_and_not_sequenced_is_missing() -> None:
    rows = [("a", "PIK3CA", "Missense_Mutation", "p.H1047R")]
    flags = BLOCK.transform(profiles(["a", "b", "c"], rows, sequenced=[True, True, False]))
    assert flags["PIK3CA"].tolist()[:2] == [1, 0]
    assert flags.loc["c"].isna().all()
    assert BLOCK.transform(profiles(["a"])).isna().all(axis=None)


def test_a_panel_leaves_the_genes_that_it_lacks_missing() -> None:
    rows = [("a", "PIK3CA", "Missense_Mutation", "p.H1047R")]
    flags = BLOCK.transform(profiles(["a"], rows, assessed=frozenset({"PIK3CA", "KRAS", "BRAF", "TP53"}))).loc["a"]
    assert flags["PIK3CA"] == 1
    assert flags["KRAS"] == 0
    assert flags[["PTEN", "TSC1", "NF1", "driver_burden_log2"]].isna().all()
    assert flags["pik3ca_without_ras_raf"] == 1  # its genes were all looked at


def test_counts_and_the_unopposed_flag_by_hand() -> None:
    rows = [
        ("a", "PIK3CA", "Missense_Mutation", "p.H1047R"),
        ("a", "PTEN", "Nonsense_Mutation", "p.R130*"),
        ("a", "PTEN", "Frame_Shift_Del", "p.K267fs"),  # a second hit of one gene counts once
        ("b", "PIK3CA", "Missense_Mutation", "p.E545K"),
        ("b", "KRAS", "Missense_Mutation", "p.G12D"),
        ("b", "TTN", "Nonsense_Mutation", "p.R10*"),  # a gene that training never assessed
        ("c", "PIK3CA", "Missense_Mutation", "p.L10F"),  # a passenger
    ]
    found = BLOCK.transform(profiles(["a", "b", "c"], rows))
    assert found["hits_pi3k"].tolist() == [2, 1, 0]
    assert found["brakes_lost"].tolist() == [1, 0, 0]
    assert found["pik3ca_without_ras_raf"].tolist() == [1, 0, 0]
    assert found["driver_burden_log2"].tolist() == pytest.approx([np.log2(3), np.log2(3), 0.0])


def test_any_change_is_another_flag_than_a_driver() -> None:
    block = MutationBlock(["PIK3CA"], ["PIK3CA"], ["PIK3CA", "AKT1"])
    rows = [
        ("a", "PIK3CA", "Missense_Mutation", "p.H1047R"),
        ("b", "PIK3CA", "Missense_Mutation", "p.L10F"),
        ("c", "PIK3CA", "Silent", "p.L10="),
        ("d", "AKT1", "", "p.T5T"),
    ]
    found = block.transform(profiles(list("abcd"), rows))
    assert found["PIK3CA"].tolist() == [1, 0, 0, 0]
    assert found["PIK3CA_any"].tolist() == [1, 1, 0, 0]
    assert found["AKT1_any"].tolist() == [0, 0, 0, 0]


def test_any_change_is_learned_only_from_a_table_that_lists_them_all() -> None:
    rows = [(name, "PIK3CA", "", "") for name in "ab"] + [(name, "AKT1", "", "") for name in "ab"]
    plain = profiles(list("abcd"), rows, assessed=frozenset({"PIK3CA"}))
    plain.mutations["driver"] = pd.array([True, False, False, False], dtype="boolean")
    assert MutationBlock.fit(plain, 2).listed == []
    told = replace(plain, unfiltered={name: frozenset({"PIK3CA", "AKT1"}) for name in "abc"})
    block = MutationBlock.fit(told, 2)
    assert block.listed == ["AKT1", "PIK3CA"]
    assert block.genes == ["PIK3CA"]  # drivers of AKT1 are not known
    found = block.transform(told)
    assert found["AKT1_any"].tolist()[:3] == [1, 1, 0]
    assert found.loc["d", ["AKT1_any", "PIK3CA_any"]].isna().all()  # its table lists drivers only


def test_todays_symbol_sets_the_flag_of_the_training_symbol() -> None:
    block = MutationBlock(["MLL2", "PTEN"], ["MLL2", "PTEN"], [])
    rows = [("a", "KMT2D", "Nonsense_Mutation", "p.R10*")]
    assert block.transform(profiles(["a"], rows))["MLL2"].tolist() == [1]
    panel = block.transform(profiles(["a"], rows, assessed=frozenset({"KMT2D"})))
    assert panel["MLL2"].tolist() == [1]
    assert panel["PTEN"].isna().all()


def test_msi_is_known_missing_or_stable() -> None:
    found = BLOCK.transform(profiles(["a", "b", "c"], msi=["MSI-H", "MSS", None]))["msi_high"]
    assert found.tolist()[:2] == [1, 0]
    assert np.isnan(found["c"])


# --- ncRNA and tissue ---


def test_a_merged_probe_takes_the_sum_of_its_members_and_older_names_are_found() -> None:
    given_levels = profiles(
        ["a"], ncrna={"hsa-miR-106a": [np.log2(4)], "hsa-miR-17": [np.log2(6)], "hsa-miR-21-5p": [9]}
    )
    levels = mirna_levels(given_levels, ["hsa-miR-106a+hsa-miR-17", "hsa-miR-21", "hsa-miR-155"])
    assert levels.loc["a", "hsa-miR-106a+hsa-miR-17"] == pytest.approx(np.log2(3 + 5 + 1))
    assert levels.loc["a", "hsa-miR-21"] == 9
    assert "hsa-miR-155" not in levels
    assert mirna_levels(profiles(["a"]), ["hsa-miR-21"]) is None


def test_mirna_is_ranked_among_the_mirna_of_its_own_sample() -> None:
    block = NcrnaBlock(["hsa-miR-21", "hsa-miR-155", "hsa-let-7a"], ["hsa-miR-21", "hsa-miR-155", "hsa-let-7a"], [])
    levels = profiles(["low", "high"], ncrna={"hsa-miR-21": [3, 13], "hsa-miR-155": [1, 11], "hsa-let-7a": [2, 12]})
    found = block.transform(levels, pd.DataFrame(index=levels.samples.index))
    assert found.loc["low"].tolist() == found.loc["high"].tolist() == pytest.approx([0.967422, -0.967422, 0], abs=1e-6)


def test_tissue_is_one_of_the_known_none_of_them_or_missing() -> None:
    block = TissueBlock.fit(profiles(["a", "b"], tissue=["skin", "breast"]))
    found = block.transform(profiles(["a", "b", "c"], tissue=["skin", "prostate", None]))
    assert list(found.columns) == ["breast", "skin"]
    assert found.loc["a"].tolist() == [0, 1]
    assert found.loc["b"].tolist() == [0, 0]
    assert found.loc["c"].isna().all()


def test_a_change_that_the_file_does_not_tell_is_unknown_where_it_decides() -> None:
    rows = [
        ("a", "PIK3CA", "Missense_Mutation", ""),
        ("b", "PIK3CA", "Missense_Mutation", ""),
        ("b", "PIK3CA", "Missense_Mutation", "p.H1047R"),  # one known driver settles it
        ("c", "PTEN", "Nonsense_Mutation", ""),  # the consequence decides
    ]
    found = BLOCK.transform(profiles(["a", "b", "c"], rows))
    assert np.isnan(found.loc["a", "PIK3CA"])
    assert np.isnan(found.loc["a", "hits_pi3k"])
    assert found.loc["b", "PIK3CA"] == 1
    assert found.loc["c", ["PTEN", "PIK3CA"]].tolist() == [1, 0]


def test_the_unopposed_flag_is_settled_by_what_is_known() -> None:
    rows = [("a", "KRAS", "Missense_Mutation", "p.G12D"), ("b", "TP53", "Missense_Mutation", "p.R175H")]
    found = BLOCK.transform(profiles(["a", "b"], rows, assessed=frozenset({"KRAS", "PIK3CA", "TP53"})))
    assert found["pik3ca_without_ras_raf"].tolist() == [0, 0]
