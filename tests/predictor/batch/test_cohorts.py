"""Other cohorts than Parquet: a study, shards of matrices with a MAF beside, and AnnData on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predictor.batch import Given, Options, open_cohort, score
from predictor.bundle import load_bundle
from predictor.errors import PamrxError
from predictor.examples import example_files
from predictor.predictions import predict
from predictor.profiles import Profiles, read_profiles

h5py = pytest.importorskip("h5py")

NAMES = ("alpelisib", "capivasertib")


@pytest.fixture(scope="module")
def examples() -> Profiles:
    return read_profiles(**example_files())


def scored(cohort: Path, folder: Path, given: Given | None = None) -> pd.DataFrame:
    score(open_cohort(cohort, given), folder, None, Options(NAMES), jobs=1, report=str)
    return pd.read_parquet(folder / "predictions")


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found["sample_id"]) == list(expected["sample_id"]) and list(found["drug"]) == list(expected["drug"])
    for column in ("ln_ic50", "ln_ic50_lower", "specific_percentile", "evidence", "distance"):
        assert np.array_equal(found[column], expected[column], equal_nan=True), column


@pytest.fixture
def folder(examples: Profiles, tmp_path: Path) -> Path:
    """Two shards of six samples, and the MAF of all."""
    out = tmp_path / "cohort"
    out.mkdir()
    table = examples.samples.assign(sequenced="yes")
    for shard, rows in (("01", slice(0, 6)), ("02", slice(6, 12))):
        examples.expression.iloc[rows].rename_axis("sample_id").to_csv(out / f"expression-{shard}.csv")
        table.iloc[rows].to_csv(out / f"samples-{shard}.csv")
    (out / "cohort.maf").write_bytes(Path(example_files()["mutations"]).read_bytes())
    return out


def test_shards_of_matrices_with_a_maf_beside(folder: Path, examples: Profiles, tmp_path: Path) -> None:
    found = scored(folder, tmp_path / "out")
    expected = predict(
        load_bundle(),
        Profiles(examples.samples, examples.sequenced, examples.mutations, expression=examples.expression),
        list(NAMES),
    )
    same(found, expected)


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


def test_a_study_is_scored_as_predict_scores_it(tmp_path: Path) -> None:
    study = Path(__file__).parents[2] / "data" / "study"
    if not study.is_dir():
        study = made_study(tmp_path / "study")
    from predictor.profiles import read_study

    same(scored(study, tmp_path / "out"), predict(load_bundle(), read_study(study), list(NAMES)))
    with pytest.raises(PamrxError, match="a study brings its own files"):
        open_cohort(study, Given(unit="tpm"))


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


def anndata(path: Path, profiles: Profiles, sparse: bool = False) -> Path:
    """As anndata writes it, without the package, which needs a newer Python."""
    values = np.exp2(np.clip(profiles.expression.to_numpy(), -3, 6) + 4)
    with h5py.File(path, "w") as file:
        if sparse:
            row, column = np.nonzero(values)
            group = file.create_group("X")
            group.attrs.update({"encoding-type": "csr_matrix", "shape": values.shape})
            group["data"], group["indices"] = values[row, column], column
            group["indptr"] = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(values)))])
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


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_anndata_is_read_a_part_at_a_time(
    examples: Profiles, tmp_path: Path, sparse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from predictor.batch import h5ad_cohort

    monkeypatch.setattr(h5ad_cohort, "PART_SIZE", 5)
    path = anndata(tmp_path / "cells.h5ad", examples, sparse)
    cohort = open_cohort(path)
    assert [task[0].size for task in cohort.tasks()] == [5, 5, 2] and "log2(x + 1)" in cohort.told[0]
    levels = np.log2(np.exp2(np.clip(examples.expression, -3, 6) + 4) + 1)
    samples = examples.samples.assign(sample_type=None, msi=None).astype(object)
    expected = predict(load_bundle(), Profiles(samples, examples.sequenced & False, expression=levels), list(NAMES))
    same(scored(path, tmp_path / "out"), expected)


def test_an_anndata_file_that_cannot_be_used_is_told(examples: Profiles, tmp_path: Path) -> None:
    (tmp_path / "broken.h5ad").write_text("no HDF5")
    with pytest.raises(PamrxError, match="not an AnnData file"):
        open_cohort(tmp_path / "broken.h5ad")
    path = anndata(tmp_path / "columns.h5ad", examples, sparse=True)
    with h5py.File(path, "a") as file:
        file["X"].attrs["encoding-type"] = "csc_matrix"
    with pytest.raises(PamrxError, match="stored by columns"):
        open_cohort(path)
