"""Loads of the miRNAs on their targets, and host transcripts as marked proxies, against results worked out by hand."""

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
from pamrx.explanation.contributions import readable
from pamrx.features import FeatureBuilder
from pamrx.features.ncrna import NcrnaBlock
from pamrx.features.regulation import MIN_FOLLOWED, centre_of, is_proxy, load_scores, loads_of, proxies_of, proxy_scores
from pamrx.knowledge import table
from pamrx.model.boosted import source_of
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.predictions import block_evidence
from pamrx.profiles import Profiles

NAN = float("nan")
HOSTED, HOSTS = ["hsa-miR-126", "hsa-miR-21", "hsa-miR-205", "hsa-let-7a"], ["EGFL7", "AAA", "BBB", "CCC"]


def frame(**columns: list[float]) -> pd.DataFrame:
    """Columns by name, `_` for `-` and `P` for `+`: miR_21=[...] is hsa-miR-21."""
    named = {"hsa-" + name.replace("P_", "+hsa-").replace("_", "-"): values for name, values in columns.items()}
    return pd.DataFrame(named, dtype=float)


def profiles(mirna: pd.DataFrame | None, expression: pd.DataFrame | None) -> Profiles:
    given_one = expression if mirna is None else mirna
    assert given_one is not None
    index = pd.Index(given_one.index, name="sample_id", dtype=object)
    return Profiles(
        samples=pd.DataFrame(None, index=index, columns=["tissue", "sample_type", "msi"], dtype=object),
        sequenced=pd.Series(False, index=index),
        expression=expression,
        ncrna=mirna,
    )


def lines(n: int = 40, seed: int = 0) -> Profiles:
    """Samples whose EGFL7 follows miR-126, the others random; miRNA is lacking in every fourth."""
    random = np.random.default_rng(seed)
    index = pd.Index([f"S{place}" for place in range(n)], name="sample_id", dtype=object)
    mirna = pd.DataFrame(random.normal(8, 2, (n, len(HOSTED))), index=index, columns=HOSTED)
    expression = pd.DataFrame(random.normal(8, 2, (n, len(HOSTS))), index=index, columns=HOSTS)
    expression["EGFL7"] = 3 * mirna["hsa-miR-126"] - 16 + random.normal(0, 0.5, n)
    mirna.iloc[::4] = np.nan
    return profiles(mirna, expression)


# --- which miRNAs press on what ---


def test_a_load_has_the_mirnas_that_lower_its_target_in_either_direction_of_effect() -> None:
    # miR-155 lowers PIK3R1 too, though in lymphoma that activates the axis: the target is what it presses on.
    loads = loads_of(["hsa-miR-155", "hsa-miR-376a", "hsa-miR-21", "hsa-miR-26a-5p"])
    assert loads["load_PIK3R1"] == {"hsa-miR-155": 1.0, "hsa-miR-376a": 1.0}
    assert loads["load_PTEN"] == {"hsa-miR-21": 1.0, "hsa-miR-26a-5p": 1.0}


def test_a_target_of_one_measured_mirna_has_no_load_and_an_unknown_mirna_is_in_none() -> None:
    assert "load_PTEN" not in loads_of(["hsa-miR-21", "hsa-miR-375"])
    assert "load_PTEN" in loads_of(["hsa-miR-21", "hsa-miR-32"])
    assert not any("hsa-miR-9999" in members for members in loads_of(["hsa-miR-9999", "hsa-miR-21"]).values())
    assert loads_of([]) == {}


def test_a_merged_probe_counts_once_with_the_targets_of_all_its_members() -> None:
    loads = loads_of(["hsa-miR-106a+hsa-miR-17", "hsa-miR-92a", "hsa-miR-21"])
    assert loads["load_PTEN"] == {"hsa-miR-106a+hsa-miR-17": 1.0, "hsa-miR-21": 1.0}
    assert loads["load_BCL2L11"] == {"hsa-miR-106a+hsa-miR-17": 1.0, "hsa-miR-92a": 1.0}


