"""Reading: MAF, VCF, matrices, sample tables and cBioPortal studies become one validated `Profiles` object."""

from __future__ import annotations

from pamrx.identifiers.sample_names import canonical_key
from pamrx.profiles.profiles import Profiles
from pamrx.profiles.reading import read_profiles
from pamrx.profiles.study import read_study
from pamrx.readers.sample_table import vocabulary

__all__ = ["Profiles", "canonical_key", "read_profiles", "read_study", "vocabulary"]
