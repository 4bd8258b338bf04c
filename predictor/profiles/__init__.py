"""Reading: MAF, VCF, matrices, sample tables and cBioPortal studies become one validated `Profiles` object."""

from __future__ import annotations

from predictor.profiles.identifiers import canonical_key
from predictor.profiles.profiles import Profiles
from predictor.profiles.read import read_profiles
from predictor.profiles.samples import vocabulary
from predictor.profiles.study import read_study

__all__ = ["Profiles", "canonical_key", "read_profiles", "read_study", "vocabulary"]