def test_in_the_net_loads_a_mirna_counts_by_the_share_of_its_targets() -> None:
    loads = loads_of(["hsa-miR-205", "hsa-miR-21", "hsa-miR-375"])
    assert loads["load_activating"] == pytest.approx({"hsa-miR-205": 2 / 3, "hsa-miR-21": 1.0})  # PTEN, PHLPP2; ERBB3
    assert loads["load_restraining"] == pytest.approx({"hsa-miR-205": 1 / 3, "hsa-miR-375": 1.0})


def test_every_row_of_the_table_says_what_a_load_takes_for_granted() -> None:
    rows = table("ncrna").query("kind == 'miRNA'")
    assert rows["effect_on_axis"].isin(["activates", "restrains"]).all()
    assert not rows.duplicated(["ncrna", "target"]).any(), "one direction for each miRNA and target"
    directions = rows.groupby("target")["effect_on_axis"].nunique()
    # Lowering p85-alpha frees p110 or destabilises it: both are reported.
    assert set(directions.index[directions > 1]) <= {"PIK3R1"}


# --- what they weigh in a sample ---


def test_a_load_is_the_mean_deviation_from_the_training_means() -> None:
    training = frame(miR_21=[0.0, 2.0], miR_32=[-1.0, -3.0])
    loads = loads_of(training.columns)
    centre = centre_of(training, loads)
    assert centre == {"hsa-miR-21": 1.0, "hsa-miR-32": -2.0}
    found = load_scores(frame(miR_21=[1.0, 2.0, 0.0], miR_32=[-2.0, -1.0, 0.0]), loads, centre)
    assert found["load_PTEN"].tolist() == [0.0, 1.0, 0.5]


def test_a_missing_mirna_pulls_a_load_nowhere_and_under_half_of_them_it_is_missing() -> None:
    loads, centre = {"load_X": dict.fromkeys("abc", 1.0)}, {"a": 2.0, "b": -1.0, "c": 0.0}
    scores = pd.DataFrame({"a": [2.5, 2.5, 2.5], "b": [-0.5, -0.5, NAN], "c": [0.5, NAN, NAN]})
    found = load_scores(scores, loads, centre)["load_X"]
    assert found[:2].tolist() == [0.5, 0.5]
    assert np.isnan(found[2])
    half = load_scores(scores[["a", "b"]], {"load_X": {"a": 1.0, "b": 1.0}}, centre)["load_X"]
    assert half.tolist() == [0.5, 0.5, 0.5], "half of them is enough"


def test_the_weights_of_a_net_load_are_used() -> None:
    found = load_scores(frame(miR_1=[3.0], miR_2=[0.0]), {"load_activating": {"hsa-miR-1": 1 / 3, "hsa-miR-2": 1.0}},
                        {"hsa-miR-1": 0.0, "hsa-miR-2": 0.0})  # fmt: skip
    assert found["load_activating"][0] == pytest.approx(0.75)


def test_a_block_from_levels_to_load() -> None:
    """Three miRNAs in one sample have the normal scores of 1/6, 1/2 and 5/6: -0.967422, 0 and 0.967422."""
    universe = ["hsa-let-7a", "hsa-miR-21", "hsa-miR-32"]
    block = NcrnaBlock(universe, universe, [], loads_of(universe), {"hsa-miR-21": 0.967422, "hsa-miR-32": 0.0})
    index = pd.Index(["a", "b"], name="sample_id", dtype=object)
    levels = pd.DataFrame([[1.0, 9.0, 5.0], [9.0, 5.0, 1.0]], index=index, columns=universe)
    found = block.transform(profiles(levels, None), pd.DataFrame(index=index))
    assert found["load_PTEN"].tolist() == pytest.approx([0.0, (-0.967422 - 0.967422) / 2], abs=1e-6)


# --- hosts that stand in ---


