"""Plasma concentrations: units are right, and a drug without a source has none."""

from __future__ import annotations

import numpy as np
import pytest
from pamrx.knowledge import table
from pamrx.knowledge.drugs import all_drugs, resolve
from pamrx.knowledge.exposure import exposure
from scipy.integrate import solve_ivp

PER_LITRE = {"ng/mL": 1.0, "nM": None}
"""Unit of the source -> its size in micrograms per litre; None where it is molar already."""


def test_every_row_is_of_a_drug_in_trials_with_a_dose_a_matrix_and_a_source_that_was_opened() -> None:
    rows = table("exposure")
    assert rows["drug"].is_unique
    for row in rows.itertuples():
        assert resolve(row.drug).name == row.drug
        assert resolve(row.drug).in_trials
        assert row.dose
        assert row.source
        assert row.matrix in ("plasma", "blood")
        assert row.citation_status in ("opened", "secondary")


def test_micromolar_follows_from_the_source_s_unit_and_the_molecular_weight() -> None:
    for row in table("exposure").itertuples():
        size = PER_LITRE[row.cmax_unit]
        weight = float(row.molecular_weight)
        assert 250 < weight < 1100
        expected = float(row.cmax) / 1000 if size is None else float(row.cmax) * size / weight
        assert float(row.cmax_um) == pytest.approx(expected, rel=0.006), row.drug
        if row.fraction_unbound:
            assert 0 < float(row.fraction_unbound) < 1
            assert float(row.cmax_free_um) == pytest.approx(expected * float(row.fraction_unbound), rel=0.006)
        else:
            assert row.cmax_free_um == ""


def test_known_values() -> None:
    capivasertib = exposure("Truqap")
    assert capivasertib is not None
    assert capivasertib.cmax_um == pytest.approx(3.20, abs=0.01)
    idelalisib = exposure("Zydelig")
    assert idelalisib is not None
    assert idelalisib.cmax_um == pytest.approx(4.48, abs=0.01)
    temsirolimus = exposure("Temsirolimus")
    assert temsirolimus is not None
    assert (temsirolimus.cmax_um, temsirolimus.matrix, temsirolimus.cmax_free_um) == (0.568, "blood", None)


def test_a_drug_without_a_source_has_none_and_never_zero() -> None:
    assert exposure("Torin 2") is None
    assert all(found is None or found.cmax_um > 0 for found in map(exposure, all_drugs()))


def test_free_concentration_of_alpelisib() -> None:
    alpelisib = exposure("Piqray")
    assert alpelisib is not None
    assert alpelisib.cmax_um == pytest.approx(5.62, abs=0.01)
    assert alpelisib.cmax_free_um == pytest.approx(0.607, abs=0.002)


def test_the_computed_peak_of_ipatasertib_is_that_of_the_published_model() -> None:
    """Three compartments; the dose enters a depot in 0.348 h and leaves it at 1.84 per hour (Yoshida 2021, table 3)."""
    clearance, volumes, flows = 162.0, (1230.0, 2590.0, 4340.0), (76.6, 3.26)
    absorption, duration, dose = 1.84, 0.348, 400 * 1.201

    def slope(_: float, amounts: np.ndarray, rate: float) -> list[float]:
        depot, central, second, third = amounts
        out = [flow * central / volumes[0] for flow in flows]
        back = [flows[0] * second / volumes[1], flows[1] * third / volumes[2]]
        centre = absorption * depot - clearance * central / volumes[0] - sum(out) + sum(back)
        return [rate - absorption * depot, centre, out[0] - back[0], out[1] - back[1]]

    amounts = np.zeros(4)
    for _ in range(20):
        during = solve_ivp(slope, (0, duration), amounts, args=(dose / duration,), max_step=0.1)
        after = solve_ivp(slope, (duration, 24), during.y[:, -1], args=(0.0,), rtol=1e-6, method="LSODA", max_step=0.5)
        amounts = after.y[:, -1]
    _check_computed("Ipatasertib", 1000 * after.y[1].max() / volumes[0] / 458.00)


def test_the_computed_peak_of_rapamycin_is_that_of_the_published_model() -> None:
    """Two compartments in blood; absorption saturates at 4.56 mg/h, half of it at 13.8 mg (Wu 2012, table 1)."""
    clearance, flow, volumes, fastest, half = 12.9, 29.0, (53.4, 611.0), 4.56, 13.8

    def slope(_: float, amounts: np.ndarray) -> list[float]:
        gut, central, second = amounts
        absorbed = fastest * gut / (half + gut)
        out, back = flow * central / volumes[0], flow * second / volumes[1]
        return [-absorbed, absorbed - clearance * central / volumes[0] - out + back, out - back]

    amounts = np.zeros(3)
    for _ in range(30):
        amounts[0] += 2
        day = solve_ivp(slope, (0, 24), amounts, rtol=1e-6, method="LSODA", max_step=0.5)
        amounts = day.y[:, -1]
    _check_computed("Rapamycin", 1000 * day.y[1].max() / volumes[0] / 914.19)


def _check_computed(name: str, peak_um: float) -> None:
    found = exposure(name)
    assert found is not None
    assert found.source.startswith("Computed:")
    assert found.cmax_um == pytest.approx(peak_um, rel=0.02)


def test_a_value_that_no_source_states_is_called_computed() -> None:
    computed = {row.drug for row in table("exposure").itertuples() if row.source.startswith("Computed:")}
    assert computed == {"Ipatasertib", "Rapamycin"}
