"""Every contribution as a file: what stands in it, read back, sums to the predictions of the released bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pamrx import Bundle, read_profiles
from pamrx.errors import PamrxError
from pamrx.examples import example_files
from pamrx.explanation import contributions as explain
from pamrx.explanation import export as explain_file
from pamrx.explanation.export import BASE, COLUMNS, write_contributions
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.feature_name import blocks_of, in_block

CHOSEN = [AssayId("GDSC2", "Alpelisib"), AssayId("GDSC2", "Rapamycin")]
READ: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": pd.read_csv,
    ".parquet": pd.read_parquet,
    ".json": pd.read_json,
}


@pytest.fixture(scope="module")
def features(bundle: Bundle) -> pd.DataFrame:
    """Three lines; of the second only the mutations are known."""
    files = example_files()
    profiles = read_profiles(files["mutations"], files["expression"], files["ncrna"], files["copy_number"])
    built = bundle.builder.transform(profiles).iloc[:3].copy()
    rest = built.columns.difference(in_block(built.columns, "mutation"))
    built.loc[built.index[1], rest] = np.nan
    return built


@pytest.mark.medium
@pytest.mark.parametrize("ending", list(READ))
def test_the_rows_of_a_sample_and_drug_sum_to_its_prediction(
    bundle: Bundle, features: pd.DataFrame, tmp_path: Path, ending: str
) -> None:
    rows = write_contributions(bundle.model, features, CHOSEN, tmp_path / f"x{ending}")
    table = READ[ending](tmp_path / f"x{ending}")
    assert tuple(table.columns) == COLUMNS
    assert len(table) == rows
    assert not table.duplicated(["sample_id", "drug", "feature"]).any()
    sums = table.groupby(["sample_id", "drug", "screen"], observed=True)["contribution"].sum()
    predicted = bundle.model.predict(features)
    assert len(sums) == 6
    for assay in CHOSEN:
        for sample in features.index:
            total = sums[sample, assay.drug, assay.screen]
            assert total == pytest.approx(predicted.loc[sample, str(assay)], rel=0, abs=1e-6)


@pytest.mark.medium
def test_rows_are_those_of_the_model_in_order_with_the_base_first(
    bundle: Bundle, features: pd.DataFrame, tmp_path: Path
) -> None:
    write_contributions(bundle.model, features, CHOSEN, tmp_path / "x.parquet")
    table = pd.read_parquet(tmp_path / "x.parquet").astype({"feature": str, "block": str})
    whole = bundle.model.contributions(features, [str(assay) for assay in CHOSEN])
    for row, sample in enumerate(features.index):
        for column, assay in enumerate(CHOSEN):
            own = table[(table["sample_id"] == sample) & (table["drug"] == assay.drug)]
            first = own.iloc[0]
            assert (first["block"], first["feature"]) == (BASE, BASE)
            assert np.isnan(first["value"])
            assert first["contribution"] == bundle.model.base_[bundle.model.assays_.index(str(assay))]
            shown = whole[row, :, column] != 0
            names = np.array(bundle.model.features_)[shown]
            assert own["feature"].tolist()[1:] == names.tolist()
            np.testing.assert_array_equal(own["contribution"].to_numpy()[1:], whole[row, shown, column])
            np.testing.assert_array_equal(own["value"].to_numpy()[1:], features.loc[sample, names].to_numpy())
            assert own["block"].tolist()[1:] == blocks_of(names)


@pytest.mark.medium
def test_a_missing_feature_has_no_value_and_stays_where_the_trees_read_its_absence(
    bundle: Bundle, features: pd.DataFrame, tmp_path: Path
) -> None:
    write_contributions(bundle.model, features, CHOSEN, tmp_path / "x.parquet")
    told = pq.read_table(tmp_path / "x.parquet").to_pandas(ignore_metadata=True)
    absent = told[(told["sample_id"] == features.index[1]) & (told["block"] != "mutation") & (told["block"] != BASE)]
    assert len(absent)
    assert absent["value"].isna().all()
    assert (absent["contribution"] != 0).all()
    statistics = pq.ParquetFile(tmp_path / "x.parquet").metadata.row_group(1).column(COLUMNS.index("value")).statistics
    assert statistics.null_count >= len(absent)  # null, not NaN: other readers tell the two apart


@pytest.mark.medium
def test_parquet_holds_one_sample_at_a_time_and_names_as_dictionaries(
    bundle: Bundle, features: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_contributions(bundle.model, features, CHOSEN[:1], tmp_path / "x.parquet")
    file = pq.ParquetFile(tmp_path / "x.parquet")
    assert file.metadata.num_row_groups == 3
    assert isinstance(pd.read_parquet(tmp_path / "x.parquet")["feature"].dtype, pd.CategoricalDtype)
    monkeypatch.setattr(explain, "VALUES_AT_ONCE", 1)
    write_contributions(bundle.model, features, CHOSEN[:1], tmp_path / "y.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "x.parquet"), pd.read_parquet(tmp_path / "y.parquet"), rtol=0, atol=1e-12
    )


@pytest.mark.medium
def test_too_many_rows_for_text_are_refused_with_a_way_out(
    bundle: Bundle, features: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explain_file, "TEXT_ROWS", 10_000)
    with pytest.raises(PamrxError, match=r"x\.csv: .*3 samples to 2 drugs.*10,000 rows.*\.parquet.*--drugs"):
        write_contributions(bundle.model, features, CHOSEN, tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())
    write_contributions(bundle.model, features, CHOSEN, tmp_path / "x.parquet")


@pytest.mark.medium
def test_an_unknown_assay_leaves_nothing_behind(bundle: Bundle, features: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="GDSC2:Alpelisip"):
        write_contributions(bundle.model, features, [AssayId("GDSC2", "Alpelisip")], tmp_path / "x.parquet")
    assert not list(tmp_path.iterdir())
