"""Calibrating on training lines of one kind, which need nothing taken off, keeps what they have in common."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pamrx import Bundle
from pamrx.prediction.laboratory import USUAL_SIZE
from pamrx.prediction.platform_shift import drug_shifts
from pamrx_training.datasets import load_gdsc
from pamrx_training.fitting.cohort import build_cohort

pytestmark = pytest.mark.slow

MOST_MOVED = 8.0, 20.0
"""Percentile points by which the median of a drug may move: mean over drugs, and largest."""


@pytest.mark.parametrize("kind", ["PIK3CA", "breast"])
def test_a_cohort_of_one_kind_keeps_its_biology(bundle: Bundle, real_cache: Path, kind: str) -> None:
    cohort = build_cohort(load_gdsc(real_cache)).profiles
    calls = cohort.mutations
    assert calls is not None
    chosen = set(calls.loc[calls["gene"] == kind, "sample_id"])
    tissue = cohort.samples["tissue"]
    chosen |= set(tissue.index[tissue == kind])
    profiles = cohort.subset(sorted(chosen & set(bundle.manifest["trained_lines"])))
    lab = bundle.learn_offsets(profiles)
    assert lab.size < USUAL_SIZE
    tables = [one.predict(profiles) for one in (bundle, bundle.calibrated(lab))]
    medians = pd.DataFrame([table.groupby("drug")["sensitivity_percentile"].median() for table in tables])
    moved = medians.diff().abs().iloc[1]
    assert moved.mean() < MOST_MOVED[0]
    assert moved.max() < MOST_MOVED[1]
    if kind == "PIK3CA":
        assert bundle.tissues is not None
        of = profiles.samples["tissue"]
        before, after = (drug_shifts(one, of, bundle.reference, bundle.tissues)["shift"]["Alpelisib"] for one in tables)
        assert before > 15
        assert after > 0.8 * before
