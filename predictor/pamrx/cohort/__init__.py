"""Cohorts of any size: read part by part, scored as `pamrx predict` scores, written as a Parquet data set."""

from __future__ import annotations

from pamrx.cohort.opening import open_cohort
from pamrx.cohort.options import Given, Options
from pamrx.cohort.scoring import score

__all__ = ["Given", "Options", "open_cohort", "score"]
