"""Alterations named one by one: what becomes known, what stays unknown, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import InputError, PamrxError, UsageError
from pamrx.features.mutation import any_flags, driver_flags
from pamrx.profiles import Profiles, profiles_by_hand, read_profiles
from pamrx.profiles.check import check_as, check_file_kinds, check_together

HEADER = "sample_id,gene,alteration\n"


def table(folder: Path, *rows: str, name: str = "alterations.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text(header + "".join(f"{row}\n" for row in rows))
    return path


def flags(profiles: Profiles, *genes: str) -> tuple[list[float], list[float]]:
    """Drivers and any changes of the first sample."""
    named = list(genes)
    return driver_flags(profiles, named).iloc[0].tolist(), any_flags(profiles, named).iloc[0].tolist()


def test_only_the_named_genes_are_known_and_each_only_of_what_is_said() -> None:
    profiles = profiles_by_hand(["PIK3CA:H1047R", "PTEN:deletion", "KRAS:wild-type"], "breast")
    assert list(profiles.samples.index) == ["tumour"]
    assert profiles.samples.loc["tumour", "tissue"] == "breast"
    drivers, changes = flags(profiles, "PIK3CA", "KRAS", "PTEN", "NRAS")
    np.testing.assert_array_equal(drivers, [1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(changes, [1, 0, np.nan, np.nan])
    assert profiles.copy_number is not None
    assert profiles.copy_number.to_dict("index") == {"tumour": {"PTEN": -2.0}}
    assert profiles.notes[0] == (
        "alterations: 1 tumour, mutations of PIK3CA, KRAS and copy number of PTEN; everything that is not named is "
        "unknown"
    )


@pytest.mark.parametrize(
    ("alteration", "driver", "changed"),
    [("R130Q", 1, 1), ("driver", 1, 1), ("truncating", 1, 1), ("K6fs", 1, 1), ("mutated", np.nan, 1),
     ("wild-type", 0, 0), ("silent", 0, 0), ("deletion", np.nan, np.nan)],
)  # fmt: skip
def test_what_is_known_of_a_gene_by_what_is_said(alteration: str, driver: float, changed: float) -> None:
    drivers, changes = flags(profiles_by_hand([f"PTEN:{alteration}"]), "PTEN")
    np.testing.assert_array_equal([*drivers, *changes], [driver, changed])


def test_a_driver_does_not_make_the_other_genes_a_list_of_drivers_only() -> None:
    drivers, changes = flags(profiles_by_hand(["PIK3CA:driver", "KRAS:wild-type"]), "PIK3CA", "KRAS")
    assert (drivers, changes) == ([1, 0], [1, 0])


def test_a_tissue_alone_and_alterations_alone() -> None:
    assert profiles_by_hand(tissue="BRCA").samples["tissue"].tolist() == ["breast"]
    alone = profiles_by_hand(["PTEN:deletion"])
    assert alone.samples["tissue"].tolist() == [None]
    assert alone.mutations is None
    assert "tissue: none is given: unknown" in alone.notes
    with pytest.raises(UsageError, match="no input"):
        profiles_by_hand()


def test_a_table_and_a_frame_give_what_naming_by_hand_gives(tmp_path: Path) -> None:
    rows = ["tumour,PIK3CA,H1047R", "tumour,PTEN,deletion"]
    by_hand = profiles_by_hand(["PIK3CA:H1047R", "PTEN:deletion"])
    file = table(tmp_path, *rows)
    for other in (read_profiles(alterations=file), profiles_by_hand(pd.read_csv(file))):
        assert other.mutations is not None
        assert by_hand.mutations is not None
        assert other.copy_number is not None
        pd.testing.assert_frame_equal(other.mutations, by_hand.mutations)
        pd.testing.assert_frame_equal(other.copy_number, by_hand.copy_number)
        assert other.panels == by_hand.panels


def test_several_tumours_each_know_their_own_genes_alone_as_in_a_crowd(tmp_path: Path) -> None:
    rows = {"T1": ["T1,PIK3CA,H1047R"], "T2": ["T2,HER2,amplification"], "T3": ["T3,PTEN,mutated", "T3,AKT1,wt"]}
    crowd = read_profiles(alterations=table(tmp_path, *(row for own in rows.values() for row in own)))
    assert list(crowd.samples.index) == list(rows)
    genes = ["PIK3CA", "PTEN", "AKT1"]
    for sample, own in rows.items():
        alone = read_profiles(alterations=table(tmp_path, *own, name=f"{sample}.csv"))
        for made in (driver_flags, any_flags):
            pd.testing.assert_frame_equal(made(alone, genes), made(crowd, genes).loc[[sample]])
    assert crowd.copy_number is not None
    assert crowd.copy_number.loc["T2"].to_dict() == {"ERBB2": 2.0}
    assert "HER2 -> ERBB2" in " ".join(crowd.notes)


def test_a_table_meets_a_table_of_samples_and_expression_by_name(tmp_path: Path) -> None:
    file = table(tmp_path, "T1,PIK3CA,H1047R", "T2,PTEN,deletion")
    samples = table(tmp_path, "T1,breast", "T2,skin", name="samples.csv", header="sample_id,tissue\n")
    expression = table(tmp_path, "PTEN,2.1,3.5,4.1", "AKT1,7.4,8.2,7.7", name="e.csv", header="gene,T1,T2,T3\n")
    assert read_profiles(alterations=file, samples=samples).samples["tissue"].tolist() == ["breast", "skin"]
    joined = read_profiles(alterations=file, expression=expression)
    assert sorted(joined.samples.index) == ["T1", "T2", "T3"]
    assert np.isnan(driver_flags(joined, ["PIK3CA", "TP53"]).loc[["T2", "T3"]].to_numpy()).all()
    assert "none of its mutations is named: unknown" in " ".join(joined.notes)
    assert "say `sequenced` yes" not in " ".join(joined.notes)


@pytest.mark.parametrize(
    ("texts", "wrong", "mended"),
    [
        (["PIK3CA H1047R"], r"did you mean PIK3CA:H1047R\?", ["PIK3CA:H1047R"]),
        (["PIK3CA=H1047R"], r"did you mean PIK3CA:H1047R\?", ["PIK3CA:H1047R"]),
        (["PIK3CA:H1047R,PTEN:deletion"], "by itself: PIK3CA:H1047R and PTEN:deletion", ["PIK3CA:H1047R",
                                                                                       "PTEN:deletion"]),
        (["KRSA:G12D"], r"did you mean KRAS\?", ["KRAS:G12D"]),
        (["RAS:wt"], r"did you mean HRAS or KRAS or NRAS\?", ["HRAS:wt", "KRAS:wt", "NRAS:wt"]),
        (["PIK3C:H1047R"], "PIK3CA or", ["PIK3CA:H1047R"]),
        (["TSC:truncating"], "several genes; expected one Hugo symbol", ["TSC1:truncating"]),
        (["PTEN:loss"], r"expected deletion \(both copies\)", ["PTEN:deletion"]),
        (["PTEN:wt", "PTEN:R130Q"], "contradicts PTEN:wt of the same tumour", ["PTEN:R130Q"]),
        (["PTEN:intact", "PTEN:deletion"], "contradicts PTEN:intact", ["PTEN:deletion"]),
        (["PTEN"], "with a colon between, such as PIK3CA:H1047R", ["PTEN:deletion"]),
        (["PTEN:"], "with a colon between", ["PTEN:deletion"]),
        (["PTEN:unknown"], "column alteration: found 'unknown'", ["PTEN:mutated"]),
    ],
)  # fmt: skip
def test_advice_for_what_is_named_by_hand_works(texts: list[str], wrong: str, mended: list[str]) -> None:
    with pytest.raises(InputError, match=wrong):
        profiles_by_hand(texts)
    assert profiles_by_hand(mended).n == 1


def test_advice_for_a_tissue_works() -> None:
    with pytest.raises(InputError, match=r"^tissue: found 'brest'.*leave it out if none.*did you mean breast\?"):
        profiles_by_hand(["PTEN:deletion"], "brest")
    assert profiles_by_hand(["PTEN:deletion"], "breast").n == profiles_by_hand(["PTEN:deletion"]).n == 1


def test_one_text_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(InputError, match="expected a list of texts such as PIK3CA:H1047R"):
        profiles_by_hand("PIK3CA:H1047R")


@pytest.mark.parametrize(
    ("row", "wrong"),
    [(",PTEN,deletion", "row 2: column sample_id: empty"), ("T1,,deletion", "row 2: column gene: empty"),
     ("T1,PTEN,", "row 2: column alteration: empty"), ("T1,PTEM,wt", "row 2: alteration PTEM:wt: gene PTEM")],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: str, wrong: str) -> None:
    file = table(tmp_path, "T1,PIK3CA,H1047R", row)
    with pytest.raises(InputError, match=wrong) as refused:
        read_profiles(alterations=file)
    assert str(refused.value).startswith(str(file))


def test_advice_for_a_misspelt_column_works(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column alteration; .*rename alterations to alteration"):
        read_profiles(alterations=table(tmp_path, "T1,PTEN,deletion", header="sample_id,gene,alterations\n"))
    assert read_profiles(alterations=table(tmp_path, "T1,PTEN,deletion", header="Sample ID,Gene,Alteration\n")).n == 1


def test_advice_for_a_table_given_as_mutations_works(tmp_path: Path) -> None:
    file = table(tmp_path, "T1,PIK3CA,H1047R")
    with pytest.raises(
        InputError, match=r"give it to `pamrx predict --alterations`, .* rename alteration to HGVSp_Short"
    ):
        read_profiles(mutations=file)
    np.testing.assert_array_equal(flags(read_profiles(alterations=file), "PIK3CA", "KRAS")[0], [1, np.nan])
    renamed = table(tmp_path, "T1,PIK3CA,H1047R", header="sample_id,gene,HGVSp_Short\n", name="all.csv")
    np.testing.assert_array_equal(flags(read_profiles(mutations=renamed), "PIK3CA", "KRAS")[0], [1, 0])


def test_advice_for_a_table_beside_mutations_works(tmp_path: Path) -> None:
    file = table(tmp_path, "T1,PIK3CA,H1047R")
    other = table(tmp_path, "PTEN,-2", header="gene,T1\n", name="cn.csv")
    with pytest.raises(PamrxError, match=r"leave out .*cn\.csv"):
        read_profiles(alterations=file, copy_number=other)
    assert read_profiles(alterations=file).n == read_profiles(copy_number=other).n == 1


def test_check_recognises_the_table_and_finds_what_predict_finds(tmp_path: Path) -> None:
    file = table(tmp_path, "T1,PIK3CA,H1047R", "T2,PTEN,deletion")
    (found,), (stated,) = check_file_kinds([file]), check_as({"alterations": file})
    assert (found.kind, found.option) == (stated.kind, stated.option) == ("alterations table", "--alterations")
    together = check_together([found])
    assert (together.error, together.options) == ("", {str(file): "--alterations"})
    assert together.holdings.startswith("2 samples, of them with mutations 1")
    (bad,) = check_file_kinds([table(tmp_path, "T1,PTEN,loss", name="bad.csv")])
    assert (bad.kind, bad.option) == ("not read", "")
