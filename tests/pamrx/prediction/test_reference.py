"""Percentiles: shares counted by hand, and each profile among the reference lines that were told as much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.prediction.missing_data import all_patterns, pattern_from
from pamrx.prediction.reference import POINTS, Reference, percentiles_among, quantiles_of

COMPLETE = pattern_from("transcripts+mutation+copy_number+mirna+tissue")
LITTLE = pattern_from("mutation")


def test_the_percentile_is_the_share_of_reference_predictions_above_by_hand() -> None:
    known = pd.DataFrame({"GDSC2:X": [1.0, 2.0, 3.0, 4.0]})
    asked = pd.DataFrame({"GDSC2:X": [0.0, 1.0, 2.5, 9.0]})
    # All four above; three above and one tie; two above; none above.
    assert percentiles_among(asked, known).ravel().tolist() == [100.0, 87.5, 50.0, 0.0]


def test_each_profile_is_compared_with_its_own_pattern() -> None:
    lines = pd.DataFrame({"A": np.linspace(-2, 2, 41)})
    narrow = pd.DataFrame({"A": np.linspace(-0.2, 0.2, 41)})
    reference = Reference(lines, quantiles_of({"mutation": narrow}))
    asked = pd.DataFrame({"A": [-0.055, -0.055]}, index=["whole", "mutations only"])
    whole, little = reference.percentiles(asked, [COMPLETE, LITTLE]).ravel()
    # Above it lie 0.0 to 2.0 of the wide ones, and -0.05 to 0.20 of the narrow ones.
    assert whole == 100 * 21 / 41
    assert little == pytest.approx(100 * 26 / 41, abs=1)


def test_a_pattern_that_no_reference_line_could_show_is_compared_with_the_lines_as_they_are() -> None:
    reference = Reference(pd.DataFrame({"A": [0.0, 1.0]}), quantiles_of({"mutation": pd.DataFrame({"A": [5.0, 6.0]})}))
    asked = pd.DataFrame({"A": [0.5]})
    assert reference.percentiles(asked, [pattern_from("tissue")]).item() == 50
    assert Reference(reference.lines).percentiles(asked, [LITTLE]).item() == 50


def test_quantiles_keep_ties_and_leave_out_lines_that_cannot_show_the_pattern() -> None:
    frame = pd.DataFrame({"A": [1.0, 1.0, 1.0, 2.0, np.nan], "B": [4.0, 4.0, 4.0, 4.0, np.nan]})
    table = quantiles_of({"mutation": frame})
    assert len(table) == POINTS
    assert set(table["A"]) == {1.0, 2.0}
    assert set(table["B"]) == {4.0}
    assert percentiles_among(pd.DataFrame({"B": [4.0]}), table).item() == 50


def test_the_released_reference_spreads_evenly_and_holds_every_partial_pattern(bundle: Any) -> None:
    reference = bundle.reference
    percentile = percentiles_among(reference.lines, reference.lines)
    assert np.allclose(percentile.mean(axis=0), 50, atol=1e-6)
    assert percentile.min() < 1
    assert percentile.max() > 99
    partial = reference.partial
    assert partial is not None
    assert not partial.isna().any().any()
    assert len(partial) == POINTS * (len(all_patterns()) - 2)
