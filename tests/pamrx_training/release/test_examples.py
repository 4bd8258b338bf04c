"""The example lines: what they are, and that their files give the features of the training tables."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.examples import FILES, MEASURED, example_files, measured
from pamrx.features import FeatureBuilder
from pamrx.identifiers.feature_name import blocks_of
from pamrx.identifiers.sample_spelling import canonical_key
from pamrx.knowledge import table
from pamrx.knowledge.drugs import resolve
from pamrx.model.boosted import source_of
from pamrx_training.fitting.cohort import build_cohort
from pamrx_training.release.examples import EXAMPLE_LINES, EXAMPLES, held_out, write_examples

NAMES = [example.name for example in EXAMPLES.values()]


@pytest.fixture(scope="module")
def cohort(gdsc: Any) -> Any:
    """All lines, with a made-up miRNA table for forty training lines, so that the block is there to be missing."""
    lines = [line for line in gdsc.complete_lines() if line not in EXAMPLE_LINES][:40]
    levels = np.random.default_rng(0).uniform(5, 12, (40, 3))
    return build_cohort(gdsc, pd.DataFrame(levels, index=lines, columns=["hsa-miR-21", "hsa-miR-155", "hsa-let-7a"]))


@pytest.fixture(scope="module")
def profiles(examples: Any) -> Any:
    return examples


def test_there_are_twelve_and_their_names_lead_to_their_keys() -> None:
    assert len(EXAMPLE_LINES) == len(set(EXAMPLE_LINES)) == 12
    assert {line: canonical_key(example.name) for line, example in EXAMPLES.items()} == {x: x for x in EXAMPLE_LINES}


def test_the_files_are_small_and_name_the_twelve_in_one_order(profiles: Any) -> None:
    folder = example_files()["samples"].parent
    assert sum((folder / name).stat().st_size for name in (*FILES.values(), MEASURED, "README.md")) < 1_000_000
    assert list(profiles.samples.index) == NAMES
    assert profiles.sequenced.all()
    assert profiles.samples.notna().all(axis=None)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in readme for name in NAMES)


def test_the_mutations_that_the_lines_are_known_for_are_there(profiles: Any) -> None:
    rows = set(
        zip(profiles.mutations["sample_id"], profiles.mutations["gene"], profiles.mutations["hgvsp"], strict=True)
    )
    assert {
        ("MCF-7", "PIK3CA", "p.E545K"),
        ("T-47D", "PIK3CA", "p.H1047R"),
        ("A549", "STK11", "p.Q37*"),
        ("RT4", "TSC1", "p.L557fs"),
        ("A375", "BRAF", "p.V600E"),
    } <= rows
    assert profiles.mutations["driver"].all()
    assert profiles.copy_number is None, "segments are no calls of single genes"
    lost = profiles.segments["PTEN"]
    assert lost.index[lost == -2].tolist() == ["PC-3", "LNCaP-clone-FGC", "U-87-MG"]


def test_every_protein_change_is_one_that_the_knowledge_table_cites(profiles: Any) -> None:
    known = table("example_protein_changes")
    cited = set(zip(known["cell_line"], known["gene"], known["hgvsp"], strict=True))
    told = profiles.mutations[profiles.mutations["hgvsp"] != ""]
    assert {(canonical_key(row.sample_id), row.gene, row.hgvsp) for row in told.itertuples()} <= cited
    assert (known.loc[known["cell_line"].isin(EXAMPLE_LINES), "source"] != "").all()


def test_measured_holds_one_value_per_sample_and_drug_in_its_newest_screen() -> None:
    rows = measured()
    assert list(rows.columns) == ["sample_id", "drug", "screen", "ln_ic50"]
    assert set(rows["sample_id"]) == set(NAMES)
    assert not rows.duplicated(["sample_id", "drug"]).any()
    assert all(resolve(row.drug).newest_screen == row.screen for row in rows.drop_duplicates("drug").itertuples())
    assert np.isfinite(rows["ln_ic50"]).all()


@pytest.mark.network
def test_the_committed_files_are_what_write_examples_writes(gdsc: Any, tmp_path: Path) -> None:
    write_examples(gdsc, tmp_path)
    committed = example_files()["samples"].parent
    for name in [*FILES.values(), "README.md"]:
        fresh, kept = (tmp_path / name).read_bytes(), (committed / name).read_bytes()
        if name.endswith(".gz"):  # builds of zlib pack differently
            fresh, kept = gzip.decompress(fresh), gzip.decompress(kept)
        assert fresh == kept, name
    # The offsets between series are least-squares solutions, whose last digits belong to the machine.
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / MEASURED), measured(), rtol=0, atol=2e-7, check_dtype=False)


@pytest.mark.network
def test_the_files_give_the_features_of_the_training_tables(cohort: Any, profiles: Any) -> None:
    gone = set(held_out(cohort))
    builder = FeatureBuilder().fit(cohort.profiles.subset([line for line in cohort.lines if line not in gone]))
    trained = builder.transform(cohort.profiles.subset(EXAMPLE_LINES)).set_axis(NAMES)
    read = builder.transform(profiles)
    pd.testing.assert_frame_equal(read.set_axis(NAMES), trained, check_exact=True)
    mirna = [name for name in read.columns if source_of(name) == "mirna"]
    assert sum(name.startswith("ncrna.hsa-") for name in mirna) == 3
    assert read[mirna].isna().all(axis=None)
    assert read.drop(columns=mirna).notna().all(axis=None)
    assert set(blocks_of(read.columns)) == set(builder.blocks)


@pytest.mark.network
def test_the_files_hold_the_values_of_the_training_tables_to_the_last_bit(gdsc: Any, profiles: Any) -> None:
    table = gdsc.expression.loc[list(EXAMPLE_LINES)].set_axis(NAMES)
    read = pd.concat([profiles.expression, profiles.ncrna], axis=1)[table.columns].astype(np.float32)
    assert np.array_equal(read.to_numpy(), table.to_numpy())


@pytest.mark.network
def test_the_lines_are_complete_and_go_with_all_lines_of_their_donors(cohort: Any) -> None:
    gone = held_out(cohort)
    assert set(EXAMPLE_LINES) <= set(gone)
    left = cohort.cell_lines.drop(index=gone)
    assert not set(left["donor"]) & set(cohort.cell_lines.loc[gone, "donor"])
    assert (
        cohort.responses[cohort.responses["cell_line"].isin(EXAMPLE_LINES)]
        .groupby("cell_line")["assay"]
        .nunique()
        .min()
        > 50
    )


@pytest.mark.network
def test_a_line_of_an_examples_donor_goes_with_it(cohort: Any) -> None:
    other = next(line for line in cohort.lines if line not in EXAMPLE_LINES)
    donor = cohort.cell_lines["donor"].where(cohort.cell_lines.index != other, cohort.cell_lines.loc["MCF7", "donor"])
    altered = type(cohort)(cohort.profiles, cohort.responses, cohort.cell_lines.assign(donor=donor))
    assert set(held_out(altered)) == {*EXAMPLE_LINES, other}
