"""Scaled X of an AnnData file: `.raw` in its place, or a refusal whose advice works, for `predict` and `score`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pamrx.cohort import Given, open_cohort
from pamrx.cohort.h5ad_cohort import H5adCohort
from pamrx.errors import PamrxError
from pamrx.profiles import Profiles, read_profiles
from scipy import sparse

from tests.pamrx.readers.matrices.test_h5ad import put_matrix, put_text, write

h5py = pytest.importorskip("h5py")

GENES = ["PTEN", "PIK3CA", "AKT1", "MTOR", "TSC1", "TSC2", "EGFR"]
SAMPLES = [f"S{place}" for place in range(6)]
COUNTS = np.random.default_rng(4).negative_binomial(3, 0.01, (6, len(GENES))).astype(float)
LOGGED = np.log1p(COUNTS)
SCALED = np.clip((LOGGED - LOGGED.mean(axis=0)) / LOGGED.std(axis=0, ddof=1), None, 10)


def scanpy_file(folder: Path, raw: np.ndarray | None = None, layers: dict[str, np.ndarray] | None = None) -> Path:
    path = write(folder / "x.h5ad", SCALED, SAMPLES, GENES, layers=layers)
    with h5py.File(path, "a") as root:
        root.create_group("uns/log1p")
        if raw is not None:
            group = root.create_group("raw")
            put_matrix(group, "X", sparse.csr_matrix(raw))
            genes = group.create_group("var")
            genes.attrs["_index"] = "_index"
            put_text(genes, "_index", GENES)
    return path


def by_both(path: Path | str, unit: str | None = None) -> tuple[np.ndarray, list[str]]:
    """Levels and notes, the same as `predict` and as `score` reads them."""
    profiles = read_profiles(expression=path, expression_unit=unit)
    cohort = open_cohort(Path(path), Given(unit=unit))
    assert isinstance(cohort, H5adCohort)
    ((_, read),) = (one for task in cohort.tasks() for one in cohort.read(task))
    assert isinstance(read.profiles, Profiles)
    assert profiles.expression is not None
    assert read.profiles.expression is not None
    np.testing.assert_array_equal(read.profiles.expression.to_numpy(), profiles.expression.to_numpy())
    assert set(cohort.told) <= set(profiles.notes)
    return profiles.expression.to_numpy(), list(cohort.told)


@pytest.mark.medium
def test_raw_goes_before_scaled_x(tmp_path: Path) -> None:
    values, notes = by_both(scanpy_file(tmp_path, LOGGED))
    np.testing.assert_array_equal(values, LOGGED)
    assert any("X is scaled (mean 0 per gene): .raw is read in its place" in note for note in notes)
    assert any("AnnData, raw, genes by var_names, natural logarithms by uns['log1p']" in note for note in notes)


@pytest.mark.medium
@pytest.mark.parametrize("raw", [None, SCALED], ids=["no raw", "scaled raw"])
def test_advice_for_scaled_x_works(tmp_path: Path, raw: np.ndarray | None) -> None:
    path = scanpy_file(tmp_path, raw, {"counts": COUNTS, "scaled": SCALED})
    for refuse in (lambda: read_profiles(expression=path), lambda: open_cohort(path)):
        with pytest.raises(PamrxError, match="X is scaled") as caught:
            refuse()
        assert "as x.h5ad::LAYER (there are counts, scaled)" in str(caught.value)
        assert "--expression-unit zscore" in str(caught.value)
    np.testing.assert_array_equal(by_both(f"{path}::counts")[0], np.log2(COUNTS + 1))
    values, notes = by_both(path, "zscore")
    np.testing.assert_array_equal(values, SCALED)
    assert any("read as z-scores" in note for note in notes)
    assert any("z-scores per gene no longer tell" in note for note in by_both(f"{path}::scaled")[1])


def test_scaled_x_alone_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="give a file of counts or logarithms, or say --expression-unit zscore"):
        read_profiles(expression=scanpy_file(tmp_path))


@pytest.mark.medium
def test_x_that_is_not_scaled_is_read(tmp_path: Path) -> None:
    for values in (COUNTS, LOGGED, LOGGED - 2):
        path = write(tmp_path / "y.h5ad", values, SAMPLES, GENES)
        assert not any("is scaled" in note for note in by_both(path)[1])


@pytest.mark.medium
@pytest.mark.parametrize(("base", "words"), [(None, "natural logarithms"), (2.0, "logarithms to base 2")])
def test_logarithms_are_named(tmp_path: Path, base: float | None, words: str) -> None:
    path = write(tmp_path / "x.h5ad", LOGGED, SAMPLES, GENES)
    with h5py.File(path, "a") as root:
        mark = root.create_group("uns/log1p")
        if base is not None:
            mark["base"] = base
    assert any(f"{words} by uns['log1p']" in note for note in by_both(path)[1])
    with h5py.File(path, "a") as root:
        root["X"][...] = COUNTS
    assert not any("uns['log1p']" in note for note in by_both(path)[1]), "counts again"
