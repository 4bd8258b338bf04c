"""Tables in memory in place of files: the same profiles, and advice that works."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx import PamrxError, Profiles, example_files, read_profiles

from tests.pamrx.readers.matrices.test_h5ad import write

pl = pytest.importorskip("polars")

PARTS = ("samples", "mutations", "expression", "ncrna", "copy_number", "segments")
GENES = ["PTEN", "PIK3CA", "AKT1", "MTOR"]
LEVELS = pd.DataFrame(np.arange(1, 9).reshape(2, 4) / 7, index=["S1", "S2"], columns=GENES)
MAF = pd.DataFrame(
    {
        "Hugo_Symbol": ["PIK3CA", "PTEN"],
        "Tumor_Sample_Barcode": ["S1", "S2"],
        "Variant_Classification": ["Missense_Mutation", "Nonsense_Mutation"],
        "HGVSp_Short": ["p.H1047R", None],
        "Start_Position": [179234297.0, np.nan],
    }
)


def same(one: Profiles, other: Profiles) -> None:
    pd.testing.assert_series_equal(one.sequenced, other.sequenced)
    for name in PARTS:
        held, found = getattr(one, name), getattr(other, name)
        if held is None:
            assert found is None
        else:
            pd.testing.assert_frame_equal(held, found, check_exact=True)


def from_disk(path: Path, **options: Any) -> pd.DataFrame:
    maf = {"sep": "\t", "comment": "#"} if path.suffix == ".maf" else {}
    return pd.read_csv(path, **maf, **options)


WAYS: dict[str, Callable[[Path], Any]] = {
    "natural types": from_disk,
    "text": lambda path: from_disk(path, dtype=str),
    "named index": lambda path: from_disk(path, index_col=0),
    "categories": lambda path: from_disk(path, dtype="category"),
    "polars": lambda path: pl.from_pandas(from_disk(path)),
    "chosen rows": lambda path: from_disk(path).set_axis(from_disk(path).index[::-1] + 5),
}


@pytest.mark.medium
@pytest.mark.parametrize("way", WAYS)
def test_frames_and_files_give_the_same_bits(way: str, examples: Profiles) -> None:
    frames = {kind: WAYS[way](path) for kind, path in example_files().items()}
    found = read_profiles(**frames)
    same(found, examples)
    assert [note.partition(": ")[2] for note in found.notes] == [note.partition(": ")[2] for note in examples.notes]
    assert {note.partition(":")[0].partition(" (")[0] for note in found.notes} == set(frames)


@pytest.mark.medium
def test_predictions_from_frames_are_those_from_files(bundle: Any, tmp_path: Path) -> None:
    import pamrx

    frames = {"mutations": MAF, "samples": pd.DataFrame({"sample_id": ["S1", "S2"], "tissue": "breast"})}
    files = {kind: tmp_path / f"{kind}.csv" for kind in frames}
    for kind, path in files.items():
        frames[kind].to_csv(path, index=False)
    mixed = {**files, "samples": frames["samples"]}
    told = [pamrx.predict(None, ["Alpelisib"], bundle=bundle, **given) for given in (files, frames, mixed)]
    for other in told[1:]:
        pd.testing.assert_frame_equal(told[0], other, check_exact=True)
    reasons = pamrx.explain(None, ["Alpelisib"], bundle, **frames)
    summed = reasons.groupby("sample_id", observed=True)["contribution"].sum()
    assert list(summed) == pytest.approx(list(told[0].set_index("sample_id").loc[summed.index, "ln_ic50"]), abs=1e-6)


def test_either_way_round_and_the_users_own_frame_is_not_changed() -> None:
    before = LEVELS.copy()
    one = read_profiles(expression=LEVELS, known_genes=GENES)
    same(one, read_profiles(expression=LEVELS.T, known_genes=GENES))
    pd.testing.assert_frame_equal(LEVELS, before)
    assert one.expression is not None
    assert one.expression.loc["S2", "MTOR"] == LEVELS.loc["S2", "MTOR"]


def test_decimal_commas_are_read_as_in_a_file() -> None:
    commas = LEVELS.map("{:.4f}".format).map(lambda text: text.replace(".", ","))
    found = read_profiles(expression=commas, known_genes=GENES)
    same(found, read_profiles(expression=LEVELS.round(4), known_genes=GENES))
    assert any("decimal comma" in note for note in found.notes)


def test_samples_may_stand_in_the_index() -> None:
    about = pd.DataFrame({"tissue": ["breast", None]}, index=["S1", "S2"])
    found = read_profiles(expression=LEVELS, samples=about, known_genes=GENES)
    assert list(found.samples["tissue"].fillna("")) == ["breast", ""]


NO_TABLES: list[tuple[dict[str, Any], str]] = [
    (
        {"expression": LEVELS.reset_index(drop=True)},
        "expression: no names of samples or genes beside the values: the first column, PTEN, is one of values; set the",
    ),
    ({"expression": [1, 2]}, "expression: found list, expected a path, or a pandas or polars frame"),
    (
        {"expression": pl.LazyFrame({"a": [1]})},
        "found LazyFrame, expected a path, or a pandas or polars frame; call .collect() first",
    ),
    ({"expression": pl.Series([1])}, "found one column (Series), expected a table; call .to_frame() first"),
    ({"expression": LEVELS, "mutations": MAF, "panel": MAF}, "panel: found DataFrame, expected a path"),
    (
        {"expression": LEVELS.set_index("PTEN", append=True)},
        "2 levels in its index, expected one; call .reset_index() first",
    ),
    ({"expression": LEVELS.iloc[:0]}, "expression: no rows or no columns"),
    ({"mutations": MAF.set_axis(["S1", "S2"])}, "mutations: its index holds text (S1) and has no name"),
    ({"samples": pd.DataFrame({"tissue": ["breast"]})}, "samples: header: no column sample_id; found tissue"),
    ({"panel": MAF}, "panel: a gene panel says where mutations were looked for; give the mutations too"),
]


@pytest.mark.parametrize(("given", "message"), NO_TABLES)
def test_what_is_no_table_is_refused_in_one_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(PamrxError) as caught:
        read_profiles(**given, known_genes=GENES)
    assert message in str(caught.value)


def test_advice_on_frames_works() -> None:
    bare = LEVELS.reset_index(drop=True)
    bare.index = LEVELS.index
    one = read_profiles(expression=bare, known_genes=GENES)
    deep = LEVELS.set_index(pd.Index([1, 2], name="batch"), append=True)
    deep.index.names = ["sample_id", "batch"]
    same(one, read_profiles(expression=deep.reset_index().drop(columns="batch"), known_genes=GENES))
    wide = pd.concat({"RNA": LEVELS}, axis=1)
    with pytest.raises(PamrxError, match="2 levels in its columns"):
        read_profiles(expression=wide, known_genes=GENES)
    wide.columns = wide.columns.get_level_values(1)
    same(one, read_profiles(expression=wide, known_genes=GENES))
    lazy = pl.from_pandas(LEVELS.rename_axis("sample_id").reset_index()).lazy()
    same(one, read_profiles(expression=lazy.collect(), known_genes=GENES))

    indexed = MAF.set_axis(["S1", "S2"])
    called = read_profiles(mutations=MAF)
    same(called, read_profiles(mutations=indexed.reset_index(drop=True)))
    indexed = indexed.drop(columns="Tumor_Sample_Barcode")
    indexed.index.name = "Tumor_Sample_Barcode"
    same(called, read_profiles(mutations=indexed))


class FakeAnnData:
    """What pamrx asks of an AnnData object: to write itself, its own words unchanged."""

    obs = None

    def __init__(self, file: Path) -> None:
        self.file = file

    def write_h5ad(self, path: Path, convert_strings_to_categoricals: bool = True) -> None:
        assert not convert_strings_to_categoricals
        shutil.copy(self.file, path)


def test_anndata_is_read_as_its_file_and_called_by_its_kind(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    file = write(tmp_path / "x.h5ad", LEVELS.to_numpy(), ["S1", "S2"], GENES)
    one, other = read_profiles(expression=file), read_profiles(expression=FakeAnnData(file))
    same(one, other)
    assert [note.replace("expression:", f"{file}:") for note in other.notes] == list(one.notes)


def test_advice_on_a_scaled_anndata_object_names_the_object(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    levels = np.random.default_rng(4).normal(size=(6, len(GENES)))
    scaled = (levels - levels.mean(axis=0)) / levels.std(axis=0, ddof=1)
    file = write(tmp_path / "x.h5ad", scaled, [f"S{place}" for place in range(6)], GENES, layers={"logged": levels + 5})
    with pytest.raises(PamrxError) as caught:
        read_profiles(expression=FakeAnnData(file))
    assert str(caught.value).startswith(
        "expression: X is scaled (mean 0 per gene), which hides how the genes of a sample compare; name a layer of "
        "counts or logarithms by adata.X = adata.layers['LAYER'] (there are logged)"
    )
    followed = write(tmp_path / "y.h5ad", levels + 5, [f"S{place}" for place in range(6)], GENES)
    assert read_profiles(expression=FakeAnnData(followed)).n == 6


def test_profiles_and_tables_together_are_refused() -> None:
    import pamrx

    class Never:
        """A bundle that is not asked."""

    bundle: Any = Never()
    profiles = read_profiles(expression=LEVELS, known_genes=GENES)
    for given, message in (
        ({"profiles": profiles, "mutations": MAF}, "profiles and mutations given; mutations goes with tables"),
        ({"profiles": profiles, "expression_unit": "tpm"}, "profiles and expression_unit given"),
        ({"profiles": MAF}, "profiles: found DataFrame, expected what read_profiles gives"),
        ({"mutations": MAF, "expression_unit": "tpm"}, "expression_unit goes with expression"),
    ):
        with pytest.raises(pamrx.UsageError, match=message):
            pamrx.predict(**given, bundle=bundle)
