"""Copy number of a cohort read in chunks: the unit, the refusals and the calls are those of the file read whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.cohort import Given, chunks, open_cohort
from pamrx.errors import PamrxError
from pamrx.profiles import Profiles, read_profiles

GENES = ["PIK3CA", "PTEN", "AKT1", "ERBB2", "MYC", "EGFR"]
CALLS = np.random.default_rng(1).choice([-2.0, -1, 0, 0, 0, 0, 1, 2], (9, 6))


def cohort(folder: Path, shards: list[np.ndarray]) -> Path:
    folder.mkdir()
    place = 0
    for number, values in enumerate(shards):
        names = [f"S{place + row}" for row in range(len(values))]
        place += len(values)
        frame = pd.DataFrame(values, names, [f"copy_number.{gene}" for gene in GENES])
        frame.rename_axis("sample_id").reset_index().to_parquet(folder / f"part-{number}.parquet", index=False)
    return folder


def read_in_chunks(path: Path, unit: str | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    opened = open_cohort(path, Given(copy_number_unit=unit))
    tables: list[pd.DataFrame] = []
    rejected: dict[str, str] = {}
    for task in opened.tasks():
        for _, read in opened.read(task):
            rejected |= dict(zip(read.rejected["sample_id"], read.rejected["reason"], strict=True))
            if isinstance(read.profiles, Profiles) and read.profiles.copy_number is not None:
                tables.append(read.profiles.copy_number)
    return pd.concat(tables), rejected


def read_whole(folder: Path, values: np.ndarray, unit: str | None = None) -> pd.DataFrame:
    path = folder / "whole.csv"
    frame = pd.DataFrame(values, [f"S{row}" for row in range(len(values))], GENES)
    frame.rename_axis("sample_id").to_csv(path, na_rep="NA")
    found = read_profiles(copy_number=path, copy_number_unit=unit).copy_number
    assert found is not None
    return found


RATIOS = np.where(CALLS == -2, 0.0, 2.0 ** (CALLS * 0.6))
WITH_GAPS = np.where(CALLS == 1, np.nan, CALLS)
UNITS = {
    "calls": (None, CALLS),
    "partial deletions": (None, np.where(CALLS == -2, -1.5, CALLS)),
    "gaps": (None, WITH_GAPS),
    "log2 and -Inf": (None, np.where(CALLS == -2, -np.inf, CALLS * 0.6 + 0.01)),
    "copies": ("copies", CALLS + 2),
    "ratio": ("ratio", RATIOS),
    "log2-ratio-plus-1": ("log2-ratio-plus-1", np.log2(RATIOS + 1)),
}


@pytest.mark.parametrize("name", UNITS)
def test_chunks_are_read_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(chunks, "CHUNK_SIZE", 2)
    unit, values = UNITS[name]
    found, rejected = read_in_chunks(cohort(tmp_path / "c", [values[:5], values[5:]]), unit)
    assert not rejected
    whole = read_whole(tmp_path, values, unit)
    np.testing.assert_array_equal(found.loc[whole.index, GENES].to_numpy(), whole[GENES].to_numpy())


@pytest.mark.parametrize("values", [CALLS + 2, RATIOS], ids=["copies", "ratios"])
def test_what_a_file_is_refused_for_a_cohort_is(tmp_path: Path, values: np.ndarray) -> None:
    with pytest.raises(PamrxError) as whole:
        read_whole(tmp_path, values)
    with pytest.raises(PamrxError) as shards:
        open_cohort(cohort(tmp_path / "c", [values[:5], values[5:]]))
    assert str(shards.value).split(": values")[1] == str(whole.value).split(": values")[1]


def test_an_odd_cell_sets_its_sample_aside(tmp_path: Path) -> None:
    values = CALLS.copy()
    values[4, 2] = 0.4
    found, rejected = read_in_chunks(cohort(tmp_path / "c", [values]))
    assert list(rejected) == ["S4"]
    assert "copy_number.AKT1: found 0.4, expected a GISTIC call -2..2" in rejected["S4"]
    np.testing.assert_array_equal(found.to_numpy(), np.delete(CALLS, 4, axis=0))


def test_shards_of_one_tumour_or_of_zeros_show_no_other_unit(tmp_path: Path) -> None:
    amplified = np.array([[2.0, 2, 2, 1, 0, 2]])
    found, rejected = read_in_chunks(cohort(tmp_path / "c", [CALLS, amplified, CALLS[:2] * 0]))
    assert not rejected
    np.testing.assert_array_equal(found.to_numpy(), np.vstack([CALLS, amplified, CALLS[:2] * 0]))
    logs = CALLS * 0.6 + 0.01
    found, _ = read_in_chunks(cohort(tmp_path / "d", [CALLS[:2] * 0, logs]))
    np.testing.assert_array_equal(found.to_numpy()[:2], CALLS[:2] * 0)


@pytest.mark.parametrize(("other", "unit"), [(CALLS * 0.6 + 0.01, "log2 ratios"), (CALLS[:4] + 2, "copies")])
def test_shards_in_other_units_are_refused(tmp_path: Path, other: np.ndarray, unit: str) -> None:
    with pytest.raises(PamrxError, match=f"copy_number looks like {unit}, but in part-0.parquet like calls"):
        open_cohort(cohort(tmp_path / "c", [CALLS, other]))


def test_a_folder_of_matrices_takes_the_unit(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    frame = pd.DataFrame(CALLS + 2, [f"S{row}" for row in range(9)], GENES).rename_axis("sample_id")
    frame.to_csv(folder / "copy_number-01.csv")
    with pytest.raises(PamrxError, match="say --copy-number-unit copies"):
        open_cohort(folder)
    found, _ = read_in_chunks(folder, "copies")
    np.testing.assert_array_equal(found.to_numpy(), CALLS)


def test_a_unit_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="did you mean copies"):
        open_cohort(cohort(tmp_path / "c", [CALLS]), Given(copy_number_unit="copys"))
