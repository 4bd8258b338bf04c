"""Every kind of file says the same to `predict` and to `score`: samples, notes, units and, bit for bit, numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.cohort import Given, Options, open_cohort, score
from pamrx.errors import PamrxError
from pamrx.examples import example_files
from pamrx.prediction.predictions import predict
from pamrx.profiles import Profiles, read_profiles, read_study

from tests.pamrx.readers.matrices.test_h5ad import put_text, write

pytestmark = pytest.mark.medium

NAMES = ("alpelisib", "capivasertib")
Files = dict[str, Path]
Change = Callable[[pd.DataFrame], pd.DataFrame]
Make = Callable[[Profiles, Path], Files]


@pytest.fixture(scope="module")
def examples() -> Profiles:
    """The examples with a quarter of their genes, which are quickly read and enough for ranks of a whole profile."""
    profiles = read_profiles(**example_files())
    assert profiles.expression is not None
    return Profiles(**{**vars(profiles), "expression": profiles.expression.iloc[:, ::2]})


def linear(values: pd.DataFrame) -> pd.DataFrame:
    return np.exp2(values.clip(-3, 6) + 8) - 1


def zscores(values: pd.DataFrame) -> pd.DataFrame:
    return (values - values.mean()) / values.std()


def mostly_low(values: pd.DataFrame) -> pd.DataFrame:
    """Linear, but eleven of twelve lines have a maximum of 45 and one of 135."""
    out = np.exp2(values.clip(-3, 6))
    top = np.where(np.arange(len(out)) == 3, 135.0, 45.0)
    return out.mul(top / out.max(axis=1).to_numpy(), axis=0)


def expression(change: Change, ending: str = "csv") -> Make:
    def make(examples: Profiles, folder: Path) -> Files:
        table = change(examples.expression).rename_axis("sample_id")
        path = folder / f"expression-01.{ending}"
        if ending == "parquet":
            table.to_parquet(path)
        elif ending == "tsv":
            table.T.rename_axis("gene").to_csv(path, sep="\t")
        elif ending == "gct":
            rows = table.T.rename_axis("Name").reset_index()
            rows.insert(1, "Description", rows["Name"])
            path.write_text(f"#1.2\n{len(rows)}\t{len(table)}\n" + rows.to_csv(sep="\t", index=False))
        else:
            table.to_csv(path)
        return {"expression": path}

    return make


def described(examples: Profiles, folder: Path) -> Files:
    examples.samples.assign(sequenced="yes").to_csv(folder / "samples-01.csv")
    mutations = folder / "cohort.maf"
    mutations.write_bytes(example_files()["mutations"].read_bytes())
    return {**expression(lambda values: values)(examples, folder), "samples": folder / "samples-01.csv",
            "mutations": mutations}  # fmt: skip


def mutations_of_some(examples: Profiles, folder: Path) -> Files:
    """A MAF that names three of the lines and two others; without a table of samples."""
    rows = examples.mutations
    chosen = rows[rows["sample_id"].isin(examples.samples.index[:3])]
    other = chosen.iloc[:2].assign(sample_id=["X1", "X2"])
    table = pd.concat([chosen, other])[["gene", "sample_id", "variant_classification", "hgvsp"]]
    table.columns = ["Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short"]
    table.to_csv(folder / "cohort.maf", sep="\t", index=False)
    return {**expression(lambda values: values, "tsv")(examples, folder), "mutations": folder / "cohort.maf"}


def barcodes(examples: Profiles, folder: Path) -> Files:
    """Aliquots in one file, patients in the other, and a normal sample."""
    names = [f"TCGA-AA-{place:04}" for place in range(4)]
    values = examples.expression.iloc[:5].set_axis([*(f"{name}-01A-11R-A1-07" for name in names), f"{names[0]}-11A"])
    values.rename_axis("sample_id").to_csv(folder / "expression-01.csv")
    rows = "".join(f"PIK3CA\t{name}\tMissense_Mutation\tp.H1047R\n" for name in names[:2])
    (folder / "cohort.maf").write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n" + rows
    )
    return {"expression": folder / "expression-01.csv", "mutations": folder / "cohort.maf"}


def copies(head: str, change: Change) -> Make:
    def make(examples: Profiles, folder: Path) -> Files:
        change(examples.segments).T.rename_axis(head).to_csv(folder / "copy_number-01.csv")
        return {"copy_number": folder / "copy_number-01.csv"}

    return make


def micro(examples: Profiles, folder: Path) -> Files:
    """Stem-loops and mature names of miRNAs, linear, beside a lncRNA on a log2 scale."""
    random = np.random.default_rng(0)
    names = ["hsa-let-7a-1", "hsa-let-7a-2", "hsa-miR-21-5p", "hsa-mir-222", *(f"hsa-miR-{n}" for n in range(100, 130))]
    table = pd.DataFrame(random.integers(0, 5000, (12, len(names))), examples.samples.index, names)
    table["MALAT1"] = random.normal(9, 1, 12)
    table.rename_axis("sample_id").to_csv(folder / "ncrna-01.csv")
    return {"ncrna": folder / "ncrna-01.csv"}


def flat(values: pd.DataFrame) -> pd.DataFrame:
    out = values.copy()
    out.iloc[2] = 4.0
    return out


KINDS: dict[str, Make] = {
    "log2 in columns": expression(lambda values: values),
    "log2 in rows": expression(lambda values: values, "tsv"),
    "GCT": expression(lambda values: values, "gct"),
    "Parquet": expression(lambda values: values, "parquet"),
    "linear": expression(linear),
    "counts": expression(lambda values: linear(values).round()),
    "z-scores": expression(zscores),
    "mostly low": expression(mostly_low),
    "one flat sample": expression(flat),
    "MAF and table of samples": described,
    "MAF of some and others": mutations_of_some,
    "barcodes": barcodes,
    "segments": copies("segment", lambda calls: calls),
    "calls": copies("gene", lambda calls: calls),
    "partial deletions": copies("gene", lambda calls: calls.replace(-2.0, -1.5)),
    "ratios": copies("gene", lambda calls: calls * 0.6 + 0.01),
    "stem-loops": micro,
}


def scored(cohort: Path, folder: Path, given: Given | None = None) -> tuple[pd.DataFrame, list[str]]:
    found = open_cohort(cohort, given)
    score(found, folder, None, Options(NAMES), jobs=1)
    assert pd.read_parquet(folder / "rejected.parquet").empty
    return pd.read_parquet(folder / "predictions"), list(found.told)


def same(bundle: Bundle, profiles: Profiles, found: pd.DataFrame) -> None:
    expected = predict(bundle, profiles, list(NAMES))
    keys = ["sample_id", "drug"]
    ours, theirs = (table.sort_values(keys, ignore_index=True) for table in (found, expected))
    assert list(ours["sample_id"]) == list(theirs["sample_id"])
    for column in theirs.columns:
        if theirs[column].dtype == float:
            assert np.array_equal(ours[column], theirs[column], equal_nan=True), column


def plain(notes: list[str] | tuple[str, ...]) -> list[str]:
    """Notes without the paths of their files."""
    return [re.sub(r"\S*/", "", note) for note in notes]


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_files_reads_as_the_files(bundle: Bundle, examples: Profiles, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "cohort"
    folder.mkdir()
    files = KINDS[kind](examples, folder)
    profiles = read_profiles(**files)
    found, notes = scored(folder, tmp_path / "out")
    same(bundle, profiles, found)
    # How many samples lack what is counted over another set where the MAF names samples that no other file has.
    if kind != "MAF of some and others":
        assert plain(notes) == plain(profiles.notes)


def test_a_cohort_of_low_linear_values_is_one_unit(examples: Profiles, tmp_path: Path) -> None:
    folder = tmp_path / "cohort"
    folder.mkdir()
    files = expression(mostly_low)(examples, folder)
    notes = [note for note in read_profiles(**files).notes if "read as" in note]
    assert len(notes) == 1
    assert "read as linear" in notes[0]
    assert open_cohort(folder).tasks()[0][0].size == 12


@pytest.mark.parametrize("encoding", ["string-array", "nullable-string-array", "categorical"])
@pytest.mark.parametrize("change", [lambda values: values, linear, zscores], ids=["log2", "linear", "z-scores"])
def test_an_anndata_file_reads_as_predict_reads_it(
    bundle: Bundle, examples: Profiles, tmp_path: Path, encoding: str, change: Change
) -> None:
    values = change(examples.expression)
    path = write(tmp_path / "x.h5ad", values.to_numpy(), list(values.index), list(values.columns), encoding=encoding)
    import h5py

    with h5py.File(path, "a") as root:
        put_text(root["obs"], "tissue", [*examples.samples["tissue"].iloc[:-1], "elsewhere"], encoding)
    unit = "zscore" if change is zscores else None
    profiles = read_profiles(expression=path, expression_unit=unit)
    found, notes = scored(path, tmp_path / "out", Given(unit=unit))
    same(bundle, profiles, found)
    assert profiles.samples["tissue"].notna().sum() == 11
    assert plain(notes) == plain(profiles.notes)


def test_a_layer_and_a_maf_beside_it(bundle: Bundle, examples: Profiles, tmp_path: Path) -> None:
    values = linear(examples.expression)
    layers = {"tpm": values.to_numpy()}
    path = write(tmp_path / "x.h5ad", None, list(values.index), list(values.columns), layers=layers)
    mutations = example_files()["mutations"]
    profiles = read_profiles(mutations=mutations, expression=f"{path}::tpm")
    found, _ = scored(Path(f"{path}::tpm"), tmp_path / "out", Given(mutations))
    same(bundle, profiles, found)


def test_a_study_reads_as_predict_reads_it(bundle: Bundle, examples: Profiles, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / "meta_study.txt").write_text("type_of_cancer: brca\ncancer_study_identifier: made\nname: made\n")
    linear(examples.expression).T.rename_axis("Hugo_Symbol").to_csv(study / "data_mrna_seq_v2_rsem.txt", sep="\t")
    (study / "data_mutations.txt").write_bytes(example_files()["mutations"].read_bytes())
    profiles = read_study(study)
    found, notes = scored(study, tmp_path / "out")
    same(bundle, profiles, found)
    assert notes == list(profiles.notes)


SPOILT = {
    "text": ("expression", "abc", "found 'abc', expected a finite number"),
    "a level beyond the unit": ("expression", "4000", "found 4000, expected no log2 value above 50"),
    "a call out of range": ("copy_number", "7", "found 7, expected a GISTIC call"),
    "a word that is unknown": ("samples", "brest", "found 'brest', expected a known tissue"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_predict_refuses_is_set_aside_by_score_for_the_same_reason(
    examples: Profiles, tmp_path: Path, name: str
) -> None:
    kind, cell, reason = SPOILT[name]
    folder = tmp_path / "cohort"
    folder.mkdir()
    examples.expression.iloc[:, :50].rename_axis("sample_id").to_csv(folder / "expression-01.csv")
    examples.segments.rename_axis("sample_id").to_csv(folder / "copy_number-01.csv")
    examples.samples.to_csv(folder / "samples-01.csv")
    files = {part: folder / f"{part}-01.csv" for part in ("expression", "copy_number", "samples")}
    table = pd.read_csv(files[kind], dtype=str, keep_default_na=False)
    table.iloc[4, 1] = cell
    table.to_csv(files[kind], index=False)
    with pytest.raises(PamrxError, match=re.escape(reason)):
        read_profiles(**files)
    score(open_cohort(folder), tmp_path / "out", None, Options(NAMES), jobs=1)
    rejected = pd.read_parquet(tmp_path / "out" / "rejected.parquet")
    assert list(rejected["sample_id"]) == [examples.samples.index[4]]
    assert reason in rejected["reason"][0]
    assert pd.read_parquet(tmp_path / "out" / "predictions")["sample_id"].nunique() == 11
