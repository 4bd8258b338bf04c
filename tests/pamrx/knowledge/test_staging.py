"""The staged tables: a bundle reads those that it was trained with, all else reads the newest."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pamrx.knowledge
import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle, load_bundle, save_bundle
from pamrx.errors import BundleError
from pamrx.features import FeatureBuilder
from pamrx.features.drivers import driver_calls, non_synonymous, variant_classes
from pamrx.features.mutation import MutationBlock
from pamrx.features.regulation import loads_of
from pamrx.identifiers.genes import default_genes
from pamrx.knowledge import FIRST, NEWEST, every_version, table

from tests.pamrx.features.test_blocks import profiles

STAGED = [path.name[:-4] for path in files(pamrx.knowledge).iterdir() if path.name.endswith(".csv")]
STAGED = [name for name in STAGED if "since" in every_version(name)]


def rows(*changes: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(changes, columns=["gene", "variant_classification", "hgvsp"])
    return frame.assign(driver=pd.array([pd.NA] * len(frame), dtype="boolean"))


def test_hotspots_genes_and_ncrna_are_staged() -> None:
    assert {"hotspots", "genes", "ncrna"} <= set(STAGED)


@pytest.mark.parametrize("name", STAGED)
def test_every_row_holds_in_some_version_and_the_newest_changed_something(name: str) -> None:
    every = every_version(name)
    since = every["since"].replace("", str(FIRST)).astype(int)
    until = every["until"].replace("", str(NEWEST)).astype(int)
    assert (since <= until).all()
    assert since.between(FIRST, NEWEST).all()
    assert until.between(FIRST, NEWEST).all()
    assert not (every["until"] == str(NEWEST)).any(), "a row that holds to the end has no end"
    for version in range(FIRST, NEWEST + 1):
        held = table(name, version)
        assert len(held) == ((since <= version) & (version <= until)).sum()
        assert not {"since", "until"} & set(held)
    assert "2" in set(every["since"])


def test_a_version_that_there_is_not_is_refused() -> None:
    for version in (FIRST - 1, NEWEST + 1):
        with pytest.raises(ValueError, match=f"version {version} of the knowledge tables"):
            table("genes", version)


def test_a_table_without_versions_is_the_same_in_all() -> None:
    assert table("tissues", FIRST) is table("tissues", NEWEST)


def test_the_first_version_is_what_the_released_bundle_was_trained_with() -> None:
    counts = {name: len(table(name, FIRST)) for name in ("hotspots", "genes", "ncrna")}
    assert counts == {"hotspots": 699, "genes": 338, "ncrna": 190}


def test_new_hotspots_are_drivers_by_the_newest_tables_alone() -> None:
    new = rows(
        *[("PIK3CA", "Missense_Mutation", f"p.{change}") for change in (
            "R108H", "C901F", "D350N", "R115L", "P104L", "G1007R", "E970K", "M1004I", "R357Q", "P471L", "N107S",
            "E39K", "T1052K", "C604R", "H1065L", "D939G", "C90Y",
        )],
        ("PIK3CA", "Translation_Start_Site", "p.M1V"),
        ("PIK3CA", "In_Frame_Del", "p.W11_P18del"),
        ("PIK3CA", "In_Frame_Del", "p.G106_R108del"),
        ("PIK3CA", "In_Frame_Del", "p.E110del"),
        ("PIK3CA", "In_Frame_Del", "p.H419_C420del"),
        ("PIK3CA", "In_Frame_Del", "p.G463_N465delinsD"),
        ("PIK3R1", "In_Frame_Del", "p.L380del"),
        ("PIK3R1", "In_Frame_Del", "p.E403_L404del"),
        ("PIK3R1", "Missense_Mutation", "p.Y452C"),
        ("PPP2R1A", "Missense_Mutation", "p.S256F"),
        ("PIK3CB", "Missense_Mutation", "p.R321Q"),
        ("MTOR", "Missense_Mutation", "p.L2427Q"),
        ("MTOR", "Missense_Mutation", "p.A1971T"),
        ("RICTOR", "Missense_Mutation", "p.S1101L"),
        ("STK11", "Missense_Mutation", "p.S216F"),
        ("STK11", "Missense_Mutation", "p.G242W"),
        ("ERBB3", "Missense_Mutation", "p.E332K"),
        ("ERBB3", "Missense_Mutation", "p.K329E"),
        ("ERBB3", "Missense_Mutation", "p.M91I"),
        ("ESR1", "Missense_Mutation", "p.D538G"),
    )  # fmt: skip
    assert driver_calls(new).all()
    assert not driver_calls(new, FIRST).any()
    assert set(variant_classes(new)) == {"activating", "damaging"}


def test_what_was_a_driver_is_one_still() -> None:
    first = table("hotspots", FIRST).query("match != 'range' and effect in ('activating', 'loss')")
    text = first["residue_change"].where(first["match"] == "exact", first["residue_change"] + "?")
    same = first.assign(
        hgvsp="p." + text.str.replace("?", "A", regex=False), variant_classification="Missense_Mutation"
    )
    same = same[~same["hgvsp"].str.match(r"p\.A\d+A$")].assign(driver=pd.array([pd.NA], dtype="boolean")[0])
    before, after = driver_calls(same, FIRST), driver_calls(same)
    assert not same[before & ~after].size


@pytest.mark.parametrize(
    ("gene", "change", "kind"),
    [
        ("PIK3CA", "p.E545_Q546delinsKK", "Missense_Mutation"),
        ("PIK3CA", "p.EQ545KK", "Missense_Mutation"),
        ("PIK3CA", "p.P104_R108delinsLGNRH", "Missense_Mutation"),
        ("KRAS", "p.A59_G60delinsGV", "Missense_Mutation"),
        ("KRAS", "p.AG59GV", "Missense_Mutation"),
        ("KRAS", "p.G60_Q61delinsDK", "Missense_Mutation"),
        ("MTOR", "p.L2427_P2428delinsQS", "Missense_Mutation"),
    ],
)
def test_a_change_of_several_residues_holds_its_hotspot(gene: str, change: str, kind: str) -> None:
    assert driver_calls(rows((gene, kind, change))).all()


def test_a_listed_passenger_moves_no_prediction() -> None:
    changes = [
        ("a", "AKT1", "Missense_Mutation", "p.D32Y"),  # listed
        ("b", "AKT1", "Missense_Mutation", "p.D3N"),  # not listed
        ("c", "AKT1", "Missense_Mutation", "p.E17K"),
    ]
    frame = rows(*[row[1:] for row in changes])
    assert driver_calls(frame).tolist() == [False, False, True]
    assert non_synonymous(frame).tolist() == [False, True, True]
    assert non_synonymous(frame, FIRST).tolist() == [True, True, True]
    given = profiles(["a", "b", "c"], changes)
    newest, first = (
        MutationBlock(["AKT1", "PTEN"], ["AKT1"], ["AKT1"], version).transform(given) for version in (NEWEST, FIRST)
    )
    assert newest["AKT1_any"].tolist() == [0, 1, 1]
    assert first["AKT1_any"].tolist() == [1, 1, 1]
    nobody = MutationBlock(["AKT1", "PTEN"], ["AKT1"], ["AKT1"]).transform(
        profiles(["a"], [("a", "TTN", "Silent", "")])
    )
    pd.testing.assert_frame_equal(newest.loc[["a"]], nobody)


def test_the_direction_of_p85_alpha_is_told_one_way() -> None:
    role = table("genes").set_index("gene").loc["PIK3R1", "effect_on_axis"]
    assert role == "brake", "its loss activates"
    own = table("ncrna").query("target == 'PIK3R1'").set_index("ncrna")["effect_on_axis"]
    lowering = own[own.index.str.startswith("hsa-")]
    assert len(lowering) >= 4
    assert set(lowering) == {"activates"}
    assert own["circAKT3"] == "restrains"  # it keeps a miRNA off


def test_a_mirna_that_lowers_a_brake_activates_and_one_that_lowers_a_driver_restrains() -> None:
    effect = table("genes").set_index("gene")["effect_on_axis"]
    pressed = table("ncrna").query("kind == 'miRNA'")
    known = pressed[pressed["target"].map(effect).fillna("") != ""]
    wanted = known["target"].map(effect).map({"brake": "activates", "driver": "restrains"})
    assert len(known) > 100
    assert (known["effect_on_axis"] == wanted).all(), known.loc[known["effect_on_axis"] != wanted, ["ncrna", "target"]]


def test_loads_are_made_by_the_version_that_is_asked_for() -> None:
    mirnas = ["hsa-miR-29a-3p", "hsa-miR-21-5p", "hsa-miR-376a-3p"]
    assert "hsa-miR-29a-3p" in loads_of(mirnas)["load_activating"]
    assert "hsa-miR-29a-3p" not in loads_of(mirnas, FIRST).get("load_activating", {})


def test_names_of_every_version_are_known_to_the_readers() -> None:
    assert {"ESR1", "PREX2", "CASTOR1"} <= default_genes()
    for version in range(FIRST, NEWEST + 1):
        assert set(table("genes", version)["gene"]) - default_genes() == set()


def test_the_released_bundle_reads_the_version_it_was_trained_with(bundle: Bundle) -> None:
    named = bundle.manifest.get("knowledge_version", FIRST)
    builder = bundle.builder
    assert named == builder.knowledge_version == builder.mutation_.version == builder.brakes_.version
    assert builder.ncrna_.version == named


@pytest.mark.medium
def test_a_builder_keeps_its_version_and_one_that_names_none_has_the_first(bundle: Bundle) -> None:
    state = bundle.builder.state()
    newest = FeatureBuilder.from_state({**state, "knowledge_version": NEWEST})
    assert newest.knowledge_version == newest.mutation_.version == NEWEST
    assert newest.state()["knowledge_version"] == NEWEST
    older = {key: value for key, value in state.items() if key != "knowledge_version"}
    assert FeatureBuilder.from_state(older).knowledge_version == FIRST


@pytest.mark.medium
def test_a_bundle_names_its_version_and_one_from_the_future_is_refused(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = save_bundle(bundle, tmp_path / "kept", "card")
    assert manifest["knowledge_version"] == bundle.builder.knowledge_version
    assert load_bundle(tmp_path / "kept").builder.knowledge_version == bundle.builder.knowledge_version
    monkeypatch.setattr(bundle.builder, "knowledge_version", NEWEST + 1)
    save_bundle(bundle, tmp_path / "future", "card")
    with pytest.raises(BundleError, match=rf"version {NEWEST + 1} of the knowledge tables.*{FIRST} to {NEWEST}; use"):
        load_bundle(tmp_path / "future")
