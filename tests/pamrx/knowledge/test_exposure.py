"""Plasma concentrations: units are right, and a drug without a source has none."""

from __future__ import annotations

import pytest
from pamrx.knowledge import table
from pamrx.knowledge.drugs import all_drugs, resolve
from pamrx.knowledge.exposure import exposure

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
    sirolimus = exposure("Sirolimus")
    assert sirolimus is not None
    assert (sirolimus.cmax_um, sirolimus.matrix, sirolimus.cmax_free_um) == (0.0133, "blood", None)


def test_a_drug_without_a_source_has_none_and_never_zero() -> None:
    assert exposure("Torin 2") is None
    assert all(found is None or found.cmax_um > 0 for found in map(exposure, all_drugs()))


def test_free_concentration_of_alpelisib() -> None:
    alpelisib = exposure("Piqray")
    assert alpelisib is not None
    assert alpelisib.cmax_um == pytest.approx(5.62, abs=0.01)
    assert alpelisib.cmax_free_um == pytest.approx(0.607, abs=0.002)
