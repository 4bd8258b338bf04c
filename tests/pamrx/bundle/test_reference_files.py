"""Reference predictions and the regression on general sensitivity: anything but theirs is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.model_files import write_parquet
from pamrx.bundle.reference_files import check_assays, read_reference, read_regression
from pamrx.errors import BundleError
from pamrx.prediction.reference import POINTS, Reference, labels_of

ASSAYS = ["GDSC1:A", "GDSC2:A"]


def contents(folder: Path, **tables: pd.DataFrame) -> dict[str, bytes]:
    for name, table in tables.items():
        write_parquet(folder / f"{name}.parquet", table)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def lines() -> pd.DataFrame:
    return pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], ["L1", "L2"], ASSAYS)


def quantiles() -> pd.DataFrame:
    values = np.repeat(np.arange(2.0 * POINTS)[:, None], 2, axis=1)
    return pd.DataFrame(values, labels_of("none") + labels_of("mutation"), ASSAYS)


def read(folder: Path, **tables: pd.DataFrame) -> Reference:
    return read_reference(contents(folder, **tables), folder, "reference", ASSAYS)


def test_a_reference_comes_back(tmp_path: Path) -> None:
    found = read(tmp_path, reference=lines(), reference_partial=quantiles())
    assert found.lines.equals(lines())
    assert found.partial.index.tolist() == quantiles().index.tolist()


def test_quantiles_that_fall_or_lack_or_stand_in_another_order_are_refused(tmp_path: Path) -> None:
    falling = quantiles()
    falling.iloc[5, 1] = 100.0
    with pytest.raises(BundleError, match="quantiles of 'GDSC2:A' under none that fall"):
        read(tmp_path, reference=lines(), reference_partial=falling)
    for wrong in (quantiles().iloc[:-1], quantiles().iloc[::-1]):
        with pytest.raises(BundleError, match="rows in another order"):
            read(tmp_path, reference=lines(), reference_partial=wrong)
    with pytest.raises(BundleError, match="rows of 'xmutation'"):
        read(tmp_path, reference=lines(), reference_partial=quantiles().rename(index=lambda name: f"x{name}"))


def test_no_lines_and_other_assays_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="1 columns; expected 2 columns"):
        read(tmp_path, reference=lines()[ASSAYS[:1]])
    with pytest.raises(BundleError, match="no lines"):
        read(tmp_path, reference=lines().iloc[:0])


def test_a_slope_on_a_screen_that_nothing_predicts_is_refused(tmp_path: Path) -> None:
    fitted = contents(tmp_path, regression=pd.DataFrame({"intercept": [0.0, 0.0], "slope": [1.0, 0.5]}, ASSAYS))
    assert read_regression(fitted, tmp_path, ASSAYS, ["GDSC1", "GDSC2"]).slope.tolist() == [1.0, 0.5]
    with pytest.raises(BundleError, match="a slope of 'GDSC2:A'"):
        read_regression(fitted, tmp_path, ASSAYS, ["GDSC1"])


def test_an_assay_is_a_drug_in_a_screen() -> None:
    with pytest.raises(BundleError, match="assay 'Pictilisib'"):
        check_assays(["GDSC1:A", "Pictilisib"], Path("model.json"))
