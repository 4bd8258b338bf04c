"""Shares of measured IC50 beyond the highest tested concentration, and of the sensitive fifth inside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pamrx_training.evaluation import extrapolation as module
from pamrx_training.evaluation.extrapolation import extrapolation
from pamrx_training.evaluation.model_card import _tested


def rows(assay: str, ic50: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"assay": assay, "measured": np.log(ic50)})


def test_shares_are_of_the_highest_concentration_of_that_screen() -> None:
    weak = [11.0, 12, 13, 14, 15, 16, 17, 18, 19, 40]  # GDSC2 tested alpelisib to 10, GDSC1 idelalisib to 20 micromolar
    measured = pd.concat([rows("GDSC2:Alpelisib", [0.5, 1, *weak[2:]]), rows("GDSC1:Idelalisib", weak)])
    table = extrapolation(measured)
    assert table.loc["GDSC2:Alpelisib"].tolist() == pytest.approx([10, 0.8, 1])
    assert table.loc["GDSC1:Idelalisib"].tolist() == pytest.approx([20, 0.1, 1])
    assert extrapolation(rows("GDSC2:Alpelisib", weak)).loc["GDSC2:Alpelisib"].tolist() == pytest.approx([10, 1, 0])


def test_an_ic50_at_the_highest_concentration_was_tested() -> None:
    assert extrapolation(rows("GDSC2:Alpelisib", [10.0, 10.001])).loc["GDSC2:Alpelisib", "extrapolated"] == 0.5


def test_without_a_known_maximum_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "max_concentration", lambda drug, screen: None)
    measured = rows("GDSC2:Alpelisib", [1.0, 2])
    assert extrapolation(measured).isna().all(axis=None)
    told = _tested(measured)
    assert told.startswith("Mean share over assays: not known.")
    assert "| GDSC2:Alpelisib | - | - | - |" in told


def test_the_card_gives_screens_and_assays() -> None:
    told = _tested(pd.concat([rows("GDSC2:Alpelisib", [1.0, 20]), rows("GDSC1:Idelalisib", [1.0, 2])]))
    assert told.startswith("Mean share over assays: GDSC1 0%, GDSC2 50%.")
    assert "| GDSC2:Alpelisib | 10 | 50% | 100% |" in told
