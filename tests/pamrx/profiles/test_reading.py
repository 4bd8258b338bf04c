"""What comes out of good files, worked out by hand."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamrx.errors import PamrxError
from pamrx.features.copy_number import CopyNumberBlock
from pamrx.features.mutation import MutationBlock
from pamrx.identifiers.copy_number import LOG2_BOUNDS
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.sample_spelling import canonical_key
from pamrx.identifiers.unit_statistics import Statistics
from pamrx.identifiers.units import decide_copy_number, decide_levels, to_scale
from pamrx.identifiers.vocabulary import vocabulary
from pamrx.profiles import Profiles, read_profiles
from pamrx.readers.matrices.matrix import read_matrix

GENES = ("PIK3CA", "PTEN", "AKT1")
WIDE = "sample_id,PIK3CA,PTEN,NEW1\nS1,7.25,6.0,1.5\nS2,8.5,,2.5\n"
TALL = "Hugo_Symbol\tEntrez_Gene_Id\tS1\tS2\nPIK3CA\t5290\t7.25\t8.5\nPTEN\t5728\t6.0\t\nNEW1\t1\t1.5\t2.5\n"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def said(profiles: Profiles, part: str) -> bool:
    return any(part in note for note in profiles.notes)


def expected() -> pd.DataFrame:
    return pd.DataFrame([[7.25, 6.0, 1.5], [8.5, np.nan, 2.5]], index=["S1", "S2"], columns=["PIK3CA", "PTEN", "NEW1"])


def same(found: pd.DataFrame | None, wanted: pd.DataFrame) -> None:
    assert found is not None
    assert list(found.index) == list(wanted.index)
    assert list(found.columns) == list(wanted.columns)
    np.testing.assert_array_equal(found.to_numpy(), wanted.to_numpy())


def test_genes_in_rows_or_in_columns_are_one_profile(tmp_path: Path) -> None:
    wide = read_profiles(expression=write(tmp_path, "wide.csv", WIDE), known_genes=GENES)
    tall = read_profiles(expression=write(tmp_path, "tall.tsv", TALL), known_genes=GENES)
    same(wide.expression, expected())
    same(tall.expression, expected())
    pd.testing.assert_frame_equal(wide.samples, tall.samples)
    assert said(wide, "genes in columns")
    assert said(tall, "genes in rows")
    assert said(tall, "annotation columns skipped: Entrez_Gene_Id")


@pytest.mark.parametrize(
    "name", ["x.csv", "x.csv.gz", "x.txt", "x.parquet", "indexed.parquet", "x.gct", "misnamed.csv"]
)
def test_every_format_gives_the_same_matrix(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    frame = expected()
    if name == "x.parquet":
        frame.T.rename_axis("gene").reset_index().to_parquet(path)
    elif name == "indexed.parquet":
        frame.to_parquet(path)
    elif name == "x.gct":
        rows = "".join(f"{g}\t{g} gene\t" + "\t".join(map(str, frame[g].fillna("NA"))) + "\n" for g in frame)
        write(tmp_path, name, "#1.2\n3\t2\nName\tDescription\tS1\tS2\n" + rows)
    elif name == "x.csv":
        write(tmp_path, name, b"\xef\xbb\xbf" + WIDE.replace("\n", "\r\n").encode())
    else:
        write(tmp_path, name, WIDE if name == "x.txt" else gzip.compress(WIDE.encode()))
    same(read_profiles(expression=path, known_genes=GENES).expression, frame)


def test_header_without_its_corner(tmp_path: Path) -> None:
    path = write(tmp_path, "r.tsv", "S1\tS2\nPIK3CA\t7.25\t8.5\nPTEN\t6.0\tNA\nNEW1\t1.5\t2.5\n")
    same(read_profiles(expression=path, known_genes=GENES).expression, expected())


def test_labels_with_entrez_ids_and_numeric_sample_names(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", ",PIK3CA (5290),PTEN|5728,?|100130426\n0012,1.5,2.5,3\n13,3.5,4.5,4\n")
    found = read_profiles(expression=path, known_genes=GENES).expression
    assert found is not None
    assert list(found.index) == ["0012", "13"]
    assert list(found.columns) == ["PIK3CA", "PTEN"]


@pytest.mark.medium
@given(st.lists(st.floats(-40, 40, allow_nan=False), min_size=1, max_size=20))
def test_numbers_are_read_as_given(numbers: list[float]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        rows = "".join(f"S{place},{number!r}\n" for place, number in enumerate(numbers))
        matrix = read_matrix(write(Path(folder), "x.csv", "sample_id,PIK3CA\n" + rows), GENES)
    assert matrix.values["PIK3CA"].tolist() == numbers


def test_repeated_genes_take_the_highest_value_of_each_sample(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "gene\tS1\tS2\nPTEN\t3\t5\nPIK3CA\t1\t1\nPTEN\t4\t\n")
    profiles = read_profiles(expression=path, known_genes=GENES)
    same(profiles.expression, pd.DataFrame([[4.0, 1.0], [5.0, 1.0]], index=["S1", "S2"], columns=["PTEN", "PIK3CA"]))
    assert said(profiles, "1 genes are named more than once, such as PTEN")


def test_repeated_genes_of_copy_number_must_agree(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "gene\tS1\tS2\nPTEN\t-2\t0\nPIK3CA\t1\t1\nPTEN\t-2\t1\n")
    profiles = read_profiles(copy_number=path, known_genes=GENES)
    same(
        profiles.copy_number, pd.DataFrame([[-2.0, 1.0], [np.nan, 1.0]], index=["S1", "S2"], columns=["PTEN", "PIK3CA"])
    )
    assert said(profiles, "1 cells that differ are missing")


def test_a_table_of_segments_tells_of_no_single_gene(tmp_path: Path) -> None:
    text = "{}\tS1\tS2\nPTEN\t-2\t0\nPIK3CA\t2\t0\n"
    segments = read_profiles(copy_number=write(tmp_path, "x.tsv", text.format("Segment")), known_genes=GENES)
    calls = read_profiles(copy_number=write(tmp_path, "y.tsv", text.format("gene")), known_genes=GENES)
    assert segments.copy_number is None
    assert calls.segments is None
    same(segments.segments, pd.DataFrame([[-2.0, 2.0], [0, 0]], index=["S1", "S2"], columns=["PTEN", "PIK3CA"]))
    same(calls.copy_number, pd.DataFrame([[-2.0, 2.0], [0, 0]], index=["S1", "S2"], columns=["PTEN", "PIK3CA"]))
    assert said(segments, "x.tsv: recurrent segments")
    assert not said(calls, "recurrent")
    found = [CopyNumberBlock(["PTEN_loss"], ["PTEN_deep_deletion"]).transform(one) for one in (segments, calls)]
    np.testing.assert_array_equal(found[0].to_numpy(), [[1, np.nan], [0, np.nan]])
    np.testing.assert_array_equal(found[1].to_numpy(), [[1, 1], [0, 0]])


@pytest.mark.parametrize(("last", "changed"), [("Putative_Driver", np.nan), ("Putative_Passenger", 1), ("", 1)])
def test_of_a_file_of_drivers_only_other_changes_are_unknown(tmp_path: Path, last: str, changed: float) -> None:
    head = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\tcbp_driver\n"
    rows = [("PIK3CA", "S1", "p.H1047R", "Putative_Driver"), ("PTEN", "S2", "p.L10F", last)]
    text = head + "".join(f"{gene}\t{one}\tMissense_Mutation\t{change}\t{word}\n" for gene, one, change, word in rows)
    profiles = read_profiles(mutations=write(tmp_path, "x.maf", text), known_genes=GENES)
    found = MutationBlock(["PIK3CA", "PTEN"], ["PIK3CA", "PTEN"], ["PTEN"]).transform(profiles)
    assert found["PIK3CA"].tolist() == [1, 0], "drivers are known either way"
    np.testing.assert_array_equal(found["PTEN_any"], [np.nan if np.isnan(changed) else 0, changed])
    assert said(profiles, "every mutation is marked as driver") is bool(np.isnan(changed))


def test_linear_values_are_logged_once_and_it_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "gene\tS1\nPIK3CA\t1023\nPTEN\t0\n")
    profiles = read_profiles(expression=path, known_genes=GENES)
    same(profiles.expression, pd.DataFrame([[10.0, 0.0]], index=["S1"], columns=["PIK3CA", "PTEN"]))
    assert said(profiles, "values 0 to 1023: read as linear (whole numbers: raw counts")
    kept = read_profiles(expression=path, known_genes=GENES, expression_scale="log2")
    same(kept.expression, pd.DataFrame([[1023.0, 0.0]], index=["S1"], columns=["PIK3CA", "PTEN"]))


def test_scale_of_standardised_and_low_values() -> None:
    found = Statistics.of(pd.DataFrame([[-1.5, 2.0]], index=["S1"], columns=["PIK3CA", "PTEN"]))
    told = "x: values -1.5 to 2: read as log2 or standardised values, left as they are"
    assert decide_levels(found, "x").note == told
    low = Statistics.of(pd.DataFrame(np.linspace(0, 4, 1000)[None, :], index=["S1"]))
    assert "logged twice" in decide_levels(low, "x").note
    with pytest.raises(PamrxError, match="expected one of auto, linear, log2"):
        decide_levels(found, "x", "counts")


def test_mirna_and_lncrna_scales_are_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "name\tS1\nhsa-miR-21-5p\t4095\nhsa-let-7a-1\t0\nMALAT1\t11.5\n")
    profiles = read_profiles(ncrna=path, known_genes=GENES)
    wanted = pd.DataFrame([[12.0, 0.0, 11.5]], index=["S1"], columns=["hsa-miR-21", "hsa-let-7a", "MALAT1"])
    same(profiles.ncrna, wanted)


def test_log2_ratios_become_calls_at_the_stated_bounds() -> None:
    ratios = [-3.0, -1.1, -1.09, -0.25, -0.24, 0.2, 0.21, 0.7, 0.71, np.nan]
    values = np.array([ratios])
    decision = decide_copy_number(Statistics.of(pd.DataFrame(values), copy_number=True), "x")
    np.testing.assert_array_equal(to_scale(values, decision)[0], [-2, -2, -1, -1, 0, 0, 1, 1, 2, np.nan])
    assert "-1.1, -0.25, 0.2, 0.7" in decision.note
    assert LOG2_BOUNDS == (-1.1, -0.25, 0.2, 0.7)


def test_gistic_calls_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "x.tsv", "gene\tS1\tS2\nPIK3CA\t2\t-2\nPTEN\t-1\t\n")
    profiles = read_profiles(copy_number=path, known_genes=GENES)
    same(
        profiles.copy_number,
        pd.DataFrame([[2.0, -1.0], [-2.0, np.nan]], index=["S1", "S2"], columns=["PIK3CA", "PTEN"]),
    )


def test_samples_table_translates_and_orders(tmp_path: Path) -> None:
    table = write(
        tmp_path,
        "s.tsv",
        "Sample_ID\tTissue\tsample_type\tmsi\ttisue\nS2\tBRCA\tCell line\tMSI-high\t1\nS1\tunknown\tPrimary\tMSS\t2\n",
    )
    data = write(tmp_path, "x.csv", WIDE)
    profiles = read_profiles(expression=data, samples=table, known_genes=GENES)
    assert list(profiles.samples.index) == ["S2", "S1"]
    assert profiles.samples.loc["S2"].tolist() == ["breast", "cell_line", "MSI-H"]
    assert profiles.samples.loc["S1"].tolist() == [None, "tumour", "MSS"]
    same(profiles.expression, expected().loc[["S2", "S1"]])
    assert said(profiles, "BRCA -> breast")
    assert said(profiles, "column tisue not used; did you mean tissue?")


def test_samples_table_alone_is_enough(tmp_path: Path) -> None:
    profiles = read_profiles(samples=write(tmp_path, "s.csv", "sample_id,tissue\nS1,Breast\n"))
    assert profiles.n == 1
    assert profiles.mutations is None
    assert not profiles.sequenced.any()


def test_vocabulary_has_the_reference_tissues() -> None:
    words = vocabulary()
    assert len(words["tissue"]) == 27
    assert {"breast", "lung_NSCLC", "Bladder"} <= set(words["tissue"])
    assert words["msi"] == ["MSI-H", "MSS"]
    assert words["sample_type"] == ["tumour", "cell_line", "xenograft", "organoid"]


def test_union_without_a_samples_table(tmp_path: Path) -> None:
    maf = write(
        tmp_path,
        "x.maf",
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\nPTEN\tS2\tSilent\nPTEN\tS3\tSilent\n",
    )
    profiles = read_profiles(mutations=maf, expression=write(tmp_path, "x.csv", WIDE), known_genes=GENES)
    assert list(profiles.samples.index) == ["S2", "S3", "S1"]
    assert profiles.sequenced.to_dict() == {"S2": True, "S3": True, "S1": False}
    assert profiles.expression is not None
    assert profiles.expression.loc["S3"].isna().all()
    assert profiles.expression.loc["S2", "PIK3CA"] == 8.5
    assert said(
        profiles, "1 samples of the other files are not in it, such as S1: its mutations are unknown, not absent"
    )
    assert said(profiles, "such as S3: its expression is missing")


def test_sample_without_mutations_is_declared_as_sequenced(tmp_path: Path) -> None:
    maf = write(tmp_path, "x.maf", "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\nPTEN\tS1\tSilent\n")
    table = write(tmp_path, "s.csv", "sample_id,sequenced\nS1,\nS2,yes\n")
    profiles = read_profiles(mutations=maf, samples=table, known_genes=GENES)
    assert profiles.sequenced.to_dict() == {"S1": True, "S2": True}


@pytest.mark.medium
def test_advice_for_samples_without_a_mutation_and_without_data(tmp_path: Path) -> None:
    """What the notes on a union and the messages on a table say, followed."""
    maf = write(tmp_path, "x.maf", "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\nPTEN\tS1\tSilent\n")
    data = write(tmp_path, "x.csv", WIDE)
    union = read_profiles(mutations=maf, expression=data, known_genes=GENES)
    assert said(union, "are unknown, not absent (say `sequenced` yes in a samples table if it was sequenced)")
    assert union.sequenced.to_dict() == {"S1": True, "S2": False}
    table = write(tmp_path, "s.csv", "sample_id,sequenced\nS1,\nS2,yes\n")
    followed = read_profiles(mutations=maf, expression=data, samples=table, known_genes=GENES)
    assert followed.sequenced.to_dict() == {"S1": True, "S2": True}

    table = write(tmp_path, "s.csv", "sample_id,sequenced\nS1,\nS2,\nS3,\n")
    advice = (
        "sample S3 is in none of .*; expected data for it, or remove it; if it was sequenced without a mutation, set"
    )
    with pytest.raises(PamrxError, match=advice):
        read_profiles(mutations=maf, expression=data, samples=table, known_genes=GENES)
    for text in ("sample_id,sequenced\nS1,\nS2,\nS3,yes\n", "sample_id,sequenced\nS1,\nS2,\n"):
        table = write(tmp_path, "s.csv", text)
        assert len(read_profiles(mutations=maf, expression=data, samples=table, known_genes=GENES)) == text.count("S")

    table = write(tmp_path, "s.csv", "sample_id,sequenced\nS1,\n")
    with pytest.raises(PamrxError, match=r"sample S2 is not listed in .*; expected every sample there"):
        read_profiles(mutations=maf, expression=data, samples=table, known_genes=GENES)
    table = write(tmp_path, "s.csv", "sample_id,sequenced\nS1,\nS2,\n")
    assert len(read_profiles(mutations=maf, expression=data, samples=table, known_genes=GENES)) == 2


def test_subset_keeps_the_order_asked_for(tmp_path: Path) -> None:
    maf = write(tmp_path, "x.maf", "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\nPTEN\tS1\tSilent\n")
    profiles = read_profiles(mutations=maf, expression=write(tmp_path, "x.csv", WIDE), known_genes=GENES)
    part = profiles.subset(["S2", "S1"])
    same(part.expression, expected().loc[["S2", "S1"]])
    assert part.sequenced.to_dict() == {"S2": False, "S1": True}
    alone = profiles.subset(["S2"])
    assert alone.mutations is not None
    assert alone.mutations.empty
    with pytest.raises(PamrxError, match="no sample S-2; did you mean S2"):
        profiles.subset(["S-2"])
    with pytest.raises(PamrxError, match="sample S1 stands more than once"):
        profiles.subset(["S1", "S1"])


def test_one_tumour_reads_as_it_does_in_a_crowd(tmp_path: Path) -> None:
    generator = random.Random(1)
    names = [f"S{number}" for number in range(6)]
    values = {name: [generator.gauss(7, 2) for _ in range(4)] for name in names}
    genes = ["PIK3CA", "PTEN", "PTEN", "AKT1"]

    def read(chosen: list[str]) -> pd.DataFrame:
        rows = [f"{gene}," + ",".join(repr(values[name][place]) for name in chosen) for place, gene in enumerate(genes)]
        path = write(tmp_path, "x.csv", "gene," + ",".join(chosen) + "\n" + "\n".join(rows) + "\n")
        found = read_profiles(expression=path, known_genes=GENES).expression
        assert found is not None
        return found

    crowd = read(names)
    for name in names:
        same(read([name]), crowd.loc[[name]])


def test_canonical_key() -> None:
    assert canonical_key("MCF-7") == canonical_key("mcf 7") == "MCF7"
    assert canonical_key("NCI-H1975") == "NCIH1975"
    assert canonical_key("T-T") == canonical_key("TT")


def test_default_genes_are_those_of_the_tables() -> None:
    assert {"PIK3CA", "PTEN", "hsa-miR-21-5p"} <= default_genes()


def frame_of(words: dict[str, object]) -> pd.DataFrame:
    index = pd.Index(["S1"], name="sample_id")
    return pd.DataFrame({"tissue": None, "sample_type": None, "msi": None, **words}, index=index, dtype=object)


@pytest.mark.parametrize(
    ("words", "parts", "message"),
    [
        ({"tissue": "brest"}, {}, "found 'brest'.*did you mean breast"),
        ({}, {"expression": pd.DataFrame({"PTEN": [1.0]}, index=["S2"])}, "rows of expression are not the samples"),
        (
            {},
            {"expression": pd.DataFrame({"PTEN": [np.inf]}, index=["S1"])},
            "infinite value at sample S1, column PTEN",
        ),
        ({}, {"expression": pd.DataFrame({"PTEN": ["1"]}, index=["S1"])}, "must hold float64"),
        ({}, {"copy_number": pd.DataFrame({"PTEN": [0.5]}, index=["S1"])}, "other values than the calls"),
        ({}, {"mutations": pd.DataFrame({"gene": ["PTEN"]})}, "mutations lacks the column sample_id"),
    ],
)
def test_profiles_made_by_hand_are_checked(words: dict[str, Any], parts: dict[str, Any], message: str) -> None:
    samples = frame_of(words)
    with pytest.raises(PamrxError, match=message):
        Profiles(samples=samples, sequenced=pd.Series(True, index=samples.index), **parts)
