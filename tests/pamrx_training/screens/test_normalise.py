"""Viabilities, GR values and the quality of a plate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import InputError
from pamrx_training.screens.curves import gr_metrics
from pamrx_training.screens.normalise import control_drift, gr_values, normalise
from pamrx_training.screens.wells import COLUMNS, Wells


def wells(*rows: tuple[object, ...]) -> Wells:
    """Rows of plate, well, sample, drug, dose, role, value."""
    return Wells(pd.DataFrame(rows, columns=COLUMNS))


BLANK = ("P", "A1", "", "", np.nan, "blank", 100.0)
CONTROL = ("P", "A2", "S", "DMSO", np.nan, "control", 1100.0)


def test_viability_is_between_the_background_and_the_control() -> None:
    found = normalise(wells(BLANK, CONTROL, ("P", "A3", "S", "D", 1.0, "treated", 600.0)))
    assert found.wells["viability"].tolist() == [0.5]
    assert np.isnan(found.wells["gr"].iloc[0])


def test_the_gr_value_of_the_authors_own_example() -> None:
    """The example of `compute_gr_single` in datarail/gr_metrics."""
    gr, doublings = gr_values(pd.Series([1710.0]), 1766.0, 492.8)
    assert gr.iloc[0] == pytest.approx(0.965305500206, abs=1e-9)
    assert doublings == pytest.approx(np.log2(1766 / 492.8))


def test_the_gr_metrics_of_the_authors_own_example() -> None:
    """The examples A and B of `gr_metrics` in datarail/gr_metrics, fitted there by least squares."""
    doses = np.array([0.001, 0.01, 0.1, 1.0, 10.0])
    found, fit = gr_metrics(doses, np.array([0.965, 0.953, 0.533, 0.0976, 0.0188]))
    assert found["ln_gr50"] == pytest.approx(np.log(0.114025), abs=0.005)
    assert (found["gr_max"], found["gr_aoc"]) == pytest.approx((0.0188, 0.481125), abs=1e-6)
    assert found["gr_inf"] == pytest.approx(0.018109, abs=0.001)
    assert fit.curve.slope == pytest.approx(1.145262, abs=0.01)
    flat, _ = gr_metrics(doses, np.array([0.985, 0.916, 0.978, 1.04, 0.936]))
    assert (flat["gr_max"], flat["gr_aoc"]) == pytest.approx((0.936, 0.026375), abs=1e-6)
    assert flat["ln_gr50"] == np.inf


@pytest.mark.parametrize(("rate", "expected"), [(1.0, 1.0), (0.5, 2**0.5 - 1), (0.0, 0.0), (-1.0, -0.5)])
def test_gr_is_a_function_of_the_growth_rate_alone(rate: float, expected: float) -> None:
    """Cells that grow at a part of the control's rate have one GR, however fast the control divides."""
    for doublings in (0.8, 2.0, 5.0):
        gr, _ = gr_values(pd.Series([100 * 2 ** (rate * doublings)]), 100 * 2**doublings, 100.0)
        assert gr.iloc[0] == pytest.approx(expected)


def test_day0_is_taken_from_the_plate_that_was_read_then_less_its_own_background() -> None:
    found = normalise(
        wells(
            BLANK, CONTROL, ("P", "A3", "S", "D", 1.0, "treated", 600.0),
            ("P0", "A1", "", "", np.nan, "blank", 50.0), ("P0", "A2", "S", "", np.nan, "day0", 300.0),
        )
    )  # fmt: skip
    assert found.wells["doublings"].tolist() == [2.0]
    assert found.wells["gr"].iloc[0] == pytest.approx(2**0.5 - 1)


def test_a_control_that_did_not_grow_gives_no_gr() -> None:
    gr, doublings = gr_values(pd.Series([10.0]), 90.0, 100.0)
    assert gr.isna().all()
    assert doublings < 0


def test_z_prime_is_that_of_kill_controls_where_there_are_any() -> None:
    rows = [("P", f"A{i}", "S", "DMSO", np.nan, "control", value) for i, value in enumerate((90.0, 100.0, 110.0), 1)]
    rows += [("P", f"B{i}", "S", "kill", np.nan, "kill", value) for i, value in enumerate((8.0, 10.0, 12.0), 1)]
    rows += [("P", "C1", "S", "D", 1.0, "treated", 50.0)]
    plates = normalise(wells(*rows)).plates
    assert plates["z_prime"].iloc[0] == pytest.approx(1 - 3 * (10 + 2) / 90)


def test_drift_is_the_rise_of_the_controls_across_the_plate() -> None:
    names = pd.Series([f"A{column:02d}" for column in range(1, 13)])
    rising = pd.Series(np.linspace(100.0, 150.0, 12))
    assert control_drift(names, rising, 100.0) == pytest.approx(0.5)
    assert np.isnan(control_drift(names.head(3), rising.head(3), 100.0))
    assert np.isnan(control_drift(pd.Series([""] * 12), rising, 100.0))


def test_what_is_wrong_with_a_plate_is_one_line() -> None:
    treated = ("P", "A3", "S", "D", 1.0, "treated", 600.0)
    with pytest.raises(InputError, match="plate P: no control well for S; expected wells of the role control"):
        normalise(wells(BLANK, treated))
    with pytest.raises(InputError, match=r"control of S \(100\) is not above the background \(1100\)"):
        normalise(
            wells(("P", "A1", "", "", np.nan, "blank", 1100.0), ("P", "A2", "S", "", np.nan, "control", 100.0), treated)
        )
    nameless = ("P", "A2", "", "", np.nan, "control", 1100.0)
    with pytest.raises(InputError, match="holds S and T, but its control wells name no sample_id"):
        normalise(wells(nameless, treated, ("P", "A4", "T", "D", 1.0, "treated", 600.0)))
    assert len(normalise(wells(nameless, treated)).wells) == 1
