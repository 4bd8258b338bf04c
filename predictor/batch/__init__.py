"""Cohorts of any size: read part by part, scored as `pamrx predict` scores, written as a Parquet data set."""

from __future__ import annotations

from predictor.batch.cohorts import open_cohort
from predictor.batch.options import Given, Options
from predictor.batch.run import score

__all__ = ["Given", "Options", "open_cohort", "score"]
