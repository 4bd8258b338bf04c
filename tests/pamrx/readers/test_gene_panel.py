"""Which genes were assessed: panels of one file, of a study, and what the features make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx.errors import PamrxError
from pamrx.features.mutation import MutationBlock
from pamrx.profiles import Profiles, read_profiles
from pamrx.readers.gene_panel import inside_panels, read_panel

GENES = ("AKT1", "BRAF", "KRAS", "PIK3CA", "PTEN", "TP53")
MAF = (
    "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
    "PIK3CA\tS1\tMissense_Mutation\tp.H1047R\nTP53\tS1\tNonsense_Mutation\tp.R213*\nKRAS\tS2\tMissense_Mutation\tp.G12D\n"
)
CBIOPORTAL = "stable_id: TEST3\ndescription: Targeted, by hand\ngene_list:\tPIK3CA\tKRAS\tPTEN\n"
BLOCK = MutationBlock(list(GENES), list(GENES), [])


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "PIK3CA\nKRAS\nPTEN\n",
        "# a panel\nHugo_Symbol\n\nPIK3CA\nKRAS\r\nPTEN\nPTEN",
        "\ufeffgene\nPIK3CA\nKRAS\nMMAC1\n",
        CBIOPORTAL,
        CBIOPORTAL.replace("\tPIK3CA\tKRAS\t", "PIK3CA KRAS "),
        CBIOPORTAL.replace("PIK3CA\tKRAS\tPTEN", "5290\t3845\t5728"),
    ],
)
def test_lists_and_gene_panel_files(tmp_path: Path, text: str) -> None:
    genes, notes = read_panel(write(tmp_path, "panel.txt", text), GENES)
    assert genes == {"PIK3CA", "KRAS", "PTEN"}
    assert "of 3 genes; mutations of all others count as not assessed" in notes[0]
    assert ("(TEST3)" in notes[0]) == ("stable_id" in text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("chr3\t179148114\t179240093\tPIK3CA\n", "line 'chr3.*several fields found, expected one gene symbol per line"),
        ("# nothing\n", "no gene in it"),
        ("gene_list:\n", "no gene in it"),
        ("PIK3CB, PIK3CD\n", "several fields found"),
        ("SAMPLE1\nSAMPLE2\n", "no recognised gene; found SAMPLE1, SAMPLE2"),
    ],
)
def test_what_is_no_panel(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(PamrxError, match=part) as error:
        read_panel(write(tmp_path, "panel.txt", text), GENES)
    assert "panel.txt" in str(error.value)


def test_genes_outside_the_panel_are_unknown_not_wild_type(tmp_path: Path) -> None:
    maf, panel = write(tmp_path, "x.maf", MAF), write(tmp_path, "panel.txt", "PIK3CA\nKRAS\nPTEN\n")
    profiles = read_profiles(mutations=maf, panel=panel, known_genes=GENES)
    assert profiles.assessed_genes == {"PIK3CA", "KRAS", "PTEN"}
    assert profiles.mutations is not None
    assert profiles.mutations["gene"].tolist() == ["PIK3CA", "KRAS"]
    assert any("1 mutations lie in genes outside their sample's panel, such as TP53 in S1" in n for n in profiles.notes)
    flags = BLOCK.transform(profiles)
    assert flags.loc["S1", list(GENES)].tolist() == pytest.approx([np.nan, np.nan, 0, 1, 0, np.nan], nan_ok=True)
    assert np.isnan(flags.loc["S1", "driver_burden_log2"])  # a count whose genes were not all assessed


def test_a_panel_without_mutations_and_a_panel_of_another_test(tmp_path: Path) -> None:
    panel = write(tmp_path, "panel.txt", "PIK3CA\n")
    with pytest.raises(PamrxError, match="give the mutations too"):
        read_profiles(samples=write(tmp_path, "s.csv", "sample_id,tissue\nS1,breast\n"), panel=panel)
    rows = "".join(f"GENE{i}\tS1\tMissense_Mutation\t\n" for i in range(25))
    maf = write(tmp_path, "x.maf", MAF.splitlines()[0] + "\nTP53\tS1\tSilent\t\n" + rows)
    with pytest.raises(PamrxError, match=r"none of its 26 mutated genes, such as TP53, is in the gene panel"):
        read_profiles(mutations=maf, panel=panel, known_genes=GENES)


def test_a_panel_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maf = write(tmp_path, "x.maf", MAF)
    named = read_profiles(mutations=maf, panel="MSK_Impact 468")
    assert named.assessed_genes is not None
    assert len(named.assessed_genes) == 469
    assert named.notes[0] == (
        "msk-impact-468: panel of 469 genes, from pamrx's own list (`pamrx vocab --panels` tells its source); "
        "mutations of all others count as not assessed"
    )
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "msk-impact-468", "PIK3CA\nKRAS\n")  # a file that is there goes before a name
    assert read_profiles(mutations=maf, panel="msk-impact-468").assessed_genes == {"PIK3CA", "KRAS"}


@pytest.mark.medium
def test_advice_for_a_panel_that_nobody_knows(tmp_path: Path) -> None:
    maf = write(tmp_path, "x.maf", MAF)
    with pytest.raises(PamrxError, match="no such file; expected a file of gene symbols, or a panel") as error:
        read_profiles(mutations=maf, panel="msk-impct-468")
    assert str(error.value).endswith("(`pamrx vocab --panels`); did you mean msk-impact-468?")
    for name in str(error.value).split("knows: ")[1].split(" (")[0].split(", "):
        assert read_profiles(mutations=maf, panel=name).assessed_genes
    write(tmp_path, "genes.txt", "PIK3CA\n")
    with pytest.raises(PamrxError, match=r"gene\.txt: no such file; did you mean genes\.txt\?; expected"):
        read_profiles(mutations=maf, panel=tmp_path / "gene.txt")


def crowd(panels: dict[str, frozenset[str]], assessed: frozenset[str] | None = None) -> Profiles:
    index = pd.Index(["S1", "S2", "S3"], name="sample_id", dtype=object)
    mutations = pd.DataFrame(
        {"sample_id": ["S1", "S2"], "gene": ["PIK3CA", "KRAS"], "variant_classification": "Missense_Mutation"}
    ).assign(hgvsp=["p.H1047R", "p.G12D"], driver=pd.array([pd.NA, pd.NA], dtype="boolean"))
    return Profiles(
        samples=pd.DataFrame(None, index=index, columns=["tissue", "sample_type", "msi"], dtype=object),
        sequenced=pd.Series(True, index=index),
        mutations=mutations,
        assessed_genes=assessed,
        panels=panels,
    )


def test_each_sample_goes_by_its_own_panel() -> None:
    profiles = crowd({"S1": frozenset({"PIK3CA"}), "S2": frozenset({"KRAS", "AKT1"})})
    flags = BLOCK.transform(profiles)[list(GENES)]
    assert flags.loc["S1"].notna().to_dict() == {gene: gene == "PIK3CA" for gene in GENES}
    assert flags.loc["S2"].notna().to_dict() == {gene: gene in ("KRAS", "AKT1") for gene in GENES}
    assert flags.loc["S3"].tolist() == [0.0] * len(GENES)  # no panel: every gene was looked at
    assert set(profiles.subset(["S3", "S1"]).panels) == {"S1"}
    assert {genes: list(chosen) for genes, chosen in profiles.assessed()} == {
        frozenset({"PIK3CA"}): [True, False, False],
        frozenset({"KRAS", "AKT1"}): [False, True, False],
        None: [False, False, True],
    }


def test_a_panel_of_nobody_is_refused() -> None:
    with pytest.raises(PamrxError, match="panels names a sample S9"):
        crowd({"S9": frozenset({"PIK3CA"})})


sets = st.frozensets(st.sampled_from(GENES), max_size=4)


@pytest.mark.medium
@given(
    st.dictionaries(st.sampled_from(["S1", "S2", "S3"]), sets), st.none() | sets, st.permutations(["S1", "S2", "S3"])
)
@settings(max_examples=20)  # each makes five tables
def test_one_sample_alone_is_flagged_as_in_a_crowd(panels: Any, assessed: Any, order: Any) -> None:
    profiles = crowd(panels, assessed)
    together = BLOCK.transform(profiles)
    pd.testing.assert_frame_equal(BLOCK.transform(profiles.subset(order)), together.loc[order])
    for name in order:
        pd.testing.assert_frame_equal(BLOCK.transform(profiles.subset([name])), together.loc[[name]])
        genes = panels.get(name, assessed)
        flags = together.loc[name, list(GENES)]
        assert set(flags.index[flags.notna()]) == (set(GENES) if genes is None else set(genes))


@pytest.mark.medium
@given(st.dictionaries(st.sampled_from(["S1", "S2"]), sets), st.none() | sets)
def test_what_is_left_lies_inside(panels: Any, assessed: Any) -> None:
    rows = crowd({}).mutations
    assert rows is not None
    notes: list[str] = []
    kept = inside_panels(rows, assessed, panels, "x.maf", notes)
    wanted = [
        gene
        for sample, gene in zip(rows["sample_id"], rows["gene"], strict=True)
        if (genes := panels.get(sample, assessed)) is None or gene in genes
    ]
    assert kept["gene"].tolist() == wanted
    assert bool(notes) == (len(kept) < len(rows))
