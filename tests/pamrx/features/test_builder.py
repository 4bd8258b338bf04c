"""Rules that `FeatureBuilder` keeps: alone as in a crowd, missing is missing, nothing learned from test profiles."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS, FeatureBuilder
from pamrx.identifiers.feature_name import FeatureName, blocks_of, in_block
from pamrx.knowledge import NEWEST, table
from pamrx.profiles import Profiles
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

SIGNATURES = ("emt_core", "mapk_output", "rtk_feedback", "cytolytic_activity", "antigen_presentation_mhc1")
GENES = sorted(set(table("signatures").query("signature in @SIGNATURES")["gene"]))
LNCRNAS = ["UCA1", "XIST"]
MIRNAS = ["hsa-miR-21", "hsa-miR-155", "hsa-let-7a", "hsa-miR-106a+hsa-miR-17"]
MUTATED = ["BRAF", "KRAS", "MLL2", "NF1", "PIK3CA", "PTEN", "TP53"]
CHANGES = [("Missense_Mutation", "p.H1047R"), ("Nonsense_Mutation", "p.R130*"), ("Missense_Mutation", "p.L10F")]
TISSUES = ["breast", "skin", "Bladder"]


def made_up(n: int, seed: int, prefix: str = "S", assessed: frozenset[str] | None = frozenset(MUTATED)) -> Profiles:
    """n samples with every block, each of which single samples and single values lack here and there."""
    random = np.random.default_rng(seed)
    index = pd.Index([f"{prefix}{place}" for place in range(n)], name="sample_id", dtype=object)

    def matrix(columns: list[str], values: np.ndarray, holes: float = 0.05) -> pd.DataFrame:
        values = np.where(random.random(values.shape) < holes, np.nan, values)
        values[random.random(n) < 0.2] = np.nan
        return pd.DataFrame(values, index=index, columns=columns)

    sequenced = pd.Series(random.random(n) < 0.8, index=index)
    hits = [
        (sample, gene, *CHANGES[random.integers(3)], driver)
        for sample in index[sequenced]
        for gene in MUTATED
        if random.random() < 0.5
        for driver in [[None, True, False][random.integers(3)]]
    ]
    mutations = pd.DataFrame(hits, columns=["sample_id", "gene", "variant_classification", "hgvsp", "driver"])
    samples = pd.DataFrame(
        {
            "tissue": random.choice([*TISSUES, None], n),
            "sample_type": "cell_line",
            "msi": random.choice(["MSI-H", "MSS", None], n),
        },
        index=index,
        dtype=object,
    )
    return Profiles(
        samples=samples,
        sequenced=sequenced,
        mutations=mutations.astype({"driver": "boolean"}),
        assessed_genes=assessed,
        expression=matrix([*GENES, *LNCRNAS], random.normal(7, 2, (n, len(GENES) + 2)).round(1)),
        ncrna=matrix(MIRNAS, random.normal(9, 2, (n, len(MIRNAS))).round(1)),
        copy_number=matrix(["PTEN", "MYC", "RB1"], random.integers(-2, 3, (n, 3)).astype(float)),
    )


TRAINING = made_up(60, seed=1)
CROWD = made_up(9, seed=2, prefix="T")


@cache
def trained() -> FeatureBuilder:
    return FeatureBuilder(min_altered=3).fit(TRAINING)


@cache
def in_the_crowd() -> pd.DataFrame:
    return trained().transform(CROWD)


def same(found: pd.DataFrame, expected: pd.DataFrame) -> bool:
    """Equal to the last bit, NaN in the same places, same labels in the same order."""
    labels = found.index.tolist() == expected.index.tolist() and found.columns.tolist() == expected.columns.tolist()
    return labels and np.array_equal(found.to_numpy(), expected.to_numpy(), equal_nan=True)


def test_the_inputs_of_these_tests_reach_every_block_and_leave_gaps() -> None:
    assert set(blocks_of(in_the_crowd())) == set(BLOCKS)
    for block in BLOCKS:
        part = in_the_crowd()[in_block(in_the_crowd(), block)]
        assert part.isna().any(axis=None), block
        assert part.nunique().max() > 1, block
    assert {f"programme.{name}" for name in SIGNATURES[:3]} <= set(in_the_crowd())
    assert {f"tme.{name}" for name in SIGNATURES[3:]} <= set(in_the_crowd())
    assert {"ncrna.UCA1", "ncrna.hsa-miR-21", "ncrna.load_PTEN"} <= set(in_the_crowd())
    assert {"mutation.PIK3CA", "copy_number.PTEN_loss"} <= set(in_the_crowd())


# --- rule 1: one tumour alone scores as it does in a crowd ---


@pytest.mark.medium
@given(st.permutations(list(CROWD.samples.index)), st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_any_subset_in_any_order_gives_the_same_numbers(order: Any, size: Any) -> None:
    chosen = order[:size]
    assert same(trained().transform(CROWD.subset(chosen)), in_the_crowd().loc[chosen])


@pytest.mark.medium
@given(st.integers(1, 9))
@settings(max_examples=9, deadline=None)
def test_any_chunking_gives_the_same_numbers(size: Any) -> None:
    names = list(CROWD.samples.index)
    chunks = [trained().transform(CROWD.subset(names[start : start + size])) for start in range(0, len(names), size)]
    assert same(pd.concat(chunks), in_the_crowd())


@pytest.mark.medium
@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_genes_and_of_mutations_is_irrelevant(random: Any) -> None:
    def shuffled(matrix: pd.DataFrame) -> pd.DataFrame:
        return matrix[random.sample(list(matrix.columns), matrix.shape[1])]

    other = replace(
        CROWD,
        expression=shuffled(CROWD.expression),
        ncrna=shuffled(CROWD.ncrna),
        copy_number=shuffled(CROWD.copy_number),
        mutations=CROWD.mutations.iloc[random.sample(range(len(CROWD.mutations)), len(CROWD.mutations))],
    )
    assert same(trained().transform(other), in_the_crowd())


@pytest.mark.medium
@given(st.integers(0, 1_000_000), st.integers(1, 300))
@settings(max_examples=15, deadline=None)
def test_genes_that_training_never_held_change_nothing(seed: Any, count: Any) -> None:
    random = np.random.default_rng(seed)
    index = CROWD.samples.index

    def widened(matrix: pd.DataFrame, prefix: str, values: np.ndarray) -> pd.DataFrame:
        more = pd.DataFrame(values, index=index, columns=[f"{prefix}{place}" for place in range(count)])
        return pd.concat([more, matrix], axis=1)

    wide = random.normal(0, 100, (len(index), count))
    sequenced = index[CROWD.sequenced]
    more = pd.DataFrame(
        {
            "sample_id": random.choice(sequenced, count),
            "gene": [f"UNRELATED{place}" for place in range(count)],
            "variant_classification": "Nonsense_Mutation",
            "hgvsp": "p.R10*",
            "driver": pd.array([True] * count, dtype="boolean"),
        }
    )
    other = replace(
        CROWD,
        expression=widened(CROWD.expression, "UNRELATED", wide),
        ncrna=widened(CROWD.ncrna, "hsa-miR-9000", wide),
        copy_number=widened(CROWD.copy_number, "UNRELATED", random.integers(-2, 3, wide.shape).astype(float)),
        mutations=pd.concat([more, CROWD.mutations], ignore_index=True),
    )
    assert same(trained().transform(other), in_the_crowd())


@pytest.mark.medium
@pytest.mark.parametrize("copy_number_as", ["genes", "segments"])
def test_no_level_of_another_gene_than_those_read_changes_anything(copy_number_as: Any) -> None:
    segments = copy_number_as == "segments"
    builder = FeatureBuilder(min_altered=3)
    builder.fit(replace(TRAINING, segments=TRAINING.copy_number * -1) if segments else TRAINING)
    given = replace(CROWD, segments=CROWD.copy_number * -1 if segments else None)
    expected = builder.transform(given)
    for kind, genes in builder.genes_read().items():
        if (matrix := getattr(given, kind)) is None:
            continue
        more = matrix[list(matrix.columns)[:1] * 2].set_axis(["UNREAD1", "UNREAD2"], axis=1)
        kept = pd.concat([matrix[[name for name in matrix if name in genes]], more], axis=1)
        assert same(builder.transform(replace(given, **{kind: kept})), expected), kind
        for gene in sorted(genes & set(matrix.columns)):
            without = builder.transform(replace(given, **{kind: matrix.drop(columns=gene)}))
            assert not same(without, expected), (kind, gene)


# --- rule 2: missing is missing ---

OF_TWO = ("mutation.PTEN_two_hit", "mutation.PTEN_lost")
"""Of mutations and copy number: what remains of them without one is in the tests of the brakes."""


def in_blocks(name: str, *blocks: str) -> bool:
    return FeatureName.parse(name).block in blocks


WITHOUT: dict[str, Any] = {
    "expression": lambda name: in_blocks(name, "transcriptome", "tme", "programme") or name == "ncrna.UCA1",
    "ncrna": lambda name: name.startswith(("ncrna.hsa-miR", "ncrna.hsa-let", "ncrna.load_")),
    "copy_number": lambda name: in_blocks(name, "copy_number"),
    "mutations": lambda name: in_blocks(name, "mutation") and name not in ("mutation.msi_high", *OF_TWO),
}


@pytest.mark.parametrize("kind", WITHOUT)
def test_a_block_that_is_not_given_is_missing_and_the_others_stay_as_they_were(kind: Any) -> None:
    changes = {kind: None}
    if kind == "mutations":
        changes["sequenced"] = pd.Series(False, index=CROWD.samples.index)
    found = trained().transform(replace(CROWD, **changes))
    gone = [name for name in found if WITHOUT[kind](name) or (kind == "expression" and name == "ncrna.XIST")]
    assert found[gone].isna().all(axis=None)
    changed = [*gone, *OF_TWO]
    assert same(found.drop(columns=changed), in_the_crowd().drop(columns=changed))


def test_a_sample_row_without_values_is_missing_in_that_block_only() -> None:
    whole = made_up(4, seed=3)
    expression = whole.expression.fillna(5.0)
    expression.iloc[1] = np.nan
    found = trained().transform(replace(whole, expression=expression))
    ranked = [name for name in found if in_blocks(name, "transcriptome", "tme", "programme")]
    assert found.loc["S1", ranked].isna().all()
    assert found.drop(index="S1")[ranked].notna().all(axis=None)


def test_an_unknown_tissue_and_msi_are_missing() -> None:
    blank = CROWD.samples.assign(tissue=None, msi=None).astype(object)
    found = trained().transform(replace(CROWD, samples=blank))
    assert found[in_block(found, "tissue")].isna().all(axis=None)
    assert found["mutation.msi_high"].isna().all()


def test_nothing_at_all_is_nothing_but_missing() -> None:
    index = pd.Index(["S"], name="sample_id", dtype=object)
    nothing = Profiles(
        samples=pd.DataFrame(None, index=index, columns=["tissue", "sample_type", "msi"], dtype=object),
        sequenced=pd.Series([False], index=index),
    )
    assert trained().transform(nothing).isna().all(axis=None)


def test_genes_outside_a_panel_are_missing_and_those_inside_are_not() -> None:
    panel = frozenset({"PIK3CA", "KRAS"})
    mutations = CROWD.mutations[CROWD.mutations["gene"].isin(panel)]
    found = trained().transform(replace(CROWD, mutations=mutations, assessed_genes=panel))
    for gene in ("PIK3CA", "KRAS"):
        assert same(found[[f"mutation.{gene}"]], in_the_crowd()[[f"mutation.{gene}"]])
    for name in ("PTEN", "TP53", "driver_burden_log2", "brakes_lost"):
        assert found[f"mutation.{name}"].isna().all()


# --- rule 3: nothing is learned from test profiles ---


def poisoned(profiles: Profiles, lines: list[str]) -> Profiles:
    """The same with garbage in place of all that is known of `lines`."""
    expression, ncrna, calls = (matrix.copy() for matrix in (profiles.expression, profiles.ncrna, profiles.copy_number))
    expression.loc[lines] = -1e6
    ncrna.loc[lines] = 1e6
    calls.loc[lines] = 2.0
    samples = profiles.samples.copy()
    samples.loc[lines, "tissue"] = "prostate"
    mutations = profiles.mutations
    return replace(
        profiles,
        samples=samples,
        expression=expression,
        ncrna=ncrna,
        copy_number=calls,
        mutations=mutations[~mutations["sample_id"].isin(lines)],
    )


@pytest.mark.medium
def test_garbage_in_the_test_lines_leaves_the_fit_unchanged() -> None:
    lines = list(TRAINING.samples.index)
    train, test = lines[:45], lines[45:]
    clean = FeatureBuilder(min_altered=3).fit(TRAINING.subset(train))
    dirty = FeatureBuilder(min_altered=3).fit(poisoned(TRAINING, test).subset(train))
    assert clean.state() == dirty.state()
    assert same(clean.transform(TRAINING.subset(train)), dirty.transform(poisoned(TRAINING, test)).loc[train])


# --- the scikit-learn contract, and the state on disk ---


def test_it_can_be_cloned_and_told_its_parameters() -> None:
    assert FeatureBuilder().get_params() == {"blocks": BLOCKS, "min_altered": 5, "knowledge_version": NEWEST}
    copy = clone(FeatureBuilder(blocks=("mutation", "tissue"), min_altered=7, knowledge_version=1))
    assert copy.get_params() == {"blocks": ("mutation", "tissue"), "min_altered": 7, "knowledge_version": 1}
    assert not hasattr(clone(trained()), "universe_")
    assert FeatureBuilder().set_params(min_altered=2).min_altered == 2


@pytest.mark.medium
def test_fit_returns_itself_and_leaves_its_parameters_alone() -> None:
    builder = FeatureBuilder(min_altered=3)
    assert builder.fit(TRAINING) is builder
    assert builder.get_params() == {"blocks": BLOCKS, "min_altered": 3, "knowledge_version": NEWEST}
    assert builder.state() == trained().state()


def test_the_names_are_the_columns_block_by_block() -> None:
    assert trained().get_feature_names_out().tolist() == in_the_crowd().columns.tolist()
    assert [block for block in BLOCKS for _ in in_block(in_the_crowd(), block)] == blocks_of(in_the_crowd())
    assert in_the_crowd().columns.is_unique
    assert set(in_the_crowd().dtypes) == {np.dtype(float)}


@pytest.mark.parametrize("ask", ["transform", "get_feature_names_out", "state"])
def test_asked_before_it_is_fitted_it_says_so(ask: Any) -> None:
    arguments = (CROWD,) if ask == "transform" else ()
    with pytest.raises(NotFittedError):
        getattr(FeatureBuilder(), ask)(*arguments)


@pytest.mark.medium
def test_a_choice_of_blocks_gives_those_blocks_only() -> None:
    some = FeatureBuilder(blocks=("tissue", "mutation"), min_altered=3).fit(TRAINING).transform(CROWD)
    kept = [name for name in in_the_crowd() if in_blocks(name, "mutation", "tissue")]
    assert same(some, in_the_crowd()[kept])


def test_an_unknown_block_is_named() -> None:
    with pytest.raises(PamrxError, match="unknown block 'methylation'"):
        FeatureBuilder(blocks=("methylation",)).fit(TRAINING)


def test_the_state_survives_json_and_gives_the_same_numbers() -> None:
    again = FeatureBuilder.from_state(json.loads(json.dumps(trained().state())))
    assert again.state() == trained().state()
    assert again.get_params() == trained().get_params()
    assert again.get_feature_names_out().tolist() == trained().get_feature_names_out().tolist()
    assert same(again.transform(CROWD), in_the_crowd())


@pytest.mark.medium
def test_rare_alterations_are_no_features() -> None:
    flagged = {name.removeprefix("mutation.") for name in in_block(in_the_crowd(), "mutation")}
    none = FeatureBuilder(min_altered=61).fit(TRAINING).transform(CROWD)
    left = {name.removeprefix("mutation.") for name in in_block(none, "mutation")}
    assert flagged - left == {*MUTATED, *[name.removeprefix("mutation.") for name in OF_TWO]}
    assert not in_block(none, "copy_number")


@pytest.mark.medium
def test_trained_without_a_block_it_builds_no_features_of_it() -> None:
    blind = FeatureBuilder(min_altered=3).fit(replace(TRAINING, ncrna=None, copy_number=None)).transform(CROWD)
    gone = ("ncrna.hsa-", "ncrna.load_", "ncrna.proxy_", "copy_number.")
    assert not [name for name in blind if name.startswith(gone)]
    assert same(blind[["ncrna.UCA1"]], in_the_crowd()[["ncrna.UCA1"]])
