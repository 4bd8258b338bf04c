"""A MAF and a panel beside a cohort mean what they mean to `predict`; what is held in memory is told before it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.cli.main import app
from pamrx.cohort import (
    Given,
    Options,
    open_cohort,
    parquet_cohort,
    score,
    study_cohort,
)
from pamrx.cohort import (
    memory as held,
)
from pamrx.cohort import (
    scoring as run,
)
from pamrx.errors import PamrxError
from pamrx.prediction.predictions import predict
from pamrx.profiles import Profiles, read_profiles
from typer.testing import CliRunner

pytestmark = pytest.mark.medium

NAMES = ("alpelisib", "capivasertib")
GENES = ["PTEN", "PIK3CA", "AKT1", "TP53", "MTOR", "TSC1"]
SAMPLES = [f"S{place}" for place in range(4)]
HEADER = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\tcbp_driver\n"


def maf(path: Path, driver: str) -> Path:
    """Hotspots in three samples, and a change of MTOR; `driver` is what the file says of them all."""
    rows = [
        ("PIK3CA", "S0", "Missense_Mutation", "p.H1047R"),
        ("PTEN", "S1", "Nonsense_Mutation", "p.R130*"),
        ("MTOR", "S1", "Missense_Mutation", "p.A1B"),
        ("AKT1", "S2", "Missense_Mutation", "p.E17K"),
    ]
    path.write_text(HEADER + "".join("\t".join([*row, driver]) + "\n" for row in rows))
    return path


def levels(seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(random.normal(6, 2, (4, 6)), index=pd.Index(SAMPLES, name="sample_id"), columns=GENES)


def parquet(folder: Path) -> Path:
    table = {f"expression.{gene}": levels()[gene].to_numpy() for gene in GENES}
    pq.write_table(pa.table({"sample_id": SAMPLES, **table}), folder / "cohort.parquet")
    return folder / "cohort.parquet"


def shards(folder: Path) -> Path:
    (folder / "shards").mkdir()
    levels().to_csv(folder / "shards" / "expression-01.csv")
    return folder / "shards"


def h5ad(folder: Path) -> Path:
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "cohort.h5ad", "w") as file:
        file["X"] = levels().to_numpy()
        for axis, names in (("obs", SAMPLES), ("var", GENES)):
            group = file.create_group(axis)
            group.attrs["_index"] = "_index"
            group.create_dataset("_index", data=names, dtype=h5py.string_dtype())
    return folder / "cohort.h5ad"


def expected(folder: Path, mutations: Path, panel: Path | None = None) -> Profiles:
    levels().to_csv(folder / "levels.csv")
    samples = pd.DataFrame({"sample_id": SAMPLES, "sequenced": ["yes", "yes", "yes", "no"]})
    samples.to_csv(folder / "samples.csv", index=False)
    return read_profiles(
        mutations, folder / "levels.csv", samples=folder / "samples.csv", panel=panel, expression_unit="log2"
    )


def same(bundle: Bundle, found: pd.DataFrame, profiles: Profiles) -> None:
    told = predict(bundle, profiles, list(NAMES))
    assert list(found["sample_id"]) == list(told["sample_id"])
    for column in ("ln_ic50", "ln_ic50_lower", "evidence", "distance"):
        assert np.array_equal(found[column], told[column], equal_nan=True), column


def scored(cohort: Path, folder: Path, given: Given) -> pd.DataFrame:
    score(open_cohort(cohort, given), folder, None, Options(NAMES), jobs=1)
    return pd.read_parquet(folder / "predictions")


@pytest.mark.parametrize("kind", [parquet, shards, h5ad])
@pytest.mark.parametrize("driver", ["Putative_Driver", ""])
def test_a_maf_beside_is_read_as_predict_reads_it(bundle: Bundle, kind: Any, driver: str, tmp_path: Path) -> None:
    mutations = maf(tmp_path / "beside.maf", driver)
    profiles = expected(tmp_path, mutations)
    assert (profiles.unfiltered is not None) == bool(driver)
    same(bundle, scored(kind(tmp_path), tmp_path / "out", Given(mutations, unit="log2")), profiles)


def test_that_a_maf_lists_drivers_only_matters(bundle: Bundle, tmp_path: Path) -> None:
    words = ("Putative_Driver", "")
    whether = [predict(bundle, expected(tmp_path, maf(tmp_path / "m.maf", word)), list(NAMES)) for word in words]
    assert not np.array_equal(whether[0]["evidence"], whether[1]["evidence"])


@pytest.mark.parametrize("kind", [parquet, shards, h5ad])
def test_mutations_outside_the_panel_count_as_predict_counts_them(bundle: Bundle, kind: Any, tmp_path: Path) -> None:
    mutations, panel = maf(tmp_path / "beside.maf", ""), tmp_path / "panel.txt"
    panel.write_text("PIK3CA\nAKT1\nTP53\n")
    found = scored(kind(tmp_path), tmp_path / "out", Given(mutations, panel, "log2"))
    same(bundle, found, expected(tmp_path, mutations, panel))


def test_ratios_of_one_gene_become_one_before_they_become_calls(tmp_path: Path) -> None:
    ratios = {
        "PTEN": [-1.5, 0.1, 0.0, -0.2],
        "ENSG00000171862": [-1.5, -1.5, 0.05, -0.3],
        "AKT1": [0.9, 0.0, 0.3, 0.01],
    }
    pq.write_table(
        pa.table({"sample_id": SAMPLES, **{f"copy_number.{gene}": values for gene, values in ratios.items()}}),
        tmp_path / "cohort.parquet",
    )
    pd.DataFrame(ratios, index=pd.Index(SAMPLES, name="sample_id")).to_csv(tmp_path / "ratios.csv")
    cohort = open_cohort(tmp_path / "cohort.parquet")
    (_, read), = cohort.read(cohort.tasks()[0])  # fmt: skip
    told = read_profiles(copy_number=tmp_path / "ratios.csv")
    assert read.profiles is not None
    assert read.profiles.copy_number is not None
    assert told.copy_number is not None
    pd.testing.assert_frame_equal(
        read.profiles.copy_number[["PTEN", "AKT1"]], told.copy_number[["PTEN", "AKT1"]], check_names=False
    )
    assert read.profiles.copy_number["PTEN"].isna().tolist() == [False, True, True, True]


def test_a_maf_beside_counts_in_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort, mutations = parquet(tmp_path), maf(tmp_path / "beside.maf", "")
    alone = open_cohort(cohort).memory
    assert open_cohort(cohort, Given(mutations)).memory == alone + 5 * held.PER_ROW
    monkeypatch.setattr(held, "PER_ROW", 200_000_000)
    memory = open_cohort(cohort, Given(mutations)).memory
    assert run._processes(4_000_000_000, memory, 4) == 2
    with pytest.raises(PamrxError, match=r"--memory 1500MB: expected 1900MB or more"):
        score(open_cohort(cohort, Given(mutations)), tmp_path / "out", None, Options(NAMES), 1_500_000_000)
    assert not (tmp_path / "out").exists()


def test_a_study_that_does_not_fit_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "meta_study.txt").write_text("type_of_cancer: brca\ncancer_study_identifier: made\nname: made\n")
    maf(folder / "data_mutations.txt", "")
    levels().T.rename_axis("Hugo_Symbol").to_csv(folder / "data_mrna_seq_v2_rsem.txt", sep="\t")
    assert open_cohort(folder, memory=2_000_000_000).memory == 5 * 7 * held.PER_CELL + 5 * held.PER_ROW
    monkeypatch.setattr(held, "PER_CELL", 100_000_000)
    monkeypatch.setattr(study_cohort, "_study", None)
    with pytest.raises(PamrxError, match=r"--memory 2000MB: expected 4400MB or more.*: split it by samples"):
        open_cohort(folder, memory=2_000_000_000)
    told = CliRunner().invoke(app, ["score", str(folder), "-o", str(tmp_path / "out")])
    assert isinstance(told.exception, PamrxError)
    assert not (tmp_path / "out").exists()


def test_a_giant_row_group_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = parquet(tmp_path)
    assert not any("row group" in note for note in open_cohort(cohort).told)
    monkeypatch.setattr(parquet_cohort, "MANY", 3)
    assert "a row group holds 4 samples, which one process reads in order" in open_cohort(cohort).told[-1]
