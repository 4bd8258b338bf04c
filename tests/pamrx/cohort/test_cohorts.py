"""Other cohorts than Parquet: a study, shards of matrices with a MAF beside, and AnnData on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.cohort import Given, Options, open_cohort, score
from pamrx.errors import PamrxError
from pamrx.examples import example_files
from pamrx.prediction.predictions import predict
from pamrx.profiles import Profiles
from scipy import sparse

pytestmark = pytest.mark.medium

h5py = pytest.importorskip("h5py")

NAMES = ("alpelisib", "capivasertib")


def scored(cohort: Path, folder: Path, given: Given | None = None) -> pd.DataFrame:
    score(open_cohort(cohort, given), folder, None, Options(NAMES), jobs=1)
    return pd.read_parquet(folder / "predictions")


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found["sample_id"]) == list(expected["sample_id"])
    assert list(found["drug"]) == list(expected["drug"])
    for column in ("ln_ic50", "ln_ic50_lower", "specific_percentile", "evidence", "distance"):
        assert np.array_equal(found[column], expected[column], equal_nan=True), column


@pytest.fixture
def folder(few: Profiles, tmp_path: Path) -> Path:
    """Two shards of six samples, and the MAF of all."""
    out = tmp_path / "cohort"
    out.mkdir()
    table = few.samples.assign(sequenced="yes")
    for shard, rows in (("01", slice(0, 6)), ("02", slice(6, 12))):
        few.expression.iloc[rows].rename_axis("sample_id").to_csv(out / f"expression-{shard}.csv")
        table.iloc[rows].to_csv(out / f"samples-{shard}.csv")
    (out / "cohort.maf").write_bytes(Path(example_files()["mutations"]).read_bytes())
    return out


def test_shards_of_matrices_with_a_maf_beside(folder: Path, few: Profiles, bundle: Bundle, tmp_path: Path) -> None:
    found = scored(folder, tmp_path / "out")
    expected = predict(
        bundle,
        Profiles(
            few.samples, few.sequenced, few.mutations, expression=few.expression,
            unfiltered=few.unfiltered,
        ),
        list(NAMES),
    )  # fmt: skip
    same(found, expected)


def changed(path: Path, change: Callable[[pd.DataFrame], None]) -> None:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(table)
    table.to_csv(path, index=False)


def cell(sample: str, column: str, value: str) -> Callable[[pd.DataFrame], None]:
    def change(table: pd.DataFrame) -> None:
        table.loc[table["sample_id"] == sample, column] = value

    return change


SPOILT = {
    "expression-01.csv": ("PTEN", "abc", "expression-01.csv: row MCF-7, column PTEN: found 'abc', expected a finite"),
    "expression-02.csv": ("PTEN", "inf", "column PTEN: found an infinite value"),
    "samples-01.csv": (
        "tissue",
        "brest",
        "column tissue: found 'brest', expected a known tissue (`pamrx vocab`",
    ),
    "samples-02.csv": ("sequenced", "perhaps", "column sequenced: found 'perhaps', expected one of yes, no"),
    "copy_number-01.csv": ("PTEN", "7", "copy_number.PTEN: found 7, expected a GISTIC call -2..2"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_cell_sets_its_sample_aside(folder: Path, few: Profiles, tmp_path: Path, name: str) -> None:
    calls = few.segments.iloc[:6].rename_axis("sample_id").round()
    calls.to_csv(folder / "copy_number-01.csv")
    whole = scored(folder, tmp_path / "whole")
    column, value, why = SPOILT[name]
    sample = few.samples.index[0 if "01" in name else 6]
    changed(folder / name, cell(sample, column, value))
    found = scored(folder, tmp_path / "out")
    rejected = pd.read_parquet(tmp_path / "out" / "rejected.parquet")
    assert list(rejected["sample_id"]) == [sample]
    assert why in rejected["reason"][0]
    assert rejected["shard"][0] in name
    assert rejected["row"][0] == 1
    same(found, whole[whole["sample_id"] != sample].reset_index(drop=True))
    with pytest.raises(PamrxError, match=rf"sample {sample}: .*\(--strict\)"):
        score(open_cohort(folder), tmp_path / "strict", None, Options(NAMES, strict=True), jobs=1)


def test_a_sample_that_the_table_of_its_shard_does_not_list_is_set_aside(folder: Path, tmp_path: Path) -> None:
    table = pd.read_csv(folder / "samples-02.csv")
    table.iloc[1:].to_csv(folder / "samples-02.csv", index=False)
    found = scored(folder, tmp_path / "out")
    rejected = pd.read_parquet(tmp_path / "out" / "rejected.parquet")
    assert list(rejected["sample_id"]) == [table["sample_id"][0]]
    assert "is not listed" in rejected["reason"][0]
    assert found["sample_id"].nunique() == 11


def test_shards_in_other_units_are_refused(folder: Path, few: Profiles) -> None:
    linear = np.exp2(few.expression.iloc[6:] + 5)
    linear.rename_axis("sample_id").to_csv(folder / "expression-02.csv")
    with pytest.raises(PamrxError, match=r"shard 02: expression looks like linear, but in shard 01 like log2"):
        open_cohort(folder)


def test_genes_in_rows_and_segments_are_read_as_predict_reads_them(
    folder: Path, few: Profiles, bundle: Bundle, tmp_path: Path
) -> None:
    expected = scored(folder, tmp_path / "columns")
    for shard, rows in (("01", slice(0, 6)), ("02", slice(6, 12))):
        (folder / f"expression-{shard}.csv").unlink()
        few.expression.iloc[rows].T.rename_axis("gene").to_csv(folder / f"expression-{shard}.tsv", sep="\t")
    same(scored(folder, tmp_path / "rows"), expected)
    for shard, rows in (("01", slice(0, 6)), ("02", slice(6, 12))):
        few.segments.iloc[rows].T.rename_axis("segment").to_csv(folder / f"copy_number-{shard}.csv")
    told = Profiles(
        few.samples, few.sequenced, few.mutations, expression=few.expression,
        segments=few.segments, unfiltered=few.unfiltered,
    )  # fmt: skip
    same(scored(folder, tmp_path / "segments"), predict(bundle, told, list(NAMES)))


def test_a_damaged_shard_ends_in_a_line(folder: Path) -> None:
    (folder / "expression-02.csv").write_text("a,b\nc,d\n")
    with pytest.raises(PamrxError, match=r"expression-02.csv: no recognised gene"):
        open_cohort(folder)


def test_another_panel_is_another_run(folder: Path, tmp_path: Path) -> None:
    panel = tmp_path / "panel.txt"
    panel.write_text("PIK3CA\nPTEN\n")
    scored(folder, tmp_path / "out", Given(panel=panel))
    panel.write_text("PIK3CA\nPTEN\nAKT1\n")
    with pytest.raises(PamrxError, match=r"was begun otherwise: cohort panel.txt"):
        scored(folder, tmp_path / "out", Given(panel=panel))


def test_a_sample_in_two_shards_is_refused(folder: Path) -> None:
    for kind in ("expression", "samples"):
        (folder / f"{kind}-03.csv").write_bytes((folder / f"{kind}-01.csv").read_bytes())
    with pytest.raises(PamrxError, match=r"sample MCF-7 stands in shard 01 and in shard 03"):
        open_cohort(folder)


def test_a_folder_of_anything_else_says_what_is_expected(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(PamrxError, match=r"no cohort: expected Parquet files with samples in rows, a cBioPortal study"):
        open_cohort(tmp_path)
    with pytest.raises(PamrxError, match="no such file or folder"):
        open_cohort(tmp_path / "nowhere")


def test_a_study_is_scored_as_predict_scores_it(bundle: Bundle, tmp_path: Path) -> None:
    study = Path(__file__).parents[2] / "data" / "study"
    if not study.is_dir():
        study = made_study(tmp_path / "study")
    from pamrx.profiles import read_study

    same(scored(study, tmp_path / "out"), predict(bundle, read_study(study), list(NAMES)))
    with pytest.raises(PamrxError, match="a study brings its own files"):
        open_cohort(study, Given(unit="tpm"))


def test_a_spoilt_cell_of_a_study_sets_its_sample_aside(few: Profiles, tmp_path: Path) -> None:
    study = made_study(tmp_path / "study")
    (study / "meta_expression.txt").write_text(
        "cancer_study_identifier: made\ngenetic_alteration_type: MRNA_EXPRESSION\ndatatype: CONTINUOUS\n"
        "stable_id: rna_seq_v2_mrna\ndata_filename: data_mrna_seq_v2_rsem.txt\n"
    )
    levels = few.expression.iloc[:3].set_axis(["P1", "P2", "P3"]).T.rename_axis("Hugo_Symbol").astype(object)
    levels.to_csv(study / "data_mrna_seq_v2_rsem.txt", sep="\t")
    whole = scored(study, tmp_path / "whole")
    levels.loc["PTEN", "P2"] = "abc"
    levels.to_csv(study / "data_mrna_seq_v2_rsem.txt", sep="\t")
    found = scored(study, tmp_path / "out")
    rejected = pd.read_parquet(tmp_path / "out" / "rejected.parquet")
    assert list(rejected["sample_id"]) == ["P2"]
    assert "row PTEN, column P2: found 'abc'" in rejected["reason"][0]
    same(found, whole[whole["sample_id"] != "P2"].reset_index(drop=True))
    assert open_cohort(study).memory > 0


def made_study(folder: Path) -> Path:
    folder.mkdir()
    (folder / "meta_study.txt").write_text("type_of_cancer: brca\ncancer_study_identifier: made\nname: made\n")
    (folder / "meta_mutations.txt").write_text(
        "cancer_study_identifier: made\ngenetic_alteration_type: MUTATION_EXTENDED\ndatatype: MAF\n"
        "stable_id: mutations\ndata_filename: data_mutations.txt\n"
    )
    (folder / "data_mutations.txt").write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
        "PIK3CA\tP1\tMissense_Mutation\tp.H1047R\nPTEN\tP2\tNonsense_Mutation\tp.R130*\n"
    )
    return folder


def anndata(path: Path, profiles: Profiles, form: str = "dense") -> Path:
    """As anndata writes it, without the package, which needs a newer Python."""
    values = np.exp2(np.clip(profiles.expression.to_numpy(), -3, 6) + 4)
    with h5py.File(path, "w") as file:
        if form != "dense":
            matrix = sparse.csr_matrix(values).asformat(form)
            group = file.create_group("X")
            group.attrs.update({"encoding-type": f"{form}_matrix", "shape": values.shape})
            for part in ("data", "indices", "indptr"):
                group[part] = getattr(matrix, part)
        else:
            file["X"] = values
        for axis, names in (("obs", profiles.samples.index), ("var", profiles.expression.columns)):
            group = file.create_group(axis)
            group.attrs["_index"] = "_index"
            group.create_dataset("_index", data=list(names), dtype=h5py.string_dtype())
        words = sorted(set(profiles.samples["tissue"]))
        tissue = file["obs"].create_group("tissue")
        tissue.attrs["encoding-type"] = "categorical"
        tissue.create_dataset("categories", data=words, dtype=h5py.string_dtype())
        tissue["codes"] = np.array([words.index(word) for word in profiles.samples["tissue"]], dtype=np.int8)
    return path


@pytest.mark.parametrize("form", ["dense", "csr", "csc"])
def test_anndata_is_read_a_chunk_at_a_time(
    few: Profiles, bundle: Bundle, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pamrx.cohort import chunks as parts

    monkeypatch.setattr(parts, "CHUNK_SIZE", 5)
    path = anndata(tmp_path / "cells.h5ad", few, form)
    cohort = open_cohort(path)
    assert [task[0].size for task in cohort.tasks()] == [5, 5, 2]
    assert "turned into log2(x + 1)" in " ".join(cohort.told)
    levels = np.log2(np.exp2(np.clip(few.expression, -3, 6) + 4) + 1)
    samples = few.samples.assign(sample_type=None, msi=None).astype(object)
    expected = predict(bundle, Profiles(samples, few.sequenced & False, expression=levels), list(NAMES))
    same(scored(path, tmp_path / "out"), expected)
    narrowed = cohort.narrowed({"expression": {"PTEN", "IRS1"}})
    held = next(narrowed.read(narrowed.tasks()[1]))[1].profiles.expression
    assert sorted(held.columns) == ["IRS1", "PTEN"]
    assert held.equals(levels.iloc[5:10][list(held.columns)])


def test_genes_of_an_anndata_file_are_recognised_once_however_many_chunks(
    few: Profiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pamrx.cohort import chunks as parts
    from pamrx.readers.matrices import h5ad

    monkeypatch.setattr(parts, "CHUNK_SIZE", 5)
    labels = Mock(wraps=h5ad._labels)
    monkeypatch.setattr(h5ad, "_labels", labels)
    cohort = open_cohort(anndata(tmp_path / "cells.h5ad", few, "csr"))
    read = [part.profiles for task in cohort.tasks() for _, part in cohort.read(task)]
    assert [profiles.n for profiles in read] == [5, 5, 2]
    assert labels.call_count == 1


def test_an_anndata_file_that_cannot_be_used_is_told(few: Profiles, tmp_path: Path) -> None:
    (tmp_path / "broken.h5ad").write_text("no HDF5")
    with pytest.raises(PamrxError, match="not an AnnData file"):
        open_cohort(tmp_path / "broken.h5ad")
    path = anndata(tmp_path / "other.h5ad", few, form="csr")
    with h5py.File(path, "a") as file:
        file["X"].attrs["encoding-type"] = "coo_matrix"
    with pytest.raises(PamrxError, match="stored as 'coo_matrix'; expected an array, CSR or CSC"):
        open_cohort(path)


def test_a_matrix_by_columns_is_read_whole_and_counts_in_memory(few: Profiles, tmp_path: Path) -> None:
    by_rows, by_columns = (open_cohort(anndata(tmp_path / f"{form}.h5ad", few, form)) for form in ("csr", "csc"))
    assert by_columns.memory > by_rows.memory == 0
    same(scored(tmp_path / "csc.h5ad", tmp_path / "a"), scored(tmp_path / "csr.h5ad", tmp_path / "b"))
