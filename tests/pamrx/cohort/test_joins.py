"""Names of a MAF beside a cohort are joined as `pamrx predict` joins them, and a panel may be given by its name."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from pamrx.cohort import Given, open_cohort
from pamrx.errors import PamrxError
from pamrx.profiles import Profiles, read_profiles

from tests.pamrx.readers.matrices.test_h5ad import put_text, write

HEAD = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
MUTATED = ["TCGA-OR-A5J1-01A-11D-A29I-10", "TCGA-OR-A5J9-01A-11D-A29I-10", "mcf7", "P-0000004"]
EXPRESSED = ["TCGA-OR-A5J1-01A-11R-A29S-07", "MCF-7", "P-0000004-T01-IM3"]


def folder_of(path: Path, shards: int = 1) -> Path:
    path.mkdir()
    (path / "mutations.maf").write_text(
        HEAD + "".join(f"PTEN\t{name}\tNonsense_Mutation\tp.R130*\n" for name in MUTATED)
    )
    for shard in range(shards):
        names = EXPRESSED[shard::shards]
        values = "\t".join(str(1.5 + place) for place in range(len(names)))
        rows = "".join(f"{gene}\t{values}\n" for gene in ("PTEN", "AKT1", "PIK3CA"))
        (path / f"expression-{shard + 1}.tsv").write_text("gene\t" + "\t".join(names) + "\n" + rows)
    return path


def read(path: Path, given: Given | None = None) -> dict[str, Profiles]:
    """Each sample's profile."""
    found: dict[str, Profiles] = {}
    cohort = open_cohort(path, given)
    for task in cohort.tasks():
        for _, part in cohort.read(task):
            for name in [] if part.profiles is None else part.profiles.samples.index:
                assert part.profiles is not None
                assert name not in found
                found[name] = part.profiles.subset([name])
    return found


@pytest.mark.medium
@pytest.mark.parametrize("shards", [1, 3])
def test_a_folder_joins_each_sample_once(tmp_path: Path, shards: int) -> None:
    folder = folder_of(tmp_path / "cohort", shards)
    found = read(folder)
    wanted = ["TCGA-OR-A5J1-01", "mcf7", "P-0000004-T01-IM3", "TCGA-OR-A5J9-01", "P-0000004"]
    assert sorted(found) == sorted(wanted)
    for name in ("TCGA-OR-A5J1-01", "mcf7"):
        assert found[name].sequenced.all()
        assert found[name].expression is not None
    assert not found["P-0000004-T01-IM3"].sequenced.any()
    if shards == 1:
        whole = read_profiles(mutations=folder / "mutations.maf", expression=folder / "expression-1.tsv")
        assert sorted(whole.samples.index) == sorted(wanted)
        assert set(open_cohort(folder).told) >= {note for note in whole.notes if "joined" in note}


@pytest.mark.medium
def test_a_panel_by_name_beside_a_cohort(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "cohort")
    cohort = open_cohort(folder, Given(panel=Path("MSK-IMPACT 341")))
    assert any(note.startswith("msk-impact-341: panel of 341 genes") for note in cohort.told)
    assert cohort.files["MSK-IMPACT 341"] != open_cohort(folder, Given(panel=Path("msk-impact-410"))).files.get(
        "msk-impact-410"
    )
    found = read(folder, Given(panel=Path("msk-impact-341")))
    assert {len(one.assessed_genes or ()) for one in found.values()} == {341}
    with pytest.raises(PamrxError, match="no such file; expected a file of gene symbols, or a panel"):
        open_cohort(folder, Given(panel=Path("msk-impact-9")))


def test_a_likely_panel_beside_a_cohort_is_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "cohort")
    maf = tmp_path / "x.maf"
    maf.write_text(HEAD + "".join(f"PTEN\tS{number}\tNonsense_Mutation\tp.R130*\n" for number in range(12)))
    pd.DataFrame({"sample_id": ["S1"], "expression.PTEN": [1.5]}).to_parquet(tmp_path / "x.parquet")
    for cohort in (folder, tmp_path / "x.parquet"):
        (cohort / "mutations.maf").unlink() if cohort.is_dir() else None
        told = open_cohort(cohort, Given(mutations=maf)).told
        assert sum("only 1 gene over 12 samples: looks like a targeted panel" in note for note in told) == 1


@pytest.mark.parametrize("described", [False, True])
def test_an_h5ad_joins_a_maf_beside_it_as_predict_does(tmp_path: Path, described: bool) -> None:
    path, maf = tmp_path / "x.h5ad", folder_of(tmp_path / "cohort") / "mutations.maf"
    values = np.array([[1.5, 2.5, 3.5], [4.5, 5.5, 6.5], [7.5, 8.5, 9.5]])
    write(path, values, EXPRESSED, ["PTEN", "AKT1", "PIK3CA"])
    if described:
        with h5py.File(path, "a") as file:
            put_text(file["obs"], "tissue", ["breast", "breast", "skin"])
    found = read(path, Given(mutations=maf))
    line = "MCF-7" if described else "mcf7"
    wanted = ["TCGA-OR-A5J1-01", line, "P-0000004-T01-IM3"]
    alone = [] if described else ["TCGA-OR-A5J9-01", "P-0000004"]  # set aside where the file lists its samples
    assert sorted(found) == sorted([*wanted, *alone])
    assert found[line].sequenced.all()
    levels = found[line].expression
    assert levels is not None
    assert levels.loc[line, "PTEN"] == 4.5
