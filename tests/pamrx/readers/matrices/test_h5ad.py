"""AnnData by files that follow its format, by one that anndata 0.13 wrote, and by the library where it is installed."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.profiles import read_profiles
from pamrx.readers.matrices.h5ad import opened
from pamrx.readers.matrices.matrix import read_matrix
from scipy import sparse

h5py = pytest.importorskip("h5py")

KNOWN = ["PTEN", "PIK3CA", "AKT1"]
LEVELS = np.array([[3.0, 0.0], [1.0, 2.0]])


def put_text(group: Any, name: str, values: Sequence[str], encoding: str = "string-array") -> None:
    """A column of text, in any of the ways in which it has been written."""
    if encoding == "nullable-string-array":
        column = group.create_group(name)
        column.create_dataset("values", data=list(values), dtype=h5py.string_dtype())
        column["mask"] = np.zeros(len(values), dtype=bool)
    elif encoding == "categorical":
        column = group.create_group(name)
        words = sorted(set(values))
        put_text(column, "categories", words)
        column["codes"] = np.array([words.index(value) for value in values], dtype=np.int16)
    else:
        column = group.create_dataset(name, data=list(values), dtype=h5py.string_dtype())
    column.attrs["encoding-type"] = encoding


def put_matrix(root: Any, name: str, values: Any) -> None:
    if isinstance(values, np.ndarray):
        root[name] = values
        return
    group = root.create_group(name)
    group.attrs.update({"encoding-type": f"{values.format}_matrix", "shape": values.shape})
    for part in ("data", "indices", "indptr"):
        group[part] = getattr(values, part)


def write(
    path: Path,
    x: Any = LEVELS,
    samples: Sequence[str] = ("S1", "S2"),
    genes: Sequence[str] = ("PTEN", "CXCL8"),
    layers: Mapping[str, Any] | None = None,
    var: Mapping[str, Sequence[str]] | None = None,
    encoding: str = "string-array",
) -> Path:
    with h5py.File(path, "w") as root:
        if x is not None:
            put_matrix(root, "X", x)
        for axis, names in (("obs", samples), ("var", genes)):
            group = root.create_group(axis)
            group.attrs["_index"] = "_index"
            put_text(group, "_index", names, encoding)
        for name, words in (var or {}).items():
            put_text(root["var"], name, words, encoding)
        if layers:
            root.create_group("layers")
            for name, values in layers.items():
                put_matrix(root["layers"], name, values)
    return path


def values_of(path: Path | str) -> pd.DataFrame:
    return read_matrix(path, KNOWN).values


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix], ids=["dense", "csr", "csc"])
@pytest.mark.parametrize("encoding", ["string-array", "nullable-string-array", "categorical"])
def test_samples_by_genes_in_every_encoding(tmp_path: Path, form: Any, encoding: str) -> None:
    wanted = pd.DataFrame(LEVELS, index=["S1", "S2"], columns=["PTEN", "IL8"])
    path = write(tmp_path / "x.h5ad", form(LEVELS), encoding=encoding)
    assert values_of(path).to_dict() == wanted.to_dict()
    with opened(path, KNOWN) as data:
        np.testing.assert_array_equal(np.vstack([data.rows(row, row + 1, data.places) for row in (0, 1)]), LEVELS)


def test_layers_and_gene_columns(tmp_path: Path) -> None:
    layers = {"tpm": np.ones((2, 2)), "raw": np.zeros((2, 2))}
    path = write(tmp_path / "x.h5ad", layers=layers)
    assert values_of(f"{path}::tpm").to_numpy().sum() == 4
    with pytest.raises(PamrxError, match=r"no layer 'tmp'; the layers are raw, tpm; did you mean tpm"):
        values_of(f"{path}::tmp")
    with pytest.raises(PamrxError, match="X is empty; name one of raw, tpm"):
        values_of(write(tmp_path / "y.h5ad", None, layers=layers))
    path = write(tmp_path / "z.h5ad", genes=("p1", "p2"), var={"symbol": ("PIK3CA", "AKT1")})
    assert list(values_of(path).columns) == ["PIK3CA", "AKT1"]
    with pytest.raises(PamrxError, match="obs_names hold genes: transpose it"):
        values_of(write(tmp_path / "t.h5ad", samples=("PTEN", "AKT1"), genes=("a", "b")))


def test_raw_has_genes_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5ad")
    with h5py.File(path, "a") as root:
        raw = root.create_group("raw")
        put_matrix(raw, "X", sparse.csr_matrix(np.arange(6.0).reshape(2, 3)))
        genes = raw.create_group("var")
        genes.attrs["_index"] = "_index"
        put_text(genes, "_index", ["PTEN", "PIK3CA", "AKT1"])
    found = values_of(f"{path}::raw")
    assert list(found.columns) == ["PTEN", "PIK3CA", "AKT1"]
    assert found.loc["S2"].tolist() == [3.0, 4.0, 5.0]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5ad")
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "h5py":
            raise ModuleNotFoundError("No module named 'h5py'", name="h5py")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PamrxError, match=r"needs the package 'h5py'; run: pip install 'pamrx\[anndata\]'") as error:
        values_of(path)
    assert len(str(error.value).splitlines()) == 1


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "y.h5ad").write_text("x")
    with pytest.raises(PamrxError, match="not an AnnData file, or a damaged one"):
        values_of(tmp_path / "y.h5ad")
    with pytest.raises(PamrxError, match="sample S1 stands more than once"):
        values_of(write(tmp_path / "twice.h5ad", samples=("S1", "S1")))
    with pytest.raises(PamrxError, match="X is 2 x 2, expected 2 samples x 3 genes"):
        values_of(write(tmp_path / "shape.h5ad", genes=("PTEN", "AKT1", "PIK3CA")))
    path = write(tmp_path / "outside.h5ad", sparse.csr_matrix(LEVELS))
    with h5py.File(path, "a") as root:
        root["X"]["indices"][:] = [0, 7, 1]
    with pytest.raises(PamrxError, match="an index lies outside the matrix"):
        values_of(path)
    with pytest.raises(PamrxError, match="sample S1, gene PTEN: found an infinite value"):
        values_of(write(tmp_path / "inf.h5ad", np.array([[np.inf, 1.0], [1.0, 1.0]])))


@pytest.mark.anndata
def test_a_file_that_the_library_wrote(tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    made = anndata.AnnData(
        X=sparse.csr_matrix([[3.0, 0.0], [1.0, 2.0]]),
        obs=pd.DataFrame(index=["S1", "S2"]),
        var=pd.DataFrame(index=["PTEN", "ENSG00000121879.3"]),
        layers={"tpm": np.ones((2, 2))},
    )
    if hasattr(anndata.settings, "allow_write_nullable_strings"):
        anndata.settings.allow_write_nullable_strings = True
    made.write_h5ad(tmp_path / "x.h5ad")
    profiles = read_profiles(expression=tmp_path / "x.h5ad")
    assert profiles.expression is not None
    assert profiles.expression.loc["S2"].to_dict() == {"PTEN": 1.0, "PIK3CA": 2.0}
    assert values_of(f"{tmp_path / 'x.h5ad'}::tpm").to_numpy().sum() == 4


@pytest.mark.shared
def test_a_file_of_current_anndata_with_pandas_3(shared_data: Path) -> None:
    """Its names are nullable text, which is what the library writes by default."""
    path = shared_data.parent / "field" / "hostile" / "anndata_0.13.4_default.h5ad"
    found = read_profiles(expression=path).expression
    assert found is not None
    assert found.shape == (4, 200)
    assert found.notna().all(axis=None)