def test_only_hosts_that_follow_their_mirna_are_proxies() -> None:
    random = np.random.default_rng(3)
    mirna = frame(miR_126=random.normal(size=50).tolist(), miR_224=random.normal(size=50).tolist())
    hosts = pd.DataFrame(
        {"EGFL7": mirna["hsa-miR-126"] * 2 + 1, "GABRE": random.normal(size=50), "PTEN": mirna.iloc[:, 0]}
    )
    assert proxies_of(mirna, hosts) == {"EGFL7": {"hsa-miR-126": 1.0}}
    assert proxies_of(mirna, hosts.assign(EGFL7=-hosts["EGFL7"])) == {}
    assert proxies_of(mirna.iloc[:19], hosts.iloc[:19]) == {}, "too few samples to tell"
    assert proxies_of(mirna * NAN, hosts) == {}
    assert proxies_of(mirna, hosts.assign(EGFL7=1.0)) == {}
    assert proxies_of(mirna, hosts.drop(columns="EGFL7")) == {}


def test_a_host_of_several_mirnas_is_one_proxy() -> None:
    level = np.linspace(-2, 2, 30).tolist()
    mirna = frame(miR_106aP_miR_17=level, miR_19a=level, miR_92a=level[::-1])
    found = proxies_of(mirna, pd.DataFrame({"MIR17HG": level}))
    assert found == {"MIR17HG": {"hsa-miR-106a+hsa-miR-17": 1.0, "hsa-miR-19a": 1.0}}


def test_a_proxy_is_there_only_where_none_of_its_mirnas_is() -> None:
    mirna = frame(miR_19a=[1.0, NAN, NAN, NAN], miR_92a=[1.0, 1.0, NAN, NAN])
    hosts = pd.DataFrame({"MIR17HG": [0.5, 0.5, 0.5, NAN]})
    found = proxy_scores(mirna, hosts, {"MIR17HG": {"hsa-miR-19a": 0.6, "hsa-miR-92a": 0.6}})["proxy_MIR17HG"]
    assert found[2] == 0.5
    assert found.drop(index=2).isna().all()


@pytest.mark.medium
def test_the_mirna_column_itself_stays_missing_where_its_host_stands_in() -> None:
    training = lines()
    builder = FeatureBuilder(min_altered=3).fit(training)
    assert set(builder.ncrna_.proxies) == {"EGFL7"}
    assert builder.ncrna_.proxies["EGFL7"]["hsa-miR-126"] > MIN_FOLLOWED
    found = builder.transform(training)
    without = training.ncrna.isna().all(axis=1).to_numpy()
    assert found.loc[without, "ncrna.hsa-miR-126"].isna().all()
    proxy = found["ncrna.proxy_EGFL7"]
    assert proxy[~without].isna().all()
    pd.testing.assert_series_equal(proxy[without], found.loc[without, "transcriptome.EGFL7"], check_names=False)
    blind = builder.transform(replace(training, ncrna=None))
    assert blind["ncrna.proxy_EGFL7"].notna().all()
    assert blind[[name for name in blind if name.startswith("ncrna.load_")]].isna().all(axis=None)


# --- rules that the whole builder keeps ---

CROWD = lines(8, seed=9)


@cache
def trained() -> FeatureBuilder:
    return FeatureBuilder(min_altered=3).fit(lines())


@cache
def in_the_crowd() -> pd.DataFrame:
    return trained().transform(CROWD)


@pytest.mark.medium
@given(st.permutations(list(CROWD.samples.index)), st.permutations(HOSTED), st.integers(1, 8))
@settings(max_examples=20, deadline=None)
def test_alone_as_in_a_crowd_and_in_any_order(order: Any, columns: Any, size: Any) -> None:
    assert {"ncrna.load_PTEN", "ncrna.load_activating", "ncrna.proxy_EGFL7"} <= set(in_the_crowd())
    other = replace(CROWD, ncrna=CROWD.ncrna[columns]).subset(order[:size])
    pd.testing.assert_frame_equal(trained().transform(other), in_the_crowd().loc[order[:size]], check_exact=True)


def test_the_state_survives_json() -> None:
    again = FeatureBuilder.from_state(json.loads(json.dumps(trained().state())))
    assert again.state() == trained().state()
    pd.testing.assert_frame_equal(again.transform(CROWD), in_the_crowd(), check_exact=True)


