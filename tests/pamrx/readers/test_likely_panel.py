"""Mutations of few genes over many samples are told as a likely panel; those of an exome are not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.identifiers.genes import default_genes
from pamrx.knowledge.panels import find_panel
from pamrx.profiles import read_profiles
from pamrx.readers.gene_panel import known_panel
from pamrx.readers.likely_panel import likely_panel_notes
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.mutations.table import Mutations

HEAD = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"


def genes_of(name: str) -> list[str]:
    panel = find_panel(name)
    assert panel is not None
    return sorted(known_panel(panel, default_genes())[0])


def mutations(genes: list[str], samples: int, each: int, skew: float = 1.0, driver: bool | None = None) -> Mutations:
    """`each` mutations in every sample, more of them in the first genes."""
    generator = np.random.default_rng(5)
    weights = 1 / np.arange(1, len(genes) + 1) ** skew
    drawn = generator.choice(len(genes), size=(samples, each), p=weights / weights.sum())
    rows = [(f"S{sample}", genes[place]) for sample, own in enumerate(drawn) for place in own]
    frame = pd.DataFrame(rows, columns=["sample_id", "gene"], dtype=object)
    frame = frame.assign(variant_classification="Missense_Mutation", hgvsp="")
    frame["driver"] = pd.array([driver] * len(frame), dtype="boolean")
    return Mutations(frame, tuple(f"S{sample}" for sample in range(samples)), ())


def maf(folder: Path, found: Mutations) -> Path:
    rows = zip(found.rows["gene"], found.rows["sample_id"], strict=True)
    path = folder / "x.maf"
    path.write_text(HEAD + "".join(f"{gene}\t{sample}\tMissense_Mutation\tp.A1V\n" for gene, sample in rows))
    return path


@pytest.mark.parametrize("name", ["msk-impact-341", "msk-impact-468", "trusight-oncology-500"])
@pytest.mark.parametrize("samples", [40, 400])
def test_a_known_panel_is_named(name: str, samples: int) -> None:
    (note,) = likely_panel_notes(mutations(genes_of(name), samples, 6, 0.3), "x.maf")
    assert "looks like a targeted panel" in note
    assert note.endswith(f"use --panel {name}")
    inside = re.search(rf"only (\d+) genes over {samples} samples.*nearest: {name}, (\d+) of \1 genes inside", note)
    assert inside is not None
    assert inside[1] == inside[2]


def test_an_unknown_panel_and_two_genes_are_told_without_a_name() -> None:
    strangers = [f"ORF{number}" for number in range(60)]
    (note,) = likely_panel_notes(mutations(strangers, 200, 4), "x.maf")
    assert "only 57 genes over 200 samples: looks like a targeted panel, yet no panel is named" in note
    (two,) = likely_panel_notes(mutations(["PIK3CA", "PIK3CD"], 500, 1), "x.maf")
    assert "only 2 genes over 500 samples: looks like a targeted panel, yet no panel" in two
    (one,) = likely_panel_notes(mutations(["PIK3CA"], 20, 1), "x.maf")
    assert "only 1 gene over 20 samples" in one


def test_exomes_few_samples_and_drivers_are_not_told() -> None:
    exome = [f"GENE{number}" for number in range(18_000)]
    for samples, each in ((10, 8), (30, 10), (100, 12), (12, 200)):
        assert likely_panel_notes(mutations(exome, samples, each, 0.3), "x.maf") == []
    assert likely_panel_notes(mutations(genes_of("msk-impact-341"), 9, 6), "x.maf") == []
    assert likely_panel_notes(mutations(["PIK3CA", "PTEN"], 50, 1, driver=True), "x.maf") == []


def test_names_of_msk_impact_tell_its_panel() -> None:
    found = mutations(["PIK3CA", "KRAS"], 2, 1)
    names = {"S0": "P-0000001-T01-IM3", "S1": "P-0000002-T01-IM6"}
    renamed = Mutations(found.rows.assign(sample_id=found.rows["sample_id"].map(names)), tuple(names.values()), ())
    (note,) = likely_panel_notes(renamed, "x.maf")
    assert "named as MSK-IMPACT names them (such as P-0000001-T01-IM3: msk-impact-341)" in note  # the smaller of two
    assert note.endswith("use --panel msk-impact-341")
    assert likely_panel_notes(Mutations(renamed.rows, (*names.values(), "A549"), ()), "x.maf") == []


@pytest.mark.shared
def test_leukaemia_exomes_are_no_panel_and_its_panel_genes_are(shared_data: Path) -> None:
    whole = read_mutations(shared_data / "tcga_laml" / "tcga_laml.maf.gz", default_genes())
    assert likely_panel_notes(whole, "x") == []
    generator = np.random.default_rng(7)
    for number in (10, 30, 90):
        chosen = tuple(generator.choice(whole.samples, number, replace=False))
        rows = whole.rows[whole.rows["sample_id"].isin(chosen)]
        assert likely_panel_notes(Mutations(rows, chosen, ()), "x") == []
    rows = whole.rows[whole.rows["gene"].isin(genes_of("msk-impact-410"))]
    (note,) = likely_panel_notes(Mutations(rows, whole.samples, ()), "x")
    assert note.endswith("use --panel msk-impact-410")


@pytest.mark.medium
def test_advice_to_name_the_panel(tmp_path: Path) -> None:
    path = maf(tmp_path, mutations(genes_of("msk-impact-341"), 40, 6, 0.3))
    silent = read_profiles(mutations=path)
    note = next(note for note in silent.notes if "looks like a targeted panel" in note)
    name = note.split("--panel ")[1]
    named = read_profiles(mutations=path, panel=name)
    assert silent.assessed_genes is None
    assert named.assessed_genes == set(genes_of(name))
    assert not any("looks like" in note for note in named.notes)
    assert any(note.startswith(f"{name}: panel of 341 genes, from pamrx's own list") for note in named.notes)


def test_advice_to_list_the_genes(tmp_path: Path) -> None:
    path = maf(tmp_path, mutations(["PIK3CA", "PIK3CD"], 30, 1))
    note = next(note for note in read_profiles(mutations=path).notes if "looks like" in note)
    assert note.endswith("give them with --panel: a panel's name, or a file of symbols, one per line")
    (tmp_path / "genes.txt").write_text("PIK3CA\nPIK3CD\n")
    listed = read_profiles(mutations=path, panel=tmp_path / "genes.txt")
    assert listed.assessed_genes == {"PIK3CA", "PIK3CD"}
    assert not any("looks like" in note for note in listed.notes)
