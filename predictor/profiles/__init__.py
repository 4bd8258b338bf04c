"""Reading: MAF, matrices and sample tables become one validated `Profiles` object."""

from __future__ import annotations

from predictor.profiles.identifiers import canonical_key
from predictor.profiles.profiles import Profiles
from predictor.profiles.read import read_profiles
from predictor.profiles.samples import vocabulary

__all__ = ["Profiles", "canonical_key", "read_profiles", "vocabulary"]