def test_the_circrnas_of_a_user_change_nothing() -> None:
    circular = pd.DataFrame({"circ-ITCH": 50.0, "CDR1as": 3.0, "circXYZ": NAN}, index=CROWD.samples.index)
    other = replace(CROWD, ncrna=pd.concat([circular, CROWD.ncrna], axis=1))
    pd.testing.assert_frame_equal(trained().transform(other), in_the_crowd(), check_exact=True)


# --- what is made of them further on ---


def test_a_load_comes_from_the_mirna_file_and_a_proxy_from_the_transcripts() -> None:
    assert source_of("ncrna.load_PTEN") == source_of("ncrna.load_restraining") == "mirna"
    assert source_of("ncrna.proxy_MIR17HG") == "transcripts"


def test_they_are_told_in_words_and_a_proxy_says_that_it_is_one() -> None:
    assert readable("ncrna.load_PTEN") == "miRNA load on PTEN"
    assert readable("ncrna.load_activating") == "load of activating miRNAs"
    assert readable("ncrna.proxy_EGFL7") == "miR-126 host gene EGFL7 (proxy)"
    assert readable("ncrna.proxy_MCM7") == "miR-106b/93/25 host gene MCM7 (proxy)"
    assert readable("ncrna.hsa-miR-21") == "hsa-miR-21 (ncRNA)"


def test_a_proxy_is_no_evidence() -> None:
    assert is_proxy("ncrna.proxy_MCM7")
    assert not is_proxy("ncrna.load_PTEN")
    assert not is_proxy("transcriptome.MCM7")
    features = pd.DataFrame({"ncrna.hsa-miR-1": [1.0, NAN], "ncrna.proxy_A": [NAN, 1.0]})
    assert block_evidence(features)["ncrna"].tolist() == [1.0, 0.0]
    model = SensitivityModel()
    model.features_, model.assays_ = list(features), ["GDSC2:X"]
    model.importance_ = np.array([[1.0], [3.0]])
    assert model.evidence(features)["GDSC2:X"].tolist() == [1.0, 0.0]


@pytest.mark.medium
def test_columns_that_are_never_known_or_never_vary_do_no_harm() -> None:
    """Where every training line has miRNA the proxies are never known."""
    everyone = lines()
    everyone = replace(everyone, ncrna=everyone.ncrna.fillna(8.0))
    features = FeatureBuilder(min_altered=3).fit(everyone).transform(everyone)
    assert features["ncrna.proxy_EGFL7"].isna().all()
    random = np.random.default_rng(5)
    answer = features["ncrna.load_PTEN"].to_numpy()[:, None] + random.normal(0, 0.1, (len(features), 3))
    responses = pd.DataFrame(answer, index=features.index, columns=["GDSC2:A", "GDSC2:B", "GDSC1:A"])
    model = SensitivityModel(n_boosted=1).fit(features, responses)
    assert np.isfinite(model.predict(features)).all(axis=None)
    moved = features.assign(**{"ncrna.proxy_EGFL7": 5.0})
    pd.testing.assert_frame_equal(model.predict(moved), model.predict(features))


def test_mirna_of_another_assay_counts_as_not_measured() -> None:
    random = np.random.default_rng(4)
    names = [f"hsa-miR-{place}" for place in range(1, 81)]
    usual = random.normal(8, 3, len(names))
    levels = usual + random.normal(0, 1, (60, len(names)))
    index = pd.Index([f"L{row}" for row in range(60)], name="sample_id", dtype=object)
    training = profiles(pd.DataFrame(levels, index=index, columns=names), None)
    nothing = pd.DataFrame(index=index)
    block = NcrnaBlock.fit(training, nothing)
    assert 0.5 < block.least_like < 1
    kept = block.transform(training, nothing)[block.mirnas].notna().all(axis=1)
    assert kept.sum() == 59  # the least alike of sixty is one in two hundred, or more
    other = training.ncrna.copy()
    other.iloc[:30] = random.permuted(levels[:30], axis=1)
    given = replace(training, ncrna=other)
    found = NcrnaBlock.from_state(block.state()).transform(given, nothing)
    assert found.iloc[:30].isna().all(axis=None)
    assert found[block.mirnas].iloc[30:].notna().all(axis=1).sum() >= 29
